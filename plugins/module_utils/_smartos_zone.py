# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Zones of a SmartOS host, from their creation to their end: what is sent to vmadm, in an order that never lets a zone
run before its addresses are permitted.
"""

from __future__ import annotations

import copy
import ipaddress
import json
import re
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _vmadm as vmadm
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_choice import choose
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_entries import parse_mac
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import KEYS, Target, read_wish
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Zone, parse_zone

Vm = t.Dict[str, t.Any]

NATIVE = ("joyent", "joyent-minimal", "builder")
LX = "lx"
HVM = ("kvm", "bhyve")
BRANDS = (*NATIVE, LX, *HVM)
# The tag by which a zone is known to be made by us.
TAG = "routable_ipv6"
# What stands beside the payload: the order of the steps hangs on it, or it is secret.
METADATA = ("customer_metadata", "internal_metadata")
OWN_KEYS = ("uuid", "alias", "autoboot", *METADATA)
# What is secret wherever it stands, also in the wrong place or misspelt. ``vnc_password`` and ``spice_password`` belong
# into a payload.
_SECRET = re.compile("meta|passw|secret|token|_pw$", re.IGNORECASE)
_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_ALIAS_MOST = 255
# What the plans rely upon in a NIC of a payload. The rest is vmadm's to judge.
_NIC_TEXTS = ("mac", "interface", "nic_tag", "ip", "netmask")
_NIC_LISTS = ("ips", "allowed_ips")
# The platform from which vmadm knows ``ips`` and ``addrconf`` (SmartOS release notes).
ADDRCONF_SINCE = "20150917"


class Wanted(t.NamedTuple):
    """One zone as a task wants it. ``permit`` has options of smartos_allowed_ips, None to leave the lists alone."""

    alias: str
    uuid: str = ""
    payload: t.Mapping[str, t.Any] | None = None
    autoboot: bool = True
    spoofing: bool = False
    addrconf: bool = True
    permit: t.Mapping[str, t.Any] | None = None
    metadata: t.Mapping[str, t.Any] = {}

    def __str__(self) -> str:
        return f"zone {self.alias}"


def read_wanted(entries: t.Iterable[t.Mapping[str, t.Any]]) -> list[Wanted]:
    """The option ``zones`` of the module smartos_zone.

    :raises Refused: a name that comes twice, or a payload that cannot be.
    """
    result: list[Wanted] = []
    for entry in entries:
        wanted = Wanted(
            entry["alias"],
            entry.get("uuid") or "",
            entry.get("payload"),
            entry.get("autoboot") is not False,
            bool(entry.get("allow_ip_spoofing")),
            entry.get("addrconf") is not False,
            entry.get("permit"),
            {key: entry[key] for key in METADATA if entry.get(key)},
        )
        _check_names(wanted)
        for other in result:
            if other.alias == wanted.alias or (wanted.uuid and other.uuid == wanted.uuid):
                raise Refused(f"zones: {wanted.alias}", "it comes twice", "Name each zone once")
        _check_payload(wanted)
        result.append(wanted)
    return result


def secrets_in(data: object, hidden: bool = False) -> set[str]:
    """The texts that nobody may see of what is said about zones; a payload that is no dictionary is all hidden."""
    if isinstance(data, t.Mapping):
        return set().union(*(secrets_in(one, hidden or _is_secret(str(key), one)) for key, one in data.items()))
    if isinstance(data, (list, tuple)):
        return set().union(*(secrets_in(one, hidden) for one in data))
    return {str(data)} - {""} if hidden and data is not None and not isinstance(data, bool) else set()


def _is_secret(key: str, value: object) -> bool:
    return bool(_SECRET.search(key)) or (key == "payload" and not isinstance(value, t.Mapping))


def _check_names(wanted: Wanted) -> None:
    if not wanted.alias:
        raise Refused("alias=", "a zone is known by its alias", "Give each zone one")
    if not wanted.alias.isprintable() or len(wanted.alias) > _ALIAS_MOST or _UUID.fullmatch(wanted.alias):
        raise Refused(
            f"alias={wanted.alias!r}"[: _ALIAS_MOST + 10],
            f"an alias is no uuid, and has at most {_ALIAS_MOST} characters, none of which controls anything",
            "Give another",
        )
    if wanted.uuid and not _UUID.fullmatch(wanted.uuid):
        raise Refused(f"{wanted}: uuid={wanted.uuid!r}", "this is no uuid as vmadm writes it", "See vmadm list")


def _check_payload(wanted: Wanted) -> None:
    if wanted.permit is not None:
        unknown = sorted(set(wanted.permit) - set(KEYS))
        if unknown:
            raise Refused(f"{wanted}: permit: {unknown[0]}", f"it has {', '.join(KEYS)}", "Take it out")
        read_wish(wanted.permit, f"{wanted}: ")
    # Their values stay out of the messages.
    for key in METADATA:
        if not isinstance(wanted.metadata.get(key, {}), dict):
            raise Refused(f"{wanted}: {key}", "it is a dictionary", "Write key: value, or use from_json")
    if wanted.payload is None:
        return
    if not isinstance(wanted.payload, dict):
        raise Refused(f"{wanted}: payload", "it is a dictionary", "Write it as vmadm wants it, or use from_json")
    for key in OWN_KEYS:
        if key in wanted.payload:
            raise Refused(f"{wanted}: payload: {key}", "it stands beside the payload", f"Give {key} to the zone itself")
    brand = wanted.payload.get("brand")
    if brand not in BRANDS:
        raise Refused(
            f"{wanted}: payload: brand={brand}", f"a brand is one of {', '.join(BRANDS)}", "Give one of these"
        )
    nics = wanted.payload.get("nics", [])
    if not isinstance(nics, list) or not all(isinstance(nic, dict) for nic in nics):
        raise Refused(f"{wanted}: payload: nics", "it is a list of dictionaries", "Write it as vmadm wants it")
    if not isinstance(wanted.payload.get("tags", {}), dict):
        raise Refused(f"{wanted}: payload: tags", "it is a dictionary", "Write it as vmadm wants it")
    for nic in nics:
        for key in (*_NIC_TEXTS, *_NIC_LISTS):
            texts = [nic[key]] if key in _NIC_TEXTS and key in nic else nic.get(key, [])
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                kind = "a list of texts" if key in _NIC_LISTS else "a text"
                raise Refused(
                    f"{wanted}: payload: {key}={nic[key]!r}", f"it is {kind}", "Write it in this way, with quotes"
                )
        if "mac" in nic and parse_mac(nic["mac"]) is None:
            raise Refused(
                f"{wanted}: payload: mac={nic['mac']!r}", "this is no MAC address", "Correct it, or leave it out"
            )
        _cidr({"ip": "", **nic})


def find(vms: t.Sequence[Vm], wanted: Wanted) -> Vm | None:
    """The zone that is meant, or None when there is none yet.

    :raises Refused: the alias means several, or another zone than the uuid.
    """
    named = [vm for vm in vms if vm.get("alias") == wanted.alias]
    if wanted.uuid:
        same = next((vm for vm in vms if vm["uuid"] == wanted.uuid), None)
        if same is None and named:
            raise Refused(
                f"{wanted}: uuid={wanted.uuid}",
                f"this host has the alias already, with the uuid {named[0]['uuid']}",
                "Give that uuid, or another alias",
            )
        return same
    if len(named) > 1:
        uuids = ", ".join(sorted(vm["uuid"] for vm in named))
        raise Refused(str(wanted), f"{len(named)} zones have this alias", f"Give one of the uuids {uuids}")
    return named[0] if named else None


def with_addrconf(nic: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A NIC of a payload with SLAAC turned on, its other addresses kept; ``ips`` takes the place of ``ip``."""
    changed = {key: value for key, value in nic.items() if key not in ("ip", "netmask", "ips")}
    ips = list(nic.get("ips") or ([_cidr(nic)] if nic.get("ip") else []))
    return {**changed, "ips": ips if "addrconf" in ips else [*ips, "addrconf"]}


def _cidr(nic: t.Mapping[str, t.Any]) -> str:
    address, mask = str(nic["ip"]), nic.get("netmask")
    if address in ("dhcp", "addrconf") or mask is None:
        return address
    try:
        bits = f"{int(ipaddress.IPv4Address(mask)):032b}"
    except ValueError:
        bits = "01"
    if "01" in bits:
        raise Refused(f"netmask={mask!r}", "this is no IPv4 netmask", "Write it as 255.255.255.0")
    return f"{address}/{bits.count('1')}"


def boots_at_once(wanted: Wanted) -> bool:
    """Whether all that the zone may use is known before it is created."""
    nics = (wanted.payload or {}).get("nics") or []
    return wanted.spoofing or wanted.permit is None or all(nic.get("mac") for nic in nics)


def creation(wanted: Wanted, uuid: str, platform: str) -> dict[str, t.Any]:
    """The payload for ``vmadm create``.

    The zone boots in the same call only if what it may use is known before, hence if each NIC has its MAC address.
    Otherwise it is created stopped, to be permitted and then booted.

    :arg platform: the date of the platform, YYYYMMDD, or empty if it is not known.
    :raises Refused: there is no payload, or a list that vmadm or the kernel would not take.
    """
    if wanted.payload is None:
        raise Refused(str(wanted), "this host has no such zone", "Give a payload to create it, or correct the alias")
    payload: dict[str, t.Any] = copy.deepcopy(dict(wanted.payload))
    brand = payload["brand"]
    nics: list[dict[str, t.Any]] = payload.setdefault("nics", [])
    if wanted.addrconf and brand not in HVM and not (platform and platform < ADDRCONF_SINCE):
        nics = [with_addrconf(nic) for nic in nics]
    if wanted.spoofing:
        nics = [{**nic, "allow_ip_spoofing": True} for nic in nics]
    if all(nic.get("mac") for nic in nics) and not wanted.spoofing and wanted.permit is not None:
        nics = _permitted(wanted, uuid, brand, platform, nics)
    return {
        **payload,
        "alias": wanted.alias,
        "uuid": uuid,
        "autoboot": wanted.autoboot and boots_at_once(wanted),
        "tags": {**payload.get("tags", {}), TAG: True},
        "nics": nics,
        **copy.deepcopy(dict(wanted.metadata)),
    }


def _permitted(
    wanted: Wanted, uuid: str, brand: str, platform: str, nics: t.Sequence[dict[str, t.Any]]
) -> list[dict[str, t.Any]]:
    """The NICs with their lists, which the same rules have checked as those of existing zones."""
    name = "eth" if brand == LX else "net"
    shown = [{"interface": f"{name}{number}", **nic} for number, nic in enumerate(nics)]
    if shown and not any(nic.get("primary") for nic in shown):
        shown[0] = {**shown[0], "primary": True}
    zone = _zone({"uuid": uuid, "alias": wanted.alias, "brand": brand, "platform_buildstamp": platform, "nics": shown})
    wish = read_wish(wanted.permit or {}, f"{wanted}: ")
    decisions = vmadm.decide(choose([zone], [Target(uuid, wish, own=True)]), "present", False)
    lists = {decision.nic.mac: list(decision.allowed) for decision in decisions}
    return [{**nic, **({"allowed_ips": lists[nic["mac"]]} if lists.get(nic["mac"]) else {})} for nic in nics]


def _zone(vm: t.Mapping[str, t.Any]) -> Zone:
    return parse_zone(json.dumps(vm))


def plan_present(vms: t.Sequence[Vm], zones: t.Sequence[Wanted], platform: str, new_uuid: t.Callable[[], str]) -> Plan:
    """Zones that are not there are created; existing ones only get the spoofing flag that was asked for.

    Changes: ``create`` with ``payload``, ``update`` with ``zone`` (uuid), ``payload`` and ``undo``.

    :raises Refused: as for :func:`find` and :func:`creation`.
    """
    changes: list[Change] = []
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    for wanted in zones:
        vm = find(vms, wanted)
        if vm is None:
            payload = creation(wanted, wanted.uuid or new_uuid(), platform)
            how = "and boot it" if payload["autoboot"] else "and leave it stopped"
            changes.append(Change(f"Create {wanted} ({payload['brand']}) {how}", "create", {"payload": payload}))
            shown = {key: value for key, value in payload.items() if key != "uuid" or wanted.uuid}
            before[wanted.alias], after[wanted.alias] = None, shown
            continue
        lacking = [nic for nic in vm.get("nics") or [] if not nic.get("allow_ip_spoofing")] if wanted.spoofing else []
        if lacking:
            changes.append(
                Change(
                    f"In {wanted}, allow any source address on {', '.join(nic['interface'] for nic in lacking)}",
                    "update",
                    {"zone": vm["uuid"], "payload": _flags(lacking, True), "undo": _flags(lacking, False)},
                )
            )
            before[wanted.alias] = {nic["interface"]: {"allow_ip_spoofing": False} for nic in lacking}
            after[wanted.alias] = {nic["interface"]: {"allow_ip_spoofing": True} for nic in lacking}
    return Plan(tuple(changes), before, after)


def _flags(nics: t.Iterable[Vm], value: bool) -> dict[str, t.Any]:
    return {"update_nics": [{"mac": nic["mac"], "allow_ip_spoofing": value} for nic in nics]}


def plan_running(vms: t.Sequence[Vm], zones: t.Sequence[Wanted]) -> Plan:
    """Zones that boot by themselves run, and the others do not boot by themselves. Nothing is stopped or rebooted.

    Changes: ``start`` with ``zone`` and ``brand``; ``update`` as in :func:`plan_present`. A zone that is still to be
    created (in check mode) is shown as started unless its creation boots it.

    :raises Refused: as for :func:`find`.
    """
    changes: list[Change] = []
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    for wanted in zones:
        vm = find(vms, wanted)
        if vm is None:
            if wanted.autoboot and not boots_at_once(wanted):
                changes.append(Change(f"Start {wanted}", "start", {"zone": "", "brand": ""}))
                before[wanted.alias] = {"state": "stopped", "autoboot": False}
                after[wanted.alias] = {"state": "running", "autoboot": True}
            continue
        is_now = {"state": state_of(vm), "autoboot": bool(vm.get("autoboot"))}
        if wanted.autoboot and is_now["state"] != "running":
            # vmadm start turns autoboot on itself.
            changes.append(Change(f"Start {wanted}", "start", {"zone": vm["uuid"], "brand": vm["brand"]}))
            now = {"state": "running", "autoboot": True}
        elif wanted.autoboot != is_now["autoboot"]:
            changes.append(
                Change(
                    f"Set autoboot of {wanted} to {str(wanted.autoboot).lower()}",
                    "update",
                    {
                        "zone": vm["uuid"],
                        "payload": {"autoboot": wanted.autoboot},
                        "undo": {"autoboot": is_now["autoboot"]},
                    },
                )
            )
            now = {**is_now, "autoboot": wanted.autoboot}
        else:
            continue
        before[wanted.alias], after[wanted.alias] = is_now, now
    return Plan(tuple(changes), before, after)


def plan_absent(vms: t.Sequence[Vm], zones: t.Sequence[Wanted]) -> Plan:
    """Zones that were created by us are deleted, others are left and warned of.

    :raises Refused: as for :func:`find`.
    """
    changes: list[Change] = []
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    warnings = []
    for wanted in zones:
        vm = find(vms, wanted)
        if vm is None:
            continue
        if not (vm.get("tags") or {}).get(TAG):
            warnings.append(f"{wanted} was not created by this module (it lacks the tag {TAG}) and is left as it is.")
            continue
        changes.append(Change(f"Delete {wanted} ({vm['uuid']})", "delete", {"zone": vm["uuid"]}))
        before[wanted.alias], after[wanted.alias] = {"uuid": vm["uuid"], "state": state_of(vm)}, None
    return Plan(tuple(changes), before, after, tuple(warnings))


def state_of(vm: Vm) -> str:
    return str(vm.get("zone_state") or vm.get("state") or "")


def shown(vms: t.Sequence[Vm], zones: t.Sequence[Wanted], plan: Plan) -> list[dict[str, t.Any]]:
    """The zones as they are after the plan, or would be: the result of the module.

    What is not known before a zone is created is empty: its uuid, and MAC addresses that vmadm draws.
    """
    payloads = {
        change.data["payload"]["alias"]: change.data["payload"] for change in plan.changes if change.action == "create"
    }
    started = {change.data["zone"] for change in plan.changes if change.action == "start"} - {""}
    result = []
    for wanted in zones:
        vm = find(vms, wanted)
        source: t.Mapping[str, t.Any] = vm if vm is not None else payloads.get(wanted.alias, wanted.payload or {})
        nics = source.get("nics") or []
        prefix = "eth" if source.get("brand") == LX else "net"
        result.append(
            {
                "alias": wanted.alias,
                "uuid": vm["uuid"] if vm is not None else wanted.uuid,
                "brand": source.get("brand", ""),
                "exists": vm is not None,
                "created": wanted.alias in payloads,
                "permitted": wanted.spoofing or wanted.permit is None or all(nic.get("allowed_ips") for nic in nics),
                "running": wanted.autoboot if vm is None else state_of(vm) == "running" or vm["uuid"] in started,
                "nics": [
                    {
                        "interface": nic.get("interface") or f"{prefix}{number}",
                        "mac": nic.get("mac") or "",
                        "nic_tag": nic.get("nic_tag") or "",
                        "vlan_id": nic.get("vlan_id") or 0,
                        "ips": list(nic.get("ips") or []),
                        "primary": bool(nic.get("primary")),
                        "vrrp_vrid": nic.get("vrrp_vrid") or 0,
                    }
                    for number, nic in enumerate(nics)
                ],
            }
        )
    return result
