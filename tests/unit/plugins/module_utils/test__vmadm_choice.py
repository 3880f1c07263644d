# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which NICs a task is about, and what is said of a choice that leads nowhere."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_choice import choose, choose_all
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import read_targets, read_wish
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone

UUID = "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0"
OTHER = "7b1a5d0e-7e57-4b0a-9a4c-2f0c1f6d8a11"
FIRST = Nic("2:8:20:1:2:3", "net0", "external", primary=True)
SECOND = Nic("2:8:20:1:2:4", "net1", "internal", vlan_id=7)
VRRP = Nic("0:0:5e:0:1:1", "net2", "external", vrrp=True)
WEB = Zone(UUID, "web", nics=(FIRST, SECOND, VRRP))
MAIL = Zone(OTHER, "mail", nics=(FIRST._replace(mac="2:8:20:1:2:5"),))
TOLD = (
    "the zone has net0 (2:8:20:1:2:3, nic_tag external, primary), net1 (2:8:20:1:2:4, nic_tag internal, vlan_id 7), "
    "net2 (0:0:5e:0:1:1, nic_tag external, VRRP)"
)


def chosen(options: dict[str, t.Any], *names: t.Any) -> list[tuple[str, list[str]]]:
    found = choose([WEB, MAIL], read_targets(options, names or ["web"]))
    return [(one.zone.alias, [nic.interface for nic in one.nics]) for one in found]


@pytest.mark.parametrize(
    ("selectors", "interfaces"),
    [
        ([], ["net0", "net1"]),
        ([{"interface": "net1"}], ["net1"]),
        ([{"nic_tag": "external"}], ["net0"]),
        ([{"primary": True}], ["net0"]),
        ([{"primary": False, "vlan_id": 7}], ["net1"]),
        ([{"vlan_id": 0}, {"mac": "2:8:20:1:2:4"}], ["net0", "net1"]),
    ],
)
def test_selectors(selectors: list[dict[str, t.Any]], interfaces: list[str]) -> None:
    assert chosen({"nics": selectors}) == [("web", interfaces)]


def test_zones_come_in_the_order_of_the_task_by_uuid_or_alias() -> None:
    assert chosen({}, "mail", UUID.upper()) == [("mail", ["net0"]), ("web", ["net0", "net1"])]


def test_a_selector_of_the_task_needs_one_zone_that_has_such_a_nic_and_an_own_one_its_zone() -> None:
    both = [{"interface": "net0"}, {"interface": "net1"}]
    assert chosen({"nics": both}, "web", "mail") == [("web", ["net0", "net1"]), ("mail", ["net0"])]
    with pytest.raises(Refused, match=r"zone .* \(mail\): nics: interface=net1: the zone has net0"):
        chosen({}, "web", {"zone": "mail", "nics": both})
    with pytest.raises(Refused, match="nics: interface=net9: none of the 2 zones has such a NIC"):
        chosen({"nics": [*both, {"interface": "net9"}]}, "web", "mail")


@pytest.mark.parametrize(
    ("options", "names", "message"),
    [
        ({}, ["db"], "zones=db: no zone of this host has this uuid or alias. See vmadm list."),
        ({}, ["WEB"], "zones=WEB: no zone of this host has this uuid or alias. See vmadm list."),
        ({}, ["web", UUID], f"zones={UUID}: zone {UUID} (web) is there already, as web. Name it once."),
        (
            {"nics": [{"interface": "net9"}]},
            ["web"],
            f"zone {UUID} (web): nics: interface=net9: {TOLD}. Choose one that is there and not of VRRP.",
        ),
        (
            {"nics": [{"interface": "net9"}, {"primary": True, "vlan_id": 7}]},
            ["web"],
            f"zone {UUID} (web): nics: (interface=net9) or (vlan_id=7, primary=True): {TOLD}. "
            "Choose one that is there and not of VRRP.",
        ),
        (
            {"nics": [{"interface": "net0"}, {"interface": "net9"}]},
            ["web"],
            f"zone {UUID} (web): nics: interface=net9: {TOLD}. Choose one that is there.",
        ),
        (
            {"nics": [{"mac": "02:08:20:01:02:04"}]},
            ["web"],
            "nics: mac=02:08:20:01:02:04: vmadm compares MAC addresses letter for letter, and writes the one of "
            f"zone {UUID} (web), net1 as 2:8:20:1:2:4. Write 2:8:20:1:2:4.",
        ),
    ],
)
def test_a_choice_that_leads_nowhere(options: dict[str, t.Any], names: list[str], message: str) -> None:
    with pytest.raises(Refused, match=f"^{re.escape(message)}$"):
        chosen(options, *names)


def test_zones_that_cannot_be_told_apart_or_have_nothing_to_choose() -> None:
    with pytest.raises(Refused, match=f"zones=web: 2 zones have this alias. Give one of the uuids {UUID}, {OTHER}"):
        choose([MAIL._replace(alias="web"), WEB], read_targets({}, ["web"]))
    with pytest.raises(Refused, match="it has no NIC that takes IPv6"):
        choose([WEB._replace(nics=(VRRP,))], read_targets({}, ["web"]))
    with pytest.raises(Refused, match="the zone has no NIC"):
        choose([WEB._replace(nics=())], read_targets({"nics": [{"interface": "net0"}]}, ["web"]))


def test_all_zones() -> None:
    found = choose_all([WEB, MAIL, Zone("u", nics=(VRRP,))], read_wish({"nics": [{"nic_tag": "external"}]}))
    assert [one.zone for one in found] == [WEB, MAIL]
    assert choose_all([], read_wish({"nics": [{"interface": "net9"}]})) == []
    with pytest.raises(Refused, match="nics: interface=net9: none of the 2 zones has such a NIC"):
        choose_all([WEB, MAIL], read_wish({"nics": [{"interface": "net9"}]}))
