# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""What hosts have and the ledger does not, and the other way round."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import number, written
from ansible_collections.routable.ipv6.plugins.module_utils._drift import Place, Seen, compare, place_of, seen_on

POOLS = [place_of("2001:db8:0:1::/64", "hosts"), place_of("2001:db8:0:1:d::/80", "one")]
GIVEN = [
    place_of("2001:db8:0:1:d::/80", "hosts", "one"),
    place_of("2001:db8:0:1:e::/80", "hosts", "two"),
    place_of("2001:db8:0:1:d::20", "one", "web"),
    place_of("2001:db8:0:1:d::21", "one", "db", "two"),
]
NEVER = [(number("2001:db8:0:1:d:8000::"), number("2001:db8:0:1:d:ffff:ffff:ffff"))]


def found(*seen: tuple[str, str, str, str], hosts: t.Collection[str] = ("one",)) -> dict[str, list[dict[str, str]]]:
    return compare(POOLS, GIVEN, NEVER, [Seen(number(text), *more) for text, *more in seen], hosts)


def test_what_the_ledger_knows_is_no_drift() -> None:
    both = found(
        ("2001:db8:0:1:d::20", "one", "container", "web"),
        ("2001:0DB8:0:1:d::21", "one", "container", "db"),
        # Of Docker's own range, in another host's prefix, and in no pool at all.
        ("2001:db8:0:1:d:8000::2", "one", "container", "plain"),
        ("2001:db8:0:1:e::5", "two", "container", "x"),
        ("2001:db8:ffff::1", "one", "interface", "wg0"),
    )
    assert both == {"unknown": [], "nowhere": []}


@pytest.mark.parametrize(
    ("text", "kind", "pool", "reason"),
    [
        ("2001:db8:0:1:d::22", "container", "one", "a container has it, and the ledger has given it to nobody"),
        ("2001:db8:0:1:d::22", "interface", "one", "it was added by hand, or by something else than this collection"),
        ("2001:db8:0:1:5054:ff:fe12:3456", "interface", "hosts", "SLAAC had made it from the interface's MAC address"),
    ],
)
def test_what_the_ledger_does_not_know(text: str, kind: str, pool: str, reason: str) -> None:
    (one,) = found((text, "one", kind, "x"), hosts=())["unknown"]
    assert (one["address"], one["pool"], one["host"], one["kind"], one["name"]) == (text, pool, "one", kind, "x")
    assert reason in one["reason"]


def test_what_no_host_has() -> None:
    assert [one["name"] for one in found(hosts=())["nowhere"]] == []
    # A pool of the host's name, and an owner of another host's name.
    assert [(one["name"], one["host"]) for one in found(hosts=("one",))["nowhere"]] == [("web", "one"), ("db", "one")]
    both = found(("2001:db8:0:1:d::20", "one", "container", "web"), hosts=("one", "two"))["nowhere"]
    assert [(one["name"], one["host"], one["address"]) for one in both] == [("db", "two", "2001:db8:0:1:d::21")]


def test_the_addresses_of_a_host() -> None:
    seen = seen_on(
        "one",
        {
            "containers": [{"name": "web", "addresses": {"a": "2001:db8::1", "b": ""}}, {"name": "bare"}],
            "interfaces": {"lo": ["::1/128"], "ens3": ["2001:DB8:0:1::5/64", "fe80::5/64"], "down": []},
        },
    )
    assert [(written(one.address), one.kind, one.name) for one in seen] == [
        ("2001:db8::1", "container", "web"),
        ("2001:db8:0:1::5", "interface", "ens3"),
    ]


def test_places() -> None:
    assert place_of("2001:db8::/32", "p") == Place(0x20010DB8 << 96, 32, "p")
    assert place_of("::5", "p", "n", "o") == Place(5, 128, "p", "n", "o")
