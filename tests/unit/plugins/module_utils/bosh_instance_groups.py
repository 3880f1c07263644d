# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instance groups by the dozen, good ones and ones that the Director refuses, with a cloud config for them."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import read_cloud
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Director
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_groups import check_instance_groups

OLD, MIDDLE, NEW = (282, 0, 9), (282, 0, 10), (282, 1, 1)


def subnet(number: int, az: str | None, **values: t.Any) -> dict[str, t.Any]:
    base = f"2001:db8:{number}"
    azs = {} if az is None else {"azs": [az]}
    return {"range": f"{base}::/64", "gateway": f"{base}::1", "static": [f"{base}::10 - {base}::2f"], **azs, **values}


CLOUD = {
    "azs": [{"name": "z1"}, {"name": "z2"}, {"name": "z3"}],
    "networks": [
        {
            "name": "default",
            "subnets": [{"range": "10.0.0.0/24", "gateway": "10.0.0.1", "static": ["10.0.0.10"], "azs": ["z1", "z2"]}],
        },
        {"name": "ipv6", "subnets": [subnet(1, "z1"), subnet(2, "z2")]},
        {"name": "nowhere", "subnets": [subnet(3, None)]},
        {"name": "prefixes", "subnets": [subnet(4, "z1", prefix=80, static=["2001:db8:4:0:1::/80"])]},
        {"name": "late", "subnets": [subnet(5, "z1", static=["2001:db8:5::10/124"], reserved=["2001:db8:5::12"])]},
        {"name": "floating", "type": "vip"},
        {"name": "given", "type": "dynamic", "subnets": [{"azs": ["z1"]}]},
    ],
}


def group(*networks: dict[str, t.Any], **values: t.Any) -> dict[str, t.Any]:
    return {"name": "nginx", "instances": 1, "azs": ["z1"], "networks": list(networks), **values}


def ipv6(**values: t.Any) -> dict[str, t.Any]:
    return {"name": "ipv6", **values}


DEFAULT = {"name": "default"}
BOTH = ["dns", "gateway"]


def short(groups: object, version: tuple[int, ...] = NEW, cpi: str = "") -> list[tuple[str, str, int | None]]:
    director = Director(version, cpi=cpi)
    found = check_instance_groups(groups, read_cloud({"all": CLOUD}, director), director, "nginx")
    return [(finding.rule, finding.level, finding.code) for finding in found]


GOOD = {
    "the group of the post": group(DEFAULT, ipv6(default=BOTH)),
    "one network needs no default": group(ipv6()),
    "the defaults on two networks": group({"name": "default", "default": ["dns"]}, ipv6(default=["gateway"])),
    "addressable": group({"name": "default", "default": ["addressable"]}, ipv6(default=BOTH)),
    "a static address in another spelling": group(ipv6(static_ips=["2001:0DB8:0001:0000::0010"])),
    "a static range": group(ipv6(static_ips=["2001:db8:1::10 - 2001:db8:1::12"]), instances=3),
    "a static address in each zone": group(
        ipv6(static_ips=["2001:db8:1::10", "2001:db8:2::10"]), instances=2, azs=["z1", "z2"]
    ),
    "no zones anywhere": {"name": "g", "instances": 1, "networks": [{"name": "nowhere"}]},
    "a dynamic network": group({"name": "given"}),
    "static prefixes": group({"name": "prefixes", "static_ips": ["2001:db8:4:0:1::"]}),
}


E, W = "error", "warning"
CASES: list[tuple[str, t.Any, t.Any]] = [
    ("no default", group(DEFAULT, ipv6()), ("default_missing", E, 150005)),
    ("no default for dns", group(DEFAULT, ipv6(default=["gateway"])), ("default_missing", E, 150005)),
    (
        "two defaults",
        group({"name": "default", "default": ["gateway"]}, ipv6(default=BOTH)),
        ("default_twice", E, 150004),
    ),
    ("a word", group(ipv6(default=["route"])), ("default_word", E, 150003)),
    ("default not a list", group(ipv6(default="gateway")), ("type", E, 40000)),
    ("another case", group({"name": "IPv6"}), ("network_unknown", E, 150001)),
    ("networks missing", {"name": "g"}, ("missing", E, 40001)),
    ("networks empty", group(), ("no_network", E, 140009)),
    ("not static", group(ipv6(static_ips=["2001:db8:1::5"])), ("static_ip_unknown", E, 150002)),
    ("of another subnet", group(ipv6(static_ips=["2001:db8:2::10"])), ("static_ip_az", E, 150007)),
    ("too few", group(ipv6(static_ips=["2001:db8:1::10"]), instances=2), ("static_ips_count", E, 150002)),
    (
        "twice in two spellings",
        group(ipv6(static_ips=["2001:db8:1::10", "2001:DB8:1:0::0010"]), instances=2),
        ("static_ips_twice", E, 150009),
    ),
    ("static_ips junk", group(ipv6(static_ips=["x"])), ("address", E, 160010)),
    ("static_ips of base 60", group(ipv6(static_ips=[5602001869620062])), ("number", E, 100)),
    ("static_ips of a /64", group(ipv6(static_ips=["2001:db8:1::/64"])), ("static_ips_cost", E, None)),
    (
        "static_ips of a dynamic one",
        group({"name": "given", "static_ips": ["10.1.0.1"]}),
        ("static_dynamic", E, 150008),
    ),
    (
        "reserved, found late",
        group({"name": "late", "static_ips": ["2001:db8:5::12"]}),
        ("static_ip_reserved", E, 130013),
    ),
    ("zone without subnet", group(ipv6(), azs=["z3"]), ("group_az", E, 150006)),
    ("no zone", {"name": "g", "instances": 1, "networks": [ipv6()]}, ("group_az", E, 150006)),
    ("zones empty", group(ipv6(), azs=[]), ("azs_empty", E, 140017)),
    ("zone unknown", group(ipv6(), azs=["z9"]), ("az_unknown", E, 150006)),
    ("zone a number", group(ipv6(), azs=[1]), ("az_type", E, 150006)),
    ("zone unknown, vip", group({"name": "floating"}, azs=["z9"]), ("az_unknown", E, 140018)),
    ("zone a number, vip", group({"name": "floating"}, azs=[1]), ("az_type", E, 140016)),
    ("nic_group a word", group(ipv6(nic_group="nic1")), ("nic_group", E, None)),
    (
        "nic_group a number",
        group(ipv6(nic_group="1")),
        [("nic_group_ignored", W, None), None, None],
    ),
    (
        "between the prefixes",
        group({"name": "prefixes", "static_ips": ["2001:db8:4:0:1::5"]}),
        [None, ("static_ip_base", E, 150002), ("static_ip_base", E, 150002)],
    ),
    ("not a list", {}, ("type", E, 40000)),
]
