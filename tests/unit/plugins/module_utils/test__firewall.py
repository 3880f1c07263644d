# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _firewall as firewall
from ansible_collections.routable.ipv6.plugins.module_utils import _firewall_rules as rules

TABLE = "routable_containers"
# As nft 1.0.6 lists it, shortened to one rule.
LISTING: list[dict[str, t.Any]] = [
    {"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}},
    {"table": {"family": "ip6", "name": TABLE, "handle": 5}},
    {
        "set": {
            "family": "ip6",
            "name": "opened",
            "table": TABLE,
            "type": ["ipv6_addr", "inet_proto", "inet_service"],
            "handle": 4,
            "flags": ["interval"],
            "elem": [{"concat": ["2001:db8::7", "tcp", 80]}, {"concat": ["2001:db8::7", "udp", 53]}],
        }
    },
    {
        "chain": {
            "family": "ip6",
            "table": TABLE,
            "name": "forward",
            "handle": 1,
            "type": "filter",
            "hook": "forward",
            "prio": -10,
            "policy": "accept",
        }
    },
    {
        "rule": {
            "family": "ip6",
            "table": TABLE,
            "chain": "forward",
            "handle": 13,
            "expr": [{"counter": {"packets": 3, "bytes": 240}}, {"drop": None}],
        }
    },
]


def value(listing: list[dict[str, t.Any]] | None = None) -> dict[str, t.Any] | None:
    return firewall.table_value(json.dumps({"nftables": LISTING if listing is None else listing}), TABLE)


def changed(path: str, to: t.Any) -> list[dict[str, t.Any]]:
    """The listing with one value changed; the path is dotted, with numbers for places in lists."""
    listing = copy.deepcopy(LISTING)
    where: t.Any = listing
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        where = where[step]
    where[last] = to
    return listing


WISH = rules.read("containers", ["2001:db8::/80"], [], ["docker0"])
TEXTS = rules.file_texts(WISH)
PRESENT = firewall.Current(value(), "listing", TEXTS, enabled=True, active=True)
NOTHING = firewall.Current(None, "", dict.fromkeys(TEXTS), enabled=False, active=False)


def test_a_table_by_value() -> None:
    assert value() == {
        "sets": {
            "opened": {
                "type": ["ipv6_addr", "inet_proto", "inet_service"],
                "flags": ["interval"],
                "elem": [{"concat": ["2001:db8::7", "tcp", 80]}, {"concat": ["2001:db8::7", "udp", 53]}],
            }
        },
        "chains": {
            "forward": {
                "type": "filter",
                "hook": "forward",
                "prio": -10,
                "policy": "accept",
                "rules": [["counter", {"drop": None}]],
            }
        },
        "other": [],
    }


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("1.table.handle", 99),
        ("4.rule.handle", 99),
        ("4.rule.expr.0.counter.packets", 4),
        ("2.set.elem", list(reversed(LISTING[2]["set"]["elem"]))),
        ("0.metainfo.version", "1.1.7"),
    ],
)
def test_what_does_not_matter(path: str, to: t.Any) -> None:
    assert value(changed(path, to)) == value()


def test_the_order_of_tables_parts_does_not_matter() -> None:
    # Since 1.1 nft lists chains before sets.
    assert value([LISTING[0], LISTING[1], LISTING[3], LISTING[2], LISTING[4]]) == value()


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("2.set.elem", []),
        ("2.set.flags", ["timeout"]),
        ("3.chain.policy", "drop"),
        ("3.chain.prio", 0),
        ("4.rule.expr", [{"drop": None}]),
        ("4.rule.expr.1", {"accept": None}),
        ("1.table.flags", ["dormant"]),
    ],
)
def test_what_matters(path: str, to: t.Any) -> None:
    assert value(changed(path, to)) != value()


def test_an_object_of_another_kind_matters() -> None:
    extra = {"counter": {"family": "ip6", "name": "n", "table": TABLE, "handle": 7, "packets": 0, "bytes": 0}}
    assert value([*LISTING, extra]) != value()


def test_other_tables_do_not() -> None:
    others = [
        {"table": {"family": "ip6", "name": "filter", "handle": 1}},
        {"table": {"family": "inet", "name": TABLE, "handle": 2}},
        {"chain": {"family": "inet", "table": TABLE, "name": "x", "handle": 1}},
        {"rule": {"family": "ip6", "table": "filter", "chain": "forward", "handle": 3, "expr": [{"accept": None}]}},
    ]
    assert value([*LISTING, *others]) == value()
    assert value(others) is None and value([]) is None


def chain(**more: t.Any) -> dict[str, t.Any]:
    base = {"family": "ip6", "table": "filter", "name": "FORWARD", "handle": 1, "hook": "forward", "policy": "drop"}
    return {"chain": {**base, **more}}


@pytest.mark.parametrize(
    ("entry", "blocks"),
    [
        (chain(), ["ip6 filter FORWARD"]),
        (chain(family="inet", table="firewalld", name="filter_FORWARD"), ["inet firewalld filter_FORWARD"]),
        (chain(policy="accept"), []),
        (chain(hook="input"), []),
        (chain(family="ip"), []),
        (chain(table=TABLE), []),
        ({"chain": {"family": "ip6", "table": "filter", "name": "regular", "handle": 1}}, []),
    ],
)
def test_chains_that_drop_by_policy(entry: dict[str, t.Any], blocks: list[str]) -> None:
    assert firewall.blocking_chains(json.dumps({"nftables": [entry]}), TABLE) == blocks


def actions(plan: t.Any) -> list[str]:
    return [change.action for change in plan.changes]


def test_from_nothing() -> None:
    plan = firewall.plan_present(NOTHING, WISH, value(), "listing", [])
    assert actions(plan) == ["write", "write", "write", "reload", "enable", "load", "start"]
    assert plan.before == {"table": [], "files": dict.fromkeys(TEXTS), "enabled": False, "active": False}
    assert plan.after["table"] == ["listing"] and plan.after["enabled"] and plan.after["active"]
    assert firewall.difference(PRESENT, plan, value()) == ""


def test_from_nothing_where_nft_is_not_there_yet() -> None:
    plan = firewall.plan_present(NOTHING, WISH, None, rules.render(WISH), [])
    assert actions(plan) == ["write", "write", "write", "reload", "enable", "load", "start"]


def test_when_all_is_there() -> None:
    plan = firewall.plan_present(PRESENT, WISH, value(), "listing", ["ip6 filter FORWARD"])
    assert not plan.changed and plan.before == plan.after
    assert len(plan.warnings) == 1 and "ip6 filter FORWARD" in plan.warnings[0]


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ({"table": None, "listing": ""}, ["load"]),
        ({"table": {"sets": {}, "chains": {}, "other": []}}, ["load"]),
        ({"files": {**TEXTS, rules.rules_path("containers"): None}}, ["write"]),
        ({"files": {**TEXTS, rules.dropin_path("containers"): "x"}}, ["write", "reload"]),
        ({"enabled": False}, ["enable"]),
        ({"active": False}, ["start"]),
    ],
)
def test_only_what_differs_is_done(current: dict[str, t.Any], expected: list[str]) -> None:
    given = {"table": value(), "listing": "listing", "files": TEXTS, "enabled": True, "active": True, **current}
    plan = firewall.plan_present(firewall.Current(**given), WISH, value(), "listing", [])
    assert actions(plan) == expected


def test_taking_it_away() -> None:
    plan = firewall.plan_absent(PRESENT, "containers")
    assert actions(plan) == ["disable", "remove", "remove", "remove", "reload", "delete"]
    assert plan.after == {"table": [], "files": dict.fromkeys(TEXTS), "enabled": False, "active": False}
    assert firewall.difference(NOTHING, plan, None) == ""
    assert not firewall.plan_absent(NOTHING, "containers").changed


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({"table": value()}, "table"),
        ({"enabled": True}, "enabled"),
        ({"files": TEXTS, "active": True}, "files, active"),
    ],
)
def test_what_is_left_is_named(left: dict[str, t.Any], said: str) -> None:
    given = {"table": None, "listing": "", "files": dict.fromkeys(TEXTS), "enabled": False, "active": False, **left}
    assert firewall.difference(firewall.Current(**given), firewall.plan_absent(PRESENT, "containers"), None) == said


def test_bringing_a_table_back() -> None:
    assert firewall.restoring(NOTHING, TABLE) == f"table ip6 {TABLE} {{\n}}\ndelete table ip6 {TABLE}\n"
    assert firewall.restoring(PRESENT, TABLE).endswith(f"delete table ip6 {TABLE}\nlisting")
