# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a probe sees from a host and from its containers, with packets."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import typing as t

import pytest
from docker_socket import Daemon
from namespaces import Namespace, namespace

SITE, SITE4 = "2001:db8:1::1", "203.0.113.2"
VANTAGE, VANTAGE4 = "2001:db8:1::2", "203.0.113.1"
BRIDGE, WEB, OLD, NOBODY = (f"2001:db8:2::{last}" for last in ("1", "20", "21", "ff"))
SERVERS = """
import socket, sys, time
listener = socket.create_server(("::", 80), family=socket.AF_INET6)
sockets = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for port in (53, 54)]
for port, silent in zip((53, 54), sockets):
    silent.bind(("::", port))
print("there", flush=True)
while True:
    content, peer = sockets[1].recvfrom(100)
    sockets[1].sendto(b"answer", peer)
"""
# As root without the one capability that a raw socket needs.
WITHOUT_RAW = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
Result = t.Dict[str, t.Any]


class World(t.NamedTuple):
    """A site, and a host that looks at it, with two containers behind a bridge of its own."""

    site: Namespace
    vantage: Namespace
    web: Namespace
    old: Namespace


@pytest.fixture(scope="module")
def world() -> t.Iterator[World]:
    with namespace() as site, namespace() as vantage, namespace() as web, namespace() as old:
        vantage.sh(
            f"ip link add eth0 type veth peer name eth0 netns {site.pid}; ip link set eth0 up; "
            f"ip -6 addr add {VANTAGE}/64 dev eth0 nodad; ip addr add {VANTAGE4}/24 dev eth0; "
            f"ip link add br0 type bridge; ip link set br0 up; ip -6 addr add {BRIDGE}/64 dev br0 nodad; "
            "ip addr add 198.51.100.1/24 dev br0; echo 1 >/proc/sys/net/ipv4/ip_forward; "
            "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"
        )
        site.sh(
            f"ip link set eth0 up; ip -6 addr add {SITE}/64 dev eth0 nodad; ip addr add {SITE4}/24 dev eth0; "
            f"ip -6 route add 2001:db8:2::/64 via {VANTAGE}; ip route add 198.51.100.0/24 via {VANTAGE4}"
        )
        for name, space, address in (("v1", web, WEB), ("v2", old, OLD)):
            vantage.sh(
                f"ip link add {name} type veth peer name eth0 netns {space.pid}; ip link set {name} master br0 up"
            )
            space.sh(f"ip link set eth0 up; ip -6 addr add {address}/64 dev eth0 nodad")
            space.sh(f"ip -6 route add default via {BRIDGE}")
        web.sh("ip addr add 198.51.100.20/24 dev eth0; ip route add default via 198.51.100.1")
        words = site.words(sys.executable, "-S", "-c", SERVERS)
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as servers:
            assert servers.stdout is not None and servers.stdout.readline() == "there\n"
            yield World(site, vantage, web, old)
            servers.kill()


@pytest.fixture
def daemon(world: World, tmp_path: pathlib.Path) -> t.Iterator[Daemon]:
    """Docker on the vantage point."""
    made = Daemon(tmp_path, "2001:db8:2::/64")

    def container(status: str, pid: int, address: str, address4: str) -> Result:
        networks = {"user": {"GlobalIPv6Address": address, "IPAddress": address4}}
        return {"State": {"Status": status, "Pid": pid}, "NetworkSettings": {"Networks": networks}}

    made.more = {
        "/containers/web/json": container("running", world.web.pid, WEB, "198.51.100.20"),
        "/containers/old/json": container("running", world.old.pid, OLD, ""),
        "/containers/stopped/json": container("exited", 0, "", ""),
        "/containers/gone/json": container("running", 1 << 30, "", ""),
        "/containers/odd/json": {"State": {}},
    }
    yield made
    made.close()


def targets(world: World, *wanted: Result, **more: t.Any) -> list[Result]:
    found: list[Result] = world.vantage.module("ipv6_probe", targets=list(wanted), timeout=1.5, **more)["targets"]
    return found


def states(ports: list[Result]) -> dict[str, str]:
    return {f"{port['protocol']}/{port['port']}": port["state"] for port in ports}


def test_ports_and_pings(world: World) -> None:
    claimed = {"address": SITE, "open": [80, "udp/53", "udp/54"], "closed": [81, "udp/81"], "mtu": 1280}
    wrong = {"address": SITE, "name": "wrong", "open": [81, "udp/81"], "closed": [80, "udp/54"], "mtu": 1501}
    nobody = {"address": NOBODY, "open": [80], "closed": [22]}
    nowhere = {"address": "2001:db8:9::1"}
    right, other, silent, routeless = targets(world, claimed, wrong, nobody, nowhere, check=True)
    assert right["ok"] and right["ping"]["answered"] and right["mtu"]["answered"] and right["reason"] is None
    assert states(right["open"]) == {"tcp/80": "open", "udp/53": "silent", "udp/54": "open"}
    assert states(right["closed"]) == {"tcp/81": "refused", "udp/81": "refused"}
    assert not other["ok"] and other["ping"]["answered"] and not other["mtu"]["answered"]
    # A port that is closed and should be open, and the other way round.
    assert states(other["open"]) == {"tcp/81": "refused", "udp/81": "refused"}
    assert states(other["closed"]) == {"tcp/80": "open", "udp/54": "open"}
    assert (
        "tcp/81 should be open: refused" in other["reason"] and "tcp/80 should be closed: it is open" in other["reason"]
    )
    # Nothing answers there, which is not the same as a closed port.
    assert states([*silent["open"], *silent["closed"]]) == {"tcp/80": "unreachable", "tcp/22": "unreachable"}
    assert not silent["ping"]["answered"] and not silent["ok"]
    assert routeless["reason"] == "ping: no route to this address"


def test_without_a_raw_socket(world: World, tmp_path: pathlib.Path) -> None:
    """First what the kernel lets a group do, then the ping command, then nothing at all."""
    wanted = [{"address": SITE}, {"address": NOBODY}]

    def seen(path: str) -> list[tuple[bool, str | None]]:
        by = (*WITHOUT_RAW, "env", f"PATH={path}")
        found = world.vantage.module("ipv6_probe", by=by, targets=wanted, timeout=1)["targets"]
        return [(row["ping"]["answered"], row["ping"]["reason"]) for row in found]

    world.vantage.sh("echo 0 0 >/proc/sys/net/ipv4/ping_group_range")
    (answered, _none), (held, _why) = seen("/nowhere")
    assert answered and not held
    world.vantage.sh("echo 1 0 >/proc/sys/net/ipv4/ping_group_range")
    reason = "this user may open no ICMP socket, and there is no ping command: run as root"
    assert seen("/nowhere") == [(False, reason), (False, reason)]
    command = tmp_path / "ping"
    command.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *{SITE}) echo "64 bytes from {SITE}: icmp_seq=1 ttl=64 time=0.05 ms" ;;\n'
        "*) echo 'ping: no way'; exit 2 ;; esac\n"
    )
    command.chmod(0o755)
    assert seen(str(tmp_path)) == [(True, None), (False, "the ping command: ping: no way")]
    command.write_text("#!/bin/sh\nexec sleep 60\n")
    assert seen(f"{tmp_path}:/bin") == [(False, "no answer within 1 s")] * 2


def test_which_address_is_seen(world: World, daemon: Daemon) -> None:
    sources: list[Result] = [
        {"expect": VANTAGE},
        {"container": "web", "expect": WEB, "ipv4": SITE4},
        {"container": "old", "expect": "2001:db8:2::77", "ipv4": SITE4},
    ]
    observer = world.site.module("ipv6_probe", observe={"expect": len(sources), "seconds": 60})["observer"]
    assert observer["reason"] is None
    asked = [{**source, "to": SITE, "port": observer["port"]} for source in sources]
    again = {"observe": {"expect": 1, "port": observer["port"]}}
    assert "cannot listen on port" in world.site.module("ipv6_probe", **again)["observer"]["reason"]
    options = {"docker_socket": str(daemon.path), "timeout": 3}
    here, web, old = world.vantage.module("ipv6_probe", **options, **{"from": asked})["from"]
    assert (here["seen"], here["ok"], here["route"], here["ipv4"]) == (VANTAGE, True, None, None)
    assert (web["state"], web["addresses"], web["seen"], web["ok"]) == ("running", [WEB], WEB, True)
    assert web["route"] == {"found": True, "gateway": BRIDGE, "here": True}
    assert web["ipv4"] == {"to": SITE4, "answered": True, "reason": None, "host_answered": True}
    assert (old["seen"], old["ok"], old["ipv4"]["answered"]) == (OLD, False, None)
    assert old["reason"] == f"seen as {OLD}, expected 2001:db8:2::77 (it sends from {OLD})"
    # The listener has told all that were expected, and is no more.
    refused = world.vantage.module("ipv6_probe", fail=True, timeout=0.5, **{"from": asked[:1]})
    assert refused["failed"] and refused["msg"].endswith(f"no connection to [{SITE}]:{observer['port']}: refused")


def test_a_stranger_gets_no_answer_from_the_listener(world: World) -> None:
    port = world.site.module("ipv6_probe", observe={"expect": 1, "seconds": 60})["observer"]["port"]
    talk = (
        "import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); "
        "s.sendall(sys.argv[3].encode()); print(s.recv(100))"
    )
    words = (sys.executable, "-S", "-c", talk, SITE, str(port))
    assert world.vantage.run(*words, "GET / HTTP/1.0\r\n").stdout == "b''\n"
    assert world.vantage.run(*words, "routable.ipv6 who am i\n").stdout == f"b'{VANTAGE}\\n'\n"


def test_containers_that_cannot_be_asked(world: World, daemon: Daemon) -> None:
    def reasons(path: str, *names: str) -> list[tuple[str, str]]:
        wanted = [{"container": name, "to": SITE, "port": 80} for name in names]
        found = world.vantage.module("ipv6_probe", docker_socket=path, timeout=0.5, **{"from": wanted})["from"]
        return [(row["state"], row["reason"]) for row in found]

    absent, stopped, gone, odd, mute = reasons(str(daemon.path), "absent", "stopped", "gone", "odd", "web")
    assert absent == ("absent", "there is no container named absent")
    assert stopped == ("exited", "the container stopped does not run: exited")
    assert gone == ("running", "its network namespace cannot be entered: No such file or directory")
    assert odd[0] == "unknown" and "the Docker daemon cannot be asked over" in odd[1]
    # A web server says nothing to that greeting.
    assert mute == ("running", f"no answer from [{SITE}]:80 within 0.5 s")
    assert reasons("/run/no.sock", "web")[0][1].startswith("the Docker daemon cannot be asked: ")
    world.old.sh("ip -6 route del default")
    assert reasons(str(daemon.path), "old") == [("running", f"it has no IPv6 route to {SITE}")]
    world.old.sh(f"ip -6 route add default via {BRIDGE}")
