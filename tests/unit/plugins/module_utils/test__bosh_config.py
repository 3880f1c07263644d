# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""What has to be sent to the Director, and what people see of it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_config import (
    HIDDEN,
    HIDDEN_NEW,
    director_of,
    normalized,
    plan,
    refusal,
    same,
    shown,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Finding
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused


@pytest.mark.parametrize(
    ("current", "wanted", "sentences"),
    [
        (None, {"a": 1}, ["Create the cloud config x"]),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": 1}, {"a": 2}, ["Replace the cloud config x (id 7)"]),
        ({"a": 1}, {"a": True}, ["Replace the cloud config x (id 7)"]),
        ({"a": 1}, None, ["Delete the cloud config x (id 7)"]),
        (None, None, []),
        ("no: [yaml", {"a": 1}, ["Replace the cloud config x (id 7)"]),
        ({}, None, ["Delete the cloud config x (id 7)"]),
    ],
)
def test_plan(current: t.Any, wanted: t.Any, sentences: list[str]) -> None:
    made = plan("cloud", "x", current, "7", wanted)
    assert made.sentences == sentences
    assert made.after["content"] == (wanted if sentences else current)
    assert all(change.data["latest"] == "7" for change in made.changes)


def test_the_expected_id_matters_only_for_a_change() -> None:
    assert plan("cloud", "x", {"a": 1}, "7", {"a": 1}, "6").changes == ()
    assert plan("cloud", "x", {"a": 1}, "7", {"a": 2}, "7").changed
    with pytest.raises(Refused, match="has the id 7"):
        plan("cloud", "x", {"a": 1}, "7", None, "6")


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), ("1", 1), ([1], [1, 2]), ({"a": 1}, {"b": 1}), (None, "")]
)
def test_not_the_same(one: object, other: object) -> None:
    assert not same(one, other)


def test_only_runtime_configs_have_their_versions_made_text() -> None:
    data = {"releases": [{"name": "a", "version": 1.5}, {"name": "b"}, "odd"], "addons": []}
    assert normalized("runtime", data)["releases"] == [{"name": "a", "version": "1.5"}, {"name": "b"}, "odd"]
    assert normalized("cloud", data) is data
    assert normalized("runtime", {"releases": None}) == {"releases": None}


def test_secrets_are_hidden_wherever_they_are() -> None:
    before = {"cpis": [{"name": "v", "properties": {"a": {"password": "old"}, "hosts": ["x"]}}]}
    after = {"cpis": [{"name": "v", "properties": {"a": {"password": "new"}, "hosts": ["x", "y"]}}]}
    assert shown("cpi", before) == {
        "cpis": [{"name": "v", "properties": {"a": {"password": HIDDEN}, "hosts": [HIDDEN]}}]
    }
    assert shown("cpi", after, before) == {
        "cpis": [{"name": "v", "properties": {"a": {"password": HIDDEN_NEW}, "hosts": [HIDDEN, HIDDEN]}}]
    }
    assert shown("cloud", before) is before


@pytest.mark.parametrize("features", [None, {}, {"config_server": None}, {"config_server": {"status": False}}])
def test_no_config_server(features: t.Any) -> None:
    director = director_of({"version": "282.1.0 (x)", "features": features}, True, ())
    assert (director.version, director.config_server, director.cpi) == ((282, 1, 0), False, "")


def test_many_errors_are_counted() -> None:
    findings = [Finding("r", "error", "ipv6", f"place {number}", 1, "wrong", "Change it") for number in range(12)]
    text = refusal([*findings, Finding("w", "warning", "ipv6", "there", 1, "odd", "Look")]) or ""
    assert text.count("Change it.") == 10 and text.endswith("And 2 more.") and "odd" not in text
    assert refusal([]) is None
