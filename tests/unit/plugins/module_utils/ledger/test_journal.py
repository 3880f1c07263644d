# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the ledger tells of its past, and how it is taken out and brought back."""

from __future__ import annotations

import json

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import book
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ledger_results import LINK, WHO


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
