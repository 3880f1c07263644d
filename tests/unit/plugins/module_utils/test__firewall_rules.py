# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import itertools
import typing as t

import netaddr
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _firewall_rules as rules
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

PREFIX = "2001:db8:0:1:d::/80"
WEB = "2001:db8:0:1:d:8000:0:20"


def wish(**more: t.Any) -> rules.Firewall:
    given: dict[str, t.Any] = {"name": "containers", "prefixes": [PREFIX], "allow": [], "bridges": ["docker0"], **more}
    return rules.read(**given)


def test_the_whole_text() -> None:
    allow = [{"address": WEB.upper(), "ports": [80, {"port": 53, "protocol": "udp"}]}]
    assert rules.render(wish(allow=allow, bridges=["routable0", "docker0"])) == (
        """#!/usr/sbin/nft -f
# Made by the Ansible module routable.ipv6.ipv6_firewall; changes are lost at its next run.
# Naming the table before deleting it keeps this valid where there is none.
table ip6 routable_containers {
}
delete table ip6 routable_containers
table ip6 routable_containers {
    set prefixes {
        type ipv6_addr
        flags interval
        elements = {
            2001:db8:0:1:d::/80
        }
    }
    set opened {
        type ipv6_addr . inet_proto . inet_service
        flags interval
        elements = {
            2001:db8:0:1:d:8000:0:20 . udp . 53,
            2001:db8:0:1:d:8000:0:20 . tcp . 80
        }
    }
    chain forward {
        type filter hook forward priority -10; policy accept;
        ip6 daddr != @prefixes accept
        ct state established,related accept
        ct status dnat accept
        iifname "docker0" oifname "docker0" accept
        iifname "routable0" oifname "routable0" accept
        icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request } accept
        ip6 daddr . meta l4proto . th dport @opened accept
        counter drop
    }
    chain input {
        type filter hook input priority -10; policy accept;
        ip6 daddr != @prefixes accept
        ct state established,related accept
        iifname "lo" accept
        iifname "docker0" accept
        iifname "routable0" accept
        meta l4proto ipv6-icmp accept
        ip6 daddr . meta l4proto . th dport @opened accept
        counter drop
    }
}
""".replace("    ", "\t")
    )


def test_nothing_opened_is_an_empty_set() -> None:
    assert "set opened {\n\t\ttype ipv6_addr . inet_proto . inet_service\n\t\tflags interval\n\t}" in rules.render(
        wish()
    )


def test_prefixes_are_joined() -> None:
    given = ["2001:db8::/65", "2001:db8:0:0:8000::/65", "2001:db8::5:0/112", "2001:db8:1::/64"]
    assert [str(prefix) for prefix in wish(prefixes=given).prefixes] == ["2001:db8::/64", "2001:db8:1::/64"]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 15), st.integers(124, 128), st.sampled_from([80, 443]), st.sampled_from(["tcp", "udp"])
        ),
        max_size=8,
    )
)
def test_what_is_opened_is_what_was_asked_for_without_overlaps(entries: list[tuple[int, int, int, str]]) -> None:
    allow = []
    asked: dict[tuple[int, str], netaddr.IPSet] = {}
    for number, length, port, protocol in entries:
        network = str(netaddr.IPNetwork(f"2001:db8:0:1:d::{number:x}/{length}").cidr)
        address = network.replace("/128", "")
        allow.append({"address": address, "ports": [{"port": port, "protocol": protocol}]})
        asked.setdefault((port, protocol), netaddr.IPSet()).add(netaddr.IPNetwork(network))
    found: dict[tuple[int, str], list[ipaddress.IPv6Network]] = {}
    for network, port in wish(allow=allow).opened:
        found.setdefault((port.port, port.protocol), []).append(network)
    assert {key: netaddr.IPSet(str(network) for network in networks) for key, networks in found.items()} == asked
    for networks in found.values():
        assert not any(one.overlaps(other) for one, other in itertools.combinations(networks, 2))


def test_the_order_of_a_wish_means_nothing() -> None:
    allow = [{"address": WEB, "ports": [80, 443]}, {"address": "2001:db8:0:1:d::7", "ports": [22]}]
    turned = [{"address": entry["address"], "ports": [*reversed(entry["ports"])]} for entry in reversed(allow)]
    assert wish(allow=allow) == wish(allow=turned)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"prefixes": []}, "prefixes=[]: a firewall protects at least one"),
        ({"prefixes": ["192.0.2.0/24"]}, "prefixes=192.0.2.0/24: this is IPv4"),
        ({"prefixes": ["2001:db8::1/64"]}, "prefixes=2001:db8::1/64: bits are set"),
        ({"name": "Web"}, "name=Web"),
        ({"name": ""}, "name="),
        ({"name": "a-b"}, "name=a-b"),
        ({"name": "x" * 33}, "up to 32"),
        ({"bridges": ['a" accept']}, "bridges=a\" accept: an interface's name is 1 to 15 letters"),
        ({"bridges": ["x" * 16]}, "an interface's name is 1 to 15"),
        ({"allow": [{"address": "2001:db8::1", "ports": [80]}]}, f"only what is in {PREFIX} is denied"),
        ({"allow": [{"address": "2001:db8:0:1::/64", "ports": [80]}]}, f"only what is in {PREFIX} is denied"),
        ({"allow": [{"address": WEB, "ports": [0]}]}, f"allow: {WEB}: ports=0: a port is"),
        ({"allow": [{"address": WEB}]}, "ports=None: ports are a list"),
        ({"allow": [{"ports": [80]}]}, "allow: address=None: an address is text"),
        ({"allow": [WEB]}, "an entry has address and ports"),
    ],
)
def test_what_cannot_work(more: dict[str, t.Any], said: str) -> None:
    with pytest.raises(Refused) as caught:
        wish(**more)
    assert said in str(caught.value)


def test_the_host_itself_is_not_closed() -> None:
    inside, outside = ipaddress.IPv6Address("2001:db8:0:1:d::1"), ipaddress.IPv6Address("2001:db8:0:1::1")
    rules.check_own_addresses(wish(), [("docker0", inside), ("ens3", outside), ("lo", ipaddress.IPv6Address("::1"))])
    with pytest.raises(Refused, match="2001:db8:0:1:d::1 of br-1234, and"):
        rules.check_own_addresses(wish(), [("docker0", inside), ("br-1234", inside)])


def test_names_and_files() -> None:
    assert rules.paths("web") == (
        "/etc/routable-ipv6/firewall-web.nft",
        "/etc/systemd/system/routable-ipv6-firewall-web.service",
        "/etc/systemd/system/nftables.service.d/routable-ipv6-web.conf",
    )
    texts = rules.file_texts(wish(name="web"))
    assert list(texts) == list(rules.paths("web"))
    unit, dropin = texts[rules.unit_path("web")], texts[rules.dropin_path("web")]
    assert unit is not None and dropin is not None
    assert "Before=network-pre.target docker.service" in unit and rules.rules_path("web") in unit
    assert [line.partition("=")[0] for line in dropin.splitlines()[2:]] == [
        "ExecStartPost",
        "ExecReload",
        "ExecStopPost",
    ]
