# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What the Director demands of one subnet of a manual network, and what it takes without a word.

The order and the errors are those of ``deployment_plan/manual_network_subnet.rb`` and ``ip_util.rb`` in v282.0.9 and
v283.1.6 of the Director. Where it is silent, what was seen to happen afterwards makes it an error of ours.
"""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import (
    Director,
    Findings,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_limits import check_limits
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_ranges import (
    BadValue,
    Block,
    Hole,
    Holes,
    cidr_blocks,
    flatten,
    is_variable,
    parse_block,
    parse_entry,
    show,
)

_BITS = {4: 32, 6: 128}


class Subnet(t.NamedTuple):
    """What is left of a subnet for the rules that look at several of them.

    ``prefix`` is the length of what each VM gets. ``azs`` is None where none are named.
    """

    range: Block | None
    reserved: tuple[Block, ...]
    static: tuple[Block, ...]
    restricted: Holes
    prefix: int
    azs: tuple[t.Any, ...] | None


def property_of(
    spec: t.Mapping[str, t.Any],
    key: str,
    kind: type,
    findings: Findings,
    required: str | None = None,
) -> t.Any:
    """The value of a key; None when it is not there or of another type, which is then a finding.

    :arg required: what to do when it is missing, where it must not be.
    """
    if key not in spec:
        if required is not None:
            findings.error("missing", key, None, "this is missing", required, "ValidationMissingField")
        return None
    value = spec[key]
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    if kind is str and isinstance(value, (int, float)) and not isinstance(value, bool):
        # The Director turns numbers into text.
        return value
    names = {str: "text", list: "a list", dict: "a mapping", int: "a number"}
    findings.error(
        "type", key, repr(value), f"this must be {names[kind]}", f"Give {names[kind]}", "ValidationInvalidType"
    )
    return None


def parse_value(findings: Findings, key: str, value: object, director: Director) -> Block | None:
    """The address or prefix, or None and a finding."""
    return _parsed(parse_block, findings, key, value, director)


def _parsed(
    parse: t.Callable[..., Block], findings: Findings, key: str, value: object, director: Director
) -> Block | None:
    if is_variable(value):
        if director.config_server:
            remedy = "Look at the value yourself, or give it here"
            findings.warning("variable", key, value, "the Director's config server gives this value", remedy)
        else:
            clause = "this is a variable, and this Director has no config server that knows it"
            findings.error("variable", key, value, clause, "Give the value", "unclassified")
        return None
    try:
        return parse(value)
    except BadValue as bad:
        shown = value if isinstance(value, str) else repr(value)
        findings.error(bad.rule, key, shown, bad.clause, bad.remedy, bad.error)
        return None


def check_subnet(
    spec: object, director: Director, zones: t.Collection[object], findings: Findings, managed: bool = False
) -> Subnet:
    """All findings about one subnet.

    :arg zones: the names of the availability zones in all cloud configs.
    :arg managed: the Director may then know range and gateway by itself.
    """
    if not isinstance(spec, dict):
        findings.error("type", "", repr(spec), "a subnet is a mapping", "Give a mapping", "ValidationInvalidType")
        return Subnet(None, (), (), Holes(()), 128, None)
    block = _range(spec, director, findings, managed)
    gateway = _gateway(spec, block, director, findings, managed)
    prefix = _prefix(spec, block, director, findings)
    reserved: list[Block] = []
    static: list[Block] = []
    restricted = Holes(())
    if block is not None:
        reserved = _entries(spec, "reserved", block, director, findings)
        restricted = _restricted(block, gateway, reserved, director)
        static = _entries(spec, "static", block, director, findings)
        _check_static(static, restricted, director, findings)
        _check_base_addresses(static, prefix, findings)
        check_limits(reserved, static, prefix, block, director, findings)
    _dns(spec, block, director, findings)
    zones_named = _azs(spec, zones, findings)
    _cloud_properties(spec, director, findings)
    return Subnet(block, tuple(reserved), tuple(static), restricted, prefix, zones_named)


def _restricted(block: Block, gateway: Block | None, reserved: list[Block], director: Director) -> Holes:
    """What is never handed out: the edges of the range, the gateway, the Director itself, and what is reserved."""
    bits = _BITS[block.family]
    fixed = [
        (Block(block.family, block.first, block.first, bits), "the first address"),
        (Block(block.family, block.last, block.last, bits), "the last address"),
        *((own, "the Director's own address") for own in _own_addresses(director, block)),
    ]
    if gateway is not None:
        fixed.append((gateway, "the gateway"))
    holes = [Hole(part, "the reserved", entry) for entry in reserved for part in cidr_blocks(entry)]
    return Holes([*(Hole(edge, name, edge) for edge, name in fixed), *holes])


def _own_addresses(director: Director, block: Block) -> t.Iterator[Block]:
    for text in director.addresses:
        try:
            own = parse_block(text)
        except BadValue:
            continue
        if own.inside(block):
            yield own


def _range(spec: dict[str, t.Any], director: Director, findings: Findings, managed: bool) -> Block | None:
    value = property_of(spec, "range", str, findings, None if managed else "Give the prefix, as 2001:db8::/64")
    if value is None:
        return None
    block = parse_value(findings, "range", value, director)
    if block is None:
        return None
    if block.size == 1:
        clause = "the range is a single address, and a subnet has two at least"
        findings.error("range_size", "range", value, clause, "Give the length of the subnet", "NetworkInvalidRange")
        return None
    written = parse_block(str(value).partition("/")[0])
    if written.first != block.first:
        clause = "bits are set beyond the length, and the Director drops them without a word"
        findings.warning("host_bits", "range", value, clause, f"Write {block.text}")
    return block


def _gateway(
    spec: dict[str, t.Any], block: Block | None, director: Director, findings: Findings, managed: bool
) -> Block | None:
    missing = None if managed or director.ignore_missing_gateway else "Give the router's address in the range"
    value = property_of(spec, "gateway", str, findings, missing)
    if value is None:
        return None
    gateway = parse_value(findings, "gateway", value, director)
    if gateway is None:
        return None
    refused = "NetworkInvalidGateway"
    if gateway.size > 1:
        clause, remedy = "the gateway is a single address, without a length", "Leave the length out"
        findings.error("gateway_size", "gateway", value, clause, remedy, refused)
        return None
    if "/" in str(value):
        clause = "a gateway has no length; the Director drops it"
        findings.warning("single_length", "gateway", value, clause, "Leave the length out")
    if block is None:
        return None
    if gateway.family != block.family:
        clause = f"this is IPv{gateway.family}, and the range {block.text} is IPv{block.family}"
        remedy = "Give the router's address in the range"
        findings.error("gateway_family", "gateway", value, clause, remedy, refused)
    elif not gateway.inside(block):
        clause = f"the gateway must lie in the range {block.text}"
        findings.error("gateway_outside", "gateway", value, clause, _in_range(gateway, block), refused)
    elif gateway.first in (block.first, block.last):
        which = "first" if gateway.first == block.first else "last"
        clause = f"the {which} address of the range {block.text} cannot be the gateway"
        findings.error("gateway_edge", "gateway", value, clause, "Give the router another address", refused)
    else:
        return gateway
    return None


def _in_range(gateway: Block, block: Block) -> str:
    """What to do with a gateway from elsewhere. A router often has the interface identifier of its link-local one."""
    link_local = gateway.first >> 118 == 0xFE80 >> 6
    if not (link_local and block.length is not None and block.length <= 64):
        return "Give the router's address in the range"
    interface = gateway.first & ((1 << 64) - 1)
    return (
        f"Give the router's address in the range, often {show(6, block.first | interface)} "
        "(with the same interface identifier)"
    )


def _prefix(spec: dict[str, t.Any], block: Block | None, director: Director, findings: Findings) -> int:
    """The length of what a VM gets, within what the range allows."""
    bits = _BITS[block.family] if block else 128
    value = spec.get("prefix")
    if value is None or is_variable(value):
        return bits
    if not director.keeps_blocks:
        clause = "Directors before 282.0.10 do not know this key and give each VM one address"
        findings.warning("prefix_ignored", "prefix", value, clause, "Update the Director, or leave the key out")
        return bits
    if director.vsphere:
        clause = "the vSphere CPI cannot give a VM a prefix"
        findings.warning("prefix_cpi", "prefix", value, clause, "Leave the key out")
    text = str(value)
    digits = len(text) - len(text.lstrip("0123456789"))
    number = int(text[:digits] or 0)  # as Ruby's to_i: "/80" is 0
    if block is not None and block.length is not None and number < block.length:
        clause = f"a VM cannot get more than the range, which is a /{block.length}"
        if digits == 0:
            clause = "this is read as 0, and so as more than the range"
        remedy = f"Give a number from {block.length} to {bits}, without a slash"
        findings.error("prefix_size", "prefix", value, clause, remedy, "NetworkPrefixSizeTooBig")
        return bits
    if number > bits or digits != len(text):
        clause = f"the length of a prefix is a number up to {bits}"
        findings.error("prefix_size", "prefix", value, clause, "Give a number, without a slash")
        return bits
    return number


def _entries(spec: dict[str, t.Any], key: str, block: Block, director: Director, findings: Findings) -> list[Block]:
    """The entries of ``reserved`` or ``static`` that lie in the range; findings for the others."""
    refused = "NetworkReservedIpOutOfRange" if key == "reserved" else "NetworkStaticIpOutOfRange"
    good = []
    for value in flatten(spec.get(key)):
        entry = _parsed(parse_entry, findings, key, value, director)
        if entry is None:
            continue
        if not entry.inside(block):
            remedy = f"Keep to {show(block.family, block.first)} - {show(block.family, block.last)}"
            clause = f"not all of it lies in the range {block.text}"
            findings.error(f"{key}_outside", key, value, clause, remedy, refused)
        else:
            good.append(entry)
    return good


def _check_static(static: list[Block], restricted: Holes, director: Director, findings: Findings) -> None:
    """Static addresses that the Director will not give away.

    Up to 282.0.9 each address is looked at. Since then each CIDR block is, and only whether it lies within a restricted
    one: a static block that is larger passes, and fails when such an address is asked for.
    """
    for entry in static:
        late: Hole | None = None
        at_once: Hole | None = None
        for part in cidr_blocks(entry):
            met = restricted.meets(part)
            if met is None:
                continue
            late = late or met
            if part.inside(met.block):
                at_once = met
                break
        if late is None:
            continue
        remedy = "Take that part out of the static range"
        if at_once or not director.keeps_blocks:
            clause = f"it overlaps {(at_once or late).text}"
            findings.error("static_reserved", "static", entry.text, clause, remedy, "NetworkStaticIpOutOfRange")
        else:
            clause = (
                f"it overlaps {late.text}, which comes out only when a VM asks for such an address "
                "(NetworkReservationIpReserved, 130013)"
            )
            findings.error("static_over_reserved", "static", entry.text, clause, remedy)


def _check_base_addresses(static: list[Block], prefix: int, findings: Findings) -> None:
    """With ``prefix``, only addresses at its boundaries can be given away; others vanish from the static ones."""
    for entry in static:
        step = 1 << (_BITS[entry.family] - prefix)
        if step > 1 and -(-entry.first // step) * step > entry.last:
            findings.error(
                "static_base",
                "static",
                entry.text,
                f"no /{prefix} begins in it, so it holds nothing that a VM could get",
                f"Give addresses at which a /{prefix} begins",
            )


def _dns(spec: dict[str, t.Any], block: Block | None, director: Director, findings: Findings) -> None:
    for value in property_of(spec, "dns", list, findings) or []:
        if isinstance(value, int) and not isinstance(value, bool):
            clause = "this is a number: YAML reads an unquoted address of decimal groups as one of base 60"
            remedy = "Quote the address, or write its groups with four digits"
            findings.error("number", "dns", value, clause, remedy)
            continue
        server = parse_value(findings, "dns", value, director)
        if server is None:
            continue
        if server.size > 1:
            clause = "a DNS server is a single address, without a length"
            findings.error("dns_size", "dns", value, clause, "Leave the length out", "NetworkInvalidDns")
        elif "/" in str(value):
            clause = "a DNS server has no length; the Director drops it"
            findings.warning("single_length", "dns", value, clause, "Leave the length out")
        elif block is not None and server.family != block.family:
            clause = f"this is IPv{server.family} in a subnet of IPv{block.family}, and the Director does not look"
            remedy = f"Give an IPv{block.family} server, unless the VMs reach this one by another network"
            findings.warning("dns_family", "dns", value, clause, remedy)


def _azs(spec: dict[str, t.Any], zones: t.Collection[object], findings: Findings) -> tuple[t.Any, ...] | None:
    if "az" in spec and "azs" in spec:
        clause = "az and azs exclude each other"
        findings.error("az_and_azs", "azs", None, clause, "Leave az out", "NetworkInvalidProperty")
        return None
    if "azs" in spec:
        key, named = "azs", property_of(spec, "azs", list, findings)
        if named == []:
            clause = "the list is empty"
            remedy = "Name a zone, or leave the key out"
            findings.error("azs_empty", "azs", "[]", clause, remedy, "NetworkInvalidProperty")
    else:
        key, one = "az", property_of(spec, "az", str, findings)
        named = None if one is None else [one]
    if not named:
        return None
    for zone in named:
        if zone not in zones:
            known = ", ".join(sorted(str(name) for name in zones)) or "none"
            findings.error(
                "az_unknown",
                key,
                str(zone),
                "no cloud config has this availability zone",
                f"Take one of those there are ({known}), or add it first",
                "NetworkSubnetUnknownAvailabilityZone",
            )
    return tuple(named)


def _cloud_properties(spec: dict[str, t.Any], director: Director, findings: Findings) -> None:
    properties = property_of(spec, "cloud_properties", dict, findings)
    if director.vsphere and (properties is not None or "cloud_properties" not in spec):
        name = (properties or {}).get("name")
        if not isinstance(name, str) or not name:
            clause = "the vSphere CPI looks for a network of this name and finds none"
            findings.error("network_name", "cloud_properties.name", name, clause, "Give the name of the port group")
