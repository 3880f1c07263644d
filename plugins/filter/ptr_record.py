# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ptr_record
short_description: The PTR record of an address and its name
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Gives the line of a zone file, with absolute names, so that it means the same wherever it is put.
  - Names are those of hosts (RFC 1123) and are written in lower case. A name with a final dot, or one that ends in
    O(zone), is absolute; every other is relative to it.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: zone, ttl
options:
  _input:
    description: A dictionary with C(name) and C(address), or a list of them; other keys do not count.
    type: raw
    required: true
  zone:
    description: The domain of relative names.
    type: str
  ttl:
    description: Time to live in seconds. Left out, the zone's own holds.
    type: int
seealso:
  - plugin: routable.ipv6.aaaa_record
    plugin_type: filter
  - plugin: routable.ipv6.reverse_name
    plugin_type: filter
  - plugin: routable.ipv6.reverse_zone_records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: The record of the web server's address
  ansible.builtin.debug:
    msg: "{{ {'name': 'web', 'address': '2001:db8::20'} | routable.ipv6.ptr_record('example.org', ttl=300) }}"
  # 0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.\t300\tIN\tPTR\tweb.example.org.
"""

RETURN = r"""
_value:
  description: The line without a line end, its fields parted by tabs; or a list in the order of the input.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._address_export import name_and_address
from ansible_collections.routable.ipv6.plugins.module_utils._dns_names import (
    check_ttl,
    reverse_name,
)
from ansible_collections.routable.ipv6.plugins.module_utils._dns_names import (
    ptr_record as line,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import (
    each,
    filter_module,
    time_to_live,
    zone_or_none,
)


def ptr_record(value: object, zone: object = None, ttl: object = None) -> object:
    """See DOCUMENTATION."""
    domain, seconds = zone_or_none(zone), check_ttl(time_to_live(ttl))

    def record(item: object) -> str:
        name, address = name_and_address(item, domain)
        return line(reverse_name(address), name, seconds)

    return each(value, record)


FilterModule = filter_module(ptr_record)
