# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""One transaction of a task: pools are defined, requests without a pool find theirs, names move or are placed, and all
of it is granted or nothing.
"""

from __future__ import annotations

import ipaddress
import json
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_address
from ansible_collections.routable.ipv6.plugins.module_utils._allocation import (
    Pool,
    Request,
    place,
)
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_owners import held_by
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import (
    BITS,
    number,
    overlap,
    packed,
    size_of,
)
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_wishes import Wish, adoptable
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import pools as ledger_pools
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.batch import Batch
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import Clashes, Outcome
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import ACTIVE, RESERVED, Record
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.usage import Exhausted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# Key of an allocation's meta: the pool that was asked for when a provider answered with a place elsewhere.
ASKED_POOL = "asked_pool"


class Unserved(Exception):
    """Wishes that no pool can serve, and why; nothing was changed. ``error`` is for who has no provider."""

    def __init__(self, wishes: t.Sequence[Wish], error: Refused) -> None:
        super().__init__(str(error))
        self.wishes = tuple(wishes)
        self.error = error


class Grant:
    """What a transaction does, in :meth:`__call__`; made anew for every attempt.

    :arg state: present, reserved, adopted or absent.
    :arg definitions: of pools, by name.
    :arg provided: whether somebody will be asked about what no pool can serve: then Unserved is raised.
    :arg owners: who shall have nothing any more, in ``owners_pool`` or in all pools; for what is absent.
    """

    def __init__(
        self,
        wishes: t.Sequence[Wish],
        state: str,
        definitions: t.Mapping[str, object],
        drop: t.Sequence[str] = (),
        provided: bool = False,
        owners: t.Sequence[str] = (),
        owners_pool: str | None = None,
    ) -> None:
        self._wishes, self._state = wishes, state
        self._definitions, self._drop, self._provided = definitions, drop, provided
        self._owners, self._owners_pool = owners, owners_pool
        self.pools_before: dict[str, t.Any] = {}
        self.pools_after: dict[str, t.Any] = {}
        self.pools: dict[str, Pool] = {}

    def __call__(self, batch: Batch) -> list[Outcome]:
        """The outcomes in the order of the wishes.

        :raises Refused: one of them cannot be granted.
        :raises Unserved: only with ``provided``.
        """
        old = {name: pool for name, (dummy, pool) in batch.pools.items()}
        self.pools_before, self.pools_after = {}, {}
        outcomes = self._in_levels(batch)
        batch.flush()
        ledger_pools.drop(batch, batch.pools, self._drop)
        self.pools = {name: pool for name, (dummy, pool) in sorted(batch.pools.items())}
        for name in sorted({*old, *self.pools}):
            before, after = old.get(name), self.pools.get(name)
            if before != after:
                if before is not None:
                    self.pools_before[name] = before.as_dict()
                if after is not None:
                    self.pools_after[name] = after.as_dict()
        return outcomes

    def _in_levels(self, batch: Batch) -> list[Outcome]:
        """Requests of a pool are granted before pools take a prefix of it: they may be for just these."""
        levels = _levels(self._definitions)
        if self._state in ("absent", "adopted") or len(levels) < 2:
            ledger_pools.define(batch, batch.pools, self._definitions)
            return self._grant(batch, self._wishes)
        outcomes: dict[int, Outcome] = {}
        waiting = list(range(len(self._wishes)))
        for at, level in enumerate(levels):
            # What was granted so far must be seen by who takes a prefix for a nested pool.
            batch.flush()
            ledger_pools.define(batch, batch.pools, level)
            later = {name for other in levels[at + 1 :] for name in other}
            last = at == len(levels) - 1
            now = [
                index
                for index in waiting
                if last or (not self._wishes[index].nowhere and self._wishes[index].request.pool not in later)
            ]
            done = set(now)
            waiting = [index for index in waiting if index not in done]
            outcomes.update(zip(now, self._grant(batch, [self._wishes[index] for index in now])))
        return [outcomes[index] for index in range(len(self._wishes))]

    def _grant(self, batch: Batch, wishes: t.Sequence[Wish]) -> list[Outcome]:
        clashes: list[str] = []
        requests = self._placed(batch, wishes, clashes)
        if self._state == "absent":
            named = {(request.pool, request.name) for request in requests}
            held = held_by(batch, self._owners, self._owners_pool) if self._owners else []
            return batch.absent([*requests, *(one for one in held if (one.pool, one.name) not in named)])
        moved = self._leave(batch, wishes, requests)
        try:
            outcomes = batch.present(
                requests, RESERVED if self._state == "reserved" else ACTIVE, adopt=self._state == "adopted"
            )
        except Clashes as error:
            raise Clashes([*clashes, *error.clashes]) from error
        except Exhausted as error:
            raise self._unserved(batch, wishes, error) if self._provided else error from None
        if clashes:
            raise Clashes(clashes)
        if not moved:
            return outcomes
        places = [(outcome.pool.name, outcome.name) for outcome in outcomes]
        return [one._replace(before=moved.get(place, one.before)) for one, place in zip(outcomes, places)]

    def _placed(self, batch: Batch, given: t.Sequence[Wish], clashes: list[str]) -> list[Request]:
        """Every wish as a request of a pool. While adopting, what is wrong with them goes to ``clashes``."""
        wishes = adoptable(given, clashes) if self._state == "adopted" else given
        unserved: list[Wish] = []
        first: Refused | None = None
        requests = []
        for wish in wishes:
            try:
                requests.append(self._at_home(batch, wish) if wish.nowhere else wish.request)
            except Refused as refused:
                if self._state == "adopted":
                    clashes.append(f"{refused.what}: {refused.rule}")
                    continue
                if not self._provided or wish.request.at is not None:
                    raise
                unserved.append(wish)
                first = first or refused
        if self._provided:
            fixed = self._of_fixed_pools(batch, requests)
            unserved += fixed
            if fixed and first is None:
                first = Refused(fixed[0].request.name, "its pool does not choose", "Give the address or the suffix")
        if unserved and first is not None:
            raise Unserved(unserved, first)
        if any(wish.prefer for wish in wishes) and self._state in ("present", "reserved"):
            requests = self._preferred(batch, wishes, requests)
        return requests

    def _at_home(self, batch: Batch, wish: Wish) -> Request:
        """The pool of a request that names none: where its address lies, or where its name is, or the only one."""
        request = wish.request
        if request.at is not None:
            home = _home((pool for dummy, pool in batch.pools.values()), request.at)
            if home is None:
                raise Refused(
                    f"{request.name}={request.at}", "it lies in no pool of the ledger", "Define a pool for it"
                )
            return request._replace(pool=home)
        found = [
            pool.name
            for pool_id, pool in batch.pools.values()
            if any(not one.tomb for one in batch.known(pool_id, [request.name]).get(request.name, []))
        ]
        if len(found) == 1 or (not found and len(batch.pools) == 1):
            return request._replace(pool=(found or list(batch.pools))[0])
        known = ", ".join(sorted(found or batch.pools)) or "none yet"
        raise Refused(
            f"request {request.name}",
            f"it has no pool, and {'the name is in several: ' if found else 'the ledger has '}{known}",
            "Name the pool",
        )

    def _of_fixed_pools(self, batch: Batch, requests: t.Sequence[Request]) -> list[Wish]:
        names: dict[str, list[Request]] = {}
        for request in requests:
            if request.at is None and request.pool in batch.pools and batch.pools[request.pool][1].strategy == "fixed":
                names.setdefault(request.pool, []).append(request)
        return [wish for pool, wanted in names.items() for wish in _unknown(batch, pool, wanted)]

    def _unserved(self, batch: Batch, wishes: t.Sequence[Wish], error: Exhausted) -> Exception:
        """Those who come last of the names that the full pool does not know, or the error itself."""
        pool, length = error.usage["pool"], error.usage["length"]
        default = batch.pools[pool][1].length
        wanted = [
            wish.request
            for wish in wishes
            if wish.request.pool == pool
            and wish.request.at is None
            and (default if wish.request.length is None else wish.request.length) == length
        ]
        unknown = _unknown(batch, pool, wanted)
        room = min(error.usage["available_blocks"], max(len(unknown) - 1, 0))
        return Unserved(unknown[room:], error) if unknown else error

    def _preferred(self, batch: Batch, wishes: t.Sequence[Wish], requests: t.Sequence[Request]) -> list[Request]:
        """New names at the places that they prefer, as far as these are free."""
        preferring: dict[str, list[int]] = {}
        for index, wish in enumerate(wishes):
            if wish.prefer and requests[index].pool in batch.pools:
                preferring.setdefault(requests[index].pool, []).append(index)
        result = list(requests)
        for name, indexes in preferring.items():
            pool_id, pool = batch.pools[name]
            known = batch.known(pool_id, [requests[index].name for index in indexes])
            runs = [_run(pool, one) for one in requests if one.pool == name and one.at is not None]
            taken = [run for run in runs if run is not None]
            for index in indexes:
                request = requests[index]._replace(at=wishes[index].prefer)
                run = _run(pool, request)
                if request.name in known or run is None or any(overlap(run, other) for other in taken):
                    continue
                if _free(batch, pool_id, *run):
                    taken.append(run)
                    result[index] = request
        return result

    def _leave(
        self, batch: Batch, wishes: t.Sequence[Wish], requests: t.Sequence[Request]
    ) -> dict[tuple[str, str], Record]:
        """Release the places of names that move, and tell where they were."""
        moving = {(wish.request.pool, wish.request.name) for wish in wishes if wish.move}
        result: dict[tuple[str, str], Record] = {}
        leaving = []
        for request in requests:
            if (request.pool, request.name) not in moving or request.at is None or request.pool not in batch.pools:
                continue
            pool_id, pool = batch.pools[request.pool]
            first, length = place(pool, request.at, request.length, f"{pool.name}/{request.name}: address")
            for record in batch.known(pool_id, [request.name]).get(request.name, []):
                if not record.tomb and (number(record.start), record.length) != (first, length):
                    result[pool.name, request.name] = record
                    leaving.append(Request(pool.name, request.name, force=request.force))
        if leaving:
            batch.absent(leaving)
        return result


def _levels(definitions: t.Mapping[str, object]) -> list[dict[str, object]]:
    """Definitions of pools, those first that others wait for.

    Only a nested pool without a prefix waits for the requests of its parent, one of which may be for its prefix. One
    with a prefix comes before them, or they would take it away.
    """
    levels: list[dict[str, object]] = []
    rest = dict(definitions)
    while rest:
        level: dict[str, object] = {}
        for name in rest:
            chain = [name]
            while _inside(rest, chain[-1]) in rest and _has_prefix(rest, chain[-1]) and len(chain) <= len(rest):
                chain.append(_inside(rest, chain[-1]))
            if _inside(rest, chain[-1]) not in rest:
                level[name] = rest[name]
        # Pools that go round in a circle: the ledger will say so.
        level = level or dict(rest)
        levels.append(level)
        rest = {name: given for name, given in rest.items() if name not in level}
    return levels


def _inside(definitions: t.Mapping[str, object], name: str) -> str:
    given = definitions[name]
    return str(given.get("parent") or "") if isinstance(given, t.Mapping) else ""


def _has_prefix(definitions: t.Mapping[str, object], name: str) -> bool:
    given = definitions[name]
    return isinstance(given, t.Mapping) and bool(given.get("prefix"))


def of_pools(wishes: t.Iterable[Wish], pools: t.Sequence[Pool]) -> list[Request]:
    """Requests to compare with a ledger: those without a pool get the one that holds their address.

    What lies in no pool is nobody's to compare.

    :raises Refused: neither a pool nor an address.
    """
    result = []
    for wish in wishes:
        request = wish.request
        if wish.nowhere and request.at is None:
            raise Refused(f"request {request.name}", "it has neither a pool nor an address", "Name the pool")
        home = _home(pools, str(request.at)) if wish.nowhere else request.pool
        if home is not None:
            result.append(request._replace(pool=home))
    return result


def asked_elsewhere(batch: Batch, wish: Wish) -> Request | None:
    """The request of a name that a provider has placed in another pool before, in that pool."""
    for pool_id, pool in batch.pools.values():
        for record in batch.known(pool_id, [wish.request.name]).get(wish.request.name, []):
            if not record.tomb and record.meta and json.loads(record.meta).get(ASKED_POOL) == wish.request.pool:
                return wish.request._replace(pool=pool.name)
    return None


def _unknown(batch: Batch, pool: str, requests: t.Sequence[Request]) -> list[Wish]:
    known = batch.known(batch.pools[pool][0], [request.name for request in requests])
    return [Wish(request) for request in requests if request.name not in known]


def _home(pools: t.Iterable[Pool], text: str) -> str | None:
    """The innermost pool that holds an address or a prefix."""
    homes = [(pool.space_length, pool.name) for pool in pools if _holds(pool, text)]
    return max(homes)[1] if homes else None


def _holds(pool: Pool, text: str) -> bool:
    """Whether an address or a prefix, as it is written, lies in the pool."""
    if pool.prefix is None:
        return False
    address, dummy, length = text.partition("/")
    first = int(parse_address(address))
    return int(length or BITS) >= pool.space_length and pool.prefix.supernet_of(
        ipaddress.IPv6Network((first, int(length or BITS)), strict=False)
    )


def _run(pool: Pool, request: Request) -> tuple[int, int] | None:
    try:
        first, length = place(pool, str(request.at), request.length, request.name)
    except Refused:
        return None
    return first, first + size_of(length) - 1


def _free(batch: Batch, pool_id: int, first: int, last: int) -> bool:
    rows = batch.engine.rows(
        "SELECT last FROM gaps WHERE pool = ? AND start <= ? ORDER BY start DESC LIMIT 1", (pool_id, packed(first))
    )
    return bool(rows) and number(rows[0][0]) >= last
