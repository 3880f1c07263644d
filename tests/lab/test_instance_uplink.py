# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real netplan, its oldest and its newest release at hand, with a file as cloud-init writes it today.

The tests run in order and each starts from what the former left. That real instances come up so is Molecule's to prove.
"""

from __future__ import annotations

import shlex
import typing as t

import pytest
from conftest import Lab

# netplan 0.106 and 1.2 or newer.
HOSTS = ["bookworm", "sid"]
TOPOLOGY = [{"name": host, "suite": host, "uplink": "ens5", "manager": "netplan"} for host in HOSTS]
FIFTY, OWN = "/etc/netplan/50-cloud-init.yaml", "/etc/netplan/60-routable-ipv6.yaml"
CLOUD = "/etc/cloud/cloud.cfg.d/95-routable-ipv6.cfg"
BLOCK = "2001:db8:0:1::8/126"
PRIMARY = {"bookworm": "2001:db8:0:1::1:1", "sid": "2001:db8:0:1::2:2"}


def cloud_init(host: str) -> str:
    """As cloud-init writes it: the list leaves out the first address in the order of their numbers."""
    listed = "".join(f"            - {one}/128\n" for one in (PRIMARY[host], *(f"2001:db8:0:1::{n}" for n in "9ab")))
    return f"""network:
    ethernets:
        ens5:
            addresses:
            - 198.51.100.77/24
{listed}            accept-ra: true
            dhcp6: false
            set-name: ens5
            match:
                name: ens5
    version: 2
"""


class Instance:
    """One host with the module's options for it."""

    def __init__(self, lab: Lab, host: str) -> None:
        self.lab, self.host = lab, host
        self.mac = lab.sh(host, "cat /sys/class/net/ens5/address").strip()

    def run(self, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        given = {"mac": self.mac, "address": f"{PRIMARY[self.host]}/64", "keep_off": [BLOCK], **options}
        return self.lab.module(self.host, "instance_uplink", check, **given)

    def sh(self, script: str) -> str:
        return self.lab.sh(self.host, script)

    def write(self, path: str, text: str, mode: str = "0644") -> None:
        self.lab.exec(self.host, "sh", "-ec", f"cat >{path}; chmod {mode} {path}", stdin=text)

    def addresses(self) -> set[str]:
        return set(self.sh("ip -o addr show dev ens5 scope global | awk '{print $4}'").split())

    def files(self) -> str:
        return self.sh(
            "cd /etc/netplan && stat -c '%n %a' * && sha256sum *; cat /etc/cloud/cloud.cfg.d/* 2>/dev/null || :"
        )

    def default(self) -> str:
        return self.sh("ip -6 route show default")


@pytest.fixture(scope="module")
def instances(lab: Lab) -> list[Instance]:
    lab.up(TOPOLOGY)
    made = [Instance(lab, host) for host in HOSTS]
    for one in made:
        one.sh("rm /etc/netplan/*; mkdir -p /etc/cloud/cloud.cfg.d")
        one.write(FIFTY, cloud_init(one.host))
        one.sh("netplan apply; until ip -6 route show default | grep -q via; do sleep 0.1; done")
    return made


def test_cloud_init_s_file_is_what_makes_the_host_answer(instances: list[Instance]) -> None:
    for one in instances:
        assert "2001:db8:0:1::9/128" in one.addresses()


def test_the_block_leaves_the_uplink_and_all_else_stays(instances: list[Instance]) -> None:
    for one in instances:
        before = one.files()
        ahead = one.run(check=True)
        assert one.files() == before and ahead["changed"], "check mode has written"
        made = one.run()
        assert not made.get("failed"), made["msg"]
        assert made["changes"] == ahead["changes"] and made["diff"] == ahead["diff"]
        addresses = one.addresses()
        assert not [text for text in addresses if text.endswith("/128")], addresses
        assert {f"{PRIMARY[one.host]}/64", "198.51.100.77/24"} <= addresses
        assert "via fe80::1 dev ens5 proto static" in one.default()
        assert one.sh(f"stat -c %a {FIFTY} {OWN}").split() == ["600", "600"]
        assert "set-name" in one.sh(f"cat {FIFTY}")


def test_netplan_has_nothing_to_say_about_what_is_written(instances: list[Instance]) -> None:
    for one in instances:
        said = one.sh("d=$(mktemp -d); mkdir -p $d/etc; cp -a /etc/netplan $d/etc; netplan generate --root-dir $d 2>&1")
        assert said.strip() == ""


def test_a_second_run_does_nothing_and_asks_netplan_nothing(instances: list[Instance]) -> None:
    for one in instances:
        one.sh("mv /usr/sbin/netplan /usr/sbin/netplan.away")
        result = one.run()
        one.sh("mv /usr/sbin/netplan.away /usr/sbin/netplan")
        assert not result.get("failed"), result["msg"]
        assert not result["changed"]


def test_a_file_that_cloud_init_has_written_again_is_mended(instances: list[Instance]) -> None:
    for one in instances:
        one.write(FIFTY, cloud_init(one.host))
        result = one.run()
        assert not result.get("failed"), result["msg"]
        assert result["changed"] and FIFTY in " ".join(result["changes"])
        assert not [text for text in one.addresses() if text.endswith("/128")]
        assert "198.51.100.77/24" in one.addresses()
        assert not one.run()["changed"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "network: {version: 2, ethernets: {primary: {match: {macaddress: MAC}, dhcp4: true}}}",
            "primary in /etc/netplan",
        ),
        ("network: {version: 2, ethernets: {ens5: {nonsense: 1}}}", "netplan does not take them"),
        (
            "network: {version: 2, ethernets: {ens5: {routes: [{to: default, via: 'fe80::2'}]}}}",
            "netplan does not take them",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    instances: list[Instance], text: str, message: str
) -> None:
    for one in instances:
        one.write("/etc/netplan/70-other.yaml", text.replace("MAC", one.mac), "0600")
        one.write(FIFTY, cloud_init(one.host))
        before = one.files()
        result = one.run()
        assert result["failed"] and message in result["msg"], result
        assert one.files() == before
        one.sh("rm /etc/netplan/70-other.yaml")
        assert not one.run().get("failed")


def test_files_come_back_when_the_uplink_does_not_come_up(instances: list[Instance]) -> None:
    for one in instances:
        one.write(FIFTY, cloud_init(one.host))
        before, addresses = one.files(), one.addresses()
        broken = "case $1 in apply) [ -e /tmp/failed ] || { touch /tmp/failed; echo broken >&2; exit 3; } ;; esac"
        wrapper = f'#!/bin/sh\n{broken}\nexec /usr/sbin/netplan.away "$@"\n'
        one.sh("mv /usr/sbin/netplan /usr/sbin/netplan.away")
        one.write("/usr/sbin/netplan", wrapper, "0755")
        result = one.run()
        one.sh("mv /usr/sbin/netplan.away /usr/sbin/netplan; rm /tmp/failed")
        assert result["failed"] and "broken" in result["msg"] and "were restored" in result["msg"]
        assert one.files() == before
        assert addresses <= one.addresses() and "default" in one.default()
        assert not one.run().get("failed")


def test_a_reboot_changes_nothing(instances: list[Instance]) -> None:
    for one in instances:
        one.lab.lab("reboot", one.host)
        assert not one.run()["changed"]
        assert f"{PRIMARY[one.host]}/64" in one.addresses()


def test_absent_brings_everything_back(instances: list[Instance]) -> None:
    for one in instances:
        assert one.run(check=True, state="absent")["changed"]
        assert not one.run(state="absent").get("failed")
        assert one.sh("ls /etc/netplan").split() == ["50-cloud-init.yaml"]
        assert one.sh(f"cat {FIFTY}") == cloud_init(one.host)
        assert one.sh(f"stat -c %a {FIFTY}").strip() == "644"
        assert one.sh(f"ls {shlex.quote(CLOUD)} 2>/dev/null || :") == ""
        assert "2001:db8:0:1::9/128" in one.addresses()
        assert not one.run(state="absent")["changed"]
