# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks: what the Director works on, and what it wrote about it."""

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass, field

from .errors import DirectorError

_VISIBLE = ("delete_deployment", "update_deployment", "update_release", "update_stemcell", "run_errand")


@dataclass
class Task:
    id: int
    type: str
    description: str
    user: str
    deployment: str | None = None
    state: str = "queued"
    result: str | None = None
    timestamp: int = 0
    started_at: int | None = None
    output: dict[str, str] = field(default_factory=dict)
    # What is still to be done, and how often somebody looks before.
    looks: int = 0
    work: t.Callable[[], None] | None = None

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "id": self.id,
            "state": self.state,
            "description": self.description,
            "timestamp": self.timestamp,
            "started_at": self.started_at,
            "result": self.result,
            "user": self.user,
            "deployment": self.deployment,
            "context_id": "",
        }


class Tasks:
    """All tasks, newest first."""

    def __init__(self) -> None:
        self._tasks: list[Task] = []
        self._lock = threading.Lock()

    def add(self, kind: str, description: str, user: str, deployment: str | None = None) -> Task:
        with self._lock:
            task = Task(len(self._tasks) + 1, kind, description, user, deployment)
            self._tasks.append(task)
            return task

    def find(self, query: t.Mapping[str, str]) -> list[Task]:
        states = [state for state in query.get("state", "").split(",") if state]
        found = [
            task
            for task in reversed(self._tasks)
            if (not states or task.state in states)
            and (query.get("verbose", "1") != "1" or task.type in _VISIBLE)
            and query.get("deployment") in (None, task.deployment)
        ]
        return found[: max(int(query["limit"]), 1)] if query.get("limit", "").isdigit() else found

    def get(self, identifier: str) -> Task:
        task = next((task for task in self._tasks if str(task.id) == identifier), None)
        if task is None:
            raise DirectorError(10000, f"Task {identifier} not found", 404)
        return task
