# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every step of a plan for an interface: its sentence, its data, and the diff that follows from it."""

from __future__ import annotations

import ipaddress
import re
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _eni as plans
from ansible_collections.routable.ipv6.plugins.module_utils._eni_choice import Choice, choose_length, choose_mode
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import Attachment, Eni, Range, Subnet
from ansible_collections.routable.ipv6.plugins.module_utils._eni_limits import InstanceType
from ansible_collections.routable.ipv6.plugins.module_utils._eni_outputs import outputs
from ansible_collections.routable.ipv6.plugins.module_utils._eni_wanted import Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Refused

SUBNET = Subnet("subnet-1", "vpc-1", "available", (Range(ipaddress.IPv6Network("2600::/64")),))
FIVE = ipaddress.IPv6Address("2600::5")
BLOCK = ipaddress.IPv6Network("2600::8/126")
CHOICE = Choice("block", FIVE, BLOCK)
LISTED = ["2600::8", "2600::9", "2600::a", "2600::b"]
WEB = (("sg-1", "web"),)


def eni(index: int | None = None, instance: str = "i-1", **more: t.Any) -> Eni:
    attachment = None if index is None else Attachment("a-1", instance, index, False, "attached")
    given = {"groups": WEB, "addresses": (FIVE, *BLOCK), "tags": {"Name": "web"}, "attachment": attachment, **more}
    return Eni("eni-1", "02:00:00:00:00:01", "subnet-1", "vpc-1", "in-use", **given)


def steps(found: Eni | None, wanted: Wanted, choice: Choice = CHOICE, groups: t.Any = WEB) -> list[tuple[str, str]]:
    plan = plans.plan_present(found, SUBNET, wanted, choice, choice, groups)
    return [(change.action, change.sentence) for change in plan.changes]


def changed(found: Eni, wanted: Wanted, choice: Choice = CHOICE, groups: t.Any = WEB) -> dict[str, t.Any]:
    """The values of the diff that become others."""
    plan = plans.plan_present(found, SUBNET, wanted, choice, choice, groups)
    assert set(plan.before) == set(plan.after)
    return {key: value for key, value in plan.after.items() if value != plan.before[key]}


def test_nothing_is_to_be_done_where_all_is_there() -> None:
    plan = plans.plan_present(eni(1), SUBNET, Wanted(name="web"), CHOICE, CHOICE, WEB)
    assert (plan.changes, plan.warnings) == ((), ())
    assert (
        plan.before
        == plan.after
        == {
            "name": "web",
            "subnet_id": "subnet-1",
            "mode": "block",
            "primary_address": "2600::5",
            "block": "2600::8/126",
            "ipv6_addresses": ["2600::5", *LISTED],
            "ipv6_prefixes": [],
            "primary_ipv6_enabled": False,
            "description": "",
            "security_groups": ["sg-1"],
            "source_dest_check": True,
            "tags": {"Name": "web"},
            "instance_id": "i-1",
            "device_index": 1,
            "delete_on_termination": False,
        }
    )


def test_creation_takes_the_block_with_it_unless_the_first_address_is_to_be_the_primary_one() -> None:
    wanted = Wanted(name="web", description="d", private_ip_address="10.0.0.5", tags={"a": "1"})
    (change,) = plans.plan_present(None, SUBNET, wanted, Choice("auto"), CHOICE, WEB).changes
    sentence = "Create the ENI web in subnet-1 with 2600::5 and the block 2600::8/126"
    assert (change.action, change.sentence) == ("create", sentence)
    assert change.data == {
        "subnet_id": "subnet-1",
        "addresses": ["2600::5", *LISTED],
        "enable_primary": False,
        "groups": ["sg-1"],
        "description": "d",
        "private_ip_address": "10.0.0.5",
        "tags": {"a": "1", "Name": "web"},
    }
    assert steps(None, Wanted(name="web", enable_primary=True)) == [
        ("create", "Create the ENI web in subnet-1 with 2600::5"),
        ("assign_addresses", "Assign 4 addresses of the block 2600::8/126"),
    ]
    plan = plans.plan_present(None, SUBNET, Wanted(name="web", enable_primary=True), Choice("auto"), CHOICE, WEB)
    assert plan.before == {} and plan.after["primary_ipv6_enabled"] is True
    assert plan.after["ipv6_addresses"] == ["2600::5", *LISTED]


def test_the_primary_flag_is_set_only_where_it_is_clear_which_address_gets_it() -> None:
    alone = eni(addresses=(FIVE,))
    wanted = Wanted(name="web", enable_primary=True)
    assert steps(alone, wanted)[0] == ("modify", "Make 2600::5 the primary IPv6 address")
    assert changed(eni(flagged=FIVE), wanted) == {}
    message = (
        "enable_primary_ipv6=true: eni-1 has 5 addresses, and AWS makes the one it counts first the primary one. "
        "Leave it out, or delete the ENI first."
    )
    with pytest.raises(Refused, match=f"^{re.escape(message)}$"):
        steps(eni(), wanted)


def test_what_is_missing_is_assigned_and_what_is_too_much_goes_only_if_asked() -> None:
    prefix = ipaddress.IPv6Network("2600:0:0:0:1::/80")
    found = eni(addresses=(ipaddress.IPv6Address("2600::20"), *list(BLOCK)[:2]), prefixes=(prefix,))
    assign = [
        ("assign_addresses", "Assign the primary address 2600::5"),
        ("assign_addresses", "Assign 2 addresses of the block 2600::8/126"),
    ]
    remove = [("unassign_addresses", "Take away 2600::20"), ("unassign_prefixes", f"Take away {prefix}")]
    assert steps(found, Wanted(name="web")) == assign
    assert steps(found, Wanted(name="web", purge_addresses=True)) == assign + remove
    plan = plans.plan_present(found, SUBNET, Wanted(name="web", purge_addresses=True), CHOICE, CHOICE, WEB)
    assert [change.data for change in plan.changes] == [
        {"addresses": ["2600::5"]},
        {"addresses": ["2600::a", "2600::b"]},
        {"addresses": ["2600::20"]},
        {"prefixes": [str(prefix)]},
    ]
    assert (plan.after["ipv6_addresses"], plan.after["ipv6_prefixes"]) == (["2600::5", *LISTED], [])
    delegated = steps(eni(addresses=(FIVE,)), Wanted(name="web"), Choice("prefix", FIVE, prefix))
    assert delegated == [("assign_prefixes", f"Delegate the prefix {prefix}")]
    assert steps(eni(prefixes=(prefix,)), Wanted(name="web"), Choice("prefix", FIVE, prefix)) == []


@pytest.mark.parametrize(
    ("wanted", "groups", "sentence", "data", "after"),
    [
        (
            Wanted(description="new"),
            WEB,
            'Set the description to "new"',
            {"attribute": "Description", "before": "", "after": "new"},
            {"description": "new"},
        ),
        (
            Wanted(),
            (("sg-3", ""), ("sg-2", "")),
            "Set the security groups to sg-3, sg-2",
            {"attribute": "Groups", "before": ["sg-1"], "after": ["sg-3", "sg-2"]},
            {"security_groups": ["sg-2", "sg-3"]},
        ),
        (
            Wanted(source_dest_check=False),
            WEB,
            "Turn the source/destination check off",
            {"attribute": "SourceDestCheck", "before": True, "after": False},
            {"source_dest_check": False},
        ),
        (
            Wanted(tags={"a": "2", "b": "1"}, purge_tags=False),
            WEB,
            "Set the tags a, b",
            {"tags": {"a": "2", "b": "1"}, "replaced": {"a": "1"}, "added": {"b": "1"}},
            {"tags": {"Name": "web", "a": "2", "aws:x": "1", "b": "1", "c": "1"}},
        ),
        (
            Wanted(tags={"a": "1"}),
            WEB,
            "Take away the tags c",
            {"tags": {"c": "1"}},
            {"tags": {"Name": "web", "a": "1", "aws:x": "1"}},
        ),
        (
            Wanted(delete_on_termination=True),
            WEB,
            "Delete the ENI when its instance is terminated",
            {"attribute": "DeleteOnTermination", "before": False, "after": True},
            {"delete_on_termination": True},
        ),
        (
            Wanted(attached=False, force_detach=True),
            WEB,
            "Detach the ENI from i-1",
            {"attachment_id": "a-1", "instance_id": "i-1", "device_index": 1, "force": True},
            {"instance_id": None, "device_index": None, "delete_on_termination": None},
        ),
    ],
)
def test_one_change_for_one_difference(
    wanted: Wanted, groups: t.Any, sentence: str, data: dict[str, t.Any], after: dict[str, t.Any]
) -> None:
    found = eni(1, tags={"Name": "web", "a": "1", "c": "1", "aws:x": "1"})
    (change,) = plans.plan_present(found, SUBNET, wanted, CHOICE, CHOICE, groups).changes
    assert (change.sentence, change.data) == (sentence, data)
    assert changed(found, wanted, CHOICE, groups) == after


def test_an_attachment_moves_only_by_force() -> None:
    wanted = Wanted(attached=True, instance_id="i-2", device_index=3)
    assert steps(eni(), wanted) == [("attach", "Attach the ENI to i-2")]
    assert changed(eni(), wanted) == {"instance_id": "i-2", "device_index": 3, "delete_on_termination": False}
    with pytest.raises(
        Refused, match="^instance_id=i-2: eni-1 is attached to i-1. Set force_detach=true to take it from there.$"
    ):
        steps(eni(1), wanted)
    forced = Wanted(attached=True, instance_id="i-2", force_detach=True, delete_on_termination=True)
    assert steps(eni(1), forced) == [
        ("detach", "Detach the ENI from i-1"),
        ("attach", "Attach the ENI to i-2"),
        ("modify", "Delete the ENI when its instance is terminated"),
    ]
    assert plans.plan_present(eni(), SUBNET, wanted, CHOICE, CHOICE, WEB).changes[0].data == {
        "instance_id": "i-2",
        "device_index": 3,
    }
    assert steps(eni(1), Wanted(attached=True, instance_id="i-1", device_index=1)) == []
    with pytest.raises(
        Refused, match="^eni-1: it is the first ENI of i-1 and cannot be detached. Terminate the instance first.$"
    ):
        steps(eni(0), Wanted(attached=False))


def test_warnings() -> None:
    def warned(found: Eni, wanted: Wanted, choice: Choice = CHOICE) -> list[str]:
        return list(plans.plan_present(found, SUBNET, wanted, choice, choice, WEB).warnings)

    small = Choice("block", FIVE, ipaddress.IPv6Network("2600::8/127"))
    assert warned(eni(), Wanted(), small) == [
        "The block 2600::8/127 has no address for a container, since Docker keeps the first address and gives the "
        "second one to its bridge: take a larger instance type or mode=prefix."
    ]
    late = "delete_on_termination belongs to an attachment: it is set once the ENI is attached."
    assert warned(eni(), Wanted(delete_on_termination=True)) == [late]
    assert warned(eni(), Wanted(delete_on_termination=True, attached=True, instance_id="i-1")) == []
    assert warned(eni(1), Wanted(delete_on_termination=True)) == []
    assert warned(eni(1), Wanted(attached=True, instance_id="i-1", device_index=2)) == [
        "eni-1 is attached to i-1 at device index 1 and stays there; detach it first to have it at 2."
    ]


def test_deletion() -> None:
    assert not plans.plan_absent(None, Choice("auto"), Wanted()).changed
    plan = plans.plan_absent(eni(), CHOICE, Wanted())
    assert [(one.action, one.sentence) for one in plan.changes] == [("delete", "Delete the ENI eni-1")]
    assert (plan.before["block"], plan.after) == ("2600::8/126", {})
    with pytest.raises(
        Refused,
        match="^eni-1: it is attached to i-1. Detach it or terminate the instance first, or set force_detach=true.$",
    ):
        plans.plan_absent(eni(1), CHOICE, Wanted())
    forced = plans.plan_absent(eni(1), CHOICE, Wanted(force_detach=True))
    assert [(one.action, one.data.get("force")) for one in forced.changes] == [("detach", True), ("delete", None)]


@pytest.mark.parametrize(
    ("action", "back"),
    [
        ("assign_addresses", "unassign_addresses"),
        ("assign_prefixes", "unassign_prefixes"),
        ("unassign_prefixes", "assign_prefixes"),
        ("attach", "detach"),
        ("detach", "attach"),
    ],
)
def test_undoing_says_what_is_undone(action: str, back: str) -> None:
    assert plans.inverse(Change("Do it", action, {"x": 1})) == Change("Undo: Do it", back, {"x": 1})


def test_mode_and_length_follow_from_the_type() -> None:
    nitro, xen = InstanceType("m", True, 10, True), InstanceType("x", True, 10, False)
    assert [choose_mode("auto", kind) for kind in (nitro, xen)] == ["prefix", "block"]
    assert [choose_mode(mode, None) for mode in ("block", "prefix")] == ["block", "prefix"]
    with pytest.raises(Refused, match="^mode=auto: it follows from the instance type, which is not known. Give inst"):
        choose_mode("auto", None)
    assert choose_length(Wanted(length=126), "prefix", None, 1) == 80
    assert choose_length(Wanted(length=126), "block", None, 1) == 126
    assert [choose_length(Wanted(), "block", nitro, others) for others in (2, 3, 6)] == [125, 126, 126]
    with pytest.raises(Refused, match="^block_prefix_length=auto: it follows from the instance type, which is not k"):
        choose_length(Wanted(), "block", None, 1)


def test_outputs_of_an_interface_and_of_none() -> None:
    found = outputs(eni(2, private_ip_address="10.0.0.5"), CHOICE, SUBNET, None, 5, 1)
    assert found == {
        "eni_id": "eni-1",
        "mac": "02:00:00:00:00:01",
        "status": "in-use",
        "private_ip_address": "10.0.0.5",
        "instance_id": "i-1",
        "subnet_id": "subnet-1",
        "vpc_id": "vpc-1",
        "ipv6_subnet_cidr": "2600::/64",
        "mode": "block",
        "primary": {"address": "2600::5", "with_prefixlen": "2600::5/64"},
        "block": {"cidr": "2600::8/126", "first": "2600::8", "last": "2600::b", "addresses": LISTED},
        "docker": {
            "fixed_cidr_v6": "2600::8/126",
            "gateway": "2600::9",
            "container_count": 2,
            "container_addresses": LISTED[2:],
            "daemon_json": {"ipv6": True, "fixed-cidr-v6": "2600::8/126", "ip6tables": False},
        },
        "netplan": {
            "match_mac": "02:00:00:00:00:01",
            "addresses": ["2600::5/64"],
            "routes": [{"to": "default", "via": "fe80:ec2::1"}],
        },
        "limits": None,
        "run_instances_network_interfaces": [{"DeviceIndex": 2, "NetworkInterfaceId": "eni-1"}],
        "amazon_aws_network_interfaces_ids": [{"id": "eni-1", "device_index": 2}],
    }
    nothing = outputs(None, Choice("auto"), SUBNET, None, 0, 1)
    kept = {"subnet_id": "subnet-1", "vpc_id": "vpc-1", "mode": "auto"}
    lists = {"run_instances_network_interfaces": [], "amazon_aws_network_interfaces_ids": []}
    assert nothing == {**dict.fromkeys(found), **kept, **lists}
    assert outputs(eni(), CHOICE, SUBNET, None, 5, 7)["amazon_aws_network_interfaces_ids"][0]["device_index"] == 7
    outside = Choice("block", ipaddress.IPv6Address("2601::5"), BLOCK)
    assert outputs(eni(), outside, SUBNET, None, 5, 1)["primary"]["with_prefixlen"] == "2601::5/128"
