# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Request
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_wishes import (
    Wish,
    adoptable,
    parse_wish,
    parse_wishes,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused


def test_a_name_a_mapping_and_both_forms_of_several() -> None:
    assert parse_wish("a") == Wish(Request("-", "a")) and parse_wish("a").nowhere
    assert parse_wish("a", "lan", "web") == Wish(Request("lan", "a", owner="web"))
    assert not parse_wish("a", "lan").nowhere
    assert parse_wish({"name": "a", "pool": "wan", "owner": "mail"}, "lan", "web") == Wish(
        Request("wan", "a", owner="mail")
    )
    assert parse_wish({"name": "a", "prefer": "::1", "move": True}) == Wish(Request("-", "a"), "::1", True)
    several = {"a": None, "b": "::2", "c": "2001:db8::3", "d": {"pool": "wan"}}
    assert [(one.request.name, one.request.at, one.request.pool) for one in parse_wishes(several, "lan")] == [
        ("a", None, "lan"),
        ("b", "::2", "lan"),
        ("c", "2001:db8::3", "lan"),
        ("d", None, "wan"),
    ]
    assert parse_wishes(["a", {"name": "b", "address": "::2"}], "lan") == parse_wishes({"a": None, "b": "::2"}, "lan")


def test_the_same_place_twice_is_adopted_once_and_two_places_are_a_clash() -> None:
    clashes: list[str] = []
    a, b = (Wish(Request("lan", "a", at=at)) for at in ("::1", "::2"))
    elsewhere = Wish(Request("wan", "a", at="::3"))
    assert adoptable([a, a, elsewhere], clashes) == [a, elsewhere] and clashes == []
    assert adoptable([a, b], clashes) == [a] and clashes == ["a: it is at ::1 and at ::2"]


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"name": "a", "prefer": "::1", "suffix": "::2"}, "::2 is asked for as well"),
        ({"name": "a", "move": "yes"}, "this is true or false"),
        ({"name": "a", "adress": "::1"}, "a request has"),
        (7, "a request is a mapping, or a name"),
        ({"pool": "x"}, "request: name=None"),
    ],
)
def test_a_request_that_cannot_be(request_: object, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        parse_wish(request_)


def test_requests_that_are_no_list() -> None:
    with pytest.raises(Refused, match="requests are a list or a mapping"):
        parse_wishes("webserver")
    with pytest.raises(Refused, match="a mapping, an address or nothing"):
        parse_wishes({"a": 7})
