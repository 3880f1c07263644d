# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The ledger in a file, beside the inventory.

Write-ahead log with ``synchronous=FULL``: what was acknowledged survives a loss of power. Writers queue on a lock file,
since SQLite's own busy handler sleeps while others overtake. https://sqlite.org/wal.html: not for network file systems.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import operator
import os
import sqlite3
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import number, packed, size_of
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import (
    COLUMNS,
    Ahead,
    LedgerError,
    Overlap,
    Record,
    Row,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.schema import (
    APPLICATION_ID,
    DISJOINT,
    VERSION,
    sqlite_steps,
)

# File systems that several machines can have mounted at once. They lock late or not at all, and share no memory.
NETWORK_FILE_SYSTEMS = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "ocfs2", "gfs2", "beegfs", "coda")
) | frozenset(("fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.ceph", "fuse.davfs", "davfs"))
_MOUNTS = "/proc/self/mountinfo"
_CHUNK = 500
# So many new allocations at once, and so many in a run on average, are proven free run by run.
_BULK = 500
_BULK_SHARE = 8
_INSERT = f"INSERT INTO allocations ({COLUMNS}, last) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
_BEFORE = "SELECT last FROM allocations WHERE pool = ? AND start <= ? ORDER BY start DESC LIMIT 1"


def file_system(path: str, mounts: str) -> str:
    """The type of the file system that a path is on, from the text of ``mountinfo`` (man 5 proc); empty if unknown."""
    found, best = "", -1
    for line in mounts.splitlines():
        left, separator, right = line.partition(" - ")
        fields = left.split()
        if not separator or len(fields) < 5:
            continue
        point = fields[4].encode().decode("unicode_escape")
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:
            found, best = right.split()[0], len(point)
    return found


class SQLite:
    """An engine over one file; see records.Engine."""

    def __init__(self, path: str, version: int = VERSION) -> None:
        """Open or create; ``version`` is what the file is brought to.

        :raises LedgerError: the file cannot be a ledger of ours; it is left as it is.
        """
        self.where = path
        directory = os.path.dirname(os.path.abspath(path))
        self._refuse_network(os.path.realpath(directory))
        with self._said():
            new = not os.path.exists(path) or os.path.getsize(path) == 0
            os.makedirs(directory, 0o700, exist_ok=True)
            self._lock = self._open_lock(f"{path}.lock")
        try:
            with self._said():
                if new:
                    # SQLite would make it readable for everybody.
                    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
                self._database = sqlite3.connect(path, isolation_level=None, timeout=30, cached_statements=256)
        except BaseException:
            os.close(self._lock)
            raise
        try:
            with self._said():
                self._prepare(version)
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def transaction(self, check: bool = False, ahead: Ahead | None = None) -> t.Iterator[None]:
        with self._said():
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    yield
                except BaseException:
                    self._roll_back()
                    raise
                if check:
                    self._roll_back()
                else:
                    try:
                        self._database.execute("COMMIT")
                    except BaseException:
                        self._roll_back()
                        raise
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def reading(self) -> t.Iterator[None]:
        with self._said():
            self._database.execute("BEGIN")
            try:
                yield
            finally:
                self._roll_back()

    def rows(self, sql: str, parameters: t.Sequence[t.Any] = ()) -> list[Row]:
        return self._database.execute(sql, parameters).fetchall()

    def run(self, sql: str, parameters: t.Sequence[t.Any] = ()) -> None:
        self._database.execute(sql, parameters)

    def many(self, sql: str, rows: t.Sequence[t.Sequence[t.Any]]) -> None:
        self._database.executemany(sql, rows)

    def named(self, pool: int, names: t.Sequence[str]) -> list[Row]:
        found: list[Row] = []
        for at in range(0, len(names), _CHUNK):
            chunk = names[at : at + _CHUNK]
            marks = ",".join("?" * len(chunk))
            found += self.rows(
                # Left alone, the planner walks over the whole pool by the primary key.
                f"SELECT {COLUMNS} FROM allocations INDEXED BY allocations_by_name"
                f" WHERE pool = ? AND name IN ({marks})",
                (pool, *chunk),
            )
        return found

    def add_allocations(self, records: t.Sequence[Record]) -> None:
        # In the order of the primary key, which is that of the file.
        records = sorted(records, key=operator.itemgetter(0, 1))
        spans = {length: size_of(length) - 1 for length in {record[2] for record in records}}
        starts = [int.from_bytes(record[1], "big") for record in records]
        lasts = [start + spans[record[2]] for start, record in zip(starts, records)]
        rows = [(*record, last.to_bytes(16, "big")) for record, last in zip(records, lasts)]
        if len(rows) >= _BULK and self._are_free(records, starts, lasts):
            with self._unguarded():
                self.many(_INSERT, rows)
        else:
            self.many(_INSERT, rows)

    def _are_free(self, records: t.Sequence[Record], starts: t.Sequence[int], lasts: t.Sequence[int]) -> bool:
        """Whether these sorted allocations of one pool are few runs that overlap nothing: proven once for each run."""
        pool = records[0].pool
        if records[-1].pool != pool or any(map(operator.ge, lasts, starts[1:])):
            return False
        breaks = [at for at, (last, start) in enumerate(zip(lasts, starts[1:]), 1) if last + 1 != start]
        if len(breaks) > len(records) // _BULK_SHARE:
            return False
        for first, end in zip([0, *breaks], [*breaks, len(records)]):
            for (last,) in self.rows(_BEFORE, (pool, packed(lasts[end - 1]))):
                if number(last) >= starts[first]:
                    return False
        return True

    @contextlib.contextmanager
    def _unguarded(self) -> t.Iterator[None]:
        """Without what the tables check row by row, for rows of which all that has been proven; as before afterwards.

        The trigger goes and comes back within the transaction: nobody else ever sees the table without it.
        """
        self.run("DROP TRIGGER IF EXISTS allocations_disjoint")
        self.run("PRAGMA ignore_check_constraints = ON")
        try:
            yield
        finally:
            self.run("PRAGMA ignore_check_constraints = OFF")
        self.run(DISJOINT)

    def add_entries(self, entries: t.Sequence[Row]) -> None:
        self.many("INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?,?)", entries)

    def close(self) -> None:
        self._database.close()
        os.close(self._lock)

    def _roll_back(self) -> None:
        # Some errors (a full disk) have rolled back already.
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    def _refuse_network(self, directory: str) -> None:
        try:
            with open(_MOUNTS, encoding="utf-8", errors="replace") as stream:
                kind = file_system(directory, stream.read())
        except OSError:  # Not Linux: flock decides.
            return
        if kind in NETWORK_FILE_SYSTEMS:
            raise LedgerError(
                f"The ledger {self.where} would be on {kind}, a network file system that cannot lock reliably: "
                "put it on a local disk, or give a postgresql:// address."
            )

    def _open_lock(self, path: str) -> int:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fcntl.flock(lock, fcntl.LOCK_UN)
        except OSError as error:
            os.close(lock)
            if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL):
                raise LedgerError(
                    f"The ledger {self.where} is on a file system without locks ({os.strerror(error.errno)}): "
                    "put it on a local disk, or give a postgresql:// address."
                ) from error
            raise
        return lock

    def _prepare(self, wanted: int) -> None:
        """Recognise the file before anything is written to it, then bring it to the wanted version."""
        application, version = self._identity()
        tables = self.rows("SELECT count(*) FROM sqlite_master")[0][0]
        if application != APPLICATION_ID and (tables or version or application):
            raise LedgerError(
                f"The file {self.where} is an SQLite database, but not a ledger: give the ledger a path of its own."
            )
        if version > wanted:
            raise LedgerError(
                f"The ledger {self.where} has schema {version}, written by a newer routable.ipv6; this one knows up to "
                f"{wanted}: upgrade the collection on this controller."
            )
        self.run("PRAGMA synchronous = FULL")
        if version == wanted:
            return
        with self.transaction():
            application, version = self._identity()
            self.run(f"PRAGMA application_id = {APPLICATION_ID}")
            for step in range(version + 1, wanted + 1):
                for statement in sqlite_steps(step):
                    self.run(statement)
            self.run(f"PRAGMA user_version = {max(wanted, version)}")
        # Kept in the file's header. Only outside of a transaction; anybody who comes second finds it done.
        if self.rows("PRAGMA journal_mode = WAL")[0][0] != "wal":
            raise LedgerError(
                f"The ledger {self.where} cannot have a write-ahead log where it is: put it on a local disk."
            )

    def _identity(self) -> tuple[int, int]:
        return self.rows("PRAGMA application_id")[0][0], self.rows("PRAGMA user_version")[0][0]

    @contextlib.contextmanager
    def _said(self) -> t.Iterator[None]:
        """Turn what SQLite and the operating system say into one sentence."""
        try:
            yield
        except sqlite3.IntegrityError as error:
            if "allocations overlap" in str(error) or "allocations.pool, allocations.start" in str(error):
                raise Overlap(str(error)) from error
            raise LedgerError(f"The ledger {self.where} refused a change ({error}): let verify look at it.") from error
        except sqlite3.DatabaseError as error:
            raise LedgerError(self._sentence(str(error))) from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise LedgerError(self._sentence("disk is full")) from error
            raise LedgerError(
                f"The ledger {self.where} cannot be opened ({os.strerror(error.errno or 0)}): "
                "make its directory writable for this user, or give another path."
            ) from error

    def _sentence(self, text: str) -> str:
        if "disk is full" in text:
            return f"The disk of the ledger {self.where} is full, and nothing was changed: make room and run again."
        if "readonly" in text or "unable to open" in text:
            return (
                f"The ledger {self.where} is read-only for this user ({text}), and nothing was changed: "
                "give this user write access to the file and its directory."
            )
        if "not a database" in text or "malformed" in text or "corrupt" in text:
            return (
                f"The ledger {self.where} is damaged ({text}), and nothing was changed: restore it from a backup, or "
                "move it aside and import the last export."
            )
        return f"The ledger {self.where} cannot be used ({text}), and nothing was changed: see to it and run again."
