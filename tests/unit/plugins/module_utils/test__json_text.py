# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._json_text import BOM, edit, read, render
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

SPACE = st.text(" \t\n\r", max_size=3)
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=5),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
MODEL = st.dictionaries(st.text(max_size=4), VALUE, max_size=5)


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    """A JSON object as a careless person formats it, with its value."""
    model = draw(MODEL)

    def write(value: object) -> str:
        space = draw(SPACE)
        if isinstance(value, dict):
            inner = ",".join(
                f"{draw(SPACE)}{json.dumps(key, ensure_ascii=draw(st.booleans()))}{draw(SPACE)}:{write(one)}"
                for key, one in value.items()
            )
            return f"{space}{{{inner}{draw(SPACE)}}}{draw(SPACE)}"
        if isinstance(value, list):
            return f"{space}[{','.join(write(one) for one in value)}{draw(SPACE)}]{draw(SPACE)}"
        return f"{space}{json.dumps(value, ensure_ascii=draw(st.booleans()))}{draw(SPACE)}"

    return draw(st.sampled_from(["", BOM])) + write(model), model


@given(texts())
def test_reads_what_json_reads(case: tuple[str, dict[str, object]]) -> None:
    text, model = case
    assert read(text, "f").value == model


@given(texts(), st.dictionaries(st.text(max_size=4), st.none() | VALUE.map(json.dumps), max_size=4))
def test_edit_is_a_dictionary_update(case: tuple[str, dict[str, object]], wanted: dict[str, str | None]) -> None:
    text, model = case
    expected = dict(model)
    for key, raw in wanted.items():
        if raw is None:
            expected.pop(key, None)
        else:
            expected[key] = json.loads(raw)
    after = edit(read(text, "f"), wanted, "f")
    assert after.value == expected
    assert json.loads(after.text.lstrip(BOM)) == expected
    # What is not ours keeps its bytes and its order.
    before = read(text, "f")
    foreign = [key for key in before.value if key not in wanted]
    assert [key for key in after.value if key not in wanted] == foreign
    assert [after.raw(key) for key in foreign] == [before.raw(key) for key in foreign]
    assert text.startswith(BOM) == after.text.startswith(BOM)


@given(texts(), st.dictionaries(st.text(max_size=4), VALUE.map(json.dumps), min_size=1, max_size=4))
def test_undo_brings_back_every_byte(case: tuple[str, dict[str, object]], wanted: dict[str, str]) -> None:
    before = read(case[0], "f")
    undo = {key: before.raw(key) for key in wanted}
    after = edit(edit(before, wanted, "f"), undo, "f")
    if before.members or before.closed == before.opened:
        assert after.text == before.text
    else:
        assert after.value == {}


@given(texts())
def test_undo_is_exact_when_others_wrote_in_between(case: tuple[str, dict[str, object]]) -> None:
    before = read(case[0], "f")
    if not before.members or "ours" in before.value or "theirs" in before.value:
        return
    ours = edit(before, {"ours": "1"}, "f")
    both = edit(ours, {"theirs": "2"}, "f")
    assert edit(both, {"ours": None}, "f").text == edit(before, {"theirs": "2"}, "f").text


@pytest.mark.parametrize(
    ("text", "wanted", "after"),
    [
        ("{}", {"ipv6": "true"}, '{\n  "ipv6": true\n}'),
        ("{}\n", {"a": "1", "b": "2"}, '{\n  "a": 1,\n  "b": 2\n}\n'),
        ('{\r\n\t"a": 1\r\n}\r\n', {"b": "2"}, '{\r\n\t"a": 1,\r\n\t"b": 2\r\n}\r\n'),
        ("{\r\n}", {"b": "2"}, '{\r\n  "b": 2\r\n}'),
        ('{"a":1,"b":2}', {"c": "3"}, '{"a":1,"b":2,"c":3}'),
        ('{"a": 1}', {"c": "3"}, '{"a": 1, "c": 3}'),
        ('{\n    "a" : [1,\n  2],\n    "b" : 0\n}', {"a": None}, '{\n    "b" : 0\n}'),
        ('{\n  "a": 1,\n  "b": 2\n}', {"b": None}, '{\n  "a": 1\n}'),
        ('{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}', {"b": '"x"'}, '{\n  "a": 1,\n  "b": "x",\n  "c": 3\n}'),
        ('{ "a": 1 }', {"a": None}, "{}"),
        (f'{BOM}{{"a": 1}}', {"a": "2"}, f'{BOM}{{"a": 2}}'),
    ],
)
def test_formatting(text: str, wanted: dict[str, str | None], after: str) -> None:
    assert edit(read(text, "f"), wanted, "f").text == after


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "/f, line 1, column 1: the file is empty"),
        ("\n \n", "/f, line 3, column 1: the file is empty"),
        (BOM, "line 1, column 1: the file is empty"),
        ("[]", "line 1, column 1: the file must hold one JSON object"),
        ('"x"', "the file must hold one JSON object"),
        ('{"a": 1,}', "line 1, column 8: a trailing comma is not JSON. Remove the comma."),
        ('{\n  "a": [1,\n 2,],\n}', "line 3, column 3: a trailing comma"),
        ('{"a": 1}x', "line 1, column 9: text follows the object"),
        ('{"a": 1 "b": 2}', "line 1, column 9: a comma or } is expected"),
        ('{"a" 1}', 'line 1, column 6: a colon is expected after "a"'),
        ("{a: 1}", "line 1, column 2: a key in double quotes is expected"),
        ("{'a': 1}", "line 1, column 2: a key in double quotes is expected"),
        ('{\n  // why\n  "a": 1}', "line 2, column 3: JSON has no comments"),
        ('{"a": 1 /* x */}', "line 1, column 9: JSON has no comments"),
        ('{"a": 1}\n# x', "line 2, column 1: JSON has no comments"),
        ('{"a": 1,\n "b": 2,\n "a": 3}', 'line 3, column 2: the key "a" stands there twice'),
        ('{"n": {"a": 1, "\\u0061": 2}}', 'line 1, column 16: the key "a" stands there twice'),
        (f'{BOM}{{"a": }}', "line 1, column 7: a JSON value is expected"),
        ('{"a": NaN}', "a JSON value is expected"),
        ('{"a": 01}', "a comma or } is expected"),
        ('{"a": "x\ny"}', "a string is expected"),
        ('{"a": 1', "line 1, column 8: a comma or } is expected"),
        ('{"a":' + "[" * 200, "nested more than 100 deep"),
    ],
)
def test_refuses_with_line_and_column(text: str, message: str) -> None:
    with pytest.raises(Refused) as caught:
        read(text, "/f")
    assert message in str(caught.value)


def test_render_keeps_letters() -> None:
    assert render({"a": "ü", "b": [True, None]}) == '{"a": "ü", "b": [true, null]}'
