# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: nth_address
short_description: The n-th address of a prefix
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - The first one has the index 0; it is the subnet-router anycast address, which no interface should be given.
  - A negative index counts back from the last one, which is -1.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: index
options:
  _input:
    description: A prefix, or a list of them.
    type: raw
    required: true
  index:
    description: Which address; or a list of indices.
    type: raw
    required: true
seealso:
  - plugin: routable.ipv6.nth_subnet
    plugin_type: filter
  - plugin: routable.ipv6.compose_suffix
    plugin_type: filter
  - plugin: ansible.utils.nthhost
    plugin_type: filter
    description: Gives false where there is no such address.
"""

EXAMPLES = r"""
- name: The gateway
  ansible.builtin.debug:
    msg: "{{ '2001:db8:0:1:d::/80' | routable.ipv6.nth_address(1) }}"
  # 2001:db8:0:1:d::1
"""

RETURN = r"""
_value:
  description: The address, or a list where a list was given.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    nth_address_number,
    prefix_numbers,
    written,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module, whole_number


def nth_address(value: object, index: object) -> object:
    """See DOCUMENTATION."""

    def addresses(item: object) -> object:
        start, length = prefix_numbers(item, "value")
        return each(index, lambda place: written(nth_address_number(start, length, whole_number(place, "index"))))

    return each(value, addresses)


FilterModule = filter_module(nth_address)
