# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The ledger's tables, by version, for both engines.

A new ledger goes through all versions, an older one through those that it lacks, so that migration is no path of its
own. Addresses are 16 bytes, most significant first: they compare as the addresses do, on both engines.

``gaps`` has one row for every maximal run that is neither allocated nor excluded. Its ``rank`` is the length of the
largest aligned block in the run, then the block's place in the order of the pool's strategy: so the tightest and the
roomiest gap are each one seek away, and neither planner can take another index for it.
"""

from __future__ import annotations

VERSION = 2

# "LDG6", in the header of every SQLite file of ours.
APPLICATION_ID = 0x4C444736

_COMMON_1 = (
    "CREATE TABLE counters (one INTEGER PRIMARY KEY CHECK (one = 1), generation BIGINT NOT NULL,"
    " batch BIGINT NOT NULL, definition BIGINT NOT NULL)",
    "INSERT INTO counters VALUES (1, 0, 0, 0)",
    "CREATE TABLE pools (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, prefix TEXT, suffix INTEGER NOT NULL,"
    " space_length INTEGER NOT NULL, length INTEGER NOT NULL, strategy TEXT NOT NULL,"
    " quarantine_days INTEGER NOT NULL, parent TEXT, seed TEXT NOT NULL, exclude TEXT NOT NULL)",
    "CREATE TABLE exclusions (pool INTEGER NOT NULL REFERENCES pools (id), start BLOB NOT NULL, last BLOB NOT NULL,"
    " reason TEXT NOT NULL, PRIMARY KEY (pool, start)){without_rowid}",
    "CREATE TABLE gaps (pool INTEGER NOT NULL REFERENCES pools (id), start BLOB NOT NULL, last BLOB NOT NULL,"
    " rank BLOB NOT NULL, PRIMARY KEY (pool, start)){without_rowid}",
    "CREATE UNIQUE INDEX gaps_by_rank ON gaps (pool, rank)",
    "CREATE TABLE batches (id BIGINT PRIMARY KEY, time BIGINT NOT NULL, run TEXT NOT NULL, actor TEXT NOT NULL)",
    "CREATE TABLE journal (seq BIGINT PRIMARY KEY, batch BIGINT NOT NULL, op TEXT NOT NULL, pool TEXT NOT NULL,"
    " name TEXT NOT NULL, start BLOB NOT NULL, length INTEGER NOT NULL, before TEXT, after TEXT,"
    " names INTEGER NOT NULL)",
)

# What is there is disjoint, so only the one that begins nearest before the new one's end can overlap it.
DISJOINT = (
    "CREATE TRIGGER allocations_disjoint BEFORE INSERT ON allocations"
    " WHEN (SELECT last FROM allocations WHERE pool = NEW.pool AND start <= NEW.last ORDER BY start DESC LIMIT 1)"
    " >= NEW.start BEGIN SELECT RAISE(ABORT, 'allocations overlap'); END"
)

_SQLITE_1 = (
    "CREATE TABLE allocations (pool INTEGER NOT NULL REFERENCES pools (id),"
    " start BLOB NOT NULL CHECK (typeof(start) = 'blob' AND length(start) = 16),"
    " last BLOB NOT NULL CHECK (typeof(last) = 'blob' AND length(last) = 16),"
    " length INTEGER NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('active', 'reserved', 'quarantine')), generation INTEGER NOT NULL,"
    " until INTEGER, meta TEXT, tomb INTEGER NOT NULL, CHECK (start <= last), PRIMARY KEY (pool, start)) WITHOUT ROWID",
    "CREATE UNIQUE INDEX allocations_by_name ON allocations (pool, name, tomb)",
    "CREATE INDEX allocations_by_end ON allocations (pool, until) WHERE until IS NOT NULL",
    DISJOINT,
    "CREATE TRIGGER allocations_stay BEFORE UPDATE OF pool, start, last, length ON allocations"
    " BEGIN SELECT RAISE(ABORT, 'allocations do not move'); END",
    "CREATE TRIGGER journal_kept BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER journal_true BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
)

_POSTGRESQL_1 = (
    # int4range compares the pool: its operator class is built in, that for plain integers is in an extension.
    "CREATE TABLE allocations (pool INTEGER NOT NULL REFERENCES pools (id), prefix CIDR NOT NULL,"
    " start BYTEA NOT NULL GENERATED ALWAYS AS (substring(cidr_send(prefix) from 5)) STORED,"
    " length INTEGER NOT NULL GENERATED ALWAYS AS (masklen(prefix)) STORED,"
    " name TEXT NOT NULL, owner TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('active', 'reserved', 'quarantine')), generation BIGINT NOT NULL,"
    " until BIGINT, meta TEXT, tomb BIGINT NOT NULL, CHECK (family(prefix) = 6), PRIMARY KEY (pool, start),"
    " CONSTRAINT allocations_disjoint EXCLUDE USING gist"
    " (prefix inet_ops WITH &&, int4range(pool, pool, '[]') WITH &&))",
    "CREATE UNIQUE INDEX allocations_by_name ON allocations (pool, name, tomb)",
    "CREATE INDEX allocations_by_end ON allocations (pool, until) WHERE until IS NOT NULL",
    "CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$",
    "CREATE TRIGGER journal_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON journal"
    " FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()",
)

# Prefixes that suffix pools had before: nobody else gets them before the quarantine is over.
_COMMON_2 = (
    "CREATE TABLE former_prefixes (pool TEXT NOT NULL, prefix TEXT NOT NULL, until BIGINT NOT NULL,"
    " PRIMARY KEY (pool, prefix))",
)

_SQLITE = {1: (*_COMMON_1, *_SQLITE_1), 2: _COMMON_2}
_POSTGRESQL = {1: (*_COMMON_1, *_POSTGRESQL_1), 2: _COMMON_2}


def sqlite_steps(version: int) -> tuple[str, ...]:
    """The statements that lead to ``version`` from the one before it."""
    return tuple(statement.replace("{without_rowid}", " WITHOUT ROWID") for statement in _SQLITE[version])


def postgresql_steps(version: int) -> tuple[str, ...]:
    return tuple(
        statement.replace("{without_rowid}", "").replace(" BLOB ", " BYTEA ") for statement in _POSTGRESQL[version]
    )
