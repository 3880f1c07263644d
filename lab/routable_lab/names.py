# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""Names and addresses that follow from a host's name, so that every run of the lab has the same ones."""

from __future__ import annotations

import hashlib
import ipaddress
import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent

ROUTER = "router"
STRANGER = "stranger"
VPC = "vpc"
LINK_PREFIX = "2001:db8:0:1::/64"
STRANGER_ADDRESS = "2001:db8:ffff::2"


def default_lab_name(checkout: Path) -> str:
    """`routable-` and six hex digits of the checkout's real path; `lab/inventory.yml` states the same rule in Jinja."""
    return "routable-" + hashlib.sha256(str(checkout.resolve()).encode()).hexdigest()[:6]


def lab_name(given: str | None = None) -> str:
    """The name asked for on the command line, else the one in LAB_NAME, else the checkout's own."""
    return given or os.environ.get("LAB_NAME") or default_lab_name(CHECKOUT)


def mac(host: str) -> str:
    """A locally administered unicast MAC address derived from the host's name."""
    digest = hashlib.sha256(host.encode()).hexdigest()
    return "52:54:00:" + ":".join(digest[i : i + 2] for i in (0, 2, 4))


def link_local_of(address: str) -> str:
    """The link-local address that an interface forms from its MAC address."""
    return str(ipaddress.IPv6Address((0xFE80 << 112) | interface_id(address)))


def interface_id(address: str) -> int:
    """The modified EUI-64 interface identifier of a MAC address (RFC 4291, appendix A)."""
    octets = [int(part, 16) for part in address.split(":")]
    octets[0] ^= 0x02
    return int.from_bytes(bytes([*octets[:3], 0xFF, 0xFE, *octets[3:]]), "big")


def link_local(host: str) -> str:
    """The link-local address of the host's uplink."""
    return link_local_of(mac(host))


def port(host: str, suffix: str = "") -> str:
    """The name of the router's end of the host's cable; Linux allows 15 characters. A second cable has a suffix."""
    name = f"p{suffix}-{host}"
    return name if len(name) <= 15 else f"p{suffix}-" + hashlib.sha256(host.encode()).hexdigest()[: 12 - len(suffix)]


def ipv4(index: int) -> str:
    """The IPv4 address of the index-th host of a topology (counted from 0)."""
    return f"198.51.100.{10 + index}"
