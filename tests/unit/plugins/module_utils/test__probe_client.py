# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the client that the loopback can show; packets on a path are in tests/lab."""

from __future__ import annotations

import socket
import threading
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _probe_client as client
from ansible_collections.routable.ipv6.plugins.module_utils._probe import Port, parse_target
from ansible_collections.routable.ipv6.plugins.module_utils._probe_loop import Loop
from ansible_collections.routable.ipv6.plugins.module_utils._probe_source import GREETING, Asker, Namespaces, observe


@pytest.fixture
def listener() -> t.Iterator[socket.socket]:
    with socket.create_server(("::1", 0), family=socket.AF_INET6, backlog=2000) as made:
        yield made


def test_more_ports_than_sockets_at_once(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "AT_ONCE", 3)
    opened = listener.getsockname()[1]
    ports = [opened, *(port for port in range(1, 30) if port != opened)]
    (answers,) = client.probe([parse_target({"address": "::1", "ping": False, "open": ports})], 2)
    states = {port.number: knock.state for port, knock in answers.knocks.items()}
    assert states.pop(opened) == "open"
    assert len(states) == 29 and set(states.values()) <= {"refused", "open"}
    assert answers.local == "::1" and answers.echo is None


def test_a_connection_that_never_ended_is_not_silence() -> None:
    loop = Loop()
    knock = client.Connection(loop, "::1", Port(22), 1).outcome()
    loop.close()
    assert (knock.state, knock.reason) == ("unreachable", "the vantage point was too busy to probe it in time")


def test_the_same_address_twice(listener: socket.socket) -> None:
    opened = listener.getsockname()[1]
    targets = [parse_target({"address": "::1", "ping": False, key: [opened]}) for key in ("open", "closed")]
    assert [answers.knocks[Port(opened)].state for answers in client.probe(targets, 2)] == ["open", "open"]


def test_nothing_to_do_takes_no_time() -> None:
    assert client.probe([], 60) == []


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n", b"routable.ipv6 who am i?\n", b""])
def test_an_observer_counts_only_those_who_ask(listener: socket.socket, said: bytes) -> None:
    serving = threading.Thread(target=observe, args=(listener, 10, 1))
    port = listener.getsockname()[1]
    serving.start()
    with socket.create_connection(("::1", port)) as stray:
        stray.sendall(said)
        stray.shutdown(socket.SHUT_WR)
        assert stray.recv(100) == b""
    assert serving.is_alive()
    with socket.create_connection(("::1", port)) as slow:
        for start in range(0, len(GREETING), 5):
            slow.sendall(GREETING[start : start + 5])
        assert slow.recv(100) == b"::1\n"
    serving.join(5)
    assert not serving.is_alive()


def test_an_observer_that_starts_late_is_waited_for() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
    loop, namespaces = Loop(), Namespaces()
    asker = Asker(loop, namespaces, None, ("::1", port), 5)
    started: list[threading.Thread] = []

    def start() -> None:
        late = socket.create_server(("::1", port), family=socket.AF_INET6)
        started.append(threading.Thread(target=observe, args=(late, 5, 1)))
        started[0].start()

    loop.later(0.5, start)
    loop.run(loop.now() + 6)
    started[0].join(5)
    loop.close()
    namespaces.close()
    assert (asker.seen, asker.local, asker.reason) == ("::1", "::1", None)
