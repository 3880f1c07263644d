# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The two places where a Docker daemon is told something: its file, and a drop-in of its unit.

Of the file single keys are ours, of the drop-in the whole: it repeats the command line of the distribution, so it is
made anew when that changes.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_rules as rules
from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_unit as units
from ansible_collections.routable.ipv6.plugins.module_utils import _json_text as json_text
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_keys import (
    MANAGED,
    from_flags,
    same,
    shown,
    to_flags,
)
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_state import Now, Owned, Want
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._shown import without_secrets


def document_of(now: Now, want: Want) -> json_text.ObjectText | None:
    """The file as it is, None where there is none."""
    if now.text is None:
        return None
    early = now.version is not None and now.version < rules.VALIDATES
    if not now.text.strip():
        if early and want.present:
            raise Refused(
                want.path,
                "the file is empty, and Docker before 23.0 does not start with an empty file",
                "Write {} into it, or remove it",
            )
        return json_text.read("{}\n", want.path)
    if early and want.present and now.text.startswith(json_text.BOM):
        raise Refused(
            want.path,
            "the file begins with a byte order mark, and Docker before 23.0 does not start with one",
            "Save it as UTF-8 without a byte order mark",
        )
    if any("\udc80" <= character <= "\udcff" for character in now.text):
        raise Refused(want.path, "the file is not UTF-8", "Save it as UTF-8")
    document = json_text.read(now.text, want.path)
    for key in document.value if want.present else ():
        if "_" in key and key.replace("_", "-") in MANAGED:
            raise Refused(
                f"{key} in {want.path}",
                "Docker spells this key with hyphens, and does not start with a key that it does not know",
                f"Write {key.replace('_', '-')}, or remove it",
            )
    return document


def file_after(
    now: Now, want: Want, given: t.Mapping[str, t.Any], document: json_text.ObjectText | None
) -> tuple[dict[str, Owned], str | None]:
    """The keys that are ours afterwards, and the text of the file (None for no file)."""
    wishes = given if want.backend == "file" else {}
    owned: dict[str, Owned] = {}
    edits: dict[str, str | None] = {}
    there = {} if document is None else document.value
    for key, mine in now.remembered.owned.items():
        if key in wishes:
            owned[key] = mine
        elif key in there and same(key, there[key], json.loads(mine.ours)):
            edits[key] = mine.former
    for key, value in wishes.items():
        if key in there and same(key, there[key], value):
            continue
        ours = json_text.render(value)
        former = owned[key].former if key in owned else None if document is None else document.raw(key)
        owned[key] = Owned(former, ours)
        edits[key] = ours
    if not edits:
        return owned, now.text
    if not owned and now.remembered.untouched:
        return owned, now.remembered.before
    base = document if document is not None else json_text.read("{}\n", want.path)
    return owned, json_text.edit(base, edits, want.path).text


def reverted(now: Now, want: Want) -> str | None:
    """The file as it would be without us: what to remember when somebody else has written since."""
    if now.text is None or not now.text.strip():
        return now.text
    document = json_text.read(now.text, want.path)
    there = document.value
    edits = {
        key: mine.former
        for key, mine in now.remembered.owned.items()
        if key in there and same(key, there[key], json.loads(mine.ours))
    }
    return json_text.edit(document, edits, want.path).text if edits else now.text


def dropin_after(now: Now, want: Want, given: t.Mapping[str, t.Any]) -> tuple[str | None, list[str]]:
    """The text of our drop-in (None for none) and the flags in it."""
    if not want.present or want.backend != "dropin":
        return None, []
    added = to_flags(given)
    if now.version is None and not now.unit.exec_start:
        # Only check mode gets here. The package that brings the unit decides the rest of the line.
        return units.render_dropin(units.Setting("dockerd", "a package that is not installed yet"), added), added
    line = units.command(now.unit, want.service)
    if ".d/" in line.origin and line.origin.rsplit("/", 1)[-1] > units.DROPIN_NAME:
        raise Refused(
            f"backend=dropin for {want.service}",
            f"{line.origin} has an ExecStart too, and its name comes after {units.DROPIN_NAME}, so that it would win",
            f"Rename it so that it comes before {units.DROPIN_NAME}",
        )
    return units.render_dropin(line, added), added


def dropin_config(now: Now) -> dict[str, t.Any]:
    """What our drop-in, as it is, makes of the daemon's own line."""
    theirs = {setting.text for setting in words_of(now)}
    unit = units.parse_unit([("ours", now.dropin or "")])
    if not unit.exec_start:
        return {}
    found = units.words(unit.exec_start[0], now.environment)
    added = [word for word in found if word.text not in theirs]
    return from_flags((flag.name, flag.value) for flag in units.flags([units.Setting("", ""), *added]))


def words_of(now: Now) -> list[units.Setting]:
    """The daemon's command line without our drop-in, word by word."""
    return units.words(now.unit.exec_start[0], now.environment) if len(now.unit.exec_start) == 1 else []


def command_line(now: Now, want: Want, added: list[str]) -> tuple[tuple[str, ...], list[units.Flag]]:
    """The daemon's command line as it is to be: its words, and its flags with the files that they stand in."""
    theirs = words_of(now) or [units.Setting("dockerd", "")]
    found = [*theirs, *(units.Setting(word, want.dropin_path) for word in added)]
    return tuple(word.text for word in found), units.flags(found)


def on_disk(now: Now) -> dict[str, t.Any]:
    """The configuration that a start would find now, before we change anything."""
    config: dict[str, t.Any] = {}
    if now.text and now.text.strip():
        config.update(json_text.read(now.text, "").value)
    config.update(from_flags((flag.name, flag.value) for flag in units.flags(words_of(now))))
    config.update(dropin_config(now) if now.dropin is not None else {})
    return {key: value for key, value in config.items() if key in MANAGED}


def changed_files(now: Now, want: Want, text: str | None, dropin: str | None) -> dict[str, str | None]:
    """Path to text (None to remove it) of what differs."""
    files: dict[str, str | None] = {}
    if text != now.text:
        files[want.path] = text
    if dropin != now.dropin:
        files[want.dropin_path] = dropin
    return files


def without_ipv6(text: str | None, dropin: str | None, want: Want) -> dict[str, str]:
    """The same configuration with IPv6 off on the default bridge, as path to text; empty when it is off already."""
    line = units.parse_unit([("", dropin or "")]).exec_start
    if dropin is not None and line and "--ipv6=true" in line[0].text.split():
        return {want.dropin_path: dropin.replace(" --ipv6=true", " --ipv6=false")}
    if text is not None and text.strip():
        document = json_text.read(text, want.path)
        if document.value.get("ipv6") is True:
            return {want.path: json_text.edit(document, {"ipv6": "false"}, want.path).text}
    return {}


def file_changes(now: Now, want: Want, files: t.Mapping[str, str | None]) -> list[Change]:
    """The changes of the files as sentences."""
    changes = []
    if want.path in files:
        text = files[want.path]
        if text is None:
            sentence = f"Remove {want.path}, which was not there before."
        else:
            old = {} if not now.text or not now.text.strip() else json_text.read(now.text, want.path).value
            new = {} if not text.strip() else json_text.read(text, want.path).value
            parts = [f"{key} to {shown(value)}" for key, value in new.items() if key not in old or old[key] != value]
            out = [key for key in old if key not in new]
            said = ([f"set {', '.join(parts)}"] if parts else []) + ([f"take out {', '.join(out)}"] if out else [])
            sentence = f"In {want.path}, {' and '.join(said) or 'bring back the former text'}."
        changes.append(Change(sentence, "file", {"path": want.path}))
    if want.dropin_path in files:
        dropin = files[want.dropin_path]
        if dropin is None:
            sentence = f"Remove {want.dropin_path}."
        else:
            theirs = {word.text for word in words_of(now)}
            line = units.parse_unit([(want.dropin_path, dropin)]).exec_start[0]
            added = [word for word in line.text.split()[1:] if word.startswith("--") and word not in theirs]
            sentence = f"In {want.dropin_path}, start the daemon with {' '.join(added)}."
        changes.append(Change(sentence, "file", {"path": want.dropin_path}))
    return changes


def side_of_diff(
    text: str | None, path: str, dropin: str | None, dropin_path: str, state: t.Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """One side of the diff: lines, so that it reads as a diff of the file."""
    shown_files: dict[str, t.Any] = {path: None if text is None else without_secrets(text).splitlines()}
    if dropin is not None:
        shown_files[dropin_path] = without_secrets(dropin).splitlines()
    return {"files": shown_files, "default_bridge": dict(state)}
