#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_endpoints_info
short_description: Read what must answer
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Reads the endpoints of all hosts from the state directory on the controller, whatever the run is limited to.
  - Where the state directory is, M(routable.ipv6.ipv6_endpoints) says.
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.reads
  - routable.ipv6._attributes.controller
options: {}
seealso:
  - module: routable.ipv6.ipv6_endpoints
"""

EXAMPLES = r"""
- name: Read what must answer
  routable.ipv6.ipv6_endpoints_info:
  delegate_to: localhost
  run_once: true
  register: stated

- name: See it
  ansible.builtin.debug:
    var: stated.endpoints
"""

RETURN = r"""
endpoints:
  description: The endpoints of all hosts, in the form of RV(routable.ipv6.ipv6_endpoints#module:endpoints).
  type: list
  elements: dict
  returned: success
  sample:
    - role: docker_host
      name: web
      address: 2001:db8:0:1:d:8000::20
      kind: container
      behind: docker1
      open: [{port: 80, protocol: tcp}]
      closed: [{port: 9, protocol: tcp}]
      ping: true
      source: 2001:db8:0:1:d:8000::20
      mtu: null
hosts:
  description: The inventory names of the hosts that have endpoints.
  type: list
  elements: str
  returned: success
  sample: [docker1, docker2]
unknown_hosts:
  description: Those of RV(hosts) that are not in the inventory any more.
  type: list
  elements: str
  returned: success
  sample: []
state_dir:
  description: The state directory.
  type: str
  returned: success
  sample: /home/me/site/.ipv6
"""
