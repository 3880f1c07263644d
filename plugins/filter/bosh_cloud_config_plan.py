# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: bosh_cloud_config_plan
short_description: Make a cloud config and a manifest of BOSH from prefixes, offsets and names
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - From what is said about the IPv6 networks of a BOSH Director this filter works out the cloud config, the operations
    that put instance groups of a manifest into these networks, and what must answer then.
  - Addresses come in any spelling, also as offsets; V(::165) is the prefix with these bits behind it. They leave
    written out, since a YAML parser can take no such address for a number.
  - It is the first step of the role P(routable.ipv6.bosh_cloud_config#role), so that a mistake in the last network is
    found before anything is sent. The rules of the Director are those of M(routable.ipv6.bosh_config) and
    M(routable.ipv6.bosh_deployment).
options:
  _input:
    description: What is said. Keys that are not listed here are refused.
    type: dict
    required: true
    suboptions:
      networks:
        description:
          - The networks, as in the variable C(bosh_cloud_config_networks) of the role.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: The network's name.
            type: str
            required: true
          prefix:
            description: The prefix of the link. Required, here or in each of the C(subnets).
            type: str
          gateway:
            description:
              - The router's address in the prefix, or an offset.
              - A link-local address (C(fe80::/10)) or a MAC address of the router is taken for its interface
                identifier, which most routers have in all of their addresses. The Director refuses C(fe80::).
              - Required, here or in each of the C(subnets).
            type: str
          dns:
            description: The DNS servers, as addresses.
            type: list
            elements: str
          azs:
            description: The availability zones. They are in another cloud config.
            type: list
            elements: str
          reserved:
            description:
              - What the Director hands out to nobody, each an address, a C(FIRST - LAST) or a prefix, also as offsets.
              - They are written in as few entries as possible.
            type: list
            elements: str
          static:
            description: What it hands out only to who asks for it. The C(addresses) of groups are added.
            type: list
            elements: str
          vsphere_network:
            description: The vSphere network, for C(cloud_properties.name).
            type: str
          cloud_properties:
            description: Other properties for the CPI.
            type: dict
          subnets:
            description: Several subnets, each with the keys above. What stands at the network holds for all of them.
            type: list
            elements: dict
      groups:
        description: The instance groups that get a NIC in these networks.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: The instance group's name in the manifest.
            type: str
            required: true
          network:
            description: The network. Left out, it is the first one.
            type: str
          addresses:
            description:
              - A static address for each instance, also as an offset, or a dictionary with C(address) and a C(name) in
                the DNS. Left out, the Director chooses.
            type: list
            elements: raw
          open:
            description: The ports that must answer.
            type: list
            elements: raw
          closed:
            description: The ports that must not answer.
            type: list
            elements: raw
          ping:
            description: Whether it answers echo requests.
            type: bool
            default: true
      ipv4_network:
        description: The IPv4 network that the instance groups are in, too. Empty where there is none.
        type: str
        default: ""
      default_route:
        description:
          - Which network gives the VMs their default route and DNS. Required with groups and O(_input.ipv4_network).
          - With V(ipv6) the Director must be in the IPv4 subnet of the VMs. With V(ipv4) IPv6 goes beyond their link
            only where a router advertises itself.
        type: str
        choices: [ipv6, ipv4]
      manifest:
        description: A manifest, as a mapping or as YAML text, that the operations are carried out on.
        type: raw
      example:
        description:
          - Make a manifest of nginx instead. Not together with O(_input.manifest).
        type: dict
        suboptions:
          name:
            description: The deployment's name.
            type: str
            default: nginx
          vm_type:
            description: The VM type.
            type: str
            default: default
          stemcell:
            description: The stemcell, with C(os) and C(version).
            type: dict
            required: true
          release:
            description: The release, with C(version) and, for the Director to fetch it, C(url) and C(sha1).
            type: dict
            required: true
      director:
        description: The Director's URL or address, for the report.
        type: str
      domain:
        description:
          - The domain for the records of the static addresses. Left out, only those with a name of their own have some.
        type: str
      deploy:
        description: Whether there must be a manifest.
        type: bool
        default: false
seealso:
  - plugin: routable.ipv6.bosh_cloud_config_endpoints
    plugin_type: filter
  - module: routable.ipv6.bosh_config
  - module: routable.ipv6.bosh_deployment
"""

EXAMPLES = r"""
- name: See which gateway the cloud config will have
  ansible.builtin.debug:
    msg: "{{ (said | routable.ipv6.bosh_cloud_config_plan).content.networks[0].subnets[0].gateway }}"
  vars:
    said:
      networks:
        - name: ipv6
          prefix: "2001:db8:0:1::/64"
          gateway: "fe80::20d:b9ff:fe48:9249"
          dns: ["2001:4860:4860::8888"]
          azs: [z1]
          reserved: ["::1 - ::ff"]
          vsphere_network: IPv6
  # 2001:0db8:0000:0001:020d:b9ff:fe48:9249
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
  contains:
    content:
      description: The cloud config, which has C(networks) and nothing else.
      type: dict
    vsphere_networks:
      description: The vSphere networks that it names.
      type: list
      elements: str
    operations:
      description: The operations on a manifest, as C(bosh int -o) takes them. A second time they change nothing.
      type: list
      elements: dict
    ops_file:
      description: The same as YAML text.
      type: str
    manifest:
      description: The manifest after the operations; null where none was given.
      type: dict
    addresses:
      description:
        - The static addresses, each with C(name), C(address), C(group), and whether it is C(named) in the DNS.
        - P(routable.ipv6.zone_records#filter) and the like take them, too.
      type: list
      elements: dict
    records:
      description: The lines of zone files for them, as C(aaaa) and C(ptr).
      type: dict
    claims:
      description: What P(routable.ipv6.bosh_cloud_config_endpoints#filter) needs.
      type: list
      elements: dict
    report:
      description: What to know about IPv6 on BOSH, as far as it concerns these networks; each C(topic) and C(message).
      type: list
      elements: dict
"""

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud import plan
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module


def bosh_cloud_config_plan(value: object) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    return plan(value)


FilterModule = filter_module(bosh_cloud_config_plan)
