# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_entries import (
    Entry,
    entry_of,
    eui64,
    link_local,
    merge,
    parse_entry,
    parse_mac,
    same_list,
)
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_rules import MAX_ADDRESSES, MAX_ALLOWED, problem
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import entries, read_wish
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone
from hypothesis import given
from hypothesis import strategies as st

ZONE = Zone("00000000-0000-4000-8000-000000000001", platform="20260313")


@pytest.mark.parametrize(
    ("mac", "prefix", "address"),
    [
        # The documentation of SmartOS on IPv6.
        ("72:9c:d5:34:47:59", "2001:db8::/64", "2001:db8::709c:d5ff:fe34:4759"),
        # TritonDataCenter/smartos-live#431.
        ("72:c4:cc:e5:b3:12", None, "fe80::70c4:ccff:fee5:b312"),
        ("72:c4:cc:e5:b3:12", "2001:470:deeb:32::/64", "2001:470:deeb:32:70c4:ccff:fee5:b312"),
        # TritonDataCenter/smartos-live#790.
        ("00:22:06:08:10:01", None, "fe80::222:6ff:fe08:1001"),
        # A comment in the SmartOS wiki.
        ("12:d3:4d:7f:fe:c4", "2001:980:93d7:1::/64", "2001:980:93d7:1:10d3:4dff:fe7f:fec4"),
        # illumos writes octets without leading zeros.
        ("2:8:20:1:2:3", None, "fe80::8:20ff:fe01:203"),
        ("0:22:6:8:10:1", None, "fe80::222:6ff:fe08:1001"),
    ],
)
def test_addresses_from_a_mac(mac: str, prefix: str | None, address: str) -> None:
    wish = read_wish({"prefixes": [prefix] if prefix else [], "link_local": prefix is None})
    assert [str(entry) for entry in entries(wish, Nic(mac, "net0"), "")] == [address]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "72:9c:d5:34:47",
        "72:9c:d5:34:47:59:1",
        "g2:9c:d5:34:47:59",
        "729:c:d5:34:47:59",
        ":::::",
        "0:0:0:0:0:0",
        "01:00:5e:00:00:01",
    ],
)
def test_no_mac(text: str) -> None:
    assert parse_mac(text) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2001:DB8::0005", "2001:db8::5"),
        ("2001:db8::5/128", "2001:db8::5"),
        ("2001:db8::5/64", "2001:db8::5/64"),
        ("192.0.2.5/32", "192.0.2.5"),
        ("192.0.2.0/28", "192.0.2.0/28"),
        ("2001:db8::/z", None),
        ("2001:db8::/129", None),
        ("192.0.2.0/33", None),
        ("fe80::1%net0", None),
        ("dhcp", None),
        ("", None),
        ("2001:db8::/٣", None),
    ],
)
def test_entries(text: str, shown: str | None) -> None:
    entry = parse_entry(text)
    assert (None if entry is None else str(entry)) == shown


def test_covers() -> None:
    def entry(text: str) -> Entry:
        parsed = parse_entry(text)
        assert parsed is not None
        return parsed

    # The kernel compares prefix bits, so host bits in an IPv6 entry do not matter.
    assert entry("2001:db8::5/64").covers(entry("2001:db8::9"))
    assert not entry("2001:db8::/64").covers(entry("2001:db8:0:1::9"))
    assert not entry("2001:db8::/64").covers(entry("2001:db8::/48"))
    assert not entry("0.0.0.0/1").covers(entry("::1"))


def test_an_address_within_a_wider_entry_of_the_same_address_is_there() -> None:
    # Adding it would put one address into the kernel's set twice.
    assert merge(["2001:db8::5/64"], [], [entry_of(ipaddress.IPv6Address("2001:db8::5"))], "present") == [
        "2001:db8::5/64"
    ]


def test_an_entry_spelled_as_in_ips_stays() -> None:
    assert merge(["2001:db8::5", "2001:DB8::6"], ["2001:db8::5/64", "2001:db8::6/64"], [], "present") == ["2001:db8::5"]


def test_what_is_no_entry_stays_unless_exact() -> None:
    assert merge(["x", "2001:db8::5"], [], [], "present") == ["x", "2001:db8::5"]
    assert merge(["x", "192.0.2.1", "2001:db8::5"], [], [], "exact") == ["192.0.2.1"]


# Few values in many spellings, so that they meet.
numbers = st.integers(0x20010DB8 << 96, (0x20010DB8 << 96) + 6)


def spelled(value: int) -> st.SearchStrategy[str]:
    address = ipaddress.IPv6Address(value)
    return st.sampled_from([str(address), str(address).upper(), address.exploded, f"{address}/128", f"{address}/64"])


texts = st.one_of(
    numbers.flatmap(spelled),
    st.sampled_from(["192.0.2.1", "192.0.2.0/28", "192.0.2.1/32", "fe80::/10", "FE80::/10", "", "no address"]),
)
wanted = st.lists(
    st.one_of(numbers.map(lambda value: Entry(6, value, 128)), st.just(Entry(6, 0xFE80 << 112, 10))),
    max_size=20,
    unique=True,
)
ips = st.lists(st.one_of(numbers.flatmap(spelled), st.sampled_from(["dhcp", "addrconf", "192.0.2.9/24"])), max_size=20)
lists = st.lists(texts, max_size=13)


def values(found: t.Iterable[str]) -> list[Entry | str]:
    return [parse_entry(text) or text for text in found if text]


@given(lists, ips, wanted, st.sampled_from(["present", "absent", "exact"]))
def test_merging_is_idempotent(current: list[str], own: list[str], asked: list[Entry], state: str) -> None:
    once = merge(current, own, asked, state)
    assert merge(once, own, asked, state) == once


@given(lists, ips, wanted, st.sampled_from(["present", "absent", "exact"]))
def test_no_value_comes_twice(current: list[str], own: list[str], asked: list[Entry], state: str) -> None:
    merged = [value for value in values(merge(current, own, asked, state)) if isinstance(value, Entry)]
    assert len(set(merged)) == len(merged)


@given(lists, ips, wanted)
def test_no_foreign_entry_is_lost_respelled_or_moved(current: list[str], own: list[str], asked: list[Entry]) -> None:
    merged = merge(current, own, asked, "present")
    addresses = {parse_entry(text.partition("/")[0]) for text in own}
    # All that was permitted is permitted, by the list or by ips.
    assert all(value in values(merged) or value in addresses for value in values(current))
    # What was there comes first, in its order and spelling.
    kept = [text for text in merged if text in current]
    assert merged[: len(kept)] == kept
    places = [current.index(text) for text in dict.fromkeys(kept)]
    assert places == sorted(places)


@given(lists, ips, wanted)
def test_absent_and_exact_take_only_what_was_asked(current: list[str], own: list[str], asked: list[Entry]) -> None:
    addresses = {parse_entry(text.partition("/")[0]) for text in own}
    left = values(merge(current, own, asked, "absent"))
    assert not set(left) & set(asked)
    assert all(value in left or value in asked or value in addresses for value in values(current))
    exact = values(merge(current, own, asked, "exact"))
    assert all(isinstance(value, Entry) and (value.version == 4 or value in asked) for value in exact)
    assert {value for value in values(current) if isinstance(value, Entry) and value.version == 4} <= {*exact}


@given(lists, ips, wanted)
def test_no_limit_is_passed_in_silence(current: list[str], own: list[str], asked: list[Entry]) -> None:
    merged = merge(current, own, asked, "present")
    refusal = problem(ZONE, Nic("2:8:20:1:2:3", "net0", ips=tuple(own)), merged)
    if len(merged) > MAX_ALLOWED or len(merged) + len(own) > MAX_ADDRESSES:
        assert isinstance(refusal, Refused)
    if refusal is None:
        # What passes is a set that the kernel takes: each address once.
        texts_sent = {text.partition("/")[0] for text in own if text not in ("dhcp", "addrconf")} | set(merged)
        kernel = [ipaddress.ip_interface(text).ip for text in texts_sent]
        own_alone = [
            ipaddress.ip_interface(text.partition("/")[0]).ip for text in own if text not in ("dhcp", "addrconf")
        ]
        repeated = len({text.partition("/")[0] for text in own if text not in ("dhcp", "addrconf")}) - len(
            set(own_alone)
        )
        assert len(kernel) - len(set(kernel)) == repeated


@given(st.integers(1, (1 << 48) - 1).filter(lambda mac: not mac >> 40 & 1))
def test_eui64_against_its_definition(mac: int) -> None:
    octets = mac.to_bytes(6, "big")
    # RFC 4291, appendix A.
    expected = bytes([octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]])
    assert eui64(mac) == int.from_bytes(expected, "big")
    assert parse_mac(":".join(f"{octet:x}" for octet in octets)) == mac
    assert ipaddress.IPv6Address(link_local(eui64(mac)).number).is_link_local


def test_lists_are_compared_by_value() -> None:
    assert same_list(["2001:DB8::5", ""], ["2001:db8:0::5/128"])
    assert same_list([""], [])
    assert not same_list(["2001:db8::5"], ["2001:db8::5/64"])
    assert not same_list(["x"], ["y"])
