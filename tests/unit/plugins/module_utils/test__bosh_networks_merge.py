# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cloud config means beside the others that the Director merges with it."""

from __future__ import annotations

import copy
import typing as t

import pytest
from bosh_cloud_configs import DEFAULT, config, judge, network, short, small, subnet


def test_a_compilation_that_nobody_has_may_come_later() -> None:
    found = judge(config(subnet(azs=None)), others={})
    assert short(found) == [("no_compilation", "warning", 40001)]


def test_a_compilation_that_is_taken_away() -> None:
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
def test_what_compilation_refers_to(change: dict[str, t.Any], expected: t.Any) -> None:
    content = copy.deepcopy(DEFAULT)
    content["compilation"].update(change)
    found = judge(content, name="default", others={})
    assert short(found)[0] == expected
    assert len(found) == (2 if change == {"az": "z9"} else 1)


def test_what_is_wrong_elsewhere_already_is_a_warning() -> None:
    broken = {"networks": [network(subnet(gateway="fe80::1"), name="broken")]}
    good = config(small(1))
    found = judge(good, others={"default": DEFAULT, "broken": broken})
    assert [(finding.config, finding.level, finding.code) for finding in found] == [("broken", "warning", 160003)]


def test_what_breaks_elsewhere_by_this_change_is_an_error() -> None:
    content = copy.deepcopy(DEFAULT)
    content["azs"] = [{"name": "az1"}]
    content["networks"][0]["subnets"][0]["azs"] = ["az1"]
    content["compilation"]["az"] = "az1"
    found = judge(content, name="default", others={"ipv6": config(subnet())}, current=DEFAULT)
    assert [(finding.config, finding.level, finding.code) for finding in found] == [("ipv6", "error", 160007)]


def test_taking_a_config_away_that_others_need() -> None:
    found = judge(None, name="default", others={"ipv6": config(subnet())}, current=DEFAULT)
    assert [(finding.config, finding.rule, finding.level) for finding in found] == [
        ("ipv6", "az_unknown", "error"),
        ("default", "no_compilation", "error"),
    ]
    assert judge(None, name="ipv6", current=config(subnet())) == []


def test_a_config_is_not_compared_with_its_own_former_self() -> None:
    assert judge(config(subnet()), others={"default": DEFAULT, "ipv6": config(subnet())}) == []
