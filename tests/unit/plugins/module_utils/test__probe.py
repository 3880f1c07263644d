# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._probe import (
    Answers,
    Echo,
    Knock,
    Port,
    classify,
    judge,
    judge_source,
    parse_mtu,
    parse_port,
    parse_target,
)
from hypothesis import given
from hypothesis import strategies as st

TCP, UDP = Port(80), Port(53, "udp")
HERE, WEB = "2001:db8::9", "2001:db8::20"


@pytest.mark.parametrize(
    "value",
    [
        80,
        "80",
        "tcp/80",
        "TCP/80",
        "80/tcp",
        {"port": 80},
        {"port": "80", "protocol": "tcp"},
        {"port": 80, "protocol": None},
    ],
)
def test_spellings_of_a_port(value: object) -> None:
    assert parse_port(value) == Port(80, "tcp")


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (0, "a port is a number from 1 to 65535"),
        (65536, "a port is a number from 1 to 65535"),
        (True, "a port is a number from 1 to 65535"),
        (-1, "a port is a number from 1 to 65535"),
        ("http", "a port is a number from 1 to 65535"),
        ("tcp/", "a port is a number from 1 to 65535"),
        ("²", "a port is a number from 1 to 65535"),
        (None, "a port is a number from 1 to 65535"),
        ({}, "a port is a number from 1 to 65535"),
        ({"port": 80, "proto": "tcp"}, "a port has no proto"),
        ("sctp/80", "the protocol of a port is tcp or udp"),
    ],
)
def test_what_is_no_port(value: object, rule: str) -> None:
    with pytest.raises(Refused, match=f": {rule}\\. "):
        parse_port(value)


@given(st.integers(1, 65535), st.sampled_from(["tcp", "udp"]))
def test_a_port_survives_its_own_text(number: int, protocol: str) -> None:
    assert parse_port(str(Port(number, protocol))) == Port(number, protocol)


@pytest.mark.parametrize("value", [1279, 65576, "1500", True])
def test_what_is_no_mtu(value: object) -> None:
    with pytest.raises(Refused, match="1280 to 65575 bytes"):
        parse_mtu(value)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"address": "192.0.2.1"}, "this is IPv4 where IPv6 is needed"),
        ({"address": "ff02::1"}, "an endpoint has a unicast address"),
        ({"address": "::"}, "an endpoint has a unicast address"),
        ({"address": "fe80::1"}, "cannot be reached through a router"),
        ({"address": WEB, "open": [80], "closed": ["tcp/80"]}, "open or closed, not both"),
        ({"address": WEB, "open": 80}, "ports are a list"),
    ],
)
def test_targets_that_cannot_be_probed(entry: dict[str, t.Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        parse_target(entry)


def test_a_target_in_another_spelling() -> None:
    target = parse_target({"address": "2001:DB8:0::0020", "open": [443, "80", 80]})
    assert (target.address, target.name, target.ping) == (WEB, WEB, True)
    assert target.open == (Port(80), Port(443))


@pytest.mark.parametrize(
    ("port", "error", "state"),
    [
        (TCP, 0, "open"),
        (TCP, errno.ECONNREFUSED, "refused"),
        (TCP, errno.ECONNRESET, "refused"),
        (TCP, None, "filtered"),
        (TCP, errno.ETIMEDOUT, "filtered"),
        (TCP, errno.EACCES, "filtered"),
        (TCP, errno.EHOSTUNREACH, "unreachable"),
        (TCP, errno.ENETUNREACH, "unreachable"),
        (TCP, errno.EADDRNOTAVAIL, "unreachable"),
        # The packet never left: that says nothing about the port.
        (TCP, errno.EPERM, "unreachable"),
        (TCP, errno.ENOBUFS, "unreachable"),
        (UDP, 0, "open"),
        (UDP, errno.ECONNREFUSED, "refused"),
        (UDP, None, "silent"),
    ],
)
def test_what_an_outcome_means(port: Port, error: int | None, state: str) -> None:
    knock = classify(port, error, 4)
    assert knock.state == state
    assert (knock.reason is None) == (state == "open")


ANSWERED, SILENT = Echo(True, 0.4), Echo(False, None, "no answer within 4 s")


@pytest.mark.parametrize(
    ("wanted", "echo", "states", "ok"),
    [
        # ping alone
        ({}, ANSWERED, {}, True),
        ({}, SILENT, {}, False),
        # an open port
        ({"open": [80]}, ANSWERED, {80: "open"}, True),
        ({"open": [80]}, ANSWERED, {80: "refused"}, False),
        ({"open": [80]}, ANSWERED, {80: "filtered"}, False),
        ({"open": [80]}, ANSWERED, {80: "silent"}, True),
        ({"open": [80], "ping": False}, None, {80: "open"}, True),
        # a closed port
        ({"closed": [22]}, ANSWERED, {22: "filtered"}, True),
        ({"closed": [22]}, ANSWERED, {22: "refused"}, True),
        ({"closed": [22]}, ANSWERED, {22: "open"}, False),
        ({"closed": [22]}, ANSWERED, {22: "unreachable"}, False),
        ({"closed": [22], "ping": False}, None, {22: "filtered"}, True),
        ({"closed": [22], "ping": False}, None, {22: "unreachable"}, False),
        # both
        ({"open": [80], "closed": [22]}, ANSWERED, {80: "open", 22: "filtered"}, True),
        ({"open": [80], "closed": [22]}, SILENT, {80: "open", 22: "filtered"}, False),
    ],
)
def test_what_is_as_claimed(wanted: dict[str, t.Any], echo: Echo | None, states: dict[int, str], ok: bool) -> None:
    target = parse_target({"address": WEB, **wanted})
    result = judge(target, Answers(HERE, echo, None, {Port(n): Knock(s, "why") for n, s in states.items()}))
    assert result["ok"] is ok
    assert (result["reason"] is None) == ok


def closed_of(ping: bool, echo: Echo | None, **states: str) -> dict[str, t.Any]:
    target = parse_target({"address": WEB, "ping": ping, "open": [80] if "o" in states else [], "closed": [22]})
    knocks = {Port(22): Knock(states["c"], "no answer"), Port(80): Knock(states.get("o", "filtered"))}
    result: dict[str, t.Any] = judge(target, Answers(HERE, echo, None, knocks))["closed"][0]
    return result


def test_silence_of_an_address_that_should_answer_is_not_a_closed_port() -> None:
    assert closed_of(True, SILENT, c="filtered")["state"] == "unreachable"
    assert not closed_of(True, SILENT, c="filtered")["ok"]


@pytest.mark.parametrize("alive", ["open", "refused"])
def test_an_address_that_answers_on_another_port_is_there(alive: str) -> None:
    assert closed_of(True, SILENT, c="filtered", o=alive)["state"] == "filtered"


def test_without_a_ping_silence_is_all_there_is_to_see() -> None:
    assert closed_of(False, None, c="filtered")["ok"]


def test_an_address_that_is_not_there_is_one_reason() -> None:
    target = parse_target({"address": WEB, "open": [80, 443], "closed": [22]})
    knocks = {Port(number): Knock("unreachable", "no route") for number in (22, 80, 443)}
    assert judge(target, Answers(None, Echo(False, None, "no route"), None, knocks))["reason"] == "ping: no route"


def test_every_key_of_a_result() -> None:
    target = parse_target({"address": WEB, "name": "web", "open": [80], "closed": [22], "mtu": 1500})
    too_big = Echo(False, None, "the path carries packets of 1280 bytes only")
    result = judge(target, Answers(HERE, ANSWERED, too_big, {Port(80): Knock("open"), Port(22): Knock("open")}))
    assert result == {
        "name": "web",
        "address": WEB,
        "local": HERE,
        "ping": {"answered": True, "rtt_ms": 0.4, "reason": None},
        "mtu": {"bytes": 1500, "answered": False, "rtt_ms": None, "reason": too_big.reason},
        "open": [{"port": 80, "protocol": "tcp", "state": "open", "reason": None, "ok": True}],
        "closed": [{"port": 22, "protocol": "tcp", "state": "open", "reason": None, "ok": False}],
        "ok": False,
        "reason": "packet of 1500 bytes: the path carries packets of 1280 bytes only; tcp/22 should be closed: it is open",
    }


@pytest.mark.parametrize(
    ("local", "seen", "expected", "reason"),
    [
        (WEB, WEB, WEB, None),
        (WEB, WEB, None, None),
        (WEB, HERE, None, None),
        (WEB, HERE, WEB, f"seen as {HERE}, expected {WEB}, so something on the way translates it (NAT66)"),
        (HERE, HERE, WEB, f"seen as {HERE}, expected {WEB} (it sends from {HERE})"),
    ],
)
def test_source(local: str, seen: str, expected: str | None, reason: str | None) -> None:
    row = {"to": HERE, "local": local, "seen": seen, "reason": None}
    result = judge_source(row, expected)
    assert (result["ok"], result["reason"]) == (reason is None, reason)


def test_a_connection_that_failed_keeps_its_own_reason() -> None:
    row = {"to": HERE, "local": None, "seen": None, "reason": "there is no container named web"}
    assert judge_source(row, WEB)["reason"] == "there is no container named web"
