# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import socket
import struct
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _probe_ipv4 as ipv4
from ansible_collections.routable.ipv6.plugins.module_utils._probe_loop import Loop
from hypothesis import given
from hypothesis import strategies as st

LABEL = b"0123456789abcdef"


@given(st.binary(max_size=64), st.integers(0, 65535))
def test_a_request_has_a_checksum_that_adds_up(label: bytes, identifier: int) -> None:
    # RFC 1071: over a message with its checksum the sum is zero.
    assert ipv4.checksum(ipv4.echo_request(identifier, label)) == 0


def test_a_checksum_known_from_elsewhere() -> None:
    # The example of RFC 1071, section 3, of which this is the complement.
    assert ipv4.checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


@pytest.mark.parametrize("words", [5, 6])
def test_a_reply_follows_an_ip_header_of_any_length(words: int) -> None:
    packet = bytes([0x40 | words]) + bytes(words * 4 - 1) + struct.pack("!BBHHH", 0, 0, 0, 1, 1) + LABEL
    assert ipv4.is_reply(packet, LABEL)
    assert not ipv4.is_reply(packet, b"another run's...")
    request = bytearray(packet)
    request[words * 4] = 8
    assert not ipv4.is_reply(bytes(request), LABEL)


@given(st.binary(max_size=80))
def test_any_bytes_at_all(packet: bytes) -> None:
    assert not ipv4.is_reply(packet, LABEL)


@pytest.mark.parametrize(
    ("found", "lost"),
    [
        (None, False),
        ({"answered": None, "host_answered": True}, False),
        ({"answered": False, "host_answered": False}, False),
        ({"answered": True, "host_answered": True}, False),
        ({"answered": False, "host_answered": True}, True),
    ],
)
def test_what_counts_as_lost(found: dict[str, t.Any] | None, lost: bool) -> None:
    assert ipv4.lost(found) is lost


def test_a_namespace_that_cannot_be_entered_and_a_container_without_ipv4() -> None:
    def make(pid: int | None) -> socket.socket:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    loop = Loop()
    echoes = ipv4.Echoes(loop, make, 1)
    rows: list[dict[str, t.Any]] = [{}, {}]
    echoes.start(rows[0], "203.0.113.2", 7, False)
    echoes.start(rows[1], "203.0.113.2", 8, True)
    loop.run(loop.now() + 1)
    echoes.finish()
    loop.close()
    why = "no IPv4 socket can be made there: Operation not permitted"
    shared = {"to": "203.0.113.2", "host_answered": False}
    assert rows[0]["ipv4"] == {**shared, "answered": False, "reason": why}
    assert rows[1]["ipv4"] == {**shared, "answered": None, "reason": None}
