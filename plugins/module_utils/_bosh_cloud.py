# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""From prefixes, offsets and names to a cloud config, to operations on a manifest, and to what must answer then."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _bosh_cloud_example as example
from ansible_collections.routable.ipv6.plugins.module_utils import _bosh_yaml as bosh_yaml
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import expanded, number, written
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud_input import (
    Group,
    Network,
    Subnet,
    mapping,
    read_groups,
    read_networks,
    text_of,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud_report import report
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_groups import REQUIRED_DEFAULTS
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_ranges import Block, merge
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_ops import Op, apply, encoded
from ansible_collections.routable.ipv6.plugins.module_utils._dns_names import (
    aaaa_record,
    absolute_name,
    ptr_record,
    reverse_name,
    zone_name,
)
from ansible_collections.routable.ipv6.plugins.module_utils._endpoints import claimed, parse_endpoint, parse_endpoints
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

OPTIONS = ("networks", "groups", "ipv4_network", "default_route", "manifest", "example", "director", "deploy", "domain")
IPV6, IPV4 = "ipv6", "ipv4"
_ANYWHERE = "anywhere"
# What either answer means, for who has not answered.
QUESTION = (
    "A VM has one default route of its own, by IPv6 or by IPv4. ipv6: the VM reaches the Director by IPv4 on its own "
    "link only, so the Director must be in the VM's IPv4 subnet. ipv4: IPv6 goes beyond the VM's link only where a "
    "router advertises itself"
)


def plan(options: object) -> dict[str, t.Any]:
    """All that follows from what is said.

    :arg options: a mapping with :data:`OPTIONS`.
    :returns: ``content`` of the cloud config, the ``vsphere_networks`` that it names, ``operations`` on a manifest and
        as ``ops_file``, the ``manifest`` itself (None for none), the static ``addresses`` with their names and
        ``records``, the ``claims`` for :func:`endpoints`, and the ``report``.
    :raises Refused: a key or value that cannot be.
    """
    said = mapping(options, OPTIONS, "bosh_cloud_config")
    networks = read_networks(said.get("networks"))
    given = said.get("manifest") or None
    told = example.read(said["example"]) if said.get("example") else None
    if told is not None and given is not None:
        raise Refused("manifest", "the example is a manifest itself", "Give one of both")
    groups = read_groups(said.get("groups") or [], networks)
    if told is not None and not groups:
        groups = read_groups([{"name": example.GROUP}], networks)
    beside, route = (text_of(said, key, "") if said.get(key) else None for key in ("ipv4_network", "default_route"))
    operations = _operations(groups, beside, route)
    manifest = _manifest(given)
    if told is not None:
        manifest = example.manifest(told, groups, beside, networks)
    if manifest is not None:
        manifest = apply(manifest, operations)
    elif said.get("deploy"):
        raise Refused("manifest", "there is nothing to deploy", "Give a manifest, or say that it is to be the example")
    addresses = [entry for group in groups for entry in _addresses(group)]
    claims = [_claim(group, networks) for group in groups]
    _check_claims(claims)
    return {
        "content": {"networks": [_network(network, _static(network, groups)) for network in networks]},
        "vsphere_networks": _names(networks),
        "operations": operations,
        "ops_file": bosh_yaml.dump(operations),
        "manifest": manifest,
        "addresses": addresses,
        "records": _records(addresses, said.get("domain") or None),
        "claims": claims,
        "report": report(networks, groups, beside, route, manifest, said.get("director")),
    }


def _static(network: Network, groups: t.Sequence[Group]) -> dict[str, list[Block]]:
    """The addresses that groups ask for, by the prefix of their subnet."""
    found: dict[str, list[Block]] = {}
    for group in groups:
        for address in group.addresses if group.network == network.name else ():
            subnet = network.subnet_of(address.number)
            if subnet is not None:
                found.setdefault(subnet.text, []).append(Block(6, address.number, address.number, 128))
    return found


def _network(network: Network, static: t.Mapping[str, list[Block]]) -> dict[str, t.Any]:
    subnets = [_subnet(subnet, static.get(subnet.text, [])) for subnet in network.subnets]
    return {"name": network.name, "type": "manual", "subnets": subnets}


def _subnet(subnet: Subnet, asked: list[Block]) -> dict[str, t.Any]:
    """A subnet in the Director's words, with addresses in full: no parser takes these for something else."""
    spec: dict[str, t.Any] = {
        "range": f"{expanded(subnet.start)}/{subnet.length}",
        "gateway": expanded(subnet.gateway),
    }
    if subnet.dns:
        spec["dns"] = [_full(block) for block in subnet.dns]
    if subnet.azs is not None:
        spec["azs"] = list(subnet.azs)
    for key, blocks in (("reserved", list(subnet.reserved)), ("static", merge([*subnet.static, *asked]))):
        if blocks:
            spec[key] = [_full(block) for block in blocks]
    if subnet.properties:
        spec["cloud_properties"] = dict(subnet.properties)
    return spec


def _full(block: Block) -> str:
    if block.family == 4:
        return block.text
    if block.size == 1:
        return expanded(block.first)
    return f"{expanded(block.first)} - {expanded(block.last)}"


def _names(networks: t.Sequence[Network]) -> list[str]:
    names = [subnet.properties.get("name") for network in networks for subnet in network.subnets]
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def _operations(groups: t.Sequence[Group], beside: str | None, route: str | None) -> list[Op]:
    if not groups:
        return []
    if beside is not None and route is None:
        names = ", ".join(group.name for group in groups)
        raise Refused("default_route", f"it must be said for {names}. {QUESTION}", "Give ipv6 or ipv4")
    if route not in (None, IPV6, IPV4):
        raise Refused(f"default_route={route}", f"this is {IPV6} or {IPV4}. {QUESTION}", "Give one of both")
    return [op for group in groups for op in _of_group(group, beside, route)]


def _of_group(group: Group, beside: str | None, route: str | None) -> list[Op]:
    """The group's NIC in the IPv6 network, and the defaults where there is another one."""
    place = f"/instance_groups/name={encoded(group.name)}/networks"
    nic: dict[str, t.Any] = {"name": group.network}
    if group.addresses:
        nic["static_ips"] = [expanded(address.number) for address in group.addresses]
    both = list(REQUIRED_DEFAULTS)
    if beside is not None and route == IPV6:
        nic["default"] = both
    ops: list[Op] = [{"type": "replace", "path": f"{place}/name={encoded(group.network)}?", "value": nic}]
    if beside is not None:
        other = f"{place}/name={encoded(beside)}/default?"
        ops.append(
            {"type": "remove", "path": other} if route == IPV6 else {"type": "replace", "path": other, "value": both}
        )
    return ops


def _manifest(given: object) -> t.Any:
    if given is None:
        return None
    if isinstance(given, str):
        try:
            given = bosh_yaml.load(given)
        except bosh_yaml.BadYaml as error:
            raise Refused("manifest", str(error).replace("the content", "this"), "Correct it") from error
    if not isinstance(given, dict):
        rule = f"a manifest is a mapping, and this is {type(given).__name__}"
        raise Refused("manifest", rule, "Give a mapping, or YAML text of one")
    return given


def _addresses(group: Group) -> list[dict[str, t.Any]]:
    """The static addresses with a name for each, which is none of the DNS unless it was given."""
    return [
        {
            "name": address.name or _numbered(group, place),
            "address": written(address.number),
            "group": group.name,
            "named": address.name is not None,
        }
        for place, address in enumerate(group.addresses)
    ]


def _records(addresses: t.Sequence[t.Mapping[str, t.Any]], domain: object) -> dict[str, list[str]]:
    """AAAA and PTR records: of all addresses in a domain, without one of those alone that have a name of their own.

    :raises Refused: a name that no host can have.
    """
    zone = "" if domain is None else zone_name(domain, "domain")
    pairs = [
        (absolute_name(entry["name"], zone), number(entry["address"])) for entry in addresses if zone or entry["named"]
    ]
    return {
        "aaaa": [aaaa_record(name, value) for name, value in pairs],
        "ptr": [ptr_record(reverse_name(value), name) for name, value in pairs],
    }


def _numbered(group: Group, index: int) -> str:
    return group.name if index == 0 and len(group.addresses) < 2 else f"{group.name}-{index}"


def _claim(group: Group, networks: t.Sequence[Network]) -> dict[str, t.Any]:
    network = next(one for one in networks if one.name == group.network)
    return {
        "group": group.name,
        "network": network.name,
        "ranges": [subnet.text for subnet in network.subnets],
        "vsphere_networks": _names([network]),
        "addresses": _addresses(group),
        **group.claim,
    }


def _check_claims(claims: t.Sequence[t.Mapping[str, t.Any]]) -> None:
    """Endpoints are stated last, so what they would be refused for is looked for first.

    :raises Refused: as for :func:`parse_endpoints`.
    """
    parse_endpoints(endpoints(claims, [], _ANYWHERE), _ANYWHERE, _ANYWHERE)
    for claim in claims:
        first = claim["ranges"][0].partition("/")[0]
        parse_endpoint(claimed(claim, claim["group"], "vm", first, _ANYWHERE), _ANYWHERE, _ANYWHERE)


def endpoints(
    claims: t.Sequence[t.Mapping[str, t.Any]], instances: t.Sequence[t.Mapping[str, t.Any]], host: str
) -> list[dict[str, t.Any]]:
    """What answers: the addresses that groups have asked for, and for other groups those that the Director chose.

    :arg claims: from :func:`plan`; :arg instances: from the module bosh_deployment.
    """
    found: list[dict[str, t.Any]] = []
    for claim in claims:
        rows = [row for row in instances if row["group"] == claim["group"]]
        found += [claimed(claim, name, "vm", address, host) for name, address in _held(claim, rows)]
    return found


def expected(
    claims: t.Sequence[t.Mapping[str, t.Any]], instances: t.Sequence[t.Mapping[str, t.Any]]
) -> list[dict[str, t.Any]]:
    """What vCenter must show: of each VM its name there, and the IPv6 addresses that the Director gave it."""
    found = []
    for claim in claims:
        for row in instances:
            if row["group"] == claim["group"] and row.get("vm_cid"):
                inside = [address for address in row["addresses"] if _within(address, claim["ranges"])]
                found.append({"vm": row["vm_cid"], "addresses": inside})
    return found


def _held(claim: t.Mapping[str, t.Any], rows: t.Sequence[t.Mapping[str, t.Any]]) -> list[tuple[str, str]]:
    if claim["addresses"]:
        return [(entry["name"], entry["address"]) for entry in claim["addresses"]]
    single = len(rows) == 1
    return [
        (claim["group"] if single else f"{claim['group']}-{row['index']}", written(number(address)))
        for row in rows
        for address in row["addresses"]
        if _within(address, claim["ranges"])
    ]


def _within(address: str, ranges: t.Sequence[str]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
        return any(parsed in ipaddress.ip_network(one) for one in ranges)
    except ValueError as error:
        raise Refused(f"instances: {address}", f"{error}", "Give what bosh_deployment returned") from None
