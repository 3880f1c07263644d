#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_firewall
short_description: Default deny in front of containers, in an nftables table of our own
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Closes everything behind one or more prefixes except what is opened, whatever Docker's own firewall does. It works
    the same with every version of Docker, and it does not depend on C(DOCKER-USER).
  - The rules live in one nftables table of their own, C(ip6 routable_<name>). Other tables, other prefixes, IPv4 and
    connections that containers open themselves are not touched.
  - Let through are established connections, ping, the ICMPv6 errors of RFC 4890, what stays within one bridge, what
    Docker itself forwards from a published port of the host, and what O(allow) opens.
  - The host's own services that listen on C(::) are closed on the bridges' addresses inside the prefixes, except for
    the containers themselves.
  - The table is replaced in one transaction, so there is no moment without it. A systemd unit loads it at boot before
    the network comes up. A drop-in for C(nftables.service), which flushes all tables when it starts, reloads or stops,
    loads it again.
  - A port that is taken out of O(allow) is closed for new connections. Established ones stay until they end.
options:
  name:
    description:
      - What the table, its file and its unit are named after, so that there can be several.
    type: str
    default: containers
  prefixes:
    description:
      - The prefixes of the containers. Required with O(state=present).
      - The host's own addresses must not lie in them, except for those of O(bridges).
    type: list
    elements: str
  allow:
    description: What is opened.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: An address or a prefix inside O(prefixes).
        type: str
        required: true
      ports:
        description:
          - Port numbers, or dictionaries with C(port) and C(protocol) (V(tcp), the default, or V(udp)).
        type: list
        elements: raw
        required: true
  bridges:
    description:
      - The interfaces of the bridges that the containers are on. They need not exist.
    type: list
    elements: str
    default: [docker0, routable0]
  state:
    description:
      - With V(absent) the table, its file, its unit and the drop-in are taken away.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
attributes:
  check_mode:
    details:
      - Where C(nft) is not installed yet, the module predicts the change but cannot have the rules checked.
  idempotent:
    details:
      - Compared is the table that the kernel has, so one that was changed or deleted by hand is put back.
  platform:
    support: full
    platforms: Linux with systemd and nftables
requirements:
  - nft of nftables 1.0 or later, and unshare of util-linux, on the target
seealso:
  - plugin: routable.ipv6.docker_host_plan
    plugin_type: filter
notes:
  - The module warns when another chain drops forwarded IPv6 by policy. Such a chain decides as well, and no table can
    overrule it.
"""

EXAMPLES = r"""
- name: Open the web server's port and nothing else
  routable.ipv6.ipv6_firewall:
    prefixes:
      - 2001:db8:0:1:d::/80
    allow:
      - address: 2001:db8:0:1:d:8000::20
        ports: [80, 443]
      - address: 2001:db8:0:1:d:8000::53
        ports:
          - port: 53
            protocol: udp
          - port: 53

- name: Take it away
  routable.ipv6.ipv6_firewall:
    state: absent
"""

RETURN = r"""
table:
  description: Family and name of the table.
  returned: success
  type: str
  sample: ip6 routable_containers
prefixes:
  description: The protected prefixes in canonical form; neighbours and overlapping ones are joined.
  returned: success
  type: list
  elements: str
  sample: ["2001:db8:0:1:d::/80"]
opened:
  description: What is open, each with C(address) and one C(port) with its C(protocol).
  returned: success
  type: list
  elements: dict
  sample:
    - address: 2001:db8:0:1:d:8000::20
      port: 80
      protocol: tcp
unit:
  description: The systemd unit that loads the table at boot.
  returned: success
  type: str
  sample: routable-ipv6-firewall-containers.service
files:
  description: The files that belong to it.
  returned: success
  type: list
  elements: str
  sample:
    - /etc/routable-ipv6/firewall-containers.nft
    - /etc/systemd/system/routable-ipv6-firewall-containers.service
    - /etc/systemd/system/nftables.service.d/routable-ipv6-containers.conf
changes:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample:
    - Replace the table ip6 routable_containers
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils._firewall_converge import TASK
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import carry_out


def main() -> None:
    carry_out(AnsibleModule(argument_spec=TASK.arguments, required_if=TASK.required_if, supports_check_mode=True), TASK)


if __name__ == "__main__":
    main()
