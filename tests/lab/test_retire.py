# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""site.yml and then retire.yml leave nothing: compared byte by byte, for each manager of an uplink."""

from __future__ import annotations

import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import typing as t

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
from world import HOSTS, VARIABLES, World

SITE, RETIRE = "playbooks/site.yml", "playbooks/retire.yml"
# Beside those of the fault matrix: NetworkManager, and a host where the roles install all that they need.
MORE = [
    {"name": "nm", "suite": "trixie", "uplink": "ens3", "manager": "networkmanager"},
    {"name": "bare", "suite": "trixie", "uplink": "enp1s0", "manager": "networkd", "image": "bare"},
]
POOLS = {
    "docker_hosts": {
        "prefix": "2001:db8:0:1::/64", "length": 80, "suffix": True, "strategy": "hash", "quarantine_days": 30,
    }
}  # fmt: skip
# What an administrator had there: odd spacing, a mode of its own, a firewall, forwarding of IPv4 by a file, a neighbour
# and a proxy entry of its own.
OWN = r"""
mkdir -p /etc/docker
printf '{ "log-level":"warn" ,\n\n  "max-concurrent-downloads": 3}' >/etc/docker/daemon.json; chmod 640 /etc/docker/daemon.json
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/50-own.conf
nft 'add table inet own'; nft 'add chain inet own in { type filter hook input priority 5; policy accept; }'
ip -6 neigh add 2001:db8:0:1::fe lladdr 02:00:00:00:00:fe nud permanent dev enp1s0
ip -6 neigh add proxy 2001:db8:0:9::1 dev enp1s0
systemctl restart docker
"""
# All of a host that somebody may have set, without what changes by itself: lifetimes, counters, the cache of neighbours,
# NetworkManager's dispatcher, which ends when it is idle,
# what the kernel makes of a new MAC address of Docker's bridges, and the files that the lab's own engine mounts.
LOOK = r"""
mounted='-e /etc/mtab -e /etc/resolv.conf -e /etc/hostname -e /etc/hosts'
find /etc /usr/local /var/lib /run/systemd/network /run/systemd/system -xdev -maxdepth 1 -printf '%y %m %u:%g %p -> %l\n' 2>/dev/null |
  grep -v -e ' /var/lib/dhcp' -e ' /run/systemd/system/docker-' | sort
find /etc /usr/local -xdev -printf '%y %m %u:%g %p -> %l\n' | grep -v $mounted | sort
find /etc /usr/local -xdev -type f | grep -v $mounted | sort | xargs -d '\n' sha256sum
ip -o addr show | grep -v veth | sed 's/^[0-9]*: //; s/tentative //; s/valid_lft.*//' | grep -v -e 'docker0.* fe80::' -e 'br-.* fe80::' | sort
for family in 4 6; do ip -$family -o route | grep -v -e veth -e '^fe80.*docker0' |
    sed 's/nhid [0-9]* //; s/expires [0-9]*sec//; s/linkdown//; s/ *$//'; done | sort
ip -6 rule; ip -6 neigh show proxy; ip -6 neigh show nud permanent; ip neigh show nud permanent
nft -s list ruleset 2>/dev/null
for tool in iptables ip6tables; do $tool-save 2>/dev/null | grep -v '^#' | sed 's/\[[0-9:]*\]//'; done
sysctl -a 2>/dev/null | grep -e '^net\.' | grep -v -e veth -e stable_secret -e nf_conntrack_count -e '\.br-' | sort
systemctl list-unit-files --plain --no-legend --no-pager | sort
systemctl list-units --plain --no-legend --all '*.service' '*.timer' '*.socket' | awk '{print $1, $3}' |
  grep -e docker -e container -e network -e Network -e routable -e ndppd -e nftables |
  grep -v NetworkManager-dispatcher | sort
docker network ls --filter type=custom --format '{{.Name}}' 2>/dev/null
dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n'
"""
OURS = "find / -xdev -name '*routable*' -not -path '/proc/*'"
# A package of somebody's that needs one which came with Docker.
NEEDS_TINI = r"""
mkdir -p /tmp/own/DEBIAN
printf 'Package: own\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: own\nDepends: tini\n' >/tmp/own/DEBIAN/control
dpkg-deb -b /tmp/own /tmp/own.deb >/dev/null; dpkg -i /tmp/own.deb >/dev/null; rm -r /tmp/own /tmp/own.deb
"""
# What Debian's packages of Docker leave when they are purged; a line that names none of it must be as before.
OF_DOCKER = ("/etc/group", "/etc/gshadow", "/etc/cni", "/var/lib/docker", "/var/lib/containerd")
# A change of each kind, how it is undone, and a word of the line that tells of it.
CHANGES = [
    ("echo 1 >/etc/left", "rm /etc/left", "/etc/left"),
    ("mkdir /etc/left.d", "rmdir /etc/left.d", "/etc/left.d"),
    ("chmod 600 /etc/fstab", "chmod 644 /etc/fstab", "/etc/fstab"),
    ("printf x >>/etc/issue", "truncate -s -1 /etc/issue", "/etc/issue"),
    ("mkdir /var/lib/left", "rmdir /var/lib/left", "/var/lib/left"),
    ("ip -6 addr add 2001:db8:7::1/64 dev ens3 nodad", "ip -6 addr del 2001:db8:7::1/64 dev ens3", "2001:db8:7::1/64"),
    ("ip -6 route add 2001:db8:8::/64 dev ens3", "ip -6 route del 2001:db8:8::/64 dev ens3", "2001:db8:8::/64"),
    ("ip -6 rule add prio 7 table main", "ip -6 rule del prio 7", "7:"),
    ("ip -6 neigh add proxy 2001:db8:7::2 dev ens3", "ip -6 neigh del proxy 2001:db8:7::2 dev ens3", "2001:db8:7::2"),
    (
        "ip -6 neigh add 2001:db8:7::3 lladdr 02:00:00:00:00:03 nud permanent dev ens3",
        "ip -6 neigh del 2001:db8:7::3 dev ens3",
        "2001:db8:7::3",
    ),
    ("nft add table ip6 left", "nft delete table ip6 left", "table ip6 left"),
    (
        "ip6tables -I FORWARD -j ACCEPT -m comment --comment left",
        "ip6tables -D FORWARD 1; nft delete table ip6 filter",
        "--comment left",
    ),
    (
        "sysctl -qw net.ipv6.conf.ens3.accept_ra_rtr_pref=0",
        "sysctl -qw net.ipv6.conf.ens3.accept_ra_rtr_pref=1",
        "rtr_pref",
    ),
    ("systemctl -q disable docker", "systemctl -q enable docker", "docker.service"),
    ("systemd-run -q --unit=left-network -r true", "systemctl stop left-network", "left-network.service active"),
]


class Site(World):
    """Hosts under the playbooks."""

    def __init__(self, directory: pathlib.Path) -> None:
        super().__init__("t-retire", directory, [host["name"] for host in HOSTS])
        self.hosts += MORE
        self.names += [host["name"] for host in MORE]

    def names_of(self, *names: str) -> None:
        """What the inventory says from now on: these names have addresses on each host."""
        path = self.directory / "inventory.json"
        inventory = json.loads(path.read_text())
        inventory["all"]["vars"]["ipv6_pools"] = POOLS
        inventory["all"]["vars"]["docker_host_addresses"] = [{"name": name, "ports": [80]} for name in names]
        path.write_text(json.dumps(inventory))

    def look(self, name: str) -> str:
        return self.try_sh(name, LOOK)[1]

    def looks(self) -> dict[str, list[str]]:
        return {name: look.splitlines() for name, look in self.all(self.look).items()}

    def reboot(self, name: str) -> None:
        subprocess.run([self.docker, "stop", self.container(name)], env=self.environ, capture_output=True, check=True)
        self._boot(name)

    def run(self, playbook: str, *words: str) -> dict[str, dict[str, int]]:
        """The counts of the recap, by host."""
        code, output, _calls = self.play(playbook, words=words)
        assert code == 0, output[-4000:]
        lines = [line for line in output.splitlines() if "unreachable=" in line]
        return {
            line.split()[0]: {key: int(value) for key, value in (word.split("=") for word in line.split()[2:])}
            for line in lines
        }

    def held(self) -> dict[str, set[str]]:
        """What the ledger has of the hosts' own pools, by state."""
        with sqlite3.connect(f"{self.directory}/state/ledger.sqlite") as ledger:
            rows = ledger.execute(
                "SELECT a.state, p.name || '/' || a.name FROM allocations a JOIN pools p ON p.id = a.pool"
                " WHERE p.name <> 'docker_hosts'"
            ).fetchall()
        return {state: {place for one, place in rows if one == state} for state, _place in rows}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("world"))
    VARIABLES["bare"] = {"vultr_ndp_backend": "ndppd"}
    made.up()
    made.sh("networkd", OWN)
    yield made
    if not os.environ.get("LAB_KEEP"):
        made.down()


def differences(
    before: dict[str, list[str]], after: dict[str, list[str]], names: t.Iterable[str]
) -> dict[str, tuple[list[str], list[str]]]:
    """The lines that are gone and those that came, by host."""
    found = {}
    for name in names:
        old, new = set(before[name]), set(after[name])
        gone = [line for line in before[name] if line not in new]
        came = [line for line in after[name] if line not in old]
        if name == "bare":
            gone, came = (
                [one for one in lines if not any(word in one for word in OF_DOCKER)] for lines in (gone, came)
            )
        found[name] = (gone, came)
    return found


def test_each_kind_of_change_is_seen(site: Site) -> None:
    """Else the comparison would prove nothing."""
    before = {"nm": site.look("nm").splitlines()}
    site.sh("nm", "\n".join(change for change, _undo, _word in CHANGES))
    _gone, came = differences(before, {"nm": site.look("nm").splitlines()}, ["nm"])["nm"]
    assert [word for _change, _undo, word in CHANGES if not any(word in line for line in came)] == []
    site.sh("nm", "\n".join(undo for _change, undo, _word in CHANGES))
    assert differences(before, {"nm": site.look("nm").splitlines()}, ["nm"]) == {"nm": ([], [])}


def packages(site: Site) -> set[str]:
    listed = site.sh("bare", "dpkg-query -W -f '${Package} ${db:Status-Status}\n'").splitlines()
    return {line.split()[0] for line in listed if line.endswith(" installed")}


def test_nothing_but_what_was_there(site: Site) -> None:
    site.names_of("web", "leaving")
    before, had = site.looks(), packages(site)
    assert all(len(look) > 1000 for look in before.values())
    site.run(SITE)
    assert all(look != before[name] for name, look in site.looks().items())
    places = {f"{name}/{address}" for name in site.names for address in ("web", "leaving")}
    assert site.held() == {"active": places}
    came = packages(site) - had
    assert {"docker.io", "containerd", "runc", "tini", "ndppd"} <= came
    # Docker has something of somebody's on one of them.
    site.sh("bare", "docker volume create own")
    # A name that has left the inventory keeps its address until the host goes.
    site.names_of("web")

    first = site.run(RETIRE, "-e", "retire_packages=true")
    assert all(counts["changed"] for counts in first.values())
    after = site.looks()
    rest = [name for name in site.names if name != "bare"]
    assert differences(before, after, rest) == dict.fromkeys(rest, ([], []))
    for name in rest:
        assert site.sh(name, OURS) == ""
    assert site.held() == {"quarantine": places}
    assert came - packages(site) == {"ndppd"} | came - {"docker.io", "docker-cli", "containerd", "runc", "tini"}

    site.sh("bare", f"docker volume rm own; {NEEDS_TINI}")
    again = site.run(RETIRE, "-e", "retire_packages=true")
    assert {name: again[name]["changed"] for name in rest} == dict.fromkeys(rest, 0)
    assert packages(site) - had == {"own", "tini"}

    site.sh("bare", "dpkg -P own")
    assert site.run(RETIRE, "-e", "retire_packages=true", "--limit", "bare")["bare"]["changed"]
    assert packages(site) == had
    # Of what Docker has set in the kernel nobody keeps a record.
    site.reboot("bare")
    assert differences(before, site.looks(), ["bare"]) == {"bare": ([], [])}
    assert site.sh("bare", OURS) == ""
    assert not site.run(RETIRE, "-e", "retire_packages=true", "--limit", "bare")["bare"]["changed"]
