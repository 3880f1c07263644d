# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ndp_proxy with its other backends, what it refuses, and what is left when it goes."""

from __future__ import annotations

import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import Lab
from ndp_hosts import HOSTS, PREFIX, WITHIN, Proxies, prefix, start, unit, up


@pytest.fixture(scope="module")
def proxies(lab: Lab) -> Proxies:
    return up(lab)


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
    # As long as the file is there, and if need be a minute.
    poll = """
        touch /run/poll.on
        for i in $(seq 600); do
            [ -e /run/poll.on ] || break
            ip -6 route show default | grep -q . || echo lost
            sleep 0.1
        done"""

    def take(host: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            watch = pool.submit(proxies.lab.sh, host, poll)
            done = proxies.run(host, backend="networkd", addresses=[f"{PREFIX[host]}::50", f"{PREFIX[host]}::51"])
            # Longer than the router's interval, so that what an advertisement changes is seen, too.
            proxies.lab.sh(host, "sleep 6; rm /run/poll.on")
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
        proxies.run(host, ansible=True, backend="kernel", prefixes=[prefix(host)], addresses=[f"{PREFIX[host]}::99"])
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
