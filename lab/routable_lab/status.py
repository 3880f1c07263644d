# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What a running lab looks like, as a table."""

from __future__ import annotations

from . import hosts
from .names import ROUTER, STRANGER
from .network import container
from .shell import LabError, run
from .topology import Host

HEAD = ("host", "suite", "systemd", "docker", "RA owner", "uplink", "default route", "addresses")

QUERY = r"""
# Not 0 for every state but "running"; the word is what is shown.
systemctl is-system-running 2>/dev/null || true
timeout 5 docker version -f '{{.Server.Version}}' 2>/dev/null | tail -1 | grep . || echo -
ip -6 route show default | sed -n 's/.* via \([^ ]*\).*/\1/p' | head -1 | grep . || echo -
ip -o addr show dev "$1" scope global | awk '{print $4}' | tr '\n' ' '; echo
"""


def _row(lab: str, host: Host, state: str) -> list[str]:
    if state != "running":
        return [host.name, host.suite, state, "-", host.manager, host.uplink, "-", "-"]
    out = run(["docker", "exec", container(lab, host.name), "sh", "-c", QUERY, "sh", host.uplink], check=False).stdout
    systemd, docker, route, addresses = [*out.splitlines(), "-", "-", "-", "-"][:4]
    return [host.name, host.suite, systemd, docker, host.manager, host.uplink, route, addresses.strip()]


def render(rows: list[list[str]]) -> str:
    """Rows under the head, in columns."""
    table = [list(HEAD), *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
    return "\n".join(line.rstrip() for line in lines)


def table(lab: str) -> str:
    """The lab's hosts, the router and the vantage point."""
    states = hosts.containers(lab)
    if not states:
        raise LabError(f"Lab {lab} is not up; `lab/lab up` brings it up.")
    rows = hosts.together(lambda host: _row(lab, host, states[container(lab, host.name)]), hosts.known(lab))
    for box, interface in ((ROUTER, "br0"), (STRANGER, "eth0")):
        state = states.get(container(lab, box))
        if state is None:
            continue
        addresses = ""
        if state == "running":
            show = f"ip -o addr show dev {interface} scope global | awk '{{print $4}}' | tr '\\n' ' '"
            addresses = run(["docker", "exec", container(lab, box), "sh", "-c", show], check=False).stdout.strip()
        rows.append([box, "-", state, "-", "-", interface, "-", addresses])
    return render(rows)
