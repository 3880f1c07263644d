# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The HTTPS API of a BOSH Director, and of the UAA that it trusts, with the standard library alone. A port.

Whatever goes wrong becomes one sentence that says what to look at. Secrets are in no message: neither a password, nor a
token, nor the part of a URL where a password can be.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import json
import os
import socket
import ssl
import typing as t
import urllib.parse
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._urls import is_host, is_path

PORT = 25555
_JSON = "application/json"
_YAML = "text/yaml"
_FORM = "application/x-www-form-urlencoded"
# UnauthorizedToAccessDeployment: who asks is known, and may not.
_LACKS_SCOPE = 600000


class BoshError(Exception):
    """A request that did not do what it should; the text is one sentence without a full stop."""


class Conflict(BoshError):
    """Somebody else was faster: the id that was expected is no longer the latest."""


@dataclass(frozen=True)
class Address:
    """Where a server listens. ``path`` is what comes before the API's own paths, mostly nothing."""

    host: str
    port: int
    path: str = ""

    @property
    def text(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def parse_url(url: str, port: int = PORT) -> Address:
    """An address from ``https://[2001:db8::6]:25555``, or from the name or address alone.

    :raises BoshError: another scheme, or a user in the URL, which is not shown then.
    """
    # urlsplit takes line ends out, and what is left may be another host.
    if not url.strip().isprintable():
        raise BoshError("The URL holds characters that no URL has")
    try:
        ipaddress.IPv6Address(url.strip())
    except ValueError:
        bare = url.strip()
    else:
        bare = f"[{url.strip()}]"
    scheme, found, rest = bare.partition("://")
    if not found:
        scheme, rest = "https", bare
    try:
        parts = urllib.parse.urlsplit(f"https://{rest}")
        host, given = parts.hostname, parts.port
    except ValueError as error:
        raise BoshError("The URL cannot be read: write it as https://[2001:db8::6]:25555") from error
    if parts.username is not None or parts.password is not None:
        raise BoshError("The URL holds a user or a password: give them in the options for that")
    if scheme != "https":
        raise BoshError(f"The URL begins with {scheme}://, and a Director speaks https only")
    if not host or not is_host(host):
        raise BoshError("The URL names no host: write it as https://director.example.org:25555")
    if not is_path(parts.path) or parts.query or parts.fragment:
        raise BoshError("The URL has more than a host, a port and a path")
    return Address(host, given or port, parts.path.rstrip("/"))


def make_context(ca_cert: str | None) -> ssl.SSLContext:
    """What certificates are checked against: the system's authorities, or the one that is given.

    :arg ca_cert: PEM text, or the path of a file with it.
    :raises BoshError: it is neither.
    """
    if not ca_cert:
        return ssl.create_default_context()
    text = ca_cert
    if "-----BEGIN" not in ca_cert:
        try:
            with open(os.path.expanduser(ca_cert), encoding="utf-8") as file:
                text = file.read()
        except (OSError, ValueError) as error:
            raise BoshError("The CA is neither PEM text nor a file that can be read") from error
    try:
        return ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise BoshError("The CA holds no certificate in PEM form") from error


class Answer(t.NamedTuple):
    status: int
    kind: str
    body: bytes
    location: str = ""


class DirectorClient:
    """Talks to one Director.

    :arg url: its URL, name or address.
    :arg client: a client of its UAA, or a user of its own.
    :arg secret: the client's secret, or the user's password.
    :arg ca_cert: see :func:`make_context`.
    :arg timeout: seconds for each step of a request.
    """

    def __init__(self, url: str, client: str, secret: str, ca_cert: str | None = None, timeout: float = 30.0) -> None:
        self._address = parse_url(url)
        self._context = make_context(ca_cert)
        self._client = client
        self._secret = secret
        self._timeout = timeout
        self._info: dict[str, t.Any] | None = None
        self._authorization: str | None = None

    @property
    def who(self) -> str:
        return f"The Director at {self._address.text}"

    def info(self) -> dict[str, t.Any]:
        """``/info``, which asks for no login. It says which version this is, and how to log in."""
        if self._info is None:
            answer = self._exchange(self._address, self.who, "GET", "/info", None, {})
            self._raise_for(answer, self.who)
            value = self._json(answer, self.who)
            if not isinstance(value, dict) or "version" not in value:
                raise BoshError(f"{self.who} answers /info like no Director: look whether the URL is right")
            self._info = value
        return self._info

    def configs(self, kind: str) -> list[dict[str, t.Any]]:
        """The latest version of each config of this type."""
        query = urllib.parse.urlencode({"type": kind, "latest": "true"})
        value = self._call("GET", f"/configs?{query}")
        if not isinstance(value, list) or not all(isinstance(row, dict) and "id" in row for row in value):
            raise BoshError(f"{self.who} answers with JSON that is no list of configs")
        return value

    def update_config(self, kind: str, name: str, content: str, latest: str) -> dict[str, t.Any]:
        """Make this the content, if ``latest`` is still the id of the latest version ("0" for none).

        :raises Conflict: it is not.
        """
        body = {"type": kind, "name": name, "content": content, "expected_latest_id": latest}
        value = self._call("POST", "/configs", body)
        if not isinstance(value, dict) or "id" not in value:
            raise BoshError(f"{self.who} answers with JSON that is no config")
        return value

    def delete_config(self, kind: str, name: str) -> None:
        """Take all versions of a config away; none there is no error."""
        query = urllib.parse.urlencode({"type": kind, "name": name})
        self._call("DELETE", f"/configs?{query}", missing=True)

    def _call(self, method: str, path: str, body: object = None, missing: bool = False) -> t.Any:
        """What the Director answers, as data."""
        answer = self._answered(method, path, body)
        if answer.status == 404 and missing:
            return None
        self._raise_for(answer, self.who)
        return None if answer.status == 204 else self._json(answer, self.who)

    def _answered(self, method: str, path: str, body: object = None) -> Answer:
        """A request with a login. A token that has expired is replaced once.

        :arg body: bytes are YAML, all else is sent as JSON.
        """
        fresh = self._authorization is None
        answer = self._ask(method, path, body)
        if answer.status == 401 and not self._lacks_scope(answer):
            if not self._uses_uaa:
                raise BoshError(f"{self.who} does not accept the password of {self._client}")
            if not fresh:
                self._authorization = None
                answer = self._ask(method, path, body)
        if answer.status == 401 and not self._lacks_scope(answer):
            raise BoshError(f"{self.who} refuses a token that its UAA has just given: look at the clocks of both")
        return answer

    def _ask(self, method: str, path: str, body: object) -> Answer:
        headers = {"Authorization": self._login()}
        data = None
        if isinstance(body, bytes):
            data = body
            headers["Content-Type"] = _YAML
        elif body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = _JSON
        return self._exchange(self._address, self.who, method, path, data, headers)

    @property
    def _uses_uaa(self) -> bool:
        return bool(self._authentication().get("type") == "uaa")

    def _authentication(self) -> dict[str, t.Any]:
        value = self.info().get("user_authentication")
        return value if isinstance(value, dict) else {}

    def _login(self) -> str:
        if self._authorization is None:
            self._authorization = self._token() if self._uses_uaa else _basic(self._client, self._secret)
        return self._authorization

    def _token(self) -> str:
        """A token of the UAA for the client's credentials (RFC 6749, section 4.4)."""
        url = (self._authentication().get("options") or {}).get("url")
        if not isinstance(url, str):
            raise BoshError(f"{self.who} does not say where its UAA is")
        address = parse_url(url, 443)
        who = f"The UAA at {address.text}"
        headers = {"Authorization": _basic(self._client, self._secret), "Content-Type": _FORM}
        form = b"grant_type=client_credentials"
        answer = self._exchange(address, who, "POST", "/oauth/token", form, headers)
        if answer.status in (400, 401):
            raise BoshError(f"{who} does not accept the secret of the client {self._client}")
        self._raise_for(answer, who)
        value = self._json(answer, who)
        token = value.get("access_token") if isinstance(value, dict) else None
        if not isinstance(token, str) or not token.isprintable():
            raise BoshError(f"{who} answers without a token")
        return f"bearer {token}"

    def _exchange(
        self, address: Address, who: str, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPSConnection(
            address.host, address.port, timeout=self._timeout, context=self._context
        )
        changes = method != "GET" and headers.get("Content-Type") != _FORM
        sent = False
        try:
            connection.connect()
            sent = True
            connection.request(method, address.path + path, data, {"Accept": _JSON, **headers})
            response = connection.getresponse()
            location = response.headers.get("Location", "")
            return Answer(response.status, response.headers.get_content_type(), response.read(), location)
        except ssl.SSLCertVerificationError as error:
            raise BoshError(_untrusted(who, address, error)) from error
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise BoshError(_cut(who, ConnectionResetError(), sent, changes, self._timeout)) from error
        except ssl.SSLError as error:
            raise BoshError(f"{who} does not speak TLS as it should ({error.reason})") from error
        except socket.gaierror as error:
            raise BoshError(f"{who} cannot be found: no address belongs to that name") from error
        except (OSError, http.client.HTTPException) as error:
            raise BoshError(_cut(who, error, sent, changes, self._timeout)) from error
        finally:
            connection.close()

    def _raise_for(self, answer: Answer, who: str) -> None:
        status = answer.status
        if status < 300:
            return
        code, said = self._director_error(answer)
        if status == 412:
            raise Conflict(f"{who} has a newer version of this config than the one that was read: {said}")
        if self._lacks_scope(answer):
            raise BoshError(f"{who} knows {self._client}, who may not do this: {said}")
        if status == 413:
            raise BoshError(f"{who}, or a proxy before it, does not take a request of this size (413)")
        if code is not None:
            raise BoshError(f"{who} refuses: {said} ({code})")
        if status >= 500:
            raise BoshError(f"{who} failed inside ({status}): look into its log")
        raise BoshError(f"{who} answers with HTTP status {status}: look whether the URL is right")

    def _lacks_scope(self, answer: Answer) -> bool:
        return self._director_error(answer)[0] == _LACKS_SCOPE

    @staticmethod
    def _director_error(answer: Answer) -> tuple[int | None, str]:
        """The code and the description of an error, in one line."""
        try:
            value = json.loads(answer.body)
        except ValueError:
            return None, ""
        if not isinstance(value, dict):
            return None, ""
        code = value.get("code")
        said = " ".join(str(value.get("description", "")).split()).rstrip(".")
        return code if isinstance(code, int) else None, said[:300]

    @staticmethod
    def _json(answer: Answer, who: str) -> t.Any:
        try:
            return json.loads(answer.body)
        except ValueError as error:
            what = "HTML" if answer.kind == "text/html" else answer.kind
            clause = "look whether the URL is right and no proxy or login page stands before it"
            raise BoshError(f"{who} answers with {what} instead of JSON: {clause}") from error


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _untrusted(who: str, address: Address, error: ssl.SSLCertVerificationError) -> str:
    reason = str(error.verify_message or error.reason).rstrip(".")
    if "mismatch" in reason.lower() or "not valid for" in reason.lower():
        return f"{who} has a certificate for another name than {address.host}: use a name that it is good for"
    if "expired" in reason.lower() or "not yet valid" in reason.lower():
        return f"{who} has a certificate that is not good today ({reason}): look at the clocks, or renew it"
    return f"{who} has a certificate of an unknown authority ({reason}): give its CA as ca_cert"


def _cut(who: str, error: Exception, sent: bool, changes: bool, timeout: float) -> str:
    if isinstance(error, (socket.timeout, TimeoutError)):
        reason = f"did not answer within {timeout:g} s"
    elif isinstance(error, ConnectionRefusedError):
        reason = "is not there: nobody listens on that port"
    elif isinstance(error, http.client.IncompleteRead):
        reason = "went away in the middle of its answer"
    elif isinstance(error, (ConnectionError, http.client.RemoteDisconnected)):
        reason = "went away in the middle of the request"
    elif isinstance(error, http.client.HTTPException):
        reason = "does not speak HTTP as it should"
    else:
        reason = f"cannot be reached ({error.strerror if isinstance(error, OSError) else error})"
    # What was asked may have been done nevertheless; a second run finds out, since it compares first.
    doubt = ", and may have carried it out or not: run the task again" if sent and changes else ""
    return f"{who} {reason}{doubt}"
