# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that need real daemons, a real kernel and packets: each brings up the lab hosts that it wants."""

from __future__ import annotations

import functools
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

import ansible
import pytest
from docker_daemons import Hosts

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = ROOT / "lab" / "lab"
COLLECTION = "ansible_collections/routable/ipv6/plugins"
# Where a lab host has the collection's modules and what they need of Ansible. What is asserted about files is elsewhere.
ON_HOST = "/opt/lab/ansible"
# Runs a module there with its arguments on standard input, as Ansible's guide describes for trying a module out.
RUN_MODULE = f"""
import runpy, sys
sys.path.insert(0, {ON_HOST!r})
name = sys.argv.pop()
runpy.run_module(name, run_name="__main__", alter_sys=True)
"""


@functools.lru_cache(maxsize=1)
def collection_archive() -> bytes:
    """The collection's modules and Ansible's own module_utils, as a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        home = pathlib.Path(ansible.__file__).parent
        archive.add(home / "module_utils", "ansible/module_utils", filter=_python)
        # As in the payload that Ansible makes: what else the package holds is the controller's.
        package = f"__version__ = {ansible.__version__!r}\n".encode()
        member = tarfile.TarInfo("ansible/__init__.py")
        member.size = len(package)
        archive.addfile(member, io.BytesIO(package))
        for part in ("modules", "module_utils"):
            archive.add(ROOT / "plugins" / part, f"{COLLECTION}/{part}", filter=_python)
    return buffer.getvalue()


def _python(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    member.uid = member.gid = 0
    return member if member.isdir() or member.name.endswith(".py") else None


def module_result(text: str) -> dict[str, t.Any]:
    """What Ansible makes of a module's output: ``changed`` is always there, and warnings are text (2.19 and later)."""

    def message(found: dict[str, t.Any]) -> t.Any:
        return found["event"]["msg"] if {"event", "__ansible_type"} <= found.keys() else found

    return {"changed": False, **json.loads(text, object_hook=message)}


def failure(output: dict[str, t.Any]) -> str:
    """What the first failed task of a logged run says; of a loop its first failed item."""
    results = [r for play in output["plays"] for task in play["tasks"] for r in task["hosts"].values()]
    failed = next(result for result in results if result.get("failed"))
    # ansible-core 2.21 marks a failed item by its exception only.
    items = (one for one in failed.get("results", []) if one.get("failed") or "exception" in one)
    return str(next(items, failed)["msg"])


class Lab:
    """A lab of its own: hosts, a router and a stranger, reached by ``lab/lab`` and by Ansible."""

    def __init__(self, name: str, directory: pathlib.Path) -> None:
        self.name = name
        self._directory = directory
        self._environ = {**os.environ, "LAB_NAME": name, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
        self._provided: set[str] = set()
        self._lock = threading.Lock()
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
        self._provided.clear()
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

    def exec(self, host: str, *command: str, check: bool = True, stdin: str | None = None) -> str:
        """Run a command on a host and give its standard output."""
        done = self._exec(host, *command, stdin=stdin)
        if check and done.returncode:
            raise AssertionError(f"{host}: {' '.join(command)} ({done.returncode})\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def _exec(self, host: str, *command: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        # Not by `lab exec`, which asks first which engine answers: there are thousands of these calls.
        docker = ["docker", "exec", "-i", f"{self.name}-{host}", *command]
        for again in (True, False):
            done = subprocess.run(
                docker, input=stdin or "", text=True, capture_output=True, env=self._environ, check=False
            )
            # runc has lost the process in which it was about to start the command; nothing has run.
            if not (
                again and done.returncode == 126 and "waiting for init preliminary setup" in done.stderr + done.stdout
            ):
                break
        return done

    def sh(self, host: str, script: str, check: bool = True) -> str:
        return self.exec(host, "sh", "-ec", script, check=check)

    def module(
        self,
        host: str,
        name: str,
        /,
        check: bool = False,
        *,
        become_user: str = "",
        direct: bool = False,
        **args: t.Any,
    ) -> dict[str, t.Any]:
        """Run one module of the collection on a host and give its result (``failed`` included).

        The module's own process, without Ansible around it, whose start takes longer than most modules do.
        :meth:`ansible` is the long way; each module's tests go it too. What has an action plugin goes no other way,
        unless ``direct`` says that its part on the host is meant.
        """
        if not direct and (ROOT / "plugins" / "action" / f"{name}.py").exists():
            assert not become_user
            return self.ansible([host], name, check, **args)[host]
        self.provide(host)
        given = {
            **args,
            "_ansible_check_mode": check,
            "_ansible_diff": True,
            "_ansible_module_name": f"routable.ipv6.{name}",
            "_ansible_remote_tmp": "/root/.ansible/tmp",
        }
        become = ("setpriv", "--reuid", become_user, "--regid", "nogroup", "--clear-groups") if become_user else ()
        words = ("/usr/bin/python3", "-c", RUN_MODULE, f"{COLLECTION}/modules/{name}".replace("/", "."))
        done = self._exec(host, *become, *words, stdin=json.dumps({"ANSIBLE_MODULE_ARGS": given}))
        try:
            result = module_result(done.stdout)
        except ValueError as error:
            raise AssertionError(f"{name} on {host} ({done.returncode})\n{done.stdout}\n{done.stderr}") from error
        assert (done.returncode != 0) == bool(result.get("failed")), (done.returncode, result)
        return result

    def modules(self, hosts: list[str], name: str, check: bool = False, **args: t.Any) -> dict[str, dict[str, t.Any]]:
        """As :meth:`module`, on several hosts at once; gives the results by host."""
        with ThreadPoolExecutor(len(hosts)) as pool:
            return dict(zip(hosts, pool.map(lambda host: self.module(host, name, check, **args), hosts), strict=True))

    def provide(self, host: str) -> str:
        """Make sure that a host has the collection's modules, and give the directory to import them from."""
        with self._lock:
            if host not in self._provided:
                unpack = f"rm -rf {ON_HOST}; mkdir -p {ON_HOST}; exec tar -x -C {ON_HOST}"
                done = subprocess.run(
                    ["docker", "exec", "-i", f"{self.name}-{host}", "sh", "-ec", unpack],
                    input=collection_archive(),
                    capture_output=True,
                    env=self._environ,
                    check=False,
                )
                assert done.returncode == 0, done.stderr
                self._provided.add(host)
        return ON_HOST

    def ansible(self, hosts: list[str], name: str, check: bool = False, **args: t.Any) -> dict[str, dict[str, t.Any]]:
        """Run one module of the collection by the command ``ansible``, on several hosts at once."""
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


@pytest.fixture(scope="module")
def hosts(lab: Lab) -> Hosts:
    """Those of several files about Docker's daemon; others have hosts of their own."""
    return Hosts.up(lab)


@pytest.fixture
def fresh(hosts: Hosts) -> Hosts:
    return hosts.fresh()
