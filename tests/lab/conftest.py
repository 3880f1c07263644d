# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that need real daemons, a real kernel and packets: each brings up the lab hosts that it wants."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = ROOT / "lab" / "lab"


class Lab:
    """A lab of its own: hosts, a router and a stranger, reached by ``lab/lab`` and by Ansible."""

    def __init__(self, name: str, directory: pathlib.Path) -> None:
        self.name = name
        self._directory = directory
        self._environ = {**os.environ, "LAB_NAME": name, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
        self._environ["PATH"] = f"{pathlib.Path(sys.executable).parent}:{self._environ['PATH']}"

    def lab(self, *words: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(LAB), *words], input=stdin, text=True, capture_output=True, env=self._environ, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"lab {' '.join(words)} failed ({done.returncode})\n{done.stdout}\n{done.stderr}")
        return done

    def up(self, hosts: list[dict[str, t.Any]]) -> None:
        """Bring up these hosts with router and stranger (form: see ``lab/lab --help``)."""
        if not os.environ.get("LAB_KEEP"):
            # A run that was killed may have left its lab.
            self.lab("down")
        topology = self._directory / "topology.json"
        topology.write_text(json.dumps({"hosts": hosts}))
        self.lab("up", "--topology", str(topology))
        for line in self.lab("env").stdout.splitlines():
            name, sep, value = line.replace("export ", "", 1).partition("=")
            if sep:
                self._environ[name.strip()] = value.strip().strip("'\"")
        inventory = {
            "all": {
                "hosts": {
                    name: {"ansible_host": f"{self.name}-{name}"}
                    for name in [*(host["name"] for host in hosts), "router", "stranger"]
                },
                "vars": {
                    "ansible_connection": "community.docker.docker",
                    "ansible_python_interpreter": "/usr/bin/python3",
                },
            }
        }
        (self._directory / "inventory.json").write_text(json.dumps(inventory))

    def exec(self, host: str, *command: str, check: bool = True) -> str:
        """Run a command on a host and give its standard output."""
        return self.lab("exec", host, *command, check=check).stdout

    def sh(self, host: str, script: str, check: bool = True) -> str:
        return self.exec(host, "sh", "-ec", script, check=check)

    def module(self, host: str, name: str, check: bool = False, **args: t.Any) -> dict[str, t.Any]:
        """Run one module of the collection as Ansible does, and give its result (``failed`` included)."""
        return self.modules([host], name, check, **args)[host]

    def modules(self, hosts: list[str], name: str, check: bool = False, **args: t.Any) -> dict[str, dict[str, t.Any]]:
        """As :meth:`module`, on several hosts at once; gives the results by host."""
        command = ["ansible", ",".join(hosts), "-i", str(self._directory / "inventory.json"), "--diff"]
        command += ["-m", f"routable.ipv6.{name}", "-a", json.dumps(args)] + (["--check"] if check else [])
        environ = {
            **self._environ,
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        }
        done = subprocess.run(command, text=True, capture_output=True, env=environ, cwd=ROOT, check=False)
        try:
            output = json.loads(done.stdout[done.stdout.index("{") :])
        except ValueError as error:
            raise AssertionError(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}") from error
        results: dict[str, dict[str, t.Any]] = output["plays"][0]["tasks"][0]["hosts"]
        return results

    def playbook(
        self, *words: str, inventory: str | None = None, log: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run ansible-playbook from the root of the checkout; with ``log`` its output is one JSON document."""
        command = ["ansible-playbook", "-i", inventory or str(self._directory / "inventory.json"), *words]
        environ = {**self._environ, **({"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"} if log else {})}
        return subprocess.run(command, text=True, capture_output=True, env=environ, cwd=ROOT, check=False)


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    """A lab per test file; ``LAB_KEEP=1`` leaves it up to look at."""
    stem = pathlib.Path(str(request.fspath)).stem.replace("test_", "").replace("_", "-")
    base = os.environ.get("LAB_TEST_PREFIX", "t")
    made = Lab(f"{base}-{stem}", tmp_path_factory.mktemp("lab"))
    yield made
    if not os.environ.get("LAB_KEEP"):
        made.lab("down", check=False)
