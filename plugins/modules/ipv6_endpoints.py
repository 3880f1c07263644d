#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_endpoints
short_description: State which addresses of a host must answer
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - An endpoint is an address, with its ports, that must answer, and the ports that must not. A role states the
    endpoints of each host. The playbook C(routable.ipv6.verify) reads them later and confirms or refutes each one with
    packets.
  - Writes the file C(endpoints/<inventory name>.json) in the state directory on the controller, and sets the host fact
    C(ipv6_endpoints). Nothing is done on the host, and no connection to it is made.
  - Endpoints are the same when role, behind and name are the same. Those of other roles stay as they are.
  - The state directory is the variable C(ipv6_state_dir). It is C(.ipv6) beside the first inventory that is a file or a
    directory when the variable is not set, and beside the playbook when there is no such inventory.
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.controller
options:
  role:
    description:
      - The role that makes the claim.
    type: str
    required: true
  state:
    description:
      - With V(present), the role claims what stands in O(endpoints) about this host and nothing else. What it claimed
        before and no longer does is withdrawn.
      - With V(absent), all that the role claims about this host is withdrawn. The file goes away with the last claim.
    type: str
    choices: [present, absent]
    default: present
  endpoints:
    description:
      - What must answer. Each is a dictionary.
      - C(name) is how it is known on its host. That of a container is the container's name. Required.
      - C(kind) is V(container), V(vm), V(zone) or V(host). Required.
      - C(address) is its global unicast IPv6 address. Required.
      - C(behind) is the inventory name of the host that it is on, by default this host.
      - C(open) and C(closed) are lists of ports, each a number, a text such as V(udp/53), or a dictionary with
        C(port) and C(protocol).
      - C(ping) says whether it answers echo requests, by default V(true).
      - C(source) is the address that its own connections are seen with. Nothing is claimed when it is not given.
      - C(mtu) is the size in bytes of a packet that reaches it in one piece. Nothing is claimed when it is not given.
    type: list
    elements: raw
    default: []
seealso:
  - module: routable.ipv6.ipv6_endpoints_info
  - module: routable.ipv6.ipv6_probe
"""

EXAMPLES = r"""
- name: State that the web server answers on its ports, and nothing else does
  routable.ipv6.ipv6_endpoints:
    role: my_web
    endpoints:
      - name: web
        kind: container
        address: 2001:db8:0:1:d::20
        source: 2001:db8:0:1:d::20
        open: [80, 443]
        closed: [22]

- name: Withdraw it
  routable.ipv6.ipv6_endpoints:
    role: my_web
    state: absent
"""

RETURN = r"""
endpoints:
  description:
    - What all roles claim about this host now, with every key, addresses in canonical form, sorted by role, behind and
      name. The same list is the host fact C(ipv6_endpoints).
  type: list
  elements: dict
  returned: success
  sample:
    - role: my_web
      name: web
      address: 2001:db8:0:1:d::20
      kind: container
      behind: docker1
      open: [{"port": 80, "protocol": "tcp"}, {"port": 443, "protocol": "tcp"}]
      closed: [{"port": 22, "protocol": "tcp"}]
      ping: true
      source: 2001:db8:0:1:d::20
      mtu: null
changes:
  description: What was stated and withdrawn, or would be in check mode.
  type: list
  elements: str
  returned: success
  sample: ["State the endpoint web (2001:db8:0:1:d::20) of docker1"]
path:
  description: The file on the controller.
  type: str
  returned: success
  sample: /home/me/site/.ipv6/endpoints/docker1.json
"""
