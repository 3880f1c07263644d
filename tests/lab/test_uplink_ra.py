# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No host loses its default route to forwarding, whoever takes its router advertisements.

Per Debian suite one host per owner. The tests of a suite run in order, each from where the former one ended: the
danger is shown, the module runs, forwarding is flipped and Docker restarted, the host is rebooted, all is taken back.
"""

from __future__ import annotations

import concurrent.futures
import time
import typing as t

import pytest
from conftest import Lab

SUITES = ("bookworm", "trixie", "sid")
OWNERS = ("kernel", "ifupdown", "networkd", "netplan", "networkmanager")
# One name with a dot per suite, each time with another owner.
DOTTED = {"bookworm": "networkd", "trixie": "kernel", "sid": "ifupdown"}
# Which stanza ifupdown has; a DHCPv6 client that does nothing stands in where the method starts one.
STANZA = {
    "bookworm": "auto",
    "trixie": "static\n    address 2001:db8:0:1::99/64",
    "sid": "dhcp\n    # kept as it is\n    accept_ra  1\n    autoconf 1",
}
PREPARE = {
    "kernel": ":",
    # Without a line of its own, so that the module has something to say.
    "networkd": "sed -i /IPv6AcceptRA/d /etc/systemd/network/*.network; systemctl restart systemd-networkd",
    "netplan": "sed -i /accept-ra/d /etc/netplan/*.yaml; netplan generate; systemctl restart systemd-networkd",
    "networkmanager": ":",
}
DAEMON = '{"ipv6": true, "fixed-cidr-v6": "2001:db8:0:1:d::/80"}'
POLL = """
rm -f /tmp/poll.*; touch /tmp/poll.on
while [ -e /tmp/poll.on ]; do
    ip -6 route show default | grep -q . || date +%s.%N >>/tmp/poll.gaps
    echo >>/tmp/poll.count
    sleep 0.1
done
"""
FINGERPRINT = "find /etc /var/lib/routable-ipv6 -xdev -type f 2>/dev/null | sort | xargs sha256sum"
# What a boot or a manager writes by itself.
MOVING = ("/etc/.updated", "/etc/resolv.conf", "/etc/machine-id", "/etc/docker/key.json", "/etc/mtab")


class Hosts:
    """The hosts of one suite; whatever is done to all of them is done at once."""

    def __init__(self, lab: Lab, suite: str) -> None:
        self.lab, self.suite = lab, suite
        self.before: dict[str, set[str]] = {}
        self.uplink = {owner: "ens3.100" if DOTTED[suite] == owner else "ens3" for owner in OWNERS}

    def all(self, do: t.Callable[[str], t.Any], owners: t.Iterable[str] = OWNERS) -> dict[str, t.Any]:
        names = list(owners)
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            return dict(zip(names, pool.map(do, names)))

    def run(self, owner: str, **words: t.Any) -> dict[str, t.Any]:
        """The module's result, which is a good one; on one host by the command ``ansible``."""
        run = self.lab.ansible if (self.suite, owner) == ("trixie", "networkd") else self.lab.modules
        result = run([owner], "uplink_ra", interface=self.uplink[owner], **words)[owner]
        assert not result.get("failed"), result
        return result

    def poll(self, owner: str) -> None:
        script = (
            f"setsid sh -c '{POLL}' >/dev/null 2>&1 </dev/null & while [ ! -e /tmp/poll.count ]; do sleep 0.1; done"
        )
        self.lab.sh(owner, script)

    def gaps(self, owner: str) -> list[str]:
        """When the route was missing; at least ten looks must have been taken."""
        self.lab.sh(owner, "rm -f /tmp/poll.on; test $(wc -l </tmp/poll.count) -ge 10")
        return self.lab.sh(owner, "cat /tmp/poll.gaps 2>/dev/null || true").split()

    def sysctl(self, owner: str, name: str) -> str:
        return self.lab.sh(owner, f"cat /proc/sys/net/ipv6/conf/{name}").strip()

    def route(self, owner: str) -> str:
        return self.lab.sh(owner, f"ip -6 route show default dev {self.uplink[owner]}").strip()

    def fingerprint(self, owner: str) -> set[str]:
        lines = self.lab.sh(owner, FINGERPRINT).splitlines()
        return {line for line in lines if not line.split()[1].startswith(MOVING)}


def prepare(hosts: Hosts, owner: str) -> None:
    uplink = hosts.uplink[owner]
    script = PREPARE.get(owner, "")
    if owner == "ifupdown":
        method = STANZA[hosts.suite].replace("\n", "\\n")
        script = (
            f"printf '#!/bin/sh\\n' >/sbin/dhclient; chmod +x /sbin/dhclient;"
            f"sed -i 's|^iface {uplink} inet6 .*|iface {uplink} inet6 {method}|' /etc/network/interfaces;"
            # Not ifdown: it would delete an interface whose name has a dot, as it does with a VLAN.
            f"ip -4 address flush dev {uplink}; ifup --force {uplink}"
        )
    hosts.lab.sh(
        owner, f"{script}\nmkdir -p /etc/docker; echo '{DAEMON}' >/etc/docker/daemon.json; systemctl stop docker"
    )
    hosts.lab.sh(owner, "ip link del docker0 2>/dev/null || true; echo 0 >/proc/sys/net/ipv6/conf/all/forwarding")
    end = time.monotonic() + 10
    while not hosts.route(owner):
        assert time.monotonic() < end, f"{owner} has no default route to begin with"
        time.sleep(0.1)


@pytest.fixture(scope="module", params=SUITES)
def hosts(request: pytest.FixtureRequest, lab: Lab) -> t.Iterator[Hosts]:
    made = Hosts(lab, request.param)
    # The host is named after its owner, so that a failure names it too.
    lab.up([{"name": owner, "suite": made.suite, "uplink": made.uplink[owner], "manager": owner} for owner in OWNERS])
    made.all(lambda owner: prepare(made, owner))
    yield made
    lab.lab("down")


def test_the_danger_is_real(hosts: Hosts) -> None:
    """A kernel-managed host without the module: the same poll sees the route go. Then the module brings it back."""
    hosts.poll("kernel")
    hosts.lab.sh("kernel", "sleep 1; sysctl -qw net.ipv6.conf.all.forwarding=1; sleep 6")
    assert len(hosts.gaps("kernel")) > 30
    assert not hosts.route("kernel")

    result = hosts.run("kernel")
    assert any("Ask the routers" in change for change in result["changes"])
    assert result["router"] == "fe80::1"
    assert "proto ra" in hosts.route("kernel")
    assert hosts.run("kernel", state="absent")["changed"]
    prepare(hosts, "kernel")
    # Left at 2, since the host went on forwarding.
    hosts.lab.sh("kernel", f"echo 1 >/proc/sys/net/ipv6/conf/{hosts.uplink['kernel']}/accept_ra")


def test_present_in_check_mode_and_for_real(hosts: Hosts) -> None:
    hosts.before = hosts.all(hosts.fingerprint)
    hosts.all(hosts.poll)
    predicted = hosts.all(lambda owner: hosts.run(owner, check=True))
    assert hosts.all(hosts.fingerprint) == hosts.before
    assert set(hosts.all(lambda owner: hosts.sysctl(owner, "all/forwarding")).values()) == {"0"}
    happened = hosts.all(hosts.run)
    again = hosts.all(hosts.run)
    time.sleep(6)
    assert hosts.all(hosts.gaps) == {owner: [] for owner in OWNERS}
    for owner in OWNERS:
        result = happened[owner]
        assert result["owner"] == owner, result["evidence"]
        assert result["changed"]
        for key in ("changed", "diff", "changes", "owner", "evidence", "addresses", "on_link_prefixes", "router"):
            assert predicted[owner][key] == result[key], (owner, key)
        assert not again[owner]["changed"], (owner, again[owner]["changes"])
        assert result["router"] == "fe80::1"
        assert result["on_link_prefixes"] == ["2001:db8:0:1::/64"]
        assert any(address.startswith("2001:db8:0:1:") for address in result["addresses"]), (owner, result["addresses"])
        assert hosts.sysctl(owner, "all/forwarding") == "1"
        kernel = owner in ("kernel", "ifupdown")
        assert hosts.sysctl(owner, f"{hosts.uplink[owner]}/accept_ra") == ("2" if kernel else "0")
    assert any("systemd/network/10-uplink.network.d" in change for change in happened["networkd"]["changes"])
    assert any("systemd/network/10-netplan-" in change for change in happened["netplan"]["changes"])
    stanza = "/etc/network/interfaces" in " ".join(happened["ifupdown"]["changes"])
    assert stanza == (hosts.suite != "bookworm")


def test_forwarding_flipped_and_docker_restarted(hosts: Hosts) -> None:
    hosts.all(hosts.poll)
    flip = "sleep 0.5; sysctl -qw net.ipv6.conf.all.forwarding=0; sleep 1; sysctl -qw net.ipv6.conf.all.forwarding=1"
    hosts.all(lambda owner: hosts.lab.sh(owner, flip))
    hosts.all(lambda owner: hosts.lab.sh(owner, "systemctl reset-failed docker; systemctl restart docker; sleep 15"))
    assert hosts.all(hosts.gaps) == {owner: [] for owner in OWNERS}
    for owner in OWNERS:
        assert "2001:db8:0:1:d::1" in hosts.lab.sh(owner, "ip -6 address show docker0")


def test_rebooted(hosts: Hosts) -> None:
    hosts.all(lambda owner: hosts.lab.lab("reboot", owner))
    hosts.all(lambda owner: hosts.lab.sh(owner, "systemctl reset-failed docker; systemctl restart docker"))
    for owner in OWNERS:
        assert "proto ra" in hosts.route(owner), owner
        assert hosts.sysctl(owner, "all/forwarding") == "1", owner
    again = hosts.all(hosts.run)
    assert {owner: result["changes"] for owner, result in again.items()} == {owner: [] for owner in OWNERS}


def test_netplan_applied(hosts: Hosts) -> None:
    hosts.lab.sh("netplan", "netplan apply; sleep 5")
    assert "proto ra" in hosts.route("netplan")
    assert hosts.run("netplan")["changes"] == []


def test_absent(hosts: Hosts) -> None:
    hosts.all(lambda owner: hosts.lab.sh(owner, "systemctl stop docker docker.socket"))
    hosts.all(hosts.poll)
    # docker0 is still there with its address, so the host goes on forwarding; in check mode nothing is lost by asking.
    kept = hosts.all(lambda owner: hosts.run(owner, state="absent", check=True))
    for owner in OWNERS:
        assert any("docker0" in warning for warning in kept[owner]["warnings"]), owner
    hosts.all(lambda owner: hosts.lab.sh(owner, "ip link del docker0"))
    predicted = hosts.all(lambda owner: hosts.run(owner, state="absent", check=True))
    happened = hosts.all(lambda owner: hosts.run(owner, state="absent"))
    again = hosts.all(lambda owner: hosts.run(owner, state="absent"))
    time.sleep(6)
    assert hosts.all(hosts.gaps) == {owner: [] for owner in OWNERS}
    after = hosts.all(hosts.fingerprint)
    for owner in OWNERS:
        assert happened[owner]["changed"]
        assert not again[owner]["changed"], owner
        assert (predicted[owner]["diff"], predicted[owner]["changes"]) == (
            happened[owner]["diff"],
            happened[owner]["changes"],
        )
        assert after[owner] ^ hosts.before[owner] == set(), owner
        assert hosts.sysctl(owner, "all/forwarding") == "0", owner
    assert hosts.sysctl("kernel", f"{hosts.uplink['kernel']}/accept_ra") == "1"
