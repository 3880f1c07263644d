# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import stat

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet
from ansible_collections.routable.ipv6.plugins.module_utils._record import Record, digest


class Module:
    def selinux_default_context(self, path: str) -> list[str | None]:
        return []

    def set_context_if_different(self, path: str, context: list[str | None], changed: bool) -> bool:
        return changed


@pytest.fixture
def files(tmp_path: pathlib.Path) -> FileSet:
    return FileSet(Module())


@pytest.fixture
def directory(tmp_path: pathlib.Path) -> str:
    return str(tmp_path / "state")


def test_no_file_and_an_empty_one_differ() -> None:
    assert digest(None) is None
    assert digest("") == hashlib.sha256(b"").hexdigest()
    assert digest("\udcff") == hashlib.sha256(b"\xff").hexdigest()


def test_what_was_there_first_is_kept(directory: str) -> None:
    record = Record("owner", directory)
    record.wrote("/f", "theirs", "ours 1")
    record.wrote("/f", "ours 1", "ours 2")
    assert record.before("/f") == "theirs"
    assert record.untouched("/f", "ours 2")
    assert not record.untouched("/f", "ours 1")


def test_a_write_of_somebody_else_counts_as_what_was_there(directory: str) -> None:
    record = Record("owner", directory)
    record.wrote("/f", "theirs", "ours")
    record.wrote("/f", "theirs later", "ours again")
    assert record.before("/f") == "theirs later"


def test_no_file_before_and_a_file_never_written(directory: str) -> None:
    record = Record("owner", directory)
    record.wrote("/new", None, "ours")
    assert record.before("/new") is None and record.untouched("/new", "ours")
    assert record.before("/other") is None and not record.untouched("/other", None)


def test_a_value_is_remembered_once(directory: str) -> None:
    record = Record("owner", directory)
    record.remember("sysctl", "0")
    record.remember("sysctl", "2")
    assert record.values == {"sysctl": "0"}


def test_it_is_there_again_in_the_next_run(directory: str, files: FileSet) -> None:
    record = Record("module/ens3", directory)
    record.wrote("/f", "theirs", "ours")
    record.remember("sysctl", ["a", 1])
    record.save(files)
    path = pathlib.Path(directory) / "module-ens3.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = Record("module/ens3", directory)
    assert (again.files, again.values) == (record.files, record.values)
    assert again.before("/f") == "theirs" and again.untouched("/f", "ours")
    assert json.loads(path.read_text())["files"]["/f"]["after_sha256"] == digest("ours")


def test_nothing_new_is_not_written(directory: str, files: FileSet, tmp_path: pathlib.Path) -> None:
    Record("owner", directory).save(files)
    assert files.touched == []
    record = Record("owner", directory)
    record.remember("x", 1)
    record.save(files)
    later = FileSet(Module())
    Record("owner", directory).save(later)
    assert later.touched == []


def test_an_empty_record_is_no_file(directory: str, files: FileSet) -> None:
    record = Record("owner", directory)
    record.wrote("/f", None, "ours")
    record.save(files)
    record = Record("owner", directory)
    record.forget("/f")
    record.forget("/never")
    assert record.empty
    record.save(files)
    assert not os.path.exists(record.path)


def test_it_is_restored_with_the_files_it_speaks_of(directory: str, files: FileSet) -> None:
    record = Record("owner", directory)
    record.remember("x", 1)
    record.save(files)
    files.restore()
    assert not os.path.exists(directory)


def test_what_others_have_changed_is_named(files: FileSet, directory: str, tmp_path: pathlib.Path) -> None:
    record = Record("o", directory)
    paths = [str(tmp_path / name) for name in ("same", "changed", "removed", "unknown")]
    for path in paths[:3]:
        pathlib.Path(path).write_text("ours")
        record.wrote(path, None, "ours")
    pathlib.Path(paths[1]).write_text("theirs")
    pathlib.Path(paths[2]).unlink()
    assert [text.partition(" ")[0] for text in record.foreign(paths)] == paths[1:3]
