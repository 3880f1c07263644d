# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the action plugins share that work with the ledger."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import Outcome, describe
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import LedgerError
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused, printable
from ansible_collections.routable.ipv6.plugins.plugin_utils._action import ControllerAction
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import Granted
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import as_text


class LedgerAction(ControllerAction):
    """An action with the options ``ledger`` and ``pools``. Subclasses give ``SPEC`` and :meth:`act_on_ledger`."""

    def act(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        try:
            return self.act_on_ledger(args, task_vars)
        except LedgerError as error:
            raise AnsibleActionFail(printable(str(error), 4000)) from None

    def act_on_ledger(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """As :meth:`act`.

        :raises LedgerError: the ledger cannot be used.
        """
        raise TypeError(f"{type(self).__name__} has no act_on_ledger()")

    def definitions(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """The pools as the task or the inventory defines them."""
        definitions = self.variable("ipv6_pools", task_vars) if args["pools"] is None else args["pools"]
        definitions = definitions or {}
        if not isinstance(definitions, dict):
            raise Refused(f"ipv6_pools={definitions!r}", "it maps names to pools", "Write name: {prefix: ...}")
        return definitions


def granted_diff(granted: Granted, where: str) -> dict[str, str]:
    def shown(outcome: Outcome, before: bool) -> t.Any:
        return describe(outcome.pool, outcome.before if before else outcome.after)

    texts = []
    for before, pools in ((True, granted.pools_before), (False, granted.pools_after)):
        changed = [one for one in granted.outcomes if one.changed and (one.before if before else one.after) is not None]
        allocations = {f"{one.pool.name}/{one.name}": shown(one, before) for one in changed}
        texts.append(as_text({"pools": pools, "allocations": allocations}))
    return {"before_header": where, "after_header": where, "before": texts[0], "after": texts[1]}
