# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: free_space
short_description: What is free of a pool
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Gives the addresses of a pool that nothing of O(used) touches, as the fewest prefixes, in ascending order.
  - What is used outside the pool does not count, so the addresses of all hosts can be given.
  - The result is empty when nothing is free.
  - This works on sets. A list is one set, and the order and length of the result are its own. What is not valid
    fails, also in a list.
positional: used, length
options:
  _input:
    description: The pool as a prefix, or a list of prefixes that are one pool.
    type: raw
    required: true
  used:
    description: Prefixes and addresses that are taken; or a single one.
    type: raw
    required: true
  length:
    description: Only such free prefixes in which one of this length fits.
    type: int
seealso:
  - plugin: routable.ipv6.overlaps
    plugin_type: filter
  - plugin: routable.ipv6.summarise
    plugin_type: filter
  - plugin: routable.ipv6.sparse_subnet
    plugin_type: filter
"""

EXAMPLES = r"""
- name: What is left of the pool
  ansible.builtin.debug:
    msg: "{{ '2001:db8::/126' | routable.ipv6.free_space(['2001:db8::1']) }}"
  # ["2001:db8::/128", "2001:db8::2/127"]

- name: Where a /64 fits
  ansible.builtin.debug:
    msg: "{{ '2001:db8::/62' | routable.ipv6.free_space(['2001:db8:0:2::20', '2001:db8::/80'], length=64) }}"
  # ["2001:db8:0:1::/64", "2001:db8:0:3::/64"]
"""

RETURN = r"""
_value:
  description: The free prefixes, always with their length.
  type: list
  elements: str
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    block_numbers,
    prefix_numbers,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_sets import (
    as_range,
    free_ranges,
    range_prefixes,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module, listed, whole_number


def free_space(value: object, used: object, length: object = None) -> list[str]:
    """See DOCUMENTATION."""
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


FilterModule = filter_module(free_space)
