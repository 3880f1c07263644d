# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Docker's API over its socket, with the standard library alone. A port: it decides nothing."""

from __future__ import annotations

import http.client
import json
import socket
import typing as t

SOCKET = "/var/run/docker.sock"
TIMEOUT = 30.0  # seconds


class DockerUnavailable(Exception):
    """No daemon answers on the socket, or it answers with an error; then ``status`` is that of HTTP, else 0."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def get(path: str, socket_path: str = SOCKET, timeout: float = TIMEOUT) -> t.Any:
    """The JSON answer to GET ``path``, without a version so that the daemon's newest API is used.

    :raises DockerUnavailable: nobody listens, or the status is not 200.
    """
    dummy, body = _ask("GET", path, socket_path, timeout, (200,))
    return json.loads(body)


def post(path: str, socket_path: str = SOCKET, timeout: float = TIMEOUT) -> bool:
    """POST ``path`` without a body.

    :returns: whether the daemon did something; False when it was so already (status 304).
    :raises DockerUnavailable: nobody listens, or the daemon refuses.
    """
    status, dummy = _ask("POST", path, socket_path, timeout, (200, 201, 204, 304))
    return status != 304


def _ask(method: str, path: str, socket_path: str, timeout: float, good: t.Container[int]) -> tuple[int, bytes]:
    connection = _UnixConnection(socket_path, timeout)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise DockerUnavailable(f"{socket_path}: {error}") from error
    finally:
        connection.close()
    if response.status not in good:
        message = f"{method} {path}: {response.status} {body.decode('utf-8', 'replace').strip()}"
        raise DockerUnavailable(message, response.status)
    return response.status, body
