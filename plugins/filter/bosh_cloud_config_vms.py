# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: bosh_cloud_config_vms
short_description: Which IPv6 addresses the VMs of a BOSH deployment must have
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - From the instances of a deployment it takes the VMs of the instance groups that were spoken of, each with the
    addresses that the Director gave it in the group's network.
positional: claims
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
seealso:
  - plugin: routable.ipv6.bosh_cloud_config_endpoints
    plugin_type: filter
  - module: routable.ipv6.vsphere_vm_addresses
"""

EXAMPLES = r"""
- name: Plan what the instance group gets
  ansible.builtin.set_fact:
    plan: "{{ said | routable.ipv6.bosh_cloud_config_plan }}"
  vars:
    said:
      networks: [{name: ipv6, prefix: "2001:db8:0:1::/64", gateway: "::1", azs: [z1]}]
      groups: [{name: nginx}]

- name: Deploy it
  routable.ipv6.bosh_deployment:
    manifest: "{{ lookup('ansible.builtin.file', 'nginx.yml') }}"
  register: deployed
  delegate_to: localhost

- name: See that the VMs have what they were given
  routable.ipv6.vsphere_vm_addresses:
    hostname: vcenter.example.org
    username: administrator@vsphere.local
    password: "{{ vault_vcenter }}"
    datacenter: dc
    name: "{{ item.vm }}"
    addresses: "{{ item.addresses }}"
  loop: "{{ deployed.instances | routable.ipv6.bosh_cloud_config_vms(plan.claims) }}"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The VMs, each with its C(vm), the name in vCenter, and its C(addresses).
  type: list
  elements: dict
"""

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud import expected
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module, listed


def bosh_cloud_config_vms(value: object, claims: object) -> list[dict[str, t.Any]]:
    """See DOCUMENTATION."""
    return expected(listed(claims), listed(value))


FilterModule = filter_module(bosh_cloud_config_vms)
