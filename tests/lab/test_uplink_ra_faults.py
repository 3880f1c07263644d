# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What uplink_ra does where it must refuse, undo, or deal with managers that are set up in unusual ways.

Each test brings its host back to where it began.
"""

from __future__ import annotations

import time
import typing as t

import pytest
from conftest import Lab

HOSTS = [
    {"name": "kernel", "suite": "trixie", "uplink": "ens3", "manager": "kernel"},
    {"name": "networkd", "suite": "bookworm", "uplink": "ens3", "manager": "networkd"},
    {"name": "nm", "suite": "trixie", "uplink": "ens3", "manager": "networkmanager"},
]
FORWARDING = "/proc/sys/net/ipv6/conf/all/forwarding"
FINGERPRINT = (
    "find /etc/sysctl.d /etc/systemd/network /etc/network /etc/NetworkManager -type f | sort | xargs sha256sum"
)
NETWORK = "/etc/systemd/network/10-uplink.network"
PROFILE = "/etc/NetworkManager/system-connections/ens3.nmconnection"
# From now on the host hears no router, and its default route is deleted as soon as it forwards.
SABOTAGE = f"""
nft 'add table inet sabotage'
nft 'add chain inet sabotage in {{ type filter hook input priority 0; }}'
nft 'add rule inet sabotage in icmpv6 type nd-router-advert drop'
setsid sh -c 'until grep -q 1 {FORWARDING}; do sleep 0.05; done; ip -6 route del default' >/dev/null 2>&1 </dev/null &
"""


@pytest.fixture(scope="module")
def hosts(lab: Lab) -> Lab:
    lab.up(HOSTS)
    return lab


def run(lab: Lab, host: str, **words: t.Any) -> dict[str, t.Any]:
    return lab.module(host, "uplink_ra", **{"interface": "ens3", **words})


def wait_for_route(lab: Lab, host: str) -> None:
    lab.sh(host, "for i in $(seq 100); do ip -6 route show default | grep -q . && exit 0; sleep 0.1; done; exit 1")


@pytest.mark.parametrize(
    ("host", "words", "message"),
    [
        ("kernel", {"interface": "ens9"}, "interface=ens9: this host has no such interface. Name one that it has: docker0, ens3, lo."),
        ("kernel", {"interface": "lo"}, "interface=lo: the loopback leads to no router."),
        ("kernel", {"interface": "docker0"}, "interface=docker0: it is a bridge towards containers."),
        ("kernel", {"owner": "networkd"}, "owner=networkd: it does not manage ens3."),
        ("networkd", {"owner": "networkmanager"}, "owner=networkmanager: it does not manage ens3."),
    ],
)  # fmt: skip
def test_refused(hosts: Lab, host: str, words: dict[str, t.Any], message: str) -> None:
    before = hosts.sh(host, FINGERPRINT)
    result = run(hosts, host, **words)
    assert result["failed"]
    assert result["msg"].startswith(message), result["msg"]
    assert hosts.sh(host, FINGERPRINT) == before
    assert hosts.sh(host, f"cat {FORWARDING}").strip() == "0"


def test_ipv6_turned_off_is_refused(hosts: Lab) -> None:
    hosts.sh("kernel", "sysctl -qw net.ipv6.conf.ens3.disable_ipv6=1")
    result = run(hosts, "kernel")
    hosts.sh("kernel", "sysctl -qw net.ipv6.conf.ens3.disable_ipv6=0")
    wait_for_route(hosts, "kernel")
    assert "net/ipv6/conf/ens3/disable_ipv6 is 1" in result["msg"]


@pytest.mark.parametrize("host", ["kernel", "networkd"])
def test_a_change_that_costs_the_route_is_undone(hosts: Lab, host: str) -> None:
    before = hosts.sh(host, FINGERPRINT)
    hosts.sh(host, SABOTAGE)
    result = run(hosts, host)
    route = hosts.sh(host, "ip -6 route show default").strip()
    hosts.sh(host, "nft delete table inet sabotage")
    assert result["failed"]
    assert "was gone afterwards, and no router brought it back" in result["msg"]
    assert "were restored, and so was the default route" in result["msg"]
    assert route.startswith("default via fe80::1 dev ens3 proto ra")
    assert hosts.sh(host, FINGERPRINT) == before
    assert hosts.sh(host, f"cat {FORWARDING}").strip() == "0"
    time.sleep(6)
    # The router's next word replaces what was put back by hand.
    assert hosts.sh(host, "ip -6 route show default | wc -l").strip() == "1"


def test_static_default_route(hosts: Lab) -> None:
    hosts.sh("kernel", "sysctl -qw net.ipv6.conf.ens3.accept_ra=0; ip -6 route flush default")
    hosts.sh("kernel", "ip -6 route add default via fe80::1 dev ens3 metric 5")
    result = run(hosts, "kernel")
    assert result["changes"] == [
        "Write /etc/sysctl.d/99-zz-routable-ipv6-ens3.conf",
        "Set net/ipv6/conf/all/forwarding from 0 to 1",
    ]
    assert result["evidence"].endswith("Its default route is static, so forwarding cannot take it away.")
    assert result["router"] == "fe80::1"
    assert not run(hosts, "kernel")["changed"]
    assert not run(hosts, "kernel", state="absent").get("failed")
    hosts.sh("kernel", "ip -6 route flush default; sysctl -qw net.ipv6.conf.ens3.accept_ra=1")
    wait_for_route(hosts, "kernel")


def test_later_lines_are_named(hosts: Lab) -> None:
    path = "/etc/sysctl.d/zz-hardening.conf"
    hosts.sh("kernel", f"printf '# CIS 3.1\\nnet.ipv6.conf.all.forwarding = 0\\n' >{path}")
    hosts.sh("networkd", "printf '[Match]\\nName=*\\n' >/etc/systemd/network/99-all.network")
    kernel, networkd = run(hosts, "kernel", check=True), run(hosts, "networkd", check=True)
    hosts.sh("kernel", f"rm {path}")
    hosts.sh("networkd", "rm /etc/systemd/network/99-all.network")
    assert any(f"{path}:2 sets net/ipv6/conf/all/forwarding to 0" in warning for warning in kernel["warnings"])
    assert any("99-all.network matches interfaces like docker0" in warning for warning in networkd["warnings"])


def test_networkd_that_was_told_to_forward(hosts: Lab) -> None:
    """There networkd takes no advertisements of its own accord; the drop-in and a restart change that."""
    hosts.sh("networkd", f"cp {NETWORK} /tmp/; sed -i s/^IPv6AcceptRA=.*/IPForward=yes/ {NETWORK}")
    hosts.sh("networkd", 'networkctl reload; sleep 5; test -z "$(ip -6 route show default)"')
    result = run(hosts, "networkd")
    assert "Restart systemd-networkd, so that it takes router advertisements" in result["changes"]
    assert result["router"] == "fe80::1"
    assert not run(hosts, "networkd")["changed"]
    assert not run(hosts, "networkd", state="absent").get("failed")
    hosts.sh(
        "networkd", f"cp /tmp/10-uplink.network {NETWORK}; systemctl restart systemd-networkd; echo 0 >{FORWARDING}"
    )
    wait_for_route(hosts, "networkd")


def test_networkd_that_was_told_not_to_is_refused(hosts: Lab) -> None:
    hosts.sh("networkd", f"cp {NETWORK} /tmp/; sed -i s/^IPv6AcceptRA=.*/IPv6AcceptRA=no/ {NETWORK}")
    result = run(hosts, "networkd")
    hosts.sh("networkd", f"cp /tmp/10-uplink.network {NETWORK}")
    assert "10-uplink.network:" in result["msg"] and "Take that line out" in result["msg"]


def test_networkmanager_that_leaves_ipv6_to_the_kernel(hosts: Lab) -> None:
    hosts.sh("nm", f"cp -p {PROFILE} /root/; sed -i s/^method=auto/method=ignore/ {PROFILE}")
    hosts.lab("reboot", "nm")
    result = run(hosts, "nm")
    assert result["owner"] == "networkmanager"
    assert "Set net/ipv6/conf/ens3/accept_ra from 1 to 2" in result["changes"]
    hosts.lab("reboot", "nm")
    assert "proto ra" in hosts.sh("nm", "ip -6 route show default")
    assert not run(hosts, "nm")["changed"]
    assert not run(hosts, "nm", state="absent").get("failed")
    hosts.sh("nm", f"mv /root/ens3.nmconnection {PROFILE}")
    hosts.lab("reboot", "nm")


@pytest.mark.parametrize(
    ("line", "first"),
    [
        # netplan writes ipv6.method ignore there, whatever accept-ra says.
        ("accept-ra: true", "Set net/ipv6/conf/ens3/accept_ra from 1 to 2"),
        ("dhcp6: true", "Set net/ipv6/conf/all/forwarding from 0 to 1"),
    ],
)
def test_netplan_with_networkmanager(hosts: Lab, line: str, first: str) -> None:
    config = f"""network:
  version: 2
  renderer: NetworkManager
  ethernets:
    ens3:
      addresses: [198.51.100.12/24]
      {line}
"""
    hosts.sh(
        "nm", f"umask 077; mkdir -p /root/kept; mv {PROFILE} /root/kept/; printf '{config}' >/etc/netplan/50-lab.yaml"
    )
    hosts.lab("reboot", "nm")
    result = run(hosts, "nm")
    assert result["owner"] == "netplan", result
    assert result["changes"][1] == first
    assert not run(hosts, "nm")["changed"]
    assert not run(hosts, "nm", state="absent").get("failed")
    hosts.sh("nm", f"rm /etc/netplan/50-lab.yaml; mv /root/kept/* {PROFILE}")
    hosts.lab("reboot", "nm")


@pytest.mark.parametrize("method", ["link-local", "disabled"])
def test_networkmanager_that_takes_none_is_refused(hosts: Lab, method: str) -> None:
    hosts.sh("nm", f"nmcli connection modify ens3 ipv6.method {method}; nmcli connection up ens3; sleep 1")
    result = run(hosts, "nm")
    assert result["failed"]
    expected = {"link-local": "ipv6.method of 'ens3' is link-local", "disabled": "IPv6 is turned off on it"}
    assert expected[method] in result["msg"]


def test_an_uplink_that_appears_late(hosts: Lab) -> None:
    """udev sets the parameters of our file when the interface comes; the kernel would begin with accept_ra 1."""
    assert run(hosts, "kernel")["changed"]
    hosts.lab("link", "kernel", "recreate")
    wait_for_route(hosts, "kernel")
    time.sleep(6)
    assert hosts.sh("kernel", "cat /proc/sys/net/ipv6/conf/ens3/accept_ra").strip() == "2"
    assert "proto ra" in hosts.sh("kernel", "ip -6 route show default")
    assert not run(hosts, "kernel")["changed"]


def test_a_router_that_advertises_once_in_a_while(hosts: Lab) -> None:
    """After a boot nothing but the answer to a solicitation brings the route, and that only while forwarding is on."""
    hosts.sh(
        "router",
        "sed -i 's/MinRtrAdvInterval [0-9]*/MinRtrAdvInterval 600/; s/MaxRtrAdvInterval [0-9]*/MaxRtrAdvInterval 1800/' /etc/radvd.conf",
    )
    hosts.sh(
        "router",
        "sed -i 's/AdvDefaultLifetime [0-9]*/AdvDefaultLifetime 1800/' /etc/radvd.conf; kill -HUP $(cat /run/radvd.pid)",
    )
    # A router advertises three times in quick succession when it begins (RFC 4861, section 10: 16 seconds apart).
    time.sleep(50)
    for host in ("kernel", "networkd"):
        assert not run(hosts, host).get("failed")
        hosts.lab("reboot", host)
        assert "proto ra" in hosts.sh(host, "ip -6 route show default")
        assert hosts.sh(host, f"cat {FORWARDING}").strip() == "1"
