# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change the pure layer in small ways, and see that its unit tests notice.

tests/tools/mutants.py [--sample N] [--seed N] [--only WORD] [--goal PERCENT]

Each mutant runs against every unit test that runs one of its lines, in a fork of a process which has them all in memory.
Which test runs which lines is noted first, and kept for as long as neither the code nor that test changes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pathlib
import random
import sys
import typing as t

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from mutant_kinds import File, Mutant, pure
from mutant_runs import Record, in_a_child, record, tried

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "unit"
# These start Ansible or programs, or look at the lab alone: nothing of the pure layer runs in their own process.
ELSEWHERE = {"action", "hosts", "lab", "roles"}
# Files of tests of which one process notes what they run. What it found is kept, whatever comes after.
AT_ONCE = 20


def fingerprint(paths: t.Iterable[pathlib.Path]) -> str:
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def recorded(cache: pathlib.Path, files: list[pathlib.Path]) -> Record:
    """What each test runs: noted anew for the files of tests that are new or changed, or all of it after a change of code."""
    every = set(TESTS.rglob("*.py"))
    tests = {path for path in every if path.name.startswith("test_") and path.parent.name not in ELSEWHERE}
    code = fingerprint(
        [*(ROOT / "plugins").rglob("*.py"), *(path for path in every if not path.name.startswith("test_"))]
    )
    kept = json.loads(cache.read_text()) if cache.is_file() else {}
    known = kept["tests"] if kept.get("code") == code else {}
    prints = {str(test.relative_to(ROOT)): fingerprint([test]) for test in tests}
    known = {name: one for name, one in known.items() if one["print"] == prints.get(name)}
    new = sorted(set(prints) - set(known))
    for start in range(0, len(new), AT_ONCE):
        some = new[start : start + AT_ONCE]
        found = in_a_child(lambda some=some: record(some, files))
        for name in some:
            of_file = {test: one for test, one in found.items() if test.partition("::")[0] == name}
            known[name] = {"print": prints[name], "tests": of_file}
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps({"code": code, "tests": known}))
    return {test: one for of_file in known.values() for test, one in of_file["tests"].items()}


def who_runs(mutant: Mutant, tests: Record) -> list[str]:
    name = mutant.path.name
    return [test for test, one in tests.items() if not mutant.lines.isdisjoint(one["lines"].get(name, ()))]


def choose(files: list[pathlib.Path], sample: int, seed: int) -> tuple[int, list[Mutant]]:
    """How many mutants there are, and some of them."""
    parsed = [File(path) for path in files]
    every = [(one, number) for one in parsed for number in range(len(one))]
    some = sorted(random.Random(seed).sample(range(len(every)), min(sample or len(every), len(every))))
    return len(every), [every[place][0][every[place][1]] for place in some]


def report(mutants: list[Mutant], codes: t.Mapping[int, int], goal: float) -> bool:
    by_file: dict[str, list[bool]] = {}
    for number, mutant in enumerate(mutants):
        killed = codes.get(number, 0) != 0
        by_file.setdefault(mutant.path.name, []).append(killed)
        if not killed:
            why = "no test noticed" if number in codes else "no test runs it"
            print(f"\n{mutant}: {why}\n- {mutant.before}\n+ {mutant.after}")
    print("\nkilled  of  file")
    for name, all_of_it in sorted(by_file.items(), key=lambda one: (sum(one[1]) / len(one[1]), one[0])):
        print(f"{sum(all_of_it):6} {len(all_of_it):3}  {name}")
    killed = sum(sum(one) for one in by_file.values())
    share = 100.0 * killed / len(mutants)
    print(f"\n{killed} of {len(mutants)} mutants killed: {share:.1f} % (goal {goal:g} %)")
    return share >= goal


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=200, help="how many mutants; 0 for all of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="files whose name has this word")
    parser.add_argument("--goal", type=float, default=85.0, help="per cent to be killed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cache", type=pathlib.Path, default=ROOT / ".cache" / "mutants.json")
    options = parser.parse_args()
    os.chdir(ROOT)
    every = pure(ROOT / "plugins")
    tests = recorded(options.cache, every)
    files = [path for path in every if options.only in path.name]
    number, mutants = choose(files, options.sample, options.seed)
    print(f"{len(files)} files, {number} mutants; {len(mutants)} are tried (seed {options.seed})", flush=True)
    chosen = [(mutant, who_runs(mutant, tests)) for mutant in mutants]
    codes = tried(chosen, {test: one["seconds"] for test, one in tests.items()}, options.jobs)
    return 0 if report(mutants, codes, options.goal) else 1


if __name__ == "__main__":
    sys.exit(main())
