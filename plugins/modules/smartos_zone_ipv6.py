#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smartos_zone_ipv6
short_description: Turn IPv6 on inside SmartOS zones, without a reboot and for good
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - What vmadm permits a zone is not yet used by it. This module looks into running zones with zlogin and, where the
    zone's own boot does not do so, turns SLAAC on, and assigns static addresses.
  - In a native zone (joyent, joyent-minimal, builder) whose NIC has C(addrconf) in its C(ips), the boot does all. In
    any other an SMF service of ours, C(svc:/site/routable-ipv6:default), makes the address objects now and at each
    boot. Its files are below F(/opt/custom).
  - In a zone of the brand lx C(addrconf), and static addresses, are added to C(ips) of its NICs, and C(in.ndpd) is
    started as the zone's boot would. Static addresses are taken at the next boot, which is left to you; see
    RV(reboot_required).
  - In a zone of the brand kvm or bhyve the guest's own system does it, and nothing is done.
options:
  zones:
    description:
      - The zones. One that does not run is looked at with a later run; see RV(not_running).
    type: list
    elements: dict
    default: []
    suboptions:
      zone:
        description: The uuid, or an alias that only one zone has.
        type: str
        required: true
      nics:
        description: Which NICs, as in M(routable.ipv6.smartos_allowed_ips). All, if not set.
        type: list
        elements: dict
        suboptions:
          mac:
            description: The MAC address, spelled as vmadm spells it.
            type: str
          interface:
            description: The name of the interface.
            type: str
          nic_tag:
            description: The NIC tag.
            type: str
          vlan_id:
            description: The VLAN; V(0) is none.
            type: int
          primary:
            description: Whether this is the zone's primary NIC.
            type: bool
      addrconf:
        description: Whether the NICs take addresses from router advertisements.
        type: bool
        default: true
      static:
        description:
          - Whether the zone also assigns itself the single global addresses of its C(allowed_ips), but for those that
            SLAAC makes. They are read inside the zone from C(mdata-get sdc:nics) and get the length 64.
          - The link-local address that they need comes with C(addrconf), which is turned on with them.
        type: bool
        default: false
      gateway:
        description:
          - The default gateway. vmadm takes none for IPv6, and routers advertise themselves, so this is only for links
            without router advertisements. Only with O(zones[].static), and not for the brand lx.
        type: str
  global_zone:
    description: Whether to turn SLAAC on in the global zone too, by the same service.
    type: bool
    default: false
  interfaces:
    description:
      - The interfaces of the global zone. If empty, all that have IP, whatever their drivers are called.
    type: list
    elements: str
    default: []
  timeout:
    description: How many seconds to wait until the services of a zone are up, or an update is read back.
    type: int
    default: 300
  state:
    description:
      - With V(absent) the service and the address objects that it has made are taken away. C(addrconf) in C(ips) stays.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.smartos
attributes:
  check_mode:
    details:
      - A zone that does not exist is taken for one that an earlier task would have created, with C(addrconf) in its
        C(ips).
  idempotent:
    details:
      - A run that finds everything in place calls C(vmadm lookup) once, and zlogin once for each running native zone.
      - Address objects of ours that are gone are made again, and those that are not wanted any more are taken away.
notes:
  - To be used after M(routable.ipv6.smartos_allowed_ips). A zone refuses to bring an address up that it may not use.
  - A static address without a router that advertises itself has no default route, unless O(zones[].gateway) is given.
"""

EXAMPLES = r"""
- name: Turn SLAAC on in an existing zone
  routable.ipv6.smartos_zone_ipv6:
    zones:
      - zone: web

- name: Also assign the static addresses that it is permitted
  routable.ipv6.smartos_zone_ipv6:
    zones:
      - zone: web
        static: true

- name: Turn SLAAC on in the global zone
  routable.ipv6.smartos_zone_ipv6:
    global_zone: true
"""

RETURN = r"""
not_running:
  description: The zones that were not looked at, since they do not run.
  returned: success
  type: list
  elements: str
reboot_required:
  description: The zones that have to be rebooted before they take a new static address.
  returned: success
  type: list
  elements: str
changes:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _smartos_ipv6 as ipv6
from ansible_collections.routable.ipv6.plugins.module_utils import _smartos_ipv6_service as service
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import carry_out_all, conclude
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import check_seconds
from ansible_collections.routable.ipv6.plugins.module_utils._smartos_zone_client import GlobalZone
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_choice import choose
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_client import VmadmError
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import SELECTOR, Target
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import Wish as Permitted
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Zone

GLOBAL = "global"
ARGUMENTS: dict[str, t.Any] = {
    "zones": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "zone": {"type": "str", "required": True},
            "nics": {"type": "list", "elements": "dict", "options": SELECTOR},
            "addrconf": {"type": "bool", "default": True},
            "static": {"type": "bool", "default": False},
            "gateway": {"type": "str"},
        },
    },
    "global_zone": {"type": "bool", "default": False},
    "interfaces": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "int", "default": 300},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
Parts = t.Dict[str, t.Tuple[t.Any, t.Any, t.List[Change]]]


class Look:
    """What was found and planned, place by place."""

    def __init__(self, module: AnsibleModule, host: GlobalZone) -> None:
        self._module = module
        self._host = host
        self.absent = module.params["state"] == "absent"
        self.parts: Parts = {}
        self.not_running: list[str] = []
        self.reboot: list[str] = []

    def all(self, wishes: t.Sequence[ipv6.Wish], zones: t.Sequence[Zone]) -> None:
        names = {name for zone in zones for name in (zone.uuid, zone.alias)}
        there = [wish for wish in wishes if {wish.name, wish.name.lower()} & names]
        chosen = choose(zones, [Target(wish.name, Permitted(nics=wish.nics), own=True) for wish in there])
        for wish in wishes:
            if wish not in there:
                self._missing(wish)
        for wish, (zone, _permitted, _nics) in zip(there, chosen):
            if ipv6.is_lx(zone):
                self._lx(wish, zone)
            elif ipv6.is_native(zone) and zone.running:
                self._native(wish, zone)
            elif ipv6.is_native(zone):
                self.not_running.append(wish.name)

    def _missing(self, wish: ipv6.Wish) -> None:
        if self.absent:
            return
        if not self._module.check_mode:
            raise Refused(f"zones={wish.name}", "no zone of this host has this uuid or alias", "See vmadm list")
        if wish.static:
            change = Change(f"In {wish.name}, have {service.FMRI} online", "service")
            self.parts[wish.name] = (None, {"static": True}, [change])

    def _lx(self, wish: ipv6.Wish, zone: Zone) -> None:
        if self.absent:
            return
        changes = ipv6.lx_changes(wish.name, zone, wish)
        if not changes:
            return
        data = changes[0].data
        before, after = ({one["mac"]: one["ips"] for one in data[key]["update_nics"]} for key in ("undo", "payload"))
        self.parts[wish.name] = (before, after, changes)
        if ipv6.needs_reboot(zone, changes):
            self.reboot.append(wish.name)

    def _native(self, wish: ipv6.Wish, zone: Zone) -> None:
        inside = look_inside(self._host, zone.uuid)
        if not inside.up:
            self._host.wait_multi_user(zone.uuid, self._module.params["timeout"])
            inside = look_inside(self._host, zone.uuid)
        wanted = service.Settings() if self.absent else ipv6.settings(zone, wish, inside)
        self._service(wish.name, zone.uuid, wanted, inside)

    def global_zone(self) -> None:
        inside = look_inside(self._host, GLOBAL)
        names = self._module.params["interfaces"]
        unknown = sorted(set(names) - set(inside.interfaces)) if not self.absent else []
        code, output, dummy = self._host.enter(GLOBAL, "dladm show-link -p -o link\n") if unknown else (0, "", "")
        unknown = [name for name in unknown if name not in output.split()]
        if unknown:
            raise Refused(f"interfaces={unknown[0]}", "the global zone has no such link", "See dladm show-link")
        wanted = service.Settings() if self.absent else service.Settings(tuple(names) or (service.EVERY,))
        self._service("the global zone", GLOBAL, wanted, inside)

    def _service(self, name: str, place: str, wanted: service.Settings, inside: service.Inside) -> None:
        changes = ipv6.service_changes(name, wanted, inside)
        changes = [Change(one.sentence, one.action, {**one.data, "zone": place}) for one in changes]
        before = {"service": inside.state or None, "settings": inside.files.get(service.SETTINGS_PATH)}
        needed = wanted != service.Settings()
        after = {"service": "online" if needed else None, "settings": wanted.text() if needed else None}
        self.parts[name] = (before, after, changes)


def look_inside(host: GlobalZone, place: str) -> service.Inside:
    """:raises VmadmError: the zone cannot be entered, or what it says cannot be read."""
    code, output, errors = host.enter(place, service.READ)
    if code:
        raise VmadmError(f"zlogin {place} failed with {code}: {' '.join(errors.split())}")
    try:
        return service.parse_inside(output)
    except ValueError as error:
        raise VmadmError(f"what was read in {place} makes no sense: {error}") from error


def carry_out(host: GlobalZone, change: Change, timeout: int) -> None:
    """One change, until it is read back; what fails is undone.

    :raises VmadmError: it failed. The message says whether it was undone.
    """
    data = change.data
    if change.action == "ndpd":
        code, dummy, errors = host.enter(data["zone"], f"{ipv6.NDPD} </dev/null\n")
        if code:
            raise VmadmError(f"in.ndpd failed with {code}: {' '.join(errors.split())}; it starts with the next boot")
        return
    try:
        if change.action == "ips":
            host.update(data["zone"], data["payload"])
            wanted = {nic["mac"]: nic["ips"] for nic in data["payload"]["update_nics"]}
            host.wait_vm(data["zone"], lambda vm: has_ips(vm, wanted), timeout, "read back as it was updated")
        else:
            run_script(host, data["zone"], data["script"])
            if change.action == "service":
                check_inside(host, data["zone"])
    except VmadmError as error:
        try:
            if change.action == "ips":
                host.update(data["zone"], data["undo"])
            else:
                run_script(host, data["zone"], data["undo"])
        except VmadmError as failure:
            raise VmadmError(f"{error}. Restoring failed too: {failure}") from error
        raise VmadmError(f"{error}. What was there before was restored") from error


def run_script(host: GlobalZone, place: str, script: str) -> None:
    code, output, errors = host.enter(place, script)
    if code:
        raise VmadmError(f"it failed with {code}: {' '.join((errors or output).split())}")


def check_inside(host: GlobalZone, place: str) -> None:
    """See that the service's objects are up, and not refused by the link's protection."""
    inside = look_inside(host, place)
    bad = [
        f"{one.name} ({one.address}) is {one.state}" for one in inside.objects if one.state not in ("ok", "tentative")
    ]
    if inside.state != "online" or bad:
        raise VmadmError(f"{service.FMRI} is {inside.state or 'not there'}{', ' if bad else ''}{', '.join(bad)}")


def has_ips(vm: dict[str, t.Any], wanted: t.Mapping[str, list[str]]) -> bool:
    there = {nic["mac"]: nic.get("ips") for nic in vm["nics"]}
    return all(there.get(mac) == ips for mac, ips in wanted.items())


def plan_for(module: AnsibleModule, host: GlobalZone) -> tuple[Look, Plan]:
    wishes = ipv6.read_wishes(module.params["zones"])
    check_seconds("timeout", module.params["timeout"])
    if not wishes and not module.params["global_zone"]:
        raise Refused("zones=[]", "there is nothing to do", "Name zones, or set global_zone")
    look = Look(module, host)
    look.all(wishes, host.lookup())
    if module.params["global_zone"]:
        look.global_zone()
    return look, ipv6.plan(look.parts, [])


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, plan, apply, read back."""
    host = GlobalZone(module)
    look, plan = plan_for(module, host)
    if not module.check_mode:
        carry_out_all(module, plan, VmadmError, lambda change: carry_out(host, change, module.params["timeout"]))
    for name in look.reboot:
        module.warn(f"Zone {name} takes its new static addresses with its next reboot.")
    return {
        **plan.result,
        "not_running": look.not_running,
        "reboot_required": look.reboot,
    }


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    conclude(module, run, "IPv6 in SmartOS zones", (VmadmError, OSError))


if __name__ == "__main__":
    main()
