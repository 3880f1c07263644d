# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What one transaction is going to write: the allocations, the gaps that come back, the lines of the journal."""

from __future__ import annotations

import itertools
import json
import operator
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool, Request
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import number, packed, size_of
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.gaps import first_query, give_back
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import meta_text, summary
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.pools import Pools
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import (
    COLUMNS,
    COUNTERS,
    QUARANTINE,
    Ahead,
    Engine,
    Entry,
    Record,
    Row,
    as_record,
)

_NAME = operator.itemgetter(Record._fields.index("name"))
# Names in one line of the journal: enough to cost nothing, and not too many to look for one in it.
_TOGETHER = 5000
# Names that are looked up without asking first whether the pool has any.
_FEW = 50
_SHARE = 2
_OVER = f"SELECT {COLUMNS} FROM allocations WHERE pool = ? AND until IS NOT NULL AND until <= ? ORDER BY until, start"


def ahead(pools: Pools, requests: t.Sequence[Request], now: int) -> Ahead | None:
    """What will be read for a few mere names of one pool, as far as the pools are still as we know them."""
    one = requests[0] if requests else None
    if one is None or one.pool not in pools or len(requests) > _FEW:
        return None
    if any(request.pool != one.pool or request.at is not None for request in requests):
        return None
    pool_id, pool = pools[one.pool]
    return Ahead(
        pool_id,
        [request.name for request in requests],
        (
            (COUNTERS, ()),
            (_OVER, (pool_id, now)),
            first_query(pool_id, pool, min(request.name for request in requests)),
        ),
    )


class Book:
    """Collects what is to be written; changes and releases at once, new allocations and the journal at the end."""

    def __init__(self, engine: Engine, pools: Pools, now: int, generation: int, batch: int) -> None:
        self.engine, self.pools, self.now = engine, pools, now
        self.first_generation = self.generation = generation
        self._batch = batch
        self.added: list[Record] = []
        self.entries: list[Entry] = []
        self._expired: set[int] = set()
        self.pools_changed = False

    def write(self) -> None:
        self.flush()
        self.engine.add_entries(self.entries)

    def known(self, pool_id: int, names: t.Sequence[str]) -> dict[str, t.Sequence[Record]]:
        """Records of these names, and perhaps of others, by name.

        Live ones come first, then those in quarantine from the newest to the oldest.
        """
        records = list(map(as_record, self._rows_of(pool_id, names)))
        result: dict[str, t.Sequence[Record]] = dict(zip(map(_NAME, records), zip(records)))
        if len(result) < len(records):
            several: dict[str, list[Record]] = {}
            for record in records:
                several.setdefault(record.name, []).append(record)
            for name, ones in several.items():
                result[name] = sorted(ones, key=lambda record: (record.tomb > 0, -record.tomb))
        return result

    def _rows_of(self, pool_id: int, names: t.Sequence[str]) -> list[Row]:
        """Where they are a good part of the pool, reading all of it is cheaper than as many searches."""
        if len(names) > _FEW:
            most = _SHARE * len(names)
            (count,) = self.engine.rows(
                "SELECT count(*) FROM (SELECT 1 FROM allocations WHERE pool = ? LIMIT ?) AS first_ones", (pool_id, most)
            )[0]
            if not count:
                return []
            if count < most:
                return self.engine.rows(f"SELECT {COLUMNS} FROM allocations WHERE pool = ?", (pool_id,))
        return self.engine.named(pool_id, names)

    def note_pool(self, op: str, name: str, before: Pool | None, after: Pool | None) -> None:
        self.pools_changed = True
        shown = after if after is not None else before
        start = packed(shown.space[0]) if shown is not None else bytes(16)
        texts = [
            None if one is None else json.dumps(one.as_dict(), sort_keys=True, ensure_ascii=False)
            for one in (before, after)
        ]
        length = 0 if shown is None else shown.space_length
        self.entries.append(Entry(self._next(), self._batch, op, name, "", start, length, texts[0], texts[1]))

    def note_import(self, generation: int) -> None:
        """Go on where the imported ledger was; the line about it takes the place of all that it does not bring."""
        self.pools_changed = True
        self.generation = generation
        self.entries.append(Entry(generation, self._batch, "import", "", "", bytes(16), 0, None, None))

    def add_many(
        self,
        pool_id: int,
        pool: Pool,
        length: int,
        requests: t.Sequence[Request],
        found: t.Sequence[int],
        state: str,
    ) -> list[Record]:
        """New allocations at these places, in the order of the requests."""
        given = [(request.owner or "", meta_text(request.meta) if request.meta else None) for request in requests]
        count, same = len(given), itertools.repeat
        records: list[Record] = list(
            map(
                as_record,
                zip(
                    same(pool_id, count),
                    [first.to_bytes(16, "big") for first in found],
                    same(length),
                    [request.name for request in requests],
                    [owner for owner, dummy in given],
                    same(state),
                    range(self.generation + 1, self.generation + 1 + count),
                    same(None),
                    [meta for dummy, meta in given],
                    same(0),
                ),
            )
        )
        self.generation += count
        at = 0
        for _given, group in itertools.groupby(given):
            end = at + sum(1 for _one in group)
            for first in range(at, end, _TOGETHER):
                self._note_new(pool, records[first : min(first + _TOGETHER, end)])
            at = end
        self.added += records
        return records

    def _note_new(self, pool: Pool, records: t.Sequence[Record]) -> None:
        """One line for allocations that differ in name and place only."""
        one = records[0]
        name, start = one.name, one.start
        if len(records) > 1:
            name = "\n".join(["", *(record.name for record in records), ""])
            start = b"".join([record.start for record in records])
        self.entries.append(
            Entry(
                one.generation,
                self._batch,
                "allocate",
                pool.name,
                name,
                start,
                one.length,
                None,
                summary(one),
                len(records),
            )
        )

    def change(self, pool: Pool, record: Record, op: str, **changes: t.Any) -> Record:
        """Write a change of everything but the place."""
        after = record._replace(generation=self.generation + 1, **changes)
        after = after._replace(tomb=after.generation if after.state == QUARANTINE else 0)
        self.note(op, pool, record, after)
        self.engine.run(
            "UPDATE allocations SET owner = ?, state = ?, generation = ?, until = ?, meta = ?, tomb = ?"
            " WHERE pool = ? AND start = ?",
            (*after[4:10], after.pool, after.start),
        )
        return after

    def note(self, op: str, pool: Pool, before: Record, after: Record | None) -> None:
        was, now = (None if one is None else summary(one) for one in (before, after))
        self.entries.append(
            Entry(self._next(), self._batch, op, pool.name, before.name, before.start, before.length, was, now)
        )

    def free(self, pool_id: int, pool: Pool, records: t.Sequence[Record]) -> None:
        if records:
            self.engine.many(
                "DELETE FROM allocations WHERE pool = ? AND start = ?", [(pool_id, one.start) for one in records]
            )
            give_back(
                self.engine,
                pool_id,
                pool,
                [(number(one.start), number(one.start) + size_of(one.length) - 1) for one in records],
            )

    def expire(self, pool_id: int, pool: Pool) -> None:
        """Once for each pool that something new is taken from: those whose quarantine is over make room."""
        if pool_id in self._expired:
            return
        self._expired.add(pool_id)
        over = [Record(*row) for row in self.engine.rows(_OVER, (pool_id, self.now))]
        for record in over:
            self.note("expire", pool, record, None)
        self.free(pool_id, pool, over)

    def flush(self) -> None:
        if self.added:
            self.engine.add_allocations(self.added)
            self.added = []

    def _next(self) -> int:
        self.generation += 1
        return self.generation
