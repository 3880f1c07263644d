# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: reverse_name
short_description: The name of an address below ip6.arpa
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - The name is absolute, it ends with a dot.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
options:
  _input:
    description: An address, or a list of them.
    type: raw
    required: true
seealso:
  - plugin: routable.ipv6.reverse_zones
    plugin_type: filter
  - plugin: routable.ipv6.ptr_record
    plugin_type: filter
  - plugin: ansible.utils.ipaddr
    plugin_type: filter
    description: Its query V(revdns) gives the name of a host also for a prefix.
"""

EXAMPLES = r"""
- name: The owner of the PTR record
  ansible.builtin.debug:
    msg: "{{ '2001:db8::20' | routable.ipv6.reverse_name }}"
  # 0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.
"""

RETURN = r"""
_value:
  description: The name, or a list in the order of the input.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import number
from ansible_collections.routable.ipv6.plugins.module_utils._dns_names import reverse_name as name_below_arpa
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module


def reverse_name(value: object) -> object:
    """See DOCUMENTATION."""
    return each(value, lambda item: name_below_arpa(number(item, "value")))


FilterModule = filter_module(reverse_name)
