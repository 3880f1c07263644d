# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host says of itself and of its daemon."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from docker_socket import NETWORK, Daemon
from namespaces import Namespace, namespace

ADDRESS, WEB, OLD = "2001:db8:0:1::2", "2001:db8:0:1:d::11", "2001:db8:0:1:d::12"


@pytest.fixture
def host() -> t.Iterator[Namespace]:
    with namespace() as made:
        made.sh(f"ip link add eth0 type bridge; ip link set eth0 up; ip -6 addr add {ADDRESS}/64 dev eth0 nodad")
        made.sh("ip -6 route add default via fe80::1 dev eth0")
        yield made


def container(name: str, address: str) -> dict[str, t.Any]:
    return {
        "Id": name * 16,
        "Names": [f"/{name}"],
        "NetworkSettings": {"Networks": {"user": {"GlobalIPv6Address": address}}},
    }


def test_with_a_daemon(host: Namespace, tmp_path: pathlib.Path) -> None:
    daemon = Daemon(tmp_path, "2001:db8:0:1:d::/80")
    network = {
        "Id": NETWORK,
        "Name": "user",
        "Driver": "bridge",
        "EnableIPv4": False,
        "EnableIPv6": True,
        "IPAM": {"Config": [{"Subnet": "2001:db8:0:1:d::/80", "Gateway": "2001:db8:0:1:d::1"}]},
    }
    with namespace() as web, namespace() as deaf:
        web.sh(f"ip -6 addr add {WEB}/128 dev lo nodad")
        daemon.more = {
            "/version": {"Version": "28.5.1"},
            "/networks": [network],
            "/containers/json": [container("web", WEB), container("old", OLD), container("gone", OLD)],
            f"/containers/{'web' * 16}/json": {"State": {"Pid": web.pid}},
            f"/containers/{'old' * 16}/json": {"State": {"Pid": deaf.pid}},
        }
        found = host.module("docker_ipv6_info", socket=str(daemon.path))
        # What has stopped to answer between two questions is said, and not taken for nothing.
        del daemon.more["/containers/json"]
        broken = host.module("docker_ipv6_info", socket=str(daemon.path))
    daemon.close()
    assert (found["running"], found["version"], found["changed"]) == (True, "28.5.1", False)
    assert found["addresses"] == [ADDRESS]
    assert [route["gateway"] for route in found["default_routes"]] == ["fe80::1"]
    assert set(found["interfaces"]) == {"eth0", "lo"}
    assert [(one["name"], one["bridge"], one["ipv4"]) for one in found["networks"]] == [
        ("user", f"br-{NETWORK[:12]}", False)
    ]
    missing = {one["name"]: one["missing_inside"] for one in found["containers"]}
    assert missing == {"gone": [], "old": ["user"], "web": []}
    assert "old does not have its address" in str(found["warnings"])
    assert broken["failed"] and broken["msg"].startswith("Docker answered and then did not: GET /containers/json: 404")


def test_without_one(host: Namespace, tmp_path: pathlib.Path) -> None:
    nowhere = host.module("docker_ipv6_info", by=("env", "PATH=/nowhere"), socket="/run/no.sock")
    assert not nowhere["running"] and (nowhere["networks"], nowhere["containers"]) == ([], [])
    program = tmp_path / "dockerd"
    program.write_text("#!/bin/sh\necho 'Docker version 20.10.24+dfsg1, build 5d6db84'\n")
    program.chmod(0o755)
    installed = host.module("docker_ipv6_info", by=("env", f"PATH={tmp_path}:/usr/bin:/bin"), socket="/run/no.sock")
    # A daemon that does not run tells its version all the same; one of the machine's own comes first.
    assert not installed["running"] and installed["version"][:1].isdigit() and "dockerd" not in installed["missing"]
