# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wishes that cannot work, also because of the platform: refused before anything is written."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _vmadm as vmadm
from ansible_collections.routable.ipv6.plugins.module_utils import _vmadm_client as client
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_choice import choose_all
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import read_wish
from hypothesis import given
from hypothesis import strategies as st
from smartos_host import GlobalZone, nic, zone
from smartos_stage import GLOBAL, LOCAL, PREFIX, UUID, Stage, with_list

OLD = {"platform_buildstamp": "20171205T000000Z"}


MANY = [f"2001:db8:7::{number:x}" for number in range(1, 13)]


@pytest.mark.parametrize(
    ("made", "params", "said"),
    [
        ({}, {"zones": ["11111111-2222-4333-8444-555555555555"]}, "no zone of this host has this uuid or alias"),
        ({}, {"nics": [{"mac": "72:9C:D5:00:00:01"}]}, "Write 72:9c:d5:00:00:01."),
        ({}, {"nics": [{"mac": "72:9c:d5:0:0:1"}]}, "Write 72:9c:d5:00:00:01."),
        (
            {},
            {"nics": [{"mac": "72:9c:d5:00:00:99"}]},
            "the zone has net0 (72:9c:d5:00:00:01, nic_tag external, primary)",
        ),
        ({}, {"nics": [{"mac": "72-9c"}]}, "no NIC can have this MAC address"),
        ({}, {"nics": [{"interface": "net0"}, {"nic_tag": "lost"}]}, "nics: nic_tag=lost"),
        ({}, {"nics": [{}]}, "NICs are chosen by mac, interface, nic_tag, vlan_id, primary"),
        ({"nics": [nic(allowed_ips=MANY)]}, {}, "allowed_ips with 14 entries: vmadm takes at most 13 for a NIC"),
        (
            {"nics": [nic(ips=[f"2001:db8:6::{number:x}/64" for number in range(1, 21)], allowed_ips=MANY)]},
            {"link_local": False},
            "13 allowed_ips and 20 ips: a NIC has at most 32 of both",
        ),
        ({}, {"prefixes": ["192.0.2.0/24"]}, "this is IPv4 where IPv6 is needed"),
        ({}, {"prefixes": [PREFIX, "192.0.2.0/24"]}, "this is IPv4 where IPv6 is needed"),
        ({}, {"addresses": ["2001:db8::5", "192.0.2.5"]}, "this is IPv4 where IPv6 is needed"),
        ({}, {"prefixes": ["2001:db8:0:1::/80"]}, "SLAAC needs a /64"),
        ({}, {"prefixes": ["2001:db8::/56"]}, "SLAAC needs a /64"),
        ({}, {"prefixes": ["fe80::/64"]}, "link-local addresses have an option of their own"),
        ({}, {"prefixes": ["ff05::/64"]}, "nobody sends from a multicast address"),
        ({}, {"addresses": ["::"]}, "such an address is never seen on a link"),
        ({}, {"addresses": ["::ffff:192.0.2.1"]}, "such an address is never seen on a link"),
        ({}, {"addresses": ["::/0"]}, "the kernel takes no entry of length 0"),
        ({}, {"interface_ids": ["2001:db8::1"]}, "an interface id has 64 bits"),
        ({}, {"interface_ids": []}, "without any id nothing can be permitted"),
        ({}, {"interface_ids": ["::20"], "whole_prefix": True}, "it permits each interface id anyway"),
        ({}, {"prefixes": [], "whole_prefix": True}, "there is no prefix to permit"),
        ({}, {"prefixes": [], "link_local": False}, "there is nothing to permit or withdraw"),
        ({}, {"disable_spoofing": True, "state": "absent"}, "the zone would be left without an address"),
        ({}, {"zones": ["zone1", UUID]}, "is there already, as zone1"),
        ({}, {"zones": []}, "either some zones are named, or all_zones is set"),
        ({}, {"all_zones": True}, "either some zones are named, or all_zones is set"),
        (
            {},
            {"zones": [{"zone": "zone1", "prefix": PREFIX}]},
            "zones: zone1: prefix=2001:db8:0:1::/64: a zone has nics",
        ),
        ({}, {"zones": [{"zone": "zone1", "link_local": "yes"}]}, "this is true or false"),
        ({}, {"zones": [{"zone": "zone1", "nics": [{"primary": "yes"}]}]}, "primary='yes': this is no bool"),
        ({}, {"zones": [7]}, "a zone is named by its uuid or alias"),
        ({}, {"timeout": -1}, "timeout=-1: it must be between 0 and 86400 seconds"),
        ({"nics": [nic(ips=["dhcp"])], **OLD}, {}, "dhcp on a platform of 20171205: before 20171206 (OS-4683)"),
        ({"nics": [nic(ips=None, ip="dhcp")], "platform_buildstamp": None}, {}, "that does not tell its buildstamp"),
        (
            {"nics": [nic(allowed_ips=["2001:db8::5/z"])]},
            {},
            "allowed_ips=2001:db8::5/z: the kernel takes no such entry",
        ),
        (
            {"nics": [nic(allowed_ips=["2001:db8:0:1::"])]},
            {"whole_prefix": True},
            "the kernel takes no two entries with one address, and 2001:db8:0:1:: is there too",
        ),
        ({"nics": []}, {}, "it has no NIC that takes IPv6"),
        (
            {"nics": [nic(vrrp_vrid=3)]},
            {"nics": [{"interface": "net0"}]},
            "net0 (72:9c:d5:00:00:01, nic_tag external, primary, VRRP)",
        ),
        ({"nics": [nic(mac="")]}, {}, "no identifier follows from it"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_written(
    stage: Stage, made: dict[str, t.Any], params: dict[str, t.Any], said: str
) -> None:
    host = stage.host(zone(**made))
    result = stage.run(**{"zones": ["zone1"], "prefixes": [PREFIX], **params})
    assert result["failed"] and said in result["msg"], result["msg"]
    assert result["msg"].endswith(".") and "\n" not in result["msg"] and "Traceback" not in result["msg"]
    assert all(call[:2] == ["vmadm", "lookup"] for call in host.calls) and len(host.calls) <= 1


def test_one_bad_zone_keeps_all_from_being_written(stage: Stage) -> None:
    host = stage.host(zone(1), zone(2, nics=[nic(2, ips=["dhcp"])], **OLD))
    assert "OS-4683" in stage.run(all_zones=True, prefixes=[PREFIX])["msg"]
    assert host.payloads == []


def test_an_alias_of_two_zones(stage: Stage) -> None:
    stage.host(zone(1, alias="web"), zone(2, alias="web"))
    message = stage.run(zones=["web"], prefixes=[PREFIX])["msg"]
    assert f"Give one of the uuids {UUID}, {zone(2)['uuid']}." in message


def test_an_old_platform_without_dynamic_addresses(stage: Stage) -> None:
    host = stage.host(zone(nics=[nic(ips=["198.51.100.1/24"])], **OLD))
    assert stage.run(zones=["zone1"], prefixes=[PREFIX])["changed"] and host.allowed() == [LOCAL, GLOBAL]


def test_an_old_platform_with_addrconf(stage: Stage) -> None:
    host = stage.host(zone(nics=[nic(ips=["addrconf"])], **OLD))
    assert stage.run(zones=["zone1"], prefixes=[PREFIX])["changed"] and host.allowed() == [LOCAL, GLOBAL]
    assert len(stage.warnings) == 1 and "only those in the list pass" in stage.warnings[0]


def test_an_old_platform_gets_its_dhcp_back(stage: Stage) -> None:
    # There the list itself does harm, so not even the link-local address is left.
    host = stage.host(zone(nics=[nic(ips=["dhcp"], allowed_ips=[LOCAL, GLOBAL])], **OLD))
    assert stage.run(zones=["zone1"], prefixes=[PREFIX], state="absent")["changed"]
    assert host.allowed() == [""]
    assert not stage.run(zones=["zone1"], prefixes=[PREFIX], state="absent")["changed"]


def test_an_old_platform_and_spoofing_that_hid_the_harm(stage: Stage) -> None:
    host = stage.host(zone(nics=[nic(ips=["dhcp"], allowed_ips=[LOCAL, GLOBAL], allow_ip_spoofing=True)], **OLD))
    assert "OS-4683" in stage.run(zones=["zone1"], prefixes=[PREFIX], disable_spoofing=True)["msg"]
    assert host.payloads == []


# Few values in several spellings, those of the wishes among them, so that they meet.
TEXTS = [
    LOCAL,
    GLOBAL.upper(),
    GLOBAL,
    f"{GLOBAL}/128",
    f"{GLOBAL}/64",
    "2001:db8:0:1::",
    PREFIX,
    "2001:DB8:0:1:0::/64",
    "fe80::/10",
    "2001:db8:0:1::80",
    "2001:db8:0:1:0:0:0:80",
    "192.0.2.1",
    "192.0.2.1/32",
    "2001:db8::5/z",
    "::",
]


LISTS = st.lists(st.sampled_from(TEXTS) | st.integers(1, 20).map(lambda number: f"2001:db8:7::{number:x}"), max_size=13)


STATIC = st.lists(
    st.sampled_from([f"{GLOBAL}/64", "2001:DB8:0:1::80/64", "192.0.2.1/24"]), max_size=3, unique=True
).map(lambda found: [*found, "addrconf"])


WISHES = st.fixed_dictionaries(
    {},
    optional={
        "prefixes": st.just([PREFIX]),
        "addresses": st.lists(st.sampled_from(["2001:db8:0:1::80", "2001:db8:0:1::", "2001:db8:7::/48"]), max_size=3),
        "link_local": st.booleans(),
    },
)


@given(LISTS, STATIC, WISHES, st.sampled_from(["present", "absent", "exact"]), st.booleans())
def test_what_is_not_refused_is_taken_and_boots(
    listed: list[str], ips: list[str], wish: dict[str, t.Any], state: str, whole: bool
) -> None:
    """Whatever a zone has: either one sentence before anything is sent, or vmadm and the kernel take what is sent."""
    host = GlobalZone(with_list(*listed, ips=ips))
    host_of = client.Vmadm(host)
    asked = read_wish({**wish, "whole_prefix": whole and bool(wish.get("prefixes"))})
    try:
        decisions = vmadm.decide(choose_all(host_of.lookup(), asked), state, disable_spoofing=False)
    except Refused:
        return
    for change in vmadm.plan(decisions, state).changes:
        host_of.update(change.data["zone"], change.data["payload"])
        assert host.boots()
        assert vmadm.holds(host_of.get(UUID), change.data["payload"])
    again = vmadm.decide(choose_all(host_of.lookup(), asked), state, disable_spoofing=False)
    assert not any(decision.changed for decision in again)
