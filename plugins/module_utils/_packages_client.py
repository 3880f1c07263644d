# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How to ask apt what it would do, and to let it remove packages. No decisions."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _packages as rules
from ansible_collections.routable.ipv6.plugins.module_utils._plan import printable

_LOCK_SECONDS = 120
_ENVIRON = {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


class _Module(t.Protocol):
    def run_command(
        self, args: list[str], *, check_rc: bool = ..., environ_update: dict[str, str] | None = ...
    ) -> tuple[int, str, str]: ...

    def get_bin_path(self, arg: str, required: bool = False) -> str | None: ...


class AptError(Exception):
    """apt or dpkg failed; the text is one sentence."""


class Apt:
    """The packages of this host."""

    def __init__(self, module: _Module) -> None:
        self._module = module
        self._apt = module.get_bin_path("apt-get")
        self._query = module.get_bin_path("dpkg-query")

    @property
    def there(self) -> bool:
        """Whether this is a host with apt."""
        return self._apt is not None and self._query is not None

    def installed(self) -> set[str]:
        """:raises AptError: dpkg does not tell."""
        form = "${Package} ${Architecture} ${db:Status-Status}\n"
        return rules.installed_of(self._do([str(self._query), "-W", f"-f={form}"]))

    def new_with(self, names: t.Sequence[str]) -> set[str]:
        """What these would bring that is not there. Of names that apt does not know yet, they alone."""
        command = [str(self._apt), "-q", "-s", "install", "--", *names]
        status, output, _errors = self._module.run_command(command, environ_update=_ENVIRON)
        return set(names) - self.installed() if status else rules.new_of(output)

    def gone_with(self, names: t.Sequence[str]) -> set[str]:
        """All that would be removed with these.

        :raises AptError: apt would not do it.
        """
        return rules.gone_of(self._do([str(self._apt), "-q", "-s", "purge", "--", *names]))

    def purge(self, names: t.Sequence[str]) -> None:
        """Remove them with their configuration.

        :raises AptError: apt failed.
        """
        options = ["-q", "-y", "-o", f"DPkg::Lock::Timeout={_LOCK_SECONDS}"]
        self._do([str(self._apt), *options, "purge", "--", *names])

    def _do(self, command: list[str]) -> str:
        status, output, errors = self._module.run_command(command, environ_update=_ENVIRON)
        if status:
            what, said = (" ".join(text.split()) for text in (" ".join(command), errors or output))
            raise AptError(printable(f"{what} failed with {status}: {said[-500:]}"))
        return output
