# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""From what a user says to a cloud config and to a manifest."""

from __future__ import annotations

import copy
import ipaddress

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud import plan
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import check_cloud_config, read_cloud
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Director
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_groups import check_instance_groups
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from bosh_cloud_said import EXAMPLE, MANIFEST, OTHERS, POST, UPLOADED, made, network, with_groups
from hypothesis import example, given
from hypothesis import strategies as st


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
