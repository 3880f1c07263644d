# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""One batch of requests inside one transaction: what is there, what is wanted, what has to be written."""

from __future__ import annotations

import itertools
import operator
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import (
    Pool,
    Request,
    place,
    reserved_in,
)
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import (
    BITS,
    number,
    packed,
    prefix_text,
    run_text,
    size_of,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import usage
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.book import Book
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.gaps import Taker
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import (
    Clashes,
    Outcome,
    as_outcome,
    granted,
    meta_text,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.pools import DAY
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import (
    ACTIVE,
    COLUMNS,
    QUARANTINE,
    Overlap,
    Record,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# What a request says beside pool and name; and what one for a mere name says. Large batches are walked over in C.
_POOL, _NAME, _AT = (operator.itemgetter(Request._fields.index(field)) for field in ("pool", "name", "at"))
_WISHES = operator.itemgetter(slice(2, None))
_NO_WISHES = _WISHES(Request("", ""))
_FIRST = operator.itemgetter(0)
_STATE, _TOMB = (operator.itemgetter(Record._fields.index(field)) for field in ("state", "tomb"))
STATES = ("present", "absent", "reserved", "adopted", "verified")


class Batch(Book):
    """Grants and releases; see pools.Writer for what it does besides."""

    # -- what the ledger does with a batch

    def present(self, requests: t.Sequence[Request], state: str, adopt: bool = False) -> list[Outcome]:
        """``state`` is active or reserved. The order of outcomes is that of the requests.

        :raises Refused: and then nothing may be written.
        """
        outcomes: list[Outcome | None] = [None] * len(requests)
        clashes: list[str] = []
        for name, indexes in _by_pool(requests).items():
            pool_id, pool = self._pool(name)
            known = self.known(pool_id, [requests[index].name for index in indexes])
            fixed: list[int] = []
            fresh: dict[int, list[int]] = {}
            for index in indexes if adopt else self._simple(pool, requests, indexes, known, state, outcomes, fresh):
                request = requests[index]
                records = known.get(request.name)
                try:
                    if adopt and request.at is None:
                        raise Refused(
                            f"{pool.name}/{request.name}", "what is adopted has an address already", "Give its address"
                        )
                    kept = self._keep(pool, request, state, records) if records else None
                except Refused as refused:
                    if not adopt:
                        raise
                    clashes.append(f"{refused.what}: {refused.rule}")
                    continue
                if kept is not None:
                    outcomes[index] = kept
                elif request.at is not None:
                    fixed.append(index)
                else:
                    fresh.setdefault(pool.length if request.length is None else request.length, []).append(index)
            if fixed or fresh:
                self.expire(pool_id, pool)
            taker = Taker(self.engine, pool_id, pool)
            for index in fixed:
                try:
                    record = self._fixed(pool_id, pool, taker, requests[index], state)
                    outcomes[index] = Outcome(pool, requests[index].name, None, record)
                except Refused as refused:
                    if not adopt:
                        raise
                    clashes.append(f"{refused.what}: {refused.rule}")
            taker.flush()
            # The shortest prefixes first: what is left of them serves the longer ones.
            for length in sorted(fresh):
                wanted = fresh[length]
                if pool.strategy == "hash":
                    wanted = sorted(wanted, key=lambda index: requests[index].name)
                found = self._choose(pool_id, pool, length, [requests[index] for index in wanted], state)
                for index, outcome in zip(wanted, granted(pool, found)):
                    outcomes[index] = outcome
        if clashes:
            raise Clashes(clashes)
        return t.cast("list[Outcome]", outcomes)

    def absent(self, requests: t.Sequence[Request]) -> list[Outcome]:
        outcomes: list[Outcome | None] = [None] * len(requests)
        for name, indexes in _by_pool(requests).items():
            pool_id, pool = self._pool(name)
            known = self.known(pool_id, [requests[index].name for index in indexes])
            freed: list[Record] = []
            for index in indexes:
                request = requests[index]
                records = known.get(request.name, [])
                live = next((record for record in records if not record.tomb), None)
                buried = [record for record in records if record.tomb]
                if live is None:
                    for record in buried if request.force else []:
                        self.note("release", pool, record, None)
                        freed.append(record)
                    gone = buried[0] if buried and request.force else None
                    outcomes[index] = Outcome(pool, request.name, gone, None)
                    continue
                if request.generation is not None and request.generation != live.generation:
                    raise Refused(
                        f"{pool.name}/{request.name}: generation={request.generation}",
                        f"it has changed since and is at generation {live.generation}",
                        "Look at it again before releasing it",
                    )
                self._refuse_inhabited(pool, live)
                if pool.quarantine_days and not request.force:
                    until = self.now + pool.quarantine_days * DAY
                    after = self.change(pool, live, "quarantine", state=QUARANTINE, until=until)
                else:
                    self.note("release", pool, live, None)
                    freed.append(live)
                    after = None
                outcomes[index] = Outcome(pool, request.name, live, after)
            self.free(pool_id, pool, freed)
        return t.cast("list[Outcome]", outcomes)

    def verified(self, requests: t.Sequence[Request]) -> list[Outcome]:
        """Compare what somebody has seen with what the ledger says; nothing is written."""
        outcomes: list[Outcome | None] = [None] * len(requests)
        for name, indexes in _by_pool(requests).items():
            pool_id, pool = self._pool(name)
            known = self.known(pool_id, [requests[index].name for index in indexes])
            for index in indexes:
                request = requests[index]
                live = next((record for record in known.get(request.name, []) if not record.tomb), None)
                outcomes[index] = Outcome(pool, request.name, live, live, self._finding(pool_id, pool, request, live))
        return t.cast("list[Outcome]", outcomes)

    # -- what defining pools does with a batch

    def take_fixed(self, pool_id: int, pool: Pool, request: Request) -> int:
        """Position of a nested pool's prefix; one that is allocated exactly so already is taken as it is."""
        first, length = place(pool, str(request.at), request.length, f"pool {request.name}: prefix")
        for start, have in self.engine.rows(
            "SELECT start, length FROM allocations WHERE pool = ? AND start = ? AND state <> ?",
            (pool_id, packed(first), QUARANTINE),
        ):
            if have == length:
                return number(start)
        self._refuse_named(pool_id, pool, request)
        self.expire(pool_id, pool)
        taker = Taker(self.engine, pool_id, pool)
        record = self._fixed(pool_id, pool, taker, request, ACTIVE)
        taker.flush()
        self.flush()
        return number(record.start)

    def take_prefix(self, pool_id: int, pool: Pool, request: Request) -> int:
        """Position of a prefix for a nested pool, by the strategy of the pool that it is a part of."""
        for record in self.known(pool_id, [request.name]).get(request.name, []):
            if record.tomb == 0 and record.length == request.length:
                return number(record.start)
        self._refuse_named(pool_id, pool, request)
        self.expire(pool_id, pool)
        record = self._choose(pool_id, pool, request.length or 0, [request], ACTIVE)[0]
        self.flush()
        return number(record.start)

    def release_at(self, pool_id: int, pool: Pool, first: int, days: int) -> None:
        """Release what a nested pool has in its parent, into quarantine for at least ``days``."""
        days = max(days, pool.quarantine_days)
        self.flush()
        for row in self.engine.rows(
            f"SELECT {COLUMNS} FROM allocations WHERE pool = ? AND start = ? AND tomb = 0", (pool_id, packed(first))
        ):
            record = Record(*row)
            if days:
                until = self.now + days * DAY
                self.change(pool, record, "quarantine", state=QUARANTINE, until=until)
            else:
                self.note("release", pool, record, None)
                self.free(pool_id, pool, [record])

    # -- inside

    def _pool(self, name: str) -> tuple[int, Pool]:
        if name not in self.pools:
            known = ", ".join(sorted(self.pools)) or "none yet"
            raise Refused(f"pool={name}", f"the ledger has no such pool; it has {known}", "Define it, or correct it")
        return self.pools[name]

    def _simple(
        self,
        pool: Pool,
        requests: t.Sequence[Request],
        indexes: t.Sequence[int],
        known: t.Mapping[str, t.Sequence[Record]],
        state: str,
        outcomes: list[Outcome | None],
        fresh: dict[int, list[int]],
    ) -> list[int]:
        """Answer those that name nothing but a name, most of a large batch; gives the others."""
        wanted = [requests[index] for index in indexes]
        wishes = list(map(_WISHES, wanted))
        names = list(map(_NAME, wanted))
        found = list(map(known.get, names))
        if wishes.count(_NO_WISHES) == len(wishes) and None not in found:
            had = list(map(_FIRST, t.cast("list[t.Sequence[Record]]", found)))
            if not any(map(_TOMB, had)) and set(map(_STATE, had)) <= {state}:
                same = itertools.repeat
                for index, outcome in zip(indexes, map(as_outcome, zip(same(pool), names, had, had, same(None)))):
                    outcomes[index] = outcome
                return []
        others, new = [], []
        for index, name, wish, records in zip(indexes, names, wishes, found):
            if wish != _NO_WISHES:
                others.append(index)
            elif records is None:
                new.append(index)
            elif records[0].tomb or records[0].state != state:
                others.append(index)
            else:
                outcomes[index] = as_outcome((pool, name, records[0], records[0], None))
        if new:
            fresh[pool.length] = new
        return others

    def _keep(self, pool: Pool, request: Request, state: str, records: t.Sequence[Record]) -> Outcome | None:
        """What the name has already: as it is, with another owner, or back from quarantine."""
        wanted = None
        if request.at is not None:
            wanted = place(pool, request.at, request.length, f"{pool.name}/{request.name}: address")
        for record in records:
            start, length = record.start, record.length
            same = (wanted is None or wanted == (number(start), length)) and request.length in (None, length)
            if record.tomb:
                if same:
                    after = self.change(pool, record, "return", state=state, until=None, **_given(request))
                    return Outcome(pool, request.name, record, after)
                continue
            if not same:
                asked = f"/{request.length}" if wanted is None else prefix_text(pool.base + wanted[0], wanted[1])
                raise Refused(
                    f"{pool.name}/{request.name}: {asked}",
                    f"the name has {prefix_text(pool.base + number(start), length)} for good",
                    "Release it first if it shall move",
                )
            changes = _given(request)
            if state == record.state and all(getattr(record, key) == value for key, value in changes.items()):
                return Outcome(pool, request.name, record, record)
            after = self.change(pool, record, "change", state=state, **changes)
            return Outcome(pool, request.name, record, after)
        return None

    def _fixed(self, pool_id: int, pool: Pool, taker: Taker, request: Request, state: str) -> Record:
        what = f"{pool.name}/{request.name}"
        first, length = place(pool, str(request.at), request.length, f"{what}: address")
        last = first + size_of(length) - 1
        for hole in reserved_in(pool, first, last) if length == BITS else ():
            raise Refused(f"{what}: {pool.show(first, length)}", f"it is one of {hole.reason}", "Choose another")
        if not taker.take_at(first, length):
            taker.flush()
            self.flush()
            self._make_room(pool_id, pool, request, first, length, what)
            if not taker.take_at(first, length):
                # Nobody has it, and it is no gap: let the caller repair the table and try again.
                raise Overlap(f"{what}: {pool.show(first, length)} is missing from the gap table")
        return self.add_many(pool_id, pool, length, [request], [first], state)[0]

    def _choose(self, pool_id: int, pool: Pool, length: int, requests: t.Sequence[Request], state: str) -> list[Record]:
        """New allocations by the pool's strategy, in the order of the requests.

        :raises Refused: the pool has no room, or does not choose.
        """
        what = f"{pool.name}/{requests[0].name}"
        if not pool.space_length <= length <= BITS:
            raise Refused(f"{what}: length={length}", f"the pool is {pool.text}", "Ask for a longer prefix")
        if pool.strategy == "fixed":
            raise Refused(what, "a pool with the strategy fixed does not choose", "Give the address or the suffix")
        if length == BITS and pool.space_length < 64:
            raise Refused(
                what,
                f"single addresses are chosen within a link's /64, and the pool is {pool.text}",
                "Define a nested pool of /64 or longer for them, or give the address",
            )
        taker = Taker(self.engine, pool_id, pool)
        if pool.strategy == "hash":
            found = []
            for request in requests:
                first = taker.take_hashed(request.name, length)
                if first is None:
                    break
                found.append(first)
            taker.flush()
        else:
            found = taker.take_many(length, len(requests))
        if len(found) < len(requests):
            raise usage.exhausted(self.engine, pool_id, pool, length, len(requests) - len(found), what, self.added)
        return self.add_many(pool_id, pool, length, requests, found, state)

    def _make_room(self, pool_id: int, pool: Pool, request: Request, first: int, length: int, what: str) -> None:
        """Say who is in the way; what is only in quarantine makes way by force."""
        last = first + size_of(length) - 1
        shown = f"{what}: {pool.show(first, length)}"
        for start, end, reason in self.engine.rows(
            "SELECT start, last, reason FROM exclusions WHERE pool = ? AND start <= ? AND last >= ? ORDER BY start",
            (pool_id, packed(last), packed(first)),
        ):
            run = run_text(pool.base + number(start), pool.base + number(end))
            because = f": {reason}" if reason else ""
            raise Refused(shown, f"the pool excludes {run}{because}", "Choose another, or change the exclusion")
        cleared = []
        for row in self.engine.rows(
            f"SELECT {COLUMNS} FROM allocations WHERE pool = ? AND start <= ? AND start >= ?"
            " ORDER BY start DESC LIMIT 1000",
            (pool_id, packed(last), packed(first)),
        ) + self.engine.rows(
            f"SELECT {COLUMNS} FROM allocations WHERE pool = ? AND start < ? ORDER BY start DESC LIMIT 1",
            (pool_id, packed(first)),
        ):
            record = Record(*row)
            if number(record.start) + size_of(record.length) - 1 < first:
                continue
            holder = f"{record.name} has {prefix_text(pool.base + number(record.start), record.length)}"
            if record.state != QUARANTINE:
                raise Refused(shown, holder, f"Choose another, or release {record.name}")
            if not request.force:
                until = usage.time_text(record.until or 0)
                raise Refused(
                    shown, f"{holder} in quarantine until {until}", "Wait for its end, choose another, or use force"
                )
            cleared.append(record)
        for record in cleared:
            self.note("release", pool, record, None)
        self.free(pool_id, pool, cleared)

    def _finding(self, pool_id: int, pool: Pool, request: Request, live: Record | None) -> str | None:
        what = f"{pool.name}/{request.name}"
        seen = None
        if request.at is not None:
            try:
                seen = place(pool, request.at, request.length, what)
            except Refused as refused:
                return f"{what}: {refused.rule}"
        shown = "" if seen is None else prefix_text(pool.base + seen[0], seen[1])
        if live is not None:
            have = number(live.start), live.length
            if seen is None or seen == have:
                return None
            return f"{what} is seen at {shown}, and the ledger says {prefix_text(pool.base + have[0], have[1])}"
        if seen is None:
            return f"{what} is not in the ledger"
        for start, length, name in self.engine.rows(
            "SELECT start, length, name FROM allocations WHERE pool = ? AND start <= ? ORDER BY start DESC LIMIT 1",
            (pool_id, packed(seen[0] + size_of(seen[1]) - 1)),
        ):
            if number(start) + size_of(length) - 1 >= seen[0]:
                return f"{what} is seen at {shown}, which the ledger has for {name}"
        return f"{what} is seen at {shown}, and is not in the ledger"

    def _refuse_named(self, pool_id: int, pool: Pool, request: Request) -> None:
        """A nested pool has its prefix under its own name, which must not be somebody else's."""
        for record in self.known(pool_id, [request.name]).get(request.name, []):
            if not record.tomb:
                raise Refused(
                    f"pool {request.name}",
                    f"in {pool.name} that name has {prefix_text(pool.base + number(record.start), record.length)}",
                    "Give the pool another name, or release that one first",
                )

    def _refuse_inhabited(self, pool: Pool, record: Record) -> None:
        first = pool.base + number(record.start)
        for _pool_id, child in self.pools.values():
            if (
                child.parent == pool.name
                and child.prefix is not None
                and first <= int(child.prefix.network_address) < first + size_of(record.length)
            ):
                raise Refused(
                    f"{pool.name}/{record.name}", f"the pool {child.name} lives in {child.prefix}", "Drop it first"
                )


def _given(request: Request) -> dict[str, t.Any]:
    """What the request says beside the place; what it does not say stays."""
    changes: dict[str, t.Any] = {}
    if request.owner is not None:
        changes["owner"] = request.owner
    if request.meta is not None:
        changes["meta"] = meta_text(request.meta)
    return changes


def _by_pool(requests: t.Sequence[Request]) -> dict[str, list[int]]:
    """Indexes of requests by pool; those with a chosen place first, which the others then avoid.

    :raises Refused: one name twice in a pool.
    """
    result: dict[str, list[int]] = {}
    if len(set(map(_POOL, requests))) == 1:
        result[requests[0].pool] = list(range(len(requests)))
    else:
        for index, name in enumerate(map(_POOL, requests)):
            result.setdefault(name, []).append(index)
    chosen = any(map(_AT, requests))
    for pool, indexes in result.items():
        if len(set(map(_NAME, map(requests.__getitem__, indexes)))) < len(indexes):
            seen: set[str] = set()
            for index in indexes:
                if requests[index].name in seen:
                    raise Refused(f"{pool}/{requests[index].name}", "the name is asked for twice", "Ask once")
                seen.add(requests[index].name)
        if chosen:
            indexes.sort(key=lambda index: requests[index].at is None)
    return result
