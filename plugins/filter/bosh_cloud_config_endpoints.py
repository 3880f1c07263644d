# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: bosh_cloud_config_endpoints
short_description: What must answer of a BOSH deployment
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Joins the instances of a deployment with what was said about their instance groups.
  - Of a group with static addresses each one is an endpoint; of any other those that the Director has chosen in the
    group's network. IPv4 addresses are left out.
positional: claims, host
options:
  _input:
    description: The instances, as M(routable.ipv6.bosh_deployment) returns them.
    type: list
    elements: dict
    required: true
  claims:
    description: From P(routable.ipv6.bosh_cloud_config_plan#filter).
    type: list
    elements: dict
    required: true
  host:
    description: The inventory name of the Director that they are behind.
    type: str
    required: true
seealso:
  - plugin: routable.ipv6.bosh_cloud_config_plan
    plugin_type: filter
  - plugin: routable.ipv6.bosh_cloud_config_vms
    plugin_type: filter
  - module: routable.ipv6.ipv6_endpoints
"""

EXAMPLES = r"""
- name: Plan what the instance group gets
  ansible.builtin.set_fact:
    plan: "{{ said | routable.ipv6.bosh_cloud_config_plan }}"
  vars:
    said:
      networks: [{name: ipv6, prefix: "2001:db8:0:1::/64", gateway: "::1", azs: [z1]}]
      groups: [{name: nginx, open: [80]}]

- name: Deploy it
  routable.ipv6.bosh_deployment:
    manifest: "{{ lookup('ansible.builtin.file', 'nginx.yml') }}"
  register: deployed
  delegate_to: localhost

- name: State what must answer
  routable.ipv6.ipv6_endpoints:
    role: my_web
    endpoints: "{{ deployed.instances | routable.ipv6.bosh_cloud_config_endpoints(plan.claims, inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The option O(routable.ipv6.ipv6_endpoints#module:endpoints).
  type: list
  elements: dict
"""

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud import endpoints
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module, listed


def bosh_cloud_config_endpoints(value: object, claims: object, host: str) -> list[dict[str, t.Any]]:
    """See DOCUMENTATION."""
    return endpoints(listed(claims), listed(value), host)


FilterModule = filter_module(bosh_cloud_config_endpoints)
