# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a zone's link lets pass, beside what its configuration says."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_health import health, parse_linkprops
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone

ZONE = Zone("54f1cc77-68f1-42ab-acac-5c4f64f5d6e0", "web")
NIC = Nic("2:8:20:1:2:3", "net0", ips=("2001:db8::1/64", "dhcp"), allowed_ips=("2001:DB8:0::5", "nonsense"))
LIVE = {
    "protection": ["mac-nospoof", "ip-nospoof"],
    "allowed-ips": ["2001:db8::1", "2001:db8::5"],
    "dynamic-methods": ["dhcpv4"],
}


def test_properties_of_links() -> None:
    text = "net0:allowed-ips:2001\\:db8\\:\\:5/128, fe80\\:\\:/10\nnet0:protection:ip-nospoof\nnet1:protection:--\nnet1:x\n"
    assert parse_linkprops(text) == {
        "net0": {"allowed-ips": ["2001:db8::5/128", "fe80::/10"], "protection": ["ip-nospoof"]},
        "net1": {"protection": []},
    }


def test_a_link_as_it_should_be() -> None:
    assert health(ZONE, NIC, {"net0": LIVE}) == {
        "zone": ZONE.uuid,
        "alias": "web",
        "interface": "net0",
        "running": True,
        "healthy": True,
        "problems": [],
        "protection": ["mac-nospoof", "ip-nospoof"],
        "allowed_ips": ["2001:db8::1", "2001:db8::5"],
        "dynamic_methods": ["dhcpv4"],
        "missing": [],
    }


SPOOFS = "allow_ip_spoofing is on, so that any address passes"


@pytest.mark.parametrize(
    ("nic", "links", "problems", "missing"),
    [
        (NIC, {}, ["the zone is running and has no such link"], []),
        (
            NIC,
            {"net0": {**LIVE, "protection": ["mac-nospoof"]}},
            ["ip-nospoof is not among the protections, so that any address passes"],
            [],
        ),
        (
            NIC,
            {"net0": {**LIVE, "allowed-ips": ["2001:db8::1", "nonsense"]}},
            ["the link does not let 2001:db8::5 pass"],
            ["2001:db8::5"],
        ),
        (NIC._replace(spoofing=True), {"net0": {}}, [SPOOFS], []),
    ],
)
def test_what_is_wrong(nic: Nic, links: dict[str, t.Any], problems: list[str], missing: list[str]) -> None:
    found = health(ZONE, nic, links)
    assert (found["problems"], found["missing"], found["healthy"]) == (problems, missing, False)


def test_a_zone_that_does_not_run_has_no_links_to_judge() -> None:
    found = health(ZONE, NIC, None)
    assert (found["running"], found["healthy"], found["problems"], found["missing"]) == (False, None, [], [])
    assert found["protection"] == found["allowed_ips"] == found["dynamic_methods"] == []
    assert health(ZONE, NIC._replace(spoofing=True), None)["problems"] == [SPOOFS]
