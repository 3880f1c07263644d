# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import pathlib
import time

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_agent as agent
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_plan as plan
from guard_snapshots import snapshot, unit


def test_after_a_boot_every_unit_is_another_one() -> None:
    before = snapshot(units={"docker.service": unit()}, iptables={"iptables": "old", "ip6tables": ""})
    now = snapshot(units={"docker.service": unit(invocation="9")}, iptables={"iptables": "new", "ip6tables": ""})
    assert plan.plan(before, now) != []
    assert plan.plan(agent.with_new_units(before, now), now) == []


def guard(directory: pathlib.Path) -> dict[str, str]:
    return {"run": "r", "holder": "h"}


def test_the_journal_keeps_its_end(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "JOURNAL_LINES", 3)
    monkeypatch.setattr(os, "chown", lambda *words: None)
    for number in range(5):
        agent.note(str(tmp_path), guard(tmp_path), "armed", number=number)
    assert [entry["number"] for entry in agent.journal(str(tmp_path))] == [2, 3, 4]
    with open(tmp_path / "journal.jsonl", "a") as stream:
        stream.write('{"half')
    assert len(agent.journal(str(tmp_path))) == 3


def test_nothing_is_put_back_without_an_armed_guard(tmp_path: pathlib.Path) -> None:
    assert agent.restore(str(tmp_path), "why") == []
    assert agent.wait(str(tmp_path)) == 0


def test_waiting_ends_when_the_guard_is_called_off(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "armed.json").write_text(json.dumps({"timeout": 1000, "token": "a"}))
    monkeypatch.setattr(time, "sleep", lambda seconds: (tmp_path / "armed.json").unlink())
    assert agent.wait(str(tmp_path)) == 0


def test_waiting_ends_when_another_guard_is_armed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = json.dumps({"timeout": 1000, "token": "b"})
    (tmp_path / "armed.json").write_text(json.dumps({"timeout": 1000, "token": "a"}))
    monkeypatch.setattr(time, "sleep", lambda seconds: (tmp_path / "armed.json").write_text(other))
    assert agent.wait(str(tmp_path)) == 0
    assert (tmp_path / "armed.json").exists()


def test_waiting_counts_on_the_monotonic_clock(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock jumps by a day in each direction; only the other one decides."""
    clock = {"now": 50.0, "wall": 1.0}
    rang: list[float] = []

    def sleep(seconds: float) -> None:
        clock["now"] += seconds
        clock["wall"] = -clock["wall"] * 86400

    def restore(directory: str, why: str) -> list[str]:
        rang.append(clock["now"])
        return []

    (tmp_path / "armed.json").write_text(json.dumps({"timeout": 10, "token": "a"}))
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(time, "time", lambda: clock["wall"])
    monkeypatch.setattr(agent, "restore", restore)
    monkeypatch.setattr(agent, "LOCK", str(tmp_path / "lock"))
    assert agent.wait(str(tmp_path)) == 0
    assert rang == [60.0]


@pytest.mark.parametrize("words", [[], ["restore"], ["explode", "/x"], ["restore", "/x", "y"]])
def test_wrong_words_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert agent.main(["agent", *words]) == 2
    assert capsys.readouterr().err.startswith("usage: ")


RULES = """*filter
:FORWARD DROP [0:0]
-A FORWARD -i br-0123456789ab -j ACCEPT
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i web0 -o eth0 -j MARK
COMMIT
*nat
-A POSTROUTING -s 172.18.0.0/16 ! -o web0 -j MASQUERADE
-A POSTROUTING -s 172.18.0.0/16 ! -o web0x -j MASQUERADE
COMMIT
"""


def test_rules_of_networks_that_are_gone_stay_away() -> None:
    docker = {
        "networks": ["0123456789abcdef", "feed"],
        "bridge": [],
        "bridges": {"0123456789abcdef": "br-0123456789ab"},
    }
    docker["bridges"]["feed"] = "web0"
    before = snapshot(docker=docker, iptables={"iptables": RULES, "ip6tables": ""})
    assert agent.without_networks(before, lambda name: True) == before
    kept = agent.without_networks(before, lambda name: name != "web0")["iptables"]["iptables"]
    assert "br-0123456789ab" in kept and "docker0" in kept and "web0x" in kept
    assert "web0 " not in kept and kept.count("COMMIT") == 2
    # A guard that was armed before bridges were kept.
    old = snapshot(docker={"networks": ["feed"], "bridge": []})
    assert agent.without_networks(old, lambda name: False) == old


@pytest.fixture
def called_off(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A guard without ``armed.json`` whose units are still there, below ``etc``."""
    wants = tmp_path / "etc" / "timers.target.wants"
    wants.mkdir(parents=True)
    (tmp_path / "etc" / f"{agent.UNIT}.timer").write_text("[Timer]")
    (wants / f"{agent.UNIT}.timer").symlink_to(tmp_path / "etc" / f"{agent.UNIT}.timer")
    (tmp_path / "lib" / "guard").mkdir(parents=True)
    for name in ("network_guard_agent.py", "spare"):
        (tmp_path / "lib" / "guard" / name).write_text("")
    monkeypatch.setattr(agent, "UNITS", str(tmp_path / "etc" / agent.UNIT))
    monkeypatch.setattr(agent, "LOCK", str(tmp_path / "lock"))
    return tmp_path


def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What is run from now on, with systemd."""
    found: list[tuple[str, ...]] = []
    monkeypatch.setattr(agent, "booted", lambda: True)
    monkeypatch.setattr(agent, "run", lambda *words: found.append(words) or (0, "", ""))
    return found


def test_what_cannot_be_removed_is_left_to_the_timer(called_off: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(path: str) -> None:
        if "/etc/" in path:
            raise OSError(30, "Read-only file system", path)
        pathlib.Path(path).unlink(missing_ok=True)

    directory = called_off / "lib" / "guard"
    (directory / "armed.json").write_text("{}")
    ran = commands(monkeypatch)
    monkeypatch.setattr(agent, "remove", read_only)
    assert len(agent.take_away(str(directory))) == 2
    assert ran == []
    assert [path.name for path in directory.iterdir()] == ["network_guard_agent.py"]


def test_the_timer_takes_away_what_was_left(called_off: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = commands(monkeypatch)
    assert agent.main(["guard", "restore", str(called_off / "lib" / "guard")]) == 0
    assert ("systemctl", "stop", f"{agent.UNIT}.timer") in ran
    assert sorted(path.name for path in called_off.iterdir()) == ["etc", "lock"]
    assert list((called_off / "etc").iterdir()) == []


def test_the_timer_tries_until_nothing_is_left(called_off: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands(monkeypatch)
    monkeypatch.setattr(agent, "take_away", lambda directory: ["Read-only file system"])
    assert agent.main(["guard", "restore", str(called_off / "lib" / "guard")]) == 1
