# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What a topology file may say."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from routable_lab import topology
from routable_lab.shell import LabError


def test_site_has_three_generations_a_routed_host_and_doubles() -> None:
    hosts = {host.name: host for host in topology.load(None)}
    assert {name: (host.suite, host.uplink, host.manager) for name, host in hosts.items()} == {
        "bookworm": ("bookworm", "ens3", "kernel"),
        "trixie": ("trixie", "enp1s0", "networkd"),
        "sid": ("sid", "enp1s0", "netplan"),
        "routed": ("trixie", "ens3.100", "ifupdown"),
        "headnode": ("trixie", "e1000g0", "kernel"),
        "director": ("trixie", "ens3", "kernel"),
        "instance-1": ("bookworm", "ens5", "cloud-init"),
        "instance-2": ("sid", "ens5", "cloud-init"),
    }
    assert [name for name, host in hosts.items() if host.routed_prefix] == ["routed"]
    assert {name: host.double for name, host in hosts.items() if host.double} == {
        "headnode": "smartos",
        "director": "bosh",
        "instance-1": "ec2",
        "instance-2": "ec2",
    }
    assert [name for name, host in hosts.items() if host.launched] == ["instance-1", "instance-2"]


def test_a_list_and_an_object_mean_the_same() -> None:
    entries = [{"name": "a", "suite": "sid", "image": "bare", "manager": "kernel", "uplink": "ens3.100"}]
    expected = [topology.Host("a", "sid", "ens3.100", "kernel", None, "bare")]
    assert topology.parse(json.dumps(entries), "x") == expected
    assert topology.parse(json.dumps({"hosts": entries}), "x") == expected


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('[{"name": "a"}]'))
    assert [host.name for host in topology.load("-")] == ["a"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense", "is not JSON"),
        ("[]", "must be a list of hosts"),
        ("{}", "must be a list of hosts"),
        ("[1]", "must be a list of hosts"),
        ('[{"suite": "sid"}]', "a host without a name"),
        ('[{"name": "a"}, {"name": "a"}]', "has the host a twice"),
        ('[{"name": "a", "os": "x"}]', "unknown key 'os'"),
        (json.dumps([{"name": f"h{i}"} for i in range(241)]), "room for 240"),
    ],
)
def test_malformed_topologies_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(LabError, match=complaint):
        topology.parse(text, "file")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"name": "A"}, "lower case"),
        ({"name": ""}, "lower case"),
        ({"name": "router"}, "not router, stranger or vpc"),
        ({"name": "a", "suite": "forky"}, "'forky', but must be one of bookworm, trixie, sid"),
        ({"name": "a", "manager": "systemd"}, "'systemd', but must be one of kernel"),
        ({"name": "a", "image": "x"}, "'x', but must be one of host, bare, bosh, ec2"),
        ({"name": "a", "double": "ec2"}, "double ec2, manager cloud-init and image ec2"),
        ({"name": "a", "image": "ec2", "manager": "cloud-init"}, "double ec2, manager cloud-init and image ec2"),
        ({"name": "a", "ipv4": False}, "only an instance of EC2"),
        ({"name": "a", "uplink": "a-name-that-is-16"}, "1 to 15"),
        ({"name": "a", "uplink": "a b"}, "1 to 15"),
        ({"name": "a", "uplink": "lo"}, "1 to 15"),
        ({"name": "a", "uplink": ".."}, "1 to 15"),
        ({"name": "a", "routed_prefix": "x"}, "no IPv6 prefix"),
        ({"name": "a", "routed_prefix": "2001:db8:0:2::1/64"}, "no IPv6 prefix"),
        ({"name": "a", "routed_prefix": "2001:db8::/32"}, "overlaps the link's own prefix"),
    ],
)
def test_hosts_that_cannot_be_are_refused(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(LabError, match=complaint):
        topology.Host(**values)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"none.json cannot be read"):
        topology.load(str(tmp_path / "none.json"))


def test_a_host_survives_its_label() -> None:
    for host in topology.load(None):
        assert topology.Host(**json.loads(json.dumps(host.as_dict()))) == host
