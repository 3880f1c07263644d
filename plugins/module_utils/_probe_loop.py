# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""A small event loop: many sockets and timers in one thread, on the standard library of Python 3.8.

asyncio would do, but it wants a thread for what it cannot wait on, and sockets of other network namespaces must be
made by the thread that entered them.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import time
import typing as t

Action = t.Callable[[], None]
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Loop:
    """Runs until no work is open, or until the deadline."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Action]] = []
        self._order = itertools.count()
        self._open = 0

    @staticmethod
    def now() -> float:
        return time.monotonic()

    def begin(self, count: int = 1) -> None:
        """So many more pieces of work are open."""
        self._open += count

    def end(self) -> None:
        """A piece of work is done."""
        self._open -= 1

    def later(self, seconds: float, action: Action) -> None:
        heapq.heappush(self._timers, (self.now() + seconds, next(self._order), action))

    def watch(self, thing: socket.socket | int, events: int, action: Action) -> None:
        """Call ``action`` whenever one of ``events`` is there; replaces an earlier watch on the same thing."""
        try:
            self._selector.modify(thing, events, action)
        except KeyError:
            self._selector.register(thing, events, action)

    def forget(self, thing: socket.socket | int) -> None:
        try:
            self._selector.unregister(thing)
        except KeyError:
            return

    def run(self, deadline: float) -> None:
        """:arg deadline: by :meth:`now`; what is not done then stays undone."""
        while self._open > 0:
            now = self.now()
            if now >= deadline:
                return
            if self._timers and self._timers[0][0] <= now:
                heapq.heappop(self._timers)[2]()
                continue
            until = min(deadline, self._timers[0][0]) if self._timers else deadline
            for key, _events in self._selector.select(until - now):
                key.data()

    def close(self) -> None:
        self._selector.close()
