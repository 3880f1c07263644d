# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import typing as t

import netaddr
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _prefix_sets as p
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import merged
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

BASE = 0x20010DB8 << 96
Prefix = t.Tuple[int, int]


@st.composite
def near(draw: st.DrawFn) -> Prefix:
    """Prefixes that meet often: all in 2^12 addresses, or anywhere."""
    if draw(st.integers(0, 9)):
        length = draw(st.integers(114, 128))
        return BASE | (draw(st.integers(0, 2**12 - 1)) >> (128 - length) << (128 - length)), length
    length = draw(st.integers(0, 128))
    return draw(st.integers(0, 2**128 - 1)) >> (128 - length) << (128 - length), length


def network(prefix: Prefix) -> ipaddress.IPv6Network:
    return ipaddress.IPv6Network(prefix)


def ip_set(prefixes: list[Prefix]) -> netaddr.IPSet:
    return netaddr.IPSet([netaddr.IPNetwork(one, version=6) for one in prefixes])


def ranges(prefixes: list[Prefix]) -> list[tuple[int, int]]:
    return [p.as_range(*one) for one in prefixes]


@given(st.lists(near(), max_size=40), near())
def test_the_index_finds_what_a_look_at_all_finds(known: list[Prefix], asked: Prefix) -> None:
    expected = [place for place, one in enumerate(known) if network(one).overlaps(network(asked))]
    assert p.OverlapIndex(known).overlapping(*asked) == expected


def test_the_index_keeps_equal_prefixes_apart() -> None:
    index = p.OverlapIndex([(BASE, 64), (BASE, 32), (BASE, 64), (BASE + (1 << 64), 64), (0, 0)])
    assert index.overlapping(BASE, 128) == [0, 1, 2, 4]
    assert index.overlapping(BASE + (1 << 64), 64) == [1, 3, 4]
    assert index.overlapping(0, 0) == [0, 1, 2, 3, 4]
    assert p.OverlapIndex([]).overlapping(0, 0) == []


@given(st.lists(near(), max_size=20))
def test_merged_ranges_are_netaddrs(prefixes: list[Prefix]) -> None:
    expected = [(int(one.first), int(one.last)) for one in ip_set(prefixes).iter_ipranges()]
    assert merged(ranges(prefixes)) == expected


@given(st.lists(near(), min_size=1, max_size=4), st.lists(near(), max_size=20))
def test_what_is_free_is_netaddrs_difference(pools: list[Prefix], used: list[Prefix]) -> None:
    expected = ip_set(pools) - ip_set(used)
    found = p.free_ranges(ranges(pools), ranges(used))
    assert found == [(int(one.first), int(one.last)) for one in expected.iter_ipranges()]


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**20))
def test_a_range_as_prefixes_is_netaddrs(first: int, more: int) -> None:
    last = min(first + more, 2**128 - 1)
    expected = netaddr.iprange_to_cidrs(netaddr.IPAddress(first, 6), netaddr.IPAddress(last, 6))
    assert p.range_prefixes(first, last) == [(one.first, one.prefixlen) for one in expected]


@pytest.mark.parametrize(
    ("first", "last", "prefixes"),
    [
        (0, 2**128 - 1, [(0, 0)]),
        (1, 1, [(1, 128)]),
        (0, 2, [(0, 127), (2, 128)]),
        (2**127, 2**128 - 1, [(2**127, 1)]),
    ],
)
def test_ranges_by_hand(first: int, last: int, prefixes: list[Prefix]) -> None:
    assert p.range_prefixes(first, last) == prefixes


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1))
def test_the_text_of_a_range(one: int, other: int) -> None:
    first, last = sorted((one, other))
    assert p.parse_range(p.written_range(first, last)) == (first, last)
    assert p.parse_range(p.written_range(first, last).replace("-", " - ").upper()) == (first, last)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("::2-::1", "comes after its first"),
        ("::1", "two addresses"),
        ("::1-::2-::3", "two addresses"),
        ("::1-", "not an IPv6 address"),
        ("::1-::/64", "not an IPv6 address"),
        ("::1-2", "not an IPv6 address"),
        ("192.0.2.1-192.0.2.2", "IPv4"),
        (None, "two addresses"),
    ],
)
def test_what_is_no_range(text: object, rule: str) -> None:
    with pytest.raises(Refused, match=rule) as caught:
        p.parse_range(text, "value")
    assert caught.value.what == f"value={text}"


def test_the_order_of_rfc_3531() -> None:
    # Four bits, counted from the left.
    found = [p.sparse_start(0, 0, 4, index) >> 124 for index in range(16)]
    assert found == [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]


@given(st.integers(0, 120), st.integers(0, 8), st.data())
def test_the_sparse_order_visits_each_part_once_and_keeps_its_distance(
    length: int, more: int, data: st.DataObject
) -> None:
    count = 1 << more
    start = data.draw(st.integers(0, 2**128 - 1)) >> (128 - length) << (128 - length)
    found = [p.sparse_start(start, length, length + more, index) for index in range(count)]
    assert sorted(found) == [start + (index << (128 - length - more)) for index in range(count)]
    # Halfway into the largest gap that there is: after 2^k parts all gaps are equal.
    for power in range(more + 1):
        taken = sorted(found[: 1 << power])
        gaps = {two - one for one, two in zip(taken, taken[1:])}
        assert gaps <= {1 << (128 - length - power)}
    for beyond in (count, -1):
        with pytest.raises(Refused, match="counted from 0"):
            p.sparse_start(start, length, length + more, beyond)
