# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What nobody refuses and somebody runs into: what to know about IPv6 on BOSH, as far as it concerns these networks."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import written
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud_input import Group, Network

# Stemcells whose kernel starts without IPv6; the agent edits the boot loader and reboots the VM (bosh-agent v2.874.0).
_REBOOTING = ("jammy", "xenial", "bionic")
_TOO_OLD = ("trusty",)
_LISTENS = re.compile(r"^\s*listen\s+([^;]+);", re.MULTILINE)


def report(
    networks: t.Sequence[Network],
    groups: t.Sequence[Group],
    beside: str | None,
    route: str | None,
    manifest: t.Any,
    director: object,
) -> list[dict[str, str]]:
    """Each with a ``topic`` and a ``message``.

    :arg director: the Director's URL or address, for the message.
    """
    found = [
        ("router_advertisements", _ADVERTISEMENTS),
        *_lowest(networks),
        *(_routes(groups, beside, route, director) if groups else []),
        *_listen(manifest),
        *_stemcells(manifest),
        *_ssh(groups, beside),
    ]
    return [{"topic": topic, "message": message} for topic, message in found]


_ADVERTISEMENTS = (
    "The agent accepts router advertisements on all interfaces of a VM with an IPv6 address, that of the IPv4 network "
    "included. Whoever can send one on these links can become the VM's router, and where a router advertises a prefix "
    "the VM has addresses that nobody asked for. Filter advertisements at the switch (RA guard)."
)


def _lowest(networks: t.Sequence[Network]) -> t.Iterator[tuple[str, str]]:
    for network in networks:
        for subnet in network.subnets:
            first = subnet.start + 1
            taken = [*subnet.reserved, *subnet.static]
            free = subnet.holds(first) and not any(block.first <= first <= block.last for block in taken)
            if subnet.gateway != first and free:
                yield (
                    "lowest_addresses",
                    f"The Director hands out {written(first)} first, and the gateway of {network.name} is elsewhere. "
                    "Reserve what a router or another host already uses there.",
                )


def _routes(
    groups: t.Sequence[Group], beside: str | None, route: str | None, director: object
) -> t.Iterator[tuple[str, str]]:
    names = ", ".join(group.name for group in groups)
    if beside is None:
        yield "default_route", f"{names}: the only network is IPv6, so the Director must be reachable by IPv6."
        return
    if route == "ipv6":
        where = f" ({director})" if director else ""
        yield (
            "default_route",
            f"{names}: the default route is IPv6, and with IPv4 the VM reaches its own link only. The Director{where} "
            f"must therefore be in the IPv4 subnet of the network {beside}.",
        )
    else:
        yield (
            "default_route",
            f"{names}: the default route is IPv4. IPv6 goes beyond the VM's link only where a router advertises "
            "itself, since a static network gives one family a route.",
        )
    yield (
        "interfaces",
        f"{names}: the vSphere CPI gives a NIC one address, so each VM has a NIC in {beside} and another one for IPv6.",
    )


def _jobs(manifest: t.Any) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    for group in _mappings(manifest, "instance_groups"):
        for job in _mappings(group, "jobs"):
            if isinstance(job.get("properties"), dict):
                yield str(group.get("name")), job["properties"]


def _mappings(spec: t.Any, key: str) -> list[dict[str, t.Any]]:
    """The mappings of a list; what is anything else is for the Director to refuse."""
    value = spec.get(key) if isinstance(spec, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _listen(manifest: t.Any) -> t.Iterator[tuple[str, str]]:
    checked = False
    for group, properties in _jobs(manifest):
        listens = _LISTENS.findall(str(properties.get("nginx_conf", "")))
        checked = checked or bool(listens)
        if listens and not any("[" in one for one in listens):
            yield (
                "listen",
                f"{group}: nginx_conf listens on {', '.join(one.strip() for one in listens)}, which is IPv4 alone. "
                "Write listen [::]:80 ipv6only=off;.",
            )
    if not checked:
        yield "listen", "A program answers by IPv6 only if it listens on [::] (nginx: listen [::]:80 ipv6only=off;)."


def _stemcells(manifest: t.Any) -> t.Iterator[tuple[str, str]]:
    for stemcell in _mappings(manifest, "stemcells"):
        name = f"{stemcell.get('os', '')}{stemcell.get('name', '')}"
        if any(word in name for word in _REBOOTING):
            yield (
                "stemcell",
                f"{name} starts without IPv6: the agent edits the boot loader and reboots each new VM once.",
            )
        elif any(word in name for word in _TOO_OLD):
            yield "stemcell", f"{name} is out of support; since Noble IPv6 is on from the start."


def _ssh(groups: t.Sequence[Group], beside: str | None) -> t.Iterator[tuple[str, str]]:
    shown = [written(address.number) for group in groups for address in group.addresses]
    if groups and beside is not None:
        far = f" ({', '.join(shown[:3])})" if shown else ""
        yield (
            "ssh",
            f"From the VLAN of {beside}, bosh ssh to a VM's address in the IPv6 network{far} is reset within a minute "
            f"when its NIC in {beside} has made itself an address there: the answer takes another way. Use that near "
            "address or the IPv4 address.",
        )
