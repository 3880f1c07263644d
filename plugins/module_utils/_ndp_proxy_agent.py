#!/usr/bin/python3
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
import struct
import sys
import time

# linux/netlink.h, linux/rtnetlink.h, linux/neighbour.h
RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH, RTM_GETROUTE = 28, 29, 30, 26
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_CREATE = 0x1, 0x4, 0x300, 0x400
NLMSG_ERROR, NLMSG_DONE = 2, 3
NTF_PROXY, NDA_DST, RTA_DST, RTA_OIF = 0x8, 1, 1, 4
NUD_ALIVE = 0x02 | 0x04 | 0x08 | 0x10 | 0x80  # reachable, stale, delay, probe, permanent
GROUPS = 1 << 0 | 1 << 24  # RTNLGRP_LINK, RTNLGRP_IPV6_NETCONF
HEADER, NEIGHBOUR, ROUTE = struct.Struct("=IHHII"), struct.Struct("=BBHiHBB"), struct.Struct("=BBBBBBBBI")

DOCKER_SOCKET = "/run/docker.sock"
DOCKER_PIDFILE = "/run/docker.pid"
EVENTS = "/events?filters=%7B%22type%22%3A%5B%22network%22%5D%7D&since="
NETWORKS = "/networks?filters=%7B%22driver%22%3A%5B%22bridge%22%5D%7D"

CHECK_SECONDS = 5.0  # the kernel tells nobody when somebody else removes a proxy entry
COALESCE_SECONDS = 0.05  # events of one burst are read together
RETRY_SECONDS = (0.1, 1.0)  # first and longest pause between two attempts to reach Docker
REQUEST_SECONDS = 5.0
# The kernel asks a neighbour three times, a second apart, before it gives up (arp(7), mcast_solicit and retrans_time).
PROBE_SECONDS = 3.5
AWAY_PROBE_SECONDS = 30.0
READY_SECONDS = 3.0


def log(text):
    # <6>: "informational" for the journal, sd-daemon(3).
    sys.stderr.write("<6>" + text + "\n")
    sys.stderr.flush()


def packed(text):
    """The 16 bytes of an address, whatever follows it after a slash."""
    return socket.inet_pton(socket.AF_INET6, text.partition("/")[0])


def shown(address):
    return socket.inet_ntop(socket.AF_INET6, address)


def prefix_range(text):
    """The first and the last address of a prefix."""
    length = int(text.partition("/")[2])
    size = (1 << (128 - length)) - 1
    first = int.from_bytes(packed(text), "big") & ~size
    return first.to_bytes(16, "big"), (first | size).to_bytes(16, "big")


def inside(address, ranges):
    return any(first <= address <= last for first, last in ranges)


def reconcile(held, wanted, ranges):
    """Which entries to add and which to remove, each sorted.

    Entries that are neither wanted nor inside the ranges belong to somebody else.
    """
    return sorted(wanted - held), sorted(address for address in held - wanted if inside(address, ranges))


class Kernel:
    """Neighbours and routes of this network namespace, through rtnetlink."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, 0))
        self._socket.settimeout(REQUEST_SECONDS)
        self._sequence = 0

    def proxies(self, index):
        """The addresses that are answered for on an interface."""
        neighbours = self._neighbours(NTF_PROXY)
        return {address for where, address, dummy in neighbours if where == index}

    def add_proxy(self, index, address):
        body = NEIGHBOUR.pack(socket.AF_INET6, 0, 0, index, 0, NTF_PROXY, 0)
        self._request(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE, body + attribute(NDA_DST, address))

    def remove_proxy(self, index, address):
        self._delete(index, address, NTF_PROXY)

    def forget_neighbour(self, index, address):
        """Forget what is known of a neighbour, so that the next packet asks for it anew."""
        self._delete(index, address, 0)

    def alive(self, index, address):
        """Whether a neighbour has answered."""
        return any(where == index and who == address and state & NUD_ALIVE for where, who, state in self._neighbours(0))

    def interface_to(self, address):
        """The index of the interface through which an address is reached, None when there is no way."""
        body = ROUTE.pack(socket.AF_INET6, 128, 0, 0, 0, 0, 0, 0, 0) + attribute(RTA_DST, address)
        try:
            answers = self._request(RTM_GETROUTE, 0, body)
        except OSError:
            return None
        for answer in answers:
            found = attributes(answer, ROUTE.size).get(RTA_OIF)
            if found:
                return struct.unpack("=i", found)[0]
        return None

    def _delete(self, index, address, flags):
        body = NEIGHBOUR.pack(socket.AF_INET6, 0, 0, index, 0, flags, 0)
        try:
            self._request(RTM_DELNEIGH, NLM_F_ACK, body + attribute(NDA_DST, address))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise

    def _neighbours(self, flags):
        body = NEIGHBOUR.pack(socket.AF_INET6, 0, 0, 0, 0, flags, 0)
        for answer in self._request(RTM_GETNEIGH, NLM_F_DUMP, body):
            family, dummy, dummy, index, state, theirs, dummy = NEIGHBOUR.unpack_from(answer)
            address = attributes(answer, NEIGHBOUR.size).get(NDA_DST, b"")
            if family == socket.AF_INET6 and len(address) == 16 and theirs & NTF_PROXY == flags:
                yield index, address, state

    def _request(self, kind, flags, body):
        """Send one request and give the bodies of its answers; OSError with the kernel's errno."""
        self._sequence += 1
        size = HEADER.size + len(body)
        self._socket.send(HEADER.pack(size, kind, NLM_F_REQUEST | flags, self._sequence, 0) + body)
        answers = []
        while True:
            data = self._socket.recv(1 << 18)
            while data:
                size, kind, dummy, sequence, dummy = HEADER.unpack_from(data)
                content, data = data[HEADER.size : size], data[(size + 3) & ~3 :]
                if sequence != self._sequence:
                    continue  # of a request that was given up
                if kind == NLMSG_ERROR:
                    code = -struct.unpack_from("=i", content)[0]
                    if code:
                        raise OSError(code, os.strerror(code))
                    return answers
                if kind == NLMSG_DONE:
                    return answers
                answers.append(content)
            if answers and not flags & (NLM_F_DUMP | NLM_F_ACK):
                return answers


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value


def attributes(data, offset):
    found = {}
    while offset + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, offset)
        if size < 4:
            break
        found[kind] = data[offset + 4 : offset + size]
        offset += (size + 3) & ~3
    return found


class Docker:
    """What runs, from the daemon's API. Connections are HTTP/1.0, so that answers end with the connection."""

    def __init__(self):
        self.stream = None
        self.ready = False

    @staticmethod
    def reachable():
        """Whether a daemon runs that is not about to end.

        systemd holds Docker's socket while the daemon is down: to connect then would start it against its
        administrator's will.
        """
        try:
            with open(DOCKER_PIDFILE, encoding="ascii") as pidfile:
                pid = int(pidfile.read())
            with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                if not comm.read().startswith("dockerd"):
                    return False
        except (OSError, ValueError):
            return False
        with os.popen("systemctl show --property=ActiveState --value docker.service 2>/dev/null") as output:
            return output.read().strip() != "deactivating"

    def follow(self):
        """Ask for the stream of events; :meth:`pump` tells when the daemon serves it."""
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            stream.setblocking(False)
            stream.connect(DOCKER_SOCKET)
            # From a second ago: the daemon answers before it has subscribed us.
            stream.send(request(EVENTS + str(int(time.time()) - 1)))
        except OSError:
            stream.close()
            return False
        self.stream = stream
        return True

    def pump(self):
        """Read what the stream has. False when it has ended."""
        try:
            data = self.stream.recv(1 << 16)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data or (not self.ready and not ok(data)):
            self.stream.close()
            self.stream, self.ready = None, False
            return False
        self.ready = True
        return True

    def addresses(self, ranges):
        """The addresses inside the ranges that containers hold now; OSError or ValueError when Docker is in trouble.

        A network's own list has a container from the moment it is connected, before its first program runs;
        the list of containers has it only afterwards.
        """
        found = set()
        for network in get(NETWORKS) or []:
            subnets = [entry.get("Subnet", "") for entry in network["IPAM"]["Config"] or []]
            if not any(overlaps(subnet, ranges) for subnet in subnets):
                continue
            # None: removed since it was listed.
            details = get("/networks/" + network["Id"]) or {}
            texts = [entry["IPv6Address"] for entry in (details.get("Containers") or {}).values()]
            found.update(packed(text) for text in texts if text)
        return {address for address in found if inside(address, ranges)}


def overlaps(subnet, ranges):
    if ":" not in subnet:
        return False
    low, high = prefix_range(subnet)
    return any(first <= high and low <= last for first, last in ranges)


def request(path):
    return ("GET " + path + " HTTP/1.0\r\nHost: docker\r\n\r\n").encode()


def ok(answer):
    return answer.split(b"\r\n", 1)[0].split(b" ")[1:2] == [b"200"]


def get(path):
    """One answer of Docker's API, None where there is no such thing."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(REQUEST_SECONDS)
        connection.connect(DOCKER_SOCKET)
        connection.sendall(request(path))
        data = b""
        while True:
            part = connection.recv(1 << 16)
            if not part:
                break
            data += part
    head, dummy, body = data.partition(b"\r\n\r\n")
    if head.split(b" ")[1:2] == [b"404"]:
        return None
    if not ok(head):
        status = head.split(b"\r\n", 1)[0].decode("latin-1")
        raise ValueError(f"GET {path}: {status}")
    return json.loads(body)


class Agent:
    def __init__(self, config):
        self.uplink = config["uplink"]
        self.ranges = [prefix_range(prefix) for prefix in config["prefixes"]]
        self.fixed = {packed(address) for address in config["addresses"]}
        self.kernel = Kernel()
        self.docker = Docker()
        self.trouble = ""
        # Without Docker the kernel's own list is the only memory of the containers, and is then probed.
        self.containers = {a for a in self.held() - self.fixed if inside(a, self.ranges)}
        self.ready_due = time.monotonic() + READY_SECONDS
        # When to do what next, on the monotonic clock; None is never.
        self.due = {"check": 0.0, "connect": 0.0, "sync": None, "probe": 0.0, "judge": None}
        self.suspects = {}
        self.pause = RETRY_SECONDS[0]
        self.synced = 0.0

    def index(self):
        try:
            return socket.if_nametoindex(self.uplink)
        except OSError:
            return None

    def held(self):
        index = self.index()
        return self.kernel.proxies(index) if index else set()

    def complain(self, text):
        """Say it once, not at every attempt."""
        if text != self.trouble:
            self.trouble = text
            if text:
                log(f"{self.uplink}: {text}")

    def check(self):
        """Bring the uplink's settings and entries to what they should be."""
        self.due["check"] = time.monotonic() + CHECK_SECONDS
        index = self.index()
        if index is None:
            return self.complain("the interface is not there; waiting for it")
        try:
            self.keep(f"/proc/sys/net/ipv6/conf/{self.uplink}/proxy_ndp", "1")
            # The default makes the kernel wait up to 0.8 s before it answers for another.
            self.keep(f"/proc/sys/net/ipv6/neigh/{self.uplink}/proxy_delay", "0")
            add, remove = reconcile(self.kernel.proxies(index), self.fixed | self.containers, self.ranges)
            for address in add:
                self.kernel.add_proxy(index, address)
                log(f"{self.uplink}: answering for {shown(address)}")
            for address in remove:
                self.kernel.remove_proxy(index, address)
                log(f"{self.uplink}: no longer answering for {shown(address)}")
        except OSError as error:
            # The interface has gone meanwhile, or has no IPv6.
            return self.complain(f"cannot answer there now: {error}")
        return self.complain("")

    def keep(self, path, value):
        with open(path, encoding="ascii") as current:
            before = current.read().strip()
        if before != value:
            with open(path, "w", encoding="ascii") as target:
                target.write(value)
            log(f"{self.uplink}: {path} was {before}, is {value}")

    def connect(self):
        now = time.monotonic()
        self.due["connect"] = None
        if self.docker.reachable() and self.docker.follow():
            return
        self.due["connect"] = now + self.pause
        self.pause = min(self.pause * 2, RETRY_SECONDS[1])

    def pump(self):
        now = time.monotonic()
        if not self.docker.pump():
            log(f"{self.uplink}: Docker has gone away; its containers are watched by asking them")
            self.pause = RETRY_SECONDS[0]
            self.due.update(connect=now + self.pause, sync=None, probe=now)
        elif self.due["sync"] is None:
            self.due["sync"] = max(now, self.synced + COALESCE_SECONDS)

    def sync(self):
        """Read from Docker what runs."""
        self.due["sync"] = None
        try:
            self.containers = self.docker.addresses(self.ranges)
        except (OSError, ValueError, KeyError) as error:
            log(f"{self.uplink}: Docker does not tell what runs, trying again: {error}")
            self.due["sync"] = time.monotonic() + RETRY_SECONDS[1]
            return
        self.due.update(probe=None, judge=None)
        self.pause = RETRY_SECONDS[0]
        self.synced = time.monotonic()
        self.ready_due = 0.0
        self.check()

    def probe(self):
        """Without Docker: ask each container for itself."""
        now = time.monotonic()
        self.due.update(probe=now + AWAY_PROBE_SECONDS, judge=now + PROBE_SECONDS)
        self.suspects = {address: self.kernel.interface_to(address) for address in self.containers}
        uplink = self.index()
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            for address, index in self.suspects.items():
                if index is None or index == uplink:
                    self.suspects[address] = None
                    continue
                try:
                    self.kernel.forget_neighbour(index, address)
                    sender.sendto(b"", (shown(address), 9))  # discard, RFC 863
                except OSError:
                    continue  # no neighbour will show up, which is the answer

    def judge(self):
        """Drop the containers that did not answer :meth:`probe`."""
        self.due["judge"] = None
        gone = {a for a, index in self.suspects.items() if index is None or not self.kernel.alive(index, a)}
        self.suspects = {}
        self.containers -= gone
        self.check()

    def kernel_spoke(self, messages):
        """Any message is a reason to look; lost ones too."""
        while True:
            try:
                messages.recv(1 << 16)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
        now = time.monotonic()
        self.due["check"] = min(self.due["check"], now + COALESCE_SECONDS)
        if self.due["probe"] is not None and self.due["judge"] is None:
            self.due["probe"] = min(self.due["probe"], now + COALESCE_SECONDS)

    def run(self):
        messages = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        messages.setblocking(False)
        messages.bind((0, GROUPS))
        steps = {"check": self.check, "connect": self.connect, "sync": self.sync}
        steps.update(probe=self.probe, judge=self.judge)
        ready = False
        while True:
            for name, step in steps.items():
                due = self.due[name]
                if due is not None and due <= time.monotonic():
                    step()
            now = time.monotonic()
            if not ready and (self.docker.stream is None or now >= self.ready_due):
                ready = True
                notify("READY=1")
            poll = select.poll()
            poll.register(messages, select.POLLIN)
            if self.docker.stream is not None:
                poll.register(self.docker.stream, select.POLLIN)
            times = [due for due in self.due.values() if due is not None] + ([] if ready else [self.ready_due])
            for descriptor, _events in poll.poll(max(0.0, min(times) - now) * 1000 + 1):
                if descriptor == messages.fileno():
                    self.kernel_spoke(messages)
                elif self.docker.stream is not None:
                    self.pump()


def notify(state):
    """Tell systemd, sd_notify(3)."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as target:
            target.sendto(state.encode(), "\0" + path[1:] if path.startswith("@") else path)


def main(arguments):
    if len(arguments) != 2:
        sys.stderr.write(f"usage: {arguments[0]} CONFIG.json\n")
        return 2
    with open(arguments[1], encoding="utf-8") as stream:
        config = json.load(stream)
    Agent(config).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
