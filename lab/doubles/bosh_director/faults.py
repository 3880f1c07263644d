# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong between a client and a Director, on demand."""

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass

KINDS = ("401", "500", "html", "garbage", "cut", "cut_after", "half", "slow")


@dataclass
class Fault:
    """The next ``count`` requests that match meet this.

    :arg kind: ``401``, ``500``; ``html`` (a proxy's page with status 200), ``garbage`` (JSON of another shape), ``cut``
        (the connection is reset when half of the request was read), ``cut_after`` (reset after the request was carried
        out), ``half`` (the answer ends in the middle), ``slow`` (the answer comes after ``seconds``).
    :arg path: the beginning of the path; :arg method: empty for any.
    """

    kind: str
    count: int = 1
    path: str = "/"
    method: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind}: there are {', '.join(KINDS)}")


class Faults:
    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, **values: t.Any) -> None:
        with self._lock:
            self._waiting.append(Fault(**values))

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that waits for such a request."""
        with self._lock:
            for fault in self._waiting:
                if path.startswith(fault.path) and fault.method in ("", method) and fault.count > 0:
                    fault.count -= 1
                    return fault
        return None
