# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A changed pool moves nobody silently."""

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

LINK = {"prefix": "2001:db8:0:1::/64"}
WEB = {"prefix": "2001:db8:0:1::/64", "suffix": True, "quarantine_days": 30}


def test_the_same_definition_changes_nothing(ledger):
    definition = {"link": {**LINK, "exclude": ["::1", "2001:DB8:0:1::5"]}}
    assert ledger.define_pools(definition).changed
    before = ledger.export_text()
    assert not ledger.define_pools(definition).changed
    assert ledger.export_text() == before


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        (
            {"prefix": "2001:db8:0:2::/64"},
            r"2 would have to move: web \(2001:db8:0:1::20, outside of 2001:db8:0:2::/64\)",
        ),
        ({"prefix": "2001:db8:0:1:8000::/65"}, "2 would have to move"),
        ({**LINK, "exclude": ["::20-::2f"]}, r"web \(2001:db8:0:1::20, excluded: 2001:db8:0:1::20/124\)"),
        ({**LINK, "suffix": True}, "stored in another way"),
    ],
)
def test_what_would_move_somebody_is_refused(ledger, definition, why):
    ledger.define_pools({"link": LINK})
    ledger.apply([{"name": "web", "address": "::20"}, {"name": "mail", "address": "::25"}], pool="link")
    before = ledger.export()
    with pytest.raises(Refused, match=why):
        ledger.define_pools({"link": definition})
    assert ledger.export() == before
    assert ledger.verify() == []


@pytest.mark.parametrize(
    "definition",
    [
        {"prefix": "2001:db8::/63"},
        {"prefix": "2001:db8:0:1::/120"},
        {**LINK, "exclude": ["::30/124"]},
        {**LINK, "strategy": "sparse", "quarantine_days": 9},
        {**LINK, "length": 96},
    ],
)
def test_what_moves_nobody_is_done(ledger, definition):
    ledger.define_pools({"link": LINK})
    given = ledger.apply(["a", "b", "c"], pool="link").after
    assert ledger.define_pools({"link": definition}).changed
    again = ledger.apply(["a", "b", "c"], pool="link")
    assert not again.changed
    assert [one.prefix for one in again.outcomes] == [one["prefix"] for one in given.values()]
    assert ledger.verify() == []


def test_renumbering_a_suffix_pool_is_one_line(store, ledger):
    ledger.define_pools({"web": WEB})
    ledger.apply([{"name": "webserver", "address": "::20"}, {"name": "mail"}], pool="web")
    before = ledger.export_text().splitlines()
    ledger.define_pools({"web": {**WEB, "prefix": "2001:db8:0:77::/64"}})
    again = ledger.apply(["webserver", "mail"], pool="web")
    assert not again.changed
    assert [(one.address, one.suffix) for one in again.outcomes] == [
        ("2001:db8:0:77::20", "::20"),
        ("2001:db8:0:77::1", "::1"),
    ]
    differing = [line for line in ledger.export_text().splitlines() if line not in before]
    # The generation, the pool, and the former prefix in quarantine.
    assert [line.strip().split(":")[0] for line in differing[:2]] == ['"generation"', '"web"']
    assert ledger.export()["former_prefixes"] == [{"pool": "web", "prefix": "2001:db8:0:1::/64", "until": 1802592000}]
    with pytest.raises(Refused, match="2001:db8:0:1::/64 of the pool web is in quarantine"):
        ledger.define_pools({"other": {"prefix": "2001:db8:0:1::/80"}})
    store.clock.pass_days(31)
    assert ledger.define_pools({"other": {"prefix": "2001:db8:0:1::/80"}}).changed


def test_a_suffix_pool_may_go_back_to_its_former_prefix(ledger):
    ledger.define_pools({"web": WEB})
    ledger.define_pools({"web": {**WEB, "prefix": "2001:db8:0:77::/64"}})
    assert ledger.define_pools({"web": WEB}).changed
    assert [one["prefix"] for one in ledger.export()["former_prefixes"]] == ["2001:db8:0:77::/64"]


def test_a_suffix_pool_needs_no_prefix_yet(ledger):
    ledger.define_pools({"web": {"suffix": True, "prefix_length": 64}})
    one = ledger.apply([{"name": "webserver", "suffix": "::20"}], pool="web").outcomes[0]
    assert (one.address, one.prefix, one.suffix) == (None, None, "::20")
    ledger.define_pools({"web": {"suffix": True, "prefix": "2001:db8::/64"}})
    assert ledger.find("webserver")[0].address == "2001:db8::20"


def test_nested_pools_down_to_an_address(ledger):
    ledger.define_pools(
        {
            "container": {"parent": "host", "prefix_length": 80},
            "host": {"parent": "site", "prefix_length": 64, "length": 80, "exclude": ["::/80"]},
            "site": {"prefix": "2001:db8::/48", "length": 64, "exclude": ["2001:db8::/64"]},
        }
    )
    assert {name: pool.text for name, pool in ledger.pools().items()} == {
        "site": "2001:db8::/48",
        "host": "2001:db8:0:1::/64",
        "container": "2001:db8:0:1:1::/80",
    }
    assert ledger.apply(["web"], pool="container").outcomes[0].address == "2001:db8:0:1:1::1"
    assert ledger.apply(["h2"], pool="site").outcomes[0].prefix == "2001:db8:0:2::/64"
    with pytest.raises(Refused, match="the pool host lives in 2001:db8:0:1::/64"):
        ledger.apply(["host"], "absent", pool="site")
    with pytest.raises(Refused, match="container is a part of it"):
        ledger.drop_pools(["host"])
    with pytest.raises(Refused, match="it still has 1 allocations"):
        ledger.drop_pools(["container"])
    ledger.apply(["web"], "absent", pool="container")
    assert ledger.drop_pools(["container", "nobody"]).changed
    assert ledger.usage("host")["used"] == 0
    assert ledger.verify() == []


def test_nested_suffix_pools_follow_their_parent(ledger):
    pools = {
        "site": {"prefix": "2001:db8::/48", "suffix": True, "length": 64, "quarantine_days": 5},
        "host": {"parent": "site", "prefix_length": 64, "suffix": True, "length": 80, "quarantine_days": 5},
        "container": {"parent": "host", "prefix_length": 80, "suffix": True},
    }
    ledger.define_pools(pools)
    ledger.apply([{"name": "web", "suffix": "::20"}], pool="container")
    pools["site"]["prefix"] = "2001:db8:ffff::/48"
    changed = ledger.define_pools(pools)
    assert sorted(changed.after) == ["container", "host", "site"]
    assert ledger.find("web")[0].address == "2001:db8:ffff::20"
    assert not ledger.define_pools(pools).changed
    assert [one["prefix"] for one in ledger.export()["former_prefixes"]] == ["2001:db8::/64", "2001:db8::/48"]
    assert ledger.verify() == []


def test_a_nested_pool_that_would_move_stops_its_parent(ledger):
    ledger.define_pools(
        {
            "site": {"prefix": "2001:db8::/48", "suffix": True, "length": 64},
            "host": {"parent": "site", "prefix_length": 64},
        }
    )
    ledger.apply(["web"], pool="host")
    before = ledger.export()
    with pytest.raises(Refused, match="the pool host inside it, which has 2001:db8::/64, would have to move"):
        ledger.define_pools({"site": {"prefix": "2001:db8:ffff::/48", "suffix": True, "length": 64}})
    assert ledger.export() == before


def test_a_nested_pool_with_another_prefix_leaves_the_former_one_in_quarantine(store, ledger):
    site = {"prefix": "2001:db8::/48", "length": 64}
    web = {"parent": "site", "prefix": "2001:db8:0:1::/64", "suffix": True, "quarantine_days": 30}
    ledger.define_pools({"site": site, "web": web})
    ledger.define_pools({"web": {**web, "prefix": "2001:db8:0:77::/64"}})
    with pytest.raises(Refused, match="web has 2001:db8:0:1::/64 in quarantine"):
        ledger.apply([{"name": "h", "prefix": "2001:db8:0:1::/64"}], pool="site")
    store.clock.pass_days(31)
    assert ledger.apply([{"name": "h", "prefix": "2001:db8:0:1::/64"}], pool="site").changed
    assert ledger.verify() == []


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ({"a": LINK, "b": {"prefix": "2001:db8:0:1:8000::/65"}}, "overlaps 2001:db8:0:1::/64 of the pool a"),
        ({"a": LINK, "b": {"parent": "a", "prefix": "2001:db9::/80"}}, "its parent a has 2001:db8:0:1::/64"),
        ({"b": {"parent": "a", "prefix_length": 80}}, "there is no such pool"),
        ({"a": {"parent": "b", "prefix_length": 9}, "b": {"parent": "a", "prefix_length": 9}}, "round in a circle"),
        ({"a": {"parent": "a", "prefix_length": 9}}, "part of itself"),
        ({"a": {}}, "a pool has a prefix"),
        ({"a": {"prefix_length": 64}}, "without a prefix"),
        ({"a": {**LINK, "prefix_length": 65}}, "its prefix is"),
        ({"a": {**LINK, "colour": "red"}}, "colour: a pool has"),
        ({"a": {**LINK, "strategy": "random"}}, "known are pack, sparse, hash, fixed"),
        ({"a": {**LINK, "length": 63}}, "a whole number from 64 to 128"),
        ({"a": {**LINK, "quarantine_days": -1}}, "a whole number from 0"),
        ({"a": {**LINK, "suffix": "yes"}}, "true or false"),
        ({"a": {**LINK, "exclude": ["2001:db9::1"]}}, "does not lie in"),
        ({"a": {**LINK, "exclude": ["::9-::1"]}}, "ends before it begins"),
        ({"a": {**LINK, "exclude": [{"rnge": "::9"}]}}, "range and reason"),
        ({"a": "2001:db8::/64"}, "a pool is a mapping"),
        ({" a": LINK}, "without white space"),
    ],
)
def test_definitions_that_cannot_be(ledger, definitions, message):
    with pytest.raises(Refused, match=message):
        ledger.define_pools(definitions)
    assert ledger.pools() == {} and ledger.journal() == []


@pytest.mark.parametrize("place", [{"prefix": "2001:db8:0:9::/64"}, {"prefix_length": 64}])
def test_a_nested_pool_takes_no_name_from_somebody_else(ledger, place):
    """Whether the name was there before, or comes with the pool in one task."""
    ledger.define_pools({"site": {"prefix": "2001:db8::/48"}})
    ledger.apply([{"name": "lan", "prefix": "2001:db8:0:5::/80"}], pool="site")
    before = ledger.export_text()
    with pytest.raises(Refused, match="pool lan: in site that name has 2001:db8:0:5::/80"):
        ledger.define_pools({"lan": {"parent": "site", **place}})
    assert ledger.export_text() == before and ledger.verify() == []
    ledger.apply([{"name": "lan"}], pool="site", state="absent")
    ledger.define_pools({"lan": {"parent": "site", **place}})
    assert ledger.verify() == []


def test_a_fixed_pool_does_not_choose(ledger):
    ledger.define_pools({"hand": {**LINK, "strategy": "fixed"}})
    with pytest.raises(Refused, match="does not choose"):
        ledger.apply(["web"], pool="hand")
    assert ledger.apply([{"name": "web", "suffix": "::20"}], pool="hand").outcomes[0].address == "2001:db8:0:1::20"
