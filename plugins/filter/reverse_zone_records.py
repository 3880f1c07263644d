# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: reverse_zone_records
short_description: Allocations as PTR records below ip6.arpa
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Gives the part of a zone file with the PTR records of all addresses in a prefix. Addresses of other prefixes are
    passed over.
  - A prefix that does not end at a digit is several zones, see P(routable.ipv6.reverse_zones#filter).
  - Names are those of hosts (RFC 1123) and are written in lower case. A name with a final dot, or one that ends in
    O(zone), is absolute; every other is relative to it.
  - Takes only the addresses that are active. Nobody answers on a reserved one, or on one in quarantine, and a prefix
    is no host.
  - The text is sorted, and equal for equal allocations in any order. What is not valid fails with its place in the
    list.
positional: prefix, zone, ttl
options:
  _input:
    description:
      - Allocations, each a dictionary with C(pool), C(name), either C(prefix) or C(address), C(owner) and C(state).
      - C(pool) and C(owner) may be missing. C(state) is C(active), C(reserved) or C(quarantine), and C(active) where
        it is missing.
    type: list
    elements: dict
    required: true
  prefix:
    description: The prefix whose zone it is.
    type: str
    required: true
  zone:
    description: The domain of relative names.
    type: str
  ttl:
    description: Time to live in seconds. Left out, the zone's own holds.
    type: int
  relative:
    description: Write the names relative to their zone, behind an C($ORIGIN) for each zone that has any.
    type: bool
    default: false
seealso:
  - plugin: routable.ipv6.zone_records
    plugin_type: filter
  - plugin: routable.ipv6.ptr_record
    plugin_type: filter
  - plugin: routable.ipv6.reverse_zones
    plugin_type: filter
"""

EXAMPLES = r"""
- name: The records of the zone
  ansible.builtin.debug:
    msg: "{{ allocations | routable.ipv6.reverse_zone_records('2001:db8::/48', 'example.org', relative=true) }}"
  vars:
    allocations:
      - {name: web, address: "2001:db8::20"}
  # $ORIGIN 0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.
  # 0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0\tIN\tPTR\tweb.example.org.
"""

RETURN = r"""
_value:
  description: The records, with a line end behind the last one; empty where there are none.
  type: str
"""

from ansible_collections.routable.ipv6.plugins.module_utils._address_export import (
    read_allocations,
)
from ansible_collections.routable.ipv6.plugins.module_utils._address_export import (
    reverse_zone_records as records,
)
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import prefix_numbers
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import (
    filter_module,
    listed_or_same,
    time_to_live,
    zone_or_none,
)


def reverse_zone_records(
    value: object, prefix: object, zone: object = None, ttl: object = None, relative: bool = False
) -> str:
    """See DOCUMENTATION."""
    return records(
        read_allocations(listed_or_same(value)),
        prefix_numbers(prefix),
        zone_or_none(zone),
        time_to_live(ttl),
        bool(relative),
    )


FilterModule = filter_module(reverse_zone_records)
