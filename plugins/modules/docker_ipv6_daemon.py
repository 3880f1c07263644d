#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_ipv6_daemon
short_description: Give the Docker daemon its IPv6 values, and bring it back when it does not start with them
version_added: 1.0.0
description:
  - Sets the keys of the Docker daemon that concern IPv6, each for itself. Other keys of the file, its order, its
    formatting and its line ends stay as they are.
  - Everything is checked before the first write, by the rules of the installed release of Docker. The rules include
    what C(dockerd --validate) lets pass and what then keeps the daemon from starting. Where C(dockerd --validate)
    exists (since Docker 23.0) it is asked too, with the flags of the unit.
  - The daemon is restarted once, and only when what it does differs from what is wanted. Docker ignores all of these
    keys at a reload.
  - When the daemon does not start, the former files are put back, the daemon is started with them, and the containers
    that ran before run again. The task then fails.
  - When the prefix changes, or when IPv6 is turned off, the default bridge is removed while Docker is stopped, since
    Docker leaves the former address and routes there. When the new prefix overlaps with the former one, Docker is
    started once without IPv6 in between, since it would keep the former prefix otherwise.
options:
  state:
    description:
      - V(present) gives the daemon the values of the options below.
      - V(absent) takes away what this module has set. When nobody else has written the file since, it is as it was
        before, byte for byte.
    type: str
    choices: [present, absent]
    default: present
  ipv6:
    description:
      - Whether the default bridge has IPv6.
      - Before Docker 28.0 this needs O(fixed_cidr_v6). Later releases then take a unique local prefix.
    type: bool
    default: true
  fixed_cidr_v6:
    description:
      - The prefix of the default bridge. The bridge takes its first address behind the subnet-router anycast address.
      - It must be longer than the prefix of the uplink and hold no address of the host or of a router. Docker itself
        does not check that.
    type: str
  default_gateway_v6:
    description:
      - The gateway of containers on the default bridge, when it is not to be the bridge itself. It must lie inside
        O(fixed_cidr_v6).
    type: str
  bip6:
    description:
      - The address of the default bridge with its prefix length. O(fixed_cidr_v6) may then be a part of that prefix.
      - There since Docker 28.0.
    type: str
  ip6tables:
    description:
      - Whether Docker makes rules in ip6tables. Without it containers keep their own source address and their ports are
        open to everybody, so have a firewall of your own.
      - Docker before 27.0 does not do so by default, and needs O(experimental) for it. Later releases do it by default.
      - When it goes from V(true) to V(false), this module removes the rules that Docker leaves behind, and with them a
        policy of DROP for forwarded packets when no other rule is there. Rules that Docker did not make stay.
    type: bool
  experimental:
    description:
      - Turns on experimental features. Before Docker 27.0 O(ip6tables=true) needs it.
    type: bool
  ip_forward:
    description:
      - Whether Docker turns forwarding on. With V(false) it leaves forwarding as it is.
    type: bool
  ip_forward_no_drop:
    description:
      - Keeps Docker from setting the policy for forwarded packets to DROP when it turns forwarding on.
      - There since Docker 28.0.
    type: bool
  ip_masq:
    description:
      - Whether Docker masquerades the addresses of containers. The switch is for IPv4 too.
    type: bool
  allow_direct_routing:
    description:
      - Whether published ports answer on a container's own address. There since Docker 28.2.
    type: bool
  firewall_backend:
    description:
      - Which firewall Docker writes its rules for. There since Docker 29.0.
      - With V(nftables) Docker does not turn forwarding on and starts only where it is on, and a Swarm cannot use it.
        Both are checked.
    type: str
    choices: [iptables, nftables]
  bridge_accept_fwmark:
    description:
      - The mark of packets that Docker's nftables rules accept, as C(0x1) or C(0x1/0x3). There since Docker 29.0.
    type: str
  default_address_pools:
    description:
      - The pools from which networks without a subnet of their own get one. The list replaces all of Docker's own
        pools, so an IPv4 pool must be among them.
      - Before Docker 27.0 an IPv6 pool gives out its first subnet only, so O(default_address_pools[].size) must be the
        length of O(default_address_pools[].base).
    type: list
    elements: dict
    suboptions:
      base:
        description: The prefix, IPv4 or IPv6.
        type: str
        required: true
      size:
        description: The length of the subnets that are taken from it.
        type: int
        required: true
  default_network_opts:
    description:
      - Options for networks that are made from now on, by driver and name. There since Docker 24.0.
      - Docker does not check the names of options. This module does, for the driver C(bridge).
    type: dict
  host_gateway_ips:
    description:
      - The addresses that C(host-gateway) stands for in containers, one per family. Before Docker 28.0 it can be one
        only.
    type: list
    elements: str
  registry_mirrors:
    description:
      - URLs of mirrors of Docker Hub, which are asked first for its images, such as V(https://mirror.example.org). On a
        host without IPv4 that is how images come from somebody with an IPv6 address.
    type: list
    elements: str
  backend:
    description:
      - V(file) writes the keys into O(path).
      - V(dropin) writes them as flags into a drop-in of the unit. It repeats the command line of the unit and of other
        drop-ins, so run this again when that line has changed. Values that this module had in the file move.
      - Docker does not start when a key stands in both places, so a key of somebody else's in the other place is
        refused with its location.
    type: str
    choices: [file, dropin]
    default: file
  path:
    description:
      - The file that the daemon reads. Another one than the default needs C(--config-file) in the unit.
    type: path
    default: /etc/docker/daemon.json
  service:
    description:
      - The name of the service.
    type: str
    default: docker
  restart:
    description:
      - Whether the daemon may be restarted. With V(false) RV(pending) says what it still does otherwise.
    type: bool
    default: true
  start_containers:
    description:
      - Whether containers that ran before the restart and have no restart policy are started again.
      - Containers that were started with C(--rm) cannot be, and are named in a warning.
    type: bool
    default: true
  replaced_networks:
    description:
      - Names of Docker networks that are removed before the daemon is told in earnest, so that a prefix may overlap
        theirs. For a look ahead in check mode, while they are still there.
    type: list
    elements: str
    default: []
notes:
  - An option that is not given is not touched. When it was given in a former run, its former value is brought back.
  - With C(live-restore) and running containers Docker keeps its bridges even over a restart. The file is then written,
    the daemon is left alone, and RV(pending) and a warning say so.
  - In check mode on a host without Docker the module shows the file as it would be and warns. A run fails there.
  - What was changed is recorded below C(/var/lib/routable-ipv6).
requirements:
  - systemd
  - Docker 20.10 or later
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.linux
attributes:
  check_mode:
    details:
      - Where O(ipv6=true) comes without O(fixed_cidr_v6), the prefix that Docker chooses is not known before.
author:
  - routable.ipv6 contributors (@routable)
"""

EXAMPLES = r"""
- name: Give the containers of the default bridge addresses of a prefix
  routable.ipv6.docker_ipv6_daemon:
    fixed_cidr_v6: 2001:db8:0:1:d::/80
    ip6tables: false

- name: The same by flags in a drop-in of the unit
  routable.ipv6.docker_ipv6_daemon:
    fixed_cidr_v6: 2001:db8:0:1:d::/80
    backend: dropin

- name: Route the networks that are made from now on (Docker 27.0 and later)
  routable.ipv6.docker_ipv6_daemon:
    ipv6: false
    default_network_opts:
      bridge:
        com.docker.network.enable_ipv6: true
        com.docker.network.bridge.gateway_mode_ipv6: routed
    default_address_pools:
      - base: 172.16.0.0/12
        size: 16
      - base: 2001:db8:0:2::/64
        size: 80

- name: Take it all back
  routable.ipv6.docker_ipv6_daemon:
    state: absent
"""

RETURN = r"""
changes:
  description: What was done, or in check mode would be, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - In /etc/docker/daemon.json, set ipv6 to true, fixed-cidr-v6 to 2001:db8:0:1:d::/80.
    - >-
      Restart docker.service: the default bridge has no IPv6 instead of 2001:db8:0:1:d::/80 (bridge at
      2001:db8:0:1:d::1).
docker_version:
  description: The release that is installed, whether it runs or not. None where Docker is not installed.
  returned: success
  type: str
  sample: 26.1.5
backend:
  description: Where the values are.
  returned: success
  type: str
  sample: file
path:
  description: The file of the daemon, with symbolic links resolved.
  returned: success
  type: str
  sample: /etc/docker/daemon.json
effective:
  description:
    - The state of the default bridge afterwards, from Docker's API and from the bridge itself.
    - All values are none while the daemon is down.
  returned: success
  type: dict
  contains:
    ipv6:
      description: Whether the default bridge has IPv6.
      type: bool
      sample: true
    subnet:
      description: Its prefix.
      type: str
      sample: 2001:db8:0:1:d::/80
    gateway:
      description: The address of the bridge.
      type: str
      sample: 2001:db8:0:1:d::1
pending:
  description:
    - Why the running daemon still has former values, and what to do about it. None when it has the wanted ones.
  returned: success
  type: str
  sample: >-
    with live-restore and 1 running containers (web) Docker leaves its bridges as they are, even over a restart (the
    default bridge has no IPv6 instead of 2001:db8:0:1:d::/80 (bridge at 2001:db8:0:1:d::1)). Stop these containers, or
    turn live-restore off, and run this again.
restarted:
  description: Whether the daemon was restarted or started.
  returned: success
  type: bool
  sample: true
started_containers:
  description: The containers without restart policy that were started again.
  returned: success
  type: list
  elements: str
  sample: [web]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_converge import TASK
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import carry_out


def main() -> None:
    carry_out(AnsibleModule(argument_spec=TASK.arguments, supports_check_mode=True), TASK)


if __name__ == "__main__":
    main()
