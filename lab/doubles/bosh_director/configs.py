# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Named configs, their ids and their versions."""

from __future__ import annotations

import datetime
import difflib
import threading
import typing as t
from dataclasses import dataclass

from . import psych
from .errors import DirectorError, bad_config, bad_request


@dataclass
class Config:
    id: int
    type: str
    name: str
    content: str
    created_at: str
    deleted: bool = False


class WrongLatest(Exception):
    """The id that the client expected is not the latest."""

    def __init__(self, latest: str, expected: str) -> None:
        super().__init__(latest)
        self.latest = latest
        self.expected = expected


class Configs:
    """All configs, with the rules of ``configs_controller.rb`` and ``config_manager.rb``."""

    def __init__(self) -> None:
        self._rows: list[Config] = []
        # The real Director has no such lock between reading and writing; with it the double never loses a race.
        self._lock = threading.Lock()

    def find(self, kind: str | None, name: str | None, limit: int) -> list[Config]:
        rows = [row for row in self._rows if not row.deleted and kind in (None, row.type) and name in (None, row.name)]
        keys = sorted({(row.type, row.name) for row in rows}, key=lambda key: (key[0], key[1] != "default", key[1]))
        return [
            row
            for key in keys
            for row in sorted((one for one in rows if (one.type, one.name) == key), key=lambda one: -one.id)[:limit]
        ]

    def highest(self) -> int:
        return max((row.id for row in self._rows), default=0)

    def by_id(self, identifier: str) -> Config:
        row = next((row for row in self._rows if str(row.id) == identifier and not row.deleted), None)
        if row is None:
            raise DirectorError(440012, f"Config {identifier} not found", 404)
        return row

    def current(self, kind: str, name: str) -> Config | None:
        return next(iter(self.find(kind, name, 1)), None)

    def update(self, request: dict[str, t.Any]) -> Config:
        """Store new content unless it is the same, byte for byte."""
        _check_text(request, "type", "name")
        content = psych.load(request.get("content"))
        text = request["content"]
        if request["type"] == "runtime":
            for release in content.get("releases") or []:
                if release.get("version") is not None:
                    release["version"] = str(release["version"])
            text = psych.dump(content)
        with self._lock:
            current = self.current(request["type"], request["name"])
            latest = str(current.id) if current else "0"
            expected = request.get("expected_latest_id")
            if expected is not None and str(expected) != latest:
                raise WrongLatest(latest, str(expected))
            if current is not None and current.content == text:
                return current
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
            row = Config(self.highest() + 1, request["type"], request["name"], text, now)
            self._rows.append(row)
            return row

    def delete(self, kind: str, name: str) -> bool:
        """All versions of it."""
        with self._lock:
            rows = [row for row in self._rows if (row.type, row.name) == (kind, name) and not row.deleted]
            for row in rows:
                row.deleted = True
        return bool(rows)

    def delete_by_id(self, identifier: str) -> None:
        """This version alone, so that the one before it is current again."""
        self.by_id(identifier).deleted = True

    def diff(self, request: dict[str, t.Any]) -> dict[str, t.Any]:
        """Lines with what happens to them. How the Director groups and orders them is not imitated."""
        answer: dict[str, t.Any] = {}
        if isinstance(request.get("from"), dict) and isinstance(request.get("to"), dict):
            before, after = (self._side(request[side]) for side in ("from", "to"))
        elif all(isinstance(request.get(key), str) for key in ("type", "name", "content")):
            current = self.current(request["type"], request["name"])
            answer["from"] = {"id": str(current.id) if current else "0"}
            before = psych.load(current.content) if current else {}
            after = psych.load(request["content"])
        else:
            raise bad_request("The following request formats are allowed: ids, contents, or type, name and content")
        one, other = (psych.dump(side).splitlines()[1:] if side else [] for side in (before, after))
        words = {"+": "added", "-": "removed", " ": None}
        lines = [] if before == after else [line for line in difflib.ndiff(one, other) if line[0] in words]
        answer["diff"] = [[line[2:], words[line[0]]] for line in lines]
        return answer

    def _side(self, side: dict[str, t.Any]) -> dict[str, t.Any]:
        if isinstance(side.get("content"), str):
            return psych.load(side["content"])
        if not str(side.get("id", "")).isdigit():
            raise bad_request("The following request formats are allowed: ids, contents, or type, name and content")
        return psych.load(self.by_id(str(side["id"])).content)

    def as_dict(self, row: Config) -> dict[str, t.Any]:
        newest = self.current(row.type, row.name)
        return {
            "content": row.content,
            "id": str(row.id),
            "type": row.type,
            "name": row.name,
            "team": None,
            "created_at": row.created_at,
            "current": newest is not None and newest.id == row.id,
        }


def parse_limit(limit: str | None, latest: str | None, highest: int) -> int:
    """How many versions of each config are asked for."""
    if limit is not None and not limit.lstrip("-").isdigit():
        raise bad_request("'limit' must be a number")
    if limit is not None and int(limit) < 1:
        raise bad_request("'limit' must be larger than zero")
    if latest not in (None, "true", "false"):
        raise bad_request("'latest' must be 'true' or 'false'")
    if limit is not None:
        return int(limit)
    return highest if latest == "false" else 1


def _check_text(request: dict[str, t.Any], *keys: str) -> None:
    for key in keys:
        if request.get(key) in (None, ""):
            raise bad_request(f"'{key}' is required")
        if not isinstance(request[key], str):
            raise bad_request(f"'{key}' must be a string")
    if not isinstance(request.get("content"), str):
        raise bad_config("YAML hash expected")
