# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""A report as a page and a map as a drawing: whole, well-formed, and safe whatever a name is."""

from __future__ import annotations

import json
import re
import typing as t
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from ansible_collections.routable.ipv6.plugins.plugin_utils._report_page import drawing, page
from hypothesis import given
from hypothesis import strategies as st

NAMES = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"'&<b>&amp;",
    "a\u2028b\u2029c",
    "東京 ünï",
    "/*STYLE*/ /*SCRIPT*/ /*DATA*/",
    "x" * 253,
)


class Reader(HTMLParser):
    """The elements and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.scripts and not self.scripts[-1].endswith("\0"):
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self.scripts[-1] += "\0"


def read(name: str) -> Reader:
    return Reader(page({"name": name}))


EMPTY = [tag for tag, dummy in read("").tags]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_data_and_nothing_else(name: str) -> None:
    found = read(name)
    assert [tag for tag, dummy in found.tags] == EMPTY
    assert json.loads(found.scripts[0].rstrip("\0")) == {"name": name}


@given(st.text())
def test_any_text_comes_through(name: str) -> None:
    # A surrogate of its own is no text that could be written.
    name = name.encode("utf-8", "replace").decode()
    assert json.loads(read(name).scripts[0].rstrip("\0")) == {"name": name}


def test_the_page_needs_nothing_else() -> None:
    text = page({})
    found = Reader(text)
    sources = [attrs for dummy, attrs in found.tags if "src" in attrs or (attrs.get("href") or "#")[0] != "#"]
    assert sources == []
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|innerHTML|insertAdjacentHTML|eval\(", text)
    (policy,) = [attrs for dummy, attrs in found.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in str(policy["content"])
    assert "/*STYLE*/" not in text and "/*SCRIPT*/" not in text and "/*DATA*/" not in text


def pool(*cells: t.Sequence[t.Any]) -> dict[str, t.Any]:
    shown = {"prefix": "2001:db8::/64", "columns": 16, "rows": 16, "cells": list(cells)}
    return {"name": "a <pool>", "first_map": 0, "maps": [shown, {**shown, "prefix": "2001:db8::8:0/112", "cells": []}]}


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", [*NAMES, "bell\x07"])
def test_a_drawing_is_well_formed_and_says_what_is_where(name: str) -> None:
    one = {"name": name, "place": "2001:db8::/66", "state": "reserved"}
    drawn = ET.fromstring(
        drawing(pool([0, 0, 8, 8, "item", 0, 1], [8, 0, 1, 1, "many", 1, 12], [8, 8, 8, 8, "excluded", -1, 0]), [one])
    )
    titles = [entry.text for entry in drawn.iter(f"{SVG}title")]
    shown = name.replace("\x07", "\ufffd")
    assert titles == [
        "a <pool>: 2001:db8::/64",
        f"{shown} 2001:db8::/66",
        "12 2001:db8::8:0/112",
        "never handed out",
    ]
    texts = [entry.text for entry in drawn.iter(f"{SVG}text")]
    assert "12" in texts and {"reserved", "many", "never handed out"} <= set(texts) and "in use" not in texts
    boxes = [dict(entry.attrib) for entry in drawn.iter(f"{SVG}rect")]
    assert [(box["x"], box["y"], box["width"], box["height"]) for box in boxes[1:4]] == [
        ("0", "0", "480", "280"),
        ("480", "0", "60", "35"),
        ("480", "280", "480", "280"),
    ]
