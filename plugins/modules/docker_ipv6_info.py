#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_ipv6_info
short_description: See which Docker a host has, its networks, its containers and the host's own IPv6
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Looks at the Docker of a host with Python's standard library alone, and also where Docker is not installed or not
    running.
  - Tells the host's own IPv6 addresses and default routes as well, so that a role needs no other facts to plan with.
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.reads
  - routable.ipv6._attributes.linux
options:
  socket:
    description: The socket of the daemon's API.
    type: path
    default: /var/run/docker.sock
seealso:
  - module: routable.ipv6.docker_ipv6_daemon
  - module: community.docker.docker_host_info
"""

EXAMPLES = r"""
- name: Look at Docker
  routable.ipv6.docker_ipv6_info:
  register: docker

- name: Show who has which address
  ansible.builtin.debug:
    msg: "{{ item.name }} has {{ item.addresses }}"
  loop: "{{ docker.containers }}"
"""

RETURN = r"""
version:
  description: The version of the daemon; empty where Docker is not installed.
  returned: success
  type: str
  sample: 20.10.24+dfsg1
running:
  description: Whether the daemon answers.
  returned: success
  type: bool
missing:
  description:
    - What the modules and roles of this collection use on a Docker host and do not find there, of C(dockerd),
      C(docker), C(nft) and the Python library C(requests).
  returned: success
  type: list
  elements: str
  sample: [requests]
networks:
  description: The networks of the daemon; empty where it does not answer.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the network.
      type: str
    id:
      description: Its identifier.
      type: str
    driver:
      description: Its driver.
      type: str
    bridge:
      description: The name of its bridge interface; empty for other drivers.
      type: str
    ipv4:
      description: Whether IPv4 is on.
      type: bool
    ipv6:
      description: Whether IPv6 is on.
      type: bool
    ipv4_subnets:
      description: Its IPv4 subnets.
      type: list
      elements: str
    ipv6_subnets:
      description: Its IPv6 prefixes.
      type: list
      elements: str
    ipv6_pools:
      description: Its IPv6 prefixes with C(subnet), C(gateway) and C(ip_range), the latter two null where not set.
      type: list
      elements: dict
    labels:
      description: Its labels.
      type: dict
    options:
      description: The options of its driver.
      type: dict
  sample:
    - name: routable
      id: 7d86d31b1478e7cca9ebed7e73aa0fdeec46c5ca29497431d3007d2d9e15ed99
      driver: bridge
      bridge: routable0
      ipv6: true
      ipv4_subnets: [172.18.0.0/16]
      ipv6_subnets: ["2001:db8:0:1:d:8000::/81"]
      ipv6_pools:
        - subnet: 2001:db8:0:1:d:8000::/81
          gateway: 2001:db8:0:1:d:8000:0:1
          ip_range: 2001:db8:0:1:d:c000::/82
      labels: {routable.ipv6: docker_host}
      options: {com.docker.network.bridge.name: routable0}
containers:
  description: The running containers.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the container.
      type: str
    id:
      description: Its identifier.
      type: str
    addresses:
      description: Its IPv6 address in each network that gave it one.
      type: dict
    missing_inside:
      description:
        - The networks whose address it was given and does not have, since C(disable_ipv6) is set inside of it. Only
          containers of a network without IPv4 are looked into, which have no other address there.
      type: list
      elements: str
  sample:
    - name: web
      id: 6f0e3d...
      addresses: {routable: "2001:db8:0:1:d:8000:0:20"}
      missing_inside: []
interfaces:
  description: The host's interfaces, each with its IPv6 addresses in CIDR form, link-local ones included.
  returned: success
  type: dict
  sample: {"ens3": ["2001:db8:0:1:5054:ff:fe12:3456/64", "fe80::5054:ff:fe12:3456/64"], "docker0": []}
default_routes:
  description: The host's IPv6 default routes, best first, in the form of M(routable.ipv6.uplink_ra).
  returned: success
  type: list
  elements: dict
  sample: [{"interface": "ens3", "gateway": "fe80::1", "protocol": "ra", "metric": 1024}]
addresses:
  description: All IPv6 addresses of the host that reach beyond a link, without prefix lengths.
  returned: success
  type: list
  elements: str
  sample: ["2001:db8:0:1:5054:ff:fe12:3456"]
"""

import importlib.util
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils._docker_api import SOCKET, DockerUnavailable, get
from ansible_collections.routable.ipv6.plugins.module_utils._docker_info import (
    container_of,
    deaf,
    missing_inside,
    network_of,
    version_of,
)
from ansible_collections.routable.ipv6.plugins.module_utils._files import read_text
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import (
    is_global,
    parse_addresses,
    parse_routes,
)

COMMANDS = ("dockerd", "docker", "nft")
SBIN = ["/usr/sbin", "/sbin", "/usr/local/sbin"]


def installed_version(module: AnsibleModule) -> str:
    """What the installed daemon says of itself, whether it runs or not."""
    path = module.get_bin_path("dockerd", opt_dirs=SBIN)
    if path is None:
        return ""
    dummy, out, dummy = module.run_command([path, "--version"], check_rc=True)
    return version_of(out)


def network_facts(module: AnsibleModule) -> dict[str, t.Any]:
    """The host's own interfaces, default routes and addresses."""
    command = [module.get_bin_path("ip", required=True, opt_dirs=SBIN), "-6", "-j"]
    dummy, listed, dummy = module.run_command([*command, "address", "show"], check_rc=True)
    dummy, routes, dummy = module.run_command([*command, "route", "show", "default"], check_rc=True)
    found = parse_addresses(listed)
    net = "/sys/class/net"
    interfaces = sorted(name for name in os.listdir(net) if os.path.isdir(os.path.join(net, name)))
    addresses = [address for name in found if name != "lo" for address in found[name] if is_global(address)]
    return {
        "interfaces": {name: list(found.get(name, ())) for name in interfaces},
        "default_routes": [route.as_dict() for route in parse_routes(routes)],
        "addresses": [address.partition("/")[0] for address in addresses],
    }


def look_inside(container: dict[str, t.Any], socket: str) -> list[str]:
    """The networks whose address the container lacks; none of one that has ended meanwhile."""
    try:
        pid = get(f"/containers/{container['id']}/json", socket)["State"]["Pid"]
    except DockerUnavailable:
        return []
    text = read_text(f"/proc/{pid}/net/if_inet6") if pid else None
    return [] if text is None else missing_inside(container, text)


def main() -> None:
    module = AnsibleModule(argument_spec={"socket": {"type": "path", "default": SOCKET}}, supports_check_mode=True)
    socket = module.params["socket"]
    result: dict[str, t.Any] = {"networks": [], "containers": [], **network_facts(module)}
    try:
        result["version"] = get("/version", socket)["Version"]
        result["running"] = True
    except DockerUnavailable:
        result["version"] = installed_version(module)
        result["running"] = False
    if result["running"]:
        try:
            result["networks"] = [network_of(document) for document in get("/networks", socket)]
            result["containers"] = [container_of(document) for document in get("/containers/json", socket)]
        except DockerUnavailable as error:
            module.fail_json(msg=f"Docker answered and then did not: {error}")
    alone = {network["name"] for network in result["networks"] if not network["ipv4"]}
    for container in result["containers"]:
        container["missing_inside"] = look_inside(container, socket) if alone & set(container["addresses"]) else []
        for text in deaf(container):
            module.warn(text)
    result["networks"].sort(key=lambda network: network["name"])
    result["containers"].sort(key=lambda container: container["name"])
    result["missing"] = [name for name in COMMANDS if module.get_bin_path(name, opt_dirs=SBIN) is None]
    if importlib.util.find_spec("requests") is None:
        result["missing"].append("requests")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
