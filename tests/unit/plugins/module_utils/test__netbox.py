# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._netbox import (
    ADDRESSES,
    PREFIXES,
    Found,
    Terms,
    Wanted,
    check_field,
    check_version,
    publish_plan,
    read_found,
    refusal,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Plan, Refused
from hypothesis import given
from hypothesis import strategies as st

BASE = 0x20010DB8 << 96
TERMS = Terms("routable_name", frozenset({"web", "web/inner", "db"}), frozenset({"web"}))
LABELS = ["", "web/a", "web/b", "web/c", "db/a", "web/inner/a", "foreign"]
IN_USE = ("active", "dhcp", "slaac")


def carried_out(plan: Plan, objects: t.Sequence[Found]) -> list[Found]:
    """What NetBox has afterwards. It refuses to write a value that another object has."""
    there = {one.id: one for one in objects}
    for change in plan.changes:
        body, kind = change.data["body"], change.data["kind"]
        if change.action == "delete":
            del there[body["id"]]
            continue
        row = {
            "id": body.get("id", 1000 + len(there)),
            "vrf": None,
            "tenant": None,
            "status": body.get("status"),
            "custom_fields": body.get("custom_fields", {}),
        }
        old = there.get(row["id"])
        key = "prefix" if kind == PREFIXES else "address"
        if key in body:
            new = read_found(kind, [{**row, key: body[key]}], "routable_name", None)[0]
            assert not [one for one in there.values() if one.value == new.value], "a duplicate"
        else:
            new = old
        if old is not None:
            new = dataclasses.replace(
                new,
                status=body.get("status", old.status),
                label=body.get("custom_fields", {}).get("routable_name", old.label),
            )
        there[new.id] = new
    return list(there.values())


objects = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from(LABELS), st.sampled_from(["active", "reserved", "deprecated", "dhcp"])
    ),
    max_size=8,
).map(lambda rows: [Found(ADDRESSES, n, BASE + row[0], 64, row[2], row[1]) for n, row in enumerate(rows)])
allocations = st.dictionaries(
    st.integers(0, 5), st.tuples(st.sampled_from("abc"), st.sampled_from(["active", "reserved", "quarantine"]))
).map(lambda places: [Wanted("web", name, BASE + at, 128, state) for at, (name, state) in places.items()])


@given(allocations, objects, st.sampled_from(["deleted", "deprecated"]))
def test_a_second_run_has_nothing_to_do_and_nothing_of_others_is_touched(
    wanted: list[Wanted], there: list[Found], removed: str
) -> None:
    terms = dataclasses.replace(TERMS, removed=removed)
    foreign = {one for one in there if one.label in ("db/a", "web/inner/a", "foreign")}
    try:
        plan = publish_plan(wanted, there, terms)
    except Refused as refused:
        assert foreign & {one for one in there if one.value in {it.value for it in wanted}}, refused
        return
    after = carried_out(plan, there)
    again = publish_plan(wanted, after, terms)
    assert again.changes == ()
    assert foreign <= set(after)
    values = [one.value for one in there]
    for one in after:
        assert [it.value for it in after].count(one.value) <= max(1, values.count(one.value))
    for one in wanted:
        has = [it for it in after if it.value == one.value]
        shown = [it for it in has if it.label == one.label]
        if not shown:
            assert len(has) > 1, "neither published nor reported as a duplicate"
            continue
        status = {"active": IN_USE, "reserved": ("reserved",), "quarantine": ("deprecated",)}[one.state]
        assert any(it.status in status for it in shown)
    for one in there:
        if one.label == "" and one not in after:
            assert [it.label for it in after if it.id == one.id] != [], "somebody's own object was deleted"
    wanted_values = {it.value for it in wanted}
    for one in after:
        if one.label.startswith("web/") and one.label != "web/inner/a" and one.value not in wanted_values:
            assert removed == "deprecated" and one.status == "deprecated"


@given(allocations, objects, st.randoms())
def test_the_order_of_answers_does_not_matter(wanted: list[Wanted], there: list[Found], random: t.Any) -> None:
    mixed, other = [*there], [*wanted]
    random.shuffle(mixed)
    random.shuffle(other)
    try:
        plan = publish_plan(wanted, there, TERMS)
    except Refused as refused:
        with pytest.raises(Refused) as again:
            publish_plan(other, mixed, TERMS)
        assert str(again.value) == str(refused)
        return
    assert publish_plan(other, mixed, TERMS) == plan


def test_a_name_that_moves_keeps_its_object_and_the_length_of_its_link() -> None:
    there = [Found(ADDRESSES, 4, BASE + 1, 64, "active", "web/a")]
    plan = publish_plan([Wanted("web", "a", BASE + 2, 128, "active")], there, TERMS)
    assert [(one.action, one.data["body"]) for one in plan.changes] == [
        ("update", {"id": 4, "address": "2001:db8::2/64"})
    ]
    assert plan.before == {"2001:db8::1 (id 4)": {"label": "web/a", "status": "active", "tenant": None}}
    assert list(plan.after) == ["2001:db8::2 (id 4)"]


def test_what_is_made() -> None:
    terms = dataclasses.replace(TERMS, vrf=7, tenant=3, address_length=64)
    wanted = [
        Wanted("web", "a", BASE + 1, 128, "reserved", "team"),
        Wanted("web", "n" * 255, BASE + (1 << 64), 64, "quarantine"),
    ]
    bodies = {one.data["kind"]: one.data["body"] for one in publish_plan(wanted, [], terms).changes}
    assert bodies[ADDRESSES] == {
        "address": "2001:db8::1/64",
        "status": "reserved",
        "vrf": 7,
        "tenant": 3,
        "description": "a",
        "comments": "pool: web, owner: team",
        "custom_fields": {"routable_name": "web/a"},
    }
    assert bodies[PREFIXES]["prefix"] == "2001:db8:0:1::/64"
    assert bodies[PREFIXES]["status"] == "deprecated" and len(bodies[PREFIXES]["description"]) == 200


def test_containers_stay_and_a_hand_made_object_is_labelled() -> None:
    there = [Found(PREFIXES, 4, BASE, 64, "container")]
    plan = publish_plan([Wanted("web", "a", BASE, 64, "active")], there, TERMS)
    assert [one.data["body"] for one in plan.changes] == [{"id": 4, "custom_fields": {"routable_name": "web/a"}}]


@pytest.mark.parametrize("label", ["", "web/a"])
def test_what_is_there_twice_stays_as_it_is_and_is_reported(label: str) -> None:
    there = [Found(ADDRESSES, n, BASE, length, "active", label) for n, length in ((4, 64), (5, 128))]
    plan = publish_plan([Wanted("web", "a", BASE, 128, "active")], there, TERMS)
    assert plan.changes == () and plan.before == plan.after == {}
    left = "" if label else ", and none of them was labelled"
    assert plan.warnings == (f"NetBox has 2001:db8:: 2 times (ids 4, 5){left}.",)


def test_a_name_that_moves_away_from_what_another_takes() -> None:
    """Both have an object at the place that one of them keeps: the other's moves."""
    there = [Found(ADDRESSES, n, BASE, 64, "active", label) for n, label in ((4, "web/a"), (5, "web/b"))]
    wanted = [Wanted("web", "b", BASE, 128, "active"), Wanted("web", "a", BASE + 1, 128, "active")]
    bodies = [one.data["body"] for one in publish_plan(wanted, there, TERMS).changes]
    assert bodies == [{"id": 4, "address": "2001:db8::1/64"}]


def test_all_conflicts_come_at_once() -> None:
    there = [Found(ADDRESSES, n, BASE + n, 64, "active", f"other/{n}") for n in (1, 2)]
    wanted = [Wanted("web", "ab"[n - 1], BASE + n, 128, "active") for n in (1, 2)]
    with pytest.raises(Refused, match=r"2001:db8::1 of web/a is labelled other/1 .*2001:db8::2 of web/b"):
        publish_plan(wanted, there, TERMS)


def test_labels_that_two_pools_make() -> None:
    wanted = [Wanted("a", "b/c", BASE, 128, "active"), Wanted("a/b", "c", BASE + 1, 128, "active")]
    with pytest.raises(Refused, match="both make this label"):
        publish_plan(wanted, [], Terms("f", frozenset({"a", "a/b"}), frozenset({"a", "a/b"})))


def test_other_vrfs_and_ipv4_are_left_out() -> None:
    row = {"id": 1, "status": {"value": "active"}, "tenant": {"id": 3}, "custom_fields": {"f": None}}
    rows = [
        {**row, "prefix": "2001:DB8:0::/48", "vrf": None},
        {**row, "prefix": "2001:db8::/48", "vrf": {"id": 7}},
        {**row, "prefix": "10.0.0.0/8", "vrf": None},
    ]
    assert read_found(PREFIXES, rows, "f", None) == [Found(PREFIXES, 1, BASE, 48, "active", "", 3)]
    assert len(read_found(PREFIXES, rows, "f", 7)) == 1
    with pytest.raises(Refused, match="of another form"):
        read_found(PREFIXES, [{"prefix": "2001:db8::/48"}], "f", None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "other"}, "NetBox has no such custom field. In NetBox, under Customization"),
        ({"type": {"value": "integer"}}, "its type is integer"),
        ({"object_types": ["ipam.prefix"]}, "it is not for ipam.ipaddress"),
        ({"object_types": None, "content_types": ["ipam.ipaddress"]}, "it is not for ipam.prefix"),
        ({"unique": True}, "must be unique"),
    ],
)
def test_custom_fields_that_will_not_do(change: dict[str, t.Any], says: str) -> None:
    good = {"name": "f", "type": {"value": "text"}, "object_types": ["ipam.ipaddress", "ipam.prefix"]}
    check_field([good], "f", [PREFIXES, ADDRESSES])
    with pytest.raises(Refused, match=says):
        check_field([{**good, **change}], "f", [PREFIXES, ADDRESSES])


def test_versions() -> None:
    for good in ("3.5", "3.5.0", "3.10.1", "4.4.10-Docker-3.4.2", "v4.6.8"):
        check_version(good)
    for bad in ("3.4.10", "2.11", "unknown", None):
        with pytest.raises(Refused):
            check_version(bad)


def test_what_netbox_says_in_one_line() -> None:
    bodies = [{"prefix": "2001:db8::/64"}, {"prefix": "2001:db8:0:1::/64"}]
    assert refusal([{}, {"prefix": ["Duplicate found."]}], bodies) == "2001:db8:0:1::/64: prefix: Duplicate found"
    assert refusal({"__all__": ["No.\n Never."]}, []) == "No. Never"
    assert refusal({"detail": "Not found."}, []) == "Not found"
