# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker hosts of three generations, and what docker_ipv6_daemon is asked to do on all of them at once."""

from __future__ import annotations

import json
import typing as t
from concurrent.futures import ThreadPoolExecutor

if t.TYPE_CHECKING:
    from conftest import Lab

HOSTS = {"b": (20, 10), "t": (26, 1), "s": (28, 5)}
ALL = tuple(HOSTS)
UPLINK = {"b": "ens3", "t": "enp1s0", "s": "enp1s0"}
PREFIX = "2001:db8:0:1:d::/80"
NEW = ("s",)
GOOD = {"fixed_cidr_v6": "2001:db8:5::/80"}
V4 = {"base": "10.99.0.0/16", "size": 24}
FILE = "/etc/docker/daemon.json"
DROPINS = "/etc/systemd/system/docker.service.d"
OURS = f"{DROPINS}/zz-routable-ipv6.conf"

# Everything that a test may have changed is as after the installation of the package.
RESET = f"""
docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1 || true
docker network prune -f >/dev/null 2>&1 || true
systemctl stop docker.socket docker.service 2>/dev/null || true
rm -rf {FILE} {DROPINS} /var/lib/routable-ipv6 /etc/default/docker
ip link del docker0 2>/dev/null || true
for t in filter nat raw; do ip6tables -t $t -F 2>/dev/null || true; ip6tables -t $t -X 2>/dev/null || true; done
ip6tables -P FORWARD ACCEPT
sysctl -qw net.ipv6.conf.all.forwarding=0 net.ipv6.conf.default.forwarding=0
systemctl daemon-reload
systemctl reset-failed docker.service docker.socket 2>/dev/null || true
systemctl start docker.socket docker.service
docker image inspect busybox >/dev/null 2>&1 || docker import /opt/lab/busybox.tgz busybox >/dev/null
"""
# The bytes of the files and which start of the daemon this is.
STATE = f"""
for f in {FILE} {DROPINS}/* /etc/default/docker /var/lib/routable-ipv6/*; do [ ! -e $f ] || sha256sum $f; done
systemctl show docker -p ActiveState -p InvocationID -p MainPID -p ExecMainStartTimestampMonotonic
"""


class Hosts:
    """All three hosts at once: what is done to one is done to the others at the same time."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    @classmethod
    def up(cls, lab: Lab, more: t.Iterable[dict[str, t.Any]] = ()) -> Hosts:
        suites = (("b", "bookworm"), ("t", "trixie"), ("s", "sid"))
        known = [
            {"name": name, "suite": suite, "uplink": UPLINK[name], "manager": "networkd"} for name, suite in suites
        ]
        lab.up([*known, *more])
        return cls(lab)

    def fresh(self) -> Hosts:
        """As after the installation of the package, whatever was done to them."""
        self.sh(RESET)
        return self

    def all(
        self, action: t.Callable[..., t.Any], *args: t.Any, hosts: t.Iterable[str] = ALL, **more: t.Any
    ) -> dict[str, t.Any]:
        with ThreadPoolExecutor(3) as pool:
            jobs = {host: pool.submit(action, host, *args, **more) for host in hosts}
            return {host: job.result() for host, job in jobs.items()}

    def sh(self, script: str, hosts: t.Iterable[str] = ALL) -> dict[str, str]:
        return self.all(self.lab.sh, script, hosts=hosts)

    def module(
        self, check: bool = False, hosts: t.Iterable[str] = ALL, ansible: bool = False, **args: t.Any
    ) -> dict[str, dict[str, t.Any]]:
        """The module's results by host; with ``ansible`` by the command of that name."""
        run = self.lab.ansible if ansible else self.lab.modules
        return run(list(hosts), "docker_ipv6_daemon", check, **args)

    def run(self, hosts: t.Iterable[str] = ALL, ansible: bool = False, **args: t.Any) -> dict[str, dict[str, t.Any]]:
        """What the module predicts, does, and then finds nothing more to do about."""
        before = self.state(hosts)
        predicted = self.module(check=True, hosts=hosts, ansible=ansible, **args)
        assert self.state(hosts) == before
        done = self.module(hosts=hosts, ansible=ansible, **args)
        again = self.module(hosts=hosts, ansible=ansible, **args)
        for host in hosts:
            assert not done[host].get("failed"), done[host]
            for key in (
                "changed",
                "changes",
                "effective",
                "pending",
                "restarted",
                "started_containers",
                "diff",
                "docker_version",
            ):
                assert predicted[host][key] == done[host][key], (host, key)
            assert not again[host]["changed"], (host, again[host]["changes"])
            assert again[host]["effective"] == done[host]["effective"], host
        return done

    def ip6tables_on(self) -> None:
        """Docker's own rules for IPv6, which older daemons have as an experiment."""
        for hosts, more in ((NEW, {}), (tuple(set(ALL) - set(NEW)), {"experimental": True})):
            self.module(hosts=hosts, fixed_cidr_v6=PREFIX, ip6tables=True, **more)

    def state(self, hosts: t.Iterable[str] = ALL) -> dict[str, str]:
        """The bytes of the files and which start of the daemon this is."""
        return self.sh(STATE, hosts)

    def write(self, path: str, text: str, hosts: t.Iterable[str] = ALL, restart: bool = False) -> None:
        def put(host: str) -> None:
            self.lab.exec(host, "sh", "-ec", f"mkdir -p $(dirname {path}); cat >{path}", stdin=text)

        self.all(put, hosts=hosts)
        if restart:
            self.sh("systemctl daemon-reload; systemctl reset-failed docker; systemctl restart docker", hosts)


def bridge(hosts: Hosts) -> dict[str, tuple[list[str], list[str]]]:
    """The global addresses of docker0 and the prefixes of its routes."""
    found = {}
    for host, text in hosts.sh("ip -6 -j addr show dev docker0; echo; echo @; ip -6 -j route show dev docker0").items():
        addresses, routes = (json.loads(part.strip() or "[]") for part in text.split("@"))
        found[host] = (
            [
                f"{one['local']}/{one['prefixlen']}"
                for link in addresses
                for one in link.get("addr_info", [])
                if one["scope"] == "global"
            ],
            sorted({one["dst"] for one in routes if not one["dst"].startswith("fe80")}),
        )
    return found


def subnets(hosts: Hosts) -> dict[str, list[str]]:
    """The IPv6 subnets of the default bridge by Docker's own account."""
    shown = hosts.sh("docker network inspect bridge -f '{{range .IPAM.Config}}{{.Subnet}} {{end}}'")
    return {host: [one for one in text.split() if ":" in one] for host, text in shown.items()}
