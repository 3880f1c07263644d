# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The host's second card: a bridge for the zones, and a watch on the prefixes that routers advertise on it."""

from __future__ import annotations

import ipaddress
import pathlib
import socket
import struct
import time

import links
import smf
import store
import vmadm
import zones

TRUNK = "trunk0"
ETH_P_IPV6 = 0x86DD
ADVERTISEMENT = 134
PREFIX_OPTION = 3
AUTONOMOUS = 0x40


def run() -> int:
    """Set the card up, load the global zone's services, start the zones that boot by themselves; then watch."""
    while not pathlib.Path("/sys/class/net", TRUNK).exists():
        time.sleep(0.05)
    for bridge in zones.TAGS.values():
        address = pathlib.Path("/sys/class/net", TRUNK, "address").read_text().strip()
        zones.run("ip", "link", "add", bridge, "address", address, "type", "bridge", "mcast_snooping", "0", check=False)
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{bridge}/disable_ipv6").write_text("1")
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{TRUNK}/disable_ipv6").write_text("1")
        zones.run("ip", "link", "set", TRUNK, "master", bridge, "up")
        zones.run("ip", "link", "set", bridge, "up")
    zones.run("nft", "-f", "-", stdin=f"table {links.TABLE}\ndelete table {links.TABLE}\n{links.BASE}")
    (store.ROOT / "ipadm" / "global.json").unlink(missing_ok=True)
    _zones()
    smf.load_custom()
    pathlib.Path("/run/smartos-ready").touch()
    _watch()
    return 0


def _zones() -> None:
    with store.locked():
        known = store.Vms()
        for uuid in known.uuids():
            entry = known.one(uuid)
            if entry is None:
                continue
            vm = entry["vm"]
            if vm["state"] == "running":
                vm.update(state="stopped", zone_state="installed")
                entry["links"] = {}
                zones.halt(vm)
                known.save(uuid, entry)
            if vm["autoboot"]:
                try:
                    vmadm.boot(known, uuid, entry)
                except vmadm.Refusal as refusal:
                    store.log("failures", uuid=uuid, said=str(refusal))


def _watch() -> None:
    """Addresses of SLAAC pass the filters once a router has advertised their prefix (mac_protect.c, slaac)."""
    learnt: set[str] = set()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IPV6)) as watcher:
        watcher.bind((next(iter(zones.TAGS.values())), ETH_P_IPV6))
        while True:
            for prefix in advertised(watcher.recv(2048)):
                if prefix not in learnt:
                    learnt.add(prefix)
                    zones.run("nft", "add", "element", *links.TABLE.split(), "learnt", f"{{ {prefix} }}")


def advertised(packet: bytes) -> list[str]:
    """The prefixes for SLAAC in an IPv6 packet, if it is a router advertisement (RFC 4861, 4.2 and 4.6.2)."""
    if len(packet) < 56 or packet[6] != socket.IPPROTO_ICMPV6 or packet[7] != 255 or packet[40] != ADVERTISEMENT:
        return []
    found = []
    rest = packet[56:]
    while len(rest) >= 8 and rest[1]:
        option, rest = rest[: rest[1] * 8], rest[rest[1] * 8 :]
        if option[0] == PREFIX_OPTION and len(option) == 32:
            length, flags = struct.unpack("!BB", option[2:4])
            if flags & AUTONOMOUS and length == 64:
                found.append(str(ipaddress.IPv6Address(option[16:32])))
    return found
