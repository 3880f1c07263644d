# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_sources import inventory, read_source
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# `docker network inspect routable other` of Docker 26.1, shortened.
INSPECTED = [
    {
        "Name": "routable",
        "Containers": {
            "6f0e": {"Name": "web", "IPv4Address": "172.18.0.2/16", "IPv6Address": "2001:db8:0:1:d:8000:0:20/81"},
            "77aa": {"Name": "api", "IPv4Address": "172.18.0.3/16", "IPv6Address": "2001:db8:0:1:d:8000:0:21/81"},
            "77ab": {"Name": "old", "IPv4Address": "172.18.0.4/16", "IPv6Address": ""},
        },
    },
    {"Name": "other", "Containers": {"6f0e": {"Name": "web", "IPv6Address": "2001:db8:0:9::2/64"}}},
    {"Name": "none", "Containers": {}},
]
# `ip -6 -j addr` of iproute2 6.1, shortened.
ADDRESSES = [
    {"ifname": "lo", "addr_info": [{"family": "inet6", "local": "::1", "prefixlen": 128, "scope": "host"}]},
    {
        "ifname": "ens3",
        "addr_info": [
            {"family": "inet6", "local": "2001:db8:0:1::a", "prefixlen": 64, "scope": "global"},
            {"family": "inet6", "local": "2001:db8:0:1::f00", "prefixlen": 64, "scope": "global", "temporary": True},
            {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"},
        ],
    },
    {
        "ifname": "ens4",
        "addr_info": [
            {"family": "inet6", "local": "2001:db8:0:2::a", "prefixlen": 64, "scope": "global"},
            {"family": "inet6", "local": "2001:db8:0:2::b", "prefixlen": 64, "scope": "global"},
        ],
    },
]
CLOUD_CONFIG = {
    "networks": [
        {
            "name": "default",
            "type": "manual",
            "subnets": [
                {"range": "10.0.0.0/24", "gateway": "10.0.0.1"},
                {
                    "range": "2001:db8:0:5::/64",
                    "gateway": "2001:db8:0:5::1",
                    "reserved": ["2001:db8:0:5::2 - 2001:db8:0:5::5", "2001:db8:0:5::9"],
                },
            ],
        },
        {"name": "six", "subnets": [{"range": "2001:db8:0:6::/64"}, {"range": "2001:db8:0:7::/64"}]},
        {"name": "vip", "type": "vip"},
    ]
}


def places(entries: list[dict[str, t.Any]]) -> dict[str, str]:
    assert len({entry["name"] for entry in entries}) == len(entries)
    return {entry["name"]: entry.get("address") or entry["prefix"] for entry in entries}


def test_docker() -> None:
    assert places(read_source("docker", INSPECTED)) == {
        "api": "2001:db8:0:1:d:8000:0:21",
        "web@other": "2001:db8:0:9::2",
        "web@routable": "2001:db8:0:1:d:8000:0:20",
    }
    assert places(read_source("docker", INSPECTED, network="other")) == {"web": "2001:db8:0:9::2"}
    info = {"containers": [{"name": "web", "addresses": {"a": "2001:db8::1", "b": "fe80::1"}}], "version": "28"}
    assert read_source("docker", info, owner="one") == [{"name": "web", "address": "2001:db8::1", "owner": "one"}]
    assert read_source("docker", INSPECTED[1], network="routable") == []


def test_ip_addr() -> None:
    assert places(read_source("ip_addr", ADDRESSES, owner="one")) == {
        "one:ens3": "2001:db8:0:1::a",
        "one:ens4:2001:db8:0:2::a": "2001:db8:0:2::a",
        "one:ens4:2001:db8:0:2::b": "2001:db8:0:2::b",
    }
    assert "ens3" in places(read_source("ip_addr", ADDRESSES))


def test_bosh() -> None:
    assert places(read_source("bosh_cloud_config", CLOUD_CONFIG)) == {
        "default": "2001:db8:0:5::/64",
        "six[0]": "2001:db8:0:6::/64",
        "six[1]": "2001:db8:0:7::/64",
    }
    assert list(places(read_source("bosh_cloud_config", CLOUD_CONFIG, network="six"))) == ["six[0]", "six[1]"]
    run = "default reserved 2001:db8:0:5::2 - 2001:db8:0:5::5"
    assert places(read_source("bosh_reserved", CLOUD_CONFIG)) == {
        "default gateway": "2001:db8:0:5::1",
        f"{run} (2001:db8:0:5::2/127)": "2001:db8:0:5::2/127",
        f"{run} (2001:db8:0:5::4/127)": "2001:db8:0:5::4/127",
        "default reserved 2001:db8:0:5::9": "2001:db8:0:5::9",
    }


def test_csv() -> None:
    table = "pool,name,prefix,address,owner,state\nweb,a,,2001:db8::1,me,active\nweb,b,,2001:db8::2,me,quarantine\n,c,2001:db8:1::/64,,,\n"
    assert read_source("csv", table, owner="all") == [
        {"pool": "web", "name": "a", "address": "2001:db8::1", "owner": "me"},
        {"name": "c", "prefix": "2001:db8:1::/64", "owner": "all"},
    ]
    with pytest.raises(Refused, match="the header is who, where"):
        read_source("csv", "who,where\na,b\n")


def test_netbox() -> None:
    exported = (
        "Prefix,Status,Description\n2001:db8:1::/64,Active,docker1\n10.0.0.0/8,Active,old\n2001:db8:2::/64,Active,\n"
    )
    assert places(read_source("netbox", exported)) == {
        "docker1": "2001:db8:1::/64",
        "2001:db8:2::/64": "2001:db8:2::/64",
    }
    exported = "IP Address,Status,DNS Name\n2001:db8:1::5/64,Active,www.example.org\n"
    assert read_source("netbox", exported) == [{"name": "www.example.org", "address": "2001:db8:1::5"}]
    answer = {"results": [{"address": "2001:db8::5/64", "dns_name": "", "description": "five"}]}
    assert read_source("netbox", answer) == [{"name": "five", "address": "2001:db8::5"}]


def test_inventory() -> None:
    hosts = {
        "one": {"docker_host_prefix": "2001:DB8:0:1::/64", "ansible_host": "192.0.2.1"},
        "two": {
            "ansible_host": "2001:db8::2",
            "names": [{"name": "web", "address": "2001:db8::3"}, "auto", {"name": "s"}],
        },
        "three": {"docker_host_prefix": ""},
    }
    assert inventory(hosts) == [
        {"name": "one/docker_host_prefix", "owner": "one", "prefix": "2001:db8:0:1::/64"},
        {"name": "two/ansible_host", "owner": "two", "address": "2001:db8::2"},
        {"name": "two/web", "owner": "two", "address": "2001:db8::3"},
    ]
    assert inventory({"one": {"docker_host_prefix": "2001:db8::/64"}})[0]["name"] == "one"
    with pytest.raises(Refused, match=r"one: p=2001:db8::1/64"):
        inventory({"one": {"p": "2001:db8::1/64"}})


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("docker", [{"Id": "x"}]),
        ("docker", "text"),
        ("ip_addr", [{"addr_info": [{}]}]),
        ("bosh_cloud_config", {}),
        ("csv", {"a": 1}),
        ("netbox", [{"name": "x"}]),
    ],
)
def test_a_document_of_another_kind(kind: str, document: object) -> None:
    with pytest.raises(Refused, match="the document is of another kind"):
        read_source(kind, document)
