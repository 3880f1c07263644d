# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How every module of this collection ends: done, refused, or failed with one sentence."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused


class _Module(t.Protocol):
    def fail_json(self, msg: str) -> t.NoReturn: ...

    def exit_json(self, **result: t.Any) -> t.NoReturn: ...


class Task(t.NamedTuple):
    """What a module is made of, for the module itself and for whoever only asks what it would do.

    ``arguments`` and ``required_if`` are as AnsibleModule takes them; ``run``, ``subject`` (from the options; nothing
    where the errors are whole sentences) and ``trouble`` as :func:`conclude` does.
    """

    arguments: dict[str, t.Any]
    run: t.Callable[[t.Any], dict[str, t.Any]]
    trouble: tuple[type[BaseException], ...]
    subject: t.Callable[[t.Mapping[str, t.Any]], str] = lambda params: ""
    required_if: list[tuple[str, str, list[str]]] = []


M = t.TypeVar("M", bound=_Module)


def conclude(
    module: M, run: t.Callable[[M], dict[str, t.Any]], subject: str, trouble: tuple[type[BaseException], ...]
) -> None:
    """Run the module and report its result.

    :arg run: gives the result; its :class:`Refused` is reported as it stands.
    :arg subject: what the module is about, the beginning of the sentence that reports ``trouble``.
    :arg trouble: what may go wrong on the host.
    """
    try:
        result = run(module)
    except Refused as error:
        module.fail_json(msg=str(error))
    except trouble as error:
        module.fail_json(msg=sentence(subject, error))
    module.exit_json(**result)


def sentence(subject: str, error: BaseException) -> str:
    """What went wrong, and with what."""
    return f"{subject}: {str(error).rstrip('.')}." if subject else str(error)


def carry_out(module: t.Any, task: Task) -> None:
    """Run the task that the module is made of, and report its result."""
    conclude(module, task.run, task.subject(module.params), task.trouble)


def carry_out_all(
    module: t.Any, plan: Plan, trouble: type[BaseException], carry_out_one: t.Callable[[Change], object]
) -> None:
    """Carry a plan's changes out in order; where one fails, what was done before stays and is named."""
    for done, change in enumerate(plan.changes):
        try:
            carry_out_one(change)
        except trouble as error:
            text = sentence(change.sentence, error)
            if done:
                text += f" Done before: {'; '.join(plan.sentences[:done])}."
            module.fail_json(msg=text, changed=bool(done), changes=plan.sentences[:done])
