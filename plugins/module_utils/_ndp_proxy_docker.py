# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The containers that run, as Docker's API tells.

A part of the NDP proxy's program, see :mod:`_ndp_proxy_agent`. Standard library of Python 3.8 only.
"""

from __future__ import annotations

import json
import os
import socket
import time

from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_kernel import (
    REQUEST_SECONDS,
    inside,
    packed,
    prefix_range,
)

# What mypy reads as true, and the program does without: typing is not worth its memory there.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_kernel import Ranges

DOCKER_SOCKET = "/run/docker.sock"
DOCKER_PIDFILE = "/run/docker.pid"
EVENTS = "/events?filters=%7B%22type%22%3A%5B%22network%22%5D%7D&since="
NETWORKS = "/networks?filters=%7B%22driver%22%3A%5B%22bridge%22%5D%7D"


class Docker:
    """What runs, from the daemon's API.

    systemd holds Docker's socket while the daemon is down or about to end: to connect then would start the daemon
    against its administrator's will. So there are two lasting connections, and no new one without :meth:`reachable`.
    """

    def __init__(self) -> None:
        self.stream: socket.socket | None = None
        self._unread = b""
        self.calls: socket.socket | None = None
        # Whether containers outlive the daemon.
        self.live_restore = False

    @staticmethod
    def reachable() -> bool:
        """Whether a daemon runs that is not about to end."""
        try:
            with open(DOCKER_PIDFILE, encoding="ascii") as pidfile:
                pid = int(pidfile.read())
            with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                if not comm.read().startswith("dockerd"):
                    return False
        except (OSError, ValueError):
            return False
        command = "systemctl show --property=ActiveState --value docker.service 2>/dev/null"
        # This is a program of its own with no run_command, and subprocess costs memory that it rarely needs.
        with os.popen(command) as output:  # pylint: disable=ansible-bad-function
            return output.read().strip() != "deactivating"

    def follow(self) -> bool:
        """Ask for the stream of events; :meth:`pump` tells when the daemon serves it."""
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            stream.setblocking(False)
            stream.connect(DOCKER_SOCKET)
            # From a second ago: the daemon answers before it has subscribed us. HTTP/1.0 has no chunks.
            stream.send(request(f"{EVENTS}{int(time.time()) - 1}", "1.0"))
        except OSError:
            stream.close()
            return False
        self.stream = stream
        return True

    def pump(self) -> list[dict[str, t.Any]] | None:
        """The events that have come. None when the stream has ended."""
        if self.stream is None:
            return None
        try:
            data = self.stream.recv(1 << 16)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.close()
            return None
        *lines, self._unread = (self._unread + data).split(b"\n")
        # All other lines are those of the answer's head.
        return [json.loads(line) for line in lines if line.startswith(b"{")]

    def close(self) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None
        self._unread = b""
        self.hang_up()

    def containers(self, ranges: Ranges) -> dict[tuple[str, str], bytes]:
        """The addresses inside the ranges that are held now, by the ids of network and container.

        A network's own list has a container from the moment it is connected, before its first program runs;
        the list of containers has it only afterwards.

        :raises OSError: Docker does not answer.
        :raises ValueError: it answers something else.
        """
        if self.calls is None:
            self.live_restore = bool(self._get("/info").get("LiveRestoreEnabled"))
        found = {}
        for network in self._get(NETWORKS) or []:
            subnets = [entry.get("Subnet", "") for entry in network["IPAM"]["Config"] or []]
            if not any(overlaps(subnet, ranges) for subnet in subnets):
                continue
            # None: removed since it was listed.
            details = self._get("/networks/" + network["Id"]) or {}
            for container, endpoint in (details.get("Containers") or {}).items():
                if endpoint["IPv6Address"] and inside(packed(endpoint["IPv6Address"]), ranges):
                    found[network["Id"], container] = packed(endpoint["IPv6Address"])
        return found

    def hang_up(self) -> None:
        """Close the connection for questions."""
        if self.calls is not None:
            self.calls.close()
            self.calls = None

    def _get(self, path: str) -> t.Any:
        """One answer of the API, None where there is no such thing."""
        fresh = self.calls is None
        try:
            return self._call(path)
        except OSError:
            # The daemon closes a connection that was idle for long.
            self.hang_up()
            if fresh:
                raise
        return self._call(path)

    def _call(self, path: str) -> t.Any:
        if self.calls is None:
            if not self.reachable():
                raise ConnectionError("it is about to end")
            self.calls = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.calls.settimeout(REQUEST_SECONDS)
            self.calls.connect(DOCKER_SOCKET)
        self.calls.sendall(request(path, "1.1"))
        with self.calls.makefile("rb") as answer:
            status, body = read_answer(answer)
        if status == 404:
            return None
        if status != 200:
            raise ValueError(f"GET {path}: status {status}")
        return json.loads(body)


def request(path: str, version: str) -> bytes:
    return f"GET {path} HTTP/{version}\r\nHost: docker\r\n\r\n".encode()


def read_answer(stream: t.BinaryIO) -> tuple[int, bytes]:
    """Status and body of one HTTP/1.1 answer (RFC 9112, section 6)."""
    status = stream.readline().split()
    if len(status) < 2:
        raise ConnectionError("the connection was closed")
    headers = {}
    for line in iter(stream.readline, b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            raise ConnectionError("the connection was closed")
        headers[name.strip().lower()] = value.strip().lower()
    if headers.get(b"transfer-encoding") != b"chunked":
        return int(status[1]), stream.read(int(headers.get(b"content-length", b"0")))
    body = b""
    while True:
        size = int(stream.readline().split(b";")[0] or b"0", 16)
        body += stream.read(size)
        stream.readline()
        if not size:
            return int(status[1]), body


def overlaps(subnet: str, ranges: Ranges) -> bool:
    if ":" not in subnet:
        return False
    low, high = prefix_range(subnet)
    return any(first <= high and low <= last for first, last in ranges)
