# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: netbox_csv
short_description: Allocations as CSV for the imports of NetBox
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - NetBox imports prefixes and IP addresses apart, so there is a table for each.
  - The name becomes the description, pool and owner the comments. What is C(quarantine) here is C(deprecated) there.
    NetBox's own column C(owner) means something else and stays away.
  - NetBox wants each address with the length of its link. An allocation that states none is a C(/128).
  - The text is sorted, and equal for equal allocations in any order. What is not valid fails with its place in the
    list.
positional: kind, zone
options:
  _input:
    description:
      - Allocations, each a dictionary with C(pool), C(name), either C(prefix) or C(address), C(owner) and C(state).
      - C(pool) and C(owner) may be missing. C(state) is C(active), C(reserved) or C(quarantine), and C(active) where
        it is missing.
    type: list
    elements: dict
    required: true
  kind:
    description: Which table.
    type: str
    choices: [prefixes, addresses]
    required: true
  zone:
    description:
      - The domain of relative names, for the column C(dns_name) of addresses. Left out, the column is empty.
    type: str
seealso:
  - plugin: routable.ipv6.allocations_csv
    plugin_type: filter
"""

EXAMPLES = r"""
- name: For the import of IP addresses
  ansible.builtin.debug:
    msg: "{{ [{'name': 'web', 'address': '2001:db8::20'}] | routable.ipv6.netbox_csv('addresses', 'example.org') }}"
  # address,status,dns_name,description,comments
  # 2001:db8::20/128,active,web.example.org,web,
"""

RETURN = r"""
_value:
  description: The table with its header.
  type: str
"""

from ansible_collections.routable.ipv6.plugins.module_utils._address_export import (
    netbox_addresses,
    netbox_prefixes,
    read_allocations,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module, listed_or_same, zone_or_none


def netbox_csv(value: object, kind: object, zone: object = None) -> str:
    """See DOCUMENTATION."""
    allocations = read_allocations(listed_or_same(value))
    if kind == "prefixes":
        return netbox_prefixes(allocations)
    if kind == "addresses":
        return netbox_addresses(allocations, zone_or_none(zone))
    raise Refused(f"kind={kind}", "NetBox imports prefixes and addresses", "Say prefixes or addresses")


FilterModule = filter_module(netbox_csv)
