# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small NetBox: what its REST API says of prefixes and IP addresses, as in the sources of version 4.6.8.

It is stricter than NetBox where NetBox is silent: an unknown field or filter is refused, not ignored.
"""

from __future__ import annotations

import contextlib
import http.server
import ipaddress
import json
import ssl
import threading
import typing as t
import urllib.parse

Row = t.Dict[str, t.Any]

TOKEN = "0123456789abcdef0123456789abcdef01234567"
STATUSES = {
    "prefixes": ("container", "active", "reserved", "deprecated"),
    "ip-addresses": ("active", "reserved", "deprecated", "dhcp", "slaac"),
}
VALUES = {"prefixes": "prefix", "ip-addresses": "address"}
TYPES = {"prefixes": "ipam.prefix", "ip-addresses": "ipam.ipaddress"}
FIELDS = {"status", "vrf", "tenant", "description", "comments", "custom_fields"}
OTHERS = {"extras/custom-fields": ("name",), "ipam/vrfs": ("name", "rd"), "tenancy/tenants": ("name", "slug")}
ALL = frozenset(f"{verb}_{model}" for verb in ("view", "add", "change", "delete") for model in ("prefix", "ipaddress"))
_VERBS = {"GET": "view", "POST": "add", "PATCH": "change", "PUT": "change", "DELETE": "delete"}
_MODELS = {"prefixes": "prefix", "ip-addresses": "ipaddress"}


class Answer(Exception):
    def __init__(self, status: int, value: object, kind: str = "application/json") -> None:
        self.status, self.value, self.kind = status, value, kind


class Double:
    """Its content can be looked at and changed by a test; ``requests`` has what came in."""

    def __init__(self) -> None:
        self.version = "4.6.8"
        self.token = TOKEN
        self.write_enabled = True
        self.permissions = set(ALL)
        self.unique = True
        self.page = 50
        self.longest_list = 1000
        self.faults: list[tuple[str, str, Answer | float]] = []
        self.requests: list[tuple[str, str]] = []
        self.authorization: list[str] = []
        self.tables: dict[str, list[Row]] = {"prefixes": [], "ip-addresses": []}
        types = [{"object_types": [*TYPES.values()], "type": {"value": "text", "label": "Text"}}]
        self.others: dict[str, list[Row]] = {
            "extras/custom-fields": [{"id": 1, "name": "routable_name", "unique": False, **types[0]}],
            "ipam/vrfs": [{"id": 7, "name": "blue", "rd": "65000:7"}],
            "tenancy/tenants": [{"id": 3, "name": "Web Team", "slug": "web-team"}],
        }
        self._next = 100
        self.port = 0

    # -- for tests

    def add(self, kind: str, value: str, **row: t.Any) -> int:
        """An object made by hand."""
        self._next += 1
        fields = {key: row.pop(key) for key in [*row] if key.startswith("cf_")}
        made = {
            "id": self._next,
            VALUES[kind]: value,
            "status": "active",
            "vrf": None,
            "tenant": None,
            "description": "",
            "comments": "",
            "custom_fields": {one["name"]: None for one in self._fields(kind)},
            **row,
        }
        made["custom_fields"].update({key[3:]: one for key, one in fields.items()})
        self.tables[kind].append(made)
        return self._next

    def values(self, kind: str) -> dict[str, str | None]:
        """value → label and status."""
        return {
            row[VALUES[kind]]: (row["custom_fields"].get("routable_name"), row["status"]) for row in self.tables[kind]
        }

    def writes(self) -> list[tuple[str, str]]:
        return [one for one in self.requests if one[0] in ("POST", "PATCH", "PUT", "DELETE")]

    @contextlib.contextmanager
    def running(self, context: ssl.SSLContext | None = None) -> t.Iterator[str]:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.released = threading.Event()
        try:
            yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            self.released.set()
            server.shutdown()
            thread.join()
            server.server_close()

    # -- the API

    def answer(self, method: str, url: str, authorization: str, body: bytes) -> Answer:
        parts = urllib.parse.urlsplit(url)
        path = parts.path
        self.requests.append((method, path))
        self.authorization.append(authorization)
        for index, (verb, where, fault) in enumerate(self.faults):
            if verb == method and where in path:
                del self.faults[index]
                if isinstance(fault, Answer):
                    return fault
                self.released.wait(fault)
                break
        if not path.startswith("/api/"):
            return Answer(404, "<html>Page Not Found</html>", "text/html")
        keyword = "Bearer" if self.token.startswith("nbt_") else "Token"
        if authorization != f"{keyword} {self.token}":
            return Answer(403, {"detail": "Invalid v1 token"})
        try:
            return self._routed(method, path[len("/api/") :].strip("/"), parts.query, body)
        except Answer as answer:
            return answer

    def _routed(self, method: str, path: str, query: str, body: bytes) -> Answer:
        words = dict(urllib.parse.parse_qsl(query))
        if path == "status":
            return Answer(200, {"netbox-version": self.version, "django-version": "5.2"})
        if path in OTHERS:
            rows = self.others[path]
            for key in OTHERS[path]:
                rows = [row for row in rows if key not in words or row[key] == words[key]]
            return self._paged(path, rows, words)
        kind = path.partition("/")[2]
        if path.partition("/")[0] != "ipam" or kind not in self.tables:
            return Answer(404, {"detail": "Not found."})
        if method == "OPTIONS":
            actions = {verb: {} for verb in ("POST", "PUT") if self._may(verb, kind)}
            return Answer(200, {"name": kind, **({"actions": actions} if actions else {})})
        if not self._may(method, kind):
            return Answer(403, {"detail": "You do not have permission to perform this action."})
        if method == "GET":
            return self._paged(path, [self._shown(row) for row in self._filtered(kind, words)], words)
        given = json.loads(body)
        if not isinstance(given, list):
            return Answer(400, {"detail": "This double takes lists only."})
        if len(given) > self.longest_list:
            return Answer(413, "<html>Request Entity Too Large</html>", "text/html")
        return {"POST": self._create, "PATCH": self._update, "DELETE": self._delete}[method](kind, given)

    def _may(self, method: str, kind: str) -> bool:
        if method != "GET" and not self.write_enabled:
            return False
        return f"{_VERBS[method]}_{_MODELS[kind]}" in self.permissions

    def _fields(self, kind: str) -> list[Row]:
        fields = self.others["extras/custom-fields"]
        return [one for one in fields if TYPES[kind] in one.get("object_types", one.get("content_types", ()))]

    def _filtered(self, kind: str, words: dict[str, str]) -> list[Row]:
        rows = sorted(self.tables[kind], key=lambda row: ipaddress.ip_interface(row[VALUES[kind]]).packed)
        for key, value in words.items():
            if key in ("limit", "offset"):
                continue
            if (kind, key) in (("prefixes", "within_include"), ("ip-addresses", "parent")):
                outer = ipaddress.ip_network(value)
                rows = [row for row in rows if _inside(outer, row[VALUES[kind]])]
            elif key.startswith("cf_") and key.endswith("__isw"):
                name = key[3:-5]
                if name in [one["name"] for one in self._fields(kind)]:
                    rows = [
                        row for row in rows if (row["custom_fields"].get(name) or "").lower().startswith(value.lower())
                    ]
            else:
                raise Answer(400, {key: ["Unknown filter."]})
        return rows

    def _paged(self, path: str, rows: list[Row], words: dict[str, str]) -> Answer:
        limit = min(int(words.get("limit", self.page)), self.page)
        offset = int(words.get("offset", 0))
        following = None
        if offset + limit < len(rows):
            query = urllib.parse.urlencode({**words, "limit": limit, "offset": offset + limit})
            # As from behind a proxy that says nothing of itself: the name is not for us.
            following = f"http://netbox.invalid/api/{path}/?{query}"
        return Answer(
            200,
            {"count": len(rows), "next": following, "previous": None, "results": rows[offset : offset + limit]},
        )

    def _create(self, kind: str, given: list[Row]) -> Answer:
        return self._all_or_none(kind, [(None, one) for one in given], 201)

    def _update(self, kind: str, given: list[Row]) -> Answer:
        by_id = {row["id"]: row for row in self.tables[kind]}
        for one in given:
            if not isinstance(one.get("id"), int):
                return Answer(400, [{"id": ["This field is required."]}])
        # What is not there is left out, as NetBox does it.
        pairs = [
            (by_id[one["id"]], {key: it for key, it in one.items() if key != "id"})
            for one in given
            if one["id"] in by_id
        ]
        return self._all_or_none(kind, pairs, 200)

    def _delete(self, kind: str, given: list[Row]) -> Answer:
        ids = {one["id"] for one in given}
        self.tables[kind] = [row for row in self.tables[kind] if row["id"] not in ids]
        return Answer(204, None)

    def _all_or_none(self, kind: str, pairs: list[tuple[Row | None, Row]], status: int) -> Answer:
        saved = json.dumps(self.tables[kind])
        written = []
        for index, (old, given) in enumerate(pairs):
            errors = self._errors(kind, old, given)
            if errors:
                self.tables[kind] = json.loads(saved)
                return Answer(400, [*({} for _one in range(index)), errors])
            if old is None:
                self.add(kind, given[VALUES[kind]])
                row = self.tables[kind][-1]
            else:
                row = next(one for one in self.tables[kind] if one["id"] == old["id"])
            fields = {**row["custom_fields"], **given.get("custom_fields", {})}
            row.update({**given, "custom_fields": fields})
            row[VALUES[kind]] = str(ipaddress.ip_interface(row[VALUES[kind]]))
            written.append(self._shown(row))
        return Answer(status, written)

    def _errors(self, kind: str, old: Row | None, given: Row) -> dict[str, list[str]]:
        errors: dict[str, list[str]] = {}
        key = VALUES[kind]
        for name in given:
            if name not in FIELDS and name != key:
                errors[name] = ["Unknown field."]
        if old is None and key not in given:
            errors[key] = ["This field is required."]
        if given.get("status", "active") not in STATUSES[kind]:
            errors["status"] = [f"{given['status']} is not a valid choice."]
        for name, path in (("vrf", "ipam/vrfs"), ("tenant", "tenancy/tenants")):
            value = given.get(name)
            if value is not None and value not in [row["id"] for row in self.others[path]]:
                errors[name] = [f"Related object not found using the provided numeric ID: {value}"]
        for name, longest in (("description", 200), ("comments", 10**6)):
            if not isinstance(given.get(name, ""), str) or len(given.get(name, "")) > longest:
                errors[name] = [f"Ensure this field has no more than {longest} characters."]
        for name, value in given.get("custom_fields", {}).items():
            if name not in [one["name"] for one in self._fields(kind)]:
                errors["custom_fields"] = [f"Custom field '{name}' does not exist for this object type."]
            elif value is not None and not isinstance(value, str):
                errors["__all__"] = [f"Invalid value for custom field '{name}': Value must be a string."]
        if key in given and not errors:
            errors = self._value_errors(kind, old, given)
        return errors

    def _value_errors(self, kind: str, old: Row | None, given: Row) -> dict[str, list[str]]:
        key = VALUES[kind]
        try:
            value = (ipaddress.ip_network if kind == "prefixes" else ipaddress.ip_interface)(given[key])
        except ValueError:
            return {key: [f"Invalid format: {given[key]}"]}
        vrf = given.get("vrf", None if old is None else old["vrf"])
        if not self.unique:
            return {}
        for row in self.tables[kind]:
            if row["vrf"] != vrf or (old is not None and row["id"] == old["id"]):
                continue
            other = ipaddress.ip_interface(row[key])
            same = other == ipaddress.ip_interface(str(value)) if kind == "prefixes" else other.ip == value.ip
            if same:
                return {key: [f"Duplicate found in global table: {row[key]}"]}
        return {}

    def _shown(self, row: Row) -> Row:
        """As NetBox writes it: choices and related objects are mappings in answers."""
        shown = {**row, "status": {"value": row["status"], "label": row["status"].title()}}
        shown["family"] = {"value": 6, "label": "IPv6"}
        for key in ("vrf", "tenant"):
            shown[key] = None if row[key] is None else {"id": row[key], "display": key}
        return shown


def _inside(outer: t.Any, text: str) -> bool:
    inner = ipaddress.ip_interface(text)
    return inner.version == outer.version and inner.ip in outer and inner.network.prefixlen >= outer.prefixlen


def _handler(double: Double) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = double.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
            text = answer.value if isinstance(answer.value, str) else json.dumps(answer.value)
            data = b"" if answer.value is None else text.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("API-Version", ".".join(double.version.split(".")[:2]))
            if 300 <= answer.status < 400:
                self.send_header("Location", "https://elsewhere.invalid/api/")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = do_OPTIONS = _serve

        def log_message(self, *args: object) -> None:
            """Quiet."""

    return Handler
