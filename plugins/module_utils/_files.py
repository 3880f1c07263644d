# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Files as one unit: all are written or all are as they were.

A port: it decides nothing. A file is replaced by a rename from beside it, once everything about the new one is on the
disk: content, owner, mode, SELinux context and ACLs. So whatever happens, a full disk or a loss of power, there is the
old file or the new one; and what a process that was killed has left beside it goes with the next write there.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import os
import stat
import tempfile
import typing as t

# Whoever reads a directory of configuration skips such names.
TEMPORARY = ".routable-"


class _Module(t.Protocol):
    def selinux_default_context(self, path: str) -> list[str | None]: ...

    def set_context_if_different(self, path: str, context: list[str | None], changed: bool) -> bool: ...


class _Look(t.NamedTuple):
    """What a file is besides its content."""

    mode: int
    owner: tuple[int, int]
    extended: dict[str, bytes]


def _look(path: str) -> _Look:
    """:raises FileNotFoundError: it is not there."""
    found = os.stat(path)
    extended = {}
    # Not on every system, and not on every file system.
    with contextlib.suppress(AttributeError, OSError):
        extended = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    return _Look(stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid), extended)


def _adorn(path: str, wanted: _Look) -> None:
    """Give a file owner, mode, SELinux context and ACLs of another one."""
    now = _look(path)
    if now.owner != wanted.owner:
        os.chown(path, *wanted.owner)
    os.chmod(path, wanted.mode)
    for name, value in wanted.extended.items():
        if now.extended.get(name) != value:
            os.setxattr(path, name, value)


def sweep(directory: str) -> None:
    """Remove what processes that are no more have left half written there."""
    for path in glob.glob(os.path.join(glob.escape(directory), TEMPORARY + "*")):
        with contextlib.suppress(OSError), open(path, "rb") as stream:
            # Whoever still writes it holds it.
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)


def sync_directory(directory: str) -> None:
    """Have the names in a directory on the disk, where its file system can do that (fsync(2))."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)


def read_bytes(path: str) -> bytes | None:
    """The content of a file, or None where there is none.

    :raises OSError: it is there and cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def read_text(path: str) -> str | None:
    """As :func:`read_bytes`, decoded; bytes that are not UTF-8 survive a round trip."""
    content = read_bytes(path)
    return None if content is None else content.decode("utf-8", "surrogateescape")


def remove_if_empty(directory: str) -> None:
    """Remove a directory that holds nothing any more; one that is not there, or in use, is fine."""
    try:
        os.rmdir(directory)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
            raise


class FileSet:
    """The files that one module writes in one run.

    ``restore`` brings every file back to what it was before the first write, in reverse order, and removes the
    directories that were made for it.
    """

    def __init__(self, module: _Module) -> None:
        self._module = module
        self._before: dict[str, tuple[bytes, _Look] | None] = {}
        self._made: list[str] = []

    @property
    def touched(self) -> list[str]:
        return list(self._before)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Replace a file atomically. An existing file keeps its owner and mode."""
        self._remember(path)
        self._make_parents(os.path.dirname(path))
        try:
            look: _Look | None = _look(path)
        except FileNotFoundError:
            look = None
        self._put(path, text.encode("utf-8", "surrogateescape"), look, mode)

    def remove(self, path: str) -> None:
        """Remove a file; one that is not there is fine."""
        self._remember(path)
        _unlink(path)

    def restore(self) -> None:
        """Undo all writes of this set.

        :raises OSError: what could not be brought back; what could has been.
        """
        failed: OSError | None = None
        for path, before in reversed(list(self._before.items())):
            try:
                if before is None:
                    _unlink(path)
                elif not _is(path, before):
                    self._put(path, *before)
            except OSError as error:
                failed = error
        for directory in reversed(self._made):
            with contextlib.suppress(OSError):
                remove_if_empty(directory)
        self._before.clear()
        self._made.clear()
        if failed is not None:
            raise failed

    def _remember(self, path: str) -> None:
        if path not in self._before:
            content = read_bytes(path)
            self._before[path] = None if content is None else (content, _look(path))

    def _make_parents(self, directory: str) -> None:
        missing: list[str] = []
        while directory and not os.path.isdir(directory):
            missing.append(directory)
            directory = os.path.dirname(directory)
        for name in reversed(missing):
            os.mkdir(name, 0o755)
            self._made.append(name)

    def _put(self, path: str, content: bytes, look: _Look | None, mode: int = 0o644) -> None:
        """:arg look: what the file is like; without it, as a new one of this mode."""
        directory = os.path.dirname(path)
        sweep(directory)
        handle, temporary = tempfile.mkstemp(dir=directory, prefix=TEMPORARY)
        try:
            with os.fdopen(handle, "wb") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                stream.write(content)
                stream.flush()
                if look is None:
                    os.chmod(temporary, mode)
                    self._module.set_context_if_different(temporary, self._module.selinux_default_context(path), False)
                else:
                    _adorn(temporary, look)
                os.fsync(stream.fileno())
                os.replace(temporary, path)
        except BaseException:
            _unlink(temporary)
            raise
        sync_directory(directory)


def _is(path: str, before: tuple[bytes, _Look]) -> bool:
    """Whether a file is still what it was, so that nothing has to be written."""
    try:
        return (read_bytes(path), _look(path)) == before
    except OSError:
        return False


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    sync_directory(os.path.dirname(path))
