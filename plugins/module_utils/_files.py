# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Files as one unit: all are written or all are as they were.

A port: it decides nothing. It knows an AnsibleModule only by the one method that keeps ownership, mode and SELinux
context when a file is replaced.
"""

from __future__ import annotations

import errno
import os
import tempfile
import typing as t


class _Mover(t.Protocol):
    tmpdir: str

    def atomic_move(self, src: str, dest: str) -> None: ...


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

    def __init__(self, module: _Mover) -> None:
        self._module = module
        self._before: dict[str, tuple[bytes | None, int | None]] = {}
        self._made: list[str] = []

    @property
    def touched(self) -> list[str]:
        return list(self._before)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Replace a file atomically. An existing file keeps its owner and mode."""
        self._remember(path)
        self._make_parents(os.path.dirname(path))
        self._put(path, text.encode("utf-8", "surrogateescape"), mode)

    def remove(self, path: str) -> None:
        """Remove a file; one that is not there is fine."""
        self._remember(path)
        _unlink(path)

    def restore(self) -> None:
        """Undo all writes of this set.

        :raises OSError: what could not be brought back; what could has been.
        """
        failed: OSError | None = None
        for path, (content, mode) in reversed(list(self._before.items())):
            try:
                if content is None:
                    _unlink(path)
                else:
                    self._put(path, content, mode or 0o644)
            except OSError as error:
                failed = error
        for directory in reversed(self._made):
            if os.path.isdir(directory) and not os.listdir(directory):
                os.rmdir(directory)
        self._before.clear()
        self._made.clear()
        if failed is not None:
            raise failed

    def _remember(self, path: str) -> None:
        if path not in self._before:
            mode = os.stat(path).st_mode & 0o7777 if os.path.exists(path) else None
            self._before[path] = (read_bytes(path), mode)

    def _make_parents(self, directory: str) -> None:
        missing: list[str] = []
        while directory and not os.path.isdir(directory):
            missing.append(directory)
            directory = os.path.dirname(directory)
        for name in reversed(missing):
            os.mkdir(name, 0o755)
            self._made.append(name)

    def _put(self, path: str, content: bytes, mode: int) -> None:
        handle, temporary = tempfile.mkstemp(dir=self._module.tmpdir)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        existed = os.path.exists(path)
        self._module.atomic_move(temporary, path)
        if not existed:
            os.chmod(path, mode)


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
