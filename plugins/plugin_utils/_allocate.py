# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""The ledger as action plugins and lookups use it: where it is, who asks, and one transaction with a provider."""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import tempfile
import typing as t

from ansible.utils.vars import random_int
from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool, Request
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_batch import Grant, Unserved, asked_elsewhere
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_wishes import Wish
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import verify
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.batch import Batch
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import Ledger, open_ledger
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import Outcome
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import LedgerError, Overlap
from ansible_collections.routable.ipv6.plugins.plugin_utils._action import ControllerAction
from ansible_collections.routable.ipv6.plugins.plugin_utils._provider import Provider
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import state_directory

FILE = "ledger.sqlite"
Answer = t.TypeVar("Answer")
_SCHEMES = ("postgresql://", "postgres://")


class Granted(t.NamedTuple):
    """What a transaction came to; pools are all that the ledger has, before and after only those that changed."""

    outcomes: list[Outcome]
    pools: dict[str, Pool]
    pools_before: dict[str, t.Any]
    pools_after: dict[str, t.Any]

    @property
    def changed(self) -> bool:
        return self.pools_before != self.pools_after or any(outcome.changed for outcome in self.outcomes)


def place_of_ledger(
    configured: str | None, state: str | None, sources: t.Iterable[str], playbook_directory: str
) -> str:
    """The ledger's path or address: as configured (a relative path starts at the inventory), else in the state
    directory."""
    if configured and is_database(configured):
        return configured
    if configured:
        return state_directory(configured, sources, playbook_directory)
    return os.path.join(state_directory(state, sources, playbook_directory), FILE)


def ledger_of_task(action: ControllerAction, option: str | None, task_vars: dict[str, t.Any]) -> str:
    """Where a task has its ledger: as its option or the variable ``ipv6_ledger`` says, else in the state directory."""
    configured, state = (
        str(value) if value else None
        for value in (
            option or action.variable("ipv6_ledger", task_vars),
            action.variable("ipv6_state_dir", task_vars),
        )
    )
    sources = [str(source) for source in task_vars.get("ansible_inventory_sources") or []]
    return place_of_ledger(configured, state, sources, action.directory(task_vars))


def is_database(where: str) -> bool:
    return where.startswith(_SCHEMES)


def actor() -> str:
    """Who works at which controller."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no entry in the password file
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def run_id(variables: t.Mapping[str, t.Any]) -> str:
    """The same for all tasks of a run: the job of AWX if there is one, else drawn when Ansible starts."""
    for name in ("awx_job_id", "tower_job_id"):
        if variables.get(name):
            return f"job {variables[name]}"
    return str(random_int)


@contextlib.contextmanager
def opened(where: str, check: bool) -> t.Iterator[Ledger]:
    """The ledger. In check mode one that does not exist stays so: an empty one elsewhere answers for it."""
    if check and not is_database(where) and not os.path.exists(where):
        with tempfile.TemporaryDirectory() as directory, open_ledger(os.path.join(directory, FILE)) as ledger:
            yield ledger
        return
    with open_ledger(where) as ledger:
        yield ledger


def grant(
    ledger: Ledger,
    wishes: t.Sequence[Wish],
    state: str,
    definitions: t.Mapping[str, object],
    drop: t.Sequence[str] = (),
    run: str = "",
    check: bool = False,
    provider: Provider | None = None,
    owners: t.Sequence[str] = (),
    owners_pool: str | None = None,
) -> Granted:
    """All wishes or none, with the definitions of pools in the same transaction.

    The provider is asked between two attempts, so that nobody else waits for its program.

    :raises Refused: one of them cannot be granted.
    :raises LedgerError: the ledger cannot be used.
    """
    wishes = list(wishes)
    while True:
        asking = provider is not None and state in ("present", "reserved")
        attempt = Grant(wishes, state, definitions, drop, asking, owners, owners_pool)
        try:
            outcomes = _write(ledger, attempt, run, check)
        except Unserved as unserved:
            if provider is None:
                raise unserved.error from None
            wishes = _provided(ledger, wishes, unserved, provider, check)
            continue
        return Granted(outcomes, attempt.pools, attempt.pools_before, attempt.pools_after)


def granted_at_once(ledger: Ledger, attempt: Grant, run: str, check: bool) -> Granted:
    """As :func:`grant`, of an attempt that needs no provider."""
    outcomes = _write(ledger, attempt, run, check)
    return Granted(outcomes, attempt.pools, attempt.pools_before, attempt.pools_after)


def _provided(
    ledger: Ledger, wishes: t.Sequence[Wish], unserved: Unserved, provider: Provider, check: bool
) -> list[Wish]:
    """The wishes, with answers in the place of those that nobody could serve."""
    wanting = {(wish.request.pool, wish.request.name) for wish in unserved.wishes}
    result = []
    for wish in wishes:
        if (wish.request.pool, wish.request.name) in wanting and wish.request.at is None:
            elsewhere = _elsewhere(ledger, wish)
            wish = Wish(elsewhere) if elsewhere is not None else provider.ask(wish, unserved, check)
        result.append(wish)
    return result


def _elsewhere(ledger: Ledger, wish: Wish) -> Request | None:
    return _transaction(ledger, lambda batch: asked_elsewhere(batch, wish), "", "", True)


def _transaction(ledger: Ledger, work: t.Callable[[Batch], Answer], who: str, run: str, check: bool) -> Answer:
    """Pools and requests together: the ledger's own methods have a transaction for each."""
    return ledger._write(work, who, run, check)


def _write(ledger: Ledger, attempt: Grant, run: str, check: bool) -> list[Outcome]:
    who = actor()
    try:
        return _transaction(ledger, attempt, who, run, check)
    except Overlap:
        pass

    def repair_and_grant(batch: Batch) -> list[Outcome]:
        verify.repaired(batch, batch.pools)
        return attempt(batch)

    # Something was put into the tables behind our back, and the gaps do not know it.
    try:
        return _transaction(ledger, repair_and_grant, who, run, check)
    except Overlap as error:
        raise LedgerError(
            f"The ledger {ledger.where} has allocations that overlap: see to what verify finds."
        ) from error
