# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: uplink_of_facts
short_description: The addresses and routers of an uplink, from what is known of its host
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Picks from what M(routable.ipv6.docker_ipv6_info) returns what the filter
    P(routable.ipv6.docker_host_plan#filter) wants to know of the interface towards the provider's router.
options:
  _input:
    description: The result of M(routable.ipv6.docker_ipv6_info).
    type: dict
    required: true
  interface:
    description: The name of the interface.
    type: str
    required: true
positional: interface
seealso:
  - plugin: routable.ipv6.docker_host_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at Docker
  routable.ipv6.docker_ipv6_info:
  register: docker

- name: Show the addresses of the uplink
  ansible.builtin.debug:
    msg: "{{ docker | routable.ipv6.uplink_of_facts('ens3') }}"
  # {"interface": "ens3", "addresses": ["2001:db8:0:1:5054:ff:fe12:3456/64", "fe80::5054:ff:fe12:3456/64"],
  #  "routers": ["fe80::1"]}
"""

RETURN = r"""
_value:
  description: The C(interface), its C(addresses) in CIDR form and the C(routers) of its default routes.
  type: dict
"""

from ansible_collections.routable.ipv6.plugins.module_utils._docker_host_facts import uplink_of_facts
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module

FilterModule = filter_module(uplink_of_facts)
