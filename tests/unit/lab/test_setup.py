# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""Set-up does what is missing, once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from routable_lab import setup
from routable_lab.shell import LabError


@pytest.fixture
def checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(setup, "CHECKOUT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(setup, "LINK", tmp_path / ".dev" / "ansible_collections" / "routable" / "ipv6")
    for name in setup.REQUIREMENTS:
        (tmp_path / name).write_text("# nothing\n", encoding="utf-8")
    return tmp_path


def test_link_leads_to_the_checkout_and_is_repaired(checkout: Path) -> None:
    setup.link()
    assert setup.LINK.resolve() == checkout
    setup.LINK.unlink()
    setup.LINK.symlink_to("/nowhere")
    setup.link()
    assert setup.LINK.resolve() == checkout


def test_virtual_environment_is_made_once_per_requirements(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def run(argv: list[str]) -> None:
        calls.append(argv)
        setup.VENV.mkdir(exist_ok=True)

    monkeypatch.setattr(setup, "run", run)
    setup.virtual_environment()
    assert [call[1:3] for call in calls] == [["-m", "venv"], ["install", "--quiet"]]
    setup.virtual_environment()
    assert len(calls) == 2
    (checkout / "requirements.txt").write_text("netaddr\n", encoding="utf-8")
    setup.virtual_environment()
    assert len(calls) == 4


def test_an_interrupted_installation_is_begun_anew(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(argv: list[str]) -> None:
        setup.VENV.mkdir(exist_ok=True)
        if argv[0] != sys.executable:
            raise LabError("no network")

    monkeypatch.setattr(setup, "run", run)
    for _attempt in range(2):
        with pytest.raises(LabError):
            setup.virtual_environment()
    assert not (setup.VENV / "stamp").exists()


def test_services_do_not_start_while_packages_are_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(setup, "POLICY", policy)
    with pytest.raises(RuntimeError), setup._no_service_starts():
        assert policy.read_text(encoding="utf-8").endswith("exit 101\n")
        assert policy.stat().st_mode & 0o777 == 0o755
        raise RuntimeError
    assert not policy.exists()
    policy.write_text("theirs", encoding="utf-8")
    with setup._no_service_starts():
        assert policy.read_text(encoding="utf-8") == "theirs"
    assert policy.read_text(encoding="utf-8") == "theirs"


def test_openssl_makes_the_certificates_of_the_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[str, str | None] = {"openssl": None}
    monkeypatch.setattr(setup.shutil, "which", lambda name, path=None: found.get(name, f"/usr/bin/{name}"))
    assert "openssl" in setup.missing()
    found["openssl"] = "/usr/bin/openssl"
    assert "openssl" not in setup.missing()


def test_missing_packages_without_root_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "missing", lambda: ["debootstrap", "docker.io"])
    monkeypatch.setattr(setup.shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="debootstrap docker.io are missing"):
        setup.packages()


@pytest.mark.parametrize("systemd", [True, False])
def test_an_installed_docker_is_not_left_enabled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, systemd: bool
) -> None:
    calls: list[list[str]] = []

    def run(argv: list[str], **kwargs: object) -> subprocess.CompletedProcess[str]:
        calls.append(argv)
        return subprocess.CompletedProcess(argv, 0, "", "")

    monkeypatch.setattr(setup, "POLICY", tmp_path / "policy-rc.d")
    monkeypatch.setattr(setup, "run", run)
    monkeypatch.setattr(setup, "missing", lambda: ["docker.io"])
    monkeypatch.setattr(setup.os, "geteuid", lambda: 0)
    monkeypatch.setattr(setup.shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    monkeypatch.setattr(setup, "SYSTEMD", tmp_path if systemd else tmp_path / "none")
    setup.packages()
    install, disable = calls[-2:]
    assert install[-4:] == ["-y", "--no-install-recommends", "docker.io", "docker-cli"]
    assert disable == ["systemctl", "disable", *(["--now"] if systemd else []), *setup.DOCKER_UNITS]
