# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module against a host whose vmadm and kernel are as picky as the real ones, with every call counted."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.routable.ipv6.plugins.module_utils import _vmadm as vmadm
from ansible_collections.routable.ipv6.plugins.module_utils import _vmadm_client as client
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_choice import choose_all
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import read_wish
from ansible_collections.routable.ipv6.plugins.modules import smartos_allowed_ips
from hypothesis import given
from hypothesis import strategies as st
from smartos_host import GlobalZone, nic, zone

PREFIX = "2001:db8:0:1::/64"
LOCAL = "fe80::709c:d5ff:fe00:1"
GLOBAL = "2001:db8:0:1:709c:d5ff:fe00:1"
UUID = zone()["uuid"]


class Stage:
    """Runs the module on one host."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capsys = patch, capsys
        self.warnings: list[str] = []
        patch.setattr(smartos_allowed_ips.AnsibleModule, "warn", lambda _module, text: self.warnings.append(text))
        patch.setattr(client, "_STEP", 0)

    def host(self, *zones: dict[str, t.Any]) -> GlobalZone:
        made = GlobalZone(*zones)
        module = smartos_allowed_ips.AnsibleModule
        self._patch.setattr(module, "run_command", lambda _module, args, **options: made.run_command(args, **options))
        self._patch.setattr(module, "get_bin_path", lambda _module, arg, **options: made.get_bin_path(arg, **options))
        return made

    def run(self, **params: t.Any) -> dict[str, t.Any]:
        self.warnings.clear()
        with patch_module_args(params), pytest.raises(SystemExit):
            smartos_allowed_ips.main()
        result: dict[str, t.Any] = json.loads(self._capsys.readouterr().out)
        return result


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Stage:
    return Stage(monkeypatch, capsys)


def with_list(*allowed: str, **over: t.Any) -> dict[str, t.Any]:
    return zone(nics=[nic(allowed_ips=list(allowed), **over)])


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


def test_old_reads_are_waited_out(stage: Stage) -> None:
    host = stage.host(zone())
    host.stale_reads = 5
    assert stage.run(zones=[UUID], prefixes=[PREFIX])["changed"]
    assert host.count("vmadm", "get") == 6 and host.count("vmadm", "update") == 1


def test_what_is_never_read_back_is_undone(stage: Stage) -> None:
    host = stage.host(with_list("2001:db8::5"))
    host.stale_reads = 10**6
    result = stage.run(zones=[UUID], prefixes=[PREFIX], timeout=0)
    assert "did not have the new list within 0 s after vmadm reported success. Restoring" in result["msg"]
    assert host.allowed() == ["2001:db8::5"]


@pytest.mark.parametrize("former", [["2001:DB8::5", "192.0.2.7"], []])
def test_a_failed_live_step_is_undone(stage: Stage, former: list[str]) -> None:
    host = stage.host(with_list(*former) if former else zone())
    host.live_failures = 1
    result = stage.run(zones=[UUID], prefixes=[PREFIX])
    assert result["failed"] and not result["changed"]
    assert result["msg"] == (
        f"SmartOS host: vmadm update {UUID} failed with 1: first of 1 error: first of 1 error: Command failed: dladm: invalid value. "
        "The former list was restored."
    )
    # An empty list is not sent, since vmadm keeps it as an empty address. This one means the same to the kernel.
    assert host.allowed() == (former or [LOCAL])
    assert host.boots() and host.count("vmadm", "update") == 2


def test_spoofing_comes_back_with_the_former_list(stage: Stage) -> None:
    host = stage.host(with_list("2001:db8::5", allow_ip_spoofing=True))
    host.live_failures = 1
    stage.run(zones=[UUID], prefixes=[PREFIX], disable_spoofing=True)
    assert host.zones[UUID]["nics"][0]["allow_ip_spoofing"] is True and host.allowed() == ["2001:db8::5"]


def test_restoring_may_fail_too(stage: Stage) -> None:
    host = stage.host(with_list("2001:db8::5"))
    host.live_failures = -1
    result = stage.run(zones=[UUID], prefixes=[PREFIX])
    assert "Restoring the former list failed too: vmadm update" in result["msg"]
    assert result["msg"].endswith(f". Read back, zone {UUID} has 2001:db8::5 on net0.")
    assert host.allowed() == ["2001:db8::5"]


def test_what_is_left_when_nothing_can_be_stored_any_more(stage: Stage) -> None:
    host = stage.host(with_list("2001:db8::5", allow_ip_spoofing=True))
    update = host._update

    def refuse(arguments: list[str], data: str | None) -> t.Any:
        host.live_failures, host.config_failures = (1, 0) if host.count("vmadm", "update") == 1 else (0, 1)
        return update(arguments, data)

    host._update = refuse  # type: ignore[method-assign]
    result = stage.run(zones=[UUID], prefixes=[PREFIX])
    left = f"2001:db8::5, {LOCAL}, {GLOBAL} on net0 with allow_ip_spoofing"
    assert result["msg"].endswith(f". Read back, zone {UUID} has {left}.")


def test_a_refused_configuration(stage: Stage) -> None:
    host = stage.host(with_list("2001:db8::5"))
    host.config_failures = 1
    assert "could not set it. The former list was restored." in stage.run(zones=[UUID], prefixes=[PREFIX])["msg"]
    assert host.allowed() == ["2001:db8::5"]


def test_a_failure_leaves_the_zones_before_and_after_it(stage: Stage) -> None:
    # The second zone cannot go live for a reason that nobody could see.
    host = stage.host(*(zone(number) for number in (1, 2, 3)))
    update = host._update

    def refuse(arguments: list[str], data: str | None) -> t.Any:
        host.live_failures = int(arguments[0] == zone(2)["uuid"] and host.count("vmadm", "update") == 2)
        return update(arguments, data)

    host._update = refuse  # type: ignore[method-assign]
    result = stage.run(all_zones=True, prefixes=[PREFIX])
    assert result["updated"] == [UUID] and result["changed"]
    assert f"Updated before: {UUID}. Not touched: 1 more." in result["msg"]
    assert host.allowed(1) == [LOCAL, GLOBAL] and host.allowed(3) is None
    assert host.allowed(2) == ["fe80::709c:d5ff:fe00:2"]


def test_a_property_that_the_platform_does_not_know(stage: Stage) -> None:
    host = stage.host(zone())
    host.unknown = {"allowed_ips"}
    result = stage.run(zones=[UUID], prefixes=[PREFIX])
    assert "nics.*.allowed_ips" in result["msg"] and host.count("vmadm", "update") == 0


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


def test_no_vmadm(stage: Stage) -> None:
    stage.host(zone()).commands = set()
    assert stage.run(zones=["zone1"], prefixes=[PREFIX])["msg"] == (
        "SmartOS host: vmadm was not found; the task must run in the global zone of a SmartOS host."
    )


def test_not_the_global_zone(stage: Stage) -> None:
    host = stage.host(zone())
    host.global_zone = False
    assert stage.run(zones=["zone1"], prefixes=[PREFIX])["msg"] == (
        "SmartOS host: vmadm works only for root in the global zone of a SmartOS host; it says: "
        "FATAL: cannot run because: this is not the global zone."
    )


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
