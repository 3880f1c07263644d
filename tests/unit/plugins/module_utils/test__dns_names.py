# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress

import netaddr
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _dns_names as d
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

NUMBERS = st.integers(0, 2**128 - 1)


@pytest.mark.parametrize(
    ("name", "zone", "full"),
    [
        ("web", "example.org.", "web.example.org."),
        ("Web.A", "example.org.", "web.a.example.org."),
        ("web.example.org", "example.org.", "web.example.org."),
        ("web.example.org.", "example.org.", "web.example.org."),
        ("web.example.net.", "example.org.", "web.example.net."),
        ("example.org", "example.org.", "example.org."),
        # Ends in the same letters, not in the same labels.
        ("myexample.org", "example.org.", "myexample.org.example.org."),
        ("web.example.org", "", "web.example.org."),
        (" web.example.org ", "", "web.example.org."),
        ("localhost.", "", "localhost."),
        ("3com", "example.org.", "3com.example.org."),
        ("a" * 63, "example.org.", f"{'a' * 63}.example.org."),
        ("xn--bcher-kva", "example.org.", "xn--bcher-kva.example.org."),
    ],
)
def test_absolute_names(name: str, zone: str, full: str) -> None:
    assert d.absolute_name(name, zone) == full


@pytest.mark.parametrize(
    ("name", "zone", "rule"),
    [
        ("web", "", "a single label is no full name"),
        ("web_1", "example.org.", "label 'web_1'"),
        ("-web", "example.org.", "label '-web'"),
        ("web-", "example.org.", "label 'web-'"),
        ("d1/web", "example.org.", "label 'd1/web'"),
        ("bücher", "example.org.", "label 'bücher'"),
        ("a..b", "example.org.", "label ''"),
        (".", "example.org.", "label ''"),
        ("", "example.org.", "label ''"),
        ("web..", "example.org.", "label ''"),
        ("web\nx", "example.org.", "label 'web\nx'"),
        ("a" * 64, "example.org.", "1 to 63"),
        (".".join(["a" * 63] * 4), "", "at most 253"),
        (".".join(["a" * 60] * 4), "example.org.", "at most 253"),
        (7, "example.org.", "text, not int"),
    ],
)
def test_what_is_no_host_name(name: object, zone: str, rule: str) -> None:
    with pytest.raises(Refused) as caught:
        d.absolute_name(name, zone)
    assert rule in caught.value.rule and caught.value.what == f"name={name}"


def test_zones() -> None:
    assert d.zone_name("Example.ORG") == d.zone_name("example.org.") == "example.org."
    for text in ("", ".", "a b", None, "example..org"):
        with pytest.raises(Refused, match="zone="):
            d.zone_name(text)


@given(st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4), st.integers(1, 4))
def test_relative_names_lead_back(labels: list[str], cut: int) -> None:
    full = ".".join(labels) + "."
    zone = ".".join(labels[-cut:]) + "."
    assert d.within(full, zone)
    relative = d.relative_name(full, zone)
    assert (zone if relative == "@" else f"{relative}.{zone}") == full
    assert not d.within(f"x{full}", full)


@given(NUMBERS)
def test_reverse_names_are_those_of_two_libraries(number: int) -> None:
    assert d.reverse_name(number) == f"{ipaddress.IPv6Address(number).reverse_pointer}."
    assert d.reverse_name(number) == netaddr.IPAddress(number, 6).reverse_dns


@given(NUMBERS, st.integers(0, 128), NUMBERS)
def test_the_zones_of_a_prefix_hold_its_addresses_and_no_other(number: int, length: int, other: int) -> None:
    prefix = ipaddress.IPv6Network((number, length), strict=False)
    zones = d.reverse_zones(int(prefix.network_address), length)
    assert len(zones) == 1 << (-length % 4)
    assert all(zone.count(".") - 2 == -(-length // 4) for zone in zones)
    # One address of the prefix, one of its neighbourhood, and any.
    for value in (number, number ^ 1 << max(0, 128 - length), other):
        value %= 2**128
        inside = [zone for zone in zones if d.within(d.reverse_name(value), zone)]
        assert len(inside) == (1 if ipaddress.IPv6Address(value) in prefix else 0)


def test_zone_cuts_by_hand() -> None:
    start = 0x20010DB8 << 96
    assert d.reverse_zones(start, 32) == ["8.b.d.0.1.0.0.2.ip6.arpa."]
    assert d.reverse_zones(start, 31) == ["8.b.d.0.1.0.0.2.ip6.arpa.", "9.b.d.0.1.0.0.2.ip6.arpa."]
    assert d.reverse_zones(0, 0) == ["ip6.arpa."]
    assert len(d.reverse_zones(start, 29)) == 8


def test_records() -> None:
    assert d.aaaa_record("@", 1) == "@\tIN\tAAAA\t::1"
    assert d.aaaa_record("web", 1, 0) == "web\t0\tIN\tAAAA\t::1"
    assert d.ptr_record("1", "web.example.org.", 300) == "1\t300\tIN\tPTR\tweb.example.org."


def test_times_to_live() -> None:
    assert [d.check_ttl(ttl) for ttl in (None, 0, 2**31 - 1)] == [None, 0, 2**31 - 1]
    for ttl in (-1, 2**31):
        with pytest.raises(Refused, match=f"ttl={ttl}"):
            d.check_ttl(ttl)
