# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is free, in quarantine or used up, on whichever engine."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import gaps
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.usage import Exhausted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ledger_results import LINK, addresses


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
