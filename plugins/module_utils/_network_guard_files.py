# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Files, links and directories as the guard keeps them, and how they come back.

A part of the guard's program, see :mod:`_network_guard_agent`. Standard library of Python 3.8 only.
"""

from __future__ import annotations

import base64
import contextlib
import glob
import os
import shutil
import stat
import tempfile
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_host import DIRECTORY, UNIT, UNITS, Trouble

LARGEST = 32 << 20  # bytes of files in a snapshot


def own(path: str) -> bool:
    """What belongs to the guard itself, or is a half-written file of its making."""
    name = path.rsplit("/", 1)[-1]
    return (
        path in (DIRECTORY, os.path.dirname(DIRECTORY))
        or path.startswith((DIRECTORY + "/", UNITS))
        or name.startswith((UNIT, ".guard-"))
    )


def take_files(paths: t.Iterable[str]) -> dict[str, dict[str, t.Any]]:
    found: dict[str, dict[str, t.Any]] = {}
    size = 0
    for pattern in paths:
        for top in sorted(glob.glob(pattern)):
            for path in [top, *below(top)]:
                entry = None if path in found or own(path) else describe(path)
                if entry is not None:
                    found[path] = entry
                    size += len(entry.get("data", ""))
                    if size > LARGEST:
                        raise Trouble(f"{top} has more than {LARGEST >> 20} MiB, which is too much to keep")
    return found


def below(top: str) -> t.Iterator[str]:
    for directory, directories, files in os.walk(top):
        for name in sorted(directories + files):
            yield os.path.join(directory, name)


def describe(path: str) -> dict[str, t.Any] | None:
    """A file, a link or a directory; None for what is gone or of another kind."""
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            return {"kind": "link", "target": os.readlink(path)}
        entry: dict[str, t.Any] = {"mode": stat.S_IMODE(found.st_mode), "uid": found.st_uid, "gid": found.st_gid}
        with contextlib.suppress(OSError, AttributeError):
            entry["label"] = base64.b64encode(os.getxattr(path, "security.selinux")).decode()
        if stat.S_ISDIR(found.st_mode):
            return {**entry, "kind": "directory"}
        if stat.S_ISREG(found.st_mode):
            with open(path, "rb") as stream:
                return {**entry, "kind": "file", "data": base64.b64encode(stream.read()).decode()}
    except FileNotFoundError:
        return None
    return None


def put(path: str, entry: t.Mapping[str, t.Any]) -> None:
    """Bring a file, a link or a directory back, in one rename where it is none."""
    if entry["kind"] == "directory":
        if os.path.islink(path) or (os.path.lexists(path) and not os.path.isdir(path)):
            os.unlink(path)
        if not os.path.isdir(path):
            os.makedirs(path)
        adorn(path, entry)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    if entry["kind"] == "link":
        new = os.path.join(os.path.dirname(path), f".guard-{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new)
        os.symlink(entry["target"], new)
        os.replace(new, path)
        return
    content = base64.b64decode(entry["data"])
    handle, new = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".guard-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        adorn(new, entry)
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


def adorn(path: str, entry: t.Mapping[str, t.Any]) -> None:
    os.chown(path, entry["uid"], entry["gid"])
    os.chmod(path, entry["mode"])
    if "label" in entry:
        os.setxattr(path, "security.selinux", base64.b64decode(entry["label"]))


def remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)


def remove_if_empty(directory: str) -> None:
    with contextlib.suppress(OSError):
        os.rmdir(directory)


def file_entry(text: str, mode: int) -> dict[str, t.Any]:
    """A file of root's as a snapshot holds it."""
    encoded = base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
    return {"kind": "file", "data": encoded, "mode": mode, "uid": 0, "gid": 0}


def sweep(paths: t.Iterable[str]) -> None:
    """Remove what a restoration that was killed has left half written. Call it with the lock held."""
    for top in [found for pattern in paths for found in glob.glob(pattern)]:
        for path in below(top):
            if os.path.basename(path).startswith(".guard-"):
                with contextlib.suppress(OSError):
                    remove(path)
