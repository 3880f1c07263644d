# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep the kernel's NDP proxy entries of one uplink in step with the containers that run.

usage: ndp_proxy_agent.py CONFIG.json

CONFIG holds ``uplink``, ``prefixes`` and ``addresses``. Entries inside the prefixes belong to this program: those of
running containers are there, no others. ``addresses`` are always there. All other entries are left alone.

It follows Docker's events for the containers, and the kernel's messages for what happens to the uplink; on any doubt
everything is read anew. It stands alone on the standard library of Python 3.8, and imports little of that, because it
runs for good on small hosts.
"""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import sys
import time

from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_docker import Docker
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_kernel import (
    GROUPS,
    Kernel,
    inside,
    packed,
    prefix_range,
    reconcile,
    shown,
)

# What mypy reads as true, and the program does without: typing is not worth its memory there.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

CHECK_SECONDS = 5.0  # the kernel tells nobody when somebody else removes a proxy entry
COALESCE_SECONDS = 0.05  # events of one burst are read together
RETRY_SECONDS = (0.1, 1.0)  # first and longest pause between two attempts to reach Docker
# The kernel asks a neighbour three times, a second apart, before it gives up (arp(7), mcast_solicit and retrans_time).
PROBE_SECONDS = 3.5
AWAY_PROBE_SECONDS = 30.0
READY_SECONDS = 3.0


def log(text: str) -> None:
    # <6>: "informational" for the journal, sd-daemon(3).
    sys.stderr.write("<6>" + text + "\n")
    sys.stderr.flush()


class Agent:
    def __init__(self, config: dict[str, t.Any]) -> None:
        self.uplink: str = config["uplink"]
        self.ranges = [prefix_range(prefix) for prefix in config["prefixes"]]
        self.fixed = {packed(address) for address in config["addresses"]}
        self.kernel = Kernel()
        self.docker = Docker()
        self.trouble: dict[str, str] = {}
        # Without Docker the kernel's own list is the only memory of the containers; what is in it is then asked.
        remembered = {address for address in self.held() - self.fixed if inside(address, self.ranges)}
        self.containers = {("", shown(address)): address for address in remembered}
        self.suspects: dict[bytes, int | None] = {}
        # When to do what next, on the monotonic clock; absent is never.
        self.due = {"check": 0.0, "connect": 0.0, "probe": 0.0}
        self.pause = RETRY_SECONDS[0]
        self.synced = 0.0
        self.ending = False

    def index(self) -> int | None:
        try:
            return socket.if_nametoindex(self.uplink)
        except OSError:
            return None

    def held(self) -> set[bytes]:
        index = self.index()
        return set() if index is None else self.kernel.proxies(index)

    def say(self, topic: str, text: str) -> None:
        """Log what is wrong with a topic once, not at every attempt; no text ends the trouble."""
        if self.trouble.get(topic, "") != text:
            self.trouble[topic] = text
            if text:
                log(f"{self.uplink}: {text}")

    def check(self) -> None:
        """Bring the uplink's settings and entries to what they should be."""
        self.due["check"] = time.monotonic() + CHECK_SECONDS
        index = self.index()
        if index is None:
            self.say("uplink", "the interface is not there; waiting for it")
            return
        try:
            self.keep(f"/proc/sys/net/ipv6/conf/{self.uplink}/proxy_ndp", "1")
            # The default makes the kernel wait up to 0.8 s before it answers for another.
            self.keep(f"/proc/sys/net/ipv6/neigh/{self.uplink}/proxy_delay", "0")
            wanted = self.fixed.union(self.containers.values())
            add, remove = reconcile(self.kernel.proxies(index), wanted, self.ranges)
            for address in add:
                self.kernel.add_proxy(index, address)
                log(f"{self.uplink}: answering for {shown(address)}")
            for address in remove:
                self.kernel.remove_proxy(index, address)
                log(f"{self.uplink}: no longer answering for {shown(address)}")
        except OSError as error:
            # The interface has gone meanwhile, or has no IPv6.
            self.say("uplink", f"cannot answer there now: {error}")
        else:
            self.say("uplink", "")

    def keep(self, path: str, value: str) -> None:
        with open(path, encoding="ascii") as current:
            before = current.read().strip()
        if before != value:
            with open(path, "w", encoding="ascii") as target:
                target.write(value)
            log(f"{self.uplink}: {path} was {before}, is {value}")

    def connect(self) -> None:
        if not (self.docker.reachable() and self.docker.follow()):
            self.due["connect"] = time.monotonic() + self.pause
            self.pause = min(self.pause * 2, RETRY_SECONDS[1])

    def pump(self) -> None:
        """Take in what Docker says has happened."""
        events = self.docker.pump()
        now = time.monotonic()
        if events is None:
            self.leave()
            return
        gone = 0
        for event in events:
            actor = event["Actor"]
            if event["Action"] == "disconnect":
                # Known without a question, which a daemon that is about to end would not answer.
                gone += self.containers.pop((actor["ID"], actor["Attributes"].get("container", "")), None) is not None
        if gone:
            self.check()
        if self.ending:
            self.end()
        else:
            self.due.setdefault("sync", max(now, self.synced + COALESCE_SECONDS))

    def hung_up(self) -> None:
        """The daemon has closed the connection for questions: it was idle for long, or the daemon is about to end."""
        self.docker.hang_up()
        self.ending = not self.docker.reachable()
        self.end()

    def end(self) -> None:
        """Leave an ending daemon as soon as it has nothing more to tell: it would wait five seconds for us."""
        if self.ending and (self.docker.live_restore or not self.containers):
            self.leave()

    def leave(self) -> None:
        self.docker.close()
        self.ending = False
        now = time.monotonic()
        self.say("docker", "Docker has gone away; containers that do not answer are forgotten")
        self.pause = RETRY_SECONDS[0]
        self.due.pop("sync", None)
        self.due.update(connect=now + self.pause, probe=now)

    def sync(self) -> None:
        """Read from Docker what runs."""
        try:
            self.containers = self.docker.containers(self.ranges)
        except (OSError, ValueError, KeyError) as error:
            self.say("docker", f"Docker does not tell what runs, asking again: {error}")
            self.due["sync"] = time.monotonic() + RETRY_SECONDS[1]
            return
        self.say("docker", "")
        for name in ("probe", "judge"):
            self.due.pop(name, None)
        self.pause = RETRY_SECONDS[0]
        self.synced = time.monotonic()
        self.check()

    def probe(self) -> None:
        """Without Docker: ask each container for itself."""
        now = time.monotonic()
        self.due.update(probe=now + AWAY_PROBE_SECONDS, judge=now + PROBE_SECONDS)
        uplink = self.index()
        self.suspects = {}
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            for address in self.containers.values():
                index = self.kernel.interface_to(address)
                self.suspects[address] = None if index == uplink else index
                if index is None or index == uplink:
                    continue
                try:
                    self.kernel.forget_neighbour(index, address)
                    sender.sendto(b"", (shown(address), 9))  # discard, RFC 863
                except OSError:
                    continue  # no neighbour will show up, which is the answer

    def judge(self) -> None:
        """Forget the containers that did not answer :meth:`probe`."""
        gone = {a for a, index in self.suspects.items() if index is None or not self.kernel.alive(index, a)}
        self.suspects = {}
        self.containers = {key: address for key, address in self.containers.items() if address not in gone}
        self.check()

    def kernel_spoke(self, messages: socket.socket) -> None:
        """Any message is a reason to look; lost ones too."""
        while True:
            try:
                messages.recv(1 << 16)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
        soon = time.monotonic() + COALESCE_SECONDS
        self.due["check"] = min(self.due["check"], soon)
        if "probe" in self.due:
            # One that is under way may have asked too early.
            self.due["probe"] = min(self.due["probe"], max(soon, self.due.get("judge", 0.0)))

    def run(self) -> None:
        messages = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        messages.setblocking(False)
        messages.bind((0, GROUPS))
        steps = {"check": self.check, "connect": self.connect, "sync": self.sync}
        steps.update(judge=self.judge, probe=self.probe)
        # systemd waits for the first look at the containers, but not for a daemon that is only starting.
        ready_at: float | None = time.monotonic() + READY_SECONDS
        while True:
            for name, step in steps.items():
                if self.due.get(name, float("inf")) <= time.monotonic():
                    del self.due[name]
                    step()
            now = time.monotonic()
            if ready_at is not None and (self.docker.stream is None or self.synced or now >= ready_at):
                ready_at = None
                notify("READY=1")
            poll = select.poll()
            poll.register(messages, select.POLLIN)
            if self.docker.stream is not None:
                poll.register(self.docker.stream, select.POLLIN)
            if self.docker.calls is not None:
                poll.register(self.docker.calls, select.POLLIN)
            wake = min([*self.due.values(), *([] if ready_at is None else [ready_at])])
            for descriptor, _events in poll.poll(max(0.0, wake - now) * 1000 + 1):
                if descriptor == messages.fileno():
                    self.kernel_spoke(messages)
                elif self.docker.stream is not None and descriptor == self.docker.stream.fileno():
                    self.pump()
                elif self.docker.calls is not None and descriptor == self.docker.calls.fileno():
                    # Nothing was asked, so this is the end of the connection.
                    self.hung_up()


def notify(state: str) -> None:
    """Tell systemd, sd_notify(3)."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as target:
            target.sendto(state.encode(), "\0" + path[1:] if path.startswith("@") else path)


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        sys.stderr.write(f"usage: {arguments[0]} CONFIG.json\n")
        return 2
    with open(arguments[1], encoding="utf-8") as stream:
        config = json.load(stream)
    Agent(config).run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
