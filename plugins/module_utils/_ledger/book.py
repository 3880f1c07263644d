# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What one transaction is going to write: the allocations, the gaps that come back, the lines of the journal."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool, Request
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import number, packed, size_of
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.gaps import give_back
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import meta_text, summary
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.pools import Pools
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import (
    COLUMNS,
    QUARANTINE,
    Engine,
    Entry,
    Record,
    Row,
)

# Names that are looked up without asking first whether the pool has any.
_FEW = 50


class Book:
    """Collects what is to be written; changes and releases at once, new allocations and the journal at the end."""

    def __init__(self, engine: Engine, pools: Pools, now: int, generation: int, batch: int) -> None:
        self.engine, self.pools, self.now = engine, pools, now
        self.first_generation = self.generation = generation
        self._batch = batch
        self.added: list[Record] = []
        self.entries: list[Row] = []
        self._expired: set[int] = set()
        self.pools_changed = False

    def write(self) -> None:
        self.flush()
        self.engine.add_entries(self.entries)

    def known(self, pool_id: int, names: t.Sequence[str]) -> dict[str, list[Record]]:
        """Records by name, live ones first, then those in quarantine from the newest to the oldest."""
        result: dict[str, list[Record]] = {}
        if len(names) > _FEW and not self.engine.rows("SELECT 1 FROM allocations WHERE pool = ? LIMIT 1", (pool_id,)):
            return result
        for row in self.engine.named(pool_id, names):
            result.setdefault(row[3], []).append(Record(*row))
        for records in result.values():
            if len(records) > 1:
                records.sort(key=lambda record: (record.tomb > 0, -record.tomb))
        return result

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
        generation, batch, name_of_pool = self.generation, self._batch, pool.name
        texts: dict[tuple[str, str | None], str] = {}
        records = []
        entries: list[Row] = []
        for request, first in zip(requests, found):
            generation += 1
            meta = meta_text(request.meta) if request.meta else None
            owner = request.owner or ""
            record = Record(
                pool_id, first.to_bytes(16, "big"), length, request.name, owner, state, generation, None, meta, 0
            )
            text = texts.get((owner, meta))
            if text is None:
                text = texts[owner, meta] = summary(record)
            # A plain tuple costs a third of an Entry.
            entries.append((generation, batch, "allocate", name_of_pool, record[3], record[1], length, None, text))
            records.append(record)
        self.generation = generation
        self.added += records
        self.entries += entries
        return records

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
        texts = [None if one is None else summary(one) for one in (before, after)]
        self.entries.append(
            Entry(self._next(), self._batch, op, pool.name, before.name, before.start, before.length, *texts)
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
        over = [
            Record(*row)
            for row in self.engine.rows(
                f"SELECT {COLUMNS} FROM allocations WHERE pool = ? AND until IS NOT NULL AND until <= ?"
                " ORDER BY until, start",
                (pool_id, self.now),
            )
        ]
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
