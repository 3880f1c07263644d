# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: nth_subnet
short_description: The n-th prefix of a length inside a prefix
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Takes the same short time for the first and for the last of them.
  - A negative index counts back from the last one, which is -1.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: length, index
options:
  _input:
    description: A prefix, or a list of them.
    type: raw
    required: true
  length:
    description: The length of the parts.
    type: int
    required: true
  index:
    description: Which part, counted from 0; or a list of indices.
    type: raw
    default: 0
seealso:
  - plugin: routable.ipv6.sparse_subnet
    plugin_type: filter
  - plugin: routable.ipv6.nth_address
    plugin_type: filter
  - plugin: ansible.utils.ipsubnet
    plugin_type: filter
    description: Counts through the prefix to the part, and gives false where there is none.
"""

EXAMPLES = r"""
- name: The thirteenth part
  ansible.builtin.debug:
    msg: "{{ '2001:db8:0:1::/64' | routable.ipv6.nth_subnet(80, 13) }}"
  # 2001:db8:0:1:d::/80

- name: The last part
  ansible.builtin.debug:
    msg: "{{ '2001:db8:0:1::/64' | routable.ipv6.nth_subnet(80, -1) }}"
  # 2001:db8:0:1:ffff::/80
"""

RETURN = r"""
_value:
  description: The prefix, or a list where a list was given.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    nth_subnet_number,
    prefix_numbers,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module, whole_number


def nth_subnet(value: object, length: object, index: object = 0) -> object:
    """See DOCUMENTATION."""
    size = whole_number(length, "length")

    def parts(item: object) -> object:
        start, whole = prefix_numbers(item, "value")
        return each(
            index,
            lambda place: written_prefix(nth_subnet_number(start, whole, size, whole_number(place, "index")), size),
        )

    return each(value, parts)


FilterModule = filter_module(nth_subnet)
