#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vsphere_vm_addresses
short_description: Compare the IPv6 addresses of a vSphere VM with those that were asked for
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Reads the IPv6 addresses that a VM's guest has from vCenter, and waits until those that were asked for are there and
    can be used. It fails when they are not, and says why as far as vCenter knows; the VM is off, VMware Tools do not
    run, an address is on another network, or somebody else on the link has it.
  - Points out the addresses that nobody asked for. Those that the guest has made itself from the MAC of a NIC and a
    router's advertisement (SLAAC) are told from others.
  - Addresses are compared by value, so any spelling will do. Link-local addresses, multicast and IPv4 are left out.
  - It changes nothing. Whether an address answers is what M(routable.ipv6.ipv6_probe) finds out.
options:
  datacenter:
    description: The datacenter that the VM is in, also below folders and vApps.
    type: str
    required: true
  name:
    description: The VM's name in vCenter. The vSphere CPI of BOSH calls its VMs C(vm-) and a UUID.
    type: str
  bios_uuid:
    description: The VM's BIOS UUID, with or without hyphens.
    type: str
  instance_uuid:
    description: The VM's instance UUID, with or without hyphens. vCenter keeps it unique.
    type: str
  moid:
    description: The identifier of vCenter's object, as V(vm-42).
    type: str
  addresses:
    description: The addresses that the VM must have, on whichever interface.
    type: list
    elements: str
    default: []
  networks:
    description: The addresses that the VM must have on its NIC in a network.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The network's name, as vCenter shows it at the NIC.
        type: str
        required: true
      addresses:
        description: The addresses.
        type: list
        elements: str
        required: true
  advertised_prefixes:
    description:
      - The /64 prefixes that routers advertise. An address that nobody asked for counts as made by SLAAC when it lies
        in one of them and ends in the EUI-64 of its interface's MAC.
      - Without any the end of the address alone tells.
    type: list
    elements: str
    default: []
  unasked:
    description: What to do about global addresses that nobody asked for.
    type: str
    choices: [warn, fail, ignore]
    default: warn
  wait:
    description: For how many seconds the addresses may take to appear. V(0) looks once.
    type: int
    default: 300
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.reads
  - routable.ipv6._attributes.python
  - routable.ipv6._vsphere
notes:
  - vCenter learns addresses from VMware Tools, which tell them every 30 seconds or so.
  - The guest's interfaces that are no NIC of the VM, such as bridges of containers, have no network here.
seealso:
  - module: routable.ipv6.vsphere_network_info
  - module: routable.ipv6.ipv6_probe
"""

EXAMPLES = r"""
- name: See that the VM has the address of the manifest
  routable.ipv6.vsphere_vm_addresses:
    hostname: vcenter.example.org
    username: administrator@vsphere.local
    password: "{{ vault_vcenter }}"
    datacenter: dc
    name: vm-1d1cf5a2-2f5a-4d8a-8a9e-2b3d5a0f7b11
    networks:
      - name: IPv6
        addresses: ["2001:db8:0:1::100"]
    advertised_prefixes: ["2001:db8:0:1::/64"]
  delegate_to: localhost

- name: Let no other address be there
  routable.ipv6.vsphere_vm_addresses:
    hostname: vcenter.example.org
    username: administrator@vsphere.local
    password: "{{ vault_vcenter }}"
    datacenter: dc
    instance_uuid: 502e71fa-1a00-759b-e40f-ce778e915f16
    addresses: ["2001:db8:0:1::100"]
    unasked: fail
    wait: 0
  delegate_to: localhost
"""

RETURN = r"""
vm:
  description: The VM.
  returned: once it was found
  type: dict
  contains:
    moid:
      description: The identifier of vCenter's object.
      type: str
    name:
      description: Its name.
      type: str
    bios_uuid:
      description: Its BIOS UUID.
      type: str
    instance_uuid:
      description: Its instance UUID.
      type: str
    power:
      description: V(poweredOn), V(poweredOff) or V(suspended).
      type: str
    tools:
      description: Whether VMware Tools run, V(guestToolsRunning), V(guestToolsNotRunning) or
        V(guestToolsExecutingScripts). Null when vCenter does not know.
      type: str
  sample:
    moid: vm-42
    name: vm-1d1cf5a2-2f5a-4d8a-8a9e-2b3d5a0f7b11
    bios_uuid: 422e3a9d-53d2-d5e8-6f2c-8a1e0b6c7d11
    instance_uuid: 502e71fa-1a00-759b-e40f-ce778e915f16
    power: poweredOn
    tools: guestToolsRunning
addresses:
  description: The IPv6 addresses of the guest that mean something beyond its links.
  returned: once the VM was found
  type: list
  elements: dict
  contains: &address
    address:
      description: The address.
      type: str
    kind:
      description: V(asked), V(slaac) for one that the guest has made from a MAC and an advertisement, or V(other).
      type: str
    prefix:
      description: The /64 that it was made from. Null for other kinds.
      type: str
    prefix_length:
      description: The prefix length that the guest has for it, null where VMware Tools do not say.
      type: int
    state:
      description: V(preferred), V(deprecated), V(tentative), V(duplicate) and so on, null where they do not say.
      type: str
    origin:
      description: V(manual), V(dhcp), V(linklayer), V(random) or V(other), null where they do not say.
      type: str
    mac:
      description: The MAC address of the interface.
      type: str
    network:
      description: The network of the NIC, null for an interface that is no NIC of the VM.
      type: str
  sample:
    - address: 2001:db8:0:1::100
      kind: asked
      prefix: null
      prefix_length: 64
      state: preferred
      origin: null
      mac: 00:50:56:ae:3f:01
      network: IPv6
slaac:
  description: Those of RV(addresses) that the guest has made itself and nobody asked for.
  returned: once the VM was found
  type: list
  elements: dict
  contains: *address
  sample: []
other:
  description: The rest of RV(addresses) that nobody asked for.
  returned: once the VM was found
  type: list
  elements: dict
  contains: *address
  sample: []
missing:
  description: What was asked for and is not there, not in that network, or cannot be used.
  returned: once the VM was found
  type: list
  elements: str
  sample: []
waited:
  description: How many seconds the addresses took to appear.
  returned: once the VM was found
  type: int
  sample: 12
"""

import time
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.routable.ipv6.plugins.module_utils import _vsphere_client as vsphere
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import check_seconds
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_addresses import (
    Guest,
    Verdict,
    Wanted,
    judge,
    wanted,
)
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_arguments import CONNECTION, connect
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_inventory import (
    VM_KEYS,
    Vm,
    find_datacenter,
    find_vm,
)

ARGUMENTS: dict[str, t.Any] = {
    **CONNECTION,
    **{key: {"type": "str"} for key in VM_KEYS},
    "addresses": {"type": "list", "elements": "str", "default": []},
    "networks": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "addresses": {"type": "list", "elements": "str", "required": True},
        },
    },
    "advertised_prefixes": {"type": "list", "elements": "str", "default": []},
    "unasked": {"type": "str", "choices": ["warn", "fail", "ignore"], "default": "warn"},
    "wait": {"type": "int", "default": 300},
}
# VMware Tools tell every half minute; asking much more often shows nothing new.
_LONGEST_PAUSE = 5.0


def wait_for(read: t.Callable[[], Guest], asked: Wanted, seconds: float) -> tuple[Guest, Verdict, float]:
    """Look until nothing is missing or the time is over; and how long that took."""
    begin = time.monotonic()
    pause = 1.0
    while True:
        guest = read()
        verdict = judge(guest, asked)
        gone = time.monotonic() - begin
        if not verdict.problems or gone >= seconds:
            return guest, verdict, gone
        time.sleep(min(pause, seconds - gone))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def found(vm: Vm, guest: Guest, verdict: Verdict, gone: float) -> dict[str, t.Any]:
    """What a task gets, whether it fails or not."""
    keys = ("moid", "name", "bios_uuid", "instance_uuid")
    return {
        "vm": {**{key: getattr(vm, key) for key in keys}, **guest.as_dict()},
        "addresses": list(verdict.addresses),
        "slaac": verdict.of_kind("slaac"),
        "other": verdict.of_kind("other"),
        "missing": list(verdict.missing),
        "waited": int(gone),
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        mutually_exclusive=[VM_KEYS],
        required_one_of=[VM_KEYS],
        supports_check_mode=True,
    )
    if not vsphere.HAS_PYVMOMI:
        module.fail_json(msg=missing_required_lib("pyvmomi"), exception=vsphere.PYVMOMI_ERROR)
    params = module.params
    key = next(key for key in VM_KEYS if params[key] is not None)
    result: dict[str, t.Any] = {"changed": False}
    try:
        check_seconds("wait", params["wait"])
        asked = wanted(params["addresses"], params["networks"], params["advertised_prefixes"])
        with connect(params) as vcenter:
            datacenter = find_datacenter(vcenter.datacenters(), params["datacenter"])
            vm = find_vm(vcenter.vms(datacenter), key, params[key], params["datacenter"])
            guest, verdict, gone = wait_for(lambda: vcenter.guest(vm), asked, params["wait"])
    except Refused as error:
        module.fail_json(msg=str(error), **result)
    except vsphere.VsphereError as error:
        module.fail_json(msg=f"{error}.", **result)
    result.update(found(vm, guest, verdict, gone))
    if verdict.problems:
        after = f" after {params['wait']} s" if params["wait"] else ""
        module.fail_json(
            msg=f"The VM {vm.name} is not as it was asked for{after}: {'; '.join(verdict.problems)}.", **result
        )
    sentences = verdict.pointed_out()
    if sentences and params["unasked"] == "fail":
        module.fail_json(msg=f"The VM {vm.name} has more addresses than it should. {' '.join(sentences)}", **result)
    if params["unasked"] == "warn":
        for sentence in sentences:
            module.warn(f"VM {vm.name}: {sentence}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
