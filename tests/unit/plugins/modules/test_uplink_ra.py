# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""The module around its plan: order, check mode, the watch over the route, and undoing. The host is a stand-in."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.routable.ipv6.plugins.module_utils import _sysctl as sysctl
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_converge as converge
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import Facts, Link, Route
from ansible_collections.routable.ipv6.plugins.modules import ipv6_changes_info, uplink_ra

RA = Route("ens3", "fe80::1", "ra", 1024)
KEY = "net/ipv6/conf/ens3/accept_ra"


class Host:
    """A kernel-managed host; ``answers`` says whether its router does, ``survives`` whether the route outlives forwarding."""

    def __init__(self, root: pathlib.Path, routes: tuple[Route, ...], answers: bool, survives: bool) -> None:
        self.name = "ens3"
        self.log: list[str] = []
        self._root, self._routes, self._answers, self._survives = root, routes, answers, survives
        self.values = {KEY: "1", sysctl.FORWARDING: "0"}

    def interfaces(self) -> list[str]:
        return ["lo", "ens3"]

    def link(self) -> Link | None:
        return Link("ens3", 2, accept_ra=self.values[KEY])

    def hardware(self) -> str:
        return "52:54:00:12:34:56"

    def routes(self) -> tuple[Route, ...]:
        return self._routes

    def facts(self, link: Link) -> Facts:
        own = self._root / "ens3.conf"
        files = ((str(own), own.read_text()),) if own.exists() else ()
        return Facts(
            dataclasses.replace(link, accept_ra=self.values[KEY]),
            self.values[sysctl.FORWARDING],
            self._routes,
            ("2001:db8::5/64",),
            ("2001:db8::/64",),
            sysctl_files=files,
        )

    def put_back(self, route: Route) -> None:
        self.log.append("put back")
        self._routes = (*self._routes, route)

    def write(self, key: str, value: str) -> None:
        self.log.append(f"{key.rsplit('/', 1)[-1]}={value}")
        self.values[key] = value
        if key == sysctl.FORWARDING and value == "1" and not self._survives:
            self._routes = ()

    def solicit(self, interface: str, hardware: str) -> None:
        self.log.append("solicit")
        if self._answers:
            self._routes = (RA,)


class Stage:
    """Runs the module on a stand-in host."""

    def __init__(self, patch: pytest.MonkeyPatch, root: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch, self._root, self._capsys = patch, root, capsys

    def host(self, routes: tuple[Route, ...] = (RA,), answers: bool = True, survives: bool = True) -> Host:
        made = Host(self._root, routes, answers, survives)
        self._patch.setattr(converge, "Uplink", lambda module, name: made)
        self._patch.setattr(converge.sysctl, "write", made.write)
        self._patch.setattr(converge, "solicit", made.solicit)
        self._patch.setattr(
            converge.uplink.persisted, "own_path", lambda interface: str(self._root / f"{interface}.conf")
        )
        record = converge.Record
        self._patch.setattr(converge, "Record", lambda owner: record(owner, str(self._root / "lib")))
        self._patch.setattr(converge, "SETTLE", 0.05)
        self._patch.setattr(converge, "SOLICITATION_INTERVAL", 0.05)
        self._patch.setattr(converge, "_STEP", 0.01)
        self._patch.setattr(converge.os, "geteuid", lambda: 0)
        return made

    def run(self, **params: t.Any) -> dict[str, t.Any]:
        with patch_module_args({"interface": "ens3", **params}), pytest.raises(SystemExit):
            uplink_ra.main()
        result: dict[str, t.Any] = json.loads(self._capsys.readouterr().out)
        return result

    def ahead(self, **params: t.Any) -> dict[str, t.Any]:
        asked = {"of": [{"uplink_ra": {"interface": "ens3", **params}}]}
        with patch_module_args(asked), pytest.raises(SystemExit):
            ipv6_changes_info.main()
        result: dict[str, t.Any] = json.loads(self._capsys.readouterr().out)
        return result

    def files(self) -> list[str]:
        return sorted(path.name for path in self._root.rglob("*") if path.is_file())


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> Stage:
    return Stage(monkeypatch, tmp_path, capsys)


def test_present(stage: Stage) -> None:
    host = stage.host()
    predicted = stage.run(_ansible_check_mode=True)
    ahead = stage.ahead()
    assert host.log == [] and stage.files() == []
    assert ahead["changed"] is False and ahead["changes"] == predicted["changes"]
    (one,) = ahead["results"]
    assert one == {"module": "uplink_ra", **{key: predicted[key] for key in one if key != "module"}}
    result = stage.run()
    assert host.log == ["accept_ra=2", "forwarding=1"]
    assert stage.files() == ["ens3.conf", "uplink-ra-ens3.json"]
    assert {key: predicted[key] for key in ("changed", "changes", "diff", "addresses", "router")} == {
        key: result[key] for key in ("changed", "changes", "diff", "addresses", "router")
    }
    assert result["owner"] == "kernel" and result["router"] == "fe80::1"


def test_present_idempotent(stage: Stage) -> None:
    host = stage.host()
    stage.run()
    host.log.clear()
    assert stage.run()["changed"] is False
    assert host.log == []


def test_absent_check_mode_and_absent(stage: Stage) -> None:
    host = stage.host()
    stage.run()
    host.log.clear()
    predicted = stage.run(state="absent", _ansible_check_mode=True)
    assert predicted["changed"] and host.log == [] and stage.files() == ["ens3.conf", "uplink-ra-ens3.json"]
    assert stage.run(state="absent")["diff"] == predicted["diff"]
    # Forwarding goes first, since the route is safe only while accept_ra is 2 or nothing is forwarded.
    assert host.log == ["forwarding=0", "accept_ra=1"]
    assert stage.files() == []
    assert stage.run(state="absent")["changed"] is False


def test_a_lost_route_is_asked_for_before_forwarding(stage: Stage) -> None:
    host = stage.host(routes=())
    assert stage.run()["router"] == "fe80::1"
    assert host.log == ["accept_ra=2", "solicit", "forwarding=1"]


def test_a_silent_router_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    host = stage.host(routes=(), answers=False)
    said: list[str] = []
    # Where the controller's code is loaded too, Ansible shows a warning at once and not in the result.
    monkeypatch.setattr(uplink_ra.AnsibleModule, "warn", lambda _module, text: said.append(text))
    stage.run()
    assert host.log.count("solicit") == converge.SOLICITATIONS
    assert any("No router answers on ens3" in text for text in said)


def test_a_route_that_comes_back_is_no_failure(stage: Stage) -> None:
    host = stage.host(survives=False)
    assert stage.run()["changed"]
    assert host.log[-1] == "solicit"


def test_a_route_that_stays_away_undoes_all(stage: Stage) -> None:
    host = stage.host(survives=False, answers=False)
    result = stage.run()
    assert result["failed"]
    assert "no router brought it back. All files and kernel parameters were restored" in result["msg"]
    assert host.log == ["accept_ra=2", "forwarding=1", "solicit", "forwarding=0", "accept_ra=1", "put back"]
    assert stage.files() == []


def test_a_failed_write_undoes_all(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    host = stage.host()
    write = host.write

    def refuse(key: str, value: str) -> None:
        if (key, value) == (sysctl.FORWARDING, "1"):
            raise PermissionError(13, "Permission denied", key)
        write(key, value)

    monkeypatch.setattr(converge.sysctl, "write", refuse)
    result = stage.run()
    assert "Permission denied" in result["msg"] and "were restored" in result["msg"]
    assert host.values == {KEY: "1", sysctl.FORWARDING: "0"}
    assert stage.files() == []


def test_no_permission(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.host()
    monkeypatch.setattr(converge.os, "geteuid", lambda: 1000)
    assert stage.run()["msg"] == "interface=ens3: only root may set up an uplink. Run the task with become."
