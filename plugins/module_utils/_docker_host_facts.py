# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What the role docker_host reads from facts: the uplink, and which Docker networks are in the way."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused


def uplink_of_facts(facts: t.Mapping[str, t.Any], interface: str) -> dict[str, t.Any]:
    """``{interface, addresses: [CIDR], routers: [address]}`` of one interface in Ansible's network facts.

    :raises Refused: no interface was named, or the host has none of that name.
    """
    if not interface:
        raise Refused(
            "uplink",
            "the host has no IPv6 default route that would tell which interface leads to the provider",
            "Name the interface, for example docker_host_uplink: ens3",
        )
    # Facts are keyed by the name with underscores for hyphens; the true name is inside.
    found = facts.get(interface.replace("-", "_"))
    if not isinstance(found, t.Mapping) or found.get("device") != interface:
        present = ", ".join(sorted(facts.get("interfaces", []))) or "none"
        raise Refused(f"uplink={interface}", f"the host has no such interface; there are {present}", "Correct the name")
    default = facts.get("default_ipv6", {})
    return {
        "interface": interface,
        "addresses": [f"{entry['address']}/{entry['prefix']}" for entry in found.get("ipv6", [])],
        "routers": [default["gateway"]] if default.get("interface") == interface and "gateway" in default else [],
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


def _as_planned(network: t.Mapping[str, t.Any], user: t.Mapping[str, t.Any]) -> bool:
    wanted = parse_prefix(user["prefix"])
    subnets = [parse_prefix(subnet) for subnet in network["ipv6_subnets"]]
    return network["name"] == user["name"] and network["bridge"] == user["bridge"] and subnets == [wanted]
