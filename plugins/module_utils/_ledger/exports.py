# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The ledger as one sorted JSON document that diffs well in git, and back from it exactly."""

from __future__ import annotations

import ipaddress
import json
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._allocation import check_name, exclusions, parse_pool
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import number, packed, prefix_text, size_of
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.pools import Pools, rebuild_gaps, store_pool
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import (
    ACTIVE,
    COLUMNS,
    QUARANTINE,
    RESERVED,
    Engine,
    Record,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

FORMAT = 1
_KIND = "routable.ipv6 ledger"


def export(engine: Engine, pools: Pools) -> dict[str, t.Any]:
    generation = engine.rows("SELECT generation FROM counters")[0][0]
    allocations = {}
    for name, (pool_id, _pool) in sorted(pools.items()):
        # In the pool's space: a suffix pool that got another prefix changes one line.
        allocations[name] = [
            _shown(Record(*row))
            for row in engine.rows(f"SELECT {COLUMNS} FROM allocations WHERE pool = ? ORDER BY start", (pool_id,))
        ]
    former = engine.rows("SELECT pool, prefix, until FROM former_prefixes")
    return {
        "kind": _KIND,
        "format": FORMAT,
        "generation": generation,
        "pools": {name: pool.as_dict() for name, (dummy, pool) in sorted(pools.items())},
        "former_prefixes": [
            {"pool": pool, "prefix": prefix, "until": until}
            for pool, prefix, until in sorted(former, key=lambda row: (row[0], ipaddress.IPv6Network(row[1])))
        ],
        "allocations": allocations,
    }


def as_text(document: t.Mapping[str, t.Any]) -> str:
    """JSON with one line for each allocation, so that a change of one is a change of one line."""

    def line(value: object) -> str:
        return json.dumps(value, sort_keys=True, ensure_ascii=False)

    def block(opening: str, items: t.Sequence[str], closing: str, indent: str) -> str:
        if not items:
            return opening + closing
        inner = f",\n{indent}  ".join(items)
        return f"{opening}\n{indent}  {inner}\n{indent}{closing}"

    pools = [f"{line(name)}: {line(pool)}" for name, pool in sorted(document["pools"].items())]
    allocations = [
        f"{line(name)}: " + block("[", [line(entry) for entry in entries], "]", "    ")
        for name, entries in sorted(document["allocations"].items())
    ]
    members = [
        f'"kind": {line(document["kind"])}',
        f'"format": {document["format"]}',
        f'"generation": {document["generation"]}',
        '"pools": ' + block("{", pools, "}", "  "),
        '"former_prefixes": ' + block("[", [line(entry) for entry in document["former_prefixes"]], "]", "  "),
        '"allocations": ' + block("{", allocations, "}", "  "),
    ]
    return block("{", members, "}", "") + "\n"


def import_(engine: Engine, document: object) -> int:
    """Fill an empty ledger; gives the generation that it continues with.

    :raises Refused: the document is none of ours or contradicts itself, or the ledger is not empty.
    """
    if engine.rows("SELECT batch FROM counters")[0][0]:
        raise Refused("import", "the ledger is in use, and an export replaces nothing", "Import into a new ledger")
    if not isinstance(document, t.Mapping) or document.get("kind") != _KIND:
        raise Refused("import", "this is not an export of a ledger", "Give the document that export wrote")
    if document.get("format") != FORMAT:
        raise Refused(
            f"import: format={document.get('format')}", f"this collection reads format {FORMAT}", "Upgrade it"
        )
    try:
        return _fill(engine, document)
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise Refused("import", f"the document is damaged ({error!r})", "Give an export as it was written") from error


def _fill(engine: Engine, document: t.Mapping[str, t.Any]) -> int:
    generation = int(document["generation"])
    for pool_id, (name, definition) in enumerate(sorted(document["pools"].items()), 1):
        pool = parse_pool(name, definition)
        store_pool(engine, pool_id, pool, new=True)
        low, high = pool.space
        records = []
        holes = [(one.first, one.last) for one in exclusions(pool)]
        for entry in document["allocations"].get(name, []):
            record = _read(pool_id, name, entry)
            first = number(record.start)
            last = first + size_of(record.length) - 1
            outside = first < low or last > high or any(one[0] <= last and first <= one[1] for one in holes)
            if outside and record.state != QUARANTINE:
                raise Refused(
                    f"import: {name}/{record.name}", f"{entry['prefix']} is not the pool's to give", "Correct the pool"
                )
            if record.generation > generation:
                raise Refused(
                    f"import: {name}/{record.name}", f"its generation is beyond the ledger's {generation}", "Correct it"
                )
            records.append(record)
        engine.add_allocations(records)
        rebuild_gaps(engine, pool_id, pool)
    unknown = sorted(set(document["allocations"]) - set(document["pools"]))
    if unknown:
        raise Refused(f"import: {unknown[0]}", "it has allocations and no definition", "Give the whole export")
    engine.many(
        "INSERT INTO former_prefixes (pool, prefix, until) VALUES (?, ?, ?)",
        [
            (entry["pool"], str(parse_prefix(entry["prefix"])), int(entry["until"]))
            for entry in document["former_prefixes"]
        ],
    )
    return generation


def _shown(record: Record) -> dict[str, t.Any]:
    shown: dict[str, t.Any] = {
        "prefix": prefix_text(number(record.start), record.length),
        "name": record.name,
        "state": record.state,
        "generation": record.generation,
    }
    if record.owner:
        shown["owner"] = record.owner
    if record.until is not None:
        shown["until"] = record.until
    if record.meta is not None:
        shown["meta"] = json.loads(record.meta)
    return shown


def _read(pool_id: int, pool: str, entry: t.Mapping[str, t.Any]) -> Record:
    what = f"import: {pool}"
    prefix = parse_prefix(entry["prefix"], what)
    state = entry["state"]
    if state not in (ACTIVE, RESERVED, QUARANTINE):
        raise Refused(f"{what}: state={state}", "this is active, reserved or quarantine", "Correct it")
    generation = int(entry["generation"])
    until = entry.get("until")
    if (until is not None) != (state == QUARANTINE):
        raise Refused(f"{what}: {entry['name']}", "quarantine has an end, and nothing else has", "Correct it")
    meta = entry.get("meta")
    return Record(
        pool_id,
        packed(int(prefix.network_address)),
        prefix.prefixlen,
        check_name(entry["name"], what),
        str(entry.get("owner", "")),
        state,
        generation,
        None if until is None else int(until),
        json.dumps(meta, sort_keys=True, ensure_ascii=False) if meta else None,
        generation if state == QUARANTINE else 0,
    )
