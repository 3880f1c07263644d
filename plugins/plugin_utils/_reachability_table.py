# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""The reachability matrix as text for a terminal. Pure functions."""

from __future__ import annotations

import textwrap
import typing as t

Cell = t.Mapping[str, t.Any]

GOOD, BAD, NOTHING, UNKNOWN, LOOK = "✓", "✗", "·", "?", "→"
HEAD = ("endpoint", "behind", "address")
GAP = "  "
# What names may shrink to before a line grows beyond the width.
_SHORTEST = 8
_LONGEST_PORTS = 14
_MOST_NAMES = 5


def lines(matrix: t.Mapping[str, t.Any], width: int = 100) -> list[str]:
    """The table, a line per failure and warning, and a summary.

    Vantage points stand side by side as far as ``width`` allows, then one below the other. A failure begins with
    ``✗``, where to look with ``→``, a warning with ``!``; what does not fit is wrapped.
    """
    names = [vantage["name"] for vantage in matrix["vantages"]]
    rows = matrix["endpoints"]
    cells = [cell for row in rows for cell in row["from"].values()]
    shown = {key for key in ("mtu", "ipv4") if any(cell[key] for cell in cells)}
    columns = {name: _columns([row["from"][name] for row in rows], shown) for name in names}
    text: list[str] = []
    for group in _groups(names, columns, rows, width):
        text += ["", *_block(rows, group, columns, width)]
    text.append("")
    advice = [f"{_who(entry)}: {entry['look']}" for entry in matrix["advice"]]
    for mark, sentences in ((BAD, matrix["failures"]), (LOOK, advice), ("!", matrix["warnings"])):
        for sentence in sentences:
            text += textwrap.wrap(sentence, width, initial_indent=f"{mark} ", subsequent_indent="  ")
    if matrix["failures"] or matrix["warnings"]:
        text.append("")
    return [*text, summary(matrix)]


def summary(matrix: t.Mapping[str, t.Any]) -> str:
    """One sentence."""
    total, good = len(matrix["endpoints"]), sum(1 for row in matrix["endpoints"] if row["ok"])
    names = [vantage["name"] for vantage in matrix["vantages"]]
    seen = f"seen from {', '.join(names)}" if names else "with nobody to look"
    if matrix["ok"]:
        return f"{GOOD} {'The' if total == 1 else 'All'} {_count(total)} as claimed, {seen}."
    return f"{BAD} {good} of {_count(total)} as claimed, {seen}."


def _who(entry: t.Mapping[str, t.Any]) -> str:
    """Whom an advice is for. Names are cut off, since a host may have hundreds of endpoints."""
    names, more = entry["endpoints"][:_MOST_NAMES], len(entry["endpoints"]) - _MOST_NAMES
    return f"{entry['cause']} ({', '.join(names)}{f' and {more} more' if more > 0 else ''} behind {entry['behind']})"


def _count(total: int) -> str:
    return f"{total} endpoint{' answers' if total == 1 else 's answer'}"


def _columns(cells: t.Sequence[Cell], shown: t.Collection[str]) -> list[tuple[str, list[str]]]:
    """The columns of one vantage point, each with its heading and its texts.

    :arg shown: ``mtu`` and ``ipv4``, as far as any endpoint has something there.
    """
    columns = [
        ("ping", [_echo(cell, "ping") for cell in cells]),
        ("open", [_ports(cell, "open") for cell in cells]),
        ("closed", [_ports(cell, "closed") for cell in cells]),
        ("source", [_source(cell) for cell in cells]),
    ]
    if "mtu" in shown:
        columns.insert(1, ("mtu", [_mtu(cell) for cell in cells]))
    if "ipv4" in shown:
        columns.append(("ipv4", [_ipv4(cell) for cell in cells]))
    return columns


def _echo(cell: Cell, key: str) -> str:
    if not cell["probed"]:
        return UNKNOWN
    echo = cell[key]
    if echo is None:
        return NOTHING
    if not echo["answered"]:
        return BAD
    rtt = echo["rtt_ms"]
    return f"{GOOD} {rtt:.1f} ms" if rtt < 100 else f"{GOOD} {rtt:.0f} ms"


def _mtu(cell: Cell) -> str:
    mark = _echo(cell, "mtu")[:1]
    return f"{mark} {cell['mtu']['bytes']}" if cell["mtu"] else mark


def _ports(cell: Cell, key: str) -> str:
    if not cell["probed"]:
        return UNKNOWN
    ports = cell[key]
    if not ports:
        return NOTHING
    bad = [port for port in ports if not port["ok"]]
    shown = ",".join(_port(port) for port in bad or ports)
    if len(shown) > _LONGEST_PORTS:
        shown = f"{len(bad)} of {len(ports)}" if bad else f"{len(ports)} ports"
    return f"{BAD if bad else GOOD} {shown}"


def _port(port: t.Mapping[str, t.Any]) -> str:
    text = str(port["port"]) if port["protocol"] == "tcp" else f"{port['port']}/{port['protocol']}"
    return f"{text}{UNKNOWN}" if port["state"] == "silent" else text


def _source(cell: Cell) -> str:
    if not cell["probed"]:
        return UNKNOWN
    source = cell["source"]
    if source is None:
        return NOTHING
    if source["ok"]:
        return GOOD
    return f"{BAD} other" if source["seen"] else BAD


def _ipv4(cell: Cell) -> str:
    if not cell["probed"]:
        return UNKNOWN
    if cell["ipv4"] is None:
        return NOTHING
    return {True: GOOD, False: BAD, None: UNKNOWN}[cell["ipv4"]["ok"]]


def _widths(columns: t.Sequence[tuple[str, list[str]]]) -> list[int]:
    return [max([len(heading), *(len(text) for text in texts)]) for heading, texts in columns]


def _span(name: str, columns: t.Sequence[tuple[str, list[str]]]) -> int:
    widths = _widths(columns)
    return max(len(name), sum(widths) + len(GAP) * (len(widths) - 1))


def _groups(
    names: t.Sequence[str],
    columns: t.Mapping[str, t.Sequence[tuple[str, list[str]]]],
    rows: t.Sequence[Cell],
    width: int,
) -> list[list[str]]:
    """Which vantage points stand side by side."""
    left = sum(_head_widths(rows)) + len(GAP) * len(HEAD)
    groups: list[list[str]] = []
    free = 0
    for name in names:
        needed = _span(name, columns[name]) + len(GAP)
        if not groups or needed > free:
            groups.append([])
            free = width - left + len(GAP)
        groups[-1].append(name)
        free -= needed
    return groups


def _head_widths(rows: t.Sequence[Cell]) -> list[int]:
    keys = ("name", "behind", "address")
    return [max([len(heading), *(len(row[key]) for row in rows)]) for heading, key in zip(HEAD, keys)]


def _block(
    rows: t.Sequence[Cell],
    names: t.Sequence[str],
    columns: t.Mapping[str, t.Sequence[tuple[str, list[str]]]],
    width: int,
) -> list[str]:
    heads = _head_widths(rows)
    spans = [_span(name, columns[name]) for name in names]
    excess = sum(heads) + sum(spans) + len(GAP) * (len(heads) + len(spans) - 1) - width
    # Addresses are what this is about, so the names give way, the longer one first.
    while excess > 0 and max(heads[:2]) > _SHORTEST:
        longer = 0 if heads[0] >= heads[1] else 1
        heads[longer] -= 1
        excess -= 1
    blank = GAP.join(" " * size for size in heads)
    out = [GAP.join([blank, *(f"from {name}".ljust(span) for name, span in zip(names, spans))]).rstrip()]
    titles = [_fit(heading, size) for heading, size in zip(HEAD, heads)]
    out.append(GAP.join([*titles, *(_line(columns[n], s, None) for n, s in zip(names, spans))]).rstrip())
    for number, row in enumerate(rows):
        cells = [_fit(row[key], size) for key, size in zip(("name", "behind", "address"), heads)]
        out.append(GAP.join([*cells, *(_line(columns[n], s, number) for n, s in zip(names, spans))]).rstrip())
    return out


def _line(columns: t.Sequence[tuple[str, list[str]]], span: int, number: int | None) -> str:
    """One vantage point's part of a line; None for the headings."""
    texts = [heading if number is None else cells[number] for heading, cells in columns]
    return GAP.join(text.ljust(size) for text, size in zip(texts, _widths(columns))).ljust(span)


def _fit(text: str, size: int) -> str:
    return text.ljust(size) if len(text) <= size else f"{text[: size - 1]}…"
