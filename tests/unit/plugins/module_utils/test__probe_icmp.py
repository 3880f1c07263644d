# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _probe_icmp as icmp
from hypothesis import given
from hypothesis import strategies as st

RUN, OTHER = b"our run.", b"not ours"
IPV6 = struct.pack("!IHBB32x", 0x60000000, 22, 58, 64)


def reply(request: bytes) -> bytes:
    return bytes([icmp.ECHO_REPLY]) + request[1:]


def error(kind: int, code: int, packet: bytes, value: int = 0) -> bytes:
    return struct.pack("!BBHI", kind, code, 0, value) + packet


@given(st.integers(0, 2**32 - 1), st.integers(0, 65535), st.one_of(st.none(), st.integers(1280, 65575)))
def test_a_reply_names_its_request(index: int, attempt: int, size: int | None) -> None:
    request = icmp.echo_request(7, RUN, index, attempt, size)
    assert icmp.parse(reply(request), RUN) == icmp.Message(index, attempt, None)
    if size is not None:
        assert len(request) + icmp.IPV6_HEADER == size


def test_replies_to_somebody_else() -> None:
    request = icmp.echo_request(7, OTHER, 1, 1)
    assert icmp.parse(reply(request), RUN) is None
    assert icmp.parse(error(icmp.UNREACHABLE, 3, IPV6 + request), RUN) is None


@pytest.mark.parametrize(
    ("kind", "code", "value", "said"),
    [
        (icmp.UNREACHABLE, 0, 0, "no route to this address"),
        (icmp.UNREACHABLE, 1, 0, "administratively prohibited"),
        (icmp.UNREACHABLE, 3, 0, "address unreachable: no neighbour answers for it"),
        (icmp.UNREACHABLE, 99, 0, "unreachable (code 99)"),
        (icmp.TOO_BIG, 0, 1400, "the path carries packets of 1400 bytes only"),
        (icmp.TIME_EXCEEDED, 0, 0, "the packet went round in a circle (hop limit exceeded)"),
        (icmp.PARAMETER_PROBLEM, 0, 0, "a router on the path found the packet malformed"),
    ],
)
def test_errors_about_our_request(kind: int, code: int, value: int, said: str) -> None:
    packet = IPV6 + icmp.echo_request(7, RUN, 3, 2)
    assert icmp.parse(error(kind, code, packet, value), RUN) == icmp.Message(3, 2, said)


def test_an_error_about_something_else() -> None:
    tcp = IPV6[:6] + b"\x06" + IPV6[7:] + icmp.echo_request(7, RUN, 3, 2)
    assert icmp.parse(error(icmp.UNREACHABLE, 3, tcp), RUN) is None


@given(st.binary(max_size=120))
def test_any_bytes_at_all(message: bytes) -> None:
    said = icmp.parse(message, RUN)
    assert said is None or RUN in message


def test_filter_blocks_all_but_the_named() -> None:
    words = struct.unpack("=8I", icmp.accept_filter(1, 129))
    passed = [bit for bit in range(256) if not words[bit >> 5] >> (bit & 31) & 1]
    assert passed == [1, 129]
