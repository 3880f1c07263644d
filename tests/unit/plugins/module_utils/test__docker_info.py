# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._docker_info import (
    container_of,
    deaf,
    missing_inside,
    network_of,
    version_of,
)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Docker version 20.10.24+dfsg1, build 5d6db84\n", "20.10.24+dfsg1"),
        ("Docker version 26.1.5+dfsg1, build 411e817", "26.1.5+dfsg1"),
        ("Docker version 28.5.2+dfsg3, build 89c5e8f", "28.5.2+dfsg3"),
        ("", ""),
        ("command not found", ""),
    ],
)
def test_version(text: str, version: str) -> None:
    assert version_of(text) == version


def network(**changes: t.Any) -> dict[str, t.Any]:
    return {
        "Name": "routable",
        "Id": "0123456789abcdef",
        "Driver": "bridge",
        "EnableIPv6": True,
        "IPAM": {"Config": [{"Subnet": "172.18.0.0/16"}, {"Subnet": "2001:db8::/81"}]},
        "Options": {"com.docker.network.bridge.name": "routable0"},
        "Labels": {"routable.ipv6": "docker_host"},
        **changes,
    }


def test_network_families_are_told_apart() -> None:
    found = network_of(network())
    assert (found["ipv4_subnets"], found["ipv6_subnets"]) == (["172.18.0.0/16"], ["2001:db8::/81"])
    assert found["bridge"] == "routable0"


def test_a_bridge_without_a_name_is_called_after_its_network() -> None:
    assert network_of(network(Options={}))["bridge"] == "br-0123456789ab"


def test_a_network_of_another_driver_has_no_bridge_and_may_have_null_everywhere() -> None:
    found = network_of(network(Driver="host", Options=None, Labels=None, IPAM={"Config": None}, EnableIPv6=None))
    assert (found["bridge"], found["ipv6"], found["ipv6_subnets"], found["labels"]) == ("", False, [], {})


def test_a_container_has_the_addresses_that_it_was_given() -> None:
    document = {
        "Id": "feedbeef" * 8,
        "Names": ["/web"],
        "NetworkSettings": {
            "Networks": {
                "routable": {"GlobalIPv6Address": "2001:db8::20"},
                "bridge": {"GlobalIPv6Address": ""},
                "other": {"GlobalIPv6Address": None},
            }
        },
    }
    assert container_of(document)["addresses"] == {"routable": "2001:db8::20"}
    assert container_of(document)["name"] == "web"


def test_whether_a_network_has_ipv4() -> None:
    # Before Docker 28 the document does not say so.
    assert [network_of(network(**more))["ipv4"] for more in ({}, {"EnableIPv4": True}, {"EnableIPv4": False})] == [
        True,
        True,
        False,
    ]


def test_an_address_that_is_not_inside() -> None:
    loopback = "00000000000000000000000000000001 01 80 10 80       lo"
    inside = "20010db8000000000000000000000020 03 40 00 80     eth0"
    container = {"name": "web", "addresses": {"routable": "2001:db8::20"}}
    assert missing_inside(container, f"{loopback}\n{inside}\n") == []
    # disable_ipv6 takes them all.
    assert missing_inside(container, "") == missing_inside(container, loopback) == ["routable"]
    (text,) = deaf({**container, "missing_inside": ["routable"]})
    assert "2001:db8::20 of the network routable" in text and "disable_ipv6=0" in text
    assert deaf({**container, "missing_inside": []}) == []
