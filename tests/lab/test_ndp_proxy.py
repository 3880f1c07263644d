# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ndp_proxy on three generations of Docker: two neighbours ask for eight containers, and then things break."""

from __future__ import annotations

import json
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest

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

    def __init__(self, lab: t.Any) -> None:
        self.lab = lab

    def all(self, action: t.Callable[[str], t.Any]) -> dict[str, t.Any]:
        with ThreadPoolExecutor(len(HOSTS)) as pool:
            jobs = {host: pool.submit(action, host) for host in HOSTS}
            return {host: job.result() for host, job in jobs.items()}

    def sh(self, script: str) -> dict[str, str]:
        return self.all(lambda host: self.lab.sh(host, script.replace("UPLINK", HOSTS[host]["uplink"])))

    def module(self, host: str, check: bool = False, **args: t.Any) -> dict[str, t.Any]:
        return self.lab.module(host, "ndp_proxy", check, uplink=HOSTS[host]["uplink"], **args)

    def run(self, host: str, **args: t.Any) -> dict[str, t.Any]:
        """What the module predicts, does, and then finds nothing more to do about."""
        predicted = self.module(host, check=True, **args)
        done = self.module(host, **args)
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


@pytest.fixture(scope="module")
def proxies(lab: t.Any) -> Proxies:
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


def start(lab: t.Any, host: str, numbers: t.Iterable[int]) -> None:
    """Containers, in turn on the default bridge and without a name, and on the user-defined network with a name."""
    run = "docker run -d --restart always --stop-signal KILL"
    script = "\n".join(
        f"{run} --name c{number} --network user --ip6 {PREFIX[host]}:8000::{number + 16:x} busybox httpd -f -p 80"
        if number % 2
        else f"{run} busybox httpd -f -p 80"
        for number in numbers
    )
    lab.sh(host, script)


def test_eight_answer_two_neighbours_at_once_and_a_minute_later(proxies: Proxies) -> None:
    def ask(host: str) -> None:
        addresses = proxies.addresses(host)
        assert len(addresses) == 8
        assert proxies.entries(host) == set(addresses)
        for seen in proxies.answering(host, addresses).values():
            assert seen == set(addresses)

    proxies.all(ask)
    time.sleep(60)
    proxies.all(ask)


def test_nobody_advertises_what_nobody_holds(proxies: Proxies) -> None:
    asked = {host: f"{PREFIX[host]}::dead" for host in HOSTS}
    held = {host: proxies.addresses(host)[0] for host in HOSTS}
    pings = "; ".join(
        f"ping -6 -n -c 2 -W 1 {address} >/dev/null || true" for address in [*asked.values(), *held.values()]
    )
    script = f"ip -6 neigh flush dev br0; (timeout 12 tcpdump -lni br0 'icmp6 and ip6[40] == 136' 2>/dev/null || true) & sleep 1; {pings}; wait"
    seen = proxies.lab.sh("router", script)
    for host in HOSTS:
        assert f"tgt is {held[host]}," in seen
        assert f"tgt is {asked[host]}," not in seen


def test_an_entry_is_there_before_the_container_runs_and_goes_with_it(proxies: Proxies) -> None:
    def follow(host: str) -> None:
        lab = proxies.lab
        since = lab.sh(
            host, "date +%s.%N; docker run -d --name late --stop-signal KILL busybox sleep 600 >/dev/null"
        ).strip()
        address = lab.sh(
            host, "docker inspect -f '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}' late"
        ).strip()
        started = lab.sh(
            host,
            f"sleep 1; docker events --since {since} --until $(date +%s) --filter container=late --filter event=start --format '{{{{.TimeNano}}}}'",
        )
        journal = lab.sh(
            host, f"journalctl -o short-unix --no-pager -u {unit(host)} | grep -F ': answering for {address}' | tail -1"
        )
        assert float(journal.split()[0]) < int(started) / 1e9, host
        assert address in proxies.entries(host)
        proxies.lab.sh(host, "docker rm -f late; sleep 0.5")
        assert address not in proxies.entries(host)

    proxies.all(follow)


BREAKAGES = {
    "uplink down and up": "ip link set UPLINK down; sleep 1; ip link set UPLINK up",
    "docker restarted": "systemctl reset-failed docker; systemctl restart docker",
    "dockerd killed": "kill -9 $(cat /run/docker.pid)",
    "agent killed": "systemctl kill -s KILL routable-ipv6-ndp-UPLINK.service",
    "settings and entries taken away": """
        echo 0 >/proc/sys/net/ipv6/conf/UPLINK/proxy_ndp; echo 80 >/proc/sys/net/ipv6/neigh/UPLINK/proxy_delay
        for a in $(ip -6 neigh show proxy | cut -d' ' -f1); do ip -6 neigh del proxy $a dev UPLINK; done""",
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_all_answer_again(proxies: Proxies, breakage: str) -> None:
    proxies.sh(BREAKAGES[breakage])
    proxies.all(proxies.all_answer)


def test_all_answer_again_after_the_bridge_was_made_anew(proxies: Proxies) -> None:
    def again(host: str) -> None:
        odd = [number for number in range(8) if number % 2]
        proxies.lab.sh(
            host,
            f"docker rm -f {' '.join(f'c{number}' for number in odd)}; docker network rm user;"
            f"docker network create --ipv6 --subnet {PREFIX[host]}:8000::/81 -o com.docker.network.bridge.name=br-user user",
        )
        start(proxies.lab, host, odd)
        proxies.all_answer(host)

    proxies.all(again)


def test_all_answer_again_after_the_uplink_was_made_anew(proxies: Proxies) -> None:
    for host in HOSTS:
        proxies.lab.lab("link", host, "recreate")
    proxies.all(proxies.all_answer)


def test_all_answer_again_after_a_reboot(proxies: Proxies) -> None:
    proxies.all(lambda host: proxies.lab.lab("reboot", host))
    proxies.all(proxies.all_answer)


def test_containers_that_outlive_docker_keep_their_entries(proxies: Proxies) -> None:
    path = "/etc/docker/daemon.json"

    def away(host: str) -> None:
        lab = proxies.lab
        before = lab.exec(host, "cat", path)
        live = json.dumps({**json.loads(before), "live-restore": True})
        lab.sh(host, f"echo '{live}' >{path}; systemctl reset-failed docker; systemctl restart docker; sleep 1")
        proxies.all_answer(host)
        seconds = (
            float(
                lab.sh(
                    host, "a=$(date +%s%N); systemctl stop docker.socket docker.service; echo $(($(date +%s%N) - a))"
                )
            )
            / 1e9
        )
        held = proxies.entries(host)
        # One loses its cable while nobody can say so. (When only its program ends, its kernel goes on answering.)
        cut = "p=$(ls /sys/class/net/br-user/brif | head -1); ip link del $p; sleep 9"
        lab.sh(host, cut)
        left = proxies.entries(host)
        state = lab.sh(host, "systemctl is-active docker.service || true").strip()
        lab.sh(
            host,
            "systemctl reset-failed docker; systemctl start docker.socket docker.service; docker restart c1 c3 c5 c7; "
            f"echo '{before}' >{path}; systemctl restart docker",
        )
        proxies.all_answer(host)
        assert seconds < 4, "the agent holds an ending daemon up"
        assert (len(held), len(left), len(held - left)) == (8, 7, 1), (held, left)
        assert state == "inactive", "the agent started Docker"

    proxies.all(away)


def test_foreign_entries_stay(proxies: Proxies) -> None:
    proxies.sh(
        "ip -6 neigh add proxy 2001:db8:0:9::1 dev UPLINK; systemctl restart routable-ipv6-ndp-UPLINK.service; sleep 1"
    )
    for host in HOSTS:
        assert "2001:db8:0:9::1" in proxies.entries(host)
    proxies.sh("ip -6 neigh del proxy 2001:db8:0:9::1 dev UPLINK")


def test_idle_costs_nothing(proxies: Proxies) -> None:
    def measure(host: str) -> None:
        pid = proxies.lab.sh(
            host,
            f"systemctl show -P MainPID {unit(host)} 2>/dev/null || systemctl show --value -p MainPID {unit(host)}",
        ).strip()
        shown = proxies.lab.sh(
            host,
            f"cut -d' ' -f14,15 /proc/{pid}/stat; sleep 20; cut -d' ' -f14,15 /proc/{pid}/stat; grep VmRSS /proc/{pid}/status",
        ).splitlines()
        ticks = sum(map(int, shown[1].split())) - sum(map(int, shown[0].split()))
        assert ticks <= 2, f"{ticks} ticks of 10 ms in 20 s"
        assert int(shown[2].split()[1]) < 20 * 1024

    proxies.all(measure)


def test_refusals(proxies: Proxies) -> None:
    state = "find /etc /usr/local/lib /var/lib/routable-ipv6 -newer /run/mark -type f ! -path '/etc/docker/*'"
    proxies.lab.sh("t", "touch /run/mark; sleep 0.1")
    good = {"prefixes": [prefix("t")]}
    for args, message in (
        ({"prefixes": ["198.51.100.0/24"]}, "prefixes=198.51.100.0/24: this is IPv4 where IPv6 is needed."),
        (
            {"prefixes": ["2001:db8:0:1::/64"]},
            "prefixes=2001:db8:0:1::/64: it has all of the uplink's own on-link prefix 2001:db8:0:1::/64",
        ),
        ({"prefixes": ["2001:db8::/32"]}, "it has all of the uplink's own on-link prefix"),
        ({}, "there is nothing to answer for"),
        ({**good, "backend": "networkd"}, "systemd-networkd answers for single addresses only"),
        (
            {**good, "backend": "ndppd", "ndppd_mode": "auto"},
            "ndppd_mode=auto: ndppd 0.2.5 answers for one address at a time",
        ),
        ({**good, "backend": "ndppd", "bridges": ["br 0"]}, "bridges=br 0: an interface's name is"),
        ({**good, "backend": "ndppd"}, "ndppd must know where to ask"),
    ):
        result = proxies.module("t", **args)
        assert result.get("failed") and message in result["msg"], result
    result = proxies.lab.module("t", "ndp_proxy", uplink="eth7", **good)
    assert "uplink=eth7: there is no such interface on this host" in result["msg"]
    result = proxies.module("b", backend="networkd", addresses=["2001:db8:0:1::99"])
    assert "systemd-networkd does not manage this interface" in result["msg"]
    proxies.lab.sh("t", "mv /usr/sbin/ndppd /usr/sbin/ndppd.away")
    result = proxies.module("t", backend="ndppd", bridges=["docker0"], **good)
    proxies.lab.sh("t", "mv /usr/sbin/ndppd.away /usr/sbin/ndppd")
    assert "Install the package ndppd first" in result["msg"]
    assert proxies.lab.sh("t", state) == ""


def test_a_unit_that_does_not_start_leaves_all_as_it_was(proxies: Proxies) -> None:
    def fail(host: str) -> None:
        directory = f"/etc/systemd/system/{unit(host)}.d"
        config = f"/etc/routable-ipv6/ndp-{HOSTS[host]['uplink']}.json"
        other = "2001:db8:0:7::/80"
        proxies.lab.sh(
            host,
            f"mkdir {directory}; printf '[Service]\\nExecStartPre=/bin/sh -c \"! grep -q {other} {config}\"\\n' >{directory}/x.conf;"
            "systemctl daemon-reload",
        )
        seen = (
            f"sha256sum {config} /etc/systemd/system/{unit(host)} /var/lib/routable-ipv6/*; "
            f"systemctl is-active {unit(host)}; systemctl is-enabled {unit(host)}"
        )
        before = proxies.lab.sh(host, seen)
        result = proxies.module(host, prefixes=[prefix(host), other])
        assert result.get("failed"), result
        assert f"systemctl restart {unit(host)} failed" in result["msg"]
        assert "All files, units and settings were restored" in result["msg"]
        assert proxies.lab.sh(host, seen) == before
        proxies.lab.sh(host, f"rm -r {directory}; systemctl daemon-reload")
        proxies.all_answer(host)

    proxies.all(fail)


def test_ndppd_takes_over_and_recovers(proxies: Proxies) -> None:
    """One neighbour at a time: the router."""

    def router_hears(host: str, among: t.Iterable[str] | None = None) -> None:
        end = time.monotonic() + WITHIN
        while True:
            wanted = set(among or proxies.addresses(host))
            ask = f"ip -6 neigh flush dev br0; for a in {' '.join(wanted)}; do (ping -6 -n -c 1 -W 3 $a >/dev/null 2>&1 && echo $a || true) & done; wait"
            if len(wanted) >= 4 and set(proxies.lab.sh("router", ask).split()) == wanted:
                return
            assert time.monotonic() < end, host
            time.sleep(0.3)

    def take(host: str) -> dict[str, t.Any]:
        done = proxies.run(host, backend="ndppd", prefixes=[prefix(host)], bridges=["docker0", "br-user"])
        assert proxies.entries(host) == set()
        return done

    proxies.all(take)
    for host in HOSTS:
        router_hears(host)
    asked = {host: f"{PREFIX[host]}::dead" for host in HOSTS}
    for host in HOSTS:
        assert (
            proxies.lab.sh("router", f"ping -6 -n -c 2 -W 1 {asked[host]} || ip -6 neigh show {asked[host]}")
            .strip()
            .endswith(("FAILED", "INCOMPLETE"))
        )
    assert set(proxies.sh("systemctl is-enabled ndppd.service || true").values()) == {"masked\n"}
    proxies.sh("systemctl kill -s KILL routable-ipv6-ndp-UPLINK.service")
    for host in HOSTS:
        router_hears(host)

    def rebuild(host: str) -> None:
        odd = [number for number in range(8) if number % 2]
        create = f"docker network create --ipv6 --subnet {PREFIX[host]}:8000::/81 -o com.docker.network.bridge.name=br-user user"
        proxies.lab.sh(
            host, f"docker rm -f {' '.join(f'c{number}' for number in odd)}; docker network rm user; {create}"
        )
        start(proxies.lab, host, odd)

    proxies.all(rebuild)
    for host in HOSTS:
        router_hears(host)
    for host in HOSTS:
        proxies.lab.lab("link", host, "recreate")
    for host in HOSTS:
        router_hears(host)
    proxies.sh("systemctl reset-failed docker; systemctl restart docker")
    for host in HOSTS:
        router_hears(host)


def test_networkd_answers_for_fixed_addresses_and_keeps_the_default_route(proxies: Proxies) -> None:
    poll = "for i in $(seq 150); do ip -6 route show default | grep -q . || echo lost; sleep 0.1; done"

    def take(host: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            watch = pool.submit(proxies.lab.sh, host, poll)
            done = proxies.run(host, backend="networkd", addresses=[f"{PREFIX[host]}::50", f"{PREFIX[host]}::51"])
            assert watch.result() == ""
        assert done["entries"] == [f"{PREFIX[host]}::50", f"{PREFIX[host]}::51"]
        assert proxies.entries(host) == set(done["entries"])
        less = proxies.run(host, backend="networkd", addresses=[f"{PREFIX[host]}::51"])
        assert proxies.entries(host) == set(less["entries"]) == {f"{PREFIX[host]}::51"}
        proxies.lab.sh(
            host, f"ip link set {HOSTS[host]['uplink']} down; sleep 1; ip link set {HOSTS[host]['uplink']} up; sleep 5"
        )
        assert proxies.entries(host) == {f"{PREFIX[host]}::51"}
        # Nothing of the backend before.
        assert proxies.lab.sh(host, "systemctl is-enabled ndppd.service || true").strip() != "masked"

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(take, host) for host in ("t", "s")]:
            job.result()


def test_none_and_absent_leave_nothing(proxies: Proxies) -> None:
    def leave(host: str) -> None:
        proxies.run(host, backend="kernel", prefixes=[prefix(host)], addresses=[f"{PREFIX[host]}::99"])
        proxies.all_answer(host)
        assert f"{PREFIX[host]}::99" in proxies.entries(host)
        proxies.run(host, **({"backend": "none"} if host == "b" else {"state": "absent"}))
        left = proxies.lab.sh(
            host,
            "find /etc /usr/local /var/lib -xdev -path '*routable*'; ip -6 neigh show proxy;"
            "systemctl list-units --all --no-legend 'routable-*'; systemctl is-enabled ndppd.service | grep masked || true;"
            f"cat /proc/sys/net/ipv6/conf/{HOSTS[host]['uplink']}/proxy_ndp /proc/sys/net/ipv6/neigh/{HOSTS[host]['uplink']}/proxy_delay",
        )
        assert left.split() == ["0", "80"], left

    proxies.all(leave)
