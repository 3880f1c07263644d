# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""Modules asked in the execution of another one: their options as they would read them, nothing carried out."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _changes_ahead as changes_ahead
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import Task
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.modules import (
    docker_ipv6_daemon,
    ipv6_firewall,
    uplink_ra,
)

MODULES = (docker_ipv6_daemon, ipv6_firewall, uplink_ra)
KNOWN = changes_ahead.TASKS


class Asking:
    """The module that asks: not in check mode, with a path to hand on."""

    check_mode = False

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def run(module: t.Any) -> dict[str, t.Any]:
    assert module.check_mode is True
    if module.params["count"] > 9:
        raise Refused(f"count={module.params['count']}", "it is too much", "Give less")
    if module.params["broken"]:
        raise OSError("no space left.")
    module.warn(f"{module.params['name']} is watched.")
    return {"changed": module.params["count"] > 0, "changes": [f"Count {module.params['count']}"]}


TASK = Task(
    arguments={
        "name": {"type": "str", "required": True},
        "count": {"type": "int", "default": 0},
        "broken": {"type": "bool", "default": False},
        "kind": {"type": "str", "choices": ["a", "b"]},
    },
    required_if=[("count", 5, ["kind"])],  # type: ignore[list-item]
    run=run,
    subject=lambda params: f"Counter {params['name']}",
    trouble=(OSError,),
)


@pytest.fixture(autouse=True)
def counters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes_ahead, "TASKS", {"counter": TASK, "other": TASK})


def test_each_is_asked_in_check_mode_with_its_own_options() -> None:
    asking = Asking()
    found = changes_ahead.ask(asking, [{"counter": {"name": "x", "count": "3"}}, {"other": {"name": "y"}}])
    assert found == [
        {"module": "counter", "changed": True, "changes": ["Count 3"]},
        {"module": "other", "changed": False, "changes": ["Count 0"]},
    ]
    assert asking.warnings == ["x is watched.", "y is watched."]


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ([{"unknown": {}}], "of=['unknown']: an entry is one of counter, other with its options"),
        ([{}], "of=[]: an entry is one of"),
        ([{"counter": {"name": "x"}, "other": {"name": "y"}}], "of=['counter', 'other']: an entry is one of"),
        ([{"counter": ["x"]}], "counter=['x']: the options of a module are a dictionary"),
        ([{"counter": {}}], "counter: missing required arguments: name"),
        ([{"counter": {"name": "x", "size": 1}}], "size. Supported parameters include"),
        ([{"counter": {"name": "x", "count": "many"}}], "counter: argument 'count' is of type"),
        ([{"counter": {"name": "x", "kind": "c"}}], "value of kind must be one of: a, b, got: c"),
        ([{"counter": {"name": "x", "count": 5}}], "count is 5 but all of the following are missing: kind"),
        ([{"counter": {"name": "x", "count": 10}}], "count=10: it is too much. Give less."),
    ],
)
def test_refused_as_by_the_module_itself(of: list[dict[str, t.Any]], said: str) -> None:
    with pytest.raises(Refused) as refused:
        changes_ahead.ask(Asking(), of)
    assert said in str(refused.value)


def test_options_are_checked_before_anybody_is_asked() -> None:
    asking = Asking()
    with pytest.raises(Refused):
        changes_ahead.ask(asking, [{"counter": {"name": "x"}}, {"other": {}}])
    assert asking.warnings == []


def test_trouble_is_the_sentence_that_the_module_ends_with() -> None:
    with pytest.raises(RuntimeError) as failed:
        changes_ahead.ask(Asking(), [{"counter": {"name": "x", "broken": True}}])
    assert str(failed.value) == "Counter x: no space left."


def test_what_can_be_asked_is_what_the_modules_are_made_of() -> None:
    made_of = {module.__name__.rsplit(".", 1)[-1]: module.TASK for module in MODULES}
    assert made_of == KNOWN
