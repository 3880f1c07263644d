# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""NetBox's REST API: lists read to their ends, and objects written in lists.

Facts from NetBox's sources, version 4.6.8: a wrong token is answered 403, as is a missing permission
(netbox/api/authentication.py); OPTIONS of a list names POST and PUT among its ``actions`` if the token may add and
change (netbox/api/metadata.py); a list that is written is one transaction, and what a token may not change is left out
of a list silently (netbox/api/viewsets/mixins.py).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import typing as t
import urllib.error
import urllib.parse

from ansible.module_utils.urls import open_url
from ansible_collections.routable.ipv6.plugins.module_utils._netbox import refusal
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._urls import is_host, is_path

Body = t.Dict[str, t.Any]
# Each list is a transaction; NetBox needs some 10 ms for an object, and Django takes 2.5 MiB at once.
LIST_LENGTH = 100
_PAGE = 1000
_METHODS = {"create": "POST", "update": "PATCH", "delete": "DELETE"}
# What OPTIONS says; nothing is said of DELETE.
_ACTIONS = {"create": "POST", "update": "PUT"}
_PERMISSIONS = {"create": "add", "update": "change", "delete": "delete"}
_MODELS = {"prefixes": "ipam.{}_prefix", "ip-addresses": "ipam.{}_ipaddress"}


class NetBoxError(Exception):
    """NetBox cannot be used as it is, or has refused: one sentence. ``status`` is that of HTTP, if there was one."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


def base_url(text: str) -> str:
    """The URL of NetBox itself, without a slash at its end.

    :raises Refused: no URL of http or https, or one with a password in it.
    """
    if "@" in text:
        raise Refused("url", "a user has no place in it", "Give the URL without, and the token apart")
    good = False
    parts = urllib.parse.SplitResult("", "", "", "", "")
    with contextlib.suppress(ValueError):
        parts = urllib.parse.urlsplit(text.strip())
        # urlsplit takes line ends out, and what is left may be another host.
        good = (
            text.strip().isprintable()
            and parts.scheme in ("http", "https")
            and is_host(parts.hostname)
            and (parts.port or 1) > 0
        )
    if not good or not is_path(parts.path) or parts.query or parts.fragment:
        raise Refused(f"url={text}", "this is no URL of a NetBox", "Write it as https://netbox.example.org")
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path[: -len('/api')] if path.endswith('/api') else path}"


class NetBox:
    """One NetBox. Every method raises NetBoxError."""

    def __init__(
        self, url: str, token: str, timeout: float = 30, validate_certs: bool = True, ca_path: str | None = None
    ) -> None:
        self._base, self._timeout = base_url(url), timeout
        self._validate_certs, self._ca_path = validate_certs, ca_path
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise Refused(
                "token", "it is empty, or has characters that no token has", "Give the token as NetBox shows it"
            )
        # Tokens of version 2, since NetBox 4.5, begin so (users/constants.py).
        self._authorization = f"{'Bearer' if token.startswith('nbt_') else 'Token'} {token}"
        self.who = f"NetBox at {self._base}"

    def version(self) -> str:
        """What it is. The first thing to ask: this answers for the URL and the token."""
        try:
            value = self._call("GET", "status/")
        except NetBoxError as error:
            if error.status == 404:
                raise NetBoxError(f"{self.who} has no API there: look whether the URL is NetBox's own", 404) from error
            raise
        if not isinstance(value, dict) or "netbox-version" not in value:
            raise NetBoxError(f"{self.who} does not say its version: look whether the URL is NetBox's own")
        return str(value["netbox-version"])

    def list(self, path: str, **query: t.Any) -> list[Body]:
        """All objects of a list, whatever the size of its pages."""
        words = [
            (key, one) for key, value in query.items() for one in (value if isinstance(value, tuple) else (value,))
        ]
        text = urllib.parse.urlencode([*words, ("limit", _PAGE)])
        rows: dict[int, Body] = {}
        while True:
            answer = self._call("GET", f"{path}/?{text}")
            try:
                rows.update((row["id"], row) for row in answer["results"])
                count, following = answer["count"], answer["next"]
            except (KeyError, TypeError) as error:
                raise NetBoxError(f"{self.who} answers with JSON that is no list of {path}") from error
            if not following:
                break
            # Never the link itself: behind a proxy it can lead elsewhere, and the token would follow.
            following = urllib.parse.urlsplit(str(following)).query
            if following == text:
                raise NetBoxError(f"{self.who} gives the same page of {path} again and again")
            text = following
        if len(rows) != count:
            raise NetBoxError(f"{self.who} was changed by somebody while {path} was read: run the task again")
        return list(rows.values())

    def check_may(self, kind: str, actions: t.Collection[str]) -> None:
        """Whether the token may do this to a list, as far as NetBox tells before it is done."""
        wanted = [action for action in ("create", "update") if action in actions]
        if not wanted:
            return
        value = self._call("OPTIONS", f"ipam/{kind}/")
        allowed = (value.get("actions") or {}) if isinstance(value, dict) else {}
        lacking = [action for action in wanted if _ACTIONS[action] not in allowed]
        if lacking:
            names = " and ".join(_MODELS[kind].format(_PERMISSIONS[action]) for action in lacking)
            raise NetBoxError(
                f"{self.who} does not let this token {' or '.join(lacking)} {kind}: it must be enabled for writing, and"
                f" its user needs {names}",
                403,
            )

    def write(self, action: str, kind: str, bodies: t.Sequence[Body]) -> None:
        """Create, update or delete a list of objects, all of them or none."""
        answer = self._call(_METHODS[action], f"ipam/{kind}/", list(bodies))
        if action != "delete" and (not isinstance(answer, list) or len(answer) != len(bodies)):
            done = len(answer) if isinstance(answer, list) else 0
            raise NetBoxError(
                f"{self.who} has written {done} of {len(bodies)} {kind} and left out the others: somebody has deleted"
                " them, or the token may not change them"
            )

    def _call(self, method: str, path: str, body: object = None) -> t.Any:
        headers = {"Authorization": self._authorization, "Accept": "application/json"}
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        doubt = ", and may have carried it out or not" if method in _METHODS.values() else ""
        try:
            with open_url(
                f"{self._base}/api/{path}",
                data=data,
                headers=headers,
                method=method,
                timeout=self._timeout,
                validate_certs=self._validate_certs,
                ca_path=self._ca_path,
                # A redirect would take the token along, and turn a POST into a GET.
                follow_redirects="none",
                # An entry in a .netrc file would take the place of the token.
                use_netrc=False,
                http_agent="routable.ipv6",
            ) as response:
                return self._json(response.read(), response.headers, response.status)
        except urllib.error.HTTPError as error:
            with error:
                raise self._failed(error, path, body) from None
        except (urllib.error.URLError, OSError, http.client.HTTPException) as error:
            raise NetBoxError(f"{self.who} {_cut(error, self._timeout, doubt)}") from error

    def _json(self, text: bytes, headers: t.Any, status: int) -> t.Any:
        if status == 204:
            return None
        try:
            return json.loads(text)
        except ValueError as error:
            what = "HTML" if headers.get_content_type() == "text/html" else headers.get_content_type()
            raise NetBoxError(
                f"{self.who} answers with {what} instead of JSON: look whether the URL is right and no login page"
                " stands before it"
            ) from error

    def _failed(self, error: urllib.error.HTTPError, path: str, body: object) -> NetBoxError:
        status = error.code
        try:
            said = json.loads(error.read())
        except (ValueError, OSError, http.client.HTTPException):
            said = None
        text = refusal(said, body if isinstance(body, list) else []) if said else ""
        where = path.partition("?")[0]
        if 300 <= status < 400:
            return NetBoxError(f"{self.who} redirects to {error.headers.get('Location')}: give its own URL", status)
        if status in (401, 403):
            if where == "status/" or "token" in text.lower():
                return NetBoxError(f"{self.who} does not accept the token: {text or status}", status)
            return NetBoxError(f"{self.who} does not let this token use {where}: {text or status}", status)
        if status == 404:
            return NetBoxError(f"{self.who} has no {where}: look whether the URL is NetBox's own", status)
        if status == 413:
            return NetBoxError(f"{self.who}, or a proxy before it, does not take a request of this size (413)", status)
        if status >= 500:
            return NetBoxError(f"{self.who} failed inside ({status}) at {where}: look into its log", status)
        return NetBoxError(f"{self.who} refuses {where}: {text or f'HTTP status {status}'}", status)


def _cut(error: Exception, timeout: float, doubt: str) -> str:
    """Why there is no answer."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        why = str(reason.verify_message or reason.reason).rstrip(".")
        return f"has a certificate that cannot be trusted ({why}): give its authority as ca_path, or correct the URL"
    if isinstance(reason, ssl.SSLError):
        return f"does not speak TLS as it should ({reason.reason}): look whether the URL is right"
    if isinstance(reason, (socket.timeout, TimeoutError)):
        return f"did not answer within {timeout:g} s{doubt}"
    if isinstance(reason, socket.gaierror):
        return "cannot be found: no address belongs to that name"
    if isinstance(reason, ConnectionRefusedError):
        return "is not there: nobody listens on that port"
    if isinstance(reason, (ConnectionError, http.client.HTTPException)):
        return f"went away in the middle of the request{doubt}"
    return f"cannot be reached ({reason}){doubt}"
