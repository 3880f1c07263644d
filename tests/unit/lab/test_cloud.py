# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The VPC's side of the lab, as far as it is text, and the metadata that its instances read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from doubles.imds.__main__ import answer
from routable_lab import cloud, doubles, hosts, names
from routable_lab.cloud import Interface
from routable_lab.topology import Host

SUBNET = "2600:1f18:47b:ca03"
ONE = Interface("one", "02:00:00:00:00:01", "10.0.0.4", (f"{SUBNET}::1:1/128", f"{SUBNET}::8/128"), ())
TWO = Interface("two", "02:00:00:00:00:02", "10.0.0.5", (f"{SUBNET}::2:2/128", f"{SUBNET}:1::/80"), ())
INSTANCE = Host("one", "sid", "ens5", "cloud-init", None, "ec2", "ec2")


def test_all_that_an_interface_has_goes_to_its_mac_address() -> None:
    script = cloud.link_script(TWO, [ONE])
    local = "fe80::ff:fe00:2"
    assert f"ip -6 neigh replace {local} lladdr 02:00:00:00:00:02 dev p-two nud permanent" in script
    for one in TWO.ranges:
        assert f"ip -6 route replace {one} via {local} dev p-two" in script
    assert f"ip -6 route replace {ONE.ranges[0]}" not in script


def test_it_answers_on_a_link_for_the_others_only() -> None:
    script = cloud.link_script(TWO, [ONE])
    rules = [line.strip() for line in script.splitlines() if line.strip().startswith("rule ")]
    assert rules == [f"rule {one} {{ static }}" for one in ONE.ranges]
    assert "ndppd" not in cloud.link_script(TWO, [])


def test_dhcp_gives_the_primary_address_and_no_other() -> None:
    script = cloud.link_script(ONE, [])
    assert f"--dhcp-range={SUBNET}::1:1,{SUBNET}::1:1,64" in script
    assert f"{SUBNET}::8,{SUBNET}::8" not in script


def test_an_interface_without_an_address_of_its_own_gets_none() -> None:
    assert Interface("x", "02:00:00:00:00:03", "10.0.0.6", (f"{SUBNET}:1::/80",), ()).primary is None


def test_an_instance_s_cable_goes_to_the_vpc_and_has_the_interface_s_mac() -> None:
    cable = cloud.cable(INSTANCE, ONE.mac)
    assert (cable.box, cable.bridge) == (names.VPC, None)
    script = cable.script(7)
    assert "peer name ens5 address 02:00:00:00:00:01 netns 7" in script
    assert "master" not in script and "link set p-one up" in script


def test_an_instance_has_what_a_cloud_image_has() -> None:
    there = {file.path for file in hosts._files(INSTANCE, 0)}
    assert "/etc/cloud/cloud.cfg.d/90-lab.cfg" in there
    assert not [path for path in there if path.startswith("/etc/netplan")]
    assert doubles.cables(INSTANCE) == []


TREE = {
    "meta-data/mac": "02:00",
    "meta-data/network/interfaces/macs/02:00/ipv6s": "::8\n::9",
    "dynamic/instance-identity/document": "{}",
}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/latest/meta-data/mac", "02:00"),
        ("/2021-03-23/meta-data/", "mac\nnetwork/"),
        ("/latest/meta-data", "mac\nnetwork/"),
        ("/latest/", "dynamic/\nmeta-data/"),
        ("/latest/meta-data/network/interfaces/macs/", "02:00/"),
        ("/latest/meta-data/network/interfaces/macs/02:00/ipv6s", "::8\n::9"),
        ("/latest/meta-data/nothing", None),
        ("/latest/meta-data/ma", None),
        ("/latest/user-data", None),
    ],
)
def test_metadata(path: str, text: str | None) -> None:
    assert answer(TREE, path) == text


def test_a_double_that_does_not_run_is_no_process(tmp_path: Path) -> None:
    assert cloud._process(tmp_path) is None
    with subprocess.Popen(["sleep", "60"]) as other:
        (tmp_path / "ec2.pid").write_text(str(other.pid), encoding="utf-8")
        # The number belongs to somebody else by now.
        assert cloud._process(tmp_path) is None
        assert os.path.exists(f"/proc/{other.pid}")
        other.kill()


def test_a_link_without_ipv4_has_neither_a_lease_nor_a_route_of_it() -> None:
    script = cloud.link_script(Interface("x", ONE.mac, "", ONE.ranges, ()), [TWO])
    assert "10.0.0" not in script and "255.255.255.0" not in script
    assert f"--dhcp-range={SUBNET}::1:1,{SUBNET}::1:1,64" in script
