# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""All that somebody has in a ledger, as requests for its release."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Request
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.batch import Batch
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import QUARANTINE
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused


def check_owners(owners: t.Sequence[str], state: str) -> None:
    """Whether a task can be about all that these have.

    :raises Refused: nobody is an owner of that name, or the task gives something.
    """
    if owners and state != "absent":
        raise Refused(f"owners, state={state}", "only a release is about all that somebody has", "Set state: absent")
    if "" in owners:
        raise Refused("owners=''", "this is what has no owner, which others may use", "Give the names in requests")


def held_by(batch: Batch, owners: t.Sequence[str], pool: str | None) -> list[Request]:
    """A request for each allocation of these owners that is active or reserved, by pool and place.

    :arg pool: the only pool to look at; by default all.
    :raises Refused: there is no such pool.
    """
    if pool is not None and pool not in batch.pools:
        raise Refused(f"pool={pool}", "the ledger has no such pool", "Correct the name, or leave it out")
    found = []
    for name in sorted(batch.pools) if pool is None else [pool]:
        for owner in sorted(set(owners)):
            rows = batch.engine.rows(
                "SELECT name FROM allocations WHERE pool = ? AND owner = ? AND state <> ? ORDER BY start",
                (batch.pools[name][0], owner, QUARANTINE),
            )
            found += [Request(name, held) for (held,) in rows]
    return found
