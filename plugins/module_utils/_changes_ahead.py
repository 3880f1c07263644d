# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What several modules of this collection would do on a host, asked in one execution.

Each is asked as in check mode, by the very code that it runs itself, so the answer is what the module then does.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.routable.ipv6.plugins.module_utils import (
    _docker_daemon_converge,
    _firewall_converge,
    _uplink_converge,
)
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import Task, sentence
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

TASKS: dict[str, Task] = {
    "docker_ipv6_daemon": _docker_daemon_converge.TASK,
    "ipv6_firewall": _firewall_converge.TASK,
    "uplink_ra": _uplink_converge.TASK,
}


class Asked:
    """The module of a task that is only asked: its own options, check mode, and for the rest the module that asks."""

    check_mode = True

    def __init__(self, asking: t.Any, params: dict[str, t.Any]) -> None:
        self._asking = asking
        self.params = params

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._asking, name)


def options_of(name: str, task: Task, given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The options as the module itself would read them.

    :raises Refused: the module would not take them.
    """
    checked = ArgumentSpecValidator(task.arguments, required_if=task.required_if).validate(dict(given))
    if checked.error_messages:
        raise Refused(
            name, "; ".join(checked.error_messages).rstrip("."), f"See ansible-doc routable.ipv6.{name} for its options"
        )
    return t.cast("dict[str, t.Any]", checked.validated_parameters)


def read(of: t.Sequence[t.Mapping[str, t.Any]]) -> list[tuple[str, Task, dict[str, t.Any]]]:
    """Name, task and options of each entry, all of them checked.

    :raises Refused: an entry names no module that can be asked, or options that it does not take.
    """
    found = []
    for entry in of:
        names = list(entry)
        if len(names) != 1 or names[0] not in TASKS:
            raise Refused(
                f"of={names}",
                f"an entry is one of {', '.join(TASKS)} with its options",
                "Write each module as an entry of its own",
            )
        name = names[0]
        given = entry[name]
        if not isinstance(given, t.Mapping):
            raise Refused(f"{name}={given!r}", "the options of a module are a dictionary", "Write them as in a task")
        found.append((name, TASKS[name], options_of(name, TASKS[name], given)))
    return found


def ask(asking: t.Any, of: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """What each module would report in check mode, with its name, in the order of ``of``.

    :raises Refused: one of them refuses what it is given.
    :raises RuntimeError: one of them cannot look at the host; the message is the one that it would end with.
    """
    results = []
    for name, task, params in read(of):
        try:
            results.append({"module": name, **task.run(Asked(asking, params))})
        except task.trouble as error:
            raise RuntimeError(sentence(task.subject(params), error)) from error
    return results
