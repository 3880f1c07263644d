# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy import (
    AGENT_PATH,
    Current,
    Host,
    Setup,
    Wanted,
    check,
    plan,
    read,
    unit_name,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_backends import setup
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

PROGRAM = "the program\n"
OPTIONS: dict[str, t.Any] = {
    "uplink": "ens3",
    "backend": "kernel",
    "prefixes": [],
    "addresses": [],
    "bridges": [],
    "ndppd_mode": "iface",
}
NETWORK = ipaddress.IPv6Network
ADDRESS = ipaddress.IPv6Address
HOST = Host(
    on_link=(NETWORK("2001:db8:0:1::/64"),),
    ndppd="/usr/sbin/ndppd",
    networkd_version=257,
    network_file="/run/systemd/network/10-netplan-ens3.network",
    interfaces=frozenset(("lo", "ens3", "docker0")),
)


def wanted(**options: t.Any) -> Wanted:
    return read({**OPTIONS, **options})


def test_options_by_value() -> None:
    one = wanted(
        prefixes=["2001:DB8:0:1:000D::/80", "2001:db8:0:1:c::/80"], addresses=["2001:db8:0::9", "2001:db8::0009"]
    )
    two = wanted(
        prefixes=["2001:db8:0:1:c::/80", "2001:db8:0:1:d::/80", "2001:db8:0:1:d::/80"], addresses=["2001:db8::9"]
    )
    assert one == two


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prefixes": ["198.51.100.0/24"]}, "IPv4 where IPv6 is needed"),
        ({"addresses": ["198.51.100.1"]}, "IPv4 where IPv6 is needed"),
        ({"prefixes": ["2001:db8::1/64"]}, "bits are set beyond the prefix length"),
        ({"prefixes": ["2001:db8::"]}, "a prefix needs its length"),
        ({"prefixes": ["fe80::/80"]}, "addresses of fe80::/10 are not behind a host"),
        ({"prefixes": ["::/0"]}, "not behind a host"),
        ({"addresses": ["ff02::1"]}, "addresses=ff02::1: addresses of ff00::/8"),
        ({"addresses": ["::1"]}, "not behind a host"),
        ({"ndppd_mode": "auto"}, "answers for one address at a time"),
        ({"ndppd_mode": "magic"}, "ndppd knows iface and static"),
        ({"bridges": ["docker0", "a b"]}, "bridges=a b: an interface's name"),
    ],
)
def test_refused_whatever_the_host(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        wanted(**options)


@pytest.mark.parametrize("prefix", ["2001:db8:0:1::/64", "2001:db8::/48"])
def test_a_prefix_with_the_whole_link_is_refused(prefix: str) -> None:
    with pytest.raises(Refused, match="it has all of the uplink's own on-link prefix 2001:db8:0:1::/64"):
        check(wanted(prefixes=[prefix]), HOST)


@pytest.mark.parametrize("prefix", ["2001:db8:0:1::/65", "2001:db8:0:1:d::/80", "2001:db8:0:7::/64"])
def test_longer_and_other_prefixes_are_fine(prefix: str) -> None:
    check(wanted(prefixes=[prefix]), HOST)


@pytest.mark.parametrize(
    ("options", "host", "message"),
    [
        ({}, HOST, "there is nothing to answer for"),
        (
            {"addresses": ["2001:db8::1"]},
            Host(uplink_exists=False, interfaces=frozenset(("lo", "eth0"))),
            "no such interface on this host. Give one of: eth0",
        ),
        ({"addresses": ["2001:db8::1"], "bridges": ["ens3"]}, HOST, "the uplink is not a bridge"),
        ({"backend": "ndppd", "addresses": ["2001:db8::1"]}, Host(), "Install the package ndppd first"),
        ({"backend": "ndppd", "prefixes": ["2001:db8::/80"]}, HOST, "ndppd must know where to ask"),
        ({"backend": "networkd", "prefixes": ["2001:db8::/80"]}, HOST, "single addresses only"),
        ({"backend": "networkd", "addresses": ["2001:db8::1"]}, Host(), "does not manage this interface"),
        (
            {"backend": "networkd", "addresses": ["2001:db8::1"]},
            Host(networkd_version=246, network_file="/x"),
            "systemd 246 loses proxy entries",
        ),
        (
            {"backend": "networkd", "addresses": ["2001:db8::1"]},
            Host(networkd_version=247, network_file="/x", network_file_shared=("eth1",)),
            "/x is also in force for eth1",
        ),
    ],
)
def test_refused_on_this_host(options: dict[str, t.Any], host: Host, message: str) -> None:
    with pytest.raises(Refused, match=message):
        setup(wanted(**options), host, PROGRAM)


def applied(current: Current, to: Setup, uplink: str = "ens3") -> Current:
    """What the host has when a plan was carried out."""
    made = plan(current, to, uplink, PROGRAM)
    after = made.after
    files = {path: text for path, text in after["files"].items() if path != AGENT_PATH}
    return Current(
        files=files,
        unit_text=after["unit"]["text"] if after["unit"] else None,
        unit_enabled=bool(after["unit"] and after["unit"]["enabled"]),
        unit_running=bool(after["unit"] and after["unit"]["running"]),
        agent=PROGRAM if AGENT_PATH in after["files"] else None,
        masked=after["distribution_unit_masked"],
        settings=after["settings"],
        former_settings=(current.former_settings or current.settings) if to.settings else {},
        prefixes=to.prefixes,
        addresses=to.addresses,
    )


FRESH = Current(settings={"proxy_ndp": "0", "proxy_delay": "80"})
SETUPS = {
    "kernel": setup(wanted(prefixes=["2001:db8:0:1:d::/80"], addresses=["2001:db8:0:1::9"]), HOST, PROGRAM),
    "iface": setup(wanted(backend="ndppd", prefixes=["2001:db8:0:1:d::/80"], bridges=["docker0"]), HOST, PROGRAM),
    "static": setup(wanted(backend="ndppd", prefixes=["2001:db8:0:1:d::/112"], ndppd_mode="static"), HOST, PROGRAM),
    "networkd": setup(wanted(backend="networkd", addresses=["2001:db8:0:1::9"]), HOST, PROGRAM),
    "none": setup(wanted(backend="none"), HOST, PROGRAM),
}


@pytest.mark.parametrize("second", SETUPS)
@pytest.mark.parametrize("first", SETUPS)
def test_every_change_of_backend_ends_as_if_the_second_were_the_first(first: str, second: str) -> None:
    there = applied(FRESH, SETUPS[first])
    moved = applied(there, SETUPS[second])
    assert moved == applied(FRESH, SETUPS[second])
    assert not plan(moved, SETUPS[second], "ens3", PROGRAM).changed
    assert plan(there, SETUPS[second], "ens3", PROGRAM).changed is (first != second)
    assert applied(moved, Setup()) == FRESH


def test_the_old_backend_ends_before_entries_go() -> None:
    there = applied(FRESH, SETUPS["kernel"])
    mine, fixed, foreign = ADDRESS("2001:db8:0:1:d::5"), ADDRESS("2001:db8:0:1::9"), ADDRESS("2001:db8:0:1:e::5")
    there = Current(**{**vars(there), "entries": (mine, fixed, foreign)})
    actions = [(change.action, change.data.get("address")) for change in plan(there, Setup(), "ens3", PROGRAM).changes]
    assert actions[0] == ("remove_unit", None)
    assert actions[-2:] == [("remove_entry", str(mine)), ("remove_entry", str(fixed))]


def test_entries_from_before_us_stay() -> None:
    there = applied(FRESH, SETUPS["kernel"])
    before = ADDRESS("2001:db8:0:1:d::5")
    there = Current(**{**vars(there), "entries": (before,), "former_entries": (before,)})
    assert "remove_entry" not in [change.action for change in plan(there, Setup(), "ens3", PROGRAM).changes]


def test_a_new_program_restarts_the_unit_of_every_uplink() -> None:
    there = applied(FRESH, SETUPS["kernel"])
    newer = setup(wanted(prefixes=["2001:db8:0:1:d::/80"], addresses=["2001:db8:0:1::9"]), HOST, "newer\n")
    actions = [change.action for change in plan(there, newer, "ens3", "newer\n").changes]
    assert actions == ["write_file", "write_unit", "enable", "restart"]
    # The program was written for another uplink meanwhile.
    there = Current(**{**vars(there), "agent": "newer\n"})
    assert [change.action for change in plan(there, newer, "ens3", "newer\n").changes] == [
        "write_unit",
        "enable",
        "restart",
    ]


def test_what_another_uplink_needs_stays() -> None:
    there = Current(**{**vars(applied(FRESH, SETUPS["kernel"])), "agent_shared": True})
    assert not [
        change for change in plan(there, Setup(), "ens3", PROGRAM).changes if change.data.get("path") == AGENT_PATH
    ]
    there = Current(**{**vars(applied(FRESH, SETUPS["iface"])), "mask_stays": True})
    assert "unmask" not in [change.action for change in plan(there, Setup(), "ens3", PROGRAM).changes]


@pytest.mark.parametrize(
    ("enabled", "running", "actions"),
    [(False, True, ["enable"]), (True, False, ["restart"]), (False, False, ["enable", "restart"])],
)
def test_a_unit_that_was_switched_off_is_switched_on(enabled: bool, running: bool, actions: list[str]) -> None:
    there = Current(**{**vars(applied(FRESH, SETUPS["kernel"])), "unit_enabled": enabled, "unit_running": running})
    assert [change.action for change in plan(there, SETUPS["kernel"], "ens3", PROGRAM).changes] == actions


def test_ndppd_waits_for_a_bridge_that_is_not_there() -> None:
    made = setup(
        wanted(backend="ndppd", prefixes=["2001:db8:0:1:d::/80"], bridges=["docker0", "br-late"]), HOST, PROGRAM
    )
    assert made.unit_waits_for == ("br-late",)
    assert any("ndppd starts when there is br-late" in warning for warning in made.warnings)
    actions = [change.action for change in plan(FRESH, made, "ens3", PROGRAM).changes]
    assert "enable" in actions
    assert "restart" not in actions
    assert not plan(applied(FRESH, made), made, "ens3", PROGRAM).changed


def test_warnings() -> None:
    assert any("one neighbour at a time" in warning for warning in SETUPS["iface"].warnings)
    assert any("claims all 65536 addresses" in warning for warning in SETUPS["static"].warnings)
    quiet = setup(wanted(addresses=["2001:db8::1"]), HOST, PROGRAM)
    assert quiet.warnings == ()
    still = setup(wanted(addresses=["2001:db8::1"]), Host(forwarding=False), PROGRAM)
    assert "net.ipv6.conf.ens3.forwarding is 0" in still.warnings[0]


def test_a_unit_of_the_administrator_is_not_masked() -> None:
    made = setup(wanted(backend="ndppd", addresses=["2001:db8::1"]), Host(ndppd="/x", foreign_ndppd_unit=True), PROGRAM)
    assert not made.mask
    assert any("a unit of this host's own" in warning for warning in made.warnings)


@pytest.mark.parametrize(
    ("uplink", "name"),
    [
        ("ens3", "routable-ipv6-ndp-ens3.service"),
        ("ens3.100", "routable-ipv6-ndp-ens3.100.service"),
        ("a-b", "routable-ipv6-ndp-a-b.service"),
    ],
)
def test_unit_name(uplink: str, name: str) -> None:
    assert unit_name(uplink) == name
