# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module in playbooks that run at once, with a ledger in a file and in a database."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger

COLLECTIONS = str(pathlib.Path(__file__).parents[2] / ".dev")
POOLS = {
    "hosts": {"prefix": "2001:db8::/48", "length": 64, "suffix": True, "quarantine_days": 30},
    "names": {"parent": "hosts", "prefix_length": 64, "suffix": True},
}


class Playbooks:
    def __init__(self, place: pathlib.Path, where: str) -> None:
        self._place, self._where = place, where
        (place / "ansible.cfg").touch()

    def start(self, name: str, requests: list[t.Any], *words: str, **options: t.Any) -> subprocess.Popen[str]:
        task = {"requests": requests, "ledger": self._where, "pools": POOLS, **options}
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"routable.ipv6.ipv6_allocate": task}]}
        (self._place / f"{name}.yml").write_text(json.dumps([play]))
        environ = {
            **os.environ,
            "ANSIBLE_CONFIG": str(self._place / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
            "ANSIBLE_HOME": str(self._place / "home"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        }
        command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", f"{self._place}/{name}.yml", *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)

    @staticmethod
    def end(run: subprocess.Popen[str]) -> dict[str, t.Any]:
        output = run.communicate()[0]
        result: dict[str, t.Any] = json.loads(output[output.index("{") :])["plays"][0]["tasks"][0]["hosts"]["localhost"]
        return result

    def run(self, requests: list[t.Any], *words: str, **options: t.Any) -> dict[str, t.Any]:
        return self.end(self.start("one", requests, *words, **options))


def test_playbooks_at_once_and_after_one_another(where: str, tmp_path: pathlib.Path) -> None:
    playbooks = Playbooks(tmp_path, where)
    wanted = [{"name": "h1", "pool": "hosts"}, {"name": "shared", "pool": "names"}, {"name": "n1", "pool": "names"}]
    predicted = playbooks.run(wanted, "--check")
    done = playbooks.run(wanted)
    assert done["changed"] and predicted["allocation_list"] == done["allocation_list"], (predicted, done)
    assert not playbooks.run(wanted)["changed"]
    runs = [
        playbooks.start(f"run-{number}", ["shared", *(f"{number}-{one}" for one in range(20))], pool="names")
        for number in range(4)
    ]
    found = [playbooks.end(run)["allocations"] for run in runs]
    assert {one["shared"]["address"] for one in found} == {done["allocations"]["shared"]["address"]}
    addresses = [entry["address"] for one in found for name, entry in one.items() if name != "shared"]
    assert len(set(addresses)) == len(addresses) == 80
    moved = playbooks.run(
        ["shared"], pool="names", pools={**POOLS, "hosts": {**POOLS["hosts"], "prefix": "2001:db8:7::/48"}}
    )
    assert moved["allocations"]["shared"]["address"] == done["allocations"]["shared"]["address"].replace(
        "2001:db8:0:", "2001:db8:7:"
    )
    with open_ledger(where) as ledger:
        assert ledger.verify() == []


def test_a_refusal_writes_nothing(where: str, tmp_path: pathlib.Path) -> None:
    playbooks = Playbooks(tmp_path, where)
    refused = playbooks.run([{"name": "a", "pool": "names"}, {"name": "b", "pool": "names", "address": "2001:db9::1"}])
    assert "2001:db9::1" in refused["msg"] and "Traceback" not in refused["msg"]
    with open_ledger(where) as ledger:
        assert ledger.pools() == {} and ledger.journal() == []
