# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""What a report tells, from a real ledger."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _report as rules
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger

DAY = 86400
BEGIN = 1790000000  # 2026-09-21T14:13:20Z
AT = "2026-09-25T14:13:20+00:00"
POOLS = {
    "hosts": {"prefix": "2001:db8:0:1::/64", "length": 80, "suffix": True},
    "one": {"prefix_length": 80, "parent": "hosts", "length": 128, "quarantine_days": 30},
    "link": {"suffix": True, "prefix_length": 64},
}
MATRIX = {"endpoints": [{"name": "web", "behind": "one", "address": "2001:db8::1", "ok": True}], "at": AT}


@pytest.fixture
def read(tmp_path: pathlib.Path) -> rules.Ledger:
    clock = [BEGIN]
    with open_ledger(str(tmp_path / "ledger.sqlite"), lambda: clock[0]) as ledger:
        ledger.define_pools(POOLS, actor="alice@one", run="r1")
        ledger.apply(
            [{"name": "web", "suffix": "::20", "owner": "shop"}, "db"], pool="one", actor="alice@one", run="r1"
        )
        clock[0] += 2 * DAY
        ledger.apply(["db"], "absent", pool="one", actor="bob@two", run="r2")
        ledger.apply(["two"], pool="hosts")
        pools = ledger.pools()
        return rules.Ledger(ledger.export(), pools, {name: ledger.usage(name) for name in pools}, ledger.journal())


def made(read: rules.Ledger, **more: t.Any) -> dict[str, t.Any]:
    values: dict[str, t.Any] = {"matrix": None, "hosts": {}, "former": None, **more}
    found = rules.report(AT, read, values["matrix"], values["hosts"], values["former"])
    assert json.loads(json.dumps(found)) == found, "all of it is JSON"
    return found


def test_allocations_with_their_history(read: rules.Ledger) -> None:
    found = {(one["pool"], one["name"]): one for one in made(read)["allocations"]}
    prefix = next(pool["prefix"] for pool in made(read)["pools"] if pool["name"] == "one")[: -len("/80")]
    db = found["one", "db"]
    assert db["place"] == f"{prefix}1" and db["state"] == "quarantine" and db["until"] == "2026-10-23T14:13:20Z"
    assert [line[:1] + line[2:] for line in db["history"]] == [
        ["2026-09-21T14:13:20Z", f"{prefix}1", "active", "alice@one", "r1"],
        ["2026-09-23T14:13:20Z", f"{prefix}1", "quarantine", "bob@two", "r2"],
    ]
    assert found["one", "web"]["owner"] == "shop" and found["one", "web"]["holds"] is None
    # What a nested pool has of its parent leads to that pool.
    assert found["hosts", "one"]["holds"] == "one" and found["hosts", "two"]["holds"] is None
    assert found["hosts", "one"]["place"].endswith("/80")


def test_pools_with_maps_of_their_addresses(read: rules.Ledger) -> None:
    found = made(read)
    pools = {pool["name"]: pool for pool in found["pools"]}
    assert list(pools) == ["hosts", "link", "one"]
    assert pools["one"]["parent"] == "hosts" and pools["one"]["counts"] == {"used": 1, "reserved": 0, "quarantined": 1}
    # The pool's own prefix first, then the smallest one with both addresses, ::1 and ::20.
    assert [view["prefix"] for view in pools["one"]["maps"]] == [
        pools["one"]["prefix"],
        pools["one"]["prefix"].replace("/80", "/122"),
    ]
    assert pools["one"]["first_map"] == 1
    targets = {cell[5] for cell in pools["one"]["maps"][1]["cells"] if cell[4] == "item"}
    assert {found["allocations"][number]["name"] for number in targets} == {"web", "db"}
    assert pools["hosts"]["maps"][0]["prefix"] == "2001:db8:0:1::/64"
    assert pools["link"]["prefix"] == "::/64" and pools["link"]["share"] == 0


def line(at: int, before: str | None, after: str | None, name: str = "x") -> dict[str, t.Any]:
    state = {"name": name, "time": rules._time(BEGIN + at * DAY), "before": before and {}, "after": after and {}}
    return {**state, "before": {"state": before} if before else None, "after": {"state": after} if after else None}


@pytest.mark.parametrize(
    ("journal", "left", "per_day", "days"),
    [
        ([], 100, 0, None),
        # Four days: two came, none went.
        ([line(0, None, "active"), line(1, None, "active")], 100, 0.5, 200),
        # Quarantine still holds its place; only what is gone has freed one.
        ([line(0, None, "active"), line(1, "active", "quarantine")], 100, 0.25, 400),
        ([line(0, None, "active"), line(1, "active", None)], 100, 0, None),
        # The first line is the pool's definition, and no allocation.
        ([line(0, None, "active", name="")], 100, 0, None),
        # On its first day a pool is taken to be a day old.
        ([line(4, None, "active")], 10, 1, 10),
        # Only the last 30 days count.
        ([line(-100, None, "active"), line(-50, None, "active")], 10, 0, None),
        ([line(-100, None, "active"), line(2, None, "active")], 10, 0.033, 300),
    ],
)
def test_how_long_a_pool_lasts(journal: list[dict[str, t.Any]], left: int, per_day: float, days: int | None) -> None:
    found = rules.capacity(journal, {"available_blocks": left, "blocks": 128}, AT)
    assert found == {"left": str(left), "of": "128", "per_day": per_day, "days": days}


def test_what_has_changed_since_the_report_before(read: rules.Ledger) -> None:
    first = made(read, matrix=MATRIX)
    assert first["changes"] is None
    again = made(read, matrix=MATRIX, former=rules.kept(first))
    assert again["changes"] == {"since": AT, "allocations": [], "endpoints": []}
    former = rules.kept(first)
    del former["allocations"]["one/db"]
    former["allocations"]["one/gone"] = ["2001:db8::9", "active"]
    former["endpoints"]["web behind one"] = ["2001:db8::1", False]
    changes = made(read, matrix=MATRIX, former=former)["changes"]
    assert [(one["what"], one["before"] is None, one["after"] is None) for one in changes["allocations"]] == [
        ("one/db", True, False),
        ("one/gone", False, True),
    ]
    assert changes["endpoints"] == [
        {"what": "web behind one", "before": ["2001:db8::1", False], "after": ["2001:db8::1", True]}
    ]


def test_drift_is_told_when_hosts_were_looked_at(read: rules.Ledger) -> None:
    assert made(read)["drift"] is None
    prefix = read.pools["one"].prefix
    interfaces = {"docker0": [f"{prefix[0x99]}/80"], "ens3": ["2001:db8:ffff::1/64"]}
    drift = made(read, hosts={"one": {"interfaces": interfaces, "containers": []}})["drift"]
    assert drift["hosts"] == ["one"]
    assert [one["address"] for one in drift["unknown"]] == [str(prefix[0x99])]
    # What is in quarantine is not expected anywhere.
    assert [one["name"] for one in drift["nowhere"]] == ["web"]


def test_without_a_ledger_there_is_the_matrix() -> None:
    found = rules.report(AT, rules.EMPTY, MATRIX, {}, None)
    assert found["pools"] == [] and found["allocations"] == [] and found["matrix"] == MATRIX
