# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""vmadm: what each command says and with which code it ends. Success is on standard error, as with the real one."""

from __future__ import annotations

import copy
import json
import os
import sys
import time
import typing as t
import uuid as uuids

import links
import lookup
import store
import values
import zones
from values import Nic, Refusal, Vm
from words import USAGE, Payload, UsageError, done, uuid_of

# The images that were imported, and the brands that they are for.
IMAGES = {
    "8adac45a-aaf7-11f0-9f6c-00151714048c": ("joyent", "joyent-minimal", "builder"),
    "63d6e664-3f1f-11e8-aef6-a3120cf8dd9d": ("lx",),
    "0bf06d4c-fd2d-11ee-b0a5-c2d25f2c4d5b": ("kvm", "bhyve"),
}


def main(argv: list[str]) -> int:
    if os.geteuid() != 0 or store.zone() != "global":
        print("FATAL: cannot run because: this is not the global zone.", file=sys.stderr)
        return 2
    payload = Payload(argv)
    code = 1
    try:
        with store.locked():
            code = _dispatch(argv, payload)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
    except UsageError as error:
        print(f"{error}\n{USAGE}", file=sys.stderr)
        code = 2
    finally:
        store.log("calls", argv=argv, stdin=payload.text, code=code)
    return code


def _dispatch(argv: list[str], payload: Payload) -> int:
    command, words = (argv[0], argv[1:]) if argv else ("", [])
    commands: dict[str, t.Callable[[list[str], Payload], int]] = {
        "get": lookup.get,
        "json": lookup.get,
        "lookup": lookup.lookup,
        "list": lookup.list_vms,
        "update": _update,
        "validate": _validate,
        "create": _create,
        "start": _start,
        "boot": _start,
        "stop": _stop,
        "halt": _stop,
        "reboot": _reboot,
        "delete": _delete,
        "destroy": _delete,
    }
    if command not in commands:
        raise UsageError(f"Invalid command: '{command}'.")
    return commands[command](words, payload)


def _update(words: list[str], source: Payload) -> int:
    uuid = uuid_of(words, "update")
    pairs = [word for word in words[1:] if "=" in word and not word.startswith("-")]
    payload: dict[str, t.Any] = dict(pair.split("=", 1) for pair in pairs) if pairs else source.read("update")
    if pairs and any(key in values.CHANGEABLE and values.CHANGEABLE[key] == "boolean" for key in payload):
        payload = {key: {"true": True, "false": False}.get(value, value) for key, value in payload.items()}
    known = store.Vms()
    entry = known.one(uuid)
    if entry is None:
        raise Refusal(f"VM {uuid} not found")
    values.check_types(payload, values.CHANGEABLE, ("add_nics", "update_nics"))
    vm: Vm = copy.deepcopy(entry["vm"])
    touched = _apply_nics(vm, payload)
    values.check_nics(vm["nics"], touched, [other for other in known.all() if other["uuid"] != uuid])
    for key in values.CHANGEABLE:
        if key in payload and key not in ("tags", "customer_metadata", "internal_metadata"):
            vm[key] = payload[key]
    for key in ("tags", "customer_metadata", "internal_metadata"):
        vm[key] = {**vm[key], **payload.get(key, {}), **payload.get(f"set_{key}", {})}
        for name in payload.get(f"remove_{key}", []):
            vm[key].pop(name, None)
    if store.take_fault("config_failures"):
        raise Refusal("zonecfg: could not commit the configuration")
    _store(known, uuid, entry, vm)
    if vm["state"] == "running":
        _go_live(known, uuid, entry, payload)
    return done(f"Successfully updated VM {uuid}")


def _apply_nics(vm: Vm, payload: dict[str, t.Any]) -> list[str]:
    """Change the VM's NICs as the payload says; the macs of those it names."""
    touched = []
    for change in map(values.drop_unknown, payload.get("update_nics", [])):
        if "mac" not in change:
            raise Refusal("NIC object needs a .mac property to update")
        nic = next((nic for nic in vm["nics"] if nic["mac"] == change["mac"]), None)
        if nic is None:
            raise Refusal("There is no existing NIC with that mac address")
        nic.update(change)
        touched.append(change["mac"])
        if vm["brand"] == "lx":
            # Names like eth0 are not sorted: what is written anew comes last.
            vm["nics"].remove(nic)
            vm["nics"].append(nic)
    for mac in payload.get("remove_nics", []):
        if not any(nic["mac"] == mac for nic in vm["nics"]):
            raise Refusal("There is no existing NIC with that mac address")
        vm["nics"] = [nic for nic in vm["nics"] if nic["mac"] != mac]
    for nic in payload.get("add_nics", []):
        vm["nics"].append(_new_nic(vm, nic))
        touched.append(vm["nics"][-1]["mac"])
    return touched


def _store(known: store.Vms, uuid: str, entry: dict[str, t.Any], vm: Vm) -> None:
    for nic in vm["nics"]:
        # zonecfg keeps the empty list as one empty value.
        if nic.get("allowed_ips") == []:
            nic["allowed_ips"] = [""]
        # Flags that are off are not kept.
        for key in [key for key, value in nic.items() if key.startswith("allow_") and value is False]:
            del nic[key]
        statics = [one for one in nic.get("ips", []) if values.is_static(one) and ":" not in one]
        nic.pop("ip", None)
        nic.pop("netmask", None)
        if statics:
            nic["ip"], dummy, length = statics[0].partition("/")
            bits = (0xFFFFFFFF << (32 - int(length))) & 0xFFFFFFFF
            nic["netmask"] = ".".join(str(bits >> shift & 255) for shift in (24, 16, 8, 0))
        elif "dhcp" in nic.get("ips", []):
            nic["ip"] = "dhcp"
    reads = store.fault("stale_reads")
    if reads and entry.get("vm"):
        entry["stale"] = {"left": reads, "vm": entry["vm"]}
    entry["vm"] = vm
    known.save(uuid, entry)


def _go_live(known: store.Vms, uuid: str, entry: dict[str, t.Any], payload: dict[str, t.Any]) -> None:
    """Hand the lists to dladm. What fails here is in the configuration already."""
    vm: Vm = entry["vm"]
    for change in payload.get("update_nics", []):
        nic = next(nic for nic in vm["nics"] if nic["mac"] == change["mac"])
        names = set(change)
        if not names & {"allowed_ips", "ips", "vrrp_primary_ip"} and not any(n.startswith("allow_") for n in names):
            continue
        entries = [] if change.get("allowed_ips") == [] else nic.get("allowed_ips", [])
        try:
            if store.take_fault("live_failures"):
                raise links.LinkError("dladm: warning: cannot set link property 'allowed-ips': operation failed")
            whole = links.allowed_set(nic, entries)
            links.check_set(whole)
        except links.LinkError as error:
            raise Refusal(
                f"first of 1 error: first of 1 error: Command failed: {error} "
                f"(/usr/sbin/dladm set-linkprop -t -z {uuid} -p allowed-ips=... {nic['interface']})"
            ) from error
        entry["links"][nic["mac"]] = _link(nic, whole)
        known.save(uuid, entry)
        zones.protect(vm, nic, whole)
        store.log("links", uuid=uuid, mac=nic["mac"], **entry["links"][nic["mac"]])


def _link(nic: Nic, whole: list[str]) -> dict[str, t.Any]:
    guards = ["mac-nospoof", "restricted"] if not nic.get("allow_mac_spoofing") else ["restricted"]
    if links.protected(nic):
        guards += ["ip-nospoof", "dhcp-nospoof"]
    methods = [
        {"dhcp": "dhcpv4", "addrconf": "slaac"}[one] for one in nic.get("ips", []) if one in ("dhcp", "addrconf")
    ]
    return {"protection": guards, "allowed-ips": whole, "dynamic-methods": methods}


def _validate(words: list[str], source: Payload) -> int:
    if len(words) < 1 or words[0] not in ("create", "update") or (words[0] == "update" and len(words) < 2):
        raise UsageError("Invalid arguments for validate")
    payload = source.read("validate")
    brand = words[1] if len(words) > 1 and words[1] != "-f" else payload.get("brand")
    if brand not in values.BRANDS:
        raise Refusal(f"Invalid brand: {brand}")
    types = values.CHANGEABLE if words[0] == "update" else {**values.CHANGEABLE, **values.ONCE}
    lists = ("add_nics", "update_nics") if words[0] == "update" else ("nics",)
    meta = {f"{verb}_{key}" for verb in ("set", "remove") for key in ("tags", "customer_metadata", "internal_metadata")}
    extra = {*lists, "remove_nics", *meta} if words[0] == "update" else {*lists}
    unknown = [key for key in payload if key not in types and key not in extra]
    bad = [key for key, value in payload.items() if key in types and not values.is_type(value, types[key])]
    for name in lists:
        for nic in payload.get(name, []):
            unknown += [f"{name}.*.{key}" for key in nic if key not in values.NIC_TYPES]
    missing = [key for key in ("brand", "image_uuid") if words[0] == "create" and key not in payload]
    if brand in values.HVM_BRANDS and "image_uuid" in missing:
        missing.remove("image_uuid")
    if unknown or bad or missing:
        print(
            json.dumps({"bad_values": bad, "bad_properties": unknown, "missing_properties": missing}), file=sys.stderr
        )
        return 1
    return done(f"VALID '{words[0]}' payload for {brand} brand VMs.")


def _new_nic(vm: Vm, given: Nic) -> Nic:
    nic = values.drop_unknown(given)
    if "nic_tag" not in nic:
        raise Refusal("Missing required properties: nics.*.nic_tag")
    if nic["nic_tag"] not in zones.TAGS:
        raise Refusal(f'Invalid nic tag "{nic["nic_tag"]}"')
    if "ips" not in nic and "ip" not in nic:
        raise Refusal("Missing required properties: nics.*.ips")
    if "ips" not in nic:
        nic["ips"] = [_cidr(nic)]
    if "mac" not in nic:
        nic["mac"] = "{:x}2:{}".format(
            uuids.uuid4().int % 16, ":".join(uuids.uuid4().hex[i : i + 2] for i in range(0, 10, 2))
        )
    if not values.MAC.fullmatch(nic["mac"]):
        raise Refusal(f"Invalid MAC address: {nic['mac']}")
    number = len(vm["nics"])
    nic.setdefault("interface", f"eth{number}" if vm["brand"] == "lx" else f"net{number}")
    if vm["brand"] in values.HVM_BRANDS:
        nic.setdefault("model", "virtio")
    if not any(other.get("primary") for other in vm["nics"]):
        nic.setdefault("primary", True)
    return nic


def _cidr(nic: Nic) -> str:
    if nic["ip"] in ("dhcp", "addrconf"):
        return str(nic["ip"])
    found = values.value_of(nic["ip"])
    mask = values.value_of(nic.get("netmask", ""))
    if found is None or found[0] != 4:
        raise Refusal(f'Invalid IP for NIC: {{"ip":"{nic["ip"]}"}}')
    if mask is None or mask[0] != 4:
        raise Refusal(f"Specified netmask value is invalid: {nic.get('netmask')}")
    return f"{nic['ip']}/{bin(mask[1]).count('1')}"


def _create(words: list[str], source: Payload) -> int:
    payload = source.read("create")
    values.check_types(payload, {**values.CHANGEABLE, **values.ONCE}, ("nics",))
    brand = payload.get("brand")
    if brand is None:
        raise Refusal("Missing required properties: brand")
    if brand not in values.BRANDS:
        raise Refusal(f"Invalid brand: '{brand}'")
    image = payload.get("image_uuid")
    if brand in values.HVM_BRANDS:
        disks = payload.get("disks") or [{}]
        image = disks[0].get("image_uuid")
        if image is None:
            raise Refusal("Missing required properties: disks.*.image_uuid")
    if image is None:
        raise Refusal("Missing required properties: image_uuid")
    if brand not in IMAGES.get(image, ()):
        raise Refusal(f"Invalid value(s) for: image_uuid (no image {image} for {brand} is installed)")
    uuid = payload.get("uuid", str(uuids.uuid4()))
    known = store.Vms()
    if not values.UUID.fullmatch(uuid):
        raise Refusal("Invalid value(s) for: uuid")
    if known.one(uuid) is not None:
        raise Refusal(f"VM with UUID {uuid} already exists")
    vm: Vm = {key: payload[key] for key in {**values.CHANGEABLE, **values.ONCE} if key in payload}
    vm.update(uuid=uuid, zonename=uuid, zonepath=str(store.ZONES / uuid), nics=[], hvm=brand in values.HVM_BRANDS)
    vm.setdefault("autoboot", True)
    for key in ("tags", "customer_metadata", "internal_metadata"):
        vm.setdefault(key, {})
    vm.setdefault("max_physical_memory", vm.get("ram", 256))
    vm.update(state="stopped", zone_state="installed", platform_buildstamp=store.fault("buildstamp"))
    vm["create_timestamp"] = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    for nic in payload.get("nics", []):
        vm["nics"].append(_new_nic(vm, nic))
    values.check_nics(vm["nics"], [nic["mac"] for nic in vm["nics"]], known.all())
    if store.take_fault("config_failures"):
        raise Refusal("zonecfg: could not commit the configuration")
    zones.install(vm)
    entry: dict[str, t.Any] = {"vm": {}, "links": {}}
    _store(known, uuid, entry, vm)
    entry.pop("stale", None)
    if vm["autoboot"]:
        boot(known, uuid, entry)
    return done(f"Successfully created VM {uuid}")


def boot(known: store.Vms, uuid: str, entry: dict[str, t.Any]) -> None:
    """Start a VM. The boot hook refuses each list that the kernel refuses."""
    vm: Vm = entry["vm"]
    wholes = {}
    try:
        if store.take_fault("boot_failures"):
            raise links.LinkError("zone did not become ready")
        for nic in vm["nics"]:
            listed = [] if nic.get("allowed_ips") == [""] else nic.get("allowed_ips", [])
            wholes[nic["mac"]] = links.allowed_set(nic, listed)
            links.check_set(wholes[nic["mac"]])
    except links.LinkError as error:
        raise Refusal(f"Unable to start VM {uuid}: error setting VNIC allowed-ips: {error}") from error
    entry["links"] = {nic["mac"]: _link(nic, wholes[nic["mac"]]) for nic in vm["nics"]}
    vm.update(state="running", zone_state="running")
    entry["booted"] = time.time()
    known.save(uuid, entry)
    store.log("boots", uuid=uuid, alias=vm.get("alias", ""), nics=vm["nics"])
    zones.boot(vm, wholes)


def _halt(known: store.Vms, uuid: str, entry: dict[str, t.Any]) -> None:
    zones.halt(entry["vm"])
    entry["vm"].update(state="stopped", zone_state="installed")
    entry["links"] = {}
    known.save(uuid, entry)


def _existing(words: list[str], command: str) -> tuple[store.Vms, str, dict[str, t.Any]]:
    uuid = uuid_of(words, command)
    known = store.Vms()
    entry = known.one(uuid)
    if entry is None:
        raise Refusal(f"VM {uuid} not found")
    return known, uuid, entry


def _start(words: list[str], dummy: Payload) -> int:
    known, uuid, entry = _existing(words, "start")
    if entry["vm"]["state"] == "running":
        return done(f"VM {uuid} is already 'running'")
    entry["vm"]["autoboot"] = True
    boot(known, uuid, entry)
    return done(f"Successfully started VM {uuid}")


def _stop(words: list[str], dummy: Payload) -> int:
    known, uuid, entry = _existing(words, "stop")
    if any(word not in ("-F",) for word in words[1:]):
        raise UsageError("Invalid arguments for stop")
    if entry["vm"]["state"] != "running":
        return done(f"VM {uuid} is already not 'running' (currently: {entry['vm']['state']})")
    entry["vm"]["autoboot"] = False
    _halt(known, uuid, entry)
    return done(f"Successfully completed stop for VM {uuid}")


def _reboot(words: list[str], dummy: Payload) -> int:
    known, uuid, entry = _existing(words, "reboot")
    if entry["vm"]["state"] != "running":
        raise Refusal(f'Cannot reboot vm from state "{entry["vm"]["state"]}", must be "running"')
    _halt(known, uuid, entry)
    boot(known, uuid, entry)
    return done(f"Successfully rebooted VM {uuid}")


def _delete(words: list[str], dummy: Payload) -> int:
    known, uuid, entry = _existing(words, "delete")
    if entry["vm"]["state"] == "running":
        _halt(known, uuid, entry)
    zones.uninstall(entry["vm"])
    known.remove(uuid)
    return done(f"Successfully deleted VM {uuid}")
