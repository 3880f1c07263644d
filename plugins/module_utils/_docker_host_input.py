# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What a user may say about a Docker host, checked key by key before anything is planned."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    parse_address,
    parse_interface,
    parse_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._interface_names import parse_interface_name
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._ports import Port, mapping, read_ports

NETWORKS = ("both", "bridge", "user")

# moby: daemon/names/names.go, RestrictedNameChars; at least two characters, and nothing else.
_DOCKER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
# Upstream "28.5.2", Debian "20.10.24+dfsg1", and with an epoch "5:28.5.1-1~debian.12~bookworm".
_VERSION = re.compile(r"(?:\d+:)?v?(\d+)(?:\.(\d+))?(?![\d:])")


@dataclass(frozen=True)
class Name:
    """A named address as it is wished for: at most one of ``address`` and ``suffix`` is given."""

    name: str
    address: ipaddress.IPv6Address | None
    suffix: ipaddress.IPv6Address | None
    ports: tuple[Port, ...]


@dataclass(frozen=True)
class Wanted:
    """The checked input of a plan."""

    host: str
    hosts: tuple[str, ...]
    prefix: ipaddress.IPv6Network | None
    network: str
    names: tuple[Name, ...]
    interface: str
    uplink: tuple[ipaddress.IPv6Interface, ...]
    routers: tuple[ipaddress.IPv6Address, ...]
    others: tuple[ipaddress.IPv6Network, ...]
    docker: int | None
    bridge_name: str
    network_name: str
    network_ipv4: bool


def read(value: object) -> Wanted:
    """Check the input of a plan (its keys are those of the filter ``docker_host_plan``).

    :raises Refused: the first value that cannot be used.
    """
    given = mapping(
        value,
        "the plan's input",
        ("host", "hosts", "prefix", "network", "addresses", "uplink", "others", "docker_version", "bridge_name",
         "network_name", "network_ipv4", "allocated"),
    )  # fmt: skip
    allocated = mapping(given.get("allocated") or {}, "allocated", ("prefix", "addresses"))
    uplink = mapping(given.get("uplink") or {}, "uplink", ("interface", "addresses", "routers"))
    host = _text(given, "host")
    if not host:
        raise Refused("host=", "a plan is for one host, and its prefix may follow from its name", "Give its name")
    hosts = [_item_text(item, "hosts") for item in _items(given, "hosts")]
    prefix = _text(allocated, "prefix") or _text(given, "prefix")
    network = _text(given, "network", "both")
    if network not in NETWORKS:
        raise Refused(f"network={network}", f"known are {', '.join(NETWORKS)}", "Take one of these")
    return Wanted(
        host=host,
        hosts=tuple(sorted({host, *hosts})),
        prefix=_container_prefix(prefix) if prefix else None,
        network=network,
        names=_allocated(_names(_items(given, "addresses")), allocated.get("addresses") or {}),
        interface=_text(uplink, "interface"),
        uplink=tuple(parse_interface(item, "uplink.addresses") for item in _items(uplink, "addresses")),
        routers=tuple(parse_address(item, "uplink.routers") for item in _items(uplink, "routers")),
        others=tuple(_occupied(item) for item in _items(given, "others")),
        docker=docker_major(_text(given, "docker_version")),
        bridge_name=_bridge_name(_text(given, "bridge_name", "routable0")),
        network_name=docker_name(_text(given, "network_name", "routable"), "network_name"),
        network_ipv4=_switch(given, "network_ipv4", True),
    )


def docker_name(name: str, what: str) -> str:
    """A name that Docker takes for a container or a network.

    :raises Refused: it does not.
    """
    if not _DOCKER_NAME.fullmatch(name):
        raise Refused(
            f"{what}={name}",
            "Docker takes names of two or more letters, digits, '_', '.' and '-' that begin with a letter or a digit",
            "Choose such a name",
        )
    return name


def docker_major(version: str) -> int | None:
    """The first number of Docker's version as the daemon or the package tells it; None where it is not known.

    :raises Refused: there is text, but no version in it.
    """
    if not version.strip():
        return None
    found = _VERSION.match(version.strip())
    if found is None:
        raise Refused(
            f"docker_version={version}",
            "this is not a version of Docker",
            "Give what `docker version` prints for the server, or nothing where there is no Docker yet",
        )
    return int(found.group(1))


def _names(items: t.Sequence[object]) -> tuple[Name, ...]:
    names: list[Name] = []
    for item in items:
        entry = (
            {"name": item}
            if isinstance(item, str)
            else mapping(item, "addresses", ("name", "address", "suffix", "ports"))
        )
        name = docker_name(_text(entry, "name"), "addresses: name")
        what = f"addresses: {name}"
        address, suffix = entry.get("address") or None, entry.get("suffix") or None
        if address is not None and suffix is not None:
            raise Refused(
                f"{what}: address={address}, suffix={suffix}", "one of them says it all", "Leave one of them out"
            )
        if any(name == other.name for other in names):
            raise Refused(f"{what}", "the name is given twice, and it stands for one address", "Rename one of them")
        names.append(
            Name(
                name=name,
                address=None if address is None else parse_address(address, f"{what}: address"),
                suffix=None if suffix is None else parse_address(suffix, f"{what}: suffix"),
                ports=read_ports(entry.get("ports") or [], f"{what}: ports"),
            )
        )
    return tuple(names)


def _allocated(names: tuple[Name, ...], addresses: t.Mapping[str, object]) -> tuple[Name, ...]:
    """The names with the addresses that a ledger has for them."""
    return tuple(
        replace(name, address=parse_address(addresses[name.name], f"allocated: {name.name}"), suffix=None)
        if name.name in addresses
        else name
        for name in names
    )


def _container_prefix(text: str) -> ipaddress.IPv6Network:
    prefix = parse_prefix(text)
    first = prefix.network_address
    if first.is_link_local or first.is_multicast or int(first) >> 120 == 0:
        raise Refused(
            f"prefix={prefix}",
            "link-local, multicast, loopback and mapped addresses cannot be a container's own (RFC 4291, section 2.4)",
            "Give a prefix that the provider assigned to this host",
        )
    return prefix


def _occupied(item: object) -> ipaddress.IPv6Network:
    """An address (with or without the length of its link) counts alone, a prefix counts as a whole."""
    if isinstance(item, str) and "/" in item:
        interface = parse_interface(item, "others")
        if interface.ip == interface.network.network_address:
            return interface.network
        return ipaddress.IPv6Network((int(interface.ip), 128))
    return ipaddress.IPv6Network((int(parse_address(item, "others")), 128))


def _bridge_name(name: str) -> str:
    parse_interface_name(name, "bridge_name")
    if name == "docker0":
        raise Refused("bridge_name=docker0", "this is Docker's default bridge", "Choose another name")
    return name


def _items(given: t.Mapping[str, t.Any], key: str) -> list[object]:
    value = given.get(key)
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise Refused(f"{key}={value}", f"a list is needed, not {type(value).__name__}", "Write it as a list")
    return list(value)


def _text(given: t.Mapping[str, t.Any], key: str, default: str = "") -> str:
    value = given.get(key)
    return default if value is None else _item_text(value, key)


def _switch(given: t.Mapping[str, t.Any], key: str, default: bool) -> bool:
    value = given.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise Refused(f"{key}={value}", f"true or false is needed, not {type(value).__name__}", "Write true or false")
    return value


def _item_text(value: object, key: str) -> str:
    if not isinstance(value, str):
        raise Refused(f"{key}={value}", f"text is needed, not {type(value).__name__}", "Quote it")
    return value.strip()
