# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host_facts import stale_networks, uplink_of_facts
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

LABEL = "routable.ipv6"
FACTS: dict[str, t.Any] = {
    "interfaces": ["lo", "ens3.100", "br-lan"],
    "default_ipv6": {"gateway": "fe80::1", "interface": "ens3.100"},
    "ens3.100": {"device": "ens3.100", "ipv6": [{"address": "2001:db8::1", "prefix": "64", "scope": "global"}]},
    "br_lan": {"device": "br-lan", "ipv6": []},
}


def test_uplink_with_the_router() -> None:
    assert uplink_of_facts(FACTS, "ens3.100") == {
        "interface": "ens3.100",
        "addresses": ["2001:db8::1/64"],
        "routers": ["fe80::1"],
    }


def test_a_hyphen_in_the_name_is_found_and_the_router_of_another_interface_is_not_taken() -> None:
    assert uplink_of_facts(FACTS, "br-lan") == {"interface": "br-lan", "addresses": [], "routers": []}


@pytest.mark.parametrize("interface", ["eth0", "br_lan", "default_ipv6"])
def test_an_interface_that_is_not_there(interface: str) -> None:
    with pytest.raises(
        Refused, match=f"^uplink={interface}: the host has no such interface; there are br-lan, ens3.100, lo"
    ):
        uplink_of_facts(FACTS, interface)


def test_no_default_route_and_no_interface_named() -> None:
    with pytest.raises(Refused, match="Name the interface"):
        uplink_of_facts({"interfaces": ["lo"], "default_ipv6": {}}, "")


def network(**changes: t.Any) -> dict[str, t.Any]:
    return {
        "name": "routable",
        "bridge": "routable0",
        "ipv6_subnets": ["2001:db8:0:0::/81"],
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
        (network(name="theirs", labels={}, ipv6_subnets=["2001:db8:1::/81"]), []),
    ],
)
def test_stale_networks(found: dict[str, t.Any], stale: list[str]) -> None:
    assert stale_networks([found], PLANNED, LABEL) == stale


def test_every_network_of_ours_goes_when_none_is_planned() -> None:
    assert stale_networks([network(), network(name="theirs", labels={})], None, LABEL) == ["routable"]
