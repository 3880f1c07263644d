# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import typing as t

from ansible.errors import AnsibleActionFail
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import LedgerError
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused, printable
from ansible_collections.routable.ipv6.plugins.plugin_utils._action import ControllerAction
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import actor, ledger_of_task, opened, run_id


class ActionModule(ControllerAction):
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        "src": {"type": "path", "required": True},
        "ledger": {"type": "str"},
        "run": {"type": "str"},
    }

    def act(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        path = os.path.join(self.directory(task_vars), args["src"])
        try:
            with open(path, encoding="utf-8") as stream:
                document = json.load(stream)
        except (OSError, ValueError, RecursionError) as error:
            raise Refused(f"src={path}", f"it cannot be read ({error})", "Name a file that an export wrote") from error
        try:
            with opened(ledger_of_task(self, args["ledger"], task_vars), self.check_mode) as ledger:
                before = ledger.export_text()
                changed = ledger.export() != document
                if changed:
                    run = args["run"] or run_id(task_vars)
                    ledger.import_(document, actor=actor(), run=run, check=self.check_mode)
        except LedgerError as error:
            raise AnsibleActionFail(printable(str(error), 4000)) from None
        result: dict[str, t.Any] = {"changed": changed, "src": path}
        if self._task.diff:
            with open(path, encoding="utf-8") as stream:
                after = stream.read() if changed else before
            result["diff"] = {"before_header": "ledger", "after_header": path, "before": before, "after": after}
        return result
