# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: hosts_file
short_description: Allocations as lines of a hosts file
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Gives lines for C(/etc/hosts), each with the address, the full names and the names without the domain.
  - Takes only the addresses that are active. Nobody answers on a reserved one, or on one in quarantine, and a prefix
    is no host.
  - The text is sorted, and equal for equal allocations in any order. What is not valid fails with its place in the
    list.
positional: zone
options:
  _input:
    description:
      - Allocations, each a dictionary with C(pool), C(name), either C(prefix) or C(address), C(owner) and C(state).
      - C(pool) and C(owner) may be missing. C(state) is C(active), C(reserved) or C(quarantine), and C(active) where
        it is missing.
    type: list
    elements: dict
    required: true
  zone:
    description: The domain of relative names. Left out, names are written as they are.
    type: str
seealso:
  - plugin: routable.ipv6.zone_records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Lines for all hosts
  ansible.builtin.debug:
    msg: "{{ [{'name': 'web', 'address': '2001:db8::20'}] | routable.ipv6.hosts_file('example.org') }}"
  # 2001:db8::20 web.example.org web
"""

RETURN = r"""
_value:
  description: The lines, with a line end behind the last one; empty for no address.
  type: str
"""

from ansible_collections.routable.ipv6.plugins.module_utils._address_export import (
    hosts_file as lines,
)
from ansible_collections.routable.ipv6.plugins.module_utils._address_export import (
    read_allocations,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module, listed_or_same, zone_or_none


def hosts_file(value: object, zone: object = None) -> str:
    """See DOCUMENTATION."""
    return lines(read_allocations(listed_or_same(value)), zone_or_none(zone))


FilterModule = filter_module(hosts_file)
