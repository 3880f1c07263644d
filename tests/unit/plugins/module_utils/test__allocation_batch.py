# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_answers import by_name, by_pool
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_batch import of_pools
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_wishes import parse_wishes
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import Ledger, open_ledger
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import Granted, grant, place_of_ledger
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

POOLS = {
    "site": {"prefix": "2001:db8::/48", "length": 64},
    "lan": {"prefix": "2001:db8:0:7::/64", "parent": "site"},
    "tiny": {"prefix": "2001:db8:9::/124"},
}


@pytest.fixture
def ledger(tmp_path: pathlib.Path) -> t.Iterator[Ledger]:
    with open_ledger(str(tmp_path / "ledger.sqlite")) as opened:
        yield opened


def granted(ledger: Ledger, requests: object, state: str = "present", check: bool = False, **more: t.Any) -> Granted:
    return grant(ledger, parse_wishes(requests), state, POOLS, check=check, **more)


def test_the_pool_of_a_request_that_names_none(ledger: Ledger) -> None:
    outcomes = granted(ledger, {"a": "2001:db8:0:7::5", "b": {"prefix": "2001:db8:0:9::/64"}}).outcomes
    assert [outcome.pool.name for outcome in outcomes] == ["lan", "site"]
    assert granted(ledger, ["a"]).outcomes[0].address == "2001:db8:0:7::5"
    with pytest.raises(Refused, match="it has no pool, and the ledger has lan, site, tiny"):
        granted(ledger, ["c"])
    granted(ledger, [{"name": "a", "pool": "tiny"}])
    with pytest.raises(Refused, match="the name is in several: lan, tiny"):
        granted(ledger, ["a"])
    with pytest.raises(Refused, match="it lies in no pool of the ledger"):
        granted(ledger, {"d": "2001:db9::1"})


def test_what_lies_in_no_pool_is_not_compared(ledger: Ledger) -> None:
    granted(ledger, [])
    pools = list(ledger.pools().values())
    wishes = parse_wishes([{"name": "a", "address": "2001:db8:0:7::1"}, {"name": "b", "address": "2001:db9::1"}])
    assert [(one.name, one.pool) for one in of_pools(wishes, pools)] == [("a", "lan")]
    with pytest.raises(Refused, match="neither a pool nor an address"):
        of_pools(parse_wishes(["a"]), pools)


def test_pools_are_dropped_after_the_requests(ledger: Ledger) -> None:
    granted(ledger, [{"name": "a", "pool": "tiny"}])
    with pytest.raises(Refused, match="pool tiny: it still has 1 allocation"):
        grant(ledger, [], "absent", {}, drop=["tiny"])
    with pytest.raises(Refused, match="pool tiny: it still has 2 allocations"):
        grant(ledger, parse_wishes([{"name": "b", "pool": "tiny"}]), "present", {}, drop=["tiny"])
    gone = grant(ledger, parse_wishes([{"name": "a", "pool": "tiny"}]), "absent", {}, drop=["tiny"])
    assert list(gone.pools_before) == ["tiny"] and gone.pools_after == {} and "tiny" not in gone.pools


def test_a_nested_pool_keeps_its_prefix_from_requests_and_one_without_takes_what_was_asked_for_it(
    ledger: Ledger,
) -> None:
    pools = {
        "inner": {"prefix": "2001:db8::/64", "parent": "outer"},
        "outer": {"prefix": "2001:db8::/48", "length": 64},
        "asked": {"prefix_length": 64, "parent": "outer", "length": 80},
        "deep": {"prefix_length": 80, "parent": "asked"},
        "deeper": {"prefix": "2001:db8:0:9::/96", "parent": "asked"},
    }
    wishes = [{"name": "asked", "pool": "outer", "prefix": "2001:db8:0:9::/64"}, {"name": "h", "pool": "outer"}]
    done = grant(ledger, parse_wishes([{"name": "a", "pool": "deeper"}, *wishes]), "present", pools)
    assert [one.prefix for one in done.outcomes] == ["2001:db8:0:9::1/128", "2001:db8:0:9::/64", "2001:db8:0:1::/64"]
    assert {name: str(pool.prefix) for name, pool in done.pools.items()} == {
        "inner": "2001:db8::/64",
        "outer": "2001:db8::/48",
        "asked": "2001:db8:0:9::/64",
        "deep": "2001:db8:0:9:1::/80",
        "deeper": "2001:db8:0:9::/96",
    }
    with pytest.raises(Refused, match="the pools go round in a circle"):
        grant(
            ledger,
            [],
            "present",
            {"x": {"prefix_length": 64, "parent": "y"}, "y": {"prefix_length": 60, "parent": "x"}},
        )


PREFERRED = st.dictionaries(st.sampled_from("abcdefgh"), st.none() | st.integers(1, 17), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(PREFERRED, min_size=1, max_size=4))
def test_a_preference_never_moves_nor_refuses(rounds: list[dict[str, int | None]], tmp_path: pathlib.Path) -> None:
    for file in tmp_path.glob("*"):
        file.unlink()
    with open_ledger(str(tmp_path / "ledger.sqlite")) as ledger:
        known: dict[str, str | None] = {}
        for wanted in rounds:
            requests = [
                {"name": name, "pool": "tiny", **({} if at is None else {"prefer": f"2001:db8:9::{at:x}"})}
                for name, at in wanted.items()
            ]
            predicted = granted(ledger, requests, check=True).outcomes
            outcomes = granted(ledger, requests).outcomes
            assert [one.address for one in predicted] == [one.address for one in outcomes]
            for outcome in outcomes:
                assert known.setdefault(outcome.name, outcome.address) == outcome.address
            assert len(set(known.values())) == len(known)
            for name, at in wanted.items():
                others = {address for other, address in known.items() if other != name}
                alone = at is not None and list(wanted.values()).count(at) == 1
                if rounds.index(wanted) == 0 and alone and at is not None and at < 16:
                    place = f"2001:db8:9::{at:x}"
                    assert known[name] == place or place in others
        assert ledger.verify() == []


def test_names_in_several_pools_are_told_apart() -> None:
    entries = [{"name": name, "pool": pool} for name, pool in (("a", "p"), ("b", "p"), ("a", "q"), ("a", "r"))]
    assert set(by_name(entries)) == {"b", "p/a", "q/a", "r/a"}
    assert by_pool(entries)["r"]["a"] is entries[3]


def test_where_the_ledger_is(tmp_path: pathlib.Path) -> None:
    inventory = str(tmp_path)
    assert place_of_ledger(None, None, [inventory], "/play") == f"{inventory}/.ipv6/ledger.sqlite"
    assert place_of_ledger(None, "state", [inventory], "/play") == f"{inventory}/state/ledger.sqlite"
    assert place_of_ledger("kept/it.sqlite", "state", [inventory], "/play") == f"{inventory}/kept/it.sqlite"
    assert place_of_ledger("postgresql://u@h/d", None, [], "/play") == "postgresql://u@h/d"
