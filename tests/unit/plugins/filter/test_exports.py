# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.routable.ipv6.plugins.filter.filters import FilterModule

FILTERS = FilterModule().filters()

ZEROS = "0." * 23
ARPA = f"{ZEROS}8.b.d.0.1.0.0.2.ip6.arpa."
WEB = {"name": "web", "address": "2001:db8::1", "pool": "dc1", "state": "active"}
OLD = {"name": "old", "address": "2001:db8::2", "state": "quarantine"}
SITE = {"name": "d1", "prefix": "2001:db8:0:1::/64"}


@pytest.mark.parametrize(
    ("name", "args", "result"),
    [
        ("reverse_name", ("2001:DB8::1",), f"1.{ARPA}"),
        ("reverse_name", (["2001:db8::1", "2001:db8::2"],), [f"1.{ARPA}", f"2.{ARPA}"]),
        ("reverse_zones", ("2001:db8::/32",), ["8.b.d.0.1.0.0.2.ip6.arpa."]),
        ("reverse_zones", (["2001:db8::/31", "::/0"],),
         [["8.b.d.0.1.0.0.2.ip6.arpa.", "9.b.d.0.1.0.0.2.ip6.arpa."], ["ip6.arpa."]]),
        ("aaaa_record", (WEB, "example.org"), "web.example.org.\tIN\tAAAA\t2001:db8::1"),
        ("aaaa_record", ([WEB, OLD], "example.org.", "60"),
         ["web.example.org.\t60\tIN\tAAAA\t2001:db8::1", "old.example.org.\t60\tIN\tAAAA\t2001:db8::2"]),
        ("aaaa_record", ({"name": "a.b", "address": "::1:2/64"},), "a.b.\tIN\tAAAA\t::1:2"),
        ("ptr_record", (WEB, "example.org"), f"1.{ARPA}\tIN\tPTR\tweb.example.org."),
        ("ptr_record", ([WEB, OLD], "example.org", 0),
         [f"1.{ARPA}\t0\tIN\tPTR\tweb.example.org.", f"2.{ARPA}\t0\tIN\tPTR\told.example.org."]),
        ("hosts_file", ([WEB, OLD, SITE], "example.org"), "2001:db8::1 web.example.org web\n"),
        ("hosts_file", ([WEB],), "2001:db8::1 web\n"),
        ("hosts_file", ([],), ""),
        ("zone_records", ([WEB, OLD, SITE], "example.org"), "web.example.org.\tIN\tAAAA\t2001:db8::1\n"),
        ("zone_records", ([WEB], "example.org", 60, True), "$ORIGIN example.org.\nweb\t60\tIN\tAAAA\t2001:db8::1\n"),
        ("reverse_zone_records", ([WEB, OLD], "2001:db8::/32", "example.org"),
         f"1.{ARPA}\tIN\tPTR\tweb.example.org.\n"),
        ("reverse_zone_records", ([WEB], "2001:db8::/32", "example.org", None, True),
         f"$ORIGIN 8.b.d.0.1.0.0.2.ip6.arpa.\n1.{ZEROS[:-1]}\tIN\tPTR\tweb.example.org.\n"),
        ("reverse_zone_records", ([WEB], "2001:db9::/32", "example.org"), ""),
        ("allocations_csv", ([SITE, WEB],),
         "pool,name,prefix,address,owner,state\n,d1,2001:db8:0:1::/64,,,active\ndc1,web,,2001:db8::1,,active\n"),
        ("netbox_csv", ([SITE, WEB], "prefixes"),
         "prefix,status,description,comments\n2001:db8:0:1::/64,active,d1,\n"),
        ("netbox_csv", ([SITE, WEB], "addresses", "example.org"),
         "address,status,dns_name,description,comments\n2001:db8::1/128,active,web.example.org,web,pool: dc1\n"),
    ],
)  # fmt: skip
def test_results(name: str, args: tuple[t.Any, ...], result: t.Any) -> None:
    assert FILTERS[name](*args) == result


@pytest.mark.parametrize(
    ("name", "args", "said"),
    [
        ("reverse_name", ("2001:db8::/64",), "value=2001:db8::/64: this is not an IPv6 address"),
        ("reverse_zones", ("2001:db8::1",), "value=2001:db8::1: a prefix needs its length"),
        ("aaaa_record", (WEB,), "name=web: a single label is no full name"),
        ("aaaa_record", (WEB, "example org"), "zone=example org: the label 'example org'"),
        ("aaaa_record", (WEB, 7), "zone=7: a zone is text, not int"),
        ("aaaa_record", ([WEB, {"name": "a_b", "address": "::1"}], "example.org"), "name=a_b: the label 'a_b'"),
        ("aaaa_record", (WEB, "example.org", "1h"), "ttl=1h: a whole number"),
        ("aaaa_record", (WEB, "example.org", -1), "ttl=-1"),
        ("ptr_record", (SITE, "example.org"), "a record has a name and an address"),
        ("ptr_record", (WEB, "example.org", 2**31), "ttl=2147483648"),
        ("hosts_file", (WEB,), "a list of allocations is needed, not dict"),
        ("hosts_file", ([{"name": "web"}],), "allocations[0] (web): an allocation is either"),
        ("zone_records", ([WEB], ""), "zone=: the label ''"),
        ("zone_records", ([WEB], None), "zone=None: a zone is text"),
        ("zone_records", ([{**WEB, "state": "x"}], "example.org"), "state=x"),
        ("reverse_zone_records", ([WEB], "2001:db8::1/32", "example.org"), "bits are set"),
        ("reverse_zone_records", ([WEB], "2001:db8::/32"), "single label"),
        ("allocations_csv", ([WEB, 1],), "allocations[1]: an allocation is a dictionary, not int"),
        ("netbox_csv", ([WEB], "ranges"), "kind=ranges: NetBox imports prefixes and addresses"),
    ],
)
def test_bad_input_is_an_error_with_value_and_rule(name: str, args: tuple[t.Any, ...], said: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS[name](*args)
    assert said in str(caught.value)


def test_several_allocations_from_jinja() -> None:
    assert FILTERS["hosts_file"](one for one in [WEB]) == FILTERS["hosts_file"]({"a": WEB}.values())
