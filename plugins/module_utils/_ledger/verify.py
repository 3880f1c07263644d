# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Whether the ledger's tables can be true: found by reading all of them, repaired where they derive from others."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import (
    number,
    prefix_text,
    run_text,
    size_of,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import gaps
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.pools import Pools, expected_gaps, rebuild_gaps
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import QUARANTINE, Engine


class Writer(t.Protocol):
    engine: Engine

    def note_pool(self, op: str, name: str, before: Pool | None, after: Pool | None) -> None: ...


def findings(engine: Engine, pools: Pools) -> list[str]:
    result = []
    for _name, (pool_id, pool) in sorted(pools.items()):
        result += _allocations(engine, pool_id, pool)
        if not _gaps_are_true(engine, pool_id, pool):
            result.append(f"pool {pool.name}: the gap table does not follow from the allocations")
    return result


def repaired(writer: Writer, pools: Pools) -> list[str]:
    result = []
    for _name, (pool_id, pool) in sorted(pools.items()):
        result += _allocations(writer.engine, pool_id, pool)
        if not _gaps_are_true(writer.engine, pool_id, pool):
            rebuild_gaps(writer.engine, pool_id, pool)
            writer.note_pool("repair", pool.name, pool, pool)
            result.append(f"pool {pool.name}: the gap table did not follow from the allocations, and was derived anew")
    return result


def _gaps_are_true(engine: Engine, pool_id: int, pool: Pool) -> bool:
    expected = expected_gaps(engine, pool_id, pool)
    stored = engine.rows("SELECT start, last, rank FROM gaps WHERE pool = ? ORDER BY start", (pool_id,))
    return len(expected) == len(stored) and all(
        (number(start), number(last)) == run and place == gaps.rank(pool, *run)
        for run, (start, last, place) in zip(expected, stored)
    )


def _allocations(engine: Engine, pool_id: int, pool: Pool) -> list[str]:
    result = []
    low, high = pool.space
    holes = [
        (number(start), number(last))
        for start, last in engine.rows("SELECT start, last FROM exclusions WHERE pool = ? ORDER BY start", (pool_id,))
    ]
    at = 0
    widest: tuple[int, str] = (-1, "")
    for start, length, name, state in engine.rows(
        "SELECT start, length, name, state FROM allocations WHERE pool = ? ORDER BY start", (pool_id,)
    ):
        first = number(start)
        last = first + size_of(length) - 1
        what = f"pool {pool.name}: {name} has {prefix_text(pool.base + first, length)}"
        if first & (size_of(length) - 1):
            result.append(f"{what}, with bits set beyond its length")
        if first <= widest[0]:
            result.append(f"{what}, which overlaps {widest[1]}")
        if last > widest[0]:
            widest = last, f"{prefix_text(pool.base + first, length)} of {name}"
        if state == QUARANTINE:
            continue
        if first < low or last > high:
            result.append(f"{what}, outside of {pool.text}")
        while at < len(holes) and holes[at][1] < first:
            at += 1
        if at < len(holes) and holes[at][0] <= last:
            result.append(f"{what}, which the pool excludes: {run_text(*(end + pool.base for end in holes[at]))}")
    return result
