# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The first process of a zone: it shuts off the host's files, boots as its brand does, and answers on some ports."""

from __future__ import annotations

import os
import pathlib
import socket
import subprocess
import threading

import ipadm
import smf
import store
import zones

PORTS = (22, 80)
GREETING = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nA zone.\n"


def run(uuid: str) -> int:
    entry = store.Vms().one(uuid)
    if entry is None:
        raise SystemExit(f"no zone {uuid}")
    vm = entry["vm"]
    _mounts(uuid)
    _addresses(vm)
    zones.pidfile(uuid).write_text(str(os.getpid()))
    if vm["brand"] in ("joyent", "joyent-minimal", "builder"):
        first = any("addrconf" in nic.get("ips", []) for nic in vm["nics"])
        for nic in vm["nics"]:
            if "addrconf" in nic.get("ips", []):
                # /etc/addrconf.netN, written by vmadm; the object's name is the system's.
                ipadm.made_by_boot(nic["interface"], False)
        smf.boot(uuid, first)
    elif vm["brand"] == "lx" and any("addrconf" in nic.get("ips", []) for nic in vm["nics"]):
        ipadm.ndpd([])
    for port in PORTS:
        threading.Thread(target=_serve, args=(port,)).start()
    return 0


def _mounts(uuid: str) -> None:
    def mount(*words: str) -> None:
        subprocess.run(["mount", *words], check=True)

    mount("--make-rprivate", "/")
    root = zones.root(uuid)
    for place in ("/opt", "/tmp", "/var/tmp"):
        source = root / ("tmp" if place.endswith("tmp") else place[1:])
        mount("--bind", str(source), place)
    mount("--bind", str(store.ROOT), str(store.ROOT))
    identity = root / "zonename"
    identity.write_text(uuid)
    pathlib.Path("/run/smartos-zone").touch()
    mount("--bind", str(identity), "/run/smartos-zone")
    mount("-t", "tmpfs", "zones", str(store.ZONES))
    # All else is the host's, to be looked at and not to be changed.
    mount("-o", "remount,bind,ro", "/")


def _addresses(vm: dict[str, object]) -> None:
    """IPv4 of all brands, and IPv6 where the brand's own boot sets it from ``ips`` (lx)."""
    for nic in vm["nics"]:  # type: ignore[attr-defined]
        for entry in nic.get("ips", []):
            if entry in ("dhcp", "addrconf") or (":" in entry and vm["brand"] != "lx"):
                continue
            family = "-6" if ":" in entry else "-4"
            extra = ["nodad"] if ":" in entry else []
            subprocess.run(["ip", family, "addr", "add", entry, "dev", nic["interface"], *extra], check=True)


def _serve(port: int) -> None:
    """Take connections on all addresses, IPv4 too, and say something."""
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64) as server:
        while True:
            connection, dummy = server.accept()
            with connection:
                try:
                    connection.sendall(GREETING)
                except OSError:
                    continue
