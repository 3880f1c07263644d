# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that is checked, two steps at a time, each step's output in a file of its own.

python3 tests/run.py            all steps
python3 tests/run.py NAME...    these steps (--list names them)
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import threading
import time
import typing as t
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOGS = ROOT / ".cache" / "test-logs"
HEARTBEAT = 30.0  # seconds
WORKERS = 2


@dataclass(frozen=True)
class Step:
    name: str
    command: str


# Compares the machine before and after, so nothing may run beside it.
ALONE = Step("traces", "tests/traces.sh")


# How long each step took when it last passed, in this checkout.
TIMES = LOGS / "seconds.json"
# What is expected of a step that has not run here yet, by its name or by the first word of that.
EXPECTED = {
    "lab-site": 500.0,
    "lab-uplink_ra": 350.0,
    "lab-ndp_proxy": 250.0,
    "lab-ipv6_firewall": 220.0,
    "lab-uplink_ra_faults": 200.0,
    "molecule": 240.0,
    "site": 190.0,
    "lab": 120.0,
    "sanity": 80.0,
}


def longest_first(wanted: list[Step]) -> list[Step]:
    """So that both workers end at about the same time."""
    measured = json.loads(TIMES.read_text()) if TIMES.exists() else {}
    kinds = {step.name: EXPECTED.get(step.name, EXPECTED.get(step.name.split("-")[0], 60.0)) for step in wanted}
    return sorted(wanted, key=lambda step: -measured.get(step.name, kinds[step.name]))


def steps() -> list[Step]:
    """First what is quick to fail, then the longest."""
    molecule = sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml"))
    lab = sorted(path.stem.replace("test_", "") for path in ROOT.glob("tests/lab/test_*.py"))
    return [
        ALONE,
        Step("lint", "tests/lint.sh"),
        Step("unit", "tests/unit.sh"),
        Step("ledger", "tests/ledger.sh"),
        Step("aws", "tests/aws.sh"),
        *longest_first(
            [
                Step("site", "tests/site.sh"),
                *(Step(f"molecule-{name}", f"tests/molecule.sh {name}") for name in molecule),
                *(Step(f"lab-{name}", f"tests/lab.sh {name}") for name in lab),
                *(Step(f"sanity-{core}", f"tests/sanity.sh {core}") for core in ("2.19", "2.20", "2.21")),
            ]
        ),
    ]


class Runner:
    def __init__(self, wanted: list[Step]) -> None:
        self._queue = list(wanted)
        self._lock = threading.Lock()
        self._running: dict[str, float] = {}
        self._results: dict[str, tuple[bool, float]] = {}
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        with self._lock:
            print(f"[{time.monotonic() - self._start:6.0f} s] {text}", flush=True)

    def run(self) -> int:
        alone = [step for step in self._queue if step == ALONE]
        beside = [step for step in self._queue if step != ALONE]
        for self._queue, count in ((alone, 1), (beside, WORKERS)):
            self._run_queue(count)
        failed = [name for name, (good, _seconds) in self._results.items() if not good]
        self._remember()
        for name in failed:
            print(f"\n===== {name} failed: the end of {self._log(name)}")
            print("\n".join(self._log(name).read_text(errors="replace").splitlines()[-60:]))
        print(f"\n{'step':28}{'seconds':>8}  result")
        for name, (good, seconds) in self._results.items():
            print(f"{name:28}{seconds:8.0f}  {'ok' if good else 'FAILED'}")
        print(f"\n{len(self._results) - len(failed)} passed, {len(failed)} failed")
        return 1 if failed else 0

    def _remember(self) -> None:
        measured = json.loads(TIMES.read_text()) if TIMES.exists() else {}
        measured |= {name: round(seconds) for name, (good, seconds) in self._results.items() if good}
        TIMES.write_text(json.dumps(measured, indent=1, sort_keys=True))

    def _run_queue(self, count: int) -> None:
        workers = [threading.Thread(target=self._work) for _worker in range(count)]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            for worker in workers:
                worker.join(HEARTBEAT / count)
            if self._running:
                running = dict(self._running).items()
                self.say(
                    "running: " + ", ".join(f"{name} ({time.monotonic() - start:.0f} s)" for name, start in running)
                )

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    return
                step = self._queue.pop(0)
            self._carry_out(step)

    def _carry_out(self, step: Step) -> None:
        begin = time.monotonic()
        self._running[step.name] = begin
        self.say(f"{step.name}: started")
        with self._log(step.name).open("w") as log:
            done = subprocess.run(
                ["sh", "-c", step.command],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        seconds = time.monotonic() - begin
        del self._running[step.name]
        self._results[step.name] = (done.returncode == 0, seconds)
        self.say(f"{step.name}: {'ok' if done.returncode == 0 else 'FAILED'} after {seconds:.0f} s")

    @staticmethod
    def _log(name: str) -> pathlib.Path:
        return LOGS / f"{name}.log"


def main(arguments: t.Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="name the steps and end")
    parser.add_argument("name", nargs="*")
    options = parser.parse_args(arguments)
    known = {step.name: step for step in steps()}
    if options.list:
        print("\n".join(known))
        return 0
    unknown = [name for name in options.name if name not in known]
    if unknown:
        parser.error(f"no such step: {', '.join(unknown)}; there are {', '.join(known)}")
    LOGS.mkdir(parents=True, exist_ok=True)
    return Runner([known[name] for name in options.name] if options.name else list(known.values())).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
