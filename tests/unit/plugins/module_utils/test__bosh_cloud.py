# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""From what a user says to a cloud config, to a manifest and to endpoints, with the values of the post of 2018."""

from __future__ import annotations

import copy
import ipaddress
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud import endpoints, expected, plan
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import check_cloud_config, read_cloud
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Director
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_groups import check_instance_groups
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import example, given
from hypothesis import strategies as st

POST: dict[str, t.Any] = {
    "name": "ipv6",
    "prefix": "2601:646:100:69f1::/64",
    "gateway": "fe80::20d:b9ff:fe48:9249",
    "dns": ["2001:4860:4860::8888", "2001:4860:4860::8844"],
    "azs": ["z1"],
    "vsphere_network": "IPv6",
}
# As the post has it, letter for letter.
UPLOADED = {
    "networks": [
        {
            "name": "ipv6",
            "type": "manual",
            "subnets": [
                {
                    "range": "2601:0646:0100:69f1:0000:0000:0000:0000/64",
                    "gateway": "2601:0646:0100:69f1:020d:b9ff:fe48:9249",
                    "dns": [
                        "2001:4860:4860:0000:0000:0000:0000:8888",
                        "2001:4860:4860:0000:0000:0000:0000:8844",
                    ],
                    "azs": ["z1"],
                    "cloud_properties": {"name": "IPv6"},
                }
            ],
        }
    ]
}
EXAMPLE = {"stemcell": {"os": "ubuntu-noble", "version": "1.204"}, "release": {"version": "1.21.6"}}
MANIFEST: dict[str, t.Any] = {
    "name": "d",
    "instance_groups": [
        {
            "name": "web",
            "instances": 2,
            "azs": ["z1"],
            "networks": [{"name": "default", "default": ["dns", "gateway"]}],
        },
        {"name": "other", "instances": 1, "networks": [{"name": "default"}]},
    ],
}
IPV4 = {"range": "10.0.9.0/24", "gateway": "10.0.9.1", "azs": ["z1"]}
OTHERS = {
    "default": {
        "azs": [{"name": "z1"}],
        "networks": [{"name": "default", "subnets": [IPV4]}],
        "compilation": {"workers": 1, "network": "default", "az": "z1"},
    }
}


def network(**values: t.Any) -> dict[str, t.Any]:
    """The network of the post with other values; None takes a key away."""
    return {key: value for key, value in {**POST, **values}.items() if value is not None}


def made(**values: t.Any) -> dict[str, t.Any]:
    """The subnet that comes of it."""
    subnet: dict[str, t.Any] = plan({"networks": [network(**values)]})["content"]["networks"][0]["subnets"][0]
    return subnet


def with_groups(*groups: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    said = {"networks": [POST], "ipv4_network": "default", "default_route": "ipv6", **more}
    return plan({**said, "groups": list(groups)})


def test_five_lines_are_the_network_of_the_post() -> None:
    made_of = {"networks": [POST]}
    kept = copy.deepcopy(made_of)
    result = plan(made_of)
    assert result["content"] == UPLOADED and made_of == kept
    assert (result["vsphere_networks"], result["operations"], result["manifest"]) == (["IPv6"], [], None)
    # Which bosh int takes as well.
    assert result["ops_file"] == "[]\n"
    assert check_cloud_config(result["content"], Director((283, 1, 6)), "ipv6", OTHERS) == []


@pytest.mark.parametrize(
    ("gateway", "full"),
    [
        ("fe80::20d:b9ff:fe48:9249", "020d:b9ff:fe48:9249"),
        ("febf::1", "0000:0000:0000:0001"),
        ("00:0d:b9:48:92:49", "020d:b9ff:fe48:9249"),
        ("::1", "0000:0000:0000:0001"),
        ("2601:646:100:69f1::1", "0000:0000:0000:0001"),
        ("2601:0646:0100:69F1:0:0:0:1", "0000:0000:0000:0001"),
    ],
)
def test_gateways(gateway: str, full: str) -> None:
    assert made(gateway=gateway)["gateway"] == f"2601:0646:0100:69f1:{full}"


def test_entries_become_few_and_are_written_out() -> None:
    spec = made(
        reserved=["::10", "::11 - ::1f", "2601:646:100:69f1::20/123", "::1-::f"],
        static=[[f"::{number:x}" for number in range(0x5000, 0x5000 + 5000)]],
    )
    start = "2601:0646:0100:69f1:0000:0000:0000"
    assert spec["reserved"] == [f"{start}:0001 - {start}:003f"]
    assert spec["static"] == [f"{start}:5000 - {start}:6387"]


@example(128, (1 << 128) - 1, 0)
@given(st.integers(0, 128), st.integers(0, (1 << 128) - 1), st.integers(0, (1 << 128) - 1))
def test_offsets_and_addresses_are_the_same(length: int, bits: int, offset: int) -> None:
    """Whatever the prefix, an offset is the address that a prefix's own arithmetic finds."""
    prefix = ipaddress.IPv6Network((bits >> (128 - length) << (128 - length), length))
    low = offset & int(prefix.hostmask)
    address = prefix[low]
    texts = [str(ipaddress.IPv6Address(low)), str(address)]
    written = [made(prefix=str(prefix), gateway="::", reserved=[text])["reserved"] for text in texts]
    assert written == [[address.exploded], [address.exploded]]


def test_a_network_with_subnets_of_their_own() -> None:
    result = plan(
        {
            "networks": [
                {
                    "name": "ipv6",
                    "gateway": "::1",
                    "dns": ["2001:4860:4860::8888", "8.8.8.8"],
                    "cloud_properties": {"tag": "x"},
                    "subnets": [
                        {"prefix": "2001:db8:1::/64", "azs": ["z1"], "vsphere_network": "one"},
                        {"prefix": "2001:db8:2::/64", "azs": ["z2"], "vsphere_network": "two", "gateway": "::2"},
                    ],
                }
            ],
            "groups": [{"name": "web", "addresses": ["2001:db8:2::10", "::11"]}],
        }
    )
    one, two = result["content"]["networks"][0]["subnets"]
    assert [spec["gateway"][-1] for spec in (one, two)] == ["1", "2"] and one["dns"][1] == "8.8.8.8"
    assert one["cloud_properties"] == {"tag": "x", "name": "one"} and result["vsphere_networks"] == ["one", "two"]
    # An offset is one of the first subnet, an address belongs where it lies.
    assert (one["static"], two["static"]) == (
        ["2001:0db8:0001:0000:0000:0000:0000:0011"],
        ["2001:0db8:0002:0000:0000:0000:0000:0010"],
    )


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


def test_the_default_route_is_asked_for_with_what_either_answer_means() -> None:
    with pytest.raises(Refused) as refused:
        with_groups({"name": "web"}, {"name": "db"}, default_route="")
    assert "web, db" in str(refused.value)
    assert "the Director must be in the VM's IPv4 subnet" in str(refused.value)
    assert "only where a router advertises itself" in str(refused.value)
    # Who has one network only is not asked.
    assert with_groups({"name": "web"}, default_route="", ipv4_network="")["operations"][0]["value"] == {"name": "ipv6"}


@pytest.mark.parametrize("route", ["ipv6", "ipv4"])
@pytest.mark.parametrize("version", [(282, 0, 9), (282, 0, 10), (283, 1, 6)])
def test_either_answer_makes_a_manifest_that_the_director_takes(route: str, version: tuple[int, ...]) -> None:
    group = {"name": "web", "addresses": ["::165", "::166"]}
    result = with_groups(group, manifest=MANIFEST, default_route=route)
    director = Director(version)
    cloud = read_cloud({**OTHERS, "ipv6": result["content"]}, director)
    assert cloud.findings == ()
    web = result["manifest"]["instance_groups"][0]
    assert check_instance_groups([web], cloud, director) == []
    holder = {network["name"] for network in web["networks"] if network.get("default") == ["dns", "gateway"]}
    assert holder == {"ipv6" if route == "ipv6" else "default"}
    # What was not spoken of stays, and a second time changes nothing.
    assert result["manifest"]["instance_groups"][1] == MANIFEST["instance_groups"][1]
    again = with_groups(group, manifest=result["manifest"], default_route=route)
    assert again["manifest"] == result["manifest"]


def test_a_group_that_the_manifest_has_not() -> None:
    with pytest.raises(Refused, match="the manifest has no name=nobody there"):
        with_groups({"name": "nobody"}, manifest=MANIFEST)


def test_the_example_is_a_manifest_that_the_director_takes() -> None:
    result = with_groups(example=EXAMPLE)
    director = Director((283, 1, 6), cpi="vsphere_cpi")
    cloud = read_cloud({**OTHERS, "ipv6": result["content"]}, director)
    groups = result["manifest"]["instance_groups"]
    assert [group["name"] for group in groups] == ["nginx"] and check_instance_groups(groups, cloud, director) == []
    assert "listen [::]:80 ipv6only=off;" in groups[0]["jobs"][0]["properties"]["nginx_conf"]
    assert result["manifest"]["releases"] == [{"name": "nginx", "version": "1.21.6"}]
    alone = plan({"networks": [network(azs=None)], "example": EXAMPLE, "groups": [{"name": "a"}, {"name": "b"}]})
    assert [(group["name"], group["networks"]) for group in alone["manifest"]["instance_groups"]] == [
        ("a", [{"name": "ipv6"}]),
        ("b", [{"name": "ipv6"}]),
    ]
    two = with_groups({"name": "web", "addresses": ["::165", "::166"]}, example=EXAMPLE)
    assert two["manifest"]["instance_groups"][0]["instances"] == 2


class TestEndpoints:
    ROWS: t.ClassVar[list[dict[str, t.Any]]] = [
        {
            "group": "web",
            "index": index,
            "vm_cid": f"vm-{index}",
            "addresses": ["10.0.9.7", f"2601:0646:0100:69f1:0000:0000:0000:000{index + 1}"],
        }
        for index in range(2)
    ]

    def test_static_addresses_are_known_before(self) -> None:
        group = {
            "name": "web",
            "addresses": [{"address": "::165", "name": "a.example.org"}, "::166"],
            "open": [80],
            "closed": [22],
        }
        result = with_groups(group)
        found = endpoints(result["claims"], [], "director")
        assert [(one["name"], one["address"]) for one in found] == [
            ("a.example.org", "2601:646:100:69f1::165"),
            ("web-1", "2601:646:100:69f1::166"),
        ]
        assert found[0] == {
            "name": "a.example.org",
            "kind": "vm",
            "behind": "director",
            "address": "2601:646:100:69f1::165",
            "open": [80],
            "closed": [22],
            "ping": True,
        }
        assert [(one["name"], one["named"]) for one in result["addresses"]] == [
            ("a.example.org", True),
            ("web-1", False),
        ]

    def test_records(self) -> None:
        group = {"name": "web", "addresses": [{"address": "::165", "name": "a.example.org"}, "::166"]}
        reverse = "0.0.0.0.0.0.0.0.0.0.0.0.0.1.f.9.6.0.0.1.0.6.4.6.0.1.0.6.2.ip6.arpa."
        first = {
            "aaaa": ["a.example.org.\tIN\tAAAA\t2601:646:100:69f1::165"],
            "ptr": [f"5.6.1.{reverse}\tIN\tPTR\ta.example.org."],
        }
        assert with_groups(group)["records"] == first
        assert with_groups(group, domain="example.org")["records"] == {
            "aaaa": [*first["aaaa"], "web-1.example.org.\tIN\tAAAA\t2601:646:100:69f1::166"],
            "ptr": [*first["ptr"], f"6.6.1.{reverse}\tIN\tPTR\tweb-1.example.org."],
        }
        assert with_groups({"name": "web"}, domain="example.org")["records"] == {"aaaa": [], "ptr": []}

    def test_what_the_director_chose(self) -> None:
        claims = with_groups({"name": "web", "ping": False})["claims"]
        assert endpoints(claims, [], "director") == []
        found = endpoints(claims, self.ROWS, "director")
        assert [(one["name"], one["address"], one["ping"]) for one in found] == [
            ("web-0", "2601:646:100:69f1::1", False),
            ("web-1", "2601:646:100:69f1::2", False),
        ]
        assert endpoints(claims, self.ROWS[:1], "director")[0]["name"] == "web"

    def test_what_vcenter_must_show(self) -> None:
        claims = with_groups({"name": "web"})["claims"]
        rows = [*self.ROWS, {"group": "db", "vm_cid": "vm-9", "addresses": []}, {**self.ROWS[0], "vm_cid": None}]
        assert expected(claims, rows) == [
            {"vm": f"vm-{index}", "addresses": [f"2601:0646:0100:69f1:0000:0000:0000:000{index + 1}"]}
            for index in range(2)
        ]


class TestReport:
    def topics(self, **more: t.Any) -> dict[str, str]:
        result = with_groups(*more.pop("groups", [{"name": "web"}]), **more)
        return {entry["topic"]: entry["message"] for entry in result["report"]}

    def test_what_concerns_everybody(self) -> None:
        said = self.topics(director="https://10.0.9.6")
        assert set(said) == {
            "router_advertisements",
            "lowest_addresses",
            "default_route",
            "interfaces",
            "listen",
            "ssh",
        }
        assert "(https://10.0.9.6) must therefore be in the IPv4 subnet" in said["default_route"]
        assert "hands out 2601:646:100:69f1::1 first" in said["lowest_addresses"]

    def test_the_other_route(self) -> None:
        assert "only where a router advertises itself" in self.topics(default_route="ipv4")["default_route"]
        alone = self.topics(ipv4_network="")
        assert "reachable by IPv6" in alone["default_route"] and "ssh" not in alone

    def test_without_groups(self) -> None:
        assert set(self.topics(groups=[])) == {"router_advertisements", "lowest_addresses", "listen"}

    def test_the_lowest_address(self) -> None:
        for values in ({"gateway": "::1"}, {"reserved": ["::1"]}, {"static": ["::1 - ::f"]}):
            assert "lowest_addresses" not in self.topics(networks=[network(**values)])

    @pytest.mark.parametrize(
        ("conf", "words"),
        [
            ("server {\n  listen 80;\n  listen *:81;\n}", "web: nginx_conf listens on 80, *:81, which is IPv4 alone"),
            ("server {\n  listen [::]:80;\n listen 80;\n}", None),
        ],
    )
    def test_a_program_that_listens_to_ipv4_alone(self, conf: str, words: str | None) -> None:
        manifest = copy.deepcopy(MANIFEST)
        manifest["instance_groups"][0]["jobs"] = [{"name": "nginx", "properties": {"nginx_conf": conf}}]
        said = self.topics(manifest=manifest)
        assert words in said["listen"] if words else "listen" not in said

    @pytest.mark.parametrize(
        ("stemcell", "words"),
        [
            ({"os": "ubuntu-jammy"}, "reboots each new VM once"),
            ({"name": "bosh-vsphere-esxi-ubuntu-trusty-go_agent"}, "out of support"),
            ({"os": "ubuntu-noble"}, None),
        ],
    )
    def test_stemcells(self, stemcell: dict[str, str], words: str | None) -> None:
        said = self.topics(manifest={**MANIFEST, "stemcells": [stemcell]})
        assert words in said["stemcell"] if words else "stemcell" not in said


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
