# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The gap table: every maximal free run, one row each, at constant cost for any number of allocations.

Taking collects its changes and writes them at the end. So a batch reads each gap once, in order, and never walks over
the index entries that it has made obsolete itself: on PostgreSQL those stay until the transaction is over, and taking
from the head row by row is quadratic.
"""

from __future__ import annotations

import bisect
import heapq
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import HASH_ATTEMPTS, Pool, hash_number
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import (
    BITS,
    Run,
    largest_block,
    merged,
    mirrored,
    number,
    packed,
    size_of,
    without,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import Engine

_CHUNK = 256
_TIGHTEST = (
    "SELECT rank, start, last FROM gaps WHERE pool = ? AND rank > (SELECT substr(rank, 1, 1) FROM gaps"
    " WHERE pool = ? AND rank < ? ORDER BY rank DESC LIMIT 1) ORDER BY rank LIMIT 1"
)
_RANKED = "SELECT rank, start, last FROM gaps WHERE pool = ? AND rank > ? AND rank < ? ORDER BY rank LIMIT ?"
_BEFORE = "SELECT start, last FROM gaps WHERE pool = ? AND start <= ? ORDER BY start DESC LIMIT 1"
# So many runs come back at once that reading all gaps, if there are not many times more of them, is cheaper.
_BULK = 1000
_BULK_SHARE = 50


def rank(pool: Pool, first: int, last: int) -> bytes:
    """The gap's place in the index: the roomiest first, among equals by the pool's strategy."""
    block, length = largest_block(first, last)
    tail = mirrored(block - pool.space[0]) if pool.strategy == "sparse" else packed(first)
    return bytes((length,)) + tail


def insert(engine: Engine, pool_id: int, pool: Pool, runs: t.Iterable[Run]) -> None:
    rows = [(pool_id, packed(first), packed(last), rank(pool, first, last)) for first, last in runs]
    if rows:
        engine.many("INSERT INTO gaps (pool, start, last, rank) VALUES (?, ?, ?, ?)", rows)


def give_back(engine: Engine, pool_id: int, pool: Pool, runs: t.Iterable[Run]) -> None:
    """Make runs free again, except what is excluded, and join them with the gaps beside them."""
    low, high = pool.space
    whole_runs = merged(runs)
    if len(whole_runs) >= _BULK:
        count = engine.rows("SELECT count(*) FROM gaps WHERE pool = ?", (pool_id,))[0][0]
        if count <= _BULK_SHARE * len(whole_runs):
            _give_back_many(engine, pool_id, pool, whole_runs)
            return
    for whole in whole_runs:
        inside = max(whole[0], low), min(whole[1], high)
        if inside[0] > inside[1]:
            continue
        holes = [
            (number(start), number(last))
            for start, last in engine.rows(
                "SELECT start, last FROM exclusions WHERE pool = ? AND start <= ? AND last >= ? ORDER BY start",
                (pool_id, packed(inside[1]), packed(inside[0])),
            )
        ]
        for first, last in without(*inside, holes):
            joined_first, joined_last = first, last
            for start, end in engine.rows(
                "SELECT start, last FROM gaps WHERE pool = ? AND start <= ? ORDER BY start DESC LIMIT 1",
                (pool_id, packed(first)),
            ):
                if number(end) == first - 1:
                    joined_first = number(start)
                    engine.run("DELETE FROM gaps WHERE pool = ? AND start = ?", (pool_id, start))
            if last < high:
                for start, end in engine.rows(
                    "SELECT start, last FROM gaps WHERE pool = ? AND start = ?", (pool_id, packed(last + 1))
                ):
                    joined_last = number(end)
                    engine.run("DELETE FROM gaps WHERE pool = ? AND start = ?", (pool_id, start))
            insert(engine, pool_id, pool, [(joined_first, joined_last)])


def _give_back_many(engine: Engine, pool_id: int, pool: Pool, runs: t.Sequence[Run]) -> None:
    """As :func:`give_back`, by reading all gaps once: a seek for each run would walk over what it has just removed."""
    low, high = pool.space
    holes = [
        (number(start), number(last))
        for start, last in engine.rows("SELECT start, last FROM exclusions WHERE pool = ? ORDER BY start", (pool_id,))
    ]
    # Both are sorted and disjoint, and a run can hold several exclusions.
    outside = merged([*holes, *without(0, (1 << BITS) - 1, [(low, high)])])
    free: list[Run] = []
    at = 0
    for first, last in runs:
        while at < len(outside) and outside[at][1] < first:
            at += 1
        free += without(first, last, outside[at:] if at < len(outside) and outside[at][0] <= last else ())
    before = {
        (number(start), number(last))
        for start, last in engine.rows("SELECT start, last FROM gaps WHERE pool = ?", (pool_id,))
    }
    after = set(merged([*before, *free]))
    engine.many(
        "DELETE FROM gaps WHERE pool = ? AND start = ?",
        [(pool_id, packed(first)) for first, dummy in sorted(before - after)],
    )
    insert(engine, pool_id, pool, sorted(after - before))


def first_query(pool_id: int, pool: Pool, name: str) -> tuple[str, tuple[t.Any, ...]]:
    """What a Taker asks first when it takes one block of the pool's own length for a name."""
    bound = bytes((pool.length + 1,))
    if pool.strategy == "hash":
        return _BEFORE, (pool_id, packed(_hashed(pool, name, pool.length, 0)))
    if pool.strategy == "sparse":
        return _RANKED, (pool_id, b"", bound, 1)
    return _TIGHTEST, (pool_id, pool_id, bound)


def _hashed(pool: Pool, name: str, length: int, attempt: int) -> int:
    return pool.space[0] + (hash_number(pool, name, length, attempt) << (BITS - length))


class Taker:
    """Takes from one pool; ``flush`` writes what has become of the gaps."""

    def __init__(self, engine: Engine, pool_id: int, pool: Pool) -> None:
        self._engine, self._id, self._pool = engine, pool_id, pool
        self._removed: set[int] = set()
        # What has been made of the gaps that were touched, sorted, by first and last address.
        self._firsts: list[int] = []
        self._lasts: dict[int, int] = {}

    def flush(self) -> None:
        if self._removed:
            self._engine.many(
                "DELETE FROM gaps WHERE pool = ? AND start = ?",
                [(self._id, packed(start)) for start in sorted(self._removed)],
            )
        insert(self._engine, self._id, self._pool, [(first, self._lasts[first]) for first in self._firsts])
        self._removed, self._firsts, self._lasts = set(), [], {}

    def take_at(self, first: int, length: int) -> bool:
        """Take exactly this block; False where it is not free."""
        last = first + size_of(length) - 1
        at = bisect.bisect_right(self._firsts, first) - 1
        if at >= 0 and self._lasts[self._firsts[at]] >= last:
            low = self._firsts.pop(at)
            self._cut(low, self._lasts.pop(low), first, last)
            return True
        for start, end in self._engine.rows(_BEFORE, (self._id, packed(first))):
            low, high = number(start), number(end)
            if high >= last and low not in self._removed:
                self._removed.add(low)
                self._cut(low, high, first, last)
                return True
        return False

    def take_hashed(self, name: str, length: int) -> int | None:
        """The block that follows from the name, counted on while it is taken."""
        for attempt in range(HASH_ATTEMPTS):
            first = _hashed(self._pool, name, length, attempt)
            if self.take_at(first, length):
                return first
        # The pool is nearly full: any block will do.
        self.flush()
        found = self.take_many(length, 1)
        return found[0] if found else None

    def take_many(self, length: int, count: int) -> list[int]:
        """The first addresses of up to ``count`` blocks, by the pool's strategy; fewer where it has no more."""
        self.flush()
        sparse = self._pool.strategy == "sparse"
        source = self._roomiest(length) if sparse else self._tightest(length)
        following: tuple[int, bytes, int, int] | None = None
        more = True
        heap: list[tuple[int, bytes, int, int]] = []
        left: list[Run] = []
        taken: list[int] = []
        size = size_of(length)
        sign = 1 if sparse else -1

        def keep(first: int, last: int) -> None:
            if first > last:
                return
            place = rank(self._pool, first, last)
            if place[0] <= length:
                heapq.heappush(heap, (sign * place[0], place[1:], first, last))
            else:
                left.append((first, last))

        while len(taken) < count:
            if following is None and more:
                following = next(source, None)
                more = following is not None
            if following is not None and (not heap or following[:2] < heap[0][:2]):
                dummy, dummy2, first, last = following
                self._removed.add(first)
                following = None
            elif heap:
                dummy, dummy2, first, last = heapq.heappop(heap)
            else:
                break
            if sparse:
                start = largest_block(first, last)[0]
                blocks = 1
            else:
                start = -(-first // size) * size
                blocks = min((last + 1 - start) // size, count - len(taken))
            taken.extend(range(start, start + blocks * size, size))
            keep(first, start - 1)
            keep(start + blocks * size, last)
        if len(taken) < count:
            # Nothing will be written: the message about it is to see the gaps as they were.
            self._removed.clear()
            return taken
        self._put([*left, *((first, last) for dummy, dummy2, first, last in heap)])
        self.flush()
        return taken

    def _cut(self, low: int, high: int, first: int, last: int) -> None:
        self._put([run for run in ((low, first - 1), (last + 1, high)) if run[0] <= run[1]])

    def _put(self, runs: t.Iterable[Run]) -> None:
        for first, last in runs:
            bisect.insort(self._firsts, first)
            self._lasts[first] = last

    def _roomiest(self, length: int) -> t.Iterator[tuple[int, bytes, int, int]]:
        """Stored gaps that hold a block of ``length``, the largest first."""
        yield from self._ranked(b"", bytes((length + 1,)), 1)

    def _tightest(self, length: int) -> t.Iterator[tuple[int, bytes, int, int]]:
        """Stored gaps that hold a block of ``length``, the smallest first and among equals the lowest."""
        bound = bytes((length + 1,))
        while True:
            # A single byte comes before all ranks that begin with it: this is the lowest of the smallest.
            found = self._engine.rows(_TIGHTEST, (self._id, self._id, bound))
            if not found:
                return
            place, start, last = found[0]
            yield -place[0], place[1:], number(start), number(last)
            bound = place[:1]
            yield from self._ranked(place, bytes((place[0] + 1,)), -1)

    def _ranked(self, above: bytes, below: bytes, sign: int) -> t.Iterator[tuple[int, bytes, int, int]]:
        count = 1
        while True:
            found = self._engine.rows(_RANKED, (self._id, above, below, count))
            for place, start, last in found:
                yield sign * place[0], place[1:], number(start), number(last)
            if len(found) < count:
                return
            above, count = found[-1][0], min(count * 4, _CHUNK)
