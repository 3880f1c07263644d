# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cloud configs by the hundred: good ones, and ones that the Director refuses, or takes and then cannot use."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import check_cloud_config
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Director, Finding

OLD, MIDDLE, NEW = (282, 0, 9), (282, 0, 10), (282, 1, 1)
VERSIONS = (OLD, MIDDLE, NEW)
FIXED = (283, 1, 6)

RANGE = "2601:0646:0100:69f1:0000:0000:0000:0000/64"
GATEWAY = "2601:0646:0100:69f1:020d:b9ff:fe48:9249"
DNS = ["2001:4860:4860:0000:0000:0000:0000:8888", "2001:4860:4860:0000:0000:0000:0000:8844"]
DEFAULT: dict[str, t.Any] = {
    "azs": [{"name": "z1"}, {"name": "z2"}],
    "vm_types": [{"name": "small"}],
    "vm_extensions": [{"name": "lb"}],
    "disk_types": [{"name": "disk", "disk_size": 1024}],
    "networks": [
        {
            "name": "default",
            "type": "manual",
            "subnets": [
                {
                    "range": "10.0.9.0/24",
                    "gateway": "10.0.9.1",
                    "dns": ["10.0.9.1"],
                    "azs": ["z1"],
                    "reserved": ["10.0.9.1-10.0.9.40"],
                    "static": ["10.0.9.41 - 10.0.9.60"],
                    "cloud_properties": {"name": "nono"},
                }
            ],
        }
    ],
    "compilation": {"workers": 2, "network": "default", "az": "z1", "vm_type": "small"},
}


def subnet(**values: t.Any) -> dict[str, t.Any]:
    """The subnet of the post, with other values; None takes a key away."""
    spec: dict[str, t.Any] = {
        "range": RANGE,
        "gateway": GATEWAY,
        "dns": DNS,
        "azs": ["z1"],
        "cloud_properties": {"name": "IPv6"},
    }
    spec.update(values)
    return {key: value for key, value in spec.items() if value is not None}


def network(*subnets: t.Any, **values: t.Any) -> dict[str, t.Any]:
    return {"name": "ipv6", "type": "manual", "subnets": list(subnets), **values}


def config(*subnets: t.Any, **values: t.Any) -> dict[str, t.Any]:
    return {"networks": [network(*subnets, **values)]}


def small(number: int, **values: t.Any) -> dict[str, t.Any]:
    """One of many subnets."""
    base = f"2001:db8:{number:x}"
    return subnet(range=f"{base}::/64", gateway=f"{base}::1", **values)


def base(number: int) -> str:
    return f"2601:646:100:69f1::{number:x}"


def judge(content: object, director: Director = Director(FIXED), **more: t.Any) -> list[Finding]:  # noqa: B008
    more.setdefault("others", {"default": DEFAULT})
    return check_cloud_config(content, director, more.pop("name", "ipv6"), **more)


def short(findings: list[Finding]) -> list[tuple[str, str, int | None]]:
    return [(finding.rule, finding.level, finding.code) for finding in findings]


GOOD = {
    "the network of 2018": config(subnet()),
    "abbreviated, as the documentation of today": config(
        subnet(range="2601:646:100:69f1::/64", gateway="2601:646:100:69f1::1", dns=["2001:4860:4860::8888"])
    ),
    "upper case": config(subnet(range="2601:646:100:69F1::/64", gateway="2601:646:100:69F1::1")),
    "reserved and static": config(
        subnet(
            reserved=["2601:646:100:69f1::1 - 2601:646:100:69f1::ff", f"{base(0x200)}/120"],
            static=["2601:646:100:69f1::100 - 2601:646:100:69f1::1ff"],
        )
    ),
    "one entry instead of a list": config(subnet(reserved=f"{base(1)}-{base(9)}", static=base(0x10))),
    "nested lists and nothing": config(subnet(reserved=[[f"{base(1)} - {base(9)}"], None])),
    "no zones": config(subnet(azs=None)),
    "one zone": config(subnet(azs=None, az="z2")),
    "IPv4 and IPv6 in one network": config(subnet(), subnet(range="10.1.0.0/24", gateway="10.1.0.1", dns=["8.8.8.8"])),
    "a netmask": config(subnet(range="10.1.0.0/255.255.255.0", gateway="10.1.0.1", dns=[])),
    "type left out": {"networks": [{"name": "ipv6", "subnets": [subnet()]}]},
    "vip and dynamic": {
        "networks": [
            {"name": "vip", "type": "vip"},
            {"name": "dynamic", "type": "dynamic", "subnets": [{"azs": ["z1"]}]},
        ]
    },
}


# The name of the case, the config, and rule, level and code: for all Directors, or one for each of VERSIONS.
E, W = "error", "warning"
AS_NUMBER = 5602001869620062
CASES: list[tuple[str, t.Any, t.Any]] = [
    ("range missing", config(subnet(range=None)), ("missing", E, 40001)),
    ("range not text", config(subnet(range=[])), ("type", E, 40000)),
    ("range of base 60", config(subnet(range=AS_NUMBER)), ("number", E, 100)),
    ("range junk", config(subnet(range="2601::g/64")), ("address", E, 100)),
    ("range without length", config(subnet(range="2601:646:100:69f1::")), ("range_size", E, 160002)),
    ("range /128", config(subnet(range="2601:646:100:69f1::5/128")), ("range_size", E, 160002)),
    ("range too long", config(subnet(range="2601:646:100:69f1::/129")), ("address", E, 100)),
    ("range with host bits", config(subnet(range="2601:646:100:69f1::5/64")), ("host_bits", W, None)),
    ("gateway missing", config(subnet(gateway=None)), ("missing", E, 40001)),
    ("gateway a list", config(subnet(gateway=[GATEWAY])), ("type", E, 40000)),
    ("gateway of base 60", config(subnet(gateway=AS_NUMBER)), ("number", E, 100)),
    ("gateway a name", config(subnet(gateway="router.example.org")), ("address", E, 100)),
    ("gateway with length", config(subnet(gateway=GATEWAY + "/64")), ("gateway_size", E, 160003)),
    ("gateway /128", config(subnet(gateway=GATEWAY + "/128")), ("single_length", W, None)),
    ("gateway elsewhere", config(subnet(gateway="2601:646:100:69f0::1")), ("gateway_outside", E, 160003)),
    ("gateway link-local", config(subnet(gateway="fe80::20d:b9ff:fe48:9249")), ("gateway_outside", E, 160003)),
    ("gateway with zone", config(subnet(gateway=GATEWAY + "%eth0")), ("zone", E, None)),
    ("gateway of IPv4", config(subnet(gateway="10.0.9.1")), ("gateway_family", E, 160003)),
    ("gateway first", config(subnet(gateway="2601:646:100:69f1::")), ("gateway_edge", E, 160003)),
    (
        "gateway last",
        config(subnet(gateway="2601:646:100:69f1:ffff:ffff:ffff:ffff")),
        ("gateway_edge", E, 160003),
    ),
    ("dns text", config(subnet(dns=DNS[0])), ("type", E, 40000)),
    ("dns a name", config(subnet(dns=["dns.example.org"])), ("address", E, 100)),
    ("dns of base 60", config(subnet(dns=[AS_NUMBER])), ("number", E, None)),
    ("dns unquoted in a flow list", config(subnet(dns=[{"2001:4860:4860:": None}])), ("mapping", E, 100)),
    ("dns with length", config(subnet(dns=["2001:4860::/32"])), ("dns_size", E, 160004)),
    ("dns /128", config(subnet(dns=["2001:4860:4860::8888/128"])), ("single_length", W, None)),
    ("dns with zone", config(subnet(dns=["fe80::1%eth0"])), ("zone", E, None)),
    ("dns of IPv4", config(subnet(dns=["8.8.8.8"])), ("dns_family", W, None)),
    ("reserved junk", config(subnet(reserved=["all"])), ("address", E, 160010)),
    ("reserved empty", config(subnet(reserved=[""])), ("address", E, 160010)),
    ("reserved two dashes", config(subnet(reserved=[f"{base(1)}-{base(2)}-{base(3)}"])), ("entry", E, 160010)),
    ("reserved prefix with dash", config(subnet(reserved=[f"{base(0)}/120 - {base(512)}"])), ("entry", E, 160010)),
    ("reserved a mapping", config(subnet(reserved=[{"2601:646:100:69f1:": None}])), ("mapping", E, 100)),
    ("reserved a number", config(subnet(reserved=[AS_NUMBER])), ("number", E, 100)),
    ("reserved elsewhere", config(subnet(reserved=["2601:646:100:69f2::1"])), ("reserved_outside", E, 160005)),
    (
        "reserved straddling",
        config(subnet(reserved=["2601:646:100:69f0:ffff:ffff:ffff:fffe - 2601:646:100:69f1::5"])),
        ("reserved_outside", E, 160005),
    ),
    ("reserved of IPv4", config(subnet(reserved=["10.0.0.1"])), ("reserved_outside", E, 160005)),
    ("reserved reversed", config(subnet(reserved=[f"{base(9)} - {base(1)}"])), ("reversed", E, None)),
    ("static reversed", config(subnet(static=[f"{base(9)} - {base(1)}"])), ("reversed", E, None)),
    ("static elsewhere", config(subnet(static=["2601:646:100:69f2::1"])), ("static_outside", E, 160006)),
    (
        "static within reserved",
        config(subnet(reserved=[f"{base(0x10)}/124"], static=[base(0x12)])),
        ("static_reserved", E, 160006),
    ),
    (
        "static over reserved",
        config(subnet(reserved=[base(0x12)], static=[f"{base(0x10)}/124"])),
        [("static_reserved", E, 160006), ("static_over_reserved", E, None), ("static_over_reserved", E, None)],
    ),
    (
        "static range that begins in the reserved one",
        config(subnet(reserved=[f"{base(0x10)}/124"], static=[f"{base(0x18)} - {base(0x2F)}"])),
        ("static_reserved", E, 160006),
    ),
    ("static is the gateway", config(subnet(gateway=base(1), static=[base(1)])), ("static_reserved", E, 160006)),
    (
        "static over the gateway",
        config(subnet(gateway=base(9), static=[f"{base(8)}/125"])),
        [("static_reserved", E, 160006), ("static_over_reserved", E, None), ("static_over_reserved", E, None)],
    ),
    ("static is the first", config(subnet(static=["2601:646:100:69f1::"])), ("static_reserved", E, 160006)),
    ("azs not a list", config(subnet(azs="z1")), ("type", E, 40000)),
    ("azs empty", config(subnet(azs=[])), ("azs_empty", E, 160008)),
    ("az and azs", config(subnet(az="z1")), ("az_and_azs", E, 160008)),
    ("az unknown", config(subnet(azs=["z9"])), ("az_unknown", E, 160007)),
    ("az of another case", config(subnet(azs=["Z1"])), ("az_unknown", E, 160007)),
    ("azs in one of two subnets", config(small(1), small(2, azs=None)), ("azs_mixed", E, 140016)),
    (
        "prefix larger than the range",
        config(subnet(prefix=48)),
        [W, ("prefix_size", E, 16013), ("prefix_size", E, 16013)],
    ),
    ("prefix with slash", config(subnet(prefix="/80")), [W, ("prefix_size", E, 16013), ("prefix_size", E, 16013)]),
    ("prefix 129", config(subnet(prefix=129)), [W, ("prefix_size", E, None), ("prefix_size", E, None)]),
    ("prefix as text", config(subnet(prefix="80")), [W, None, None]),
    ("prefix as number", config(subnet(prefix=80)), [W, None, None]),
    (
        "static between prefixes",
        config(subnet(prefix=80, static=[f"{base(1)}"])),
        [W, ("static_base", E, None), ("static_base", E, None)],
    ),
    ("prefixes differ in two subnets", config(small(1, prefix=80), small(2)), [W, None, None]),
    (
        "prefixes differ in three",
        config(small(1, prefix=80), small(2), small(3)),
        [W, ("prefixes_differ", E, 16014), ("prefixes_differ", E, 16014)],
    ),
    ("subnets missing", {"networks": [{"name": "ipv6"}]}, ("missing", E, 40001)),
    ("subnets empty", config(), ("subnets_empty", E, None)),
    ("subnet a list", config([]), ("type", E, 40000)),
    ("subnets overlap", config(small(1), small(1)), ("subnets_overlap", E, 160001)),
    (
        "subnet in subnet",
        config(subnet(), subnet(range=f"{base(0)}/96", gateway=base(1))),
        ("subnets_overlap", E, 160001),
    ),
    ("cloud_properties text", config(subnet(cloud_properties="IPv6")), ("type", E, 40000)),
    ("network without name", {"networks": [{"subnets": [subnet()]}]}, ("missing", E, 40001)),
    ("network of no type", config(subnet(), type="manuel"), ("network_type", E, 190010)),
    ("networks a mapping", {"networks": network(subnet())}, ("type", E, 40000)),
    ("content a list", [], ("type", E, 440011)),
    ("network name taken", config(subnet(), name="default"), ("network_twice", E, 190007)),
    ("network name taken but for case", config(subnet(), name="DEFAULT"), ("network_twice", E, 190007)),
    (
        "network name taken but for underscores",
        {"networks": [network(small(1), name="ipv6_a"), network(small(2), name="ipv6-a")]},
        ("network_twice", E, 190007),
    ),
    ("network name ends in a hyphen", config(subnet(), name="ipv6_"), ("network_dns_name", E, 420001)),
    (
        "range of another network",
        config(subnet(range="10.0.9.0/24", gateway="10.0.9.1", dns=[])),
        ("range_shared", E, None),
    ),
    (
        "range within another network's",
        config(subnet(range="10.0.9.128/25", gateway="10.0.9.129", dns=[])),
        ("range_shared", E, None),
    ),
    ("az repeated", {**config(subnet()), "azs": [{"name": "z1"}]}, ("azs_twice", E, 190017)),
    ("vm type repeated", {**config(subnet()), "vm_types": [{"name": "small"}]}, ("vm_types_twice", E, 190004)),
    ("vm extension repeated", {"vm_extensions": [{"name": "lb"}]}, ("vm_extensions_twice", E, 190005)),
    ("disk type repeated", {"disk_types": [{"name": "disk"}]}, ("disk_types_twice", E, 190013)),
    (
        "compilation repeated",
        {**config(subnet()), "compilation": {"workers": 1, "network": "ipv6", "az": "z1"}},
        ("compilation_twice", E, 570000),
    ),
    ("variable without config server", config(subnet(range="((range))")), ("variable", E, 100)),
    (
        "reserved of 2^17",
        config(subnet(reserved=["2601:646:100:69f1::2:0/111"])),
        [("reserved_cost", W, None), None, None],
    ),
    (
        "reserved of a /96",
        config(subnet(reserved=["2601:646:100:69f1:1::/96"])),
        [("reserved_cost", E, None), None, None],
    ),
    (
        "reserved of 500 single addresses",
        config(subnet(reserved=[base(2 * number) for number in range(1, 501)])),
        [None, ("reserved_cost", W, None), ("reserved_cost", W, None)],
    ),
    (
        "reserved of 5000 single addresses",
        config(subnet(reserved=[base(number) for number in range(1, 5001)])),
        [None, ("reserved_cost", E, None), ("reserved_cost", E, None)],
    ),
    (
        "static of 512",
        config(subnet(static=[f"{base(0x200)}/119"])),
        [None, None, ("static_cost", W, None)],
    ),
    (
        "static of a /112",
        config(subnet(static=["2601:646:100:69f1:0:0:1:0/112"])),
        [None, None, ("static_cost", E, None)],
    ),
    (
        "static of a /107",
        config(subnet(static=["2601:646:100:69f1:1::/107"])),
        [("static_cost", E, None), ("static_cost", E, None), ("static_cost", E, None)],
    ),
    (
        "nothing left",
        config(subnet(range=f"{base(0)}/126", gateway=base(1), static=[base(2)])),
        ("nothing_free", W, None),
    ),
]
