# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_files as files
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_host as host
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_plan as plan
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_steps as steps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "c", "d.conf"])


LEAF = st.one_of(st.binary(max_size=20), st.sampled_from(["../x", "/dev/null"]))


TREE = st.recursive(LEAF, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8)


def grow(path: str, tree: t.Any) -> None:
    if isinstance(tree, dict):
        os.mkdir(path)
        for name, inner in tree.items():
            grow(f"{path}/{name}", inner)
    elif isinstance(tree, str):
        os.symlink(tree, path)
    else:
        pathlib.Path(path).write_bytes(tree)


def fell(path: str) -> None:
    for inner in sorted(files.below(path), reverse=True):
        files.remove(inner)
    files.remove(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(before=TREE, now=TREE)
def test_any_files_become_what_they_were(tmp_path: pathlib.Path, before: t.Any, now: t.Any) -> None:
    top = f"{tmp_path}/top"
    grow(top, before)
    kept = files.take_files([top])
    fell(top)
    grow(top, now)
    wanted = plan.plan_files({"files": kept}, {"files": files.take_files([top])})
    assert steps.carry_out({}, wanted) == []
    assert files.take_files([top]) == kept
    fell(top)


def test_modes_are_kept_and_nothing_half_written_stays(tmp_path: pathlib.Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("before")
    secret.chmod(0o640)
    kept = files.take_files([str(tmp_path)])
    secret.unlink()
    assert steps.carry_out({}, plan.plan_files({"files": kept}, {"files": files.take_files([str(tmp_path)])})) == []
    assert secret.stat().st_mode & 0o7777 == 0o640
    assert os.listdir(tmp_path) == ["secret"]


def test_a_file_that_cannot_be_written_leaves_nothing_half_done(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a").write_text("now")
    monkeypatch.setattr(os, "fsync", full)
    failed = steps.carry_out({}, [("put", (str(tmp_path / "a"), files.file_entry("before", 0o644)))])
    assert failed == [f"Bring back {tmp_path}/a: No space left on device"]
    assert (tmp_path / "a").read_text() == "now"
    assert os.listdir(tmp_path) == ["a"]


def test_what_was_left_half_written_is_swept(tmp_path: pathlib.Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in (".guard-1", "deep/.guard-2", "deep/kept"):
        (tmp_path / name).write_text("x")
    files.sweep([f"{tmp_path}*"])
    assert sorted(files.below(str(tmp_path))) == [f"{tmp_path}/deep", f"{tmp_path}/deep/kept"]


def test_too_much_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1 << 20)
    (tmp_path / "big").write_bytes(b"\0" * (1 << 20))
    with pytest.raises(host.Trouble, match="has more than 1 MiB, which is too much to keep"):
        files.take_files([str(tmp_path)])


@pytest.mark.parametrize(
    "path",
    [
        "/var/lib/routable-ipv6/guard/armed.json",
        "/var/lib/routable-ipv6",
        "/etc/systemd/system/routable-ipv6-guard-boot.service",
        "/etc/systemd/system/timers.target.wants/routable-ipv6-guard.timer",
        "/etc/netplan/.guard-abc",
    ],
)
def test_its_own_files_are_no_part_of_it(path: str) -> None:
    assert files.own(path)


def test_others_are() -> None:
    assert not files.own("/var/lib/routable-ipv6/ndp_proxy.json")
    assert not files.own("/etc/systemd/system/routable-ipv6-ndp-ens3.service")
