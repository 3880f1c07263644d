# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Rules of nftables and iptables as the guard keeps them, and how they come back.

A part of the guard's program, see :mod:`_network_guard_agent`. Standard library of Python 3.8 only.
"""

from __future__ import annotations

import json
import re

from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_host import do, run

# nft warns of the tables that iptables keeps in nftables, but not of each; their chains have names of capitals.
_WARNED = "managed by iptables-nft"
_OF_IPTABLES = re.compile(
    r"^table ip6? (filter|nat|mangle|raw|security) {.*^\tchain (INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING) {",
    re.M | re.S,
)


def tables() -> dict[str, str]:
    """The tables of nftables that nft itself can load again, by family and name."""
    status, output, _errors = run("nft", "-j", "list", "tables")
    found = {}
    for entry in json.loads(output or "{}").get("nftables", []) if not status else []:
        table = entry.get("table")
        if table:
            name = f"{table['family']} {table['name']}"
            status, text, errors = run("nft", "-s", "list", "table", table["family"], table["name"])
            # Docker's own backend of nftables keeps its tables in step with its containers.
            if not status and not (_WARNED in errors or _OF_IPTABLES.search(text) or "docker-" in name):
                found[name] = text
    return found


def iptables() -> dict[str, str]:
    return {tool: text for tool in ("iptables", "ip6tables") for text in [rules_text(run(f"{tool}-save")[1])]}


def rules_text(text: str) -> str:
    """The output of iptables-save without counters and remarks."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return "".join(re.sub(r"\[\d+:\d+\]", "[0:0]", line) + "\n" for line in lines)


def put_table(name: str, text: str | None, there: bool) -> None:
    """In one transaction, so that there is no moment without rules."""
    do("nft", "-f", "-", data=(f"delete table {name}\n" if there else "") + (text or ""))


def put_rules(tool: str, text: str) -> None:
    """Load the rules; a table that came meanwhile is emptied."""
    now = rules_text(run(f"{tool}-save")[1])
    kept = [line for line in text.splitlines() if line.startswith("*")]
    section, empty = "", []
    for line in now.splitlines():
        section = line if line.startswith("*") else section
        if section not in kept and (line == section or line == "COMMIT" or line.startswith(":") and " - " not in line):
            empty.append(re.sub(r"^(:\S+) \S+", r"\1 ACCEPT", line))
    do(f"{tool}-restore", data=text + "".join(f"{line}\n" for line in empty))
    for line in empty:
        if line.startswith("*"):
            # Where iptables keeps its tables in nftables, an empty one can go.
            run("nft", "delete", "table", "ip6" if tool == "ip6tables" else "ip", line[1:])
