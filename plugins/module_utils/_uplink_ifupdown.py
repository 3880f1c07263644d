# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""interfaces(5): which stanza writes ``accept_ra``, and how to change just that line.

What the methods of ``inet6`` write at ifup (inet6.defn of ifupdown 0.8, each seen to happen): ``auto`` writes
``accept_ra`` 2 unless told otherwise, ``dhcp`` writes 1 unless told otherwise, ``static`` writes it only when told,
and ``manual`` never, also when told.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

MAIN = "/etc/network/interfaces"
OPTION = "accept_ra"
# What ifup writes by itself, by method; None is nothing.
WRITES = {"auto": "2", "dhcp": "1", "static": None}
_OPENING = re.compile(
    r"(iface|mapping|auto|allow-\S+|source|source-directory|rename|no-auto-down|no-scripts|template)$"
)


@dataclass(frozen=True)
class Option:
    """A logical line: physical lines ``first`` to ``last`` (counted from 0, inclusive)."""

    first: int
    last: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Stanza:
    """An ``iface`` stanza of the inet6 family."""

    logical: str
    method: str
    head: Option
    options: tuple[Option, ...]

    @property
    def told(self) -> str | None:
        """The value of ``accept_ra`` in the stanza; ifupdown takes the last one."""
        values = [option.words[1] for option in self.options if option.words[0] == OPTION and len(option.words) > 1]
        return values[-1] if values else None

    @property
    def number(self) -> int:
        """The line to show to people."""
        told = [option.first for option in self.options if option.words[0] == OPTION]
        return (told[-1] if told else self.head.first) + 1

    @property
    def written(self) -> str | None:
        """What ifup will write, None where it leaves the kernel's value alone."""
        if self.method not in WRITES:
            return None
        return WRITES[self.method] if self.told is None else self.told


def stanzas(text: str, logical: str) -> list[Stanza]:
    """The inet6 stanzas of one logical interface, in order."""
    found: list[Stanza] = []
    head: Option | None = None
    options: list[Option] = []

    def close() -> None:
        if head is not None:
            found.append(Stanza(logical, head.words[3], head, tuple(options)))

    for line in _logical_lines(text):
        if not _OPENING.match(line.words[0]):
            if head is not None:
                options.append(line)
            continue
        close()
        ours = line.words[0] == "iface" and line.words[1:3] == (logical, "inet6") and len(line.words) > 3
        head, options = (line, []) if ours else (None, [])
    close()
    return found


def includes(text: str) -> list[tuple[str, str]]:
    """``(keyword, pattern)`` for each ``source`` and ``source-directory`` line."""
    found = []
    for line in _logical_lines(text):
        if line.words[0] in ("source", "source-directory"):
            found += [(line.words[0], word) for word in line.words[1:]]
    return found


def included_name(name: str) -> bool:
    """Whether ``source-directory`` takes a file of this name (interfaces(5))."""
    return re.match(r"[a-zA-Z0-9_-]+$", name) is not None


def needs_two(stanza: Stanza) -> bool:
    """Whether ifup would leave less than 2 because of this stanza."""
    return stanza.method in WRITES and stanza.written != "2" and not (stanza.method == "auto" and stanza.told is None)


def with_two(text: str, logical: str) -> str:
    """The text with ``accept_ra 2`` in each stanza that needs it; every other byte stays."""
    lines = text.splitlines(True)
    for stanza in reversed([stanza for stanza in stanzas(text, logical) if needs_two(stanza)]):
        _set(lines, stanza, "2")
    return "".join(lines)


def without_two(text: str, before: str, logical: str) -> str:
    """Take our line back out of a file that somebody else has changed since.

    ``before`` is the file before us: a stanza that had a value of its own gets that value, another one loses the line.
    Stanzas are paired in order.
    """
    former = stanzas(before, logical)
    lines = text.splitlines(True)
    for place, stanza in reversed(list(enumerate(stanzas(text, logical)))):
        told = former[place].told if place < len(former) else None
        if stanza.told == "2" and told != "2":
            _set(lines, stanza, told)
    return "".join(lines)


def _set(lines: list[str], stanza: Stanza, value: str | None) -> None:
    told = [option for option in stanza.options if option.words[0] == OPTION]
    if not told:
        if value is not None:
            ending = _ending(lines[stanza.head.last])
            lines[stanza.head.last] = lines[stanza.head.last].rstrip("\r\n") + ending
            lines.insert(stanza.head.last + 1, f"{_indent(lines, stanza)}{OPTION} {value}{ending}")
        return
    for option in reversed(told):
        replacement = []
        if value is not None and option is told[-1]:
            replacement = [f"{_leading(lines[option.first])}{OPTION} {value}{_ending(lines[option.last])}"]
        lines[option.first : option.last + 1] = replacement


def _indent(lines: list[str], stanza: Stanza) -> str:
    return _leading(lines[stanza.options[0].first]) if stanza.options else "    "


def _leading(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _ending(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else "\n"


def _logical_lines(text: str) -> t.Iterator[Option]:
    """Lines joined over a backslash at their end; comments and empty lines are left out."""
    first, parts = 0, ""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not parts:
            first = number
            if not line.strip() or line.lstrip().startswith("#"):
                continue
        if line.endswith("\\") and number + 1 < len(lines):
            parts += line[:-1] + " "
            continue
        words = tuple((parts + line.rstrip("\\")).split())
        parts = ""
        if words:
            yield Option(first, number, words)
