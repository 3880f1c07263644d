# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an ENI holds, what it gets, and the plan between the two."""

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _eni as plans
from ansible_collections.routable.ipv6.plugins.module_utils import _eni_checks as checks
from ansible_collections.routable.ipv6.plugins.module_utils._eni_allocator import Space
from ansible_collections.routable.ipv6.plugins.module_utils._eni_choice import Choice, choose, held, runs, space_of
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import Eni, Reservation, Subnet
from ansible_collections.routable.ipv6.plugins.module_utils._eni_limits import InstanceType
from ansible_collections.routable.ipv6.plugins.module_utils._eni_outputs import outputs
from ansible_collections.routable.ipv6.plugins.module_utils._eni_wanted import Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change
from hypothesis import given
from hypothesis import strategies as st

NET = "2600:1f18:47b:ca03"
NITRO = InstanceType("r5d.large", True, 10, True)
SUBNET = Subnet.from_api(
    {
        "SubnetId": "subnet-1",
        "VpcId": "vpc-1",
        "State": "available",
        "Ipv6CidrBlockAssociationSet": [
            {"Ipv6CidrBlock": f"{NET.upper()}:0:0:0:0/64", "Ipv6CidrBlockState": {"State": "associated"}},
            {"Ipv6CidrBlock": "2600:1f18:47b:ca00::/64", "Ipv6CidrBlockState": {"State": "disassociated"}},
        ],
    }
)


def address(host: int) -> ipaddress.IPv6Address:
    return ipaddress.IPv6Address(int(ipaddress.IPv6Address(f"{NET}::")) + host)


def block(text: str) -> ipaddress.IPv6Network:
    return ipaddress.IPv6Network(f"{NET}:{text}")


def eni(*hosts: int, prefixes: t.Sequence[str] = (), flagged: int | None = None, **other: t.Any) -> Eni:
    """From the API's form, with addresses spelled as nobody would."""
    entries = [{"Ipv6Address": address(host).exploded.upper(), "IsPrimaryIpv6": host == flagged} for host in hosts]
    raw = {"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "VpcId": "vpc-1", "Ipv6Addresses": entries, **other}
    return Eni.from_api({**raw, "Ipv6Prefixes": [{"Ipv6Prefix": str(block(text))} for text in prefixes]})


@pytest.mark.parametrize(
    ("found", "wanted", "choice"),
    [
        # The guide's own ENI, in the API's order and in any other.
        (eni(0x10001, 8, 9, 10, 11), Wanted(), Choice("block", address(0x10001), block(":8/126"))),
        (eni(11, 10, 0x10001, 9, 8), Wanted(), Choice("block", address(0x10001), block(":8/126"))),
        # The primary address lies below the block, or beside it.
        (eni(5, 8, 9, 10, 11), Wanted(), Choice("block", address(5), block(":8/126"))),
        (eni(12, 8, 9, 10, 11), Wanted(), Choice("block", address(12), block(":8/126"))),
        # Not aligned, or with a hole: no block.
        (eni(0x10001, 9, 10), Wanted(mode="block"), Choice("block", address(9), None)),
        (eni(0x10001, 8, 9, 11), Wanted(mode="block", length=126), Choice("block", address(11), None)),
        # Two blocks: the longest, else the one that is asked for.
        (eni(1, 8, 9, *range(16, 24)), Wanted(), Choice("block", address(1), block(":10/125"))),
        (
            eni(1, 8, 9, *range(16, 24)),
            Wanted(block=block(":8/127"), length=127, mode="block"),
            Choice("block", address(1), block(":8/127")),
        ),
        # A given or flagged primary address is no part of a block.
        (eni(8, 9, 10, 11), Wanted(primary=address(8)), Choice("block", address(8), block(":a/127"))),
        (eni(8, 9, 10, 11, flagged=9), Wanted(), Choice("block", address(9), block(":a/127"))),
        (eni(8, 9, 10, 11), Wanted(), Choice("block", None, block(":8/126"))),
        # Prefixes.
        (eni(0x10001, prefixes=["1::/80"]), Wanted(), Choice("prefix", address(0x10001), block("1::/80"))),
        (
            eni(0x10001, 8, 9, prefixes=["1::/80"]),
            Wanted(mode="block"),
            Choice("block", address(0x10001), block(":8/127")),
        ),
        (eni(8, 9, 10, 11, 0x10001), Wanted(mode="prefix"), Choice("prefix", address(0x10001), None)),
        # Nothing is there yet, as after a crash between creating and delegating.
        (eni(0x10001), Wanted(), Choice("auto", address(0x10001), None)),
        (eni(), Wanted(), Choice("auto", None, None)),
        (eni(7), Wanted(primary=address(9)), Choice("auto", None, None)),
    ],
)
def test_held(found: Eni, wanted: Wanted, choice: Choice) -> None:
    assert held(found, wanted) == choice


@given(st.sets(st.integers(0, 63)), st.integers(123, 127))
def test_runs(hosts: set[int], length: int) -> None:
    size = 1 << (128 - length)
    expected = [first for first in range(0, 64, size) if set(range(first, first + size)) <= hosts]
    assert [int(run[0]) & 0xFFFF for run in runs((address(host) for host in hosts), length)] == expected


@given(
    st.sampled_from(["block", "prefix", "auto"]),
    st.one_of(st.none(), st.sets(st.integers(4, 80), max_size=9)),
    st.booleans(),
    st.text("abc", min_size=1),
)
def test_what_is_chosen_is_held_once_it_is_done(mode: str, hosts: set[int] | None, purge: bool, name: str) -> None:
    """Planned changes carried out on paper lead to an ENI for which there is nothing left to change."""
    wanted = Wanted(name=name, mode=mode, length=126 if mode == "block" else None, purge_addresses=purge)
    found = None if hosts is None else eni(*hosts, TagSet=[{"Key": "Name", "Value": name}])
    raw = (
        []
        if found is None
        else [{"NetworkInterfaceId": "eni-1", "Ipv6Addresses": [{"Ipv6Address": str(one)} for one in found.addresses]}]
    )
    big = InstanceType("big", True, 50, True)
    space = space_of(SUBNET, wanted, raw, [], found)
    now = held(found, wanted) if found else Choice(mode)
    choice = now if now.complete else choose(found, wanted, big, space, raw)
    plan = plans.plan_present(found, SUBNET, wanted, now, choice, ())
    after = plan.after
    numbers = [int(ipaddress.IPv6Address(text)) & ((1 << 64) - 1) for text in after["ipv6_addresses"]]
    there = Eni.from_api(
        {
            "NetworkInterfaceId": "eni-1",
            "SubnetId": "subnet-1",
            "VpcId": "vpc-1",
            "Ipv6Addresses": [{"Ipv6Address": str(address(number))} for number in numbers],
            "Ipv6Prefixes": [{"Ipv6Prefix": text} for text in after["ipv6_prefixes"]],
            "TagSet": [{"Key": key, "Value": value} for key, value in after["tags"].items()],
        }
    )
    then = held(there, wanted)
    assert then.complete and then.mode in ("block", "prefix")
    again = plans.plan_present(there, SUBNET, wanted, then, then, ())
    assert again.changes == () and again.before == again.after
    if hosts is None:
        assert then == choice


def test_make_before_break_unless_there_is_no_room() -> None:
    found = eni(0x10001, *range(8, 16))
    wanted = Wanted(mode="prefix", purge_addresses=True)
    choice = Choice("prefix", address(0x10001), block("1::/80"))
    for kind, order in (
        (NITRO, ["assign_prefixes", "unassign_addresses"]),
        (InstanceType("s", True, 9, True), ["unassign_addresses", "assign_prefixes"]),
    ):
        plan = plans.plan_present(found, SUBNET, wanted, held(found, wanted), choice, (), kind)
        assert [change.action for change in plan.changes] == order


@pytest.mark.parametrize(
    ("change", "back", "data"),
    [
        (Change("", "create"), "delete", {}),
        (Change("", "assign_prefixes", {"prefixes": ["p"]}), "unassign_prefixes", {"prefixes": ["p"]}),
        (Change("", "unassign_addresses", {"addresses": ["a"]}), "assign_addresses", {"addresses": ["a"]}),
        (
            Change("", "modify", {"attribute": "Description", "before": "x", "after": "y"}),
            "modify",
            {"attribute": "Description", "before": "y", "after": "x"},
        ),
        (
            Change("", "tag", {"tags": {"a": "2", "b": "1"}, "replaced": {"a": "1"}, "added": {"b": "1"}}),
            "retag",
            {"tags": {"a": "1"}, "gone": {"b": "1"}},
        ),
        (Change("", "untag", {"tags": {"a": "1"}}), "retag", {"tags": {"a": "1"}, "gone": {}}),
    ],
)
def test_inverse(change: Change, back: str, data: dict[str, t.Any]) -> None:
    undone = plans.inverse(change)
    assert undone is not None and (undone.action, dict(undone.data)) == (back, data)


def test_what_has_no_inverse() -> None:
    assert plans.inverse(Change("", "delete")) is None
    assert (
        plans.inverse(Change("", "modify", {"attribute": "EnablePrimaryIpv6", "before": False, "after": True})) is None
    )


def reservation(number: str, text: str, kind: str = "explicit", **tags: str) -> Reservation:
    return Reservation(number, block(text), kind, tags)


def test_own_and_foreign_reservations() -> None:
    tagged = Reservation("scr-1", block("1::/80"), "explicit", {"routable-ipv6": ""})
    delegated = Reservation("scr-2", block("2::/80"), "prefix", {"routable-ipv6": ""})
    plain = reservation("scr-3", "3::/80")
    space = space_of(SUBNET, Wanted(), [], [tagged, delegated, plain], None)
    assert (space.own, space.foreign, space.only_own) == ((tagged.network,), (delegated.network, plain.network), False)
    named = space_of(SUBNET, Wanted(reservations=(str(plain.network),)), [], [tagged, delegated, plain], None)
    assert (named.own, named.only_own) == ((plain.network,), True)


def test_several_ranges() -> None:
    entries = [
        {"Ipv6CidrBlock": text, "Ipv6CidrBlockState": {"State": "associated"}}
        for text in ("2600:2::/64", "2600:1::/64")
    ]
    subnet = Subnet.from_api(
        {"SubnetId": "subnet-1", "VpcId": "vpc-1", "State": "available", "Ipv6CidrBlockAssociationSet": entries}
    )

    def chosen(wanted: Wanted, near: Eni | None = None) -> str:
        return str(space_of(subnet, wanted, [], [], near).subnet)

    assert chosen(Wanted()) == "2600:1::/64"
    assert chosen(Wanted(primary=ipaddress.IPv6Address("2600:2::5"))) == "2600:2::/64"
    assert chosen(Wanted(block=ipaddress.IPv6Network("2600:2::8/126"))) == "2600:2::/64"
    near = Eni("eni-1", "", "subnet-1", "vpc-1", "", addresses=(ipaddress.IPv6Address("2600:2::5"),))
    assert chosen(Wanted(), near) == "2600:2::/64"


def test_grown_block_is_not_taken_from_others() -> None:
    found = eni(0x10001, 8, 9, 10, 11)
    wanted = Wanted(name="web", mode="block", length=125)
    space = Space(ipaddress.IPv6Network(f"{NET}::/64"))
    assert choose(found, wanted, NITRO, space, []).block == block(":8/125")
    others = [{"NetworkInterfaceId": "eni-2", "Ipv6Addresses": [{"Ipv6Address": str(address(13))}]}]
    big = InstanceType("big", True, 50, True)
    assert choose(found, wanted, big, space, others).block != block(":8/125")


def permission(protocol: str, **sources: t.Any) -> dict[str, t.Any]:
    return {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": protocol, **sources}]}


@pytest.mark.parametrize(
    ("group", "fine"),
    [
        (permission("icmpv6", FromPort=-1, UserIdGroupPairs=[{"GroupId": "sg-1"}]), True),
        (permission("58", FromPort=-1, Ipv6Ranges=[{"CidrIpv6": "::/0"}]), True),
        (permission("icmpv6", FromPort=128, Ipv6Ranges=[{"CidrIpv6": "::/0"}]), True),
        (permission("icmpv6", FromPort=2, Ipv6Ranges=[{"CidrIpv6": "::/0"}]), False),
        (permission("-1", UserIdGroupPairs=[{"GroupId": "sg-1"}]), True),
        (permission("-1", IpRanges=[{"CidrIp": "0.0.0.0/0"}]), False),
        (permission("icmp", FromPort=-1, Ipv6Ranges=[{"CidrIpv6": "::/0"}]), False),
        (permission("tcp", FromPort=80, Ipv6Ranges=[{"CidrIpv6": "::/0"}]), False),
    ],
)
def test_icmpv6(group: dict[str, t.Any], fine: bool) -> None:
    assert (checks.icmpv6_warning([group]) is None) is fine


def table(**route: t.Any) -> dict[str, t.Any]:
    return {"RouteTableId": "rtb-1", "Routes": [{"State": "active", **route}], "Associations": [{"Main": True}]}


def test_routes() -> None:
    way = table(DestinationIpv6CidrBlock="::/0", GatewayId="igw-1")
    assert checks.route_warning([way], "subnet-1") is None
    only_out = table(DestinationIpv6CidrBlock="0::0/0", EgressOnlyInternetGatewayId="eigw-1")
    assert "nobody reaches them" in str(checks.route_warning([only_out], "subnet-1"))
    gone = table(DestinationIpv6CidrBlock="::/0", GatewayId="igw-1", State="blackhole")
    assert "no route to ::/0" in str(checks.route_warning([gone], "subnet-1"))
    # The subnet's own table counts, not the main one.
    own = {"RouteTableId": "rtb-2", "Routes": [], "Associations": [{"SubnetId": "subnet-1"}]}
    assert "rtb-2 has no route" in str(checks.route_warning([way, own], "subnet-1"))
    assert "is not known" in str(checks.route_warning([], "subnet-1"))


def test_outputs_of_a_prefix() -> None:
    choice = Choice("prefix", address(0x10001), block("1::/80"))
    result = outputs(eni(0x10001, prefixes=["1::/80"]), choice, SUBNET, NITRO, 2, 0)
    assert result["block"] == {
        "cidr": f"{NET}:1::/80",
        "first": f"{NET}:1::",
        "last": f"{NET}:1:ffff:ffff:ffff",
        "addresses": [],
    }
    assert result["docker"]["gateway"] == f"{NET}:1::1" and result["docker"]["container_count"] == (1 << 48) - 2
    assert result["limits"] == {"type": "r5d.large", "max": 10, "used": 2, "nitro": True}
