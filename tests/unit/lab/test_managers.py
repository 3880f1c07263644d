# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What is on a host's disk before its first boot."""

from __future__ import annotations

import configparser
import io
import tarfile

import pytest
import yaml
from routable_lab import managers
from routable_lab.topology import MANAGERS, Host


def written(manager: str, uplink: str = "ens3") -> dict[str, managers.File]:
    form = {"image": "ec2", "double": "ec2"} if manager == "cloud-init" else {}
    return {entry.path: entry for entry in managers.files(Host("a", manager=manager, uplink=uplink, **form), 3)}


@pytest.mark.parametrize("manager", [manager for manager in MANAGERS if manager != "cloud-init"])
@pytest.mark.parametrize("uplink", ["ens3", "ens3.100"])
def test_every_manager_is_enabled_and_names_the_uplink_and_its_ipv4_address(manager: str, uplink: str) -> None:
    files = written(manager, uplink)
    assert files["/etc/lab/uplink"].text == f"{uplink}\n"
    assert files["/etc/lab/enable"].text.strip().endswith(".service")
    configured = "".join(entry.text for path, entry in files.items() if not path.startswith("/etc/lab/"))
    assert uplink in configured
    assert "198.51.100.13/24" in configured


def test_a_cloud_image_has_no_network_before_cloud_init_writes_it() -> None:
    files = written("cloud-init", "ens5")
    assert files["/etc/lab/enable"].text.split() == ["lab-cloud-init.service", "systemd-networkd.service"]
    settings = yaml.safe_load(files["/etc/cloud/cloud.cfg.d/90-lab.cfg"].text)
    assert settings["datasource_list"] == ["Ec2"]
    assert settings["system_info"]["network"]["renderers"] == ["netplan"]
    assert not [path for path in files if path.startswith(("/etc/netplan", "/etc/network/"))]


def test_netplan_is_yaml_that_only_root_reads() -> None:
    entry = written("netplan", "enp1s0")["/etc/netplan/50-lab.yaml"]
    assert entry.mode == 0o600
    network = yaml.safe_load(entry.text)["network"]
    assert network["renderer"] == "networkd"
    assert network["ethernets"]["enp1s0"]["routes"] == [{"to": "default", "via": "198.51.100.1"}]


def test_networkmanager_is_told_to_manage_a_veth() -> None:
    files = written("networkmanager")
    profile = files["/etc/NetworkManager/system-connections/ens3.nmconnection"]
    assert profile.mode == 0o600
    read = configparser.ConfigParser()
    read.read_string(files["/etc/NetworkManager/conf.d/10-lab-uplink.conf"].text)
    assert dict(read["device-lab-uplink"]) == {"match-device": "interface-name:ens3", "managed": "1"}


def test_networkd_takes_router_advertisements() -> None:
    read = configparser.ConfigParser()
    read.read_string(written("networkd")["/etc/systemd/network/10-uplink.network"].text)
    assert read["Match"]["Name"] == "ens3"
    assert read["Network"]["IPv6AcceptRA"] == "yes"


@pytest.mark.parametrize(
    ("interface", "expected"),
    [("ens3", "ens3"), ("ens3.100", "ens3.100"), ("br-web", r"br\x2dweb"), (".x", r"\x2ex")],
)
def test_unit_escape(interface: str, expected: str) -> None:
    assert managers.unit_escape(interface) == expected


def test_archive_keeps_modes_and_belongs_to_root() -> None:
    data = managers.archive([managers.File("/etc/a", "text\n", 0o600), managers.File("/etc/b", "")])
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = tar.getmembers()
        extracted = tar.extractfile("etc/a")
        assert extracted is not None
        assert extracted.read() == b"text\n"
    assert [(m.name, m.mode, m.uid, m.gid) for m in members] == [("etc/a", 0o600, 0, 0), ("etc/b", 0o644, 0, 0)]
