# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a ledger promises, on whichever engine."""

from __future__ import annotations

import contextlib
import gc
import ipaddress

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import name_number, nth_subnet, parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host import derive_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host import plan as docker_plan
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import Clashes
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ledger_results import LINK, addresses, prefixes


def test_a_name_keeps_its_address(ledger):
    ledger.define_pools({"link": LINK})
    first = ledger.apply(["web", "mail"], pool="link")
    assert first.changed
    assert addresses(first) == ["2001:db8:0:1::1", "2001:db8:0:1::2"]
    again = ledger.apply(["mail", "web"], pool="link")
    assert not again.changed
    assert addresses(again) == ["2001:db8:0:1::2", "2001:db8:0:1::1"]
    assert again.before == again.after == {}


def test_another_connection_sees_the_same(store, ledger):
    ledger.define_pools({"link": LINK})
    given = addresses(ledger.apply(["web"], pool="link"))
    other = store.open()
    assert addresses(other.apply(["web"], pool="link")) == given
    assert [one.address for one in other.find("web")] == given
    assert other.find("nobody") == other.find("web", "nowhere") == []


def test_check_mode_answers_what_a_run_answers_and_writes_nothing(ledger):
    ledger.define_pools({"link": {**LINK, "strategy": "sparse"}})
    before = ledger.export()
    shown = ledger.apply(["web", "mail"], pool="link", check=True)
    assert ledger.export() == before
    assert len(ledger.journal()) == 1
    done = ledger.apply(["web", "mail"], pool="link")
    assert [one.as_dict() for one in done.outcomes] == [one.as_dict() for one in shown.outcomes]
    assert done.after == shown.after


def test_pools_in_check_mode_are_not_defined(ledger):
    shown = ledger.define_pools({"link": LINK}, check=True)
    assert shown.changed
    assert ledger.pools() == {}
    with pytest.raises(Refused, match="no such pool"):
        ledger.apply(["web"], pool="link")


def test_all_or_nothing(ledger):
    ledger.define_pools({"link": LINK})
    before = ledger.export()
    with pytest.raises(Refused, match="no such pool; it has link"):
        ledger.apply([{"pool": "link", "name": "web"}, {"pool": "lnik", "name": "mail"}])
    with pytest.raises(Refused, match="asked for twice"):
        ledger.apply(["web", "web"], pool="link")
    assert ledger.export() == before


def test_sparse_is_the_order_of_rfc_3531(ledger):
    ledger.define_pools({"site": {"prefix": "2001:db8::/60", "length": 64, "strategy": "sparse"}})
    given = prefixes(ledger.apply([f"n{number}" for number in range(16)], pool="site"))
    order = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]
    assert given == [str(nth_subnet(parse_prefix("2001:db8::/60"), 64, number)) for number in order]


def test_the_order_does_not_depend_on_how_the_requests_are_batched(store):
    for strategy in ("pack", "sparse"):
        one = store.new()
        one.define_pools({"site": {"prefix": "2001:db8::/56", "length": 64, "strategy": strategy}})
        whole = prefixes(one.apply([f"n{number}" for number in range(100)], pool="site"))
        two = store.new()
        two.define_pools({"site": {"prefix": "2001:db8::/56", "length": 64, "strategy": strategy}})
        single = [prefixes(two.apply([f"n{number}"], pool="site"))[0] for number in range(100)]
        assert whole == single


def test_hash_gives_what_the_derivation_without_a_ledger_gives(ledger):
    on_link = parse_prefix("2001:db8:0:1::/64")
    hosts = [f"host{number}" for number in range(40)]
    ledger.define_pools(
        {"link": {"prefix": str(on_link), "length": 80, "strategy": "hash", "exclude": ["::/80", "::1:0:0:1"]}}
    )
    given = prefixes(ledger.apply(hosts, pool="link"))
    router = parse_prefix("2001:db8:0:1:1::1/128")
    assert given == [str(derive_prefix(host, hosts, on_link, [router], [])) for host in hosts]


def test_named_addresses_of_a_docker_host_stay_when_the_ledger_is_switched_on(ledger):
    names = [{"name": f"c{number}"} for number in range(30)] + [{"name": "web", "suffix": "::20"}]
    planned = docker_plan(
        {
            "host": "h1",
            "prefix": "2001:db8:0:1:d::/80",
            "network": "both",
            "addresses": names,
            "network_name": "routable",
        }
    )
    user = planned["user"]
    # A suffix pool over the static part: what the role has derived so far, chosen by the ledger ...
    ledger.define_pools(
        {"h1": {"prefix": user["static"], "suffix": True, "strategy": "hash", "exclude": [user["gateway"]]}}
    )
    chosen = ledger.apply(names, pool="h1")
    assert {one.name: one.address for one in chosen.outcomes} == {
        name: entry["address"] for name, entry in planned["addresses"].items()
    }
    assert {one.name: one.suffix for one in chosen.outcomes} == {
        name: entry["suffix"] for name, entry in planned["addresses"].items()
    }
    # ... and adopted, into a pool of any strategy.
    ledger.apply([name["name"] for name in names], "absent", pool="h1")
    ledger.define_pools({"h1": {"prefix": user["static"], "suffix": True, "exclude": [user["gateway"]]}})
    requests = [{"name": name, "address": entry["address"]} for name, entry in planned["addresses"].items()]
    adopted = ledger.apply(requests, "adopted", pool="h1")
    assert adopted.changed
    assert addresses(adopted) == [entry["address"] for entry in planned["addresses"].values()]
    assert not ledger.apply(names, pool="h1").changed


@pytest.mark.parametrize("spelling", ["::20", "2001:DB8:0:1::20", "2001:0db8:0:1:0:0:0:0020", "2001:db8:0:1::20/128"])
def test_any_spelling_is_the_same_place(ledger, spelling):
    ledger.define_pools({"link": LINK})
    assert ledger.apply([{"name": "web", "address": "2001:db8:0:1::20"}], pool="link").changed
    again = ledger.apply([{"name": "web", "address": spelling}], pool="link")
    assert not again.changed
    assert addresses(again) == ["2001:db8:0:1::20"]


def test_a_name_does_not_move(ledger):
    ledger.define_pools({"link": LINK})
    ledger.apply([{"name": "web", "address": "::20"}], pool="link")
    with pytest.raises(Refused, match=r"web: 2001:db8:0:1::21/128: the name has 2001:db8:0:1::20/128 for good"):
        ledger.apply([{"name": "web", "address": "::21"}], pool="link")
    with pytest.raises(Refused, match="/80: the name has"):
        ledger.apply([{"name": "web", "length": 80}], pool="link")


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("2001:db8:0:2::1", "does not lie in 2001:db8:0:1::/64"),
        ("::", "the subnet-router anycast address"),
        ("::200:5eff:fe00:1", "reserved for the IANA Ethernet block"),
        ("::fdff:ffff:ffff:ffff", "reserved subnet anycast addresses"),
        ("::30", "the pool excludes 2001:db8:0:1::30-2001:db8:0:1::3a: automatic"),
        ("::20", "web has 2001:db8:0:1::20/128"),
        ("::/80", "the pool excludes 2001:db8:0:1::"),
        ("::1:0:0:1/80", "bits are set beyond the prefix length"),
        ("192.0.2.1", "IPv4 where IPv6 is needed"),
        ("::/60", "the pool link is 2001:db8:0:1::/64"),
    ],
)
def test_a_place_that_cannot_be(ledger, at, message):
    ledger.define_pools({"link": {**LINK, "exclude": [{"range": "::30-::3a", "reason": "automatic"}]}})
    ledger.apply([{"name": "web", "address": "::20"}], pool="link")
    before = ledger.export()
    with pytest.raises(Refused, match=message):
        ledger.apply([{"name": "other", "address": at}], pool="link")
    assert ledger.export() == before


def test_single_addresses_are_not_chosen_in_more_than_a_link(ledger):
    ledger.define_pools({"site": {"prefix": "2001:db8::/48"}})
    with pytest.raises(Refused, match="nested pool of /64"):
        ledger.apply(["web"], pool="site")
    assert addresses(ledger.apply([{"name": "web", "address": "2001:db8:0:5::20"}], "adopted", pool="site")) == [
        "2001:db8:0:5::20"
    ]
    with pytest.raises(Clashes, match="RFC 2526"):
        ledger.apply([{"name": "x", "address": "2001:db8:0:5:fdff:ffff:ffff:ffff"}], "adopted", pool="site")


def test_the_last_addresses_of_a_longer_pool_are_not_the_link_s_reserved_ones(ledger):
    ledger.define_pools({"part": {"prefix": "2001:db8:0:1:fdff:ffff:ffff:0/112"}})
    ledger.apply([{"name": "a", "address": "::ff00"}], pool="part")
    with pytest.raises(Refused, match="RFC 2526"):
        ledger.apply([{"name": "b", "address": "::ff80"}], pool="part")


def test_reserved_is_held_and_counted_separately(ledger):
    ledger.define_pools({"link": LINK})
    held = ledger.apply(["web"], "reserved", pool="link")
    assert held.outcomes[0].state == "reserved"
    assert ledger.usage("link")["allocations"] == {"used": 0, "reserved": 1, "quarantined": 0}
    used = ledger.apply(["web"], pool="link")
    assert used.changed and addresses(used) == addresses(held)
    assert used.before["link/web"]["state"] == "reserved" and used.after["link/web"]["state"] == "active"


def test_owner_and_meta_change_without_a_move(ledger):
    ledger.define_pools({"link": LINK})
    ledger.apply([{"name": "web", "owner": "alice", "meta": {"mac": "02::1", "b": 1}}], pool="link")
    assert not ledger.apply([{"name": "web", "owner": "alice", "meta": {"b": 1, "mac": "02::1"}}], pool="link").changed
    assert not ledger.apply(["web"], pool="link").changed
    moved = ledger.apply([{"name": "web", "owner": "bob"}], pool="link")
    assert moved.changed
    assert moved.outcomes[0].as_dict()["owner"] == "bob" and moved.outcomes[0].as_dict()["meta"]["b"] == 1


def test_adopting_reports_all_clashes_and_adopts_nothing(ledger):
    ledger.define_pools({"link": {**LINK, "exclude": ["::1"]}})
    ledger.apply([{"name": "web", "address": "::20"}], pool="link")
    before = ledger.export()
    with pytest.raises(Clashes) as caught:
        ledger.apply(
            [
                {"name": "good", "address": "::40"},
                {"name": "thief", "address": "::20"},
                {"name": "router", "address": "::1"},
                {"name": "web", "address": "::21"},
                {"name": "nowhere"},
                {"name": "far", "address": "2001:db9::1"},
            ],
            "adopted",
            pool="link",
        )
    assert len(caught.value.clashes) == 5
    assert ledger.export() == before
    assert ledger.apply(
        [{"name": "good", "address": "::40"}, {"name": "web", "address": "::20"}], "adopted", pool="link"
    )


def test_verified_compares_and_writes_nothing(ledger):
    ledger.define_pools({"link": LINK})
    ledger.apply([{"name": "web", "address": "::20"}, {"name": "mail", "address": "::25"}], pool="link")
    before = ledger.export()
    seen = ledger.apply(
        [
            {"name": "web", "address": "2001:db8:0:1::20"},
            {"name": "mail", "address": "::26"},
            {"name": "thief", "address": "::25"},
            {"name": "stranger", "address": "::99"},
            {"name": "far", "address": "2001:db9::1"},
            {"name": "unseen"},
        ],
        "verified",
        pool="link",
    )
    assert not seen.changed and ledger.export() == before
    assert seen.findings == (
        "link/mail is seen at 2001:db8:0:1::26/128, and the ledger says 2001:db8:0:1::25/128",
        "link/thief is seen at 2001:db8:0:1::25/128, which the ledger has for mail",
        "link/stranger is seen at 2001:db8:0:1::99/128, and is not in the ledger",
        "link/far: it does not lie in 2001:db8:0:1::/64, which the pool link has",
        "link/unseen is not in the ledger",
    )


def test_hash_counts_its_attempts_in_the_order_of_names(ledger):
    """As the derivation without a ledger: sorted, and a name whose number is taken is hashed again with 1, 2, ..."""
    names = [f"n{number}" for number in range(9)]
    ledger.define_pools({"h": {"prefix": "2001:db8::/64", "length": 68, "strategy": "hash"}})
    expected, attempts = {}, 0
    for name in sorted(names):
        attempt = next(one for one in range(64) if name_number(name, 4, one) not in expected.values())
        expected[name] = name_number(name, 4, attempt)
        attempts += attempt
    assert attempts > 3
    for one in ledger.apply(names[::-1], pool="h").outcomes:
        assert one.suffix == ipaddress.IPv6Address(expected[one.name] << 60).compressed + "/68"


@pytest.mark.parametrize("name", ["many", "no-such-pool"])
def test_the_garbage_collector_runs_again_after_a_batch(ledger, name):
    ledger.define_pools({"many": LINK})
    with contextlib.suppress(Refused):
        ledger.apply(["a"], pool=name)
    assert gc.isenabled()


def test_a_name_among_very_many_of_its_pool_and_many_of_few(ledger):
    """Whether the names are searched for or the pool is read: the answers are the same."""
    ledger.define_pools({"link": LINK, "other": {"prefix": "2001:db8:0:2::/64"}})
    names = [f"n{number}" for number in range(300)]
    first = {one.name: one.prefix for one in ledger.apply(names, pool="link").outcomes}
    ledger.apply(names, pool="other")
    for asked in (names, names[100:160], names[:1], [*names[:100], *(f"new{number}" for number in range(90))]):
        result = ledger.apply(asked, pool="link", check=True)
        assert {one.name: one.prefix for one in result.outcomes if one.name in first} == {
            name: first[name] for name in asked if name in first
        }
        assert [one.name for one in result.outcomes] == asked
        assert sum(one.changed for one in result.outcomes) == sum(name not in first for name in asked)
        others = ledger.apply(asked, pool="other", check=True).outcomes
        assert all(one.address.startswith("2001:db8:0:2::") for one in others)


def test_names_that_are_most_of_their_pool_are_read_with_it(ledger):
    ledger.define_pools({"link": LINK})
    names = [f"n{number}" for number in range(400)]
    ledger.apply(names, pool="link")
    searched = []
    original = ledger._engine.named
    ledger._engine.named = lambda pool, wanted: searched.append(len(wanted)) or original(pool, wanted)
    for count in (400, 250, 100, 1):
        assert not ledger.apply(names[:count], pool="link").changed
    assert searched == [100, 1]


def test_a_name_that_has_moved_is_where_it_is_and_not_where_it_was(ledger):
    ledger.define_pools({"link": {**LINK, "quarantine_days": 3}})
    for address in ("::a", "::b", "::c"):
        ledger.apply([{"name": "web", "address": address}], pool="link")
        ledger.apply(["web"], "absent", pool="link")
    ledger.apply([{"name": "web", "address": "::d"}], pool="link")
    result = ledger.apply(["web"], pool="link")
    assert not result.changed and addresses(result) == ["2001:db8:0:1::d"]
    ledger.apply(["web"], "absent", pool="link")
    assert addresses(ledger.apply(["web"], pool="link")) == ["2001:db8:0:1::d"]


def test_the_shortest_prefixes_of_a_batch_come_first(ledger):
    ledger.define_pools({"site": {"prefix": "2001:db8::/60", "length": 64}})
    result = ledger.apply([{"name": "a"}, {"name": "b", "length": 61}, {"name": "c", "length": 62}], pool="site")
    assert prefixes(result) == ["2001:db8:0:c::/64", "2001:db8::/61", "2001:db8:0:8::/62"]
