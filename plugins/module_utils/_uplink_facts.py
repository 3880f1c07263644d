# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What is known of an uplink before anything is decided: read by the port, made into values here.

Everything that commands print is parsed by the functions of this file, so that it can be tested without a host.
"""

from __future__ import annotations

import ipaddress
import json
import typing as t
from dataclasses import dataclass, field

LINK_LOCAL = ipaddress.IPv6Network("fe80::/10")


@dataclass(frozen=True)
class Line:
    """A setting and where it was found."""

    path: str
    number: int
    value: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.number}"


@dataclass(frozen=True)
class Route:
    """A default route of the main table."""

    interface: str
    gateway: str | None
    protocol: str
    metric: int

    @property
    def advertised(self) -> bool:
        """Whether a router advertisement brought it: kernel, networkd and NetworkManager all mark it so."""
        return self.protocol == "ra"

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "interface": self.interface,
            "gateway": self.gateway,
            "protocol": self.protocol,
            "metric": self.metric,
        }


@dataclass(frozen=True)
class Networkd:
    """systemd-networkd and this link: ``/run/systemd/netif/links/<ifindex>`` and the files it names."""

    admin_state: str
    network_file: str
    # Path and text of the .network file and of its drop-ins, in the order in which networkd reads them.
    texts: tuple[tuple[str, str], ...] = ()
    # Other interfaces that the same .network file manages.
    shared_with: tuple[str, ...] = ()


@dataclass(frozen=True)
class NetworkManager:
    """NetworkManager and this device, as nmcli tells it."""

    state: str
    connection: str
    method: str
    filename: str = ""

    @property
    def manages(self) -> bool:
        # A device "connected (externally)" has a profile in memory only: NetworkManager watches, others configure.
        return self.state.startswith("100 ") and "externally" not in self.state


@dataclass(frozen=True)
class Ifupdown:
    """ifupdown and this interface."""

    # The logical name under which the interface is up, None where ifup has not brought it up.
    logical: str | None
    # Path and text of /etc/network/interfaces and everything it includes, in reading order.
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Link:
    """The interface itself."""

    name: str
    index: int
    loopback: bool = False
    # The bridge that it is a port of.
    bridge: str | None = None
    is_bridge: bool = False
    disable_ipv6: str | None = "0"
    accept_ra: str = "1"


@dataclass(frozen=True)
class Facts:
    """All that decisions about one uplink are made from."""

    link: Link
    forwarding: str
    routes: tuple[Route, ...] = ()
    addresses: tuple[str, ...] = ()
    on_link_prefixes: tuple[str, ...] = ()
    networkd: Networkd | None = None
    networkmanager: NetworkManager | None = None
    ifupdown: Ifupdown = field(default_factory=lambda: Ifupdown(None))
    # Path and text of sysctl.d files in the order of systemd-sysctl, and of /etc/sysctl.conf.
    sysctl_files: tuple[tuple[str, str], ...] = ()
    sysctl_conf: str | None = None
    # All .network files and networkd.conf files, only where networkd runs.
    network_files: tuple[tuple[str, str], ...] = ()
    networkd_conf: tuple[tuple[str, str], ...] = ()
    # accept_ra of other interfaces that have an advertised default route.
    others_accept_ra: t.Mapping[str, str] = field(default_factory=dict)
    # Bridges with a global IPv6 address, other than the uplink.
    ipv6_bridges: tuple[str, ...] = ()

    @property
    def advertised(self) -> tuple[Route, ...]:
        return tuple(route for route in self.routes if route.interface == self.link.name and route.advertised)

    @property
    def static(self) -> tuple[Route, ...]:
        return tuple(route for route in self.routes if route.interface == self.link.name and not route.advertised)

    @property
    def router(self) -> str | None:
        """The gateway of the uplink's best default route; the provider's router advertises a link-local one."""
        gateways = [route.gateway for route in (*self.advertised, *self.static) if route.gateway]
        local = [gateway for gateway in gateways if ipaddress.IPv6Address(gateway) in LINK_LOCAL]
        return next(iter(local or gateways), None)


def parse_routes(output: str) -> tuple[Route, ...]:
    """The default routes in ``ip -6 -j route show default``, best metric first."""
    found: list[Route] = []
    for entry in _entries(output):
        hops = entry.get("nexthops") or [entry]
        for hop in hops:
            if "dev" in hop:
                gateway = hop.get("gateway") or hop.get("via", {}).get("host")
                protocol = str(entry.get("protocol", "boot"))
                metric = int(entry.get("metric", 0))
                found.append(Route(hop["dev"], str(gateway) if gateway else None, protocol, metric))
    return tuple(sorted(found, key=lambda route: route.metric))


def parse_on_link(output: str) -> tuple[str, ...]:
    """The prefixes without gateway in ``ip -6 -j route show dev IF``: link-local, multicast and /128 left out."""
    found: list[str] = []
    for entry in _entries(output):
        if entry.get("gateway") or entry.get("nexthops") or entry.get("dst", "default") == "default":
            continue
        if entry.get("type", "unicast") != "unicast":
            continue
        prefix = ipaddress.IPv6Network(entry["dst"], strict=False)
        if not prefix.is_link_local and not prefix.is_multicast and prefix.prefixlen < 128 and str(prefix) not in found:
            found.append(str(prefix))
    return tuple(found)


def parse_addresses(output: str) -> dict[str, tuple[str, ...]]:
    """Interface to addresses in CIDR form, from ``ip -6 -j address show``; failed and tentative ones included."""
    found: dict[str, tuple[str, ...]] = {}
    for link in _entries(output):
        if "ifname" in link:
            found[link["ifname"]] = tuple(
                f"{entry['local']}/{entry['prefixlen']}"
                for entry in link.get("addr_info", [])
                if entry.get("family") == "inet6" and "local" in entry
            )
    return found


def is_global(address: str) -> bool:
    """Whether an address in CIDR form reaches beyond its link."""
    return not ipaddress.IPv6Interface(address).ip.is_link_local


def parse_key_values(text: str) -> dict[str, str]:
    """``KEY=VALUE`` lines as systemd keeps them below /run; quotes around a value are taken off."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key: value.strip().strip('"') for key, dummy, value in pairs}


def parse_nmcli(text: str) -> dict[str, str]:
    """``nmcli -t -e no -f …`` for one object: ``FIELD:VALUE`` lines."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {key: value for key, dummy, value in pairs}


def _entries(output: str) -> list[dict[str, t.Any]]:
    # iproute2 prints nothing at all, or empty objects, where a filter leaves nothing.
    loaded: list[dict[str, t.Any]] = json.loads(output) if output.strip() else []
    return [entry for entry in loaded if entry]
