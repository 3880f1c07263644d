# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What the ledger's records are, and what an engine must be able to do with them."""

from __future__ import annotations

import contextlib
import functools
import typing as t

ACTIVE, RESERVED, QUARANTINE = "active", "reserved", "quarantine"
Row = t.Tuple[t.Any, ...]


def without_password(where: str) -> str:
    """Where a ledger is, without what may hold the password of a database: behind the user, or in the options.

    Neither is cut at the first sign that ends it, since a password that is not encoded may hold that, too.
    """
    scheme, separator, rest = where.partition("://")
    if not separator:
        return where
    user, at, host = rest.rpartition("@")
    user = user.partition(":")[0].partition("?")[0]
    # What is behind the last @ is the end of the options where these hold one.
    return f"{scheme}://{user}{at}{host.partition('?')[0]}" if "/" not in user else f"{scheme}://{user}"


class LedgerError(Exception):
    """The ledger cannot be used as it is: one sentence with what, why and the remedy."""


class Overlap(Exception):
    """The engine refused an allocation because it overlaps one that is there."""


class Record(t.NamedTuple):
    """An allocation as it is stored.

    :arg pool: the pool's id.
    :arg start: its position in the pool's space, 16 bytes.
    :arg generation: of the change that brought it into this state; it only ever grows.
    :arg until: end of the quarantine, in seconds since 1970; None in other states.
    :arg meta: JSON with sorted keys, or None.
    :arg tomb: 0, or in quarantine the generation of the release: so one name may be in quarantine several times.
    """

    pool: int
    start: bytes
    length: int
    name: str
    owner: str
    state: str
    generation: int
    until: int | None
    meta: str | None
    tomb: int


# What zip() made, as records: without a call of Python for each.
as_record = functools.partial(tuple.__new__, Record)

COUNTERS = "SELECT generation, batch, definition FROM counters"
COLUMNS = "pool, start, length, name, owner, state, generation, until, meta, tomb"


class Entry(t.NamedTuple):
    """A line of the journal. ``before`` and ``after`` are JSON, or None where there is nothing.

    Names that got the same in one go have one line for all of them: ``names`` is how many, ``seq`` is the first one's,
    ``name`` has each between line feeds, which no name contains, and ``start`` has their places one behind the other.
    """

    seq: int
    batch: int
    op: str
    pool: str
    name: str
    start: bytes
    length: int
    before: str | None
    after: str | None
    names: int = 1


class Ahead(t.NamedTuple):
    """What a transaction is going to read, as far as that can be known before: sent at once, it costs one round trip.

    :arg pool: the id of the pool whose ``names`` will be looked up.
    :arg queries: SQL and parameters.
    """

    pool: int
    names: list[str]
    queries: t.Sequence[tuple[str, tuple[t.Any, ...]]]


class Engine(t.Protocol):
    """SQL with ``?`` for parameters, in words that both engines understand, and the few things they do differently.

    Every method raises LedgerError where the engine or its file fails, and Overlap.
    """

    where: str

    def transaction(self, check: bool = False, ahead: Ahead | None = None) -> contextlib.AbstractContextManager[None]:
        """One writer at a time. Rolled back when the body raises, or at its end when ``check``."""

    def reading(self) -> contextlib.AbstractContextManager[None]:
        """One consistent view, without keeping writers waiting."""

    def rows(self, sql: str, parameters: t.Sequence[t.Any] = ()) -> list[Row]: ...

    def run(self, sql: str, parameters: t.Sequence[t.Any] = ()) -> None: ...

    def many(self, sql: str, rows: t.Sequence[t.Sequence[t.Any]]) -> None: ...

    def named(self, pool: int, names: t.Sequence[str]) -> list[Row]:
        """The records of these names in any state, as COLUMNS."""

    def add_allocations(self, records: t.Sequence[Record]) -> None: ...

    def add_entries(self, entries: t.Sequence[Row]) -> None:
        """Each in the form of Entry."""

    def close(self) -> None: ...
