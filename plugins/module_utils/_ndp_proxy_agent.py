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

# What mypy reads as true; typing itself is not worth its memory here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    Ranges = t.Sequence[tuple[bytes, bytes]]

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
REQUEST_SECONDS = 3.0
# The kernel asks a neighbour three times, a second apart, before it gives up (arp(7), mcast_solicit and retrans_time).
PROBE_SECONDS = 3.5
AWAY_PROBE_SECONDS = 30.0
READY_SECONDS = 3.0


def log(text: str) -> None:
    # <6>: "informational" for the journal, sd-daemon(3).
    sys.stderr.write("<6>" + text + "\n")
    sys.stderr.flush()


def packed(text: str) -> bytes:
    """The 16 bytes of an address, whatever follows it after a slash."""
    return socket.inet_pton(socket.AF_INET6, text.partition("/")[0])


def shown(address: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET6, address)


def prefix_range(text: str) -> tuple[bytes, bytes]:
    """The first and the last address of a prefix."""
    length = int(text.partition("/")[2])
    size = (1 << (128 - length)) - 1
    first = int.from_bytes(packed(text), "big") & ~size
    return first.to_bytes(16, "big"), (first | size).to_bytes(16, "big")


def inside(address: bytes, ranges: Ranges) -> bool:
    return any(first <= address <= last for first, last in ranges)


def reconcile(held: set[bytes], wanted: set[bytes], ranges: Ranges) -> tuple[list[bytes], list[bytes]]:
    """Which entries to add and which to remove, each sorted.

    Entries that are neither wanted nor inside the ranges belong to somebody else.
    """
    return sorted(wanted - held), sorted(address for address in held - wanted if inside(address, ranges))


class Kernel:
    """Neighbours and routes of this network namespace, through rtnetlink."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, 0))
        self._socket.settimeout(REQUEST_SECONDS)
        self._sequence = 0

    def proxies(self, index: int) -> set[bytes]:
        """The addresses that are answered for on an interface."""
        neighbours = self._neighbours(NTF_PROXY)
        return {address for where, address, dummy in neighbours if where == index}

    def add_proxy(self, index: int, address: bytes) -> None:
        body = NEIGHBOUR.pack(socket.AF_INET6, 0, 0, index, 0, NTF_PROXY, 0)
        self._request(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE, body + attribute(NDA_DST, address))

    def remove_proxy(self, index: int, address: bytes) -> None:
        self._delete(index, address, NTF_PROXY)

    def forget_neighbour(self, index: int, address: bytes) -> None:
        """Forget what is known of a neighbour, so that the next packet asks for it anew."""
        self._delete(index, address, 0)

    def alive(self, index: int, address: bytes) -> bool:
        """Whether a neighbour has answered."""
        return any(where == index and who == address and state & NUD_ALIVE for where, who, state in self._neighbours(0))

    def interface_to(self, address: bytes) -> int | None:
        """The index of the interface through which an address is reached, None when there is no way."""
        body = ROUTE.pack(socket.AF_INET6, 128, 0, 0, 0, 0, 0, 0, 0) + attribute(RTA_DST, address)
        try:
            answers = self._request(RTM_GETROUTE, 0, body)
        except OSError:
            return None
        for answer in answers:
            found = attributes(answer, ROUTE.size).get(RTA_OIF)
            if found:
                return int.from_bytes(found, sys.byteorder)
        return None

    def _delete(self, index: int, address: bytes, flags: int) -> None:
        body = NEIGHBOUR.pack(socket.AF_INET6, 0, 0, index, 0, flags, 0)
        try:
            self._request(RTM_DELNEIGH, NLM_F_ACK, body + attribute(NDA_DST, address))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise

    def _neighbours(self, flags: int) -> t.Iterator[tuple[int, bytes, int]]:
        body = NEIGHBOUR.pack(socket.AF_INET6, 0, 0, 0, 0, flags, 0)
        for answer in self._request(RTM_GETNEIGH, NLM_F_DUMP, body):
            family, dummy, dummy, index, state, theirs, dummy = NEIGHBOUR.unpack_from(answer)
            address = attributes(answer, NEIGHBOUR.size).get(NDA_DST, b"")
            if family == socket.AF_INET6 and len(address) == 16 and theirs & NTF_PROXY == flags:
                yield index, address, state

    def _request(self, kind: int, flags: int, body: bytes) -> list[bytes]:
        """Send one request and give the bodies of its answers; OSError with the kernel's errno."""
        self._sequence += 1
        size = HEADER.size + len(body)
        self._socket.send(HEADER.pack(size, kind, NLM_F_REQUEST | flags, self._sequence, 0) + body)
        answers: list[bytes] = []
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


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value


def attributes(data: bytes, offset: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while offset + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, offset)
        if size < 4:
            break
        found[kind] = data[offset + 4 : offset + size]
        offset += (size + 3) & ~3
    return found


class Docker:
    """What runs, from the daemon's API.

    systemd holds Docker's socket while the daemon is down or about to end: to connect then would start the daemon
    against its administrator's will. So there are two lasting connections, and no new one without :meth:`reachable`.
    """

    def __init__(self) -> None:
        self.stream: socket.socket | None = None
        self._unread = b""
        self.calls: socket.socket | None = None
        # Whether containers outlive the daemon.
        self.live_restore = False

    @staticmethod
    def reachable() -> bool:
        """Whether a daemon runs that is not about to end."""
        try:
            with open(DOCKER_PIDFILE, encoding="ascii") as pidfile:
                pid = int(pidfile.read())
            with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                if not comm.read().startswith("dockerd"):
                    return False
        except (OSError, ValueError):
            return False
        command = "systemctl show --property=ActiveState --value docker.service 2>/dev/null"
        # This is a program of its own with no run_command, and subprocess costs memory that it rarely needs.
        with os.popen(command) as output:  # pylint: disable=ansible-bad-function
            return output.read().strip() != "deactivating"

    def follow(self) -> bool:
        """Ask for the stream of events; :meth:`pump` tells when the daemon serves it."""
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            stream.setblocking(False)
            stream.connect(DOCKER_SOCKET)
            # From a second ago: the daemon answers before it has subscribed us. HTTP/1.0 has no chunks.
            stream.send(request(f"{EVENTS}{int(time.time()) - 1}", "1.0"))
        except OSError:
            stream.close()
            return False
        self.stream = stream
        return True

    def pump(self) -> list[dict[str, t.Any]] | None:
        """The events that have come. None when the stream has ended."""
        if self.stream is None:
            return None
        try:
            data = self.stream.recv(1 << 16)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.close()
            return None
        *lines, self._unread = (self._unread + data).split(b"\n")
        # All other lines are those of the answer's head.
        return [json.loads(line) for line in lines if line.startswith(b"{")]

    def close(self) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None
        self._unread = b""
        self.hang_up()

    def containers(self, ranges: Ranges) -> dict[tuple[str, str], bytes]:
        """The addresses inside the ranges that are held now, by the ids of network and container.

        A network's own list has a container from the moment it is connected, before its first program runs;
        the list of containers has it only afterwards.

        :raises OSError: Docker does not answer.
        :raises ValueError: it answers something else.
        """
        if self.calls is None:
            self.live_restore = bool(self._get("/info").get("LiveRestoreEnabled"))
        found = {}
        for network in self._get(NETWORKS) or []:
            subnets = [entry.get("Subnet", "") for entry in network["IPAM"]["Config"] or []]
            if not any(overlaps(subnet, ranges) for subnet in subnets):
                continue
            # None: removed since it was listed.
            details = self._get("/networks/" + network["Id"]) or {}
            for container, endpoint in (details.get("Containers") or {}).items():
                if endpoint["IPv6Address"] and inside(packed(endpoint["IPv6Address"]), ranges):
                    found[network["Id"], container] = packed(endpoint["IPv6Address"])
        return found

    def hang_up(self) -> None:
        """Close the connection for questions."""
        if self.calls is not None:
            self.calls.close()
            self.calls = None

    def _get(self, path: str) -> t.Any:
        """One answer of the API, None where there is no such thing."""
        fresh = self.calls is None
        try:
            return self._call(path)
        except OSError:
            # The daemon closes a connection that was idle for long.
            self.hang_up()
            if fresh:
                raise
        return self._call(path)

    def _call(self, path: str) -> t.Any:
        if self.calls is None:
            if not self.reachable():
                raise ConnectionError("it is about to end")
            self.calls = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.calls.settimeout(REQUEST_SECONDS)
            self.calls.connect(DOCKER_SOCKET)
        self.calls.sendall(request(path, "1.1"))
        with self.calls.makefile("rb") as answer:
            status, body = read_answer(answer)
        if status == 404:
            return None
        if status != 200:
            raise ValueError(f"GET {path}: status {status}")
        return json.loads(body)


def request(path: str, version: str) -> bytes:
    return f"GET {path} HTTP/{version}\r\nHost: docker\r\n\r\n".encode()


def read_answer(stream: t.BinaryIO) -> tuple[int, bytes]:
    """Status and body of one HTTP/1.1 answer (RFC 9112, section 6)."""
    status = stream.readline().split()
    if len(status) < 2:
        raise ConnectionError("the connection was closed")
    headers = {}
    for line in iter(stream.readline, b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            raise ConnectionError("the connection was closed")
        headers[name.strip().lower()] = value.strip().lower()
    if headers.get(b"transfer-encoding") != b"chunked":
        return int(status[1]), stream.read(int(headers.get(b"content-length", b"0")))
    body = b""
    while True:
        size = int(stream.readline().split(b";")[0] or b"0", 16)
        body += stream.read(size)
        stream.readline()
        if not size:
            return int(status[1]), body


def overlaps(subnet: str, ranges: Ranges) -> bool:
    if ":" not in subnet:
        return False
    low, high = prefix_range(subnet)
    return any(first <= high and low <= last for first, last in ranges)


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
