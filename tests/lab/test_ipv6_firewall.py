# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The firewall on three generations of Docker, seen from the internet. Prefixes are routed, so only it decides."""

from __future__ import annotations

import ipaddress
import itertools
import json
import time
import typing as t

import pytest
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
        # Within a lab host there is no /dev/disk, so a Docker host is all that this one is.
        self.plan = plan(
            {
                "host": name,
                "prefix": HOSTS[name]["routed_prefix"].replace("::/64", ":d::/80"),
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

    def module(self, check: bool = False, **more: t.Any) -> dict[str, t.Any]:
        result = self.lab.module(self.name, "ipv6_firewall", check=check, **{**self.args, **more})
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


def spread(names: str, values: list[t.Any]) -> pytest.MarkDecorator:
    """Each value on one host in turn: for what does not depend on the version of anything."""
    rows = zip(itertools.cycle(HOSTS), values)
    cases = [(host, *value) if isinstance(value, tuple) else (host, value) for host, value in rows]
    return pytest.mark.parametrize(f"world, {names}", cases, indirect=["world"], scope="module")


@pytest.fixture(scope="module")
def all_hosts(lab: Lab) -> Lab:
    lab.up([{"name": name, "uplink": "ens3", **host} for name, host in HOSTS.items()])
    lab.sh("stranger", "setsid python3 -m http.server 8099 --bind :: -d /usr/share/doc/adduser >/dev/null 2>&1 &")
    return lab


@pytest.fixture(scope="module", params=HOSTS)
def world(request: pytest.FixtureRequest, all_hosts: Lab) -> World:
    made = World(all_hosts, request.param)
    made.setup()
    return made


# The tests of one host build on each other, in this order.


def test_without_a_firewall_everything_is_open(world: World) -> None:
    plain = world.address("plain", "bridge")
    targets = [("tcp", world.web, 9), ("tcp", plain, 9), ("udp", world.web, 54)]
    world.seen(True, *targets, ("tcp", world.plan["user"]["gateway"], 7777))


def test_automatic_addresses_stay_out_of_the_static_part(world: World) -> None:
    assert ipaddress.IPv6Address(world.address("peer", "routable")) in ipaddress.IPv6Network(
        world.plan["user"]["ip_range"]
    )
    assert ipaddress.IPv6Address(world.address("plain", "bridge")) in ipaddress.IPv6Network(
        world.plan["bridge"]["prefix"]
    )


def test_check_mode_says_what_the_run_does(world: World) -> None:
    before = world.state()
    checked = world.module(check=True)
    assert world.state() == before
    done = world.module()
    assert done["changed"] and checked["changed"]
    assert [checked[key] for key in ("changes", "diff", "opened", "files")] == [
        done[key] for key in ("changes", "diff", "opened", "files")
    ]
    assert world.state() != before and world.state()[2:] == before[2:]
    assert done["opened"] == [
        {"address": world.web, "port": 53, "protocol": "udp"},
        {"address": world.web, "port": 80, "protocol": "tcp"},
    ]


def test_the_second_run_changes_nothing(world: World) -> None:
    result = world.module(allow=[{"address": world.web.upper(), "ports": ["80", {"port": 53, "protocol": "udp"}]}])
    assert not result["changed"] and result["changes"] == []
    assert result["diff"]["before"] == result["diff"]["after"]
    assert not world.module(check=True)["changed"]


def test_only_what_is_allowed_answers(world: World) -> None:
    world.assert_closed()


def test_containers_reach_out(world: World) -> None:
    assert world.inside("plain", STRANGER, 8099) and world.inside("web", STRANGER, 8099)
    # Their host's services are theirs to use as before.
    assert world.inside("plain", world.plan["bridge"]["gateway"], 7777)


@spread(
    "harm",
    [
        f"nft delete table {TABLE}",
        f"nft flush chain {TABLE} forward",
        f"nft flush set {TABLE} prefixes",
        f"nft insert rule {TABLE} forward accept",
        f"nft add element {TABLE} opened {{ 2001:db8:0:11:d::/81 . tcp . 9 }}",
        f"nft add set {TABLE} foreign {{ type ipv6_addr\\; }}",
        f"rm {FILES[0]}",
        f"echo '# x' >>{FILES[2]}",
        f"systemctl disable -q {UNIT}",
        f"systemctl stop {UNIT}",
    ],
)
def test_what_was_changed_by_hand_is_mended(world: World, harm: str) -> None:
    before = world.state()
    world.sh(harm)
    assert world.state() != before
    assert world.module()["changed"]
    assert world.state() == before


def test_check_mode_says_what_is_mended(world: World) -> None:
    before = world.state()
    world.sh(f"nft delete set {TABLE} prefixes 2>/dev/null || nft flush table {TABLE}; rm {FILES[0]}")
    checked = world.module(check=True)
    done = world.module()
    assert done["changed"] and (checked["changes"], checked["diff"]) == (done["changes"], done["diff"])
    assert world.state() == before and not world.module()["changed"]


@pytest.mark.parametrize(
    "event",
    [
        "systemctl start nftables",
        "systemctl restart nftables",
        "systemctl reload nftables",
        "nft flush ruleset; systemctl restart nftables",
        "systemctl stop nftables",
    ],
)
def test_whatever_happens_to_nftables_the_table_is_there(world: World, event: str) -> None:
    table = world.table()
    world.sh(event)
    assert world.table() == table
    world.seen(True, ("tcp", world.web, 80))
    world.seen(False, ("tcp", world.web, 9), seconds=0)


def test_docker_is_started_again_after_that(world: World) -> None:
    # Flushing everything took Docker's own rules for IPv4 as well.
    world.sh("systemctl reset-failed docker; systemctl restart docker")
    world.serve()
    world.add_others()
    world.assert_closed()


def test_a_change_leaves_no_open_moment_and_no_closed_one(world: World) -> None:
    plain = world.address("plain", "bridge")
    world.lab.exec("stranger", "sh", "-c", f"cat >/tmp/poll.py <<'E'\n{POLL}\nE")
    targets = [(world.web, 80, 0.9), (plain, 9, 0.05)]
    poll = "".join(
        f"python3 /tmp/poll.py {address} {port} 8 {wait} >/tmp/poll-{port} & " for address, port, wait in targets
    )
    world.lab.sh("stranger", f"({poll}) >/dev/null 2>&1")
    more = [*world.args["allow"], {"address": world.plan["bridge"]["prefix"], "ports": [80]}]
    assert world.module(allow=more)["changed"]
    assert world.module()["changed"]
    time.sleep(8)
    always, never = (json.loads(world.lab.sh("stranger", f"cat /tmp/poll-{port}")) for port in (80, 9))
    assert always["open"] > 50 and always["closed"] == 0
    assert never["closed"] > 20 and never["open"] == 0


def test_a_prefix_can_be_opened(world: World) -> None:
    plain = world.address("plain", "bridge")
    more = [*world.args["allow"], {"address": world.plan["bridge"]["prefix"], "ports": [80]}]
    assert world.module(allow=more)["changed"]
    world.seen(True, ("tcp", plain, 80), ("tcp", world.web, 80))
    world.seen(False, ("tcp", plain, 9), seconds=0)
    assert world.module()["changed"]
    world.seen(False, ("tcp", plain, 80), seconds=0)


@spread(
    "wrong, said",
    [
        ({"prefixes": []}, "at least one prefix"),
        ({"prefixes": ["192.0.2.0/24"]}, "IPv4"),
        ({"prefixes": ["2001:db8:0:1::/64"], "allow": []}, "of ens3, and the host's own services"),
        ({"allow": [{"address": "2001:db8::1", "ports": [80]}]}, "nothing else can be opened"),
        ({"allow": [{"address": "2001:db8:0:11::/48", "ports": [80]}]}, "beyond the prefix length"),
        ({"bridges": ['x" accept']}, "not the name of an interface"),
    ],
)
def test_what_cannot_work_is_refused(world: World, wrong: dict[str, t.Any], said: str) -> None:
    before = world.state()
    for check in (True, False):
        result = world.lab.module(world.name, "ipv6_firewall", check=check, **{**world.args, **wrong})
        assert result["failed"] and not result.get("changed")
        assert said in result["msg"]
    assert world.state() == before


def test_a_failure_brings_everything_back(world: World) -> None:
    world.sh(f"systemctl stop {UNIT}")
    before = world.state()
    dropin = f"/etc/systemd/system/{UNIT}.d/break.conf"
    world.sh(
        f"mkdir -p $(dirname {dropin}); printf '[Service]\\nExecStartPre=/bin/false\\n' >{dropin}; systemctl daemon-reload"
    )
    more = [{"address": world.web, "ports": [80, 9]}]
    result = world.lab.module(world.name, "ipv6_firewall", **{**world.args, "allow": more})
    world.sh(f"rm -r $(dirname {dropin}); systemctl daemon-reload; systemctl reset-failed {UNIT} || true")
    assert result["failed"] and "restored" in result["msg"] and UNIT in result["msg"], result
    assert world.state() == before
    world.seen(False, ("tcp", world.web, 9), seconds=0)
    assert world.module()["changed"]


def test_a_chain_that_drops_is_named(world: World) -> None:
    chain = "'{ type filter hook forward priority 0; policy drop; }'"
    world.sh(f"nft add table ip6 strict; nft add chain ip6 strict doors {chain}")
    result = world.module()
    world.sh("nft delete table ip6 strict")
    assert not result["changed"]
    assert any("ip6 strict doors" in warning for warning in result["warnings"])
    assert not world.module().get("warnings")


def test_after_a_reboot_all_of_it_holds(world: World) -> None:
    table = world.table()
    world.lab.lab("reboot", world.name)
    assert world.table() == table
    world.serve()
    world.assert_closed()
    assert not world.module()["changed"]
    order = world.sh(f"systemctl show -p ActiveEnterTimestampMonotonic --value {UNIT} docker.service")
    ours, docker = (int(stamp) for stamp in order.split())
    assert 0 < ours < docker


def test_absent_takes_only_ours_away(world: World) -> None:
    checked = world.module(check=True, state="absent", prefixes=[], allow=[])
    done = world.module(state="absent", prefixes=[], allow=[])
    assert done["changed"] and (checked["changes"], checked["diff"]) == (done["changes"], done["diff"])
    left = (
        f"set +e; nft list tables; ls -d {' '.join(FILES)} /etc/routable-ipv6 /etc/systemd/system/nftables.service.d; "
    )
    said = world.sh(
        left + f"systemctl list-unit-files --no-legend {UNIT}; systemctl list-units --all --no-legend {UNIT}; true"
    )
    # Not even a directory is left, and nothing of it is in the errors of ls, which go elsewhere.
    assert "routable" not in said and "nftables.service.d" not in said, said
    assert not world.module(state="absent", prefixes=[], allow=[])["changed"]
    world.seen(True, ("tcp", world.web, 9))
