# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker hosts of three generations with eight containers each behind an NDP proxy, and the two neighbours of each."""

from __future__ import annotations

import json
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

if t.TYPE_CHECKING:
    from conftest import Lab

HOSTS = {
    "b": {"suite": "bookworm", "uplink": "ens3", "manager": "kernel"},
    "t": {"suite": "trixie", "uplink": "enp1s0", "manager": "networkd"},
    "s": {"suite": "sid", "uplink": "ens3.100", "manager": "netplan"},
}
# Who asks beside the router: a host on the same link.
SECOND = {"b": "t", "t": "s", "s": "b"}
PREFIX = {"b": "2001:db8:0:1:b", "t": "2001:db8:0:1:c", "s": "2001:db8:0:1:d"}
WITHIN = 10.0  # seconds until everything answers again, whatever broke

Answers = t.Callable[[str], bool]


def prefix(host: str) -> str:
    return f"{PREFIX[host]}::/80"


def unit(host: str) -> str:
    return f"routable-ipv6-ndp-{HOSTS[host]['uplink']}.service"


class Proxies:
    """The hosts with their containers, and the two neighbours of each."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def all(self, action: t.Callable[[str], t.Any]) -> dict[str, t.Any]:
        with ThreadPoolExecutor(len(HOSTS)) as pool:
            jobs = {host: pool.submit(action, host) for host in HOSTS}
            return {host: job.result() for host, job in jobs.items()}

    def sh(self, script: str) -> dict[str, str]:
        return self.all(lambda host: self.lab.sh(host, script.replace("UPLINK", HOSTS[host]["uplink"])))

    def module(self, host: str, check: bool = False, ansible: bool = False, **args: t.Any) -> dict[str, t.Any]:
        """The module's result; with ``ansible`` by the command of that name."""
        run = self.lab.ansible if ansible else self.lab.modules
        return run([host], "ndp_proxy", check, uplink=HOSTS[host]["uplink"], **args)[host]

    def run(self, host: str, ansible: bool = False, **args: t.Any) -> dict[str, t.Any]:
        """What the module predicts, does, and then finds nothing more to do about."""
        predicted = self.module(host, check=True, ansible=ansible, **args)
        done = self.module(host, ansible=ansible, **args)
        again = self.module(host, **args)
        assert not done.get("failed"), done
        for key in ("changed", "changes", "diff", "unit", "backend"):
            assert predicted[key] == done[key], (host, key)
        assert done["changed"], host
        assert not again["changed"], (host, again["changes"])
        assert again["diff"]["before"] == done["diff"]["after"], host
        return done

    def addresses(self, host: str) -> list[str]:
        """Of the containers that run, by Docker's account."""
        form = "{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}} {{end}}"
        return self.lab.sh(host, f"docker ps -q | xargs -r docker inspect -f '{form}'").split()

    def answering(self, host: str, addresses: t.Iterable[str]) -> dict[str, set[str]]:
        """Which of the addresses answer each neighbour, whose caches are emptied first."""
        asked = " ".join(addresses)
        found = {}
        for who, link in (("router", "br0"), (SECOND[host], HOSTS[SECOND[host]]["uplink"])):
            found[who] = set(
                self.lab.sh(
                    who,
                    f"ip -6 neigh flush dev {link}; for a in {asked};"
                    " do (ping -6 -n -c 1 -W 2 $a >/dev/null 2>&1 && echo $a || true) & done; wait",
                ).split()
            )
        return found

    def all_answer(self, host: str, number: int = 8) -> None:
        """Within the time that is allowed, all containers answer both neighbours in one go."""
        end = time.monotonic() + WITHIN
        while True:
            addresses = self.addresses(host)
            found = self.answering(host, addresses)
            if len(addresses) == number and all(seen == set(addresses) for seen in found.values()):
                return
            if time.monotonic() > end:
                journal = self.lab.sh(
                    host, f"ip -6 neigh show proxy; journalctl -n 15 --no-pager -u {unit(host)}", check=False
                )
                raise AssertionError(f"{host}: {len(addresses)} of {number} containers run; {found}\n{journal}")
            time.sleep(0.3)

    def entries(self, host: str) -> set[str]:
        shown = self.lab.sh(host, "ip -6 -j neigh show proxy")
        return {entry["dst"] for entry in json.loads(shown or "[]")}

    def wait(self, host: str, address: str, there: bool) -> None:
        """Until the host answers for the address, or no longer does. How soon is what the benchmark tells."""
        end = time.monotonic() + WITHIN
        while (address in self.entries(host)) is not there:
            assert time.monotonic() < end, f"{host}: {address} is {'not ' if there else ''}answered for"
            time.sleep(0.1)


def start(lab: Lab, host: str, numbers: t.Iterable[int]) -> None:
    """Containers, in turn on the default bridge and without a name, and on the user-defined network with a name."""
    run = "docker run -d --restart always --stop-signal KILL"
    script = "\n".join(
        f"{run} --name c{number} --network user --ip6 {PREFIX[host]}:8000::{number + 16:x} busybox httpd -f -p 80"
        if number % 2
        else f"{run} busybox httpd -f -p 80"
        for number in numbers
    )
    lab.sh(host, script)


def up(lab: Lab) -> Proxies:
    """Bring the hosts up with their containers, the kernel answering for them."""
    lab.up([{"name": name, **values} for name, values in HOSTS.items()])
    made = Proxies(lab)

    def prepare(host: str) -> None:
        base = PREFIX[host]
        daemon = json.dumps({"ipv6": True, "fixed-cidr-v6": f"{base}::/81", "ip6tables": False})
        kernel = f"net/ipv6/conf/{HOSTS[host]['uplink']}/accept_ra = 2\n" if HOSTS[host]["manager"] == "kernel" else ""
        lab.sh(
            host,
            f"""
            printf '%s' '{kernel}' >/etc/sysctl.d/91-lab.conf
            echo 'net/ipv6/conf/all/forwarding = 1' >>/etc/sysctl.d/91-lab.conf
            /usr/lib/systemd/systemd-sysctl || /lib/systemd/systemd-sysctl
            mkdir -p /etc/docker; echo '{daemon}' >/etc/docker/daemon.json
            systemctl restart docker
            docker image inspect busybox >/dev/null 2>&1 || docker import /opt/lab/busybox.tgz busybox >/dev/null
            docker network create --ipv6 --subnet {base}:8000::/81 -o com.docker.network.bridge.name=br-user user
            """,
        )
        module = made.module(host, prefixes=[prefix(host)])
        assert module["changed"], module
        start(lab, host, range(8))

    made.all(prepare)
    return made
