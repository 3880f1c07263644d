# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The double's memory: VMs, services, faults to play, and the log that tests read."""

from __future__ import annotations

import contextlib
import copy
import fcntl
import json
import os
import pathlib
import time
import typing as t

from values import Vm

ROOT = pathlib.Path(os.environ.get("SMARTOS_DOUBLE_ROOT", "/var/lib/smartos-double"))
ZONES = pathlib.Path(os.environ.get("SMARTOS_DOUBLE_ZONES", "/zones"))
IDENTITY = pathlib.Path("/run/smartos-zone")
# What can be made to go wrong, and what it is when nothing does:
#   stale_reads     how often a VM is read as it was, after each update of it
#   live_failures   how many updates of running VMs fail when dladm is called, after they were stored
#   config_failures how many updates fail before anything is stored
#   boot_failures   how many starts fail
#   buildstamp      of the platform
FAULTS: dict[str, t.Any] = {
    "stale_reads": 0,
    "live_failures": 0,
    "config_failures": 0,
    "boot_failures": 0,
    "method_failures": 0,
    "buildstamp": "20260312T000000Z",
}


def network() -> bool:
    """Whether zones are real network namespaces; without it the double only keeps its books."""
    return os.environ.get("SMARTOS_DOUBLE_NETWORK", "yes") == "yes"


def read(path: pathlib.Path, default: t.Any) -> t.Any:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return copy.deepcopy(default)


def write(path: pathlib.Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(json.dumps(value))
    new.rename(path)


@contextlib.contextmanager
def locked(name: str = "vms") -> t.Iterator[None]:
    ROOT.mkdir(parents=True, exist_ok=True)
    with (ROOT / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def log(name: str, **entry: t.Any) -> None:
    """A line in the log ``calls`` or ``boots``."""
    ROOT.mkdir(parents=True, exist_ok=True)
    with (ROOT / f"{name}.jsonl").open("a") as handle:
        handle.write(json.dumps({"time": time.time(), **entry}) + "\n")


def fault(name: str) -> t.Any:
    return read(ROOT / "faults.json", {}).get(name, FAULTS[name])


def take_fault(name: str) -> bool:
    """Whether it is to happen now, counting down."""
    faults = read(ROOT / "faults.json", {})
    if not faults.get(name):
        return False
    write(ROOT / "faults.json", {**faults, name: faults[name] - 1})
    return True


def zone() -> str:
    """The zone in which this command runs: a uuid, or ``global``."""
    try:
        # In the global zone this file is empty; in a zone another one is mounted over it.
        return IDENTITY.read_text().strip() or "global"
    except FileNotFoundError:
        return "global"


class Vms:
    """The VMs, by uuid. Each is kept with what belongs to it but is not shown: links, and a former form to be read."""

    def __init__(self) -> None:
        self._directory = ROOT / "vms"
        self._all: dict[str, dict[str, t.Any]] | None = None

    def _load(self) -> dict[str, dict[str, t.Any]]:
        if self._all is None:
            paths = sorted(self._directory.glob("*.json"))
            self._all = {path.stem: json.loads(path.read_text()) for path in paths}
        return self._all

    def one(self, uuid: str) -> dict[str, t.Any] | None:
        """The entry of one VM: ``vm``, ``links`` by mac, ``stale``."""
        if self._all is not None:
            return self._all.get(uuid)
        return t.cast("dict[str, t.Any] | None", read(self._directory / f"{uuid}.json", None))

    def all(self) -> list[Vm]:
        return [entry["vm"] for entry in self._load().values()]

    def shown(self, uuid: str) -> Vm | None:
        """The VM as a reader sees it at the moment."""
        entry = self.one(uuid)
        if entry is None:
            return None
        stale = entry.get("stale")
        if not stale:
            return t.cast("Vm", entry["vm"])
        former: Vm = stale["vm"]
        stale["left"] -= 1
        if not stale["left"]:
            del entry["stale"]
        self.save(uuid, entry)
        return former

    def uuids(self) -> list[str]:
        return sorted(self._load())

    def save(self, uuid: str, entry: dict[str, t.Any]) -> None:
        if self._all is not None:
            self._all[uuid] = entry
        write(self._directory / f"{uuid}.json", entry)

    def remove(self, uuid: str) -> None:
        (self._directory / f"{uuid}.json").unlink()
        if self._all is not None:
            del self._all[uuid]
