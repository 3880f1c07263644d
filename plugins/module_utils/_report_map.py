# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""A pool as maps to look at, each one deeper than the one before, and each to scale.

A map shows a prefix. Its bits, from the most significant, halve the area in turn from left to right and from top to
bottom, so that every prefix inside is a rectangle, and its area is its share. One map shows eight of these halvings,
since 2^64 does not fit a sheet: what is smaller than one of its 256 cells is a cell that leads to a map of its own.
That map begins at the smallest prefix with all that lies in the cell, however many halvings deeper it may be.
"""

from __future__ import annotations

import typing as t

BITS = 128
# Halvings that one map shows: 16 columns and 16 rows.
DEPTH = 8

# What a cell is: an item to scale, an item that is smaller than its cell, many items, or what is never handed out.
ITEM, SMALL, MANY, EXCLUDED = "item", "small", "many", "excluded"


class Item(t.NamedTuple):
    """Something with a place: ``start`` is aligned to ``length``, ``ref`` is the caller's."""

    start: int
    length: int
    ref: int


class Cell(t.NamedTuple):
    """A rectangle of a map, in its columns and rows. ``target`` is an item's ref; of ``MANY``, a map's number."""

    x: int
    y: int
    width: int
    height: int
    kind: str
    target: int
    amount: int


class View(t.NamedTuple):
    """One map. ``parent`` is the number of the map that it was reached from, -1 for the first."""

    start: int
    length: int
    parent: int
    columns: int
    rows: int
    cells: list[Cell]


def rectangle(offset: int, depth: int, whole: int) -> tuple[int, int, int, int]:
    """Where a prefix lies on a map with ``whole`` halvings: x, y, width, height.

    :arg offset: its number among the prefixes of its length, which has ``depth`` bits.
    """
    columns, rows = 1 << (whole + 1) // 2, 1 << whole // 2
    x = y = 0
    width, height = columns, rows
    for bit in range(depth - 1, -1, -1):
        second = offset >> bit & 1
        if (depth - 1 - bit) % 2 == 0:
            width //= 2
            x += second * width
        else:
            height //= 2
            y += second * height
    return x, y, width, height


def smallest_around(first: int, last: int) -> tuple[int, int]:
    """The longest prefix that holds both addresses: start and length."""
    length = BITS - (first ^ last).bit_length()
    return first >> (BITS - length) << (BITS - length), length


def blocks(first: int, last: int) -> t.Iterator[tuple[int, int]]:
    """The fewest prefixes that make up a run, as start and length."""
    while first <= last:
        wide = min((first & -first).bit_length() - 1 if first else BITS, (last - first + 1).bit_length() - 1)
        yield first, BITS - wide
        first += 1 << wide


def views(
    start: int, length: int, items: t.Iterable[Item], excluded: t.Iterable[tuple[int, int]] = ()
) -> tuple[list[View], int]:
    """All maps of a prefix, the whole one first, and the number of the one to begin with.

    :arg items: disjoint, inside the prefix, in any order.
    :arg excluded: runs that are never handed out, first and last address each.
    :returns: the maps; the one to begin with is the first that shows more than one thing.
    """
    made: list[View] = []
    runs = [Item(begin, wide, -1) for first, last in excluded for begin, wide in blocks(first, last)]
    _draw(made, start, length, sorted(items), runs, -1)
    begin = 0
    while len(made[begin].cells) == 1 and made[begin].cells[0].kind == MANY:
        begin = made[begin].cells[0].target
    return made, begin


def _draw(made: list[View], start: int, length: int, items: list[Item], excluded: t.Sequence[Item], parent: int) -> int:
    depth = min(DEPTH, BITS - length)
    this = len(made)
    cells: list[Cell] = []
    made.append(View(start, length, parent, 1 << (depth + 1) // 2, 1 << depth // 2, cells))
    for hole in excluded:
        if length <= hole.length <= length + depth and _inside(hole, start, length):
            cells.append(_cell(hole, start, length, depth, EXCLUDED, hole.ref, 0))
    small: dict[int, list[Item]] = {}
    for item in items:
        if item.length <= length + depth:
            cells.append(_cell(item, start, length, depth, ITEM, item.ref, 1))
        else:
            small.setdefault((item.start - start) >> (BITS - length - depth), []).append(item)
    for offset, inside in small.items():
        place = rectangle(offset, depth, depth)
        if len(inside) == 1:
            cells.append(Cell(*place, SMALL, inside[0].ref, 1))
            continue
        last = inside[-1].start + (1 << (BITS - inside[-1].length)) - 1
        target = _draw(made, *smallest_around(inside[0].start, last), inside, excluded, this)
        cells.append(Cell(*place, MANY, target, len(inside)))
    return this


def _inside(item: Item, start: int, length: int) -> bool:
    return item.start >> (BITS - length) == start >> (BITS - length) if length else True


def _cell(item: Item, start: int, length: int, whole: int, kind: str, target: int, count: int) -> Cell:
    depth = item.length - length
    offset = (item.start - start) >> (BITS - item.length)
    return Cell(*rectangle(offset, depth, whole), kind, target, count)
