# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The ledger: the durable record of pools and allocations.

Open it, define the pools, make requests in batches::

    with open_ledger(".ipv6/ledger.sqlite") as ledger:            # or "postgresql://user@host/database"
        ledger.define_pools(
            {
                "site": {"prefix": "2001:db8::/48", "length": 64, "strategy": "sparse"},
                "web": {"parent": "site", "prefix_length": 64, "suffix": True, "quarantine_days": 30},
            },
            actor="alice", run="4711",
        )
        result = ledger.apply([{"pool": "web", "name": "webserver", "address": "::20"}], actor="alice", run="4711")
        result.outcomes[0].address        # '2001:db8::20', for good

A pool has ``prefix`` (or ``prefix_length`` when its ``parent`` gives it one, or when it is a suffix pool that has none
yet), ``suffix`` (names keep their suffix when the prefix changes), ``length`` of what it hands out (128), ``strategy``
(pack, sparse, hash, fixed), ``quarantine_days`` (0), ``parent``, ``seed`` for hash, and ``exclude``: addresses,
prefixes, ranges ``a-b``, each also as suffix, or ``{range, reason}``. With the strategy hash and no seed a name gets
what the derivation without a ledger gives it.

A request has ``pool``, ``name``, and optionally one of ``address``, ``prefix`` and ``suffix`` (all say where: whole or
as ``::20``), ``length``, ``owner``, ``meta`` (a mapping), ``generation`` and ``force``.

States to ask for: ``present`` (active, as before if the name has one, back from quarantine if it was there),
``reserved`` (held, not yet in use), ``absent`` (released, into quarantine if the pool has days), ``adopted`` (present
at the place that it has; all clashes are reported at once), ``verified`` (compared, nothing written).

All of a batch or nothing. Check mode does the same and rolls back, so its answers are the real ones. What cannot be
granted raises Refused (:class:`usage.Exhausted` without room, :class:`outcomes.Clashes` when adopting); a ledger that
cannot be used raises LedgerError. Either way nothing was changed.
"""

from __future__ import annotations

import contextlib
import gc
import json
import time
import types
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool, Request, parse_request
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import number, prefix_text
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import exports, pools, usage, verify
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.batch import STATES, Batch
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.book import ahead
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import Outcome, describe
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import (
    ACTIVE,
    COUNTERS,
    RESERVED,
    Engine,
    LedgerError,
    Overlap,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.sqlite import SQLite
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

_SCHEMES = ("postgresql://", "postgres://")
Answer = t.TypeVar("Answer")


class Result(t.NamedTuple):
    """What a batch came to.

    :arg outcomes: in the order of the requests.
    :arg findings: sentences about what is not as it should be; of ``verified`` only.
    """

    outcomes: tuple[Outcome, ...]
    findings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return any(outcome.changed for outcome in self.outcomes)

    @property
    def before(self) -> dict[str, t.Any]:
        """Of what changed, by ``pool/name``; with ``after`` it makes the diff."""
        return self._shown(lambda outcome: outcome.before)

    @property
    def after(self) -> dict[str, t.Any]:
        return self._shown(lambda outcome: outcome.after)

    def _shown(self, which: t.Callable[[Outcome], t.Any]) -> dict[str, t.Any]:
        return {
            f"{outcome.pool.name}/{outcome.name}": describe(outcome.pool, which(outcome))
            for outcome in self.outcomes
            if outcome.changed and which(outcome) is not None
        }


class Pools(t.NamedTuple):
    """What defining pools came to: the definitions of those that changed, by name, before and after."""

    before: dict[str, t.Any]
    after: dict[str, t.Any]

    @property
    def changed(self) -> bool:
        return self.before != self.after


class Ledger:
    """A ledger over an engine; see the module's text. Not to be shared between threads."""

    def __init__(self, engine: Engine, clock: t.Callable[[], float] = time.time) -> None:
        self._engine, self._clock = engine, clock
        self._pools: pools.Pools = {}
        self._definition = -1

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._engine.close()

    @property
    def where(self) -> str:
        """The file, or the database without its password."""
        return self._engine.where

    def pools(self) -> dict[str, Pool]:
        """All pools by name."""
        with self._engine.reading():
            self._counters()
            return {name: pool for name, (dummy, pool) in sorted(self._pools.items())}

    def define_pools(
        self, definitions: t.Mapping[str, object], actor: str = "", run: str = "", check: bool = False
    ) -> Pools:
        """Bring these pools into the ledger as defined. Others are left alone.

        A pool may grow, and a suffix pool may get another prefix: its names keep their suffixes, and the former prefix
        is in quarantine for as long as the pool says. Nobody moves.

        :raises Refused: somebody would have to move, two pools would overlap, or a definition cannot be.
        """
        return self._define(lambda batch: pools.define(batch, batch.pools, definitions), actor, run, check)

    def drop_pools(self, names: t.Iterable[str], actor: str = "", run: str = "", check: bool = False) -> Pools:
        """Take pools out of the ledger; one that is not there is fine.

        :raises Refused: a pool has allocations (also in quarantine), or pools inside.
        """
        wanted = list(names)
        return self._define(lambda batch: pools.drop(batch, batch.pools, wanted), actor, run, check)

    def apply(
        self,
        requests: t.Iterable[object],
        state: str = "present",
        actor: str = "",
        run: str = "",
        check: bool = False,
        pool: str | None = None,
    ) -> Result:
        """Grant a batch of requests, all or none.

        :arg requests: mappings, names, or ``Request``; see the module's text.
        :arg pool: of requests that name none.
        :raises Refused: one of them cannot be granted.
        """
        if state not in STATES:
            raise Refused(f"state={state}", f"known are {', '.join(STATES)}", "Take one of these")
        parsed = [one if isinstance(one, Request) else parse_request(one, pool) for one in requests]
        if state == "verified":
            return self._verified(parsed)

        def grant(batch: Batch) -> Result:
            if state == "absent":
                return Result(tuple(batch.absent(parsed)))
            wanted = RESERVED if state == "reserved" else ACTIVE
            return Result(tuple(batch.present(parsed, wanted, adopt=state == "adopted")))

        def repair_and_grant(batch: Batch) -> Result:
            verify.repaired(batch, batch.pools)
            return grant(batch)

        try:
            return self._write(grant, actor, run, check, parsed if state in ("present", "reserved") else ())
        except Overlap:
            pass
        # Something was put into the tables behind our back, and the gaps do not know it.
        try:
            return self._write(repair_and_grant, actor, run, check)
        except Overlap as error:
            raise LedgerError(
                f"The ledger {self.where} has allocations that overlap: see to what verify finds."
            ) from error

    def verify(self, repair: bool = False, actor: str = "", run: str = "") -> list[str]:
        """Look for what cannot be: overlaps, allocations outside of their pool, a gap table that is not true.

        :arg repair: derive damaged gap tables anew from the allocations, which are never touched.
        :returns: a sentence for each finding; with ``repair`` also what was done about it.
        """
        if not repair:
            with self._engine.reading():
                self._counters()
                return verify.findings(self._engine, self._pools)
        return self._write(lambda batch: verify.repaired(batch, batch.pools), actor, run, False)

    def usage(self, pool: str, length: int | None = None) -> dict[str, t.Any]:
        """How full a pool is. ``capacity``, ``used``, ``reserved``, ``quarantined``, ``excluded`` and ``available`` are
        numbers of addresses and add up; ``blocks`` and ``available_blocks`` count prefixes of ``length`` (the pool's
        own if not given); ``allocations`` counts names; ``owners`` has {owner, allocations, addresses}, the largest
        first; ``largest_free_block`` is a prefix or None; ``quarantine_ends`` is when the first one ends.

        :raises Refused: no such pool.
        """
        with self._engine.reading():
            self._counters()
            if pool not in self._pools:
                raise Refused(f"pool={pool}", "the ledger has no such pool", "Define it, or correct the name")
            return usage.of_pool(self._engine, *self._pools[pool], length)

    def find(self, name: str, pool: str | None = None) -> list[Outcome]:
        """What a name has, in one pool or in all of them; quarantine is left out."""
        with self._engine.reading():
            self._counters()
            wanted = self._pools.values() if pool is None else [self._pools[pool]] if pool in self._pools else []
            found = []
            for pool_id, one in sorted(wanted, key=lambda pair: pair[1].name):
                records = Batch(self._engine, self._pools, 0, 0, 0).known(pool_id, [name]).get(name, [])
                found += [Outcome(one, name, record, record) for record in records if not record.tomb]
            return found

    def journal(
        self, pool: str | None = None, name: str | None = None, limit: int | None = None
    ) -> list[dict[str, t.Any]]:
        """Who did what when, the oldest first: {seq, time, run, actor, op, pool, name, prefix, before, after}.

        ``prefix`` is the place in the pool's space: a suffix for a suffix pool. ``limit`` keeps the newest.
        """
        wheres, parameters = [], []
        if pool is not None:
            wheres.append("j.pool = ?")
            parameters.append(pool)
        if name is not None:
            wheres.append("(j.name = ? OR (j.names > 1 AND replace(j.name, ?, '') <> j.name))")
            parameters += [name, f"\n{name}\n"]
        where = f" WHERE {' AND '.join(wheres)}" if wheres else ""
        with self._engine.reading():
            rows = self._engine.rows(
                "SELECT j.seq, b.time, b.run, b.actor, j.op, j.pool, j.name, j.start, j.length, j.before, j.after,"
                " j.names"
                f" FROM journal j JOIN batches b ON b.id = j.batch{where} ORDER BY j.seq DESC"
                + ("" if limit is None else f" LIMIT {int(limit)}"),
                parameters,
            )
        lines = [line for row in reversed(rows) for line in _lines(*row) if name in (None, line["name"])]
        return lines if limit is None else lines[max(len(lines) - limit, 0) :]

    def export(self) -> dict[str, t.Any]:
        """All pools and allocations, sorted; ``exports.as_text`` writes it with a line for each allocation."""
        with self._engine.reading():
            self._counters()
            return exports.export(self._engine, self._pools)

    def export_text(self) -> str:
        return exports.as_text(self.export())

    def import_(self, document: object, actor: str = "", run: str = "", check: bool = False) -> None:
        """Fill an empty ledger with what :meth:`export` gave, so that another export is the same to the letter.

        :raises Refused: the ledger has pools, or the document is none of ours.
        """

        def fill(batch: Batch) -> None:
            batch.note_import(exports.import_(self._engine, document))

        try:
            self._write(fill, actor, run, check)
        except Overlap as error:
            raise Refused(
                "import", "allocations in the document overlap", "Give an export as it was written"
            ) from error

    # -- inside

    def _define(self, work: t.Callable[[Batch], None], actor: str, run: str, check: bool) -> Pools:
        def define(batch: Batch) -> Pools:
            old = dict(batch.pools)
            work(batch)
            new = batch.pools
            names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
            return Pools(
                {name: old[name][1].as_dict() for name in names if name in old},
                {name: new[name][1].as_dict() for name in names if name in new},
            )

        return self._write(define, actor, run, check)

    def _verified(self, requests: t.Sequence[Request]) -> Result:
        with self._engine.reading():
            self._counters()
            outcomes = Batch(self._engine, self._pools, int(self._clock()), 0, 0).verified(requests)
            wrong = verify.findings(self._engine, self._pools)
        return Result(tuple(outcomes), (*(one.finding for one in outcomes if one.finding), *wrong))

    def _counters(self) -> tuple[int, int, int]:
        """Generation, batch and definition; the pools are read again when the latter has moved."""
        generation, batch, definition = self._engine.rows(COUNTERS)[0]
        if definition != self._definition:
            self._pools, self._definition = pools.load(self._engine), definition
        return generation, batch, definition

    def _write(
        self,
        work: t.Callable[[Batch], Answer],
        actor: str,
        run: str,
        check: bool,
        requests: t.Sequence[Request] = (),
    ) -> Answer:
        """Do something in one transaction, with its line in the journal if it changes anything."""
        foreseen = ahead(self._pools, requests, int(self._clock()))
        with _uncollected(), self._engine.transaction(check, foreseen):
            generation, last_batch, definition = self._counters()
            now = int(self._clock())
            # A copy: what is rolled back must not stay in our memory.
            batch = Batch(self._engine, dict(self._pools), now, generation, last_batch + 1)
            answer = work(batch)
            if batch.generation != generation:
                batch.write()
                self._engine.run(
                    "INSERT INTO batches (id, time, run, actor) VALUES (?, ?, ?, ?)", (last_batch + 1, now, run, actor)
                )
                self._engine.run(
                    "UPDATE counters SET generation = ?, batch = ?, definition = ?",
                    (batch.generation, last_batch + 1, definition + batch.pools_changed),
                )
        return answer


@contextlib.contextmanager
def _uncollected() -> t.Iterator[None]:
    """Without the cyclic garbage collector, which would walk over a large batch again and again and find nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _lines(
    seq: int,
    when: int,
    run: str,
    actor: str,
    op: str,
    pool: str,
    name: str,
    start: bytes,
    length: int,
    before: str | None,
    after: str | None,
    names: int,
) -> t.Iterator[dict[str, t.Any]]:
    """What ``journal`` gives for a line of the table: one for each name in it."""
    for at, one in enumerate(name[1:-1].split("\n") if names > 1 else [name]):
        yield {
            "seq": seq + at,
            "time": usage.time_text(when),
            "run": run,
            "actor": actor,
            "op": op,
            "pool": pool,
            "name": one,
            "prefix": prefix_text(number(start[16 * at : 16 * at + 16]), length),
            "before": None if before is None else json.loads(before),
            "after": None if after is None else json.loads(after),
        }


def open_ledger(where: str, clock: t.Callable[[], float] = time.time) -> Ledger:
    """Open a ledger, and create it if there is none.

    :arg where: a path, or ``postgresql://…`` as libpq reads it.
    :raises LedgerError: it cannot be used as it is.
    """
    if where.startswith(_SCHEMES):
        from ansible_collections.routable.ipv6.plugins.module_utils._ledger.postgresql import PostgreSQL

        return Ledger(PostgreSQL(where), clock)
    return Ledger(SQLite(where), clock)
