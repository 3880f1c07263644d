# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Kernel parameters, addresses, routes and proxy entries as the guard keeps them, and how they come back.

A part of the guard's program, see :mod:`_network_guard_agent`. Standard library of Python 3.8 only.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_host import Snapshot, do, read, run

_WORDS = {"linkdown", "dead", "offload", "trap", "rt_offload", "rt_trap"}


def take_sysctls(links: t.Iterable[str], names: t.Iterable[str]) -> dict[str, str]:
    """Kernel parameters in the order in which they can be set: a global one changes those of the interfaces."""
    places = ["all", "default", *links]
    patterns = ["net/ipv4/ip_forward", *(f"net/ipv4/conf/{place}/forwarding" for place in places)]
    patterns += [f"net/ipv6/conf/{place}/*" for place in places]
    patterns += [f"net/ipv6/neigh/{place}/proxy_delay" for place in places]
    found: dict[str, str] = {}
    for pattern in [*patterns, *names]:
        for path in sorted(glob.glob(os.path.join("/proc/sys", pattern.replace("[", "[[]")))):
            # stable_secret cannot be read where none is set, and cannot be unset.
            with contextlib.suppress(OSError):
                found[os.path.relpath(path, "/proc/sys")] = (read(path) or b"").decode().strip()
    return found


def uplinks() -> list[str]:
    """The interfaces with a default route; where there is none, all that have an address others can reach."""
    lines = [
        line for family in "46" for line in run("ip", f"-{family}", "-o", "route", "show", "default")[1].splitlines()
    ]
    found = {m.group(1) for m in (re.search(r" dev (\S+)", line) for line in lines) if m}
    if not found:
        shown = run("ip", "-o", "address", "show", "scope", "global")[1].splitlines()
        found = {line.split()[1] for line in shown}
    return sorted(found)


def take_links(links: t.Sequence[str]) -> Snapshot:
    return {
        "up": [link for link in links if int(read(f"/sys/class/net/{link}/flags") or b"0", 16) & 1],
        "addresses": {link: addresses(link) for link in links},
        "routes": routes(links),
        "proxies": proxies(links),
    }


def addresses(link: str) -> dict[str, dict[str, t.Any]]:
    """Addresses that are not of the link itself, by their text with length."""
    status, output, _errors = run("ip", "-j", "address", "show", "dev", link)
    found = {}
    for entry in json.loads(output or "[]") if not status else []:
        for one in entry.get("addr_info", []):
            if one.get("scope") != "link" and "local" in one and not one.get("dadfailed"):
                found[f"{one['local']}/{one['prefixlen']}"] = {
                    "dynamic": bool(one.get("dynamic") or one.get("temporary")),
                    "valid": one.get("valid_life_time", 0),
                    "preferred": one.get("preferred_life_time", 0),
                    "broadcast": one.get("broadcast", ""),
                    "no_prefix": bool(one.get("noprefixroute")),
                }
    return found


def routes(links: t.Iterable[str]) -> dict[str, dict[str, t.Any]]:
    """Routes of the main table through these interfaces, by family and text, as ip itself takes it back."""
    found = {}
    for family in "46":
        for line in run("ip", f"-{family}", "-o", "route", "show", "table", "main")[1].splitlines():
            text, expires = route_text(line)
            if any(f" dev {link} " in f"{text} " for link in links):
                found[f"{family} {text}"] = {"expires": expires}
    return found


def route_text(line: str) -> tuple[str, int | None]:
    """A line of ``ip -o route show`` without what is only a state, and its lifetime in seconds."""
    words, kept, expires = line.replace("\\", " ").split(), [], None
    while words:
        word = words.pop(0)
        if word == "expires":
            expires = int(re.sub(r"\D", "", words.pop(0)) or 0)
        elif word == "nhid":
            words.pop(0)
        elif word not in _WORDS:
            kept.append(word)
    return " ".join(kept), expires


def proxies(links: t.Iterable[str]) -> list[str]:
    """NDP proxy entries as ``ADDRESS dev LINK``."""
    lines = run("ip", "-6", "neigh", "show", "proxy")[1].splitlines()
    found = [" ".join(line.split()[:3]) for line in lines]
    return sorted(line for line in found if line.split()[-1] in links)


def has_carrier(link: str) -> bool:
    # It cannot be read of one that is down.
    with contextlib.suppress(OSError):
        return (read(f"/sys/class/net/{link}/carrier") or b"").strip() == b"1"
    return False


def add_address(link: str, address: str, entry: t.Mapping[str, t.Any]) -> None:
    words = ["broadcast", entry["broadcast"]] if entry["broadcast"] else []
    words += ["valid_lft", str(entry["valid"]), "preferred_lft", str(entry["preferred"])] if entry["dynamic"] else []
    words += ["noprefixroute"] if entry["no_prefix"] else []
    do("ip", "address", "replace", address, "dev", link, *words)


def add_route(route: str, expires: int | None) -> None:
    family, *words = route.split()
    lifetime = [] if expires is None or family == "4" else ["expires", str(max(expires, 1))]
    # ip takes all that follows the first next hop for more of them.
    hops = words.index("nexthop") if "nexthop" in words else len(words)
    do("ip", f"-{family}", "route", "replace", *words[:hops], *lifetime, *words[hops:])


def drop_route(route: str) -> None:
    family, *words = route.split()
    do("ip", f"-{family}", "route", "delete", *words)


def set_sysctl(key: str, value: str) -> None:
    with open(os.path.join("/proc/sys", key), "r+", encoding="ascii") as stream:
        stream.write(value)
