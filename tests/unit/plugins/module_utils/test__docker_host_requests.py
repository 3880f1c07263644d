# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Docker hosts get from a ledger, against what they have without one."""

from __future__ import annotations

import ipaddress
import pathlib
import types
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_answers import by_pool, entry_of
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_wishes import parse_wishes
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host import plan
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host_requests import requests_of
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import Ledger, open_ledger
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import grant
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HOSTS = ["one", "two", "three"]
POOL: dict[str, t.Any] = {
    "prefix": "2001:db8:0:1::/64",
    "length": 80,
    "suffix": True,
    "strategy": "hash",
    "quarantine_days": 30,
}


@pytest.fixture
def ledger(tmp_path: pathlib.Path) -> t.Iterator[Ledger]:
    with open_ledger(str(tmp_path / "ledger.sqlite")) as opened:
        yield opened


def asked(host: str, **more: t.Any) -> dict[str, t.Any]:
    return {
        "host": host,
        "hosts": HOSTS,
        "addresses": [{"name": "web", "suffix": "::20", "ports": [80]}, "api", "worker"],
        "uplink": {"interface": "ens3", "addresses": ["2001:db8:0:1::a/64"], "routers": ["2001:db8:0:1::1", "fe80::1"]},
        "docker_version": "26.1",
        **more,
    }


def run(
    ledger: Ledger, hosts: t.Sequence[dict[str, t.Any]], pool: t.Mapping[str, t.Any] = types.MappingProxyType(POOL)
) -> dict[str, dict[str, t.Any]]:
    """Plans by host, as the role makes them with a pool."""
    told = requests_of([{**one, "pool": "docker_hosts", "pools": {"docker_hosts": dict(pool)}} for one in hosts])
    done = grant(ledger, parse_wishes(told["requests"]), "present", told["pools"])
    found = by_pool([entry_of(outcome) for outcome in done.outcomes])
    return {
        one["host"]: plan(
            {
                **one,
                "allocated": {
                    "prefix": str(done.pools[one["host"]].prefix),
                    "addresses": {name: entry["address"] for name, entry in found.get(one["host"], {}).items()},
                },
            }
        )
        for one in hosts
    }


@pytest.mark.parametrize("strategy", ["hash", "pack", "sparse"])
def test_nobody_is_renumbered_by_switching_the_ledger_on(ledger: Ledger, strategy: str) -> None:
    pool = {**POOL, "strategy": strategy}
    hosts = [
        asked("one"),
        asked("two", network="user"),
        asked("three", prefix="2001:db8:0:1:77::/80"),
        asked(
            "routed", prefix="2001:db8:0:2::/64", addresses=["xx", {"name": "yy", "address": "2001:db8:0:2:8000::9"}]
        ),
        asked("bridge", network="bridge", addresses=[]),
    ]
    plans = run(ledger, hosts, pool)
    for one in hosts:
        assert {**plan(one), "derived": False} == {**plans[one["host"]], "derived": False}, one["host"]
    assert [outcome.prefix for outcome in ledger.find("three")] == ["2001:db8:0:1:77::/80"]
    # Of another provider: the host is none of the pool's, its names are kept all the same.
    assert ledger.find("routed") == []
    assert [outcome.address for outcome in ledger.find("yy")] == ["2001:db8:0:2:8000::9"]
    assert {outcome.address for outcome in ledger.find("web")} == {
        plans[host]["addresses"]["web"]["address"] for host in HOSTS
    }
    before = len(ledger.journal())
    assert run(ledger, hosts, pool) == plans and len(ledger.journal()) == before
    # The ledger knows it now, so nobody has to say it.
    hosts[2] = asked("three")
    assert run(ledger, hosts, pool) == plans and len(ledger.journal()) == before


NAMES = st.lists(
    st.sampled_from([*"abcdefgh"]).map(lambda letter: letter * 3)
    | st.from_regex(r"[a-z][a-z0-9]{1,5}", fullmatch=True),
    unique=True,
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=NAMES,
    more=NAMES,
    length=st.sampled_from([64, 80, 112, 118, 120]),
    network=st.sampled_from(["both", "user"]),
)
def test_a_name_stays_whatever_comes_beside_it(
    first: list[str], more: list[str], length: int, network: str, tmp_path: pathlib.Path
) -> None:
    for file in tmp_path.glob("*"):
        file.unlink()
    with open_ledger(str(tmp_path / "ledger.sqlite")) as ledger:
        prefix = f"2001:db8:0:2::/{length}"
        pool = {"prefix": "2001:db8:0:2::/64", "length": 80, "strategy": "hash"}
        one = asked("one", prefix=prefix, addresses=first, network=network)
        before = run(ledger, [one], pool)["one"]["addresses"]
        assert before == plan(one)["addresses"]
        # Without a ledger a new name may take the place of one that comes behind it in the alphabet.
        after = run(ledger, [{**one, "addresses": [*more, *(name for name in first if name not in more)]}], pool)["one"]
        assert {name: after["addresses"][name] for name in first} == before


def test_a_new_prefix_in_the_inventory_renumbers_all_and_keeps_the_suffixes(ledger: Ledger) -> None:
    hosts = [asked(host, uplink={"interface": "ens3"}) for host in HOSTS]
    before = run(ledger, hosts)
    after = run(ledger, hosts, {**POOL, "prefix": "2001:db8:5:5::/64"})
    for host in HOSTS:
        assert after[host]["prefix"] == before[host]["prefix"].replace("2001:db8:0:1:", "2001:db8:5:5:")
        for name, entry in before[host]["addresses"].items():
            assert after[host]["addresses"][name]["suffix"] == entry["suffix"]
            assert after[host]["addresses"][name]["address"].startswith("2001:db8:5:5:")
    with pytest.raises(Refused, match="2001:db8:0:1::/64 of the pool docker_hosts is in quarantine"):
        ledger.define_pools({"next": {"prefix": "2001:db8:0:1::/64"}})


def test_a_prefix_and_a_suffix_that_are_given_anew_move_and_leave_a_quarantine(ledger: Ledger) -> None:
    run(ledger, [asked("one", prefix="2001:db8:0:1:77::/80")])
    moved = asked("one", prefix="2001:db8:0:1:88::/80", addresses=[{"name": "web", "suffix": "::21"}, "api", "worker"])
    plans = run(ledger, [moved])
    assert plans["one"]["prefix"] == "2001:db8:0:1:88::/80" and plans["one"]["addresses"]["web"]["suffix"] == "::21"
    usage = ledger.usage("docker_hosts")
    assert usage["allocations"] == {"used": 1, "reserved": 0, "quarantined": 1}
    assert ledger.usage("one")["allocations"]["quarantined"] == 1


def test_a_pool_elsewhere_gives_the_prefix_by_its_strategy(ledger: Ledger) -> None:
    pool = {"prefix": "2001:db8:7::/48", "length": 64}
    plans = run(ledger, [asked("one"), asked("two")], pool)
    assert [plans[host]["prefix"] for host in ("one", "two")] == ["2001:db8:7::/64", "2001:db8:7:1::/64"]


@pytest.mark.parametrize(
    ("one", "pool", "sentence"),
    [
        (asked("one", uplink={}), {"prefix": "2001:db8::/64"}, "a Docker host is a /120 or shorter"),
        (asked("one", uplink={}, network="user"), {"prefix": "2001:db8::/64", "length": 127}, "is a /126 or shorter"),
        (asked("one", addresses=[{"name": "web", "suffix": "::1"}]), POOL, "this is the network's gateway"),
        (asked("one", uplink={}, addresses=[{"name": "web", "suffix": "::1"}]), POOL, "the network's gateway"),
        (asked("one", prefix="2001:db8::/48"), POOL, "covers the prefix 2001:db8:0:1::/64 of ens3"),
    ],
)
def test_what_cannot_work_leaves_the_ledger_alone(
    ledger: Ledger, one: dict[str, t.Any], pool: dict[str, t.Any], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        run(ledger, [one], pool)
    assert ledger.journal() == []


@pytest.mark.parametrize("network", ["both", "user"])
def test_a_name_that_somebody_else_adds_lies_in_the_static_part(ledger: Ledger, network: str) -> None:
    plans = run(ledger, [asked("one", prefix="2001:db8:0:2::/120", network=network)])
    more = [{"name": f"more-{number}", "pool": "one"} for number in range(50)]
    static = ipaddress.IPv6Network(plans["one"]["user"]["static"])
    for outcome in grant(ledger, parse_wishes(more), "present", {}).outcomes:
        address = ipaddress.IPv6Address(str(outcome.address))
        assert address in static and str(address) != plans["one"]["user"]["gateway"]


def test_a_host_that_is_gone_gives_its_prefix_back(ledger: Ledger) -> None:
    run(ledger, [asked("one")])
    names = [{"name": name, "pool": "one", "force": True} for name in ("web", "api", "worker")]
    grant(ledger, parse_wishes(names), "absent", {"docker_hosts": POOL}, drop=["one"])
    assert list(ledger.pools()) == ["docker_hosts"]
    assert ledger.usage("docker_hosts")["allocations"] == {"used": 0, "reserved": 0, "quarantined": 1}


def test_a_host_with_the_name_of_a_pool() -> None:
    with pytest.raises(Refused, match="pool one: a Docker host has this name"):
        requests_of([{**asked("one"), "pool": "p", "pools": {"p": POOL, "one": {"prefix": "2001:db8:5::/64"}}}])


def test_two_definitions_of_one_pool() -> None:
    hosts = [{**asked("one"), "pool": "p", "pools": {"p": POOL}}, {**asked("two"), "pool": "p", "pools": {"p": {}}}]
    with pytest.raises(Refused, match="pool p: it is defined in two ways"):
        requests_of(hosts)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("web", "the hosts: a list of dictionaries is needed"),
        (["web"], "the hosts: a list of dictionaries is needed"),
        ([{"host": "h1", "pools": {}}], "host=h1: it has no pool."),
        ([{"host": "h1"}], "host=h1: it has no pool and no pools."),
    ],
)
def test_what_is_no_list_of_hosts(asked: t.Any, sentence: str) -> None:
    with pytest.raises(Refused, match=f"^{sentence}"):
        requests_of(asked)
