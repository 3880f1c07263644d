# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import typing as t

import netaddr
import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.routable.ipv6.plugins.filter.filters import FilterModule
from ansible_collections.routable.ipv6.plugins.plugin_utils import _netaddr
from hypothesis import assume, given
from hypothesis import strategies as st

FILTERS = FilterModule().filters()

P80 = "2001:db8:0:1:d::/80"
SECRET = "0123456789abcdef"


@pytest.mark.parametrize(
    ("name", "args", "result"),
    [
        ("canonical", ("2001:0DB8:0:0::0020",), "2001:db8::20"),
        ("canonical", (["2001:DB8::/64", "::1:2", "2001:DB8::5/64"],), ["2001:db8::/64", "::1:2", "2001:db8::5/64"]),
        ("canonical", ([],), []),
        ("nth_subnet", ("2001:db8:0:1::/64", 80, 13), P80),
        ("nth_subnet", ("2001:db8:0:1::/64", "80", "13"), P80),
        ("nth_subnet", ("2001:db8:0:1::/64", 80), "2001:db8:0:1::/80"),
        ("nth_subnet", ("2001:db8::/48", 80, -1), "2001:db8:0:ffff:ffff::/80"),
        ("nth_subnet", (["2001:db8::/64", "2001:db8:1::/64"], 65, [0, -1]),
         [["2001:db8::/65", "2001:db8:0:0:8000::/65"], ["2001:db8:1::/65", "2001:db8:1:0:8000::/65"]]),
        ("nth_address", (P80, 1), "2001:db8:0:1:d::1"),
        ("nth_address", (P80, [0, -1]), ["2001:db8:0:1:d::", "2001:db8:0:1:d:ffff:ffff:ffff"]),
        ("compose_suffix", ("1111:2222:3333:4444::8888:0/112", "::20"), "1111:2222:3333:4444::8888:20"),
        ("compose_suffix", ([P80, "2001:db8:0:2::/64"], ["::20"]), [["2001:db8:0:1:d::20"], ["2001:db8:0:2::20"]]),
        ("eui64_address", ("72:9c:d5:34:47:59", "fe80::/64"), "fe80::709c:d5ff:fe34:4759"),
        ("eui64_address", (["00-0D-B9-48-92-49", "000db9489249"], "2601:646:100:69f1::/64"),
         ["2601:646:100:69f1:20d:b9ff:fe48:9249"] * 2),
        ("overlaps", (P80, ["2001:db8:0:1::/64", "2001:DB8:0:2::/64", "2001:db8:0:1:d::7"]),
         ["2001:db8:0:1::/64", "2001:db8:0:1:d::7"]),
        ("overlaps", ([P80, "2001:db8:0:1:e::/80"], "2001:db8:0:1:d::7"), [["2001:db8:0:1:d::7"], []]),
        ("contains", (P80, "2001:db8:0:1:d::20"), True),
        ("contains", (P80, [P80, "2001:db8:0:1::/64", "2001:db8:0:1:d:8000::/81"]), [True, False, True]),
        ("contains", ([P80, "2001:db8::/32"], "2001:db8::1"), [False, True]),
        ("contains", ([P80, "2001:db8::/32"], ["2001:db8::1", P80]), [[False, True], [True, True]]),
        ("overlaps", ([P80, "::1"], [P80, "2001:db8:0:1:d::/128", "2001:db8:0:1:d::", P80]),
         [[P80, "2001:db8:0:1:d::/128", "2001:db8:0:1:d::", P80], []]),
        ("overlaps", (P80, []), []),
        ("expanded", ("::1:2",), "0000:0000:0000:0000:0000:0000:0001:0002"),
        ("expanded", (["2001:DB8::/64", "2001:db8::5/64"],),
         ["2001:0db8:0000:0000:0000:0000:0000:0000/64", "2001:0db8:0000:0000:0000:0000:0000:0005/64"]),
        ("sparse_subnet", ("2001:db8::/32", 34, [0, 1, 2, 3]),
         ["2001:db8::/34", "2001:db8:8000::/34", "2001:db8:4000::/34", "2001:db8:c000::/34"]),
        ("sparse_subnet", (["::/64", "1::/64"], "65", 1), ["::8000:0:0:0/65", "1::8000:0:0:0/65"]),
        ("sparse_subnet", ("::/64", 64), "::/64"),
        ("aligned_block", ("2001:db8::27", 124), "2001:db8::20/124"),
        ("aligned_block", (["2001:db8::27/64", "2001:db8::/64"],), ["2001:db8::/64", "2001:db8::/64"]),
        ("aligned_block", (["2001:db8::27/64", "2001:db8:0:1::/64"], "48"), ["2001:db8::/48", "2001:db8::/48"]),
        ("aligned_block", ("2001:db8::27/64", 128), "2001:db8::27/128"),
        ("aligned_block", ("ffff::1", 0), "::/0"),
        ("block_addresses", ("2001:db8::20/126",), [f"2001:db8::{last}" for last in (20, 21, 22, 23)]),
        ("block_addresses", (["::1/128", "::2/127"], 2), [["::1"], ["::2", "::3"]]),
        ("link_local_address", ("72:9c:d5:34:47:59",), "fe80::709c:d5ff:fe34:4759"),
        ("link_local_address", (["729c.d534.4759", "72-9C-D5-34-47-59", "72:9c:d5:34:47:59"],),
         ["fe80::709c:d5ff:fe34:4759"] * 3),
        ("stable_address", ("2001:db8:0:1::/64", "web", SECRET), "2001:db8:0:1:c7ce:a257:dc08:59a"),
        ("extract_suffix", ("2001:db8:0:1:d::20", P80), "::20"),
        ("extract_suffix", (["2001:db8:0:1:d::20/64", "2001:db8::1:0:0:2"], 64), ["::d:0:0:20", "::1:0:0:2"]),
        ("extract_suffix", ("2001:db8:0:1:d::20/64", "80"), "::20"),
        ("extract_suffix", (["2001:db8::1:2:3:4/64", "::1:2/112"],), ["::1:2:3:4", "::2"]),
        ("rebase", ("2001:db8:0:1::20", "2001:db8:ffff::/48"), "2001:db8:ffff:1::20"),
        ("rebase", (["2001:db8:0:1::/64", "2001:db8:0:1::5/64"], "2001:db8:ffff::/48"),
         ["2001:db8:ffff:1::/64", "2001:db8:ffff:1::5/64"]),
        ("rebase", ("2001:db8:0:aa01::20/64", "2001:db8:ffff::/48", "2001:db8:0:aa00::/56"), "2001:db8:ffff:1::20/64"),
        ("rebase", ("2001:db8:0:1::20", "2001:db8:ffff:ff00::/56", "2001:db8::/48"), "2001:db8:ffff:ff01::20"),
        ("rebase", ("2001:db8::/48", "2001:db9::/48"), "2001:db9::/48"),
        ("free_space", ("2001:db8::/126", "2001:db8::1"), ["2001:db8::/128", "2001:db8::2/127"]),
        ("free_space", ("2001:db8::/126", []), ["2001:db8::/126"]),
        ("free_space", ("2001:db8::/126", "::/0"), []),
        ("free_space", (["::2/127", "::/127"], ["::3", "1::/16"], 127), ["::/127"]),
        ("summarise", (["2001:db8::/65", "2001:db8:0:0:8000::/65", "2001:DB8::20"],), ["2001:db8::/64"]),
        ("summarise", (["::1:2", "::1:4"],), ["::1:2/128", "::1:4/128"]),
        ("summarise", ("::1",), ["::1/128"]),
        ("summarise", ([],), []),
        ("range_to_prefixes", ("2001:db8::e - 2001:db8::1f",), ["2001:db8::e/127", "2001:db8::10/124"]),
        ("range_to_prefixes", (["::1-::1"],), [["::1/128"]]),
        ("prefix_to_range", (["2001:db8::10/124", "::/0"],),
         ["2001:db8::10-2001:db8::1f", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]),
    ],
)  # fmt: skip
def test_results(name: str, args: tuple[t.Any, ...], result: t.Any) -> None:
    assert FILTERS[name](*args) == result


@pytest.mark.parametrize(
    ("name", "args", "said"),
    [
        ("canonical", ("x",), "value=x: this is not an IPv6 address"),
        ("canonical", (["::1", None],), "value=None: an address is text"),
        ("canonical", ("192.0.2.1",), "this is IPv4"),
        ("canonical", ({"a": 1},), "an address is text, not dict"),
        ("nth_subnet", ("2001:db8::/64", "80x"), "length=80x: a whole number is needed, not str"),
        ("nth_subnet", ("2001:db8::/64", True), "length=True: a whole number is needed, not bool"),
        ("nth_subnet", ("2001:db8::/64", 80, 65536), "index=65536: 2001:db8::/64 has 65536 prefixes of /80"),
        ("nth_subnet", ("2001:db8::/64", 48, 0), "length=48"),
        ("nth_subnet", ("2001:db8::", 80, 0), "needs its length"),
        ("nth_address", ("2001:db8::/126", 4), "has 4 addresses"),
        ("nth_address", ("2001:db8::/126", 1.5), "index=1.5: a whole number"),
        ("compose_suffix", (P80, "::1:0:0:0"), "has 48 bits"),
        ("compose_suffix", (P80, 20), "suffix=20: an address is text"),
        ("eui64_address", ("72:9c:d5:34:47:59", P80), "has 64 bits"),
        ("eui64_address", ("72:9c:d5:34:47", "fe80::/64"), "mac=72:9c:d5:34:47: this is not a MAC"),
        ("eui64_address", ("02-00-00-ff-fe-00-00-01", "fe80::/64"), "this is not a MAC"),
        ("eui64_address", (1, "fe80::/64"), "mac=1: this is not a MAC"),
        ("eui64_address", ("33:33:00:00:00:01", "fe80::/64"), "no interface has a group address"),
        ("eui64_address", ("00:00:00:00:00:00", "fe80::/64"), "no interface has a group address or zero"),
        ("overlaps", (P80, [P80, "x"]), "others=x"),
        ("overlaps", ("2001:db8::1/64", P80), "bits are set"),
        ("contains", (P80, "1"), "item=1: this is not an IPv6 address"),
        ("expanded", (["::1", "x"],), "value=x: this is not an IPv6 address"),
        ("expanded", ("::1/129",), "value=::1/129"),
        ("sparse_subnet", ("2001:db8::/64", 65, 2), "index=2: 2001:db8::/64 has 2 prefixes of /65"),
        ("sparse_subnet", ("2001:db8::/64", 65, -1), "index=-1"),
        ("sparse_subnet", ("2001:db8::/64", 63), "length=63"),
        ("aligned_block", ("2001:db8::1",), "value=2001:db8::1: a block has a length"),
        ("aligned_block", ("2001:db8::1", 129), "length=129"),
        ("aligned_block", ("2001:db8::/64", 80), "no single block of /80 holds this prefix"),
        ("block_addresses", ("2001:db8::/64",), "it has 18446744073709551616 addresses and the limit is 65536"),
        ("block_addresses", ("::/127", 1), "the limit is 1"),
        ("block_addresses", ("::1",), "needs its length"),
        ("link_local_address", (["72:9c:d5:34:47:59", "x"],), "mac=x: this is not a MAC"),
        ("link_local_address", ("01:00:5e:00:00:01",), "mac=01:00:5e:00:00:01: no interface has a group address"),
        ("stable_address", (P80, "web", SECRET), "an interface identifier has 64 bits"),
        ("stable_address", ("2001:db8::/64", "web", "short"), "at least 16 octets"),
        ("stable_address", ("2001:db8::/64", "", SECRET), "that of an interface"),
        ("stable_address", ("2001:db8::/64", 1, SECRET), "interface: this is text, not int"),
        ("stable_address", ("2001:db8::/64", "web", SECRET, "", 256), "dad_counter=256"),
        ("extract_suffix", ("2001:db8::1",), "where its prefix ends is not known"),
        ("extract_suffix", ("2001:db8::1", P80), f"value=2001:db8::1: it does not lie in {P80}"),
        ("extract_suffix", ("2001:db8::1", 129), "prefix=129"),
        ("extract_suffix", ("2001:db8::1", "2001:db8::1/64"), "bits are set"),
        ("extract_suffix", ("2001:db8::1", []), "prefix=[]: a whole number"),
        ("rebase", ("2001:db8::/32", "2001:db8::/48"), "value=2001:db8::/32: it is larger than 2001:db8::/48"),
        ("rebase", ("2001:db8::1", "2001:db8::/48", "2001:db9::/48"), "it does not lie in 2001:db9::/48"),
        ("rebase", ("2001:db8::/32", "::/8", "2001:db8::/48"), "it does not lie in 2001:db8::/48"),
        ("rebase", ("2001:db8:0:100::1", "2001:db8:0:ff00::/56", "2001:db8::/48"), "does not fit into 2001:db8:0:ff00"),
        ("rebase", ("2001:db8::1", "2001:db8::1/48"), "bits are set"),
        ("free_space", ("2001:db8::/64", ["x"]), "used=x"),
        ("free_space", ("2001:db8::", []), "needs its length"),
        ("free_space", ("2001:db8::/64", [], 129), "length=129"),
        ("summarise", (["::1", "x"],), "value=x"),
        ("summarise", ({"a": 1},), "an address is text, not dict"),
        ("range_to_prefixes", ("::2-::1",), "value=::2-::1: the last address of a range comes after its first"),
        ("range_to_prefixes", (["::1-::2", "::1"],), "value=::1: a range is two addresses"),
        ("prefix_to_range", ("::1",), "needs its length"),
        ("overlaps", ([P80, None], []), "value=None: an address is text"),
        ("contains", ("2001:db8::1/64", []), "bits are set"),
        ("docker_host_plan", ({"host": "d1", "prefix": "x"},), "prefix=x: a prefix needs its length"),
    ],
)
def test_bad_input_is_an_error_with_value_and_rule(name: str, args: tuple[t.Any, ...], said: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS[name](*args)
    assert said in str(caught.value)


@given(st.integers(1, 2**48 - 1).filter(lambda mac: not mac >> 40 & 1), st.integers(0, 2**64 - 1))
def test_eui64_by_hand(mac: int, prefix: int) -> None:
    octets = mac.to_bytes(6, "big")
    identifier = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    expected = str(ipaddress.IPv6Address(prefix.to_bytes(8, "big") + identifier))
    network = str(ipaddress.IPv6Network((prefix << 64, 64)))
    assert FILTERS["eui64_address"](octets.hex(":"), network) == expected


@given(st.integers(0, 2**128 - 1), st.integers(0, 128))
def test_canonical_text_is_that_of_rfc_5952(number: int, length: int) -> None:
    text = str(netaddr.IPAddress(number, 6))
    # Mapped addresses are tested with the arithmetic: ipaddress writes them in two ways, by its version.
    assume(number >> 32 != 0xFFFF)
    canonical = str(ipaddress.IPv6Address(number))
    assert FILTERS["canonical"](text) == canonical
    assert FILTERS["canonical"](f"{text}/{length}") == f"{canonical}/{length}"


@given(st.lists(st.integers(0, 2**128 - 1), max_size=6), st.integers(0, 128))
def test_a_list_is_what_its_items_are(numbers: list[int], length: int) -> None:
    addresses = [str(ipaddress.IPv6Address(number)) for number in numbers]
    prefixes = [str(ipaddress.IPv6Network((number, length), strict=False)) for number in numbers]
    for name, args in (
        ("canonical", ()),
        ("expanded", ()),
        ("aligned_block", (length,)),
        ("extract_suffix", (length,)),
    ):
        assert FILTERS[name](addresses, *args) == [FILTERS[name](one, *args) for one in addresses]
    for name, args in (
        ("nth_subnet", (128, 0)),
        ("nth_address", (-1,)),
        ("sparse_subnet", (128, 0)),
        ("compose_suffix", ("::",)),
        ("contains", ("::1",)),
        ("overlaps", (["::/1", "::1"],)),
        ("prefix_to_range", ()),
        ("rebase", ("::/0",)),
    ):
        assert FILTERS[name](prefixes, *args) == [FILTERS[name](one, *args) for one in prefixes]


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1), st.integers(0, 128), st.integers(0, 128))
def test_what_a_prefix_contains_is_what_netaddr_says(number: int, flips: int, length: int, other: int) -> None:
    prefix = ipaddress.IPv6Network((number, length), strict=False)
    # Near enough that both answers come up.
    near = ipaddress.IPv6Network((number ^ flips >> max(length - 2, 0), other), strict=False)
    assert FILTERS["contains"](str(prefix), str(near)) is (
        netaddr.IPNetwork(str(near)) in netaddr.IPNetwork(str(prefix))
    )


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1), st.integers(0, 128))
def test_rebasing_there_and_back(number: int, other: int, length: int) -> None:
    address = FILTERS["canonical"](str(ipaddress.IPv6Address(number)))
    former, new = (str(ipaddress.IPv6Network((one, length), strict=False)) for one in (number, other))
    moved = FILTERS["rebase"](address, new, former)
    assert ipaddress.IPv6Address(moved) in ipaddress.IPv6Network(new)
    assert FILTERS["rebase"](moved, former) == address
    assert FILTERS["compose_suffix"](new, FILTERS["extract_suffix"](address, former)) == moved


@given(st.lists(st.tuples(st.integers(0, 2**10 - 1), st.integers(118, 128)), max_size=12))
def test_free_and_used_are_the_whole(parts: list[tuple[int, int]]) -> None:
    pool = "2001:db8::/118"
    base = 0x20010DB8 << 96
    used = [str(ipaddress.IPv6Network((base + offset, length), strict=False)) for offset, length in parts]
    free = FILTERS["free_space"](pool, used)
    assert netaddr.IPSet(free) == netaddr.IPSet([pool]) - netaddr.IPSet(used)
    assert FILTERS["summarise"](free) == free
    assert FILTERS["summarise"]([*free, *used]) == [pool]
    assert all(FILTERS["overlaps"](one, used) == [] for one in free)


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**16))
def test_ranges_and_prefixes(first: int, more: int) -> None:
    last = min(first + more, 2**128 - 1)
    text = f"{ipaddress.IPv6Address(first)}-{ipaddress.IPv6Address(last)}"
    prefixes = FILTERS["range_to_prefixes"](text)
    assert sum(ipaddress.IPv6Network(one).num_addresses for one in prefixes) == last - first + 1
    assert FILTERS["summarise"](prefixes) == prefixes
    ends = [FILTERS["prefix_to_range"](one).split("-") for one in prefixes]
    assert (ipaddress.IPv6Address(ends[0][0]), ipaddress.IPv6Address(ends[-1][1])) == (
        ipaddress.IPv6Address(first),
        ipaddress.IPv6Address(last),
    )


def test_what_jinja_gives_for_several_values() -> None:
    assert FILTERS["nth_subnet"]("::/64", 65, range(2)) == ["::/65", "::8000:0:0:0/65"]
    assert FILTERS["canonical"](text for text in ("::01", "::2")) == ["::1", "::2"]
    assert FILTERS["canonical"]({"a": "::01"}.values()) == ["::1"]
    assert FILTERS["summarise"](iter(["::", "::1"])) == ["::/127"]
    # Each item of the left is met with every item of the right.
    assert FILTERS["contains"](["::/0", "::/1"], ("ffff::", "::")) == [[True, True], [False, True]]


def test_other_lengths_only_when_asked_for() -> None:
    address = FILTERS["stable_address"](P80, ["web", "api"], SECRET, any_length=True)
    assert len(set(address)) == 2 and FILTERS["contains"](P80, address) == [True, True]


def test_the_secret_is_never_in_the_message() -> None:
    for secret in (1234567890123456, "short-secret"):
        with pytest.raises(AnsibleFilterError) as caught:
            FILTERS["stable_address"]("2001:db8::/64", "web", secret)
        assert str(secret) not in str(caught.value)


def test_a_missing_netaddr_names_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_netaddr, "_MISSING", ImportError("no netaddr"))
    for name, args in (
        ("eui64_address", ("::/64",)),
        ("link_local_address", ()),
        ("summarise", ()),
    ):
        with pytest.raises(AnsibleFilterError, match=r"netaddr\) on .*Python"):
            FILTERS[name]("2001:db8::/64", *args)
    assert FILTERS["canonical"]("::1") == "::1"
