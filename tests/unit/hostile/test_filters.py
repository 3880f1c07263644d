# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The corpus in every place of what each filter takes where a text can stand.

Refused with the error of a filter, in one printable sentence, or taken; nothing is written, run or connected to on the
way. In a text for other programs, what is taken is one line there, or one row.
"""

from __future__ import annotations

import csv
import io
import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.routable.ipv6.plugins.filter.filters import FilterModule
from corpus import ALL, anything
from hypothesis import given, settings
from hypothesis import strategies as st
from test_modules import put, slots
from world import World, watched

FILTERS = FilterModule().filters()
PREFIX, ADDRESS, MAC = "2001:db8:0:1::/64", "2001:db8:0:1::20", "72:9c:d5:34:47:59"
ALLOCATIONS = [{"pool": "site", "name": "web", "address": ADDRESS, "owner": "shop", "state": "active"}]
ENDPOINT = {
    "role": "r",
    "name": "web",
    "behind": "docker1",
    "address": ADDRESS,
    "kind": "container",
    "open": [{"port": 80, "protocol": "tcp"}],
    "closed": [],
    "ping": True,
    "source": ADDRESS,
    "mtu": None,
}
PROBE = {"observer": {"port": 7}, "targets": [{"name": "r/docker1/web", "local": "2001:db8::9"}]}
NETWORK = {
    "name": "routable",
    "bridge": "routable0",
    "ipv6": True,
    "labels": {"routable.ipv6": "docker_host"},
    "options": {"a": "b"},
    "ipv6_subnets": ["2001:db8::/80"],
    "ipv6_pools": [{"subnet": "2001:db8::/80", "gateway": "2001:db8::1", "ip_range": "2001:db8::/81"}],
}
USER = {
    "name": "routable",
    "bridge": "routable0",
    "prefix": "2001:db8::/80",
    "gateway": "2001:db8::1",
    "ip_range": "2001:db8::/81",
}
ZONE = {
    "alias": "web",
    "uuid": "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0",
    "payload": {"brand": "lx", "nics": [{"nic_tag": "external", "ips": ["dhcp"], "mac": MAC}]},
    "static": True,
    "gateway": "fe80::1",
    "addresses": [ADDRESS],
    "nics": [{"mac": MAC}],
    "open": ["80/tcp"],
}
MADE = {
    "alias": "web",
    "uuid": ZONE["uuid"],
    "brand": "lx",
    "running": True,
    "exists": True,
    "nics": [{"interface": "net0", "mac": MAC, "nic_tag": "external", "vlan_id": 0, "ips": ["dhcp"], "vrrp_vrid": 0}],
}
CLOUD = {
    "networks": [
        {
            "name": "ipv6",
            "prefix": PREFIX,
            "gateway": "::1",
            "azs": ["z1"],
            "dns": ["2001:4860:4860::8888"],
            "reserved": ["::1 - ::ff"],
            "vsphere_network": "IPv6",
        }
    ],
    "groups": [{"name": "nginx", "open": ["80"]}],
    "ipv4_network": "default",
    "default_route": "ipv6",
    "director": "192.0.2.1",
    "domain": "bosh.example",
    "example": {
        "name": "nginx",
        "vm_type": "small",
        "stemcell": {"os": "ubuntu-jammy", "version": "latest"},
        "release": {"name": "nginx", "version": "1.21.6", "url": "https://a.example/n", "sha1": "a" * 40},
    },
}
DOCKER = {
    "host": "docker1",
    "hosts": ["docker1", "docker2"],
    "prefix": "2001:db8:0:1:d::/80",
    "network": "both",
    "addresses": [{"name": "web", "suffix": "::20", "ports": [{"port": "80", "protocol": "tcp"}]}, "mail"],
    "uplink": {"interface": "ens3", "addresses": ["2001:db8:0:1::a/64"], "routers": ["fe80::1"]},
    "others": ["2001:db8:0:1::b/64"],
    "docker_version": "26.1.5+dfsg1",
    "bridge_name": "routable0",
    "network_name": "routable",
    "allocated": {"prefix": "2001:db8:0:1:d::/80", "addresses": {"web": "2001:db8:0:1:d:8000::20"}},
}
FACTS = {
    "interfaces": {"ens3": ["2001:db8::a/64"]},
    "default_routes": [{"interface": "ens3", "gateway": "fe80::1"}],
}
CLAIMS = FILTERS["bosh_cloud_config_plan"](CLOUD)["claims"]
ROWS = [{"group": "nginx", "index": 0, "vm_cid": "vm-1", "addresses": ["10.0.9.7", ADDRESS]}]
POOLS = {"docker_hosts": {"prefix": PREFIX, "length": 80, "suffix": True}}
ASKED = {"host": "docker1", "addresses": ["web"], "pool": "docker_hosts", "pools": POOLS}
ZONES_CLAIMS = FILTERS["smartos_zone_plan"]({"zones": [ZONE], "prefixes": [PREFIX]})["claims"]

# What each filter takes, its value first.
GIVEN: dict[str, list[t.Any]] = {
    "aaaa_record": [{"name": "web", "address": ADDRESS}, "example.org", "300"],
    "aligned_block": [ADDRESS, "64"],
    "allocations_csv": [ALLOCATIONS],
    "block_addresses": ["2001:db8::/126", "16"],
    "bosh_cloud_config_endpoints": [ROWS, CLAIMS, "director"],
    "bosh_cloud_config_plan": [CLOUD],
    "bosh_cloud_config_vms": [ROWS, CLAIMS],
    "canonical": [ADDRESS],
    "compose_suffix": [PREFIX, "::20"],
    "contains": [PREFIX, ADDRESS],
    "docker_host_plan": [DOCKER],
    "docker_host_requests": [[ASKED]],
    "eui64_address": [MAC, PREFIX],
    "expanded": [PREFIX],
    "extract_suffix": [ADDRESS, "64"],
    "free_space": [PREFIX, ["2001:db8:0:1::/65"], "128"],
    "hosts_file": [ALLOCATIONS, "example.org"],
    "link_local_address": [MAC],
    "netbox_csv": [ALLOCATIONS, "addresses", "example.org"],
    "network_is_made": [[NETWORK], USER, {"a": "b"}, "routable.ipv6"],
    "nth_address": [PREFIX, "5"],
    "nth_subnet": [PREFIX, "80", "5"],
    "overlaps": [PREFIX, [ADDRESS]],
    "prefix_to_range": [PREFIX],
    "ptr_record": [{"name": "web", "address": ADDRESS}, "example.org", "300"],
    "range_to_prefixes": ["2001:db8::1-2001:db8::7"],
    "reachability_targets": [[ENDPOINT], "7", "1280"],
    "reachability_visits": [[ENDPOINT], {"stranger": PROBE}, "docker1"],
    "rebase": [ADDRESS, "2001:db8:0:2::/64", PREFIX],
    "reverse_name": [ADDRESS],
    "reverse_zone_records": [ALLOCATIONS, PREFIX, "example.org", "300"],
    "reverse_zones": [PREFIX],
    "smartos_zone_endpoints": [[MADE], ZONES_CLAIMS, "host"],
    "smartos_zone_plan": [{"zones": [ZONE], "prefixes": [PREFIX], "mode": "allowed_ips"}],
    "sparse_subnet": [PREFIX, "80", "5"],
    "stable_address": [PREFIX, "eth0", "a secret of some length", "net", "0"],
    "stale_networks": [[NETWORK], {**USER, "bridge": "other"}, "routable.ipv6"],
    "summarise": [[PREFIX, ADDRESS]],
    "uplink_of_facts": [FACTS, "ens3"],
    "zone_records": [ALLOCATIONS, "example.org", "300"],
}
# Their result is read by a program line by line, or row by row.
LINES = {"aaaa_record", "hosts_file", "ptr_record", "reverse_zone_records", "zone_records"}
ROWS_OF = {"allocations_csv", "netbox_csv"}
# They take what modules of this collection have found, which comes in its own types.
OF_MODULES = {
    "bosh_cloud_config_endpoints",
    "bosh_cloud_config_vms",
    "network_is_made",
    "reachability_targets",
    "reachability_visits",
    "smartos_zone_endpoints",
    "stale_networks",
    "uplink_of_facts",
}
PLACES = [(name, slot) for name, options in GIVEN.items() for slot in slots(options)]


def shape(name: str, result: t.Any) -> int:
    """How many lines or rows another program sees."""
    text = str(result)
    if name in ROWS_OF:
        return len(list(csv.reader(io.StringIO(text, newline=""), strict=True)))
    # As those count who count most of them.
    return len(text.splitlines())


def run(name: str, slot: tuple[t.Any, ...], text: str) -> None:
    where = f"{name}: {'.'.join(map(str, slot))}={text[:60]!r}"
    world = World()
    try:
        with watched(world):
            result = FILTERS[name](*put(GIVEN[name], slot, text))
    except AnsibleFilterError as error:
        said = str(error)
        assert said.isprintable() and len(said) < 4000 and said.endswith("."), f"{where}: {said[:300]!r}"
    else:
        if name in LINES | ROWS_OF:
            # None where the address lies elsewhere.
            assert shape(name, result) <= shape(name, FILTERS[name](*GIVEN[name])), f"{where}: {result!r}"
    assert world.tried == [], where


def test_every_filter_is_tried() -> None:
    assert sorted(GIVEN) == sorted(FILTERS)
    for name, options in GIVEN.items():
        FILTERS[name](*options)


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_hostile_texts(name: str) -> None:
    places = [slot for one, slot in PLACES if one == name]
    # Where there are many places each gets a part, all of them together everything.
    step = min(len(places), 4)
    for number, slot in enumerate(places):
        for text in ALL[number % step :: step]:
            run(name, slot, text)


@settings(max_examples=400)
@given(st.sampled_from(PLACES), anything)
def test_mixtures(place: tuple[str, tuple[t.Any, ...]], text: str) -> None:
    run(*place, text)


@pytest.mark.parametrize("name", sorted(set(GIVEN) - OF_MODULES))
@pytest.mark.parametrize(
    "value", [None, True, -1, 2**200, 1.5, float("nan"), b"a", [], {}, [[]], [None], {"a": None}], ids=repr
)
def test_values_of_another_kind(name: str, value: t.Any) -> None:
    for number in range(len(GIVEN[name])):
        options = [*GIVEN[name][:number], value, *GIVEN[name][number + 1 :]]
        try:
            FILTERS[name](*options)
        except AnsibleFilterError as error:
            assert str(error).isprintable() and str(error).endswith("."), str(error)
