# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a subnet needs, from what there is: rules of a security group and reservations."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _ec2_surroundings as plans
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

SUBNET = {
    "SubnetId": "subnet-1",
    "VpcId": "vpc-1",
    "Tags": [{"Key": "Name", "Value": "containers"}],
    "Ipv6CidrBlockAssociationSet": [
        {"Ipv6CidrBlock": "2600:1f18:47b:ca03::/64", "Ipv6CidrBlockState": {"State": "associated"}},
        {"Ipv6CidrBlock": "2600:1f18:47b:ca04::/64", "Ipv6CidrBlockState": {"State": "disassociated"}},
    ],
}
OURS = [{"Key": "routable-ipv6", "Value": "ec2_docker_host"}]
PARAMS: dict[str, t.Any] = {
    "subnet": "containers",
    "security_group": "docker",
    "allow": [],
    "reservations": [],
    "tags": None,
}


def wanted(**params: t.Any) -> plans.Wanted:
    return plans.Wanted.parse({**PARAMS, **params})


def group(*permissions: dict[str, t.Any], tags: t.Any = (*OURS,)) -> dict[str, t.Any]:
    return {"GroupId": "sg-1", "GroupName": "docker", "IpPermissions": list(permissions), "Tags": tags}


def reservation(cidr: str, kind: str = "explicit", tags: t.Any = (*OURS,)) -> dict[str, t.Any]:
    return {"SubnetCidrReservationId": f"scr-{cidr}", "Cidr": cidr, "ReservationType": kind, "Tags": tags}


ITSELF = {"IpProtocol": "icmpv6", "FromPort": -1, "ToPort": -1, "UserIdGroupPairs": [{"GroupId": "sg-1"}]}


def test_from_nothing() -> None:
    plan = plans.plan_present(
        plans.Facts(SUBNET),
        wanted(
            allow=[{"protocol": "tcp", "ports": "443", "source": "::/0"}], reservations=["2600:1F18:47b:ca03:1000::/68"]
        ),
    )
    assert plan.sentences == [
        "Create the security group docker",
        "Let in icmpv6 from itself",
        "Let in tcp 443 from ::/0",
        "Reserve 2600:1f18:47b:ca03:1000::/68 for blocks",
    ]
    assert plan.after["allow"] == ["icmpv6 from itself", "tcp 443 from ::/0"]


def test_without_a_group_none_is_made() -> None:
    for none in ("", None):
        asked = wanted(security_group=none, allow=[{"protocol": "icmpv6", "ports": None, "source": "::/0"}])
        assert not plans.plan_present(plans.Facts(SUBNET), asked).changed


@pytest.mark.parametrize(
    "there",
    [
        [ITSELF],
        # As EC2 may spell it: the number of the protocol, and no ports where all are meant.
        [{"IpProtocol": "58", "UserIdGroupPairs": [{"GroupId": "sg-1"}]}],
        [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}]}],
    ],
)
def test_a_rule_that_is_there_in_any_spelling_is_enough(there: list[dict[str, t.Any]]) -> None:
    assert not plans.plan_present(plans.Facts(SUBNET, group(*there)), wanted()).changed


@pytest.mark.parametrize(
    ("protocol", "first", "last", "cidr", "enough"),
    [
        ("tcp", 443, 443, "::/0", True),
        ("tcp", 1, 65535, "::/0", True),
        ("-1", -1, -1, "::/0", True),
        ("tcp", 443, 443, "2001:db8::/32", False),
        ("tcp", 444, 500, "::/0", False),
        ("udp", 443, 443, "::/0", False),
    ],
)
def test_a_wider_rule_is_enough_and_a_narrower_one_is_not(
    protocol: str, first: int, last: int, cidr: str, enough: bool
) -> None:
    there = {"IpProtocol": protocol, "FromPort": first, "ToPort": last, "Ipv6Ranges": [{"CidrIpv6": cidr}]}
    asked = wanted(allow=[{"protocol": "tcp", "ports": "443", "source": "::/0"}])
    assert plans.plan_present(plans.Facts(SUBNET, group(ITSELF, there)), asked).changed is not enough


def test_a_rule_from_itself_is_none_from_everywhere_and_the_reverse() -> None:
    everywhere = {"IpProtocol": "icmpv6", "FromPort": -1, "ToPort": -1, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    assert plans.plan_present(plans.Facts(SUBNET, group(everywhere)), wanted()).changed
    asked = wanted(allow=[{"protocol": "icmpv6", "ports": None, "source": "::/0"}])
    assert plans.plan_present(plans.Facts(SUBNET, group(ITSELF)), asked).changed


def test_a_permission_is_as_the_api_wants_it() -> None:
    rule = plans.rule_of({"protocol": "udp", "ports": "8000-8099", "source": "2001:db8::/32"})
    assert rule.permission("sg-1") == {
        "IpProtocol": "udp",
        "FromPort": 8000,
        "ToPort": 8099,
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}],
    }
    assert plans.Rule("icmpv6", -1, -1, "self").permission("sg-1") == ITSELF


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"protocol": "tcp", "ports": None, "source": "::/0"}, "a port or a range"),
        ({"protocol": "tcp", "ports": "0", "source": "::/0"}, "1 to 65535"),
        ({"protocol": "tcp", "ports": "70000", "source": "::/0"}, "1 to 65535"),
        ({"protocol": "tcp", "ports": "20-10", "source": "::/0"}, "1 to 65535"),
        ({"protocol": "tcp", "ports": "http", "source": "::/0"}, "1 to 65535"),
        ({"protocol": "icmpv6", "ports": "8", "source": "::/0"}, "has no ports"),
        ({"protocol": "tcp", "ports": "80", "source": "192.0.2.0/24"}, "allow.source"),
        ({"protocol": "tcp", "ports": "80", "source": "2001:db8::1/64"}, "allow.source"),
    ],
)
def test_bad_rules_are_refused(entry: dict[str, t.Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        wanted(allow=[entry])


def test_a_name_that_looks_like_an_id_is_refused() -> None:
    with pytest.raises(Refused, match="looks like an id"):
        wanted(security_group="sg-0123")


@pytest.mark.parametrize(
    ("prefix", "there", "message"),
    [
        ("2600:1f18:47b:ca05::/80", [], "the subnet has 2600:1f18:47b:ca03::/64"),
        ("2600:1f18:47b:ca04::/80", [], "Take a prefix inside"),
        ("2600:1f18:47b:ca03:1000::/68", [reservation("2600:1f18:47b:ca03:1000::/80")], "overlaps with the explicit"),
        ("2600:1f18:47b:ca03:1::/80", [reservation("2600:1f18:47b:ca03:1::/80", "prefix")], "overlaps with the prefix"),
    ],
)
def test_reservations_that_cannot_be_are_refused(prefix: str, there: list[t.Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        plans.plan_present(plans.Facts(SUBNET, group(ITSELF), tuple(there)), wanted(reservations=[prefix]))


def test_a_reservation_that_is_there_needs_nothing() -> None:
    there = (reservation("2600:1f18:47b:ca03:1::/80", tags=[]),)
    asked = wanted(reservations=["2600:1f18:47b:ca03:0001::/80"])
    assert not plans.plan_present(plans.Facts(SUBNET, group(ITSELF), there), asked).changed


def test_absent_takes_what_is_ours_and_nothing_else() -> None:
    ours, theirs = reservation("2600:1f18:47b:ca03:1::/80"), reservation("2600:1f18:47b:ca03:2::/80", tags=[])
    asked = wanted(reservations=["2600:1f18:47b:ca03:1::/80", "2600:1f18:47b:ca03:2::/80"])
    plan = plans.plan_absent(plans.Facts(SUBNET, group(ITSELF), (ours, theirs)), asked)
    assert [change.action for change in plan.changes] == ["delete_group", "release"]
    assert plan.changes[1].data["id"] == ours["SubnetCidrReservationId"]
    assert plan.after == {"security_group": None, "allow": [], "reservations": ["2600:1f18:47b:ca03:2::/80"]}
    for foreign in ([], None, [{"Key": "routable-ipv6", "Value": "blocks"}]):
        assert not plans.plan_absent(plans.Facts(SUBNET, group(ITSELF, tags=foreign), (theirs,)), asked).changed


def test_absent_leaves_a_group_with_interfaces_in_it() -> None:
    facts = plans.Facts(SUBNET, group(ITSELF), (reservation("2600:1f18:47b:ca03:1::/80"),), ("eni-1",))
    plan = plans.plan_absent(facts, wanted(reservations=["2600:1f18:47b:ca03:1::/80"]))
    assert not plan.changed
    assert plan.warnings == ("The security group docker stays: eni-1 are in it.",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("subnet-0123456789abcdef0", {"subnet-id": ["subnet-0123456789abcdef0"]}),
        ("2600:1F18:47b:ca03::/64", {"ipv6-cidr-block-association.ipv6-cidr-block": ["2600:1f18:47b:ca03::/64"]}),
        ("containers", {"tag:Name": ["containers"]}),
        ("a*b", {"tag:Name": ["a\\*b"]}),
        ("subnet-web", {"tag:Name": ["subnet-web"]}),
    ],
)
def test_a_subnet_is_found_by_whatever_names_it(text: str, expected: dict[str, list[str]]) -> None:
    assert plans.subnet_filter(text) == expected


def test_no_subnet_and_two_are_refused() -> None:
    with pytest.raises(Refused, match="no such subnet"):
        plans.the_subnet([], "x")
    with pytest.raises(Refused, match=r"subnet-1 \(containers\), subnet-1"):
        plans.the_subnet([SUBNET, SUBNET], "x")
    assert plans.the_subnet([SUBNET], "x") == SUBNET
