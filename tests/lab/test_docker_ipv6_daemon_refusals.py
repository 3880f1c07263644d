# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docker_ipv6_daemon refuses on real daemons before it writes anything."""

from __future__ import annotations

import shlex
import typing as t

import pytest
from conftest import Lab
from docker_daemons import ALL, DROPINS, FILE, GOOD, NEW, OURS, PREFIX, STATE, V4, Hosts
from refusals import Case, Outcome, outcomes

ANY, OLD, MIDDLE = ALL, ("b",), ("b", "t")
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


@pytest.fixture(scope="module")
def hosts(lab: Lab) -> Hosts:
    return Hosts.up(
        lab, [{"name": "bare", "suite": "trixie", "uplink": "ens3", "manager": "networkd", "image": "bare"}]
    )


@pytest.fixture(scope="module")
def refused(hosts: Hosts) -> dict[tuple[str, str], Outcome]:
    """The outcome of each broken input by its name and host."""
    hosts.fresh()

    def one(host: str) -> dict[tuple[str, str], Outcome]:
        mine = [case for case in BROKEN if host in case[1]]
        cases = [
            Case(
                options,
                "" if text is None else f"mkdir -p /etc/docker; printf '%s' {shlex.quote(text)} >{FILE}",
                f"rm -f {FILE}",
            )
            for _name, _where, options, text, _message in mine
        ]
        found = outcomes(hosts.lab, host, "docker_ipv6_daemon", cases, STATE)
        return {(case[0], host): outcome for case, outcome in zip(mine, found, strict=True)}

    return {key: outcome for found in hosts.all(one).values() for key, outcome in found.items()}


@pytest.mark.parametrize("case", BROKEN, ids=[case[0] for case in BROKEN])
def test_broken_input(
    refused: dict[tuple[str, str], Outcome],
    case: tuple[str, tuple[str, ...], dict[str, t.Any], str | None, str],
) -> None:
    """One sentence with value, rule and remedy; the file's bytes and the running daemon as before."""
    name, where, _options, _text, message = case
    for host in where:
        refused[name, host].assert_refused(message)


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


def test_no_permission(fresh: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fresh.state()
    monkeypatch.setitem(fresh.lab._environ, "ANSIBLE_REMOTE_USER", "nobody")
    monkeypatch.setitem(fresh.lab._environ, "ANSIBLE_REMOTE_TMP", "/tmp/of-nobody")
    for host, result in fresh.module(ansible=True, **GOOD).items():
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
