# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: docker_host_plan
short_description: Divide a Docker host's prefix and give each name an address
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - From what is said about one Docker host this filter works out which prefix each of its networks has, which address
    each named container has, what the firewall lets through and which endpoints must answer.
  - With both networks the lower half of the prefix belongs to Docker's default bridge and the upper half to a
    user-defined network. The lower half of the user-defined network is static and holds the named addresses, its
    upper half is the range that Docker hands out by itself. No automatic address can therefore take a named one.
  - The first address of each network is its gateway. The subnet-router anycast address (C(::)), the gateway and the
    last address of a network are never given to a name.
  - The result follows from names and values alone. It is the same on every controller, in any order, and whatever
    a run is limited to. A name that is added moves nobody whose address or suffix is given. Of two names without one
    whose numbers meet, the first in alphabetical order keeps its place.
options:
  _input:
    description: What is said about the host. Keys that are not listed here are refused.
    type: dict
    required: true
    suboptions:
      host:
        description: The inventory name of the host.
        type: str
        required: true
      hosts:
        description:
          - All inventory names of the group, whatever the run is limited to.
          - They matter only where O(_input.prefix) is empty, so that no two hosts derive the same prefix.
        type: list
        elements: str
        default: []
      prefix:
        description:
          - The prefix for containers on this host.
          - Where it is empty, a C(/80) of the uplink's on-link prefix is derived from the host's name.
        type: str
        default: ""
      network:
        description:
          - Which networks the prefix serves.
          - A prefix longer than C(/120) is too small for V(both), one longer than C(/126) for any.
        type: str
        choices: [both, bridge, user]
        default: both
      addresses:
        description:
          - The named addresses. A bare string is a name without ports.
          - At most one of C(address) and C(suffix) is given; a suffix such as V(::20) is composed with the prefix of
            the user-defined network. Without them the address is derived from the name.
          - Each of C(ports) is a number or has C(port) and C(protocol) (V(tcp), the default, or V(udp)).
        type: list
        elements: raw
        default: []
      uplink:
        description: The interface towards the provider's router.
        type: dict
        default: {}
        suboptions:
          interface:
            description: Its name, for messages.
            type: str
            default: ""
          addresses:
            description: Its addresses with their prefix lengths.
            type: list
            elements: str
            default: []
          routers:
            description: The addresses of the routers on it.
            type: list
            elements: str
            default: []
      others:
        description:
          - Addresses of the uplinks of other hosts, and prefixes that other hosts were given.
          - They are avoided by a derived prefix, and a given prefix must not overlap them.
        type: list
        elements: str
        default: []
      docker_version:
        description: The version of the Docker daemon; empty where it is not installed yet.
        type: str
        default: ""
      bridge_name:
        description: The interface name of the user-defined network's bridge.
        type: str
        default: routable0
      network_name:
        description: Docker's name of the user-defined network.
        type: str
        default: routable
      network_ipv4:
        description:
          - Whether the user-defined network has IPv4, too. V(false) needs Docker 28 or newer, and is refused with an
            older one.
        type: bool
        default: true
      allocated:
        description:
          - What a ledger has for this host. It goes before what is given or derived.
          - See P(routable.ipv6.docker_host_requests#filter).
        type: dict
        default: {}
        suboptions:
          prefix:
            description: The prefix of the host.
            type: str
            default: ""
          addresses:
            description: For each name its address.
            type: dict
            default: {}
seealso:
  - plugin: routable.ipv6.docker_host_requests
    plugin_type: filter
  - plugin: routable.ipv6.nth_subnet
    plugin_type: filter
  - plugin: routable.ipv6.compose_suffix
    plugin_type: filter
"""

EXAMPLES = r"""
- name: A chosen address out of a small prefix
  ansible.builtin.debug:
    msg: "{{ (host | routable.ipv6.docker_host_plan).addresses.webserver.address }}"
  vars:
    host:
      host: docker1
      prefix: 1111:2222:3333:4444::8888:0/112
      network: user
      addresses:
        - name: webserver
          suffix: "::20"
          ports:
            - port: 80
  # 1111:2222:3333:4444::8888:20

- name: A derived prefix and derived addresses
  ansible.builtin.debug:
    msg: "{{ plan.prefix }}, webserver {{ plan.addresses.webserver.address }}"
  vars:
    host:
      host: docker1
      hosts: [docker1, docker2]
      addresses: [webserver, mail]
      uplink:
        interface: ens3
        addresses: ["2001:db8:0:1::a/64"]
        routers: ["fe80::1"]
      docker_version: 26.1.5+dfsg1
    plan: "{{ host | routable.ipv6.docker_host_plan }}"
  # 2001:db8:0:1:817e::/80, webserver 2001:db8:0:1:817e:a725:da0e:7394
"""

RETURN = r"""
_value:
  description: The plan for the host.
  type: dict
  contains:
    prefix:
      description: The whole prefix.
      type: str
    derived:
      description: Whether the prefix was derived from the host's name.
      type: bool
    bridge:
      description: What the default bridge has, as C(prefix) and C(gateway); null where it has nothing.
      type: dict
    user:
      description:
        - What the user-defined network has, as C(name), C(bridge), C(prefix), C(gateway), C(static) (the part of the
          named addresses), C(ip_range) (the part that Docker hands out), C(routed) (whether Docker has routed
          mode, as it does from 27.0 on) and C(ipv4) (whether it has IPv4, too). Null where there is no such network.
      type: dict
    docker_network_options:
      description: The driver options to create the user-defined network with.
      type: dict
    addresses:
      description: For each name its C(address), its C(suffix), its C(ports) and the C(network) to connect it to.
      type: dict
    allow:
      description: What the firewall lets through, each with C(address) and C(ports).
      type: list
      elements: dict
    endpoints:
      description: What must answer and what must not, in the form that is kept for verification.
      type: list
      elements: dict
    warnings:
      description: What is possible but probably not meant.
      type: list
      elements: str
"""

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._docker_host import plan
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module


def docker_host_plan(value: object) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    return plan(value)


FilterModule = filter_module(docker_host_plan)
