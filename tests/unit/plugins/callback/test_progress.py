# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import types
import typing as t

from ansible_collections.routable.ipv6.plugins.callback.progress import CallbackModule

ROOT = pathlib.Path(__file__).resolve().parents[4]
HOSTS = 200
PLAY = [
    {
        "name": "Many",
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {
                "name": "A step",
                "ansible.builtin.assert": {"that": "inventory_hostname not in ['h3', 'h5']", "quiet": True},
            },
            {"name": "Once", "ansible.builtin.meta": "noop"},
            {"name": "The rest", "ansible.builtin.set_fact": {"it": 1}, "run_once": True},
        ],
    }
]
LINE = re.compile(r"^progress: Many \| (.*): (\d+) of (\d+) hosts(?:, (\d+) failed)?, \d+ s$", re.MULTILINE)


def run(directory: pathlib.Path, **environ: str) -> subprocess.CompletedProcess[str]:
    hosts = {f"h{number}": {"ansible_connection": "local"} for number in range(HOSTS)}
    (directory / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (directory / "play.json").write_text(json.dumps(PLAY))
    (directory / "ansible.cfg").write_text("[defaults]\ncallbacks_enabled = routable.ipv6.progress\n")
    settings = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"), "ANSIBLE_FORKS": "20", "ANSIBLE_CONFIG": "ansible.cfg"}
    return subprocess.run(
        [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "inventory.json", "play.json"],
        cwd=directory,
        env={**os.environ, **settings, **environ},
        text=True,
        capture_output=True,
        check=False,
    )


def test_two_hundred_hosts(tmp_path: pathlib.Path) -> None:
    """With no pause between lines each host is one, so that all of them can be counted."""
    done = run(tmp_path, ROUTABLE_IPV6_PROGRESS_INTERVAL="0")
    found = LINE.findall(done.stdout)
    step = [entry for entry in found if entry[0] == "A step"]
    assert [(int(number), int(total)) for _name, number, total, _lost in step] == [
        (number, HOSTS) for number in range(1, HOSTS + 1)
    ], done.stdout + done.stderr
    assert step[-1][3] == "2"
    assert [entry[:3] for entry in found if entry[0] == "The rest"] == [("The rest", "1", "1")]
    assert "rescued" in done.stdout and "Traceback" not in done.stderr and "WARNING" not in done.stderr, done.stderr


class Clocked:
    """The callback with a clock and an ear of the test's own."""

    def __init__(self, interval: float) -> None:
        self.now = 100.0
        self.lines: list[str] = []
        display = types.SimpleNamespace(display=self.lines.append, verbosity=0)
        self.callback = CallbackModule(display=display)
        self.callback._clock = lambda: self.now
        self.callback._plugin_options = {"interval": interval}

    def start(self, name: str = "Tell the daemon", once: bool = False) -> t.Any:
        task = types.SimpleNamespace(get_name=lambda: name, _uuid=name, run_once=once)
        self.callback.v2_playbook_on_task_start(task, False)
        return task

    def result(self, task: t.Any, seconds: float, what: str = "ok", **more: t.Any) -> None:
        self.now += seconds
        getattr(self.callback, f"v2_runner_on_{what}")(types.SimpleNamespace(task=task), **more)


def test_one_line_in_a_while() -> None:
    clocked = Clocked(5)
    task = clocked.start()
    for _host in range(40):
        clocked.callback.v2_runner_on_start(None, task)
    for _host in range(40):
        clocked.result(task, 0.5)
    assert [line.split(": ")[-1] for line in clocked.lines] == [
        "10 of 40 hosts, 5 s",
        "20 of 40 hosts, 10 s",
        "30 of 40 hosts, 15 s",
        "40 of 40 hosts, 20 s",
    ]


def test_a_short_task_has_no_line_and_each_task_counts_anew() -> None:
    clocked = Clocked(5)
    first = clocked.start("first")
    clocked.result(first, 4)
    second = clocked.start("second")
    # Late news of the task before are not counted.
    clocked.result(first, 4)
    assert clocked.lines == []
    clocked.result(second, 2, "skipped")
    assert clocked.lines == ["progress: second: 1 of 1 hosts, 6 s"]


def test_what_was_lost() -> None:
    clocked = Clocked(0)
    task = clocked.start("a\nb")
    clocked.result(task, 1, "failed")
    clocked.result(task, 1, "failed", ignore_errors=True)
    clocked.result(task, 1, "unreachable")
    assert clocked.lines[-1] == "progress: a\\nb: 3 of 3 hosts, 2 failed, 3 s"
