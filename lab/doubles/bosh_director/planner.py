# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the Director makes of cloud configs and instance groups when it deploys, up to the first thing that is wrong.

This is where it checks networks, and the only place. The order is the Director's: it stops at the first error, and what
it does not look at is not looked at here either. Releases, stemcells and jobs are left out.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, field

from .errors import DirectorError

Version = t.Tuple[int, ...]
Range = t.Tuple[int, int, int]  # family, first, last
_BLOCKS: Version = (282, 0, 10)
_MISSING = object()


class InvalidAddress(Exception):
    """Ruby's IPAddr::InvalidAddressError, which is an ArgumentError."""


def parse_version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


def take(spec: t.Any, key: str, kind: type | None = None, default: t.Any = _MISSING) -> t.Any:
    """``safe_property``: a value that must be there unless there is a default, and of this type."""
    if spec is not None and not isinstance(spec, dict):
        raise DirectorError(40000, f"Object ({spec!r}) did not match the required type 'Hash'")
    if spec is None or key not in spec:
        if default is _MISSING:
            raise DirectorError(40001, f"Required property '{key}' was not specified in object ({spec!r})")
        return default
    value = spec[key]
    if kind is str and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if kind is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
        raise DirectorError(40000, f"Property '{key}' value ({value!r}) did not match the required type '{kind}'")
    return value


def address(value: t.Any) -> Range:
    """``IPAddr.new``: a number is an address, a zone is dropped, host bits are masked."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (4 if value < 1 << 32 else 6, value, value)
    if not isinstance(value, str):
        raise DirectorError(100, f"undefined method for {value!r}")
    text = re.sub(r"%[^/]*", "", value)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidAddress(f"Invalid IP or CIDR format: {value}") from error
    return (network.version, int(network.network_address), int(network.broadcast_address))


def plain_address(value: t.Any) -> Range:
    """The same where nothing catches the error."""
    try:
        return address(value)
    except InvalidAddress as error:
        raise DirectorError(100, str(error)) from error


def ranges(value: t.Any) -> list[Range]:
    """``each_ip``: entries and lists of them; a range that runs backwards gives nothing."""
    found: list[Range] = []
    if isinstance(value, list):
        return [one for item in value for one in ranges(item)]
    if value is None:
        return []
    if not isinstance(value, str):
        raise DirectorError(100, f"undefined method 'split' for {value!r}")
    parts = [part.strip() for part in value.split("-")]
    try:
        if len(parts) > 2:
            raise InvalidAddress(f"Invalid IP range format: {value}")
        ends = [address(part) for part in parts]
        if len(ends) == 1:
            return [ends[0]]
        if any(first != last for dummy, first, last in ends):
            raise InvalidAddress(f"Invalid IP range format: {value}")
    except InvalidAddress as error:
        raise DirectorError(160010, str(error)) from error
    if ends[0][1] <= ends[1][1]:
        found.append((ends[0][0], ends[0][1], ends[1][1]))
    return found


def blocks(one: Range) -> list[Range]:
    """CIDR blocks, as newer Directors keep them."""
    kind = ipaddress.IPv4Address if one[0] == 4 else ipaddress.IPv6Address
    return [
        (one[0], int(network.network_address), int(network.broadcast_address))
        for network in ipaddress.summarize_address_range(kind(one[1]), kind(one[2]))
    ]


def within(one: Range, other: Range) -> bool:
    return one[0] == other[0] and other[1] <= one[1] and one[2] <= other[2]


def touches(one: Range, other: Range) -> bool:
    return one[0] == other[0] and one[1] <= other[2] and other[1] <= one[2]


@dataclass
class Subnet:
    range: Range
    static: list[Range]
    restricted: list[Range]
    prefix: int
    azs: list[t.Any] | None
    gateway: int
    properties: dict[str, t.Any]


@dataclass
class Network:
    name: str
    type: str
    subnets: list[Subnet] = field(default_factory=list)

    @property
    def azs(self) -> list[t.Any]:
        return [zone for subnet in self.subnets for zone in subnet.azs or []]

    def has_azs(self, wanted: list[t.Any] | None) -> bool:
        """None is no zone at all; an empty list asks for nothing, and so has it."""
        if self.type == "vip":
            return True
        return not self.azs if wanted is None else all(zone in self.azs for zone in wanted)


class Planner:
    """Reads all cloud configs together."""

    def __init__(self, version: Version, configs: t.Sequence[dict[str, t.Any]]) -> None:
        self.version = version
        merged: dict[str, t.Any] = {key: [] for key in ("azs", "vm_types", "disk_types", "networks", "vm_extensions")}
        for config in configs:
            for key in merged:
                if key != "compilation":
                    merged[key] += take(config, key, list, [])
            compilation = take(config, "compilation", dict, None)
            if compilation and merged.get("compilation"):
                raise DirectorError(
                    570000, "Cloud config 'compilation' key cannot be defined in multiple cloud configs."
                )
            if compilation is not None:
                merged["compilation"] = compilation
        self.azs = self._names(merged, "azs", 190017)
        if not merged["networks"]:
            raise DirectorError(190008, "No networks specified")
        self.networks = [self._network(spec) for spec in merged["networks"]]
        canonical = [re.sub(r"[^a-z0-9-]", "", one.name.lower().replace("_", "-")) for one in self.networks]
        if any(name.startswith("-") or name.endswith("-") for name in canonical):
            raise DirectorError(420001, "Invalid DNS canonical name, cannot start or end with a hyphen")
        if len(set(canonical)) < len(canonical):
            raise DirectorError(190007, "Invalid network name, canonical name already taken")
        vm_types = self._names(merged, "vm_types", 190004)
        self._names(merged, "vm_extensions", 190005)
        self._names(merged, "disk_types", 190013)
        self._compilation(take(merged, "compilation", dict), vm_types)

    @staticmethod
    def _names(merged: dict[str, t.Any], key: str, code: int) -> list[str]:
        names = [take(one, "name", str) for one in merged[key]]
        if len(set(names)) < len(names):
            raise DirectorError(code, f"Duplicate name in {key}")
        return names

    def _network(self, spec: t.Any) -> Network:
        kind = take(spec, "type", str, "manual")
        if kind not in ("manual", "dynamic", "vip"):
            raise DirectorError(190010, f"Invalid network type '{kind}'")
        name = take(spec, "name", str)
        network = Network(name, kind)
        if kind != "manual":
            return network
        first: int | None = None
        for one in take(spec, "subnets", list):
            subnet = self._subnet(name, one)
            for other in network.subnets:
                if touches(subnet.range, other.range):
                    raise DirectorError(160001, f"Network '{name}' has overlapping subnets")
                if self.version >= _BLOCKS and first != other.prefix:
                    raise DirectorError(16014, f"Network '{name}' has subnets that define different prefixes")
            first = subnet.prefix if first is None else first
            network.subnets.append(subnet)
        if 0 < len([one for one in network.subnets if one.azs]) < len(network.subnets):
            raise DirectorError(140016, f"Subnets on network '{name}' must all either specify availability zone or not")
        return network

    def _subnet(self, name: str, spec: t.Any) -> Subnet:
        whole = plain_address(take(spec, "range", str))
        gateway_text = take(spec, "gateway", str)
        if whole[1] == whole[2]:
            raise DirectorError(160002, f"Invalid network range '{spec['range']}', should include at least 2 IPs")
        gateway = plain_address(gateway_text)
        for wrong, reason in (
            (gateway[1] != gateway[2], "must be a single IP"),
            (not within(gateway, whole), "must be inside the range"),
            (gateway[1] == whole[1], "can't be the network id"),
            (gateway[2] == whole[2], "can't be the broadcast IP"),
        ):
            if wrong:
                raise DirectorError(160003, f"Invalid gateway for network '{name}': {reason}")
        edges = [(whole[0], whole[1], whole[1]), (whole[0], whole[2], whole[2])]
        reserved = ranges(take(spec, "reserved", default=None))
        if any(not within(one, whole) for one in reserved):
            raise DirectorError(160005, f"Reserved IP is out of network '{name}' range")
        restricted = [gateway, *edges, *(block for one in reserved for block in blocks(one))]
        static = ranges(take(spec, "static", default=None))
        for one in static:
            for block in blocks(one):
                # Newer Directors compare blocks, and notice a static one only when it lies within a restricted one.
                meets = within if self.version >= _BLOCKS else touches
                if any(meets(block, other) for other in restricted):
                    raise DirectorError(160006, f"Static IP is in network '{name}' reserved range")
            if not within(one, whole):
                raise DirectorError(160006, f"Static IP is out of network '{name}' range")
        prefix = 128 if whole[0] == 6 else 32
        given = take(spec, "prefix", default=None)
        if given is not None and self.version >= _BLOCKS:
            number = int((re.match(r"\d+", str(given)) or [0])[0])
            length = prefix - (whole[2] - whole[1]).bit_length()
            if length > number:
                raise DirectorError(16013, f"Prefix size '{given}' is larger than range prefix '{length}'")
            prefix = number
        for server in take(spec, "dns", list, []) or []:
            parsed = plain_address(server)
            if parsed[1] != parsed[2]:
                raise DirectorError(160004, f"Invalid DNS for network '{name}': must be a single IP")
        azs = self._subnet_azs(name, spec)
        properties = take(spec, "cloud_properties", dict, {})
        return Subnet(whole, static, restricted, prefix, azs, gateway[1], properties)

    def _subnet_azs(self, name: str, spec: dict[str, t.Any]) -> list[t.Any] | None:
        if "az" in spec and "azs" in spec:
            raise DirectorError(160008, f"Network '{name}' contains both 'az' and 'azs'. Choose one.")
        if "azs" in spec:
            zones = take(spec, "azs", list)
            if not zones:
                raise DirectorError(160008, f"Network '{name}' refers to an empty 'azs' array")
        else:
            zone = take(spec, "az", str, None)
            zones = None if zone is None else [zone]
        for zone in zones or []:
            if zone not in self.azs:
                raise DirectorError(160007, f"Network '{name}' refers to an unknown availability zone '{zone}'")
        return zones

    def _compilation(self, spec: dict[str, t.Any], vm_types: list[str]) -> None:
        take(spec, "workers", int)
        wanted, zone, vm_type = (
            take(spec, "network", str),
            take(spec, "az", str, None),
            take(spec, "vm_type", str, None),
        )
        if zone and zone not in self.azs:
            raise DirectorError(120002, f"Compilation config references unknown az '{zone}'")
        if vm_type is not None and vm_type not in vm_types:
            raise DirectorError(120003, f"Compilation config references unknown vm type '{vm_type}'")
        network = next((one for one in self.networks if one.name == wanted), None)
        if network is None:
            raise DirectorError(120001, f"Compilation config references an unknown network '{wanted}'")
        if network.type == "manual" and not network.has_azs([zone] if zone else None):
            raise DirectorError(
                150006, f"Compilation config refers to az '{zone}' but network has no matching subnet(s)."
            )

    def check_group(self, spec: t.Any) -> None:
        """One instance group: its networks, their defaults, its zones, and its static addresses."""
        name = take(spec, "name", str)
        specs = take(spec, "networks", list)
        if not specs:
            raise DirectorError(140009, f"Instance group '{name}' must specify at least one network")
        joined = [self._join(name, one) for one in specs]
        for _network, words, _static in joined:
            if any(word not in ("dns", "gateway", "addressable") for word in words):
                raise DirectorError(150003, f"Instance group '{name}' specified an invalid default network property")
        counts = {
            word: sum(word in words for _network, words, _static in joined)
            for word in ("dns", "gateway", "addressable")
        }
        if len(joined) > 1:
            if any(count > 1 for count in counts.values()):
                raise DirectorError(
                    150004, f"Instance group '{name}' specified more than one network to contain default."
                )
            if not counts["dns"] or not counts["gateway"]:
                raise DirectorError(150005, f"Instance group '{name}' must specify which network is default")
        zones = self._group_azs(name, spec, [network for network, _words, _static in joined])
        instances = take(spec, "instances", int)
        for _network, _words, static in joined:
            if static is not None and len(static) != instances:
                raise DirectorError(150002, f"Instance group '{name}' has {instances} instances but other static IPs")
        for network, _words, static in joined:
            for one in static or []:
                self._static(name, network, zones, one)

    def _join(self, group: str, spec: t.Any) -> tuple[Network, list[t.Any], list[Range] | None]:
        name = take(spec, "name", str)
        words = take(spec, "default", list, [])
        if self.version >= _BLOCKS:
            take(spec, "nic_group", str, None)
        static: list[Range] | None = None
        if spec.get("static_ips"):
            static = []
            for family, first, last in ranges(spec["static_ips"]):
                for number in range(first, last + 1):
                    if (family, number, number) in static:
                        raise DirectorError(150009, f"Instance group '{group}' specifies static IP more than once")
                    static.append((family, number, number))
        network = next((one for one in self.networks if one.name == name), None)
        if network is None:
            raise DirectorError(150001, f"Instance group '{group}' references an unknown network '{name}'")
        if network.type == "dynamic" and "static_ips" in spec:
            raise DirectorError(150008, f"Instance group '{group}' using dynamic network cannot specify static IP(s)")
        return network, words, static

    def _group_azs(self, name: str, spec: dict[str, t.Any], networks: list[Network]) -> list[t.Any]:
        zones = take(spec, "azs", list, None)
        for network in networks:
            if network.type == "manual" and not network.has_azs(zones):
                # A zone that nobody has is missing in the network first, and so is never called unknown.
                raise DirectorError(150006, f"Instance group '{name}' must specify availability zone that matches")
        if zones is not None and not zones:
            raise DirectorError(140017, f"Instance group '{name}' has empty availability zones")
        for zone in zones or []:
            if not isinstance(zone, str):
                raise DirectorError(140016, f"Instance group '{name}' has invalid availability zone")
            if zone not in self.azs:
                raise DirectorError(140018, f"Instance group '{name}' references unknown availability zone '{zone}'")
        return zones or []

    def _static(self, group: str, network: Network, zones: list[t.Any], one: Range) -> None:
        if network.type != "manual":
            return
        subnet = next((one_net for one_net in network.subnets if self._is_static(one_net, one)), None)
        if subnet is None:
            raise DirectorError(150002, f"Instance group '{group}' declares static ip, which belongs to no subnet")
        if zones and subnet.azs is not None and not set(zones) & set(subnet.azs):
            raise DirectorError(150007, f"Instance group '{group}' declares static ip outside its availability zones")
        if any(within(one, other) for other in subnet.restricted):
            raise DirectorError(130013, "Failed to reserve IP: IP belongs to reserved range")

    @staticmethod
    def _is_static(subnet: Subnet, one: Range) -> bool:
        step = 1 << ((128 if one[0] == 6 else 32) - subnet.prefix)
        return one[1] % step == 0 and any(within(one, block) for block in subnet.static)
