# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_keys import KEYS, effective, same, to_config
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_rules import (
    Case,
    check,
    gateway_of,
    parse_version,
    subnet_of,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.modules.docker_ipv6_daemon import EXAMPLES

V20, V23, V24, V25, V26, V27, V280, V282, V285, V29 = VERSIONS = (
    (20, 10, 24),
    (23, 0, 6),
    (24, 0, 9),
    (25, 0, 5),
    (26, 1, 5),
    (27, 5, 1),
    (28, 0, 4),
    (28, 2, 2),
    (28, 5, 2),
    (29, 0, 0),
)
PREFIX = "2001:db8:5::/80"
ON = {"ipv6": True, "fixed-cidr-v6": PREFIX}
V4 = {"base": "10.9.0.0/16", "size": 24}


def refused(config: dict[str, t.Any], version: tuple[int, ...] | None, **more: t.Any) -> str | None:
    """The message with which a configuration is refused, None when it is fine."""
    given = more.pop("given", list(config))
    try:
        check(Case(config, given, version, **more))
    except Refused as error:
        return str(error)
    return None


# What has to be the case, by the first version in which it is fine. None is never, (0,) is always.
ALWAYS, NEVER = (0,), (99,)
MTU = {"com.docker.network.driver.mtu": "1400"}
MODE = "com.docker.network.bridge.gateway_mode_ipv6"
SINCE: list[tuple[str, dict[str, t.Any], tuple[int, ...]]] = [
    ("ipv6 with prefix", ON, ALWAYS),
    ("ipv6 without prefix", {"ipv6": True}, (28, 0)),
    ("ipv6 off", {"ipv6": False}, ALWAYS),
    ("prefix without ipv6", {"ipv6": False, "fixed-cidr-v6": PREFIX}, NEVER),
    ("a /127", {**ON, "fixed-cidr-v6": "2001:db8::/127"}, ALWAYS),
    ("a /128", {**ON, "fixed-cidr-v6": "2001:db8::1/128"}, NEVER),
    ("multicast", {**ON, "fixed-cidr-v6": "ff05::/64"}, NEVER),
    ("link-local", {**ON, "fixed-cidr-v6": "fe80:0:0:5::/64"}, NEVER),
    ("IPv4", {**ON, "fixed-cidr-v6": "10.0.0.0/24"}, NEVER),
    ("gateway inside", {**ON, "default-gateway-v6": "2001:db8:5::5"}, ALWAYS),
    ("gateway outside", {**ON, "default-gateway-v6": "2001:db8:6::5"}, NEVER),
    ("gateway is the bridge", {**ON, "default-gateway-v6": "2001:db8:5::1"}, NEVER),
    ("gateway is anycast", {**ON, "default-gateway-v6": "2001:db8:5::"}, NEVER),
    ("gateway without ipv6", {"ipv6": False, "default-gateway-v6": "2001:db8:5::5"}, NEVER),
    ("gateway without prefix", {"ipv6": True, "default-gateway-v6": "2001:db8:5::5"}, NEVER),
    ("bip6", {"ipv6": True, "bip6": "2001:db8:5::7/64"}, (28, 0)),
    ("bip6 with part", {"ipv6": True, "bip6": "2001:db8:5::7/64", "fixed-cidr-v6": PREFIX}, (28, 0)),
    ("bip6 with no part", {"ipv6": True, "bip6": "2001:db8:5::7/64", "fixed-cidr-v6": "2001:db8:6::/80"}, NEVER),
    ("bip6 anycast", {"ipv6": True, "bip6": "2001:db8:5::/64"}, NEVER),
    ("bip6 garbage", {"ipv6": True, "bip6": "nonsense"}, NEVER),
    ("bip6 /128", {"ipv6": True, "bip6": "2001:db8:5::7/128"}, NEVER),
    (
        "bip6 with gateway of its own",
        {"ipv6": True, "bip6": "2001:db8:5::7/64", "default-gateway-v6": "2001:db8:5::7"},
        NEVER,
    ),
    (
        "bip6 with other gateway",
        {"ipv6": True, "bip6": "2001:db8:5::7/64", "default-gateway-v6": "2001:db8:5::1"},
        (28, 0),
    ),
    ("ip6tables off", {**ON, "ip6tables": False}, ALWAYS),
    ("ip6tables", {**ON, "ip6tables": True}, (27, 0)),
    ("ip6tables, experimental", {**ON, "ip6tables": True, "experimental": True}, ALWAYS),
    ("ip-forward", {**ON, "ip-forward": False}, ALWAYS),
    ("ip-masq", {**ON, "ip-masq": False}, ALWAYS),
    ("no drop", {**ON, "ip-forward-no-drop": True}, (28, 0)),
    ("direct routing", {**ON, "allow-direct-routing": True}, (28, 2)),
    ("firewall backend", {**ON, "firewall-backend": "nftables"}, (29, 0)),
    ("mark", {**ON, "bridge-accept-fwmark": "0x1"}, (29, 0)),
    ("IPv4 pool", {"default-address-pools": [V4]}, ALWAYS),
    ("IPv6 pools only", {"default-address-pools": [{"base": "2001:db8:7::/64", "size": 64}]}, NEVER),
    ("one subnet per pool", {"default-address-pools": [V4, {"base": "2001:db8:7::/64", "size": 64}]}, ALWAYS),
    ("many subnets per pool", {"default-address-pools": [V4, {"base": "2001:db8:7::/56", "size": 64}]}, (27, 0)),
    ("very many subnets", {"default-address-pools": [V4, {"base": "2001:db8:7::/64", "size": 96}]}, (27, 0)),
    ("very many IPv4 subnets", {"default-address-pools": [{"base": "10.0.0.0/8", "size": 30}]}, (27, 0)),
    ("size below base", {"default-address-pools": [V4, {"base": "2001:db8:7::/64", "size": 56}]}, NEVER),
    ("size of a single address", {"default-address-pools": [V4, {"base": "2001:db8:7::/64", "size": 128}]}, NEVER),
    ("garbage base", {"default-address-pools": [V4, {"base": "nonsense", "size": 64}]}, NEVER),
    ("garbage IPv6 base", {"default-address-pools": [V4, {"base": "2001:xx::/64", "size": 64}]}, NEVER),
    ("multicast base", {"default-address-pools": [V4, {"base": "ff05::/64", "size": 64}]}, NEVER),
    ("unspecified base", {"default-address-pools": [V4, {"base": "::/64", "size": 96}]}, NEVER),
    ("pools that overlap", {"default-address-pools": [V4, {"base": "10.9.1.0/24", "size": 24}]}, NEVER),
    ("no size", {"default-address-pools": [{"base": "10.9.0.0/16"}]}, NEVER),
    ("network options", {"default-network-opts": {"bridge": MTU}}, (24, 0)),
    ("option not text", {"default-network-opts": {"bridge": {"com.docker.network.driver.mtu": 1400}}}, NEVER),
    ("option unknown", {"default-network-opts": {"bridge": {"com.docker.network.nonsense": "1"}}}, NEVER),
    ("option of another driver", {"default-network-opts": {"macvlan": {"parent": "eth0"}}}, (24, 0)),
    ("enable_ipv6", {"default-network-opts": {"bridge": {"com.docker.network.enable_ipv6": "true"}}}, (27, 0)),
    ("enable_ipv4", {"default-network-opts": {"bridge": {"com.docker.network.enable_ipv4": "false"}}}, (28, 0)),
    ("routed", {"default-network-opts": {"bridge": {MODE: "routed"}}}, (27, 0)),
    ("isolated", {"default-network-opts": {"bridge": {MODE: "isolated"}}}, (28, 0)),
    ("mode unknown", {"default-network-opts": {"bridge": {MODE: "open"}}}, NEVER),
    (
        "trusted",
        {"default-network-opts": {"bridge": {"com.docker.network.bridge.trusted_host_interfaces": "eth0"}}},
        (28, 2),
    ),
    ("host gateways", {"host-gateway-ips": ["192.0.2.1", "2001:db8::1"]}, (28, 0)),
    ("host gateway", {"host-gateway-ip": "192.0.2.1"}, ALWAYS),
    ("two of a family", {"host-gateway-ips": ["2001:db8::2", "2001:db8::1"]}, NEVER),
    ("mirrors", {"registry-mirrors": ["https://mirror.example.org", "http://[2001:db8::1]:5000/"]}, ALWAYS),
    ("mirror without scheme", {"registry-mirrors": ["mirror.example.org"]}, NEVER),
    ("mirror with a path", {"registry-mirrors": ["https://mirror.example.org/v2"]}, NEVER),
    ("mirror with a user", {"registry-mirrors": ["https://me@mirror.example.org"]}, NEVER),
    ("mirror that is no URL", {"registry-mirrors": ["http://[mirror"]}, NEVER),
    ("text for a switch", {**ON, "ip-masq": "false"}, NEVER),
    ("no default bridge", {**ON, "bridge": "none"}, NEVER),
    ("another bridge", {**ON, "bridge": "br0"}, NEVER),
    ("no default bridge, no IPv6", {"ipv6": False, "bridge": "none"}, ALWAYS),
]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: ".".join(map(str, version)))
@pytest.mark.parametrize("row", SINCE, ids=[row[0] for row in SINCE])
def test_since(row: tuple[str, dict[str, t.Any], tuple[int, ...]], version: tuple[int, ...]) -> None:
    dummy, config, since = row
    assert (refused(config, version) is None) == (version >= since), refused(config, version)


@pytest.mark.parametrize("row", [row for row in SINCE if row[2] != NEVER], ids=lambda row: row[0])
def test_unknown_version_refuses_nothing_that_some_version_takes(
    row: tuple[str, dict[str, t.Any], tuple[int, ...]],
) -> None:
    assert refused(row[1], None) is None


@pytest.mark.parametrize(
    ("config", "version", "message"),
    [
        (
            {"ipv6": True},
            V26,
            "ipv6=true: Docker 26.1.5 does not start without a subnet for the default bridge. Give fixed_cidr_v6.",
        ),
        (
            {"ipv6": True, "bip6": "2001:db8::1/64"},
            V26,
            "bip6=2001:db8::1/64: bip6 is there since Docker 28.0, this is Docker 26.1.5, and it does not start with a "
            "key that it does not know. Leave bip6 out, or install Docker 28.0.",
        ),
        ({"default-network-opts": {"bridge": MTU}}, V20, "this release ignores it without a word"),
        ({"default-network-opts": {"bridge": MTU}}, V23, "it does not start with a key that it does not know"),
        ({**ON, "ip6tables": True}, V20, "Set experimental to true as well, or leave ip6tables out."),
        (
            {**ON, "default-gateway-v6": "2001:db8:6::1"},
            V285,
            "default_gateway_v6=2001:db8:6::1: it must lie inside 2001:db8:5::/80",
        ),
        (
            {"default-address-pools": [V4, {"base": "2001:db8::/56", "size": 64}]},
            V26,
            "Give each subnet as a pool of its own, with size 56",
        ),
    ],
)
def test_messages(config: dict[str, t.Any], version: tuple[int, ...], message: str) -> None:
    found = refused(config, version)
    assert found is not None and message in found


def test_messages_name_the_key_of_a_file_by_its_own_name() -> None:
    found = refused({**ON, "ip6tables": True}, V26, given=["ipv6"])
    assert found is not None and found.startswith("ip6tables=true: ")
    found = refused({**ON, "default-gateway-v6": "2001:db8:6::1"}, V26, given=[])
    assert found is not None and found.startswith("default-gateway-v6=2001:db8:6::1: ")


def test_host_bits_in_a_file_that_was_there_are_docker_s_business() -> None:
    assert refused({**ON, "fixed-cidr-v6": "2001:db8::5/64"}, V26, given=["ipv6"]) is None
    assert "bits are set" in str(refused({**ON, "fixed-cidr-v6": "2001:db8::5/64"}, V26))


def test_a_foreign_prefix_without_ipv6_is_no_mistake_of_ours() -> None:
    assert refused({"ipv6": False, "fixed-cidr-v6": PREFIX}, V26, given=["ipv6"]) is None


def test_nftables_needs_forwarding_and_no_swarm() -> None:
    config = {**ON, "firewall-backend": "nftables"}
    assert "net.ipv6.conf.all.forwarding" in str(refused(config, V29, forwarding=False))
    assert "Swarm" in str(refused(config, V29, swarm=True))
    assert refused({**ON, "firewall-backend": "iptables"}, V29, forwarding=False, swarm=True) is None


def test_warnings() -> None:
    def warnings(config: dict[str, t.Any], version: tuple[int, ...]) -> str:
        return " ".join(check(Case(config, list(config), version)))

    assert warnings(ON, V26) == ""
    assert "unique local" in warnings({"ipv6": True}, V285)
    assert "IPv4 masquerading" in warnings({**ON, "ip-masq": False}, V26)
    option = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
    assert "IPv4 masquerading" in warnings({"default-network-opts": {"bridge": option}}, V26)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Docker version 20.10.24+dfsg1, build 5d6db84", (20, 10, 24)),
        ("Docker version 28.5.2+dfsg4, build 3ef3c07c883be49a2e8097bcf6d2952fce1d70eb", (28, 5, 2)),
        ("Docker version v29.0.0-rc.1, build 1234", (29, 0, 0)),
        ("Docker version 26.1, build x", (26, 1, 0)),
    ],
)
def test_parse_version(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["", "garbage", "Docker version 19.03.15, build 99e3ed8"])
def test_parse_version_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse_version(text)


def test_subnet_and_gateway() -> None:
    assert (str(subnet_of(ON)), str(gateway_of(ON))) == (PREFIX, "2001:db8:5::1")
    bip6 = {**ON, "bip6": "2001:db8:5::7/64"}
    assert (str(subnet_of(bip6)), str(gateway_of(bip6))) == ("2001:db8:5::/64", "2001:db8:5::7")
    assert (subnet_of({"ipv6": True}), gateway_of({"ipv6": True})) == (None, None)


def test_every_key_is_in_a_row() -> None:
    rows = {key for dummy, config, dummy2 in SINCE for key in config}
    assert rows >= {key.key for key in KEYS} - {"experimental"}


@pytest.mark.parametrize(
    ("key", "config", "version", "value"),
    [
        ("ip6tables", {}, V26, False),
        ("ip6tables", {}, V27, True),
        ("ip6tables", {"ip6tables": False}, V27, False),
        ("ip-masq", {}, V26, True),
        ("ipv6", {}, V26, False),
        ("fixed-cidr-v6", {}, V26, None),
        ("fixed-cidr-v6", {"fixed-cidr-v6": "2001:DB8::5/64"}, V26, "2001:db8::/64"),
    ],
)
def test_effective(key: str, config: dict[str, t.Any], version: tuple[int, ...], value: object) -> None:
    assert effective(config, key, version) == value


@pytest.mark.parametrize(
    ("key", "one", "other", "equal"),
    [
        ("fixed-cidr-v6", "2001:DB8:0:0::/64", "2001:db8::/64", True),
        ("fixed-cidr-v6", "2001:db8::/64", "2001:db8::/80", False),
        ("fixed-cidr-v6", "nonsense", "2001:db8::/80", False),
        ("bip6", "2001:db8::0001/64", "2001:db8::1/64", True),
        ("bip6", "2001:db8::2/64", "2001:db8::1/64", False),
        ("default-gateway-v6", "2001:db8:0::1", "2001:db8::1", True),
        ("host-gateway-ips", ["2001:db8::1", "192.0.2.1"], ["192.0.2.1", "2001:db8:0::1"], True),
        ("registry-mirrors", ["https://a.example.org/"], ["https://a.example.org"], True),
        ("registry-mirrors", ["https://a.example.org", "https://b.example.org"], ["https://a.example.org"], False),
        (
            "default-address-pools",
            [{"base": "2001:db8:0::/64", "size": 64}],
            [{"size": 64, "base": "2001:db8::/64"}],
            True,
        ),
        ("default-address-pools", [{"base": "2001:db8::/64"}], [{"size": 64, "base": "2001:db8::/64"}], False),
        ("ipv6", True, "true", False),
    ],
)
def test_same(key: str, one: object, other: object, equal: bool) -> None:
    assert same(key, one, other) is equal


def test_to_config() -> None:
    options = {
        "ipv6": True,
        "fixed_cidr_v6": "2001:DB8:0::/64",
        "default_gateway_v6": "2001:db8:0::5",
        "bip6": None,
        "default_network_opts": {
            "bridge": {"com.docker.network.enable_ipv6": True, "com.docker.network.driver.mtu": 1400}
        },
        "host_gateway_ips": ["192.0.2.1"],
    }
    expected = {
        "ipv6": True,
        "fixed-cidr-v6": "2001:db8::/64",
        "default-gateway-v6": "2001:db8::5",
        "default-network-opts": {
            "bridge": {"com.docker.network.enable_ipv6": "true", "com.docker.network.driver.mtu": "1400"}
        },
    }
    assert to_config(options, V285) == {**expected, "host-gateway-ips": ["192.0.2.1"]}
    assert to_config(options, V26) == {**expected, "host-gateway-ip": "192.0.2.1"}
    with pytest.raises(Refused, match="there is one address for host-gateway"):
        to_config({"host_gateway_ips": ["192.0.2.1", "2001:db8::1"]}, V26)
    with pytest.raises(Refused, match="each driver has a mapping"):
        to_config({"default_network_opts": {"com.docker.network.enable_ipv6": True}}, V26)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_documented_examples_are_accepted(index: int) -> None:
    options = {"ipv6": True, **yaml.safe_load(EXAMPLES)[index]["routable.ipv6.docker_ipv6_daemon"]}
    assert refused(to_config(options, V285), V285) is None
