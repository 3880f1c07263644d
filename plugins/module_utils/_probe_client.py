# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Sends the probes: all pings and all connections of a run at once, bounded by one timeout.

A port: it says what came back, and decides nothing.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import subprocess
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _probe_icmp as icmp
from ansible_collections.routable.ipv6.plugins.module_utils._probe import (
    UNREACHABLE,
    Answers,
    Echo,
    Knock,
    Port,
    Target,
    classify,
    explain_local,
)
from ansible_collections.routable.ipv6.plugins.module_utils._probe_loop import READ, WRITE, Loop

# Below the usual limit of 1024 descriptors, with room for what Python itself has open.
AT_ONCE = 400
# Seconds to the second echo request, doubled each time. Few packets: those to an address that nobody holds wait in the
# router, which answers six at most at once (net.ipv6.icmp.ratelimit), and other addresses want their reason, too.
PING_INTERVAL = 0.3
RETRY_INTERVAL = 0.5
HEAD_START = 0.1
UDP_INTERVAL = 1.0
# linux/in6.h; Python knows it on some platforms only.
IPV6_DONTFRAG = getattr(socket, "IPV6_DONTFRAG", 62)
ICMP6_FILTER = 1
# ping(8) of iputils: 1 says that nobody answered, 2 that it could not do its work.
_NO_ANSWER = (0, 1)
_TEMPORARY = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.ENOBUFS)


def probe(targets: t.Sequence[Target], timeout: float) -> list[Answers]:
    """The answers of all targets, in their order.

    Takes at most about ``timeout`` seconds for every 400 ports; a packet that is lost is sent again meanwhile.
    """
    loop = Loop()
    try:
        plain = [index for index, target in enumerate(targets) if target.ping]
        sized = [index for index, target in enumerate(targets) if target.mtu is not None]
        pings = make_pinger(loop, timeout, {index: (targets[index].address, None) for index in plain})
        large = make_pinger(loop, timeout, {index: (targets[index].address, targets[index].mtu) for index in sized})
        waiting = [
            Connection(loop, target.address, port, timeout)
            for target in targets
            for port in dict.fromkeys((*target.open, *target.closed))
        ]
        queue = iter(waiting)

        def start_next() -> None:
            following = next(queue, None)
            if following is not None:
                following.start(lambda: loop.later(0, start_next))

        def start_all() -> None:
            for _slot in range(AT_ONCE):
                start_next()

        loop.begin(len(waiting))
        # Making hundreds of sockets would hold up the echo replies and spoil their times.
        loop.later(HEAD_START if plain else 0, start_all)
        batches = 1 + len(waiting) // AT_ONCE
        # Each probe ends by itself at its own timeout; the margin only bounds a machine that is too busy.
        loop.run(loop.now() + HEAD_START + batches * timeout + 2)
        for connection in waiting:
            connection.close()
    finally:
        loop.close()
    knocks: dict[str, dict[Port, Knock]] = {}
    for connection in waiting:
        knocks.setdefault(connection.address, {})[connection.port] = connection.outcome()
    return [
        Answers(
            local=local_address(target.address),
            echo=pings.outcome(index),
            sized=large.outcome(index),
            knocks=knocks.get(target.address, {}),
        )
        for index, target in enumerate(targets)
    ]


def local_address(address: str) -> str | None:
    """The address that this host sends from towards another one; None when it has no route. Sends nothing."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.connect((address, 9))
            return str(sock.getsockname()[0])
    except OSError:
        return None


class Connection:
    """One connection, tried again while the network says that the address cannot be reached."""

    def __init__(self, loop: Loop, address: str, port: Port, timeout: float) -> None:
        self._loop, self.address, self.port, self._timeout = loop, address, port, timeout
        self._socket: socket.socket | None = None
        self._error: int | None = None
        self._open = self._ended = False
        self._deadline = 0.0
        self._done: t.Callable[[], None] = lambda: None

    def start(self, done: t.Callable[[], None]) -> None:
        self._done, self._open = done, True
        self._deadline = self._loop.now() + self._timeout
        self._loop.later(self._timeout, self._finish)
        self._try()

    def outcome(self) -> Knock:
        if not self._ended:
            # Not the same as silence: that would pass for a closed port.
            return Knock(UNREACHABLE, "the vantage point was too busy to probe it in time")
        return classify(self.port, self._error, self._timeout)

    def close(self) -> None:
        if self._socket is not None:
            self._loop.forget(self._socket)
            self._socket.close()
            self._socket = None

    def _try(self) -> None:
        if not self._open:
            return
        self.close()
        kind = socket.SOCK_STREAM if self.port.protocol == "tcp" else socket.SOCK_DGRAM
        try:
            self._socket = socket.socket(socket.AF_INET6, kind)
            self._socket.setblocking(False)
            error = self._socket.connect_ex((self.address, self.port.number))
        except OSError as failed:
            error = failed.errno or errno.EIO
        if error not in (0, errno.EINPROGRESS):
            self._came(error)
        elif self._socket is not None and self.port.protocol == "tcp":
            self._loop.watch(self._socket, WRITE, self._connected)
        elif self._socket is not None:
            self._loop.watch(self._socket, READ, self._answered)
            self._send()

    def _connected(self) -> None:
        if self._socket is not None:
            self._came(self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _send(self) -> None:
        if not self._open or self._socket is None:
            return
        try:
            self._socket.send(b"")
        except OSError as failed:
            self._came(failed.errno or errno.EIO)
        else:
            self._loop.later(UDP_INTERVAL, self._send)

    def _answered(self) -> None:
        if self._socket is None:
            return
        try:
            self._socket.recv(1)
        except BlockingIOError:
            return
        except OSError as failed:
            self._came(failed.errno or errno.EIO)
        else:
            self._came(0)

    def _came(self, error: int) -> None:
        self._error = error
        if error in _TEMPORARY and self._loop.now() + RETRY_INTERVAL < self._deadline:
            self.close()
            self._loop.later(RETRY_INTERVAL, self._try)
        else:
            self._finish()

    def _finish(self) -> None:
        if self._open:
            self._open, self._ended = False, True
            self.close()
            self._loop.end()
            self._done()


class Pinger(t.Protocol):
    def outcome(self, index: int) -> Echo | None: ...


def make_pinger(loop: Loop, timeout: float, wanted: t.Mapping[int, tuple[str, int | None]]) -> Pinger:
    """Start pings to ``wanted`` (index of the target, address, packet size or None) with what this host permits.

    A raw socket needs root. Linux lets the groups of ``net.ipv4.ping_group_range`` use an ICMP socket without it; and
    the ping command has its own permission.
    """
    if not wanted:
        return _NoPings()
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        try:
            sock = socket.socket(socket.AF_INET6, kind, socket.IPPROTO_ICMPV6)
        except OSError as failed:
            if failed.errno == errno.EAFNOSUPPORT:
                return _NoPings(explain_local(errno.EAFNOSUPPORT), wanted)
            continue
        return _SocketPings(loop, sock, timeout, wanted)
    return _CommandPings(loop, timeout, wanted)


class _NoPings:
    def __init__(self, reason: str = "", wanted: t.Iterable[int] = ()) -> None:
        self._echoes = {index: Echo(False, None, reason) for index in wanted}

    def outcome(self, index: int) -> Echo | None:
        return self._echoes.get(index)


class _SocketPings:
    """Echo requests to all targets over one socket, again at growing intervals until each has answered."""

    def __init__(
        self, loop: Loop, sock: socket.socket, timeout: float, wanted: t.Mapping[int, tuple[str, int | None]]
    ) -> None:
        self._loop, self._socket, self._timeout, self._wanted = loop, sock, timeout, dict(wanted)
        self._run, self._identifier = os.urandom(8), os.getpid() & 0xFFFF
        self._sent: dict[tuple[int, int], float] = {}
        self._rtt: dict[int, float] = {}
        self._reason: dict[int, str] = {}
        self._attempt = 0
        sock.setblocking(False)
        if sock.type == socket.SOCK_RAW:
            kinds = (icmp.ECHO_REPLY, icmp.UNREACHABLE, icmp.TOO_BIG, icmp.TIME_EXCEEDED, icmp.PARAMETER_PROBLEM)
            sock.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, icmp.accept_filter(*kinds))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        if any(size for _address, size in wanted.values()):
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_DONTFRAG, 1)
        loop.begin()
        loop.watch(sock, READ, self._receive)
        loop.later(timeout, self._finish)
        self._send()

    def outcome(self, index: int) -> Echo | None:
        if index not in self._wanted:
            return None
        if index in self._rtt:
            return Echo(True, round(self._rtt[index] * 1000, 3), None)
        return Echo(False, None, self._reason.get(index) or f"no answer within {self._timeout:g} s")

    def _send(self) -> None:
        if self._socket.fileno() < 0:
            return
        for index, (address, size) in self._wanted.items():
            if index in self._rtt:
                continue
            self._sent[index, self._attempt] = self._loop.now()
            request = icmp.echo_request(self._identifier, self._run, index, self._attempt, size)
            try:
                self._socket.sendto(request, (address, 0))
            except BlockingIOError:
                continue
            except OSError as failed:
                self._reason[index] = explain_local(failed.errno or errno.EIO)
        self._loop.later(PING_INTERVAL * 2**self._attempt, self._send)
        self._attempt += 1

    def _receive(self) -> None:
        while len(self._rtt) < len(self._wanted):
            try:
                message = self._socket.recv(65535)
            except BlockingIOError:
                return
            except OSError:
                # An earlier error of one destination is reported here once; the next request shows it again.
                continue
            said = icmp.parse(message, self._run)
            if said is None:
                continue
            sent = self._sent.get((said.index, said.attempt))
            if said.error is not None:
                self._reason[said.index] = said.error
            elif sent is not None:
                self._rtt.setdefault(said.index, self._loop.now() - sent)
        self._finish()

    def _finish(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.forget(self._socket)
            self._socket.close()
            self._loop.end()


class _CommandPings:
    """The ping command, one process per target, for users who may open no ICMP socket."""

    def __init__(self, loop: Loop, timeout: float, wanted: t.Mapping[int, tuple[str, int | None]]) -> None:
        self._loop = loop
        self._echoes: dict[int, Echo] = {}
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._output: dict[int, bytes] = {}
        for index, (address, size) in wanted.items():
            self._echoes[index] = Echo(False, None, f"no answer within {timeout:g} s")
            # -w counts whole seconds; without -c 1 a lost packet would not be sent again by every ping.
            command = ["ping", "-6", "-n", "-c", "1", "-w", str(max(1, round(timeout)))]
            if size is not None:
                command += ["-M", "do", "-s", str(size - icmp.IPV6_HEADER - icmp.ICMP_HEADER)]
            try:
                # All of them run side by side, which run_command cannot do.
                process = subprocess.Popen(  # pylint: disable=ansible-bad-function
                    [*command, address],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, "LC_ALL": "C"},
                )
            except OSError:
                reason = "this user may open no ICMP socket, and there is no ping command: run as root"
                self._echoes[index] = Echo(False, None, reason)
                continue
            self._processes[index], self._output[index] = process, b""
            loop.begin()
            loop.watch(self._stdout(index), READ, self._reader(index))
        loop.later(timeout + 1, self._kill)

    def outcome(self, index: int) -> Echo | None:
        return self._echoes.get(index)

    def _stdout(self, index: int) -> int:
        stream = self._processes[index].stdout
        return -1 if stream is None else stream.fileno()

    def _reader(self, index: int) -> t.Callable[[], None]:
        def read() -> None:
            content = os.read(self._stdout(index), 4096)
            self._output[index] += content
            if not content:
                self._end(index)

        return read

    def _end(self, index: int) -> None:
        process = self._processes[index]
        self._loop.forget(self._stdout(index))
        if process.stdout is not None:
            process.stdout.close()
        process.wait()
        del self._processes[index]
        found = re.search(rb"time[=<]([0-9.]+)", self._output[index])
        said = self._output[index].decode(errors="replace").strip().splitlines()
        if found:
            self._echoes[index] = Echo(True, float(found.group(1)), None)
        elif process.returncode not in (*_NO_ANSWER, -signal.SIGKILL) and said:
            self._echoes[index] = Echo(False, None, f"the ping command: {said[-1]}")
        self._loop.end()

    def _kill(self) -> None:
        for index in list(self._processes):
            self._processes[index].kill()
            self._end(index)
