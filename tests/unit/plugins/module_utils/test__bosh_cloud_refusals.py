# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""What is said of a cloud config and means nothing, or two things at once."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud import plan
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from bosh_cloud_said import EXAMPLE, MANIFEST, POST, made
from hypothesis import given
from hypothesis import strategies as st

NUMBER = 5602001869620062  # 2001:10:20:30:40:50:1:2 without quotes, to PyYAML


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"prefix": NUMBER}, "network ipv6: prefix=5602001869620062: this is a number: YAML reads"),
        ({"prefix": None}, "prefix"),
        ({"prefix": "2601:646:100:69f1::"}, "a prefix needs its length"),
        ({"prefix": "2601:646:100:69f1::1/64"}, "bits are set beyond the prefix length"),
        ({"prefix": "10.0.0.0/8"}, "this is IPv4 where IPv6 is needed"),
        ({"gateway": None}, "a subnet has a gateway in its range"),
        ({"gateway": NUMBER}, "this is a number"),
        ({"gateway": "10.0.9.1"}, "this is IPv4 where IPv6 is needed"),
        ({"gateway": "fe80::1%eth0"}, "a zone (the part after %)"),
        ({"gateway": "::1/128"}, "a gateway is a single address, without a length"),
        ({"gateway": "2001:db8::1"}, "this is not in 2601:646:100:69f1::/64"),
        ({"gateway": "router.example.org"}, "this is not an IPv6 address"),
        ({"prefix": "2601:646:100:69f1::/80"}, "its identifier has 64 bits, and 2601:646:100:69f1::/80 leaves 48"),
        ({"prefix": "2601:646:100:69f1::165/128"}, "leaves 0"),
        ({"prefix": "2601:646:100:69f1::165/128", "gateway": "::1"}, "this is not in 2601:646:100:69f1::165/128"),
        ({"dns": ["dns.example.org"]}, "this is a name, and the Director resolves none"),
        ({"dns": [NUMBER]}, "this is a number"),
        ({"dns": [{"2001:4860:4860:": None}]}, "this is a mapping, which is what YAML makes of"),
        ({"dns": ["2001:4860:4860::8888/128", "::/0"]}, "a DNS server is a single address"),
        ({"dns": ["fe80::1%eth0"]}, "a zone"),
        ({"reserved": ["::9 - ::1"]}, "the range runs backwards"),
        ({"reserved": [NUMBER]}, "this is a number"),
        ({"reserved": ["10.0.0.1"]}, "this is IPv4"),
        ({"static": ["2601:646:100:69f2::1"]}, "Give one of its addresses, or an offset up to ::ffff:ffff:ffff:ffff"),
        ({"azs": "z1"}, "this is a list of names"),
        ({"azs": [1]}, "this is a list of names"),
        ({"vsphere_network": ["IPv6"]}, "this is text, and not empty"),
        ({"cloud_properties": [None]}, "cloud_properties=[None]: this is a mapping"),
        ({"subnets": []}, "a list of subnets with one at least"),
        ({"subnets": [{"name": "x"}]}, "it has prefix, gateway"),
        ({"name": ""}, "this is text, and not empty"),
        ({"nmae": "x"}, "nmae=x: it has name, subnets"),
    ],
)
def test_what_is_no_network(values: dict[str, t.Any], words: str) -> None:
    with pytest.raises(Refused) as refused:
        made(**values)
    assert words in str(refused.value) and "\n" not in str(refused.value)
    assert refused.value.remedy[0].isupper() or refused.value.remedy.startswith("YAML")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "networks=None: this is a list of networks"),
        ({"networks": []}, "this is a list of networks"),
        ({"networks": ["x"]}, "network='x': this is a mapping"),
        ({"networks": [POST], "netowrks": []}, "it has networks, groups"),
        ({"networks": [POST], "groups": {"a": 1}}, "this is a list of instance groups"),
        ({"networks": [POST], "groups": [{"name": "a", "network": "b"}]}, "instance group a: network=b: there is ipv6"),
        ({"networks": [POST], "groups": [{"name": "a", "addresses": ["::5", "2601:646:100:69f1::5"]}]}, "a has this"),
        ({"networks": [POST], "groups": [{"name": "a", "addresses": [5]}]}, "this is a number"),
        ({"networks": [POST], "groups": [{"name": "a", "addresses": [{"name": "a"}]}]}, "an address is text"),
        ({"networks": [POST], "groups": [{"name": "a"}], "default_route": "both"}, "this is ipv6 or ipv4"),
        ({"networks": [POST], "manifest": "a: ["}, "this is no YAML in line 2"),
        ({"networks": [POST], "manifest": ["a"]}, "a manifest is a mapping"),
        ({"networks": [POST], "manifest": {"name": "a"}, "example": EXAMPLE}, "the example is a manifest itself"),
        ({"networks": [POST], "example": {"stemcell": {"os": "x"}, "release": {}}}, "example: stemcell: version"),
        ({"networks": [POST], "groups": [{"name": "a", "network": {}}]}, "network={}: this is text"),
        ({"networks": [POST], "ipv4_network": ["default"]}, "ipv4_network=['default']: this is text"),
        ({"networks": [POST], "groups": [{"name": "a"}], "default_route": ["ipv6"]}, "this is text"),
        ({"networks": [POST], "example": {**EXAMPLE, "vm_type": 1}}, "example: vm_type=1: this is text"),
        ({"networks": [POST], "groups": [{"name": "a"}], "manifest": {"instance_groups": 5}}, "in what is no list"),
        (
            {"networks": [POST], "groups": [{"name": "a", "addresses": [{"address": "::5", "name": "www"}]}]},
            "full name",
        ),
        ({"networks": [POST], "groups": [{"name": "a_b", "addresses": ["::5"]}], "domain": "x.org"}, "label 'a_b'"),
        ({"networks": [POST], "domain": "x y"}, "domain=x y: the label 'x y'"),
        ({"networks": [POST], "groups": [{"name": "a", "open": ["http"]}]}, "endpoint a: open"),
        ({"networks": [POST], "groups": [{"name": "a", "open": [80], "closed": [80]}]}, "80"),
        ({"networks": [POST], "groups": [{"name": "a", "ping": "yes"}]}, "endpoint a: ping=yes"),
        (
            {
                "networks": [POST],
                "groups": [{"name": "a", "addresses": [{"address": f"::{n}", "name": "a.org"} for n in (5, 6)]}],
            },
            "endpoint a.org behind anywhere: it comes twice",
        ),
        ({"networks": [POST], "deploy": True}, "manifest: there is nothing to deploy"),
        ({"networks": [POST], "example": {"release": {}}}, "example: stemcell=None: this is a mapping"),
    ],
)
def test_what_is_no_input(said: dict[str, t.Any], words: str) -> None:
    with pytest.raises(Refused) as refused:
        plan(said)
    assert words in str(refused.value) and "\n" not in str(refused.value)


TEXT = st.sampled_from(["", "x", "::1", "::1 - ::ff", "2001:db8::/64", "fe80::1", "default", "10.0.0.1", "a\nb"])
JSON: st.SearchStrategy[t.Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.text(),
    lambda child: st.lists(child, max_size=3) | st.dictionaries(TEXT, child, max_size=3),
    max_leaves=6,
)


def around(good: dict[str, t.Any], *keys: str) -> st.SearchStrategy[t.Any]:
    """A mapping that would do, with anything at all in some of its keys."""
    wrong = st.dictionaries(st.sampled_from([*good, *keys]), JSON, max_size=3)
    return st.builds(lambda change: {**good, **change}, wrong)


SAID = st.fixed_dictionaries(
    {"networks": st.lists(around(POST, "reserved", "static", "subnets", "cloud_properties"), max_size=2)},
    optional={
        "groups": st.lists(around({"name": "web"}, "network", "addresses", "open", "ping"), max_size=2),
        "manifest": around(MANIFEST, "stemcells", "releases"),
        "example": around(EXAMPLE, "name", "vm_type"),
        **{key: JSON for key in ("ipv4_network", "default_route", "director", "deploy")},
    },
)


@given(SAID | JSON)
def test_whatever_is_said_is_planned_or_refused(said: t.Any) -> None:
    try:
        plan(said)
    except Refused as refused:
        assert str(refused).endswith(".")
