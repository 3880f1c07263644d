#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_reachability
short_description: Show which endpoints answer from where, and fail when one does not
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Joins what was claimed with what was seen to the reachability matrix, prints it as a table, and writes it to
    C(reachability.json) in the state directory on the controller, and as JUnit XML, for CI, to C(reachability.xml)
    beside it.
  - The task fails when an endpoint does not answer as claimed, when a vantage point could not probe, and when there is
    no endpoint or no vantage point at all. The reasons are printed below the table.
  - It is the last step of the playbook C(routable.ipv6.verify).
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.controller
attributes:
  check_mode:
    support: full
    details:
      - The files are not written.
  diff_mode:
    support: N/A
    details:
      - The files are the record of a measurement, not a state that is wanted.
  idempotent:
    support: full
    details:
      - The module never reports a change.
options:
  endpoints:
    description:
      - What is claimed, as RV(routable.ipv6.ipv6_endpoints_info#module:endpoints) has it.
    type: list
    elements: dict
    required: true
  probes:
    description:
      - The results of M(routable.ipv6.ipv6_probe), by the name of the vantage point. The targets are those of the
        filter P(routable.ipv6.reachability_targets#filter).
      - The result of a task that failed or did not reach its host may stand here, too.
    type: dict
    required: true
  visits:
    description:
      - The results of M(routable.ipv6.ipv6_probe), by the name of the host that endpoints are behind. The clients are
        those of the filter P(routable.ipv6.reachability_visits#filter).
    type: dict
    default: {}
  unknown_hosts:
    description:
      - Hosts that have endpoints and are not in the inventory, for a warning.
    type: list
    elements: str
    default: []
  width:
    description:
      - How many columns the table may take.
    type: int
    default: 100
seealso:
  - module: routable.ipv6.ipv6_probe
  - module: routable.ipv6.ipv6_endpoints_info
"""

EXAMPLES = r"""
- name: Read what must answer
  routable.ipv6.ipv6_endpoints_info:
  register: stated

- name: Probe everything from outside
  routable.ipv6.ipv6_probe:
    targets: "{{ asked.targets }}"
    observe: "{{ asked.observe }}"
  vars:
    asked: "{{ stated.endpoints | routable.ipv6.reachability_targets }}"
  delegate_to: stranger
  register: probed

- name: Show what answers
  routable.ipv6.ipv6_reachability:
    endpoints: "{{ stated.endpoints }}"
    probes:
      stranger: "{{ probed }}"
"""

RETURN = r"""
ok:
  description: Whether every endpoint answers as claimed.
  type: bool
  returned: always
  sample: true
path:
  description: Where the matrix was written, as JSON. Each failure stands there in a sentence.
  type: str
  returned: always
  sample: /home/me/site/.ipv6/reachability.json
junit:
  description: Where the same stands as JUnit XML.
  type: str
  returned: always
  sample: /home/me/site/.ipv6/reachability.xml
msg:
  description: The result in one sentence.
  type: str
  returned: always
  sample: All 12 endpoints answer as claimed, seen from stranger.
"""
