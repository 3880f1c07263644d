# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""A firewall table on this host: read, plan, apply, read back."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _firewall as firewall
from ansible_collections.routable.ipv6.plugins.module_utils import _firewall_rules as rules
from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet, read_text, remove_if_empty
from ansible_collections.routable.ipv6.plugins.module_utils._firewall_client import Nft, NftError, read_own_addresses
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import Task
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Plan
from ansible_collections.routable.ipv6.plugins.module_utils._record import Record
from ansible_collections.routable.ipv6.plugins.module_utils._units import UnitError, Units

ARGUMENTS: dict[str, t.Any] = {
    "name": {"type": "str", "default": "containers"},
    "prefixes": {"type": "list", "elements": "str"},
    "allow": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "address": {"type": "str", "required": True},
            "ports": {"type": "list", "elements": "raw", "required": True},
        },
    },
    "bridges": {"type": "list", "elements": "str", "default": ["docker0", "routable0"]},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class Host:
    """One firewall on this host: what is there, and how to carry out a plan."""

    def __init__(self, module: AnsibleModule, name: str) -> None:
        self._name = name
        self._table = rules.table_name(name)
        self._unit = rules.unit_name(name)
        self._files = FileSet(module)
        self._units = Units(module, self._files)
        self._record = Record(f"ipv6-firewall-{name}")
        self.nft = Nft(module)

    @property
    def recorded(self) -> bool:
        return not self._record.empty

    def read(self) -> firewall.Current:
        table = self.nft.read_table(self._table) if self.nft.path else None
        unit = self._units.state(self._unit)
        return firewall.Current(
            table=None if table is None else firewall.table_value(table[0], self._table),
            listing="" if table is None else table[1],
            files={path: read_text(path) for path in rules.paths(self._name)},
            enabled=unit.enabled,
            active=unit.running,
        )

    def apply(self, plan: Plan, text: str) -> None:
        for change in plan.changes:
            if change.action == "write":
                self._record.wrote(change.data["path"], read_text(change.data["path"]), change.data["text"])
                self._files.write(change.data["path"], change.data["text"])
            elif change.action == "remove":
                self._record.forget(change.data["path"])
                self._files.remove(change.data["path"])
            elif change.action == "reload":
                self._units.reload()
            elif change.action == "enable":
                self._units.enable(self._unit)
            elif change.action == "load":
                self.nft.load(text)
            elif change.action == "start":
                self._units.start(self._unit)
            elif change.action == "disable":
                self._units.stop(self._unit)
                self._units.disable(self._unit)
            elif change.action == "delete":
                self.nft.delete_table(self._table)
        # Somebody else may have removed one.
        for path in [path for path in self._record.files if read_text(path) is None]:
            self._record.forget(path)
        self._record.save(self._files)

    def foreign(self, plan: Plan) -> list[str]:
        """A warning for each file of ours that is to be changed though somebody else has written it since, and for the
        table, where it is not what its file says."""
        actions = {change.action for change in plan.changes}
        paths = [change.data["path"] for change in plan.changes if change.action in ("write", "remove")]
        found = self._record.foreign(paths)
        own = rules.rules_path(self._name)
        if "load" in actions and own not in paths and self._record.untouched(own, read_text(own)):
            found.append(
                f"The table {rules.FAMILY} {self._table} has been changed or removed by somebody else since it was "
                "loaded here; the diff shows what becomes of that."
            )
        return found

    def restore(self, before: firewall.Current) -> None:
        self._files.restore()
        self._units.restore()
        if self.nft.path:
            self.nft.load(firewall.restoring(before, self._table))

    def clean(self) -> None:
        for path in (rules.rules_path(self._name), rules.dropin_path(self._name)):
            remove_if_empty(os.path.dirname(path))
        remove_if_empty(os.path.dirname(self._record.path))


class Wish(t.NamedTuple):
    """What is to be there: all empty where nothing is."""

    firewall: rules.Firewall | None
    text: str
    table: dict[str, t.Any] | None


def read_wish(params: t.Mapping[str, t.Any]) -> rules.Firewall | None:
    """What is to be there, checked as far as that goes without the host.

    :raises Refused: a value that cannot be.
    """
    if params["state"] == "absent":
        return None
    return rules.read(params["name"], params["prefixes"], params["allow"], params["bridges"])


def planned(
    module: AnsibleModule, host: Host, current: firewall.Current, wanted: rules.Firewall | None
) -> tuple[Plan, Wish]:
    """The plan and what it is for."""
    if wanted is None:
        return firewall.plan_absent(current, module.params["name"], host.recorded), Wish(None, "", None)
    rules.check_own_addresses(wanted, read_own_addresses(module))
    text, name = rules.render(wanted), rules.table_name(wanted.name)
    if not host.nft.path:
        if not module.check_mode:
            raise NftError("nft was not found; install the package nftables")
        module.warn("nft is not installed yet, so the rules could not be checked.")
        return firewall.plan_present(current, wanted, None, text, []), Wish(wanted, text, None)
    listed, listing = host.nft.read_rendered(text, name)
    table = firewall.table_value(listed, name)
    blocking = firewall.blocking_chains(host.nft.read_chains(), name)
    plan = firewall.plan_present(current, wanted, table, listing, blocking)
    if plan.changed:
        host.nft.check(text)
    return plan, Wish(wanted, text, table)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, plan, apply, read back; what failed half-way is brought back to what it was."""
    name = rules.read_name(module.params["name"])
    wanted = read_wish(module.params)
    host = Host(module, name)
    current = host.read()
    plan, wish = planned(module, host, current, wanted)
    for warning in host.foreign(plan):
        module.warn(warning)
    if plan.changed and not module.check_mode:
        try:
            host.apply(plan, wish.text)
            left = firewall.difference(host.read(), plan, wish.table)
            if left:
                raise NftError(f"read back, {left} is not as it was written")
        except (NftError, UnitError, OSError) as error:
            host.restore(current)
            raise NftError(f"{str(error).rstrip('.')}. The former table, files and unit were restored") from error
        if wish.firewall is None:
            host.clean()
    for warning in plan.warnings:
        module.warn(warning)
    return {
        **plan.result,
        "table": f"{rules.FAMILY} {rules.table_name(name)}",
        "prefixes": [] if wish.firewall is None else [str(prefix) for prefix in wish.firewall.prefixes],
        "opened": [] if wish.firewall is None else rules.opened_entries(wish.firewall),
        "unit": rules.unit_name(name),
        "files": list(rules.paths(name)),
    }


TASK = Task(
    arguments=ARGUMENTS,
    required_if=[("state", "present", ["prefixes"])],
    run=run,
    subject=lambda params: f"Firewall {params['name']}",
    trouble=(NftError, UnitError, OSError),
)
