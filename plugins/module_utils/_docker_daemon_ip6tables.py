# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What Docker leaves behind in ip6tables when it is told to keep its hands off.

Docker never removes its IPv6 rules when ``ip6tables`` goes from true to false: they stay until a reboot, a policy of
DROP for forwarded packets included.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
import typing as t
from dataclasses import dataclass

_CHAINS = re.compile(
    r"DOCKER(?:-ISOLATION-STAGE-[12]|-USER|-FORWARD|-BRIDGE|-CT|-INTERNAL|-INGRESS|-OUTPUT|-POSTROUTING)?"
)
_USER = "DOCKER-USER"


@dataclass(frozen=True)
class Leftovers:
    """What to feed to ``ip6tables-restore --noflush``, and what it does.

    ``policy`` says whether the policy of FORWARD goes from DROP to ACCEPT. ``kept`` are sentences about what was left
    because it is somebody else's. ``bridges`` and ``subnets`` are what this was told, for a second look: Docker takes
    some rules away itself when it stops.
    """

    script: str = ""
    rules: int = 0
    chains: tuple[str, ...] = ()
    policy: bool = False
    kept: tuple[str, ...] = ()
    bridges: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()


def leftovers(saved: str, bridges: t.Collection[str], subnets: t.Collection[str]) -> Leftovers:
    """Docker's own part of what ``ip6tables-save`` prints.

    :arg bridges: the devices of Docker's networks; rules of built-in chains are Docker's only when they name one.
    :arg subnets: the prefixes of Docker's networks, as Docker wrote them into its rules.
    """
    script: list[str] = []
    rules = 0
    chains: list[str] = []
    kept: list[str] = []
    policy = False
    for table, lines in _tables(saved):
        own = {line[1:].split()[0] for line in lines if line.startswith(":")}
        own = {name for name in own if _CHAINS.fullmatch(name)}
        appended = [line for line in lines if line.startswith("-A ")]
        theirs = [line for line in appended if line.split()[1] == _USER and line != f"-A {_USER} -j RETURN"]
        if theirs:
            own.discard(_USER)
            kept.append(f"The chain {_USER} of the table {table} stays, since it holds rules that Docker did not make.")
        outside = [line for line in appended if line.split()[1] not in own]
        mine = [line for line in outside if _is_dockers(table, shlex.split(line), own, bridges, subnets)]
        others = [line for line in outside if line not in mine]
        # A chain that somebody else still jumps to cannot go.
        for line in others:
            target = _target(shlex.split(line))
            if target in own:
                own -= _reachable(target, appended, own)
                kept.append(f"The chain {target} of the table {table} stays, since another rule leads there: {line}.")
        gone = sorted(own)
        block = [f"-F {name}" for name in gone]
        block += [re.sub(r"^-A", "-D", line) for line in mine]
        block += [f"-X {name}" for name in gone]
        rules += len(mine) + sum(1 for line in appended if line.split()[1] in own)
        chains += gone
        if table == "filter" and block and ":FORWARD DROP" in {" ".join(line.split()[:2]) for line in lines}:
            if any(line.split()[1] == "FORWARD" for line in others):
                kept.append("The policy DROP of FORWARD stays, since other rules are there that may count on it.")
            else:
                block.append("-P FORWARD ACCEPT")
                policy = True
        if block:
            script += [f"*{table}", *block, "COMMIT"]
    text = "\n".join(script) + "\n" if script else ""
    return Leftovers(text, rules, tuple(chains), policy, tuple(kept), tuple(bridges), tuple(subnets))


def _tables(saved: str) -> t.Iterator[tuple[str, list[str]]]:
    name = ""
    lines: list[str] = []
    for raw in saved.splitlines():
        line = raw.strip()
        if line.startswith("*"):
            name, lines = line[1:], []
        elif line == "COMMIT":
            yield name, lines
        elif line and not line.startswith("#"):
            lines.append(line)


def _target(words: list[str]) -> str:
    for option in ("-j", "-g"):
        if option in words[:-1]:
            return words[words.index(option) + 1]
    return ""


def _reachable(chain: str, appended: list[str], own: set[str]) -> set[str]:
    """The chain, and those of ours that it leads to."""
    found, todo = set(), [chain]
    while todo:
        name = todo.pop()
        found.add(name)
        for line in appended:
            target = _target(shlex.split(line))
            if line.split()[1] == name and target in own and target not in found:
                todo.append(target)
    return found


def _is_dockers(
    table: str, words: list[str], own: set[str], bridges: t.Collection[str], subnets: t.Collection[str]
) -> bool:
    """Whether a rule of a chain that is not Docker's own was made by Docker, by its exact form."""
    text = " ".join(words[2:])
    chain, target = words[1], _target(words)
    if target in own:
        forms = {
            "filter": rf"(?:-o \S+ )?-j {re.escape(target)}",
            "nat": rf"(?:! -d ::1/128 )?-m addrtype --dst-type LOCAL -j {re.escape(target)}",
        }
        return re.fullmatch(forms.get(table, r"(?!)"), text) is not None
    device = next((words[index + 1] for index, word in enumerate(words[:-1]) if word in ("-i", "-o")), "")
    if table == "filter" and chain == "FORWARD" and device in bridges:
        name = re.escape(device)
        forms_of_bridge = (
            rf"-o {name} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
            rf"|-i {name} (?:! )?-o {name} -j (?:ACCEPT|DROP)"
            rf"|-i {name} -j ACCEPT"
        )
        return re.fullmatch(forms_of_bridge, text) is not None
    if table == "nat" and chain == "POSTROUTING" and target == "MASQUERADE":
        found = re.fullmatch(r"-s (\S+) ! -o (\S+) -j MASQUERADE", text)
        if found:
            return found.group(1) in subnets or found.group(2) in bridges
        # One per published port, from the container to itself.
        found = re.fullmatch(r"-s (\S+)/128 -d \1/128 -p \w+ -m \w+ --dport \d+ -j MASQUERADE", text)
        return found is not None and any(
            ipaddress.IPv6Address(found.group(1)) in ipaddress.IPv6Network(subnet) for subnet in subnets
        )
    if table == "raw" and chain == "PREROUTING" and device in bridges:
        return re.fullmatch(rf"-d \S+/128 ! -i {re.escape(device)} -j DROP", text) is not None
    return False
