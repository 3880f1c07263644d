# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""An NDP proxy on this host: read, plan, apply, read back."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _ndp_proxy as rules
from ansible_collections.routable.ipv6.plugins.module_utils._interface_names import parse_interface_name
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy import Setup
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_backends import setup as setup_for
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_client import Proxy, agent_text
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import Task
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._units import UnitError
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_client import UplinkError

ARGUMENTS: dict[str, t.Any] = {
    "uplink": {"type": "str", "required": True},
    "backend": {"type": "str", "choices": list(rules.BACKENDS), "default": "kernel"},
    "prefixes": {"type": "list", "elements": "str", "default": []},
    "addresses": {"type": "list", "elements": "str", "default": []},
    "bridges": {"type": "list", "elements": "str", "default": []},
    "ndppd_mode": {"type": "str", "default": "iface"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
TROUBLE = (UnitError, UplinkError, OSError)


def wanted_setup(proxy: Proxy, params: dict[str, t.Any], program: str) -> Setup:
    """The setup that the options ask for on this host."""
    if params["state"] == "absent" or params["backend"] == "none":
        return Setup()
    return setup_for(rules.read(params), proxy.host(), program)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, plan, apply, read back."""
    params = module.params
    uplink = parse_interface_name(params["uplink"], "uplink")
    if os.geteuid() != 0:
        raise Refused(f"uplink={uplink}", "only root may set up an NDP proxy", "Run the task with become")
    proxy = Proxy(module, uplink)
    program = agent_text()
    setup = wanted_setup(proxy, params, program)
    current = proxy.current()
    plan = rules.plan(current, setup, uplink, program)
    for warning in proxy.foreign(plan):
        module.warn(warning)
    if plan.changed and not module.check_mode:
        try:
            proxy.apply(plan, setup, current)
        except TROUBLE as error:
            message = str(error).rstrip(".")
            try:
                proxy.restore()
            except TROUBLE as failure:
                raise UnitError(f"{message}. Restoring failed too: {failure}") from error
            raise UnitError(f"{message}. All files, units and settings were restored") from error
        proxy.tidy()
    for warning in plan.warnings:
        module.warn(warning)
    held = [entry for entry in proxy.entries() if rules.answered(entry, setup.prefixes, setup.addresses)]
    return {
        "changed": plan.changed,
        "backend": "none" if params["state"] == "absent" else params["backend"],
        "uplink": uplink,
        "entries": list(setup.rules) or [str(entry) for entry in held],
        "unit": None if setup.unit_text is None else proxy.unit,
        "changes": plan.sentences,
        "diff": {"before": plan.before, "after": plan.after},
    }


TASK = Task(
    arguments=ARGUMENTS,
    run=run,
    subject=lambda params: f"NDP proxy on {params['uplink']}",
    trouble=TROUBLE,
)
