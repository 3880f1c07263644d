# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Connections to servers by IPv6 and by IPv4, all at once and for a limited time, and apt's files."""

from __future__ import annotations

import errno
import glob
import os
import socket
import threading
import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._files import read_text
from ansible_collections.routable.ipv6.plugins.module_utils._sources import ANSWERS, Seen, Source, mirror_lists

DIRECTORY = "/etc/apt"
_ERRORS = {
    errno.ECONNREFUSED: "it refuses the connection",
    errno.ENETUNREACH: "there is no route to it",
    errno.EHOSTUNREACH: "there is no way to it",
    errno.EADDRNOTAVAIL: "this host has no address",
    errno.EAFNOSUPPORT: "this host has no address",
}


def source_files(directory: str = DIRECTORY) -> dict[str, str]:
    """apt's files of sources by path, and the lists of mirrors that they name."""
    paths = [os.path.join(directory, "sources.list")]
    for ending in ("list", "sources"):
        paths += sorted(glob.glob(os.path.join(directory, "sources.list.d", f"*.{ending}")))
    found = {path: text for path, text in ((path, read_text(path)) for path in paths) if text is not None}
    lists = ((path, read_text(path)) for path in mirror_lists(found))
    return {**found, **{path: text for path, text in lists if text is not None}}


def look(sources: t.Sequence[Source], seconds: float) -> list[Seen]:
    """Try every source by both families.

    :arg seconds: for all of it together, names included.
    """
    families = (socket.AF_INET6, socket.AF_INET)
    found: dict[tuple[int, int], str] = {}
    until = time.monotonic() + seconds

    def attempt(number: int, family: int) -> None:
        found[number, family] = _connected(sources[number], family, until)

    # A name that nobody resolves holds a thread for as long as the resolver likes; nobody waits for that one.
    threads = [
        threading.Thread(target=attempt, args=(number, family), daemon=True)
        for number in range(len(sources))
        for family in families
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
    late = f"nothing came within {seconds:g} s"
    return [
        Seen(source, *(found.get((number, family), late) for family in families))
        for number, source in enumerate(sources)
    ]


def _connected(source: Source, family: int, until: float) -> str:
    try:
        listed = socket.getaddrinfo(source.host, source.port, family, socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            return "its name cannot be looked up"
        return "its name has no address"
    said = "its name has no address"
    for one in listed:
        with socket.socket(family, one[1], one[2]) as connection:
            connection.settimeout(max(until - time.monotonic(), 0.01))
            try:
                connection.connect(one[4])
            except socket.timeout:
                return "nothing answers"
            except OSError as error:
                said = _ERRORS.get(error.errno or 0, str(error.strerror or error).lower())
                continue
            return ANSWERS
    return said
