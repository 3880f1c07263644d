# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_keys import from_flags, to_flags
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_unit import (
    Flag,
    Setting,
    binary,
    check_conflicts,
    command,
    environment,
    flags,
    parse_path,
    parse_service,
    parse_unit,
    render_dropin,
    socket_of,
    unknown_keys,
    words,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# As Debian's docker.io and as docker-ce have it.
DEBIAN = (
    "/usr/lib/systemd/system/docker.service",
    "[Unit]\nExecStart=not this\n[Service]\nType=notify\nEnvironmentFile=-/etc/default/docker\n"
    "ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS\n[Install]\n",
)
UPSTREAM = ("/lib/systemd/system/docker.service", "[Service]\nExecStart=/usr/bin/dockerd -H fd://\n")
NOTHING: t.Mapping[str, Setting] = types.MappingProxyType({})


def flags_of(line: str, variables: t.Mapping[str, Setting] = NOTHING) -> list[tuple[str, str | None]]:
    return [(flag.name, flag.value) for flag in flags(words(Setting(line, "f"), variables))]


def test_the_last_exec_start_counts() -> None:
    seed = ("/etc/d/a.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/docker daemon --ipv6\n")
    assert command(parse_unit([DEBIAN]), "docker").origin == DEBIAN[0]
    unit = parse_unit([DEBIAN, seed, ("/etc/d/b.conf", "[Service]\nRestart=no\n")])
    assert command(unit, "docker") == Setting("/usr/bin/docker daemon --ipv6", "/etc/d/a.conf")
    assert unit.origins == (DEBIAN[0], "/etc/d/a.conf", "/etc/d/b.conf")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "its unit has no ExecStart \\(no file\\)"),
        ([DEBIAN, ("/x", "[Service]\nExecStart=\n")], "its unit has no ExecStart"),
        ([DEBIAN, ("/x", "[Service]\nExecStart=/bin/true\n")], "its unit has 2 lines of ExecStart"),
    ],
)
def test_no_single_exec_start(files: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(Refused, match=message):
        command(parse_unit(files), "docker")


def test_lines_that_go_on_and_comments() -> None:
    text = (
        "[Service]\n; no\nExecStart=/usr/bin/dockerd \\\n# in between\n  -H fd:// \\\n  --ipv6\n#ExecStart=/bin/false\n"
    )
    assert command(parse_unit([("u", text)]), "docker").text == "/usr/bin/dockerd -H fd:// --ipv6"


def test_environment() -> None:
    texts = {"/etc/default/docker": "# old\nDOCKER_OPTS=\"--ipv6 --label=a\"\nX='y'\nZ=1\n"}
    unit = parse_unit([DEBIAN, ("/etc/d/a.conf", '[Service]\nEnvironment="Z=2" W=3\nEnvironment=\nEnvironment=V=4\n')])
    found = environment(unit, texts.get)
    assert found == {
        "V": Setting("4", "/etc/d/a.conf"),
        "DOCKER_OPTS": Setting("--ipv6 --label=a", "/etc/default/docker"),
        "X": Setting("y", "/etc/default/docker"),
        "Z": Setting("1", "/etc/default/docker"),
    }
    assert environment(unit, lambda path: None) == {"V": Setting("4", "/etc/d/a.conf")}
    words_found = words(command(unit, "docker"), found)
    assert [word.text for word in words_found][-2:] == ["--ipv6", "--label=a"]
    assert [word.origin for word in words_found][-2:] == ["/etc/default/docker"] * 2
    # A variable that is not there vanishes, and in braces it does not split.
    assert [word.text for word in words(Setting("a $NO b${V}c", "f"), found)] == ["a", "b4c"]


def test_binary() -> None:
    assert binary(Setting("-!/usr/bin/dockerd -H x", "f")) == "/usr/bin/dockerd"


def test_a_quote_that_is_not_closed() -> None:
    with pytest.raises(Refused, match="a quote is not closed"):
        words(Setting('/usr/bin/dockerd "x', "f"), {})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("d --ipv6", [("ipv6", None)]),
        ("d --ipv6 --fixed-cidr-v6 2001:db8::/80", [("ipv6", None), ("fixed-cidr-v6", "2001:db8::/80")]),
        ("d --ipv6=true --fixed-cidr-v6=x", [("ipv6", "true"), ("fixed-cidr-v6", "x")]),
        ("d --ipv6 true", [("ipv6", None)]),
        ("d -H fd:// -D -b none", [("host", "fd://"), ("debug", None), ("bridge", "none")]),
        ("d -Hfd:// -H=x", [("host", "fd://"), ("host", "x")]),
        ("d --label a --label b daemon", [("label", "a"), ("label", "b")]),
        ("d --config-file", [("config-file", None)]),
        ("d --iptables --ip6tables", [("iptables", None), ("ip6tables", None)]),
    ],
)
def test_flags(line: str, expected: list[tuple[str, str | None]]) -> None:
    assert flags_of(line) == expected


CONFIG: dict[str, t.Any] = {
    "ipv6": True,
    "fixed-cidr-v6": "2001:db8::/80",
    "ip6tables": False,
    "default-address-pools": [{"base": "10.0.0.0/16", "size": 24}, {"base": "2001:db8:7::/64", "size": 64}],
    "default-network-opts": {"bridge": {"com.docker.network.enable_ipv6": "true", "a": "b=c"}},
    "host-gateway-ips": ["192.0.2.1", "2001:db8::1"],
}


def test_flags_there_and_back() -> None:
    line = " ".join(["dockerd", *to_flags(CONFIG)])
    assert from_flags(flags_of(line)) == CONFIG
    assert "--ip6tables=false" in line and "--default-address-pool=base=10.0.0.0/16,size=24" in line


def test_flags_of_others_are_read_as_docker_does() -> None:
    assert from_flags(flags_of("d --ipv6 --ip-masq=0 -b none --live-restore --label x")) == {
        "ipv6": True,
        "ip-masq": False,
        "bridge": "none",
        "live-restore": True,
    }


@pytest.mark.parametrize("value", ["a b", "a$b", "a%b", "a'b", 'a"b', "a\\b"])
def test_flags_that_a_unit_would_change(value: str) -> None:
    with pytest.raises(Refused, match="a unit file gives this character a meaning. Use backend=file instead."):
        to_flags({"default-network-opts": {"bridge": {"a": value}}})


@pytest.mark.parametrize(
    ("key", "flag"),
    [
        ("ipv6", Flag("ipv6", None, "o")),
        ("hosts", Flag("host", "fd://", "o")),
        ("default-address-pools", Flag("default-address-pool", "x", "o")),
        ("host-gateway-ips", Flag("host-gateway-ip", "x", "o")),
        ("host-gateway-ip", Flag("host-gateway-ip", "x", "o")),
        ("log-opts", Flag("log-opt", "x", "o")),
        ("debug", Flag("debug", None, "o")),
    ],
)
def test_conflicts(key: str, flag: Flag) -> None:
    with pytest.raises(Refused) as caught:
        check_conflicts(["unrelated", key], "/etc/docker/daemon.json", [Flag("containerd", "x", "o"), flag])
    assert str(caught.value).startswith(f"{key} in /etc/docker/daemon.json: the flag --{flag.name}")
    assert f"Remove the flag from o, or {key} from /etc/docker/daemon.json." in str(caught.value)


def test_no_conflict() -> None:
    check_conflicts(["ipv6", "label"], "f", [Flag("fixed-cidr-v6", "x", "o"), Flag("label", "x", "o")][:1])


HELP = """Usage:  dockerd [OPTIONS]
Options:
      --add-runtime runtime                   Register
  -b, --bridge string                         Attach
      --default-address-pool pool-options     Default
  -H, --host list                             Daemon
      --insecure-registry list                Enable
      --ipv6                                  Enable IPv6
"""


def test_unknown_keys() -> None:
    document = {
        "ipv6": True,
        "hosts": [],
        "default-address-pools": [],
        "insecure-registries": [],
        "bridge": "x",
        "runtimes": {},
        "features": {"a": True},
        "bip6": "x",
        "IPv6": True,
    }
    assert unknown_keys(document, HELP) == ["bip6", "IPv6"]


@pytest.mark.parametrize("unit", [DEBIAN, UPSTREAM], ids=["docker.io", "docker-ce"])
def test_dropin_repeats_the_distribution_s_line(unit: tuple[str, str]) -> None:
    line = command(parse_unit([unit]), "docker")
    text = render_dropin(line, ["--ipv6=true", "--fixed-cidr-v6=2001:db8::/80"])
    assert unit[0] in text
    both = parse_unit([unit, ("ours", text)])
    assert command(both, "docker") == Setting(f"{line.text} --ipv6=true --fixed-cidr-v6=2001:db8::/80", "ours")


@pytest.mark.parametrize("name", ["docker", "docker-rootful", "a.b_c", "_x", "7", "a" * 128])
def test_names_of_services(name: str) -> None:
    assert parse_service(name) == parse_service(f"{name}.service") == name


@pytest.mark.parametrize("name", ["", ".service", "-x", "a/b", "a@1", "a b", "é", "a" * 129, "a\n"])
def test_what_names_no_service(name: str) -> None:
    rule = "a service's name has letters, digits, '_', '.' and '-'. See systemctl list-units"
    with pytest.raises(Refused) as refused:
        parse_service(name)
    assert str(refused.value).startswith("service=") and rule in str(refused.value)


def test_paths() -> None:
    assert parse_path("/etc/docker/daemon.json") == "/etc/docker/daemon.json"
    for path in ("daemon.json", "", "/", "/etc/", "/etc/a\nb"):
        with pytest.raises(Refused, match="^path=.*: this is no absolute path of a file. Give one, such as /etc/doc"):
            parse_path(path)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("dockerd -H fd://", None),
        ("dockerd", None),
        ("dockerd -H unix:///run/a.sock", "/run/a.sock"),
        ("dockerd -H tcp://[::1]:2375 --host=unix:///run/b.sock -H unix:///run/c.sock", "/run/b.sock"),
        ("dockerd --exec-root=unix:///run/d.sock --host", None),
    ],
)
def test_the_socket_of_a_command_line(line: str, path: str | None) -> None:
    assert socket_of(flags(words(Setting(line, "f"), NOTHING))) == path
