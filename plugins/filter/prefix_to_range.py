# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: prefix_to_range
short_description: The first and the last address of a prefix
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - All addresses count. The last one is an address like any other, as IPv6 has no broadcast.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
options:
  _input:
    description: A prefix, or a list of them.
    type: raw
    required: true
seealso:
  - plugin: routable.ipv6.range_to_prefixes
    plugin_type: filter
  - plugin: routable.ipv6.nth_address
    plugin_type: filter
  - plugin: ansible.utils.ipaddr
    plugin_type: filter
    description: Its queries V(first_usable) and V(last_usable) take the last address for a broadcast one.
"""

EXAMPLES = r"""
- name: A range for a program that knows no prefixes
  ansible.builtin.debug:
    msg: "{{ '2001:db8::10/124' | routable.ipv6.prefix_to_range }}"
  # 2001:db8::10-2001:db8::1f
"""

RETURN = r"""
_value:
  description: The range as V(first-last), or a list in the order of the input.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import prefix_numbers
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_sets import as_range, written_range
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module


def prefix_to_range(value: object) -> object:
    """See DOCUMENTATION."""
    return each(value, lambda item: written_range(*as_range(*prefix_numbers(item, "value"))))


FilterModule = filter_module(prefix_to_range)
