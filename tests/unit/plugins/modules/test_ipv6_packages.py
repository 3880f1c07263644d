# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is noted, removed and forgotten; apt is a stand-in that knows which package needs which."""

from __future__ import annotations

import functools
import json
import pathlib
import typing as t

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.routable.ipv6.plugins.module_utils._record import Record
from ansible_collections.routable.ipv6.plugins.modules import ipv6_packages

NEEDS = {"docker.io": ["runc", "tini"], "ndppd": [], "podman": ["runc"], "runc": [], "tini": []}


class Host:
    """Runs the module."""

    def __init__(self, patch: pytest.MonkeyPatch, root: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.record = root / "packages-a.json"
        self.installed = {"libc6"}
        self.broken = ""
        self.there = True
        self._capsys, self._root = capsys, root
        patch.setattr(AnsibleModule, "run_command", lambda _module, words, **_options: self._command(words))
        patch.setattr(AnsibleModule, "get_bin_path", lambda _module, name, **_options: name if self.there else None)
        patch.setattr(ipv6_packages, "Record", functools.partial(Record, directory=str(root)))
        patch.setattr(ipv6_packages, "DIRECTORY", str(root / "none"))
        patch.setattr(ipv6_packages.os, "geteuid", lambda: 0)

    def _command(self, words: list[str]) -> tuple[int, str, str]:
        if words[0] == "dpkg-query":
            return 0, "".join(f"{name} amd64 installed\n" for name in self.installed), ""
        verb, names = words[words.index("--") - 1], words[words.index("--") + 1 :]
        if self.broken and self.broken in words:
            return 100, "", "E: Unable to locate package x\n"
        if verb == "install":
            brought = {*names, *(needed for name in names for needed in NEEDS[name])} - self.installed
            return 0, "".join(f"Inst {name} (1 d [amd64])\n" for name in sorted(brought)), ""
        gone = {*names, *(name for name in self.installed if set(NEEDS.get(name, [])) & set(names))}
        if "-s" not in words:
            self.installed -= gone
        return 0, "".join(f"Purg {name} [1]\n" for name in sorted(gone)), ""

    def __call__(self, check: bool = False, **params: t.Any) -> dict[str, t.Any]:
        with pytest.raises(SystemExit), patch_module_args({"holder": "a", **params, "_ansible_check_mode": check}):
            ipv6_packages.main()
        result: dict[str, t.Any] = json.loads(self._capsys.readouterr().out)
        return result

    def noted(self) -> list[str]:
        return list(json.loads(self.record.read_text())["values"]["packages"]) if self.record.exists() else []


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> Host:
    return Host(monkeypatch, tmp_path, capsys)


def test_what_is_about_to_come_is_noted_once(host: Host) -> None:
    host.installed.add("runc")
    predicted = host(check=True, names=["docker.io"])
    assert host.noted() == []
    done = host(names=["docker.io"])
    assert predicted == done and done["changed"]
    assert done["packages"] == host.noted() == ["docker.io", "tini"]
    assert done["diff"] == {"before": {"packages": []}, "after": {"packages": ["docker.io", "tini"]}}
    host.installed |= {"docker.io", "tini"}
    assert not host(names=["docker.io"])["changed"]
    assert host(names=["ndppd"])["packages"] == ["docker.io", "ndppd", "tini"]


def test_all_of_it_goes_or_is_only_forgotten(host: Host) -> None:
    host(names=["docker.io"])
    host.installed |= {"docker.io", "runc", "tini"}
    predicted = host(check=True, state="absent", remove=True)
    assert "docker.io" in host.installed
    done = host(state="absent", remove=True)
    assert predicted == done and done["changed"] and done["removed"] == ["docker.io", "runc", "tini"]
    assert host.installed == {"libc6"} and not host.record.exists()
    assert not host(state="absent", remove=True)["changed"]
    host(names=["docker.io"])
    host.installed |= {"docker.io", "runc", "tini"}
    assert host(state="absent")["changed"] and not host.record.exists()
    assert "docker.io" in host.installed


def test_what_stays_is_noted_until_nobody_needs_it(host: Host) -> None:
    host(names=["docker.io"])
    host.installed |= {"docker.io", "runc", "tini", "podman"}
    asked = host(state="absent", remove=True, keep=["docker.io"])
    assert not asked["changed"] and asked["kept"]["docker.io"] == "it was asked to stay"
    done = host(state="absent", remove=True)
    assert done["removed"] == ["docker.io", "tini"] and done["kept"] == {"runc": "needed by podman"}
    assert "The package runc stays: needed by podman." in json.dumps(done["warnings"])
    assert host.noted() == ["runc"] and host.installed == {"libc6", "runc", "podman"}
    host.installed.discard("podman")
    assert host(state="absent", remove=True)["removed"] == ["runc"]
    assert not host.record.exists()


def test_what_apt_does_not_do_is_still_noted(host: Host) -> None:
    host(names=["ndppd"])
    host.installed.add("ndppd")
    host.broken = "-y"
    failed = host(state="absent", remove=True)
    assert failed["failed"] and "purge -- ndppd failed with 100: E: Unable to locate package x" in failed["msg"]
    assert host.noted() == ["ndppd"]


def test_names_that_apt_does_not_know_yet(host: Host) -> None:
    host.broken = "install"
    assert host(names=["libc6", "ndppd"])["packages"] == ["ndppd"]


def test_without_apt_nothing_is_noted(host: Host) -> None:
    host.there = False
    assert not host(names=["ndppd"])["changed"]
    assert not host(state="absent", remove=True)["changed"]


@pytest.mark.parametrize("params", [{}, {"names": ["ndppd"], "remove": True}])
def test_noting_needs_names_and_removes_nothing(host: Host, params: dict[str, t.Any]) -> None:
    assert "state=present: it notes names, and removes nothing" in host(**params)["msg"]


def test_only_root_does_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipv6_packages.os, "geteuid", lambda: 1000)
    assert host(check=True, names=["ndppd"])["changed"]
    assert "only root may note and remove packages" in host(names=["ndppd"])["msg"]
