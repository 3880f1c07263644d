# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What instance groups of a deployment manifest may ask of the networks in the cloud configs.

The errors are those of ``deployment_plan/instance_group_networks_parser.rb``, ``instance_group_spec_parser.rb``,
``instance_group_availability_zone_parser.rb`` and ``placement_planner/networks_to_static_ips.rb`` in v283.1.6 of the
Director.
"""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import Cloud, Network
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import (
    Director,
    Finding,
    Findings,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_ranges import (
    BadValue,
    Block,
    flatten,
    is_variable,
    parse_entry,
    show,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_subnet import Subnet, property_of

REQUIRED_DEFAULTS = ("dns", "gateway")
DEFAULTS = (*REQUIRED_DEFAULTS, "addressable")
# The Director makes a list of static_ips address by address, and compares each with all before it.
STATIC_IPS = 4096

_MISMATCH = "InstanceGroupNetworkInstanceIpMismatch"


def check_instance_groups(groups: object, cloud: Cloud, director: Director, manifest: str = "") -> list[Finding]:
    """What is wrong with the networks of instance groups.

    :arg groups: the manifest's ``instance_groups``.
    :arg cloud: all cloud configs, read.
    :arg manifest: the deployment's name, for the findings.
    """
    findings = Findings(manifest)
    if not isinstance(groups, list):
        clause, remedy = "this must be a list", "Give a list of mappings"
        findings.error("type", "instance_groups", repr(groups), clause, remedy, "ValidationInvalidType")
        return findings.found
    for group in groups:
        if isinstance(group, dict):
            _check_group(group, cloud, director, findings.at(f"instance group {group.get('name')}: "))
        else:
            clause, remedy = "an instance group is a mapping", "Give a mapping"
            findings.error("type", "instance_groups", repr(group), clause, remedy, "ValidationInvalidType")
    return findings.found


def _check_group(group: dict[str, t.Any], cloud: Cloud, director: Director, findings: Findings) -> None:
    specs = property_of(group, "networks", list, findings, "Name one network at least")
    if specs == []:
        clause, remedy = "an instance group has one network at least", "Name one"
        findings.error("no_network", "networks", "[]", clause, remedy, "JobMissingNetwork")
    specs = [spec for spec in specs or [] if isinstance(spec, dict)]
    known = {network.name: network for network in cloud.networks}
    joined = [known[str(spec.get("name"))] for spec in specs if str(spec.get("name")) in known]
    # The Director asks each network for the zones first, and only a virtual one has all of them.
    missed = any(network.type != "vip" for network in joined)
    azs = _azs(group, cloud, "JobNetworkMissingRequiredAvailabilityZone" if missed else None, findings)
    for spec in specs:
        name = property_of(spec, "name", str, findings.at("networks: "), "Give a name")
        place = findings.at(f"network {name}: ")
        network = known.get(str(name))
        if name is not None and network is None:
            near = [other for other in known if other.lower() == str(name).lower()]
            remedy = f"Write {near[0]}, since case counts" if near else f"Take one of {', '.join(known) or 'none'}"
            clause = "no cloud config has this network"
            findings.error("network_unknown", "networks", name, clause, remedy, "JobUnknownNetwork")
        _nic_group(spec, director, place)
        if network is None:
            continue
        if azs is not None and not network.has_azs(azs):
            clause = f"the network {network.name} serves {_listed(network.azs)}, and the group is in {_listed(azs)}"
            remedy = "Make the zones meet" if azs else "Give the group azs"
            findings.error("group_az", "azs", None, clause, remedy, "JobNetworkMissingRequiredAvailabilityZone")
        _static_ips(spec, group, network, azs or [], place)
    _defaults(specs, findings)


def _listed(zones: t.Sequence[object]) -> str:
    return ", ".join(str(zone) for zone in zones) or "no zone"


def _azs(group: dict[str, t.Any], cloud: Cloud, error: str | None, findings: Findings) -> list[t.Any] | None:
    """The group's zones; an empty list for none, and None where they are wrong in themselves."""
    if "azs" not in group:
        return []
    azs = property_of(group, "azs", list, findings)
    if azs is None or is_variable(azs):
        return None
    if not azs:
        clause, remedy = "the list is empty", "Name a zone, or leave the key out"
        findings.error("azs_empty", "azs", "[]", clause, remedy, "JobMissingAvailabilityZones")
        return None
    wrong = False
    for zone in azs:
        if not isinstance(zone, str):
            wrong = True
            clause, remedy = "the name of a zone is text", "Quote it"
            findings.error("az_type", "azs", repr(zone), clause, remedy, error or "JobInvalidAvailabilityZone")
        elif zone not in cloud.azs:
            wrong = True
            clause, remedy = "no cloud config has this availability zone", "Take one that there is"
            findings.error("az_unknown", "azs", zone, clause, remedy, error or "JobUnknownAvailabilityZone")
    return None if wrong else azs


def _defaults(specs: list[dict[str, t.Any]], findings: Findings) -> None:
    holders: dict[str, list[str]] = {word: [] for word in DEFAULTS}
    for spec in specs:
        name = str(spec.get("name"))
        for word in property_of(spec, "default", list, findings.at(f"network {name}: ")) or []:
            if word in holders:
                holders[word].append(name)
            else:
                clause = "a network can be the default for dns, gateway and addressable"
                place = f"network {name}: default"
                findings.error("default_word", place, str(word), clause, "Correct the word", "JobNetworkInvalidDefault")
    for word, names in holders.items():
        if len(names) > 1 and len(specs) > 1:
            clause = f"{' and '.join(names)} are both the default for {word}"
            remedy = "Leave it with one, since a VM has one default route and one set of DNS servers"
            findings.error("default_twice", "networks", None, clause, remedy, "JobNetworkMultipleDefaults")
    missing = [word for word in REQUIRED_DEFAULTS if not holders[word]]
    if len(specs) > 1 and missing:
        clause = f"with {len(specs)} networks one must be the default for {' and '.join(missing)}"
        remedy = f"Write default: [{', '.join(missing)}] at the network that has the VM's default route"
        findings.error("default_missing", "networks", None, clause, remedy, "JobNetworkMissingDefault")


def _nic_group(spec: dict[str, t.Any], director: Director, findings: Findings) -> None:
    value = spec.get("nic_group")
    if value is None:
        return
    if isinstance(value, bool) or not str(value).isdigit():
        clause = "the Director makes an integer of this, and 0 of every word, so that different words are one interface"
        findings.error("nic_group", "nic_group", str(value), clause, "Number the interfaces")
    elif not director.keeps_blocks:
        clause = "Directors before 282.0.10 do not know this key, and each network has an interface of its own"
        findings.warning("nic_group_ignored", "nic_group", value, clause, "Update the Director, or leave the key out")
    if director.vsphere:
        clause = "the vSphere CPI gives each network an interface of its own"
        findings.warning("nic_group_cpi", "nic_group", value, clause, "Leave the key out")


def _static_ips(
    spec: dict[str, t.Any], group: dict[str, t.Any], network: Network, azs: t.Sequence[object], findings: Findings
) -> None:
    if network.type == "dynamic" and "static_ips" in spec:
        clause, remedy = "a dynamic network has no addresses to choose from", "Leave the key out"
        error = "JobStaticIPNotSupportedOnDynamicNetwork"
        findings.error("static_dynamic", "static_ips", None, clause, remedy, error)
        return
    if spec.get("static_ips") is None:
        return
    wanted = _parse_all(spec["static_ips"], findings)
    if wanted is None:
        return
    count = sum(block.size for block in wanted)
    if count > STATIC_IPS:
        clause = f"the Director lists these {count:,} addresses one by one, and compares each with all others"
        findings.error("static_ips_cost", "static_ips", None, clause, "Name one address per instance")
        return
    numbers = [(block.family, number) for block in wanted for number in range(block.first, block.last + 1)]
    seen: set[tuple[int, int]] = set()
    for family, number in numbers:
        text = show(family, number)
        if (family, number) in seen:
            clause = "this address comes twice, whatever its spelling"
            findings.error("static_ips_twice", "static_ips", text, clause, "Leave one out", "JobInvalidStaticIPs")
        elif network.type == "manual":
            _one_static_ip(Block(family, number, number, 128 if family == 6 else 32), network, azs, findings)
        seen.add((family, number))
    instances = group.get("instances")
    if isinstance(instances, int) and instances != count:
        clause = f"the group has {instances} instances and {count} static addresses"
        findings.error("static_ips_count", "static_ips", None, clause, "Give as many as there are instances", _MISMATCH)


def _parse_all(value: object, findings: Findings) -> list[Block] | None:
    blocks: list[Block] | None = []
    for entry in flatten(value):
        if is_variable(entry):
            return None
        try:
            block = parse_entry(entry)
        except BadValue as bad:
            shown = entry if isinstance(entry, str) else repr(entry)
            findings.error(bad.rule, "static_ips", shown, bad.clause, bad.remedy, bad.error)
            blocks = None
            continue
        if blocks is not None:
            blocks.append(block)
    return blocks


def _one_static_ip(address: Block, network: Network, azs: t.Sequence[object], findings: Findings) -> None:
    unread = any(subnet.range is None for subnet in network.subnets)
    subnet = next((one for one in network.subnets if any(address.inside(block) for block in one.static)), None)
    if subnet is None:
        if not unread:
            clause = f"no subnet of the network {network.name} has it in its static ranges"
            findings.error(
                "static_ip_unknown", "static_ips", address.text, clause, _where_else(address, network), _MISMATCH
            )
        return
    step = 1 << ((128 if address.family == 6 else 32) - subnet.prefix)
    if address.first % step:
        clause = f"VMs of this subnet get a /{subnet.prefix}, and none begins here"
        findings.error("static_ip_base", "static_ips", address.text, clause, "Give where one begins", _MISMATCH)
        return
    met = subnet.restricted.meets(address)
    if met is not None:
        clause = f"it overlaps {met.text}"
        remedy = "Take another one, or take it out of the reserved ranges"
        findings.error("static_ip_reserved", "static_ips", address.text, clause, remedy, "NetworkReservationIpReserved")
    elif azs and subnet.azs is not None and not set(azs) & set(subnet.azs):
        clause = f"its subnet serves {_listed(subnet.azs)}, and the group is in {_listed(azs)}"
        error = "JobStaticIpsFromInvalidAvailabilityZone"
        findings.error("static_ip_az", "static_ips", address.text, clause, "Take one of the group's zones", error)


def _where_else(address: Block, network: Network) -> str:
    home: Subnet | None = next((one for one in network.subnets if one.range and address.inside(one.range)), None)
    ranges = [block.text for subnet in network.subnets for block in subnet.static]
    if home is not None:
        return f"Add it to static of the subnet {home.range.text if home.range else ''}"
    return f"Take one of {', '.join(ranges[:4])}" if ranges else "Give the subnet a static range"
