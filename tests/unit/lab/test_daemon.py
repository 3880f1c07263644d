# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""Which Docker engine a lab is made on, and how checkouts keep out of each other's way."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from routable_lab import daemon

PRIVATE = "private"


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(daemon, "CGROUPS", tmp_path / "cgroup")
    daemon.cache().mkdir()
    return daemon.cache()


@pytest.mark.parametrize(
    ("given", "answering", "expected"),
    [
        (None, {None}, ""),
        (None, {None, PRIVATE}, ""),
        (None, {PRIVATE}, PRIVATE),
        (None, set(), None),
        ("tcp://x", {"tcp://x", None, PRIVATE}, "tcp://x"),
        ("tcp://x", {None, PRIVATE}, PRIVATE),
        ("tcp://x", {None}, None),
        (PRIVATE, {PRIVATE}, PRIVATE),
    ],
)
def test_an_engine_that_answers_is_used_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, cache: Path, given: str | None, answering: set[str | None], expected: str | None
) -> None:
    def real(name: str | None) -> str | None:
        return daemon.private_host() if name == PRIVATE else name

    monkeypatch.setattr(daemon, "answers", lambda host: host in {real(name) for name in answering})
    daemon.socket().touch()
    if given is None:
        monkeypatch.delenv("DOCKER_HOST", raising=False)
    else:
        monkeypatch.setenv("DOCKER_HOST", str(real(given)))
    assert daemon.running() == real(expected)
    # What a lab left on the private daemon is still found when another engine has begun to answer.
    assert (daemon.private_host() in daemon.engines()) == (PRIVATE in answering)


def test_the_private_daemon_keeps_off_the_network_and_out_of_etc(cache: Path) -> None:
    command = daemon._command(cache)
    for flag in ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"):
        assert flag in command
    assert f"--data-root={cache}/data" in command
    assert command[:2] == ["unshare", "--mount"]


def test_a_lab_on_its_way_up_keeps_the_daemon(
    monkeypatch: pytest.MonkeyPatch, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(daemon, "answers", lambda host: False)
    descriptor = os.open(cache / "daemon.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        assert not daemon.stop_if_unused()
        assert "on its way up" in capsys.readouterr().err
    finally:
        os.close(descriptor)
    assert daemon.stop_if_unused()


def test_only_empty_directories_of_the_lab_are_swept(
    monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(daemon, "answers", lambda host: False)
    empty, used = tmp_path / "run-empty", tmp_path / "run-used"
    (empty / "s").mkdir(parents=True)
    used.mkdir()
    (used / "socket").touch()
    (cache / "made").write_text(f"{empty}\n{used}\n", encoding="utf-8")
    assert daemon.stop_if_unused()
    assert not empty.exists()
    assert (used / "socket").exists()
    assert not (cache / "made").exists()


def test_cgroups_with_a_process_below_stay_whole(monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> None:
    monkeypatch.setattr(daemon, "answers", lambda host: False)
    hierarchy = tmp_path / "cgroup" / "unified" / daemon.CGROUP
    live = hierarchy / "container" / "init.scope"
    idle = hierarchy / "container" / "idle.slice"
    for directory in (live, idle):
        directory.mkdir(parents=True)
    (live / "cgroup.procs").write_text("1\n", encoding="utf-8")
    assert daemon.stop_if_unused()
    assert idle.exists()
    (live / "cgroup.procs").unlink()
    assert daemon.stop_if_unused()
    assert not hierarchy.exists()
