#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vsphere_network_info
short_description: Find the vSphere network that BOSH means by a name
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Lists the networks of a vSphere datacenter that VMs can be attached to, with their type, VLAN, switch and the path
    that names this one and no other. The groups of the uplinks of switches are left out.
  - With O(name) it also says which of them the vSphere CPI of BOSH takes for the C(name) in C(cloud_properties) of a
    cloud config, and fails where the CPI would. The CPI looks ten minutes for a network that is not there.
options:
  datacenter:
    description: The datacenter, as in the CPI's own configuration. Names of networks are looked up in this one only.
    type: str
    required: true
  name:
    description:
      - A network as a cloud config names it, V(NAME) or V(FOLDER/SWITCH/NAME).
    type: str
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.reads
  - routable.ipv6._attributes.python
  - routable.ipv6._vsphere
notes:
  - The path has a slash between its parts, since the CPI takes each slash in a name for one. A slash that is part of a
    name is written V(%2f), as vCenter keeps it.
  - A VLAN id of a standard port group is what all hosts of the datacenter say of it; there are several ids when they
    disagree.
seealso:
  - module: routable.ipv6.bosh_config
  - module: routable.ipv6.vsphere_vm_addresses
"""

EXAMPLES = r"""
- name: Look whether the port group of the cloud config is there
  routable.ipv6.vsphere_network_info:
    hostname: vcenter.example.org
    username: administrator@vsphere.local
    password: "{{ vault_vcenter }}"
    datacenter: dc
    name: IPv6
  register: ipv6
  delegate_to: localhost

- name: Show what it is
  ansible.builtin.debug:
    msg: "{{ ipv6.network.path }} has the VLAN {{ ipv6.network.vlan.ids | join(', ') }}"
"""

RETURN = r"""
network:
  description: What the CPI takes for O(name).
  returned: success, with O(name)
  type: dict
  contains: &network
    id:
      description: vCenter's identifier of the object.
      type: str
    name:
      description: The name, as the CPI compares it.
      type: str
    type:
      description: V(standard), V(distributed), V(nsx) for a distributed port group that NSX made, or V(opaque).
      type: str
    path:
      description: The form to use in C(cloud_properties) that means this one and no other.
      type: str
    folder:
      description: The folders below the datacenter's network folder that it is in, empty for none.
      type: str
    switch:
      description: The distributed switch, or the names of the hosts' standard switches. Null where there is none.
      type: str
    vlan:
      description: How its frames are tagged.
      type: dict
      contains:
        mode:
          description: V(none), V(access), V(trunk), V(private) or V(unknown).
          type: str
        ids:
          description: VLAN ids, and ranges of them as V(100-199).
          type: list
          elements: str
    logical_switch:
      description: What NSX calls it. Null where it is not of NSX.
      type: str
  sample:
    id: dvportgroup-9
    name: IPv6
    type: distributed
    path: DVS0/IPv6
    folder: ""
    switch: DVS0
    vlan: {mode: access, ids: ["6"]}
    logical_switch: null
networks:
  description: All networks of the datacenter but those of uplinks, by path.
  returned: once vCenter has told them
  type: list
  elements: dict
  contains: *network
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.routable.ipv6.plugins.module_utils import _vsphere_client as vsphere
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_arguments import CONNECTION, connect
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_inventory import find_datacenter
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_networks import resolve

ARGUMENTS: dict[str, t.Any] = {**CONNECTION, "name": {"type": "str"}}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    if not vsphere.HAS_PYVMOMI:
        module.fail_json(msg=missing_required_lib("pyvmomi"), exception=vsphere.PYVMOMI_ERROR)
    params = module.params
    result: dict[str, t.Any] = {"changed": False}
    try:
        with connect(params) as vcenter:
            networks = vcenter.networks(find_datacenter(vcenter.datacenters(), params["datacenter"]))
        listed = sorted((one for one in networks if not one.uplink), key=lambda one: (one.path, one.id))
        result["networks"] = [one.as_dict() for one in listed]
        if params["name"] is not None:
            found = resolve(networks, params["name"], params["datacenter"])
            result["network"] = found.network.as_dict()
            if found.warning is not None:
                module.warn(f"{found.warning}.")
    except Refused as error:
        module.fail_json(msg=str(error), **result)
    except vsphere.VsphereError as error:
        module.fail_json(msg=f"{error}.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
