# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What the guard's program knows of the host that it runs on, and how it calls commands.

A part of the guard's program, see :mod:`_network_guard_agent`. Standard library of Python 3.8 only.
"""

from __future__ import annotations

import os
import subprocess
import typing as t

Snapshot = t.Dict[str, t.Any]
Step = t.Tuple[str, t.Any]
DIRECTORY = "/var/lib/routable-ipv6/guard"
UNIT = "routable-ipv6-guard"  # .timer and .service, -boot.service, -late.service
UNITS = f"/etc/systemd/system/{UNIT}"
COMMAND_SECONDS = 120


class Trouble(Exception):
    """A command failed; the text is one sentence."""


def run(*command: str, data: str | None = None) -> tuple[int, str, str]:
    """Status, output and errors of a command; 127 where it is not installed."""
    environ = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    try:
        # This is a program of its own, which has no run_command.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            command, input=data or "", capture_output=True, text=True, errors="surrogateescape", env=environ,
            timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return 127, "", "not installed"
    except subprocess.TimeoutExpired:
        return 124, "", f"no end after {COMMAND_SECONDS} s"
    return done.returncode, done.stdout, done.stderr


def do(*command: str, data: str | None = None) -> str:
    """:raises Trouble: the command failed."""
    status, output, errors = run(*command, data=data)
    if status:
        said = " ".join((errors or output).split())
        raise Trouble(f"{' '.join(command)} failed with {status}: {said}")
    return output


def read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def booted() -> bool:
    """Whether systemd is this host's PID 1, sd_booted(3)."""
    return os.path.isdir("/run/systemd/system")


def boot_id() -> str:
    return (read("/proc/sys/kernel/random/boot_id") or b"").decode().strip()
