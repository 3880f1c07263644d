# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Echo requests over IPv4 (RFC 792), which show that IPv4 still works where IPv6 was added."""

from __future__ import annotations

import errno
import functools
import os
import socket
import struct
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._probe_loop import READ, Loop

ECHO_REQUEST, ECHO_REPLY = 8, 0
INTERVAL = 0.3
# RFC 5737: an address of documentation, so that any way to it is the default route.
_ELSEWHERE = "192.0.2.1"
_HEADER = struct.Struct("!BBHHH")


def local_ipv4() -> str | None:
    """The IPv4 address that this host sends from by default; None without one. Sends nothing."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((_ELSEWHERE, 9))
            return str(sock.getsockname()[0])
    except OSError:
        return None


def echo_request(identifier: int, label: bytes) -> bytes:
    plain = _HEADER.pack(ECHO_REQUEST, 0, 0, identifier, 1) + label
    return _HEADER.pack(ECHO_REQUEST, 0, checksum(plain), identifier, 1) + label


def checksum(message: bytes) -> int:
    """RFC 1071."""
    padded = message + b"\0" * (len(message) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def is_reply(packet: bytes, label: bytes) -> bool:
    """Whether a packet, with its IPv4 header, is the reply to the request with this label."""
    if not packet:
        return False
    message = packet[(packet[0] & 0x0F) * 4 :]
    return len(message) >= _HEADER.size and message[0] == ECHO_REPLY and message[_HEADER.size :] == label


def lost(found: t.Mapping[str, t.Any] | None) -> bool:
    """Whether IPv4 works on a host, and not for what is behind it.

    :arg found: with ``answered`` (None for what has no IPv4) and ``host_answered``; None when nothing was asked.
    """
    return found is not None and found["answered"] is False and bool(found["host_answered"])


class Echo:
    """Echo requests from one socket to one address, again and again until it answers or the time is up."""

    def __init__(self, loop: Loop, make: t.Callable[[], socket.socket], to: str, timeout: float) -> None:
        self._loop, self._to = loop, to
        self._deadline = loop.now() + timeout
        self._label = os.urandom(16)
        self._socket: socket.socket | None = None
        self.answered = False
        self.reason: str | None = f"no answer from {to} within {timeout:g} s"
        try:
            self._socket = make()
        except OSError as failed:
            self.reason = f"no IPv4 socket can be made there: {failed.strerror}"
            return
        loop.begin()
        loop.watch(self._socket, READ, self._hear)
        loop.later(timeout, self._finish)
        self._send()

    def _send(self) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(echo_request(os.getpid() & 0xFFFF, self._label), (self._to, 0))
        except OSError as failed:
            known = {errno.ENETUNREACH: f"no IPv4 route to {self._to}", errno.EHOSTUNREACH: f"no way to {self._to}"}
            self.reason = known.get(failed.errno or 0) or failed.strerror
        if self._loop.now() + INTERVAL < self._deadline:
            self._loop.later(INTERVAL, self._send)

    def _hear(self) -> None:
        if self._socket is None:
            return
        try:
            packet = self._socket.recv(2048)
        except OSError:
            return
        if is_reply(packet, self._label):
            self.answered, self.reason = True, None
            self._finish()

    def _finish(self) -> None:
        if self._socket is not None:
            self._loop.forget(self._socket)
            self._socket.close()
            self._socket = None
            self._loop.end()


class Echoes:
    """Echo requests from containers, and once to each address from this host itself.

    :arg make: makes an ICMP socket in the network namespace of a process, or, for None, in the own one.
    """

    def __init__(self, loop: Loop, make: t.Callable[[int | None], socket.socket], timeout: float) -> None:
        self._loop, self._make, self._timeout = loop, make, timeout
        self._made: dict[tuple[int | None, str], Echo] = {}
        self._rows: list[tuple[dict[str, t.Any], str, int | None, bool]] = []

    def start(self, row: dict[str, t.Any], to: str, pid: int | None, without: bool) -> None:
        """:arg without: the container has no IPv4 of its own, so only this host asks."""
        self._rows.append((row, to, pid, without))
        for where in (None,) if without else (None, pid):
            if (where, to) not in self._made:
                self._made[where, to] = Echo(self._loop, functools.partial(self._make, where), to, self._timeout)

    def finish(self) -> None:
        """Give each row its ``ipv4``."""
        for row, to, pid, without in self._rows:
            own = None if without else self._made[pid, to]
            row["ipv4"] = {
                "to": to,
                "answered": own.answered if own else None,
                "reason": own.reason if own else None,
                "host_answered": self._made[None, to].answered,
            }
