# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How a Docker host's prefix is divided, and which address each name has.

::

    prefix  +-- lower half: default bridge
            +-- upper half: user-defined network  +-- lower half: static, the named addresses
                                                  +-- upper half: Docker's own ip_range

With one network only, that network has the whole prefix. The result depends on names and values alone, so every
controller comes to the same one, in any order and whatever the run is limited to.
"""

from __future__ import annotations

import ipaddress
import itertools
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    compose,
    halves,
    name_number,
    nth_address,
    nth_subnet,
    overlapping,
    suffix_of,
)
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host_input import Name, Wanted, read
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._ports import Port

ROLE = "docker_host"

# A host's own part of an on-link /64; Docker recommends at least this much for one host.
HOST_PREFIX_LENGTH = 80
# The longest prefix that is still divided between two networks.
LONGEST_FOR_BOTH = 120
# The subnet-router anycast address (RFC 4291, section 2.6.1) and the gateway take two addresses of a network, and
# Docker before 28 cannot hand out the last one, so a /127 has none for a container.
LONGEST_FOR_ONE = 126
# `gateway_mode_ipv6=routed` (Docker's release notes for 27.0).
ROUTED_SINCE = 27
# A network without IPv4 (Docker's release notes for 28.0, `docker network create --ipv4=false`).
WITHOUT_IPV4_SINCE = 28
# Probed as a sign that nothing but the named ports is open; the first that is not itself opened.
PROBES = (9, 22, 7, 1)
# How often a name is hashed anew before its neighbours are tried one after the other.
_ATTEMPTS = 64


def plan(value: object) -> dict[str, t.Any]:
    """Everything that follows from what is said about one Docker host.

    :arg value: a mapping as documented for the filter ``docker_host_plan``.
    :returns: its documented result; all values are JSON-able and all addresses canonical text.
    :raises Refused: a value that cannot work.
    """
    wanted = read(value)
    warnings: list[str] = []
    prefix = _derived(wanted) if wanted.prefix is None else _given(wanted, wanted.prefix)
    if _unique_local(prefix):
        warnings.append(f"{prefix} is unique local (RFC 4193): nobody reaches it from the internet.")
    bridge, user = _divide(wanted, prefix)
    if user is not None and not wanted.network_ipv4:
        warnings += _without_ipv4(wanted)
    addresses = _addresses(wanted, user)
    routed = wanted.docker is not None and wanted.docker >= ROUTED_SINCE
    if user is not None and wanted.docker is None:
        warnings.append("docker_version is empty: the plan is for a Docker without routed mode.")
    return {
        "prefix": str(prefix),
        "derived": wanted.prefix is None,
        "bridge": None if bridge is None else {"prefix": str(bridge), "gateway": str(gateway(bridge))},
        "user": None if user is None else _user(wanted, user, routed),
        "docker_network_options": {} if user is None else _network_options(wanted, routed),
        "addresses": {
            name.name: {
                "address": str(addresses[name.name]),
                "suffix": str(suffix_of(user, addresses[name.name])),
                "ports": [port.entry for port in name.ports],
                "network": wanted.network_name,
            }
            for name in wanted.names
            if user is not None
        },
        "allow": [
            {"address": str(addresses[name.name]), "ports": [port.entry for port in name.ports]}
            for name in wanted.names
            if name.ports
        ],
        "endpoints": [_endpoint(wanted.host, name, addresses[name.name]) for name in wanted.names],
        "warnings": warnings,
    }


def _without_ipv4(wanted: Wanted) -> list[str]:
    """:raises Refused: this Docker gives every network IPv4."""
    if wanted.docker is None:
        return [f"docker_version is empty: a network without IPv4 needs Docker {WITHOUT_IPV4_SINCE} or newer."]
    if wanted.docker < WITHOUT_IPV4_SINCE:
        raise Refused(
            "network_ipv4=false",
            f"networks without IPv4 are there since Docker {WITHOUT_IPV4_SINCE}, and this is Docker {wanted.docker}",
            f"Install Docker {WITHOUT_IPV4_SINCE} or newer, or leave IPv4 on: nothing outside sees it",
        )
    return []


def gateway(network: ipaddress.IPv6Network) -> ipaddress.IPv6Address:
    """The host's own address on a network: the first one behind the subnet-router anycast address."""
    return nth_address(network, 1)


def derive_prefix(
    host: str,
    hosts: t.Iterable[str],
    on_link: ipaddress.IPv6Network,
    routers: t.Collection[ipaddress.IPv6Network],
    occupied: t.Collection[ipaddress.IPv6Network],
) -> ipaddress.IPv6Network:
    """A /80 of ``on_link`` that follows from the host's name and avoids what is in use.

    The names are served in sorted order, so that of two names that meet the first keeps its place. What other hosts
    chose is found from what all hosts know, which is their names and the ``routers``; only the host itself also
    avoids what it sees ``occupied``, or the addresses that Docker makes within these prefixes would move them.

    :raises Refused: nothing is left.
    """
    bits = HOST_PREFIX_LENGTH - on_link.prefixlen
    # The first /80 holds the low addresses that people give by hand, now or later.
    taken = {0}
    for name in sorted({host, *hosts}):
        avoided = [*routers, *occupied] if name == host else routers
        number = _pick(name, bits, _TakenParts(on_link, taken, avoided))
        if number is None:
            raise Refused(
                f"prefix of {name}",
                f"no /{HOST_PREFIX_LENGTH} of {on_link} is free of addresses that are in use",
                "Give docker_host_prefix",
            )
        if name == host:
            return nth_subnet(on_link, HOST_PREFIX_LENGTH, number)
        taken.add(number)
    raise AssertionError("the host is one of the names")  # pragma: no cover


@dataclass(frozen=True)
class _TakenParts:
    """Whether the part of that number is taken or overlaps with what is avoided."""

    on_link: ipaddress.IPv6Network
    taken: t.Collection[int]
    avoided: t.Collection[ipaddress.IPv6Network]

    def __call__(self, index: int) -> bool:
        if index in self.taken:
            return True
        return overlapping(nth_subnet(self.on_link, HOST_PREFIX_LENGTH, index), self.avoided) is not None


def _derived(wanted: Wanted) -> ipaddress.IPv6Network:
    where = wanted.interface or "the uplink"
    found = {
        interface.network
        for interface in wanted.uplink
        if interface.network.prefixlen <= 64 and not interface.is_link_local and not interface.is_loopback
    }
    # Beside a global prefix, a unique local one is for the inside only.
    found = {network for network in found if not _unique_local(network)} or found
    if len(found) != 1:
        rule = (
            f"{where} has more than one on-link prefix: {', '.join(str(network) for network in sorted(found))}"
            if found
            else f"{where} has no on-link prefix of /64 or shorter to take a /{HOST_PREFIX_LENGTH} from"
        )
        raise Refused("prefix=", rule, "Give docker_host_prefix")
    return derive_prefix(
        wanted.host,
        wanted.hosts,
        found.pop(),
        routers=[ipaddress.IPv6Network((int(router), 128)) for router in wanted.routers],
        occupied=[*(ipaddress.IPv6Network((int(at.ip), 128)) for at in wanted.uplink), *wanted.others],
    )


def derived_prefix(wanted: Wanted) -> ipaddress.IPv6Network | None:
    """What a host without a prefix of its own derives; None where its uplink has nothing to derive it from."""
    try:
        return _derived(wanted)
    except Refused:
        return None


def suffix_space(wanted: Wanted, length: int) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """For a prefix of ``length``, wherever it is: the suffix of each name, and what no name may have with the reason.

    :raises Refused: a prefix of that length cannot be divided, or has no room for the names.
    """
    prefix = ipaddress.IPv6Network((0, length))
    bridge, user = _divide(wanted, prefix)
    if user is None:
        return {name: str(address) for name, address in _addresses(wanted, user).items()}, [
            (str(prefix), "the default bridge")
        ]
    static, automatic = halves(user)
    names = tuple(
        name
        if name.address is None
        # The suffix alone; whether the address lies in the host's prefix is for the plan to say.
        else replace(name, address=nth_address(user, int(name.address) & (user.num_addresses - 1)))
        for name in wanted.names
    )
    excluded = [] if bridge is None else [(str(bridge), "the default bridge")]
    excluded += [
        (f"{user.network_address}-{gateway(user)}", "the network's anycast address and its gateway"),
        (str(automatic), "what Docker hands out"),
    ]
    found = _addresses(replace(wanted, names=names), user)
    return {name: str(address) for name, address in found.items()}, excluded


def _given(wanted: Wanted, prefix: ipaddress.IPv6Network) -> ipaddress.IPv6Network:
    where = wanted.interface or "the uplink"
    what = f"prefix={prefix}"
    longer = f"Give a longer prefix, such as a /{HOST_PREFIX_LENGTH} beside the addresses that are in use"
    for interface in wanted.uplink:
        if interface.network.prefixlen < 128 and prefix.supernet_of(interface.network):
            raise Refused(
                what,
                f"it covers the prefix {interface.network} of {where}, and a second route would take the host off "
                "its link",
                longer,
            )
        if interface.ip in prefix:
            raise Refused(what, f"it holds {interface.ip}, an address of {where}", longer)
    for router in wanted.routers:
        if router in prefix:
            raise Refused(what, f"it holds {router}, the address of a router", longer)
    other = overlapping(prefix, wanted.others)
    if other is not None:
        text = str(other.network_address) if other.prefixlen == 128 else str(other)
        raise Refused(what, f"it overlaps with {text}, which is in use on another host", "Give another prefix")
    return prefix


def _divide(
    wanted: Wanted, prefix: ipaddress.IPv6Network
) -> tuple[ipaddress.IPv6Network | None, ipaddress.IPv6Network | None]:
    """The prefixes of the default bridge and of the user-defined network."""
    if prefix.prefixlen > LONGEST_FOR_ONE:
        raise Refused(
            f"prefix={prefix}",
            f"a /{prefix.prefixlen} leaves no address for a container beside the network's and the bridge's own",
            f"Give a /{LONGEST_FOR_ONE} or shorter",
        )
    if wanted.network == "bridge":
        return prefix, None
    if wanted.network == "user":
        return None, prefix
    if prefix.prefixlen > LONGEST_FOR_BOTH:
        raise Refused(
            f"prefix={prefix}, network=both",
            f"a prefix longer than /{LONGEST_FOR_BOTH} is too small for two networks",
            "Choose network bridge or user, or give a shorter prefix",
        )
    return halves(prefix)


def _addresses(wanted: Wanted, user: ipaddress.IPv6Network | None) -> dict[str, ipaddress.IPv6Address]:
    """The address of each name: the chosen ones first, then the derived ones in the order of their names."""
    if not wanted.names:
        return {}
    if user is None:
        raise Refused(
            f"network=bridge, addresses: {wanted.names[0].name}",
            "Docker gives no chosen address on its default bridge, in any version",
            "Choose network user or both, or leave the addresses out",
        )
    static = halves(user)[0]
    room = max(static.num_addresses - 2, 0)
    if len(wanted.names) > room:
        raise Refused(
            f"addresses: {len(wanted.names)} names",
            f"the static part {static} of {user} has room for {room}",
            "Give a shorter prefix" + (", or the whole of it to network user" if wanted.network == "both" else ""),
        )
    holders: dict[ipaddress.IPv6Address, str] = {}
    for name in wanted.names:
        address = _chosen(name, user, static)
        if address is None:
            continue
        if address in holders:
            raise Refused(
                f"addresses: {name.name}={address}", f"{holders[address]} has this address already", "Choose another"
            )
        holders[address] = name.name
    reserved = {user.network_address, gateway(user)}
    for text in sorted(name.name for name in wanted.names if name.address is None and name.suffix is None):
        number = _pick(
            text,
            128 - static.prefixlen,
            lambda index: nth_address(static, index) in holders or nth_address(static, index) in reserved,
        )
        if number is None:  # pragma: no cover
            raise AssertionError("the room was counted before")
        holders[nth_address(static, number)] = text
    return {name: address for address, name in holders.items()}


def _chosen(name: Name, user: ipaddress.IPv6Network, static: ipaddress.IPv6Network) -> ipaddress.IPv6Address | None:
    """The address that the user chose for a name, by value or by suffix; None where it is to be derived."""
    if name.address is not None:
        address, what = name.address, f"addresses: {name.name}: address={name.address}"
    elif name.suffix is not None:
        address = compose(user, str(name.suffix), f"addresses: {name.name}: suffix")
        what = f"addresses: {name.name}: suffix={name.suffix} ({address})"
    else:
        return None
    last = static.broadcast_address
    remedy = f"Choose one from {nth_address(static, 2)} to {last}" if static.num_addresses > 2 else "Leave it out"
    if address == user.network_address:
        raise Refused(what, "this is the subnet-router anycast address (RFC 4291, section 2.6.1)", remedy)
    if address == gateway(user):
        raise Refused(what, "this is the network's gateway", remedy)
    if address not in static:
        rule = f"named addresses are in the static part {static}"
        if address in user:
            rule += f", the rest of {user} is Docker's to hand out"
        raise Refused(what, rule, remedy)
    return address


def _pick(name: str, bits: int, taken: t.Callable[[int], bool]) -> int | None:
    """A free number of ``bits`` bits for a name, or None.

    A taken number is counted on by hashing anew; where nearly all are taken, the neighbours are tried in turn.
    """
    number = 0
    for attempt in range(_ATTEMPTS):
        number = name_number(name, bits, attempt)
        if not taken(number):
            return number
    size = 1 << bits
    # A range beyond this that refused every hash is taken as a whole.
    for step in range(1, min(size, 1 << 16)):
        if not taken((number + step) % size):
            return (number + step) % size
    return None


def _user(wanted: Wanted, user: ipaddress.IPv6Network, routed: bool) -> dict[str, t.Any]:
    static, automatic = halves(user)
    return {
        "name": wanted.network_name,
        "bridge": wanted.bridge_name,
        "prefix": str(user),
        "gateway": str(gateway(user)),
        "static": str(static),
        "ip_range": str(automatic),
        "routed": routed,
        "ipv4": wanted.network_ipv4,
    }


def _network_options(wanted: Wanted, routed: bool) -> dict[str, str]:
    options = {"com.docker.network.bridge.name": wanted.bridge_name}
    if routed:
        options["com.docker.network.bridge.gateway_mode_ipv6"] = "routed"
    return options


def _endpoint(host: str, name: Name, address: ipaddress.IPv6Address) -> dict[str, t.Any]:
    opened = {port.port for port in name.ports}
    probe = next(port for port in itertools.chain(PROBES, itertools.count(2)) if port not in opened)
    return {
        "role": ROLE,
        "name": name.name,
        "address": str(address),
        "kind": "container",
        "behind": host,
        "open": [port.entry for port in name.ports],
        "closed": [Port(probe, "tcp").entry],
        "ping": True,
        "source": str(address),
        "mtu": None,
    }


def _unique_local(network: ipaddress.IPv6Network) -> bool:
    return int(network.network_address) >> 121 == 0xFC >> 1
