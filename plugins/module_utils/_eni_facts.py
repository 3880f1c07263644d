# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What the EC2 API says, as values: interfaces, subnets, reservations, security groups, routes."""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass, field

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_address, parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._eni_allocator import (
    Interval,
    address_interval,
    prefix_interval,
)

Raw = t.Mapping[str, t.Any]
# Id and name.
Group = t.Tuple[str, str]


@dataclass(frozen=True)
class Attachment:
    attachment_id: str
    instance_id: str
    device_index: int
    delete_on_termination: bool
    status: str


@dataclass(frozen=True)
class Eni:
    """One interface. ``addresses`` is in the API's order; ``flagged`` is the address with IsPrimaryIpv6."""

    eni_id: str
    mac: str
    subnet_id: str
    vpc_id: str
    status: str
    description: str = ""
    groups: tuple[Group, ...] = ()
    addresses: tuple[ipaddress.IPv6Address, ...] = ()
    prefixes: tuple[ipaddress.IPv6Network, ...] = ()
    flagged: ipaddress.IPv6Address | None = None
    private_ip_address: str | None = None
    source_dest_check: bool = True
    tags: t.Mapping[str, str] = field(default_factory=dict)
    attachment: Attachment | None = None
    requester_managed: bool = False

    @classmethod
    def from_api(cls, raw: Raw) -> Eni:
        """From an element of ``NetworkInterfaces``, or from the answer to CreateNetworkInterface."""
        entries = raw.get("Ipv6Addresses", [])
        flagged = [parse_address(entry["Ipv6Address"]) for entry in entries if entry.get("IsPrimaryIpv6")]
        return cls(
            raw["NetworkInterfaceId"],
            raw.get("MacAddress", ""),
            raw["SubnetId"],
            raw["VpcId"],
            raw.get("Status", ""),
            raw.get("Description", ""),
            tuple((group["GroupId"], group.get("GroupName", "")) for group in raw.get("Groups", [])),
            tuple(parse_address(entry["Ipv6Address"]) for entry in entries),
            tuple(sorted(parse_prefix(entry["Ipv6Prefix"]) for entry in raw.get("Ipv6Prefixes", []))),
            flagged[0] if flagged else None,
            raw.get("PrivateIpAddress"),
            bool(raw.get("SourceDestCheck", True)),
            tags_of(raw.get("TagSet", [])),
            _attachment(raw.get("Attachment")),
            bool(raw.get("RequesterManaged", False)),
        )


def _attachment(raw: Raw | None) -> Attachment | None:
    if not raw or raw.get("Status") == "detached":
        return None
    return Attachment(
        raw.get("AttachmentId", ""),
        raw.get("InstanceId", ""),
        int(raw.get("DeviceIndex", 0)),
        bool(raw.get("DeleteOnTermination", False)),
        raw.get("Status", ""),
    )


def tags_of(entries: t.Iterable[Raw]) -> dict[str, str]:
    return {entry["Key"]: entry.get("Value", "") for entry in entries}


def intervals_of(interfaces: t.Iterable[Raw]) -> t.Iterator[Interval]:
    """All addresses and prefixes of the elements of ``NetworkInterfaces``; made for many of them."""
    for raw in interfaces:
        for entry in raw.get("Ipv6Addresses", ()):
            yield address_interval(entry["Ipv6Address"])
        for entry in raw.get("Ipv6Prefixes", ()):
            yield prefix_interval(entry["Ipv6Prefix"])


def holder_of(interfaces: t.Iterable[Raw], interval: Interval, but: str | None = None) -> str | None:
    """The id of the first interface that has something of ``interval``, leaving out the interface ``but``."""
    for raw in interfaces:
        if raw["NetworkInterfaceId"] != but:
            for first, last in intervals_of([raw]):
                if first <= interval[1] and interval[0] <= last:
                    return str(raw["NetworkInterfaceId"])
    return None


@dataclass(frozen=True)
class Range:
    """An IPv6 range of a subnet; ``private`` when it comes from private space of the VPC's IPAM."""

    network: ipaddress.IPv6Network
    private: bool = False


@dataclass(frozen=True)
class Subnet:
    """``ranges`` has the associated ones only, in order."""

    subnet_id: str
    vpc_id: str
    state: str
    ranges: tuple[Range, ...]
    ipv6_only: bool = False

    @classmethod
    def from_api(cls, raw: Raw) -> Subnet:
        """From an element of ``Subnets``."""
        ranges = [
            Range(parse_prefix(entry["Ipv6CidrBlock"]), entry.get("Ipv6AddressAttribute") == "private")
            for entry in raw.get("Ipv6CidrBlockAssociationSet", [])
            if entry.get("Ipv6CidrBlockState", {}).get("State") == "associated"
        ]
        return cls(
            raw["SubnetId"],
            raw["VpcId"],
            raw.get("State", ""),
            tuple(sorted(ranges, key=lambda one: one.network)),
            bool(raw.get("Ipv6Native", False)),
        )

    def range_of(self, value: ipaddress.IPv6Address) -> Range | None:
        return next((one for one in self.ranges if value in one.network), None)


@dataclass(frozen=True)
class Reservation:
    """``kind`` is explicit (assigned by hand only) or prefix (AWS delegates prefixes from it)."""

    reservation_id: str
    network: ipaddress.IPv6Network
    kind: str
    tags: t.Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_api(cls, raw: Raw) -> Reservation:
        """From an element of ``SubnetIpv6CidrReservations``."""
        return cls(
            raw["SubnetCidrReservationId"],
            parse_prefix(raw["Cidr"]),
            raw.get("ReservationType", ""),
            tags_of(raw.get("Tags", [])),
        )
