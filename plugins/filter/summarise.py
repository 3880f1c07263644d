# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: summarise
short_description: The fewest prefixes for many addresses and prefixes
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Joins what is adjacent and leaves out what another one holds; not an address more or less.
  - This works on sets. A list is one set, and the order and length of the result are its own. What is not valid
    fails, also in a list.
options:
  _input:
    description: Prefixes and addresses; or a single one.
    type: raw
    required: true
requirements:
  - netaddr on the controller
seealso:
  - plugin: routable.ipv6.range_to_prefixes
    plugin_type: filter
  - plugin: routable.ipv6.free_space
    plugin_type: filter
  - plugin: ansible.utils.cidr_merge
    plugin_type: filter
    description: Writes V(::1:2) as V(::0.1.0.2); its action V(span) is no summary, as it adds addresses.
"""

EXAMPLES = r"""
- name: The rules of a firewall
  ansible.builtin.debug:
    msg: "{{ ['2001:db8::/65', '2001:db8:0:0:8000::/65', '2001:db8::20'] | routable.ipv6.summarise }}"
  # ["2001:db8::/64"]
"""

RETURN = r"""
_value:
  description: The prefixes in ascending order, always with their length.
  type: list
  elements: str
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import block_numbers, written_prefix
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module, listed
from ansible_collections.routable.ipv6.plugins.plugin_utils._netaddr import fewest, need_netaddr


def summarise(value: object) -> list[str]:
    """See DOCUMENTATION."""
    need_netaddr()
    return [written_prefix(*one) for one in fewest([block_numbers(item, "value") for item in listed(value)])]


FilterModule = filter_module(summarise)
