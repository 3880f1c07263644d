# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Requests as people write them.

A *wish* is such a request. Beside what the ledger knows it may have ``prefer`` (where a new name is put if that place
is in the pool and free, else the pool's strategy decides), ``move`` (a name that has another place leaves that one),
and no pool at all.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Request, check_name, parse_request
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# A request of nobody's pool, until it has found one.
_NOWHERE = "-"


@dataclass
class Wish:
    """A request, and what a task may say beside it. ``pool`` of the request is ``-`` where none was named."""

    request: Request
    prefer: str | None = None
    move: bool = False

    @property
    def nowhere(self) -> bool:
        return self.request.pool == _NOWHERE


def parse_wish(given: object, pool: str | None = None, owner: str | None = None) -> Wish:
    """A wish from a name or a mapping.

    :arg pool: and ``owner``: of wishes that name none.
    :raises Refused: a key that no request has, or a value that cannot be.
    """
    if isinstance(given, str):
        return Wish(Request(pool or _NOWHERE, check_name(given, "request: name"), owner=owner))
    if not isinstance(given, t.Mapping):
        raise Refused(f"request {given!r}", "a request is a mapping, or a name", "Give at least its name")
    plain = {key: value for key, value in given.items() if key not in ("prefer", "move")}
    if plain.get("owner") is None and owner is not None:
        plain["owner"] = owner
    request = parse_request(plain, pool or _NOWHERE)
    what = f"request {request.name}"
    prefer, move = given.get("prefer"), given.get("move") or False
    if prefer is not None and not isinstance(prefer, str):
        raise Refused(f"{what}: prefer={prefer}", "this is a text", "Quote it")
    if not isinstance(move, bool):
        raise Refused(f"{what}: move={move}", "this is true or false", "Give a boolean, without quotes")
    if prefer and request.at is not None:
        raise Refused(f"{what}: prefer={prefer}", f"{request.at} is asked for as well", "Leave one of them out")
    return Wish(request, prefer or None, move)


def parse_wishes(given: object, pool: str | None = None, owner: str | None = None) -> list[Wish]:
    """Wishes from a list of names and mappings, or from a mapping name → what else the request says.

    :raises Refused: as for :func:`parse_wish`.
    """
    if isinstance(given, t.Mapping):
        entries: list[object] = []
        for name, entry in given.items():
            if entry is None:
                entries.append(str(name))
            elif isinstance(entry, t.Mapping):
                entries.append({"name": name, **entry})
            elif isinstance(entry, str):
                entries.append({"name": name, "suffix" if entry.startswith("::") else "address": entry})
            else:
                raise Refused(f"request {name}={entry!r}", "this is a mapping, an address or nothing", "Correct it")
        given = entries
    if isinstance(given, str) or not isinstance(given, (list, tuple)):
        raise Refused(f"requests={given!r}", "requests are a list or a mapping", "Put a single one into a list")
    return [parse_wish(one, pool, owner) for one in given]


def adoptable(wishes: t.Sequence[Wish], clashes: list[str]) -> list[Wish]:
    """Each name once: the same place twice is no contradiction, two places are."""
    result: dict[tuple[str, str], Wish] = {}
    for wish in wishes:
        key = wish.request.pool, wish.request.name
        if key not in result:
            result[key] = wish
        elif result[key].request.at != wish.request.at:
            clashes.append(f"{wish.request.name}: it is at {result[key].request.at} and at {wish.request.at}")
    return list(result.values())
