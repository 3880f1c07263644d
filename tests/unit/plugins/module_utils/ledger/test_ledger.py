# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a ledger promises, on whichever engine."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import itertools
import json

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import name_number, nth_subnet, parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host import derive_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host import plan as docker_plan
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import book, gaps
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import Clashes
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.usage import Exhausted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

LINK = {"prefix": "2001:db8:0:1::/64"}
WHO = {"actor": "alice", "run": "run-1"}


def addresses(result):
    return [outcome.address for outcome in result.outcomes]


def prefixes(result):
    return [outcome.prefix for outcome in result.outcomes]


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


def test_quarantine_keeps_a_place_for_its_name_and_from_others(store, ledger):
    ledger.define_pools({"link": {**LINK, "quarantine_days": 7}})
    given = addresses(ledger.apply(["web"], pool="link"))
    gone = ledger.apply(["web"], "absent", pool="link")
    assert gone.changed and gone.outcomes[0].state == "quarantine"
    assert ledger.find("web") == []
    assert not ledger.apply(["web"], "absent", pool="link").changed
    assert addresses(ledger.apply(["other"], pool="link")) != given
    with pytest.raises(Refused, match="in quarantine until 2027-01-22T08:00:00Z"):
        ledger.apply([{"name": "third", "address": given[0]}], pool="link")
    back = ledger.apply(["web"], pool="link")
    assert back.changed and addresses(back) == given
    ledger.apply(["web"], "absent", pool="link")
    forced = ledger.apply([{"name": "third", "address": given[0], "force": True}], pool="link")
    assert addresses(forced) == given
    assert ledger.verify() == []


def test_after_its_end_quarantine_makes_room(store, ledger):
    ledger.define_pools({"link": {**LINK, "quarantine_days": 7}})
    given = addresses(ledger.apply(["web"], pool="link"))
    ledger.apply(["web"], "absent", pool="link")
    store.clock.pass_days(6.9)
    assert addresses(ledger.apply(["a"], pool="link")) != given
    store.clock.pass_days(0.2)
    assert addresses(ledger.apply(["b"], pool="link")) == given
    assert [entry["op"] for entry in ledger.journal("link", "web")] == ["allocate", "quarantine", "expire"]


def test_a_name_may_be_in_quarantine_more_than_once(ledger):
    ledger.define_pools({"link": {**LINK, "quarantine_days": 7}})
    for at in ("::10", "::11"):
        ledger.apply([{"name": "web", "address": at}], pool="link")
        ledger.apply(["web"], "absent", pool="link")
    assert ledger.usage("link")["quarantined"] == 2
    assert addresses(ledger.apply(["web"], pool="link")) == ["2001:db8:0:1::11"]
    ledger.apply([{"name": "web", "force": True}], "absent", pool="link")
    assert ledger.usage("link")["quarantined"] == 1


def test_a_stale_release_is_refused(ledger):
    ledger.define_pools({"link": LINK})
    seen = ledger.apply(["web"], pool="link").outcomes[0].generation
    ledger.apply(["web"], "absent", pool="link")
    ledger.apply(["web"], pool="link")
    with pytest.raises(Refused, match=f"generation={seen}: it has changed since"):
        ledger.apply([{"name": "web", "generation": seen}], "absent", pool="link")
    now = ledger.find("web")[0].generation
    assert ledger.apply([{"name": "web", "generation": now}], "absent", pool="link").changed


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


def test_exhaustion_says_by_whom_what_is_left_and_what_would_help(ledger):
    ledger.define_pools({"small": {"prefix": "2001:db8::/124", "quarantine_days": 3, "exclude": ["::f"]}})
    ledger.apply([{"name": f"a{number}", "owner": "alice"} for number in range(9)], pool="small")
    ledger.apply([{"name": f"b{number}", "owner": "bob"} for number in range(3)], pool="small")
    ledger.apply(["b0"], "absent", pool="small")
    before = ledger.export()
    with pytest.raises(Exhausted) as caught:
        ledger.apply(["c1", "c2", "c3"], pool="small")
    assert str(caught.value) == (
        "small/c1: the pool small (2001:db8::/124) lacks room for 1 of /128: of its 16 /128, alice has 9, bob has 2, "
        "1 are in quarantine, 2 addresses are excluded; the largest free block is 2001:db8::d/128. "
        "Wait until 2027-01-18T08:00:00Z when the first quarantine ends, release what is not needed or give small a "
        "shorter prefix."
    )
    assert ledger.export() == before
    usage = ledger.usage("small")
    assert usage["capacity"] == sum(usage[key] for key in ("used", "reserved", "quarantined", "excluded", "available"))


def test_journal_says_who_when_which_run_before_and_after(ledger):
    ledger.define_pools({"link": LINK}, **WHO)
    ledger.apply([{"name": "web", "owner": "shop"}], pool="link", **WHO)
    ledger.apply(["web"], "absent", pool="link", actor="bob", run="run-2")
    journal = ledger.journal()
    assert [entry["seq"] for entry in journal] == [1, 2, 3]
    assert journal[2] == {
        "seq": 3,
        "time": "2027-01-15T08:00:00Z",
        "run": "run-2",
        "actor": "bob",
        "op": "release",
        "pool": "link",
        "name": "web",
        "prefix": "2001:db8:0:1::1/128",
        "before": {"owner": "shop", "state": "active"},
        "after": None,
    }
    assert ledger.journal(limit=1) == journal[2:]


def test_names_that_came_together_have_a_line_each_in_the_journal(ledger):
    ledger.define_pools({"link": LINK})
    requests = [{"name": f"n{number}", "owner": "alice" if number < 12 else "bob"} for number in range(20)]
    outcomes = ledger.apply(requests, pool="link", **WHO).outcomes
    lines = ledger.journal("link")[1:]
    assert [(line["seq"], line["name"], line["prefix"], line["after"]["owner"]) for line in lines] == [
        (2 + number, one.name, one.prefix, "alice" if number < 12 else "bob") for number, one in enumerate(outcomes)
    ]
    assert [one.generation for one in outcomes] == [line["seq"] for line in lines]
    # n1 is also the beginning of n10.
    assert ledger.journal(name="n1") == [lines[1]]
    assert ledger.journal(name="n1", limit=1) == [lines[1]]
    assert ledger.journal(limit=3) == lines[-3:]
    assert ledger.journal(limit=0) == [] == ledger.journal(name="0")
    ledger.apply(["n15"], "absent", pool="link", **WHO)
    assert [line["op"] for line in ledger.journal(name="n15")] == ["allocate", "release"]
    assert ledger.journal(name="n15", limit=1)[0]["op"] == "release"


def test_the_journal_s_lines_hold_so_many_names_at_most(ledger, monkeypatch):
    monkeypatch.setattr(book, "_TOGETHER", 3)
    ledger.define_pools({"link": LINK})
    outcomes = ledger.apply([f"n{number}" for number in range(7)], pool="link").outcomes
    assert [(line["name"], line["prefix"]) for line in ledger.journal("link")[1:]] == [
        (one.name, one.prefix) for one in outcomes
    ]
    assert [line["seq"] for line in ledger.journal()] == list(range(1, 9))


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_what_is_released_joins_the_gaps_on_both_sides(ledger, order):
    ledger.define_pools({"link": LINK})
    ledger.apply([f"n{number}" for number in range(4)], pool="link")
    for number in order:
        ledger.apply([f"n{number}"], "absent", pool="link")
        assert ledger.verify() == []


def test_quarantine_is_over_at_its_end_and_not_before(store, ledger):
    ledger.define_pools({"one": {"prefix": "2001:db8::/127", "quarantine_days": 3, "exclude": ["::"]}})
    ledger.apply(["a"], pool="one")
    ledger.apply(["a"], "absent", pool="one")
    store.clock.pass_days(3)
    store.clock.now -= 1
    with pytest.raises(Exhausted):
        ledger.apply(["b"], pool="one")
    store.clock.now += 1
    assert ledger.apply(["b"], pool="one").outcomes[0].address == "2001:db8::1"


def test_exclusions_that_share_an_address_are_one(ledger):
    ledger.define_pools({"link": {"prefix": "2001:db8::/64", "exclude": ["::1-::3", "::3-::5", "::6", "::8-::9"]}})
    given = [one.address for one in ledger.apply(["a", "b"], pool="link").outcomes]
    assert given == ["2001:db8::7", "2001:db8::a"]
    usage = ledger.usage("link")
    assert usage["capacity"] == sum(usage[key] for key in ("used", "reserved", "quarantined", "excluded", "available"))


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


@pytest.mark.parametrize("bulk", [2, 1000])
def test_what_was_excluded_in_quarantine_does_not_come_back(store, ledger, monkeypatch, bulk):
    monkeypatch.setattr(gaps, "_BULK", bulk)
    pool = {**LINK, "quarantine_days": 3}
    names = [f"n{number}" for number in range(9)]
    ledger.define_pools({"link": pool})
    ledger.apply(names, pool="link")
    ledger.apply(names[::2], "absent", pool="link")
    ledger.define_pools({"link": {**pool, "exclude": ["::3", "::7"]}})
    store.clock.pass_days(4)
    given = addresses(ledger.apply([f"new{number}" for number in range(4)], pool="link"))
    assert given == [f"2001:db8:0:1::{last}" for last in ("1", "5", "9", "a")]
    assert ledger.verify() == []


def test_the_journal_is_append_only(store, ledger):
    ledger.define_pools({"link": LINK})
    for statement in ("DELETE FROM journal", "UPDATE journal SET name = 'x'"):
        with pytest.raises(Exception, match="append-only"):
            store.behind_our_back(statement)


def test_an_export_comes_back_to_the_letter(store, ledger):
    ledger.define_pools(
        {
            "site": {"prefix": "2001:db8::/48", "length": 64, "strategy": "sparse", "quarantine_days": 9},
            "web": {
                "parent": "site",
                "prefix_length": 64,
                "suffix": True,
                "exclude": [{"range": "::1", "reason": "r"}],
            },
            "loose": {"suffix": True, "prefix_length": 80, "strategy": "hash", "seed": "s"},
        }
    )
    ledger.apply([{"name": "a", "owner": "ö", "meta": {"k": [1, "ü"]}}, {"name": "b"}], pool="web")
    ledger.apply(["b", "c"], "reserved", pool="site")
    ledger.apply(["b"], "absent", pool="site")
    ledger.apply(["x", "y"], pool="loose")
    ledger.define_pools({"moved": {"prefix": "2001:db8:7::/64", "suffix": True, "quarantine_days": 3}})
    ledger.define_pools({"moved": {"prefix": "2001:db8:8::/64", "suffix": True, "quarantine_days": 3}})
    assert [one["prefix"] for one in ledger.export()["former_prefixes"]] == ["2001:db8:7::/64"]
    text = ledger.export_text()
    document = ledger.export()
    assert json.loads(text) == document
    assert ledger.export_text() == text
    other = store.new()
    other.import_(json.loads(text), **WHO)
    assert other.export_text() == text
    assert other.verify() == []
    assert not other.apply(["a"], pool="web").changed
    with pytest.raises(Refused, match="in use"):
        other.import_(document)


def test_one_change_is_one_line_of_the_export(ledger):
    ledger.define_pools({"link": LINK})
    ledger.apply([f"n{number}" for number in range(50)], pool="link")
    before = ledger.export_text().splitlines()
    ledger.apply([{"name": "n7", "owner": "bob"}], pool="link")
    after = ledger.export_text().splitlines()
    differing = [line for line, other in zip(after, before) if line != other]
    assert len(after) == len(before)
    assert [line.split(":")[0].strip() for line in differing] == ['"generation"', '{"generation"']


@pytest.mark.parametrize(
    "damage",
    [
        lambda document: document.update(kind="other"),
        lambda document: document.update(format=99),
        lambda document: document["allocations"]["link"][0].update(prefix="2001:db9::1/128"),
        lambda document: document["allocations"]["link"][0].pop("name"),
        lambda document: document["allocations"]["link"][0].update(state="gone"),
        lambda document: document["allocations"]["link"][0].update(generation=10**9),
        lambda document: document["allocations"]["link"].append(document["allocations"]["link"][0]),
        lambda document: document["allocations"].update(other=[]),
    ],
)
def test_a_damaged_export_is_refused_and_nothing_imported(store, ledger, damage):
    ledger.define_pools({"link": LINK})
    ledger.apply(["web"], pool="link")
    document = ledger.export()
    damage(document)
    other = store.new()
    with pytest.raises(Refused):
        other.import_(document)
    assert other.pools() == {} and other.journal() == []
