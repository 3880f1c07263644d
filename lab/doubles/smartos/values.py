# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What vmadm accepts as values of properties, and in which order it looks (smartos-live, VM.js and proptable.js)."""

from __future__ import annotations

import ipaddress
import re
import typing as t

Nic = t.Dict[str, t.Any]
Vm = t.Dict[str, t.Any]

ALLOWED_MOST = 13
IPS_MOST = 20
TOGETHER_MOST = 32
OS_BRANDS = ("joyent", "joyent-minimal", "builder", "lx")
HVM_BRANDS = ("kvm", "bhyve")
BRANDS = OS_BRANDS + HVM_BRANDS
MAC = re.compile(r"([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}", re.IGNORECASE)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

BOOL, INT, TEXT, LIST, OBJECT = "boolean", "integer", "string", "list", "object"
NIC_TYPES = {
    "allow_dhcp_spoofing": BOOL,
    "allow_ip_spoofing": BOOL,
    "allow_mac_spoofing": BOOL,
    "allow_restricted_traffic": BOOL,
    "allow_unfiltered_promisc": BOOL,
    "allowed_dhcp_cids": LIST,
    "allowed_ips": LIST,
    "blocked_outgoing_ports": LIST,
    "dhcp_server": BOOL,
    "gateway": TEXT,
    "gateways": LIST,
    "interface": TEXT,
    "ip": TEXT,
    "ips": LIST,
    "mac": TEXT,
    "model": TEXT,
    "mtu": INT,
    "netmask": TEXT,
    "network_uuid": TEXT,
    "nic_tag": TEXT,
    "primary": BOOL,
    "vlan_id": INT,
    "vrrp_primary_ip": TEXT,
    "vrrp_vrid": INT,
}
# What a payload may have beside its NICs: those that can be changed later, and those that only create takes.
CHANGEABLE = {
    "alias": TEXT,
    "autoboot": BOOL,
    "billing_id": TEXT,
    "cpu_cap": INT,
    "cpu_shares": INT,
    "customer_metadata": OBJECT,
    "dns_domain": TEXT,
    "firewall_enabled": BOOL,
    "hostname": TEXT,
    "indestructible_zoneroot": BOOL,
    "internal_metadata": OBJECT,
    "limit_priv": TEXT,
    "maintain_resolvers": BOOL,
    "max_locked_memory": INT,
    "max_lwps": INT,
    "max_physical_memory": INT,
    "max_swap": INT,
    "owner_uuid": TEXT,
    "quota": INT,
    "ram": INT,
    "resolvers": LIST,
    "routes": OBJECT,
    "tags": OBJECT,
    "tmpfs": INT,
    "vcpus": INT,
    "zfs_io_priority": INT,
}
ONCE = {
    "brand": TEXT,
    "delegate_dataset": BOOL,
    "disks": LIST,
    "filesystems": LIST,
    "image_uuid": TEXT,
    "kernel_version": TEXT,
    "nics": LIST,
    "uuid": TEXT,
}
_PYTHON = {BOOL: bool, TEXT: str, LIST: list, OBJECT: dict}


class Refusal(Exception):
    """What vmadm says on standard error before it exits with 1."""


def is_type(value: object, kind: str) -> bool:
    if kind == INT:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, _PYTHON[kind])


def check_types(payload: t.Mapping[str, t.Any], types: t.Mapping[str, str], nic_lists: t.Sequence[str]) -> None:
    """All values of a wrong type at once, by the names under which vmadm reports them."""
    bad = [key for key, value in payload.items() if key in types and not is_type(value, types[key])]
    for key in nic_lists:
        entries = payload.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            bad.append(key)
            continue
        for nic in entries:
            bad += [
                f"nics.*.{name}" for name, value in nic.items() if name in NIC_TYPES and not _nic_value(name, value)
            ]
    if bad:
        raise Refusal(f"Invalid value(s) for: {','.join(dict.fromkeys(bad))}")


def _nic_value(name: str, value: object) -> bool:
    kind = NIC_TYPES[name]
    if kind == LIST and isinstance(value, str):
        # A list that is text gets past this check and crashes later.
        return name == "allowed_ips" and "," in value
    if not is_type(value, kind):
        return False
    if kind == LIST and name in ("allowed_ips", "ips", "gateways"):
        return all(isinstance(entry, str) and "," not in entry for entry in t.cast("list[object]", value))
    return True


def drop_unknown(nic: Nic) -> Nic:
    """Without what vmadm does not know, which it leaves out with a line in its log and no word to the caller."""
    return {key: value for key, value in nic.items() if key in NIC_TYPES}


def value_of(text: str) -> tuple[int, int] | None:
    """(family, number) of an address or of the address part of a CIDR; None when it is neither."""
    try:
        address = ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return None
    return address.version, int(address)


def _is_allowed(text: str) -> bool:
    found = value_of(text)
    if found is None:
        return False
    dummy, slash, length = text.partition("/")
    if not slash:
        return True
    # Not digits: accepted here, refused by the kernel later.
    return not re.fullmatch(r"[0-9]+", length) or 1 <= int(length) <= (32 if found[0] == 4 else 128)


def _is_ips(text: str) -> bool:
    if text in ("dhcp", "addrconf"):
        return True
    found = value_of(text)
    dummy, slash, length = text.partition("/")
    if found is None or not slash or not re.fullmatch(r"[0-9]+", length):
        return False
    return 8 <= int(length) <= 32 if found[0] == 4 else 0 <= int(length) <= 128


def is_static(entry: str) -> bool:
    return entry not in ("dhcp", "addrconf", "")


def check_nics(nics: t.Sequence[Nic], touched: t.Sequence[str], others: t.Iterable[Vm]) -> None:
    """The rules for the NICs of one VM as they would be, after the types: ``touched`` are the macs in the payload."""
    _check_ips(nics, touched)
    for nic in nics:
        if nic["mac"] in touched and isinstance(nic.get("allowed_ips"), str):
            raise Refusal("nic.allowed_ips.forEach is not a function")
        bad = [entry for entry in nic.get("allowed_ips", []) if not _is_allowed(entry)]
        if nic["mac"] in touched and bad and nic["allowed_ips"] != [""]:
            raise Refusal(f"invalid allowed_ips: {', '.join(bad)}")
    for nic in nics:
        if len(nic.get("allowed_ips", [])) > ALLOWED_MOST:
            raise Refusal(f"Maximum of {ALLOWED_MOST} allowed_ips per nic")
    for nic in nics:
        statics = [entry for entry in nic.get("ips", []) if is_static(entry)]
        if len(statics) + len(nic.get("allowed_ips", [])) + bool(nic.get("vrrp_primary_ip")) > TOGETHER_MOST:
            raise Refusal(f"More than {TOGETHER_MOST} IPs cannot be associated with a NIC")
    _check_others(nics, others)


def _check_ips(nics: t.Sequence[Nic], touched: t.Sequence[str]) -> None:
    seen: set[tuple[int, int]] = set()
    for nic in nics:
        ips = nic.get("ips", [])
        if len(ips) > IPS_MOST:
            raise Refusal(f"nic.*.ips contains {len(ips)} addresses, but is limited to {IPS_MOST}")
        for entry in ips:
            if nic["mac"] in touched and not _is_ips(entry):
                raise Refusal(f'Invalid IP for NIC: {{"ips":["{entry}"]}}')
            found = value_of(entry)
            if found is not None and found in seen:
                raise Refusal(f"Cannot add multiple NICs with the same IP: {entry.partition('/')[0]}")
            if found is not None:
                seen.add(found)
        for key in ("gateway", *(["gateways"] if "gateways" in nic else [])):
            gateways = [nic[key]] if key == "gateway" and key in nic else nic.get("gateways", [])
            for gateway in gateways:
                if gateway not in ("dhcp",) and (value_of(gateway) or (6,))[0] != 4:
                    raise Refusal(f"Static gateways must be IPv4 addresses: {gateway}")
        if nic.get("primary") is False:
            raise Refusal("invalid value for NIC's primary flag: false (must be true)")


def _check_others(nics: t.Sequence[Nic], others: t.Iterable[Vm]) -> None:
    there = {
        (nic.get("nic_tag"), nic.get("vlan_id", 0), value_of(entry))
        for vm in others
        for nic in vm["nics"]
        for entry in nic.get("ips", [])
        if is_static(entry)
    }
    macs = {nic["mac"] for vm in others for nic in vm["nics"]}
    for nic in nics:
        mine = {(nic.get("nic_tag"), nic.get("vlan_id", 0), value_of(e)) for e in nic.get("ips", []) if is_static(e)}
        if mine & there or nic["mac"] in macs:
            raise Refusal("Conflict detected with another vm, please check the MAC, IP, and VRID")
