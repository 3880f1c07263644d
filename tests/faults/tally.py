# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was injected and what became of it, kept in a file from which a later run goes on."""

from __future__ import annotations

import collections
import hashlib
import json
import pathlib
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What runs against a host. A fault of other code than this says nothing about this one.
CODE = ("plugins", "roles", "playbooks", "molecule/shared/absent.yml")
RERUN = "re-run"


def code(root: pathlib.Path = ROOT) -> str:
    """A short name of the code under test as it is now."""
    found = hashlib.sha256()
    for place in CODE:
        path = root / place
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                content = file.read_bytes()
                found.update(f"{file.relative_to(root)} {len(content)}\n".encode() + content)
    return found.hexdigest()[:12]


class Tally:
    """Each fault counts once, with what became of it the last time.

    :arg under_test: the name of the code; what the file says about other code is kept there and not counted.
    :arg path: JSON lines, one for each fault, written as soon as it is judged; without it nothing is kept.
    """

    def __init__(self, under_test: str, path: pathlib.Path | None = None) -> None:
        self.code = under_test
        self._path = path
        self._faults: dict[tuple[str, str, str, int], str] = {}
        self._before: list[str] = []
        self._lock = threading.Lock()
        if path and path.exists():
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                if entry.pop("code") == under_test:
                    self._count(**entry)

    @property
    def number(self) -> int:
        return sum(self.kinds().values())

    @property
    def lost(self) -> list[str]:
        with self._lock:
            return [f"{self.label(*fault)}: {verdict}" for fault, verdict in self._faults.items() if verdict]

    def kinds(self) -> collections.Counter[str]:
        with self._lock:
            return collections.Counter(kind for _playbook, _host, kind, _at in self._faults if kind != RERUN)

    def hosts(self) -> collections.Counter[str]:
        with self._lock:
            return collections.Counter(host for _playbook, host, kind, _at in self._faults if kind != RERUN)

    def done(self, playbook: str) -> set[tuple[str, str, int]]:
        """Host, kind and call of the faults that need not be injected again: those that lost nobody."""
        with self._lock:
            return {fault[1:] for fault, verdict in self._faults.items() if fault[0] == playbook and not verdict}

    def add(self, playbook: str, host: str, kind: str, at: int, verdict: str) -> None:
        """:arg verdict: why the host is lost; nothing when it is not."""
        print(
            f"{'LOST ' if verdict else 'fine '} {self.label(playbook, host, kind, at)}{': ' if verdict else ''}{verdict}",
            flush=True,
        )
        with self._lock:
            self._count(playbook, host, kind, at, verdict)
            if self._path:
                entry = {"code": self.code, "playbook": playbook, "host": host, "kind": kind, "at": at}
                with self._path.open("a") as stream:
                    stream.write(json.dumps({**entry, "verdict": verdict}) + "\n")

    def report(self) -> str:
        kinds, hosts = (", ".join(f"{k} {n}" for k, n in sorted(c.items())) for c in (self.kinds(), self.hosts()))
        again = [f"lost once, and not when injected again: {line}" for line in self._before]
        lines = [f"{self.number} faults injected (code {self.code})", kinds, hosts]
        return "\n".join([*lines, *again, f"{len(self.lost)} hosts lost", *self.lost])

    @staticmethod
    def label(playbook: str, host: str, kind: str, at: int) -> str:
        return f"{playbook} {host}: {kind}" + (f" at call {at}" if at else "")

    def _count(self, playbook: str, host: str, kind: str, at: int, verdict: str) -> None:
        fault = (playbook, host, kind, at)
        if self._faults.get(fault):
            self._before.append(f"{self.label(*fault)}: {self._faults[fault]}")
        self._faults[fault] = verdict
