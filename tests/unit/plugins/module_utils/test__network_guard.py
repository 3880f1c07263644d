# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard as rules
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard import Gateway
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

WISH: dict[str, t.Any] = {"paths": [], "interfaces": [], "sysctls": [], "units": [], "firewall": True}
V4 = "4 default via 198.51.100.1 dev ens3 proto static"
V6 = "6 default via fe80::1 dev ens3 proto ra metric 1024"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("paths", "etc/x"),
        ("paths", "/etc"),
        ("paths", "/"),
        ("paths", "/etc/../root"),
        ("paths", "/etc/x/"),
        ("sysctls", "net.ipv6.conf.all.forwarding"),
        ("sysctls", "net/../../etc/passwd"),
        ("sysctls", "/proc/sys/net/x"),
        ("sysctls", "net/ipv6/*"),
        ("sysctls", "net/ipv٦/x"),
        ("units", "docker"),
        ("units", "-x.service"),
        ("units", "a b.service"),
        ("units", "a\nb.service"),
    ],
)
def test_what_cannot_be_kept_is_refused(name: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.options({**WISH, name: [value]})
    assert refused.value.what == f"{name}={value}"


def test_what_is_kept() -> None:
    kept = rules.options({**WISH, "paths": ["/etc/mine"], "units": ["mine.service", "docker.service"]})
    assert kept["paths"][-1] == "/etc/mine" and "/etc/netplan" in kept["paths"]
    assert kept["units"].count("docker.service") == 1 and "mine.service" in kept["units"]


def test_commands_are_words() -> None:
    assert rules.commands(["ping -c 1 'a b'", "x;y"]) == [["ping", "-c", "1", "a b"], ["x;y"]]


@pytest.mark.parametrize("text", ["", "   ", "echo 'x"])
def test_no_command(text: str) -> None:
    with pytest.raises(Refused, match="commands="):
        rules.commands([text])


def test_gateways() -> None:
    routes = [V4, V6, "4 198.51.100.0/24 dev ens3", "6 default dev ppp0", "4 default via inet6 fe80::9 dev e1"]
    assert rules.gateways(routes) == [
        Gateway("4", "ens3", "198.51.100.1"),
        Gateway("6", "ens3", "fe80::1"),
        Gateway("6", "ppp0", ""),
        Gateway("4", "e1", "fe80::9"),
    ]


BEFORE = {"routes": {V4: {}, V6: {}}, "addresses": {"ens3": {"2001:db8::1/64": {}}}}
ANSWERED = [["4", "ens3", "198.51.100.1"], ["6", "ens3", "fe80::1"]]
ALL = [Gateway("4", "ens3", "198.51.100.1"), Gateway("6", "ens3", "fe80::1")]


@pytest.mark.parametrize(
    ("now", "answers", "expected"),
    [
        (BEFORE, ALL, []),
        ({**BEFORE, "routes": {V4: {}}}, ALL, ["IPv6 has no default route through ens3"]),
        (
            {**BEFORE, "routes": {V6: {}, "4 default via 192.0.2.9 dev ens3": {}}},
            ALL[1:],
            ["no gateway of IPv4 answers on ens3 (192.0.2.9; it was 198.51.100.1)"],
        ),
        ({**BEFORE, "addresses": {"ens3": {}}}, ALL, ["ens3 has lost its address 2001:db8::1/64"]),
        ({**BEFORE, "addresses": {}}, ALL, ["ens3 has lost its address 2001:db8::1/64"]),
    ],
)
def test_what_is_missing(now: dict[str, t.Any], answers: list[Gateway], expected: list[str]) -> None:
    assert rules.missing(BEFORE, now, rules.CHECKS, ANSWERED, answers) == expected
    assert rules.missing(BEFORE, now, [], ANSWERED, answers) == []


def test_another_gateway_that_answers_is_fine() -> None:
    now = {**BEFORE, "routes": {V6: {}, "4 default via 192.0.2.9 dev ens3": {}}}
    answers = [Gateway("4", "ens3", "192.0.2.9"), ALL[1]]
    assert rules.missing(BEFORE, now, rules.CHECKS, ANSWERED, answers) == []


def test_a_gateway_that_never_answered_need_not() -> None:
    assert rules.missing(BEFORE, BEFORE, rules.CHECKS, [], []) == []


def test_the_units() -> None:
    texts = rules.unit_texts("/usr/bin/python3", 120)
    assert set(rules.WANTS.values()) < set(texts)
    timer = texts["routable-ipv6-guard.timer"]
    # A timer that counts from its own start; OnCalendar and OnUnitActiveSec would follow the wall clock or a unit.
    assert "OnActiveSec=120\n" in timer and "OnCalendar" not in timer
    boot = texts["routable-ipv6-guard-boot.service"]
    for reader in ("systemd-sysctl.service", "network-pre.target", "systemd-networkd.service", "networking.service"):
        assert reader in boot.partition("Before=")[2].partition("\n")[0].split()
    assert "DefaultDependencies=no\n" in boot
    for name in ("routable-ipv6-guard-boot.service", "routable-ipv6-guard-late.service"):
        assert "ConditionPathExists=/var/lib/routable-ipv6/guard/armed.json\n" in texts[name]
    # A restoration that fails is tried again, and systemd must not give up on it.
    assert "Restart=on-failure\n" in texts["routable-ipv6-guard.service"]
    assert "StartLimitIntervalSec=0\n" in texts["routable-ipv6-guard.service"]


def test_what_people_are_told() -> None:
    entry = {"holder": "me", "time": "T", "why": "W", "steps": ["A", "B"], "failed": []}
    assert rules.told(entry) == "The guard that me had armed put this host back at T, because W: A; B."
    assert rules.told({**entry, "failed": ["C: D"]}).endswith(" This failed and is tried again: C: D.")
    assert rules.held({"holder": "me", "since": "S", "timeout": 5, "run": "r"}).endswith("at S for 5 s (run r)")
