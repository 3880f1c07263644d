# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: range_to_prefixes
short_description: The fewest prefixes for a range of addresses
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Both ends belong to the range.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
options:
  _input:
    description: A range such as V(2001:db8::10-2001:db8::1f), or a list of them.
    type: raw
    required: true
seealso:
  - plugin: routable.ipv6.prefix_to_range
    plugin_type: filter
  - plugin: routable.ipv6.summarise
    plugin_type: filter
  - plugin: ansible.utils.cidr_merge
    plugin_type: filter
    description: Takes prefixes only, no range.
"""

EXAMPLES = r"""
- name: A range for a program that knows only prefixes
  ansible.builtin.debug:
    msg: "{{ '2001:db8::e - 2001:db8::1f' | routable.ipv6.range_to_prefixes }}"
  # ["2001:db8::e/127", "2001:db8::10/124"]
"""

RETURN = r"""
_value:
  description: The prefixes in ascending order, always with their length; a list of such lists for a list.
  type: list
  elements: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import written_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_sets import parse_range, range_prefixes
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module


def range_to_prefixes(value: object) -> object:
    """See DOCUMENTATION."""
    return each(value, lambda item: [written_prefix(*one) for one in range_prefixes(*parse_range(item, "value"))])


FilterModule = filter_module(range_to_prefixes)
