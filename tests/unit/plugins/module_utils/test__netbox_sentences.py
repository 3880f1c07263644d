# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a publication to NetBox, word by word: each step, the diff, warnings and refusals."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._netbox import (
    ADDRESSES,
    DEPRECATED,
    PREFIXES,
    Found,
    Terms,
    Wanted,
    check_field,
    check_version,
    publish_plan,
    read_found,
    refusal,
    supported_kinds,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

BASE = 0x20010DB8 << 96
TERMS = Terms("label", frozenset({"web", "web/inner", "db"}), frozenset({"web"}))
A = Wanted("web", "a", BASE + 1, 128, "active")
Step = t.Tuple[str, str, t.Dict[str, t.Any]]


def found(number: int, label: str = "", status: str = "active", at: int = 1, **more: t.Any) -> Found:
    return Found(ADDRESSES, number, BASE + at, 64, status, label, **more)


def steps(wanted: list[Wanted], there: list[Found], terms: Terms = TERMS) -> list[Step]:
    changes = publish_plan(wanted, there, terms).changes
    return [(change.sentence, change.action, change.data["body"]) for change in changes]


@pytest.mark.parametrize(
    ("wanted", "there", "terms", "expected"),
    [
        ([A], [found(4, "web/a")], TERMS, []),
        ([A], [found(4, "web/a", "dhcp")], TERMS, []),
        (
            [A],
            [found(4, "web/a", "reserved")],
            TERMS,
            [("Update status of 2001:db8::1 for web/a.", "update", {"id": 4, "status": "active"})],
        ),
        (
            [dataclasses.replace(A, state="reserved")],
            [found(4, "web/a", "dhcp")],
            TERMS,
            [("Update status of 2001:db8::1 for web/a.", "update", {"id": 4, "status": "reserved"})],
        ),
        (
            [A],
            [found(4, at=1)],
            dataclasses.replace(TERMS, tenant=3),
            [
                (
                    "Update tenant, label of 2001:db8::1 for web/a.",
                    "update",
                    {"id": 4, "tenant": 3, "custom_fields": {"label": "web/a"}},
                )
            ],
        ),
        ([A], [found(4, "web/a", tenant=3)], dataclasses.replace(TERMS, tenant=3), []),
        (
            [],
            [found(4, "web/b"), found(5, "web/inner/b", at=2), found(6, "db/b", at=3), found(7, at=4)],
            TERMS,
            [("Delete 2001:db8::1 of web/b.", "delete", {"id": 4})],
        ),
        (
            [],
            [found(4, "web/b"), found(5, "web/c", "deprecated", at=2)],
            dataclasses.replace(TERMS, removed=DEPRECATED),
            [("Mark 2001:db8::1 of web/b as deprecated.", "update", {"id": 4, "status": "deprecated"})],
        ),
    ],
)
def test_steps(wanted: list[Wanted], there: list[Found], terms: Terms, expected: list[Step]) -> None:
    assert steps(wanted, there, terms) == expected


def test_deletions_come_first_and_creations_last_and_the_diff_has_them_all() -> None:
    new = Wanted("web", "n", BASE, 64, "quarantine", "team")
    plan = publish_plan([A, new], [found(4, "web/a", at=3), found(5, "web/b", at=2)], TERMS)
    assert [(one.sentence, one.action, one.data["kind"]) for one in plan.changes] == [
        ("Delete 2001:db8::2 of web/b.", "delete", ADDRESSES),
        ("Update address of 2001:db8::3 for web/a.", "update", ADDRESSES),
        ("Create 2001:db8::/64 for web/n.", "create", PREFIXES),
    ]
    assert plan.changes[2].data["body"] == {
        "prefix": "2001:db8::/64",
        "status": "deprecated",
        "vrf": None,
        "description": "n",
        "comments": "pool: web, owner: team",
        "custom_fields": {"label": "web/n"},
    }
    shown = {"status": "active", "tenant": None}
    assert plan.before == {
        "2001:db8::2 (id 5)": {"label": "web/b", **shown},
        "2001:db8::3 (id 4)": {"label": "web/a", **shown},
    }
    assert plan.after == {
        "2001:db8::1 (id 4)": {"label": "web/a", **shown},
        "2001:db8::/64 (new)": {"label": "web/n", "status": "deprecated", "tenant": None},
    }


def test_the_diff_of_a_change_of_status() -> None:
    terms = dataclasses.replace(TERMS, removed=DEPRECATED, tenant=3)
    plan = publish_plan([A], [found(4, "web/b", at=2, tenant=7), found(5, "web/a", "reserved", tenant=7)], terms)
    assert plan.after == {
        "2001:db8::2 (id 4)": {"label": "web/b", "status": "deprecated", "tenant": 7},
        "2001:db8::1 (id 5)": {"label": "web/a", "status": "active", "tenant": 3},
    }
    assert plan.before["2001:db8::2 (id 4)"] == {"label": "web/b", "status": "active", "tenant": 7}


def test_of_several_objects_the_labelled_one_is_taken() -> None:
    there = [found(4), found(5, "web/x"), found(6, "web/a")]
    plan = publish_plan([A], there, TERMS)
    assert plan.warnings == ("NetBox has 2001:db8::1 3 times (ids 4, 5, 6).",)
    # The copy with another label of ours goes.
    assert [one.data["body"] for one in plan.changes] == [{"id": 5}]
    (step,) = steps([A], [found(4), found(5, "web/x")])
    assert step[2] == {"id": 5, "custom_fields": {"label": "web/a"}}


def test_conflicts_are_counted_and_ten_are_shown() -> None:
    wanted = [Wanted("web", str(number), BASE + number, 128, "active") for number in range(10, 22)]
    there = [found(number, f"other/{number}", at=number) for number in range(10, 22)]
    shown = "; ".join(
        f"2001:db8::{number:x} of web/{number} is labelled other/{number} in NetBox" for number in range(10, 20)
    )
    remedy = "Clear label there, or release them here; nothing was written."
    with pytest.raises(Refused, match=f"^{re.escape(f'12 cannot be published: {shown}; and 2 more. {remedy}')}$"):
        publish_plan(wanted, there, TERMS)
    with pytest.raises(Refused, match=f"^{re.escape(f'10 cannot be published: {shown}. {remedy}')}$"):
        publish_plan(wanted[:10], there, TERMS)


def test_labels_that_two_pools_make() -> None:
    wanted = [Wanted("a", "b/c", BASE, 128, "active"), Wanted("a/b", "c", BASE + 1, 128, "active")]
    with pytest.raises(Refused, match="^a/b/c: the pools a and a/b both make this label. Rename one.$"):
        publish_plan(wanted, [], Terms("f", frozenset({"a", "a/b"}), frozenset({"a", "a/b"})))


MAKE = (
    "In NetBox, under Customization and Custom Fields, add the field f of type text for ipam.ipaddress and ipam.prefix."
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "g"}, f"NetBox has no such custom field. {MAKE}"),
        ({"type": "integer"}, f"its type is integer, and labels are text. Name another field. {MAKE}"),
        (
            {"object_types": ["dcim.site"]},
            "it is not for ipam.ipaddress and ipam.prefix. Add this to its object types in NetBox.",
        ),
        (
            {"unique": True},
            "its values must be unique, and a name in quarantine can stand beside the same name in use. "
            "Turn that off in NetBox.",
        ),
    ],
)
def test_custom_fields_that_will_not_do(change: dict[str, t.Any], message: str) -> None:
    good = {"name": "f", "type": {"value": "text"}, "object_types": ["ipam.ipaddress", "ipam.prefix"]}
    with pytest.raises(Refused, match=f"^{re.escape(f'custom_field=f: {message}')}$"):
        check_field([{**good, **change}], "f", [PREFIXES, ADDRESSES])


def test_kinds_that_have_the_field() -> None:
    fields = [
        {"name": "f", "object_types": ["ipam.prefix"]},
        {"name": "g", "content_types": ["ipam.ipaddress", "ipam.prefix"]},
        {"name": "h"},
    ]
    assert [supported_kinds(fields, name) for name in "fghi"] == [[PREFIXES], [PREFIXES, ADDRESSES], [], []]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3.4.10", "NetBox 3.4.10: versions before 3.5 are not supported. Upgrade NetBox."),
        ("2.11", "NetBox 2.11: versions before 3.5 are not supported. Upgrade NetBox."),
        (None, "netbox-version=None: this is no version. Look whether the URL is NetBox's own."),
    ],
)
def test_versions(text: object, message: str) -> None:
    with pytest.raises(Refused, match=f"^{re.escape(message)}$"):
        check_version(text)


def test_answers_are_read_whole() -> None:
    row = {
        "id": 7,
        "address": "2001:DB8:0::5/64",
        "vrf": {"id": 2},
        "status": "dhcp",
        "tenant": {"id": 3},
        "custom_fields": {"f": "web/a"},
    }
    assert read_found(ADDRESSES, [row], "f", 2) == [Found(ADDRESSES, 7, BASE + 5, 64, "dhcp", "web/a", 3)]
    for broken in ({**row, "custom_fields": None}, {**row, "vrf": 2}, {**row, "status": {}}, {"address": None}):
        with pytest.raises(Refused, match=r"^NetBox's ip-addresses: they are of another form \(.*\). Look whether"):
            read_found(ADDRESSES, [broken], "f", 2)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([{}, {"vrf": ["No such."]}], "2001:db8::5/64: vrf: No such"),
        ([{}, {}, {"status": ["Wrong."]}], "9: status: Wrong"),
        ([{}, {}, {}], "[{}, {}, {}]"),
        ({"non_field_errors": ["One.", "Two."], "a": {"b": "No"}}, "One. Two.; a: b: No"),
        ("It is\n gone.", "It is gone"),
        (7, "7"),
        ("x" * 400, "x" * 300),
        ({"a": ["x" * 400]}, f"a: {'x' * 297}"),
    ],
)
def test_what_netbox_says(said: object, text: str) -> None:
    assert refusal(said, [{"prefix": "::/64"}, {"address": "2001:db8::5/64"}, {"id": 9}]) == text
