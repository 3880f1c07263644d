# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""YAML that the Director, the CLI and PyYAML read alike."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_yaml import BadYaml, dump, load
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.one_of(
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20),
    st.from_regex(r"\A[0-9a-f:./ -]{1,20}\Z"),
    st.sampled_from(["2001:10:20:30:40:50:1:2", "::1", "a::", "yes", "1e3", "0x1f", "12:30", "~", "", "2026-01-01"]),
)
DATA: t.Any = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=10,
)


@given(st.dictionaries(TEXTS, DATA, max_size=4))
def test_what_is_written_is_read_by_both(data: dict[str, t.Any]) -> None:
    text = dump(data)
    assert load(text) == data
    assert yaml.safe_load(text) == data


def test_addresses_are_quoted_and_keys_sorted() -> None:
    text = dump({"range": "2001:db8::/64", "name": "ipv6", "azs": ["z1"], "v4": "10.0.0.1", "size": 3})
    assert text == 'azs:\n- z1\nname: ipv6\nrange: "2001:db8::/64"\nsize: 3\nv4: "10.0.0.1"\n'


def test_long_text_is_one_line_and_nothing_is_an_alias() -> None:
    one = {"cidr": "x" * 300}
    assert dump({"a": one, "b": one}) == f"a:\n  cidr: {'x' * 300}\nb:\n  cidr: {'x' * 300}\n"
    assert dump(None) == ""


def test_text_of_several_lines() -> None:
    assert dump({"script": "a\nb\n"}) == "script: |\n  a\n  b\n"


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("2001:10:20:30:40:50:1:2", "2001:10:20:30:40:50:1:2"),
        ("1:30", "1:30"),
        ("1:30.5", "1:30.5"),
        ("2026-01-01", "2026-01-01"),
        ("-12", -12),
        ("0x1f", 31),
        ("1.5", 1.5),
        ("1.5e+3", 1500.0),
        ("true", True),
        ("~", None),
    ],
)
def test_plain_values(text: str, data: object) -> None:
    assert load(text) == data
    assert type(load(text)) is type(data)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gateway: 2001:db8::\n", "quote the address 2001:db8:: in line 1"),
        ("a: 1\ndns: 2001:4860:4860::\nb: 2\n", "quote the address 2001:4860:4860:: in line 2"),
        ("reserved: 2001:db8:: - 2001:db8::ff\n", "quote the address 2001:db8::"),
        ("a: [b\n", "is no YAML in line"),
        ("a: !ruby/object:X {}\n", "is no YAML in line 1"),
        ("\x00", "is no YAML"),
    ],
)
def test_no_yaml(text: str, words: str) -> None:
    with pytest.raises(BadYaml) as caught:
        load(text)
    assert words in str(caught.value) and "\n" not in str(caught.value)
