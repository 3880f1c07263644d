# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t

from ansible.errors import AnsibleActionFail
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import LedgerError
from ansible_collections.routable.ipv6.plugins.module_utils._ledger_export import FORMATS, as_format
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused, printable
from ansible_collections.routable.ipv6.plugins.plugin_utils._action import ControllerAction
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import is_database, ledger_of_task, opened
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import write_private


class ActionModule(ControllerAction):
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        "format": {"type": "str", "choices": list(FORMATS), "required": True},
        "dest": {"type": "path"},
        "only": {"type": "list", "elements": "str", "default": []},
        "zone": {"type": "str", "default": ""},
        "prefix": {"type": "str", "default": ""},
        "ttl": {"type": "int"},
        "relative": {"type": "bool", "default": False},
        "ledger": {"type": "str"},
    }

    def act(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        where = ledger_of_task(self, args["ledger"], task_vars)
        if not is_database(where) and not os.path.exists(where):
            raise Refused(f"ledger {where}", "there is no such file", "Allocate something first, or correct the path")
        try:
            with opened(where, True) as ledger:
                document, pools = ledger.export(), ledger.pools()
        except LedgerError as error:
            raise AnsibleActionFail(printable(str(error), 4000)) from None
        text = as_format(
            args["format"],
            document,
            pools,
            zone=args["zone"],
            prefix=args["prefix"],
            ttl=args["ttl"],
            relative=args["relative"],
            only=args["only"],
        )
        if args["dest"] is None:
            return {"changed": False, "content": text}
        path = os.path.join(self.directory(task_vars), args["dest"])
        before = _read(path)
        if before != text and not self.check_mode:
            write_private(path, text)
        return {
            "changed": before != text,
            "dest": path,
            "diff": {"before_header": path, "after_header": path, "before": before or "", "after": text},
        }


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise Refused(f"dest={path}", "a file is there that is no text", "Give another path") from error
    except ValueError as error:
        raise Refused(f"dest={path}", f"this is no path ({error})", "Give another") from error
