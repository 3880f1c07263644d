# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation_answers import by_name, by_pool, entry_of
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_batch import of_pools
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_owners import check_owners
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_sources import (
    SOURCES,
    TABLES,
    inventory,
    read_source,
)
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_wishes import Wish, parse_wish, parse_wishes
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import without_password
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import (
    LONGEST_ANSWER,
    SHORTEST_ANSWER,
    check_seconds,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import (
    actor,
    grant,
    ledger_of_task,
    opened,
    run_id,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._ledger_action import (
    LedgerAction,
    granted_diff,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._provider import Provider
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import write_private


class ActionModule(LedgerAction):
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        "requests": {"type": "raw"},
        "requests_file": {"type": "path"},
        "group": {"type": "str"},
        "source": {"type": "str", "choices": ["inventory", *SOURCES]},
        "content": {"type": "raw"},
        "content_file": {"type": "path"},
        "variables": {"type": "list", "elements": "str", "default": ["docker_host_prefix"]},
        "network": {"type": "str", "default": ""},
        "pool": {"type": "str"},
        "owner": {"type": "str"},
        "owners": {"type": "list", "elements": "str", "default": []},
        "state": {
            "type": "str",
            "choices": ["present", "absent", "reserved", "adopted", "verified"],
            "default": "present",
        },
        "pools": {"type": "dict"},
        "drop_pools": {"type": "list", "elements": "str", "default": []},
        "ledger": {"type": "str"},
        "provider": {"type": "raw"},
        "provider_timeout": {"type": "float", "default": 30},
        "result": {"type": "str", "choices": ["inline", "file"], "default": "inline"},
        "result_file": {"type": "path"},
        "run": {"type": "str"},
    }

    def act_on_ledger(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        state = args["state"]
        if (args["result"] == "file") != (args["result_file"] is not None):
            raise Refused(
                "result, result_file", "they belong together", "Give result: file and result_file, or neither"
            )
        check_seconds("provider_timeout", args["provider_timeout"], SHORTEST_ANSWER, LONGEST_ANSWER)
        check_owners(args["owners"], state)
        definitions = self.definitions(args, task_vars)
        wishes = self._wishes(args, task_vars)
        where = ledger_of_task(self, args["ledger"], task_vars)
        run = args["run"] or run_id(task_vars)
        provider = None
        if args["provider"]:
            provider = Provider(args["provider"], args["provider_timeout"], self.directory(task_vars))
        with opened(where, self.check_mode or state == "verified") as ledger:
            if state == "verified":
                return {**self._verified(ledger, wishes, definitions), "ledger": without_password(where)}
            granted = grant(
                ledger,
                wishes,
                state,
                definitions,
                drop=args["drop_pools"],
                run=run,
                check=self.check_mode,
                provider=provider,
                owners=args["owners"],
                owners_pool=args["pool"],
            )
        entries = [entry_of(outcome) for outcome in granted.outcomes]
        result = {
            "changed": granted.changed,
            "ledger": without_password(where),
            "run": run,
            "actor": actor(),
            "count": len(entries),
            "pools": {name: pool.as_dict() for name, pool in granted.pools.items()},
        }
        if args["result"] == "file":
            result["result_file"] = self._write(args["result_file"], entries, task_vars)
        else:
            result.update(allocations=by_name(entries), by_pool=by_pool(entries), allocation_list=entries)
        if self._task.diff:
            result["diff"] = granted_diff(granted, without_password(where))
        return result

    def _verified(
        self, ledger: Ledger, wishes: t.Sequence[Wish], definitions: t.Mapping[str, object]
    ) -> dict[str, t.Any]:
        found = ledger.apply(of_pools(wishes, list(ledger.pools().values())), state="verified")
        findings = list(found.findings)
        try:
            pools = ledger.define_pools(definitions, check=True)
            findings += [f"pool {name} is defined in another way in the ledger" for name in sorted(pools.after)]
        except Refused as refused:
            findings.append(str(refused))
        result: dict[str, t.Any] = {"changed": False, "findings": findings, "count": len(wishes)}
        if findings:
            shown = " ".join(f"{finding.rstrip('.')}." for finding in findings[:10])
            more = f" And {len(findings) - 10} more." if len(findings) > 10 else ""
            result.update(failed=True, msg=f"{len(findings)} found: {shown}{more}")
        return result

    # -- what the task says

    def _wishes(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> list[Wish]:
        pool, owner = args["pool"], args["owner"]
        wishes = []
        if args["requests"] is not None:
            wishes += parse_wishes(args["requests"], pool, owner)
        if args["requests_file"] is not None:
            wishes += [parse_wish(one, pool, owner) for one in self._lines(args["requests_file"], task_vars)]
        if args["group"] is not None and args["source"] != "inventory":
            hosts = self._hosts(args["group"], task_vars)
            wishes += [parse_wish({"name": host, "owner": owner or host}, pool) for host in hosts]
        if args["source"] is not None:
            wishes += [parse_wish(entry, pool) for entry in self._source(args, task_vars)]
        elif args["content"] is not None or args["content_file"] is not None:
            raise Refused("content, content_file", "they are read as a source says", "Name the source")
        return wishes

    def _lines(self, path: str, task_vars: dict[str, t.Any]) -> list[object]:
        """A JSON list, or a line for each request: a name, or a JSON object."""
        text = self._text(path, "requests_file", task_vars)
        try:
            if text.lstrip().startswith("["):
                return list(json.loads(text))
            lines = [line.strip() for line in text.splitlines()]
            return [json.loads(line) if line.startswith("{") else line for line in lines if line and line[0] != "#"]
        except (ValueError, RecursionError) as error:
            raise Refused(
                f"requests_file={path}", f"it is no JSON ({error})", "Write a name in each line, or JSON"
            ) from error

    def _source(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        kind, document = args["source"], args["content"]
        if kind == "inventory":
            return self._inventory(args, task_vars)
        if (document is None) == (args["content_file"] is None):
            raise Refused(f"source={kind}", "its document is content or in content_file", "Give one of them")
        if document is None:
            document = self._text(args["content_file"], "content_file", task_vars)
        # NetBox exports CSV and answers JSON.
        if isinstance(document, str) and kind not in TABLES and (kind != "netbox" or document.lstrip()[:1] in "{["):
            # Ansible wants to know where a text is from as an absolute path, or not at all.
            path = args["content_file"] and os.path.abspath(
                os.path.join(self.directory(task_vars), args["content_file"])
            )
            document = self._loader.load(document, file_name=path)
        return read_source(kind, document, args["owner"] or "", args["network"])

    def _inventory(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        hostvars = task_vars["hostvars"]
        return inventory(
            {
                host: {name: hostvars[host][name] for name in args["variables"] if name in hostvars[host]}
                for host in self._hosts(args["group"] or "all", task_vars)
            }
        )

    @staticmethod
    def _hosts(group: str, task_vars: dict[str, t.Any]) -> list[str]:
        groups = task_vars.get("groups") or {}
        if group not in groups:
            raise Refused(f"group={group}", "the inventory has no such group", "Correct the name")
        return list(groups[group])

    # -- where things are

    def _text(self, path: str, option: str, task_vars: dict[str, t.Any]) -> str:
        try:
            with open(os.path.join(self.directory(task_vars), path), encoding="utf-8") as stream:
                return stream.read()
        except (OSError, ValueError) as error:
            raise Refused(
                f"{option}={path}", f"it cannot be read ({error})", "Name a text file on the controller"
            ) from error

    def _write(self, path: str, entries: list[dict[str, t.Any]], task_vars: dict[str, t.Any]) -> str:
        full = os.path.join(self.directory(task_vars), path)
        if not self.check_mode:
            lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
            write_private(full, f"[\n{lines}\n]\n" if entries else "[]\n")
        return full
