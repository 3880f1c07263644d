# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds whatever is asked for, in any order."""

from __future__ import annotations

import os

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._allocation import exclusions
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("LEDGER_TEST_EXAMPLES", "60"))
SAME_STORE = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
POOLS = st.fixed_dictionaries(
    {
        "prefix": st.sampled_from(["2001:db8::/122", "2001:db8::/120", "2001:db8:0:1::/64"]),
        "strategy": st.sampled_from(["pack", "sparse", "hash"]),
        "suffix": st.booleans(),
        "quarantine_days": st.sampled_from([0, 2]),
        "exclude": st.sets(st.sampled_from(["::1", "::5", "::8/125", "::1c-::27"]), max_size=2).map(sorted),
    }
)
NAMES = st.sampled_from([f"n{number}" for number in range(14)])
SPELLINGS = (str, str.upper, lambda text: text.replace("::", "0:0:0:0:0:0:0:", 1))
REQUESTS = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "length": st.sampled_from([123, 124, 126, 127, 128]),
        "address": st.tuples(st.integers(0, 63), st.sampled_from(SPELLINGS)).map(lambda p: p[1](f"::{p[0]:x}")),
        "force": st.booleans(),
        "owner": st.sampled_from(["a", "b"]),
    },
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["present", "present", "absent", "reserved", "adopted"]),
        st.lists(REQUESTS, min_size=1, max_size=6, unique_by=lambda request: request["name"]),
        st.sampled_from([0, 0, 1, 3]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


def check(ledger: Ledger) -> None:
    """By other means than the ledger's own verify: all runs of the pool, one beside the other."""
    pool = ledger.pools()["p"]
    low, high = pool.space
    taken = []
    for entry in ledger.export()["allocations"]["p"]:
        network = parse_prefix(entry["prefix"])
        taken.append((int(network.network_address), int(network.broadcast_address), "allocation", entry["state"]))
    holes = [(one.first, one.last) for one in exclusions(pool)]
    for first, last, _kind, _state in taken:
        assert low <= first <= last <= high
        assert not any(first <= end and start <= last for start, end in holes), "an exclusion was handed out"
    rows = ledger._engine.rows("SELECT start, last FROM gaps")
    gaps = [(int.from_bytes(start, "big"), int.from_bytes(last, "big"), "gap", "") for start, last in rows]
    runs = sorted([*taken, *((start, end, "exclusion", "") for start, end in holes), *gaps])
    at = low
    for index, (first, last, kind, _state) in enumerate(runs):
        assert first == at, "runs overlap or leave something out"
        at = last + 1
        assert kind != "gap" or index == 0 or runs[index - 1][2] != "gap", "a gap is not maximal"
    assert at == high + 1
    assert ledger.verify() == []


@given(definition=POOLS, steps=STEPS)
@SAME_STORE
def test_nothing_overlaps_nothing_is_lost_and_asking_twice_is_asking_once(store, definition, steps):
    ledger = store.new()
    ledger.define_pools({"p": definition})
    for state, requests, days, checked in steps:
        store.clock.pass_days(days)
        before = ledger.export()
        try:
            shown = ledger.apply(requests, state, pool="p", check=True) if checked else None
            done = ledger.apply(requests, state, pool="p")
        except Refused:
            assert ledger.export() == before
            continue
        if shown is not None:
            assert shown == done
        again = ledger.apply(requests, state, pool="p")
        if not any(request.get("force") for request in requests):
            assert not again.changed
        if state != "absent":
            assert not again.changed
            assert [one.prefix for one in again.outcomes] == [one.prefix for one in done.outcomes]
        check(ledger)
    text = ledger.export_text()
    document = ledger.export()
    other = store.new()
    other.import_(document)
    assert other.export_text() == text
    check(other)


@given(
    names=st.lists(st.text("abcdefgh", min_size=1, max_size=4), min_size=1, max_size=40, unique=True),
    data=st.data(),
)
@SAME_STORE
def test_hash_does_not_depend_on_the_order(store, names, data):
    definition = {"prefix": "2001:db8::/64", "strategy": "hash", "length": 112, "seed": "s"}
    other_order = data.draw(st.permutations(names))
    one = store.new()
    one.define_pools({"p": definition})
    first = {name: one.apply([name], pool="p").outcomes[0].prefix for name in names}
    two = store.new()
    two.define_pools({"p": definition})
    second = {outcome.name: outcome.prefix for outcome in two.apply(other_order, pool="p").outcomes}
    # 2**48 places: none of these names meet.
    assert first == second


@pytest.mark.parametrize("strategy", ["pack", "sparse", "hash"])
def test_a_pool_can_be_filled_to_the_last_place(store, strategy):
    ledger = store.new()
    ledger.define_pools({"p": {"prefix": "2001:db8::/120", "strategy": strategy, "exclude": ["::80/121"]}})
    names = [f"n{number}" for number in range(127)]
    given_out = {outcome.address for outcome in ledger.apply(names, pool="p").outcomes}
    assert len(given_out) == 127
    check(ledger)
    with pytest.raises(Refused, match="nothing is free"):
        ledger.apply(["one more"], pool="p")
    ledger.apply(names[::2], "absent", pool="p")
    check(ledger)
    ledger.apply(names[1::2], "absent", pool="p")
    check(ledger)
