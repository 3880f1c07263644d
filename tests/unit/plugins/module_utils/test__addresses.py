# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress

import netaddr
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _addresses as a
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

NUMBERS = st.integers(0, 2**128 - 1)
# Runs of zeros, the corners of ::/96 and of the IPv4-mapped addresses: where spellings differ.
GROUPS = st.lists(st.sampled_from([0, 0, 0, 1, 0xABC, 0xFFFF]) | st.integers(0, 0xFFFF), min_size=8, max_size=8)
CORNERS = GROUPS.map(lambda groups: int("".join(f"{group:04x}" for group in groups), 16))
LOW = st.integers(0, 2**33)
MAPPED = st.integers(0, 2**32 - 1).map(lambda low: 0xFFFF << 32 | low)
ANY = NUMBERS | CORNERS | LOW | MAPPED


@st.composite
def prefixes(draw: st.DrawFn, shortest: int = 0, longest: int = 128) -> ipaddress.IPv6Network:
    length = draw(st.integers(shortest, longest))
    return ipaddress.IPv6Network((draw(NUMBERS), length), strict=False)


def spellings(number: int) -> list[str]:
    """One address as different tools write it."""
    address = ipaddress.IPv6Address(number)
    mixed = f"{address.exploded[:30]}{ipaddress.IPv4Address(number & 0xFFFFFFFF)}"
    return [
        str(address),
        str(address).upper(),
        address.exploded,
        str(netaddr.IPAddress(number, 6)),
        f" {address} ",
        mixed,
    ]


@given(NUMBERS)
def test_every_spelling_is_the_same_address(number: int) -> None:
    for text in spellings(number):
        assert int(a.parse_address(text)) == number
        assert a.same_address(text, str(ipaddress.IPv6Address(number)))


@given(st.text(alphabet="0123456789abcdef:./%g ", max_size=24))
def test_what_netaddr_does_not_take_is_refused_and_the_other_way_round(text: str) -> None:
    try:
        expected: int | None = int(netaddr.IPAddress(text.strip(), 6))
    except (netaddr.AddrFormatError, ValueError):
        expected = None
    # netaddr takes a bare number or a short IPv4 address for an IPv6 address; both are mistakes here.
    if ":" not in text:
        expected = None
    if expected is None:
        with pytest.raises(Refused):
            a.parse_address(text)
    else:
        assert int(a.parse_address(text)) == expected


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("192.0.2.1", "IPv4"),
        ("fe80::1%eth0", "zone"),
        ("2001:db8::1/64", "not an IPv6 address"),
        ("2001:db8:::1", "not an IPv6 address"),
        ("", "not an IPv6 address"),
        ("1", "not an IPv6 address"),
        (1, "text, not int"),
        (None, "text, not NoneType"),
    ],
)
def test_what_is_no_address(value: object, rule: str) -> None:
    with pytest.raises(Refused) as caught:
        a.parse_address(value, "gateway")
    assert rule in caught.value.rule and caught.value.what == f"gateway={value}"
    assert str(caught.value) == f"{caught.value.what}: {caught.value.rule}. {caught.value.remedy}."


@given(ANY)
def test_the_canonical_text_is_that_of_two_libraries_where_they_are_right(number: int) -> None:
    text = a.written(number)
    if number >> 32 == 0xFFFF:
        # RFC 5952, section 5; ipaddress writes it so since Python 3.13.
        assert text == f"::ffff:{ipaddress.IPv4Address(number & 0xFFFFFFFF)}"
    else:
        assert text == str(ipaddress.IPv6Address(number))
    if number >> 32:
        assert text == str(netaddr.IPAddress(number, 6))
    assert all(a.canonical_text(spelling) == text for spelling in spellings(number))
    assert a.number(text) == number == int(ipaddress.IPv6Address(text))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "::"),
        (1, "::1"),
        (0xFFFF, "::ffff"),
        (0x10000, "::1:0"),
        (0x10002, "::1:2"),
        (0xFFFFFFFF, "::ffff:ffff"),
        (0x1_0000_0000, "::1:0:0"),
        (0xFFFF_C000_0201, "::ffff:192.0.2.1"),
        # The longer run of zeros is written short, of equal ones the first (RFC 5952, section 4.2.3).
        (0x20010DB8 << 96 | 1 << 48, "2001:db8:0:0:1::"),
        (0x20010DB8 << 96 | 1 << 48 | 1, "2001:db8::1:0:0:1"),
        (0x20010DB8_0000_0001_0001_0001_0001_0001, "2001:db8:0:1:1:1:1:1"),
        (2**128 - 1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ],
)
def test_the_text_by_hand(number: int, text: str) -> None:
    assert a.written(number) == text


@given(ANY)
def test_all_digits(number: int) -> None:
    # Since Python 3.13 it writes addresses in ::ffff:0:0/96 with dots.
    if number >> 32 != 0xFFFF:
        assert a.expanded(number) == ipaddress.IPv6Address(number).exploded
    assert a.expanded(number) == netaddr.IPAddress(number, 6).format(netaddr.ipv6_verbose)


@given(st.lists(ANY, min_size=2, max_size=5))
def test_all_digits_sort_as_numbers(numbers: list[int]) -> None:
    assert sorted(a.expanded(number) for number in numbers) == [a.expanded(number) for number in sorted(numbers)]


@given(
    st.lists(
        st.sampled_from(["::", ":", "0", "1", "ab", "ffff", "0001", "00001", "1.2.3.4", "1.2.3", "01.2.3.4", "256.0.0.1",
                         "%", "/", " ", "g", "²", "\0", "\ud800"]),
        max_size=17,
    ).map("".join)
)  # fmt: skip
def test_what_ipaddress_does_not_take_is_refused_and_the_other_way_round(text: str) -> None:
    try:
        expected: int | None = int(ipaddress.IPv6Address(text.strip())) if "%" not in text else None
    except ValueError:
        expected = None
    if expected is None:
        for function in (a.number, a.canonical_text):
            with pytest.raises(Refused):
                function(text)
    else:
        assert a.number(text) == expected


def test_a_zone_is_refused_also_where_the_c_library_takes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(a, "inet_pton", lambda _family, text: ipaddress.IPv6Address(text.partition("%")[0]).packed)
    assert a.number("fe80::1") == 0xFE80 << 112 | 1
    for function in (a.number, a.canonical_text):
        with pytest.raises(Refused, match="a zone"):
            function("fe80::1%lo0")
    with pytest.raises(Refused, match="a zone"):
        a.prefix_numbers("fe80::%lo0/64")


@given(prefixes(), ANY)
def test_blocks(prefix: ipaddress.IPv6Network, number: int) -> None:
    start, length = int(prefix.network_address), prefix.prefixlen
    assert a.prefix_numbers(str(prefix)) == a.block_numbers(str(prefix), "x") == (start, length)
    assert a.written_prefix(start, length) == f"{a.written(start)}/{length}"
    assert a.last_of(start, length) == int(prefix.broadcast_address)
    assert a.block_numbers(a.written(number), "x") == (number, 128)
    assert a.aligned(number, length) == int(ipaddress.IPv6Network((number, length), strict=False).network_address)


@given(prefixes())
def test_a_prefix_in_any_spelling(prefix: ipaddress.IPv6Network) -> None:
    for text in spellings(int(prefix.network_address)):
        assert a.parse_prefix(f"{text.strip()}/{prefix.prefixlen}") == prefix
    assert netaddr.IPNetwork(str(prefix)) == netaddr.IPNetwork(str(a.parse_prefix(str(prefix))))


@pytest.mark.parametrize(
    ("value", "rule", "remedy"),
    [
        ("2001:db8::1/64", "beyond the prefix length", "2001:db8::/64"),
        ("2001:db8::", "needs its length", "2001:db8::/64"),
        ("2001:db8::/129", "0 to 128", "length"),
        ("2001:db8::/-1", "0 to 128", "length"),
        ("2001:db8::/ffff::", "0 to 128", "length"),
        ("2001:db8::/²", "0 to 128", "length"),
        ("2001:db8::/", "0 to 128", "length"),
        ("192.0.2.0/24", "IPv4", "IPv6"),
        ("nonsense/64", "not an IPv6 address", "spelling"),
        (64, "not int", "2001:db8::/64"),
    ],
)
def test_what_is_no_prefix(value: object, rule: str, remedy: str) -> None:
    with pytest.raises(Refused) as caught:
        a.parse_prefix(value, "prefixes")
    assert rule in caught.value.rule and remedy in caught.value.remedy
    assert caught.value.what == f"prefixes={value}"


@given(NUMBERS, st.integers(0, 128))
def test_an_address_with_the_length_of_its_link(number: int, length: int) -> None:
    interface = a.parse_interface(f"{ipaddress.IPv6Address(number)}/{length}")
    other = netaddr.IPNetwork(f"{ipaddress.IPv6Address(number)}/{length}")
    assert int(interface.ip) == number
    assert (int(interface.network.network_address), interface.network.prefixlen) == (other.first, length)


@pytest.mark.parametrize(
    "value", ["2001:db8::1", "2001:db8::1/", "2001:db8::1/x", "2001:db8::1/129", "1.2.3.4/8", None]
)
def test_what_is_no_address_with_a_length(value: object) -> None:
    with pytest.raises(Refused):
        a.parse_interface(value)


@given(prefixes(), st.data())
def test_the_nth_address_is_netaddrs(prefix: ipaddress.IPv6Network, data: st.DataObject) -> None:
    size = prefix.num_addresses
    index = data.draw(st.integers(-size, size - 1))
    network = netaddr.IPNetwork(str(prefix))
    expected = network.first + index if index >= 0 else network.last + 1 + index
    assert int(a.nth_address(prefix, index)) == expected
    for beyond in (size, -size - 1):
        with pytest.raises(Refused, match=str(size)):
            a.nth_address(prefix, beyond)


@given(prefixes(0, 120), st.integers(0, 8))
def test_the_parts_are_those_that_ipaddress_counts(prefix: ipaddress.IPv6Network, more: int) -> None:
    length = prefix.prefixlen + more
    parts = list(prefix.subnets(new_prefix=length))
    assert [a.nth_subnet(prefix, length, index) for index in range(len(parts))] == parts
    assert a.nth_subnet(prefix, length, -1) == parts[-1]
    assert a.nth_subnet(prefix, length, -len(parts)) == parts[0]
    for beyond in (len(parts), -len(parts) - 1):
        with pytest.raises(Refused):
            a.nth_subnet(prefix, length, beyond)


@given(prefixes(1))
def test_a_part_is_not_longer_than_the_whole(prefix: ipaddress.IPv6Network) -> None:
    for length in (prefix.prefixlen - 1, 129):
        with pytest.raises(Refused, match="long"):
            a.nth_subnet(prefix, length, 0)


@given(prefixes(0, 127))
def test_halves_are_the_whole(prefix: ipaddress.IPv6Network) -> None:
    lower, upper = a.halves(prefix)
    assert netaddr.cidr_merge([str(lower), str(upper)]) == [netaddr.IPNetwork(str(prefix))]
    assert lower < upper and not lower.overlaps(upper)


def test_one_address_has_no_halves() -> None:
    with pytest.raises(Refused, match="halved"):
        a.halves(ipaddress.IPv6Network("2001:db8::1/128"))


@given(prefixes(), st.data())
def test_composing_and_taking_apart(prefix: ipaddress.IPv6Network, data: st.DataObject) -> None:
    suffix = ipaddress.IPv6Address(data.draw(st.integers(0, prefix.num_addresses - 1)))
    for text in spellings(int(suffix)):
        address = a.compose(prefix, text)
        assert address in prefix and a.suffix_of(prefix, address) == suffix
    assert int(address) == netaddr.IPNetwork(str(prefix)).first | int(suffix)
    if prefix.prefixlen:
        with pytest.raises(Refused, match=f"has {128 - prefix.prefixlen} bits"):
            a.compose(prefix, str(ipaddress.IPv6Address(prefix.num_addresses)))


@given(st.text(), st.integers(0, 128), st.integers(0, 9))
def test_a_names_number_has_its_bits(name: str, bits: int, attempt: int) -> None:
    number = a.name_number(name, bits, attempt)
    assert 0 <= number < 2**bits
    assert number == a.name_number(name, bits, attempt)
    # A longer number begins with the shorter one, so a name keeps its place when its range grows.
    assert a.name_number(name, 128, attempt) >> (128 - bits) == number


def test_names_numbers_stay_what_they_were() -> None:
    # Golden values: a change would move every address that follows from a name.
    assert [a.name_number("webserver", bits) for bits in (8, 16, 32)] == [0x9C, 0x9C97, 0x9C976839]
    assert a.name_number("webserver", 16, 1) != a.name_number("webserver", 16)
    assert a.name_number("a", 64, 10) != a.name_number("a1", 64, 0)


def test_names_numbers_are_spread_evenly() -> None:
    counts = [0] * 16
    for number in range(4096):
        counts[a.name_number(f"host{number}", 4)] += 1
    # 256 expected with a deviation of 15.5: six of them.
    assert all(160 < count < 350 for count in counts)


@given(prefixes(), st.lists(prefixes(), max_size=5))
def test_the_first_that_overlaps(prefix: ipaddress.IPv6Network, others: list[ipaddress.IPv6Network]) -> None:
    mine = netaddr.IPSet([str(prefix)])
    expected = [other for other in others if not mine.isdisjoint(netaddr.IPSet([str(other)]))]
    assert a.overlapping(prefix, others) == (expected[0] if expected else None)
