# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ipv6_allocate costs inside of Ansible, each goal beside its result.

    python3 tests/benchmarks/allocate.py

Each figure is the minimum of interleaved rounds of one run. An empty playbook and a module that does nothing are what
it is compared with; seconds of the processor are those of Ansible with all its workers, less those of a play without
the task.
"""

from __future__ import annotations

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger

COLLECTIONS = str(pathlib.Path(__file__).resolve().parents[2] / ".dev")
ROUNDS = 3
NAMES = 100
HOSTS = 100
PLAYBOOKS = 8
# The least that a module can do: what a loop over any module costs.
MODULE = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
AnsibleModule(argument_spec={"name": {"type": "str"}}).exit_json(changed=False)
"""


class Place:
    """A directory with an inventory, from which playbooks are run."""

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory
        self.ledger = directory / ".ipv6" / "ledger.sqlite"
        (directory / "library").mkdir()
        (directory / "library" / "nothing.py").write_text(MODULE)
        # One name in 2**64: a probe into the ledger rather than a walk.
        pools = {"names": {"prefix": "2001:db8::/64", "strategy": "hash"}}
        inventory = {
            "all": {
                "hosts": {f"h{number}": {} for number in range(HOSTS)},
                "vars": {
                    "ansible_connection": "local",
                    "ansible_python_interpreter": sys.executable,
                    "ipv6_pools": pools,
                },
            }
        }
        (directory / "inventory.json").write_text(json.dumps(inventory))
        (directory / "ansible.cfg").touch()

    def start(self, name: str, hosts: str, *tasks: dict[str, t.Any]) -> subprocess.Popen[bytes]:
        play = {"hosts": hosts, "gather_facts": False, "tasks": list(tasks)}
        path = self._directory / f"{name}.yml"
        path.write_text(json.dumps([play]))
        environ = {
            **os.environ,
            "ANSIBLE_CONFIG": str(self._directory / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
            "ANSIBLE_HOME": str(self._directory / "home"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        }
        command = [
            sys.executable,
            "-m",
            "ansible",
            "playbook",
            "-i",
            str(self._directory / "inventory.json"),
            str(path),
        ]
        return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)

    def run(self, name: str, hosts: str, *tasks: dict[str, t.Any]) -> tuple[float, float]:
        """Seconds on the clock, and of the processor."""
        shutil.rmtree(self.ledger.parent, ignore_errors=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.perf_counter()
        if self.start(name, hosts, *tasks).wait():
            raise SystemExit(f"the playbook {name} failed")
        wall = time.perf_counter() - begin
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        return wall, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime

    def race(self) -> tuple[float, int]:
        """Seconds for all playbooks at once, each with names of its own and some of all; names given twice or lost."""
        shutil.rmtree(self.ledger.parent, ignore_errors=True)
        begin = time.perf_counter()
        runs = []
        for number in range(PLAYBOOKS):
            names = [f"shared-{one}" for one in range(20)] + [f"{number}-{one}" for one in range(NAMES - 20)]
            runs.append(self.start(f"race-{number}", "h0", allocate(names)))
        ended = [run.wait() for run in runs]
        if any(ended):
            raise SystemExit("one of the playbooks failed")
        wall = time.perf_counter() - begin
        with open_ledger(str(self.ledger)) as ledger:
            places = [one["prefix"] for one in ledger.export()["allocations"]["names"]]
            expected = 20 + PLAYBOOKS * (NAMES - 20)
            wrong = len(ledger.verify()) + abs(expected - len(places)) + len(places) - len(set(places))
        return wall, wrong


def allocate(names: object, **keywords: t.Any) -> dict[str, t.Any]:
    return {"routable.ipv6.ipv6_allocate": {"requests": names, "pool": "names"}, **keywords}


def main() -> int:
    items = [f"name-{number}" for number in range(NAMES)]
    cases: dict[str, tuple[str, tuple[dict[str, t.Any], ...]]] = {
        "empty": ("h0", ()),
        "one task": ("h0", (allocate(items),)),
        "action loop": ("h0", (allocate(["{{ item }}"], loop=items),)),
        "module loop": ("h0", ({"nothing": {"name": "{{ item }}"}, "loop": items},)),
        "empty, all hosts": ("all", ()),
        "each host": ("all", (allocate(["{{ inventory_hostname }}"]),)),
    }
    wall: dict[str, list[float]] = {name: [] for name in cases}
    cpu: dict[str, list[float]] = {name: [] for name in cases}
    races: list[float] = []
    wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        place = Place(pathlib.Path(directory))
        for turn in range(ROUNDS):
            for name, (hosts, tasks) in cases.items():
                seconds, processor = place.run(name.replace(" ", "-").replace(",", ""), hosts, *tasks)
                wall[name].append(seconds)
                cpu[name].append(processor)
            seconds, mistakes = place.race()
            races.append(seconds)
            wrong += mistakes
            print(f"round {turn + 1} of {ROUNDS}", flush=True)
    cores = min(PLAYBOOKS, len(os.sched_getaffinity(0)))
    net = {name: min(cpu[name]) - min(cpu["empty"]) for name in cases}
    rows = (
        (f"{NAMES} names in one task / an empty playbook", min(wall["one task"]) / min(wall["empty"]), 2.0, "x", "<="),
        (
            f"a loop of {NAMES} over a module / one task",
            min(wall["module loop"]) / min(wall["one task"]),
            20.0,
            "x",
            ">=",
        ),
        ("processor per item of a loop over the action", net["action loop"] / NAMES * 1000, 10.0, " ms", "<="),
        (
            "processor per host, one name each",
            (min(cpu["each host"]) - min(cpu["empty, all hosts"])) / HOSTS * 1000,
            40.0,
            " ms",
            "<=",
        ),
        (
            f"{PLAYBOOKS} playbooks at once / one, per core",
            min(races) / (min(wall["one task"]) * PLAYBOOKS / cores),
            1.5,
            "x",
            "<=",
        ),
        (f"addresses given twice or lost by {PLAYBOOKS} playbooks at once", float(wrong), 0.0, "", "<="),
    )
    print(f"\n{'goal':60}{'result':>12}{'wanted':>12}")
    missed = 0
    for text, result, wanted, unit, sign in rows:
        good = result <= wanted if sign == "<=" else result >= wanted
        missed += not good
        print(f"{text:60}{f'{result:.2f}{unit}':>12}{f'{sign} {wanted:g}{unit}':>12}{'' if good else '   MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
