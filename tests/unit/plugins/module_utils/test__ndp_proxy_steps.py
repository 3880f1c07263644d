# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every step from what an uplink has to a backend's setup: its sentence, its action, its data, and the diff."""

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy import (
    AGENT_PATH,
    DISTRIBUTION_UNIT,
    Current,
    Setup,
    config_path,
    plan,
    unit_name,
)

UNIT = "routable-ipv6-ndp-ens3.service"
NETWORK_FILE = "/etc/systemd/network/a.network.d/b.conf"
ONE, TWO, OTHER = (ipaddress.IPv6Address(f"2001:db8::{number}") for number in (1, 2, 9))
PREFIX = ipaddress.IPv6Network("2001:db8::/126")
DIGEST = "2 lines, sha256 911169ddaaf146af"
Step = t.Tuple[str, str, t.Dict[str, t.Any]]


def steps(current: Current, setup: Setup) -> list[Step]:
    changes = plan(current, setup, "ens3", "a\nb\n").changes
    return [(change.sentence, change.action, dict(change.data)) for change in changes]


START: Step = (f"Start {UNIT}", "restart", {"unit": UNIT})
ENABLE: Step = (f"Enable {UNIT}", "enable", {"unit": UNIT})
WRITE: Step = (f"Write {UNIT}", "write_unit", {"unit": UNIT, "text": "u"})
RELOAD: Step = ("Restart systemd-networkd, which keeps the routes that it has", "restart_networkd", {"uplink": "ens3"})
WRITE_AGENT: Step = (f"Write {AGENT_PATH}", "write_file", {"path": AGENT_PATH, "text": "a\nb\n"})


def write(path: str, text: str) -> Step:
    return f"Write {path}", "write_file", {"path": path, "text": text}


def remove(path: str) -> Step:
    return f"Remove {path}", "remove_file", {"path": path}


def setting(key: str, value: str) -> Step:
    return f"Set {key} of ens3 to {value}", "set", {"key": key, "value": value}


RUNNING = Current(unit_text="u", unit_enabled=True, unit_running=True)


@pytest.mark.parametrize(
    ("current", "setup", "expected"),
    [
        (Current(), Setup(), []),
        # The unit.
        (Current(), Setup(unit_text="u"), [WRITE, ENABLE, START]),
        (RUNNING, Setup(unit_text="u"), []),
        (Current(unit_text="u", unit_running=True), Setup(unit_text="u"), [ENABLE]),
        (Current(unit_text="u", unit_enabled=True), Setup(unit_text="u"), [START]),
        (Current(unit_text="old", unit_enabled=True, unit_running=True), Setup(unit_text="u"), [WRITE, ENABLE, START]),
        (RUNNING, Setup(), [(f"Stop and remove {UNIT}", "remove_unit", {"unit": UNIT})]),
        # One that waits for its interfaces is not started, and one that is new does not go on as it was.
        (Current(), Setup(unit_text="u", unit_waits_for=("br0",)), [WRITE, ENABLE]),
        (RUNNING, Setup(unit_text="u", unit_waits_for=("br0",)), []),
        (
            Current(unit_text="old", unit_running=True),
            Setup(unit_text="u", unit_waits_for=("br0",)),
            [WRITE, ENABLE, (f"Stop {UNIT}", "stop", {"unit": UNIT})],
        ),
        # Files, in order; the unit reads them anew.
        (
            Current(files={"/b": "1", "/c": "1", "/d": "1"}, unit_text="u", unit_enabled=True, unit_running=True),
            Setup(files={"/d": "1", "/b": "2", "/a": "1"}, unit_text="u"),
            [remove("/c"), write("/a", "1"), write("/b", "2"), START],
        ),
        # The program.
        (RUNNING, Setup(unit_text="u", agent=True), [WRITE_AGENT, START]),
        (Current(agent="a\nb\n"), Setup(agent=True), []),
        (Current(agent="a\nb\n"), Setup(), [remove(AGENT_PATH)]),
        (Current(agent="a\nb\n", agent_shared=True), Setup(), []),
        # The distribution's own unit.
        (
            Current(),
            Setup(mask=True),
            [(f"Stop and mask {DISTRIBUTION_UNIT}", "mask", {"unit": DISTRIBUTION_UNIT})],
        ),
        (Current(masked=True), Setup(mask=True), []),
        (Current(masked=True), Setup(), [(f"Unmask {DISTRIBUTION_UNIT}", "unmask", {"unit": DISTRIBUTION_UNIT})]),
        (Current(masked=True, mask_stays=True), Setup(), []),
        # networkd.
        (Current(), Setup(files={NETWORK_FILE: "1"}, networkd=True), [write(NETWORK_FILE, "1"), RELOAD]),
        (Current(files={NETWORK_FILE: "1"}), Setup(files={NETWORK_FILE: "1"}, networkd=True), []),
        (Current(files={NETWORK_FILE: "1"}), Setup(), [remove(NETWORK_FILE), RELOAD]),
        (Current(files={"/etc/x.conf": "1"}), Setup(), [remove("/etc/x.conf")]),
        # Settings: set by us, kept by the backend, or given back.
        (
            Current(settings={"a": "0", "b": "1"}),
            Setup(settings={"b": "1", "a": "1"}, apply_settings=True),
            [setting("a", "1")],
        ),
        (Current(settings={"a": "0"}), Setup(settings={"a": "1"}), []),
        (
            Current(settings={"a": "1", "b": "1"}, former_settings={"a": "0", "b": "1", "c": "0"}),
            Setup(),
            [setting("a", "0")],
        ),
        # Entries that nobody answers for any more, but for those that were there before us or are somebody else's.
        (
            Current(entries=(ONE, TWO, OTHER), former_entries=(TWO,), prefixes=(PREFIX,)),
            Setup(),
            [("Answer no longer for 2001:db8::1 on ens3", "remove_entry", {"address": "2001:db8::1"})],
        ),
        (Current(entries=(ONE,), addresses=(ONE,)), Setup(prefixes=(PREFIX,)), []),
        (Current(entries=(ONE,), addresses=(ONE,)), Setup(addresses=(ONE,)), []),
    ],
)
def test_steps(current: Current, setup: Setup, expected: list[Step]) -> None:
    assert steps(current, setup) == expected


def test_the_diff_of_everything() -> None:
    current = Current(
        files={"/a": "1"},
        unit_text="old",
        unit_enabled=True,
        agent="x\n",
        masked=True,
        settings={"proxy_ndp": "0", "b": "1"},
        former_settings={"b": "0"},
    )
    setup = Setup(
        {"/b": "2"}, "u", agent=True, mask=True, settings={"proxy_ndp": "1", "new": "1"}, warnings=("careful",)
    )
    done = plan(current, setup, "ens3", "a\nb\n")
    assert done.warnings == ("careful",)
    assert done.before == {
        "files": {"/a": "1", AGENT_PATH: "1 lines, sha256 73cb3858a687a849"},
        "unit": {"text": "old", "enabled": True, "running": False},
        "distribution_unit_masked": True,
        "settings": {"proxy_ndp": "0", "b": "1"},
    }
    assert done.after == {
        "files": {"/b": "2", AGENT_PATH: DIGEST},
        "unit": {"text": "u", "enabled": True, "running": True},
        "distribution_unit_masked": True,
        "settings": {"proxy_ndp": "1", "b": "1"},
    }
    gone = plan(current, Setup(), "ens3", "a\nb\n").after
    assert gone == {
        "files": {},
        "unit": None,
        "distribution_unit_masked": False,
        "settings": {"proxy_ndp": "0", "b": "0"},
    }


@pytest.mark.parametrize(
    ("current", "running"),
    [(Current(), False), (RUNNING, True), (Current(unit_text="old", unit_running=True), False)],
)
def test_a_unit_that_waits_runs_only_if_it_runs_already(current: Current, running: bool) -> None:
    shown = plan(current, Setup(unit_text="u", unit_waits_for=("br0",)), "ens3", "").after["unit"]
    assert shown == {"text": "u", "enabled": True, "running": running}


def test_what_another_uplink_needs_stays_in_the_diff() -> None:
    current = Current(agent="a\nb\n", agent_shared=True, masked=True, mask_stays=True)
    done = plan(current, Setup(), "ens3", "a\nb\n")
    assert done.before == done.after
    assert done.after["files"] == {AGENT_PATH: DIGEST} and done.after["distribution_unit_masked"]


def test_names() -> None:
    assert unit_name("ens3") == UNIT
    assert config_path("ens3", "conf").endswith("/ndp-ens3.conf")
