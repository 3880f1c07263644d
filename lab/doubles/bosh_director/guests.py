# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guests as network namespaces behind the host's second card, with Debian's nginx where BOSH compiles its own.

A guest is set up as the agent does it: the addresses that it was given and no others, the default route of the one
network that has it, router advertisements accepted on all interfaces, and the jobs below ``/var/vcap``.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time
import typing as t

from .errors import DirectorError
from .machines import Machine, Nic
from .vcenter import Vcenter

TRUNK, BRIDGE = "trunk0", "vswitch0"
ROOT = pathlib.Path("/var/lib/bosh-double/vms")
VCAP = pathlib.Path("/var/vcap")
READY = 20.0  # seconds for a job to run
TELL = 1.0  # seconds between looks at the guests' addresses


def run(*command: str, check: bool = True) -> str:
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def set_up() -> None:
    """The bridge that stands for the physical network, and what all guests have on their disks."""
    while not pathlib.Path("/sys/class/net", TRUNK).exists():
        time.sleep(0.05)
    # A Director that starts anew knows no VM.
    for line in run("ip", "netns", "list").splitlines():
        run("ip", "netns", "del", line.split()[0])
    shutil.rmtree(ROOT, ignore_errors=True)
    run("groupadd", "--force", "vcap")
    VCAP.mkdir(exist_ok=True)
    run("ip", "link", "add", BRIDGE, "type", "bridge", "mcast_snooping", "0", check=False)
    for name in (BRIDGE, TRUNK):
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
    run("ip", "link", "set", TRUNK, "master", BRIDGE, "up")
    run("ip", "link", "set", BRIDGE, "up")


class Guests:
    """Guests that run, and vCenter told about them."""

    def __init__(self, vcenter: Vcenter) -> None:
        self._vcenter = vcenter
        self._running: dict[str, tuple[Machine, subprocess.Popen[bytes] | None]] = {}
        self._told: dict[str, list[list[str]]] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._tell_on, daemon=True).start()

    def create(self, machine: Machine) -> None:
        with self._lock:
            self._vcenter.create(machine)
            _plug(machine)
            self._running[machine.cid] = (machine, None)
            self._tell()
            if "nginx" in machine.jobs:
                self._running[machine.cid] = (machine, _nginx(machine.cid, machine.jobs["nginx"]))

    def delete(self, cid: str) -> None:
        with self._lock:
            _machine, job = self._running.pop(cid)
            self._told.pop(cid, None)
            if job is not None:
                os.killpg(job.pid, signal.SIGKILL)
                job.wait()
            run("ip", "netns", "del", cid)
            # One without jobs has nothing on its disk.
            shutil.rmtree(ROOT / cid, ignore_errors=True)
            self._vcenter.delete(cid)

    def _tell_on(self) -> None:
        while True:
            time.sleep(TELL)
            with self._lock:
                self._tell()

    def _tell(self) -> None:
        for cid, (machine, _job) in self._running.items():
            seen = [_addresses(cid, f"eth{number}") for number in range(len(machine.nics))]
            if self._told.get(cid) != seen:
                self._vcenter.tell(machine, seen)
                self._told[cid] = seen


def _plug(machine: Machine) -> None:
    cid = machine.cid
    run("ip", "netns", "add", cid)
    run("ip", "-n", cid, "link", "set", "lo", "up")
    for number, nic in enumerate(machine.nics):
        _interface(cid, f"eth{number}", nic)


def _interface(cid: str, name: str, nic: Nic) -> None:
    port = "v" + hashlib.sha256(nic.mac.encode()).hexdigest()[:10]
    run("ip", "link", "add", port, "type", "veth", "peer", "name", name, "address", nic.mac, "netns", cid)
    run("ip", "link", "set", port, "addrgenmode", "none")
    run("ip", "link", "set", port, "master", BRIDGE, "up")
    # Every interface of a VM with an IPv6 address accepts advertisements, that of the IPv4 network included.
    run("ip", "netns", "exec", cid, "sh", "-ec", f"echo 1 >/proc/sys/net/ipv6/conf/{name}/accept_ra")
    run("ip", "-n", cid, "link", "set", name, "up")
    duplicates = ["nodad"] if ":" in nic.address else []
    run("ip", "-n", cid, "addr", "add", nic.address, "dev", name, *duplicates)
    if nic.gateway is not None:
        family = "-6" if ":" in nic.gateway else "-4"
        run("ip", "-n", cid, family, "route", "add", "default", "via", nic.gateway, "dev", name)


def _addresses(cid: str, name: str) -> list[str]:
    shown: list[dict[str, t.Any]] = json.loads(run("ip", "-n", cid, "-j", "addr", "show", "dev", name))
    return [
        f"{one['local']}/{one['prefixlen']}"
        for entry in shown
        for one in entry.get("addr_info", [])
        if not one.get("tentative")
    ]


def _nginx(cid: str, properties: dict[str, t.Any]) -> subprocess.Popen[bytes]:
    """The job of nginx-release (``jobs/nginx/spec``): what the properties say, and nothing of its own.

    :raises DirectorError: it does not run.
    """
    root = ROOT / cid
    for place in ("jobs/nginx/etc", "sys/run/nginx", "sys/log/nginx", "data/nginx", "packages/nginx/conf"):
        (root / place).mkdir(parents=True, exist_ok=True)
    shutil.copy("/etc/nginx/mime.types", root / "packages/nginx/conf/mime.types")
    (root / "jobs/nginx/etc/nginx.conf").write_text(str(properties.get("nginx_conf", "")))
    start = root / "jobs/nginx/pre-start"
    start.write_text(str(properties.get("pre_start", "#!/bin/sh\n")))
    start.chmod(0o755)
    script = (
        f"mount --make-rprivate / && mount --bind {root} {VCAP} && {VCAP}/jobs/nginx/pre-start && "
        f"exec nginx -c {VCAP}/jobs/nginx/etc/nginx.conf -g 'daemon off; pid {VCAP}/sys/run/nginx/nginx.pid;'"
    )
    with (root / "sys/log/nginx/start.log").open("wb") as log:
        job = subprocess.Popen(
            ["ip", "netns", "exec", cid, "unshare", "--mount", "sh", "-ec", script],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until = time.monotonic() + READY
    while not (root / "sys/run/nginx/nginx.pid").exists():
        if job.poll() is not None or time.monotonic() > until:
            said = (root / "sys/log/nginx/start.log").read_text(errors="replace").strip()
            raise DirectorError(400007, f"'nginx' is not running after update. Review logs for failed jobs: {said}")
        time.sleep(0.02)
    return job
