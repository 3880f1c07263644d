# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What a report tells: pools with their maps, allocations with their history, capacity, changes. Pure functions.

All of it is JSON. Counts of addresses are texts, since JSON's readers know no numbers beyond 2^53.
"""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _drift as drift
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool, exclusions
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import prefix_text
from ansible_collections.routable.ipv6.plugins.module_utils._plan import printable
from ansible_collections.routable.ipv6.plugins.module_utils._report_map import Item, View, views

VERSION = 1
DAY = 86400.0
Entry = t.Dict[str, t.Any]


class Ledger(t.NamedTuple):
    """What was read from a ledger: its export, and by pool what it says of the pool's use; the journal oldest first."""

    document: t.Mapping[str, t.Any]
    pools: t.Mapping[str, Pool]
    usage: t.Mapping[str, t.Mapping[str, t.Any]]
    journal: t.Sequence[t.Mapping[str, t.Any]]


EMPTY = Ledger({"allocations": {}, "former_prefixes": []}, {}, {}, [])


def report(
    at: str,
    ledger: Ledger,
    matrix: t.Mapping[str, t.Any] | None,
    hosts: t.Mapping[str, t.Mapping[str, t.Any]],
    former: t.Mapping[str, t.Any] | None,
    unseen: t.Mapping[str, str] | None = None,
) -> Entry:
    """The whole report, as docs/report.md describes it.

    :arg at: when, as text of ISO 8601.
    :arg matrix: the reachability matrix of the last verification.
    :arg hosts: what ``docker_ipv6_info`` has found, by host.
    :arg former: what :func:`kept` gave of the report before.
    :arg unseen: why a host could not be looked at, by host.
    """
    allocations = _allocations(ledger)
    numbers = {(one["pool"], one["name"], one["place"]): number for number, one in enumerate(allocations)}
    pools = [_pool(ledger, pool, numbers, at) for dummy, pool in sorted(ledger.pools.items())]
    found: Entry = {
        "version": VERSION,
        "at": at,
        "pools": pools,
        "allocations": allocations,
        "matrix": matrix,
        "drift": _drift(ledger, hosts) if hosts else None,
        "unseen": [{"host": host, "reason": reason} for host, reason in sorted((unseen or {}).items())],
    }
    found["changes"] = None if former is None else changes(former, kept(found))
    return found


def _allocations(ledger: Ledger) -> list[Entry]:
    history: dict[tuple[str, str], list[list[str]]] = {}
    for line in ledger.journal:
        if line["name"]:
            state = (line["after"] or {}).get("state", "")
            place = _place(ledger.pools.get(line["pool"]), line["prefix"])
            entry = [line["time"], line["op"], place, state, line["actor"], line["run"]]
            history.setdefault((line["pool"], line["name"]), []).append(entry)
    result = []
    for name, entries in ledger.document["allocations"].items():
        for one in entries:
            owner = one.get("owner", "")
            result.append(
                {
                    "pool": name,
                    "name": one["name"],
                    "place": _place(ledger.pools[name], one["prefix"]),
                    "state": one["state"],
                    "owner": owner,
                    "until": None if one.get("until") is None else _time(one["until"]),
                    "meta": one.get("meta"),
                    # What a nested pool has from its parent.
                    "holds": one["name"] if owner == f"pool {one['name']}" and one["name"] in ledger.pools else None,
                    "history": history.get((name, one["name"]), []),
                }
            )
    return result


def _pool(ledger: Ledger, pool: Pool, numbers: t.Mapping[tuple[str, str, str], int], at: str) -> Entry:
    items = []
    for one in ledger.document["allocations"].get(pool.name, ()):
        where = parse_prefix(one["prefix"])
        number = numbers[pool.name, one["name"], _place(pool, one["prefix"])]
        items.append(Item(int(where.network_address), where.prefixlen, number))
    holes = exclusions(pool)
    made, first = views(pool.space[0], pool.space_length, items, [(hole.first, hole.last) for hole in holes])
    usage = ledger.usage[pool.name]
    return {
        "name": pool.name,
        "prefix": pool.text,
        "length": pool.length,
        "strategy": pool.strategy,
        "suffix": pool.suffix,
        "parent": pool.parent,
        "quarantine_days": pool.quarantine_days,
        "counts": dict(usage["allocations"]),
        "owners": [[one["owner"], one["allocations"]] for one in usage["owners"]],
        "largest_free_block": usage["largest_free_block"],
        "share": _share(usage),
        "capacity": capacity([line for line in ledger.journal if line["pool"] == pool.name], usage, at),
        "excluded": [[_run(pool, hole.first, hole.last), hole.reason] for hole in holes],
        "former_prefixes": [
            [one["prefix"], _time(one["until"])]
            for one in ledger.document["former_prefixes"]
            if one["pool"] == pool.name
        ],
        "maps": [_map(pool, view) for view in made],
        "first_map": first,
    }


def _map(pool: Pool, view: View) -> Entry:
    return {
        "prefix": prefix_text(pool.base + view.start, view.length),
        "parent": view.parent,
        "columns": view.columns,
        "rows": view.rows,
        "cells": [list(cell) for cell in view.cells],
    }


def _share(usage: t.Mapping[str, t.Any]) -> float:
    """How much of what can be handed out is taken, from 0 to 1."""
    taken = usage["used"] + usage["reserved"] + usage["quarantined"]
    there = taken + usage["available"]
    return float(taken / there) if there else 1.0


def capacity(journal: t.Sequence[t.Mapping[str, t.Any]], usage: t.Mapping[str, t.Any], at: str) -> Entry:
    """What is left of a pool, and how long at the present rate.

    The rate is that of the last 30 days, or of the days since the pool was defined when these are fewer, and at least
    of one day. What is in quarantine counts as taken.

    :returns: ``left``, how many of the pool's usual length can still be handed out, as text; ``per_day``; ``days``
        until none is left, null where the pool does not fill.
    """
    now = _seconds(at)
    begin = max(now - 30 * DAY, min((_seconds(line["time"]) for line in journal), default=now))
    days = max((now - begin) / DAY, 1.0)
    net = 0
    for line in journal:
        if line["name"] and _seconds(line["time"]) >= begin:
            net += (line["after"] is not None) - (line["before"] is not None)
    left = int(usage["available_blocks"])
    per_day = net / days
    return {
        "left": str(left),
        "of": str(usage["blocks"]),
        "per_day": round(per_day, 3),
        "days": int(left // per_day) if per_day > 0 else None,
    }


def _drift(ledger: Ledger, hosts: t.Mapping[str, t.Mapping[str, t.Any]]) -> Entry:
    pools, allocations, never = [], [], []
    for name, pool in ledger.pools.items():
        if pool.prefix is None:
            continue
        pools.append(drift.place_of(str(pool.prefix), name))
        never += [(pool.base + hole.first, pool.base + hole.last) for hole in exclusions(pool)]
        allocations += [
            drift.place_of(_place(pool, one["prefix"]), name, one["name"], one.get("owner", ""))
            for one in ledger.document["allocations"].get(name, ())
            if one["state"] == "active"
        ]
    seen = [one for host, found in sorted(hosts.items()) for one in drift.seen_on(host, found)]
    return {"hosts": sorted(hosts), **drift.compare(pools, allocations, never, seen, set(hosts))}


def kept(found: t.Mapping[str, t.Any]) -> Entry:
    """What the next report needs to tell what has changed."""
    matrix = found["matrix"] or {"endpoints": []}
    return {
        "version": VERSION,
        "at": found["at"],
        "allocations": {f"{one['pool']}/{one['name']}": [one["place"], one["state"]] for one in found["allocations"]},
        "endpoints": {
            f"{one['name']} behind {one['behind']}": [one["address"], one["ok"]] for one in matrix["endpoints"]
        },
    }


def changes(former: t.Mapping[str, t.Any], now: t.Mapping[str, t.Any]) -> Entry:
    """What has come, gone and changed since another report: ``since``, and lists of ``{what, before, after}``."""
    result: Entry = {"since": former.get("at")}
    for part in ("allocations", "endpoints"):
        before, after = former.get(part) or {}, now[part]
        result[part] = [
            {"what": key, "before": before.get(key), "after": after.get(key)}
            for key in sorted({*before, *after})
            if before.get(key) != after.get(key)
        ]
    return result


def _place(pool: Pool | None, text: str) -> str:
    """An allocation's place as people write it, from the one in its pool's space."""
    where = parse_prefix(text)
    if pool is None:
        return text
    return pool.show(int(where.network_address), where.prefixlen)


def _run(pool: Pool, first: int, last: int) -> str:
    if first == last:
        return pool.show(first, 128)
    return f"{pool.show(first, 128)} to {pool.show(last, 128)}"


def _time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> float:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def not_looked_at(hosts: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Why there is nothing of a host, by host; one that was not asked is none of them.

    :arg hosts: the results of ``docker_ipv6_info``, also those that are none.
    """
    found = {}
    for name, one in hosts.items():
        if isinstance(one, dict) and ("interfaces" in one or one.get("skipped")):
            continue
        text = str(one.get("msg") or "") if isinstance(one, dict) else ""
        found[name] = printable(text.strip().rstrip("."), 300) or "it gave no answer"
    return found
