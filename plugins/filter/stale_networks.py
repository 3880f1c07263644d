# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: stale_networks
short_description: Which of our Docker networks are not as planned
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Compares the networks that carry our label with the planned one, by value. Docker cannot change a network, and does
    not start with a bridge that overlaps one, so these have to go before the daemon is told of a new prefix.
options:
  _input:
    description: Networks as M(routable.ipv6.docker_ipv6_info) returns them.
    type: list
    elements: dict
    required: true
  user:
    description:
      - The planned network with C(name), C(bridge) and C(prefix), and C(ipv4) unless that is true; none when there
        shall be no network of ours.
    type: dict
    required: true
  label:
    description: The label by which our networks are known.
    type: str
    required: true
positional: user, label
"""

EXAMPLES = r"""
- name: Look at Docker
  routable.ipv6.docker_ipv6_info:
  register: docker

- name: Show what is in the way of a new prefix
  ansible.builtin.debug:
    msg: "{{ docker.networks | routable.ipv6.stale_networks(plan.user, 'routable.ipv6') }}"
  vars:
    plan: "{{ {'host': 'docker1', 'prefix': '2001:db8:0:2::/64'} | routable.ipv6.docker_host_plan }}"
  # ["routable"]
"""

RETURN = r"""
_value:
  description: The names of the networks.
  type: list
  elements: str
"""

from ansible_collections.routable.ipv6.plugins.module_utils._docker_host_facts import stale_networks
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module

FilterModule = filter_module(stale_networks)
