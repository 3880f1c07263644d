# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import os
import typing as t

from ansible import constants as C
from ansible.utils.display import Display
from ansible_collections.routable.ipv6.plugins.module_utils._plan import printable
from ansible_collections.routable.ipv6.plugins.plugin_utils._action import ControllerAction
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability import matrix
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability_junit import junit
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability_table import BAD, GOOD, LOOK, lines, summary
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import as_text, read_matrix, write_private

display = Display()
_LONGEST = 5000  # characters of a line


class ActionModule(ControllerAction):
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        "endpoints": {"type": "list", "elements": "dict", "required": True},
        "probes": {"type": "dict", "required": True},
        "visits": {"type": "dict", "default": {}},
        "unknown_hosts": {"type": "list", "elements": "str", "default": []},
        "width": {"type": "int", "default": 100},
    }

    def act(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        path = os.path.join(self.state_directory(task_vars), "reachability.json")
        results = f"{os.path.splitext(path)[0]}.xml"
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        found = matrix(args["endpoints"], args["probes"], args["visits"], args["unknown_hosts"], now, read_matrix(path))
        for line in lines(found, args["width"]):
            display.display(printable(line, _LONGEST), color=_colour(line))
        if not self.check_mode:
            write_private(path, as_text(found))
            write_private(results, junit(found))
        result = {"changed": False, "ok": found["ok"], "path": path, "junit": results}
        said = printable(summary(found)[2:])
        if not found["ok"]:
            return {**result, "failed": True, "msg": f"{said} The reasons stand above and in {path}"}
        return {**result, "msg": said}


def _colour(line: str) -> str | None:
    colours = {BAD: C.COLOR_ERROR, GOOD: C.COLOR_OK, LOOK: C.COLOR_HIGHLIGHT, "!": C.COLOR_WARN}
    return colours.get(line[:1])
