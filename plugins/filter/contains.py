# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: contains
short_description: Whether a prefix holds an address or another prefix
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - A prefix holds itself. What only overlaps is not held.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: item
options:
  _input:
    description: A prefix, or a list of them.
    type: raw
    required: true
  item:
    description: An address or a prefix; or a list of them.
    type: raw
    required: true
seealso:
  - plugin: routable.ipv6.overlaps
    plugin_type: filter
  - plugin: ansible.utils.network_in_network
    plugin_type: filter
    description: Gives true or false, also for what is not a prefix.
"""

EXAMPLES = r"""
- name: Is the address one of this host's containers
  ansible.builtin.debug:
    msg: "{{ '2001:db8:0:1:d::/80' | routable.ipv6.contains('2001:db8:0:1:d::20') }}"
  # true
"""

RETURN = r"""
_value:
  description: True or false, or a list of them where a list was given.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import block_numbers
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module, is_list, listed


def contains(value: object, item: object) -> object:
    """See DOCUMENTATION."""
    blocks = [block_numbers(one, "item") for one in listed(item)]

    def holds(whole: object) -> bool | list[bool]:
        start, length = block_numbers(whole, "value")
        shift = 128 - length
        found = [size >= length and first >> shift == start >> shift for first, size in blocks]
        return found if is_list(item) else found[0]

    return each(value, holds)


FilterModule = filter_module(contains)
