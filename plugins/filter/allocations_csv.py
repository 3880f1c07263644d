# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: allocations_csv
short_description: Allocations as CSV
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Gives all allocations in every state, with the columns C(pool), C(name), C(prefix), C(address), C(owner) and
    C(state).
  - Fields are quoted where RFC 4180 asks for it. Lines end with a line feed alone, as version control likes it.
  - The text is sorted, and equal for equal allocations in any order. What is not valid fails with its place in the
    list.
options:
  _input:
    description:
      - Allocations, each a dictionary with C(pool), C(name), either C(prefix) or C(address), C(owner) and C(state).
      - C(pool) and C(owner) may be missing. C(state) is C(active), C(reserved) or C(quarantine), and C(active) where
        it is missing.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: routable.ipv6.netbox_csv
    plugin_type: filter
"""

EXAMPLES = r"""
- name: For a spreadsheet
  ansible.builtin.debug:
    msg: "{{ [{'name': 'web', 'address': '2001:db8::20'}] | routable.ipv6.allocations_csv }}"
  # pool,name,prefix,address,owner,state
  # ,web,,2001:db8::20,,active
"""

RETURN = r"""
_value:
  description: The table with its header.
  type: str
"""

from ansible_collections.routable.ipv6.plugins.module_utils._address_export import csv_table, read_allocations
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module, listed_or_same


def allocations_csv(value: object) -> str:
    """See DOCUMENTATION."""
    return csv_table(read_allocations(listed_or_same(value)))


FilterModule = filter_module(allocations_csv)
