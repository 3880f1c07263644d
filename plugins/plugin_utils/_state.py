# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""The state directory on the controller, and the endpoint files in it.

A port: it reads and writes; what the endpoints mean is decided in ``module_utils/_endpoints``.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
import typing as t
import urllib.parse

from ansible_collections.routable.ipv6.plugins.module_utils._endpoints import Endpoint, parse_endpoint
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability import VERSION

DIRECTORY = ".ipv6"
_SUFFIX = ".json"
# Of a file name, on every file system that Linux and macOS put a home directory on.
_LONGEST_NAME = 255


def state_directory(configured: str | None, sources: t.Iterable[str], playbook_directory: str) -> str:
    """Where the state is kept, as an absolute path: what is configured, else ``.ipv6`` beside the inventory.

    :arg configured: the variable ``ipv6_state_dir``; a relative path is relative to the inventory.
    :arg sources: what was given with ``-i``, in order. The first that is a file or a directory counts; a list of hosts
        has no place, so without any file it is the playbook's directory.
    """
    beside = playbook_directory
    for source in sources:
        if os.path.exists(source):
            path = os.path.abspath(source)
            beside = path if os.path.isdir(path) else os.path.dirname(path)
            break
    return os.path.normpath(os.path.join(beside, os.path.expanduser(configured or DIRECTORY)))


def write_private(path: str, text: str) -> None:
    """Replace a file atomically; nobody else may read it. Directories that are missing are made, as private.

    :raises OSError: the place cannot be written to.
    """
    directory = os.path.dirname(path)
    _make_private(directory)
    handle, temporary = tempfile.mkstemp(dir=directory, prefix=".new-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _make_private(directory: str) -> None:
    """Make a directory and those above it that are missing. os.makedirs would give only the last one its mode."""
    if not os.path.isdir(directory):
        _make_private(os.path.dirname(directory))
        with contextlib.suppress(FileExistsError):
            os.mkdir(directory, 0o700)


def as_text(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_matrix(path: str) -> dict[str, t.Any] | None:
    """The reachability matrix of the run before; None without one of this version."""
    try:
        with open(path, encoding="utf-8") as stream:
            found = json.load(stream)
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("version") == VERSION else None


class EndpointFiles:
    """One file per host below ``endpoints`` in the state directory: ``{"host": name, "endpoints": [...]}``."""

    def __init__(self, state: str) -> None:
        self.directory = os.path.join(state, "endpoints")

    def path(self, host: str) -> str:
        """The file of a host. Whatever its name has in it, the file lies in our directory.

        :raises Refused: the name is too long for a file.
        """
        name = urllib.parse.quote(host, safe="@:+,= ")
        if name.startswith("."):
            name = f"%2E{name[1:]}"
        name += _SUFFIX
        if len(name) > _LONGEST_NAME:
            raise Refused(f"host={host}", "the name is too long for a file", "Give the host a shorter inventory name")
        return os.path.join(self.directory, name)

    @contextlib.contextmanager
    def locked(self) -> t.Iterator[None]:
        """Keep other processes, of this run and of others, from writing in between."""
        _make_private(self.directory)
        lock = os.open(os.path.join(self.directory, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def read(self, host: str) -> list[Endpoint]:
        """The endpoints of a host; none when it has no file.

        :raises Refused: the file is not one of ours.
        """
        path = self.path(host)
        return _parse(path)[1] if os.path.lexists(path) else []

    def write(self, host: str, endpoints: t.Sequence[Endpoint]) -> None:
        """Replace the file of a host; without endpoints it goes away."""
        path = self.path(host)
        if endpoints:
            write_private(path, as_text({"host": host, "endpoints": list(endpoints)}))
        elif os.path.lexists(path):
            os.unlink(path)

    def all(self) -> dict[str, list[Endpoint]]:
        """The endpoints of every host that has any, by the host's name.

        :raises Refused: a file is not one of ours.
        """
        if not os.path.isdir(self.directory):
            return {}
        names = sorted(name for name in os.listdir(self.directory) if name.endswith(_SUFFIX) and name[0] != ".")
        return dict(_parse(os.path.join(self.directory, name)) for name in names)


def _parse(path: str) -> tuple[str, list[Endpoint]]:
    remedy = "Remove it and run the roles again"
    try:
        with open(path, encoding="utf-8") as stream:
            content = json.load(stream)
        host = content["host"]
        if not isinstance(host, str):
            raise TypeError("its host is not a text")
        return host, [parse_endpoint(entry, entry["role"], host) for entry in content["endpoints"]]
    except Refused as refused:
        raise Refused(path, f"it has an endpoint that cannot be: {refused.what}: {refused.rule}", remedy) from refused
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(path, f"it cannot be read as a file of endpoints ({error})", remedy) from error
