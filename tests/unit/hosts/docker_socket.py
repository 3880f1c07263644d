# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of Docker's API that tells which container holds which address, on a real socket."""

from __future__ import annotations

import contextlib
import http.server
import json
import pathlib
import socket
import socketserver
import subprocess
import threading
import typing as t

from namespaces import ENDS_WITH_US

NETWORK = "n" * 64


class Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """What a daemon knows: one network, and its containers by their ids. A process with a daemon's name stands for it."""

    daemon_threads = True

    def __init__(self, directory: pathlib.Path, subnet: str) -> None:
        self.subnet = subnet
        self.containers: dict[str, str] = {}
        self.live_restore = False
        # What else is there, by its path.
        self.more: dict[str, t.Any] = {}
        self.status = 200
        self.asked: list[str] = []
        self._streams: list[socket.socket] = []
        self._connections: list[socket.socket] = []
        self.path = directory / "docker.sock"
        self.path.unlink(missing_ok=True)
        super().__init__(str(self.path), _Handler)
        program = directory / "dockerd"
        if not program.exists():
            program.symlink_to("/bin/sleep")
        self._process = subprocess.Popen([*ENDS_WITH_US, program, "infinity"])
        self.pid = self._process.pid
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def get_request(self) -> tuple[socket.socket, t.Any]:
        connection, address = super().get_request()
        self._connections.append(connection)
        return connection, address

    def tell(self, action: str, container: str) -> None:
        """Send an event to all that follow."""
        actor = {"ID": NETWORK, "Attributes": {"container": container}}
        line = json.dumps({"Type": "network", "Action": action, "Actor": actor}) + "\n"
        for stream in self._streams:
            stream.sendall(line.encode())

    def follow(self, stream: socket.socket) -> None:
        self._streams.append(stream)

    @property
    def followed(self) -> int:
        return len(self._streams)

    def answer(self, path: str) -> t.Any:
        """What is at a path, None for nothing."""
        if path == "/info":
            return {"LiveRestoreEnabled": self.live_restore}
        network = {"Id": NETWORK, "IPAM": {"Config": [{"Subnet": self.subnet}]}}
        if path in self.more:
            return self.more[path]
        if path == "/networks":
            return [network, {"Id": "o" * 64, "IPAM": {"Config": None}}]
        if path == f"/networks/{NETWORK}":
            return {**network, "Containers": {c: {"IPv6Address": a} for c, a in self.containers.items()}}
        return None

    def hang_up(self) -> None:
        """Close every connection, as a daemon does that ends."""
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._connections.clear()
        self._streams.clear()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self.path.unlink(missing_ok=True)
        self.shutdown()
        self.server_close()
        self.hang_up()

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A caller that hangs up is nothing to write about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Daemon

    def address_string(self) -> str:
        return "local"

    def log_message(self, *arguments: t.Any) -> None:
        """Nothing on the terminal."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        if path == "/events":
            self.send_response(200)
            self.end_headers()
            self.server.follow(self.connection)
            # Until the other side hangs up.
            self.rfile.read()
            return
        found = self.server.answer(path)
        body = json.dumps(found).encode()
        self.send_response(self.server.status if found is not None else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
