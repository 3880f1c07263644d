# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Docker host with containers behind the firewall, what is to be reached from where, and the means to try it."""

from __future__ import annotations

import ipaddress
import json
import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._docker_host import plan

if t.TYPE_CHECKING:
    from conftest import Lab

HOSTS = {
    "bookworm": {"suite": "bookworm", "manager": "kernel", "routed_prefix": "2001:db8:0:11::/64"},
    "trixie": {"suite": "trixie", "manager": "networkd", "routed_prefix": "2001:db8:0:12::/64"},
    "sid": {"suite": "sid", "manager": "kernel", "routed_prefix": "2001:db8:0:13::/64"},
}
TABLE = "ip6 routable_containers"
UNIT = "routable-ipv6-firewall-containers.service"
FILES = (
    "/etc/routable-ipv6/firewall-containers.nft",
    f"/etc/systemd/system/{UNIT}",
    "/etc/systemd/system/nftables.service.d/routable-ipv6-containers.conf",
)
STRANGER = "2001:db8:ffff::2"

# Connects to every target at once and prints for each whether it answered.
PROBE = r"""
import json, socket, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
def probe(target):
    kind, address, port = target
    if kind == "ping":
        return subprocess.run(["ping", "-c1", "-W2", address], stdout=subprocess.DEVNULL).returncode == 0
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as sock:
        sock.settimeout(2)
        try:
            sock.connect((address, port))
            if kind == "udp":
                sock.send(b"x")
                return sock.recv(9) == b"x"
            return True
        except OSError:
            return False
targets = json.loads(sys.argv[1])
with ThreadPoolExecutor(len(targets)) as pool:
    print(json.dumps(list(pool.map(probe, targets))))
"""
# Answers every datagram on the ports given.
ECHO = r"""
import select, socket, sys
socks = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for port in sys.argv[1:]]
for sock, port in zip(socks, sys.argv[1:]):
    sock.bind(("::", int(port)))
while True:
    for sock in select.select(socks, [], [])[0]:
        data, peer = sock.recvfrom(99)
        sock.sendto(data, peer)
"""
# Tries a port over and over for some seconds and prints how often it was open and how often not.
POLL = r"""
import json, socket, sys, time
address, port, seconds, wait = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
count, end = {"open": 0, "closed": 0}, time.monotonic() + seconds
while time.monotonic() < end:
    with socket.socket(socket.AF_INET6) as sock:
        sock.settimeout(wait)
        try:
            sock.connect((address, port))
            count["open"] += 1
        except OSError:
            count["closed"] += 1
    # Or it is the web server that has no time for more.
    time.sleep(0.02)
print(json.dumps(count))
"""
SETUP = r"""
# What a kept lab has from an earlier run.
docker rm -f web peer plain >/dev/null 2>&1 || true
docker network rm routable >/dev/null 2>&1 || true
sysctl -qw net.ipv6.conf.ens3.accept_ra=%(accept_ra)s
printf 'net/ipv6/conf/ens3/accept_ra = %(accept_ra)s\n' >/etc/sysctl.d/90-test.conf
mkdir -p /etc/docker
printf '{"ipv6": true, "fixed-cidr-v6": "%(bridge)s", "ip6tables": false}\n' >/etc/docker/daemon.json
systemctl restart docker
docker import /opt/lab/busybox.tgz lab/busybox:latest >/dev/null
docker network create --ipv6 --subnet %(user)s --gateway %(gateway)s --ip-range %(ip_range)s %(options)s routable >/dev/null
serve='for port in 80 9; do httpd -p $port; done; exec sleep 2147483647'
run="docker run -d --init --restart always --stop-timeout 1"
$run --name web --network routable --ip6 %(web)s -p 0.0.0.0:8081:80 lab/busybox sh -c "$serve" >/dev/null
$run --name peer --network routable lab/busybox sh -c "$serve" >/dev/null
$run --name plain lab/busybox sh -c "$serve" >/dev/null
"""


class World:
    """One lab host with Docker and containers, and what is to be reached from where."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab, self.name = lab, name
        routed = ipaddress.IPv6Network(HOSTS[name]["routed_prefix"])
        # Within a lab host there is no /dev/disk, so a Docker host is all that this one is.
        self.plan = plan(
            {
                "host": name,
                "prefix": str(ipaddress.IPv6Network((int(routed[0]) + (0xD << 48), 80))),
                "addresses": [
                    {"name": "web", "suffix": "::20", "ports": [80, {"port": 53, "protocol": "udp"}]},
                ],
                "docker_version": lab.sh(name, "docker version -f '{{.Server.Version}}'"),
            }
        )
        self.web = self.plan["addresses"]["web"]["address"]
        self.args = {"prefixes": [self.plan["prefix"]], "allow": self.plan["allow"]}

    def setup(self) -> None:
        user = self.plan["user"]
        options = " ".join(f"-o {key}={value}" for key, value in self.plan["docker_network_options"].items())
        values = {
            "accept_ra": 0 if HOSTS[self.name]["manager"] == "networkd" else 2,
            "bridge": self.plan["bridge"]["prefix"],
            "user": user["prefix"],
            "gateway": user["gateway"],
            "ip_range": user["ip_range"],
            "options": options,
            "web": self.web,
        }
        self.lab.sh(self.name, SETUP % values)
        self.serve()
        self.add_others()
        self.sh(f"systemctl disable --now {UNIT} || true; nft delete table {TABLE} || true; rm -f {' '.join(FILES)}")
        self.seen(True, ("tcp", self.web, 80), ("tcp", self.address("plain", "bridge"), 9))

    def serve(self) -> None:
        """A service in the network of a container that answers UDP, and one of the host that listens everywhere."""
        self.sh("systemctl stop echo everywhere 2>/dev/null || true")
        pid = self.sh("docker inspect -f '{{.State.Pid}}' web")
        run = ("systemd-run", "--collect")
        echo = ("nsenter", "-t", pid, "-n", "python3", "-c", ECHO, "53", "54")
        self.lab.exec(self.name, *run, "--unit=echo", *echo)
        http = ("python3", "-m", "http.server", "--bind", "::", "-d", "/usr/share/doc/adduser", "7777")
        self.lab.exec(self.name, *run, "--unit=everywhere", *http)

    def add_others(self) -> None:
        """Rules of somebody else's, which must stay as they are."""
        self.sh("nft add table inet others; nft add chain inet others c; nft add rule inet others c counter accept")

    def sh(self, script: str) -> str:
        return self.lab.sh(self.name, f"PATH=$PATH:/usr/sbin; {script}").strip()

    def address(self, container: str, network: str) -> str:
        found = json.loads(self.sh(f"docker inspect -f '{{{{json .NetworkSettings.Networks}}}}' {container}"))
        return found[network]["GlobalIPv6Address"]

    def probe(self, *targets: tuple[str, str, int], origin: str = "stranger") -> list[bool]:
        return json.loads(self.lab.exec(origin, "python3", "-c", PROBE, json.dumps(targets)))

    def seen(self, wanted: bool, *targets: tuple[str, str, int], seconds: float = 10, origin: str = "stranger") -> None:
        """Wait until all targets answer, or until none does."""
        end = time.monotonic() + seconds
        while True:
            found = self.probe(*targets, origin=origin)
            if found == [wanted] * len(targets):
                return
            assert time.monotonic() < end, list(zip(targets, found))

    def inside(self, container: str, address: str, port: int) -> bool:
        """Whether a container can connect. Its image needs no tools for that: only its network is entered."""
        pid = self.sh(f"docker inspect -f '{{{{.State.Pid}}}}' {container}")
        command = ("nsenter", "-t", pid, "-n", "python3", "-c", PROBE, json.dumps([("tcp", address, port)]))
        return json.loads(self.lab.exec(self.name, *command)) == [True]

    def module(self, check: bool = False, ansible: bool = False, **more: t.Any) -> dict[str, t.Any]:
        """The module's result, which is a good one; with ``ansible`` by the command of that name."""
        run = self.lab.ansible if ansible else self.lab.modules
        result = run([self.name], "ipv6_firewall", check, **{**self.args, **more})[self.name]
        assert not result.get("failed"), result
        return result

    def table(self) -> str:
        return self.sh(f"nft -s list table {TABLE} 2>/dev/null || true")

    def state(self) -> list[str]:
        """All that the module owns, and what it must not touch."""
        script = (
            f"set +e; cat {' '.join(FILES)} 2>&1; systemctl is-enabled {UNIT} 2>&1; systemctl is-active {UNIT}; true"
        )
        return [self.table(), self.sh(script), self.sh("nft -s list table inet others"), self.sh("iptables -t nat -S")]

    def assert_closed(self) -> None:
        """The whole promise."""
        plain, peer = self.address("plain", "bridge"), self.address("peer", "routable")
        ipv4 = self.sh("ip -4 -o address show ens3 | sed 's/.*inet \\([0-9.]*\\).*/\\1/'")
        gateways = [self.plan["bridge"]["gateway"], self.plan["user"]["gateway"]]
        own = json.loads(self.sh("ip -6 -j address show dev ens3 scope global"))[0]["addr_info"][0]["local"]
        self.seen(
            True,
            ("tcp", self.web, 80),
            ("udp", self.web, 53),
            ("tcp", own, 7777),
            ("ping", self.web, 0),
            ("ping", peer, 0),
            ("ping", plain, 0),
            ("ping", gateways[0], 0),
            ("ping", gateways[1], 0),
            ("tcp", ipv4, 8081),
            seconds=40,
        )
        self.seen(
            False,
            ("tcp", self.web, 9),
            ("tcp", peer, 80),
            ("tcp", peer, 9),
            ("tcp", plain, 80),
            ("tcp", plain, 9),
            ("udp", self.web, 54),
            ("tcp", gateways[0], 7777),
            ("tcp", gateways[1], 7777),
            ("tcp", gateways[0], 8081),
            seconds=0,
        )
        assert self.inside("peer", self.web, 9), "containers of one network reach each other"
        assert not self.inside("plain", self.web, 9), "another bridge is outside"
        assert self.inside("plain", self.web, 80)
