# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program as systemd starts it, beside a kernel of its own and a daemon that tells what runs."""

from __future__ import annotations

import json
import pathlib
import socket
import subprocess
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _ndp_proxy_docker as docker
from docker_socket import NETWORK, Daemon
from namespaces import Namespace, namespace, until

PREFIX = "2001:db8:0:1:d::/80"
FIXED = "2001:db8:0:1::5"
WEB, DB, OTHER = "2001:db8:0:1:d::11", "2001:db8:0:1:d::12", "2001:db8:0:1:d::13"
FOREIGN = "2001:db8:0:1:e::1"


class Host:
    """A host with an uplink, on which the program runs."""

    def __init__(self, space: Namespace, directory: pathlib.Path) -> None:
        self.space = space
        self.directory = directory
        self._log = directory / "log"
        self._program: subprocess.Popen[bytes] | None = None
        self._notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notified.bind(str(directory / "notify"))
        self._notified.settimeout(30)

    def uplink(self) -> None:
        self.space.sh("ip link add up0 type bridge; ip link set up0 up")

    def daemon(self) -> Daemon:
        """Docker comes up."""
        made = Daemon(self.directory, PREFIX)
        self.space.sh(f"ln -sf {made.path} {docker.DOCKER_SOCKET}; echo {made.pid} >{docker.DOCKER_PIDFILE}")
        return made

    def start(self) -> None:
        config = self.directory / "config.json"
        config.write_text(json.dumps({"uplink": "up0", "prefixes": [PREFIX], "addresses": [FIXED]}))
        program = self.space.part("module_utils._ndp_proxy_agent")
        words = self.space.words("env", f"NOTIFY_SOCKET={self.directory}/notify", *program)
        with self._log.open("ab") as log:
            self._program = subprocess.Popen([*words, str(config)], stderr=log)

    def ready(self) -> None:
        """Wait until it says so. A systemctl that finds no systemd says something on the same socket."""
        while self._notified.recv(100) != b"READY=1":
            pass

    def proxies(self) -> set[str]:
        return {line.split()[0] for line in self.space.sh("ip -6 neigh show proxy dev up0").splitlines()}

    def answers_for(self, *addresses: str) -> None:
        until(lambda: self.proxies() == set(addresses), f"{self.log()}\nwanted {addresses}")

    def log(self) -> str:
        return self._log.read_text()

    def said(self, text: str) -> None:
        until(lambda: text in self.log(), f"{text} is not in\n{self._log}")

    def close(self) -> None:
        self._notified.close()
        if self._program is not None:
            assert self._program.poll() is None, self.log()
            self._program.terminate()
            self._program.wait(30)


@pytest.fixture
def host(tmp_path: pathlib.Path) -> t.Iterator[Host]:
    with namespace() as space:
        made = Host(space, tmp_path)
        try:
            yield made
        finally:
            made.close()


def test_it_follows_the_containers(host: Host) -> None:
    host.uplink()
    for address in (OTHER, FOREIGN):
        host.space.sh(f"ip -6 neigh add proxy {address} dev up0")
    daemon = host.daemon()
    daemon.containers = {"web": f"{WEB}/80", "without": "", "elsewhere": "2001:db8:0:9::1/64"}
    host.start()
    host.ready()
    # Of what was there, the entry inside the prefix that nobody holds is gone, and that of somebody else stays.
    host.answers_for(FIXED, FOREIGN, WEB)
    assert (
        host.space.sh("cat /proc/sys/net/ipv6/conf/up0/proxy_ndp /proc/sys/net/ipv6/neigh/up0/proxy_delay") == "1\n0\n"
    )

    daemon.containers["db"] = f"{DB}/80"
    daemon.tell("connect", "db")
    host.answers_for(FIXED, FOREIGN, WEB, DB)

    # The last word of a daemon that is about to end: it answers nothing any more.
    daemon.status = 500
    daemon.tell("disconnect", "web")
    host.answers_for(FIXED, FOREIGN, DB)
    host.said("Docker does not tell what runs, asking again: GET /networks")
    del daemon.containers["web"]
    daemon.status = 200
    asked = len(daemon.asked)
    until(lambda: f"/networks/{NETWORK}" in daemon.asked[asked:])
    host.answers_for(FIXED, FOREIGN, DB)
    daemon.close()


def test_what_somebody_takes_away_comes_back_with_the_next_message_of_the_kernel(host: Host) -> None:
    host.uplink()
    host.start()
    # Without Docker there is nothing to wait for.
    host.ready()
    host.answers_for(FIXED)
    host.space.sh(f"ip -6 neigh del proxy {FIXED} dev up0; ip link set up0 down; ip link set up0 up")
    host.answers_for(FIXED)
    host.space.sh("ip link del up0")
    host.said("up0: the interface is not there; waiting for it")
    host.uplink()
    host.answers_for(FIXED)


def test_without_docker_the_containers_that_answer_are_kept(host: Host) -> None:
    host.uplink()
    # One container that lives on without its daemon, behind a bridge, and one that does not.
    with namespace() as container:
        host.space.sh(
            f"ip link add br0 type veth peer name eth0 netns {container.pid}; ip link set br0 up;"
            f"ip -6 addr add 2001:db8:0:1:d::1/80 dev br0 nodad"
        )
        container.sh(f"ip link set eth0 up; ip -6 addr add {WEB}/80 dev eth0 nodad")
        daemon = host.daemon()
        daemon.live_restore = True
        daemon.containers = {"web": f"{WEB}/80", "db": f"{DB}/80"}
        host.start()
        host.answers_for(FIXED, WEB, DB)
        daemon.close()
        host.said("Docker has gone away; containers that do not answer are forgotten")
        host.answers_for(FIXED, WEB)

        # The new daemon knows another one.
        daemon = host.daemon()
        daemon.containers = {"db": f"{DB}/80"}
        host.answers_for(FIXED, DB)
        daemon.close()


def test_it_does_not_keep_an_ending_daemon_waiting(host: Host) -> None:
    host.uplink()
    daemon = host.daemon()
    host.start()
    until(lambda: daemon.followed and f"/networks/{NETWORK}" in daemon.asked)
    # Without a process of its name there is no daemon to wait for, whoever holds the socket.
    host.space.sh(f"echo {host.space.pid} >{docker.DOCKER_PIDFILE}")
    daemon.hang_up()
    host.said("Docker has gone away")
    host.answers_for(FIXED)
    asked = len(daemon.asked)
    host.space.sh(f"echo {daemon.pid} >{docker.DOCKER_PIDFILE}")
    until(lambda: len(daemon.asked) > asked)
    daemon.close()
