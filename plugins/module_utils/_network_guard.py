# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What the guard keeps by default, what it refuses, what it holds essential, and the units that carry it."""

from __future__ import annotations

import posixpath
import re
import shlex
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_host as host
from ansible_collections.routable.ipv6.plugins.module_utils._files import TEMPORARY
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

CHECKS = ("routes", "gateways", "addresses")
# Whoever sets up links, kernel parameters, firewall and Docker reads it here; what is below /run is made from that.
PATHS = (
    "/etc/netplan",
    "/etc/systemd/network",
    "/etc/systemd/networkd.conf",
    "/etc/systemd/networkd.conf.d",
    "/etc/systemd/system",
    "/etc/network",
    "/etc/NetworkManager/NetworkManager.conf",
    "/etc/NetworkManager/conf.d",
    "/etc/NetworkManager/system-connections",
    "/etc/sysctl.conf",
    "/etc/sysctl.d",
    "/etc/nftables.conf",
    "/etc/nftables.d",
    "/etc/iptables",
    "/etc/docker/daemon.json",
    # What a module that was killed has left half written there.
    f"/etc/docker/{TEMPORARY}*",
    f"/etc/{TEMPORARY}*",
    "/etc/default/docker",
    "/etc/routable-ipv6",
    "/usr/local/lib/routable-ipv6",
    "/var/lib/routable-ipv6",
    "/run/systemd/network",
    "/run/NetworkManager/system-connections",
)
UNITS = (
    "NetworkManager.service",
    "docker.service",
    "ndppd.service",
    "networking.service",
    "nftables.service",
    "systemd-networkd.service",
)
SHORTEST = 10  # seconds after which a guard may put the host back


@dataclass(frozen=True)
class Gateway:
    """A default route's way out."""

    family: str  # 4 or 6
    link: str
    address: str


def options(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What :func:`agent.take` is to keep, from the module's options.

    :raises Refused: a value that cannot be kept.
    """
    for path in params["paths"]:
        if not path.startswith("/") or posixpath.normpath(path) != path or path in ("/", "/etc", "/var", "/usr"):
            raise Refused(
                f"paths={path}",
                "it must be the absolute path of a file or of a small directory",
                "Name what is changed",
            )
    for name in params["sysctls"]:
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+", name, re.ASCII) or {".", ".."} & set(name.split("/")):
            raise Refused(
                f"sysctls={name}", "a kernel parameter is named by its path below /proc/sys", "Write net/ipv6/..."
            )
    for name in params["units"]:
        if not re.fullmatch(r"[\w.@:\\-]+\.(service|socket|timer|target)", name, re.ASCII) or name[0] == "-":
            raise Refused(
                f"units={name}", "this is no name of a unit", "Write it with its ending, as in docker.service"
            )
    return {
        "paths": [*PATHS, *params["paths"]],
        "interfaces": list(params["interfaces"]),
        "sysctls": list(params["sysctls"]),
        "units": sorted({*UNITS, *params["units"]}),
        "firewall": params["firewall"],
    }


def commands(texts: t.Iterable[str]) -> list[list[str]]:
    """The user's own checks, split into words as a shell does.

    :raises Refused: one that cannot be split, or is empty.
    """
    found = []
    for text in texts:
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise Refused(
                f"commands={text}", f"it cannot be split into words ({error})", "Quote it as for a shell"
            ) from error
        if not words:
            raise Refused("commands=", "a check needs a command", "Name one, or leave the entry out")
        found.append(words)
    return found


def gateways(routes: t.Iterable[str]) -> list[Gateway]:
    """The gateways of the default routes among the keys of :func:`links.routes`."""
    found = []
    for route in routes:
        family, *words = route.split()
        if words[0] == "default" and "dev" in words:
            place = words.index("via") if "via" in words else -1
            address = "" if place < 0 else words[place + 1]
            # An IPv4 route may lead to an IPv6 neighbour (RFC 5549): `via inet6 fe80::1`.
            if address == "inet6":
                address = words[place + 2]
            found.append(Gateway(family, words[words.index("dev") + 1], address))
    return found


def missing(
    before: host.Snapshot,
    now: host.Snapshot,
    checks: t.Collection[str],
    answered: t.Iterable[t.Sequence[str]],
    answers: t.Collection[Gateway],
) -> list[str]:
    """What was essential when the guard was armed and is no longer there, one sentence each.

    :arg answered: the gateways that answered then, as lists of the fields of :class:`Gateway`.
    :arg answers: those that answer now.
    """
    found = []
    ways = gateways(now["routes"])
    if "routes" in checks:
        then = {(way.family, way.link) for way in gateways(before["routes"])}
        for family, link in sorted(then - {(way.family, way.link) for way in ways}):
            found.append(f"IPv{family} has no default route through {link}")
    if "gateways" in checks:
        working = {(way.family, way.link) for way in answers}
        for family, link, address in answered:
            now_there = [way.address for way in ways if (way.family, way.link) == (family, link)]
            if (family, link) not in working and now_there:
                found.append(f"no gateway of IPv{family} answers on {link} ({', '.join(now_there)}; it was {address})")
    if "addresses" in checks:
        for link, old in before["addresses"].items():
            gone = sorted(set(old) - set(now["addresses"].get(link, {})))
            found += [f"{link} has lost its address {address}" for address in gone]
    return found


def unit_texts(interpreter: str, timeout: int) -> dict[str, str]:
    """The units of an armed guard, by name. They are files, so that a reboot does not end the guard."""
    program = f"{interpreter} -I -S -B {host.DIRECTORY}/network_guard_agent.py"
    head = "# Written by Ansible (routable.ipv6.network_guard); it goes away with the guard.\n[Unit]\n"
    armed = f"ConditionPathExists={host.DIRECTORY}/armed.json\n"
    service = "\n[Service]\nType=oneshot\nTimeoutStartSec=infinity\n"
    again = "Restart=on-failure\nRestartSec=10\n"
    return {
        # OnActiveSec counts on a clock that nobody sets (systemd.timer(5), "monotonic timers").
        f"{host.UNIT}.timer": (
            f"{head}Description=Put the network back in {timeout} s\n\n"
            f"[Timer]\nOnActiveSec={timeout}\nAccuracySec=1s\n\n[Install]\nWantedBy=timers.target\n"
        ),
        f"{host.UNIT}.service": (
            f"{head}Description=Put the network back as it was\nStartLimitIntervalSec=0\n"
            f"{service}{again}ExecStart={program} restore {host.DIRECTORY}\n"
        ),
        # Before anything reads the files.
        f"{host.UNIT}-boot.service": (
            f"{head}Description=Put the network's files back, since the host was booted under an armed guard\n"
            "DefaultDependencies=no\nAfter=local-fs.target\n"
            "Before=systemd-sysctl.service network-pre.target systemd-networkd.service netplan-configure.service"
            " NetworkManager.service networking.service cloud-init-local.service sysinit.target shutdown.target\n"
            f"Conflicts=shutdown.target\n{armed}{service}ExecStart={program} boot {host.DIRECTORY}\n\n"
            "[Install]\nWantedBy=sysinit.target\n"
        ),
        f"{host.UNIT}-late.service": (
            f"{head}Description=Put the rest of the network back, since the host was booted under an armed guard\n"
            "After=network.target docker.service\nStartLimitIntervalSec=0\n"
            f"{armed}{service}{again}ExecStart={program} late {host.DIRECTORY}\n\n"
            "[Install]\nWantedBy=multi-user.target\n"
        ),
    }


# Which target wants which unit: the links that `systemctl enable` would make.
WANTS = {
    "timers.target": f"{host.UNIT}.timer",
    "sysinit.target": f"{host.UNIT}-boot.service",
    "multi-user.target": f"{host.UNIT}-late.service",
}


def held(armed: t.Mapping[str, t.Any]) -> str:
    """Who has armed the guard, as a clause."""
    since, timeout = armed["since"], armed["timeout"]
    return f"{armed['holder']} has armed the guard of this host at {since} for {timeout} s (run {armed['run']})"


def told(entry: t.Mapping[str, t.Any]) -> str:
    """An entry of the journal for people."""
    steps = "; ".join(entry.get("steps", [])) or "nothing had to be done"
    failed = entry.get("failed") or []
    when = f"at {entry['time']}, because {entry['why']}"
    text = f"The guard that {entry['holder']} had armed put this host back {when}: {steps}."
    return text + (f" This failed and is tried again: {'; '.join(failed)}." if failed else "")
