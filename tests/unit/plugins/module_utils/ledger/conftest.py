# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A ledger for each test: on SQLite, or with LEDGER_TEST_DSN on that PostgreSQL server (tests/ledger.sh)."""

from __future__ import annotations

import itertools
import os
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import Ledger, open_ledger

DSN = os.environ.get("LEDGER_TEST_DSN")


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += days * 86400


class Store:
    """Where ledgers are made and opened again."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._count = itertools.count()
        self.clock = Clock()
        self._opened: list[Ledger] = []
        self.where = ""

    def new(self) -> Ledger:
        """An empty ledger; the former one is closed."""
        self.close()
        if DSN is None:
            self.where = os.path.join(self._directory, f"ledger-{next(self._count)}.sqlite")
        else:
            import psycopg

            self.where = DSN
            with psycopg.connect(DSN, autocommit=True) as connection:
                connection.execute("DROP SCHEMA IF EXISTS routable_ipv6 CASCADE")
        return self.open()

    def open(self) -> Ledger:
        """The same ledger once more, over another connection."""
        ledger = open_ledger(self.where, self.clock)
        self._opened.append(ledger)
        return ledger

    def behind_our_back(self, *statements: str) -> None:
        """SQL as psql or sqlite3 would run it."""
        if DSN is None:
            import sqlite3

            database = sqlite3.connect(self.where, isolation_level=None)
            try:
                for statement in statements:
                    database.execute(statement)
            finally:
                database.close()
        else:
            import psycopg

            with psycopg.connect(DSN, autocommit=True) as connection:
                connection.execute("SET search_path = routable_ipv6")
                for statement in statements:
                    connection.execute(statement)

    def close(self) -> None:
        for ledger in self._opened:
            ledger.close()
        self._opened.clear()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("ledger"))


@pytest.fixture
def store(directory: str, tmp_path: t.Any) -> t.Iterator[Store]:
    made = Store(str(tmp_path))
    yield made
    made.close()


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return store.new()
