# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What came of a request, for the task that made it, for its diff and for the journal."""

from __future__ import annotations

import functools
import itertools
import json
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import (
    BITS,
    address_text,
    number,
    prefix_text,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import usage
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import Record
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused


class Clashes(Refused):
    """What was to be adopted and cannot be; ``clashes`` has a sentence for each."""

    def __init__(self, clashes: t.Sequence[str]) -> None:
        shown = "; ".join(clashes[:10]) + (f"; and {len(clashes) - 10} more" if len(clashes) > 10 else "")
        super().__init__(
            f"{len(clashes)} cannot be adopted", shown, "Correct the names or the pools; nothing was adopted"
        )
        self.clashes = tuple(clashes)


class Outcome(t.NamedTuple):
    """What a request came to: the pool, the name, what the ledger had before and has now."""

    pool: Pool
    name: str
    before: Record | None
    after: Record | None
    finding: str | None = None

    @property
    def changed(self) -> bool:
        return self.before is not self.after

    @property
    def record(self) -> Record | None:
        return self.after if self.after is not None else self.before

    @property
    def state(self) -> str:
        """active, reserved, quarantine, or absent."""
        return "absent" if self.after is None else self.after.state

    @property
    def generation(self) -> int | None:
        return None if self.record is None else self.record.generation

    @property
    def length(self) -> int | None:
        return None if self.record is None else self.record.length

    @property
    def address(self) -> str | None:
        """The first address, canonical; None without an allocation, and where the pool has no prefix yet."""
        return None if self._bare else address_text(self.pool.base + number(self._start))

    @property
    def prefix(self) -> str | None:
        """In CIDR form; None as for :attr:`address`."""
        return None if self._bare or self.record is None else f"{self.address}/{self.record.length}"

    @property
    def suffix(self) -> str | None:
        """What lies behind the pool's prefix: ``::20``, and ``::1:0:0:0/80`` for what is no single address."""
        if self.record is None:
            return None
        value = number(self._start) - self.pool.space[0]
        return address_text(value) if self.record.length == BITS else prefix_text(value, self.record.length)

    def as_dict(self) -> dict[str, t.Any]:
        """For a task's result: JSON, with the same keys whatever came of it."""
        return {
            "pool": self.pool.name,
            "name": self.name,
            "address": self.address,
            "prefix": self.prefix,
            "suffix": self.suffix,
            "length": self.length,
            "state": self.state,
            "owner": None if self.record is None else self.record.owner,
            "meta": {} if self.record is None or self.record.meta is None else json.loads(self.record.meta),
            "generation": self.generation,
            "changed": self.changed,
            "before": describe(self.pool, self.before),
            "after": describe(self.pool, self.after),
            "finding": self.finding,
        }

    @property
    def _start(self) -> bytes:
        return b"" if self.record is None else self.record.start

    @property
    def _bare(self) -> bool:
        return self.record is None or (self.pool.suffix and self.pool.prefix is None)


# As records.as_record.
as_outcome = functools.partial(tuple.__new__, Outcome)


def granted(pool: Pool, records: t.Sequence[Record]) -> t.Iterator[Outcome]:
    """The outcomes of requests that got something new."""
    same = itertools.repeat
    names = [record.name for record in records]
    return map(as_outcome, zip(same(pool), names, same(None), records, same(None)))


def describe(pool: Pool, record: Record | None) -> dict[str, t.Any] | None:
    """What a person wants to see of a record, as JSON."""
    if record is None:
        return None
    shown: dict[str, t.Any] = {
        "prefix": prefix_text(pool.base + number(record.start), record.length),
        "state": record.state,
        "owner": record.owner,
        "generation": record.generation,
    }
    if record.until is not None:
        shown["until"] = usage.time_text(record.until)
    if record.meta is not None:
        shown["meta"] = json.loads(record.meta)
    return shown


def summary(record: Record) -> str:
    """The journal's ``before`` and ``after``."""
    shown: dict[str, t.Any] = {"owner": record.owner, "state": record.state}
    if record.until is not None:
        shown["until"] = record.until
    if record.meta is not None:
        shown["meta"] = json.loads(record.meta)
    return json.dumps(shown, sort_keys=True, ensure_ascii=False)


def meta_text(meta: t.Mapping[str, t.Any] | None) -> str | None:
    return json.dumps(meta, sort_keys=True, ensure_ascii=False) if meta else None
