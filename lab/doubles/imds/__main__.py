# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The instance metadata service of a VPC: who asks is known by the source address.

Listens on 169.254.169.254 and on fd00:ec2::254 (Amazon EC2 User Guide, "Access instance metadata for an EC2
instance"), and reads what there is from the file it is given, anew for each request: JSON, source address -> path
below the version -> text. A path that others begin with is answered with a list of them. As on instances launched
today (``HttpTokens`` is ``required``), nothing is answered without a token.
"""

from __future__ import annotations

import http.server
import json
import socket
import sys
import threading

PORT = 80
ADDRESSES = ((socket.AF_INET, "169.254.169.254"), (socket.AF_INET6, "fd00:ec2::254"))
TOKEN = "bGFi"


def answer(tree: dict[str, str], path: str) -> str | None:
    """The text for a path such as ``/latest/meta-data/mac``; None where there is nothing. Any version will do."""
    name = path.lstrip("/").partition("/")[2].rstrip("/")
    if name in tree:
        return tree[name]
    below = [key[len(name) :].lstrip("/") for key in tree if not name or key.startswith(name + "/")]
    found = sorted({key.partition("/")[0] + ("/" if "/" in key else "") for key in below})
    return "\n".join(found) or None


class Handler(http.server.BaseHTTPRequestHandler):
    source = ""

    def do_PUT(self) -> None:
        asked = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        self._say(200 if asked else 400, TOKEN if asked else "")

    def do_GET(self) -> None:
        if self.headers["X-aws-ec2-metadata-token"] != TOKEN:
            self._say(401, "")
            return
        with open(self.source, encoding="utf-8") as stream:
            trees = json.load(stream)
        found = answer(trees.get(self.client_address[0].partition("%")[0], {}), self.path)
        self._say(404 if found is None else 200, found or "")

    def _say(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: nobody reads it."""


def main(source: str) -> None:
    Handler.source = source
    for family, address in ADDRESSES:
        server = type("Server", (http.server.ThreadingHTTPServer,), {"address_family": family})
        threading.Thread(target=server((address, PORT), Handler).serve_forever).start()


if __name__ == "__main__":
    main(sys.argv[1])
