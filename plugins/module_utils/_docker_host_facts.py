# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What the role docker_host reads from the state of a host: the uplink, and which Docker networks fit the plan."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_address, parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused


def uplink_of_facts(host: t.Mapping[str, t.Any], interface: str) -> dict[str, t.Any]:
    """``{interface, addresses: [CIDR], routers: [address]}`` of one interface.

    :arg host: ``interfaces`` and ``default_routes`` as the module ``docker_ipv6_info`` returns them.
    :raises Refused: no interface was named, or the host has none of that name.
    """
    if not interface:
        raise Refused(
            "uplink",
            "the host has no IPv6 default route that would tell which interface leads to the provider",
            "Name the interface, for example docker_host_uplink: ens3",
        )
    interfaces: t.Mapping[str, t.Any] = host["interfaces"]
    if interface not in interfaces:
        present = ", ".join(sorted(interfaces)) or "none"
        raise Refused(f"uplink={interface}", f"the host has no such interface; there are {present}", "Correct the name")
    routers = [route["gateway"] for route in host["default_routes"] if route["interface"] == interface]
    return {
        "interface": interface,
        "addresses": list(interfaces[interface]),
        "routers": list(dict.fromkeys(router for router in routers if router)),
    }


def stale_networks(
    networks: t.Iterable[t.Mapping[str, t.Any]], user: t.Mapping[str, t.Any] | None, label: str
) -> list[str]:
    """The names of our networks (those with our label) that are not as planned, compared by value.

    :arg networks: as the module ``docker_ipv6_info`` returns them.
    :arg user: the planned user-defined network, None when there shall be none.
    """
    return [
        network["name"]
        for network in networks
        if label in network["labels"] and (user is None or not _as_planned(network, user))
    ]


def network_is_made(
    networks: t.Iterable[t.Mapping[str, t.Any]],
    user: t.Mapping[str, t.Any],
    options: t.Mapping[str, t.Any],
    label: str,
) -> bool:
    """Whether the planned network is there with all that it was to be created with, compared by value.

    :arg options: the driver options it is created with; Docker keeps them as text and may add others.
    """
    return any(
        label in network["labels"]
        and network["ipv6"]
        and _as_planned(network, user)
        and all(network["options"].get(key) == str(value) for key, value in options.items())
        and [_pool(entry) for entry in network["ipv6_pools"]]
        == [_pool({"subnet": user["prefix"], "gateway": user["gateway"], "ip_range": user["ip_range"]})]
        for network in networks
    )


def _pool(entry: t.Mapping[str, t.Any]) -> tuple[object, object, object]:
    gateway, ip_range = entry["gateway"], entry["ip_range"]
    return (
        parse_prefix(entry["subnet"]),
        parse_address(gateway.partition("/")[0]) if gateway else None,
        parse_prefix(ip_range) if ip_range else None,
    )


def _as_planned(network: t.Mapping[str, t.Any], user: t.Mapping[str, t.Any]) -> bool:
    wanted = parse_prefix(user["prefix"])
    subnets = [parse_prefix(subnet) for subnet in network["ipv6_subnets"]]
    same = network["name"] == user["name"] and network["bridge"] == user["bridge"] and subnets == [wanted]
    return same and network.get("ipv4", True) == user.get("ipv4", True)
