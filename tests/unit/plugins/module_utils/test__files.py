# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import stat

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._files import (
    FileSet,
    read_bytes,
    read_text,
    remove_if_empty,
)


class Module:
    """What FileSet uses of an AnsibleModule, on a host without SELinux."""

    def selinux_default_context(self, path: str) -> list[str | None]:
        return []

    def set_context_if_different(self, path: str, context: list[str | None], changed: bool) -> bool:
        return changed


@pytest.fixture
def files() -> FileSet:
    return FileSet(Module())


def mode(path: pathlib.Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_reading_tells_no_file_from_an_empty_one(tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert read_bytes(str(tmp_path / "none")) is None and read_text(str(tmp_path / "none")) is None
    assert read_bytes(str(tmp_path / "empty")) == b"" and read_text(str(tmp_path / "empty")) == ""


def test_what_cannot_be_read_is_an_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_text(str(tmp_path))


def test_any_bytes_survive_reading_and_writing(tmp_path: pathlib.Path, files: FileSet) -> None:
    path = tmp_path / "odd"
    path.write_bytes(bytes(range(256)))
    text = read_text(str(path))
    assert text is not None
    files.write(str(path), text)
    assert path.read_bytes() == bytes(range(256))


def test_a_new_file_has_the_mode_and_its_directories(tmp_path: pathlib.Path, files: FileSet) -> None:
    path = tmp_path / "a" / "b" / "c.conf"
    files.write(str(path), "text", mode=0o600)
    assert path.read_text() == "text" and mode(path) == 0o600
    files.write(str(tmp_path / "a" / "open"), "text", mode=0o664)
    assert mode(tmp_path / "a" / "open") == 0o664
    files.restore()
    assert not (tmp_path / "a").exists()


def test_an_existing_file_keeps_its_mode_and_comes_back(tmp_path: pathlib.Path, files: FileSet) -> None:
    path = tmp_path / "f"
    path.write_text("before")
    path.chmod(0o640)
    files.write(str(path), "one", mode=0o644)
    files.write(str(path), "two")
    assert path.read_text() == "two" and mode(path) == 0o640
    files.restore()
    assert path.read_text() == "before" and mode(path) == 0o640


def test_a_removed_file_comes_back_with_its_mode(tmp_path: pathlib.Path, files: FileSet) -> None:
    path = tmp_path / "f"
    path.write_text("before")
    path.chmod(0o600)
    files.remove(str(path))
    files.remove(str(tmp_path / "never was"))
    assert not path.exists()
    assert files.touched == [str(path), str(tmp_path / "never was")]
    files.restore()
    assert path.read_text() == "before" and mode(path) == 0o600
    assert files.touched == []


def test_directories_that_others_use_stay(tmp_path: pathlib.Path, files: FileSet) -> None:
    files.write(str(tmp_path / "d" / "ours"), "x")
    (tmp_path / "d" / "theirs").write_text("y")
    files.restore()
    assert os.listdir(tmp_path / "d") == ["theirs"]


def test_what_can_be_restored_is_restored(tmp_path: pathlib.Path, files: FileSet) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        path.write_text("before")
        files.write(str(path), "after")
    second.unlink()
    second.mkdir()
    with pytest.raises(OSError):
        files.restore()
    assert first.read_text() == "before"


def test_only_an_empty_directory_is_removed(tmp_path: pathlib.Path) -> None:
    directory = tmp_path / "d"
    directory.mkdir()
    (directory / "f").write_text("")
    remove_if_empty(str(directory))
    assert directory.exists()
    (directory / "f").unlink()
    remove_if_empty(str(directory))
    remove_if_empty(str(directory))
    assert not directory.exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        remove_if_empty(str(tmp_path / "file"))
