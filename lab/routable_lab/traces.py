# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What a lab could leave on the machine, to be compared before it comes up and after it has gone."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from .shell import LabError, run

COMMANDS = {
    "links": ["ip", "-o", "link", "show"],
    "addresses": ["ip", "-o", "addr", "show"],
    "namespaces": ["ip", "netns", "list"],
    "IPv4 routes": ["ip", "-4", "route", "show", "table", "all"],
    "IPv6 routes": ["ip", "-6", "route", "show", "table", "all"],
    "rules": ["ip", "-6", "rule", "show"],
    "firewall": ["nft", "list", "ruleset"],
    "iptables": ["iptables-save"],
    "sysctls": ["sysctl", "-a"],
}
# Values that count or draw lots and so change by themselves.
COUNTERS = re.compile(
    r"^(fs\.(dentry-state|file-nr|inode-(nr|state)|quota\.|aio-nr)|kernel\.(ns_last_pid|random\.|pty\.nr|pid_max_seen)"
    r"|kernel\.sched_domain|net\.netfilter\.nf_conntrack_count|debug\.|vm\.stat|net\..*\.stable_secret)"
)
# Lifetimes that run, and counters in rules.
RUNNING = re.compile(r"(expires|valid_lft|preferred_lft) \d+sec|counter packets \d+ bytes \d+|\[\d+:\d+\]|^#.*")


def lines(name: str, text: str) -> list[str]:
    """The lines of a command's output that mean configuration, in a fixed order."""
    found = (RUNNING.sub("", line).strip() for line in text.splitlines())
    return sorted(line for line in found if line and not (name == "sysctls" and COUNTERS.match(line)))


def _tree(top: str, depth: int) -> list[str]:
    found = []
    for path, directories, names in os.walk(top):
        found += [os.path.join(path, name) for name in (*directories, *names)]
        if path.count("/") - top.count("/") + 1 >= depth:
            directories.clear()
    return sorted(found)


def snapshot() -> dict[str, list[str]]:
    """The machine's configuration as far as a lab could touch it."""
    state = {}
    for name, command in COMMANDS.items():
        try:
            state[name] = lines(name, run(command, check=False).stdout)
        except LabError:  # no such command here: nothing to compare
            state[name] = []
    state["mounts"] = sorted(Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines())
    state["files"] = _tree("/run", 3) + _tree("/tmp", 1) + _tree("/etc/docker", 1) + _tree("/var/lib/docker", 1)
    state["cgroups"] = _tree("/sys/fs/cgroup", 2)
    return state


def differences(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """One line per thing that is new (+) or gone (-)."""
    found = []
    for name in sorted({*before, *after}):
        old, new = set(before.get(name, [])), set(after.get(name, []))
        found += [f"- {name}: {line}" for line in sorted(old - new)]
        found += [f"+ {name}: {line}" for line in sorted(new - old)]
    return found


def compare(earlier: str) -> list[str]:
    """What differs from the snapshot in the file `earlier`."""
    try:
        before = json.loads(Path(earlier).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LabError(f"The snapshot {earlier} cannot be read: {error}.") from error
    return differences(before, snapshot())
