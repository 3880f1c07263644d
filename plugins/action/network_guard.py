# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import getpass
import hashlib
import os
import socket
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

_PAUSE = 2.0  # seconds between two looks at another run's guard, or two attempts to connect
_MODULE = "routable.ipv6.network_guard"
display = Display()


def started(process: int) -> str:
    """When a process of this machine began, as the kernel counts; empty where there is no such process, or no /proc."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stream:
            return stream.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def identity(process: int, controller: str) -> str:
    """The id of a run: the same in all its workers, another one after the controller's next boot."""
    text = f"{controller} {process} {started(process)}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _seconds(given: dict[str, t.Any], name: str, default: float) -> float:
    """An option before the module has looked at it, which refuses what is no time."""
    try:
        return float(given.get(name, default))
    except (TypeError, ValueError):
        return 0.0


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible ships no types
    """Say who asks, wait for others, and connect anew before a guard is called off."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        given = dict(self._task.args)
        # The workers of one run have one parent.
        controller, process = socket.gethostname(), os.getppid()
        given["run_id"] = given.get("run_id") or identity(process, controller)
        given["holder"] = given.get("holder") or f"{getpass.getuser()} on {controller}, process {process}"
        state = given.get("state")
        if state == "armed":
            result.update(self._arm(given, task_vars, controller))
        elif state in ("disarmed", "absent"):
            result.update(self._call_off(given, task_vars))
        else:
            result.update(self._ask(given, task_vars))
        return result

    def _ask(self, given: dict[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        done: dict[str, t.Any] = self._execute_module(module_name=_MODULE, module_args=given, task_vars=task_vars)
        return done

    def _arm(self, given: dict[str, t.Any], task_vars: dict[str, t.Any] | None, controller: str) -> dict[str, t.Any]:
        end = time.monotonic() + _seconds(given, "wait", 330)
        shown = None
        while True:
            done = self._ask(given, task_vars)
            if not done.get("held"):
                return done
            if self._dead(done, controller):
                reason = "the run that had armed the guard has died"
                self._ask({**given, "state": "restored", "force": True, "reason": reason}, task_vars)
                continue
            if time.monotonic() >= end or self._task.check_mode:
                return done
            if shown != done["run"]:
                shown = done["run"]
                display.display(f"{self._task.get_name()}: waiting, since {done['holder']} has armed the guard.")
            time.sleep(_PAUSE)

    def _dead(self, held: dict[str, t.Any], controller: str) -> bool:
        """Whether the run that holds the guard was one of this machine and is no more."""
        head, found, process = str(held["holder"]).rpartition(", process ")
        if not found or not process.isdigit() or not head.endswith(f" on {controller}"):
            return False
        return identity(int(process), controller) != held["run"] and not self._task.check_mode

    def _call_off(self, given: dict[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        """On a fresh connection, so that one that has survived by chance proves nothing.

        It is tried again while the network settles. What no attempt reaches, its timer puts back.
        """
        end = time.monotonic() + _seconds(given, "patience", 20)
        while True:
            try:
                if type(self._connection).reset is not ConnectionBase.reset:
                    self._connection.reset()
                done = self._ask(given, task_vars)
            except AnsibleConnectionFailure:
                if time.monotonic() >= end:
                    raise
            else:
                if not done.get("unreachable") or time.monotonic() >= end:
                    return done
            time.sleep(_PAUSE)
