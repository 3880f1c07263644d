# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may do what: the UAA with its tokens, or the Director's own list of users."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
import typing as t
import urllib.parse
from dataclasses import dataclass, field

ADMIN = "bosh.admin"
READ = "bosh.read"


@dataclass(frozen=True)
class User:
    name: str
    scopes: tuple[str, ...]

    @property
    def may_read(self) -> bool:
        return bool({ADMIN, READ} & set(self.scopes))

    @property
    def may_write(self) -> bool:
        return ADMIN in self.scopes


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def basic(header: str | None) -> tuple[str, str] | None:
    """Name and password of a Basic header."""
    scheme, dummy, rest = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(rest).decode().partition(":")
    except ValueError:
        return None
    return (name, password) if colon else None


@dataclass
class Uaa:
    """Hands out tokens for client credentials and knows its own again, until they expire.

    :arg clients: secret and scopes by the client's name.
    :arg seconds: how long a token is good.
    """

    clients: dict[str, tuple[str, tuple[str, ...]]]
    seconds: float = 600.0
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _skipped: float = 0.0
    issued: int = 0

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        self._skipped += seconds

    def _now(self) -> float:
        return time.time() + self._skipped

    def token(self, authorization: str | None, form: str) -> tuple[int, dict[str, t.Any]]:
        """The answer to POST /oauth/token."""
        fields = dict(urllib.parse.parse_qsl(form))
        given = basic(authorization)
        # As they are: UAA decodes them (RFC 6749, section 2.3.1) only when X-CF-ENCODED-CREDENTIALS says so.
        name, secret = given or ("", "")
        known = self.clients.get(name)
        if given is None or known is None or not hmac.compare_digest(known[0].encode(), secret.encode()):
            return 401, {"error": "invalid_client", "error_description": "Bad credentials"}
        if fields.get("grant_type") != "client_credentials":
            return 401, {"error": "invalid_client", "error_description": "Unauthorized grant type"}
        self.issued += 1
        claims = {
            "jti": secrets.token_hex(16),
            "client_id": name,
            "scope": list(known[1]),
            "exp": self._now() + self.seconds,
        }
        head = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        body = f"{head}.{_encode(json.dumps(claims).encode())}"
        return 200, {
            "access_token": f"{body}.{self._sign(body)}",
            "token_type": "bearer",
            "expires_in": int(self.seconds),
            "scope": " ".join(known[1]),
            "jti": claims["jti"],
        }

    def _sign(self, body: str) -> str:
        return _encode(hmac.new(self._key, body.encode(), hashlib.sha256).digest())

    def user(self, authorization: str | None) -> User | None:
        """Who a bearer token belongs to; None when it is none of ours, or too old."""
        scheme, dummy, token = (authorization or "").partition(" ")
        body, dot, signature = token.rpartition(".")
        if scheme.lower() != "bearer" or not dot or not hmac.compare_digest(self._sign(body), signature):
            return None
        claims = json.loads(_decode(body.partition(".")[2]))
        return User(claims["client_id"], tuple(claims["scope"])) if claims["exp"] > self._now() else None


@dataclass
class Local:
    """The Director's own users, by Basic authentication."""

    users: dict[str, tuple[str, tuple[str, ...]]]

    def user(self, authorization: str | None) -> User | None:
        given = basic(authorization)
        known = self.users.get(given[0]) if given else None
        if given is None or known is None or not hmac.compare_digest(known[0].encode(), given[1].encode()):
            return None
        return User(given[0], known[1])
