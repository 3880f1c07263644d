# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_rules import (
    HostNetworks,
    check_first_address,
    check_host,
    check_kind,
    first_address,
    host_networks,
)

# As iproute2 prints it on a host with an on-link /64, a bridge of Docker's and a VPN.
ADDRESSES = [
    {"ifname": "lo", "addr_info": [{"local": "::1", "prefixlen": 128}]},
    {
        "ifname": "ens3",
        "addr_info": [
            {"local": "2001:db8:0:1:5054:ff:fe3e:23e8", "prefixlen": 64},
            {"local": "fe80::5054:ff:fe3e:23e8", "prefixlen": 64},
        ],
    },
    {"ifname": "docker0", "addr_info": [{"local": "2001:db8:0:1:9::1", "prefixlen": 80}]},
    {"ifname": "tun0", "addr_info": [{"local": "2001:db8:0:1:7::7", "prefixlen": 128}]},
    {},
]
ROUTES = [
    {"dst": "2001:db8:0:1::/64", "dev": "ens3"},
    {"dst": "2001:db8:0:1:9::/80", "dev": "docker0"},
    {"dst": "2001:db8:77::/48", "dev": "tun0", "gateway": "fe80::7"},
    {"dst": "2001:db8:0:5::/64", "dev": "lo", "type": "unreachable"},
    {
        "dst": "2001:db8:66::/64",
        "nexthops": [{"gateway": "fe80::6", "dev": "ens3"}, {"gateway": "fe80::5", "dev": "ens3"}],
    },
    {"dst": "fe80::/64", "dev": "ens3"},
    {"dst": "default", "gateway": "fe80::1", "dev": "ens3"},
]
NEIGHBOURS = [
    {"dst": "fe80::1", "dev": "ens3", "router": None},
    {"dst": "2001:db8:0:1:1::1", "dev": "ens3", "router": None},
    {"dst": "2001:db8:0:1:2::1", "dev": "ens3"},
]


@pytest.fixture
def host() -> HostNetworks:
    return host_networks(ADDRESSES[:-1], ROUTES, NEIGHBOURS)


@pytest.mark.parametrize(
    "text", ["2001:db8::/64", "2001:DB8:0::/80", "fd00:1::/64", "2001:db8::8/126", "2001:db8::/127", "2a00::/16"]
)
def test_kind_accepted(text: str) -> None:
    assert check_kind(text, "p") == ipaddress.IPv6Network(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10.0.0.0/24", "p=10.0.0.0/24: this is IPv4 where IPv6 is needed"),
        ("2001:db8::1/128", "a /128 is one single address"),
        ("ff05::/64", "this is multicast"),
        ("fe80::/64", "this is link-local"),
        ("fe80:0:0:5::/64", "this is link-local"),
        ("::/0", "this is multicast"),
        ("::/64", "unspecified"),
        ("::ffff:0:0/100", "IPv4 addresses in IPv6 form"),
        ("2001:db8::5/64", "bits are set beyond the prefix length. Write 2001:db8::/64"),
        ("2001:db8::", "a prefix needs its length"),
        ("nonsense/64", "not an IPv6 address"),
        (5, "a prefix is text"),
    ],
)
def test_kind_refused(text: object, message: str) -> None:
    with pytest.raises(Refused) as caught:
        check_kind(text, "p")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "2001:db8:0:1:a::/80",
        # docker0 is to carry it: the address there is its own.
        "2001:db8:0:1:9::/80",
        "2001:db8:0:1:9::/96",
        # An unreachable route is how a routed prefix is kept from looping.
        "2001:db8:0:5::/64",
        "2001:db8:0:5::/65",
    ],
)
def test_host_accepted(host: HostNetworks, text: str) -> None:
    check_host(ipaddress.IPv6Network(text), "p", host, own=["docker0"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "2001:db8:0:1::/64",
            "p=2001:db8:0:1::/64: it equals 2001:db8:0:1::/64, to which the host has a route by ens3",
        ),
        ("2001:db8::/48", "it covers 2001:db8:0:1::/64"),
        ("2001:db8:0:1:5054::/80", "it holds 2001:db8:0:1:5054:ff:fe3e:23e8, an address of ens3"),
        ("2001:db8:0:1:7::/80", "it holds 2001:db8:0:1:7::7, an address of tun0"),
        ("2001:db8:0:1:1::/80", "it holds 2001:db8:0:1:1::1, the address of a router"),
        ("2001:db8:77::/48", "it equals 2001:db8:77::/48"),
        ("2001:db8:66::/63", "it covers 2001:db8:66::/64"),
    ],
)
def test_host_refused(host: HostNetworks, text: str, message: str) -> None:
    with pytest.raises(Refused) as caught:
        check_host(ipaddress.IPv6Network(text), "p", host, own=["docker0"])
    assert message in str(caught.value)


def test_host_without_route_still_counts_the_address_prefix() -> None:
    host = host_networks(ADDRESSES[:-1], [])
    with pytest.raises(Refused, match="it equals 2001:db8:0:1::/64, the prefix of ens3"):
        check_host(ipaddress.IPv6Network("2001:db8:0:1::/64"), "p", host)


def test_other_networks_of_docker() -> None:
    taken = {"web": ipaddress.IPv6Network("2001:db8:5::/64")}
    with pytest.raises(Refused, match="overlaps with 2001:db8:5::/64 of the Docker network web"):
        check_host(ipaddress.IPv6Network("2001:db8:5:0:1::/80"), "p", HostNetworks(), networks=taken)


def test_first_address() -> None:
    prefix = ipaddress.IPv6Network("2001:db8:0:1::/80")
    first = first_address(prefix)
    assert str(first) == "2001:db8:0:1::1"
    check_first_address(prefix, "p", first, None)
    with pytest.raises(Refused, match="the bridge would take 2001:db8:0:1::1, and somebody on ens3 has that address"):
        check_first_address(prefix, "p", first, "ens3")


def test_reading_the_host(host: HostNetworks) -> None:
    assert [str(one) for one in host.on("ens3")] == ["2001:db8:0:1:5054:ff:fe3e:23e8/64"]
    assert [str(one.prefix) for one in host.routes_on("docker0")] == ["2001:db8:0:1:9::/80"]
    assert [str(one) for one in host.routers] == ["2001:db8:0:1:1::1", "fe80::1", "fe80::5", "fe80::6", "fe80::7"]
    assert host.on_link(ipaddress.IPv6Address("2001:db8:0:1:9::1")) == "docker0"
    assert host.on_link(ipaddress.IPv6Address("2001:db8:0:1:9::1"), without=["docker0"]) == "ens3"
    assert host.on_link(ipaddress.IPv6Address("2001:db8:77::1")) is None
    assert host.on_link(ipaddress.IPv6Address("2001:db8:99::1")) is None
