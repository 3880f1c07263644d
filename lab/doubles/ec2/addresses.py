# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What addresses and prefixes an interface can have: range, reserved host parts, conflicts, limits."""

from __future__ import annotations

import ipaddress
import typing as t

from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.moto_api._internal import mock_random

from .errors import refuse

Network = ipaddress.IPv6Network
Address = ipaddress.IPv6Address


def ranges(subnet: t.Any) -> list[Network]:
    return [
        ipaddress.IPv6Network(one["ipv6CidrBlock"])
        for one in subnet.ipv6_cidr_block_associations.values()
        if one["ipv6CidrBlockState"]["State"] == "associated"
    ]


def prefixes_of(eni: t.Any) -> list[str]:
    found: list[str] = eni.__dict__.setdefault("delegated", [])
    return found


def parse(texts: t.Iterable[str], name: str) -> list[Address]:
    """[I] terraform-provider-aws#23114 for the wording."""
    found = []
    for text in texts:
        try:
            found.append(ipaddress.IPv6Address(text))
        except ValueError:
            refuse("InvalidParameterValue", f"invalid value for parameter {name}: {text}")
    if len(set(found)) != len(found):
        # [U]
        refuse("InvalidParameterValue", f"invalid value for parameter {name}: an address comes twice")
    return found


def parse_prefixes(texts: t.Iterable[str]) -> list[Network]:
    """[D] Amazon EC2 User Guide, prefix delegation: an IPv6 prefix is a /80."""
    found = []
    for text in texts:
        try:
            prefix = ipaddress.IPv6Network(text)
        except ValueError:
            refuse("InvalidParameterValue", f"invalid value for parameter prefix: {text}")
        if prefix.prefixlen != 80:
            refuse("InvalidParameterValue", f"invalid value for parameter prefix: {text}")
        found.append(prefix)
    return found


def usable(subnet: t.Any, first: Address, last: Address, text: str) -> None:
    """[D] Amazon VPC User Guide, subnet sizing: the first four addresses and the last one are reserved.

    [I] terraform-provider-aws#23114 for code and wording, of both.
    """
    if not ranges(subnet):
        # [U]
        refuse(
            "InvalidParameterValue", f"{subnet.id} has no IPv6 CIDR block, invalid value for parameter address: {text}"
        )
    for network in ranges(subnet):
        if first in network and last in network:
            if int(first) < int(network[0]) + 4 or last == network[-1]:
                refuse("InvalidParameterValue", f"invalid value for parameter address: {text} is reserved")
            return
    refuse("InvalidParameterValue", f"invalid value for parameter address: {text}")


def free(backend: t.Any, first: Address, last: Address, text: str) -> None:
    """[I] pulumi#10923: a taken address. [U]: the same for what a prefix covers."""
    for eni in backend.enis.values():
        for other in eni.ipv6_addresses:
            if first <= ipaddress.IPv6Address(other) <= last:
                refuse("InvalidIPAddress.InUse", f"Address {text} is in use.")
        for other in prefixes_of(eni):
            network = ipaddress.IPv6Network(other)
            if first <= network[-1] and network[0] <= last:
                refuse("InvalidIPAddress.InUse", f"Address {text} is in use.")


def check(backend: t.Any, subnet: t.Any, addresses: t.Iterable[Address], prefixes: t.Iterable[Network]) -> None:
    for address in addresses:
        usable(subnet, address, address, str(address))
        free(backend, address, address, str(address))
    for prefix in prefixes:
        usable(subnet, prefix[0], prefix[-1], str(prefix))
        free(backend, prefix[0], prefix[-1], str(prefix))


def automatic(backend: t.Any, subnet: t.Any, count: int) -> list[Address]:
    """[D] Amazon VPC User Guide, subnet CIDR reservations: AWS assigns nothing by itself inside of them."""
    network = ranges(subnet)[0]
    reservations = [one.cidr for one in subnet._cidr_reservations if one.cidr.version == 6]
    taken = {ipaddress.IPv6Address(text) for eni in backend.enis.values() for text in eni.ipv6_addresses}
    found: list[Address] = []
    while len(found) < count:
        address = network[mock_random.randrange(4, network.num_addresses - 1)]
        if address not in taken and address not in found and not any(address in one for one in reservations):
            found.append(address)
    return found


def automatic_prefixes(backend: t.Any, subnet: t.Any, count: int) -> list[Network]:
    """[I] amazon-vpc-cni-k8s, InsufficientCidrBlocks. [D] Explicit reservations are left out."""
    network = ranges(subnet)[0]
    held = [ipaddress.IPv6Network(text) for eni in backend.enis.values() for text in prefixes_of(eni)]
    explicit = [one.cidr for one in subnet._cidr_reservations if one.reservation_type == "explicit"]
    found: list[Network] = []
    for number in range(1, 1 << (80 - network.prefixlen)):
        prefix = ipaddress.IPv6Network((int(network[0]) + (number << 48), 80))
        singles = any(
            ipaddress.IPv6Address(text) in prefix for eni in backend.enis.values() for text in eni.ipv6_addresses
        )
        if not singles and not any(prefix.overlaps(one) for one in [*held, *found, *explicit] if one.version == 6):
            found.append(prefix)
            if len(found) == count:
                return found
    refuse("InsufficientCidrBlocks", "There are not enough free cidr blocks in the specified subnet.")


def within_limit(kind: str, count: int, prefixes: int) -> None:
    """What an instance type allows on one interface, from moto's copy of AWS' own table [D].

    [I] karpenter#2975 for types without IPv6. [U] the code of the limit is documented for IPv4 only, and the refusal of
    prefixes on Xen is not documented.
    """
    info = INSTANCE_TYPES[kind]
    network = info["NetworkInfo"]
    if count + prefixes and not network.get("Ipv6Supported"):
        refuse("UnsupportedOperation", f"IPv6 addresses are not supported on {kind}")
    if prefixes and info.get("Hypervisor") == "xen":
        refuse("UnsupportedOperation", f"Prefix delegation is not supported on {kind}")
    limit = network.get("Ipv6AddressesPerInterface", 0)
    if count + prefixes > limit:
        refuse(
            "PrivateIpAddressLimitExceeded",
            f"Number of IPv6 addresses will exceed limit. Limit: {limit}, requested: {count + prefixes}.",
        )
