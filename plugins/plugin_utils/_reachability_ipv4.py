# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""Whether IPv4 is as it was, where IPv6 was added. Pure functions.

It is untouched when what is behind a host gets as far over IPv4 as the host itself, and the host gets an answer where
it got one before.
"""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._probe_ipv4 import lost

Result = t.Mapping[str, t.Any]


def cell(asked: Result | None) -> dict[str, t.Any] | None:
    """What an endpoint's echo requests to a vantage point show; None when there were none, or it has no IPv4.

    ``ok`` is None where the host itself gets no answer, which says nothing about what is behind it.
    """
    found = (asked or {}).get("ipv4")
    if found is None or found["answered"] is None:
        return None
    ok = True if found["answered"] else (False if lost(found) else None)
    return {"ok": ok, "to": found["to"], "reason": found["reason"]}


def hosts(rows: t.Iterable[tuple[str, str, Result]], at: str, before: Result | None) -> list[dict[str, t.Any]]:
    """What each host saw of each vantage point over IPv4.

    :arg rows: host, vantage point, and what ``ipv6_probe`` gave for one connection between them.
    :arg at: the time of this run.
    :arg before: the matrix of the run before.
    """
    last = {(row["host"], row["vantage"], row["to"]): row["answered_at"] for row in (before or {}).get("ipv4") or ()}
    found: dict[tuple[str, str], dict[str, t.Any]] = {}
    for host, vantage, asked in rows:
        echo = asked.get("ipv4")
        if echo is not None:
            answered_at = at if echo["host_answered"] else last.get((host, vantage, echo["to"]))
            row = {"host": host, "vantage": vantage, "to": echo["to"], "answered": echo["host_answered"]}
            found[host, vantage] = {**row, "answered_at": answered_at, "ok": bool(row["answered"] or not answered_at)}
    return [row for dummy, row in sorted(found.items())]


def sentence(row: Result) -> str | None:
    """What is wrong with a row of :func:`hosts`, or None."""
    if row["ok"]:
        return None
    return (
        f"{row['host']} gets no answer over IPv4 from {row['vantage']} ({row['to']}), and got one at "
        f"{row['answered_at']}"
    )
