# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: block_addresses
short_description: All addresses of a small prefix
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Lists them from the first to the last, the subnet-router anycast address included.
  - A prefix with more addresses than O(limit) is refused. Nobody wants a list of 2^64 addresses, and no machine can
    hold it.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: limit
options:
  _input:
    description: A prefix, or a list of them.
    type: raw
    required: true
  limit:
    description: The most addresses that one prefix may have.
    type: int
    default: 65536
seealso:
  - plugin: routable.ipv6.aligned_block
    plugin_type: filter
  - plugin: routable.ipv6.nth_address
    plugin_type: filter
  - plugin: ansible.utils.usable_range
    plugin_type: filter
    description: >-
      Lists a prefix of any size, until memory is used up, and takes the last address for a
      broadcast one.
"""

EXAMPLES = r"""
- name: The addresses of a block
  ansible.builtin.debug:
    msg: "{{ '2001:db8::20/126' | routable.ipv6.block_addresses }}"
  # ["2001:db8::20", "2001:db8::21", "2001:db8::22", "2001:db8::23"]

- name: Of the block in which an address lies
  ansible.builtin.debug:
    msg: "{{ '2001:db8::21' | routable.ipv6.aligned_block(127) | routable.ipv6.block_addresses }}"
  # ["2001:db8::20", "2001:db8::21"]
"""

RETURN = r"""
_value:
  description: The addresses in ascending order; a list of such lists for a list.
  type: list
  elements: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    last_of,
    prefix_numbers,
    written,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module, whole_number


def block_addresses(value: object, limit: object = 65536) -> object:
    """See DOCUMENTATION."""
    most = whole_number(limit, "limit")
    return each(value, lambda item: _addresses(item, most))


def _addresses(item: object, most: int) -> list[str]:
    start, length = prefix_numbers(item, "value")
    count = 1 << (128 - length)
    if count > most:
        raise Refused(
            f"value={item}",
            f"it has {count} addresses and the limit is {most}",
            "Take a longer prefix or raise the limit",
        )
    return [written(address) for address in range(start, last_of(start, length) + 1)]


FilterModule = filter_module(block_addresses)
