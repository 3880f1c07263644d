# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused


def test_a_refusal_says_value_rule_and_remedy() -> None:
    error = Refused("prefix=2001:db8::/128", "one address is too little", "Give a /80")
    assert str(error) == "prefix=2001:db8::/128: one address is too little. Give a /80."
    assert (error.what, error.rule, error.remedy) == (
        "prefix=2001:db8::/128",
        "one address is too little",
        "Give a /80",
    )


def test_a_plan_with_changes_is_a_change() -> None:
    changes = (Change("Write a", "write", {"path": "/a"}), Change("Start b", "start"))
    plan = Plan(changes, {"a": 1}, {"a": 2})
    assert plan.changed and plan.sentences == ["Write a", "Start b"]
    assert plan.warnings == ()


def test_a_plan_without_changes_is_none() -> None:
    plan = Plan((), {}, {}, ("careful",))
    assert not plan.changed and plan.sentences == []


def test_plans_cannot_be_altered() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Change("x", "y").action = "z"  # type: ignore[misc]


def test_a_refusal_stays_on_its_line_and_comes_to_an_end() -> None:
    said = str(Refused("name=a\n\x1b[2J\u202e\ud800", "r", "m"))
    assert said == "name=a\\n\\x1b[2J\\u202e\\ud800: r. m."
    said = str(Refused("x" * 100_000, "ä", "m"))
    assert said == "x" * 1000 + "…: ä. m."
