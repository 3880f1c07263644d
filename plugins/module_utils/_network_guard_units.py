# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Units and Docker as the guard keeps them, and how they come back.

A part of the guard's program, see :mod:`_network_guard_agent`. Standard library of Python 3.8 only.
"""

from __future__ import annotations

import base64
import json
import os
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_files import file_entry, put
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_host import UNIT, booted, do, run

DAEMON = "/etc/docker/daemon.json"


def units(names: t.Iterable[str]) -> dict[str, dict[str, str]]:
    if not booted():
        return {}
    listed = run("systemctl", "list-units", "--all", "--plain", "--no-legend", "routable-ipv6-*.service")[1]
    wanted = sorted({*names, *(line.split()[0] for line in listed.splitlines() if line.strip())})
    wanted = [name for name in wanted if not name.startswith(UNIT)]
    output = run("systemctl", "show", "--property=Id,LoadState,ActiveState,InvocationID", *wanted)[1]
    found = {}
    for name, block in zip(wanted, output.strip().split("\n\n")):
        known = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        found[name] = {key: known.get(key, "") for key in ("LoadState", "ActiveState", "InvocationID")}
    return found


def running(unit: t.Mapping[str, str] | None) -> bool:
    return unit is not None and unit["ActiveState"] in ("active", "activating", "reloading")


def restart(unit: str) -> None:
    run("systemctl", "reset-failed", unit)
    do("systemctl", "restart", unit)


def docker() -> dict[str, t.Any]:
    """Docker's networks that somebody made, by id, and the IPv6 addresses of its default bridge."""
    listing = ("docker", "network", "ls", "--no-trunc", "--quiet", "--filter", "type=custom")
    status, output, _errors = run(*listing) if docker_runs() else (1, "", "")
    words = run("ip", "-6", "-o", "address", "show", "dev", "docker0")[1].split()
    # All but what the kernel makes of the bridge's own MAC address, which is another one each time.
    bridge = [word for word in words if ":" in word and "/" in word and word[:4] != "fe80" or word == "fe80::1/64"]
    networks = None if status else sorted(output.split())
    return {"networks": networks, "bridges": bridges_of(networks or []), "bridge": sorted(bridge)}


def bridges_of(networks: t.Sequence[str]) -> dict[str, str]:
    """The bridges of Docker's networks, by id."""
    found = {}
    if networks:
        option = '{{.Id}} {{index .Options "com.docker.network.bridge.name"}}'
        for line in run("docker", "network", "inspect", "--format", option, *networks)[1].splitlines():
            network, _space, name = line.partition(" ")
            found[network] = name or f"br-{network[:12]}"
    return found


def docker_runs() -> bool:
    # Its socket unit would start a Docker that does not run.
    return booted() and run("systemctl", "is-active", "--quiet", "docker.service")[0] == 0


def stop_docker(forget_bridge: bool) -> None:
    do("systemctl", "stop", "docker.service", "docker.socket")
    if forget_bridge and os.path.isdir("/sys/class/net/docker0"):
        do("ip", "link", "delete", "docker0")


def settle_bridge(wanted: list[str], entry: dict[str, t.Any] | None) -> None:
    """Start Docker once more where its bridge has come with addresses of another prefix.

    Docker makes the bridge from a store of its own, and only a start without IPv6 clears that (20.10 to 28.5).

    :raises Trouble: Docker does not start.
    """
    if docker()["bridge"] == wanted:
        return
    stop_docker(True)
    if wanted and entry is not None:
        content = json.loads(base64.b64decode(entry["data"]) or b"{}")
        without = {key: value for key, value in content.items() if key not in ("ipv6", "fixed-cidr-v6", "bip6")}
        put(DAEMON, file_entry(json.dumps(without), 0o644))
        try:
            restart("docker.service")
            stop_docker(True)
        finally:
            put(DAEMON, entry)
    restart("docker.service")
