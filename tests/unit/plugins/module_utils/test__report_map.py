# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""Maps of a pool: to scale, complete, and without overlap."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import prefix_numbers
from ansible_collections.routable.ipv6.plugins.module_utils._report_map import (
    BITS,
    DEPTH,
    EXCLUDED,
    ITEM,
    MANY,
    SMALL,
    Cell,
    Item,
    View,
    blocks,
    rectangle,
    smallest_around,
    views,
)
from hypothesis import given
from hypothesis import strategies as st

START, LENGTH = prefix_numbers("2001:db8::/32")


def item(text: str, ref: int = 0) -> Item:
    return Item(*prefix_numbers(text), ref)


def test_the_bits_halve_from_left_to_right_and_from_top_to_bottom_in_turn() -> None:
    assert rectangle(0, 0, 8) == (0, 0, 16, 16)
    assert [rectangle(number, 1, 8) for number in (0, 1)] == [(0, 0, 8, 16), (8, 0, 8, 16)]
    assert [rectangle(number, 2, 8) for number in range(4)] == [(0, 0, 8, 8), (0, 8, 8, 8), (8, 0, 8, 8), (8, 8, 8, 8)]
    assert rectangle(255, 8, 8) == (15, 15, 1, 1)
    assert rectangle(1, 1, 1) == (1, 0, 1, 1)
    assert rectangle(5, 3, 3) == (3, 0, 1, 1)


@given(st.integers(0, DEPTH), st.data())
def test_prefixes_of_one_length_tile_the_map(whole: int, data: st.DataObject) -> None:
    depth = data.draw(st.integers(0, whole))
    covered = [
        (x + right, y + down)
        for number in range(1 << depth)
        for x, y, width, height in [rectangle(number, depth, whole)]
        for right in range(width)
        for down in range(height)
    ]
    columns, rows = 1 << (whole + 1) // 2, 1 << whole // 2
    assert sorted(covered) == sorted(itertools.product(range(columns), range(rows)))


@given(st.integers(0, (1 << BITS) - 1), st.integers(0, (1 << BITS) - 1))
def test_the_smallest_prefix_around_two_addresses(one: int, other: int) -> None:
    start, length = smallest_around(*sorted((one, other)))
    assert all(value >> (BITS - length) == start >> (BITS - length) for value in (one, other))
    assert length == BITS or one >> (BITS - length - 1) != other >> (BITS - length - 1)


@given(st.integers(0, 1 << 20), st.integers(0, 1 << 12))
def test_a_run_is_made_up_of_aligned_blocks(first: int, more: int) -> None:
    found = list(blocks(first, first + more))
    covered = [value for start, length in found for value in range(start, start + (1 << (BITS - length)))]
    assert covered == list(range(first, first + more + 1))
    assert all(start % (1 << (BITS - length)) == 0 for start, length in found)
    assert len(found) <= 2 * (more + 1).bit_length()


def test_what_fills_the_whole_pool_and_a_pool_with_nothing() -> None:
    assert views(START, LENGTH, []) == ([View(START, LENGTH, -1, 16, 16, [])], 0)
    (only,), first = views(START, LENGTH, [item("2001:db8::/32", 7)])
    assert first == 0 and only.cells == [Cell(0, 0, 16, 16, ITEM, 7, 1)]


def test_a_single_address_is_a_cell_that_says_so() -> None:
    (only,), first = views(START, LENGTH, [item("2001:db8:ff00::1/128", 3)])
    assert first == 0 and only.cells == [Cell(15, 15, 1, 1, SMALL, 3, 1)]


def test_the_map_to_begin_with_is_the_first_that_shows_more_than_one_thing() -> None:
    made, first = views(
        START,
        LENGTH,
        [item("2001:db8:1::/48", 0), item("2001:db8:1:0:8000::/128", 1)][1:] + [item("2001:db8:1::/65", 0)],
    )
    assert first == 1 and [view.length for view in made] == [32, 64]
    assert made[0].cells == [Cell(0, 0, 1, 1, MANY, 1, 2)]
    assert made[1].parent == 0
    assert sorted(made[1].cells) == [Cell(0, 0, 8, 16, ITEM, 0, 1), Cell(8, 0, 1, 1, SMALL, 1, 1)]


def test_what_is_never_handed_out_is_shown_where_it_is_large_enough() -> None:
    made, dummy = views(0x100, 120, [Item(0x1FE, 128, 5)], [(0x100, 0x100), (0x180, 0x1BF)])
    assert sorted(made[0].cells) == [
        Cell(0, 0, 1, 1, EXCLUDED, -1, 0),
        Cell(8, 0, 8, 8, EXCLUDED, -1, 0),
        Cell(15, 14, 1, 1, ITEM, 5, 1),
    ]


@st.composite
def disjoint(draw: st.DrawFn) -> list[Item]:
    taken: list[Item] = []
    for number in range(draw(st.integers(0, 40))):
        length = draw(st.integers(LENGTH, BITS))
        offset = draw(st.integers(0, (1 << (length - LENGTH)) - 1))
        one = Item(START + (offset << (BITS - length)), length, number)
        last = one.start + (1 << (BITS - length)) - 1
        if all(last < other.start or other.start + (1 << (BITS - other.length)) <= one.start for other in taken):
            taken.append(one)
    return taken


@given(disjoint())
def test_every_item_is_on_one_map_and_no_two_cells_share_ground(items: list[Item]) -> None:
    made, first = views(START, LENGTH, items)
    shown = [cell.target for view in made for cell in view.cells if cell.kind in (ITEM, SMALL)]
    assert sorted(shown) == sorted(one.ref for one in items)
    by_ref = {one.ref: one for one in items}
    led_to = [cell.target for view in made for cell in view.cells if cell.kind == MANY]
    assert sorted(led_to) == list(range(1, len(made))), "each map but the first is reached from one cell"
    for number, view in enumerate(made):
        ground: set[tuple[int, int]] = set()
        for cell in view.cells:
            mine = set(itertools.product(range(cell.x, cell.x + cell.width), range(cell.y, cell.y + cell.height)))
            assert mine and not mine & ground
            assert cell.x + cell.width <= view.columns and cell.y + cell.height <= view.rows
            ground |= mine
            if cell.kind == ITEM:
                share = cell.width * cell.height / (view.columns * view.rows)
                assert share == 2.0 ** (view.length - by_ref[cell.target].length), "its area is its share"
            if cell.kind == MANY:
                assert made[cell.target].parent == number and made[cell.target].length > view.length
    begun = made[first]
    assert len(begun.cells) != 1 or begun.cells[0].kind != MANY


@pytest.mark.parametrize("count", [2, 300])
def test_neighbours_far_down_are_two_maps_away(count: int) -> None:
    base, dummy = prefix_numbers("2001:db8:1:2:3:4:5:0/112")
    made, first = views(START, LENGTH, [Item(base + number, 128, number) for number in range(count)])
    assert first == 1 and made[1].length == {2: 127, 300: 119}[count]
