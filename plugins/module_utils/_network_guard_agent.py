# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put a host's network back as it was when the guard was armed.

usage: network_guard_agent.py restore|boot|late|wait DIRECTORY

DIRECTORY holds ``armed.json``: what there was (:func:`take`), who armed the guard, and for how long. ``restore`` puts
it back and takes the guard away; after a boot, ``boot`` puts the files back before anything reads them and ``late`` the
rest; ``wait`` is for hosts without systemd: it waits for the time-out and then restores.

What is to be done is decided by :func:`plan` from two snapshots, and by nothing else. A step that fails does not keep
the others from being tried; then the guard stays armed and the whole is tried again. It stands alone on the standard
library of Python 3.8.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import glob
import json
import os
import re
import sys
import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_files import (
    file_entry,
    put,
    remove,
    remove_if_empty,
    sweep,
    take_files,
)
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_firewall import iptables, tables
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_host import (
    UNIT,
    UNITS,
    Snapshot,
    boot_id,
    booted,
    read,
    run,
)
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_links import (
    take_links,
    take_sysctls,
    uplinks,
)
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_plan import plan, plan_files
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_steps import carry_out, sentence
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_units import docker, units

LOCK = "/run/routable-ipv6-guard.lock"
SPARE = 1 << 20  # bytes kept free for a restoration on a full disk
JOURNAL_LINES = 200


def take(options: t.Mapping[str, t.Any]) -> Snapshot:
    """The host as it is now.

    :arg options: ``paths`` (files, and directories with all that is in them), ``interfaces``, ``sysctls`` (names below
        ``/proc/sys``), ``units``, ``firewall``.
    :raises Trouble: the files are too many to keep.
    """
    links = options["interfaces"] or uplinks()
    return {
        "options": {**options, "interfaces": links},
        "files": take_files(options["paths"]),
        "sysctls": take_sysctls(links, options["sysctls"]),
        **take_links(links),
        "nft": tables() if options["firewall"] else {},
        "iptables": iptables() if options["firewall"] else {},
        "units": units(options["units"]),
        "docker": docker(),
    }


@contextlib.contextmanager
def locked() -> t.Iterator[None]:
    """Keep all others out who arm, disarm or restore; the lock of one that dies is gone."""
    handle = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def load(directory: str) -> dict[str, t.Any] | None:
    """The guard that is armed, None where there is none."""
    content = read(os.path.join(directory, "armed.json"))
    return None if content is None else t.cast("dict[str, t.Any]", json.loads(content))


def save(directory: str, name: str, text: str) -> None:
    """Write a file of the guard's own, atomically and for root only."""
    put(os.path.join(directory, name), file_entry(text, 0o600))


def journal(directory: str) -> list[dict[str, t.Any]]:
    """What happened here, oldest first."""
    text = (read(os.path.join(directory, "journal.jsonl")) or b"").decode("utf-8", "replace")
    found = []
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def note(directory: str, armed: t.Mapping[str, t.Any], event: str, **more: t.Any) -> dict[str, t.Any]:
    """Add to the journal what happened, when, and who had armed the guard."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    entry = {"time": now, "event": event, "run": armed["run"], "holder": armed["holder"], **more}
    write_journal(directory, [*journal(directory), entry])
    return entry


def write_journal(directory: str, entries: t.Sequence[t.Mapping[str, t.Any]]) -> None:
    lines = [json.dumps(entry, sort_keys=True) + "\n" for entry in entries[-JOURNAL_LINES:]]
    save(directory, "journal.jsonl", "".join(lines))


def without_networks(before: Snapshot, there: t.Callable[[str], bool]) -> Snapshot:
    """What to go back to when Docker's networks have been removed: no rules for their bridges.

    A Docker that does not run leaves its bridges; one that makes a bridge anew makes the rules for it anew, too.

    :arg there: whether an interface is there.
    """
    bridges = before["docker"].get("bridges", {}).values()
    names = [re.escape(name) for name in bridges if not there(name)]
    if not names:
        return before
    of_them = re.compile(rf"^-A .* (-i|-o) ({'|'.join(names)})( |$).*\n", re.M)
    return {**before, "iptables": {tool: of_them.sub("", text) for tool, text in before["iptables"].items()}}


def with_new_units(before: Snapshot, now: Snapshot) -> Snapshot:
    """What to go back to after a boot or an attempt: every unit is another one, and Docker has made its rules anew."""
    units = {
        name: {**old, "InvocationID": now["units"].get(name, {}).get("InvocationID", "")}
        for name, old in before["units"].items()
    }
    return {**before, "units": units, "iptables": now["iptables"]}


def restore(directory: str, why: str, only_files: bool = False) -> list[str]:
    """Put the host back and take the guard away; with ``only_files`` the rest is for later.

    :return: what went wrong; then the guard stays armed. Call it with the lock held.
    """
    armed = load(directory)
    if armed is None:
        return []
    remove(os.path.join(directory, "spare"))
    before = armed["snapshot"]
    sweep(before["options"]["paths"])
    now = take(before["options"])
    before = without_networks(before, lambda name: os.path.isdir(f"/sys/class/net/{name}"))
    if armed["boot"] != boot_id() or armed.get("tried"):
        before = with_new_units(before, now)
    if only_files:
        steps = plan_files(before, now)
        steps += [("reload_units", None)] if steps and booted() else []
    else:
        steps = plan(before, now)
    failed = carry_out(before, steps)
    event = "failed" if failed else "files restored" if only_files else "restored"
    done = [sentence(step) for step in steps]
    with contextlib.suppress(OSError):
        known = failed and failed == (journal(directory) or [{}])[-1].get("failed")
        if (steps or not only_files) and not known:
            note(directory, armed, event, why=why, steps=done, failed=failed)
        if failed:
            save(directory, "armed.json", json.dumps({**armed, "tried": True}))
    if not failed and not only_files:
        remove(os.path.join(directory, "armed.json"))
        take_away(directory)
    return failed


def unit_files() -> list[str]:
    """The guard's files below ``/etc``, links first."""
    return [*sorted(glob.glob(f"{os.path.dirname(UNITS)}/*.wants/{UNIT}*")), *sorted(glob.glob(f"{UNITS}*"))]


def take_away(directory: str) -> list[str]:
    """Remove what only an armed guard needs.

    What could not be removed puts nothing back without ``armed.json``. The timer then stays with its program, for
    another try.
    """
    remove(os.path.join(directory, "armed.json"))
    failed = []
    for path in unit_files():
        try:
            remove(path)
            if ".wants/" in path:
                remove_if_empty(os.path.dirname(path))
        except OSError as error:
            failed.append(str(error))
    if booted() and not failed:
        run("systemctl", "stop", f"{UNIT}.timer")
        run("systemctl", "daemon-reload")
        run("systemctl", "reset-failed", f"{UNIT}*")
    for name in ("spare", "waiting", *([] if failed else ["network_guard_agent.py"])):
        remove(os.path.join(directory, name))
    sweep([directory, os.path.dirname(UNITS)])
    return failed


def wait(directory: str) -> int:
    """Where there is no systemd: sleep by the clock that nobody sets, then restore until it works."""
    armed = load(directory)
    if armed is None:
        return 0
    end = time.monotonic() + armed["timeout"]
    while True:
        current = load(directory)
        if current is None or current["token"] != armed["token"]:
            return 0
        if time.monotonic() >= end:
            with locked():
                if not restore(directory, f"nobody called it off within {armed['timeout']} s"):
                    return 0
            end = time.monotonic() + 10
        time.sleep(0.5)


def main(arguments: list[str]) -> int:
    if len(arguments) != 3 or arguments[1] not in ("restore", "boot", "late", "wait"):
        sys.stderr.write(f"usage: {arguments[0]} restore|boot|late|wait DIRECTORY\n")
        return 2
    verb, directory = arguments[1:]
    if verb == "wait":
        return wait(directory)
    with locked():
        armed = load(directory)
        failed = []
        if armed is not None:
            why = f"nobody called it off within {armed['timeout']} s"
            if verb != "restore" or armed["boot"] != boot_id():
                why = "the host was booted while the guard was armed"
            failed = restore(directory, why, only_files=verb == "boot")
        # Also what was to be left when it was called off.
        if not failed and load(directory) is None and unit_files():
            failed = take_away(directory)
            remove_if_empty(directory)
            remove_if_empty(os.path.dirname(directory))
    for line in failed:
        sys.stderr.write(line + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
