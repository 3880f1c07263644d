# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Addresses as bytes, and the kernel's neighbours and routes through rtnetlink.

A part of the NDP proxy's program, see :mod:`_ndp_proxy_agent`. Standard library of Python 3.8 only.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys

# What mypy reads as true, and the program does without: typing is not worth its memory there.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    Ranges = t.Sequence[tuple[bytes, bytes]]

# linux/netlink.h, linux/rtnetlink.h, linux/neighbour.h
RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH, RTM_GETROUTE = 28, 29, 30, 26
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_CREATE = 0x1, 0x4, 0x300, 0x400
NLMSG_ERROR, NLMSG_DONE = 2, 3
NTF_PROXY, NDA_DST, RTA_DST, RTA_OIF = 0x8, 1, 1, 4
NUD_ALIVE = 0x02 | 0x04 | 0x08 | 0x10 | 0x80  # reachable, stale, delay, probe, permanent
GROUPS = 1 << 0 | 1 << 24  # RTNLGRP_LINK, RTNLGRP_IPV6_NETCONF
HEADER, NEIGHBOUR, ROUTE = struct.Struct("=IHHII"), struct.Struct("=BBHiHBB"), struct.Struct("=BBBBBBBBI")

REQUEST_SECONDS = 3.0


def packed(text: str) -> bytes:
    """The 16 bytes of an address, whatever follows it after a slash."""
    return socket.inet_pton(socket.AF_INET6, text.partition("/")[0])


def shown(address: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET6, address)


def prefix_range(text: str) -> tuple[bytes, bytes]:
    """The first and the last address of a prefix."""
    length = int(text.partition("/")[2])
    size = (1 << (128 - length)) - 1
    first = int.from_bytes(packed(text), "big") & ~size
    return first.to_bytes(16, "big"), (first | size).to_bytes(16, "big")


def inside(address: bytes, ranges: Ranges) -> bool:
    return any(first <= address <= last for first, last in ranges)


def reconcile(held: set[bytes], wanted: set[bytes], ranges: Ranges) -> tuple[list[bytes], list[bytes]]:
    """Which entries to add and which to remove, each sorted.

    Entries that are neither wanted nor inside the ranges belong to somebody else.
    """
    return sorted(wanted - held), sorted(address for address in held - wanted if inside(address, ranges))


class Kernel:
    """Neighbours and routes of this network namespace, through rtnetlink."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, 0))
        self._socket.settimeout(REQUEST_SECONDS)
        self._sequence = 0

    def proxies(self, index: int) -> set[bytes]:
        """The addresses that are answered for on an interface."""
        neighbours = self._neighbours(NTF_PROXY)
        return {address for where, address, dummy in neighbours if where == index}

    def add_proxy(self, index: int, address: bytes) -> None:
        body = NEIGHBOUR.pack(socket.AF_INET6, 0, 0, index, 0, NTF_PROXY, 0)
        self._request(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE, body + attribute(NDA_DST, address))

    def remove_proxy(self, index: int, address: bytes) -> None:
        self._delete(index, address, NTF_PROXY)

    def forget_neighbour(self, index: int, address: bytes) -> None:
        """Forget what is known of a neighbour, so that the next packet asks for it anew."""
        self._delete(index, address, 0)

    def alive(self, index: int, address: bytes) -> bool:
        """Whether a neighbour has answered."""
        return any(where == index and who == address and state & NUD_ALIVE for where, who, state in self._neighbours(0))

    def interface_to(self, address: bytes) -> int | None:
        """The index of the interface through which an address is reached, None when there is no way."""
        body = ROUTE.pack(socket.AF_INET6, 128, 0, 0, 0, 0, 0, 0, 0) + attribute(RTA_DST, address)
        try:
            answers = self._request(RTM_GETROUTE, 0, body)
        except OSError:
            return None
        for answer in answers:
            found = attributes(answer, ROUTE.size).get(RTA_OIF)
            if found:
                return int.from_bytes(found, sys.byteorder)
        return None

    def _delete(self, index: int, address: bytes, flags: int) -> None:
        body = NEIGHBOUR.pack(socket.AF_INET6, 0, 0, index, 0, flags, 0)
        try:
            self._request(RTM_DELNEIGH, NLM_F_ACK, body + attribute(NDA_DST, address))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise

    def _neighbours(self, flags: int) -> t.Iterator[tuple[int, bytes, int]]:
        body = NEIGHBOUR.pack(socket.AF_INET6, 0, 0, 0, 0, flags, 0)
        for answer in self._request(RTM_GETNEIGH, NLM_F_DUMP, body):
            family, dummy, dummy, index, state, theirs, dummy = NEIGHBOUR.unpack_from(answer)
            address = attributes(answer, NEIGHBOUR.size).get(NDA_DST, b"")
            if family == socket.AF_INET6 and len(address) == 16 and theirs & NTF_PROXY == flags:
                yield index, address, state

    def _request(self, kind: int, flags: int, body: bytes) -> list[bytes]:
        """Send one request and give the bodies of its answers; OSError with the kernel's errno."""
        self._sequence += 1
        size = HEADER.size + len(body)
        self._socket.send(HEADER.pack(size, kind, NLM_F_REQUEST | flags, self._sequence, 0) + body)
        answers: list[bytes] = []
        while True:
            data = self._socket.recv(1 << 18)
            while data:
                size, kind, dummy, sequence, dummy = HEADER.unpack_from(data)
                content, data = data[HEADER.size : size], data[(size + 3) & ~3 :]
                if sequence != self._sequence:
                    continue  # of a request that was given up
                if kind == NLMSG_ERROR:
                    code = -struct.unpack_from("=i", content)[0]
                    if code:
                        raise OSError(code, os.strerror(code))
                    return answers
                if kind == NLMSG_DONE:
                    return answers
                answers.append(content)
            if answers and not flags & (NLM_F_DUMP | NLM_F_ACK):
                return answers


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value


def attributes(data: bytes, offset: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while offset + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, offset)
        if size < 4:
            break
        found[kind] = data[offset + 4 : offset + size]
        offset += (size + 3) & ~3
    return found
