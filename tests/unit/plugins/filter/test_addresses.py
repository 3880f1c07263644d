# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import ipaddress
import typing as t

import netaddr
import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.routable.ipv6.plugins.plugin_utils import _netaddr
from hypothesis import given
from hypothesis import strategies as st

FILTERS: dict[str, t.Callable[..., t.Any]] = {}
for name in ("canonical", "compose_suffix", "contains", "docker_host_plan", "eui64_address", "nth_address",
             "nth_subnet", "overlaps"):  # fmt: skip
    module = importlib.import_module(f"ansible_collections.routable.ipv6.plugins.filter.{name}")
    FILTERS.update(module.FilterModule().filters())

P80 = "2001:db8:0:1:d::/80"


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
    assert FILTERS["canonical"](text) == str(ipaddress.IPv6Address(number))
    assert FILTERS["canonical"](f"{text}/{length}") == f"{ipaddress.IPv6Address(number)}/{length}"


def test_a_missing_netaddr_names_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_netaddr, "_MISSING", ImportError("no netaddr"))
    for name in ("overlaps", "contains", "eui64_address"):
        with pytest.raises(AnsibleFilterError, match=r"netaddr\) on .*Python"):
            FILTERS[name]("2001:db8::/64", "2001:db8::/64")
    assert FILTERS["canonical"]("::1") == "::1"
