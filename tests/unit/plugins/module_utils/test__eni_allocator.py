# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search for a free block, against one that looks at every address."""

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import merged
from ansible_collections.routable.ipv6.plugins.module_utils._eni_allocator import (
    Space,
    address_interval,
    allocate_block,
    allocate_primary,
    check_usable,
    first_free,
    network_interval,
    prefix_interval,
    reserved,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

SUBNET = ipaddress.IPv6Network("2600:1f18:47b:ca03::/64")
BASE = int(SUBNET[0])
small = st.tuples(st.integers(0, 300), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))
lengths = st.integers(123, 127)


def members(intervals: t.Iterable[tuple[int, int]]) -> set[int]:
    return {number for first, last in intervals for number in range(first, last + 1)}


@given(st.lists(small))
def test_merged(intervals: list[tuple[int, int]]) -> None:
    result = merged(intervals)
    assert members(result) == members(intervals)
    assert all(one[1] + 1 < other[0] for one, other in zip(result, result[1:]))


@given(small, st.integers(0, 5).map(lambda bits: 1 << bits), st.lists(small), st.integers(0, 1 << 128))
def test_first_free_is_what_a_look_at_every_run_finds(
    region: tuple[int, int], size: int, busy: list[tuple[int, int]], start: int
) -> None:
    taken = members(busy)
    runs = [first for first in range(-(-region[0] // size) * size, region[1] - size + 2, size) if first >= region[0]]
    begin = start % len(runs) if runs else 0
    free = [run for run in [*runs[begin:], *runs[:begin]] if not taken & set(range(run, run + size))]
    assert first_free(region, size, merged(busy), start) == (free[0] if free else None)


@given(st.integers(56, 100), lengths, st.text(min_size=1), st.lists(st.integers(0, 4000)))
def test_a_block_is_aligned_inside_and_free_in_subnets_of_any_length(
    length: int, block_length: int, seed: str, hosts: list[int]
) -> None:
    subnet = ipaddress.IPv6Network((BASE, length), strict=False)
    taken = merged((int(subnet[0]) + host, int(subnet[0]) + host) for host in hosts)
    block = allocate_block(Space(subnet, tuple(taken)), block_length, seed)
    assert block.prefixlen == block_length and block.subnet_of(subnet)
    inside = range(int(block[0]), int(block[-1]) + 1)
    assert not any(first in inside for first, _last in taken)
    assert int(subnet[0]) + 4 <= inside[0] and inside[-1] < int(subnet[-1])


@given(st.sampled_from([118, 119, 120]), lengths, st.randoms(use_true_random=False))
def test_a_small_subnet_is_used_up_to_its_last_block_and_not_further(
    length: int, block_length: int, chance: t.Any
) -> None:
    subnet = ipaddress.IPv6Network((BASE, length))
    size = 1 << (128 - block_length)
    # Without the runs with the first four addresses and the last one.
    expected = subnet.num_addresses // size - max(1, 4 // size) - 1
    taken: list[tuple[int, int]] = []
    for _number in range(expected):
        block = allocate_block(Space(subnet, tuple(merged(taken))), block_length, str(chance.random()))
        assert not members(taken) & members([network_interval(block)])
        taken.append(network_interval(block))
    with pytest.raises(Refused, match="no aligned run"):
        allocate_block(Space(subnet, tuple(merged(taken))), block_length, "one more")


def test_first_usable_blocks_of_a_subnet() -> None:
    """The figures of the user guide's rule: the first four addresses and the last one are reserved."""
    busy = merged(reserved(SUBNET))
    firsts = {
        length: first_free(network_interval(SUBNET), 1 << (128 - length), busy, 0)
        for length in (80, 123, 124, 125, 126)
    }
    assert {length: str(ipaddress.IPv6Address(first or 0)) for length, first in firsts.items()} == {
        126: "2600:1f18:47b:ca03::4",
        125: "2600:1f18:47b:ca03::8",
        124: "2600:1f18:47b:ca03::10",
        123: "2600:1f18:47b:ca03::20",
        80: "2600:1f18:47b:ca03:1::",
    }


def test_a_prefix_is_neither_the_first_nor_the_last_one() -> None:
    subnet = ipaddress.IPv6Network((BASE, 78))
    seen = {str(allocate_block(Space(subnet), 80, str(number))) for number in range(40)}
    assert seen == {"2600:1f18:47b:ca03:1::/80", "2600:1f18:47b:ca03:2::/80"}


@given(st.integers(0, (1 << 64) - 1))
def test_any_spelling_of_an_address_is_the_same_interval(host: int) -> None:
    address = ipaddress.IPv6Address(BASE + host)
    spellings = [address.compressed, address.exploded, address.exploded.upper(), address.compressed.upper()]
    assert {address_interval(text) for text in spellings} == {(int(address), int(address))}
    assert prefix_interval(f"{SUBNET[0].exploded.upper()}/80") == (BASE, BASE + (1 << 48) - 1)


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(Refused):
        address_interval("2600::zz")


def test_the_start_follows_from_the_name() -> None:
    space = Space(SUBNET)
    assert allocate_block(space, 126, "web") == allocate_block(space, 126, "web")
    assert len({allocate_block(space, 126, f"web{number}") for number in range(50)}) == 50


def test_what_was_refused_is_skipped() -> None:
    space = Space(SUBNET)
    first = allocate_block(space, 126, "web")
    second = allocate_block(space, 126, "web", [network_interval(first)])
    assert int(second[0]) == int(first[-1]) + 1
    address = allocate_primary(space, "web")
    assert int(allocate_primary(space, "web", [(int(address), int(address))])) == int(address) + 1


OWN = ipaddress.IPv6Network("2600:1f18:47b:ca03:1::/122")
FOREIGN = ipaddress.IPv6Network("2600:1f18:47b:ca03:8000::/65")


@given(st.text(min_size=1))
def test_own_reservations_come_first_and_foreign_ones_never(seed: str) -> None:
    space = Space(SUBNET, own=(OWN,), foreign=(FOREIGN,))
    assert allocate_block(space, 126, seed).subnet_of(OWN)
    primary = allocate_primary(space, seed)
    assert primary not in OWN and primary not in FOREIGN
    full = Space(SUBNET, (network_interval(OWN),), own=(OWN,), foreign=(FOREIGN,))
    block = allocate_block(full, 126, seed)
    assert not block.overlaps(OWN) and not block.overlaps(FOREIGN)


def test_with_named_reservations_nothing_outside_is_taken() -> None:
    taken: list[tuple[int, int]] = []
    for number in range(16):
        space = Space(SUBNET, tuple(merged(taken)), own=(OWN,), only_own=True)
        taken.append(network_interval(allocate_block(space, 126, str(number))))
    assert merged(taken) == [network_interval(OWN)]
    with pytest.raises(Refused, match=str(OWN)):
        allocate_block(Space(SUBNET, tuple(merged(taken)), own=(OWN,), only_own=True), 126, "17")


def test_the_primary_address_takes_from_an_own_reservation_only_at_last() -> None:
    subnet = ipaddress.IPv6Network((BASE, 120))
    own = ipaddress.IPv6Network((BASE + 128, 121))
    space = Space(subnet, ((BASE, BASE + 127),), own=(own,))
    assert allocate_primary(space, "web") in own
    with pytest.raises(Refused, match="no address is free"):
        allocate_primary(Space(subnet, ((BASE, BASE + 255),)), "web")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2600:1f18:47b:ca04::8", "outside of the subnet"),
        ("2600:1f18:47b:ca03::3", "reserves the first 4"),
        ("2600:1f18:47b:ca03:ffff:ffff:ffff:ffff", "reserves the first 4"),
    ],
)
def test_given_values_that_can_never_be(text: str, rule: str) -> None:
    with pytest.raises(Refused, match=rule):
        check_usable(Space(SUBNET), address_interval(text), f"primary_address={text}")
    check_usable(Space(SUBNET), address_interval("2600:1f18:47b:ca03::4"), "")


def test_ten_thousand_interfaces() -> None:
    """All spellings, blocks and prefixes of a busy subnet; the work is counted, so no clock is needed."""
    interfaces = [(BASE + 16 * number, BASE + 16 * number + 15) for number in range(10_000)]
    space = Space(SUBNET, tuple(merged(interfaces)))
    assert len(space.taken) == 1
    assert allocate_block(space, 126, "web").subnet_of(SUBNET)
    # Every second run of four addresses is taken over the whole of a region: the walk ends at the one free run.
    comb = [(8 * number, 8 * number + 3) for number in range(10_000)]
    full = merged([*comb, *((8 * number + 4, 8 * number + 7) for number in range(9_999))])
    assert first_free((0, 79_999), 4, full, 12345) == 79_996
    assert first_free((0, 79_999), 8, merged(comb), 12345) is None
