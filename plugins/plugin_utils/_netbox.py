# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""The ledger's side of an exchange with NetBox."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import prefix_numbers
from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool, Request, parse_pool
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_batch import Grant
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_wishes import Wish, parse_wish
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.batch import Batch
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import Clashes, Outcome
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import ACTIVE, QUARANTINE, RESERVED
from ansible_collections.routable.ipv6.plugins.module_utils._netbox import Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._netbox_import import Import
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import Granted, granted_at_once


def contents(ledger: Ledger) -> tuple[dict[str, Pool], list[Wanted]]:
    """All pools, and all allocations with their whole addresses. A quarantine that has ended is none.

    Pools of suffixes that have no prefix have no addresses either.
    """
    document = ledger.export()
    pools = {name: parse_pool(name, definition) for name, definition in document["pools"].items()}
    found = []
    for name, entries in document["allocations"].items():
        pool = pools[name]
        if pool.prefix is None:
            continue
        for entry in entries:
            if entry["state"] == QUARANTINE and entry["until"] <= time.time():
                continue
            start, length = prefix_numbers(entry["prefix"])
            found.append(
                Wanted(name, entry["name"], pool.base + start, length, entry["state"], entry.get("owner") or "")
            )
    return pools, found


class _Adoption(Grant):
    """Adopts some as active and some as reserved; all clashes of both come together."""

    def __init__(self, plan: Import, definitions: t.Mapping[str, object]) -> None:
        wishes = {state: [parse_wish(entry) for entry in entries] for state, entries in _by_state(plan)}
        super().__init__([wish for some in wishes.values() for wish in some], "adopted", definitions)
        self._reserved = {_identity(wish.request) for wish in wishes[RESERVED]}

    def _grant(self, batch: Batch, wishes: t.Sequence[Wish]) -> list[Outcome]:
        clashes: list[str] = []
        requests = self._placed(batch, wishes, clashes)
        outcomes: list[Outcome] = []
        for state in (ACTIVE, RESERVED):
            some = [one for one in requests if (_identity(one) in self._reserved) == (state == RESERVED)]
            try:
                outcomes += batch.present(some, state, adopt=True)
            except Clashes as error:
                clashes += error.clashes
        if clashes:
            raise Clashes(clashes)
        return outcomes


def _by_state(plan: Import) -> list[tuple[str, list[dict[str, str]]]]:
    return [(ACTIVE, plan.active), (RESERVED, plan.reserved)]


def _identity(request: Request) -> tuple[str, str]:
    return request.pool, request.name


def adopt(ledger: Ledger, plan: Import, definitions: t.Mapping[str, object], run: str, check: bool) -> Granted:
    """All that was planned, or nothing, in one transaction.

    :raises Refused: with all clashes at once.
    """
    return granted_at_once(ledger, _Adoption(plan, {**definitions, **plan.pools}), run, check)
