# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docker_ipv6_daemon on the real daemons of three generations: a prefix comes, changes and goes."""

from __future__ import annotations

import base64
import ipaddress
import json

from docker_daemons import FILE, GOOD, HOSTS, NEW, PREFIX, V4, Hosts, bridge, subnets


def test_fresh_host(fresh: Hosts) -> None:
    done = fresh.run(fixed_cidr_v6=PREFIX, ansible=True)
    for host, result in done.items():
        assert result["changed"] and result["restarted"], host
        assert result["effective"] == {"ipv6": True, "subnet": PREFIX, "gateway": "2001:db8:0:1:d::1"}
        assert len([one for one in result["changes"] if one.startswith("Restart")]) == 1
        assert json.loads(fresh.lab.exec(host, "cat", FILE)) == {"ipv6": True, "fixed-cidr-v6": PREFIX}
        assert result["diff"]["before"]["files"][FILE] is None
        assert tuple(map(int, result["docker_version"].split(".")[:2])) == HOSTS[host]
    assert set(map(str, subnets(fresh).values())) == {str([PREFIX])}
    # Another spelling is the same value.
    again = fresh.module(fixed_cidr_v6="2001:0DB8:0:1:D:0::/80")
    assert not any(result["changed"] for result in again.values())


def test_prefix_changes(fresh: Hosts) -> None:
    # Overlapping, which 20.10 does not start with and the others get wrong, then disjoint, which leaves routes behind.
    for prefix in ("2001:db8:5::/64", "2001:db8:5::/80", "2001:db8:6::/80", "2001:db8:6::/64"):
        done = fresh.run(fixed_cidr_v6=prefix)
        network = ipaddress.IPv6Network(prefix)
        gateway = f"{network[1]}/{network.prefixlen}"
        for host in HOSTS:
            assert done[host]["restarted"], (host, prefix)
            assert done[host]["effective"]["subnet"] == prefix
        for host, (addresses, routes) in bridge(fresh).items():
            assert addresses == [gateway], host
            assert routes == [prefix], host
        assert set(map(str, subnets(fresh).values())) == {str([prefix])}
    # Turned off, nothing of it stays.
    fresh.run(ipv6=False)
    assert set(map(str, bridge(fresh).values())) == {"([], [])"}


def test_stale_route_is_removed_without_a_restart(fresh: Hosts) -> None:
    fresh.run(fixed_cidr_v6=PREFIX)
    fresh.sh("ip -6 route add 2001:db8:77::/64 dev docker0 metric 1024; ip -6 addr add 2001:db8:78::1/64 dev docker0")
    done = fresh.run(fixed_cidr_v6=PREFIX)
    assert not any(result["restarted"] for result in done.values())
    assert set(map(str, bridge(fresh).values())) == {f"(['2001:db8:0:1:d::1/80'], ['{PREFIX}'])"}


def test_only_what_is_effective_counts(fresh: Hosts) -> None:
    """A file that is right is not enough, and one that is wrong is no reason to restart."""
    fresh.run(fixed_cidr_v6=PREFIX)
    # Written by hand, and not read by the daemon.
    fresh.write(FILE, '{"ipv6": true, "fixed-cidr-v6": "2001:db8:5::/80"}')
    done = fresh.run(fixed_cidr_v6=PREFIX)
    for result in done.values():
        assert result["changed"] and not result["restarted"]
    fresh.write(FILE, '{"ipv6": true, "fixed-cidr-v6": "2001:db8:5::/80"}', restart=False)
    done = fresh.run(fixed_cidr_v6="2001:db8:5::/80")
    for result in done.values():
        assert result["restarted"]
    # A default that is spelled out is no reason either.
    done = fresh.run(fixed_cidr_v6="2001:db8:5::/80", ip_forward=True, ip_masq=True)
    for result in done.values():
        assert result["changed"] and not result["restarted"]


def test_restart_false_is_pending(fresh: Hosts) -> None:
    started = fresh.state()
    for result in fresh.module(fixed_cidr_v6=PREFIX, restart=False).values():
        assert result["changed"] and not result["restarted"] and "restart is false" in result["pending"]
    for result in fresh.module(fixed_cidr_v6=PREFIX, restart=False).values():
        assert not result["changed"] and "restart is false" in result["pending"]
    pids = {host: text.splitlines()[-3:] for host, text in fresh.state().items()}
    assert pids == {host: text.splitlines()[-3:] for host, text in started.items()}
    for result in fresh.run(fixed_cidr_v6=PREFIX).values():
        assert result["restarted"] and result["pending"] is None


def test_byte_order_mark_and_line_ends_are_kept(fresh: Hosts) -> None:
    where = ("t", "s")
    text = '\ufeff{\r\n\t"debug" : true\r\n}\r\n'
    fresh.write(FILE, text, where)
    fresh.run(hosts=where, **GOOD)
    for host in where:
        shown = fresh.lab.exec(host, "base64", "-w0", FILE)
        assert base64.b64decode(shown).decode() == (
            '\ufeff{\r\n\t"debug" : true,\r\n\t"ipv6" : true,\r\n\t"fixed-cidr-v6" : "2001:db8:5::/80"\r\n}\r\n'
        )


def test_newer_keys(fresh: Hosts) -> None:
    options = {
        "ipv6": True,
        "bip6": "2001:db8:5::7/64",
        "fixed_cidr_v6": "2001:db8:5:0:1::/80",
        "allow_direct_routing": True,
        "ip_forward_no_drop": True,
        "host_gateway_ips": ["192.0.2.1", "2001:db8::1"],
        "default_address_pools": [V4, {"base": "2001:db8:7::/56", "size": 64}],
        "default_network_opts": {
            "bridge": {"com.docker.network.enable_ipv6": True, "com.docker.network.bridge.gateway_mode_ipv6": "routed"}
        },
    }
    done = fresh.run(hosts=NEW, **options)["s"]
    assert done["effective"] == {"ipv6": True, "subnet": "2001:db8:5::/64", "gateway": "2001:db8:5::7"}
    fresh.lab.sh("s", "docker network create one >/dev/null; docker network create two >/dev/null")
    shown = fresh.lab.sh("s", "docker network inspect two -f '{{.EnableIPv6}} {{json .IPAM.Config}} {{json .Options}}'")
    assert shown.startswith("true") and "2001:db8:7:1::/64" in shown and "routed" in shown
    # The same as flags.
    done = fresh.run(hosts=NEW, backend="dropin", **options)["s"]
    assert done["effective"]["gateway"] == "2001:db8:5::7"
    # A change within bip6 is effective in no other place than the range.
    fresh.run(hosts=NEW, **{**options, "fixed_cidr_v6": "2001:db8:5:0:2::/80"})
    assert "2001:db8:5:0:2::/80" in fresh.lab.sh("s", "docker network inspect bridge -f '{{json .IPAM.Config}}'")


def test_unique_local_prefix_of_dockers_choice(fresh: Hosts) -> None:
    fresh.run(hosts=NEW, fixed_cidr_v6=PREFIX)
    done = fresh.module(hosts=NEW, ipv6=True)["s"]
    assert done["restarted"] and any("unique local" in one for one in done["warnings"])
    assert subnets(fresh)["s"][0].startswith("fd"), subnets(fresh)
    assert not fresh.module(hosts=NEW, ipv6=True)["s"]["changed"]
