# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What a user says about the IPv6 networks of a Director and about who uses them, read key by key.

Addresses may be written as offsets: ``::165`` is the prefix with these bits behind it. So a network moves to another
prefix by a change of one line.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    SLAAC_PREFIX_LENGTH,
    last_of,
    number,
    prefix_numbers,
    written,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_ranges import (
    BadValue,
    Block,
    flatten,
    merge,
    parse_block,
    parse_entry,
)
from ansible_collections.routable.ipv6.plugins.module_utils._identifiers import eui64_identifier, mac_number
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

_SUBNET_KEYS = ("prefix", "gateway", "dns", "azs", "reserved", "static", "vsphere_network", "cloud_properties")
_NETWORK_KEYS = ("name", "subnets", *_SUBNET_KEYS)
_GROUP_KEYS = ("name", "network", "addresses", "open", "closed", "ping")
_ADDRESS_KEYS = ("name", "address")
_LINK_LOCAL = 0xFE80 >> 6


@dataclass(frozen=True)
class Subnet:
    """One subnet: ``start`` and ``length`` of its prefix, ``gateway`` as a number, the rest in the Director's words."""

    start: int
    length: int
    gateway: int
    dns: tuple[Block, ...]
    azs: tuple[str, ...] | None
    reserved: tuple[Block, ...]
    static: tuple[Block, ...]
    properties: t.Mapping[str, t.Any]

    @property
    def text(self) -> str:
        return written_prefix(self.start, self.length)

    def holds(self, address: int) -> bool:
        return self.start <= address <= last_of(self.start, self.length)


@dataclass(frozen=True)
class Network:
    name: str
    subnets: tuple[Subnet, ...]

    def subnet_of(self, address: int) -> Subnet | None:
        return next((subnet for subnet in self.subnets if subnet.holds(address)), None)


@dataclass(frozen=True)
class Address:
    """A static address of one instance; ``name`` is its name in the DNS, None for none."""

    number: int
    name: str | None


@dataclass(frozen=True)
class Group:
    """An instance group that gets a NIC in ``network``; without addresses the Director chooses them."""

    name: str
    network: str
    addresses: tuple[Address, ...]
    claim: t.Mapping[str, t.Any]


def read_networks(entries: object) -> list[Network]:
    """The networks.

    :raises Refused: a key that no network has, or a value that cannot be.
    """
    if not isinstance(entries, list) or not entries:
        raise Refused(
            f"networks={entries!r}", "this is a list of networks with one at least", "Give its name and prefix"
        )
    return [_network(entry) for entry in entries]


def read_groups(entries: object, networks: t.Sequence[Network]) -> list[Group]:
    """The instance groups; the first network is that of a group which names none.

    :raises Refused: a key that no group has, a value that cannot be, or an address that comes twice.
    """
    if not isinstance(entries, list):
        raise Refused(f"groups={entries!r}", "this is a list of instance groups", "Give a list")
    groups = [_group(entry, networks) for entry in entries]
    seen: dict[int, str] = {}
    for group in groups:
        for address in group.addresses:
            if address.number in seen:
                what = f"instance group {group.name}: {written(address.number)}"
                raise Refused(what, f"{seen[address.number]} has this address already", "Give each one its own")
            seen[address.number] = group.name
    return groups


def mapping(entry: object, keys: t.Sequence[str], what: str) -> dict[str, t.Any]:
    """The keys of a mapping that have a value.

    :raises Refused: no mapping, or a key that is not one of these.
    """
    if not isinstance(entry, dict):
        raise Refused(f"{what}={entry!r}", "this is a mapping", f"Give one with {', '.join(keys)}")
    unknown = sorted(str(key) for key in entry if key not in keys)
    if unknown:
        raise Refused(f"{what}: {unknown[0]}={entry[unknown[0]]}", f"it has {', '.join(keys)}", "Take it out")
    return {key: value for key, value in entry.items() if value is not None}


def text_of(entry: t.Mapping[str, t.Any], key: str, what: str) -> str:
    """A value that is text in one line, and not empty.

    :raises Refused: it is not.
    """
    value = entry.get(key)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise Refused(f"{what}{key}={value!r}", "this is text, and not empty", f"Give {key}, in quotes")
    # Plain text, whatever kind of string a template made.
    return "".join(value)


def _network(entry: object) -> Network:
    spec = mapping(entry, _NETWORK_KEYS, "network")
    name = text_of(spec, "name", "network: ")
    what = f"network {name}: "
    subnets = spec.get("subnets")
    own = {key: spec[key] for key in _SUBNET_KEYS if key in spec}
    if subnets is None:
        return Network(name, (_subnet(own, what),))
    if not isinstance(subnets, list) or not subnets:
        raise Refused(f"{what}subnets={subnets!r}", "this is a list of subnets with one at least", "Give its prefix")
    # What stands at the network holds for all of its subnets that do not say otherwise.
    read = [
        _subnet({**own, **mapping(one, _SUBNET_KEYS, f"{what}subnet {place}")}, f"{what}subnet {place}: ")
        for place, one in enumerate(subnets, 1)
    ]
    return Network(name, tuple(read))


def _subnet(spec: t.Mapping[str, t.Any], what: str) -> Subnet:
    prefix = spec.get("prefix")
    _no_number(prefix, f"{what}prefix")
    start, length = prefix_numbers(prefix, f"{what}prefix")
    properties = spec.get("cloud_properties") or {}
    if not isinstance(properties, dict):
        raise Refused(f"{what}cloud_properties={properties!r}", "this is a mapping", "Give one")
    properties = dict(properties)
    if "vsphere_network" in spec:
        properties["name"] = text_of(spec, "vsphere_network", what)
    azs = spec.get("azs")
    if azs is not None and not (isinstance(azs, list) and all(isinstance(zone, str) for zone in azs)):
        raise Refused(f"{what}azs={azs!r}", "this is a list of names of availability zones", "Quote the names")
    return Subnet(
        start,
        length,
        _gateway(spec.get("gateway"), start, length, what),
        tuple(_server(one, f"{what}dns") for one in _listed(spec.get("dns"))),
        None if azs is None else tuple("".join(zone) for zone in azs),
        _entries(spec.get("reserved"), start, length, f"{what}reserved"),
        _entries(spec.get("static"), start, length, f"{what}static"),
        properties,
    )


def _gateway(value: object, start: int, length: int, what: str) -> int:
    """In the range: as it is, as an offset, or with the identifier of the router's link-local or MAC address.

    The Director takes no fe80:: address. Most routers have the same identifier in all of their addresses, so that
    fe80::20d:b9ff:fe48:9249 is PREFIX:20d:b9ff:fe48:9249, too.
    """
    name = f"{what}gateway"
    if value is None:
        raise Refused(name, "a subnet has a gateway in its range", "Give the router's address, also its link-local one")
    _no_number(value, name)
    if isinstance(value, str) and "/" in value:
        raise Refused(f"{name}={value}", "a gateway is a single address, without a length", "Leave the length out")
    mac = mac_number(value)
    address = eui64_identifier(mac) if mac is not None else number(value, name)
    if mac is not None or address >> 118 == _LINK_LOCAL:
        if length > SLAAC_PREFIX_LENGTH:
            clause = f"its identifier has 64 bits, and {written_prefix(start, length)} leaves {128 - length}"
            raise Refused(f"{name}={value}", clause, "Give the router's address in the range")
        return start | address & ((1 << SLAAC_PREFIX_LENGTH) - 1)
    return _placed(address, start, length, f"{name}={value}")


def _placed(address: int, start: int, length: int, what: str) -> int:
    """An offset behind its prefix; an address of the prefix as it is.

    :raises Refused: an address of another prefix.
    """
    if not address >> (128 - length):
        return start | address
    if not start <= address <= last_of(start, length):
        offset = written(last_of(0, length))
        remedy = f"Give one of its addresses, or an offset up to {offset}"
        raise Refused(what, f"this is not in {written_prefix(start, length)}", remedy)
    return address


def _server(value: object, what: str) -> Block:
    """A DNS server: IPv6 or IPv4, and no name."""
    _no_number(value, what)
    try:
        block = parse_block(value)
    except BadValue as bad:
        raise Refused(f"{what}={value}", bad.clause, bad.remedy) from bad
    if block.size > 1:
        raise Refused(f"{what}={value}", "a DNS server is a single address, without a length", "Leave the length out")
    return block


def _entries(value: object, start: int, length: int, what: str) -> tuple[Block, ...]:
    """Entries of ``reserved`` or ``static`` in as few as possible."""
    blocks = []
    for entry in _listed(value):
        _no_number(entry, what)
        try:
            block = parse_entry(entry)
        except BadValue as bad:
            raise Refused(f"{what}={entry}", bad.clause, bad.remedy) from bad
        if block.family != 6:
            raise Refused(f"{what}={entry}", "this is IPv4 where IPv6 is needed", "Give an IPv6 value")
        first = _placed(block.first, start, length, f"{what}={entry}")
        last = _placed(block.last, start, length, f"{what}={entry}")
        blocks.append(Block(6, first, last, block.length))
    return tuple(merge(blocks))


def _listed(value: object) -> list[t.Any]:
    return flatten(value)


def _no_number(value: object, what: str) -> None:
    """YAML reads 2001:10:20:30:40:50:1:2 without quotes as a number of base 60.

    :raises Refused: a number.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        clause = "this is a number: YAML reads an unquoted address of decimal groups as one of base 60"
        raise Refused(f"{what}={value}", clause, "Quote the address")


def _group(entry: object, networks: t.Sequence[Network]) -> Group:
    spec = mapping(entry, _GROUP_KEYS, "instance group")
    name = text_of(spec, "name", "instance group: ")
    what = f"instance group {name}: "
    known = {network.name: network for network in networks}
    wanted = text_of(spec, "network", what) if "network" in spec else networks[0].name
    if wanted not in known:
        raise Refused(f"{what}network={wanted}", f"there is {', '.join(known)}", "Name one of these")
    addresses = tuple(_address(one, known[wanted], what) for one in _listed(spec.get("addresses")))
    claim = {key: value for key, value in spec.items() if key in ("open", "closed", "ping")}
    return Group(name, known[wanted].name, addresses, claim)


def _address(entry: object, network: Network, what: str) -> Address:
    spec = mapping(entry, _ADDRESS_KEYS, f"{what}address") if isinstance(entry, dict) else {"address": entry}
    value = spec.get("address")
    _no_number(value, f"{what}address")
    plain = number(value, f"{what}address")
    # An offset is one of the first subnet.
    subnet = network.subnet_of(plain) or network.subnets[0]
    place = _placed(plain, subnet.start, subnet.length, f"{what}address={value}")
    return Address(place, text_of(spec, "name", f"{what}address {value}: ") if "name" in spec else None)
