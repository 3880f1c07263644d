# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""vmadm get, lookup and list: what is read, and in which form."""

from __future__ import annotations

import json
import re

import store
from values import Refusal, Vm
from words import Payload, UsageError, show, uuid_of

# fmt: off
ORDER = (
    "zonename", "uuid", "alias", "state", "zone_state", "brand", "hvm", "autoboot", "hostname", "image_uuid",
    "quota", "ram", "max_physical_memory", "vcpus", "resolvers", "nics", "disks", "customer_metadata",
    "internal_metadata", "tags", "platform_buildstamp", "create_timestamp", "zonepath",
)
# fmt: on


def _public(vm: Vm) -> Vm:
    ordered = {key: vm[key] for key in ORDER if key in vm}
    return {**ordered, **{key: value for key, value in vm.items() if not key.startswith("_")}}


def get(words: list[str], dummy: Payload) -> int:
    uuid = uuid_of(words, "get")
    vm = store.Vms().shown(uuid)
    if vm is None:
        raise Refusal(f"zoneadm: {uuid}: No such zone configured")
    return show(_public(vm))


# fmt: off
FIELDS = (
    "alias", "autoboot", "billing_id", "brand", "cpu_cap", "cpu_shares", "create_timestamp", "dns_domain",
    "hostname", "hvm", "image_uuid", "max_lwps", "max_physical_memory", "nics", "owner_uuid",
    "platform_buildstamp", "quota", "ram", "state", "tags", "type", "uuid", "vcpus", "zone_state", "zonename",
    "zonepath", "customer_metadata", "internal_metadata",
)
# fmt: on
NIC_KEYS = ("ip", "mac", "interface", "nic_tag", "vlan_id", "gateway", "netmask", "model", "dhcp_server")


def lookup(words: list[str], dummy: Payload) -> int:
    as_json = unique = False
    fields: list[str] | None = None
    wanted: list[tuple[str, str]] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "-j":
            as_json = True
        elif word == "-1":
            unique = True
        elif word == "-o" and rest:
            fields = rest.pop(0).split(",")
        elif "=" in word and not word.startswith("-"):
            key, dummy_sign, value = word.partition("=")
            _check_key(key)
            wanted.append((key, value))
        else:
            raise UsageError(f"Invalid argument: {word}")
    for field in fields or []:
        if field not in FIELDS:
            raise Refusal(f'Invalid lookup key: "{field}"')
    known = store.Vms()
    found = []
    for uuid in known.uuids():
        vm = known.shown(uuid)
        if vm is not None and all(_matches(vm, key, value) for key, value in wanted):
            found.append(_listed(vm))
    if unique and len(found) != 1:
        raise Refusal(f"Requested unique lookup but found {len(found)} results.")
    if as_json:
        return show([{key: vm[key] for key in fields if key in vm} for vm in found] if fields else found)
    for vm in found:
        print(vm["uuid"])
    return 0


def _listed(vm: Vm) -> Vm:
    """With what a list has and ``get`` has not."""
    kind = {"kvm": "KVM", "bhyve": "BHYV", "lx": "LX"}.get(vm["brand"], "OS")
    extra = {"ram": vm["max_physical_memory"]} if kind in ("OS", "LX") and "max_physical_memory" in vm else {}
    return {**_public(vm), "type": kind, **extra}


def _check_key(key: str) -> None:
    nic = re.fullmatch(r"nics\.(\*|[0-9]+)\.(\w+)", key)
    good = key in FIELDS or (nic is not None and nic[2] in NIC_KEYS)
    if not good and not re.fullmatch(r"(tags|customer_metadata|internal_metadata)\..+", key):
        raise Refusal(f'Invalid lookup key: "{key}"')


def _matches(vm: Vm, key: str, value: str) -> bool:
    head, dot, tail = key.partition(".")
    if head == "nics" and dot:
        index, dummy, name = tail.partition(".")
        nics = vm["nics"] if index == "*" else vm["nics"][int(index) : int(index) + 1]
        there = [nic.get(name) for nic in nics]
    elif dot:
        there = [vm.get(head, {}).get(tail)]
    else:
        there = [_listed(vm).get(key)]
    texts = [json.dumps(one) if isinstance(one, bool) else str(one) for one in there if one is not None]
    if value.startswith("~"):
        return any(re.search(value[1:], text) for text in texts)
    return value in texts


def list_vms(words: list[str], dummy: Payload) -> int:
    if words:
        raise UsageError(f"The double knows no words for list: {' '.join(words)}")
    print("UUID                                  TYPE  RAM      STATE             ALIAS")
    for vm in map(_listed, store.Vms().all()):
        print(f"{vm['uuid']}  {vm['type']:4}  {vm.get('ram', 0):<7}  {vm['state']:16}  {vm.get('alias', '-')}")
    return 0
