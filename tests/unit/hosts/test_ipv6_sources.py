# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""apt's files on a host whose sources answer over IPv6 alone."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import typing as t

import pytest
from namespaces import Namespace, namespace

MIRROR, OTHER, OTHER4 = "v6.example.org", "both.example.org", "v4.example.org"
# Names without a resolver, and a server for each of them on this host.
SETUP = f"""
mkdir -p /etc/apt/apt.conf.d /etc/apt/sources.list.d; echo hosts: files >/etc/nsswitch.conf
ip -6 addr add 2001:db8:1::1/128 dev lo nodad; ip addr add 192.0.2.1/32 dev lo
printf '2001:db8:1::1 {MIRROR} {OTHER}\\n192.0.2.1 {OTHER}\\n192.0.2.9 {OTHER4}\\n' >/etc/hosts
"""
SERVERS = """
import socket, time
kept = [socket.create_server((host, 80), family=family) for host, family in
        (("2001:db8:1::1", socket.AF_INET6), ("192.0.2.1", socket.AF_INET))]
print("there", flush=True)
time.sleep(3600)
"""
LIST = "/etc/apt/sources.list"
CONF = "/etc/apt/apt.conf.d/99routable-ipv6"
Result = t.Dict[str, t.Any]


class Host:
    """A host with apt, as far as the module asks it."""

    def __init__(self, space: Namespace, commands: pathlib.Path) -> None:
        self.space = space
        self._commands = commands
        (commands / "apt-config").write_text("#!/bin/sh\necho 'Acquire \"\";'\n")
        (commands / "apt-config").chmod(0o755)

    def list(self, host: str) -> str:
        text = f"deb http://{host}/debian trixie main\n"
        self.space.sh(f"echo '{text.strip()}' >{LIST}")
        return text

    def run(self, check: bool = False, **more: t.Any) -> Result:
        return self.space.module(
            "ipv6_sources", check, by=("env", f"PATH={self._commands}:/usr/bin:/bin"), timeout=20, **more
        )

    def files(self) -> Result:
        names = self.space.sh("find /etc/apt -type f | sort").split()
        return {name: self.space.sh(f"cat {name}") for name in names}


@pytest.fixture
def host(tmp_path: pathlib.Path) -> t.Iterator[Host]:
    with namespace() as space:
        space.sh(SETUP)
        with subprocess.Popen(space.words(sys.executable, "-S", "-c", SERVERS), stdout=subprocess.PIPE) as servers:
            assert servers.stdout is not None and servers.stdout.readline() == b"there\n"
            yield Host(space, tmp_path)
            servers.kill()


def test_apt_keeps_to_ipv6_where_only_that_answers(host: Host) -> None:
    text = host.list(MIRROR)
    ahead = host.run(check=True)
    assert host.files() == {LIST: text}
    done = host.run()
    assert done["forced"] and done["changes"] == ahead["changes"] == [f"Write {CONF}, so that apt keeps to IPv6."]
    assert done["sources"] == [
        {"host": MIRROR, "port": 80, "origin": LIST, "ipv6": "it answers", "ipv4": "its name has no address"}
    ]
    assert 'Acquire::ForceIPv6 "true";' in host.files()[CONF]
    assert not host.run()["changed"]
    # A source that answers over IPv4 is a reason to let apt use it again.
    host.list(OTHER)
    again = host.run()
    assert again["changes"] == [f"Remove {CONF}: apt may use IPv4 again."] and not again["forced"]
    assert CONF not in host.files()


def test_absent_brings_back_what_was_there(host: Host) -> None:
    text = host.list(OTHER4)
    replaced = host.run(replace={OTHER4: MIRROR})
    assert len(replaced["changes"]) == 2 and replaced["forced"]
    assert host.files()[LIST] == text.replace(OTHER4, MIRROR)
    gone = host.run(state="absent")
    assert gone["changed"] and not gone["forced"]
    assert host.files() == {LIST: text}
    assert not host.run(state="absent")["changed"]


def test_what_somebody_has_changed_since_stays(host: Host) -> None:
    host.list(OTHER4)
    host.run(replace={OTHER4: MIRROR})
    mine = host.list(OTHER)
    left = host.run(state="absent")
    assert host.files() == {LIST: mine}
    assert "has been changed by somebody else" in str(left["warnings"])


def test_a_source_that_cannot_be_reached_is_refused_before_anything_is_written(host: Host) -> None:
    text = host.list(OTHER4)
    refused = host.run(registries=["registry.example.org:5000"])
    assert refused["failed"]
    assert (
        f"{OTHER4}:80 ({LIST}): over IPv6 its name has no address, over IPv4 there is no route to it" in refused["msg"]
    )
    assert "registry.example.org:5000 (registries)" in refused["msg"]
    assert host.files() == {LIST: text}
    warned = host.run(required=False)
    assert not warned["failed"] and not warned["changed"] and OTHER4 in str(warned["warnings"])
    assert host.files() == {LIST: text}
