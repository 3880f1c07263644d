# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_host as host
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_steps as steps
from guard_snapshots import DEFAULT4, DYNAMIC, snapshot


def test_what_a_router_hands_out_is_left_to_it_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(
        options={"sysctls": []}, addresses={"ens3": {"2001:db8::5/64": DYNAMIC}}, routes={DEFAULT4: {"expires": None}}
    )
    clock, done = {"now": 0.0}, []

    def carry_out(kept: host.Snapshot, steps: t.Iterable[host.Step]) -> list[str]:
        done.append((clock["now"], [action for action, data in steps]))
        return []

    monkeypatch.setattr(steps, "carry_out", carry_out)
    monkeypatch.setattr(steps, "take_links", lambda links: snapshot())
    monkeypatch.setattr(steps, "take_sysctls", lambda links, names: {})
    monkeypatch.setattr(steps, "has_carrier", lambda link: True)
    monkeypatch.setattr(time, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(time, "sleep", lambda seconds: clock.update(now=clock["now"] + seconds))
    steps.settle_links(before)
    assert done[0] == (0.0, ["add_route"])
    assert done[-1] == (steps.SETTLE_SECONDS / 2, ["add_address", "add_route"])


def test_what_a_router_hands_out_waits_for_a_cable(monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = {"eth0": False}
    route = ("6 default via fe80::1 dev eth0 proto ra metric 1024", 600)
    address = ("eth0", "2001:db8::1/64", {"dynamic": True})
    wanted: list[host.Step] = [("add_route", route), ("add_address", address), ("add_proxy", "2001:db8::2 dev eth0")]
    done: list[host.Step] = []

    def carry_out(_before: host.Snapshot, steps: t.Iterable[host.Step]) -> list[str]:
        done.extend(steps)
        return []

    for name in ("take_links", "take_sysctls"):
        monkeypatch.setattr(steps, name, lambda *_args: {})
    for name in ("plan_sysctls", "plan_proxies"):
        monkeypatch.setattr(steps, name, lambda *_args: [])
    monkeypatch.setattr(steps, "plan_links", lambda *_args: [step for step in wanted if step not in done])
    monkeypatch.setattr(steps, "carry_out", carry_out)
    monkeypatch.setattr(steps, "has_carrier", lambda link: carrier[link])
    monkeypatch.setattr(steps, "SETTLE_SECONDS", 0.0)
    before = snapshot(addresses={"eth0": {}}, options={"sysctls": []})
    steps.settle_links(before)
    assert done == [("add_proxy", "2001:db8::2 dev eth0")]
    carrier["eth0"] = True
    steps.settle_links(before)
    assert done[1:] == [("add_route", route), ("add_address", address)]
