# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts of a test's own without systemd: a network of the real kernel, and places of their own for what is written."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import typing as t

# What is written below these stays here, and nothing of the machine is in them but what a program needs to start.
PLACES = """
mount -t tmpfs tmpfs /run
mkdir /run/etc
for name in passwd group nsswitch.conf ld.so.cache; do [ ! -e /etc/$name ] || cp /etc/$name /run/etc; done
mount --bind /run/etc /etc
mount -t tmpfs tmpfs /var/lib
mount -t sysfs sysfs /sys
echo there
exec sleep infinity
"""
# Nothing is left of a test that is killed.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL")
PATIENCE = 30.0  # seconds, for what takes a fraction of one on an idle machine


def until(true: t.Callable[[], t.Any], what: str = "") -> None:
    """Wait for it; a failure when it does not come."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise AssertionError(what or f"not within {PATIENCE} s")
        time.sleep(0.02)


class Namespace:
    """A process that holds the namespaces; whatever is run here shares them."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            [*ENDS_WITH_US, "unshare", "--net", "--mount", "--propagation", "private"] + ["sh", "-ec", PLACES],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None and self._holder.stdout.readline() == "there\n", "not as root?"
        self.sh("for w in all default; do echo 0 >/proc/sys/net/ipv6/conf/$w/disable_ipv6; done; ip link set lo up")

    @property
    def pid(self) -> int:
        return self._holder.pid

    def words(self, *command: str) -> list[str]:
        """The command that runs this one here."""
        return [*ENDS_WITH_US, "nsenter", f"--target={self.pid}", "--net", "--mount", *command]

    def run(self, *command: str, **more: t.Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.words(*command), text=True, capture_output=True, check=False, **more)

    def sh(self, script: str) -> str:
        done = self.run("sh", "-ec", script)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def part(self, name: str) -> list[str]:
        """The command that runs a file of the collection here as a program of its own."""
        return [sys.executable, "-B", "-m", f"ansible_collections.routable.ipv6.plugins.{name}"]

    def module(
        self, name: str, check: bool = False, *, by: t.Sequence[str] = (), **arguments: t.Any
    ) -> dict[str, t.Any]:
        """The result of a module of the collection, run here as Ansible runs it; ``by`` a command that runs others."""
        given = {**arguments, "_ansible_check_mode": check, "_ansible_diff": True, "_ansible_remote_tmp": "/run/tmp"}
        done = self.run(*by, *self.part(f"modules.{name}"), input=json.dumps({"ANSIBLE_MODULE_ARGS": given}))
        try:
            result: dict[str, t.Any] = json.loads(done.stdout)
        except ValueError as error:
            raise AssertionError(f"{name} ({done.returncode})\n{done.stdout}\n{done.stderr}") from error
        return {"changed": False, "failed": False, **result}

    def close(self) -> None:
        self._holder.kill()
        self._holder.communicate()


@contextlib.contextmanager
def namespace() -> t.Iterator[Namespace]:
    made = Namespace()
    try:
        yield made
    finally:
        made.close()
