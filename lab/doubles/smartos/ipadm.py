# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""ipadm and in.ndpd: address objects, on the interfaces of the network namespace in which the command runs."""

from __future__ import annotations

import ipaddress
import json
import pathlib
import re
import subprocess
import sys
import time
import typing as t

import links
import smf
import store

FIELDS = {"addrobj", "type", "state", "addr"}
DAD_SECONDS = 5.0


class IpadmError(Exception):
    """What ipadm says before it exits with 1."""


def _file() -> pathlib.Path:
    return store.ROOT / "ipadm" / f"{store.zone()}.json"


def objects() -> dict[str, dict[str, t.Any]]:
    """The address objects, by name: ``type`` and for static ones ``addr`` and ``state``."""
    found: dict[str, dict[str, t.Any]] = store.read(_file(), {})
    return found


def interfaces() -> list[str]:
    """Those that IP has: in the global zone the link of the host itself, and what was plumbed."""
    shown = json.loads(_ip("-j", "link", "show"))
    names = [
        entry["ifname"] for entry in shown if not re.match(r"v[0-9a-f]{10}$|vnic|trunk|lo|docker", entry["ifname"])
    ]
    if store.zone() == "global":
        plumbed = {name.partition("/")[0] for name in objects()}
        names = [name for name in names if name in plumbed or name == _uplink()]
    return ["lo0", *names]


def _uplink() -> str:
    return pathlib.Path("/etc/lab/uplink").read_text().strip()


def _exists(name: str) -> bool:
    return pathlib.Path("/sys/class/net", name).exists() or name in interfaces()


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout


def _addresses(interface: str) -> list[dict[str, t.Any]]:
    try:
        shown = json.loads(_ip("-j", "addr", "show", "dev", interface))
    except subprocess.CalledProcessError:
        return []
    return [one for entry in shown for one in entry.get("addr_info", [])]


def set_kernel(interface: str, **values: int) -> None:
    for key, value in values.items():
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{interface}/{key}").write_text(str(value))


def autoconfigure() -> None:
    """in.ndpd has started: interfaces with an addrconf object take router advertisements."""
    if not store.network():
        return
    for name, one in objects().items():
        if one["type"] == "addrconf":
            _addrconf(name.partition("/")[0], True)


def _addrconf(interface: str, daemon: bool) -> None:
    """A link-local address made from the MAC address, and router advertisements if in.ndpd runs."""
    set_kernel(interface, accept_ra=2 if daemon else 0)
    path = pathlib.Path(f"/proc/sys/net/ipv6/conf/{interface}/disable_ipv6")
    if path.read_text().strip() == "1":
        path.write_text("0")
    elif daemon:
        # The kernel solicits routers when the address is made, so it is made again.
        set_kernel(interface, disable_ipv6=1)
        set_kernel(interface, disable_ipv6=0)
    end = time.monotonic() + DAD_SECONDS
    while time.monotonic() < end:
        there = [one for one in _addresses(interface) if one["family"] == "inet6"]
        if there and not any(one.get("tentative") for one in there):
            return
        time.sleep(0.02)
    raise IpadmError("ipadm: Could not create address: Duplicate address detection did not end")


def lines() -> list[dict[str, str]]:
    rows = [{"addrobj": "lo0/v4", "type": "static", "state": "ok", "addr": "127.0.0.1/8"}]
    named = objects()
    for interface in interfaces()[1:]:
        there = _addresses(interface) if store.network() else []
        for one in [one for one in there if one["family"] == "inet"]:
            addr = f"{one['local']}/{one['prefixlen']}"
            rows.append({"addrobj": f"{interface}/_a", "type": "static", "state": "ok", "addr": addr})
        for name, entry in named.items():
            if name.partition("/")[0] != interface:
                continue
            if entry["type"] == "static":
                rows.append({"addrobj": name, "type": "static", "state": entry["state"], "addr": entry["addr"]})
                continue
            statics = {e["addr"].partition("/")[0] for e in named.values() if e["type"] == "static"}
            for one in [one for one in there if one["family"] == "inet6" and one["local"] not in statics]:
                zone_id = f"%{interface}" if one["scope"] == "link" else ""
                addr = f"{one['local']}{zone_id}/{one['prefixlen']}"
                rows.append({"addrobj": name, "type": "addrconf", "state": "ok", "addr": addr})
            if not there:
                rows.append({"addrobj": name, "type": "addrconf", "state": "ok", "addr": "::"})
    return rows


def show_addr(words: list[str]) -> None:
    if len(words) not in (3, 4) or words[:2] != ["-p", "-o"] or set(words[2].split(",")) - FIELDS:
        raise IpadmError(f"ipadm: the double does not know: show-addr {' '.join(words)}")
    rows = [row for row in lines() if len(words) == 3 or row["addrobj"] == words[3]]
    if len(words) == 4 and not rows:
        raise IpadmError(f"ipadm: address object '{words[3]}' not found: Address object not found")
    several = "," in words[2]
    for row in rows:
        cells = [row[field] for field in words[2].split(",")]
        print(":".join(cell.replace(":", r"\:") if several else cell for cell in cells))


def show_if(words: list[str]) -> None:
    if words != ["-p", "-o", "ifname"]:
        raise IpadmError(f"ipadm: the double does not know: show-if {' '.join(words)}")
    print("\n".join(interfaces()))


def create_addr(words: list[str]) -> None:
    rest = list(words)
    if rest[:1] != ["-t"]:
        raise IpadmError("ipadm: Could not create address: the double keeps temporary objects only (-t)")
    kind = rest[2] if rest[1:2] == ["-T"] and len(rest) > 3 else ""
    name = rest[-1]
    if not re.fullmatch(r"[a-z][a-z0-9_]*[0-9]/[A-Za-z][A-Za-z0-9_]*", name):
        raise IpadmError(f"ipadm: Could not create address: Invalid address object name: {name}")
    interface = name.partition("/")[0]
    if not _exists(interface):
        raise IpadmError("ipadm: Could not create address: Interface does not exist")
    found = objects()
    if name in found:
        raise IpadmError("ipadm: Could not create address: Address object already exists")
    addrconf = [one for one, entry in found.items() if entry["type"] == "addrconf" and one.startswith(f"{interface}/")]
    if kind == "addrconf" and len(rest) == 4:
        if addrconf:
            raise IpadmError("ipadm: Could not create address: Addrconf already in progress")
        found[name] = {"type": "addrconf"}
        if store.network():
            _addrconf(interface, smf.online(smf.NDP))
    elif kind == "static" and rest[3:4] == ["-a"] and len(rest) == 6:
        found[name] = {"type": "static", "addr": rest[4], "state": _static(interface, rest[4], bool(addrconf))}
    else:
        raise IpadmError(f"ipadm: the double does not know: create-addr {' '.join(words)}")
    store.write(_file(), found)
    if found[name].get("state") == "down":
        raise IpadmError("ipadm: Could not create address: Operation failed")


def _static(interface: str, text: str, addrconf: bool) -> str:
    try:
        address = ipaddress.IPv6Interface(text)
    except ValueError as error:
        raise IpadmError("ipadm: Could not create address: Invalid address") from error
    if "/" not in text:
        raise IpadmError("ipadm: Could not create address: the double wants a prefix length")
    if not addrconf and not address.ip.is_link_local:
        raise IpadmError("ipadm: Could not create address: no link-local address is there yet (ipadm(8))")
    entry = store.Vms().one(store.zone())
    if entry is not None:
        nic = next(nic for nic in entry["vm"]["nics"] if nic["interface"] == interface)
        if not links.permits(nic, entry["links"][nic["mac"]]["allowed-ips"], str(address.ip)):
            return "down"
    if store.network():
        if any(one["local"] == str(address.ip) for one in _addresses(interface)):
            raise IpadmError("ipadm: Could not create address: Address already in use")
        _ip("-6", "addr", "add", str(address), "dev", interface)
    return "ok"


def delete_addr(words: list[str]) -> None:
    found = objects()
    if len(words) != 1 or words[0] not in found:
        raise IpadmError("ipadm: could not delete address: Object not found")
    interface = words[0].partition("/")[0]
    one = found.pop(words[0])
    store.write(_file(), found)
    if not store.network():
        return
    if one["type"] == "addrconf":
        if interface != (_uplink() if store.zone() == "global" else ""):
            set_kernel(interface, accept_ra=0, disable_ipv6=1)
    elif one["state"] == "ok":
        _ip("-6", "addr", "del", one["addr"], "dev", interface)


def ipadm(words: list[str]) -> int:
    verbs: dict[str, t.Callable[[list[str]], None]] = {
        "show-addr": show_addr,
        "show-if": show_if,
        "create-addr": create_addr,
        "delete-addr": delete_addr,
    }
    try:
        if not words or words[0] not in verbs:
            raise IpadmError(f"ipadm: the double does not know: {' '.join(words)}")
        verbs[words[0]](words[1:])
    except IpadmError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def ndpd(words: list[str]) -> int:
    """in.ndpd of a zone of the brand lx: it takes every interface that has IPv6, and ends when one runs already."""
    if words:
        print(f"in.ndpd: the double does not know: {' '.join(words)}", file=sys.stderr)
        return 1
    found = objects()
    for interface in interfaces()[1:]:
        if any(name.startswith(f"{interface}/") for name in found):
            continue
        made_by_boot(interface, True)
    return 0


def made_by_boot(interface: str, daemon: bool) -> None:
    """An addrconf object with a name of the system's own, which ipadm itself does not take."""
    store.write(_file(), {**objects(), f"{interface}/_v6": {"type": "addrconf"}})
    if store.network():
        _addrconf(interface, daemon)
