# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sparse_subnet
short_description: The n-th prefix of a length inside a prefix, in an order that leaves room to grow
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Counts in the leftmost order of RFC 3531, with the bits of the index reversed. The first part begins at 0, the
    next ones at 1/2, 1/4, 3/4, 1/8 of the whole.
  - Each part can so be made larger later without moving its neighbours.
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
  - plugin: routable.ipv6.nth_subnet
    plugin_type: filter
  - plugin: routable.ipv6.free_space
    plugin_type: filter
"""

EXAMPLES = r"""
- name: The first four sites
  ansible.builtin.debug:
    msg: "{{ '2001:db8::/32' | routable.ipv6.sparse_subnet(48, range(4)) }}"
  # ["2001:db8::/48", "2001:db8:8000::/48", "2001:db8:4000::/48", "2001:db8:c000::/48"]
"""

RETURN = r"""
_value:
  description: The prefix, or a list where a list was given.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import prefix_numbers, written_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_sets import sparse_start
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module, whole_number


def sparse_subnet(value: object, length: object, index: object = 0) -> object:
    """See DOCUMENTATION."""
    size = whole_number(length, "length")

    def parts(item: object) -> object:
        start, whole = prefix_numbers(item, "value")
        return each(
            index, lambda place: written_prefix(sparse_start(start, whole, size, whole_number(place, "index")), size)
        )

    return each(value, parts)


FilterModule = filter_module(sparse_subnet)
