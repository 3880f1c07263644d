# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""Operations on manifests do what go-patch does with them, its own tests (``replace_op_test.go``) being the measure."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_ops import Step, apply, encoded, steps
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import example, given
from hypothesis import strategies as st


def replaced(document: t.Any, path: str, value: t.Any) -> t.Any:
    return apply(document, [{"type": "replace", "path": path, "value": value}])


@pytest.mark.parametrize(
    ("document", "path", "result"),
    [
        ({"a": 1}, "/a", {"a": 9}),
        ({"a": 1}, "/b?", {"a": 1, "b": 9}),
        ({}, "/a?/b/c", {"a": {"b": {"c": 9}}}),
        ({}, "/a?/name=x", {"a": [9]}),
        ({}, "/a?/name=x/b", {"a": [{"name": "x", "b": 9}]}),
        ({"a": [{"name": "x", "b": 1}, {"name": "y"}]}, "/a/name=x", {"a": [9, {"name": "y"}]}),
        ({"a": [{"name": "x", "b": 1}]}, "/a/name=x/b", {"a": [{"name": "x", "b": 9}]}),
        ({"a": [{"name": "x"}]}, "/a/name=y?", {"a": [{"name": "x"}, 9]}),
        ({"a": ["x", {"name": "x"}]}, "/a/name=x", {"a": ["x", 9]}),
    ],
)
def test_replace(document: t.Any, path: str, result: t.Any) -> None:
    assert replaced(document, path, 9) == result


@pytest.mark.parametrize(
    ("document", "path", "result"),
    [
        ({"a": 1, "b": 2}, "/a", {"b": 2}),
        ({"b": 2}, "/a?", {"b": 2}),
        ({"b": 2}, "/a?/c/name=x", {"b": 2}),
        ({"a": [{"name": "x"}, {"name": "y"}]}, "/a/name=x", {"a": [{"name": "y"}]}),
        ({"a": [{"name": "x", "b": 1}]}, "/a/name=x/b?", {"a": [{"name": "x"}]}),
    ],
)
def test_remove(document: t.Any, path: str, result: t.Any) -> None:
    assert apply(document, [{"type": "remove", "path": path}]) == result


@pytest.mark.parametrize("kind", ["replace", "remove"])
@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        ({}, "/a", "has no a there"),
        ({"a": []}, "/a/name=x", "has no name=x there"),
        ({"a": [{"name": "x"}, {"name": "x"}]}, "/a/name=x", "comes 2 times"),
        ({"a": {"name": "x"}}, "/a/name=x", "in what is no list"),
        ({"a": [1]}, "/a/b", "in what is no mapping"),
        ({}, "a", "begins with a slash"),
        ({"a": [1]}, "/a/0", "its parts are keys"),
        ({"a": [1]}, "/a/-", "its parts are keys"),
        ({"a": [{"name": "x"}]}, "/a/name=x:before", "its parts are keys"),
    ],
)
def test_refused(kind: str, document: t.Any, path: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        apply(document, [{"type": kind, "path": path, "value": 9}])
    assert words in str(refused.value)


def test_nothing_is_shared_with_what_was_given() -> None:
    document, value = {"a": [{"name": "x"}]}, {"name": "x", "b": [1]}
    op = {"type": "replace", "path": "/a/name=x", "value": value}
    result = apply(document, [op])
    result["a"][0]["b"].append(2)
    assert document == {"a": [{"name": "x"}]} and value["b"] == [1]


@given(st.text(min_size=1))
@example("a~1/b?=:~01")
def test_any_name_is_found_again(name: str) -> None:
    assert steps(f"/a?/name={encoded(name)}") == [Step("a", None, True), Step("name", name, True)]
    assert replaced({"a": [{"name": name}]}, f"/a/name={encoded(name)}/b?", 9) == {"a": [{"name": name, "b": 9}]}
