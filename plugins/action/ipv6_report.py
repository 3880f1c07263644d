# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import json
import os
import typing as t
import urllib.parse

from ansible.errors import AnsibleActionFail
from ansible_collections.routable.ipv6.plugins.module_utils import _report as rules
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import LedgerError
from ansible_collections.routable.ipv6.plugins.module_utils._ledger_export import as_format
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused, printable
from ansible_collections.routable.ipv6.plugins.plugin_utils._action import ControllerAction
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import is_database, ledger_of_task, opened
from ansible_collections.routable.ipv6.plugins.plugin_utils._report_page import drawing, page
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import as_text, write_private

_REMEDY = "Remove it, and run the playbook that writes it"


class ActionModule(ControllerAction):
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        "hosts": {"type": "dict", "default": {}},
        "dest": {"type": "path"},
        "zone": {"type": "str", "default": ""},
        "ledger": {"type": "str"},
    }

    def act(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        state = self.state_directory(task_vars)
        dest = os.path.join(self.directory(task_vars), args["dest"]) if args["dest"] else os.path.join(state, "report")
        try:
            ledger = self._ledger(ledger_of_task(self, args["ledger"], task_vars))
        except LedgerError as error:
            raise AnsibleActionFail(printable(str(error), 4000)) from None
        matrix = _matrix(os.path.join(state, "reachability.json"))
        if ledger is None and matrix is None:
            raise Refused(
                f"ipv6_state_dir={state}",
                "there is neither a ledger nor a reachability.json, so there is nothing to report",
                "Run playbooks/site.yml and playbooks/verify.yml first, or correct the path",
            )
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        # A host that could not be looked at has nothing of what the module returns.
        hosts = {name: one for name, one in args["hosts"].items() if isinstance(one, dict) and "interfaces" in one}
        unseen = rules.not_looked_at(args["hosts"])
        former = _read(os.path.join(dest, "report.json"))
        found = rules.report(now, ledger or rules.EMPTY, matrix, hosts, former, unseen)
        warnings = [f"{host} was not looked at: {reason}." for host, reason in sorted(unseen.items())]
        files = {"index.html": page(found), "report.json": as_text(rules.kept(found))}
        for pool in found["pools"]:
            files[f"map-{urllib.parse.quote(pool['name'], safe=' ')}.svg"] = drawing(pool, found["allocations"])
        if ledger is not None:
            files.update(_texts(ledger, args["zone"], warnings))
        if not self.check_mode:
            for name, text in files.items():
                write_private(os.path.join(dest, name), text)
        return {
            "changed": False,
            "path": os.path.join(dest, "index.html"),
            "files": sorted(os.path.join(dest, name) for name in files),
            "drift": found["drift"],
            "unseen": found["unseen"],
            "changes": found["changes"],
            "capacity": {pool["name"]: pool["capacity"] for pool in found["pools"]},
            **({"warnings": warnings} if warnings else {}),
        }

    @staticmethod
    def _ledger(where: str) -> rules.Ledger | None:
        if not is_database(where) and not os.path.exists(where):
            return None
        with opened(where, True) as ledger:
            pools = ledger.pools()
            usage = {name: ledger.usage(name) for name in pools}
            return rules.Ledger(ledger.export(), pools, usage, ledger.journal())


def _texts(ledger: rules.Ledger, zone: str, warnings: list[str]) -> dict[str, str]:
    """The ledger for other programs, in those forms that can take its names."""
    wanted: dict[str, tuple[str, str]] = {"allocations.csv": ("csv", ""), "hosts": ("hosts", "")}
    if zone:
        wanted["zone.db"] = ("zone", "")
        for name, pool in ledger.pools.items():
            if pool.parent is None and pool.prefix is not None:
                wanted[f"reverse-{urllib.parse.quote(name, safe=' ')}.db"] = ("reverse_zone", str(pool.prefix))
    found = {}
    for file, (kind, prefix) in wanted.items():
        try:
            found[file] = as_format(kind, ledger.document, ledger.pools, zone=zone, prefix=prefix)
        except Refused as refused:
            warnings.append(f"{file} was not written: {refused}")
    return found


def _read(path: str) -> t.Any:
    """A file of ours, None where there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise Refused(path, f"it is no JSON ({error})", _REMEDY) from error


def _matrix(path: str) -> t.Any:
    """The reachability matrix, None where there is none."""
    found = _read(path)
    rows = found.get("endpoints") if isinstance(found, dict) else None
    if found is not None and not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        raise Refused(path, "this is no reachability matrix", _REMEDY)
    return found
