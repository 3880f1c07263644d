# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What a Docker host has, from the answers of its daemon: pure readings of Docker's API documents."""

from __future__ import annotations

import ipaddress
import re
import typing as t

# "Docker version 20.10.24+dfsg1, build 5d6db84" as dockerd --version prints it, in all versions.
_VERSION = re.compile(r"\bversion v?([0-9][^\s,]*)")
# The bridge driver names a bridge after its network unless this option names it (moby, drivers/bridge).
_BRIDGE_NAME = "com.docker.network.bridge.name"


def version_of(text: str) -> str:
    """The version in the output of ``dockerd --version``, or an empty string."""
    found = _VERSION.search(text)
    return found.group(1) if found else ""


def network_of(document: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """One network of ``GET /networks``, with IPv4 and IPv6 told apart and the bridge's interface named."""
    options = document.get("Options") or {}
    configs = (document.get("IPAM") or {}).get("Config") or []
    subnets = [config["Subnet"] for config in configs if config.get("Subnet")]
    bridge = options.get(_BRIDGE_NAME, f"br-{document['Id'][:12]}") if document["Driver"] == "bridge" else ""
    return {
        "name": document["Name"],
        "id": document["Id"],
        "driver": document["Driver"],
        "bridge": bridge,
        # Before Docker 28 every network had IPv4, and there was nothing to say about it.
        "ipv4": bool(document.get("EnableIPv4", True)),
        "ipv6": bool(document.get("EnableIPv6")),
        "ipv4_subnets": [subnet for subnet in subnets if ":" not in subnet],
        "ipv6_subnets": [subnet for subnet in subnets if ":" in subnet],
        "ipv6_pools": [
            {"subnet": config["Subnet"], "gateway": config.get("Gateway"), "ip_range": config.get("IPRange")}
            for config in configs
            if ":" in config.get("Subnet", "")
        ],
        "labels": document.get("Labels") or {},
        "options": options,
    }


def container_of(document: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """One running container of ``GET /containers/json`` with its IPv6 address in each network that gave it one."""
    networks = (document.get("NetworkSettings") or {}).get("Networks") or {}
    return {
        "name": (document.get("Names") or [document["Id"][:12]])[0].lstrip("/"),
        "id": document["Id"],
        "addresses": {
            name: endpoint["GlobalIPv6Address"]
            for name, endpoint in sorted(networks.items())
            if endpoint.get("GlobalIPv6Address")
        },
    }


def addresses_inside(if_inet6: str) -> set[str]:
    """The addresses in a network namespace, from its ``/proc/<pid>/net/if_inet6``.

    A kernel takes all IPv6 addresses from an interface whose ``disable_ipv6`` is 1.
    """
    lines = [line.split() for line in if_inet6.splitlines()]
    return {str(ipaddress.IPv6Address(int(words[0], 16))) for words in lines if len(words) == 6}


def missing_inside(container: t.Mapping[str, t.Any], if_inet6: str) -> list[str]:
    """The networks whose address the container was given and does not have.

    :arg container: as :func:`container_of` returns it.
    """
    there = addresses_inside(if_inet6)
    return [
        name for name, address in container["addresses"].items() if str(ipaddress.IPv6Address(address)) not in there
    ]


def deaf(container: t.Mapping[str, t.Any]) -> list[str]:
    """A sentence for each address that the container does not have inside."""
    return [
        f"{container['name']} does not have its address {container['addresses'][name]} of the network {name}: IPv6 is "
        "turned off in it (disable_ipv6). Start it with the sysctl net.ipv6.conf.all.disable_ipv6=0."
        for name in container["missing_inside"]
    ]
