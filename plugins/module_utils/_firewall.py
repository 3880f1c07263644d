# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What leads from a host's tables, files and units to the wanted default deny in front of containers, and back."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._firewall_rules import (
    FAMILY,
    Firewall,
    dropin_path,
    file_texts,
    paths,
    table_name,
    unit_name,
    unit_path,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan

_RELOAD = Change("Let systemd read its units anew", "reload")


@dataclass(frozen=True)
class Current:
    """What is there: the table by value (see :func:`table_value`) and as text, the files, and the unit's state."""

    table: t.Mapping[str, t.Any] | None
    listing: str
    files: t.Mapping[str, str | None]
    enabled: bool
    active: bool


def table_value(listing: str, table: str) -> dict[str, t.Any] | None:
    """The value of a table as ``nft -j`` lists it: without handles, counts, and the order of a set's elements.

    :arg listing: JSON of ``nft -j list table`` or of ``nft -j list ruleset``.
    :returns: ``{"sets": {name: ...}, "chains": {name: {..., "rules": [...]}}, "other": [...]}``; None where the
        table is not in it.
    """
    sets: dict[str, t.Any] = {}
    chains: dict[str, t.Any] = {}
    other: list[t.Any] = []
    seen = False
    for kind, entry in _objects(listing):
        owner = entry.get("name") if kind == "table" else entry.get("table")
        if entry.get("family") != FAMILY or owner != table:
            continue
        seen = True
        value = {key: item for key, item in entry.items() if key not in ("handle", "family", "table", "name")}
        if kind == "set":
            value["elem"] = sorted(value.get("elem", []), key=_canonical)
            sets[entry["name"]] = value
        elif kind == "chain":
            chains.setdefault(entry["name"], {"rules": []}).update(value)
        elif kind == "rule":
            chain = chains.setdefault(value.pop("chain"), {"rules": []})
            chain["rules"].append([_without_counts(part) for part in value["expr"]])
        elif kind != "table" or value:
            other.append({kind: value})
    return {"sets": sets, "chains": chains, "other": other} if seen else None


def blocking_chains(ruleset: str, table: str) -> list[str]:
    """Other chains that drop forwarded IPv6 by policy, such as the one Docker's own firewall leaves behind.

    :arg ruleset: JSON of ``nft -j list ruleset`` or of ``nft -j list chains``.
    :returns: family, table and chain of each, for a sentence.
    """
    return [
        f"{entry['family']} {entry['table']} {entry['name']}"
        for kind, entry in _objects(ruleset)
        if kind == "chain"
        and entry.get("family") in (FAMILY, "inet")
        and entry.get("hook") == "forward"
        and entry.get("policy") == "drop"
        and (entry["family"], entry["table"]) != (FAMILY, table)
    ]


def plan_present(
    current: Current, wanted: Firewall, table: t.Mapping[str, t.Any] | None, listing: str, blocking: t.Sequence[str]
) -> Plan:
    """What leads to the wanted table, its files and its unit.

    :arg table: the wanted table by value; None where it cannot be known because nft is not there yet.
    :arg listing: the wanted table as text, for the diff.
    """
    texts = file_texts(wanted)
    changes = _file_changes(current, texts)
    if any(current.files.get(path) != texts[path] for path in (unit_path(wanted.name), dropin_path(wanted.name))):
        changes.append(_RELOAD)
    if not current.enabled:
        changes.append(Change(f"Enable {unit_name(wanted.name)}", "enable"))
    if current.table is None or current.table != table:
        verb = "Load" if current.table is None else "Replace"
        changes.append(Change(f"{verb} the table {FAMILY} {table_name(wanted.name)}", "load"))
    if not current.active:
        changes.append(Change(f"Start {unit_name(wanted.name)}", "start"))
    warnings = tuple(
        f"The chain {chain} drops forwarded IPv6 by policy: what is opened here stays closed unless that chain accepts "
        "it as well."
        for chain in blocking
    )
    after = _state(listing, texts, enabled=True, active=True)
    return Plan(tuple(changes), _state_of(current), after, warnings)


def plan_absent(current: Current, name: str, recorded: bool = False) -> Plan:
    """What takes the table, its files and its unit away; nothing else of the host is touched.

    :arg recorded: whether there is a record of files, which goes with them, or after whoever has removed them by hand.
    """
    changes: list[Change] = []
    if current.active or current.enabled:
        changes.append(Change(f"Stop and disable {unit_name(name)}", "disable"))
    gone: dict[str, str | None] = {path: None for path in paths(name)}
    changes += _file_changes(current, gone)
    if any(current.files.get(path) is not None for path in (unit_path(name), dropin_path(name))):
        changes.append(_RELOAD)
    if current.table is not None:
        changes.append(Change(f"Delete the table {FAMILY} {table_name(name)}", "delete"))
    if recorded and not changes:
        changes.append(Change("Forget what was written here and is gone", "forget"))
    return Plan(tuple(changes), _state_of(current), _state("", gone, enabled=False, active=False))


def difference(current: Current, plan: Plan, table: t.Mapping[str, t.Any] | None) -> str:
    """What is not as the plan leaves it, for a sentence; empty where all is. The table is compared by value."""
    now = _state_of(current)
    keys = [key for key, value in plan.after.items() if key != "table" and now[key] != value]
    return ", ".join(keys + ["table"] * (current.table != table))


def restoring(current: Current, table: str) -> str:
    """Input of ``nft -f`` that brings the former table back in one transaction."""
    clear = f"table {FAMILY} {table} {{\n}}\ndelete table {FAMILY} {table}\n"
    return clear + current.listing


def _file_changes(current: Current, texts: t.Mapping[str, str | None]) -> list[Change]:
    changes = []
    for path, text in texts.items():
        if current.files.get(path) == text:
            continue
        if text is None:
            changes.append(Change(f"Remove {path}", "remove", {"path": path}))
        else:
            changes.append(Change(f"Write {path}", "write", {"path": path, "text": text}))
    return changes


def _state_of(current: Current) -> dict[str, t.Any]:
    return _state(current.listing, current.files, current.enabled, current.active)


def _state(listing: str, files: t.Mapping[str, str | None], enabled: bool, active: bool) -> dict[str, t.Any]:
    """By lines, so that a diff of it can be read."""
    texts = {path: None if text is None else _lines(text) for path, text in files.items()}
    return {"table": _lines(listing), "files": texts, "enabled": enabled, "active": active}


def _lines(text: str) -> list[str]:
    return text.expandtabs(4).splitlines()


def _objects(listing: str) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    for item in json.loads(listing)["nftables"]:
        for kind, entry in item.items():
            if kind != "metainfo":
                yield kind, entry


def _without_counts(part: t.Any) -> t.Any:
    if isinstance(part, dict) and set(part) == {"counter"}:
        return "counter"
    return part


def _canonical(value: t.Any) -> str:
    return json.dumps(value, sort_keys=True)
