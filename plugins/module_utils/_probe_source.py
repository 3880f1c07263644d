# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Which source address something is seen with: a listener that tells its peers, and clients that ask it.

A client connects from inside a container's network namespace, so the container's image needs no tool for it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import typing as t
import urllib.parse
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._docker_api import DockerUnavailable, get
from ansible_collections.routable.ipv6.plugins.module_utils._probe import explain_local
from ansible_collections.routable.ipv6.plugins.module_utils._probe_ipv4 import Echoes
from ansible_collections.routable.ipv6.plugins.module_utils._probe_loop import READ, WRITE, Loop
from ansible_collections.routable.ipv6.plugins.module_utils._probe_routes import addresses_of, gateway_of

# A port scanner or a stray browser says something else, and is not counted.
GREETING = b"routable.ipv6 who am i\n"
RETRY_INTERVAL = 0.3
_PATIENCE = 3.0
# More than a module ever opens; the system's own limit can be a thousand million.
_DESCRIPTORS = 4096
_CLONE_NEWNET = 0x40000000


def start_observer(port: int, seconds: float, expect: int) -> int:
    """Listen in the background and tell each peer the address it is seen with; gives the port.

    The listener is there when this returns. It ends after ``expect`` peers, or after ``seconds``, whichever is first.

    :arg port: 0 for any free one.
    :raises OSError: the port is taken, or the host has no IPv6.
    """
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("::", port))
        listener.listen(128)
        taken = int(listener.getsockname()[1])
        # Twice, so that nobody has to wait for the listener and it belongs to no terminal.
        child = os.fork()
        if child == 0:
            _detach(listener)
            try:
                observe(listener, seconds, expect)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        return taken
    finally:
        listener.close()


def _detach(listener: socket.socket) -> None:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    # The connection to this host waits until nobody holds its pipes any more.
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    keep = listener.fileno()
    os.closerange(3, keep)
    os.closerange(keep + 1, keep + _DESCRIPTORS)


def observe(listener: socket.socket, seconds: float, expect: int) -> None:
    """Serve a listening socket until ``expect`` peers were told their address, or ``seconds`` are over."""
    loop = Loop()
    listener.setblocking(False)

    def accept() -> None:
        try:
            peer, address = listener.accept()
        except OSError:
            return
        peer.setblocking(False)
        said = b""

        def hear() -> None:
            nonlocal said
            try:
                content = peer.recv(256)
            except BlockingIOError:
                return
            except OSError:
                content = b""
            said += content
            if said == GREETING:
                try:
                    peer.sendall(f"{address[0]}\n".encode())
                except OSError:
                    content = b""
                drop()
                loop.end()
            elif not content or not GREETING.startswith(said):
                drop()

        def drop() -> None:
            if peer.fileno() >= 0:
                loop.forget(peer)
                peer.close()

        loop.watch(peer, READ, hear)
        loop.later(_PATIENCE, drop)

    loop.begin(expect)
    loop.watch(listener, READ, accept)
    loop.run(loop.now() + seconds)
    loop.close()
    listener.close()


@dataclass(frozen=True)
class Container:
    """What the Docker daemon says about a container. ``pid`` is 0 unless it runs; ``addresses`` are its IPv6 ones."""

    state: str
    pid: int
    addresses: tuple[str, ...]
    has_ipv4: bool = False


class DockerError(Exception):
    """The Docker daemon could not be asked."""


def inspect_container(path: str, name: str, timeout: float = 10) -> Container | None:
    """Ask the Docker daemon behind the socket at ``path``; None when it has no such container.

    :raises DockerError: no daemon, no permission, or an answer that is none.
    """
    try:
        content = get(f"/containers/{urllib.parse.quote(name, safe='')}/json", path, timeout)
        state = content["State"]
        networks = content["NetworkSettings"].get("Networks") or {}
        addresses = [network.get("GlobalIPv6Address") for network in networks.values()]
        held = tuple(sorted(address for address in addresses if address))
        has_ipv4 = any(network.get("IPAddress") for network in networks.values())
        return Container(state["Status"], int(state["Pid"] or 0), held, has_ipv4)
    except DockerUnavailable as error:
        if error.status == 404:
            return None
        raise DockerError(f"the Docker daemon cannot be asked: {error}") from error
    except (ValueError, KeyError) as error:
        raise DockerError(f"the Docker daemon cannot be asked over {path}: {error}") from error


class Namespaces:
    """Makes sockets in other network namespaces and stays in its own. A socket belongs to where it was made."""

    def __init__(self) -> None:
        self._own = os.open("/proc/self/ns/net", os.O_RDONLY)

    def close(self) -> None:
        os.close(self._own)

    def tcp_socket(self, pid: int | None) -> socket.socket:
        """A non-blocking TCP socket in the network namespace of process ``pid``; None for the own one.

        :raises OSError: the process is gone, or this user may not enter.
        """
        return self._made(pid, socket.AF_INET6, socket.SOCK_STREAM, 0)

    def ipv4_socket(self, pid: int | None) -> socket.socket:
        """As :meth:`tcp_socket`, for ICMP over IPv4.

        :raises OSError: the process is gone, or this user may not enter.
        """
        return self._made(pid, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)

    def _made(self, pid: int | None, family: int, kind: int, protocol: int) -> socket.socket:
        if pid is None:
            made = socket.socket(family, kind, protocol)
        else:
            other = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
            try:
                _setns(other)
                try:
                    made = socket.socket(family, kind, protocol)
                finally:
                    _setns(self._own)
            finally:
                os.close(other)
        made.setblocking(False)
        return made


def _setns(descriptor: int) -> None:
    if hasattr(os, "setns"):
        os.setns(descriptor, _CLONE_NEWNET)
        return
    # Python before 3.12.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


class Asker:
    """Asks an observer from one namespace, again and again until it answers or the time is up."""

    def __init__(
        self, loop: Loop, namespaces: Namespaces, pid: int | None, to: tuple[str, int], timeout: float
    ) -> None:
        self._loop, self._namespaces, self._pid, self._to = loop, namespaces, pid, to
        self._deadline = loop.now() + timeout
        self._socket: socket.socket | None = None
        self._heard = b""
        self._open = True
        self.seen: str | None = None
        self.local: str | None = None
        self.reason: str | None = f"no answer from [{to[0]}]:{to[1]} within {timeout:g} s"
        loop.begin()
        loop.later(timeout, self._finish)
        self._try()

    def _try(self) -> None:
        if not self._open:
            return
        self._drop()
        try:
            self._socket = self._namespaces.tcp_socket(self._pid)
            error = self._socket.connect_ex(self._to)
        except OSError as failed:
            # Not a matter of time: the process is gone or may not be entered.
            self.reason = f"its network namespace cannot be entered: {failed.strerror}"
            self._finish()
            return
        if error in (0, errno.EINPROGRESS):
            self._loop.watch(self._socket, WRITE, self._greet)
        else:
            self._again(error)

    def _greet(self) -> None:
        if self._socket is None:
            return
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._again(error)
            return
        self.local = str(self._socket.getsockname()[0])
        try:
            self._socket.sendall(GREETING)
        except OSError as failed:
            self._again(failed.errno or errno.EIO)
            return
        self._loop.watch(self._socket, READ, self._hear)

    def _hear(self) -> None:
        if self._socket is None:
            return
        try:
            content = self._socket.recv(256)
        except BlockingIOError:
            return
        except OSError as failed:
            self._again(failed.errno or errno.EIO)
            return
        self._heard += content
        if self._heard.endswith(b"\n"):
            self.seen, self.reason = self._heard.decode("ascii", "replace").strip(), None
            self._finish()
        elif not content:
            self._again(errno.ECONNRESET)

    def _again(self, error: int) -> None:
        refused = error in (errno.ECONNREFUSED, errno.ECONNRESET)
        why = "refused" if refused else explain_local(error)
        self.reason = f"no connection to [{self._to[0]}]:{self._to[1]}: {why}"
        if error == errno.ENETUNREACH:
            self.reason = f"it has no IPv6 route to {self._to[0]}"
        self._drop()
        if self._loop.now() + RETRY_INTERVAL < self._deadline:
            self._loop.later(RETRY_INTERVAL, self._try)
        else:
            self._finish()

    def _drop(self) -> None:
        self._heard = b""
        if self._socket is not None:
            self._loop.forget(self._socket)
            self._socket.close()
            self._socket = None

    def _finish(self) -> None:
        if self._open:
            self._open = False
            self._drop()
            self._loop.end()


def ask(entries: t.Sequence[t.Mapping[str, t.Any]], docker_socket: str, timeout: float) -> list[dict[str, t.Any]]:
    """Ask observers from containers, all at once.

    Each entry has ``container`` (None for this host itself), ``to`` and ``port`` (None to look at the container only),
    and ``ipv4`` (an IPv4 address that must answer echo requests from there, or None).
    The results have the same order: ``container``, ``state``, ``addresses``, ``to``, ``port``, ``local``, ``seen``,
    ``reason`` (None when everything went well), ``route`` (``found``, ``gateway`` and ``here``, whether this host holds
    the gateway; None unless a container runs) and ``ipv4`` (``to``, ``answered``, None for a container without IPv4,
    ``reason``, and ``host_answered`` for this host itself; None when it was not asked).
    """
    loop, namespaces = Loop(), Namespaces()
    rows: list[dict[str, t.Any]] = []
    askers: list[Asker | None] = []
    echoes = Echoes(loop, namespaces.ipv4_socket, timeout)
    held = addresses_of(_read("/proc/net/if_inet6"))
    known: dict[str, Container | str | None] = {}
    try:
        for entry in entries:
            name, to, port = entry.get("container"), entry.get("to"), entry.get("port")
            row: dict[str, t.Any] = {"container": name, "state": None, "addresses": [], "to": to, "port": port}
            row.update(local=None, seen=None, reason=None, route=None, ipv4=None)
            rows.append(row)
            pid = None
            if name is not None:
                if name not in known:
                    known[name] = _look(docker_socket, name)
                pid = _describe(row, name, known[name])
            asks = to is not None and port is not None and row["reason"] is None
            askers.append(Asker(loop, namespaces, pid, (str(to), int(port or 0)), timeout) if asks else None)
            if pid is not None:
                found, gateway = gateway_of(_read(f"/proc/{pid}/net/ipv6_route"), to)
                row["route"] = {"found": found, "gateway": gateway, "here": gateway in held}
            if entry.get("ipv4") is not None and row["reason"] is None:
                container = known[name] if name is not None else None
                without = isinstance(container, Container) and not container.has_ipv4
                echoes.start(row, str(entry["ipv4"]), pid, without)
        loop.run(loop.now() + timeout + 1)
    finally:
        loop.close()
        namespaces.close()
    for row, asker in zip(rows, askers):
        if asker is not None:
            row.update(local=asker.local, seen=asker.seen, reason=asker.reason)
    echoes.finish()
    return rows


def _read(path: str) -> str:
    """The text of a file of the kernel's; empty when it is not there, as where there is no IPv6."""
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _look(docker_socket: str, name: str) -> Container | str | None:
    try:
        return inspect_container(docker_socket, name)
    except DockerError as error:
        return str(error)


def _describe(row: dict[str, t.Any], name: str, found: Container | str | None) -> int | None:
    if found is None:
        row.update(state="absent", reason=f"there is no container named {name}")
        return None
    if isinstance(found, str):
        row.update(state="unknown", reason=found)
        return None
    row.update(state=found.state, addresses=list(found.addresses))
    if not found.pid:
        row["reason"] = f"the container {name} does not run: {found.state}"
        return None
    return found.pid
