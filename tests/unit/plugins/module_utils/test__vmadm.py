# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _vmadm as vmadm
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
