# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _vmadm as vmadm
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_choice import Chosen
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import read_wish
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone

ONE = Nic("2:8:20:1:2:3", "net0", allowed_ips=("2001:db8::5",), spoofing=True)
TWO = Nic("2:8:20:1:2:4", "net1")
ZONE = Zone("00000000-0000-4000-8000-000000000001", brand="lx", platform="20260313", nics=(ONE, TWO))


@pytest.mark.parametrize(
    ("update", "held"),
    [
        ({"allowed_ips": ["2001:DB8:0::5"]}, True),
        ({"allowed_ips": ["2001:db8::6"]}, False),
        ({"allowed_ips": ["2001:db8::5"], "allow_ip_spoofing": False}, False),
        ({"allowed_ips": ["2001:db8::5"], "allow_ip_spoofing": True}, True),
        ({"allow_ip_spoofing": True}, True),
        ({"mac": "2:8:20:1:2:9", "allowed_ips": []}, False),
        # vmadm shows no list where there is none.
        ({"mac": "2:8:20:1:2:4", "allowed_ips": []}, True),
    ],
)
def test_what_is_read_back(update: dict[str, t.Any], held: bool) -> None:
    assert vmadm.holds(ZONE, {"update_nics": [{"mac": ONE.mac, **update}]}) is held


def test_a_plan_and_its_undoing() -> None:
    wish = read_wish({"link_local": False, "addresses": ["2001:db8::7"]})
    decisions = vmadm.decide([Chosen(ZONE, wish, (ONE, TWO))], "present", disable_spoofing=True)
    (change,) = vmadm.plan(decisions, "present").changes
    assert change.data["payload"] == {
        "update_nics": [
            {"mac": ONE.mac, "allowed_ips": ["2001:db8::5", "2001:db8::7"], "allow_ip_spoofing": False},
            {"mac": TWO.mac, "allowed_ips": ["2001:db8::7"]},
        ]
    }
    assert change.data["undo"] == {
        "update_nics": [
            {"mac": ONE.mac, "allowed_ips": ["2001:db8::5"], "allow_ip_spoofing": True},
            # Not the empty list, which vmadm would keep as one empty address.
            {"mac": TWO.mac, "allowed_ips": ["fe80::8:20ff:fe01:204"]},
        ]
    }


def test_no_list_is_sent_where_none_was_and_none_is_wanted() -> None:
    nic = TWO._replace(spoofing=True)
    decisions = vmadm.decide([Chosen(ZONE, read_wish({"link_local": False}), (nic,))], "exact", disable_spoofing=True)
    assert decisions[0].payload() == {"mac": TWO.mac, "allow_ip_spoofing": False}
    assert decisions[0].undo() == {"mac": TWO.mac, "allow_ip_spoofing": True}


def test_described() -> None:
    payload = {"update_nics": [{"mac": ONE.mac}, {"mac": TWO.mac}]}
    assert vmadm.described(ZONE, payload) == "2001:db8::5 on net0 with allow_ip_spoofing; no list on net1"


def test_a_plan_says_what_it_does_and_shows_only_what_changes() -> None:
    third = Nic("2:8:20:1:2:5", "net2", allowed_ips=("2001:db8::7",))
    zone = ZONE._replace(alias="web", nics=(ONE, TWO, third))
    wish = read_wish({"link_local": False, "addresses": ["2001:db8::7"]})
    plan = vmadm.plan(vmadm.decide([Chosen(zone, wish, zone.nics)], "exact", disable_spoofing=True), "exact")
    (change,) = plan.changes
    assert change.sentence == (
        f"In zone {ZONE.uuid} (web), net0: permit 2001:db8::7, withdraw 2001:db8::5, turn IP spoofing off; "
        "net1: permit 2001:db8::7"
    )
    assert (change.action, change.data["zone"], change.data["brand"]) == ("update", ZONE.uuid, "lx")
    assert plan.before == {
        ZONE.uuid: {
            ONE.mac: {"interface": "net0", "allowed_ips": ["2001:db8::5"], "allow_ip_spoofing": True},
            TWO.mac: {"interface": "net1", "allowed_ips": [], "allow_ip_spoofing": False},
        }
    }
    assert plan.after == {
        ZONE.uuid: {
            ONE.mac: {"interface": "net0", "allowed_ips": ["2001:db8::7"], "allow_ip_spoofing": False},
            TWO.mac: {"interface": "net1", "allowed_ips": ["2001:db8::7"], "allow_ip_spoofing": False},
        }
    }
    assert plan.warnings == ()


@pytest.mark.parametrize(("state", "warned"), [("present", True), ("absent", False)])
def test_a_useless_list_is_warned_of_unless_it_goes(state: str, warned: bool) -> None:
    wish = read_wish({"link_local": False, "addresses": ["2001:db8::7"]})
    plan = vmadm.plan(vmadm.decide([Chosen(ZONE, wish, (ONE,))], state, disable_spoofing=False), state)
    assert any("allow_ip_spoofing is on" in text for text in plan.warnings) is warned


def test_a_list_that_stays_as_bad_as_it_is_gives_a_warning() -> None:
    nic = Nic("2:8:20:1:2:6", "net0", allowed_ips=("2001:db8::7", "2001:db8::7/64"))
    wish = read_wish({"link_local": False, "addresses": ["2001:db8::7"]})
    plan = vmadm.plan(vmadm.decide([Chosen(ZONE, wish, (nic,))], "present", disable_spoofing=False), "present")
    assert not plan.changed and "no two entries with one address" in plan.warnings[0]


def test_nothing_to_permit_is_refused() -> None:
    with pytest.raises(Refused, match=f"zone {ZONE.uuid}: state=present: there is nothing to permit or withdraw"):
        vmadm.decide([Chosen(ZONE, read_wish({"link_local": False}), (ONE,))], "present", disable_spoofing=False)


def test_the_first_list_on_an_old_platform_takes_dhcp_away() -> None:
    old = ZONE._replace(platform="20171205")
    wish = read_wish({"link_local": False, "addresses": ["2001:db8::7"]})
    for nic, spoof in ((TWO._replace(ips=("dhcp",)), False), (ONE._replace(ips=("dhcp",)), True)):
        with pytest.raises(Refused, match=f"{nic.interface}: dhcp on a platform of 20171205: before 20171206"):
            vmadm.decide([Chosen(old, wish, (nic,))], "present", disable_spoofing=spoof)
    # It has a list and lost them already; and one that spoofing keeps useless does no harm yet.
    listed = TWO._replace(ips=("dhcp",), allowed_ips=("2001:db8::5",))
    for nic in (listed, ONE._replace(ips=("dhcp",))):
        assert vmadm.decide([Chosen(old, wish, (nic,))], "present", disable_spoofing=False)[0].changed
    assert vmadm.decide([Chosen(ZONE, wish, (TWO._replace(ips=("dhcp",)),))], "present", False)[0].changed


def test_samples_have_all_that_is_sent_to_a_brand() -> None:
    small, large = {"mac": "a", "allowed_ips": []}, {"mac": "b", "allowed_ips": [], "allow_ip_spoofing": False}

    def change(brand: str, *nics: dict[str, t.Any]) -> Change:
        return Change("", "update", {"brand": brand, "payload": {"update_nics": list(nics)}})

    found = vmadm.samples([change("lx", small, large), change("lx", small), change("kvm", small)])
    assert found == {"lx": {"update_nics": [large]}, "kvm": {"update_nics": [small]}}


def zone(number: int, *nics: Nic, alias: str = "") -> Zone:
    return Zone(f"00000000-0000-4000-8000-00000000000{number}", alias, nics=nics)


def nic(number: int, *allowed: str, **more: t.Any) -> Nic:
    return Nic(f"2:8:20:1:2:{number}", "net0", **{"nic_tag": "ext", "allowed_ips": allowed, **more})


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (nic(1, "2001:db8::5"), nic(2, "2001:db8::5"), ["2001:db8::5"]),
        (nic(1, ips=("2001:db8::5/64",)), nic(2, "2001:db8::5"), ["2001:db8::5"]),
        # A prefix is shared with who has an address or a longer prefix within it.
        (nic(1, "2001:db8::/64"), nic(2, "2001:db8::5"), ["2001:db8::/64"]),
        (nic(1, "2001:db8::1/64"), nic(2, "2001:db8::/80"), ["2001:db8::/64"]),
        (nic(1, "2001:db8::/64"), nic(2, "2001:db8:0:1::5"), []),
        # Another link, VRRP, IPv4, and all link-local addresses.
        (nic(1, "2001:db8::5"), nic(2, "2001:db8::5", vlan_id=7), []),
        (nic(1, "2001:db8::5"), nic(2, "2001:db8::5", nic_tag="int"), []),
        (nic(1, "2001:db8::5"), nic(2, "2001:db8::5", vrrp=True), []),
        (nic(1, "192.0.2.5"), nic(2, "192.0.2.5"), []),
        (nic(1, "fe80::/10"), nic(2, "fe80::/10"), []),
        (nic(1, "fe80::5"), nic(2, "fe80::5"), ["fe80::5"]),
        (nic(1, "nonsense"), nic(2, "nonsense"), []),
    ],
)
def test_duplicates_on_a_link(one: Nic, other: Nic, shared: list[str]) -> None:
    assert [found["address"] for found in vmadm.duplicates([zone(1, one), zone(2, other)], [])] == shared


def test_duplicates_are_those_after_the_plan() -> None:
    one, other = zone(1, nic(1, "2001:db8::5"), alias="a"), zone(2, nic(2, "2001:db8::6", vlan_id=0), alias="b")
    wish = read_wish({"link_local": False, "addresses": ["2001:db8::5"]})
    decisions = vmadm.decide([Chosen(other, wish, other.nics)], "exact", disable_spoofing=False)
    assert vmadm.duplicates([one, other], []) == []
    found = vmadm.duplicates([one, other], decisions)
    nics = [{"zone": each.uuid, "alias": each.alias, "interface": "net0"} for each in (one, other)]
    assert found == [{"address": "2001:db8::5", "nic_tag": "ext", "vlan_id": 0, "nics": nics}]
    assert vmadm.duplicate_warnings(found, {(one.uuid, "net0")}) == [
        "2001:db8::5 is shared by 2 NICs on ext: a net0, b net0."
    ]
    assert vmadm.duplicate_warnings(found, {(one.uuid, "net1"), ("", "net0")}) == []


def test_a_warning_names_five_nics() -> None:
    zones = [zone(number, nic(number, "2001:db8::5", vlan_id=9)) for number in range(1, 8)]
    (text,) = vmadm.duplicate_warnings(vmadm.duplicates(zones, []), {(zones[6].uuid, "net0")})
    named = ", ".join(f"{one.uuid} net0" for one in zones[:5])
    assert text == f"2001:db8::5 is shared by 7 NICs on ext (VLAN 9): {named} and 2 more."
    (text,) = vmadm.duplicate_warnings(vmadm.duplicates(zones[:5], []), {(zones[0].uuid, "net0")})
    assert text.endswith(f"{zones[4].uuid} net0.")
