# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Cloud configs as the Director reads them: all named ones together.

It checks nothing when a config is uploaded but that it is a mapping. The next deployment, whichever it is, reads all
cloud configs at once and fails at the first thing that is wrong. So a config is judged here with those that are there.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import (
    ERROR,
    WARNING,
    Director,
    Finding,
    Findings,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_ranges import (
    Block,
    is_variable,
    merge,
    parse_block,
    show,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_subnet import (
    Subnet,
    check_subnet,
    property_of,
)

Configs = t.Mapping[str, t.Any]

_TYPES = ("manual", "dynamic", "vip")
_NAMED = (
    ("vm_types", "DeploymentDuplicateVmTypeName"),
    ("vm_extensions", "DeploymentDuplicateVmExtensionName"),
    ("disk_types", "DeploymentDuplicateDiskTypeName"),
)


@dataclass(frozen=True)
class Network:
    """A network of any type. Only a manual one has ``subnets`` here."""

    name: str
    config: str
    type: str
    subnets: tuple[Subnet, ...] = ()
    azs: tuple[t.Any, ...] = ()

    def has_azs(self, wanted: t.Sequence[object] | None) -> bool:
        """Whether a VM in these zones can have this network; None is a VM without zones."""
        if self.type == "vip":
            return True
        if not wanted:
            return not self.azs
        return all(zone in self.azs for zone in wanted)


@dataclass(frozen=True)
class Cloud:
    """All cloud configs, read: the findings and what instance groups refer to."""

    findings: tuple[Finding, ...]
    networks: tuple[Network, ...]
    azs: t.Collection[object]


class _AnyZone(t.List[object]):
    """Zones that the config server knows and nobody else."""

    def __contains__(self, item: object) -> bool:
        return True


def canonical_name(name: str) -> str:
    """The name as a DNS label: ``dns/canonicalizer.rb`` of the Director."""
    return re.sub(r"[^a-z0-9-]", "", name.lower().replace("_", "-"))


def read_cloud(configs: Configs, director: Director) -> Cloud:
    """All named cloud configs together.

    :arg configs: name and parsed content of each. A name that comes twice is reported where it comes last.
    """
    found: list[Finding] = []
    sections: dict[str, list[tuple[Findings, t.Any]]] = {}
    zones: list[object] = []
    compilations = []
    for config, content in configs.items():
        findings = Findings(config, "", found)
        if not isinstance(content, dict):
            clause = "a config is a mapping"
            findings.error("type", "content", repr(content), clause, "Give a mapping", "BadConfig")
            continue
        for key in ("azs", "networks", *(key for key, dummy in _NAMED)):
            value = content.get(key)
            if key == "azs" and is_variable(value):
                zones = _AnyZone()
            if not is_variable(value):
                items = property_of(content, key, list, findings) or []
                sections.setdefault(key, []).extend((findings, item) for item in items)
        if property_of(content, "compilation", dict, findings) is not None:
            compilations.append((findings, content["compilation"]))
    zones.extend(_names(sections, "azs", "DeploymentDuplicateAvailabilityZoneName"))
    vm_types = [_names(sections, key, error) for key, error in _NAMED][0]
    networks = tuple(
        network
        for network in (_network(spec, director, zones, findings) for findings, spec in sections.get("networks", []))
        if network is not None
    )
    _check_names(networks, found)
    _check_shared(networks, found)
    _check_compilation(compilations, networks, zones, vm_types, found)
    return Cloud(tuple(found), networks, zones)


def check_cloud_config(
    content: object, director: Director, name: str = "default", others: Configs | None = None, current: object = None
) -> list[Finding]:
    """What is wrong with a cloud config among those that the Director has.

    :arg content: the config as parsed from YAML; None takes it away.
    :arg name: its name.
    :arg others: the Director's other cloud configs, by name.
    :arg current: what the Director has under this name now, None for nothing.
    :returns: findings of this config, and of others as far as this change brings them about. What is wrong with others
        anyway is a warning, and a warning about it is left out.
    """
    rest = {key: value for key, value in (others or {}).items() if key != name}
    wanted = rest if content is None else {**rest, name: content}
    cloud = read_cloud(wanted, director)
    found = [*cloud.findings, *_missing_sections(wanted, rest, current, name)]
    if all(finding.config == name for finding in found):
        return found
    before = rest if current is None else {**rest, name: current}
    known = {_identity(finding) for finding in read_cloud(before, director).findings}
    judged = []
    for finding in found:
        if finding.config == name or _identity(finding) not in known:
            judged.append(finding)
        elif finding.level == ERROR:
            judged.append(replace(finding, level=WARNING))
    return judged


def _identity(finding: Finding) -> tuple[str, str, str, str]:
    return (finding.rule, finding.config, finding.where, str(finding.value))


def _missing_sections(wanted: Configs, rest: Configs, current: object, name: str) -> list[Finding]:
    """A Director without these two deploys nothing. They may still come with another config, unless this takes them."""
    if not wanted:
        return []
    findings = Findings(name)
    had = current if isinstance(current, dict) else {}
    for key, error, remedy in (
        ("compilation", "ValidationMissingField", "Have it in exactly one of them"),
        ("networks", "DeploymentNoNetworks", "Have one network at least"),
    ):
        if any(isinstance(content, dict) and content.get(key) for content in wanted.values()):
            continue
        report = findings.error if had.get(key) else findings.warning
        report(f"no_{key}", key, None, "no cloud config has it then, and nothing can be deployed", remedy, error)
    return findings.found


def _names(sections: t.Mapping[str, t.Any], key: str, error: str) -> list[str]:
    """The names of the things of one kind, and findings for those that come twice."""
    seen: dict[str, str] = {}
    for findings, item in sections.get(key, []):
        if not isinstance(item, dict):
            if not is_variable(item):
                findings.error("type", key, repr(item), "this must be a mapping", "Give name", "ValidationInvalidType")
            continue
        name = property_of(item, "name", str, findings.at(f"{key}: "), "Give a name")
        if name is None:
            continue
        if str(name) in seen:
            clause = f"the config {seen[str(name)]} has one of this name"
            remedy = "Leave it out here, since the Director reads all configs together"
            findings.error(f"{key}_twice", f"{key}: name", name, clause, remedy, error)
        seen[str(name)] = findings.config
    return list(seen)


def _network(spec: object, director: Director, zones: t.Collection[object], findings: Findings) -> Network | None:
    if is_variable(spec):
        findings.warning(
            "variable", "networks", spec, "the Director's config server gives this value", "Look at it yourself"
        )
        return None
    if not isinstance(spec, dict):
        clause = "a network is a mapping"
        findings.error("type", "networks", repr(spec), clause, "Give a mapping", "ValidationInvalidType")
        return None
    name = property_of(spec, "name", str, findings.at("networks: "), "Give a name")
    place = findings.at(f"network {name}: ")
    kind = spec.get("type", "manual")
    if kind not in _TYPES:
        remedy = f"Give one of {', '.join(_TYPES)}"
        place.error("network_type", "type", kind, "there is no such type", remedy, "DeploymentInvalidNetworkType")
        return None
    subnets = spec.get("subnets")
    if kind != "manual":
        listed = [subnet for subnet in subnets if isinstance(subnet, dict)] if isinstance(subnets, list) else []
        azs = [zone for subnet in listed for zone in _zones_of(subnet)]
        return Network(str(name), findings.config, kind, (), tuple(azs))
    managed = bool(spec.get("managed"))
    specs = property_of(spec, "subnets", list, place, "Give one subnet at least") or []
    if subnets == []:
        place.error("subnets_empty", "subnets", "[]", "a network without subnets has no address to give", "Give one")
    checked = [
        check_subnet(one, director, zones, findings.at(f"network {name}, subnet {number}: "), managed)
        for number, one in enumerate(specs, 1)
    ]
    _check_together(checked, director, place)
    azs = sorted({zone for subnet in checked for zone in subnet.azs or ()}, key=str)
    return None if name is None else Network(str(name), findings.config, kind, tuple(checked), tuple(azs))


def _zones_of(subnet: dict[str, t.Any]) -> list[t.Any]:
    azs = subnet.get("azs", subnet.get("az"))
    return list(azs) if isinstance(azs, list) else [] if azs is None else [azs]


def _check_together(subnets: list[Subnet], director: Director, findings: Findings) -> None:
    """Rules over all subnets of one manual network."""
    ranges = sorted(subnet.range for subnet in subnets if subnet.range is not None)
    for one, other in zip(ranges, ranges[1:]):
        if one.family == other.family and other.first <= one.last:
            clause = f"the subnets {one.text} and {other.text} overlap"
            remedy = "Leave one out, or make them disjoint"
            findings.error("subnets_overlap", "subnets", None, clause, remedy, "NetworkOverlappingSubnets")
    zoned = [subnet for subnet in subnets if subnet.azs]
    if zoned and len(zoned) < len(subnets):
        clause = "some subnets name availability zones and some do not"
        findings.error(
            "azs_mixed", "subnets", None, clause, "Name them in all or in none", "JobInvalidAvailabilityZone"
        )
    # The Director compares the first with the others only when a third one follows (manual_network.rb, v283.1.6).
    if director.keeps_blocks and any(subnet.prefix != subnets[0].prefix for subnet in subnets[1:-1]):
        lengths = ", ".join(f"/{subnet.prefix}" for subnet in subnets)
        clause = f"the subnets give VMs prefixes of different lengths ({lengths})"
        remedy = "Make them equal, or make two networks"
        findings.error("prefixes_differ", "subnets", None, clause, remedy, "NetworkPrefixSizesDiffer")
    if director.leaks_reserved and any(subnet.reserved for subnet in subnets):
        clause = "Directors from 282.0.10 to 282.1.8 may hand out addresses inside reserved blocks"
        findings.warning("reserved_leak", "reserved", None, clause, "Update the Director to 282.1.9 or later")
    if subnets and all(subnet.range is not None for subnet in subnets) and not any(_free(subnet) for subnet in subnets):
        clause = "all addresses are reserved or static, and none is left for VMs that name none"
        findings.warning("nothing_free", "subnets", None, clause, "Leave some free, unless all VMs name theirs")


def _check_names(networks: t.Sequence[Network], found: list[Finding]) -> None:
    seen: dict[str, Network] = {}
    for network in networks:
        findings = Findings(network.config, "network ", found)
        canonical = canonical_name(network.name)
        if canonical.startswith("-") or canonical.endswith("-"):
            clause = f"as part of a DNS name this is {canonical}, with a hyphen at its edge"
            remedy = "Begin and end the name with a letter or a digit"
            findings.error("network_dns_name", "name", network.name, clause, remedy, "DnsInvalidCanonicalName")
        if canonical in seen:
            other = seen[canonical]
            clause = f"{other.name} of the config {other.config} is the same name to the Director ({canonical})"
            taken = "DeploymentCanonicalNetworkNameTaken"
            findings.error("network_twice", "name", network.name, clause, "Take another name", taken)
        seen.setdefault(canonical, network)


def _check_shared(networks: t.Sequence[Network], found: list[Finding]) -> None:
    """The same addresses in two networks: the Director compares the subnets of one network only."""
    order = {id(network): place for place, network in enumerate(networks)}
    ranges = sorted(
        (
            (subnet.range, order[id(network)], network)
            for network in networks
            for subnet in network.subnets
            if subnet.range is not None
        ),
        key=lambda entry: (entry[0].family, entry[0].first, -entry[0].last, entry[1]),
    )
    holder: tuple[Block, int, Network] | None = None
    for entry in ranges:
        if holder and entry[0].inside(holder[0]):
            if entry[2] is not holder[2]:
                first, last = sorted((holder, entry), key=lambda one: one[1])
                Findings(last[2].config, "", found).error(
                    "range_shared",
                    f"network {last[2].name}: range",
                    last[0].text,
                    f"the network {first[2].name} of the config {first[2].config} has these addresses too "
                    f"({first[0].text})",
                    "Give each network a range of its own",
                )
        else:
            holder = entry


def _check_compilation(
    compilations: list[tuple[Findings, dict[str, t.Any]]],
    networks: t.Sequence[Network],
    zones: t.Collection[object],
    vm_types: t.Collection[str],
    found: list[Finding],
) -> None:
    for findings, _spec in compilations[1:]:
        clause = f"the config {compilations[0][0].config} has one already"
        remedy = "Have it in exactly one config"
        findings.error("compilation_twice", "compilation", None, clause, remedy, "CloudConfigMergeError")
    for findings, spec in compilations[:1]:
        place = findings.at("compilation: ")
        wanted, zone, vm_type = spec.get("network"), spec.get("az"), spec.get("vm_type")
        network = next((one for one in networks if one.name == wanted), None)
        if wanted is None:
            remedy = "Name the network in which packages are compiled"
            place.error("missing", "network", None, "this is missing", remedy, "ValidationMissingField")
        elif is_variable(wanted):
            pass
        elif network is None:
            clause, remedy = "no cloud config has this network", "Name one that there is"
            place.error("compilation_network", "network", wanted, clause, remedy, "CompilationConfigUnknownNetwork")
        elif not network.has_azs(None if zone is None else [zone]):
            clause = f"the network {network.name} has no subnet in {'the zone ' + str(zone) if zone else 'no zone'}"
            refused = "JobNetworkMissingRequiredAvailabilityZone"
            place.error("compilation_az", "az", zone, clause, "Name a zone of that network", refused)
        if zone and zone not in zones and not is_variable(zone):
            clause, remedy = "no cloud config has this availability zone", "Name one that there is"
            place.error("az_unknown", "az", zone, clause, remedy, "CompilationConfigInvalidAvailabilityZone")
        if vm_type and vm_type not in vm_types and not is_variable(vm_type):
            clause, remedy = "no cloud config has this VM type", "Name one that there is"
            place.error("vm_type_unknown", "vm_type", vm_type, clause, remedy, "CompilationConfigInvalidVmType")


def _free(subnet: Subnet) -> bool:
    return bool(next_addresses(subnet, 1))


def first_addresses(spec: dict[str, t.Any], director: Director, count: int, taken: t.Iterable[str] = ()) -> list[str]:
    """What the Director hands out first in a subnet to VMs that name no address: the lowest that is free.

    :arg spec: the subnet as in the cloud config; it must have no errors.
    :arg taken: addresses that VMs have already, or prefixes where the subnet gives them.
    :returns: addresses, or prefixes where the subnet has ``prefix``; fewer than ``count`` when there are no more.
    """
    subnet = check_subnet(spec, director, _AnyZone(), Findings())
    return next_addresses(subnet, count, taken)


def next_addresses(subnet: Subnet, count: int, taken: t.Iterable[str] = ()) -> list[str]:
    """The same for a subnet that was read."""
    block = subnet.range
    if block is None:
        return []
    bits = 32 if block.family == 4 else 128
    step = 1 << (bits - subnet.prefix)
    used = [parse_block(text) for text in taken]
    busy = merge(
        one
        for one in [*(hole.block for hole in subnet.restricted.holes), *subnet.static, *used]
        if one.family == block.family
    )
    addresses: list[str] = []
    candidate = block.first
    for hole in [*busy, Block(block.family, block.last + 1, block.last + 1, None)]:
        while len(addresses) < count and candidate + step - 1 < hole.first and candidate + step - 1 <= block.last:
            text = show(block.family, candidate)
            addresses.append(text if step == 1 else f"{text}/{subnet.prefix}")
            candidate += step
        candidate = max(candidate, -(-(hole.last + 1) // step) * step)
    return addresses
