# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is looked at before anything is written to an interface, and the API's answers it is read from."""

from __future__ import annotations

import ipaddress
import re
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _eni_checks as checks
from ansible_collections.routable.ipv6.plugins.module_utils._eni_choice import Choice
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import (
    Attachment,
    Eni,
    Range,
    Reservation,
    Subnet,
    holder_of,
)
from ansible_collections.routable.ipv6.plugins.module_utils._eni_wanted import Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

FIVE = ipaddress.IPv6Address("2600::5")
RAW = {"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "VpcId": "vpc-1"}
WHOLE = {
    **RAW,
    "MacAddress": "02:00:00:00:00:01",
    "Status": "in-use",
    "Description": "d",
    "Groups": [{"GroupId": "sg-1", "GroupName": "web"}, {"GroupId": "sg-2"}],
    "Ipv6Addresses": [{"Ipv6Address": "2600:0::9"}, {"Ipv6Address": "2600:0::5", "IsPrimaryIpv6": True}],
    "Ipv6Prefixes": [{"Ipv6Prefix": "2600:0:0:0:2::/80"}, {"Ipv6Prefix": "2600:0:0:0:1::/80"}],
    "PrivateIpAddress": "10.0.0.5",
    "SourceDestCheck": False,
    "TagSet": [{"Key": "a", "Value": "1"}, {"Key": "b"}],
    "RequesterManaged": True,
}
ATTACHED = {"AttachmentId": "a-1", "InstanceId": "i-1", "DeviceIndex": 2, "DeleteOnTermination": True, "Status": "x"}


def test_an_interface_is_read_whole() -> None:
    assert Eni.from_api({**WHOLE, "Attachment": ATTACHED}) == Eni(
        "eni-1",
        "02:00:00:00:00:01",
        "subnet-1",
        "vpc-1",
        "in-use",
        "d",
        (("sg-1", "web"), ("sg-2", "")),
        (ipaddress.IPv6Address("2600::9"), FIVE),
        (ipaddress.IPv6Network("2600:0:0:0:1::/80"), ipaddress.IPv6Network("2600:0:0:0:2::/80")),
        FIVE,
        "10.0.0.5",
        False,
        {"a": "1", "b": ""},
        Attachment("a-1", "i-1", 2, True, "x"),
        True,
    )
    assert Eni.from_api(RAW) == Eni("eni-1", "", "subnet-1", "vpc-1", "")
    assert Eni.from_api({**RAW, "Attachment": {"Status": "attached"}}).attachment == Attachment(
        "", "", 0, False, "attached"
    )
    for gone in (None, {}, {**ATTACHED, "Status": "detached"}):
        assert Eni.from_api({**RAW, "Attachment": gone}).attachment is None


def subnet(*ranges: tuple[str, str, str], **more: t.Any) -> Subnet:
    entries = [
        {"Ipv6CidrBlock": text, "Ipv6CidrBlockState": {"State": state}, "Ipv6AddressAttribute": kind}
        for text, state, kind in ranges
    ]
    return Subnet.from_api({"SubnetId": "subnet-1", "VpcId": "vpc-1", "Ipv6CidrBlockAssociationSet": entries, **more})


PUBLIC = subnet(("2600::/64", "associated", "public"), State="available")


def test_subnets_and_reservations_are_read_whole() -> None:
    first, second = ipaddress.IPv6Network("2600::/64"), ipaddress.IPv6Network("2600:0:0:1::/64")
    found = subnet(
        (str(second), "associated", "private"),
        (str(first), "associated", "public"),
        ("2600:0:0:2::/64", "disassociating", "public"),
        State="pending",
        Ipv6Native=True,
    )
    assert found == Subnet("subnet-1", "vpc-1", "pending", (Range(first), Range(second, True)), True)
    assert found.range_of(second[7]) == Range(second, True) and found.range_of(ipaddress.IPv6Address("::1")) is None
    assert subnet() == Subnet("subnet-1", "vpc-1", "", ())
    raw = {"SubnetCidrReservationId": "scr-1", "Cidr": "2600:0::/80"}
    assert Reservation.from_api(raw) == Reservation("scr-1", ipaddress.IPv6Network("2600::/80"), "")
    whole = {**raw, "ReservationType": "explicit", "Tags": [{"Key": "a", "Value": "1"}]}
    assert Reservation.from_api(whole) == Reservation(
        "scr-1", ipaddress.IPv6Network("2600::/80"), "explicit", {"a": "1"}
    )


def test_who_holds_an_interval() -> None:
    five = int(FIVE)
    others = [{"NetworkInterfaceId": "eni-0"}, WHOLE]
    for first, last, holder in (
        (five, five, "eni-1"),
        (five - 2, five, "eni-1"),
        (five, five + 2, "eni-1"),
        (five + 1, five + 3, None),
        (five + (1 << 48), five + (1 << 48), "eni-1"),
    ):
        assert holder_of(others, (first, last)) == holder
        assert holder_of(others, (first, last), "eni-1") is None


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            Wanted(subnet_id="subnet-2"),
            "subnet_id=subnet-2: eni-1 is in subnet-1, and an ENI cannot be moved. "
            "Correct subnet_id, or delete the ENI first.",
        ),
        (
            Wanted(private_ip_address="10.0.0.6"),
            "private_ip_address=10.0.0.6: eni-1 has 10.0.0.5, and the first IPv4 address of an ENI cannot be changed. "
            "Correct it, or delete the ENI first.",
        ),
        (
            Wanted(enable_primary=False),
            "enable_primary_ipv6=false: 2600::5 is the primary IPv6 address of eni-1, and AWS does not take that back. "
            "Leave it out, or delete the ENI first.",
        ),
    ],
)
def test_an_interface_that_is_another(wanted: Wanted, message: str) -> None:
    found = Eni.from_api({**WHOLE, "RequesterManaged": False})
    checks.check_eni(found, Wanted(subnet_id="subnet-1", private_ip_address="10.0.0.5", enable_primary=True))
    checks.check_eni(found, Wanted())
    checks.check_eni(Eni.from_api(RAW), Wanted(enable_primary=False))
    with pytest.raises(Refused, match=f"^{re.escape(message)}$"):
        checks.check_eni(found, wanted)


def test_an_interface_of_a_service_is_left_alone() -> None:
    with pytest.raises(Refused, match="^eni-1: an AWS service manages this ENI. Take one of your own.$"):
        checks.check_eni(Eni.from_api(WHOLE), Wanted())


@pytest.mark.parametrize(
    ("found", "wanted", "message"),
    [
        (
            subnet(("2600::/64", "associated", ""), State="pending"),
            Wanted(),
            "subnet_id=subnet-1: its state is pending. Wait until it is available.",
        ),
        (
            subnet(("2600::/64", "associating", ""), State="available"),
            Wanted(),
            "subnet_id=subnet-1: it has no IPv6 range in the state associated. "
            "Associate one, or wait for the association.",
        ),
        (
            subnet(("2600::/64", "associated", ""), State="available", Ipv6Native=True),
            Wanted(private_ip_address="10.0.0.5"),
            "private_ip_address=10.0.0.5: subnet-1 is IPv6-only. Leave it out.",
        ),
    ],
)
def test_a_subnet_in_which_nothing_can_be_made(found: Subnet, wanted: Wanted, message: str) -> None:
    checks.check_subnet(PUBLIC, Wanted(private_ip_address="10.0.0.5"))
    with pytest.raises(Refused, match=f"^{re.escape(message)}$"):
        checks.check_subnet(found, wanted)


def test_private_space_is_refused_unless_it_is_asked_for() -> None:
    private = subnet(("2600::/64", "associated", "private"), State="available")
    block = ipaddress.IPv6Network("2600::8/126")
    message = (
        "subnet_id=subnet-1: 2600::/64 is private IPv6 space, which is not routed on the internet. "
        "Take a subnet with a public range, or set allow_private=true."
    )
    for choice in (Choice("block", FIVE), Choice("block", None, block)):
        checks.check_public(PUBLIC, choice, Wanted())
        checks.check_public(private, choice, Wanted(allow_private=True))
        with pytest.raises(Refused, match=f"^{re.escape(message)}$"):
            checks.check_public(private, choice, Wanted())
    checks.check_public(private, Choice("block", ipaddress.IPv6Address("2601::5")), Wanted())


def test_groups_by_id_or_name() -> None:
    known = [("sg-1", "web"), ("sg-2", "mail"), ("sg-3", "mail")]
    assert checks.group_ids(Wanted(), known) == tuple(known)
    assert checks.group_ids(Wanted(groups=("sg-2", "web", "sg-1")), known) == (("sg-2", "mail"), ("sg-1", "web"))
    assert checks.group_ids(Wanted(groups=("mail",)), known) is None
    assert checks.group_ids(Wanted(groups=("sg-9",)), known) is None


def test_groups_of_a_vpc() -> None:
    raw = [
        {"GroupId": "sg-1", "GroupName": "default", "VpcId": "vpc-1"},
        {"GroupId": "sg-2", "GroupName": "web", "VpcId": "vpc-1"},
        {"GroupId": "sg-3", "GroupName": "default", "VpcId": "vpc-2"},
        {"GroupId": "sg-4", "VpcId": "vpc-1"},
    ]
    assert checks.resolve_groups(Wanted(), raw, "vpc-1") == (("sg-1", "default"),)
    wanted = Wanted(groups=("web", "sg-1", "sg-2", "sg-4"))
    assert checks.resolve_groups(wanted, raw, "vpc-1") == (("sg-2", "web"), ("sg-1", "default"), ("sg-4", ""))
    with pytest.raises(
        Refused, match="^security_groups: sg-3: vpc-1 has no such security group. Make it, or correct the name.$"
    ):
        checks.resolve_groups(Wanted(groups=("web", "sg-3")), raw, "vpc-1")


def test_sentences_of_the_surroundings() -> None:
    def routes(**route: t.Any) -> list[dict[str, t.Any]]:
        table = {"RouteTableId": "rtb-1", "Routes": [{"DestinationCidrBlock": "0.0.0.0/0"}, route]}
        # The main table stands first, another subnet's own one last.
        return [{**table, "Associations": [{"Main": True}]}, {"Associations": [{"SubnetId": "subnet-2"}]}]

    none = "rtb-1 has no route to ::/0: subnet-1 is not connected to the IPv6 internet."
    out = "subnet-1 has an egress-only internet gateway: its containers reach the internet, and nobody reaches them."
    unknown = "No route table of subnet-1 is visible, so whether it reaches the internet is not known."
    assert checks.route_warning(routes(DestinationIpv6CidrBlock="::/0"), "subnet-1") is None
    assert checks.route_warning(routes(DestinationIpv6CidrBlock="2600::/12"), "subnet-1") == none
    assert checks.route_warning(routes(DestinationIpv6CidrBlock="::/0", State="blackhole"), "subnet-1") == none
    way = {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}
    assert checks.route_warning(routes(**way), "subnet-1") == out
    assert checks.route_warning([{}], "subnet-1") == unknown
    beginning = "lets ICMPv6 echo requests in: nothing answers ping, and path MTU discovery towards the containers "
    end = f"{beginning}relies on tracked connections alone."
    assert checks.icmpv6_warning([{"GroupId": "sg-1"}, {"GroupId": "sg-2"}]) == f"No rule of sg-1, sg-2 {end}"
    assert checks.icmpv6_warning([]) == f"No rule of the security groups {end}"
    # All protocols, whatever the ports; a prefix list is a source, too.
    every = {"IpPermissions": [{"IpProtocol": "-1", "FromPort": 0, "PrefixListIds": [{"PrefixListId": "pl-1"}]}]}
    assert checks.icmpv6_warning([every]) is None
