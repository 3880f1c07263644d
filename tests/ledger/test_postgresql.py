# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What PostgreSQL does for the ledger, and what can be wrong with it: one sentence each."""

from __future__ import annotations

import pathlib
import re
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.postgresql import PostgreSQL
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import LedgerError
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.schema import (
    APPLICATION_ID,
    VERSION,
    postgresql_steps,
)
from ledger_database import DSN, empty_database

ROOT = pathlib.Path(__file__).resolve().parents[2]
INSERT = (
    "INSERT INTO allocations (pool, prefix, name, owner, state, generation, tomb)"
    " SELECT id, %s, %s, '', 'active', 0, 0 FROM pools"
)


@pytest.fixture
def ledger():
    empty_database()
    with open_ledger(DSN) as made:
        made.define_pools({"link": {"prefix": "2001:db8:0:1::/64"}})
        made.apply(["web"], pool="link")
        yield made


@pytest.fixture
def psql():
    with psycopg.connect(DSN, autocommit=True) as connection:
        connection.execute("SET search_path = routable_ipv6")
        yield connection


def sentence(error):
    text = str(error.value)
    assert "\n" not in text and text.endswith(".") and text.count(". ") == 0
    return text


def test_the_database_forbids_overlap(ledger, psql):
    for prefix in ("2001:db8:0:1::/80", "2001:db8:0:1::1/128", "2001:db8::/32"):
        with pytest.raises((psycopg.errors.ExclusionViolation, psycopg.errors.UniqueViolation)):
            psql.execute(INSERT, (prefix, "thief"))
    with pytest.raises(psycopg.errors.CheckViolation):
        psql.execute(INSERT, ("192.0.2.0/24", "old"))
    assert ledger.verify() == []


def test_an_allocation_from_behind_does_not_stop_the_next_one(ledger, psql):
    psql.execute(INSERT, ("2001:db8:0:1::2/128", "guest"))
    assert ledger.verify() == ["pool link: the gap table does not follow from the allocations"]
    assert ledger.apply(["mail"], pool="link").outcomes[0].address == "2001:db8:0:1::3"
    assert ledger.verify() == []


def test_an_overlap_is_found_if_the_constraint_was_taken_away(ledger, psql):
    psql.execute("ALTER TABLE allocations DROP CONSTRAINT allocations_disjoint")
    psql.execute(INSERT, ("2001:db8:0:1::/80", "thief"))
    assert any("which overlaps 2001:db8:0:1::/80 of thief" in finding for finding in ledger.verify())


def test_a_former_schema_is_migrated():
    empty_database()
    PostgreSQL(DSN, version=1).close()
    with open_ledger(DSN) as opened:
        assert opened._engine.rows("SELECT version FROM schema_version") == [(VERSION,)]
        assert opened.export()["former_prefixes"] == []


def test_a_newer_schema_is_left_alone(ledger, psql):
    psql.execute("UPDATE schema_version SET version = version + 1")
    with pytest.raises(LedgerError) as error:
        open_ledger(DSN)
    assert f"has schema {VERSION + 1}, written by a newer routable.ipv6" in sentence(error)


def documented_grants():
    return re.findall(r"GRANT .*?;", (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_documented_grants_suffice_and_no_more_is_possible(ledger, psql):
    psql.execute("DROP ROLE IF EXISTS controller")
    psql.execute("CREATE ROLE controller LOGIN")
    grants = documented_grants()
    module = (ROOT / "plugins" / "module_utils" / "_ledger" / "postgresql.py").read_text(encoding="utf-8")
    assert grants and [grant.split() for grant in grants] == [
        grant.split() for grant in re.findall(r"GRANT .*?;", module, re.DOTALL)
    ]
    dsn = DSN.replace("postgres@", "controller@")
    with pytest.raises(LedgerError) as error:
        open_ledger(dsn)
    assert "lacks rights for this user" in sentence(error)
    for grant in grants:
        psql.execute(grant)
    try:
        with open_ledger(dsn) as opened:
            opened.define_pools({"more": {"prefix": "2001:db8:0:2::/64", "suffix": True, "quarantine_days": 2}})
            opened.define_pools({"more": {"prefix": "2001:db8:0:3::/64", "suffix": True, "quarantine_days": 2}})
            opened.apply([f"n{number}" for number in range(80)], pool="more")
            opened.apply(["n1"], "absent", pool="more")
            opened.drop_pools(["nobody"])
            assert opened.verify(repair=True) == []
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in ("DELETE FROM journal", "UPDATE batches SET actor = ''", "DROP TABLE gaps"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(
                        statement.replace(" journal", " routable_ipv6.journal")
                        .replace(" batches", " routable_ipv6.batches")
                        .replace(" gaps", " routable_ipv6.gaps")
                    )
    finally:
        psql.execute("DROP OWNED BY controller")
        psql.execute("DROP ROLE controller")


def test_a_read_only_database(ledger):
    before = ledger.export()
    with pytest.raises(LedgerError) as error, open_ledger(
        f"{DSN}&options=-cdefault_transaction_read_only%3Don"
    ) as opened:
        opened.apply(["x"], pool="link")
    assert "is read-only" in sentence(error)
    assert ledger.export() == before


def test_a_connection_that_is_lost_on_the_way(ledger, psql):
    psql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    with pytest.raises(LedgerError) as error:
        ledger.apply(["x"], pool="link")
    assert "was lost on the way" in sentence(error)
    with open_ledger(DSN) as again:
        assert again.find("x") == [] and again.verify() == []


@pytest.mark.parametrize("strategy", ["pack", "sparse", "hash"])
def test_one_name_costs_one_round_trip_and_the_commit(ledger, strategy):
    ledger.define_pools({"more": {"prefix": "2001:db8:0:2::/64", "length": 96, "strategy": strategy}})
    ledger.apply(["first"], pool="more")
    engine = ledger._engine
    original, waited = engine.rows, []

    def rows(sql, parameters=()):
        if not any(sent[:2] == (sql, tuple(parameters)) for sent in engine._sent):
            waited.append(sql)
        return original(sql, parameters)

    engine.rows = rows
    for names in (["second"], ["first"], ["third", "fourth"] if strategy == "pack" else ["third"]):
        ledger.apply(names, pool="more")
    assert waited == []
    engine.rows = original
    assert ledger.verify() == []


def test_what_was_read_ahead_is_not_believed_after_a_change(ledger, psql):
    """The quarantine that ends in the same transaction gives its gap back after the gaps were read."""
    ledger.define_pools({"two": {"prefix": "2001:db8:0:2::/126", "quarantine_days": 1}})
    ledger.apply(["a", "b", "c"], pool="two")
    ledger.apply(["b"], "absent", pool="two")
    psql.execute("UPDATE allocations SET until = 0 WHERE until IS NOT NULL")
    assert ledger.apply(["d"], pool="two").outcomes[0].address == "2001:db8:0:2::2"
    assert ledger.verify() == []


def test_two_controllers_open_a_new_ledger_at_once():
    """Both have seen that there is none; the one that waited for the other finds what the other has made."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with psycopg.connect(empty_database()) as first, psycopg.connect(DSN, autocommit=True) as watch:
        first.execute("SELECT pg_advisory_xact_lock(%s)", (APPLICATION_ID,))
        with ThreadPoolExecutor(1) as pool:
            second = pool.submit(PostgreSQL, DSN)
            while not watch.execute(waiting).fetchone()[0]:
                assert not second.done(), second.result()
                time.sleep(0.01)
            first.execute("CREATE SCHEMA routable_ipv6")
            first.execute("SET search_path = routable_ipv6")
            first.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)")
            first.execute("INSERT INTO schema_version VALUES (%s)", (VERSION,))
            for step in range(1, VERSION + 1):
                for statement in postgresql_steps(step):
                    first.execute(statement)
            first.commit()
            second.result().close()
