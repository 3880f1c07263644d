# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cloud configs that the Director refuses, or takes and then cannot use, one case per rule and Director."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import canonical_name
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import (
    CODES,
    Director,
    parse_version,
)
from bosh_cloud_configs import CASES, FIXED, GOOD, OLD, VERSIONS, W, base, config, judge, network, short, small, subnet


@pytest.mark.parametrize("version", [*VERSIONS, FIXED, None])
@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_a_good_config_has_no_finding(content: dict[str, t.Any], version: t.Any) -> None:
    assert [
        finding
        for finding in judge(content, Director(version))
        # The one thing that these Directors do wrong with any reserved range.
        if finding.rule != "reserved_leak"
    ] == []


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


def test_ranges_are_never_expanded() -> None:
    """2,000 networks with a reserved /65 each: this ends only when nothing is done address by address."""
    networks = [
        network(small(number, reserved=[f"2001:db8:{number:x}:0:8000::/65"]), name=f"n{number}")
        for number in range(2000)
    ]
    assert judge({"networks": networks}) == []
