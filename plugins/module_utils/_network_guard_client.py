# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How a guard is armed on this host, looked at, and called off."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard as rules
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_agent as agent
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_files as files
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_firewall as firewall
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_host as host
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_links as links
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_plan as plan
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_steps as steps
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_units as units
from ansible_collections.routable.ipv6.plugins.module_utils import _program as program
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard import Gateway

# What its program consists of, each after those whose names it uses.
PARTS = (host, files, links, firewall, units, plan, steps, agent)
_INTERPRETER = "/usr/bin/python3"
_ANSWER_SECONDS = 3.0
# The states of a neighbour that has answered (ip-neighbour(8)).
_ANSWERED = ("REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP")
_DISCARD = 9  # RFC 863


def interpreter() -> str:
    """One that is still there when a virtual environment is not."""
    return _INTERPRETER if os.path.exists(_INTERPRETER) else sys.executable


def program_text() -> str:
    """The program that waits on the target, where there is no collection."""
    return program.assemble(PARTS, "routable.ipv6.network_guard")


class Guard:
    """The guard of this host. Its methods are called with :func:`agent.locked` held, but for the checks."""

    def __init__(self, directory: str = host.DIRECTORY) -> None:
        self.directory = directory

    def armed(self) -> dict[str, t.Any] | None:
        return agent.load(self.directory)

    def alive(self, armed: t.Mapping[str, t.Any]) -> bool:
        """Whether something still waits for the time-out."""
        if armed["boot"] != host.boot_id():
            # What the boot has not put back yet, it will.
            return host.booted() and host.run("systemctl", "is-active", "--quiet", f"{host.UNIT}.timer")[0] == 0
        if host.booted():
            words = (
                "systemctl",
                "show",
                "--property=ActiveState",
                "--value",
                f"{host.UNIT}.timer",
                f"{host.UNIT}.service",
            )
            return bool({"active", "activating"} & set(host.run(*words)[1].split()))
        return _process(int((host.read(self._path("waiting")) or b"0").split()[0])) == self._waiting()

    def arm(self, snapshot: host.Snapshot, run: str, holder: str, timeout: int) -> dict[str, t.Any]:
        """Write everything, the timer first and ``armed.json`` last, without which none of it does anything.

        :raises OSError: something cannot be written.
        :raises Trouble: systemd does not take the timer.
        """
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        armed = {
            "run": run,
            "holder": holder,
            "since": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "timeout": timeout,
            "boot": host.boot_id(),
            "token": secrets.token_hex(8),
            "answered": [[way.family, way.link, way.address] for way in self.answering(snapshot)],
            "snapshot": snapshot,
        }
        agent.save(self.directory, "network_guard_agent.py", program_text())
        with open(self._path("spare"), "wb") as spare:
            spare.write(b"\0" * agent.SPARE)
        if host.booted():
            self._start_timer(timeout)
        agent.save(self.directory, "armed.json", json.dumps(armed))
        agent.note(self.directory, armed, "armed", timeout=timeout)
        if not host.booted():
            self._start_waiting()
        return armed

    def disarm(self, armed: t.Mapping[str, t.Any]) -> list[str]:
        """Call the guard off; gives what of its files could not be removed."""
        files.remove(self._path("armed.json"))
        with contextlib.suppress(OSError):
            agent.note(self.directory, armed, "disarmed")
        return agent.take_away(self.directory)

    def forget(self) -> bool:
        """Remove the journal and the directory; gives whether there was one."""
        there = os.path.isdir(self.directory)
        agent.take_away(self.directory)
        files.remove(self._path("journal.jsonl"))
        for directory in (self.directory, os.path.dirname(self.directory)):
            files.remove_if_empty(directory)
        return there

    def unreported(self) -> list[dict[str, t.Any]]:
        """What the guard did and nobody has been told, oldest first. A failure that has been made good is left out."""
        found = [
            e for e in agent.journal(self.directory) if e["event"] in ("restored", "failed") and not e.get("reported")
        ]
        return [e for e in found if e["event"] == "restored" or e is found[-1]]

    def reported(self) -> None:
        """Note that all has been told."""
        entries = [{**entry, "reported": True} for entry in agent.journal(self.directory)]
        if entries:
            agent.write_journal(self.directory, entries)

    def answering(self, snapshot: host.Snapshot) -> list[Gateway]:
        """The gateways of the default routes that answer when they are asked for their link-layer address."""
        ways = [way for way in rules.gateways(snapshot["routes"]) if way.address]
        for way in ways:
            host.run("ip", f"-{_family(way)}", "neigh", "flush", "to", way.address, "dev", way.link)
            _ask(way)
        end = time.monotonic() + _ANSWER_SECONDS
        found: list[Gateway] = []
        while True:
            found = [way for way in ways if _answered(way)]
            if len(found) == len(ways) or time.monotonic() > end:
                return found
            time.sleep(0.1)

    def missing(
        self, armed: t.Mapping[str, t.Any], checks: t.Collection[str], commands: list[list[str]], patience: int
    ) -> list[str]:
        """What is essential and not there, asked again until nothing is missing or the patience is over."""
        before = armed["snapshot"]
        end = time.monotonic() + patience
        while True:
            now = links.take_links(list(before["addresses"]))
            answers = self.answering(now) if "gateways" in checks else []
            found = rules.missing(before, now, checks, armed["answered"], answers)
            found += [said for said in (_failure(words) for words in commands) if said]
            if not found or time.monotonic() > end:
                return found
            time.sleep(1)

    def _path(self, name: str) -> str:
        return os.path.join(self.directory, name)

    def _start_timer(self, timeout: int) -> None:
        directory = os.path.dirname(host.UNITS)
        for name, text in rules.unit_texts(interpreter(), timeout).items():
            files.put(os.path.join(directory, name), files.file_entry(text, 0o644))
        for target, name in rules.WANTS.items():
            link = os.path.join(directory, f"{target}.wants", name)
            files.put(link, {"kind": "link", "target": os.path.join(directory, name)})
        host.do("systemctl", "daemon-reload")
        host.do("systemctl", "restart", f"{host.UNIT}.timer")

    def _start_waiting(self) -> None:
        words = [interpreter(), "-I", "-S", "-B", self._path("network_guard_agent.py"), "wait", self.directory]
        quiet: dict[str, t.Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        # It goes on when this process ends, which run_command cannot do.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            words, start_new_session=True, cwd="/", **quiet
        )
        agent.save(self.directory, "waiting", f"{process.pid} {_process(process.pid)}")

    def _waiting(self) -> str:
        return (host.read(self._path("waiting")) or b"").decode().partition(" ")[2]


def _process(pid: int) -> str:
    """When a process began, in ticks since the boot (proc_pid_stat(5), field 22); with its number it is unique."""
    found = (host.read(f"/proc/{pid}/stat") or b"").decode("utf-8", "replace").rpartition(")")[2].split()
    # One that is dead and has not been waited for, as in a container without an init, is listed yet.
    return found[19] if len(found) > 19 and found[0] != "Z" else "none"


def _family(way: Gateway) -> str:
    return "6" if ":" in way.address else "4"


def _ask(way: Gateway) -> None:
    family = socket.AF_INET6 if ":" in way.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender, contextlib.suppress(OSError):
        where: tuple[t.Any, ...] = (way.address, _DISCARD)
        if family == socket.AF_INET6:
            where += (0, socket.if_nametoindex(way.link))
        sender.sendto(b"", where)


def _answered(way: Gateway) -> bool:
    shown = host.run("ip", f"-{_family(way)}", "neigh", "show", "to", way.address, "dev", way.link)[1].split()
    return bool(shown) and shown[-1] in _ANSWERED


def _failure(words: list[str]) -> str:
    status, output, errors = host.run(*words)
    said = " ".join((errors or output).split())[-200:]
    return f"'{' '.join(words)}' ended with {status}: {said}" if status else ""
