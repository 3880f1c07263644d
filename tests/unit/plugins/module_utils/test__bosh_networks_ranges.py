# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ranges as intervals."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_ranges import (
    BadValue,
    Block,
    Hole,
    Holes,
    cidr_blocks,
    compact,
    merge,
    parse_block,
    parse_entry,
)
from hypothesis import given
from hypothesis import strategies as st

ADDRESSES = st.integers(0, (1 << 128) - 1)
NEAR = st.integers(0, 255)


@given(ADDRESSES, ADDRESSES)
def test_blocks_are_those_of_the_standard_library(one: int, other: int) -> None:
    first, last = sorted((one, other))
    expected = ipaddress.summarize_address_range(ipaddress.IPv6Address(first), ipaddress.IPv6Address(last))
    blocks = cidr_blocks(Block(6, first, last, None))
    assert [(block.first, block.length) for block in blocks] == [
        (int(network.network_address), network.prefixlen) for network in expected
    ]


@given(st.lists(st.tuples(NEAR, NEAR).map(sorted), max_size=12))
def test_merging_keeps_the_addresses_and_leaves_gaps(pairs: list[list[int]]) -> None:
    blocks = [Block(6, first, last, None) for first, last in pairs]
    merged = merge(blocks)
    held = {number for block in merged for number in range(block.first, block.last + 1)}
    assert held == {number for first, last in pairs for number in range(first, last + 1)}
    assert all(one.last + 1 < other.first for one, other in zip(merged, merged[1:]))
    texts = compact([block.text for block in blocks])
    assert [parse_entry(text)[:3] for text in texts] == [block[:3] for block in merged]


@given(st.lists(st.tuples(NEAR, st.integers(0, 8)), max_size=12), NEAR, st.integers(0, 8))
def test_holes_find_what_meets(parts: list[tuple[int, int]], number: int, host: int) -> None:
    def block(start: int, bits: int) -> Block:
        first = start >> bits << bits
        return Block(6, first, first + (1 << bits) - 1, 128 - bits)

    blocks = [block(*part) for part in parts]
    asked = block(number, host)
    expected = any(one.first <= asked.last and asked.first <= one.last for one in blocks)
    assert (Holes(Hole(one, "", one) for one in blocks).meets(asked) is not None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2001:db8::5/64", (6, "2001:db8::/64")),
        ("10.0.0.7/255.255.255.0", (4, "10.0.0.0/24")),
        (" ::1 ", (6, "::1")),
    ],
)
def test_parse_block(text: str, expected: tuple[int, str]) -> None:
    block = parse_block(text)
    assert (block.family, block.text) == expected


@pytest.mark.parametrize(
    "value", ["", "::1/", "::1/129", "10.0.0.0/33", "10.0.0.0/::", "::1/ffff::", True, None, 1.5, []]
)
def test_what_is_no_address(value: object) -> None:
    with pytest.raises(BadValue):
        parse_block(value)


@pytest.mark.parametrize("value", ["::1 - 10.0.0.1", "-", "::1 -", "::2-::1", 5, {"a": None}])
def test_what_is_no_entry(value: object) -> None:
    with pytest.raises(BadValue):
        parse_entry(value)
