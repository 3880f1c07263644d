# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host_input import (
    Port,
    docker_major,
    docker_name,
    read,
    read_ports,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused


def test_what_is_left_out_has_a_default() -> None:
    wanted = read({"host": "d1"})
    assert (wanted.prefix, wanted.network, wanted.names, wanted.hosts) == (None, "both", (), ("d1",))
    assert (wanted.bridge_name, wanted.network_name, wanted.docker) == ("routable0", "routable", None)
    assert (wanted.interface, wanted.uplink, wanted.routers, wanted.others) == ("", (), (), ())
    assert wanted == read({"host": "d1", "hosts": None, "uplink": None, "addresses": [], "docker_version": ""})


def test_a_name_may_be_bare() -> None:
    bare, full = read({"host": "d1", "addresses": ["web", {"name": "mail"}]}).names
    assert (bare.name, bare.address, bare.suffix, bare.ports) == ("web", None, None, ())
    assert (full.name, full.ports) == ("mail", ())


def test_others_are_addresses_and_prefixes() -> None:
    given = ["2001:db8::1", "2001:db8:0:1::5/64", "2001:db8:0:2::/64"]
    others = [str(other) for other in read({"host": "d1", "others": given}).others]
    assert others == ["2001:db8::1/128", "2001:db8:0:1::5/128", "2001:db8:0:2::/64"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "the plan's input=None: a mapping is needed, not NoneType"),
        ([], "a mapping is needed, not list"),
        ({}, "Give its name"),
        ({"host": ""}, "Give its name"),
        ({"host": 7}, "host=7: text is needed, not int"),
        ({"host": "d1", "prefx": "x"}, "prefx: known keys are"),
        ({"host": "d1", "hosts": "d1"}, "hosts=d1: a list is needed, not str"),
        ({"host": "d1", "hosts": [1]}, "hosts=1: text is needed"),
        ({"host": "d1", "prefix": "2001:db8::1/80"}, "prefix=2001:db8::1/80: bits are set"),
        ({"host": "d1", "prefix": "10.0.0.0/8"}, "prefix=10.0.0.0/8: this is IPv4"),
        ({"host": "d1", "network": "none"}, "network=none: known are both, bridge, user"),
        ({"host": "d1", "uplink": ["ens3"]}, "uplink=['ens3']: a mapping is needed"),
        ({"host": "d1", "uplink": {"name": "ens3"}}, "uplink: name: known keys are interface, addresses, routers"),
        ({"host": "d1", "uplink": {"addresses": ["2001:db8::1"]}}, "uplink.addresses=2001:db8::1: an address with"),
        ({"host": "d1", "uplink": {"routers": ["fe80::1%ens3"]}}, "uplink.routers=fe80::1%ens3: a zone"),
        ({"host": "d1", "others": ["x"]}, "others=x: this is not an IPv6 address"),
        ({"host": "d1", "addresses": "web"}, "addresses=web: a list is needed"),
        ({"host": "d1", "addresses": [7]}, "addresses=7: a mapping is needed, not int"),
        ({"host": "d1", "addresses": [{"nam": "web"}]}, "addresses: nam: known keys are"),
        ({"host": "d1", "addresses": [{"suffix": "::2"}]}, "addresses: name=: Docker takes names"),
        ({"host": "d1", "addresses": ["web", {"name": "web"}]}, "addresses: web: the name is given twice"),
        ({"host": "d1", "addresses": [{"name": "web", "address": "::x"}]}, "addresses: web: address=::x"),
        ({"host": "d1", "addresses": [{"name": "web", "suffix": "20"}]}, "addresses: web: suffix=20"),
        ({"host": "d1", "addresses": [{"name": "web", "ports": 80}]}, "addresses: web: ports=80: ports are a list"),
        ({"host": "d1", "docker_version": "latest"}, "docker_version=latest: this is not a version"),
        ({"host": "d1", "bridge_name": "docker0"}, "bridge_name=docker0: this is Docker's default bridge"),
        ({"host": "d1", "bridge_name": "sixteencharacter"}, "1 to 15 letters"),
        ({"host": "d1", "bridge_name": "a/b"}, "1 to 15 letters"),
        ({"host": "d1", "network_name": "x"}, "network_name=x: Docker takes names of two or more"),
    ],
)
def test_what_is_wrong_is_said(value: object, said: str) -> None:
    with pytest.raises(Refused) as caught:
        read(value)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["ab", "Web-1", "0_", "a.b-c_d", "x" * 200])
def test_names_that_docker_takes(name: str) -> None:
    assert docker_name(name, "name") == name


@pytest.mark.parametrize("name", ["", "a", "-ab", ".ab", "_ab", "a b", "a/b", "äb", "ab\n", "a:b"])
def test_names_that_docker_does_not_take(name: str) -> None:
    with pytest.raises(Refused, match="Docker takes names"):
        docker_name(name, "name")


@pytest.mark.parametrize(
    ("version", "major"),
    [
        ("", None),
        ("  ", None),
        ("20.10.24+dfsg1", 20),
        ("28.5.2", 28),
        ("5:29.1.0-1~debian.13~trixie", 29),
        ("v27.0", 27),
        ("27-ce", 27),
    ],
)
def test_the_version_of_docker(version: str, major: int | None) -> None:
    assert docker_major(version) == major


@pytest.mark.parametrize("version", ["x", "Docker version 28", "-1", "5:"])
def test_what_is_no_version(version: str) -> None:
    with pytest.raises(Refused, match="not a version"):
        docker_major(version)


def test_ports_in_every_form_and_in_order() -> None:
    given = ["443", 80, {"port": 53, "protocol": "udp"}, {"port": "53"}, {"port": 80, "protocol": "udp"}]
    assert read_ports(given, "ports") == (
        Port(53, "tcp"),
        Port(53, "udp"),
        Port(80, "tcp"),
        Port(80, "udp"),
        Port(443, "tcp"),
    )


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        ([0], "1 to 65535"),
        ([65536], "1 to 65535"),
        ([-1], "1 to 65535"),
        ([True], "1 to 65535"),
        ([8.5], "1 to 65535"),
        (["80/tcp"], "1 to 65535"),
        (["٣"], "1 to 65535"),
        ([None], "1 to 65535"),
        ([{}], "1 to 65535"),
        ([{"port": 80, "protocol": "sctp"}], "known are tcp and udp"),
        ([{"port": 80, "protocol": "TCP"}], "known are tcp and udp"),
        ([{"prt": 80}], "known keys are port, protocol"),
        ([80, {"port": "80"}], "80/tcp: the port is given twice"),
        ("80", "ports are a list"),
    ],
)
def test_what_is_no_port(ports: t.Any, said: str) -> None:
    with pytest.raises(Refused) as caught:
        read_ports(ports, "ports")
    assert said in str(caught.value)
