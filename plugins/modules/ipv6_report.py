#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_report
short_description: Draw the address plan and what answers as a page to look at
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Writes one HTML file that needs no network and nothing else. It shows the pools as maps to zoom into, every
    allocation with its owner and history, the reachability matrix, what differs between ledger and hosts, what has
    changed since the report before, and how long each pool will last.
  - Beside it, maps as SVG for documents, the allocations as CSV and as a hosts file, and the records of a DNS zone.
  - Reads the ledger and the state directory on the controller. It changes nothing else, and no connection to a host is
    made.
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.controller
attributes:
  check_mode:
    support: full
    details:
      - No file is written.
  diff_mode:
    support: none
    details:
      - A report has the time in it, so it is always another one.
  idempotent:
    support: full
    details:
      - A new report is no change.
options:
  hosts:
    description:
      - What M(routable.ipv6.docker_ipv6_info) has found, by the name of the host. It is compared with the ledger.
      - The result of a host that could not be looked at belongs here, too. The report names the host, with the reason.
    type: dict
    default: {}
  dest:
    description:
      - The directory to write into. A relative path starts at the playbook. By default C(report) in the state
        directory.
    type: path
  zone:
    description:
      - The DNS zone of the names. With it, C(zone.db) has the AAAA records and C(reverse-POOL.db) the PTR records of
        each pool.
    type: str
    default: ""
  ledger:
    description:
      - Where the ledger is, as for M(routable.ipv6.ipv6_allocate). By default what the variable C(ipv6_ledger) says,
        else C(ledger.sqlite) in the state directory.
    type: str
seealso:
  - module: routable.ipv6.ipv6_allocate
  - module: routable.ipv6.ipv6_reachability
"""

EXAMPLES = r"""
- name: Look at the Docker hosts
  routable.ipv6.docker_ipv6_info:
  register: found

- name: Draw the report
  routable.ipv6.ipv6_report:
    hosts: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'found'))) }}"
    zone: example.org
  run_once: true
  register: report

- name: Say where it is
  ansible.builtin.debug:
    msg: "{{ report.path }}"
"""

RETURN = r"""
path:
  description: The page.
  returned: success
  type: str
  sample: /home/alice/site/.ipv6/report/index.html
files:
  description: All files that were written, or would be in check mode.
  returned: success
  type: list
  elements: str
drift:
  description: Null when no host was looked at.
  returned: success
  type: dict
  contains:
    hosts:
      description: The hosts that were looked at.
      type: list
      elements: str
    unknown:
      description: Addresses that hosts have, in a pool whose ledger has given them to nobody.
      type: list
      elements: dict
      sample:
        - address: 2001:db8:0:1:d::99
          pool: docker_hosts
          host: one
          kind: interface
          name: docker0
          reason: it was added by hand, or by something else than this collection
    nowhere:
      description: Single addresses of the ledger that no host has, in the same form.
      type: list
      elements: dict
unseen:
  description: The hosts of O(hosts) that could not be looked at.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: The host.
      type: str
    reason:
      description: What came in place of an answer.
      type: str
changes:
  description: What has come, gone and changed since the report before. Null for the first one.
  returned: success
  type: dict
  contains:
    since:
      description: When that was.
      type: str
    allocations:
      description: Entries with C(what), C(before) and C(after).
      type: list
      elements: dict
    endpoints:
      description: The same for what answers.
      type: list
      elements: dict
capacity:
  description: By pool, how many of its usual length are left, how many go per day, and in how many days none is left.
  returned: success
  type: dict
  sample:
    docker_hosts: {left: "65533", of: "65536", per_day: 0.1, days: 655330}
"""
