# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How much of a pool is used by whom, and the words for a pool that has no room."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import (
    largest_block,
    number,
    prefix_text,
    size_of,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import (
    ACTIVE,
    QUARANTINE,
    RESERVED,
    Engine,
    Record,
    Row,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

_LISTED = 5


class Exhausted(Refused):
    """A pool without room; ``usage`` is what :func:`of_pool` says of it."""

    def __init__(self, what: str, rule: str, remedy: str, usage: t.Mapping[str, t.Any]) -> None:
        super().__init__(what, rule, remedy)
        self.usage = usage


def time_text(seconds: int) -> str:
    """UTC, as ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def of_pool(
    engine: Engine, pool_id: int, pool: Pool, length: int | None = None, pending: t.Sequence[Record] = ()
) -> dict[str, t.Any]:
    """See ``Ledger.usage``. ``pending`` are allocations of this transaction that are not yet written."""
    length = pool.length if length is None else length
    rows: list[Row] = list(
        engine.rows(
            "SELECT owner, state, length, count(*) FROM allocations WHERE pool = ? GROUP BY owner, state, length",
            (pool_id,),
        )
    )
    rows += [(one.owner, one.state, one.length, 1) for one in pending if one.pool == pool_id]
    addresses = dict.fromkeys((ACTIVE, RESERVED, QUARANTINE), 0)
    counts = dict.fromkeys((ACTIVE, RESERVED, QUARANTINE), 0)
    owners: dict[str, dict[str, int]] = {}
    for owner, state, wide, count in rows:
        addresses[state] += count * size_of(wide)
        counts[state] += count
        if state != QUARANTINE:
            of_owner = owners.setdefault(owner, {"allocations": 0, "addresses": 0})
            of_owner["allocations"] += count
            of_owner["addresses"] += count * size_of(wide)
    available = blocks = 0
    size = size_of(length)
    for start, last in engine.rows("SELECT start, last FROM gaps WHERE pool = ?", (pool_id,)):
        first, end = number(start), number(last)
        available += end - first + 1
        blocks += max((end + 1) // size - -(-first // size), 0)
    free = None
    for start, last in engine.rows(
        "SELECT start, last FROM gaps WHERE pool = ? ORDER BY rank LIMIT 1",
        (pool_id,),
    ):
        first, wide = largest_block(number(start), number(last))
        free = prefix_text(pool.base + first, wide)
    excluded = sum(
        number(last) - number(start) + 1
        for start, last in engine.rows("SELECT start, last FROM exclusions WHERE pool = ?", (pool_id,))
    )
    nearest = engine.rows("SELECT min(until) FROM allocations WHERE pool = ? AND until IS NOT NULL", (pool_id,))[0][0]
    return {
        "pool": pool.name,
        "prefix": pool.text,
        "length": length,
        "capacity": size_of(pool.space_length),
        "used": addresses[ACTIVE],
        "reserved": addresses[RESERVED],
        "quarantined": addresses[QUARANTINE],
        "excluded": excluded,
        "available": available,
        "allocations": {"used": counts[ACTIVE], "reserved": counts[RESERVED], "quarantined": counts[QUARANTINE]},
        "blocks": 1 << (length - pool.space_length) if length >= pool.space_length else 0,
        "available_blocks": blocks,
        "largest_free_block": free,
        "quarantine_ends": None if nearest is None else time_text(nearest),
        "owners": [
            {"owner": owner, **owners[owner]}
            for owner in sorted(owners, key=lambda owner: (-owners[owner]["addresses"], owner))
        ],
    }


def exhausted(
    engine: Engine, pool_id: int, pool: Pool, length: int, missing: int, what: str, pending: t.Sequence[Record]
) -> Exhausted:
    """Who has it, what is left, and what would free space. The gaps are those before this batch."""
    usage = of_pool(engine, pool_id, pool, length, pending)
    counts = usage["allocations"]
    holders = [f"{one['owner'] or 'nobody in particular'} has {one['allocations']}" for one in usage["owners"]]
    if len(holders) > _LISTED:
        rest = sum(one["allocations"] for one in usage["owners"][_LISTED:])
        holders = [*holders[:_LISTED], f"{len(usage['owners']) - _LISTED} others have {rest}"]
    use = f"of its {usage['blocks']} /{length}, " + (", ".join(holders) if holders else "nobody has any")
    if counts["reserved"]:
        use += f" ({counts['reserved']} of them reserved)"
    if counts["quarantined"]:
        use += f", {counts['quarantined']} are in quarantine"
    if usage["excluded"]:
        use += f", {usage['excluded']} addresses are excluded"
    block = usage["largest_free_block"]
    left = f"the largest free block is {block}" if block else "nothing is free"
    remedies = []
    if counts["quarantined"]:
        remedies.append(f"wait until {usage['quarantine_ends']} when the first quarantine ends")
    if counts["used"] or counts["reserved"]:
        remedies.append("release what is not needed")
    remedies.append(f"give {pool.name} a shorter prefix")
    remedy = " or ".join(remedies) if len(remedies) < 3 else f"{', '.join(remedies[:-1])} or {remedies[-1]}"
    return Exhausted(
        what,
        f"the pool {pool.name} ({pool.text}) lacks room for {missing} of /{length}: {use}; {left}",
        remedy[0].upper() + remedy[1:],
        usage,
    )
