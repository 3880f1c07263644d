# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._smartos_zone_input import ZONE_KEYS, endpoints, plan

PREFIX = "2001:db8::/64"
MAC = "72:9c:d5:34:47:59"


def made(**more: t.Any) -> dict[str, t.Any]:
    nics = [{"interface": "net0", "mac": MAC, "nic_tag": "external", "vlan_id": 0, "ips": [], "primary": True}]
    return {"alias": "web", "uuid": "u", "brand": "joyent", "running": True, "nics": nics, **more}


UUID = "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0"


def claimed(zone: dict[str, t.Any], **entry: t.Any) -> list[tuple[str, str, str]]:
    claims = plan({"zones": [{"alias": "web", **entry}], "prefixes": [PREFIX]})["claims"]
    return [(one["name"], one["kind"], one["address"]) for one in endpoints([zone], claims, "head")]


def test_each_module_gets_its_part() -> None:
    zone = {"alias": "web", "uuid": UUID, "autoboot": False, "nics": [{"primary": True}], "static": True, "open": [80]}
    parts = plan({"zones": [zone], "prefixes": [PREFIX]})
    permit = {"prefixes": [PREFIX], "nics": [{"primary": True}]}
    assert parts["zones"] == [{"alias": "web", "uuid": UUID, "autoboot": False, "addrconf": True, "permit": permit}]
    assert parts["permit"] == [{"zone": UUID, **permit}]
    assert parts["inside"] == [{"zone": UUID, "nics": [{"primary": True}], "static": True}]
    assert parts["claims"]["web"] == {"permit": permit, "open": [80]}


def test_the_mode_spoofing_permits_nothing_and_a_zone_has_its_own_mode() -> None:
    zones = [{"alias": "a"}, {"alias": "b", "mode": "allowed_ips"}]
    parts = plan({"zones": zones, "prefixes": [PREFIX], "mode": "spoofing"})
    assert [zone.get("allow_ip_spoofing", False) for zone in parts["zones"]] == [True, False]
    assert [zone["zone"] for zone in parts["permit"]] == ["b"]


def test_inside_can_be_left_to_others() -> None:
    parts = plan({"zones": [{"alias": "a", "inside": False}], "prefixes": [PREFIX]})
    assert parts["inside"] == [] and parts["zones"][0]["addrconf"] is False


def test_a_zones_own_prefixes_replace_the_common_ones() -> None:
    zones = [{"alias": "a", "prefixes": ["2001:db8:1::/64"]}]
    assert plan({"zones": zones, "prefixes": [PREFIX]})["permit"][0]["prefixes"] == ["2001:db8:1::/64"]


def test_endpoints_are_the_global_addresses() -> None:
    own = "2001:db8::709c:d5ff:fe34:4759"
    assert claimed(made()) == [("web", "zone", own)]
    assert claimed(made(brand="kvm"), addresses=["2001:db8::80"]) == [
        ("web", "vm", own),
        ("web-2", "vm", "2001:db8::80"),
    ]
    assert claimed(made(), interface_ids=["::20"]) == [("web", "zone", "2001:db8::20")]
    assert claimed(made(), whole_prefix=True) == []


def test_what_does_not_run_or_is_not_known_yet_is_not_claimed() -> None:
    assert claimed(made(running=False)) == []
    nic = {**made()["nics"][0], "mac": ""}
    assert claimed(made(uuid="", nics=[nic])) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"zone": []}, "the options are zones, prefixes, mode"),
        ({"zones": [{"uuid": "S", "payload": {}}]}, "zones: ['payload', 'uuid']: a zone is a dictionary"),
        ({"zones": ["web"]}, "a zone is a dictionary with at least its alias"),
        ({"zones": [{"alias": "web", "ports": [80]}]}, "zone web: ports: it has " + ", ".join(ZONE_KEYS)),
        ({"zones": [{"alias": "web"}]}, "no prefix and no address is given to permit"),
        ({"zones": [{"alias": "web", "mode": "open"}]}, "a mode is allowed_ips or spoofing"),
        ({"zones": [{"alias": "web", "inside": "no"}]}, "this is true or false"),
        ({"zones": [{"alias": "web"}, {"alias": "web"}], "prefixes": [PREFIX]}, "it comes twice"),
        ({"zones": [{"alias": "web"}], "prefixes": ["2001:db8::/80"]}, "SLAAC needs a /64"),
        ({"zones": [{"alias": "web"}], "prefixes": ["2001:db8::/80"], "mode": "spoofing"}, "SLAAC needs a /64"),
        ({"zones": [{"alias": "web", "open": ["80; reboot"]}], "prefixes": [PREFIX]}, "endpoint web: open"),
        ({"zones": [{"alias": "web", "ping": "yes"}], "prefixes": [PREFIX]}, "ping=yes: this is true or false"),
    ],
)
def test_bad_input(options: dict[str, t.Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        plan(options)
    assert said in str(refused.value)
