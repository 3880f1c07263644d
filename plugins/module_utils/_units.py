# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Units of systemd: read, write, enable, start, stop, mask, remove, and put back as they were.

A port: it decides nothing, and every method may be called again without effect. Files go through the caller's
:class:`FileSet`; whether a unit was enabled, masked or active is remembered here before the first touch, so that
``restore`` (after ``FileSet.restore``) brings that back too.
"""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet, read_text

DIRECTORY = "/etc/systemd/system"
# sd_booted(3): this directory exists where systemd is PID 1.
_BOOTED = "/run/systemd/system"
_JOURNAL_LINES = "8"


class _Runner(t.Protocol):
    def run_command(self, args: list[str], *, check_rc: bool = ...) -> tuple[int, str, str]: ...


class UnitError(Exception):
    """systemd refused or failed; the message is one sentence with systemd's own words."""


@dataclass(frozen=True)
class UnitState:
    """What systemd knows of a unit, in its own words (systemctl(1), ``show``)."""

    load: str  # loaded, not-found, masked, bad-setting ...
    active: str  # active, inactive, failed, activating ...
    sub: str  # running, exited, dead ...
    file: str  # enabled, disabled, static, generated, masked, or nothing
    path: str  # of the unit file, or nothing
    stale: bool  # the file has changed since systemd read it

    @property
    def exists(self) -> bool:
        return self.load != "not-found"

    @property
    def running(self) -> bool:
        return self.active in ("active", "activating", "reloading")

    @property
    def enabled(self) -> bool:
        return self.file in ("enabled", "enabled-runtime")

    @property
    def masked(self) -> bool:
        return self.file in ("masked", "masked-runtime") or self.load == "masked"


def booted() -> bool:
    """Whether systemd is this host's PID 1."""
    return os.path.isdir(_BOOTED)


def device_unit(interface: str) -> str:
    """The device unit of a network interface (systemd.unit(5), "String escaping for inclusion in unit names")."""
    escaped = "".join(
        character
        if character.isascii() and (character.isalnum() or character in ":_" or (character == "." and place))
        else "".join(f"\\x{byte:02x}" for byte in character.encode())
        for place, character in enumerate(interface)
    )
    return f"sys-subsystem-net-devices-{escaped}.device"


class Units:
    """The units that one module handles in one run.

    :arg module: only its ``run_command`` is used.
    :arg files: the set through which unit files are written.
    """

    def __init__(self, module: _Runner, files: FileSet, directory: str = DIRECTORY) -> None:
        self._module = module
        self._files = files
        self._directory = directory
        self._before: dict[str, UnitState] = {}

    def path(self, name: str) -> str:
        """Where a unit file of ours is."""
        return os.path.join(self._directory, name)

    def text(self, name: str) -> str | None:
        """The text of our unit file, None where there is none."""
        path = self.path(name)
        return None if os.path.islink(path) else read_text(path)

    def state(self, name: str) -> UnitState:
        """What systemd knows of the unit.

        :raises UnitError: systemd does not answer.
        """
        wanted = ("LoadState", "ActiveState", "SubState", "UnitFileState", "FragmentPath", "NeedDaemonReload")
        output = self._systemctl("show", "--property=" + ",".join(wanted), name)
        found = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
        return UnitState(
            load=found.get("LoadState", "not-found"),
            active=found.get("ActiveState", "inactive"),
            sub=found.get("SubState", ""),
            file=found.get("UnitFileState", ""),
            path=found.get("FragmentPath", ""),
            stale=found.get("NeedDaemonReload") == "yes",
        )

    def write(self, name: str, text: str) -> None:
        """Write a unit file where its text differs, and let systemd read it."""
        if self.text(name) == text:
            return
        self._remember(name)
        self._files.write(self.path(name), text)
        self.reload()

    def enable(self, name: str) -> None:
        self._remember(name)
        if not self.state(name).enabled:
            self._systemctl("enable", name)

    def disable(self, name: str) -> None:
        self._remember(name)
        if self.state(name).enabled:
            self._systemctl("disable", name)

    def start(self, name: str) -> None:
        """Start the unit and wait for it.

        :raises UnitError: it does not start; the message has the end of its journal.
        """
        self._remember(name)
        self._run_job("start", name)

    def restart(self, name: str) -> None:
        """Stop and start; the unit is started also when it did not run. Errors as for :meth:`start`."""
        self._remember(name)
        self._run_job("restart", name)

    def stop(self, name: str) -> None:
        self._remember(name)
        if self.state(name).exists:
            self._systemctl("stop", name)

    def mask(self, name: str) -> None:
        """Make the unit impossible to start, also one that a generator makes.

        :raises UnitError: a unit file of somebody's own is in the way.
        """
        self._remember(name)
        if not self.state(name).masked:
            self._systemctl("mask", name)

    def unmask(self, name: str) -> None:
        self._remember(name)
        if self.state(name).masked:
            self._systemctl("unmask", name)

    def remove(self, name: str) -> None:
        """Stop and disable the unit and take its file away; nothing of it stays in systemd's lists."""
        self._remember(name)
        if self.state(name).exists:
            self._systemctl("disable", "--now", name)
        if os.path.lexists(self.path(name)):
            self._files.remove(self.path(name))
        self.reload()
        # A unit that has failed stays listed without its file; one that has not is unknown here.
        self._module.run_command(["systemctl", "reset-failed", name], check_rc=False)

    def reload(self) -> None:
        """Let systemd read unit files and generators anew."""
        self._systemctl("daemon-reload")

    def restore(self) -> None:
        """Bring masks, enablement and activity back. Call it after the files are back.

        :raises UnitError: what could not be brought back; what could has been.
        """
        failed: UnitError | None = None
        self.reload()
        for name, before in reversed(list(self._before.items())):
            try:
                self._put_back(name, before)
            except UnitError as error:
                failed = error
        self._before.clear()
        if failed is not None:
            raise failed

    def _put_back(self, name: str, before: UnitState) -> None:
        now = self.state(name)
        if now.masked != before.masked:
            self._systemctl("mask" if before.masked else "unmask", name)
        if now.exists and now.enabled != before.enabled:
            self._systemctl("enable" if before.enabled else "disable", name)
        if before.running:
            self._run_job("restart", name)
        elif now.running or now.active == "failed":
            self._systemctl("stop", name)
            # One that has failed stays so, and stays listed when its file is gone; one that has not is unknown here.
            self._module.run_command(["systemctl", "reset-failed", name], check_rc=False)

    def _remember(self, name: str) -> None:
        if name not in self._before:
            self._before[name] = self.state(name)

    def _run_job(self, verb: str, name: str) -> None:
        try:
            self._systemctl(verb, name)
        except UnitError as error:
            log = ["journalctl", "--no-pager", "--output=cat", f"--lines={_JOURNAL_LINES}", f"--unit={name}"]
            said = self._module.run_command(log, check_rc=False)[1].strip()
            raise UnitError(f"{error} Its journal ends with: {' / '.join(said.splitlines())}") from error

    def _systemctl(self, *words: str) -> str:
        if not booted():
            raise UnitError("systemd is not running on this host, and no other init is supported.")
        status, output, error = self._module.run_command(["systemctl", *words], check_rc=False)
        if status:
            said = " ".join((error or output).split())
            raise UnitError(f"systemctl {' '.join(words)} failed with status {status}: {said}")
        return output
