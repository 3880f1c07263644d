# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.module_utils.basic import env_fallback
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import last_of, prefix_numbers, written_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool, parse_pool
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import without_password
from ansible_collections.routable.ipv6.plugins.module_utils._netbox import (
    ADDRESSES,
    OBJECT_TYPES,
    PREFIXES,
    Terms,
    Wanted,
    check_field,
    check_version,
    publish_plan,
    read_found,
    supported_kinds,
)
from ansible_collections.routable.ipv6.plugins.module_utils._netbox_client import LIST_LENGTH, NetBox, NetBoxError
from ansible_collections.routable.ipv6.plugins.module_utils._netbox_import import Block, Row, import_plan
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import (
    LONGEST_ANSWER,
    SHORTEST_ANSWER,
    check_seconds,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import ledger_of_task, opened, run_id
from ansible_collections.routable.ipv6.plugins.plugin_utils._ledger_action import (
    LedgerAction,
    granted_diff,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._netbox import adopt, contents
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import as_text

_DONE = {"create": "created", "update": "updated", "delete": "deleted"}


class ActionModule(LedgerAction):
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        "url": {"type": "str", "required": True, "fallback": (env_fallback, ["NETBOX_API"])},
        "token": {"type": "str", "required": True, "no_log": True, "fallback": (env_fallback, ["NETBOX_TOKEN"])},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "timeout": {"type": "float", "default": 30},
        "direction": {"type": "str", "choices": ["import", "publish"], "required": True},
        "ledger": {"type": "str"},
        "pools": {"type": "dict"},
        "only_pools": {"type": "list", "elements": "str"},
        "custom_field": {"type": "str", "default": "routable_name"},
        "vrf": {"type": "str"},
        "tenant": {"type": "str"},
        "removed": {"type": "str", "choices": ["deleted", "deprecated"], "default": "deleted"},
        "address_length": {"type": "int", "default": 128},
        "within": {"type": "list", "elements": "str"},
        "create_pools": {"type": "bool", "default": True},
        "run": {"type": "str"},
    }

    def act_on_ledger(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        _check_options(args)
        netbox = NetBox(args["url"], args["token"], args["timeout"], args["validate_certs"], args["ca_path"])
        act = self._publish if args["direction"] == "publish" else self._import
        try:
            version = netbox.version()
            check_version(version)
            result = act(netbox, args, task_vars)
        except NetBoxError as error:
            # What a server says back is not ours to trust.
            raise AnsibleActionFail(f"{error}.".replace(args["token"], "***")) from None
        return {**result, "direction": args["direction"], "netbox_version": version}

    # -- to NetBox

    def _publish(self, netbox: NetBox, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        where = ledger_of_task(self, args["ledger"], task_vars)
        # Only read: a ledger that does not exist is not made.
        with opened(where, True) as ledger:
            pools, allocations = contents(ledger)
        published = _published(pools, args["only_pools"])
        wanted = [one for one in allocations if one.pool in published]
        field = args["custom_field"]
        fields = netbox.list("extras/custom-fields", name=field)
        check_field(fields, field, {one.kind for one in wanted} or OBJECT_TYPES)
        kinds = supported_kinds(fields, field)
        terms = Terms(
            field,
            frozenset(pools),
            published,
            _reference(netbox, "vrf", "ipam/vrfs", ("rd", "name"), args["vrf"]),
            _reference(netbox, "tenant", "tenancy/tenants", ("slug", "name"), args["tenant"]),
            args["removed"],
            args["address_length"],
        )
        found = [
            one
            for kind in kinds
            for one in read_found(kind, _published_rows(netbox, kind, pools, published, field), field, terms.vrf)
        ]
        plan = publish_plan(wanted, found, terms)
        for kind in kinds:
            netbox.check_may(kind, {change.action for change in plan.changes if change.data["kind"] == kind})
        if not self.check_mode:
            _apply(netbox, plan)
        counts = {word: sum(change.action == action for change in plan.changes) for action, word in _DONE.items()}
        result: dict[str, t.Any] = {
            "changed": plan.changed,
            "ledger": without_password(where),
            **counts,
            "changes": plan.sentences,
            "duplicates": list(plan.warnings),
            "warnings": list(plan.warnings),
        }
        if self._task.diff:
            result["diff"] = {
                "before_header": netbox.who,
                "after_header": netbox.who,
                "before": as_text(plan.before),
                "after": as_text(plan.after),
            }
        return result

    # -- from NetBox

    def _import(self, netbox: NetBox, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        definitions = self.definitions(args, task_vars)
        where = ledger_of_task(self, args["ledger"], task_vars)
        run = args["run"] or run_id(task_vars)
        vrf = _reference(netbox, "vrf", "ipam/vrfs", ("rd", "name"), args["vrf"])
        with opened(where, self.check_mode) as ledger:
            pools, allocations = contents(ledger)
            known = _known({**pools, **{name: parse_pool(name, one) for name, one in definitions.items()}})
            within = _within(args["within"], known)
            rows = _rows_within(netbox, within)
            plan = import_plan(
                rows, args["custom_field"], vrf, known, _in_use(allocations), within, args["create_pools"]
            )
            granted = adopt(ledger, plan, definitions, run, self.check_mode)
        result: dict[str, t.Any] = {
            "changed": granted.changed,
            "ledger": without_password(where),
            "run": run,
            "adopted": sum(outcome.changed for outcome in granted.outcomes),
            "count": len(granted.outcomes),
            "pools": sorted(plan.pools),
            "skipped": plan.skipped,
            "duplicates": plan.warnings,
            "warnings": plan.warnings,
        }
        if self._task.diff:
            result["diff"] = granted_diff(granted, without_password(where))
        return result


def _check_options(args: t.Mapping[str, t.Any]) -> None:
    if args["direction"] == "publish":
        strange = {"within": "Say only_pools instead", "pools": "Name them in only_pools; the ledger knows them"}
    else:
        strange = {"only_pools": "Say within instead", "tenant": "Leave it out: what is imported has no tenant here"}
    for option, remedy in strange.items():
        if args[option] is not None:
            raise Refused(option, f"it has no meaning with direction: {args['direction']}", remedy)
    if not 1 <= args["address_length"] <= 128:
        raise Refused(f"address_length={args['address_length']}", "this is 1 to 128", "Correct it")
    check_seconds("timeout", args["timeout"], SHORTEST_ANSWER, LONGEST_ANSWER)


def _published(pools: t.Mapping[str, Pool], only: t.Sequence[str] | None) -> frozenset[str]:
    wanted = list(pools) if only is None else only
    for name in wanted:
        if name not in pools:
            known = ", ".join(sorted(pools)) or "none yet"
            # Not to be taken for a pool that has nothing: all its objects would be removed.
            raise Refused(f"only_pools: {name}", f"the ledger has no such pool; it has {known}", "Correct the name")
        if only is not None and pools[name].prefix is None:
            raise Refused(f"only_pools: {name}", "it has no prefix, only suffixes", "Give it a prefix, or leave it out")
    # Without a prefix its names have no addresses just now; what NetBox shows of them stays.
    return frozenset(name for name in wanted if pools[name].prefix is not None)


def _published_rows(
    netbox: NetBox, kind: str, pools: t.Mapping[str, Pool], published: t.Collection[str], field: str
) -> list[Row]:
    """What has a label of these pools, wherever it is, and what lies in their prefixes."""
    rows: dict[int, Row] = {}
    for name in sorted(published):
        # Without this filter NetBox answers with more, never with less, and what is not ours is told apart here.
        rows.update((row["id"], row) for row in netbox.list(f"ipam/{kind}", **{f"cf_{field}__isw": f"{name}/"}))
    for row in _rows_of_kind(netbox, kind, list(_known({name: pools[name] for name in published}).values())):
        rows[row["id"]] = row
    return list(rows.values())


def _rows_within(netbox: NetBox, within: t.Sequence[Block]) -> dict[str, list[Row]]:
    return {kind: _rows_of_kind(netbox, kind, within) for kind in (PREFIXES, ADDRESSES)}


def _rows_of_kind(netbox: NetBox, kind: str, within: t.Sequence[Block]) -> list[Row]:
    rows: dict[int, Row] = {}
    for block in _outermost(within):
        key = "within_include" if kind == PREFIXES else "parent"
        rows.update((row["id"], row) for row in netbox.list(f"ipam/{kind}", **{key: written_prefix(*block)}))
    return list(rows.values())


def _outermost(blocks: t.Iterable[Block]) -> list[Block]:
    result: list[Block] = []
    for start, length in sorted(set(blocks)):
        if not result or start > last_of(*result[-1]):
            result.append((start, length))
    return result


def _known(pools: t.Mapping[str, Pool]) -> dict[str, Block]:
    """The prefixes of those that have one."""
    return {
        name: (int(pool.prefix.network_address), pool.prefix.prefixlen)
        for name, pool in pools.items()
        if pool.prefix is not None
    }


def _within(given: t.Sequence[str] | None, known: t.Mapping[str, Block]) -> list[Block]:
    blocks = [prefix_numbers(text, "within") for text in given] if given is not None else list(known.values())
    if not blocks:
        raise Refused("within", "there is no pool yet that says where to look", "Give the prefixes to import")
    return blocks


def _in_use(allocations: t.Iterable[Wanted]) -> dict[Block, tuple[str, str]]:
    return {(one.start, one.length): (one.pool, one.name) for one in allocations if one.state != "quarantine"}


def _reference(netbox: NetBox, option: str, path: str, keys: t.Sequence[str], value: str | None) -> int | None:
    """The id of what an option names in one of several ways."""
    if not value:
        return None
    for key in keys:
        found = [row for row in netbox.list(path, **{key: value}) if row.get(key) == value]
        if len(found) > 1:
            raise Refused(f"{option}={value}", f"NetBox has {len(found)} of this {key}", f"Give its {keys[0]}")
        if found:
            return int(found[0]["id"])
    raise Refused(f"{option}={value}", f"NetBox has none with this {' or '.join(keys)}", "Make it, or correct the name")


def _apply(netbox: NetBox, plan: Plan) -> None:
    """Deletions come first: NetBox does not tell in advance whether they are allowed."""
    done = dict.fromkeys(_DONE.values(), 0)
    for action, word in (("delete", "deleted"), ("update", "updated"), ("create", "created")):
        for kind in OBJECT_TYPES:
            bodies = [
                change.data["body"] for change in plan.changes if (change.action, change.data["kind"]) == (action, kind)
            ]
            for first in range(0, len(bodies), LIST_LENGTH):
                some = bodies[first : first + LIST_LENGTH]
                try:
                    netbox.write(action, kind, some)
                except NetBoxError as error:
                    written = ", ".join(f"{number} {what}" for what, number in done.items() if number)
                    total = len(plan.changes)
                    before = (
                        f"Of {total} changes these were written before: {written}. Run the task again to complete them"
                        if written
                        else f"Nothing of {total} changes was written before"
                    )
                    raise NetBoxError(f"{error}. {before}", error.status) from error
                done[word] += len(some)
