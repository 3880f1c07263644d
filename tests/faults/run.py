# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Break every step of a run in every way, and see that no host is lost.

A run sets hosts up (playbooks/site.yml) or takes them away (molecule/shared/absent.yml). At one call to each host a fault
happens. Then the host must be, by itself, as it was before one of the roles or as that role wants it, with its default
routes, its gateways and its container; and a plain re-run must lead where a run without faults does.

Ctrl-C ends it after the present runs, and removes the labs.
"""

from __future__ import annotations

import argparse
import itertools
import pathlib
import signal
import sys
import tempfile
import threading
import time
import typing as t
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import tally as tallies
from matrix import Matrix, differs
from plan import ALL_KINDS, ROLE_KINDS, Fault, turns
from world import HOSTS, World

# As many calls as docker_host makes to a host that it changes.
ROLE_CALLS = 9
ONE_ROLE = "tests/faults/docker_host.yml"
SITE, ABSENT = "playbooks/site.yml", "molecule/shared/absent.yml"
# For the gate: one of each sort, at steps between arming and calling off; the deadly one comes last.
SAMPLE = (("midway", 6), ("lost", 5), ("between", 7))


class Run:
    """What all worlds of one command share.

    :arg names: the hosts of each world.
    """

    def __init__(self, options: argparse.Namespace, tally: tallies.Tally) -> None:
        self.options = options
        self.tally = tally
        self.stop = threading.Event()
        self.end = time.monotonic() + options.seconds
        number = 3 if options.sample else 4
        self.names = options.hosts.split(",") if options.hosts else [host["name"] for host in HOSTS][:number]
        self.kinds = options.kinds.split(",") if options.kinds else ROLE_KINDS if options.one_role else ALL_KINDS

    def enough(self) -> bool:
        return self.tally.number >= self.options.faults or time.monotonic() > self.end or self.stop.is_set()

    def world(self, index: int) -> None:
        """The index-th world, from nothing to nothing."""
        with tempfile.TemporaryDirectory() as directory:
            world = World(self.options.lab + (str(index) if index else ""), pathlib.Path(directory), self.names)
            try:
                world.up()
                if self.options.sample:
                    self.one_role(world, self.sample())
                elif self.options.one_role:
                    self.one_role(world, self.in_turn((index, self.options.worlds)))
                else:
                    self.whole(world, (index, self.options.worlds))
            finally:
                world.down()

    def whole(self, world: World, part: tuple[int, int]) -> None:
        states, calls = learn(world, self.stop)
        print(f"calls per run: {calls}", flush=True)
        for name, seen in states.items():
            if seen[0] != seen[3]:
                print(f"{name}: taken away is not as before: {differs(seen[0], seen[3])}", flush=True)
        matrix = Matrix(world, states, self.tally, self.stop)
        there, back = (
            turns(calls[playbook], self.kinds, self.tally.done(playbook), part) for playbook in (SITE, ABSENT)
        )
        for setting_up, taking_away in itertools.zip_longest(there, back, fillvalue={}):
            if self.enough():
                break
            matrix.turn(SITE, setting_up, 2)
            matrix.turn(ABSENT, taking_away, 3)

    def one_role(self, world: World, rounds: t.Iterable[tuple[str, dict[str, Fault]]]) -> None:
        """Faults of docker_host alone: what it wants is known after the first re-run, and must be the same each time.

        :arg rounds: the playbook and the faults of each run; the first sets up, and then they take turns.
        """
        states = {name: [look] for name, look in world.all(world.look).items()}
        matrix = Matrix(world, states, self.tally, self.stop)
        for playbook, faults in rounds:
            if self.enough():
                break
            matrix.turn(playbook, faults, 1 if playbook == ONE_ROLE else 0)

    def sample(self) -> t.Iterator[tuple[str, dict[str, Fault]]]:
        yield ONE_ROLE, {name: {"kind": kind, "at": at} for name, (kind, at) in zip(self.names, SAMPLE)}

    def in_turn(self, part: tuple[int, int]) -> t.Iterator[tuple[str, dict[str, Fault]]]:
        """Setting up and taking away, each with all of its faults."""
        calls = dict.fromkeys(self.names, ROLE_CALLS)
        for there, back in zip(*(turns(calls, self.kinds, self.tally.done(p), part) for p in (ONE_ROLE, ABSENT))):
            yield ONE_ROLE, there
            yield ABSENT, back


def learn(world: World, stop: threading.Event) -> tuple[dict[str, list[str]], dict[str, dict[str, int]]]:
    """What each host is before, between the roles, after all and after taking away, and how many calls each run makes."""
    before = world.all(world.look)
    looks = {}
    calls = {}
    for playbook in (ONE_ROLE, ABSENT, SITE, ABSENT):
        code, output, calls[playbook] = world.play(playbook)
        if stop.is_set():
            raise SystemExit("stopped before the first fault")
        if code:
            raise SystemExit(output[-4000:])
        looks[playbook] = world.all(world.look)
    return {n: [before[n], *(looks[p][n] for p in (ONE_ROLE, SITE, ABSENT))] for n in world.names}, calls


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", action="store_true", help="a few faults on three hosts")
    parser.add_argument("--one-role", action="store_true", help="only docker_host, which is quicker")
    parser.add_argument("--faults", type=int, default=500, help="how many at least")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="after which no new ones begin")
    parser.add_argument("--hosts", default="", help="by default all four, three of them for the sample")
    parser.add_argument("--kinds", default="", help="by default all: " + ",".join(ALL_KINDS))
    parser.add_argument("--worlds", type=int, default=1, help="labs side by side, each with its part of the faults")
    parser.add_argument(
        "--resume",
        type=pathlib.Path,
        metavar="FILE",
        help="keep in FILE what was injected, and leave out what was injected into the same code already",
    )
    parser.add_argument("--lab", default="t-faults", help="the name of the lab")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    begun = time.monotonic()
    run = Run(options, tallies.Tally(tallies.code(), options.resume))
    there_already = run.tally.number
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_args: run.stop.set())
    with ThreadPoolExecutor(options.worlds) as pool:
        worlds = [pool.submit(run.world, index) for index in range(options.worlds)]
        wait(worlds, return_when=FIRST_EXCEPTION)
        if any(world.done() and world.exception() for world in worlds):
            run.stop.set()
    minutes = (time.monotonic() - begun) / 60
    print(f"\n{run.tally.report()}\n{run.tally.number - there_already} of them now, in {minutes:.0f} minutes")
    for world in worlds:
        world.result()
    return 1 if run.tally.lost else 0


if __name__ == "__main__":
    sys.exit(main())
