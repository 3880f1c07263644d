# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that is checked, steps side by side, each step's output in a file of its own.

python3 tests/run.py            all steps
python3 tests/run.py NAME...    these steps (--list names them)
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import typing as t
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "lab"))
sys.dont_write_bytecode = True

from routable_lab import limits  # noqa: E402

LOGS = ROOT / ".cache" / "test-logs"
HEARTBEAT = 30.0  # seconds
CORES = len(os.sched_getaffinity(0))
# A step that computes keeps a core busy; one with a lab waits half of its time, for daemons, timers and neighbours.
COMPUTES = 1.0
WAITS = 0.5


@dataclass(frozen=True)
class Step:
    """One thing to check.

    :arg cores: how many cores it keeps busy; all of them for what must not have anything beside it.
    :arg hosts: how many lab hosts it has up at most: the machine has room for so many only.
    """

    name: str
    command: str
    cores: float = COMPUTES
    hosts: int = 0


# Compares the machine before and after, so nothing may run beside it.
ALONE = Step("traces", "tests/traces.sh", cores=float("inf"), hosts=1)

# Lab hosts of a step, by its name or by the first word of that. NetworkManager's hosts count as one and a half.
HOSTS = {
    "lab-site": 8,
    "site": 10,
    "consumer": 2,
    "lab-role_import": 1,
    "lab-bosh": 1,
    "molecule-bosh_cloud_config": 1,
    "molecule-ec2_docker_host": 2,
    "lab-instance_uplink": 2,
    "lab-retire": 7,
    "lab-without_ipv4": 1,
    "lab-uplink_ra": 6,
    "lab-docker_ipv6_daemon_absent": 4,
    "molecule": 4,
    "lab": 4,
}
# What recovers within seconds is measured there, so these have a core of their own.
UNDISTURBED = ("lab-site", "lab-ndp_proxy")


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
    "consumer": 90.0,
    "sanity": 80.0,
}


def with_lab(name: str, command: str) -> Step:
    """A step that has a lab up."""
    cores = COMPUTES if name in UNDISTURBED else WAITS
    return Step(name, command, cores, HOSTS.get(name, HOSTS.get(name.split("-")[0], 4)))


def longest_first(wanted: list[Step]) -> list[Step]:
    """So that the last steps end at about the same time."""
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
        Step("docs", "tests/docs.sh"),
        Step("package", "tests/package.sh"),
        Step("pythons", "tests/pythons.sh"),
        Step("ledger", "tests/ledger.sh"),
        Step("aws", "tests/aws.sh"),
        Step("faults", "tests/faults.sh"),
        Step("report", "tests/report.sh"),
        *longest_first(
            [
                with_lab("site", "tests/site.sh"),
                with_lab("consumer", "tests/consumer.sh"),
                *(with_lab(f"molecule-{name}", f"tests/molecule.sh {name}") for name in molecule),
                *(with_lab(f"lab-{name}", f"tests/lab.sh {name}") for name in lab),
                *(Step(f"sanity-{core}", f"tests/sanity.sh {core}") for core in ("2.19", "2.20", "2.21")),
            ]
        ),
    ]


class Runner:
    """Runs steps side by side, as many as the cores and the machine's inotify instances allow."""

    def __init__(self, wanted: list[Step], cores: int = CORES, room: int | None = None) -> None:
        self._queue = list(wanted)
        self._cores = cores
        # Nothing of ours is up yet, so what is free now is what there is for all steps together.
        most = sum(step.hosts for step in wanted)
        self._room = limits.room(most * limits.PER_HOST) // limits.PER_HOST if room is None else room
        self._changed = threading.Condition()
        self._running: dict[Step, float] = {}
        self._results: dict[str, tuple[bool, float, float]] = {}
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._start:6.0f} s] {text}", flush=True)

    def fits(self, step: Step) -> bool:
        """Whether a step may start beside what runs now. Alone it always may, and fails by itself if it cannot."""
        if not self._running:
            return True
        beside = [*self._running, step]
        return (
            len(beside) <= self._cores + 1
            and sum(one.cores for one in beside) <= self._cores
            and sum(one.hosts for one in beside) <= self._room
        )

    def run(self) -> int:
        threads = []
        with self._changed:
            while self._queue or self._running:
                step = next((one for one in self._queue if self.fits(one)), None)
                if step is None:
                    if not self._changed.wait(HEARTBEAT):
                        self._report_running()
                    continue
                self._queue.remove(step)
                self._running[step] = time.monotonic()
                self.say(f"{step.name}: started")
                threads.append(threading.Thread(target=self._carry_out, args=(step,)))
                threads[-1].start()
        for thread in threads:
            thread.join()
        return self._conclude()

    def _report_running(self) -> None:
        now = time.monotonic()
        self.say("running: " + ", ".join(f"{step.name} ({now - start:.0f} s)" for step, start in self._running.items()))

    def _conclude(self) -> int:
        failed = [name for name, (good, _seconds, _cpu) in self._results.items() if not good]
        self._remember()
        for name in failed:
            print(f"\n===== {name} failed: the end of {self._log(name)}")
            print("\n".join(self._log(name).read_text(errors="replace").splitlines()[-60:]))
        print(f"\n{'step':34}{'seconds':>8}{'CPU':>6}  result   (CPU: of the step's processes, not of its lab hosts)")
        for name, (good, seconds, cpu) in self._results.items():
            print(f"{name:34}{seconds:8.0f}{cpu:6.0f}  {'ok' if good else 'FAILED'}")
        print(f"\n{len(self._results) - len(failed)} passed, {len(failed)} failed")
        return 1 if failed else 0

    def _remember(self) -> None:
        measured = json.loads(TIMES.read_text()) if TIMES.exists() else {}
        measured |= {name: round(seconds) for name, (good, seconds, _cpu) in self._results.items() if good}
        TIMES.write_text(json.dumps(measured, indent=1, sort_keys=True))

    def _carry_out(self, step: Step) -> None:
        begin = time.monotonic()
        with self._log(step.name).open("w") as log:
            child = subprocess.Popen(
                ["sh", "-c", step.command], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
            # Not Popen.wait(), which keeps what the process has used to itself.
            _pid, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begin
        with self._changed:
            del self._running[step]
            self._results[step.name] = (child.returncode == 0, seconds, usage.ru_utime + usage.ru_stime)
            self.say(f"{step.name}: {'ok' if child.returncode == 0 else 'FAILED'} after {seconds:.0f} s")
            self._changed.notify()

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
