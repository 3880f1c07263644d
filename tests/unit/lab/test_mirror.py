# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""Which Debian mirror the machine's apt is set up with."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from routable_lab import mirror
from routable_lab.shell import LabError

ONE_LINE = """
deb http://security.example/debian-security bookworm-security main
deb [arch=amd64] http://vendor.example/linux/debian bookworm stable
deb-src http://source.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib
deb http://mirror.example/debian bookworm-updates main
"""
DEB822 = """
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["http://m/debian/|bookworm|main|Packages"], ["http://m/debian/"]),
        (["http://m/debian/|bookworm|main|Packages"] * 2, ["http://m/debian/"]),
        (["http://m/debian/|sid|main|Packages", "http://n/|stable|main|Packages"], ["http://m/debian/", "http://n/"]),
        (["http://m/debian-security/|bookworm-security|main|Packages"], []),
        (["http://m/debian/|bookworm-updates|main|Packages"], []),
        (["http://vendor/|bookworm|stable|Packages"], []),
        (["http://ubuntu/|noble|main|Packages"], []),
        (["http://m/debian/|bookworm|main|Sources"], []),
        (["nonsense", ""], []),
    ],
)
def test_candidates(lines: list[str], expected: list[str]) -> None:
    assert mirror.candidates(lines) == expected


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="only where there is apt")
@pytest.mark.parametrize(("name", "text"), [("x.list", ONE_LINE), ("x.sources", DEB822)])
def test_real_apt_reads_both_formats_without_fetched_lists(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "lists" / "partial").mkdir(parents=True)
    (tmp_path / "parts" / name).write_text(text, encoding="utf-8")
    config = tmp_path / "apt.conf"
    config.write_text(
        f'Dir::Etc::SourceList "/dev/null";\nDir::Etc::SourceParts "{tmp_path}/parts";\n'
        f'Dir::State::Lists "{tmp_path}/lists";\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("APT_CONFIG", str(config))
    assert mirror.machine_mirror() == "http://mirror.example/debian/"


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    def run(argv: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(argv, 0, text, "")

    monkeypatch.setattr(mirror, "run", run)


def test_mirror_list_of_a_cloud_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listing = tmp_path / "debian.list"
    listing.write_text("# nearest first\nhttp://near.example/debian priority:1\nhttp://far.example/debian\n")
    answer(monkeypatch, f"mirror+file://{listing}|bookworm|main|Packages\n")
    assert mirror.machine_mirror() == "http://near.example/debian"


def test_media_are_no_mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "cdrom://x/|bookworm|main|Packages\nhttp://m/debian/|bookworm|main|Packages\n")
    assert mirror.machine_mirror() == "http://m/debian/"


def test_a_machine_without_a_debian_mirror_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "http://ubuntu.example/|noble|main|Packages\n")
    with pytest.raises(LabError, match="LAB_MIRROR"):
        mirror.machine_mirror()
    assert mirror.machine_mirror("http://given.example/debian") == "http://given.example/debian"


def test_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(
        monkeypatch,
        "Acquire::http::Proxy=http://p:3142\nAcquire::https::Proxy=DIRECT\n"
        "Acquire::http::Proxy::host.example=DIRECT\nAcquire::http::Proxy-Auto-Detect=/bin/x\nAcquire::Retries=3\n",
    )
    assert mirror.proxy_options() == [
        "-oAcquire::http::Proxy=http://p:3142",
        "-oAcquire::https::Proxy=DIRECT",
        "-oAcquire::http::Proxy::host.example=DIRECT",
    ]
    assert mirror.proxy_environment() == {"http_proxy": "http://p:3142"}
