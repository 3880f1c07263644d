# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: network_is_made
short_description: Whether a planned Docker network is there as planned
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Compares networks with the planned one, by value, in all that it is created with, so that Docker need not be asked
    again where nothing is to be done.
options:
  _input:
    description: Networks as M(routable.ipv6.docker_ipv6_info) returns them.
    type: list
    elements: dict
    required: true
  user:
    description:
      - The planned network with C(name), C(bridge), C(prefix), C(gateway) and C(ip_range), and C(ipv4) unless that is
        true.
    type: dict
    required: true
  options:
    description: The driver options that it is created with.
    type: dict
    required: true
  label:
    description: The label by which our networks are known.
    type: str
    required: true
positional: user, options, label
seealso:
  - plugin: routable.ipv6.stale_networks
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at Docker
  routable.ipv6.docker_ipv6_info:
  register: docker

- name: Say what is to be done
  ansible.builtin.debug:
    msg: "{{ made | ternary('Nothing to do', 'The network has to be made') }}"
  vars:
    plan: "{{ {'host': 'docker1', 'prefix': '2001:db8:0:1:d::/80'} | routable.ipv6.docker_host_plan }}"
    options: "{{ plan.docker_network_options }}"
    made: "{{ docker.networks | routable.ipv6.network_is_made(plan.user, options, 'routable.ipv6') }}"
  # Nothing to do
"""

RETURN = r"""
_value:
  description: Whether it is there.
  type: bool
"""

from ansible_collections.routable.ipv6.plugins.module_utils._docker_host_facts import network_is_made
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module

FilterModule = filter_module(network_is_made)
