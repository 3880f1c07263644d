# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of netplan's files, from texts as cloud-init 22.4 and 26.2 write them and netplan 0.106 and 1.2 make."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

import pytest
import yaml
from ansible_collections.routable.ipv6.plugins.module_utils import _instance_uplink as rules
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

SUBNET = "2600:1f18:47b:ca03"
FIFTY = "/etc/netplan/50-cloud-init.yaml"
NETWORK = "/run/systemd/network/10-netplan-ens5.network"
MAC = "02:00:00:ad:9e:2c"
CLOUD_INIT = f"""network:
    ethernets:
        ens5:
            addresses:
            - {SUBNET}::1:1/128
            - {SUBNET}::9/128
            - {SUBNET}::a/128
            - {SUBNET}::b/128
            dhcp4: true
            dhcp6: true
            match:
                macaddress: {MAC}
            set-name: ens5
    version: 2
"""
CLEAN = f"""network:
  version: 2
  ethernets:
    ens5:
      match:
        macaddress: "{MAC}"
      dhcp4: true
      dhcp6: true
      set-name: "ens5"
"""
GATEWAY = ipaddress.IPv6Address("fe80::1066:30ff:feb8:c008")
PARAMS: dict[str, t.Any] = {"address": f"{SUBNET}::1:1/64", "keep_off": [f"{SUBNET}::8/126"], "gateway": None}
WANTED = rules.Wanted.parse(PARAMS)


def network(*addresses: str, mac: str = MAC, name: str = "ens5") -> str:
    listed = "".join(f"Address={one}\n" for one in addresses)
    return f"[Match]\nPermanentMACAddress={mac}\nName={name}\n\n[Network]\nDHCP=yes\n{listed}"


def facts(**other: t.Any) -> rules.Facts:
    found = rules.Facts(
        "ens5",
        MAC,
        NETWORK,
        tuple(ipaddress.IPv6Interface(f"{SUBNET}::{one}/128") for one in ("1:1", "9", "a", "b")),
        GATEWAY,
        (rules.Netplan(FIFTY, CLOUD_INIT, 0o644),),
        cloud_init=True,
    )
    return dataclasses.replace(found, **other)


def done(**other: t.Any) -> rules.Facts:
    """After a run."""
    own = rules.own_text("ens5", WANTED, GATEWAY, [])
    values: dict[str, t.Any] = {
        "addresses": (ipaddress.IPv6Interface(f"{SUBNET}::1:1/64"),),
        "files": (rules.Netplan(FIFTY, CLEAN, 0o600), rules.Netplan(rules.OWN, own, 0o600)),
        "cloud_text": rules.CLOUD_TEXT,
    }
    return facts(**{**values, **other})


def test_the_plan_takes_the_block_away_and_keeps_it_away() -> None:
    own = rules.own_text("ens5", WANTED, GATEWAY, [])
    plan = rules.plan_present(facts(), WANTED, {FIFTY: CLEAN}, own)
    assert [change.action for change in plan.changes] == ["file", "file", "mode", "file", "apply"]
    written = {change.data["path"]: change.data["after"] for change in plan.changes if change.action == "file"}
    assert written == {FIFTY: CLEAN, rules.OWN: own, rules.CLOUD_OWN: rules.CLOUD_TEXT}
    assert plan.after["addresses"] == [f"{SUBNET}::1:1/128"]


def test_our_file_says_what_the_post_of_2019_said_in_today_s_form() -> None:
    said = yaml.safe_load(rules.own_text("ens5", WANTED, GATEWAY, []))["network"]
    assert said == {
        "version": 2,
        "ethernets": {
            "ens5": {
                "dhcp6": False,
                "accept-ra": False,
                "addresses": [f"{SUBNET}::1:1/64"],
                "routes": [{"to": "default", "via": str(GATEWAY)}],
            }
        },
    }
    former = yaml.safe_load(rules.own_text("ens5", WANTED, GATEWAY, [], default_routes=False))
    assert former["network"]["ethernets"]["ens5"]["gateway6"] == str(GATEWAY)
    assert "routes" not in former["network"]["ethernets"]["ens5"]


def test_cloud_init_is_told_in_yaml() -> None:
    assert yaml.safe_load(rules.CLOUD_TEXT) == {"datasource": {"Ec2": {"apply_full_imds_network_config": False}}}


@given(
    name=st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable()), kept=st.lists(st.ip_addresses(v=4))
)
def test_our_file_is_read_back_as_it_was_written(name: str, kept: list[ipaddress.IPv4Address]) -> None:
    texts = [f"{one}/24" for one in kept]
    own = rules.own_text(name, WANTED, GATEWAY, texts)
    definition = yaml.safe_load(own)["network"]["ethernets"][name]
    assert definition["addresses"] == [f"{SUBNET}::1:1/64", *texts]
    assert rules.kept_in(own) == texts
    assert rules.gateway_of(own) == GATEWAY


def test_after_a_run_all_is_settled() -> None:
    assert rules.settled(done(), WANTED)


@pytest.mark.parametrize(
    "other",
    [
        {"files": (rules.Netplan(FIFTY, CLEAN, 0o600),)},
        # A stale file, as cloud-init writes it for a new instance id, with the addresses in any spelling.
        {"files": (*done().files, rules.Netplan("/etc/netplan/90.yaml", "a: 2600:1F18:047B:CA03::0009/128", 0o600))},
        {"files": (done().files[0], rules.Netplan(rules.OWN, rules.own_text("eth0", WANTED, GATEWAY, []), 0o600))},
        {"files": (done().files[0], dataclasses.replace(done().files[1], mode=0o644))},
        {"addresses": (ipaddress.IPv6Interface(f"{SUBNET}::8/128"),)},
        {"cloud_text": None},
        {"network_file": NETWORK.replace("ens5", "primary")},
    ],
)
def test_whatever_is_otherwise_is_noticed(other: dict[str, t.Any]) -> None:
    assert not rules.settled(done(**other), WANTED)


def test_another_gateway_is_noticed_only_when_it_is_asked_for() -> None:
    assert rules.settled(done(gateway=ipaddress.IPv6Address("fe80:ec2::1")), WANTED)
    assert not rules.settled(done(), rules.Wanted.parse({**PARAMS, "gateway": "fe80:ec2::1"}))


def test_without_cloud_init_it_is_told_nothing() -> None:
    assert rules.settled(done(cloud_init=False, cloud_text=None), WANTED)


@pytest.mark.parametrize("path", ["", "/etc/systemd/network/10-uplink.network", "/run/systemd/network/ens5.network"])
def test_an_uplink_that_netplan_did_not_set_up_is_refused(path: str) -> None:
    with pytest.raises(Refused, match="not by netplan with networkd"):
        rules.netplan_id(facts(network_file=path))


def test_two_definitions_for_one_card_are_refused() -> None:
    other = "/run/systemd/network/10-netplan-primary.network"
    for second in (network(), "[Match]\nMACAddress=02:00:00:AD:9E:2C\n", "[Match]\nName=eth0 ens5\n"):
        made = rules.Generated(((NETWORK, network()), (other, second)))
        with pytest.raises(Refused, match="primary in /etc/netplan is for ens5, too"):
            rules.check_generated(made, facts(), "ens5")
    for harmless in (network(mac="02:00:00:00:00:01"), "[Match]\nName=ens6\n", "[Network]\nDHCP=yes\n"):
        rules.check_generated(rules.Generated(((NETWORK, network()), (other, harmless))), facts(), "ens5")


def test_what_netplan_complains_about_is_refused_with_its_words() -> None:
    complaint = "Conflicting default route declarations for IPv6"
    with pytest.raises(Refused, match=complaint):
        rules.check_generated(rules.Generated(((NETWORK, network()),), complaint), facts(), "ens5")


def test_an_address_of_somebody_else_s_survives_the_loss_of_its_list() -> None:
    ours = [f"{SUBNET}::{one}/128" for one in ("1:1", "9", "a")]
    others = ["192.0.2.7/24", f"{SUBNET}::77/128"]
    before = rules.Generated(((NETWORK, network(*ours, *others)),))
    assert rules.kept(before, rules.Generated(((NETWORK, network()),)), "ens5", WANTED) == others
    # What another file still says needs no place in ours.
    assert rules.kept(before, rules.Generated(((NETWORK, network(others[0])),)), "ens5", WANTED) == others[1:]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"address": f"{SUBNET}::9/64"}, "is inside of"),
        ({"gateway": "2001:db8::1"}, "link-local"),
        ({"keep_off": ["nonsense"]}, "keep_off"),
        ({"address": "nonsense"}, "address"),
    ],
)
def test_bad_values_are_refused(params: dict[str, t.Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        rules.Wanted.parse({**PARAMS, **params})


def test_absent_brings_back_what_was_there_and_leaves_what_others_wrote() -> None:
    own = done().files[1].text
    files: dict[str, tuple[str | None, bool, str | None]] = {
        FIFTY: (CLEAN, True, CLOUD_INIT),
        rules.OWN: (own, True, None),
        rules.CLOUD_OWN: (rules.CLOUD_TEXT, True, None),
    }
    plan = rules.plan_absent(files, {FIFTY: 0o644})
    back = {change.data["path"]: change.data["after"] for change in plan.changes if change.action == "file"}
    assert back == {FIFTY: CLOUD_INIT, rules.OWN: None, rules.CLOUD_OWN: None}
    assert [change.action for change in plan.changes][-2:] == ["mode", "apply"]
    touched = rules.plan_absent({**files, FIFTY: ("other", False, CLOUD_INIT)}, {})
    assert FIFTY not in [change.data.get("path") for change in touched.changes]
    assert "changed since by somebody else" in touched.warnings[0]
    assert not rules.plan_absent({}, {}).changed


def test_the_steps_and_the_diff() -> None:
    own = rules.own_text("ens5", WANTED, GATEWAY, [])
    plan = rules.plan_present(facts(), WANTED, {FIFTY: CLEAN}, own)
    left = [f"{SUBNET}::{one}/128" for one in ("9", "a", "b")]
    assert [(change.sentence, change.action, change.data) for change in plan.changes] == [
        (
            f"Take {SUBNET}::8/126 out of {FIFTY}",
            "file",
            {"path": FIFTY, "before": CLOUD_INIT, "after": CLEAN, "mode": 0o600},
        ),
        (f"Write {rules.OWN}", "file", {"path": rules.OWN, "before": None, "after": own, "mode": 0o600}),
        (f"Close {FIFTY} to others", "mode", {"path": FIFTY, "mode": 0o600, "former": 0o644}),
        (
            "Have cloud-init leave secondary addresses out",
            "file",
            {"path": rules.CLOUD_OWN, "before": None, "after": rules.CLOUD_TEXT, "mode": 0o644},
        ),
        ("Have netplan apply it", "apply", {"leftover": plan.changes[-1].data["leftover"]}),
    ]
    assert set(left) <= set(plan.changes[-1].data["leftover"])
    kept = [f"{SUBNET}::1:1/128", *left]
    assert plan.before == {
        FIFTY: CLOUD_INIT,
        rules.OWN: None,
        f"{FIFTY} mode": "0644",
        rules.CLOUD_OWN: None,
        "addresses": kept,
    }
    assert plan.after == {
        FIFTY: CLEAN,
        rules.OWN: own,
        f"{FIFTY} mode": "0600",
        rules.CLOUD_OWN: rules.CLOUD_TEXT,
        "addresses": [one for one in kept if one not in plan.changes[-1].data["leftover"]],
    }
    assert not rules.plan_present(done(), WANTED, {FIFTY: CLEAN}, own).changed


def test_absent_says_what_it_does() -> None:
    plan = rules.plan_absent({FIFTY: (CLEAN, True, CLOUD_INIT), rules.OWN: ("x", False, None)}, {FIFTY: 0o644})
    assert [(change.sentence, change.data.get("mode")) for change in plan.changes] == [
        (f"Restore {FIFTY}", 0o600),
        (f"Remove {rules.OWN}", 0o600),
        (f"Give {FIFTY} its mode back", 0o644),
        ("Have netplan apply it", None),
    ]
    assert plan.before == {FIFTY: CLEAN, rules.OWN: "x", f"{FIFTY} mode": "0600"}
    assert plan.after == {FIFTY: CLOUD_INIT, rules.OWN: None, f"{FIFTY} mode": "0644"}
    # cloud-init's own file is nothing to netplan.
    assert [one.action for one in rules.plan_absent({rules.CLOUD_OWN: ("x", True, None)}, {}).changes] == ["file"]
    stays = rules.plan_absent({FIFTY: ("other", False, CLOUD_INIT)}, {})
    assert stays.warnings == (f"{FIFTY} was changed since by somebody else, and stays as it is.",)
