# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel answers for eight containers, to two neighbours, and then things break."""

from __future__ import annotations

import json
import time

import pytest
from conftest import Lab
from ndp_hosts import HOSTS, PREFIX, Proxies, start, unit, up


@pytest.fixture(scope="module")
def proxies(lab: Lab) -> Proxies:
    return up(lab)


def answered(proxies: Proxies, host: str) -> None:
    addresses = proxies.addresses(host)
    assert len(addresses) == 8
    assert proxies.entries(host) == set(addresses)
    for seen in proxies.answering(host, addresses).values():
        assert seen == set(addresses)


def agent_at_rest(proxies: Proxies, host: str) -> tuple[int, int]:
    """The ticks of 10 ms that the agent takes in 20 seconds, and its resident memory in KiB."""
    show = f"systemctl show -P MainPID {unit(host)} 2>/dev/null || systemctl show --value -p MainPID {unit(host)}"
    pid = proxies.lab.sh(host, show).strip()
    times = f"cut -d' ' -f14,15 /proc/{pid}/stat"
    shown = proxies.lab.sh(host, f"{times}; sleep 20; {times}; grep VmRSS /proc/{pid}/status").splitlines()
    return sum(map(int, shown[1].split())) - sum(map(int, shown[0].split())), int(shown[2].split()[1])


@pytest.fixture(scope="module")
def minute(proxies: Proxies) -> dict[str, tuple[int, int]]:
    """A minute in which nobody asks, after all were asked for; what the agents do meanwhile."""
    proxies.all(lambda host: answered(proxies, host))
    begin = time.monotonic()
    found = proxies.all(lambda host: agent_at_rest(proxies, host))
    time.sleep(begin + 60 - time.monotonic())
    return found


def test_eight_answer_two_neighbours_at_once_and_a_minute_later(
    proxies: Proxies, minute: dict[str, tuple[int, int]]
) -> None:
    assert set(minute) == set(HOSTS)
    proxies.all(lambda host: answered(proxies, host))


def test_idle_costs_nothing(minute: dict[str, tuple[int, int]]) -> None:
    for host, (ticks, resident) in minute.items():
        assert ticks <= 2, f"{host}: {ticks} ticks of 10 ms in 20 s"
        assert resident < 20 * 1024, host


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


def test_an_entry_comes_and_goes_with_its_container(proxies: Proxies) -> None:
    def follow(host: str) -> None:
        lab = proxies.lab
        lab.sh(host, "docker run -d --name late --stop-signal KILL busybox sleep 600 >/dev/null")
        address = lab.sh(
            host, "docker inspect -f '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}' late"
        ).strip()
        proxies.wait(host, address, there=True)
        lab.sh(host, "docker rm -f late")
        proxies.wait(host, address, there=False)

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
    # Without the delay an answer comes at once; with it, it comes too, so that no packet tells.
    for host in HOSTS:
        uplink = HOSTS[host]["uplink"]
        settings = f"/proc/sys/net/ipv6/conf/{uplink}/proxy_ndp /proc/sys/net/ipv6/neigh/{uplink}/proxy_delay"
        assert proxies.lab.exec(host, "cat", *settings.split()).split() == ["1", "0"], host


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
