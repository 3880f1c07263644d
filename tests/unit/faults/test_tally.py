# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tally of the fault matrix: what was seen is neither forgotten nor counted twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_tally import RERUN, Tally, code


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tally.jsonl"


def test_a_later_run_goes_on(path: Path) -> None:
    Tally("a", path).add("site", "web", "cut", 3, "")
    later = Tally("a", path)
    later.add("site", "web", "off", 4, "")
    assert later.number == 2
    assert later.kinds() == {"cut": 1, "off": 1} and later.hosts() == {"web": 2}
    assert later.done("site") == {("web", "cut", 3), ("web", "off", 4)}
    assert later.done("absent") == set()


def test_other_code_has_a_tally_of_its_own(path: Path) -> None:
    Tally("a", path).add("site", "web", "cut", 3, "")
    other = Tally("b", path)
    assert other.number == 0 and other.done("site") == set()
    other.add("site", "web", "cut", 3, "")
    assert Tally("a", path).number == Tally("b", path).number == 1


def test_a_lost_host_comes_again_and_is_told_of(path: Path) -> None:
    Tally("a", path).add("site", "web", "cut", 3, "no way in")
    later = Tally("a", path)
    assert later.done("site") == set() and later.lost == ["site web: cut at call 3: no way in"]
    later.add("site", "web", "cut", 3, "")
    assert later.number == 1 and later.lost == []
    assert "lost once, and not when injected again: site web: cut at call 3: no way in" in later.report()


def test_the_same_fault_twice_counts_once() -> None:
    tally = Tally("a")
    tally.add("site", "web", "cut", 3, "")
    tally.add("site", "web", "cut", 3, "")
    assert tally.number == 1


def test_a_failing_re_run_is_a_loss_and_no_fault() -> None:
    tally = Tally("a")
    tally.add("site", "web", RERUN, 0, "left a file")
    assert tally.number == 0 and tally.lost == ["site web: re-run: left a file"]


def test_the_name_follows_the_code(tmp_path: Path) -> None:
    for place in ("plugins", "roles", "playbooks", "molecule/shared"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "molecule/shared/absent.yml").write_text("absent")
    module = tmp_path / "plugins" / "module.py"
    module.write_text("one")
    one = code(tmp_path)
    (tmp_path / "plugins" / "__pycache__").mkdir()
    (tmp_path / "plugins" / "__pycache__" / "module.pyc").write_text("compiled")
    assert code(tmp_path) == one
    module.write_text("two")
    assert code(tmp_path) != one
