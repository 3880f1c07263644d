#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smartos_zone
short_description: Create and start SmartOS zones that never run before their addresses are permitted
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Creates zones with vmadm and starts them, in two steps with room for M(routable.ipv6.smartos_allowed_ips) in
    between. The role P(routable.ipv6.smartos_zone#role) does all three.
  - A zone is created stopped, since vmadm draws the MAC addresses from which its addresses follow. If each of its NICs
    has a C(mac) in the payload, the list of permitted addresses goes into the same call, and the zone boots with it.
  - A zone that exists is not made anew and not reconfigured, whatever stands in its payload.
  - The module community.general.vmadm cannot do this; it drops values that are false, and with them C(autoboot=false).
options:
  zones:
    description: The zones.
    type: list
    elements: dict
    required: true
    suboptions:
      alias:
        description:
          - The name by which the zone is found again. No other zone of the host may have it, unless O(zones[].uuid) is
            given. It has at most 255 characters, and does not look like a uuid.
        type: str
        required: true
      uuid:
        description: The uuid. If not set, a new zone gets a random one.
        type: str
      payload:
        description:
          - What C(vmadm create) gets, as vmadm wants it. C(alias), C(uuid), C(autoboot), C(customer_metadata) and
            C(internal_metadata) are not in it, since they stand beside it.
          - A dictionary. It can be left out for a zone that exists.
          - It is not logged. Passwords in it, such as C(vnc_password), are not shown either.
        type: raw
      customer_metadata:
        description:
          - The metadata that a new zone can read and change, such as C(user-script) and C(root_authorized_keys). It is
            not shown and not logged. A dictionary.
        type: raw
      internal_metadata:
        description:
          - The metadata that a new zone can read only, such as passwords for its users. It is not shown and not logged.
            A dictionary.
        type: raw
      autoboot:
        description:
          - Whether the zone boots with the host. With V(true) O(state=running) starts it.
          - With V(false) it is left as it is, stopped or running, and will not boot by itself.
        type: bool
        default: true
      allow_ip_spoofing:
        description:
          - Let any source address out of the zone, instead of a list of permitted ones. The zone can then take the
            addresses of its neighbours, and pretend to be any host on the internet. Only where all who have root in the
            zones of a link trust each other.
          - With V(false) a flag that is set already is left; see
            O(routable.ipv6.smartos_allowed_ips#module:disable_spoofing).
        type: bool
        default: false
      addrconf:
        description:
          - Turn SLAAC on in a new zone of a brand other than kvm and bhyve, by C(addrconf) in C(ips) of its NICs.
          - Not on platforms before 2015-09-17, which do not know it.
        type: bool
        default: true
      permit:
        description:
          - What is permitted, if the MAC addresses are known when the zone is created. A dictionary with C(nics),
            C(prefixes), C(link_local), C(addresses), C(interface_ids) and C(whole_prefix), as those of
            M(routable.ipv6.smartos_allowed_ips).
          - If not set, nothing is said about addresses, and a new zone boots at once.
        type: dict
  timeout:
    description: How many seconds a zone may take until it runs, and until its services are up.
    type: int
    default: 300
  state:
    description:
      - With V(present) the zones exist.
      - With V(running) those with O(zones[].autoboot) are also started and waited for. To be used once their addresses
        are permitted.
      - With V(absent) those that this module has created are deleted with all their data. It knows them by a tag.
        Others are left, with a warning.
    type: str
    choices: [present, running, absent]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.smartos
attributes:
  check_mode:
    details:
      - The uuid and the MAC addresses of a zone that is still to be created are not known, unless they are given.
  idempotent:
    details:
      - A run that finds everything in place calls C(vmadm lookup) once, however many zones there are.
notes:
  - With O(state=running) a zone that is not there is refused, except in check mode, where it is taken for one that the
    task before would have created.
  - A zone is up when the milestone multi-user is online, and for the brands lx, kvm and bhyve when it runs.
"""

EXAMPLES = r"""
- name: Create a zone, stopped
  routable.ipv6.smartos_zone:
    zones: &zones
      - alias: web
        payload:
          brand: joyent
          image_uuid: 8adac45a-aaf7-11f0-9f6c-00151714048c
          max_physical_memory: 512
          nics:
            - {nic_tag: external, ips: [dhcp]}
        permit: {prefixes: ["2001:db8:0:1::/64"]}

- name: Permit its addresses
  routable.ipv6.smartos_allowed_ips:
    zones: web
    prefixes: 2001:db8:0:1::/64

- name: Start it
  routable.ipv6.smartos_zone:
    zones: *zones
    state: running
"""

RETURN = r"""
zones:
  description: The zones as they are, or would be in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    alias:
      description: The alias.
      type: str
    uuid:
      description: The uuid, empty if it is not known yet.
      type: str
    brand:
      description: The brand.
      type: str
    exists:
      description: Whether the zone was there when this was read. False only in check mode, and after it was deleted.
      type: bool
    created:
      description: Whether this run creates it.
      type: bool
    permitted:
      description: Whether nothing is left to permit for a new zone.
      type: bool
    running:
      description: Whether it runs, or will once the steps of the role are through.
      type: bool
    nics:
      description: Its NICs, with C(interface), C(mac), C(nic_tag), C(vlan_id), C(ips), C(primary) and C(vrrp_vrid).
      type: list
      elements: dict
  sample:
    - alias: web
      uuid: 54f1cc77-68f1-42ab-acac-5c4f64f5d6e0
      brand: joyent
      exists: true
      created: true
      permitted: true
      running: true
      nics:
        - interface: net0
          mac: 72:9c:d5:34:47:59
          nic_tag: external
          vlan_id: 0
          ips: [dhcp, addrconf]
          primary: true
          vrrp_vrid: 0
changes:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: [Create zone web (joyent) and leave it stopped]
"""

import typing as t
import uuid

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _smartos_zone as zones
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import carry_out_all, conclude
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import check_seconds
from ansible_collections.routable.ipv6.plugins.module_utils._smartos_zone_client import GlobalZone
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_client import VmadmError

ARGUMENTS: dict[str, t.Any] = {
    "zones": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "alias": {"type": "str", "required": True},
            "uuid": {"type": "str"},
            # As they come: Ansible would hide a text that it takes for a dictionary as a whole, and show its parts.
            "payload": {"type": "raw", "no_log": True},
            "customer_metadata": {"type": "raw", "no_log": True},
            "internal_metadata": {"type": "raw", "no_log": True},
            "autoboot": {"type": "bool", "default": True},
            "allow_ip_spoofing": {"type": "bool", "default": False},
            "addrconf": {"type": "bool", "default": True},
            "permit": {"type": "dict"},
        },
    },
    "timeout": {"type": "int", "default": 300},
    "state": {"type": "str", "choices": ["present", "running", "absent"], "default": "present"},
}


def plan_for(vms: list[zones.Vm], wanted: list[zones.Wanted], host: GlobalZone, module: AnsibleModule) -> Plan:
    state = module.params["state"]
    if state == "absent":
        return zones.plan_absent(vms, wanted)
    if state == "running":
        missing = [zone for zone in wanted if zones.find(vms, zone) is None]
        if missing and not module.check_mode:
            raise Refused(str(missing[0]), "this host has no such zone", "Create it first, with state=present")
        return zones.plan_running(vms, wanted)
    create = any(zones.find(vms, zone) is None for zone in wanted)
    return zones.plan_present(vms, wanted, host.platform() if create else "", lambda: str(uuid.uuid4()))


def carry_out(host: GlobalZone, change: Change, timeout: int) -> None:
    """One change, until it is read back. An update that fails is taken back.

    :raises VmadmError: it failed.
    """
    data = change.data
    if change.action == "create":
        made = data["payload"]
        host.create(made)
        if made["autoboot"]:
            host.wait_up(made["uuid"], made["brand"], timeout)
    elif change.action == "start":
        host.start(data["zone"])
        host.wait_up(data["zone"], data["brand"], timeout)
    elif change.action == "delete":
        host.delete(data["zone"])
    else:
        try:
            host.update(data["zone"], data["payload"])
            host.wait_vm(data["zone"], lambda vm: holds(vm, data["payload"]), timeout, "read back as it was updated")
        except VmadmError as error:
            try:
                host.update(data["zone"], data["undo"])
            except VmadmError as failure:
                raise VmadmError(f"{error}. Restoring failed too: {failure}") from error
            raise VmadmError(f"{error}. The former value was restored") from error


def holds(vm: zones.Vm, payload: t.Mapping[str, t.Any]) -> bool:
    """Whether the zone has what an update said."""
    if "autoboot" in payload:
        return bool(vm.get("autoboot")) == bool(payload["autoboot"])
    flags = {nic["mac"]: bool(nic.get("allow_ip_spoofing")) for nic in vm["nics"]}
    return all(flags.get(nic["mac"]) == nic["allow_ip_spoofing"] for nic in payload["update_nics"])


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, plan, apply, read back."""
    host = GlobalZone(module)
    check_seconds("timeout", module.params["timeout"])
    wanted = zones.read_wanted(module.params["zones"])
    vms = host.vms()
    plan = plan_for(vms, wanted, host, module)
    if not module.check_mode:
        for warning in plan.warnings:
            module.warn(warning)
    if plan.changed and not module.check_mode:
        carry_out_all(module, plan, VmadmError, lambda change: carry_out(host, change, module.params["timeout"]))
        vms = host.vms()
    return {
        **plan.result,
        "zones": zones.shown(vms, wanted, plan),
    }


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    # Nothing of a payload is logged. Of what is shown, no more is hidden than has to be.
    module.no_log_values.clear()
    module.no_log_values.update(zones.secrets_in(module.params["zones"]))
    conclude(module, run, "SmartOS zones", (VmadmError, OSError))


if __name__ == "__main__":
    main()
