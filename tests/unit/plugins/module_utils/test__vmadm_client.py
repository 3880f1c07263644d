# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _vmadm_client as client
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_client import Vmadm, VmadmError
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_health import health, parse_linkprops
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone, parse_zone, parse_zones

UUID = "00000000-0000-4000-8000-000000000001"


class Runner:
    """Gives the prepared answers one after the other, and remembers what was asked."""

    def __init__(self, *answers: tuple[int, str, str]) -> None:
        self._answers = list(answers)
        self.calls: list[tuple[list[str], str | None]] = []

    def get_bin_path(self, arg: str, required: bool = False, opt_dirs: list[str] | None = None) -> str | None:
        return f"/usr/sbin/{arg}"

    def run_command(
        self, args: list[str], data: str | None = None, environ_update: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        self.calls.append((args, data))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def test_success_is_the_exit_code_alone() -> None:
    # The text of success is on standard error; the same text with another code is none.
    said = f"Successfully updated VM {UUID}\n"
    runner = Runner((0, "", said))
    Vmadm(runner).update(UUID, {"update_nics": []})
    assert runner.calls == [(["/usr/sbin/vmadm", "update", UUID], '{"update_nics": []}')]
    with pytest.raises(VmadmError, match="failed with 1: Successfully updated"):
        Vmadm(Runner((1, "", said))).update(UUID, {})


def test_validate_shows_what_vmadm_wrote() -> None:
    answer = json.dumps({"bad_values": [], "bad_properties": ["nics.*.x"], "missing_properties": []}, indent=2)
    runner = Runner((1, "", answer))
    with pytest.raises(VmadmError, match="bad_properties.*nics"):
        Vmadm(runner).validate("lx", {"update_nics": [{"x": 1}]})
    assert runner.calls[0][0][1:] == ["validate", "update", "lx"]


@pytest.mark.parametrize("text", ["", "{", "{}", "[{}]", "[7]"])
def test_what_is_no_list_of_zones(text: str) -> None:
    with pytest.raises(VmadmError, match="what vmadm wrote cannot be read"):
        Vmadm(Runner((0, text, ""))).lookup()


def test_waiting_ends() -> None:
    answer = (0, json.dumps({"uuid": UUID}), "")
    assert not Vmadm(Runner(answer)).wait(UUID, lambda _zone: False, 0)
    assert Vmadm(Runner(answer)).wait(UUID, lambda zone: zone.uuid == UUID, 0)


def test_waiting_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_STEP", 0)
    states = [(0, json.dumps({"uuid": UUID, "zone_state": state}), "") for state in ("installed", "ready", "running")]
    runner = Runner(*states)
    assert Vmadm(runner).wait(UUID, lambda zone: zone.running, 60)
    assert len(runner.calls) == 3


def test_zones() -> None:
    nics: list[dict[str, t.Any]] = [
        {"mac": "2:8:20:1:2:3", "interface": "net0", "ip": "dhcp", "allowed_ips": [""]},
        {
            "mac": "02:08:20:01:02:04",
            "interface": "net1",
            "nic_tag": "external",
            "vlan_id": 7,
            "ip": "192.0.2.1",
            "ips": ["192.0.2.1/24", "addrconf"],
            "primary": True,
            "vrrp_vrid": 3,
            "allow_ip_spoofing": True,
            "allow_dhcp_spoofing": True,
        },
    ]
    read = parse_zone(
        json.dumps({"uuid": UUID, "state": "running", "platform_buildstamp": "20260313T001122Z", "nics": nics})
    )
    assert read == Zone(
        UUID,
        running=True,
        platform="20260313",
        nics=(
            Nic("2:8:20:1:2:3", "net0", ips=("dhcp",)),
            Nic(
                "02:08:20:01:02:04",
                "net1",
                "external",
                7,
                ("192.0.2.1/24", "addrconf"),
                primary=True,
                spoofing=True,
                serves_dhcp=True,
                vrrp=True,
            ),
        ),
    )
    assert parse_zones("[]") == []
    assert parse_zone(json.dumps({"uuid": UUID, "platform_buildstamp": "joyent_2026"})).platform == ""


LINKPROPS = r"""net0:protection:mac-nospoof,restricted,ip-nospoof,dhcp-nospoof
net0:allowed-ips:198.51.100.7,fe80\:\:709c\:d5ff\:fe34\:4759,2001\:db8\:\:/64
net0:dynamic-methods:--
net1:protection:mac-nospoof
net1:allowed-ips:
"""


def test_link_properties() -> None:
    assert parse_linkprops(LINKPROPS) == {
        "net0": {
            "protection": ["mac-nospoof", "restricted", "ip-nospoof", "dhcp-nospoof"],
            "allowed-ips": ["198.51.100.7", "fe80::709c:d5ff:fe34:4759", "2001:db8::/64"],
            "dynamic-methods": [],
        },
        "net1": {"protection": ["mac-nospoof"], "allowed-ips": []},
    }


def test_link_properties_are_asked_for_once_for_a_zone() -> None:
    runner = Runner((0, LINKPROPS, ""))
    Vmadm(runner).links(UUID)
    assert runner.calls == [
        (
            ["/usr/sbin/dladm", "show-linkprop", "-c", "-o", "link,property,value", "-z", UUID]
            + ["-p", "protection,allowed-ips,dynamic-methods"],
            None,
        )
    ]


def test_health() -> None:
    zone, links = Zone(UUID, running=True), parse_linkprops(LINKPROPS)
    good = Nic("", "net0", ips=("198.51.100.7/24", "dhcp"), allowed_ips=("FE80::709C:D5FF:FE34:4759", "2001:db8::/64"))
    assert health(zone, good, links)["healthy"]
    worse = good._replace(allowed_ips=(*good.allowed_ips, "2001:db8:1::5"))
    assert health(zone, worse, links)["problems"] == ["the link does not let 2001:db8:1::5 pass"]
    assert health(zone, worse._replace(interface="net9"), links)["problems"] == [
        "the zone is running and has no such link"
    ]
    open_ = health(zone, Nic("", "net1"), links)
    assert open_["problems"] == ["ip-nospoof is not among the protections, so that any address passes"]
    assert health(zone, good, None)["healthy"] is None
