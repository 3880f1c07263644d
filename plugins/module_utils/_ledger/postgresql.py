# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The ledger in PostgreSQL, for several controllers.

One ledger in each database, in a schema of its own, which whoever may create one creates and migrates by opening it.
The database itself forbids overlap by an exclusion constraint, whoever writes. A role needs no more than this to use
a ledger whose schema is current::

    GRANT USAGE ON SCHEMA routable_ipv6 TO controller;
    GRANT SELECT ON ALL TABLES IN SCHEMA routable_ipv6 TO controller;
    GRANT INSERT ON routable_ipv6.journal, routable_ipv6.batches TO controller;
    GRANT UPDATE ON routable_ipv6.counters TO controller;
    GRANT INSERT, UPDATE, DELETE ON routable_ipv6.pools, routable_ipv6.exclusions, routable_ipv6.gaps,
        routable_ipv6.allocations, routable_ipv6.former_prefixes TO controller;
"""

from __future__ import annotations

import contextlib
import re
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import number, prefix_text
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import (
    COLUMNS,
    Ahead,
    Entry,
    LedgerError,
    Overlap,
    Record,
    Row,
    without_password,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.schema import (
    APPLICATION_ID,
    VERSION,
    postgresql_steps,
)

SCHEMA = "routable_ipv6"
CONNECT_TIMEOUT = 10  # seconds
_NAMED = f"SELECT {COLUMNS} FROM allocations WHERE pool = ? AND name = ANY(?)"
# COPY has a start-up cost of its own.
_COPY_FROM = 50
_WRITABLE = (
    "pool",
    "prefix",
    "name",
    "owner",
    "state",
    "generation",
    "until",
    "meta",
    "tomb",
)
# Whether there is a schema of ours.
_MADE = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = ? AND tablename = 'schema_version'"


class PostgreSQL:
    """An engine over one database; see records.Engine.

    Statements are sent in libpq's pipeline mode: only those that are read from cost a round trip.
    """

    def __init__(self, address: str, version: int = VERSION) -> None:
        """Connect, and create or migrate the schema to ``version``.

        :arg address: ``postgresql://…``, as libpq reads it; a password may come from the environment or ~/.pgpass.
        :raises LedgerError: it cannot be reached or used.
        """
        self.where = without_password(address)
        try:
            import psycopg
        except ImportError as error:
            raise LedgerError(
                f"The ledger {self.where} needs the Python library psycopg 3 on the controller: "
                "install psycopg[binary] for the Python that runs Ansible."
            ) from error
        self._psycopg = psycopg
        self._statements: dict[str, str] = {}
        self._pipeline: t.Any = None
        # SQL, parameters and cursor of what was sent ahead and not yet read.
        self._sent: list[tuple[str, tuple[t.Any, ...], t.Any]] = []
        try:
            self._connection = psycopg.connect(address, autocommit=True, connect_timeout=CONNECT_TIMEOUT)
        except psycopg.Error as error:
            raise LedgerError(
                f"The ledger {self.where} cannot be reached ({_hidden(_first_line(error), address)}): "
                "see that the database runs and lets this user in."
            ) from None
        try:
            with self._said():
                self._prepare(version)
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def transaction(self, check: bool = False, ahead: Ahead | None = None) -> t.Iterator[None]:
        with self._said():
            # Held until the end of the transaction: one writer at a time, and the others wait in order.
            try:
                self._begin("BEGIN", f"SELECT pg_advisory_xact_lock({APPLICATION_ID})")
                if ahead is not None:
                    self._send(ahead)
                yield
                # In one go with the last writes; where one of them failed, the database skips it.
                self._connection.execute("ROLLBACK" if check else "COMMIT")
                self._leave_pipeline()
            except BaseException:
                self._roll_back()
                raise

    @contextlib.contextmanager
    def reading(self) -> t.Iterator[None]:
        with self._said():
            self._begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield
            finally:
                self._roll_back()

    def rows(self, sql: str, parameters: t.Sequence[t.Any] = ()) -> list[Row]:
        for at, (sent, with_these, cursor) in enumerate(self._sent):
            if sent == sql and with_these == tuple(parameters):
                del self._sent[at]
                return list(cursor.fetchall())
        return self._connection.execute(self._translated(sql), parameters, prepare=True).fetchall()

    def run(self, sql: str, parameters: t.Sequence[t.Any] = ()) -> None:
        # What was read ahead is no longer true.
        self._sent.clear()
        self._connection.execute(self._translated(sql), parameters, prepare=True)

    def many(self, sql: str, rows: t.Sequence[t.Sequence[t.Any]]) -> None:
        if len(rows) == 1:
            self.run(sql, rows[0])
        elif rows:
            self._sent.clear()
            with self._connection.cursor() as cursor:
                cursor.executemany(self._translated(sql), rows)

    def named(self, pool: int, names: t.Sequence[str]) -> list[Row]:
        return self.rows(_NAMED, (pool, list(names)))

    def add_allocations(self, records: t.Sequence[Record]) -> None:
        self._insert(
            "allocations",
            _WRITABLE,
            [(record[0], prefix_text(number(record[1]), record[2]), *record[3:]) for record in records],
        )

    def add_entries(self, entries: t.Sequence[Row]) -> None:
        self._insert("journal", Entry._fields, entries)

    def close(self) -> None:
        self._connection.close()

    def _insert(self, table: str, columns: t.Sequence[str], rows: t.Sequence[t.Sequence[t.Any]]) -> None:
        names = ", ".join(columns)
        if len(rows) < _COPY_FROM:
            marks = ", ".join("?" * len(columns))
            self.many(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
            return
        self._sent.clear()
        # Not possible within a pipeline.
        self._leave_pipeline()
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        self._enter_pipeline()

    def _send(self, ahead: Ahead) -> None:
        for sql, parameters in (*ahead.queries, (_NAMED, (ahead.pool, ahead.names))):
            cursor = self._connection.execute(self._translated(sql), parameters, prepare=True)
            self._sent.append((sql, parameters, cursor))

    def _translated(self, sql: str) -> str:
        found = self._statements.get(sql)
        if found is None:
            found = self._statements[sql] = sql.replace("?", "%s")
        return found

    def _begin(self, *statements: str) -> None:
        self._sent.clear()
        self._enter_pipeline()
        for statement in statements:
            self._connection.execute(statement)

    def _enter_pipeline(self) -> None:
        self._pipeline = self._connection.pipeline()
        self._pipeline.__enter__()

    def _leave_pipeline(self) -> None:
        """Wait for what is under way; its errors come up here."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.__exit__(None, None, None)

    def _roll_back(self) -> None:
        # After a lost connection there is nothing to roll back, and the first error is the one that counts.
        with contextlib.suppress(self._psycopg.Error):
            self._leave_pipeline()
        with contextlib.suppress(self._psycopg.Error):
            self._connection.execute("ROLLBACK")

    def _prepare(self, wanted: int) -> None:
        self._connection.execute(f"SET search_path = {SCHEMA}")
        version = self._version()
        if version < wanted:
            with self.transaction():
                # Another controller may have been first.
                version = self._version()
                if version == 0:
                    self.run(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
                    self.run("CREATE TABLE schema_version (version INTEGER NOT NULL)")
                    self.run("INSERT INTO schema_version VALUES (0)")
                for step in range(version + 1, wanted + 1):
                    for statement in postgresql_steps(step):
                        # Without parameters, so that nothing in it is taken for one.
                        self._connection.execute(statement)
                if version < wanted:
                    self.run("UPDATE schema_version SET version = ?", (wanted,))
        if version > wanted:
            raise LedgerError(
                f"The ledger {self.where} has schema {version}, written by a newer routable.ipv6; this one knows up to "
                f"{wanted}: upgrade the collection on this controller."
            )

    def _version(self) -> int:
        # Not to_regclass(): it remembers what was not there, also after the wait for whoever has made it since.
        if not self.rows(_MADE, (SCHEMA,)):
            return 0
        return int(self.rows(f"SELECT version FROM {SCHEMA}.schema_version")[0][0])

    @contextlib.contextmanager
    def _said(self) -> t.Iterator[None]:
        """Turn what the database says into one sentence."""
        errors = self._psycopg.errors
        try:
            yield
        except errors.ExclusionViolation as error:
            raise Overlap(_first_line(error)) from error
        except errors.UniqueViolation as error:
            if error.diag.constraint_name == "allocations_pkey":
                raise Overlap(_first_line(error)) from error
            raise LedgerError(
                f"The ledger {self.where} refused a change ({_first_line(error)}): let verify look at it."
            ) from error
        except errors.InsufficientPrivilege as error:
            raise LedgerError(
                f"The ledger {self.where} lacks rights for this user ({_first_line(error)}), and nothing was changed: "
                "grant what docs/ledger.md lists, or let its owner open it once after an upgrade."
            ) from error
        except (errors.ReadOnlySqlTransaction, errors.DiskFull) as error:
            what = "is read-only" if isinstance(error, errors.ReadOnlySqlTransaction) else "has a full disk"
            raise LedgerError(
                f"The ledger {self.where} {what} ({_first_line(error)}), and nothing was changed: see to the database "
                "and run again."
            ) from error
        except self._psycopg.Error as error:
            lost = self._connection.closed or isinstance(error, self._psycopg.OperationalError)
            what = "was lost on the way" if lost else "cannot be used"
            raise LedgerError(
                f"The ledger {self.where} {what} ({_first_line(error)}), and nothing was acknowledged: see to the "
                "database and run again."
            ) from error


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def _hidden(text: str, address: str) -> str:
    """What libpq says, without the passwords in the address: it quotes what it cannot read."""
    rest = address.partition("://")[2]
    found = re.findall(r"[?&]\w*password=([^&]*)", rest)
    found.append(rest.rpartition("@")[0].partition(":")[2])
    for secret in sorted(filter(None, found), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
