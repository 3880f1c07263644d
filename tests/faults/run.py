# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Break every step of a run in every way, and see that no host is lost.

tests/faults/run.py [--sample|--one-role] [--faults N] [--seconds N] [--hosts NAME,NAME] [--kinds KIND,KIND]

A run sets hosts up (playbooks/site.yml) or takes them away (molecule/shared/absent.yml). At one call to each host a fault
happens. Then the host must be, by itself, as it was before one of the roles or as that role wants it, with its default
routes, its gateways and its container; and a plain re-run must lead where a run without faults does.
"""

from __future__ import annotations

import argparse
import collections
import difflib
import itertools
import math
import pathlib
import re
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass, field

from world import HOSTS, ROOT, World

# As many calls as docker_host makes to a host that it changes.
ROLE_CALLS = 9
ONE_ROLE = "tests/faults/docker_host.yml"
SITE, ABSENT = "playbooks/site.yml", "molecule/shared/absent.yml"
# A Docker network that a run has removed is not made again (docs/guard.md, "What it cannot do").
OF_NETWORK = re.compile(r"\broutable0\b|^routable$")
OF_GUARD = re.compile("routable-ipv6-guard")
DEADLY = ("worker", "between", "run")
CONNECTION = ("cut", "lost", "off", "midway", "pulled", "flaps")
STATES = ("docker_fails", "networkd_fails", "read_only_etc", "disk_full", "clock_jumps")
ROLE_KINDS = (*DEADLY, *CONNECTION, *STATES)
ALL_KINDS = (*ROLE_KINDS, "ndppd_fails")
# For the gate: one of each sort, at steps between arming and calling off; the deadly one comes last.
SAMPLE = (("midway", 6), ("lost", 5), ("between", 7))
Fault = t.Dict[str, t.Any]


@dataclass
class Tally:
    injected: collections.Counter[str] = field(default_factory=collections.Counter)
    lost: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        return sum(self.injected.values())


def spread(faults: list[Fault]) -> list[Fault]:
    """The same faults in an order in which the first few are varied already."""
    step = next(n for n in range(29, 9999) if math.gcd(n, len(faults) or 1) == 1)
    return [faults[index * step % len(faults)] for index in range(len(faults))]


def turns(
    names: t.Sequence[str], calls: dict[str, int], kinds: t.Sequence[str] = ALL_KINDS
) -> t.Iterator[dict[str, Fault]]:
    """Faults for all hosts at once, until each kind was at each call of each host.

    A worker that dies takes the whole run with it, so that is for all hosts at the same call. All other kinds are one
    host's own affair, and each host is at another place.
    """
    everywhere = [kind for kind in kinds if kind in DEADLY]
    deadly = spread([{"kind": kind, "at": at} for kind in everywhere for at in range(1, max(calls.values()) + 1)])
    single = [kind for kind in kinds if kind not in DEADLY]
    own = {n: spread([{"kind": kind, "at": at} for kind in single for at in range(1, calls[n] + 1)]) for n in names}
    for index in range(max(len(deadly), *(len(faults) for faults in own.values()))):
        if single:
            yield {n: own[n][(index + 7 * place) % len(own[n])] for place, n in enumerate(names)}
        if index < len(deadly):
            yield dict.fromkeys(names, deadly[index])


def without(look: str, lines: t.Sequence[re.Pattern[str]]) -> str:
    return "\n".join(line for line in look.splitlines() if not any(one.search(line) for one in lines))


class Matrix:
    """:arg states: the fingerprints a host may have, by its name, in the order in which a run comes by them."""

    def __init__(self, world: World, states: dict[str, list[str]]) -> None:
        self.world = world
        self.states = states
        self.tally = Tally()

    def inject(self, playbook: str, faults: dict[str, Fault]) -> None:
        """One run with faults, and what must be true after it."""
        self.judge(playbook, faults, *self.happen(playbook, faults))

    def happen(self, playbook: str, faults: dict[str, Fault]) -> tuple[dict[str, str | None], dict[str, str]]:
        """Run with faults, and let the hosts come back by themselves.

        :return: by host why it is lost (nothing when it is not, None when no fault has happened), and what it is now.
        """
        world = self.world
        world.play(playbook, faults)
        lift = (ROOT / "tests" / "faults" / "lift.sh").read_text()
        happened = {name: world.happened(name) for name in world.names}
        # The death of Ansible itself meets every host.
        everybody = any(happened[name] and faults[name]["kind"] == "run" for name in world.names)
        lost = world.all(lambda name: world.recover(name, lift))
        looks = world.all(world.look)
        return {name: lost[name] if happened[name] or everybody else None for name in world.names}, looks

    def judge(
        self, playbook: str, faults: dict[str, Fault], verdicts: dict[str, str | None], looks: dict[str, str]
    ) -> None:
        for name, lost in verdicts.items():
            if lost is None:
                continue
            fault = faults[name]
            self.tally.injected[fault["kind"]] += 1
            verdict = lost or self._strange(name, looks[name], fault["kind"])
            label = f"{playbook} {name}: {fault['kind']} at call {fault['at']}"
            print(f"{'LOST ' if verdict else 'fine '} {label}{': ' + verdict if verdict else ''}", flush=True)
            if verdict:
                self.tally.lost.append(f"{label}: {verdict}")

    def converge(self, playbook: str, wanted: int) -> None:
        """A plain re-run must lead where a run without faults does."""
        code, output, _calls = self.world.play(playbook)
        for name, look in self.world.all(self.world.look).items():
            verdict = self._differs(self.states[name][wanted], look) or self.world.half_written(name)
            if code or verdict:
                tail = "\n".join(line for line in output.splitlines() if "fatal" in line or "FAILED" in line)[-1500:]
                self.tally.lost.append(
                    f"{playbook} {name}: the plain re-run ({code}) left {verdict or 'an error'}\n{tail}"
                )
                print(f"LOST  {self.tally.lost[-1]}", flush=True)

    def _strange(self, name: str, look: str, kind: str) -> str:
        # A guard that was called off does nothing, but its units cannot be removed from what is read-only.
        left = [OF_NETWORK, OF_GUARD] if kind == "read_only_etc" else [OF_NETWORK]
        if look in self.states[name] or without(look, left) in [without(state, left) for state in self.states[name]]:
            return ""
        closest = min(self.states[name], key=lambda state: len(self._differs(state, look)))
        return f"neither as before nor as wanted: {self._differs(closest, look)}"

    @staticmethod
    def _differs(wanted: str, look: str) -> str:
        lines = difflib.unified_diff(wanted.splitlines(), look.splitlines(), lineterm="", n=0)
        return " / ".join(line for line in lines if not line.startswith(("---", "+++", "@@")))[:1500]


def learn(world: World) -> tuple[dict[str, list[str]], dict[str, dict[str, int]]]:
    """What each host is before, between the roles and after, and how many calls each direction makes."""
    looks = [world.all(world.look)]
    calls = {}
    for playbook in (ONE_ROLE, SITE):
        code, output, calls[SITE] = world.play(playbook)
        if code:
            raise SystemExit(output[-4000:])
        looks.append(world.all(world.look))
    code, output, calls[ABSENT] = world.play(ABSENT)
    if code:
        raise SystemExit(output[-4000:])
    looks.append(world.all(world.look))
    # How many calls a run from nothing makes.
    code, _output, calls[SITE] = world.play(SITE)
    world.play(ABSENT)
    return {name: [look[name] for look in looks] for name in world.names}, calls


def whole(world: World, kinds: t.Sequence[str], limit: int, seconds: float) -> Tally:
    states, calls = learn(world)
    print(f"calls per run: {calls}", flush=True)
    for name, seen in states.items():
        if seen[0] != seen[3]:
            print(f"{name}: taken away is not as before: {Matrix._differs(seen[0], seen[3])}", flush=True)
    found = Matrix(world, states)
    end = time.monotonic() + seconds
    there_faults = turns(world.names, calls[SITE], kinds)
    back_faults = itertools.cycle(turns(world.names, calls[ABSENT], kinds))
    for there, back in zip(there_faults, back_faults):
        found.inject(SITE, there)
        found.converge(SITE, 2)
        found.inject(ABSENT, back)
        found.converge(ABSENT, 3)
        if found.tally.number >= limit or time.monotonic() > end:
            break
    return found.tally


def one_role(world: World, rounds: t.Iterable[tuple[str, dict[str, Fault]]], limit: int, seconds: float) -> Tally:
    """Faults of docker_host alone: what it wants is known after the plain re-run, and must be the same each time.

    :arg rounds: the playbook and the faults of each run; the first two playbooks differ, and then they take turns.
    """
    states = {name: [look] for name, look in world.all(world.look).items()}
    found = Matrix(world, states)
    end = time.monotonic() + seconds
    for number, (playbook, faults) in enumerate(rounds):
        verdicts, looks = found.happen(playbook, faults)
        code, output, _calls = world.play(playbook)
        if code:
            found.tally.lost.append(f"the plain re-run failed: {output[-3000:]}")
        wanted = 1 if playbook == ONE_ROLE else 0
        for name, look in world.all(world.look).items():
            if world.half_written(name):
                found.tally.lost.append(f"{name}: the plain re-run left {world.half_written(name)}")
            if number == 0:
                states[name].append(look)
            elif look != states[name][wanted]:
                found.tally.lost.append(
                    f"{name}: the plain re-run leads elsewhere: {Matrix._differs(states[name][wanted], look)}"
                )
        found.judge(playbook, faults, verdicts, looks)
        if found.tally.number >= limit or time.monotonic() > end:
            break
    return found.tally


def in_turn(world: World, kinds: t.Sequence[str]) -> t.Iterator[tuple[str, dict[str, Fault]]]:
    """Setting up and taking away, each with all of its faults."""
    calls = dict.fromkeys(world.names, ROLE_CALLS)
    for there, back in zip(turns(world.names, calls, kinds), itertools.cycle(turns(world.names, calls, kinds))):
        yield ONE_ROLE, there
        yield ABSENT, back


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", action="store_true", help="a few faults on three hosts")
    parser.add_argument("--one-role", action="store_true", help="only docker_host, which is quicker")
    parser.add_argument("--faults", type=int, default=500, help="how many at least")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="after which no new ones begin")
    parser.add_argument("--hosts", default="", help="by default all four, three of them for the sample")
    parser.add_argument("--kinds", default="", help="by default all: " + ",".join(ALL_KINDS))
    parser.add_argument("--lab", default="t-faults", help="the name of the lab")
    options = parser.parse_args()
    names = (
        options.hosts.split(",") if options.hosts else [host["name"] for host in HOSTS][: 3 if options.sample else 4]
    )
    kinds = options.kinds.split(",") if options.kinds else []
    with tempfile.TemporaryDirectory() as directory:
        world = World(options.lab, pathlib.Path(directory), names)
        world.up()
        try:
            if options.sample:
                faults = {name: {"kind": kind, "at": at} for name, (kind, at) in zip(names, SAMPLE)}
                tally = one_role(world, [(ONE_ROLE, faults)], len(names), options.seconds)
            elif options.one_role:
                tally = one_role(world, in_turn(world, kinds or ROLE_KINDS), options.faults, options.seconds)
            else:
                tally = whole(world, kinds or ALL_KINDS, options.faults, options.seconds)
        finally:
            world.down()
    print(f"\n{tally.number} faults injected: {', '.join(f'{kind} {n}' for kind, n in sorted(tally.injected.items()))}")
    print(f"{len(tally.lost)} hosts lost")
    for line in tally.lost:
        print(line)
    return 1 if tally.lost else 0


if __name__ == "__main__":
    sys.exit(main())
