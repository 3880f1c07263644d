# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the seconds of a repeated ``make site`` go, on the lab that a first one has brought up.

    python3 tests/benchmarks/repeated_site.py

The parts are those of the Makefile. Of each playbook the slowest tasks are listed, over all hosts together.
"""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import subprocess
import sys
import time
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOAL = 90.0  # seconds
SLOWEST = 5
PLAY = ("ansible-playbook", "-i", "lab/inventory.yml")
PARTS: dict[str, tuple[str, ...]] = {
    "make setup": ("make", "--silent", "setup"),
    "lab/lab up": ("lab/lab", "up"),
    "site.yml": (*PLAY, "playbooks/site.yml"),
    "containers.yml": (*PLAY, "playbooks/site.yml", "lab/containers.yml"),
    "verify.yml": (*PLAY, "playbooks/verify.yml"),
}


def timed(words: tuple[str, ...]) -> tuple[float, str]:
    environ = dict(os.environ)
    if words[0] == PLAY[0]:
        environ["ANSIBLE_STDOUT_CALLBACK"] = "ansible.posix.json"
    begin = time.perf_counter()
    done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return seconds, done.stdout


def tasks(output: str) -> t.Iterator[tuple[float, str]]:
    """Seconds and name of each task of the last playbook in what ansible-playbook printed."""
    decoder, start, document = json.JSONDecoder(), output.find("{\n"), {"plays": []}
    while start >= 0:
        document, end = decoder.raw_decode(output, start)
        start = output.find("{\n", end)
    for play in document["plays"]:
        for task in play["tasks"]:
            begin, finish = (datetime.datetime.fromisoformat(task["task"]["duration"][k]) for k in ("start", "end"))
            yield (finish - begin).total_seconds(), task["task"]["name"]


def main() -> int:
    total, site, tables = 0.0, 0.0, []
    print(f"{'a repeated make site':40}{'seconds':>10}")
    for name, words in PARTS.items():
        seconds, output = timed(words)
        if name == "containers.yml":
            # Its tasks need the facts that the roles publish, so it runs behind site.yml; that part is counted above.
            seconds -= site
        elif name == "site.yml":
            site = seconds
        total += seconds
        print(f"{name:40}{seconds:>10.1f}", flush=True)
        if words[0] == PLAY[0]:
            tables.append((name, sorted(tasks(output), reverse=True)[:SLOWEST]))
    print(f"{'together':40}{total:>10.1f}   goal {GOAL:.0f}\n")
    for name, slowest in tables:
        print(f"the slowest tasks of {name}")
        print("\n".join(f"  {task[:60]:60}{seconds:>8.2f}" for seconds, task in slowest))
    return 0 if total < GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
