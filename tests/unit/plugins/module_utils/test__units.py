# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _units
from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet
from ansible_collections.routable.ipv6.plugins.module_utils._units import UnitError, Units, device_unit


class Systemd:
    """Enough of systemctl to see which commands are given, and what they would leave."""

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory
        self.calls: list[str] = []
        self.units: dict[str, dict[str, str]] = {}
        self.broken: set[str] = set()

    def selinux_default_context(self, path: str) -> list[str | None]:
        return []

    def set_context_if_different(self, path: str, context: list[str | None], changed: bool) -> bool:
        return changed

    def run_command(self, args: list[str], *, check_rc: bool = False) -> tuple[int, str, str]:
        assert not check_rc
        if args[0] == "journalctl":
            return 0, "first line\nlast line\n", ""
        verb, name = args[1], args[-1]
        unit = self.units.get(name)
        if verb == "show":
            values = unit or {"LoadState": "not-found", "ActiveState": "inactive", "UnitFileState": ""}
            return 0, "".join(f"{key}={value}\n" for key, value in values.items()), ""
        self.calls.append(" ".join(args[1:]))
        if verb == "daemon-reload":
            there = set(os.listdir(self._directory))
            for gone in set(self.units) - there:
                del self.units[gone]
            for new in there - set(self.units):
                self.units[new] = {"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "disabled"}
            return 0, "", ""
        if name in self.broken and verb in ("start", "restart"):
            return 1, "", f"Job for {name} failed.\n"
        if unit is None:
            return (0, "", "") if verb == "reset-failed" else (5, "", f"Unit {name} not loaded.\n")
        if verb in ("start", "restart"):
            unit["ActiveState"] = "active"
        if verb == "stop" or "--now" in args:
            unit["ActiveState"] = "inactive"
        if verb in ("enable", "disable", "mask"):
            unit["UnitFileState"] = verb + ("ed" if verb == "mask" else "d")
        if verb == "unmask":
            unit["UnitFileState"] = "generated"
        return 0, "", ""


@pytest.fixture
def systemd(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    monkeypatch.setattr(_units, "booted", lambda: True)
    (tmp_path / "system").mkdir()
    return Systemd(tmp_path / "system")


@pytest.fixture
def files(systemd: Systemd) -> FileSet:
    return FileSet(systemd)


@pytest.fixture
def units(systemd: Systemd, files: FileSet, tmp_path: pathlib.Path) -> Units:
    return Units(systemd, files, str(tmp_path / "system"))


@pytest.mark.parametrize(
    ("interface", "unit"),
    [  # as `systemd-escape --path --suffix=device /sys/subsystem/net/devices/NAME` of systemd 257 writes them
        ("ens3", "sys-subsystem-net-devices-ens3.device"),
        ("ens3.100", "sys-subsystem-net-devices-ens3.100.device"),
        ("br-0a1b", "sys-subsystem-net-devices-br\\x2d0a1b.device"),
        ("veth_1", "sys-subsystem-net-devices-veth_1.device"),
        ("a@b", "sys-subsystem-net-devices-a\\x40b.device"),
        ("é", "sys-subsystem-net-devices-\\xc3\\xa9.device"),
    ],
)
def test_device_unit(interface: str, unit: str) -> None:
    assert device_unit(interface) == unit


def test_write_only_what_differs(units: Units, systemd: Systemd) -> None:
    units.write("a.service", "[Service]\n")
    units.write("a.service", "[Service]\n")
    assert systemd.calls == ["daemon-reload"]
    assert units.text("a.service") == "[Service]\n"


def test_enable_start_twice(units: Units, systemd: Systemd) -> None:
    units.write("a.service", "x")
    systemd.calls.clear()
    for _again in range(2):
        units.enable("a.service")
    units.start("a.service")
    assert systemd.calls == ["enable a.service", "start a.service"]
    assert units.state("a.service").enabled
    assert units.state("a.service").running


def test_remove_leaves_nothing(units: Units, systemd: Systemd) -> None:
    units.write("a.service", "x")
    units.start("a.service")
    units.remove("a.service")
    assert units.text("a.service") is None
    assert not units.state("a.service").exists
    units.remove("a.service")


def test_mask_only_once(units: Units, systemd: Systemd) -> None:
    systemd.units["ndppd.service"] = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "generated"}
    units.mask("ndppd.service")
    units.mask("ndppd.service")
    assert systemd.calls == ["mask ndppd.service"]
    units.unmask("ndppd.service")
    units.unmask("ndppd.service")
    assert systemd.calls == ["mask ndppd.service", "unmask ndppd.service"]


def test_start_failure_shows_the_journal(units: Units, systemd: Systemd) -> None:
    units.write("a.service", "x")
    systemd.broken.add("a.service")
    with pytest.raises(UnitError, match=r"Job for a.service failed. Its journal ends with: first line / last line"):
        units.start("a.service")


def test_restore_brings_back_all_three(units: Units, files: FileSet, systemd: Systemd) -> None:
    systemd.units["other.service"] = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "generated"}
    pathlib.Path(units.path("other.service")).write_text("generated")
    units.write("a.service", "old")
    units.enable("a.service")
    units.start("a.service")
    again = FileSet(systemd)
    second = Units(systemd, again, os.path.dirname(units.path("a.service")))
    second.mask("other.service")
    second.stop("other.service")
    second.write("a.service", "new")
    second.disable("a.service")
    second.write("b.service", "b")
    second.start("b.service")
    again.restore()
    second.restore()
    assert second.text("a.service") == "old"
    assert second.state("a.service").enabled
    assert second.state("a.service").running
    assert not second.state("other.service").masked
    assert second.state("other.service").running
    assert not second.state("b.service").exists


def test_no_systemd(units: Units, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_units, "booted", lambda: False)
    with pytest.raises(UnitError, match="systemd is not running on this host"):
        units.state("a.service")
