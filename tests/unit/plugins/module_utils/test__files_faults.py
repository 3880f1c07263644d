# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing a file when the disk is full, when it is read-only, and when the process dies in the midst of it."""

from __future__ import annotations

import fcntl
import os
import pathlib
import signal
import stat
import subprocess
import sys
import textwrap
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _files
from ansible_collections.routable.ipv6.plugins.module_utils._files import TEMPORARY, FileSet

CHILD = """
import errno, os, signal, sys
from ansible_collections.routable.ipv6.plugins.module_utils import _files
class Module:
    def selinux_default_context(self, path): return []
    def set_context_if_different(self, path, context, changed): return changed
files, path = _files.FileSet(Module()), sys.argv[1]
"""


class Module:
    def selinux_default_context(self, path: str) -> list[str | None]:
        return []

    def set_context_if_different(self, path: str, context: list[str | None], changed: bool) -> bool:
        return changed


def child(script: str, path: pathlib.Path, mount: str = "true") -> subprocess.CompletedProcess[str]:
    """Python in a mount namespace of its own, after the shell command ``mount``."""
    code = CHILD + textwrap.dedent(script)
    line = f'{mount} && exec "$0" -c "$1" "$2"'
    command = ["unshare", "--mount", "sh", "-c", line, sys.executable, code, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


FULL = """
before = open(path).read()
try:
    files.write(path, "x" * 200000)
except OSError as error:
    print(errno.errorcode[error.errno])
files.restore()
print(open(path).read() == before == "before", sorted(os.listdir(os.path.dirname(path))))
"""


@pytest.mark.parametrize(("size", "remount", "error"), [("16k", "", "ENOSPC"), ("1m", ",ro", "EROFS")])
def test_a_file_that_cannot_be_written_stays(tmp_path: pathlib.Path, size: str, remount: str, error: str) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mount = f"mount -t tmpfs -o size={size} small {place} && printf before >{place}/f"
    if remount:
        mount += f" && mount -o remount{remount} {place}"
    done = child(FULL, place / "f", mount)
    assert done.stdout.splitlines() == [error, "True ['f']"], done.stderr


@pytest.mark.parametrize("at", ["chmod", "fsync", "replace"])
@pytest.mark.parametrize("there", [True, False])
def test_one_that_is_killed_leaves_the_former_file(tmp_path: pathlib.Path, at: str, there: bool) -> None:
    path = tmp_path / "f"
    if there:
        path.write_text("before")
    done = child(f"os.{at} = lambda *_a, **_k: os.kill(0, 9)\nos.setsid()\nfiles.write(path, 'after')", path)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (path.read_text() if path.exists() else None) == ("before" if there else None)
    # What it has left goes with the next write.
    assert [name for name in os.listdir(tmp_path) if name.startswith(TEMPORARY)]
    FileSet(Module()).write(str(path), "later")
    assert os.listdir(tmp_path) == ["f"] and path.read_text() == "later"


def test_what_another_writes_at_the_moment_stays(tmp_path: pathlib.Path) -> None:
    (tmp_path / f"{TEMPORARY}other").write_text("half")
    with open(tmp_path / f"{TEMPORARY}other", "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        FileSet(Module()).write(str(tmp_path / "f"), "x")
        assert sorted(os.listdir(tmp_path)) == [f"{TEMPORARY}other", "f"]
    _files.sweep(str(tmp_path))
    assert os.listdir(tmp_path) == ["f"]


def test_all_of_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f"
    path.write_text("before")
    os.chown(path, 4321, 8765)
    path.chmod(0o640)
    calls: list[str] = []

    def seen(name: str) -> t.Callable[..., t.Any]:
        real = getattr(os, name)

        def call(*args: t.Any, **options: t.Any) -> t.Any:
            what = args[0]
            kind = "directory" if isinstance(what, int) and stat.S_ISDIR(os.fstat(what).st_mode) else ""
            calls.append(f"{name} {kind}".strip())
            return real(*args, **options)

        return call

    for name in ("chown", "chmod", "fsync", "replace"):
        monkeypatch.setattr(os, name, seen(name))
    FileSet(Module()).write(str(path), "after")
    assert calls == ["chown", "chmod", "fsync", "replace", "fsync directory"]
    found = path.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (0o640, 4321, 8765)


def test_a_removed_file_comes_back_with_its_owner(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "f"
    path.write_text("before")
    os.chown(path, 4321, 8765)
    os.setxattr(path, "user.kept", b"value")
    files = FileSet(Module())
    files.remove(str(path))
    files.restore()
    assert (path.stat().st_uid, path.stat().st_gid) == (4321, 8765)
    assert os.getxattr(path, "user.kept") == b"value"


def test_a_new_file_is_labelled_as_its_place_demands(tmp_path: pathlib.Path) -> None:
    labelled: list[tuple[str, list[str | None]]] = []

    class Labelling(Module):
        def selinux_default_context(self, path: str) -> list[str | None]:
            return ["label", path]

        def set_context_if_different(self, path: str, context: list[str | None], changed: bool) -> bool:
            labelled.append((os.path.basename(path)[: len(TEMPORARY)], context))
            return True

    path = str(tmp_path / "f")
    FileSet(Labelling()).write(path, "x")
    assert labelled == [(TEMPORARY, ["label", path])]
