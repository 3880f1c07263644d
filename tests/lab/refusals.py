# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many runs of a module that must all fail before anything is written: one call to the host for all of them."""

from __future__ import annotations

import json
import typing as t
from dataclasses import asdict, dataclass

from conftest import Lab, module_result

# Runs on the host, with the module imported once. Each run is a process of its own, as Ansible's is.
_PROGRAM = r"""
import importlib, json, os, subprocess, sys, tempfile
root, name, work = sys.argv[1], sys.argv[2], json.load(sys.stdin)
sys.path.insert(0, root)
sys.argv[1:] = []
module = importlib.import_module("ansible_collections.routable.ipv6.plugins.modules." + name)
def sh(script):
    return subprocess.run(["sh", "-ec", script], check=True, stdout=subprocess.PIPE, text=True).stdout
def run(arguments, check):
    own = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_module_name": "routable.ipv6." + name}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, **own}}).encode())
        given.seek(0)
        child = os.fork()
        if child == 0:
            os.dup2(given.fileno(), 0)
            os.dup2(said.fileno(), 1)
            sys.stdin = open(0)
            try:
                module.main()
            finally:
                sys.stdout.flush()
                os._exit(0)
        os.waitpid(child, 0)
        said.seek(0)
        return said.read().decode()
answers = []
for case in work["cases"]:
    sh(case["prepare"])
    before = sh(work["state"])
    results = [run(case["arguments"], check) for check in (True, False)]
    answers.append({"before": before, "results": results, "after": sh(work["state"])})
    sh(case["clean"])
json.dump(answers, sys.stdout)
"""


@dataclass(frozen=True)
class Case:
    """A module's arguments, and shell scripts for what must be there before and go after."""

    arguments: dict[str, t.Any]
    prepare: str = ""
    clean: str = ""


@dataclass(frozen=True)
class Outcome:
    """The results in check mode and without it, and the host's state before and after."""

    before: str
    results: list[dict[str, t.Any]]
    after: str

    def assert_refused(self, message: str) -> None:
        """One sentence with this in it, both times, and nothing was touched."""
        for result in self.results:
            assert result.get("failed") and not result.get("changed"), result
            assert message in result["msg"], result["msg"]
            assert "\n" not in result["msg"]
        assert len(self.results) == 2
        assert self.before and self.after == self.before


def outcomes(lab: Lab, host: str, module: str, cases: t.Iterable[Case], state: str) -> list[Outcome]:
    """Run the cases one after the other. The shell script `state` prints all that must stay as it is."""
    work = {"state": state, "cases": [asdict(case) for case in cases]}
    root = lab.provide(host)
    said = lab.exec(host, "/usr/bin/python3", "-c", _PROGRAM, root, module, stdin=json.dumps(work))
    return [
        Outcome(answer["before"], [module_result(text) for text in answer["results"]], answer["after"])
        for answer in json.loads(said)
    ]
