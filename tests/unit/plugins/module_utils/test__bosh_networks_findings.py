# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a cloud config's mistake, and of the Director that would take it."""

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import (
    CODES,
    Findings,
    parse_version,
    shorten,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_limits import seconds


def test_findings_of_a_place() -> None:
    findings = Findings("ipv6")
    below = findings.at("network a, ").at("subnet 1: ")
    below.error("range_size", "range", "::/128", "it is small", "Take more", "NetworkInvalidRange")
    below.error("azs_empty", "azs", None, "it is empty", "Fill it")
    findings.warning("dns_family", "dns", ["::1"] * 60, "it is old", "Renew it")
    code = CODES["NetworkInvalidRange"]
    shown = {"config": "ipv6", "director_error": None, "director_code": None}
    assert [finding.as_dict() for finding in findings.found] == [
        {
            **shown,
            "rule": "range_size",
            "level": "error",
            "where": "network a, subnet 1: range",
            "value": "::/128",
            "message": f"network a, subnet 1: range=::/128: it is small (NetworkInvalidRange, {code}). Take more.",
            "director_error": "NetworkInvalidRange",
            "director_code": code,
        },
        {
            **shown,
            "rule": "azs_empty",
            "level": "error",
            "where": "network a, subnet 1: azs",
            "value": None,
            "message": "network a, subnet 1: azs: it is empty (the Director says nothing). Fill it.",
        },
        {
            **shown,
            "rule": "dns_family",
            "level": "warning",
            "where": "dns",
            "value": shorten(["::1"] * 60),
            "message": f"dns={shorten(['::1'] * 60)}: it is old. Renew it.",
        },
    ]


def test_values_are_shortened_to_a_line() -> None:
    assert shorten("a\nb") == "a b" and shorten(7) == "7" and shorten({"a": None}) == "{'a': None}"
    assert shorten("x" * 100) == "x" * 100
    assert shorten("x" * 101) == f"{'x' * 80}... (101 characters)"


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("283.1.6 (00000000)", (283, 1, 6)),
        ("v282", (282,)),
        ("1.3262.3.0", (1, 3262, 3, 0)),
        ("0.0.0", None),
        ("0.0.1", (0, 0, 1)),
        ("none", None),
        (None, None),
    ],
)
def test_versions(text: str | None, version: tuple[int, ...] | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (0.1, "about 1 s"),
        (119.4, "about 119 s"),
        (120, "about 2 minutes"),
        (2 * 3600 - 60, "about 119 minutes"),
        (2 * 3600, "hours"),
        (48 * 3600 - 1, "hours"),
        (48 * 3600, "for ever"),
    ],
)
def test_times_for_people(cost: float, text: str) -> None:
    assert seconds(cost) == text
