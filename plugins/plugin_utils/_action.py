# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the action plugins share: they work on the controller's own files and on no host."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused, printable
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import state_directory


class ControllerAction(ActionBase):  # type: ignore[misc]  # Ansible ships no types
    """An action in the controller's process. Subclasses give ``SPEC`` and :meth:`act`."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False
    SPEC: t.ClassVar[dict[str, t.Any]] = {}

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(argument_spec=self.SPEC)
        try:
            result.update(self.act(args, task_vars or {}))
        # Ansible adds the sentences of all causes to that of an error; ours says everything once.
        except Refused as refused:
            raise AnsibleActionFail(str(refused)) from None
        except OSError as error:
            raise AnsibleActionFail(f"The state directory cannot be used: {printable(str(error))}.") from None
        return result

    def act(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """The result of the task.

        :raises Refused: a value that cannot work.
        :raises OSError: the state directory cannot be read or written.
        """
        raise TypeError(f"{type(self).__name__} has no act()")

    @property
    def check_mode(self) -> bool:
        return bool(self._task.check_mode)

    def variable(self, name: str, task_vars: dict[str, t.Any]) -> t.Any:
        """The value of a variable that need not be set."""
        return self._templar.template(task_vars.get(name))

    def directory(self, task_vars: dict[str, t.Any]) -> str:
        """What relative paths in a playbook start from."""
        return str(task_vars.get("playbook_dir") or self._loader.get_basedir())

    def state_directory(self, task_vars: dict[str, t.Any]) -> str:
        configured = self.variable("ipv6_state_dir", task_vars)
        sources = task_vars.get("ansible_inventory_sources") or []
        return state_directory(
            None if configured in (None, "") else str(configured),
            [str(source) for source in sources],
            self.directory(task_vars),
        )
