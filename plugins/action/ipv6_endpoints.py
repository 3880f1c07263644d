# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._endpoints import parse_endpoints, plan
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._action import ControllerAction
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import EndpointFiles, as_text


class ActionModule(ControllerAction):
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        "role": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "endpoints": {"type": "list", "elements": "raw", "default": []},
    }

    def act(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        host = str(task_vars["inventory_hostname"])
        role, absent = str(args["role"]), args["state"] == "absent"
        if not role:
            raise Refused("role=", "every claim has a role that makes it", "Give the role's name")
        wanted = [] if absent else parse_endpoints(args["endpoints"], role, host)
        files = EndpointFiles(self.state_directory(task_vars))
        if self.check_mode:
            planned = plan(files.read(host), role, wanted, host)
        else:
            with files.locked():
                planned = plan(files.read(host), role, wanted, host)
                if planned.changed:
                    files.write(host, planned.after["endpoints"])
        path, after = files.path(host), planned.after["endpoints"]
        return {
            "changed": planned.changed,
            "changes": planned.sentences,
            "path": path,
            "endpoints": after,
            "ansible_facts": {"ipv6_endpoints": after},
            "diff": {
                "before_header": path,
                "after_header": path,
                "before": as_text(planned.before["endpoints"]),
                "after": as_text(after),
            },
        }
