# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host whose IPv4 leads nowhere: packages by the real apt, and a network of the real Docker that has IPv6 only.

The tests run in order and each starts from what the former left. An instance without any IPv4 is Molecule's to prove.
"""

from __future__ import annotations

import typing as t

import pytest
from conftest import Lab

HOST = "one"
CONF = "/etc/apt/apt.conf.d/99routable-ipv6"
MIRROR = "2001:db8:0:1::99"
# The host serves its own repository, and to its IPv4 address nothing ever gets through.
PREPARE = f"""
ip addr add {MIRROR}/64 dev ens3 nodad
echo '{MIRROR} mirror.test' >>/etc/hosts
echo '203.0.113.99 mirror.test old.test' >>/etc/hosts
nft 'table ip nowhere {{ chain out {{ type filter hook output priority 0; ip daddr 203.0.113.99 drop; }}; }}'
systemd-run -q --unit=mirror python3 -m http.server 8000 --bind {MIRROR} -d /opt/lab/repo
echo 'deb [trusted=yes] http://old.test:8000 ./' >/etc/apt/sources.list
until python3 -c 'import socket; socket.create_connection(("{MIRROR}", 8000))' 2>/dev/null; do sleep 0.1; done
"""


class Host:
    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def sh(self, script: str) -> str:
        return self.lab.sh(HOST, script)

    def sources(self, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        return self.lab.module(HOST, "ipv6_sources", check, **options)


@pytest.fixture(scope="module")
def host(lab: Lab) -> Host:
    lab.up([{"name": HOST, "suite": "sid", "uplink": "ens3", "manager": "kernel", "image": "bare"}])
    lab.sh(HOST, PREPARE)
    return Host(lab)


def test_a_source_without_ipv6_is_refused_before_apt_waits_for_it(host: Host) -> None:
    refused = host.sources(timeout=2)
    assert refused["failed"] and "old.test:8000 (/etc/apt/sources.list)" in refused["msg"]
    assert "over IPv6 its name cannot be looked up, over IPv4 nothing" in refused["msg"]
    assert "replace" in refused["msg"] and "\n" not in refused["msg"]


def test_apt_keeps_to_ipv6(host: Host) -> None:
    options: dict[str, t.Any] = {"replace": {"old.test": "mirror.test"}, "timeout": 2}
    ahead = host.sources(check=True, **options)
    assert host.sh(f"cat /etc/apt/sources.list; ls {CONF} 2>&1 || true").count("mirror.test") == 0
    made = host.sources(**options)
    assert made["changed"] and made["forced"] and made["diff"] == ahead["diff"] and made["changes"] == ahead["changes"]
    assert not host.sources(**options)["changed"]
    assert 'Acquire::ForceIPv6 "true"' in host.sh("apt-config dump")
    # The real apt takes it: it installs by IPv6, and quickly enough for the limit of one attempt.
    host.sh("apt-get -o Acquire::http::Timeout=5 update && apt-get install -y docker.io docker-cli >/dev/null")
    assert host.sh("docker version -f '{{.Server.Version}}'").startswith("28")


def test_a_network_without_ipv4(host: Host) -> None:
    """As the role makes it; a container that turns IPv6 off inside is found, its neighbour is not blamed."""
    host.sh(
        "docker network create --ipv4=false --ipv6 --subnet 2001:db8:5::/64 alone; "
        "docker import /opt/lab/busybox.tgz box >/dev/null; "
        "docker run -d --name good --network alone box sleep 2147483647; "
        "docker run -d --name deaf --network alone --privileged box sh -c "
        "'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; exec sleep 2147483647'; "
        'until [ "$(docker exec deaf cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6)" = 1 ]; do sleep 0.1; done'
    )
    found = host.lab.module(HOST, "docker_ipv6_info")
    networks = {one["name"]: one["ipv4"] for one in found["networks"]}
    assert (networks["alone"], networks["bridge"]) == (False, True)
    assert {one["name"]: one["missing_inside"] for one in found["containers"]} == {"good": [], "deaf": ["alone"]}
    assert [text.split(" the network ")[0] for text in found["warnings"]] == [
        f"deaf does not have its address {next(c for c in found['containers'] if c['name'] == 'deaf')['addresses']['alone']} of"
    ]
    assert host.sh("docker exec good cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6").strip() == "0"
    assert host.sh("docker exec good ip -4 -o address show dev eth0").strip() == ""


def test_everything_is_as_it_was(host: Host) -> None:
    assert host.sources(state="absent")["changed"]
    assert host.sh("cat /etc/apt/sources.list") == "deb [trusted=yes] http://old.test:8000 ./\n"
    assert host.sh(f"[ ! -e {CONF} ]; ls /var/lib/routable-ipv6 2>/dev/null | grep -c sources || true").strip() == "0"
    assert not host.sources(state="absent")["changed"]
