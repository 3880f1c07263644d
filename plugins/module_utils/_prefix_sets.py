# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Sets of addresses: what overlaps, what is free, runs of addresses as prefixes, and an order that leaves room.

A prefix is a pair ``(start, length)`` of plain numbers, a range a pair ``(first, last)``, both ends included.
Prefixes either nest or have nothing in common, on which the index relies.
"""

from __future__ import annotations

import typing as t
from bisect import bisect_left
from itertools import islice

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    count_parts,
    last_of,
    number,
    written,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import merged, without
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

_BITS = 128
# A key of the index sorts by start, then shorter prefix first, then position.
_POSITION_BITS = 32
_LENGTH_BITS = 8
_START_SHIFT = _POSITION_BITS + _LENGTH_BITS


class OverlapIndex:
    """Prefixes in an order in which those that overlap with a given one are found without looking at the others.

    Building costs a sort and one pass, a question two to three steps per level of nesting and one per answer.
    """

    def __init__(self, prefixes: t.Iterable[tuple[int, int]]) -> None:
        keys = sorted(
            start << _START_SHIFT | length << _POSITION_BITS | position
            for position, (start, length) in enumerate(prefixes)
        )
        self._keys = keys
        self._starts = [key >> _START_SHIFT for key in keys]
        self._lasts = [
            start | ((1 << (_BITS - (key >> _POSITION_BITS & 0xFF))) - 1) for start, key in zip(self._starts, keys)
        ]
        self._around = self._enclosing()

    def _enclosing(self) -> list[int]:
        """For each entry the place of the nearest earlier one that holds it, -1 for none."""
        lasts = self._lasts
        around: list[int] = []
        for place, start in enumerate(self._starts):
            candidate = place - 1
            while candidate >= 0 and lasts[candidate] < start:
                candidate = around[candidate]
            around.append(candidate)
        return around

    def overlapping(self, start: int, length: int) -> list[int]:
        """The positions, in ascending order, of the prefixes that share an address with this one."""
        starts, lasts = self._starts, self._lasts
        place = bisect_left(starts, start)
        found = []
        outer = place - 1
        while outer >= 0:
            if lasts[outer] >= start:
                found.append(self._keys[outer] & 0xFFFFFFFF)
            outer = self._around[outer]
        last, count = start | ((1 << (_BITS - length)) - 1), len(starts)
        while place < count and starts[place] <= last:
            found.append(self._keys[place] & 0xFFFFFFFF)
            place += 1
        found.sort()
        return found


def free_ranges(pools: t.Iterable[tuple[int, int]], used: t.Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges of ``pools`` that no range of ``used`` touches. What is used outside the pools does not count."""
    taken = merged(used)
    starts = [first for first, _last in taken]
    result: list[tuple[int, int]] = []
    for begin, end in merged(pools):
        place = bisect_left(starts, begin)
        if place and taken[place - 1][1] >= begin:
            place -= 1
        result += without(begin, end, islice(taken, place, None))
    return result


def as_range(start: int, length: int) -> tuple[int, int]:
    """First and last address of a prefix."""
    return start, last_of(start, length)


def range_prefixes(first: int, last: int) -> list[tuple[int, int]]:
    """The fewest prefixes that hold the addresses from ``first`` to ``last`` and no other."""
    result = []
    while first <= last:
        # The largest block is bounded by what is left and by the lowest bit of its start.
        bits = (last - first + 1).bit_length() - 1
        if first:
            bits = min(bits, (first & -first).bit_length() - 1)
        result.append((first, _BITS - bits))
        first += 1 << bits
    return result


def parse_range(text: object, name: str = "range") -> tuple[int, int]:
    """A range as ``first-last``, with or without blanks around the hyphen.

    :raises Refused: not text, not two addresses, or the last before the first.
    """
    what = f"{name}={text}"
    parts = text.split("-") if isinstance(text, str) else []
    if len(parts) != 2:
        raise Refused(what, "a range is two addresses with a hyphen between them", "Write 2001:db8::10-2001:db8::1f")
    ends = [number(part, name, what) for part in parts]
    if ends[1] < ends[0]:
        right = written_range(*sorted(ends))
        raise Refused(what, "the last address of a range comes after its first", f"Write {right}")
    return ends[0], ends[1]


def written_range(first: int, last: int) -> str:
    """The text of a range: ``first-last``."""
    return f"{written(first)}-{written(last)}"


def sparse_start(start: int, length: int, part: int, index: int) -> int:
    """The start of the ``index``-th prefix of length ``part``, in the order that leaves most room to grow.

    RFC 3531, leftmost: 0, 1/2, 1/4, 3/4, 1/8 ... of the whole; the index counts with its bits reversed.

    :raises Refused: no such part, or not that many.
    """
    count = count_parts(start, length, part)
    if not 0 <= index < count:
        raise Refused(
            f"index={index}",
            f"{written_prefix(start, length)} has {count} prefixes of /{part}, counted from 0",
            "Take an index in that range",
        )
    bits = part - length
    mirrored = int(format(index, f"0{bits}b")[::-1], 2) if bits else 0
    return start + (mirrored << (_BITS - part))
