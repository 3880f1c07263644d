# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What restoring does and in which order, decided from two snapshots and by nothing else.

A part of the guard's program, see :mod:`_network_guard_agent`. Standard library of Python 3.8 only.
"""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_host import Snapshot, Step
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_units import DAEMON, running

FILE_MANAGERS = {
    "systemd-networkd.service": (
        "/etc/systemd/network",
        "/run/systemd/network",
        "/etc/netplan",
        "/etc/systemd/networkd",
    ),
    "NetworkManager.service": ("/etc/NetworkManager/", "/run/NetworkManager/", "/etc/netplan"),
    "docker.service": ("/etc/docker/", "/etc/default/docker", "/etc/systemd/system/docker.service"),
}
MANAGERS = ("systemd-networkd.service", "NetworkManager.service")


def plan_files(before: Snapshot, now: Snapshot) -> list[Step]:
    """First what came is removed, the deepest first, then what was there is written, the highest first."""
    old, new = before["files"], now["files"]
    steps: list[Step] = [("remove", path) for path in sorted(new, reverse=True) if path not in old]
    for path in sorted(old):
        if new.get(path) != old[path]:
            steps.append(("put", (path, old[path])))
    return steps


def plan_links(before: Snapshot, now: Snapshot) -> list[Step]:
    """Addresses and routes. What routers hand out while the guard is armed may stay."""
    steps: list[Step] = [("link_up", link) for link in before["up"] if link not in now["up"]]
    for link, old in before["addresses"].items():
        new = now["addresses"].get(link, {})
        steps += [("add_address", (link, a, old[a])) for a in old if a not in new]
        steps += [("drop_address", (link, a)) for a in new if a not in old and not new[a]["dynamic"]]
    old_routes, new_routes = before["routes"], now["routes"]
    added = [r for r in new_routes if r not in old_routes and " proto ra " not in r and " proto kernel " not in f"{r} "]
    steps += [("drop_route", route) for route in added]
    # The one to a router's network comes before the one through the router.
    missing = sorted((r for r in old_routes if r not in new_routes), key=lambda r: (" via " in r, r))
    steps += [("add_route", (route, old_routes[route]["expires"])) for route in missing]
    return steps


def plan_proxies(before: Snapshot, now: Snapshot) -> list[Step]:
    steps: list[Step] = [("drop_proxy", entry) for entry in now["proxies"] if entry not in before["proxies"]]
    return steps + [("add_proxy", entry) for entry in before["proxies"] if entry not in now["proxies"]]


def plan_sysctls(before: Snapshot, now: Snapshot) -> list[Step]:
    old, new = before["sysctls"], now["sysctls"]
    return [("sysctl", (key, old[key])) for key in old if key in new and new[key] != old[key]]


def plan_firewall(before: Snapshot, now: Snapshot) -> list[Step]:
    steps: list[Step] = []
    for name in sorted({*before["nft"], *now["nft"]}):
        old, new = before["nft"].get(name), now["nft"].get(name)
        if old != new:
            steps.append(("nft", (name, old, new is not None)))
    for tool, old in before["iptables"].items():
        if now["iptables"].get(tool) != old:
            steps.append(("iptables", (tool, old)))
    return steps


def touched(steps: t.Iterable[Step]) -> list[str]:
    return [data if action == "remove" else data[0] for action, data in steps if action in ("remove", "put")]


def plan_units(before: Snapshot, now: Snapshot, paths: t.Sequence[str]) -> tuple[list[Step], list[Step]]:
    """What is stopped before the files are put back, and what is started after that.

    A unit that has been started anew meanwhile may have read what it should not have.
    """
    stop: list[Step] = []
    start: list[Step] = []
    for name in sorted({*before["units"], *now["units"]}):
        old, new = before["units"].get(name), now["units"].get(name)
        if running(new) and not running(old):
            stop.append(("stop", name))
        if not running(old):
            continue
        heads = (*FILE_MANAGERS.get(name, ()), f"/etc/systemd/system/{name}")
        fresh = any(path.startswith(heads) for path in paths) or (
            name.startswith("routable-ipv6-") and any("routable-ipv6" in path for path in paths)
        )
        if not running(new) or fresh or (old or {})["InvocationID"] != (new or {})["InvocationID"]:
            start.append(("restart", name))
    return stop, start


def plan_docker(before: Snapshot, now: Snapshot) -> list[Step]:
    """Whether Docker begins anew, without the bridge that may have addresses of another prefix."""
    iptables_differ = before["iptables"] != now["iptables"]
    bridge_differs = before["docker"]["bridge"] != now["docker"]["bridge"]
    if running(before["units"].get("docker.service")) and (iptables_differ or bridge_differs):
        return [("restart", "docker.service")]
    return []


def plan(before: Snapshot, now: Snapshot) -> list[Step]:
    """The steps from ``now`` back to ``before``. None when they are the same.

    The order: units that came are stopped; files; systemd reads its own; kernel parameters and firewall; the managers
    of the links; then the links, looked at anew once the managers are done (``links``); all other units; and, since
    these may have changed kernel parameters and links, both once more.
    """
    files = plan_files(before, now)
    paths = touched(files)
    stop, start = plan_units(before, now, paths)
    # A unit that nobody follows runs on without its file.
    head = "/etc/systemd/system/"
    for action, path in files:
        name = path[len(head) :] if action == "remove" and path.startswith(head) else "/"
        # What is added to a unit is in a directory named after it.
        if "/" not in name and now["files"][path]["kind"] != "directory" and ("stop", name) not in stop:
            stop.append(("stop", name))
    start += [step for step in plan_docker(before, now) if step not in start]
    firewall = plan_firewall(before, now)
    stop_docker: list[Step] = [("stop_docker", now["docker"]["bridge"] != before["docker"]["bridge"])]
    managers = [step for step in start if step[1] in MANAGERS]
    others = [step for step in start if step[1] not in MANAGERS]
    links = [*plan_links(before, now), *plan_proxies(before, now)]
    sysctls = plan_sysctls(before, now)
    kept = before["docker"]["networks"]
    came = [] if kept is None else [name for name in now["docker"]["networks"] or [] if name not in kept]
    removed: list[Step] = [("drop_network", network) for network in came]
    steps = [*stop, *files]
    if any(path.startswith(("/etc/systemd/", "/etc/netplan")) for path in paths):
        steps.append(("reload_units", None))
    steps += removed
    if ("restart", "docker.service") in others:
        steps += stop_docker
    steps += [*sysctls, *firewall, *managers]
    if managers or links:
        steps.append(("links", None))
    steps += others
    if ("restart", "docker.service") in others:
        steps.append(("bridge", (before["docker"]["bridge"], before["files"].get(DAEMON))))
    if others and (sysctls or managers or links or stop_docker[0] in steps):
        steps.append(("links", None))
    return steps
