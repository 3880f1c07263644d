# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How each step of a plan is done, and how it is told.

A part of the guard's program, see :mod:`_network_guard_agent`. Standard library of Python 3.8 only.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_files import put, remove
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_firewall import put_rules, put_table
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_host import Snapshot, Step, Trouble, do, run
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_links import (
    add_address,
    add_route,
    drop_route,
    has_carrier,
    set_sysctl,
    take_links,
    take_sysctls,
)
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_plan import (
    MANAGERS,
    plan_links,
    plan_proxies,
    plan_sysctls,
)
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_units import (
    restart,
    running,
    settle_bridge,
    stop_docker,
)

SETTLE_SECONDS = 15.0  # managers take that long to set up a link again


def settle_links(before: Snapshot) -> None:
    """Wait for the managers, then add and remove by hand what they have not.

    :raises Trouble: what is still missing.
    """
    end = time.monotonic() + SETTLE_SECONDS
    links = list(before["addresses"])
    wait = bool(before["units"]) and any(running(before["units"].get(name)) for name in MANAGERS)
    while True:
        now = {**take_links(links), "sysctls": take_sysctls(links, before["options"]["sysctls"])}
        steps = [*plan_sysctls(before, now), *plan_links(before, now), *plan_proxies(before, now)]
        # Without a cable nobody answers, and whoever asks once there is one again adds it all anew, beside ours.
        steps = [step for step in steps if not handed_out(step) or has_carrier(link_of(step))]
        if not steps:
            return
        # What a router hands out comes back as it was only from the router itself.
        later = (
            [step for step in steps if wait or handed_out(step)] if time.monotonic() < end - SETTLE_SECONDS / 2 else []
        )
        failed = carry_out(before, [step for step in steps if step not in later])
        if not later and not failed:
            return
        if time.monotonic() > end:
            raise Trouble(failed[0])
        time.sleep(0.5)


def handed_out(step: Step) -> bool:
    """Whether a step adds what router advertisements bring."""
    action, data = step
    return action == "add_address" and data[2]["dynamic"] or action == "add_route" and " proto ra " in data[0]


def link_of(step: Step) -> str:
    """The interface of an address or a route that is to be added."""
    action, data = step
    if action == "add_address":
        return str(data[0])
    words = data[0].split()
    return str(words[words.index("dev") + 1])


def carry(action: str, data: t.Any, before: Snapshot) -> None:
    """Do one step.

    :raises OSError: a file or a kernel parameter cannot be written.
    :raises Trouble: a command failed.
    """
    if action == "remove":
        remove(data)
    elif action == "put":
        put(*data)
    elif action == "reload_units":
        do("systemctl", "daemon-reload")
    elif action == "stop":
        do("systemctl", "stop", data)
        # One that has failed would stay listed without its file.
        run("systemctl", "reset-failed", data)
    elif action == "restart":
        restart(data)
    elif action == "stop_docker":
        stop_docker(data)
    elif action == "bridge":
        settle_bridge(*data)
    elif action == "drop_network":
        # One with containers of somebody's stays; without the daemon's settings it does no harm.
        run("docker", "network", "rm", data)
    elif action == "sysctl":
        set_sysctl(*data)
    elif action == "nft":
        put_table(*data)
    elif action == "iptables":
        put_rules(*data)
    elif action == "links":
        settle_links(before)
    else:
        carry_link(action, data)


def carry_link(action: str, data: t.Any) -> None:
    """As :func:`carry`, for what belongs to a link."""
    if action == "link_up":
        do("ip", "link", "set", data, "up")
    elif action == "add_address":
        add_address(*data)
    elif action == "drop_address":
        do("ip", "address", "delete", data[1], "dev", data[0])
    elif action == "add_route":
        add_route(*data)
    elif action == "drop_route":
        drop_route(data)
    else:
        verb = {"add_proxy": "replace", "drop_proxy": "delete"}[action]
        do("ip", "-6", "neigh", verb, "proxy", *data.split())


def carry_out(before: Snapshot, steps: t.Iterable[Step]) -> list[str]:
    """Do all steps, whatever becomes of each; what went wrong, one sentence each."""
    failed = []
    for action, data in steps:
        try:
            carry(action, data, before)
        except Trouble as error:
            failed.append(f"{sentence((action, data))}: {error}")
        except OSError as error:
            # Without the file's name, which is that of a new one each time: trouble that stays is noted once.
            failed.append(f"{sentence((action, data))}: {error.strerror or error}")
    return failed


def sentence(step: Step) -> str:
    """A step for people."""
    action, data = step
    first = data[0] if isinstance(data, (tuple, list)) and data else data
    return {
        "remove": f"Remove {first}",
        "put": f"Bring back {first}",
        "reload_units": "Let systemd read its units anew",
        "stop": f"Stop {first}",
        "restart": f"Restart {first}",
        "stop_docker": "Stop Docker",
        "bridge": "See that Docker's bridge is the former one",
        "drop_network": f"Remove the Docker network {first}",
        "sysctl": f"Set {first} to {data[1]}" if action == "sysctl" else "",
        "nft": f"Bring back the firewall table {first}",
        "iptables": f"Bring back the rules of {first}",
        "links": "Bring back addresses and routes",
        "link_up": f"Set {first} up",
        "add_address": f"Add {data[1]} to {first}" if action == "add_address" else "",
        "drop_address": f"Remove {data[1]} from {first}" if action == "drop_address" else "",
        "add_route": f"Add the route {first}",
        "drop_route": f"Remove the route {first}",
        "add_proxy": f"Answer for {first}",
        "drop_proxy": f"No longer answer for {first}",
    }[action]
