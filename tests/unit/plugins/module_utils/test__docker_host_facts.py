# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host_facts import (
    network_is_made,
    stale_networks,
    uplink_of_facts,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

LABEL = "routable.ipv6"
HOST: dict[str, t.Any] = {
    "interfaces": {"lo": [], "ens3.100": ["2001:db8::1/64"], "br-lan": []},
    "default_routes": [
        {"interface": "ens3.100", "gateway": "fe80::1"},
        {"interface": "ens3.100", "gateway": "fe80::1"},
        {"interface": "tun0", "gateway": None},
    ],
}


def test_uplink_with_the_router() -> None:
    assert uplink_of_facts(HOST, "ens3.100") == {
        "interface": "ens3.100",
        "addresses": ["2001:db8::1/64"],
        "routers": ["fe80::1"],
    }


def test_the_router_of_another_interface_is_not_taken() -> None:
    assert uplink_of_facts(HOST, "br-lan") == {"interface": "br-lan", "addresses": [], "routers": []}


@pytest.mark.parametrize("interface", ["eth0", "br_lan"])
def test_an_interface_that_is_not_there(interface: str) -> None:
    with pytest.raises(
        Refused, match=f"^uplink={interface}: the host has no such interface; there are br-lan, ens3.100, lo"
    ):
        uplink_of_facts(HOST, interface)


def test_no_default_route_and_no_interface_named() -> None:
    with pytest.raises(Refused, match="Name the interface"):
        uplink_of_facts({"interfaces": {"lo": []}, "default_routes": []}, "")


def network(**changes: t.Any) -> dict[str, t.Any]:
    return {
        "name": "routable",
        "bridge": "routable0",
        "ipv6_subnets": ["2001:db8:0:0::/81"],
        "ipv6": True,
        "ipv6_pools": [{"subnet": "2001:db8::/81", "gateway": "2001:db8::1", "ip_range": "2001:db8::8000:0:0/82"}],
        "options": {"com.docker.network.bridge.name": "routable0", "com.docker.network.driver.mtu": "1500"},
        "labels": {LABEL: "docker_host"},
        **changes,
    }


PLANNED = {"name": "routable", "bridge": "routable0", "prefix": "2001:db8::/81"}


@pytest.mark.parametrize(
    ("found", "stale"),
    [
        (network(), []),
        (network(ipv6_subnets=["2001:db8:1::/81"]), ["routable"]),
        (network(ipv6_subnets=[]), ["routable"]),
        (network(bridge="br-0123456789ab"), ["routable"]),
        (network(name="former"), ["former"]),
        (network(ipv4=True), []),
        (network(ipv4=False), ["routable"]),
        (network(name="theirs", labels={}, ipv6_subnets=["2001:db8:1::/81"]), []),
    ],
)
def test_stale_networks(found: dict[str, t.Any], stale: list[str]) -> None:
    assert stale_networks([found], PLANNED, LABEL) == stale


def test_a_network_that_is_to_lose_ipv4_is_made_anew() -> None:
    planned = {**PLANNED, "ipv4": False}
    assert stale_networks([network(ipv4=True)], planned, LABEL) == ["routable"]
    assert stale_networks([network(ipv4=False)], planned, LABEL) == []


def test_every_network_of_ours_goes_when_none_is_planned() -> None:
    assert stale_networks([network(), network(name="theirs", labels={})], None, LABEL) == ["routable"]


TO_MAKE = {**PLANNED, "gateway": "2001:db8:0:0::1", "ip_range": "2001:db8::8000:0:0/82"}
POOL = {"subnet": "2001:db8::/81", "gateway": "2001:db8::1", "ip_range": "2001:db8::8000:0:0/82"}


@pytest.mark.parametrize(
    ("found", "made"),
    [
        (network(), True),
        (network(ipv6_pools=[{**POOL, "gateway": "2001:0db8::0001/81"}]), True),
        (network(ipv6=False), False),
        (network(labels={}), False),
        (network(bridge="br-0123456789ab"), False),
        (network(options={}), False),
        (network(options={"com.docker.network.bridge.name": "other0"}), False),
        (network(ipv6_pools=[]), False),
        (network(ipv6_pools=[{**POOL, "gateway": None}]), False),
        (network(ipv6_pools=[{**POOL, "gateway": "2001:db8::2"}]), False),
        (network(ipv6_pools=[{**POOL, "ip_range": None}]), False),
        (network(ipv6_pools=[POOL, {**POOL, "subnet": "2001:db8:5::/81"}]), False),
        (network(name="former"), False),
        (network(ipv4=False), False),
    ],
)
def test_network_is_made(found: dict[str, t.Any], made: bool) -> None:
    options = {"com.docker.network.bridge.name": "routable0"}
    assert network_is_made([network(name="other", labels={}), found], TO_MAKE, options, LABEL) is made


def test_driver_options_are_compared_as_docker_keeps_them() -> None:
    found = [network(options={"com.docker.network.driver.mtu": "1400"})]
    assert network_is_made(found, TO_MAKE, {"com.docker.network.driver.mtu": 1400}, LABEL)
