# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import Task, carry_out, conclude
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused


class Ended(Exception):
    pass


class Module:
    def fail_json(self, msg: str) -> t.NoReturn:
        raise Ended("failed", msg)

    def exit_json(self, **result: t.Any) -> t.NoReturn:
        raise Ended("done", result)


def end_of(outcome: dict[str, t.Any] | Exception) -> tuple[t.Any, ...]:
    def run(module: Module) -> dict[str, t.Any]:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with pytest.raises(Ended) as ended:
        conclude(Module(), run, "Uplink ens3", (OSError,))
    return ended.value.args


def test_done() -> None:
    assert end_of({"changed": True}) == ("done", {"changed": True})


def test_refused_as_it_stands() -> None:
    assert end_of(Refused("a=1", "a rule", "A remedy")) == ("failed", "a=1: a rule. A remedy.")


def test_trouble_is_one_sentence_with_its_subject() -> None:
    assert end_of(OSError("no space left.")) == ("failed", "Uplink ens3: no space left.")


def test_a_bug_is_not_made_into_a_sentence() -> None:
    with pytest.raises(ZeroDivisionError):
        conclude(Module(), lambda module: {"changed": 1 / 0}, "Uplink ens3", (OSError,))


def test_a_task_names_its_subject_from_its_options() -> None:
    def run(module: t.Any) -> dict[str, t.Any]:
        raise OSError("no space left")

    module = Module()
    module.params = {"interface": "ens3"}  # type: ignore[attr-defined]
    with pytest.raises(Ended) as ended:
        carry_out(module, Task({}, run, (OSError,), lambda params: f"Uplink {params['interface']}"))
    assert ended.value.args == ("failed", "Uplink ens3: no space left.")
    with pytest.raises(Ended) as ended:
        carry_out(module, Task({}, run, (OSError,)))
    assert ended.value.args == ("failed", "no space left")
