# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Director and its UAA on two ports, over TLS."""

from __future__ import annotations

import http.server
import json
import pathlib
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time
import typing as t

from .api import Answer, Director, Request, as_json
from .certificates import make_certificates, server_context
from .faults import Fault, Faults
from .identity import Uaa

# nginx stands before the Director; this is its limit unless director.max_upload_size says otherwise.
MAX_BODY = 10_000 << 20
_PAGE = b"<html>\r\n<head><title>%s</title></head>\r\n<body><center><h1>%s</h1></center></body>\r\n</html>\r\n"


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: str, port: int, context: ssl.SSLContext, double: Double, uaa: bool) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.double = double
        self.is_uaa = uaa
        super().__init__((address, port), _Handler)
        # The handshake is left to the thread of the connection, so that a stubborn client stops nobody else.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Clients that refuse the certificate or go away are what is tested; all else is a mistake of the double."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; without this the second waits for the first to be acknowledged.
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002
        pass

    def _serve(self) -> None:
        double = self.server.double
        length = int(self.headers.get("Content-Length") or 0)
        fault = double.faults.take(self.command, self.path)
        if fault and fault.kind == "cut":
            self.rfile.read(length // 2)
            self._reset()
            return
        if length > double.max_body:
            self.close_connection = True
            title = b"413 Request Entity Too Large"
            self._send(Answer(413, _PAGE % (title, title)))
            # nginx reads on for a while (lingering_close), so that the answer is not lost by a reset.
            self.rfile.read(length)
            return
        body = self.rfile.read(length)
        if self.path == "/_faults" and self.command == "POST":
            self._send(double.switch(body))
            return
        double.requests.append((self.command, self.path))
        answer = self._answer(body, fault)
        if fault and fault.kind == "cut_after":
            self._reset()
        elif fault and fault.kind == "half":
            self._send(answer, half=True)
        else:
            self._send(answer)

    do_GET = do_POST = do_DELETE = do_PUT = _serve  # noqa: N815

    def _answer(self, body: bytes, fault: Fault | None) -> Answer:
        kind = fault.kind if fault else ""
        if kind == "401":
            return Answer(401, f"Not authorized: '{self.path}'\n".encode())
        if kind == "500":
            return Answer(500, b"")
        if kind == "html":
            return Answer(200, _PAGE % (b"Sign in", b"Please sign in"))
        if kind == "garbage":
            return as_json(200, "maintenance")
        if fault and kind == "slow":
            time.sleep(fault.seconds)
        double = self.server.double
        if self.server.is_uaa:
            identity = double.director.identity
            if self.path != "/oauth/token" or self.command != "POST" or not isinstance(identity, Uaa):
                return Answer(404, b"")
            status, value = identity.token(self.headers.get("Authorization"), body.decode())
            return as_json(status, value)
        return double.director.answer(Request.of(self.command, self.path, self.headers, body))

    def _send(self, answer: Answer, half: bool = False) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        if half:
            self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if half else answer.body)

    def _reset(self) -> None:
        """End the connection without a word, as a host does that goes down."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Reader and writer hold the socket too, so closing the object would leave it open.
        socket.close(self.connection.detach())


class Double:
    """A Director with its UAA, from :meth:`start` to :meth:`stop`.

    :arg address: where it listens, IPv4 or IPv6.
    :arg names: further names for the certificate.
    :arg port: of the Director, 0 for any that is free; the UAA is on ``uaa_port``.
    """

    def __init__(
        self,
        director: Director,
        address: str = "127.0.0.1",
        names: t.Sequence[str] = (),
        port: int = 0,
        uaa_port: int = 0,
        directory: pathlib.Path | None = None,
        max_body: int = MAX_BODY,
    ) -> None:
        self.director = director
        self.faults = Faults()
        self.max_body = max_body
        self.requests: list[tuple[str, str]] = []
        self._temporary = tempfile.TemporaryDirectory() if directory is None else None
        self.directory = pathlib.Path(self._temporary.name) if self._temporary else t.cast(pathlib.Path, directory)
        if not (self.directory / "server.pem").exists():
            make_certificates(self.directory, [address, *names])
        context = server_context(self.directory)
        self._servers = [_Server(address, port, context, self, False), _Server(address, uaa_port, context, self, True)]
        self.host = f"[{address}]" if ":" in address else address
        self.url, uaa_url = (f"https://{self.host}:{server.server_address[1]}" for server in self._servers)
        director.uaa_url = director.uaa_url or uaa_url

    @property
    def ca(self) -> str:
        return (self.directory / "ca.pem").read_text()

    def start(self) -> Double:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        if self._temporary:
            self._temporary.cleanup()

    def switch(self, body: bytes) -> Answer:
        """A fault by POST /_faults, for those who run the double as a program; an empty object clears all."""
        try:
            values = json.loads(body or b"{}")
            if values:
                self.faults.add(**values)
            else:
                self.faults.clear()
        except (ValueError, TypeError) as error:
            return as_json(400, {"error": str(error)})
        return as_json(200, values)
