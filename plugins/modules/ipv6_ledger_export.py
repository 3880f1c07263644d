#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_ledger_export
short_description: Write what the ledger has for people and other programs
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Writes the allocations of a ledger as JSON, CSV, a hosts file, records of a zone, or for an import into NetBox. The
    text is sorted, so a file changes only when an allocation does.
  - Runs on the controller and reads the ledger only. No connection to the host is made.
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.controller
options:
  format:
    description:
      - V(json) is the whole ledger with a line for each allocation. It diffs well in git, and a new ledger that imports
        it exports the same.
      - V(csv) has the columns pool, name, prefix, address, owner and state, of allocations in every state.
      - V(hosts) are lines of a hosts file, V(zone) AAAA records and V(reverse_zone) PTR records, of active addresses.
      - V(netbox_prefixes) and V(netbox_addresses) are what NetBox imports.
    type: str
    choices: [json, csv, hosts, zone, reverse_zone, netbox_prefixes, netbox_addresses]
    required: true
  dest:
    description:
      - The file to write, on the controller. A relative path starts at the playbook. Only its owner can read it.
      - Without it the text is returned.
    type: path
  only:
    description: Only these pools. V(json) is always whole.
    type: list
    elements: str
    default: []
  zone:
    description: The domain of names that are not absolute. Required for V(zone), which has the names inside it only.
    type: str
    default: ""
  prefix:
    description: The prefix whose addresses V(reverse_zone) has, for which it is required.
    type: str
    default: ""
  ttl:
    description: The time to live of records, in seconds. By default the zone's own.
    type: int
  relative:
    description: Whether records are relative to an C($ORIGIN).
    type: bool
    default: false
  ledger:
    description: The ledger, as for M(routable.ipv6.ipv6_allocate).
    type: str
seealso:
  - module: routable.ipv6.ipv6_allocate
  - plugin: routable.ipv6.zone_records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Keep the ledger's content in git
  routable.ipv6.ipv6_ledger_export:
    format: json
    dest: ledger.json
  run_once: true

- name: The zone of the web servers
  routable.ipv6.ipv6_ledger_export:
    format: zone
    zone: example.org
    only: [web]
    dest: zones/example.org.ipv6
  run_once: true
"""

RETURN = r"""
dest:
  description: The file.
  returned: with O(dest)
  type: str
content:
  description: The text.
  returned: without O(dest)
  type: str
"""
