# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Whether a prefix can be given to containers on this host.

Docker compares a new prefix with its own networks only. One that equals the uplink's gives two on-link routes, and
the bridge then takes the first address, which may be the upstream router's: so this is for us to refuse.
"""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import nth_address, parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# What a bridge cannot have, with the reason. Documentation prefixes are not here: test networks use them.
_UNUSABLE = (
    (ipaddress.IPv6Network("ff00::/8"), "this is multicast (RFC 4291, section 2.7), which no container can hold"),
    (
        ipaddress.IPv6Network("fe80::/10"),
        "this is link-local (RFC 4291, section 2.5.6), which each link has already and no router forwards",
    ),
    (ipaddress.IPv6Network("::/127"), "it holds the unspecified or the loopback address"),
    (ipaddress.IPv6Network("::ffff:0:0/96"), "these are IPv4 addresses in IPv6 form (RFC 4291, section 2.5.5.2)"),
)


@dataclass(frozen=True)
class Route:
    """A unicast route. ``gateway`` is None for an on-link one."""

    prefix: ipaddress.IPv6Network
    device: str
    gateway: ipaddress.IPv6Address | None = None


@dataclass(frozen=True)
class HostNetworks:
    """What the host knows of IPv6: its addresses by device, its routes, and the routers it has met."""

    addresses: tuple[tuple[str, ipaddress.IPv6Interface], ...] = ()
    routes: tuple[Route, ...] = ()
    routers: tuple[ipaddress.IPv6Address, ...] = ()

    def on(self, device: str) -> tuple[ipaddress.IPv6Interface, ...]:
        """The addresses of one device that are not link-local."""
        return tuple(one for name, one in self.addresses if name == device and not one.is_link_local)

    def routes_on(self, device: str) -> tuple[Route, ...]:
        """The routes of one device that are neither link-local nor multicast."""
        return tuple(
            one
            for one in self.routes
            if one.device == device and not one.prefix.is_link_local and not one.prefix.is_multicast
        )

    def on_link(self, address: ipaddress.IPv6Address, without: t.Collection[str] = ()) -> str | None:
        """The device on whose link an address lies, None when it is behind a router or nowhere."""
        fitting = [
            one
            for one in self.routes
            if one.gateway is None and one.device not in without and one.prefix.prefixlen and address in one.prefix
        ]
        return max(fitting, key=lambda one: one.prefix.prefixlen).device if fitting else None


def host_networks(
    addresses: t.Iterable[t.Mapping[str, t.Any]],
    routes: t.Iterable[t.Mapping[str, t.Any]],
    neighbours: t.Iterable[t.Mapping[str, t.Any]] = (),
) -> HostNetworks:
    """From the output of ``ip -6 -j addr``, ``ip -6 -j route`` and ``ip -6 -j neigh``, as iproute2 6 and 5 write it.

    Routes of type ``unreachable`` and the like are left out: a host to which a prefix is routed has one for good
    reason.
    """
    found = []
    for link in addresses:
        for one in link.get("addr_info", ()):
            # A point-to-point address has no length of its own.
            found.append(
                (str(link["ifname"]), ipaddress.IPv6Interface((str(one["local"]), int(one.get("prefixlen", 128)))))
            )
    ways, routers = [], set()
    for entry in routes:
        if entry.get("type", "unicast") != "unicast":
            continue
        prefix = ipaddress.IPv6Network("::/0" if entry["dst"] == "default" else str(entry["dst"]))
        for hop in entry.get("nexthops") or [entry]:
            gateway = ipaddress.IPv6Address(hop["gateway"]) if "gateway" in hop else None
            ways.append(Route(prefix, str(hop.get("dev", "")), gateway))
            if gateway is not None:
                routers.add(gateway)
    routers.update(ipaddress.IPv6Address(str(one["dst"])) for one in neighbours if "router" in one)
    return HostNetworks(tuple(found), tuple(ways), tuple(sorted(routers)))


def check_kind(text: object, name: str) -> ipaddress.IPv6Network:
    """A prefix that containers can be given on some host.

    :raises Refused: not an IPv6 prefix, host bits, one single address, or a range that is none for containers.
    """
    prefix = parse_prefix(text, name)
    what = f"{name}={text}"
    for network, rule in _UNUSABLE:
        if prefix.overlaps(network):
            raise Refused(what, rule, "Give a prefix of your provider's, or a part of it")
    if prefix.prefixlen == 128:
        raise Refused(
            what,
            "a /128 is one single address, which the bridge itself takes, and Docker does not start with it",
            "Give a /127 or a shorter prefix; /80 leaves room for every MAC address",
        )
    return prefix


def check_host(
    prefix: ipaddress.IPv6Network,
    name: str,
    host: HostNetworks,
    own: t.Collection[str] = (),
    networks: t.Mapping[str, ipaddress.IPv6Network] | None = None,
) -> None:
    """Whether this host has anything in the prefix already.

    :arg own: devices that are to carry the prefix, or carried one before: they do not count.
    :arg networks: prefixes of Docker's other networks, by the network's name.
    :raises Refused: with the first thing that is in the way.
    """
    what = f"{name}={prefix}"
    remedy = "Give a longer prefix beside it, such as a /80 of the uplink's /64 that holds no address in use"
    for label, network in (networks or {}).items():
        if prefix.overlaps(network):
            raise Refused(
                what,
                f"it overlaps with {network} of the Docker network {label}, and Docker does not start like that",
                "Give another prefix, or remove that network",
            )
    for route in host.routes:
        if route.device not in own and route.prefix.prefixlen and prefix.supernet_of(route.prefix):
            relation = "it equals" if route.prefix == prefix else "it covers"
            raise Refused(
                what,
                f"{relation} {route.prefix}, to which the host has a route by {route.device}, and a second one would "
                "take those addresses off that link",
                remedy,
            )
    for device, address in host.addresses:
        if device in own or address.is_link_local or address.is_loopback:
            continue
        if address.network.prefixlen < 128 and prefix.supernet_of(address.network):
            relation = "it equals" if address.network == prefix else "it covers"
            raise Refused(what, f"{relation} {address.network}, the prefix of {device}", remedy)
        if address.ip in prefix:
            raise Refused(what, f"it holds {address.ip}, an address of {device}", remedy)
    for router in host.routers:
        if router in prefix and not any(router == address.ip for _device, address in host.addresses):
            raise Refused(what, f"it holds {router}, the address of a router on the link", remedy)


def check_first_address(
    prefix: ipaddress.IPv6Network, name: str, gateway: ipaddress.IPv6Address, answered: str | None
) -> None:
    """Whether the address that the bridge would take is somebody's on the link.

    :arg answered: the device on whose link a neighbour answered for the address, None for silence.
    :raises Refused: somebody has it.
    """
    if answered is not None:
        raise Refused(
            f"{name}={prefix}",
            f"the bridge would take {gateway}, and somebody on {answered} has that address (often the router)",
            "Give a prefix that holds no address in use",
        )


def first_address(prefix: ipaddress.IPv6Network) -> ipaddress.IPv6Address:
    """The address that Docker gives to the bridge: the one behind the subnet-router anycast address."""
    return nth_address(prefix, 1)
