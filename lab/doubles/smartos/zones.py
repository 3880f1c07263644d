# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""Zones as network namespaces on the link: each has a port of the bridge, whose filter stands outside of the zone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

import links
import store
from values import Nic, Vm

# NIC tags of this host, and the bridge that stands for the card behind each.
TAGS = {"external": "ixgbe0"}
HERE = pathlib.Path(__file__).resolve().parent
READY = 10.0  # seconds


def run(*command: str, stdin: str | None = None, check: bool = True) -> str:
    done = subprocess.run(command, input=stdin, text=True, capture_output=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}\n{stdin or ''}")
    return done.stdout


def space(uuid: str) -> str:
    """The name of the zone's network namespace."""
    return f"zone-{uuid}"


def port(nic: Nic) -> str:
    """The global zone's end of the NIC."""
    return "v" + hashlib.sha256(nic["mac"].encode()).hexdigest()[:10]


def pidfile(uuid: str) -> pathlib.Path:
    return pathlib.Path(f"/run/zone-{uuid}.pid")


def root(uuid: str) -> pathlib.Path:
    return store.ZONES / uuid / "root"


def install(vm: Vm) -> None:
    for name in ("opt", "var", "tmp"):
        (root(vm["uuid"]) / name).mkdir(parents=True, exist_ok=True)


def uninstall(vm: Vm) -> None:
    shutil.rmtree(store.ZONES / vm["uuid"], ignore_errors=True)
    (store.ROOT / "smf" / f"{vm['uuid']}.json").unlink(missing_ok=True)


def boot(vm: Vm, wholes: dict[str, list[str]]) -> None:
    """Give the zone its NICs, filtered from the first packet on, and start what runs in it."""
    (store.ROOT / "ipadm" / f"{vm['uuid']}.json").unlink(missing_ok=True)
    if not store.network():
        return
    uuid = vm["uuid"]
    name = space(uuid)
    run("ip", "netns", "del", name, check=False)
    run("ip", "netns", "add", name)
    run("ip", "-n", name, "link", "set", "lo", "up")
    for nic in vm["nics"]:
        end, interface = port(nic), nic["interface"]
        run("ip", "link", "del", end, check=False)
        peer = ("peer", "name", interface, "address", nic["mac"], "netns", name)
        run("ip", "link", "add", end, "type", "veth", *peer)
        run("ip", "link", "set", end, "addrgenmode", "none")
        # An illumos zone has no IPv6 before it is asked for; a Linux has its link-local address at once.
        off = "0" if vm["brand"] not in ("joyent", "joyent-minimal", "builder") else "1"
        inside(name, f"echo {off} >/proc/sys/net/ipv6/conf/{interface}/disable_ipv6")
        inside(name, f"echo {int(vm['hvm'])} >/proc/sys/net/ipv6/conf/{interface}/accept_ra")
        protect(vm, nic, wholes[nic["mac"]])
        run("ip", "link", "set", end, "master", TAGS[nic["nic_tag"]], "up")
        run("ip", "-n", name, "link", "set", interface, "up")
    with open("/dev/null", "r+b") as null:
        guest = subprocess.Popen(
            ["ip", "netns", "exec", name, "unshare", "--mount", "python3", "-S", "-E", "-B", str(HERE), "guest", uuid],
            stdin=null,
            stdout=null,
            stderr=open(f"/run/zone-{uuid}.log", "wb"),  # noqa: SIM115
            start_new_session=True,
        )
    end_time = time.monotonic() + READY
    while not pidfile(uuid).exists():
        if guest.poll() is not None or time.monotonic() > end_time:
            raise RuntimeError(pathlib.Path(f"/run/zone-{uuid}.log").read_text())
        time.sleep(0.01)


def inside(name: str, script: str) -> None:
    run("ip", "netns", "exec", name, "sh", "-ec", script)


def halt(vm: Vm) -> None:
    if not store.network():
        return
    uuid = vm["uuid"]
    for nic in vm["nics"]:
        run("nft", "-f", "-", stdin=links.no_rules(port(nic)), check=False)
        run("ip", "link", "del", port(nic), check=False)
    try:
        pid = int(pidfile(uuid).read_text())
    except (FileNotFoundError, ValueError):
        pid = 0
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    pidfile(uuid).unlink(missing_ok=True)
    run("ip", "netns", "del", space(uuid), check=False)


def protect(vm: Vm, nic: Nic, whole: list[str]) -> None:
    """Filter what comes out of the NIC by its flags and its list."""
    if store.network():
        run("nft", "-f", "-", stdin=links.rules(port(nic), nic, whole))
