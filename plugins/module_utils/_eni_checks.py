# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What is looked at before anything is written: the subnet, the security groups, the routes."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._eni_choice import Choice
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import Eni, Group, Raw, Subnet
from ansible_collections.routable.ipv6.plugins.module_utils._eni_wanted import Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# EC2 gives the protocol by name or by number; -1 is all of them.
_ICMPV6 = ("icmpv6", "58", "-1")
# RFC 4443, section 4.1. An ICMP rule's FromPort is a type, and -1 is all of them.
_ECHO_REQUEST = 128


def check_eni(eni: Eni, wanted: Wanted) -> None:
    """:raises Refused: it is not the one that the options describe, or somebody else's."""
    if wanted.subnet_id not in (None, eni.subnet_id):
        raise Refused(
            f"subnet_id={wanted.subnet_id}",
            f"{eni.eni_id} is in {eni.subnet_id}, and an ENI cannot be moved",
            "Correct subnet_id, or delete the ENI first",
        )
    if eni.requester_managed:
        raise Refused(eni.eni_id, "an AWS service manages this ENI", "Take one of your own")
    if wanted.private_ip_address not in (None, eni.private_ip_address):
        raise Refused(
            f"private_ip_address={wanted.private_ip_address}",
            f"{eni.eni_id} has {eni.private_ip_address}, and the first IPv4 address of an ENI cannot be changed",
            "Correct it, or delete the ENI first",
        )
    if wanted.enable_primary is False and eni.flagged is not None:
        raise Refused(
            "enable_primary_ipv6=false",
            f"{eni.flagged} is the primary IPv6 address of {eni.eni_id}, and AWS does not take that back",
            "Leave it out, or delete the ENI first",
        )


def check_subnet(subnet: Subnet, wanted: Wanted) -> None:
    """:raises Refused: nothing can be made in this subnet."""
    what = f"subnet_id={subnet.subnet_id}"
    if subnet.state != "available":
        raise Refused(what, f"its state is {subnet.state}", "Wait until it is available")
    if not subnet.ranges:
        raise Refused(
            what, "it has no IPv6 range in the state associated", "Associate one, or wait for the association"
        )
    if subnet.ipv6_only and wanted.private_ip_address:
        raise Refused(
            f"private_ip_address={wanted.private_ip_address}", f"{subnet.subnet_id} is IPv6-only", "Leave it out"
        )


def check_public(subnet: Subnet, choice: Choice, wanted: Wanted) -> None:
    """:raises Refused: the addresses would be from private space, which nobody outside of the VPC reaches."""
    if wanted.allow_private:
        return
    for value in (choice.primary, None if choice.block is None else choice.block.network_address):
        found = None if value is None else subnet.range_of(value)
        if found is not None and found.private:
            raise Refused(
                f"subnet_id={subnet.subnet_id}",
                f"{found.network} is private IPv6 space, which is not routed on the internet",
                "Take a subnet with a public range, or set allow_private=true",
            )


def icmpv6_warning(groups: t.Sequence[Raw]) -> str | None:
    """A sentence if none of the groups (elements of ``SecurityGroups``) lets an echo request in over IPv6."""
    for group in groups:
        for permission in group.get("IpPermissions", []):
            protocol, kind = str(permission.get("IpProtocol")), permission.get("FromPort", -1)
            sources = [permission.get(key) for key in ("Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")]
            if protocol in _ICMPV6 and any(sources) and (protocol == "-1" or kind in (-1, _ECHO_REQUEST)):
                return None
    names = ", ".join(group["GroupId"] for group in groups)
    return (
        f"No rule of {names or 'the security groups'} lets ICMPv6 echo requests in: nothing answers ping, "
        "and path MTU discovery towards the containers relies on tracked connections alone."
    )


def route_warning(tables: t.Sequence[Raw], subnet_id: str) -> str | None:
    """A sentence if the subnet has no way to the internet, or only the way out (elements of ``RouteTables``)."""
    table = _table_of(tables, subnet_id)
    if table is None:
        return f"No route table of {subnet_id} is visible, so whether it reaches the internet is not known."
    for route in table.get("Routes", []):
        destination = route.get("DestinationIpv6CidrBlock")
        if not destination or parse_prefix(destination).prefixlen or route.get("State", "active") != "active":
            continue
        if route.get("EgressOnlyInternetGatewayId"):
            return (
                f"{subnet_id} has an egress-only internet gateway: its containers reach the internet, "
                "and nobody reaches them."
            )
        return None
    return f"{table['RouteTableId']} has no route to ::/0: {subnet_id} is not connected to the IPv6 internet."


def _table_of(tables: t.Sequence[Raw], subnet_id: str) -> Raw | None:
    """The subnet's own table, else the VPC's main one."""
    main = None
    for table in tables:
        for association in table.get("Associations", []):
            if association.get("SubnetId") == subnet_id:
                return table
            if association.get("Main"):
                main = table
    return main


def group_ids(wanted: Wanted, known: t.Sequence[Group]) -> tuple[Group, ...] | None:
    """The wanted groups, if ``known`` has all of them by id or by name; None when the API has to be asked."""
    if wanted.groups is None:
        return tuple(known)
    found = []
    for text in wanted.groups:
        fitting = [group for group in known if text in group]
        if len(fitting) != 1:
            return None
        found.append(fitting[0])
    return tuple(dict.fromkeys(found))


def resolve_groups(wanted: Wanted, groups: t.Sequence[Raw], vpc_id: str) -> tuple[Group, ...]:
    """The wanted groups out of those of the VPC (elements of ``SecurityGroups``); without any, the default group.

    :raises Refused: there is no such group.
    """
    known = [(group["GroupId"], group.get("GroupName", "")) for group in groups if group.get("VpcId") == vpc_id]
    if wanted.groups is None:
        return tuple(group for group in known if group[1] == "default")
    for text in wanted.groups:
        if not any(text in group for group in known):
            raise Refused(
                f"security_groups: {text}", f"{vpc_id} has no such security group", "Make it, or correct the name"
            )
    return tuple(dict.fromkeys(group for text in wanted.groups for group in known if text in group))
