# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""ICMPv6 messages of a ping as bytes (RFC 4443)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._probe import NO_NEIGHBOUR, NO_ROUTE, PROHIBITED

UNREACHABLE, TOO_BIG, TIME_EXCEEDED, PARAMETER_PROBLEM = 1, 2, 3, 4
ECHO_REQUEST, ECHO_REPLY = 128, 129
IPV6_HEADER, ICMP_HEADER = 40, 8
NEXT_HEADER_ICMPV6 = 58
# What marks an echo as ours: 8 random bytes of this run, then which target and which attempt.
_LABEL = struct.Struct("!8sIH")

# RFC 4443, section 3.1.
_UNREACHABLE_CODES = {
    0: NO_ROUTE,
    1: PROHIBITED,
    2: "beyond the scope of the source address",
    3: NO_NEIGHBOUR,
    4: "port unreachable",
    5: "the source address fails a policy",
    6: "the route rejects it",
}


@dataclass(frozen=True)
class Message:
    """A message that concerns one of our echo requests. ``error`` is None for the reply itself."""

    index: int
    attempt: int
    error: str | None


def echo_request(identifier: int, run: bytes, index: int, attempt: int, size: int | None = None) -> bytes:
    """An echo request whose checksum the kernel fills in (RFC 3542, section 3.1).

    :arg run: 8 random bytes that all requests of one run carry.
    :arg size: the length of the whole IPv6 packet, in bytes; None for the shortest one.
    """
    header = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, identifier, attempt & 0xFFFF)
    label = _LABEL.pack(run, index, attempt & 0xFFFF)
    padding = 0 if size is None else max(0, size - IPV6_HEADER - ICMP_HEADER - len(label))
    return header + label + bytes(padding)


def parse(message: bytes, run: bytes) -> Message | None:
    """What an ICMPv6 message (without its IPv6 header) says about our requests, None when it is not about them."""
    if len(message) < ICMP_HEADER:
        return None
    kind, code = message[0], message[1]
    if kind == ECHO_REPLY:
        return _labelled(message[ICMP_HEADER:], run, None)
    if kind not in (UNREACHABLE, TOO_BIG, TIME_EXCEEDED, PARAMETER_PROBLEM):
        return None
    # An error carries the packet that caused it.
    packet = message[ICMP_HEADER:]
    request = packet[IPV6_HEADER:]
    if len(request) < ICMP_HEADER or packet[6] != NEXT_HEADER_ICMPV6 or request[0] != ECHO_REQUEST:
        return None
    return _labelled(request[ICMP_HEADER:], run, _explain(kind, code, message))


def _labelled(content: bytes, run: bytes, error: str | None) -> Message | None:
    if len(content) < _LABEL.size:
        return None
    label, index, attempt = _LABEL.unpack_from(content)
    return Message(index, attempt, error) if label == run else None


def _explain(kind: int, code: int, message: bytes) -> str:
    if kind == UNREACHABLE:
        return _UNREACHABLE_CODES.get(code, f"unreachable (code {code})")
    if kind == TOO_BIG:
        return f"the path carries packets of {struct.unpack_from('!I', message, 4)[0]} bytes only"
    if kind == TIME_EXCEEDED:
        return "the packet went round in a circle (hop limit exceeded)"
    return "a router on the path found the packet malformed"


def accept_filter(*kinds: int) -> bytes:
    """The ICMP6_FILTER that lets only these types through (RFC 3542, section 3.2; on Linux a set bit blocks)."""
    words = [0xFFFFFFFF] * 8
    for kind in kinds:
        words[kind >> 5] &= ~(1 << (kind & 31)) & 0xFFFFFFFF
    return struct.pack("=8I", *words)
