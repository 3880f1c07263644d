# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What vmadm, the kernel and old platforms take of a NIC's list, at the bound and beyond it."""

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_rules import (
    former,
    gate,
    not_empty,
    problem,
    warnings,
)
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone, parse_zone, parse_zones

ZONE = Zone("54f1cc77-68f1-42ab-acac-5c4f64f5d6e0", "web", platform="20260313")
NIC = Nic("2:8:20:1:2:3", "net0")
WHERE = f"zone {ZONE.uuid} (web), net0"
LOCAL = "fe80::8:20ff:fe01:203"
ONE = "the kernel takes no two entries with one address, and"
REPAIR = "Take one of them out by hand, or use state exact."
NEVER = "the kernel takes no such entry, and the zone would not boot with it. Take it out by hand, or use state exact."


def listed(count: int, start: int = 1) -> tuple[str, ...]:
    return tuple(f"2001:db8::{number:x}" for number in range(start, start + count))


@pytest.mark.parametrize(
    ("nic", "allowed", "message"),
    [
        (NIC, listed(13), None),
        (NIC._replace(ips=listed(19, 100)), listed(13), None),
        # vmadm folds what is spelled in the same way in both lists.
        (NIC._replace(ips=("2001:db8::5/64",)), ("2001:db8::5",), None),
        (
            NIC,
            listed(15),
            "allowed_ips with 15 entries: vmadm takes at most 13 for a NIC. Take 2 out, or permit a whole prefix.",
        ),
        (
            NIC._replace(ips=listed(21, 100)),
            listed(13),
            "13 allowed_ips and 21 ips: a NIC has at most 32 of both. Take 2 out.",
        ),
        *((NIC, (text,), f"allowed_ips={text}: {NEVER}") for text in ("x", "::", "2001:db8::/0", "0.0.0.0")),
        (NIC, ("::5", "0::5"), f"allowed_ips=0::5: {ONE} ::5 is there too. {REPAIR}"),
        (NIC, ("::5/64", "::5"), f"allowed_ips=::5: {ONE} ::5/64 is there too. {REPAIR}"),
        (
            NIC._replace(ips=("2001:db8::5/64",)),
            ("2001:DB8::5",),
            f"allowed_ips=2001:DB8::5: {ONE} 2001:db8::5 is there too. {REPAIR}",
        ),
    ],
)
def test_lists(nic: Nic, allowed: tuple[str, ...], message: str | None) -> None:
    found = problem(ZONE, nic, allowed)
    assert (None if found is None else str(found)) == (None if message is None else f"{WHERE}: {message}")


@pytest.mark.parametrize(
    ("platform", "known"), [("20171205", "of 20171205"), ("", "that does not tell its buildstamp")]
)
def test_old_platforms(platform: str, known: str) -> None:
    dynamic = NIC._replace(ips=("dhcp",))
    old = ZONE._replace(platform=platform)
    assert str(gate(old, dynamic)) == (
        f"{WHERE}: dhcp on a platform {known}: before 20171206 (OS-4683) a NIC with allowed_ips loses its dynamic "
        "addresses. Update the platform, or give the NIC static addresses."
    )
    assert gate(old, NIC) is gate(ZONE._replace(platform="20171206"), dynamic) is None
    # addrconf is only warned of.
    assert gate(old, NIC._replace(ips=("addrconf",))) is None


def test_what_is_sent_instead_of_an_empty_list() -> None:
    given = NIC._replace(allowed_ips=("2001:db8::5",))
    assert not_empty(ZONE, given, ["::5"]) == ["::5"]
    assert not_empty(ZONE, given, []) == [LOCAL]
    # Nothing was there, nothing follows from the MAC address, or any list at all does harm.
    assert not_empty(ZONE, NIC, []) == not_empty(ZONE, given._replace(mac="x"), []) == []
    assert not_empty(ZONE._replace(platform=""), given._replace(ips=("addrconf",)), []) == []
    assert not_empty(ZONE._replace(platform=""), given, []) == [LOCAL]
    # In the spelling that is there.
    spelled = LOCAL.upper()
    assert not_empty(ZONE, given._replace(ips=(f"{spelled}/10",)), []) == [spelled]
    assert not_empty(ZONE, given._replace(allowed_ips=(spelled,)), []) == [spelled]
    assert former(ZONE, given) == ["2001:db8::5"] and former(ZONE, NIC) == [LOCAL]
    assert former(ZONE._replace(platform=""), NIC._replace(ips=("dhcp",))) == []


SPOOFS = f"{WHERE}: allow_ip_spoofing is on, so the list has no effect. Set disable_spoofing to turn it off."
SERVES = (
    f"{WHERE}: the NIC may serve DHCP (allow_dhcp_spoofing or dhcp_server), which turns ip-nospoof off from platform "
    "20220701 on (OS-8398), so the list has no effect."
)
LOSES = (
    f"{WHERE}: on a platform before 20171206 (OS-4683) a list takes the automatic addresses of addrconf away, so that "
    "only those in the list pass."
)


@pytest.mark.parametrize(
    ("nic", "platform", "spoofing", "expected"),
    [
        (NIC, "20260313", False, []),
        (NIC, "20260313", True, [SPOOFS]),
        (NIC._replace(serves_dhcp=True), "20220701", False, [SERVES]),
        (NIC._replace(serves_dhcp=True), "20220630", False, []),
        (NIC._replace(serves_dhcp=True), "20220701", True, [SPOOFS]),
        (NIC._replace(ips=("addrconf",)), "20171205", False, [LOSES]),
        (NIC._replace(ips=("addrconf",)), "20171206", False, []),
        (NIC._replace(ips=("dhcp",)), "", True, [SPOOFS]),
    ],
)
def test_useless_and_harmful_lists(nic: Nic, platform: str, spoofing: bool, expected: list[str]) -> None:
    assert list(warnings(ZONE._replace(platform=platform), nic, spoofing)) == expected


def test_zones_are_read_whole() -> None:
    nic = (
        '{"mac": "2:8:20:1:2:3", "interface": "net0", "nic_tag": "external", "vlan_id": "7", "ips": ["dhcp", "::5/64"], '
        '"allowed_ips": ["::5", " "], "primary": true, "allow_ip_spoofing": true, "dhcp_server": true, "vrrp_vrid": 3}'
    )
    zone = (
        '{"uuid": "u", "alias": "web", "brand": "lx", "state": "failed", "zone_state": "running", '
        f'"platform_buildstamp": "20260313T000102Z", "nics": [{nic}, {{"ip": "dhcp"}}]}}'
    )
    read = Nic("2:8:20:1:2:3", "net0", "external", 7, ("dhcp", "::5/64"), ("::5",), True, True, True, True)
    expected = Zone("u", "web", "lx", True, "20260313", (read, Nic("", "", ips=("dhcp",))))
    assert parse_zone(zone) == expected and parse_zones(f"[{zone}]") == [expected]
    assert parse_zone('{"uuid": "u", "state": "running", "platform_buildstamp": "2026"}') == Zone("u", running=True)
    assert parse_zone('{"uuid": "u", "platform_buildstamp": "abcdefgh"}') == Zone("u")
    assert read.dynamic == ("dhcp",)
    for text in ("{}", "[]", '{"uuid": 7}', '[{"alias": "web"}]'):
        with pytest.raises(ValueError, match="vmadm"):
            parse_zones(text) if text.startswith("[{") else parse_zone(text)
    with pytest.raises(ValueError, match="vmadm lookup -j gave no list"):
        parse_zones("{}")
