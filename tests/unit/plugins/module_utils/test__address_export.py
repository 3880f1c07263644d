# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
import ipaddress
import typing as t

import dns.name
import dns.rdatatype
import dns.zone
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _address_export as e
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

ZONE = "example.org."
BASE = 0x20010DB8 << 96
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,3}[a-z0-9])?", fullmatch=True)
ENTRIES = [
    {"pool": "dc1", "name": "web", "address": "2001:DB8::20/64", "owner": "web team", "state": "active"},
    {"pool": "dc1", "name": "api", "address": "2001:db8::9"},
    {"pool": "dc1", "name": "old", "address": "2001:db8::8", "state": "quarantine"},
    {"pool": "dc1", "name": "db", "address": "2001:db8::7", "state": "reserved"},
    {"pool": "sites", "name": "d1", "prefix": "2001:db8:0:1::/64", "owner": 'a "b", c'},
    {"pool": "dc1", "name": "www.example.org", "address": "2001:db8::20"},
    {"pool": "dc1", "name": "mx.example.net.", "address": "2001:db8::30"},
]


@st.composite
def entries(draw: st.DrawFn) -> list[dict[str, t.Any]]:
    found = []
    for _number in range(draw(st.integers(0, 12))):
        entry: dict[str, t.Any] = {
            "pool": draw(st.sampled_from(["a", "b"])),
            "name": ".".join(draw(st.lists(LABELS, min_size=1, max_size=2))),
            "owner": draw(st.text(alphabet='x, "\n;=é', max_size=5)),
            "state": draw(st.sampled_from(e.STATES)),
        }
        value = BASE | draw(st.integers(0, 2**96 - 1))
        if draw(st.booleans()):
            entry["address"] = str(ipaddress.IPv6Address(value))
        else:
            entry["prefix"] = str(ipaddress.IPv6Network((value, draw(st.integers(32, 128))), strict=False))
        found.append(entry)
    return found


def parsed(text: str, origin: str) -> list[tuple[str, int, str]]:
    """Records as dnspython reads them: absolute name, TTL, data."""
    zone = dns.zone.from_text(
        f"$TTL 60\n{origin} IN SOA . . 1 1 1 1 1\n{origin} IN NS ns.invalid.\n{text}", origin=origin, relativize=False
    )
    return [
        (name.to_text(), ttl, rdata.to_text())
        for name, ttl, rdata in zone.iterate_rdatas()
        if rdata.rdtype in (dns.rdatatype.AAAA, dns.rdatatype.PTR)
    ]


def test_the_zone_file_by_hand() -> None:
    assert e.zone_records(e.read_allocations(ENTRIES), ZONE, 300) == (
        "api.example.org.\t300\tIN\tAAAA\t2001:db8::9\n"
        "web.example.org.\t300\tIN\tAAAA\t2001:db8::20\n"
        "www.example.org.\t300\tIN\tAAAA\t2001:db8::20\n"
    )
    # Relative names are of the zone that is asked for.
    assert e.zone_records(e.read_allocations(ENTRIES[1:2]), "example.net.", relative=True) == (
        "$ORIGIN example.net.\napi\tIN\tAAAA\t2001:db8::9\n"
    )
    apex = e.read_allocations([{"name": "example.org.", "address": "::1"}])
    assert e.zone_records(apex, ZONE, relative=True) == "$ORIGIN example.org.\n@\tIN\tAAAA\t::1\n"
    assert e.zone_records(e.read_allocations(ENTRIES[6:]), ZONE, relative=True) == ""


def test_the_reverse_zone_by_hand() -> None:
    zeros = ".".join("0" * 20)
    text = e.reverse_zone_records(e.read_allocations(ENTRIES), (BASE, 48), ZONE, relative=True)
    assert text == (
        "$ORIGIN 0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.\n"
        f"9.0.{zeros[4:]}\tIN\tPTR\tapi.example.org.\n"
        f"0.2.{zeros[4:]}\tIN\tPTR\tweb.example.org.\n"
        f"0.2.{zeros[4:]}\tIN\tPTR\twww.example.org.\n"
        f"0.3.{zeros[4:]}\tIN\tPTR\tmx.example.net.\n"
    )
    assert e.reverse_zone_records(e.read_allocations(ENTRIES), (BASE + (1 << 80), 48), ZONE) == ""


def test_the_hosts_file_by_hand() -> None:
    allocations = e.read_allocations(ENTRIES)
    assert e.hosts_file(allocations, ZONE) == (
        "2001:db8::9 api.example.org api\n"
        "2001:db8::20 web.example.org www.example.org web www\n"
        "2001:db8::30 mx.example.net\n"
    )
    assert e.hosts_file(allocations[:2]) == "2001:db8::9 api\n2001:db8::20 web\n"
    apex = e.read_allocations([{"name": "example.org", "address": "::1"}])
    assert e.hosts_file(apex, ZONE) == "::1 example.org\n"


def test_the_tables_by_hand() -> None:
    allocations = e.read_allocations(ENTRIES)
    assert e.csv_table(allocations) == (
        "pool,name,prefix,address,owner,state\n"
        "dc1,db,,2001:db8::7,,reserved\n"
        "dc1,old,,2001:db8::8,,quarantine\n"
        "dc1,api,,2001:db8::9,,active\n"
        "dc1,web,,2001:db8::20/64,web team,active\n"
        "dc1,www.example.org,,2001:db8::20,,active\n"
        "dc1,mx.example.net.,,2001:db8::30,,active\n"
        'sites,d1,2001:db8:0:1::/64,,"a ""b"", c",active\n'
    )
    assert e.netbox_prefixes(allocations) == (
        "prefix,status,description,comments\n"
        '2001:db8:0:1::/64,active,d1,"pool: sites, owner: a ""b"", c"\n'
    )  # fmt: skip
    assert e.netbox_addresses(allocations, ZONE) == (
        "address,status,dns_name,description,comments\n"
        "2001:db8::7/128,reserved,db.example.org,db,pool: dc1\n"
        "2001:db8::8/128,deprecated,old.example.org,old,pool: dc1\n"
        "2001:db8::9/128,active,api.example.org,api,pool: dc1\n"
        '2001:db8::20/64,active,web.example.org,web,"pool: dc1, owner: web team"\n'
        "2001:db8::20/128,active,www.example.org,www.example.org,pool: dc1\n"
        "2001:db8::30/128,active,mx.example.net,mx.example.net.,pool: dc1\n"
    )
    assert e.netbox_addresses(e.read_allocations([{"name": "d1/web", "address": "::1"}])) == (
        "address,status,dns_name,description,comments\n::1/128,active,,d1/web,\n"
    )


@given(entries(), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_allocations_does_not_matter(found: list[dict[str, t.Any]], random: t.Any, flag: bool) -> None:
    other = list(found)
    random.shuffle(other)
    one, two = e.read_allocations(found), e.read_allocations(other)
    for function, args in (
        (e.hosts_file, (ZONE,)),
        (e.zone_records, (ZONE, None, flag)),
        (e.reverse_zone_records, ((BASE, 35), ZONE, None, flag)),
        (e.csv_table, ()),
        (e.netbox_prefixes, ()),
        (e.netbox_addresses, (ZONE,)),
    ):
        assert function(one, *args) == function(two, *args)  # type: ignore[operator]


def active(found: list[dict[str, t.Any]]) -> list[tuple[str, str]]:
    return [(one["name"], one["address"]) for one in found if "address" in one and one["state"] == "active"]


@given(entries(), st.sampled_from([None, 0, 300]), st.booleans())
def test_another_program_reads_the_zone_file(found: list[dict[str, t.Any]], ttl: int | None, relative: bool) -> None:
    text = e.zone_records(e.read_allocations(found), ZONE, ttl, relative)
    expected = {(f"{name}.{ZONE}", 60 if ttl is None else ttl, address) for name, address in active(found)}
    assert set(parsed(text, ZONE)) == expected
    assert len(text.splitlines()) == len(expected) + (1 if relative and expected else 0)


@given(entries(), st.integers(32, 40), st.booleans())
def test_another_program_reads_the_reverse_zone(found: list[dict[str, t.Any]], length: int, relative: bool) -> None:
    prefix = ipaddress.IPv6Network((BASE, length))
    text = e.reverse_zone_records(e.read_allocations(found), (BASE, length), ZONE, 300, relative)
    expected = {
        (f"{ipaddress.IPv6Address(address).reverse_pointer}.", 300, f"{name}.{ZONE}")
        for name, address in active(found)
        if ipaddress.IPv6Address(address) in prefix
    }
    assert set(parsed(text, "ip6.arpa.")) == expected


@given(entries())
def test_a_table_read_again_is_the_same(found: list[dict[str, t.Any]]) -> None:
    text = e.csv_table(e.read_allocations(found))
    again = [{key: cell or None for key, cell in row.items()} for row in csv.DictReader(io.StringIO(text))]
    assert len(again) == len(found)
    assert e.csv_table(e.read_allocations(again)) == text


@pytest.mark.parametrize(
    ("given_entries", "said"),
    [
        ({"name": "web"}, "allocations: a list of allocations is needed, not dict"),
        ("web", "not str"),
        ([{"name": "a", "address": "::1"}, "web"], "allocations[1]: an allocation is a dictionary, not str"),
        ([{"address": "::1"}], "allocations[0]: an allocation has a name"),
        ([{"name": "web"}], "allocations[0] (web): an allocation is either an address or a prefix"),
        ([{"name": "web", "address": "::1", "prefix": "::/64"}], "either an address or a prefix"),
        ([{"name": "web", "address": "x"}], "allocations[0].address=x: this is not an IPv6 address"),
        ([{"name": "web", "address": "::1/129"}], "allocations[0].address=::1/129"),
        ([{"name": "web", "prefix": "::1/64"}], "allocations[0].prefix=::1/64: bits are set"),
        (
            [{"name": "web", "address": "::1", "state": "gone"}],
            "state=gone: the state is one of active, reserved, quar",
        ),
        ([{"name": 7, "address": "::1"}], "allocations[0].name=7: this is text, not int"),
        ([{"name": "web", "address": "::1", "owner": ["x"]}], "this is text, not list"),
    ],
)
def test_what_is_no_allocation(given_entries: object, said: str) -> None:
    with pytest.raises(Refused) as caught:
        e.read_allocations(given_entries)
    assert said in str(caught.value)


def test_names_that_other_programs_do_not_take() -> None:
    allocations = e.read_allocations([{"name": "d1/web", "address": "::1"}])
    for function in (e.hosts_file, e.zone_records, e.netbox_addresses):
        with pytest.raises(Refused, match=r"name=d1/web.*RFC 1123"):
            function(allocations, ZONE)
    with pytest.raises(Refused, match="single label"):
        e.reverse_zone_records(e.read_allocations([{"name": "web", "address": "::1"}]), (0, 0))
    long = e.read_allocations([{"name": "x" * 201, "prefix": "::/64"}])
    with pytest.raises(Refused, match="at most 200"):
        e.netbox_prefixes(long)
    for records in (
        lambda: e.zone_records([], ZONE, -1),
        lambda: e.reverse_zone_records([], (0, 0), ZONE, -1),
    ):
        with pytest.raises(Refused, match="ttl=-1"):
            records()


def test_one_record() -> None:
    assert e.name_and_address({"name": "Web", "address": "2001:DB8::1/64"}, ZONE) == ("web.example.org.", BASE | 1)
    assert e.name_and_address({"name": "a.b", "address": "::1", "ports": []}, "") == ("a.b.", 1)
    for wrong in ({"name": "web"}, {"address": "::1"}, "web", {"name": "web", "address": None}):
        with pytest.raises(Refused):
            e.name_and_address(wrong, ZONE)


def test_the_names_of_a_zone_stay_together() -> None:
    names = ["b.x", "c", "a.y", "a.x", "x"]
    found = e.read_allocations([{"name": name, "address": f"::{place + 1}"} for place, name in enumerate(names)])
    text = e.zone_records(found, ZONE, relative=True)
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["c", "x", "a.x", "b.x", "a.y"]
