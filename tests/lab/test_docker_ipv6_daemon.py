# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docker_ipv6_daemon on the real daemons of three generations."""

from __future__ import annotations

import base64
import json
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest

HOSTS = {"b": (20, 10), "t": (26, 1), "s": (28, 5)}
ALL = tuple(HOSTS)
UPLINK = {"b": "ens3", "t": "enp1s0", "s": "enp1s0"}
PREFIX = "2001:db8:0:1:d::/80"
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


class Hosts:
    """All three hosts at once: what is done to one is done to the others at the same time."""

    def __init__(self, lab: t.Any) -> None:
        self.lab = lab

    def all(
        self, action: t.Callable[..., t.Any], *args: t.Any, hosts: t.Iterable[str] = ALL, **more: t.Any
    ) -> dict[str, t.Any]:
        with ThreadPoolExecutor(3) as pool:
            jobs = {host: pool.submit(action, host, *args, **more) for host in hosts}
            return {host: job.result() for host, job in jobs.items()}

    def sh(self, script: str, hosts: t.Iterable[str] = ALL) -> dict[str, str]:
        return self.all(self.lab.sh, script, hosts=hosts)

    def module(self, check: bool = False, hosts: t.Iterable[str] = ALL, **args: t.Any) -> dict[str, dict[str, t.Any]]:
        return self.lab.modules(list(hosts), "docker_ipv6_daemon", check, **args)

    def run(self, hosts: t.Iterable[str] = ALL, **args: t.Any) -> dict[str, dict[str, t.Any]]:
        """What the module predicts, does, and then finds nothing more to do about."""
        before = self.state(hosts)
        predicted = self.module(check=True, hosts=hosts, **args)
        assert self.state(hosts) == before
        done = self.module(hosts=hosts, **args)
        again = self.module(hosts=hosts, **args)
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

    def state(self, hosts: t.Iterable[str] = ALL) -> dict[str, str]:
        """The bytes of the files and which start of the daemon this is."""
        return self.sh(
            f"for f in {FILE} {DROPINS}/* /etc/default/docker /var/lib/routable-ipv6/*; do [ -e $f ] && sha256sum $f; done;"
            "systemctl show docker -p ActiveState -p InvocationID -p MainPID -p ExecMainStartTimestampMonotonic",
            hosts,
        )

    def write(self, path: str, text: str, hosts: t.Iterable[str] = ALL, restart: bool = False) -> None:
        def put(host: str) -> None:
            self.lab.lab("exec", host, "sh", "-ec", f"mkdir -p $(dirname {path}); cat >{path}", stdin=text)

        self.all(put, hosts=hosts)
        if restart:
            self.sh("systemctl daemon-reload; systemctl reset-failed docker; systemctl restart docker", hosts)


@pytest.fixture(scope="module")
def hosts(lab: t.Any) -> Hosts:
    lab.up(
        [
            {"name": "b", "suite": "bookworm", "uplink": UPLINK["b"], "manager": "networkd"},
            {"name": "t", "suite": "trixie", "uplink": UPLINK["t"], "manager": "networkd"},
            {"name": "s", "suite": "sid", "uplink": UPLINK["s"], "manager": "networkd"},
            {"name": "bare", "suite": "trixie", "uplink": "ens3", "manager": "networkd", "image": "bare"},
        ]
    )
    return Hosts(lab)


@pytest.fixture
def fresh(hosts: Hosts) -> Hosts:
    hosts.sh(RESET)
    return hosts


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


def test_fresh_host(fresh: Hosts) -> None:
    done = fresh.run(fixed_cidr_v6=PREFIX)
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


def test_host_without_docker(hosts: Hosts) -> None:
    result = hosts.lab.module("bare", "docker_ipv6_daemon", check=True, fixed_cidr_v6=PREFIX, ip6tables=False)
    assert result["changed"], result
    assert result["docker_version"] is None
    assert result["effective"] == {"ipv6": None, "subnet": None, "gateway": None}
    assert '  "fixed-cidr-v6": "2001:db8:0:1:d::/80",' in result["diff"]["after"]["files"][FILE]
    assert any("Docker is not installed" in one for one in result["warnings"])
    refused = hosts.lab.module("bare", "docker_ipv6_daemon", fixed_cidr_v6=PREFIX)
    assert "service=docker: Docker is not installed" in refused["msg"]
    assert hosts.lab.sh("bare", f"ls {FILE} 2>&1 || true").startswith("ls: cannot access")
    assert not hosts.lab.module("bare", "docker_ipv6_daemon", state="absent")["changed"]


def test_prefix_changes(fresh: Hosts) -> None:
    # Overlapping, which 20.10 does not start with and the others get wrong, then disjoint, which leaves routes behind.
    for prefix in ("2001:db8:5::/64", "2001:db8:5::/80", "2001:db8:6::/80", "2001:db8:6::/64"):
        done = fresh.run(fixed_cidr_v6=prefix)
        gateway = prefix.replace("::/", "::1/")
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


ANY, OLD, MIDDLE, NEW = ("b", "t", "s"), ("b",), ("b", "t"), ("s",)
GOOD = {"fixed_cidr_v6": "2001:db8:5::/80"}
V4 = {"base": "10.99.0.0/16", "size": 24}
BROKEN: list[tuple[str, tuple[str, ...], dict[str, t.Any], str | None, str]] = [
    # What --validate lets pass
    ("no subnet", MIDDLE, {"ipv6": True}, None, "ipv6=true: Docker 2"),
    ("no experimental", MIDDLE, {**GOOD, "ip6tables": True}, None, "unless experimental is on too"),
    ("one address", ANY, {"fixed_cidr_v6": "2001:db8:5::1/128"}, None, "a /128 is one single address"),
    (
        "gateway outside",
        ANY,
        {**GOOD, "default_gateway_v6": "2001:db8:6::1"},
        None,
        "it must lie inside 2001:db8:5::/80",
    ),
    ("gateway is bridge", ANY, {**GOOD, "default_gateway_v6": "2001:db8:5::1"}, None, "the bridge itself takes it"),
    (
        "pools without IPv4",
        ANY,
        {**GOOD, "default_address_pools": [{"base": "2001:db8:7::/64", "size": 64}]},
        None,
        "without an IPv4 pool",
    ),
    (
        "size below base",
        ANY,
        {**GOOD, "default_address_pools": [V4, {"base": "2001:db8:7::/64", "size": 56}]},
        None,
        "is 64 to 127",
    ),
    (
        "pool base",
        ANY,
        {**GOOD, "default_address_pools": [V4, {"base": "2001:db8:xx::/64", "size": 64}]},
        None,
        "not an IPv6 address",
    ),
    ("multicast", ANY, {"fixed_cidr_v6": "ff05::/64"}, None, "this is multicast"),
    (
        "pool too large",
        MIDDLE,
        {**GOOD, "default_address_pools": [V4, {"base": "2001:db8:7::/64", "size": 96}]},
        None,
        "gives out only the first subnet",
    ),
    ("bad bip6", NEW, {"bip6": "2001:db8:5::/64"}, None, "subnet-router anycast address"),
    ("no bip6", MIDDLE, {"bip6": "2001:db8:5::1/64"}, None, "bip6 is there since Docker 28.0"),
    (
        "part outside",
        NEW,
        {"bip6": "2001:db8:5::1/64", "fixed_cidr_v6": "2001:db8:6::/80"},
        None,
        "it must be a part of 2001:db8:5::/64",
    ),
    (
        "option name",
        ("t", "s"),
        {**GOOD, "default_network_opts": {"bridge": {"com.docker.network.nonsense": "1"}}},
        None,
        "has no such option",
    ),
    (
        "ignored options",
        OLD,
        {**GOOD, "default_network_opts": {"bridge": {"com.docker.network.driver.mtu": 1400}}},
        None,
        "ignores it without a word",
    ),
    (
        "option too new",
        ("t",),
        {**GOOD, "default_network_opts": {"bridge": {"com.docker.network.enable_ipv6": True}}},
        None,
        "it is there since Docker 27.0",
    ),
    ("backend too new", ANY, {**GOOD, "firewall_backend": "nftables"}, None, "there since Docker 29.0"),
    # The prefix
    (
        "uplink's prefix",
        ANY,
        {"fixed_cidr_v6": "2001:db8:0:1::/64"},
        None,
        "it equals 2001:db8:0:1::/64, to which the host has a route by",
    ),
    ("router's address", ANY, {"fixed_cidr_v6": "2001:db8:0:1::/80"}, None, "2001:db8:0:1::1"),
    ("host's address", ANY, {"fixed_cidr_v6": "2001:db8:0:1:5054::/80"}, None, "an address of e"),
    (
        "IPv4",
        ANY,
        {"fixed_cidr_v6": "10.1.0.0/24"},
        None,
        "fixed_cidr_v6=10.1.0.0/24: this is IPv4 where IPv6 is needed",
    ),
    ("link-local", ANY, {"fixed_cidr_v6": "fe80:0:0:5::/64"}, None, "this is link-local"),
    ("host bits", ANY, {"fixed_cidr_v6": "2001:db8:5::5/80"}, None, "Write 2001:db8:5::/80"),
    ("without ipv6", ANY, {"ipv6": False, **GOOD}, None, "without ipv6 Docker does nothing with it"),
    # The file
    ("empty", OLD, GOOD, "", "the file is empty, and Docker before 23.0"),
    ("byte order mark", OLD, GOOD, "\ufeff{}", "begins with a byte order mark"),
    ("trailing comma", ANY, GOOD, '{\n  "debug": true,\n}\n', "line 2, column 16: a trailing comma is not JSON"),
    ("comment", ANY, GOOD, '{\n  // why\n  "debug": true\n}\n', "line 2, column 3: JSON has no comments"),
    ("key twice", ANY, GOOD, '{"ipv6": false, "ipv6": true}', 'line 1, column 17: the key "ipv6" stands there twice'),
    ("no object", ANY, GOOD, "[]", "the file must hold one JSON object"),
    ("underscore", ANY, GOOD, '{"fixed_cidr_v6": "2001:db8:5::/80"}', "Docker spells this key with hyphens"),
    ("unknown key", ANY, GOOD, '{"nonsense": 1}', "nonsense"),
    ("type", ANY, GOOD, '{"ip-masq": "false"}', "Docker wants true or false here"),
]


@pytest.mark.parametrize("case", BROKEN, ids=[case[0] for case in BROKEN])
def test_broken_input(hosts: Hosts, case: tuple[str, tuple[str, ...], dict[str, t.Any], str | None, str]) -> None:
    """One sentence with value, rule and remedy; the file's bytes and the running daemon as before."""
    dummy, where, options, text, message = case
    hosts.sh(f"[ ! -e {FILE} ] && [ ! -e {DROPINS} ] && systemctl is-active -q docker || {{ {RESET} }}", where)
    if text is not None:
        hosts.write(FILE, text, where)
    before = hosts.state(where)
    try:
        for check in (True, False):
            for host, result in hosts.module(check=check, hosts=where, **options).items():
                assert result.get("failed"), (host, result)
                assert message in result["msg"], (host, result["msg"])
                assert "\n" not in result["msg"]
        assert hosts.state(where) == before
    finally:
        hosts.sh(f"rm -f {FILE}", where)


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


def test_no_permission(fresh: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fresh.state()
    monkeypatch.setitem(fresh.lab._environ, "ANSIBLE_REMOTE_USER", "nobody")
    monkeypatch.setitem(fresh.lab._environ, "ANSIBLE_REMOTE_TMP", "/tmp/of-nobody")
    for host, result in fresh.module(**GOOD).items():
        assert "only root can change the Docker daemon. Set become to true." in result["msg"], host
    monkeypatch.undo()
    # Root without a right to write: the file system is read-only.
    fresh.sh("mkdir -p /etc/docker; mount --bind /etc/docker /etc/docker; mount -o remount,bind,ro /etc/docker")
    try:
        for host, result in fresh.module(**GOOD).items():
            assert f"{FILE}: /etc/docker cannot be written, though this is root" in result["msg"], host
        assert fresh.state() == before
    finally:
        fresh.sh("umount /etc/docker")


def test_key_that_is_a_flag(fresh: Hosts) -> None:
    fresh.sh(
        f"mkdir -p {DROPINS}; line=$(sed -n 's/^ExecStart=//p' $(systemctl show -P FragmentPath docker));"
        f'printf "[Service]\\nExecStart=\\nExecStart=%s --ipv6 --fixed-cidr-v6 {PREFIX}\\n" "$line" >{DROPINS}/seed.conf;'
        "systemctl daemon-reload; systemctl restart docker"
    )
    before = fresh.state()
    for host, result in fresh.module(fixed_cidr_v6=PREFIX).items():
        assert f"the flag --ipv6 in {DROPINS}/seed.conf says the same" in result["msg"], host
    assert fresh.state() == before
    # The drop-in's flags are nobody's hindrance for other keys, and an environment file counts as well.
    fresh.sh(f"rm -r {DROPINS}; echo 'DOCKER_OPTS=\"--ip-masq=false\"' >/etc/default/docker; systemctl daemon-reload")
    before = fresh.state()
    for host, result in fresh.module(fixed_cidr_v6=PREFIX, ip_masq=True).items():
        assert "the flag --ip-masq=false in /etc/default/docker says the same" in result["msg"], host
    assert fresh.state() == before
    # A key of the file that would become a flag.
    fresh.sh("rm /etc/default/docker")
    fresh.write(FILE, '{"ipv6": false}')
    before = fresh.state()
    for host, result in fresh.module(fixed_cidr_v6=PREFIX, backend="dropin").items():
        assert f"ipv6 in {FILE}: the flag --ipv6=true in {OURS} says the same" in result["msg"], host
    assert fresh.state() == before


def test_dropin(fresh: Hosts) -> None:
    # Somebody's drop-in changes the line, and $DOCKER_OPTS adds to it: both stay in force.
    fresh.sh(
        f"mkdir -p {DROPINS}; line=$(sed -n 's/^ExecStart=//p' $(systemctl show -P FragmentPath docker));"
        f'printf "[Service]\\nExecStart=\\nExecStart=%s --log-level=warn\\n" "$line" >{DROPINS}/50-theirs.conf;'
        "echo 'DOCKER_OPTS=\"--label=a=b\"' >/etc/default/docker; systemctl daemon-reload; systemctl restart docker"
    )
    original = fresh.state()
    fresh.write(FILE, '{"debug": false}')
    done = fresh.run(fixed_cidr_v6=PREFIX, backend="dropin")
    for host, result in done.items():
        assert result["restarted"] and result["backend"] == "dropin"
        text = fresh.lab.exec(host, "cat", OURS)
        assert f"{DROPINS}/50-theirs.conf" in text and "$DOCKER_OPTS --log-level=warn --ipv6=true" in text
        words = fresh.lab.sh(host, "tr '\\0' ' ' </proc/$(systemctl show -P MainPID docker)/cmdline")
        assert f"--label=a=b --log-level=warn --ipv6=true --fixed-cidr-v6={PREFIX}" in words
        assert fresh.lab.exec(host, "cat", FILE) == '{"debug": false}'
    # To the file and back, one restart each.
    done = fresh.run(fixed_cidr_v6=PREFIX)
    for host, result in done.items():
        assert result["restarted"], host
        assert fresh.lab.sh(host, f"ls {OURS} 2>&1 || true").startswith("ls: cannot access")
        assert json.loads(fresh.lab.exec(host, "cat", FILE)) == {"debug": False, "ipv6": True, "fixed-cidr-v6": PREFIX}
    done = fresh.run(fixed_cidr_v6=PREFIX, backend="dropin")
    for host, result in done.items():
        assert result["restarted"], host
        assert fresh.lab.exec(host, "cat", FILE) == '{"debug": false}'
    assert set(map(str, subnets(fresh).values())) == {str([PREFIX])}
    fresh.run(state="absent")
    fresh.sh(f"rm {FILE}")
    names = {host: [line for line in text.splitlines() if "/" in line] for host, text in fresh.state().items()}
    assert names == {host: [line for line in text.splitlines() if "/" in line] for host, text in original.items()}


def test_daemon_that_does_not_start(fresh: Hosts) -> None:
    """Made to fail after all checks: the former file, the daemon and its containers come back."""
    text = '{ "debug" : false, "ipv6":true, "fixed-cidr-v6": "2001:db8:5::/64" }\n'
    fresh.write(FILE, text, restart=True)
    fresh.sh(
        "docker run -d --name kept --restart=always busybox sleep 9999; docker run -d --name plain busybox sleep 9999;"
        f"mkdir -p {DROPINS};"
        f"printf '[Service]\\nExecStartPre=/bin/sh -c \"! grep -q 2001:db8:5::/80 {FILE} || "
        "{ echo level=fatal of our own making; exit 1; }\"\\n' "
        f">{DROPINS}/refuse.conf; systemctl daemon-reload"
    )
    for host, result in fresh.module(fixed_cidr_v6="2001:db8:5::/80").items():
        message = result["msg"]
        assert result["failed"], host
        assert "docker.service did not start with the new values: level=fatal of our own making" in message, (
            host,
            message,
        )
        assert (
            f"What was there has been restored: {FILE} is as before and docker.service runs again with the former values"
            in message
        )
        assert fresh.lab.exec(host, "cat", FILE) == text
        assert fresh.lab.sh(host, "systemctl is-active docker").strip() == "active"
        assert sorted(fresh.lab.sh(host, "docker ps --format '{{.Names}}'").split()) == ["kept", "plain"], host
        assert fresh.lab.sh(host, "ls /var/lib/routable-ipv6 2>/dev/null || true") == ""
    assert set(map(str, subnets(fresh).values())) == {"['2001:db8:5::/64']"}
    for host, (addresses, _routes) in bridge(fresh).items():
        assert addresses == ["2001:db8:5::1/64"], host
    # It is the new value that is refused, not the daemon that is broken.
    fresh.run(fixed_cidr_v6="2001:db8:6::/80")


def test_containers_that_nobody_else_starts(fresh: Hosts) -> None:
    fresh.sh(
        "docker run -d --name kept --restart=unless-stopped busybox sleep 9999; docker run -d --name plain busybox sleep 9999;"
        "docker run -d --rm --name brief busybox sleep 9999; docker create --name off busybox sleep 9999"
    )
    predicted = fresh.module(check=True, fixed_cidr_v6=PREFIX)
    done = fresh.module(fixed_cidr_v6=PREFIX)
    for host, result in done.items():
        assert result["started_containers"] == predicted[host]["started_containers"] == ["plain"]
        assert any("restart policy" in one and one.endswith(": plain.") for one in result["warnings"])
        assert any("--rm" in one and one.endswith(": brief.") for one in result["warnings"])
        assert sorted(fresh.lab.sh(host, "docker ps --format '{{.Names}}'").split()) == ["kept", "plain"], host
    done = fresh.module(fixed_cidr_v6="2001:db8:5::/80", start_containers=False)
    for host, result in done.items():
        assert result["started_containers"] == []
        assert fresh.lab.sh(host, "docker ps --format '{{.Names}}'").split() == ["kept"], host


def test_live_restore_is_pending(fresh: Hosts) -> None:
    fresh.write(FILE, '{"live-restore": true}', restart=True)
    fresh.sh("docker run -d --name held busybox sleep 9999")
    before = fresh.state()
    for attempt in range(2):
        for host, result in fresh.module(fixed_cidr_v6=PREFIX).items():
            assert result["changed"] == (attempt == 0), host
            assert not result["restarted"]
            assert "live-restore" in result["pending"] and "held" in result["pending"]
            assert any("live-restore" in one for one in result["warnings"])
            assert result["effective"] == {"ipv6": False, "subnet": None, "gateway": None}
            assert "fixed-cidr-v6" in fresh.lab.exec(host, "cat", FILE)
    unit = {host: text.splitlines()[-3:] for host, text in before.items()}
    assert unit == {host: text.splitlines()[-3:] for host, text in fresh.state().items()}
    fresh.sh("docker rm -f held")
    for host, result in fresh.run(fixed_cidr_v6=PREFIX).items():
        assert result["restarted"] and result["pending"] is None, host
    # The effective state agrees, so a container is no reason to say pending.
    fresh.sh("docker run -d --name held busybox sleep 9999")
    for host, result in fresh.module(fixed_cidr_v6=PREFIX).items():
        assert not result["changed"] and result["pending"] is None, host


def test_ip6tables_off_leaves_no_rule(fresh: Hosts) -> None:
    on = {"ip6tables": True}
    fresh.all(
        lambda host: fresh.lab.module(
            host, "docker_ipv6_daemon", fixed_cidr_v6=PREFIX, **on, **({} if host == "s" else {"experimental": True})
        )
    )
    fresh.sh(
        "docker network create --ipv6 --subnet 2001:db8:55::/64 -o com.docker.network.bridge.name=mine mine;"
        "docker run -d --restart=always --name web -p 80:80 busybox httpd -f;"
        "docker run -d --restart=always --network mine --name user -p 81:80 busybox httpd -f;"
        "ip6tables -I INPUT -s 2001:db8:bad::/48 -j DROP; ip6tables -t nat -A POSTROUTING -s fd00::/8 -j MASQUERADE"
    )
    for host, text in fresh.sh("ip6tables-save").items():
        assert "DOCKER" in text and ":FORWARD DROP" in text and "-o mine" in text, host
    done = fresh.run(fixed_cidr_v6=PREFIX, ip6tables=False)
    for host, text in fresh.sh("ip6tables-save").items():
        assert any(
            "rules that Docker leaves in ip6tables, and set the policy" in one for one in done[host]["changes"]
        ), host
        rules = [line for line in text.splitlines() if line.startswith("-A")]
        assert rules == ["-A INPUT -s 2001:db8:bad::/48 -j DROP", "-A POSTROUTING -s fd00::/8 -j MASQUERADE"], (
            host,
            rules,
        )
        assert "DOCKER" not in text and ":FORWARD ACCEPT" in text, host


def test_ip6tables_off_spares_other_rules(fresh: Hosts) -> None:
    on = {"ip6tables": True}
    fresh.all(
        lambda host: fresh.lab.module(
            host, "docker_ipv6_daemon", fixed_cidr_v6=PREFIX, **on, **({} if host == "s" else {"experimental": True})
        )
    )
    fresh.sh(
        "ip6tables -A FORWARD -i vpn0 -j ACCEPT; ip6tables -N DOCKER-USER 2>/dev/null || true; ip6tables -I DOCKER-USER -i ens3 -p tcp --dport 22 -j DROP"
    )
    for host, result in fresh.run(fixed_cidr_v6=PREFIX, ip6tables=False).items():
        text = fresh.lab.sh(host, "ip6tables-save")
        assert "-A FORWARD -i vpn0 -j ACCEPT" in text and "--dport 22 -j DROP" in text and ":FORWARD DROP" in text
        assert any("The policy DROP of FORWARD stays" in one for one in result["warnings"]), host
        assert any("DOCKER-USER" in one and "stays" in one for one in result["warnings"]), host
        assert "-A DOCKER " not in text and "MASQUERADE" not in text, host


def test_absent_is_byte_for_byte(fresh: Hosts) -> None:
    text = '{"log-driver":"json-file" ,\n"ip-masq" :true,\n\n   "debug": false}'
    fresh.write(FILE, text, restart=True)
    fresh.run(fixed_cidr_v6=PREFIX, ip_masq=False)
    # Keys that are no longer given get their former value back.
    fresh.run(fixed_cidr_v6=PREFIX)
    for host in HOSTS:
        assert '"ip-masq" :true' in fresh.lab.exec(host, "cat", FILE)
    done = fresh.run(state="absent")
    for host in HOSTS:
        assert done[host]["restarted"]
        assert done[host]["effective"] == {"ipv6": False, "subnet": None, "gateway": None}
        assert fresh.lab.exec(host, "cat", FILE) == text
        assert fresh.lab.sh(host, "ls /var/lib/routable-ipv6 2>/dev/null || true") == ""
    assert set(map(str, bridge(fresh).values())) == {"([], [])"}
    # No file before, none after.
    fresh.sh(RESET)
    fresh.run(fixed_cidr_v6=PREFIX)
    fresh.run(state="absent")
    for host in HOSTS:
        assert fresh.lab.sh(host, f"ls {FILE} 2>&1 || true").startswith("ls: cannot access")


def test_absent_after_somebody_else_wrote(fresh: Hosts) -> None:
    fresh.write(FILE, '{\n  "ipv6": false\n}\n')
    fresh.run(fixed_cidr_v6=PREFIX)
    fresh.sh(f'sed -i \'s/"ipv6": true,/"ipv6": true,\\n  "debug": false,/\' {FILE}')
    fresh.run(state="absent")
    for host in HOSTS:
        assert fresh.lab.exec(host, "cat", FILE) == '{\n  "ipv6": false,\n  "debug": false\n}\n', host


def test_daemon_that_is_stopped(fresh: Hosts) -> None:
    fresh.run(fixed_cidr_v6="2001:db8:6::/64")
    fresh.sh("systemctl stop docker.socket docker")
    for result in fresh.run(fixed_cidr_v6="2001:db8:5::/80").values():
        assert result["changed"] and not result["restarted"]
        assert result["effective"] == {"ipv6": None, "subnet": None, "gateway": None}
    assert {text.strip() for text in fresh.sh("systemctl is-active docker || true").values()} == {"inactive"}
    fresh.sh("systemctl start docker.socket docker")
    assert set(map(str, subnets(fresh).values())) == {"['2001:db8:5::/80']"}
    for host, (addresses, routes) in bridge(fresh).items():
        assert (addresses, routes) == (["2001:db8:5::1/80"], ["2001:db8:5::/80"]), host
    for result in fresh.module(fixed_cidr_v6="2001:db8:5::/80").values():
        assert not result["changed"]
    # Overlapping: Docker would get that wrong at its next start, and 20.10 does not survive it.
    fresh.sh("systemctl stop docker.socket docker")
    for result in fresh.module(fixed_cidr_v6="2001:db8:5::/64").values():
        assert any("overlaps" in one for one in result["warnings"])
    fresh.sh("systemctl start docker.socket docker || true; sleep 1")
    fresh.module(fixed_cidr_v6="2001:db8:5::/64")
    for host, (addresses, routes) in bridge(fresh).items():
        assert (addresses, routes) == (["2001:db8:5::1/64"], ["2001:db8:5::/64"]), host


def test_daemon_that_has_failed_is_started_with_the_right_file(fresh: Hosts) -> None:
    fresh.sh("systemctl stop docker.socket docker")
    # Before 28.0 it does not start without a subnet, and /128 is wrong for all.
    fresh.write(FILE, '{"ipv6": true, "fixed-cidr-v6": "2001:db8:5::1/128"}')
    fresh.sh(
        "systemctl start docker || true; i=0; while [ $(systemctl is-active docker) = activating ] && [ $i -lt 200 ]; do sleep 0.1; i=$((i+1)); done"
    )
    for host, result in fresh.module(**GOOD).items():
        assert result["restarted"], (host, result)
    assert {text.strip() for text in fresh.sh("systemctl is-active docker").values()} == {"active"}
    assert set(map(str, subnets(fresh).values())) == {"['2001:db8:5::/80']"}


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
