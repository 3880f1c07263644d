# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A default in an argument spec sets nothing: the value comes from defaults/main.yml, so both must say the same."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

ROLES = sorted(path for path in (pathlib.Path(__file__).resolve().parents[3] / "roles").iterdir() if path.is_dir())


def content(path: pathlib.Path) -> t.Any:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_defaults_are_as_documented(role: pathlib.Path) -> None:
    defaults = content(role / "defaults" / "main.yml")
    options = content(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    documented = {name: option["default"] for name, option in options.items() if "default" in option}
    assert documented == defaults
    without = [name for name, option in options.items() if "default" not in option and not option.get("required")]
    assert without == []


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_every_variable_carries_the_name_of_its_role(role: pathlib.Path) -> None:
    names = [*content(role / "defaults" / "main.yml"), *content(role / "vars" / "main.yml")]
    assert [name for name in names if not name.lstrip("_").startswith(f"{role.name}_")] == []


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_a_role_can_be_taken_away(role: pathlib.Path) -> None:
    options = content(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    assert options[f"{role.name}_state"]["choices"] == ["present", "absent"]


def tasks_of(entries: list[dict[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    """All tasks, those in blocks included."""
    for entry in entries:
        yield entry
        for part in ("block", "rescue", "always"):
            yield from tasks_of(entry.get(part) or [])


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_no_loop_includes_different_files(role: pathlib.Path) -> None:
    """Ansible runs each file for all hosts that want it, in the order of the first host: another one's come too late."""
    loops = [
        f"{path.name}: {task['name']}"
        for path in sorted(role.glob("tasks/*.yml"))
        for task in tasks_of(content(path) or [])
        if "loop" in task and "{{" in str(task.get("ansible.builtin.include_tasks"))
    ]
    assert loops == []


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_every_option_of_a_task_is_written_out(role: pathlib.Path) -> None:
    """Options that come out of one template make Ansible warn each user that this is unsafe."""
    files = sorted(role.glob("tasks/*.yml")) + sorted(role.glob("handlers/*.yml"))
    templated = [
        f"{path.name}: {task['name']}"
        for path in files
        for task in tasks_of(content(path) or [])
        for key, value in task.items()
        if "." in key
        and isinstance(value, str)
        and value.lstrip().startswith("{{")
        and not key.endswith(("include_tasks", "import_tasks"))
    ]
    assert templated == []
