# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""An uplink on this host: read, plan, apply, and see that its default route stays."""

from __future__ import annotations

import os
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _sysctl as sysctl
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink as uplink
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_owner as owners
from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet, read_text, remove_if_empty
from ansible_collections.routable.ipv6.plugins.module_utils._holders import holding, releasing
from ansible_collections.routable.ipv6.plugins.module_utils._interface_names import parse_interface_name
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import Task
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._record import Record
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_client import Uplink, UplinkError
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import Facts, Route
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_networkd import DROPIN
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_solicit import solicit

ARGUMENTS: dict[str, t.Any] = {
    "interface": {"type": "str", "required": True},
    "owner": {"type": "str", "choices": ["auto", *owners.OWNERS], "default": "auto"},
    "forwarding": {"type": "bool", "default": True},
    "holder": {"type": "str", "default": ""},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
# RFC 4861, section 10: three solicitations, four seconds apart; a router answers within half a second (section 6.2.6).
SOLICITATIONS = 3
SOLICITATION_INTERVAL = 4.0
# What the kernel and the managers do about forwarding they do at once; this is how long the route is watched.
SETTLE = 2.0
_STEP = 0.1


class Applied:
    """What was done in one run, so that it can be undone."""

    def __init__(self, module: AnsibleModule, host: Uplink) -> None:
        self._host = host
        self.files = FileSet(module)
        self._values: list[Change] = []
        self._restarted = False

    def carry_out(self, change: Change) -> None:
        if change.action == "file":
            if change.data["after"] is None:
                self.files.remove(change.data["path"])
            else:
                self.files.write(change.data["path"], change.data["after"])
        elif change.action == "set":
            self._values.append(change)
            sysctl.write(change.data["key"], change.data["after"])
        elif change.action == "restart":
            self._restarted = True
            self._host.restart_networkd()
        elif change.action == "solicit":
            ask_routers(self._host, SOLICITATIONS, SOLICITATION_INTERVAL)

    def restore(self, routes: t.Sequence[Route]) -> None:
        """Undo all of it: the values in reverse, so that forwarding is off before the advertisements are left.

        Default routes that are gone are put back by hand, since nobody can say when a router will be heard again.
        """
        for change in reversed(self._values):
            sysctl.write(change.data["key"], change.data["before"])
        self.files.restore()
        if self._restarted:
            self._host.restart_networkd()
        if not has_route(self._host):
            for route in routes:
                self._host.put_back(route)


def has_route(host: Uplink) -> bool:
    return any(route.interface == host.name for route in host.routes())


def wait_for_route(host: Uplink, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not has_route(host):
        if time.monotonic() >= end:
            return False
        time.sleep(_STEP)
    return True


def ask_routers(host: Uplink, attempts: int, interval: float) -> bool:
    """Solicit until there is a default route; whether there is one in the end."""
    while attempts:
        attempts -= 1
        try:
            solicit(host.name, host.hardware())
        except OSError:
            # No link-local address yet, while duplicate address detection runs: the next attempt comes.
            time.sleep(_STEP)
        if wait_for_route(host, interval):
            return True
    return False


def stays(host: Uplink) -> bool:
    """Whether the route is there all the time it is watched, or back at once after routers were asked for it."""
    end = time.monotonic() + SETTLE
    while time.monotonic() < end:
        if not has_route(host):
            return ask_routers(host, 1, SETTLE)
        time.sleep(_STEP)
    return True


def note(record: Record, plan: Plan) -> None:
    """Keep in the record what was there before us."""
    for change in plan.changes:
        if change.action == "file":
            record.wrote(change.data["path"], change.data["before"], change.data["after"])
        elif change.action == "set":
            record.remember(change.data["key"], change.data["before"])


def plan_for(facts: Facts, owner: owners.Owner, record: Record, params: dict[str, t.Any]) -> Plan:
    what = f"the uplink {params['interface']}"
    if params["state"] == "present":
        plan = uplink.plan_present(facts, owner, params["forwarding"])
        return holding(plan, what, record.holders, params["holder"])
    written = {
        path: (now, record.untouched(path, now), record.before(path))
        for path, now in ((path, read_text(path)) for path in record.files)
    }
    plan = uplink.plan_absent(facts, written, record.values)
    return releasing(plan, what, record.holders, params["holder"])


def apply(module: AnsibleModule, host: Uplink, facts: Facts, plan: Plan, record: Record) -> None:
    """Carry the plan out, keep the record, and see that the host has not less than it had."""
    had = [route for route in host.routes() if route.interface == host.name]
    applied = Applied(module, host)
    try:
        for change in plan.changes:
            applied.carry_out(change)
        record.holders = list(plan.after.get("holders", record.holders))
        if module.params["state"] == "present":
            note(record, plan)
        elif not record.holders:
            record.files.clear()
            record.values.clear()
        record.save(applied.files)
        if had and not stays(host):
            raise UplinkError(f"the default route on {host.name} was gone afterwards, and no router brought it back")
    except (UplinkError, OSError) as error:
        message = str(error).rstrip(".")
        try:
            applied.restore(had)
        except (UplinkError, OSError) as failure:
            raise UplinkError(f"{message}. Restoring failed too: {failure}") from error
        route = ", and so was the default route" if had else ""
        raise UplinkError(f"{message}. All files and kernel parameters were restored{route}") from error
    for path in applied.files.touched:
        if path.endswith(DROPIN) or path == record.path:
            remove_if_empty(os.path.dirname(path))


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, plan, apply, read back."""
    name = parse_interface_name(module.params["interface"], "interface")
    if os.geteuid() != 0:
        raise Refused(f"interface={name}", "only root may set up an uplink", "Run the task with become")
    host = Uplink(module, name)
    link = uplink.check_interface(name, host.link(), host.interfaces())
    facts = host.facts(link)
    owner = owners.choose(facts, module.params["owner"])
    record = Record(f"uplink-ra-{name}")
    plan = plan_for(facts, owner, record, module.params)
    seen = facts
    for warning in record.foreign(change.data["path"] for change in plan.changes if change.action == "file"):
        module.warn(warning)
    if plan.changed and not module.check_mode:
        apply(module, host, facts, plan, record)
        seen = host.facts(link)
        if module.params["state"] == "present" and not seen.advertised and not seen.static:
            module.warn(f"No router answers on {name}: this host has no IPv6 default route there.")
    for warning in plan.warnings:
        module.warn(warning)
    return {
        **plan.result,
        "owner": owner.name,
        "evidence": uplink.evidence(facts, owner),
        "default_routes": [route.as_dict() for route in seen.routes],
        "addresses": list(seen.addresses),
        "on_link_prefixes": list(seen.on_link_prefixes),
        "router": seen.router,
        "holders": list(plan.after.get("holders", record.holders)),
    }


TASK = Task(
    arguments=ARGUMENTS,
    run=run,
    subject=lambda params: f"Uplink {params['interface']}",
    trouble=(UplinkError, OSError, ValueError),
)
