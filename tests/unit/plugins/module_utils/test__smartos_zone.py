# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _smartos_zone as zones
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Plan, Refused
from hypothesis import given
from hypothesis import strategies as st

PLATFORM = "20260312"
MAC = "72:9c:d5:34:47:59"
# The addresses of this MAC address in the SmartOS documentation.
LISTED = ["fe80::709c:d5ff:fe34:4759", "2001:db8::709c:d5ff:fe34:4759"]
UUID = "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0"
OTHER = "7b1a5d0e-7e57-4b0a-9a4c-2f0c1f6d8a11"
PERMIT = {"prefixes": ["2001:db8::/64"]}


def wanted(**more: t.Any) -> zones.Wanted:
    payload = {"brand": "joyent", "nics": [{"nic_tag": "external", "ips": ["dhcp"]}]}
    return zones.read_wanted([{"alias": "web", "payload": payload, "permit": PERMIT, **more}])[0]


def with_mac(**more: t.Any) -> zones.Wanted:
    return wanted(payload={"brand": "joyent", "nics": [{"nic_tag": "external", "mac": MAC, "ips": ["dhcp"]}]}, **more)


def vm(**more: t.Any) -> zones.Vm:
    nics = [{"interface": "net0", "mac": MAC, "nic_tag": "external", "ips": ["dhcp"]}]
    made = {"uuid": "u", "alias": "web", "brand": "joyent", "state": "stopped", "zone_state": "installed"}
    return {**made, "autoboot": False, "nics": nics, **more}


def present(vms: list[zones.Vm], *entries: zones.Wanted, platform: str = PLATFORM) -> Plan:
    return zones.plan_present(vms, entries, platform, lambda: "new")


def test_a_zone_whose_mac_vmadm_draws_is_created_stopped() -> None:
    payload = present([], wanted()).changes[0].data["payload"]
    assert payload["autoboot"] is False
    assert payload["nics"] == [{"nic_tag": "external", "ips": ["dhcp", "addrconf"]}]
    assert (payload["uuid"], payload["alias"], payload["tags"]) == ("new", "web", {zones.TAG: True})


def test_a_zone_with_a_mac_is_created_permitted_and_booted_in_one_call() -> None:
    payload = present([], with_mac()).changes[0].data["payload"]
    assert payload["autoboot"] is True
    assert payload["nics"][0]["allowed_ips"] == LISTED


def test_metadata_goes_into_the_payload_from_beside_it() -> None:
    payload = present([], wanted(internal_metadata={"root_pw": "x"}, customer_metadata={})).changes[0].data["payload"]
    assert payload["internal_metadata"] == {"root_pw": "x"} and "customer_metadata" not in payload


@pytest.mark.parametrize("made", [wanted, with_mac])
def test_autoboot_false_is_never_lost(made: t.Callable[..., zones.Wanted]) -> None:
    zone = made(autoboot=False)
    assert present([], zone).changes[0].data["payload"]["autoboot"] is False
    assert zones.plan_running([vm()], [zone]).changes == ()


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_no_zone_boots_at_its_creation_unless_it_is_permitted(mac: bool, auto: bool, spoof: bool, conf: bool) -> None:
    zone = (with_mac if mac else wanted)(autoboot=auto, allow_ip_spoofing=spoof, addrconf=conf)
    payload = zones.creation(zone, "u", PLATFORM)
    nic = payload["nics"][0]
    if payload["autoboot"]:
        assert nic.get("allow_ip_spoofing") or nic["allowed_ips"] == LISTED
    assert payload["autoboot"] <= auto
    assert ("addrconf" in nic["ips"]) == conf


def test_addrconf_is_not_for_old_platforms_nor_for_guests() -> None:
    assert zones.creation(wanted(), "u", "20150916")["nics"][0]["ips"] == ["dhcp"]
    guest = wanted(payload={"brand": "bhyve", "nics": [{"nic_tag": "external", "ips": ["dhcp"]}]})
    assert zones.creation(guest, "u", PLATFORM)["nics"][0]["ips"] == ["dhcp"]


def test_a_dhcp_nic_on_an_old_platform_is_refused_before_it_is_created() -> None:
    with pytest.raises(Refused, match="OS-4683"):
        zones.creation(with_mac(), "u", "20170101")


@pytest.mark.parametrize(
    ("nic", "ips"),
    [
        ({"ip": "192.0.2.5", "netmask": "255.255.255.0"}, ["192.0.2.5/24", "addrconf"]),
        ({"ip": "dhcp"}, ["dhcp", "addrconf"]),
        ({"ips": ["addrconf"]}, ["addrconf"]),
        ({}, ["addrconf"]),
    ],
)
def test_addrconf_joins_the_other_addresses(nic: dict[str, t.Any], ips: list[str]) -> None:
    assert zones.with_addrconf({"nic_tag": "x", **nic}) == {"nic_tag": "x", "ips": ips}


def test_existing_zones_are_left_alone() -> None:
    assert not present([vm()], wanted(payload={"brand": "lx", "ram": 4096})).changed


def test_spoofing_is_set_where_it_lacks_and_can_be_undone() -> None:
    zone = wanted(allow_ip_spoofing=True)
    (change,) = present([vm()], zone).changes
    assert change.data["payload"] == {"update_nics": [{"mac": MAC, "allow_ip_spoofing": True}]}
    assert change.data["undo"] == {"update_nics": [{"mac": MAC, "allow_ip_spoofing": False}]}
    nics = [{"interface": "net0", "mac": MAC, "allow_ip_spoofing": True}]
    assert not present([vm(nics=nics)], zone).changed


@pytest.mark.parametrize(
    ("there", "actions"),
    [
        ({"state": "stopped"}, ["start"]),
        ({"state": "running", "zone_state": "running", "autoboot": True}, []),
        ({"state": "running", "zone_state": "running", "autoboot": False}, ["update"]),
    ],
)
def test_a_zone_is_started_or_only_told_to_boot_the_next_time(there: dict[str, t.Any], actions: list[str]) -> None:
    assert [change.action for change in zones.plan_running([vm(**there)], [wanted()]).changes] == actions


def test_check_mode_shows_the_start_of_a_zone_that_is_to_be_created_stopped() -> None:
    assert [change.action for change in zones.plan_running([], [wanted()]).changes] == ["start"]
    assert not zones.plan_running([], [with_mac()]).changed


def test_only_zones_of_ours_are_deleted() -> None:
    plan = zones.plan_absent([vm()], [wanted()])
    assert not plan.changed and "not created by this module" in plan.warnings[0]
    assert [c.action for c in zones.plan_absent([vm(tags={zones.TAG: True})], [wanted()]).changes] == ["delete"]
    assert not zones.plan_absent([], [wanted()]).changed


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"alias": "web", "payload": {"brand": "solaris"}}, "brand=solaris: a brand is one of joyent, "),
        ({"alias": "web", "payload": {"brand": "lx", "autoboot": False}}, "autoboot: it stands beside the payload"),
        ({"alias": "web", "payload": {"brand": "lx", "nics": [{"mac": "x"}]}}, "mac='x': this is no MAC address"),
        ({"alias": "web", "permit": {"prefix": []}}, "permit: prefix: it has nics, "),
        ({"alias": "web", "permit": {"prefixes": ["2001:db8::/80"]}}, "SLAAC needs a /64"),
        ({"alias": ""}, "a zone is known by its alias"),
        ({"alias": "web\nroot"}, "an alias is no uuid, and has at most 255 characters"),
        ({"alias": "\u202eweb"}, "none of which controls anything"),
        ({"alias": "x" * 256}, "at most 255 characters"),
        ({"alias": UUID}, "an alias is no uuid"),
        ({"alias": "web", "uuid": "--help"}, "this is no uuid as vmadm writes it"),
        ({"alias": "web", "uuid": UUID.upper()}, "this is no uuid as vmadm writes it"),
        ({"alias": "web", "payload": {"brand": "lx", "tags": "a"}}, "tags: it is a dictionary"),
        ({"alias": "web", "payload": {"brand": "lx", "nics": [{"ips": "dhcp"}]}}, "ips='dhcp': it is a list of texts"),
        ({"alias": "web", "payload": {"brand": "lx", "nics": [{"ips": [7]}]}}, "ips=[7]: it is a list of texts"),
        ({"alias": "web", "payload": {"brand": "lx", "nics": [{"mac": 1024}]}}, "mac=1024: it is a text"),
        (
            {"alias": "web", "payload": {"brand": "lx", "nics": [{"ip": "192.0.2.1", "netmask": "255.0.255.0"}]}},
            "netmask='255.0.255.0': this is no IPv4 netmask",
        ),
        (
            {"alias": "web", "payload": {"brand": "lx", "internal_metadata": {}}},
            "internal_metadata: it stands beside the payload",
        ),
        ({"alias": "web", "payload": '{"brand": "lx"}'}, "zone web: payload: it is a dictionary. Write it as vmadm"),
        ({"alias": "web", "customer_metadata": "S"}, "zone web: customer_metadata: it is a dictionary. Write key"),
    ],
)
def test_bad_input(entry: dict[str, t.Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        zones.read_wanted([entry])
    assert said in str(refused.value)


def test_what_nobody_may_see() -> None:
    nic = {"nic_tag": "external", "ips": ["dhcp"]}
    payload = {"brand": "kvm", "nics": [nic], "vnc_password": "S1", "ram": 7, "ips": "S"}
    assert zones.secrets_in([{"alias": "web", "payload": payload}]) == {"S1"}
    payload["customer_metadata"] = {"a": ["S2", 34, True, None, ""], "b": {"c": "S3"}}
    entries = [{"alias": "web", "payload": payload, "internal_metadata": {"root_pw": "S4"}}, {"payload": "brand: S5"}]
    assert zones.secrets_in(entries) == {"S1", "S2", "S3", "S4", "34", "brand: S5"}
    assert zones.secrets_in([{"alias": "web", "payload": None, "internal_metadata": None}]) == set()


def test_names_that_mean_several_zones_or_none() -> None:
    with pytest.raises(Refused, match="2 zones have this alias"):
        zones.find([vm(), vm(uuid="v")], wanted())
    with pytest.raises(Refused, match="has the alias already, with the uuid u"):
        zones.find([vm()], wanted(uuid=OTHER))
    with pytest.raises(Refused, match="this host has no such zone"):
        present([], zones.Wanted("web"))
    with pytest.raises(Refused, match="it comes twice"):
        zones.read_wanted([{"alias": "web"}, {"alias": "web"}])


def test_zones_are_shown_as_they_are_or_would_be() -> None:
    there = vm(
        brand="lx",
        state="running",
        zone_state="running",
        nics=[
            {"interface": "net0", "mac": MAC, "nic_tag": "external", "vlan_id": 7, "ips": ["dhcp"], "primary": True},
            {"mac": "2:8:20:1:2:3", "vrrp_vrid": 3, "allowed_ips": ["2001:db8::5"]},
        ],
    )
    empty = {"mac": "", "nic_tag": "", "vlan_id": 0, "ips": [], "primary": False, "vrrp_vrid": 0}
    shown = {"alias": "web", "uuid": "u", "brand": "lx", "exists": True, "created": False, "permitted": False}
    first = {"interface": "net0", "mac": MAC, "nic_tag": "external", "vlan_id": 7, "ips": ["dhcp"], "primary": True}
    second = {**empty, "interface": "eth1", "mac": "2:8:20:1:2:3", "vrrp_vrid": 3}
    nothing = Plan((), {}, {})
    assert zones.shown([there], [wanted()], nothing) == [
        {**shown, "running": True, "nics": [{**first, "vrrp_vrid": 0}, second]}
    ]
    # To be created: what vmadm draws is not known yet.
    planned = present([], wanted())
    nics = [{**empty, "interface": "net0", "nic_tag": "external", "ips": ["dhcp", "addrconf"]}]
    made = {**shown, "uuid": "", "brand": "joyent", "exists": False, "created": True}
    assert zones.shown([], [wanted()], planned) == [{**made, "running": True, "nics": nics}]


@pytest.mark.parametrize(
    ("zone", "allowed", "permitted"),
    [
        (wanted(), ["2001:db8::5"], True),
        (wanted(), [], False),
        (wanted(permit=None), [], True),
        (wanted(allow_ip_spoofing=True), [], True),
    ],
)
def test_whether_a_zone_is_permitted(zone: zones.Wanted, allowed: list[str], permitted: bool) -> None:
    there = vm(nics=[{"mac": MAC, "allowed_ips": allowed}])
    assert zones.shown([there], [zone], Plan((), {}, {}))[0]["permitted"] is permitted


def test_a_zone_runs_once_it_is_started() -> None:
    plan = zones.plan_running([vm()], [wanted()])
    assert [change.action for change in plan.changes] == ["start"]
    assert zones.shown([vm()], [wanted()], plan)[0]["running"] is True
    assert zones.shown([vm()], [wanted()], Plan((), {}, {}))[0]["running"] is False
