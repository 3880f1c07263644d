# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._endpoints import key_of
from ansible_collections.routable.ipv6.plugins.plugin_utils._action import ControllerAction
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import EndpointFiles


class ActionModule(ControllerAction):
    def act(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        state = self.state_directory(task_vars)
        hosts = EndpointFiles(state).all()
        known = set(task_vars["groups"]["all"])
        return {
            "changed": False,
            "state_dir": state,
            "hosts": sorted(hosts),
            "unknown_hosts": sorted(set(hosts) - known),
            "endpoints": sorted((endpoint for found in hosts.values() for endpoint in found), key=key_of),
        }
