# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Single keys of a JSON object changed in its text, with every other byte kept.

Order, indentation, line ends, a byte order mark and other people's values stay as they are. Only the grammar of RFC
8259 is accepted, and each key once: whoever reads such a file otherwise may read another value than we do.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

BOM = "\ufeff"
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_DEEPEST = 100


@dataclass(frozen=True)
class Member:
    """One ``key: value`` of the top-level object, with the places of its text."""

    key: str
    value: t.Any
    begin: int
    value_begin: int
    end: int


@dataclass(frozen=True)
class ObjectText:
    """A JSON object as text, with the places of its members. ``opened`` is behind ``{``, ``closed`` is before ``}``."""

    text: str
    opened: int
    closed: int
    members: tuple[Member, ...]

    @property
    def value(self) -> dict[str, t.Any]:
        return {member.key: member.value for member in self.members}

    def raw(self, key: str) -> str | None:
        """The text of a value as it stands there, None when the key is not there."""
        return next((self.text[one.value_begin : one.end] for one in self.members if one.key == key), None)


def read(text: str, name: str) -> ObjectText:
    """Read the text of a JSON object.

    :arg name: the file, for messages.
    :raises Refused: not JSON, not an object, or a key twice; with line and column.
    """
    return _Reader(text, name).document()


def edit(document: ObjectText, wanted: t.Mapping[str, str | None], name: str) -> ObjectText:
    """Give keys new values.

    A key that is there keeps its place, a new one is appended in the manner of the members before it. A text without
    any key gets one line per key.

    :arg wanted: key to the JSON text of its value, None to take the key out.
    :returns: the document with exactly these keys changed.
    """
    for key in sorted(wanted, key=lambda one: wanted[one] is not None):
        raw = wanted[key]
        if raw is not None:
            document = _put(document, key, raw, name)
        elif document.raw(key) is not None:
            document = _take(document, key, name)
    return document


def render(value: t.Any) -> str:
    """The JSON text of one value, on a single line."""
    return json.dumps(value, ensure_ascii=False)


def _put(document: ObjectText, key: str, raw: str, name: str) -> ObjectText:
    text = document.text
    for member in document.members:
        if member.key == key:
            return read(text[: member.value_begin] + raw + text[member.end :], name)
    label = json.dumps(key, ensure_ascii=False)
    if not document.members:
        line = _line_end(text)
        return read(f"{text[: document.opened]}{line}  {label}: {raw}{line}{text[document.closed :]}", name)
    last = document.members[-1]
    if len(document.members) > 1:
        before = text[document.members[-2].end : last.begin]
        space = before[before.index(",") + 1 :]
    else:
        space = text[document.opened : last.begin]
        # `{"a": 1}` has nothing between brace and key, but a space after a comma is what everybody writes.
        space = space or " "
    colon = text[last.begin + _string_length(text, last.begin) : last.value_begin]
    return read(f"{text[: last.end]},{space}{label}{colon}{raw}{text[last.end :]}", name)


def _take(document: ObjectText, key: str, name: str) -> ObjectText:
    text, members = document.text, document.members
    index = next(index for index, member in enumerate(members) if member.key == key)
    member = members[index]
    if len(members) == 1:
        return read(text[: document.opened] + text[document.closed :], name)
    if index:
        return read(text[: members[index - 1].end] + text[member.end :], name)
    return read(text[: member.begin] + text[members[1].begin :], name)


def _string_length(text: str, place: int) -> int:
    found = _STRING.match(text, place)
    return found.end() - place if found else 0


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name

    def document(self) -> ObjectText:
        place = self._skip(1 if self.text.startswith(BOM) else 0)
        if place == len(self.text):
            raise self._refuse(place, "the file is empty, and JSON needs a value", "Write {} into it, or remove it")
        if self.text[place] != "{":
            raise self._refuse(place, "the file must hold one JSON object", "Begin it with {")
        members, end = self._object(place, 0)
        rest = self._skip(end)
        if rest != len(self.text):
            raise self._refuse(rest, "text follows the object", "Remove it")
        return ObjectText(self.text, place + 1, end - 1, tuple(members))

    def _object(self, place: int, depth: int) -> tuple[list[Member], int]:
        members: list[Member] = []
        seen: set[str] = set()
        place = self._skip(place + 1)
        if self._at(place) == "}":
            return members, place + 1
        while True:
            begin = place
            key, place = self._string(place, "a key in double quotes is expected")
            if key in seen:
                raise self._refuse(
                    begin, f"the key {json.dumps(key)} stands there twice, and the last one wins", "Remove one of them"
                )
            seen.add(key)
            place = self._skip(place)
            if self._at(place) != ":":
                raise self._refuse(place, f"a colon is expected after {json.dumps(key)}", "Add it")
            value_begin = self._skip(place + 1)
            value, end = self._value(value_begin, depth + 1)
            members.append(Member(key, value, begin, value_begin, end))
            place = self._skip(end)
            if self._at(place) == "}":
                return members, place + 1
            place = self._after_comma(place, "}")

    def _array(self, place: int, depth: int) -> tuple[list[t.Any], int]:
        values: list[t.Any] = []
        place = self._skip(place + 1)
        if self._at(place) == "]":
            return values, place + 1
        while True:
            value, place = self._value(place, depth + 1)
            values.append(value)
            place = self._skip(place)
            if self._at(place) == "]":
                return values, place + 1
            place = self._after_comma(place, "]")

    def _after_comma(self, place: int, bracket: str) -> int:
        if self._at(place) != ",":
            raise self._refuse(place, f"a comma or {bracket} is expected", "Add it")
        following = self._skip(place + 1)
        if self._at(following) == bracket:
            raise self._refuse(place, "a trailing comma is not JSON", "Remove the comma")
        return following

    def _value(self, place: int, depth: int) -> tuple[t.Any, int]:
        if depth > _DEEPEST:
            raise self._refuse(place, f"values are nested more than {_DEEPEST} deep", "Make it flatter")
        character = self._at(place)
        if character == "{":
            members, end = self._object(place, depth)
            return {member.key: member.value for member in members}, end
        if character == "[":
            return self._array(place, depth)
        if character == '"':
            return self._string(place, "a string is expected")
        for word, value in _WORDS.items():
            if self.text.startswith(word, place):
                return value, place + len(word)
        found = _NUMBER.match(self.text, place)
        if found:
            return json.loads(found.group()), found.end()
        raise self._refuse(place, "a JSON value is expected", "Correct it")

    def _string(self, place: int, rule: str) -> tuple[str, int]:
        found = _STRING.match(self.text, place)
        if found is None:
            raise self._refuse(place, rule, "Correct it")
        value: str = json.loads(found.group())
        return value, found.end()

    def _skip(self, place: int) -> int:
        found = _SPACE.match(self.text, place)
        place = found.end() if found else place
        if self.text.startswith(("//", "/*", "#"), place):
            raise self._refuse(place, "JSON has no comments", "Remove the comment")
        return place

    def _at(self, place: int) -> str:
        return self.text[place : place + 1]

    def _refuse(self, place: int, rule: str, remedy: str) -> Refused:
        head = self.text[:place]
        line = head.count("\n") + 1
        column = place - (head.rfind("\n") + 1) + 1 - (1 if line == 1 and head.startswith(BOM) else 0)
        return Refused(f"{self.name}, line {line}, column {column}", rule, remedy)
