# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: aggregate
short_description: Say where a long run is
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - While a task runs over many hosts, says every few seconds which task it is, how many of its hosts are done, how many
    of them failed or could not be reached, and how long it has taken so far.
  - A task that is done before the interval has passed costs no line, so a short run looks as it does without.
  - It is one line each time, with nothing that only a terminal understands, so it can be read in the log of a CI job.
requirements:
  - To be enabled with C(callbacks_enabled) in F(ansible.cfg), or E(ANSIBLE_CALLBACKS_ENABLED=routable.ipv6.progress).
options:
  interval:
    description: How many seconds pass between two lines at least.
    type: float
    default: 5.0
    env:
      - name: ROUTABLE_IPV6_PROGRESS_INTERVAL
    ini:
      - section: callback_progress
        key: interval
"""

EXAMPLES = r"""
ansible.cfg: |
  [defaults]
  callbacks_enabled = routable.ipv6.progress

output: |
  progress: Docker hosts | routable.ipv6.docker_host : Tell the daemon: 120 of 200 hosts, 1 failed, 35 s
"""

import time
import typing as t

from ansible.plugins.callback import CallbackBase
from ansible_collections.routable.ipv6.plugins.module_utils._plan import printable


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "routable.ipv6.progress"
    CALLBACK_NEEDS_ENABLED = True

    _clock: t.Callable[[], float] = staticmethod(time.monotonic)

    def __init__(self, display: t.Any = None) -> None:
        super().__init__(display=display)
        self._play: t.Any = None
        self._play_name, self._task_name, self._task_id = "", "", ""
        self._once = False
        self._total = self._done = self._lost = 0
        self._begun = self._spoken = self._clock()

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        self._play, self._play_name = play, play.get_name().strip()

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        self._start(task)

    def v2_playbook_on_handler_task_start(self, task: t.Any) -> None:
        self._start(task)

    def v2_playbook_on_cleanup_task_start(self, task: t.Any) -> None:
        self._start(task)

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        if task._uuid == self._task_id:
            self._total += 1

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._count(result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._count(result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._count(result, lost=not ignore_errors)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._count(result, lost=True)

    def _start(self, task: t.Any) -> None:
        self._task_name, self._task_id = task.get_name().strip(), task._uuid
        self._once = bool(task.run_once)
        self._total = self._done = self._lost = 0
        self._begun = self._spoken = self._clock()

    def _count(self, result: t.Any, lost: bool = False) -> None:
        if _task_of(result)._uuid != self._task_id:
            return
        self._done += 1
        self._lost += lost
        now = self._clock()
        if now - self._spoken >= self.get_option("interval"):
            self._spoken = now
            self._display.display(self._line(now))

    def _line(self, now: float) -> str:
        where = " | ".join(name for name in (self._play_name, self._task_name) if name)
        lost = f", {self._lost} failed" if self._lost else ""
        return printable(f"progress: {where}: {self._done} of {self._hosts()} hosts{lost}, {now - self._begun:.0f} s")

    def _hosts(self) -> int:
        """Of the play, where it is known; never fewer than have been seen."""
        if self._once:
            return 1
        manager = self._play.get_variable_manager() if self._play is not None else None
        inventory = getattr(manager, "_inventory", None)
        named = len(inventory.get_hosts(self._play.hosts)) if inventory is not None else 0
        return max(named, self._total, self._done)


def _task_of(result: t.Any) -> t.Any:
    # ansible-core 2.19 has renamed it and warns of the former name.
    return result.task if hasattr(result, "task") else result._task
