# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cloud configs that the Director refuses, or takes and then cannot use, one case per rule and Director."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import (
    canonical_name,
    check_cloud_config,
    first_addresses,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import (
    CODES,
    Director,
    Finding,
    parse_version,
)

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


def judge(content: object, director: Director = Director(FIXED), **more: t.Any) -> list[Finding]:  # noqa: B008
    more.setdefault("others", {"default": DEFAULT})
    return check_cloud_config(content, director, more.pop("name", "ipv6"), **more)


def short(findings: list[Finding]) -> list[tuple[str, str, int | None]]:
    return [(finding.rule, finding.level, finding.code) for finding in findings]


def base(number: int) -> str:
    return f"2601:646:100:69f1::{number:x}"


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


@pytest.mark.parametrize("version", [*VERSIONS, FIXED, None])
@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_a_good_config_has_no_finding(content: dict[str, t.Any], version: t.Any) -> None:
    assert [
        finding
        for finding in judge(content, Director(version))
        # The one thing that these Directors do wrong with any reserved range.
        if finding.rule != "reserved_leak"
    ] == []


# The name of the case, the config, and rule, level and code: for all Directors, or one for each of VERSIONS.
E, W = "error", "warning"
ADDRESSES = "2001:10:20:30:40:50:1:2"
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


@pytest.mark.parametrize("place", range(3), ids=["282.0.9", "282.0.10", "282.1.1"])
@pytest.mark.parametrize(("content", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_rule(content: object, expected: t.Any, place: int) -> None:
    wanted = expected[place] if isinstance(expected, list) else expected
    found = [finding for finding in judge(content, Director(VERSIONS[place])) if finding.rule != "reserved_leak"]
    if wanted is None:
        assert found == []
    elif wanted == W:
        assert {(finding.rule, finding.level) for finding in found} == {("prefix_ignored", W)}
    else:
        assert short(found) == [wanted]
        # One sentence, a rule and a remedy, in one line.
        assert "\n" not in found[0].sentence and found[0].remedy[0].isupper()


def test_every_director_error_of_the_rules_has_a_code() -> None:
    for _name, content, _expected in CASES:
        for finding in judge(content):
            assert finding.error is None or finding.code == CODES[finding.error]


def test_a_link_local_gateway_is_answered_with_the_address_in_the_range() -> None:
    (finding,) = judge(config(subnet(gateway="fe80::20d:b9ff:fe48:9249")))
    assert "2601:646:100:69f1:20d:b9ff:fe48:9249" in finding.remedy
    assert finding.where == "network ipv6, subnet 1: gateway"
    assert finding.config == "ipv6"
    assert "/64 (NetworkInvalidGateway, 160003). Give" in finding.sentence


def test_what_the_director_does_not_say_is_said_to_be_so() -> None:
    (finding,) = judge(config(subnet(reserved=[f"{base(9)} - {base(1)}"])))
    assert finding.remedy == f"Write it as {base(1)} - {base(9)}"
    assert "(the Director says nothing)." in finding.sentence


def test_many_single_addresses_come_back_as_ranges_and_with_their_cost() -> None:
    together = [base(number) for number in range(1, 5001)]
    (finding,) = judge(config(subnet(reserved=together)))
    assert f'1 entry (17 blocks): "{base(1)} - {base(5000)}"' in finding.remedy
    assert "about 2 minutes" in finding.clause
    apart = [base(2 * number) for number in range(1, 5001)]
    (finding,) = judge(config(subnet(reserved=apart)))
    assert (finding.level, finding.remedy) == ("error", "Reserve one range that holds them all")


def test_two_findings_of_one_subnet_are_both_told() -> None:
    content = config(subnet(gateway="fe80::1", dns=["dns.example.org"], azs=["z9"]))
    assert [finding.rule for finding in judge(content)] == ["gateway_outside", "address", "az_unknown"]


def test_an_unknown_director_gets_what_is_wrong_on_any() -> None:
    content = config(subnet(reserved=["2601:646:100:69f1:1::/96"], static=[f"{base(0x200)}/119"]))
    assert {finding.rule for finding in judge(content, Director(None))} == {"reserved_cost", "static_cost"}


def test_a_leaking_director_is_named() -> None:
    content = config(subnet(reserved=[f"{base(1)}/120"]))
    assert short(judge(content, Director((282, 1, 8)))) == [("reserved_leak", "warning", None)]
    assert judge(content, Director((282, 1, 9))) == []
    assert judge(content, Director(OLD)) == []


def test_what_a_config_server_gives_is_a_warning() -> None:
    content = config(subnet(range="((range))", reserved="((reserved))"))
    assert short(judge(content, Director(FIXED, config_server=True))) == [("variable", "warning", None)]


def test_a_director_that_needs_no_gateway() -> None:
    assert judge(config(subnet(gateway=None)), Director(FIXED, ignore_missing_gateway=True)) == []


def test_the_name_that_the_vsphere_cpi_looks_for() -> None:
    director = Director(FIXED, cpi="vsphere_cpi")
    assert judge(config(subnet()), director) == []
    for properties in (None, {}, {"name": ""}):
        assert short(judge(config(subnet(cloud_properties=properties)), director)) == [("network_name", "error", None)]
    assert short(judge(config(subnet(prefix=80)), director)) == [("prefix_cpi", "warning", None)]


def test_the_directors_own_address_is_not_static() -> None:
    director = Director(FIXED, addresses=(base(5), "10.0.9.6", "not an address"))
    assert short(judge(config(subnet(static=[base(5)])), director)) == [("static_reserved", "error", 160006)]


class TestMerge:
    """What other configs have to do with it."""

    def test_a_compilation_that_nobody_has_may_come_later(self) -> None:
        found = judge(config(subnet(azs=None)), others={})
        assert short(found) == [("no_compilation", "warning", 40001)]

    def test_a_compilation_that_is_taken_away(self) -> None:
        without = {key: value for key, value in DEFAULT.items() if key != "compilation"}
        found = judge(without, name="default", others={}, current=DEFAULT)
        assert short(found) == [("no_compilation", "error", 40001)]

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"network": "nowhere"}, ("compilation_network", "error", 120001)),
            ({"az": "z9"}, ("compilation_az", "error", 150006)),
            ({"az": "z2"}, ("compilation_az", "error", 150006)),
            ({"vm_type": "huge"}, ("vm_type_unknown", "error", 120003)),
        ],
    )
    def test_what_compilation_refers_to(self, change: dict[str, t.Any], expected: t.Any) -> None:
        content = copy.deepcopy(DEFAULT)
        content["compilation"].update(change)
        found = judge(content, name="default", others={})
        assert short(found)[0] == expected
        assert len(found) == (2 if change == {"az": "z9"} else 1)

    def test_what_is_wrong_elsewhere_already_is_a_warning(self) -> None:
        broken = {"networks": [network(subnet(gateway="fe80::1"), name="broken")]}
        good = config(small(1))
        found = judge(good, others={"default": DEFAULT, "broken": broken})
        assert [(finding.config, finding.level, finding.code) for finding in found] == [("broken", "warning", 160003)]

    def test_what_breaks_elsewhere_by_this_change_is_an_error(self) -> None:
        content = copy.deepcopy(DEFAULT)
        content["azs"] = [{"name": "az1"}]
        content["networks"][0]["subnets"][0]["azs"] = ["az1"]
        content["compilation"]["az"] = "az1"
        found = judge(content, name="default", others={"ipv6": config(subnet())}, current=DEFAULT)
        assert [(finding.config, finding.level, finding.code) for finding in found] == [("ipv6", "error", 160007)]

    def test_taking_a_config_away_that_others_need(self) -> None:
        found = judge(None, name="default", others={"ipv6": config(subnet())}, current=DEFAULT)
        assert [(finding.config, finding.rule, finding.level) for finding in found] == [
            ("ipv6", "az_unknown", "error"),
            ("default", "no_compilation", "error"),
        ]
        assert judge(None, name="ipv6", current=config(subnet())) == []

    def test_a_config_is_not_compared_with_its_own_former_self(self) -> None:
        assert judge(config(subnet()), others={"default": DEFAULT, "ipv6": config(subnet())}) == []


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("283.1.6 (00000000)", (283, 1, 6)),
        ("v282.0.10", (282, 0, 10)),
        ("1.3262.3.0 (ab12)", (1, 3262, 3, 0)),
        ("283.1.6+dev.1 (x)", (283, 1, 6)),
        ("0.0.0 (unknown)", None),
        ("", None),
        (None, None),
    ],
)
def test_version(text: object, version: object) -> None:
    assert parse_version(text) == version


def test_canonical_name() -> None:
    assert canonical_name("My_IPv6.Net") == "my-ipv6net"


class TestPrediction:
    def test_the_lowest_that_are_free(self) -> None:
        spec = subnet(gateway=base(2), reserved=[f"{base(3)} - {base(5)}"], static=[base(7)])
        assert first_addresses(spec, Director(FIXED), 3) == [base(1), base(6), base(8)]
        assert first_addresses(spec, Director(FIXED), 2, taken=[base(1)]) == [base(6), base(8)]

    def test_the_directors_own_address_is_left_out(self) -> None:
        assert first_addresses(subnet(), Director(FIXED, addresses=(base(1),)), 1) == [base(2)]

    def test_prefixes(self) -> None:
        spec = subnet(prefix=80, reserved=["2601:646:100:69f1:1::/80"])
        assert first_addresses(spec, Director(FIXED), 2) == ["2601:646:100:69f1:2::/80", "2601:646:100:69f1:3::/80"]
        # A Director that does not know the key gives single addresses.
        assert first_addresses(spec, Director(OLD), 1) == [base(1)]

    def test_the_end_of_the_range(self) -> None:
        spec = subnet(range=f"{base(0)}/125", gateway=base(1), reserved=[f"{base(2)} - {base(4)}"])
        assert first_addresses(spec, Director(FIXED), 10) == [base(5), base(6)]

    def test_ipv4(self) -> None:
        spec = DEFAULT["networks"][0]["subnets"][0]
        assert first_addresses(spec, Director(FIXED), 2) == ["10.0.9.61", "10.0.9.62"]


def test_ranges_are_never_expanded() -> None:
    """2,000 networks with a reserved /65 each: this ends only when nothing is done address by address."""
    networks = [
        network(small(number, reserved=[f"2001:db8:{number:x}:0:8000::/65"]), name=f"n{number}")
        for number in range(2000)
    ]
    assert judge({"networks": networks}) == []
