# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""A report as a page that needs nothing else, and a pool's map as a drawing for documents."""

from __future__ import annotations

import json
import pathlib
import typing as t
from xml.sax.saxutils import escape

PARTS = pathlib.Path(__file__).resolve().parents[2] / "playbooks" / "files" / "report"
# A drawing's size, and what its cells look like: fill, and ink on it.
WIDTH, HEIGHT = 960, 560
COLOURS = {
    "active": ("#2c7a96", "#ffffff"),
    "reserved": ("#d9a441", "#2b1f05"),
    "quarantine": ("#a5608b", "#ffffff"),
    "many": ("#bcd8e0", "#12303b"),
    "excluded": ("#dedbd2", "#1c2430"),
}
# Of the font: what one sign needs, and what a line of text needs.
_SIGN, _LINE = 7.3, 15


def page(report: t.Mapping[str, t.Any]) -> str:
    """The page with all that it needs in it.

    The data stands in the page as JSON. There no name can end the element that it is in, since ``<`` is written as an
    escape, and the script only ever sets text as text.
    """
    data = json.dumps(report, ensure_ascii=False, separators=(",", ":"))
    data = data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    text = (PARTS / "page.html").read_text(encoding="utf-8")
    for mark, part in (("/*STYLE*/", _part("style.css")), ("/*SCRIPT*/", _part("script.js")), ("/*DATA*/", data)):
        before, found, after = text.partition(mark)
        text = f"{before}{part}{after}" if found else text
    return text


def _part(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")


def drawing(pool: t.Mapping[str, t.Any], allocations: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """The pool's first map as SVG, with a legend of what it shows."""
    view = pool["maps"][pool["first_map"]]
    wide, high = WIDTH / view["columns"], HEIGHT / view["rows"]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 46}" role="img"'
        f' font-family="monospace" font-size="12">',
        f"<title>{_text(pool['name'])}: {_text(view['prefix'])}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#f1efe8" stroke="#d9d6cc"/>',
    ]
    for cell in view["cells"]:
        lines += _cell(cell, wide, high, pool, allocations)
    used = {kind for kind, dummy, dummy in (_told(cell, pool, allocations) for cell in view["cells"])}
    lines.append(f'<text x="0" y="{HEIGHT + 18}">{_text(pool["name"])}  {_text(view["prefix"])}</text>')
    for place, kind in enumerate(kind for kind in COLOURS if kind in used):
        x = place * 170
        lines.append(f'<rect x="{x}" y="{HEIGHT + 28}" width="12" height="12" fill="{COLOURS[kind][0]}"/>')
        lines.append(f'<text x="{x + 18}" y="{HEIGHT + 39}">{_WORDS[kind]}</text>')
    return "\n".join([*lines, "</svg>", ""])


_WORDS = {
    "active": "in use",
    "reserved": "reserved",
    "quarantine": "in quarantine",
    "many": "many",
    "excluded": "never handed out",
}


def _told(
    cell: t.Sequence[t.Any], pool: t.Mapping[str, t.Any], allocations: t.Sequence[t.Mapping[str, t.Any]]
) -> tuple[str, str, str]:
    """What a cell is, and its two lines of text."""
    kind, target, count = cell[4], cell[5], cell[6]
    if kind == "excluded":
        return kind, "", ""
    if kind == "many":
        return kind, str(count), pool["maps"][target]["prefix"]
    one = allocations[target]
    return one["state"], one["name"], one["place"]


def _cell(
    cell: t.Sequence[t.Any],
    wide: float,
    high: float,
    pool: t.Mapping[str, t.Any],
    allocations: t.Sequence[t.Mapping[str, t.Any]],
) -> list[str]:
    kind, *texts = _told(cell, pool, allocations)
    fill, ink = COLOURS[kind]
    x, y, width, height = cell[0] * wide, cell[1] * high, cell[2] * wide, cell[3] * high
    found = [
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}" stroke="#ffffff">'
        f"<title>{_text(' '.join(text for text in texts if text) or _WORDS[kind])}</title></rect>"
    ]
    room = int((width - 8) / _SIGN)
    if room < 2 or height < _LINE:
        return found
    for row, text in enumerate(texts[: 2 if height >= 40 else 1]):
        short = text if len(text) <= room else f"{text[: room - 1]}…"
        found.append(f'<text x="{x + 5:g}" y="{y + 16 + _LINE * row:g}" fill="{ink}">{_text(short)}</text>')
    return found


def _text(value: str) -> str:
    """Text for XML 1.0, which has no signs for most control characters."""
    return escape("".join(sign if sign >= " " or sign in "\t\n" else "\ufffd" for sign in value))
