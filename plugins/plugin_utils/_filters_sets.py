# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the filters of several prefixes do: what lies in what, what is free."""

from __future__ import annotations

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    block_numbers,
    prefix_numbers,
    written,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import (
    Refused,
)
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_sets import (
    OverlapIndex,
    as_range,
    free_ranges,
    parse_range,
    range_prefixes,
    written_range,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import (
    each,
    is_list,
    listed,
    whole_number,
)


def contains(value: object, item: object) -> object:
    blocks = [block_numbers(one, "item") for one in listed(item)]

    def holds(whole: object) -> bool | list[bool]:
        start, length = block_numbers(whole, "value")
        shift = 128 - length
        found = [size >= length and first >> shift == start >> shift for first, size in blocks]
        return found if is_list(item) else found[0]

    return each(value, holds)


def overlaps(value: object, others: object) -> object:
    items = listed(others)
    blocks = [block_numbers(item, "others") for item in items]
    index = OverlapIndex(blocks)

    def overlapped(item: object) -> list[str]:
        found = index.overlapping(*block_numbers(item, "value"))
        return [written_prefix(*blocks[place]) if "/" in items[place] else written(blocks[place][0]) for place in found]

    return each(value, overlapped)


def free_space(value: object, used: object, length: object = None) -> list[str]:
    longest = 128 if length is None else whole_number(length, "length")
    if not 0 <= longest <= 128:
        raise Refused(
            f"length={length}", "the length of an IPv6 prefix is a number from 0 to 128", "Correct the length"
        )
    pools = [as_range(*prefix_numbers(item, "value")) for item in listed(value)]
    taken = [as_range(*block_numbers(item, "used")) for item in listed(used)]
    return [
        written_prefix(start, size)
        for free in free_ranges(pools, taken)
        for start, size in range_prefixes(*free)
        if size <= longest
    ]


def prefix_to_range(value: object) -> object:
    return each(value, lambda item: written_range(*as_range(*prefix_numbers(item, "value"))))


def range_to_prefixes(value: object) -> object:
    return each(value, lambda item: [written_prefix(*one) for one in range_prefixes(*parse_range(item, "value"))])
