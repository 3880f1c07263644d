# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module against a host whose vmadm and kernel are as picky as the real ones, with every call counted."""

from __future__ import annotations

import json
import typing as t

import pytest
from smartos_host import nic, zone
from smartos_stage import GLOBAL, LOCAL, PREFIX, UUID, Stage, with_list


def test_a_run_and_a_second_one(stage: Stage) -> None:
    host = stage.host(zone())
    result = stage.run(zones=[UUID], prefixes=[PREFIX])
    assert result["changed"] and result["updated"] == [UUID]
    assert host.allowed() == [LOCAL, GLOBAL]
    assert [call[:2] for call in host.calls] == [
        ["vmadm", "lookup"],
        ["vmadm", "validate"],
        ["vmadm", "update"],
        ["vmadm", "get"],
    ]
    assert host.calls[1][2:] == ["update", "joyent-minimal"]
    assert host.payloads == [{"update_nics": [{"mac": "72:9c:d5:00:00:01", "allowed_ips": [LOCAL, GLOBAL]}]}]
    host.calls.clear()
    again = stage.run(zones=[UUID], prefixes=[PREFIX])
    assert not again["changed"] and "updated" not in again
    assert again["diff"] == {"before": {}, "after": {}} and again["changes"] == []
    assert [call[:2] for call in host.calls] == [["vmadm", "lookup"]]
    assert stage.warnings == []


def test_the_lookup_asks_for_no_metadata(stage: Stage) -> None:
    host = stage.host(zone())
    result = stage.run(zones=[UUID], prefixes=[PREFIX], _ansible_check_mode=True)
    assert "metadata" not in host.calls[0][-1] and "secret" not in json.dumps(result)


def test_check_mode_and_diff(stage: Stage) -> None:
    host = stage.host(with_list("192.0.2.0/28"))
    predicted = stage.run(zones=["zone1"], prefixes=[PREFIX], health=True, _ansible_check_mode=True)
    assert [call[:2] for call in host.calls] == [["vmadm", "lookup"], ["dladm", "show-linkprop"]]
    assert host.allowed() == ["192.0.2.0/28"]
    # The links are compared with what is there, not with what would be.
    assert predicted["health"][0]["healthy"] is True
    result = stage.run(zones=["zone1"], prefixes=[PREFIX])
    for key in ("changed", "diff", "zones", "changes", "duplicates"):
        assert predicted[key] == result[key], key
    mac = "72:9c:d5:00:00:01"
    assert result["diff"] == {
        "before": {UUID: {mac: {"interface": "net0", "allowed_ips": ["192.0.2.0/28"], "allow_ip_spoofing": False}}},
        "after": {
            UUID: {
                mac: {
                    "interface": "net0",
                    "allowed_ips": ["192.0.2.0/28", LOCAL, GLOBAL],
                    "allow_ip_spoofing": False,
                }
            }
        },
    }
    assert result["changes"] == [f"In zone {UUID} (zone1), net0: permit {LOCAL}, {GLOBAL}"]
    assert result["zones"] == [
        {
            "zone": UUID,
            "alias": "zone1",
            "brand": "joyent-minimal",
            "running": True,
            "changed": True,
            "nics": [
                {
                    "mac": mac,
                    "interface": "net0",
                    "nic_tag": "external",
                    "vlan_id": 0,
                    "asked": [LOCAL, GLOBAL],
                    "allowed_ips": ["192.0.2.0/28", LOCAL, GLOBAL],
                    "allow_ip_spoofing": False,
                }
            ],
        }
    ]


FOREIGN = ["192.0.2.7", "2001:DB8:ffff:0::7", "192.0.2.64/28", "2001:db8:ffff:1::/64"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("present", [*FOREIGN, LOCAL, GLOBAL]),
        ("exact", ["192.0.2.7", "192.0.2.64/28", LOCAL, GLOBAL]),
    ],
)
def test_foreign_entries(stage: Stage, state: str, expected: list[str]) -> None:
    host = stage.host(with_list(*FOREIGN))
    assert stage.run(zones=[UUID], prefixes=[PREFIX], state=state)["changed"]
    assert host.allowed() == expected
    assert not stage.run(zones=[UUID], prefixes=[PREFIX], state=state)["changed"]


def test_absent_takes_away_what_was_asked_in_any_spelling(stage: Stage) -> None:
    host = stage.host(with_list(FOREIGN[0], GLOBAL.upper(), *FOREIGN[1:], "FE80:0:0:0:709C:D5FF:FE00:0001"))
    assert stage.run(zones=[UUID], prefixes=[PREFIX], state="absent")["changed"]
    assert host.allowed() == FOREIGN
    assert not stage.run(zones=[UUID], prefixes=[PREFIX], state="absent")["changed"]
    assert host.count("vmadm", "update") == 1


def test_spellings_are_no_change(stage: Stage) -> None:
    host = stage.host(with_list("FE80::709C:D5FF:FE00:1", "2001:0db8:0000:0001:709c:d5ff:fe00:0001"))
    assert not stage.run(zones=[UUID], prefixes=[PREFIX])["changed"]
    assert host.payloads == []


def test_what_is_in_ips_is_not_added(stage: Stage) -> None:
    host = stage.host(zone(nics=[nic(ips=["2001:DB8:0:1:709C:D5FF:FE00:1/64", "198.51.100.1/24"])]))
    stage.run(zones=[UUID], prefixes=[PREFIX])
    assert host.allowed() == [LOCAL] and host.boots()


def test_a_list_that_would_not_boot_is_mended(stage: Stage) -> None:
    broken = with_list(GLOBAL, GLOBAL.upper(), "2001:DB8:9:9::1", ips=["2001:db8:9:9::1/64"])
    host = stage.host(broken)
    assert not host.boots()
    stage.run(zones=[UUID], prefixes=[PREFIX])
    assert host.allowed() == [GLOBAL, LOCAL] and host.boots()


@pytest.mark.parametrize("state", ["absent", "exact"])
def test_the_last_entry_leaves_what_the_kernel_permits_anyway(stage: Stage, state: str) -> None:
    host = stage.host(with_list("2001:db8::5"))
    wish: dict[str, t.Any] = {"addresses": ["2001:db8::5"], "link_local": False} if state == "absent" else {}
    if state == "exact":
        wish = {"link_local": False}
    assert stage.run(zones=[UUID], state=state, **wish)["changed"]
    assert host.allowed() == [LOCAL]
    assert not stage.run(zones=[UUID], state=state, **wish)["changed"]


def test_an_empty_list_reads_back_as_one_empty_text(stage: Stage) -> None:
    host = stage.host(with_list(""))
    assert not stage.run(zones=[UUID], prefixes=[PREFIX], state="absent")["changed"]
    assert stage.run(zones=[UUID], prefixes=[PREFIX])["changed"]
    assert host.allowed() == [LOCAL, GLOBAL]


def test_two_prefixes_and_three_nics_are_one_update(stage: Stage) -> None:
    nics = [nic(number, interface=f"net{number}", primary=number == 0) for number in range(3)]
    host = stage.host(zone(nics=nics))
    prefixes = [PREFIX, "fd00:0:0:1::/64"]
    assert stage.run(zones=[UUID], prefixes=prefixes)["changed"]
    assert host.count("vmadm", "update") == 1
    for number in range(3):
        tail = "709c:d5ff:fe00:0" if not number else f"709c:d5ff:fe00:{number}"
        assert host.allowed(place=number) == [f"fe80::{tail}", f"2001:db8:0:1:{tail}", f"fd00::1:{tail}"]


def test_lx_moves_the_changed_nic_last(stage: Stage) -> None:
    nics = [nic(number, interface=f"eth{number}", nic_tag=f"tag{number}") for number in (1, 2)]
    host = stage.host(zone(brand="lx", nics=nics))
    stage.run(zones=[UUID], prefixes=[PREFIX], nics=[{"nic_tag": "tag1"}])
    assert [one["interface"] for one in host.zones[UUID]["nics"]] == ["eth2", "eth1"]
    assert host.allowed(place=0) is None and host.allowed(place=1) == [LOCAL, GLOBAL]
    assert not stage.run(zones=[UUID], prefixes=[PREFIX], nics=[{"nic_tag": "tag1"}])["changed"]


@pytest.mark.parametrize(
    ("nics", "chosen"),
    [
        ([{"mac": "72:9c:d5:00:00:02"}], ["net1"]),
        ([{"interface": "net0"}], ["net0"]),
        ([{"nic_tag": "external"}], ["net0", "net2"]),
        ([{"nic_tag": "external", "vlan_id": 7}], ["net2"]),
        ([{"nic_tag": "external", "vlan_id": 0}], ["net0"]),
        ([{"primary": True}], ["net1"]),
        ([{"primary": False}, {"interface": "net1"}], ["net0", "net1", "net2"]),
        (None, ["net0", "net1", "net2"]),
    ],
)
def test_choice_of_nics(stage: Stage, nics: list[dict[str, t.Any]] | None, chosen: list[str]) -> None:
    host = stage.host(
        zone(
            nics=[
                nic(1, interface="net0", primary=False),
                nic(2, interface="net1", nic_tag="admin", primary=True),
                nic(3, interface="net2", vlan_id=7, primary=False),
                nic(4, interface="net3", vrrp_vrid=5, primary=False),
            ]
        )
    )
    stage.run(zones=[UUID], prefixes=[PREFIX], nics=nics)
    assert [one["interface"] for one in host.zones[UUID]["nics"] if one.get("allowed_ips")] == chosen


def test_zones_with_wishes_of_their_own(stage: Stage) -> None:
    host = stage.host(zone(1), zone(2), zone(3), zone(4))
    own = {"zone": "zone2", "addresses": ["2001:db8:0:1::80"], "link_local": False, "prefixes": []}
    inherits = {"zone": zone(4)["uuid"], "link_local": False}
    result = stage.run(zones=["zone1", own, inherits], prefixes=[PREFIX])
    assert host.allowed(4) == ["2001:db8:0:1:709c:d5ff:fe00:4"]
    assert host.allowed(1) == [LOCAL, GLOBAL] and host.allowed(2) == ["2001:db8:0:1::80"] and host.allowed(3) is None
    assert [one["alias"] for one in result["zones"]] == ["zone1", "zone2", "zone4"]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"link_local": False}, [GLOBAL]),
        ({"interface_ids": ["::20"]}, ["fe80::20", "2001:db8:0:1::20"]),
        ({"interface_ids": ["eui64", "::a:b:c:d"], "link_local": False}, [GLOBAL, "2001:db8:0:1:a:b:c:d"]),
        ({"whole_prefix": True}, ["fe80::/10", PREFIX]),
        ({"whole_prefix": True, "link_local": False, "addresses": ["2001:db8::5"]}, [PREFIX, "2001:db8::5"]),
        ({"addresses": ["2001:db8:a::/48", GLOBAL.upper()]}, [LOCAL, GLOBAL, "2001:db8:a::/48"]),
        ({"prefixes": ["2001:db8:0:1:d::/80"], "interface_ids": ["::20"]}, ["fe80::20", "2001:db8:0:1:d::20"]),
    ],
)
def test_what_is_permitted(stage: Stage, wish: dict[str, t.Any], expected: list[str]) -> None:
    host = stage.host(zone())
    result = stage.run(**{"zones": [UUID], "prefixes": [PREFIX], **wish})
    assert host.allowed() == expected and host.boots()
    assert result["zones"][0]["nics"][0]["asked"] == expected


def test_spoofing_goes_in_the_same_update(stage: Stage) -> None:
    host = stage.host(zone(nics=[nic(allow_ip_spoofing=True)]))
    stage.run(zones=[UUID], prefixes=[PREFIX])
    assert [text for text in stage.warnings if "Set disable_spoofing to turn it off" in text]
    host.payloads.clear()
    result = stage.run(zones=[UUID], prefixes=[PREFIX], disable_spoofing=True)
    assert host.payloads == [
        {
            "update_nics": [
                {"mac": "72:9c:d5:00:00:01", "allowed_ips": [LOCAL, GLOBAL], "allow_ip_spoofing": False},
            ]
        }
    ]
    assert stage.warnings == [] and result["changes"] == [f"In zone {UUID} (zone1), net0: turn IP spoofing off"]
    assert not stage.run(zones=[UUID], prefixes=[PREFIX], disable_spoofing=True)["changed"]


def test_serving_dhcp_opens_all(stage: Stage) -> None:
    stage.host(zone(nics=[nic(dhcp_server=True)]), zone(2, nics=[nic(2)]))
    stage.run(all_zones=True, prefixes=[PREFIX])
    assert len(stage.warnings) == 1 and "OS-8398" in stage.warnings[0]


def test_a_stopped_zone(stage: Stage) -> None:
    host = stage.host(zone(state="stopped", zone_state="installed"))
    result = stage.run(zones=[UUID], prefixes=[PREFIX], health=True)
    assert host.allowed() == [LOCAL, GLOBAL]
    assert result["health"][0]["healthy"] is None and not result["health"][0]["running"]
    assert host.count("dladm") == 0


def test_validated_once_for_each_brand_with_all_properties(stage: Stage) -> None:
    brands = ["lx", "bhyve", "lx", "bhyve"]
    host = stage.host(
        *(
            zone(number, brand=brand, nics=[nic(number, allow_ip_spoofing=number > 2)])
            for number, brand in enumerate(brands, 1)
        )
    )
    sent: list[t.Any] = []
    validate = host._validate
    host._validate = lambda arguments, data: (sent.append(json.loads(data or "")), validate(arguments, data))[1]  # type: ignore[method-assign]
    stage.run(all_zones=True, prefixes=[PREFIX], disable_spoofing=True)
    assert host.count("vmadm", "validate") == 2 and host.count("vmadm", "update") == 4
    assert all(set(one["update_nics"][0]) == {"mac", "allowed_ips", "allow_ip_spoofing"} for one in sent)


def test_duplicates_across_zones(stage: Stage) -> None:
    shared = "2001:db8:0:1::80"
    stage.host(
        zone(1),
        zone(2, nics=[nic(2, allowed_ips=[shared.upper()])]),
        zone(3, nics=[nic(3, nic_tag="admin", allowed_ips=[shared])]),
        zone(4, nics=[nic(4, vrrp_vrid=3, allowed_ips=[shared])]),
        zone(5, nics=[nic(5, nic_tag="other", ips=["2001:db8:5::1/64"], allowed_ips=["fe80::5", "fe80::/10"])]),
        zone(6, nics=[nic(6, nic_tag="other", allowed_ips=["2001:db8:5::/64", "fe80::/10"])]),
    )
    result = stage.run(zones=["zone1"], addresses=[shared], prefixes=[PREFIX])
    assert [(one["address"], [holder["alias"] for holder in one["nics"]]) for one in result["duplicates"]] == [
        (shared, ["zone1", "zone2"]),
        ("2001:db8:5::/64", ["zone6", "zone5"]),
    ]
    # Only what the task is about is warned of.
    assert stage.warnings == [f"{shared} is shared by 2 NICs on external: zone1 net0, zone2 net0."]


def test_a_prefix_that_all_share_is_reported_once(stage: Stage) -> None:
    stage.host(*(zone(number, nics=[nic(number, ips=[f"2001:db8:0:1::{number:x}/64"])]) for number in range(1, 301)))
    result = stage.run(all_zones=True, prefixes=[PREFIX], whole_prefix=True)
    assert [one["address"] for one in result["duplicates"]] == [PREFIX]
    assert len(result["duplicates"][0]["nics"]) == 300
    assert stage.warnings == [
        f"{PREFIX} is shared by 300 NICs on external: "
        "zone1 net0, zone2 net0, zone3 net0, zone4 net0, zone5 net0 and 295 more."
    ]


def test_health(stage: Stage) -> None:
    host = stage.host(zone(1), zone(2, nics=[nic(2, allow_ip_spoofing=True)]), zone(3))
    host.links[zone(3)["uuid"]] = {"net0": ["198.51.100.3"]}
    host.zones[zone(3)["uuid"]]["nics"][0]["allowed_ips"] = [
        GLOBAL.replace("fe00:1", "fe00:3"),
        "fe80::709c:d5ff:fe00:3",
    ]
    result = stage.run(all_zones=True, prefixes=[PREFIX], health=True)
    first, second, third = result["health"]
    assert first["healthy"] is True and first["problems"] == [] and first["missing"] == []
    assert first["protection"] == ["mac-nospoof", "restricted", "ip-nospoof"]
    assert set(first["allowed_ips"]) == {"198.51.100.1", LOCAL, GLOBAL} and first["dynamic_methods"] == ["addrconf"]
    assert second["healthy"] is False and second["problems"] == ["allow_ip_spoofing is on, so that any address passes"]
    assert third["missing"] == ["2001:db8:0:1:709c:d5ff:fe00:3", "fe80::709c:d5ff:fe00:3"]
    assert any("the link does not let 2001:db8:0:1:709c:d5ff:fe00:3" in text for text in stage.warnings)
    assert host.count("dladm") == 3


def test_five_hundred_zones(stage: Stage) -> None:
    host = stage.host(*(zone(number) for number in range(1, 501)))
    stage.run(all_zones=True, prefixes=[PREFIX])
    assert host.count("vmadm", "lookup") == 1
    assert host.count("vmadm", "update") == 500 and host.count("vmadm", "validate") == 1
    host.calls.clear()
    assert not stage.run(all_zones=True, prefixes=[PREFIX])["changed"]
    assert [call[:2] for call in host.calls] == [["vmadm", "lookup"]]
    host.calls.clear()
    del host.zones[zone(7)["uuid"]]["nics"][0]["allowed_ips"]
    assert stage.run(all_zones=True, prefixes=[PREFIX])["updated"] == [zone(7)["uuid"]]
    assert (host.count("vmadm", "lookup"), host.count("vmadm", "update"), host.count("vmadm", "get")) == (1, 1, 1)
