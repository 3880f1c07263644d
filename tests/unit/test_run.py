# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner of the steps: what starts beside what, and that a failure is seen."""

from __future__ import annotations

import importlib.util
import json
import sys
import typing as t
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("run_steps", Path(__file__).resolve().parents[1] / "run.py")
assert _SPEC is not None and _SPEC.loader is not None
run = importlib.util.module_from_spec(_SPEC)
sys.modules["run_steps"] = run
_SPEC.loader.exec_module(run)

Step = run.Step


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "LOGS", tmp_path)
    monkeypatch.setattr(run, "TIMES", tmp_path / "seconds.json")
    return tmp_path


def runner(*running: t.Any, room: int = 20) -> t.Any:
    made = run.Runner([], cores=2, room=room)
    made._running = dict.fromkeys(running, 0.0)
    return made


COMPUTES = [Step(f"computes-{number}", "true") for number in range(3)]
WAITS = [Step(f"waits-{number}", "true", run.WAITS, hosts=4) for number in range(4)]


@pytest.mark.parametrize(
    ("running", "step", "fits"),
    [
        ([], COMPUTES[0], True),
        (COMPUTES[:1], COMPUTES[1], True),
        (COMPUTES[:2], COMPUTES[2], False),
        (COMPUTES[:2], WAITS[0], False),
        ([COMPUTES[0], WAITS[0]], WAITS[1], True),
        ([COMPUTES[0], WAITS[0]], COMPUTES[1], False),
        (WAITS[:2], WAITS[2], True),
        (WAITS[:3], WAITS[3], False),
        ([run.ALONE], WAITS[0], False),
        (WAITS[:1], run.ALONE, False),
        ([], run.ALONE, True),
    ],
)
def test_what_starts_beside_what(running: list[t.Any], step: t.Any, fits: bool) -> None:
    assert runner(*running).fits(step) is fits


def test_lab_hosts_start_only_where_there_is_room() -> None:
    assert runner(WAITS[0], room=8).fits(WAITS[1])
    assert not runner(WAITS[0], room=7).fits(WAITS[1])
    # It says itself that there is no room.
    assert runner(room=3).fits(WAITS[0])


def test_a_step_that_waits_is_overtaken_and_comes_all_the_same(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = [Step("first", "true", hosts=2), Step("second", "true", hosts=2), Step("third", "true")]
    assert run.Runner(order, cores=2, room=2).run() == 0
    assert "3 passed, 0 failed" in capsys.readouterr().out
    assert set(json.loads((logs / "seconds.json").read_text())) == {"first", "second", "third"}


def test_a_failure_is_shown_with_its_end(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = [Step("good", "true"), Step("bad", "echo out; echo the reason >&2; exit 3")]
    assert run.Runner(steps, cores=2, room=0).run() == 1
    out = capsys.readouterr().out
    assert "the reason" in out and "1 passed, 1 failed" in out
    assert set(json.loads((logs / "seconds.json").read_text())) == {"good"}


def test_every_step_is_known_by_one_name() -> None:
    names = [step.name for step in run.steps()]
    assert len(names) == len(set(names)) > 20
