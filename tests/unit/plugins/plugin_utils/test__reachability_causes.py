# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._probe import NO_NEIGHBOUR, NO_ROUTE, PROHIBITED
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability_causes import LOOK, advice, causes
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability_ipv4 import cell, hosts, sentence

Row = t.Dict[str, t.Any]
WEB, NAT, HERE, GATEWAY = "2001:db8::20", "2001:db8::1", "2001:db8:ffff::9", "2001:db8::bad"
SILENCE = "no answer within 4 s"
ENDPOINT = {"name": "web", "behind": "docker1"}
LOOKED = types.MappingProxyType(
    {"state": "running", "to": HERE, "route": {"found": True, "gateway": NAT, "here": True}}
)


def echo(reason: str | None) -> Row:
    return {"answered": reason is None, "rtt_ms": None, "reason": reason}


def port(number: int, state: str, reason: str | None, ok: bool = False) -> Row:
    return {"port": number, "protocol": "tcp", "state": state, "reason": reason, "ok": ok}


def answer(**values: t.Any) -> Row:
    return {"local": HERE, "ping": echo(None), "mtu": None, "open": [], "closed": [], **values}


def source(reason: str, seen: str | None = None) -> Row:
    return {"ok": False, "expected": WEB, "seen": seen, "reason": reason}


def told(values: Row, where: Row | None = None, looked: Row | None = LOOKED, trouble: str | None = None) -> t.Any:
    found = causes(ENDPOINT, answer(**values), where, None, looked, trouble)
    return [(cause["cause"], cause["what"]) for cause in found]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"ping": echo(NO_NEIGHBOUR)}, [("no_neighbour", "ping")]),
        ({"ping": echo(NO_ROUTE)}, [("no_route", "ping")]),
        ({"ping": echo("the vantage point has no IPv6"), "local": None}, [("no_route", "ping")]),
        ({"ping": echo(PROHIBITED)}, [("filtered", "ping")]),
        ({"ping": echo(SILENCE)}, [("silent", "ping")]),
        ({"ping": echo("the packet went round in a circle (hop limit exceeded)")}, [("other", "ping")]),
        ({"open": [port(80, "refused", "connection refused")]}, [("refused", "tcp/80")]),
        ({"open": [port(80, "filtered", SILENCE)]}, [("filtered", "tcp/80")]),
        ({"open": [port(80, "open", None, ok=True)]}, []),
        ({"closed": [port(22, "open", None)]}, [("open", "tcp/22")]),
        ({"closed": [port(22, "refused", "connection refused", ok=True)]}, []),
        ({"ping": None, "open": [port(80, "unreachable", NO_NEIGHBOUR)]}, [("no_neighbour", "tcp/80")]),
        ({"mtu": {"bytes": 1500, **echo("the path carries packets of 1400 bytes only")}}, [("mtu", "mtu")]),
        ({"ping": echo(SILENCE), "mtu": {"bytes": 1500, **echo(SILENCE)}}, [("silent", "ping")]),
        # One cause for an address that nobody holds, and not one for each port.
        (
            {
                "ping": echo(NO_NEIGHBOUR),
                "open": [port(80, "unreachable", SILENCE)],
                "closed": [port(1, "unreachable", "")],
            },
            [("no_neighbour", "ping")],
        ),
    ],
)
def test_what_a_vantage_point_sees(values: Row, expected: t.Any) -> None:
    assert told(values) == expected


@pytest.mark.parametrize(
    ("where", "looked", "expected"),
    [
        (source(f"seen as {NAT}, expected {WEB}", NAT), LOOKED, [("wrong_source", "source")]),
        (source(f"no connection to [{HERE}]:7: {NO_NEIGHBOUR}"), LOOKED, [("gateway", "source")]),
        (source(f"it has no IPv6 route to {HERE}"), LOOKED, [("gateway", "source")]),
        (source(f"no answer from [{HERE}]:7 within 4 s"), LOOKED, [("filtered", "source")]),
        (source(f"no connection to [{HERE}]:7: refused"), LOOKED, [("not_asked", "source")]),
        (source("docker1 could not be asked: no ssh"), None, [("not_asked", "source")]),
        ({"ok": True, "expected": WEB, "seen": WEB, "reason": None}, LOOKED, []),
    ],
)
def test_what_the_endpoint_sends(where: Row, looked: Row | None, expected: t.Any) -> None:
    assert told({}, where, looked) == expected


def test_silence_in_both_directions_is_one_cause() -> None:
    lost = source(f"no answer from [{HERE}]:7 within 4 s")
    assert told({"ping": echo(NO_NEIGHBOUR)}, lost) == [("no_neighbour", "ping")]


def test_a_container_that_is_not_there_explains_all_else() -> None:
    gone = {"state": "absent", "to": HERE, "route": None}
    values = {"ping": echo(NO_NEIGHBOUR)}
    assert told(values, source("nobody asked"), gone, "there is no container named web") == [("container", "container")]
    assert told({}, None, gone, "there is no container named web") == []


@pytest.mark.parametrize(
    ("route", "observed"),
    [
        ({"found": False, "gateway": None, "here": False}, "the container has no IPv6 default route"),
        (
            {"found": True, "gateway": GATEWAY, "here": False},
            f"the container sends to the gateway {GATEWAY}, which docker1 does not hold",
        ),
    ],
)
def test_a_way_out_that_does_not_exist_explains_silence(route: Row, observed: str) -> None:
    looked = {**LOOKED, "route": route}
    lost = source(f"no connection to [{HERE}]:7: {NO_NEIGHBOUR}")
    found = causes(ENDPOINT, answer(ping=echo(SILENCE)), lost, None, looked, None)
    assert found == [{"cause": "gateway", "what": "route", "observed": observed}]
    # What was answered for by somebody else is another matter, and so is what works.
    assert told({"ping": echo(NO_NEIGHBOUR)}, None, looked) == [("no_neighbour", "ping")]
    assert told({}, None, looked) == []


def test_the_hosts_own_gateway_explains_silence() -> None:
    lost = source(f"no connection to [{HERE}]:7: {NO_NEIGHBOUR}")
    assert told({"ping": echo(SILENCE)}, lost) == [("gateway", "source")]


def test_a_link_that_is_the_way_is_no_wrong_gateway() -> None:
    looked = {**LOOKED, "route": {"found": True, "gateway": None, "here": False}}
    assert told({"ping": echo(SILENCE)}, None, looked) == [("silent", "ping")]


def test_ipv4() -> None:
    lost = {"ok": False, "to": "203.0.113.2", "reason": "no answer from 203.0.113.2 within 4 s"}
    (cause,) = causes(ENDPOINT, answer(), None, lost, LOOKED, None)
    assert (cause["cause"], cause["observed"]) == ("ipv4", "IPv4: no answer from 203.0.113.2 within 4 s")
    assert causes(ENDPOINT, answer(), None, {**lost, "ok": None}, LOOKED, None) == []


@pytest.mark.parametrize(
    ("answered", "host_answered", "ok"), [(True, True, True), (False, True, False), (False, False, None)]
)
def test_ipv4_of_an_endpoint(answered: bool, host_answered: bool, ok: bool | None) -> None:
    echoes = {"to": "203.0.113.2", "answered": answered, "reason": "x", "host_answered": host_answered}
    assert cell({"ipv4": echoes}) == {"ok": ok, "to": "203.0.113.2", "reason": "x"}
    assert cell({"ipv4": {**echoes, "answered": None}}) is None
    assert cell({"ipv4": None}) is None and cell(None) is None


def asked(host_answered: bool, to: str = "203.0.113.2") -> list[tuple[str, str, Row]]:
    echoes = {"to": to, "answered": None, "reason": None, "host_answered": host_answered}
    return [("docker1", "stranger", {"ipv4": echoes}), ("docker1", "stranger", {"ipv4": None})]


def test_a_host_that_loses_ipv4_is_said_until_it_has_it_again() -> None:
    first = hosts(asked(True), "monday", None)
    assert [sentence(row) for row in first] == [None]
    for day in ("tuesday", "wednesday"):
        first = hosts(asked(False), day, {"ipv4": first})
        assert [sentence(row) for row in first] == [
            "docker1 gets no answer over IPv4 from stranger (203.0.113.2), and got one at monday"
        ]
    assert hosts(asked(True), "thursday", {"ipv4": first})[0]["ok"]


def test_what_never_answered_over_ipv4_or_has_moved_is_no_failure() -> None:
    assert hosts(asked(False), "monday", None)[0]["ok"]
    assert hosts(asked(False, "203.0.113.3"), "tuesday", {"ipv4": hosts(asked(True), "monday", None)})[0]["ok"]


def test_advice_is_given_once_for_each_cause_and_host() -> None:
    def row(name: str, behind: str, *causes: str, vantage: str = "a") -> Row:
        found = [{"cause": cause, "what": "ping", "observed": ""} for cause in causes]
        return {"name": name, "behind": behind, "from": {vantage: {"causes": found}}}

    rows = [row("x", "h1", "refused"), row("y", "h1", "refused", "no_neighbour"), row("z", "h2", "refused")]
    rows.append(row("w", "h3", "no_route", vantage="cut off"))
    found = advice(rows, {"cut off"})
    assert [(entry["cause"], entry["behind"], entry["endpoints"]) for entry in found] == [
        ("no_neighbour", "h1", ["y"]),
        ("refused", "h1", ["x", "y"]),
        ("refused", "h2", ["z"]),
    ]
    assert found[0]["look"] == LOOK["no_neighbour"].replace("{behind}", "h1")
