# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module beside the lab's double of vmadm, which keeps its books here and runs no zone."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.routable.ipv6.plugins.module_utils import _smartos_zone_client as client
from ansible_collections.routable.ipv6.plugins.modules import smartos_zone

DOUBLE = pathlib.Path(__file__).resolve().parents[4] / "lab" / "doubles" / "smartos"
LX_IMAGE = "63d6e664-3f1f-11e8-aef6-a3120cf8dd9d"
UUID = "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0"
NIC = {"nic_tag": "external", "mac": "72:9c:d5:34:47:59", "ips": ["192.0.2.5/24"]}
PAYLOAD = {"brand": "lx", "image_uuid": LX_IMAGE, "kernel_version": "4.3.0", "nics": [NIC]}
WEB: dict[str, t.Any] = {"alias": "web", "uuid": UUID, "payload": PAYLOAD, "autoboot": False}
Result = t.Dict[str, t.Any]

if os.geteuid() != 0:
    pytest.skip("vmadm is for root alone, and so is its double", allow_module_level=True)


class Host:
    """A global zone whose commands are the double's."""

    def __init__(self, root: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys
        (root / "bin").mkdir()
        for name in ("vmadm", "uname", "zlogin"):
            command = root / "bin" / name
            command.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E -B {DOUBLE} {name} "$@"\n')
            command.chmod(0o755)

    def run(self, state: str = "present", check: bool = False, **zone: t.Any) -> Result:
        given = {"zones": [{**WEB, **zone}], "state": state, "timeout": 10, "_ansible_check_mode": check}
        with patch_module_args(given), pytest.raises(SystemExit):
            smartos_zone.main()
        result: Result = json.loads(self._capsys.readouterr().out)
        return {"failed": False, **result}

    def fault(self, **faults: t.Any) -> None:
        (self.root / "state").mkdir(exist_ok=True)
        (self.root / "state" / "faults.json").write_text(json.dumps(faults))

    def vm(self) -> Result | None:
        path = self.root / "state" / "vms" / f"{UUID}.json"
        found: Result | None = json.loads(path.read_text())["vm"] if path.exists() else None
        return found


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Host:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("SMARTOS_DOUBLE_ROOT", str(tmp_path / "state"))
    monkeypatch.setenv("SMARTOS_DOUBLE_ZONES", str(tmp_path / "zones"))
    monkeypatch.setenv("SMARTOS_DOUBLE_NETWORK", "no")
    monkeypatch.setattr(client, "_STEP", 0)
    return Host(tmp_path, capsys)


def test_the_life_of_a_zone(host: Host) -> None:
    ahead = host.run(check=True)
    assert ahead["changed"] and host.vm() is None
    made = host.run()
    assert made["changes"] == ahead["changes"] == ["Create zone web (lx) and leave it stopped"]
    vm = host.vm()
    assert vm is not None and (vm["alias"], vm["state"], vm["autoboot"]) == ("web", "stopped", False)
    assert not host.run()["changed"]

    assert not host.run("running")["changed"]
    started = host.run("running", autoboot=True)
    assert started["changes"] == ["Start zone web"]
    assert ((host.vm() or {})["state"], (host.vm() or {})["autoboot"]) == ("running", True)
    assert not host.run("running", autoboot=True)["changed"]

    # vmadm shows the former value for a while.
    host.fault(stale_reads=2)
    assert host.run(allow_ip_spoofing=True)["changed"]
    assert (host.vm() or {})["nics"][0]["allow_ip_spoofing"] is True
    assert not host.run(allow_ip_spoofing=True)["changed"]
    host.fault(stale_reads=1)
    assert host.run("running")["changes"] == ["Set autoboot of zone web to false"]
    assert (host.vm() or {})["autoboot"] is False

    gone = host.run("absent")
    assert gone["changed"] and host.vm() is None
    assert not host.run("absent")["changed"]


def test_an_update_that_fails_is_taken_back(host: Host) -> None:
    host.run()
    host.fault(config_failures=1)
    failed = host.run(allow_ip_spoofing=True)
    assert failed["failed"] and not failed["changed"]
    assert failed["msg"].endswith("The former value was restored.")
    assert not (host.vm() or {})["nics"][0].get("allow_ip_spoofing")
    host.fault(config_failures=2)
    assert "Restoring failed too: " in host.run(allow_ip_spoofing=True)["msg"]


def test_what_was_done_before_a_failure_is_told(host: Host) -> None:
    host.run()
    command = host.root / "bin" / "vmadm"
    command.write_text(command.read_text().replace("exec", "case $1 in update) cat >&2; exit 1 ;; esac; exec"))
    payload = {**PAYLOAD, "nics": [{**NIC, "mac": "72:9c:d5:34:47:60", "ips": ["192.0.2.6/24"]}]}
    other = {"alias": "db", "uuid": UUID[:-1] + "1", "payload": payload, "autoboot": False}
    zones = [other, {**WEB, "allow_ip_spoofing": True}]
    with patch_module_args({"zones": zones, "timeout": 10}), pytest.raises(SystemExit):
        smartos_zone.main()
    failed = json.loads(host._capsys.readouterr().out)
    assert failed["changed"]
    assert failed["changes"] == ["Create zone db (lx) and leave it stopped"]
    assert failed["msg"].endswith("Done before: Create zone db (lx) and leave it stopped.")


def test_what_is_refused(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = host.run("running")
    assert missing["msg"].endswith("this host has no such zone. Create it first, with state=present.")
    # It would have been created by then.
    assert host.run("running", check=True, autoboot=True)["changes"] == []
    (host.root / "bin" / "vmadm").unlink()
    assert host.run()["msg"].endswith("vmadm was not found; the task must run in the global zone of a SmartOS host.")
