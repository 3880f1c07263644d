# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_host as host
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_plan as plan
from guard_snapshots import DEFAULT4, DEFAULT6, DYNAMIC, STATIC, snapshot, unit


def actions(before: host.Snapshot, now: host.Snapshot) -> list[t.Any]:
    return list(plan.plan(before, now))


def test_nothing_is_done_where_nothing_differs() -> None:
    same = snapshot(files={"/etc/a": {"kind": "file"}}, units={"docker.service": unit()}, routes={DEFAULT6: {}})
    assert plan.plan(same, copy.deepcopy(same)) == []


def test_the_order() -> None:
    """Whoever reads a file is started after it is back; whoever needs a route, after the links."""
    before = snapshot(
        files={"/etc/netplan/a.yaml": {"kind": "file", "data": "eA=="}, "/etc/docker/daemon.json": {"kind": "file"}},
        sysctls={"net/ipv6/conf/all/forwarding": "0"},
        nft={"inet mine": "table inet mine {}"},
        units={"systemd-networkd.service": unit(), "docker.service": unit()},
        routes={DEFAULT4: {"expires": None}},
    )
    now = snapshot(
        files={
            "/etc/netplan/a.yaml": {"kind": "file", "data": "eQ=="},
            "/etc/systemd/system/new.service": {"kind": "file"},
        },
        sysctls={"net/ipv6/conf/all/forwarding": "1"},
        units={"systemd-networkd.service": unit(), "docker.service": unit(), "routable-ipv6-ndp-ens3.service": unit()},
    )
    assert [action for action, data in actions(before, now)] == [
        "stop", "stop", "remove", "put", "put", "reload_units", "stop_docker", "sysctl", "nft", "restart", "links",
        "restart", "bridge", "links",
    ]  # fmt: skip
    restarted = [data for action, data in actions(before, now) if action == "restart"]
    assert restarted == ["systemd-networkd.service", "docker.service"]
    stopped = [data for action, data in actions(before, now) if action == "stop"]
    assert stopped == ["routable-ipv6-ndp-ens3.service", "new.service"]


def test_a_directory_beside_the_units_is_no_unit() -> None:
    drop_in = "/etc/systemd/system/nftables.service.d"
    now = snapshot(files={drop_in: {"kind": "directory"}, f"{drop_in}/ours.conf": {"kind": "file"}})
    steps = actions(snapshot(), now)
    assert steps == [("remove", f"{drop_in}/ours.conf"), ("remove", drop_in), ("reload_units", None)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (unit(), unit("failed"), ["restart"]),
        (unit(), unit(invocation="2"), ["restart"]),
        (unit("inactive", ""), unit(), ["stop"]),
        (unit("failed", ""), unit("inactive", ""), []),
        (unit("activating"), unit(), []),
    ],
)
def test_a_unit_is_as_before(old: dict[str, str], new: dict[str, str], expected: list[str]) -> None:
    before, now = snapshot(units={"ndppd.service": old}), snapshot(units={"ndppd.service": new})
    assert [action for action, data in actions(before, now)] == expected + ["links"] * 0


def test_docker_begins_anew_when_its_rules_or_its_bridge_differ() -> None:
    before = snapshot(units={"docker.service": unit()})
    rules = snapshot(units={"docker.service": unit()}, iptables={"iptables": "*filter\n", "ip6tables": ""})
    assert [action for action, data in actions(before, rules)][:3] == ["stop_docker", "iptables", "restart"]
    bridge = snapshot(units={"docker.service": unit()}, docker={"networks": [], "bridge": ["2001:db8::1/64"]})
    assert ("stop_docker", True) in actions(before, bridge)
    assert ("bridge", ([], None)) in actions(before, bridge)


def test_networks_that_came_go() -> None:
    now = snapshot(docker={"networks": ["a", "b"], "bridge": []})
    assert actions(snapshot(docker={"networks": ["a"], "bridge": []}), now) == [("drop_network", "b")]
    assert actions(snapshot(), now) == [("drop_network", "a"), ("drop_network", "b")]
    unknown = snapshot(docker={"networks": None, "bridge": []})
    assert actions(unknown, now) == []


def test_what_routers_hand_out_may_stay() -> None:
    before = snapshot(addresses={"ens3": {"192.0.2.1/24": STATIC}}, routes={DEFAULT4: {"expires": None}})
    now = snapshot(
        addresses={"ens3": {"2001:db8::5/64": DYNAMIC, "192.0.2.9/24": STATIC}},
        routes={
            DEFAULT6: {"expires": 9},
            "4 192.0.2.0/24 dev ens3 proto kernel": {},
            "4 default via 192.0.2.7 dev ens3": {},
        },
    )
    assert plan.plan_links(before, now) == [
        ("add_address", ("ens3", "192.0.2.1/24", STATIC)),
        ("drop_address", ("ens3", "192.0.2.9/24")),
        ("drop_route", "4 default via 192.0.2.7 dev ens3"),
        ("add_route", (DEFAULT4, None)),
    ]


def test_a_route_comes_after_the_one_that_its_gateway_needs() -> None:
    near = "4 198.51.100.0/24 dev ens3 proto kernel scope link"
    before = snapshot(routes={DEFAULT4: {"expires": None}, near: {"expires": None}})
    assert [data[0] for action, data in plan.plan_links(before, snapshot())] == [near, DEFAULT4]


def test_a_link_that_was_up_is_set_up_first() -> None:
    before = snapshot(addresses={"ens3": {"192.0.2.1/24": STATIC}})
    assert plan.plan_links(before, snapshot(up=[]))[0] == ("link_up", "ens3")
