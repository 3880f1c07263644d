#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smartos_allowed_ips
short_description: Permit a SmartOS zone its IPv6 addresses, with anti-spoofing on
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Puts the addresses that a zone is going to use into C(allowed_ips) of its NICs, so that they pass the host's link
    protection and C(allow_ip_spoofing) can stay off. By default these are the link-local address and one address for
    each of O(prefixes), made from the NIC's MAC address as SLAAC makes them.
  - The list is merged by value with what is there. Entries that are not ours keep their spelling and their place, and
    what is in C(ips) already is not added.
  - vmadm looks at the syntax alone and writes a list into the zone's configuration before the kernel gets to see it.
    An address in two spellings, for example, is taken by vmadm and refused by the kernel, at each later boot too. So
    all limits and the kernel's rules are checked before anything is sent, for all zones.
  - It works for running and stopped zones of all brands. Nothing is rebooted.
options:
  zones:
    description:
      - The zones. Each is a uuid, an alias that only one zone has, or a dictionary with C(zone) (the uuid or alias) and
        any of O(nics), O(prefixes), O(link_local), O(addresses), O(interface_ids) and O(whole_prefix), which then go
        for this zone in place of the task's own.
    type: list
    elements: raw
  all_zones:
    description:
      - All zones of the host that have a chosen NIC.
    type: bool
    default: false
  nics:
    description:
      - Which NICs. One is chosen if all that an entry gives is true of it, for any of the entries. Each entry must
        choose at least one.
      - If not set, all NICs are chosen. Those with C(vrrp_vrid) are always left out, since SmartOS makes them for IPv4
        alone.
    type: list
    elements: dict
    suboptions:
      mac:
        description:
          - The MAC address, spelled as vmadm spells it. vmadm compares it letter for letter.
        type: str
      interface:
        description: The name of the interface, such as V(net0), or V(eth0) in a zone of the brand lx.
        type: str
      nic_tag:
        description: The NIC tag, such as V(external).
        type: str
      vlan_id:
        description: The VLAN; V(0) is none.
        type: int
      primary:
        description: Whether this is the zone's primary NIC.
        type: bool
  prefixes:
    description:
      - The prefixes that routers advertise on the NICs' link. With the interface identifier V(eui64) each must be a
        /64, since SLAAC needs one. Other O(interface_ids), and O(whole_prefix), go with other lengths too.
    type: list
    elements: str
  link_local:
    description:
      - Whether to permit the link-local address with each of O(interface_ids).
      - The kernel permits the one made from the MAC address in any case.
    type: bool
    default: true
  addresses:
    description:
      - Addresses that are permitted as they are, for example static ones. A prefix in CIDR form is taken as well, for
        a zone that routes for others.
    type: list
    elements: str
  interface_ids:
    description:
      - The interface identifiers that the zone uses in each of O(prefixes). V(eui64) is the one made from the NIC's MAC
        address, any other is written as an address of 64 bits, such as V(::20).
      - If not set, it is V(eui64) alone.
    type: list
    elements: str
  whole_prefix:
    description:
      - Permit all of each of O(prefixes), and with O(link_local) all of C(fe80::/10).
      - This is for guests whose identifiers cannot be known beforehand, since they are opaque (RFC 7217) or temporary
        (RFC 8981). Windows, and many Linux guests with NetworkManager, have such identifiers.
      - It is safe only if the prefix is the zone's own. On a shared link it lets the zone take its neighbours'
        addresses. Hence it is off unless asked for. Setting the guest to EUI-64, or to a fixed token that is given in
        O(interface_ids), is the better choice.
    type: bool
    default: false
  disable_spoofing:
    description:
      - Turn C(allow_ip_spoofing) off where it is on, together with the list and in the same update, so that the zone is
        never without an address. Without this the module warns that the list has no effect.
      - Not with O(state=absent).
    type: bool
    default: false
  health:
    description:
      - Whether to read from dladm what the links of the chosen NICs really have, compare it with the configuration, and
        return it as RV(health). Differences are warned of.
    type: bool
    default: false
  timeout:
    description:
      - How many seconds to wait until an update is read back. vmadm ends before its own daemon has seen the change.
    type: int
    default: 10
  state:
    description:
      - With V(present) the addresses are added, and everything else stays.
      - With V(absent) the addresses are taken away, and everything else stays.
      - With V(exact) the addresses become the only IPv6 entries. IPv4 entries stay.
      - Where a list that was in use would be empty, the link-local address made from the MAC address is left in it. It
        changes nothing, since the kernel permits it anyway. vmadm stores an empty list as one empty address, which it
        hands on to the kernel later.
    type: str
    choices: [present, absent, exact]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.smartos
attributes:
  check_mode:
    details:
      - The result differs from a run's only in RV(health), which is that of the links as they are.
  diff_mode:
    details:
      - Shown are the NICs that change.
  idempotent:
    details:
      - A run that finds everything in place calls C(vmadm lookup) once, however many zones there are.
notes:
  - Zones are changed one after the other, each by one C(vmadm update). When one fails, its former list is sent again,
    the zones after it are not touched, and those before it keep their new lists. The message names them.
  - Before the first update C(vmadm validate) is asked once for each brand, since C(vmadm update) drops a property that
    the platform does not know and reports success.
  - On platforms before 2017-12-06 a NIC with C(allowed_ips) loses its dynamic addresses (OS-4683). There a NIC with
    C(dhcp) is refused, and one with C(addrconf) is warned of, since only the addresses that are permitted here remain.
  - A NIC with C(allow_dhcp_spoofing) or C(dhcp_server) has no ip-nospoof on platforms from July 2022 on (OS-8398), and
    the list is without effect. The module warns of it.
seealso:
  - name: vmadm
    description: The manual page of vmadm.
    link: https://smartos.org/man/8/vmadm
  - plugin: routable.ipv6.eui64_address
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Permit a zone its SLAAC addresses
  routable.ipv6.smartos_allowed_ips:
    zones: 54f1cc77-68f1-42ab-acac-5c4f64f5d6e0
    prefixes: 2001:db8:0:1::/64

- name: The same for all zones of the host on one link, with spoofing turned off where it was on
  routable.ipv6.smartos_allowed_ips:
    all_zones: true
    nics:
      - nic_tag: external
    prefixes:
      - 2001:db8:0:1::/64
      - fd00:0:0:1::/64
    disable_spoofing: true

- name: Several zones, one with a static address on its primary NIC
  routable.ipv6.smartos_allowed_ips:
    zones:
      - build
      - zone: web
        addresses: [2001:db8:0:1::80]
        nics:
          - primary: true
    prefixes: 2001:db8:0:1::/64

- name: A guest with temporary addresses, whose /64 is its own
  routable.ipv6.smartos_allowed_ips:
    zones: windows
    prefixes: 2001:db8:0:9::/64
    whole_prefix: true

- name: See whether the links let pass what they should
  routable.ipv6.smartos_allowed_ips:
    all_zones: true
    health: true
  check_mode: true
  register: zones

- name: Take the addresses away again
  routable.ipv6.smartos_allowed_ips:
    zones: web
    prefixes: 2001:db8:0:1::/64
    state: absent
"""

RETURN = r"""
zones:
  description: The chosen zones and NICs as they are after the run, or would be after it in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    zone:
      description: The uuid.
      type: str
    alias:
      description: The alias, which may be empty.
      type: str
    brand:
      description: The brand.
      type: str
    running:
      description: Whether the zone is running.
      type: bool
    changed:
      description: Whether one of its NICs is changed.
      type: bool
    nics:
      description: The chosen NICs.
      type: list
      elements: dict
      contains:
        mac:
          description: The MAC address as vmadm spells it.
          type: str
        interface:
          description: The name of the interface.
          type: str
        nic_tag:
          description: The NIC tag.
          type: str
        vlan_id:
          description: The VLAN, V(0) for none.
          type: int
        asked:
          description: What the options ask for on this NIC, in canonical form.
          type: list
          elements: str
        allowed_ips:
          description: The list of the NIC.
          type: list
          elements: str
        allow_ip_spoofing:
          description: Whether any address passes, whatever the list says.
          type: bool
  sample:
    - zone: 54f1cc77-68f1-42ab-acac-5c4f64f5d6e0
      alias: web
      brand: joyent
      running: true
      changed: true
      nics:
        - mac: "72:9c:d5:34:47:59"
          interface: net0
          nic_tag: external
          vlan_id: 0
          asked: ["fe80::709c:d5ff:fe34:4759", "2001:db8:0:1:709c:d5ff:fe34:4759"]
          allowed_ips: ["198.51.100.0/28", "fe80::709c:d5ff:fe34:4759", "2001:db8:0:1:709c:d5ff:fe34:4759"]
          allow_ip_spoofing: false
duplicates:
  description:
    - IPv6 addresses and prefixes that two or more NICs on one link share, over all zones of the host, once the plan is
      carried out. A prefix is shared by the NICs that are permitted it and those that have an address in it.
    - Those that concern a chosen NIC are warned of. vmadm itself compares C(ips) alone.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: The address or prefix.
      type: str
    nic_tag:
      description: The NIC tag of the link.
      type: str
    vlan_id:
      description: The VLAN of the link, V(0) for none.
      type: int
    nics:
      description: The NICs, each with C(zone), C(alias) and C(interface).
      type: list
      elements: dict
  sample:
    - address: 2001:db8:0:1::80
      nic_tag: external
      vlan_id: 0
      nics:
        - zone: 54f1cc77-68f1-42ab-acac-5c4f64f5d6e0
          alias: web
          interface: net0
        - zone: 7b1a5d0e-7e57-4b0a-9a4c-2f0c1f6d8a11
          alias: old-web
          interface: net0
health:
  description: What the links of the chosen NICs really have, NIC by NIC.
  returned: when O(health=true)
  type: list
  elements: dict
  contains:
    zone:
      description: The uuid.
      type: str
    alias:
      description: The alias.
      type: str
    interface:
      description: The name of the interface.
      type: str
    running:
      description: Whether the zone is running. Otherwise it has no links, and the lists below are empty.
      type: bool
    healthy:
      description: Whether nothing is wrong. Null for a zone that is not running.
      type: bool
    problems:
      description: What is wrong, as clauses.
      type: list
      elements: str
    protection:
      description: The link property C(protection).
      type: list
      elements: str
    allowed_ips:
      description: The link property C(allowed-ips).
      type: list
      elements: str
    dynamic_methods:
      description: The link property C(dynamic-methods).
      type: list
      elements: str
    missing:
      description: What is in C(ips) or C(allowed_ips), and not in the link's list.
      type: list
      elements: str
  sample:
    - zone: 54f1cc77-68f1-42ab-acac-5c4f64f5d6e0
      alias: web
      interface: net0
      running: true
      healthy: true
      problems: []
      protection: [mac-nospoof, restricted, ip-nospoof, dhcp-nospoof]
      allowed_ips: ["198.51.100.7", "fe80::709c:d5ff:fe34:4759", "2001:db8:0:1:709c:d5ff:fe34:4759"]
      dynamic_methods: [addrconf]
      missing: []
updated:
  description: The uuids of the zones that were updated, also when a later one failed.
  returned: when not in check mode and an update was tried
  type: list
  elements: str
  sample: [54f1cc77-68f1-42ab-acac-5c4f64f5d6e0]
changes:
  description: What was done, or would be done in check mode, a sentence for each zone.
  returned: success
  type: list
  elements: str
  sample:
    - "In zone 54f1cc77-68f1-42ab-acac-5c4f64f5d6e0 (web), net0: permit fe80::709c:d5ff:fe34:4759,
      2001:db8:0:1:709c:d5ff:fe34:4759"
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _vmadm as vmadm
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import conclude
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import check_seconds
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_choice import Chosen, choose, choose_all
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_client import Vmadm, VmadmError
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_health import health
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import SELECTOR, read_targets, read_wish
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Zone

SUBJECT = "SmartOS host"
ARGUMENTS: dict[str, t.Any] = {
    "zones": {"type": "list", "elements": "raw"},
    "all_zones": {"type": "bool", "default": False},
    "nics": {"type": "list", "elements": "dict", "options": SELECTOR},
    "prefixes": {"type": "list", "elements": "str"},
    "link_local": {"type": "bool", "default": True},
    "addresses": {"type": "list", "elements": "str"},
    "interface_ids": {"type": "list", "elements": "str"},
    "whole_prefix": {"type": "bool", "default": False},
    "disable_spoofing": {"type": "bool", "default": False},
    "health": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 10},
    "state": {"type": "str", "choices": ["present", "absent", "exact"], "default": "present"},
}


def choice(params: dict[str, t.Any], host: Vmadm) -> tuple[list[Zone], list[Chosen]]:
    """All zones of the host, and those of the task. What can be checked without the host is checked first."""
    if params["all_zones"] == bool(params["zones"]):
        raise Refused("zones", "either some zones are named, or all_zones is set", "Give one of both")
    if params["disable_spoofing"] and params["state"] == "absent":
        raise Refused(
            "disable_spoofing=true with state=absent", "the zone would be left without an address", "Leave one out"
        )
    check_seconds("timeout", params["timeout"])
    if params["all_zones"]:
        wish = read_wish(params)
        zones = host.lookup()
        return zones, choose_all(zones, wish)
    targets = read_targets(params, params["zones"])
    zones = host.lookup()
    return zones, choose(zones, targets)


def update(host: Vmadm, change: Change, timeout: int) -> None:
    """Update one zone and see that it became what it should, or bring its former lists back.

    :raises VmadmError: it failed; the message says what the zone has now.
    """
    uuid = change.data["zone"]
    try:
        host.update(uuid, change.data["payload"])
        if not host.wait(uuid, lambda zone: vmadm.holds(zone, change.data["payload"]), timeout):
            raise VmadmError(f"zone {uuid} did not have the new list within {timeout} s after vmadm reported success")
    except VmadmError as error:
        raise VmadmError(f"{str(error).rstrip('.')}. {restore(host, change, timeout)}") from error


def restore(host: Vmadm, change: Change, timeout: int) -> str:
    """Send the former lists, whatever vmadm has kept of the new ones; a sentence about how that went."""
    uuid = change.data["zone"]
    try:
        host.update(uuid, change.data["undo"])
        if host.wait(uuid, lambda zone: vmadm.holds(zone, change.data["undo"]), timeout):
            return "The former list was restored"
        text = f"Restoring the former list was not confirmed within {timeout} s"
    except VmadmError as error:
        text = f"Restoring the former list failed too: {str(error).rstrip('.')}"
    return f"{text}. {left(host, change)}"


def left(host: Vmadm, change: Change) -> str:
    """A sentence about what the zone's configuration has after all failed; it boots with that."""
    uuid = change.data["zone"]
    try:
        return f"Read back, zone {uuid} has {vmadm.described(host.get(uuid), change.data['payload'])}"
    except VmadmError as error:
        return f"What zone {uuid} has now cannot be read: {str(error).rstrip('.')}"


def apply(module: AnsibleModule, host: Vmadm, plan: Plan) -> list[str]:
    """Carry the plan out, zone by zone; the uuids of the updated zones. A failure ends the module."""
    done: list[str] = []
    for brand, payload in vmadm.samples(plan.changes).items():
        host.validate(brand, payload)
    for change in plan.changes:
        try:
            update(host, change, module.params["timeout"])
        except VmadmError as error:
            text = f"{SUBJECT}: {str(error).rstrip('.')}."
            left = len(plan.changes) - len(done) - 1
            if done:
                text += f" Updated before: {', '.join(done)}."
            if left:
                text += f" Not touched: {left} more."
            module.fail_json(msg=text, changed=bool(done), updated=done)
        done.append(change.data["zone"])
    return done


def shown(chosen: t.Iterable[Chosen], decisions: t.Iterable[vmadm.Decision]) -> list[dict[str, t.Any]]:
    """The zones of the result."""
    entries: dict[str, dict[str, t.Any]] = {
        zone.uuid: {
            "zone": zone.uuid,
            "alias": zone.alias,
            "brand": zone.brand,
            "running": zone.running,
            "changed": False,
            "nics": [],
        }
        for zone, _wish, _nics in chosen
    }
    for decision in decisions:
        entry, nic = entries[decision.zone.uuid], decision.nic
        entry["changed"] |= decision.changed
        entry["nics"].append(
            {
                "mac": nic.mac,
                "interface": nic.interface,
                "nic_tag": nic.nic_tag,
                "vlan_id": nic.vlan_id,
                "asked": [str(wanted) for wanted in decision.asked],
                "allowed_ips": list(decision.allowed),
                "allow_ip_spoofing": decision.spoofing,
            }
        )
    return list(entries.values())


def examine(host: Vmadm, chosen: t.Iterable[Chosen], decisions: t.Iterable[vmadm.Decision]) -> list[dict[str, t.Any]]:
    """Compare the links with the configuration; ``decisions`` are those that were carried out."""
    now = {
        (one.zone.uuid, one.nic.mac): one.nic._replace(allowed_ips=one.allowed, spoofing=one.spoofing)
        for one in decisions
    }
    found = []
    for zone, _wish, nics in chosen:
        links = host.links(zone.uuid) if zone.running else None
        found += [health(zone, now.get((zone.uuid, nic.mac), nic), links) for nic in nics]
    return found


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, plan, apply, read back."""
    host = Vmadm(module)
    state = module.params["state"]
    zones, chosen = choice(module.params, host)
    decisions = vmadm.decide(chosen, state, module.params["disable_spoofing"])
    plan = vmadm.plan(decisions, state)
    duplicates = vmadm.duplicates(zones, decisions)
    concerned = {(zone.uuid, nic.interface) for zone, _wish, nics in chosen for nic in nics}
    for warning in (*plan.warnings, *vmadm.duplicate_warnings(duplicates, concerned)):
        module.warn(warning)
    result: dict[str, t.Any] = {
        **plan.result,
        "zones": shown(chosen, decisions),
        "duplicates": duplicates,
    }
    if plan.changed and not module.check_mode:
        result["updated"] = apply(module, host, plan)
    if module.params["health"]:
        result["health"] = examine(host, chosen, [] if module.check_mode else decisions)
        for entry in result["health"]:
            for problem in entry["problems"]:
                module.warn(f"zone {entry['zone']}, {entry['interface']}: {problem}.")
    return result


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    conclude(module, run, SUBJECT, (VmadmError,))


if __name__ == "__main__":
    main()
