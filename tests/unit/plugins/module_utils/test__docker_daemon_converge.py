# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a Docker daemon, and what need not be."""

from __future__ import annotations

import os
import pathlib
import stat
import time
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_client as client
from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_converge as converge
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_state import Api

INSTALLED = (28, 5, 2)


class Runner:
    """Runs ``--version`` of a program, and counts how often."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def run_command(self, args: list[str], **dummy: t.Any) -> tuple[int, str, str]:
        self.asked.append(args)
        return 0, f"Docker version {'.'.join(map(str, INSTALLED))}, build 1\n", ""

    def get_bin_path(self, arg: str, *, opt_dirs: list[str] | None = None) -> str | None:
        return None


def started(seconds_ago: float) -> dict[str, str]:
    """What systemd shows of a unit that was started then."""
    now = time.clock_gettime(time.CLOCK_MONOTONIC)
    return {"ExecMainStartTimestampMonotonic": str(int((now - seconds_ago) * 1e6))}


@pytest.fixture(name="program")
def fixture_program(tmp_path: pathlib.Path) -> str:
    """A dockerd that has just been installed, from a package that was built long ago."""
    path = tmp_path / "dockerd"
    path.write_text("#!/bin/sh\n")
    path.chmod(stat.S_IRWXU)
    os.utime(path, (0, 0))
    return str(path)


@pytest.mark.parametrize(
    ("api", "seconds_ago", "expected"),
    [
        # A daemon of the program that is there.
        (Api(ipv6=True, version="20.10.24+dfsg1"), -60, (20, 10, 24)),
        # Since its start, a package has brought another program.
        (Api(ipv6=True, version="20.10.24+dfsg1"), 60, INSTALLED),
        # One that does not say it, and none at all.
        (Api(ipv6=True), -60, INSTALLED),
        (None, -60, INSTALLED),
    ],
)
def test_the_version_is_that_of_what_would_start(
    program: str, api: Api | None, seconds_ago: float, expected: tuple[int, ...]
) -> None:
    runner = Runner()
    daemon = client.Daemon(runner, "docker")
    assert converge.read_version(daemon, started(seconds_ago), api, program) == expected
    assert runner.asked == ([[program, "--version"]] if expected == INSTALLED else [])


def test_no_version_without_a_program(tmp_path: pathlib.Path) -> None:
    daemon = client.Daemon(Runner(), "docker")
    missing = str(tmp_path / "dockerd")
    assert converge.read_version(daemon, started(60), None, missing) is None
    # What runs may have been taken away since.
    assert converge.read_version(daemon, started(-60), Api(ipv6=True, version="26.1.5"), missing) is None


@pytest.mark.parametrize(
    ("version", "api", "fresh", "expected"),
    [
        ((20, 10, 24), Api(ipv6=True), True, False),
        ((20, 10, 24), Api(ipv6=True), False, True),
        ((20, 10, 24), None, True, True),
        ((23, 0, 0), None, False, False),
    ],
)
def test_keys_are_looked_up_where_no_daemon_has_read_them(
    version: tuple[int, ...], api: Api | None, fresh: bool, expected: bool
) -> None:
    assert converge.is_untried(version, api, fresh) is expected
