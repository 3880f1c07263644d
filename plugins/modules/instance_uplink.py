#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: instance_uplink
short_description: Keep a block of addresses that is its containers' off the uplink of a cloud instance
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - cloud-init, from 20.2 on, puts all addresses of an interface on the instance but the first one. The host then
    answers for its containers, and they receive nothing, while a ping looks fine. This module takes the block off the
    interface and keeps it off, and sets the host's own address up statically.
  - Netplan's file of cloud-init's keeps everything but the addresses. A file of our own has the host's address and the
    default route, under the id that the interface has already, since of two definitions for one card networkd takes the
    first and says nothing.
  - Nothing is written before netplan has taken all files without a complaint in a directory apart. If the uplink does
    not come up with them, all are restored.
options:
  mac:
    description: The hardware address of the uplink.
    type: str
    required: true
  address:
    description: The host's own address with the length of its subnet. Required with O(state=present).
    type: str
  keep_off:
    description: What is the containers', as prefixes.
    type: list
    elements: str
    default: []
  gateway:
    description:
      - The router's link-local address. Without it the one is taken that advertises itself, then the one in our file,
        then V(fe80:ec2::1), on which the router of a VPC answers in each subnet.
    type: str
  state:
    description: With V(absent) the files are as they were before.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.linux
attributes:
  platform:
    details:
      - For netplan with networkd, as in the images of Debian and Ubuntu.
requirements:
  - iproute2 on the host
  - netplan 0.104 or newer with networkd; on an older one the default route is written as C(gateway6)
notes:
  - The connection is interrupted for about a second when something is to be changed.
  - "The files' YAML is written and read by netplan alone: C(netplan set) takes the addresses away, C(netplan generate)
    tells what comes of all files. So the host needs no Python module for YAML."
  - Router advertisements are turned off with DHCPv6, since with them networkd would start DHCPv6 when they say so.
    Their MTU and their resolvers go with them. A VPC's resolver is at C(fd00:ec2::253), beside the one that DHCPv4
    gives.
  - So that cloud-init does not put the block back when it renders the network anew, for a new instance id, a file in
    F(/etc/cloud/cloud.cfg.d) sets C(apply_full_imds_network_config) to false.
seealso:
  - module: routable.ipv6.eni_ipv6_block
  - module: routable.ipv6.uplink_ra
"""

EXAMPLES = r"""
- name: An interface for the instance, and its containers' addresses
  routable.ipv6.eni_ipv6_block:
    name: docker-1
    subnet_id: subnet-0123456789abcdef0
    mode: block
    instance_type: m7i.large
    region: us-east-1
  delegate_to: localhost
  register: eni

- name: Four addresses of the interface are Docker's
  routable.ipv6.instance_uplink:
    mac: "{{ eni.mac }}"
    address: "{{ eni.primary.with_prefixlen }}"
    keep_off: ["{{ eni.block.cidr }}"]
"""

RETURN = r"""
interface:
  description: The interface with the hardware address.
  returned: success
  type: str
  sample: ens5
netplan_id:
  description: The id under which netplan knows it.
  returned: state=present
  type: str
  sample: ens5
gateway:
  description: The gateway of the default route.
  returned: state=present
  type: str
  sample: fe80::1066:30ff:feb8:c008
addresses:
  description: The IPv6 addresses on the interface, as they were found.
  returned: success
  type: list
  elements: str
  sample: ["2600:1f18:47b:ca03::1:1/64", "fe80::1034:56ff:fe78:9abc/64"]
changes:
  description: What was changed, or would be in check mode, as sentences.
  returned: success
  type: list
  elements: str
  sample:
    - Take 2600:1f18:47b:ca03::8/126 out of /etc/netplan/50-cloud-init.yaml
    - Write /etc/netplan/60-routable-ipv6.yaml
    - Have netplan apply it
"""

import ipaddress
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _instance_uplink as rules
from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet, read_text
from ansible_collections.routable.ipv6.plugins.module_utils._instance_uplink_client import Instance, InstanceError
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import conclude
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._record import Record

ARGUMENTS: dict[str, t.Any] = {
    "mac": {"type": "str", "required": True},
    "address": {"type": "str"},
    "keep_off": {"type": "list", "elements": "str", "default": []},
    "gateway": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def find(host: Instance, mac: str) -> str:
    name = host.interface(mac)
    if name is None:
        raise Refused(f"mac={mac}", "no card of this host has it", "Give the ENI's own, as eni_ipv6_block returns it")
    return name


def planned(host: Instance, facts: rules.Facts, wanted: rules.Wanted) -> tuple[Plan, ipaddress.IPv6Address]:
    """The plan, with netplan asked only if something is not as wanted, and the gateway."""
    name = rules.netplan_id(facts)
    own_gateway = rules.gateway_of(facts.own)
    gateway = wanted.gateway or own_gateway or facts.gateway or ipaddress.IPv6Address(rules.ROUTER)
    if rules.settled(facts, wanted):
        return Plan((), {}, {}), gateway
    if not host.has_netplan():
        raise Refused(f"interface {facts.interface}", "this host has no netplan", "Install netplan.io")
    texts = {one.path: one.text for one in facts.files}
    before = host.generated(texts)
    rules.check_generated(before, facts, name)
    cleaned = {one.path: host.without_addresses(texts, one.path, name) for one in rules.polluted(facts, wanted)}
    kept = rules.kept_in(facts.own)
    texts.update(cleaned)
    if cleaned:
        kept += [one for one in rules.kept(before, host.generated(texts), name, wanted) if one not in kept]
    own = rules.own_text(name, wanted, gateway, kept, host.default_routes_known())
    rules.check_generated(host.generated({**texts, rules.OWN: own}), facts, name)
    return rules.plan_present(facts, wanted, cleaned, own), gateway


def note(record: Record, plan: Plan) -> None:
    """Keep in the record what was there before us."""
    for change in plan.changes:
        data = change.data
        if change.action == "file":
            record.wrote(data["path"], data["before"], data["after"])
        elif change.action == "mode":
            record.remember(data["path"], data["former"])


def carry_out(host: Instance, files: FileSet, plan: Plan, name: str, wanted: rules.Wanted | None) -> None:
    for change in plan.changes:
        data = change.data
        if change.action == "mode":
            os.chmod(data["path"], data["mode"])
        elif change.action == "apply":
            host.apply(name, wanted)
        elif data["after"] is None:
            files.remove(data["path"])
        else:
            files.write(data["path"], data["after"], data["mode"])


def apply(module: AnsibleModule, host: Instance, plan: Plan, record: Record, wanted: rules.Wanted | None) -> None:
    """Carry the plan out and keep the record; on failure everything is as before."""
    name = find(host, module.params["mac"])
    files = FileSet(module)
    try:
        carry_out(host, files, plan, name, wanted)
        if wanted is None:
            record.files.clear()
            record.values.clear()
        else:
            note(record, plan)
        record.save(files)
    except (InstanceError, OSError) as error:
        message = str(error).rstrip(".")
        try:
            files.restore()
            for change in plan.changes:
                if change.action == "mode":
                    os.chmod(change.data["path"], change.data["former"])
            host.apply(name, None)
        except (InstanceError, OSError) as failure:
            raise InstanceError(f"{message}. Restoring failed too: {failure}") from error
        raise InstanceError(f"{message}. All files were restored and applied again") from error


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, plan, apply, read back."""
    if os.geteuid() != 0:
        raise Refused("instance_uplink", "only root may set up an uplink", "Run the task with become")
    wanted = rules.Wanted.parse(module.params) if module.params["state"] == "present" else None
    host = Instance(module)
    record = Record("instance-uplink")
    name = find(host, module.params["mac"])
    more: dict[str, t.Any] = {}
    if wanted is not None:
        facts = host.facts(name, module.params["mac"])
        plan, gateway = planned(host, facts, wanted)
        more = {"netplan_id": rules.netplan_id(facts), "gateway": str(gateway)}
    else:
        written = {
            path: (now, record.untouched(path, now), record.before(path))
            for path, now in ((path, read_text(path)) for path in record.files)
        }
        plan = rules.plan_absent(written, record.values)
    for warning in record.foreign(change.data["path"] for change in plan.changes if change.action == "file"):
        module.warn(warning)
    if plan.changed and not module.check_mode:
        apply(module, host, plan, record, wanted)
    for warning in plan.warnings:
        module.warn(warning)
    return {
        **plan.result,
        "interface": name,
        "addresses": [str(one) for one in host.addresses(name)],
        **more,
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_if=[("state", "present", ("address",))],
        supports_check_mode=True,
    )
    conclude(module, run, f"Uplink with {module.params['mac']}", (InstanceError, OSError, ValueError))


if __name__ == "__main__":
    main()
