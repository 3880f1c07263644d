# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""A router solicitation (RFC 4861, section 4.1) from the standard library alone.

A router answers within half a second, so that a lost default route need not wait for the next periodic
advertisement, which can take half an hour. It helps whoever takes advertisements: all of them listen all the time.
"""

from __future__ import annotations

import socket
import struct

_ALL_ROUTERS = "ff02::2"
_SOLICITATION = 133
_SOURCE_LINK_LAYER = 1
_ETHERNET_LENGTH = 6


def packet(hardware: str) -> bytes:
    """The message; the kernel fills in the checksum of ICMPv6 sockets (RFC 3542, section 3.1).

    :arg hardware: the interface's MAC address; an interface without one (a tunnel) leaves the option out.
    """
    octets = bytes(int(part, 16) for part in hardware.split(":")) if hardware else b""
    option = struct.pack("!BB", _SOURCE_LINK_LAYER, 1) + octets if len(octets) == _ETHERNET_LENGTH else b""
    return struct.pack("!BBHI", _SOLICITATION, 0, 0, 0) + option


def solicit(interface: str, hardware: str) -> None:
    """Send one solicitation. The kernel takes the link-local address as source, without which none can be sent.

    :raises OSError: not permitted, or the interface has no usable link-local address (yet).
    """
    index = socket.if_nametoindex(interface)
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sender:
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sender.sendto(packet(hardware), (_ALL_ROUTERS, 0, 0, index))
