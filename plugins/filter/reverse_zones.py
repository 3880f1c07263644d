# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: reverse_zones
short_description: The zones below ip6.arpa of a prefix
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Zones are cut where a digit ends, every four bits. A prefix with another length is two, four or eight zones, and
    the result is a list always.
  - The names are absolute, they end with a dot.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
options:
  _input:
    description: A prefix, or a list of them.
    type: raw
    required: true
seealso:
  - plugin: routable.ipv6.reverse_name
    plugin_type: filter
  - plugin: routable.ipv6.reverse_zone_records
    plugin_type: filter
  - plugin: ansible.utils.ipaddr
    plugin_type: filter
    description: Its query V(revdns) gives the name of a host for a prefix, and no zone.
"""

EXAMPLES = r"""
- name: The zone to ask the provider for
  ansible.builtin.debug:
    msg: "{{ '2001:db8::/48' | routable.ipv6.reverse_zones }}"
  # ["0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."]

- name: Between two digits
  ansible.builtin.debug:
    msg: "{{ '2001:db8::/47' | routable.ipv6.reverse_zones }}"
  # ["0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."]
"""

RETURN = r"""
_value:
  description: The zones in ascending order of their addresses; a list of such lists for a list.
  type: list
  elements: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import prefix_numbers
from ansible_collections.routable.ipv6.plugins.module_utils._dns_names import reverse_zones as zones_below_arpa
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module


def reverse_zones(value: object) -> object:
    """See DOCUMENTATION."""
    return each(value, lambda item: zones_below_arpa(*prefix_numbers(item, "value")))


FilterModule = filter_module(reverse_zones)
