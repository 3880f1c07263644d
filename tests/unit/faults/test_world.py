# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the fault matrix takes for the end of a run."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import fault_world as worlds
import pytest


def test_a_run_ends_with_the_last_of_its_processes(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = worlds.World("none", tmp_path, [])
    # Reads until its input ends. It says that it has begun, since a process has its environment only then.
    program = [sys.executable, "-ISc", "print(flush=True); input()"]
    environ = {**os.environ, "FAULTS": str(world.faults)}
    with subprocess.Popen(program, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as left:
        assert left.stdin and left.stdout and left.stdout.readline()
        waited = []

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            left.communicate(b"\n")

        monkeypatch.setattr(worlds.time, "sleep", sleep)
        # One that ended between the listing and the look; there are no numbers as high as this one.
        there = os.listdir
        monkeypatch.setattr(worlds.os, "listdir", lambda path: ["4194305", *there(path)])
        world._wait_for_calls()
        assert len(waited) == 1 and left.returncode == 0
