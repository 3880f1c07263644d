# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: overlaps
short_description: Those prefixes that share addresses with a prefix
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Gives what overlaps, and not only whether something does, so that a message can name it.
  - Very many others are no trouble. They are sorted once, and each question then takes microseconds.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: others
options:
  _input:
    description: A prefix or an address, or a list of them.
    type: raw
    required: true
  others:
    description: A prefix or an address, or a list of them.
    type: raw
    required: true
seealso:
  - plugin: routable.ipv6.contains
    plugin_type: filter
  - plugin: routable.ipv6.free_space
    plugin_type: filter
  - plugin: ansible.utils.network_in_network
    plugin_type: filter
    description: Gives true or false, also for what is not a prefix.
"""

EXAMPLES = r"""
- name: What is in the way of this prefix
  ansible.builtin.debug:
    msg: "{{ '2001:db8:0:1:d::/80' | routable.ipv6.overlaps(['2001:db8:0:1::/64', '2001:db8:0:2::/64']) }}"
  # ["2001:db8:0:1::/64"]
"""

RETURN = r"""
_value:
  description:
    - A list of those of O(others) that overlap, in canonical form and in their order; a list of such lists for a
      list.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    block_numbers,
    written,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_sets import OverlapIndex
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module, listed


def overlaps(value: object, others: object) -> object:
    """See DOCUMENTATION."""
    items = listed(others)
    blocks = [block_numbers(item, "others") for item in items]
    index = OverlapIndex(blocks)

    def overlapped(item: object) -> list[str]:
        found = index.overlapping(*block_numbers(item, "value"))
        return [written_prefix(*blocks[place]) if "/" in items[place] else written(blocks[place][0]) for place in found]

    return each(value, overlapped)


FilterModule = filter_module(overlaps)
