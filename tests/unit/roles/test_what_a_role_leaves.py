# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a role leaves in the caller's play carries the role's name, and handlers it has none."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

ROLES = sorted(path for path in (pathlib.Path(__file__).resolve().parents[3] / "roles").iterdir() if path.is_dir())
Task = t.Dict[str, t.Any]
# An instance is reached by the address that it has got; the role's documentation says so.
MEANT = {"ec2_docker_host": {"ansible_host"}}
# What an API has to be asked for is asked from the controller, by the user that Ansible runs as.
FROM_CONTROLLER = {"delegate_to": "localhost", "become": False}


def tasks(role: pathlib.Path) -> list[Task]:
    """All tasks of a role, those in blocks, too."""
    found: list[Task] = []

    def look(entries: list[Task]) -> None:
        for entry in entries:
            found.append(entry)
            for part in ("block", "rescue", "always"):
                look(entry.get(part) or [])

    for path in sorted((role / "tasks").glob("*.yml")):
        look(yaml.safe_load(path.read_text()))
    return found


def made_by(task: Task) -> list[str]:
    """The names that a task brings into the play."""
    facts = task.get("ansible.builtin.set_fact") or {}
    loop = (task.get("loop_control") or {}).get("loop_var")
    registered = task.get("register")
    return [*facts, *(task.get("vars") or {}), *([loop] if loop else []), *([registered] if registered else [])]


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_whatever_a_role_sets_carries_its_name(role: pathlib.Path) -> None:
    found = [name for task in tasks(role) for name in made_by(task)]
    # What another role takes as a parameter has that role's name.
    others = tuple(f"{other.name}_" for other in ROLES)
    called = [name for task in tasks(role) if any("_role" in key for key in task) for name in task.get("vars") or {}]
    assert [name for name in called if not name.lstrip("_").startswith(others)] == []
    strange = {name for name in found if name not in called and not name.lstrip("_").startswith(f"{role.name}_")}
    assert strange == MEANT.get(role.name, set())


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_a_role_has_no_handlers(role: pathlib.Path) -> None:
    """A handler's name is one for the whole play: the caller's of the same name would run instead, or beside."""
    assert not (role / "handlers").exists()
    assert [task["name"] for task in tasks(role) if {"notify", "listen"} & task.keys()] == []


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_a_role_says_nothing_of_how_it_is_called(role: pathlib.Path) -> None:
    """Tags, becoming another user and delegation are the caller's to choose, and no other role comes along."""
    ours = {"tags", "become", "become_user", "delegate_to", "remote_user", "connection"}
    chosen = [(task["name"], {key: task[key] for key in ours & task.keys()}) for task in tasks(role)]
    assert [(name, keys) for name, keys in chosen if keys and keys != FROM_CONTROLLER] == []
    assert yaml.safe_load((role / "meta" / "main.yml").read_text())["dependencies"] == []
