# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be wrong with a ledger's file: one sentence each, and no byte of it lost."""

from __future__ import annotations

import hashlib
import ipaddress
import multiprocessing
import os
import pathlib
import sqlite3
import subprocess
import sys

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import sqlite as sqlite_module
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import LedgerError, Overlap, Record
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.schema import VERSION
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.sqlite import SQLite, file_system

POOL = {"link": {"prefix": "2001:db8:0:1::/64", "quarantine_days": 3}}


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def sentence(error):
    text = str(error.value)
    assert "\n" not in text and text.endswith(".") and text.count(". ") == 0
    return text


@pytest.fixture
def path(tmp_path):
    """A closed ledger with one allocation."""
    where = str(tmp_path / "ledger.sqlite")
    with open_ledger(where) as made:
        made.define_pools(POOL)
        made.apply(["web"], pool="link")
    return where


def test_a_new_ledger_is_private(tmp_path):
    where = tmp_path / "deep" / "er" / "ledger.sqlite"
    open_ledger(str(where)).close()
    assert where.stat().st_mode & 0o077 == 0


def test_every_commit_is_on_the_disk_before_it_is_acknowledged(path):
    with open_ledger(path) as opened:
        assert opened._engine.rows("PRAGMA synchronous") == [(2,)]
        assert opened._engine.rows("PRAGMA journal_mode") == [("wal",)]


def test_a_former_schema_is_migrated(tmp_path):
    where = str(tmp_path / "ledger.sqlite")
    engine = SQLite(where, version=1)
    engine.run("INSERT INTO pools VALUES (1, 'link', '2001:db8::/64', 0, 64, 128, 'pack', 0, NULL, '', '[]')")
    engine.close()
    assert sqlite3.connect(where).execute("PRAGMA user_version").fetchone() == (1,)
    with open_ledger(where) as opened:
        assert opened._engine.rows("PRAGMA user_version") == [(VERSION,)]
        assert opened.export()["former_prefixes"] == []
        assert list(opened.pools()) == ["link"]
        assert opened.verify() == ["pool link: the gap table does not follow from the allocations"]


def test_a_newer_schema_is_left_alone(path):
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()
    before = digest(path)
    with pytest.raises(LedgerError) as error:
        open_ledger(path)
    assert f"has schema {VERSION + 1}, written by a newer routable.ipv6" in sentence(error)
    assert digest(path) == before


@pytest.mark.parametrize("damage", ["text", "middle"])
def test_a_damaged_file_is_left_alone(path, damage):
    content = bytearray(pathlib.Path(path).read_bytes())
    if damage == "text":
        content[:100] = b"This is no database. " * 4 + bytes(16)
    else:
        content[4096:] = os.urandom(1) * (len(content) - 4096)
    pathlib.Path(path).write_bytes(bytes(content))
    before = digest(path)
    with pytest.raises(LedgerError) as error, open_ledger(path) as opened:
        opened.apply(["other"], pool="link")
    assert "is damaged" in sentence(error)
    assert digest(path) == before


def test_another_program_s_database_is_left_alone(tmp_path):
    where = tmp_path / "other.sqlite"
    database = sqlite3.connect(where)
    database.execute("CREATE TABLE t (x)")
    database.close()
    before = digest(where)
    with pytest.raises(LedgerError) as error:
        open_ledger(str(where))
    assert "but not a ledger" in sentence(error)
    assert digest(where) == before


def test_a_file_that_may_only_be_read(path):
    """As another user, since root may write everything."""
    for name in pathlib.Path(path).parent.iterdir():
        name.chmod(0o444)
    before = digest(path)
    code = (
        "import sys\n"
        "from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import LedgerError\n"
        "from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger\n"
        "try:\n"
        "    open_ledger(sys.argv[1]).apply(['x'], pool='link')\n"
        "except LedgerError as error:\n"
        "    print(error)\n"
    )
    directory = pathlib.Path(path).parent
    os.chmod(directory, 0o555)
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
    try:
        done = subprocess.run([*drop, sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    finally:
        os.chmod(directory, 0o755)
    assert "cannot be opened (Permission denied)" in done.stdout
    assert done.stdout.count("\n") == 1
    assert digest(path) == before


def test_a_read_only_database(path):
    opened = open_ledger(path)
    opened._engine.run("PRAGMA query_only = ON")
    before = opened.export()
    with pytest.raises(LedgerError) as error:
        opened.apply(["x"], pool="link")
    assert "is read-only for this user" in sentence(error)
    assert opened.export() == before
    opened.close()


def test_a_full_disk_changes_nothing(path):
    opened = open_ledger(path)
    before = opened.export()
    pages = opened._engine.rows("PRAGMA page_count")[0][0]
    opened._engine.rows(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(LedgerError) as error:
        opened.apply([f"n{number}" for number in range(5000)], pool="link")
    assert "is full, and nothing was changed" in sentence(error)
    assert opened.export() == before
    # With room again, the same ledger goes on.
    opened._engine.rows("PRAGMA max_page_count = 1000000")
    assert opened.apply([f"n{number}" for number in range(5000)], pool="link").changed
    assert opened.verify() == []
    opened.close()


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:35 / /srv rw,relatime shared:20 - nfs4 server:/srv rw,vers=4.2
41 40 0:36 / /srv/local rw,relatime - xfs /dev/vdb rw
42 22 0:37 / /mnt/my\\040share rw,relatime - cifs //server/share rw
"""


@pytest.mark.parametrize(
    ("directory", "kind"),
    [("/home/a", "ext4"), ("/srv", "nfs4"), ("/srv/a/b", "nfs4"), ("/srv/local/a", "xfs"), ("/srvx", "ext4")]
    + [("/mnt/my share/x", "cifs"), ("/", "ext4")],
)
def test_the_file_system_of_a_path(directory, kind):
    assert file_system(directory, MOUNTS) == kind


def test_a_network_file_system_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    table = tmp_path / "mountinfo"
    table.write_text(f"40 22 0:35 / {os.path.realpath(tmp_path)} rw - nfs4 server:/srv rw\n")
    monkeypatch.setattr(sqlite_module, "_MOUNTS", str(table))
    with pytest.raises(LedgerError) as error:
        open_ledger(str(tmp_path / "ledger.sqlite"))
    assert "would be on nfs4, a network file system that cannot lock" in sentence(error)
    assert os.listdir(tmp_path) == ["mountinfo"]


def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch):
    def flock(_descriptor, _how):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(sqlite_module.fcntl, "flock", flock)
    with pytest.raises(LedgerError) as error:
        open_ledger(str(tmp_path / "ledger.sqlite"))
    assert "without locks (No locks available)" in sentence(error)


def test_a_postgresql_server_that_is_not_there(tmp_path):
    with pytest.raises(LedgerError) as error:
        open_ledger(f"postgresql://alice:secret@/ipv6?host={tmp_path}&password=secret")
    assert "postgresql://alice@/ipv6 cannot be reached" in sentence(error)
    assert "secret" not in str(error.value)


def test_psycopg_is_needed_for_postgresql_only(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LedgerError) as error:
        open_ledger("postgresql:///ipv6")
    assert "install psycopg[binary]" in sentence(error)


def behind(path, *statements):
    database = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        database.execute(statement)
    database.close()


INSERT = (
    "INSERT INTO allocations (pool, start, last, length, name, owner, state, generation, tomb)"
    " SELECT id, x'{0}', x'{1}', {2}, '{3}', '', 'active', 0, 0 FROM pools"
)
WEB = "20010db8000000010000000000000001"
NEXT = "20010db8000000010000000000000002"


def test_an_overlap_from_behind_is_refused_by_the_engine(path):
    with pytest.raises(sqlite3.IntegrityError, match="allocations overlap"):
        behind(path, INSERT.format("20010db8000000010000000000000000", "20010db8000000010000ffffffffffff", 80, "thief"))
    with pytest.raises(sqlite3.IntegrityError, match="allocations do not move"):
        behind(path, f"UPDATE allocations SET start = x'{NEXT}'")


def test_an_overlap_from_behind_is_found_if_the_engine_was_overruled(path):
    behind(
        path,
        "DROP TRIGGER allocations_disjoint",
        INSERT.format("20010db8000000010000000000000000", "20010db8000000010000ffffffffffff", 80, "thief"),
    )
    with open_ledger(path) as opened:
        findings = opened.apply(["web"], "verified", pool="link").findings
    assert findings == (
        "pool link: thief has 2001:db8:0:1::/80, which the pool excludes: 2001:db8:0:1::",
        "pool link: web has 2001:db8:0:1::1/128, which overlaps 2001:db8:0:1::/80 of thief",
        "pool link: the gap table does not follow from the allocations",
    )


def test_an_allocation_from_behind_does_not_stop_the_next_one(path):
    behind(path, INSERT.format(NEXT, NEXT, 128, "guest"))
    with open_ledger(path) as opened:
        assert opened.verify() == ["pool link: the gap table does not follow from the allocations"]
        shown = opened.apply(["mail"], pool="link", check=True)
        assert shown.outcomes[0].address == "2001:db8:0:1::3"
        assert opened.verify() != [], "check mode repaired"
        assert opened.apply(["mail"], pool="link").outcomes[0].address == "2001:db8:0:1::3"
        assert opened.verify() == []
        assert [entry["op"] for entry in opened.journal()][-2:] == ["repair", "allocate"]


MANY = [f"n{number}" for number in range(1000)]


def test_an_allocation_from_behind_does_not_stop_a_large_batch(path):
    """Which the engine proves free by runs, not by rows: one in the midst, one at the end, one that reaches in."""
    behind(path, INSERT.format("20010db8000000010000000000000200", "20010db8000000010000000000000200", 128, "midst"))
    behind(path, INSERT.format("20010db80000000100000000000003c0", "20010db80000000100000000000003ff", 122, "wide"))
    with open_ledger(path) as opened:
        given = {one.address for one in opened.apply(MANY, pool="link").outcomes}
        assert len(given) == len(MANY) and "2001:db8:0:1::200" not in given and "2001:db8:0:1::3c7" not in given
        assert opened.verify() == []
        assert "repair" in [entry["op"] for entry in opened.journal()]


def test_a_large_batch_is_not_written_into_one_that_begins_before_it(path):
    """No place of it begins where another does: the primary key alone would let it through."""
    behind(
        path,
        "DELETE FROM allocations",
        INSERT.format("20010db8000000010000000000000000", "20010db800000001000000000000ffff", 112, "wide"),
    )
    with open_ledger(path) as opened:
        given = sorted(int(ipaddress.ip_address(one.address)) for one in opened.apply(MANY, pool="link").outcomes)
        assert given[0] & 0xFFFFFFFF == 0x10000 and len(set(given)) == len(MANY)


def test_a_large_batch_that_overlaps_itself_is_refused(path):
    with open_ledger(path) as opened:
        first = int(NEXT, 16)
        records = [
            Record(1, (first + 2 + at).to_bytes(16, "big"), 128, f"n{at}", "", "active", at, None, None, 0)
            for at in range(1000)
        ]
        records[0] = records[0]._replace(start=first.to_bytes(16, "big"), length=124)
        before = opened.export()
        with pytest.raises(Overlap), opened._engine.transaction():
            opened._engine.add_allocations(records)
        assert opened.export() == before


def test_a_transaction_keeps_other_programs_from_writing_from_its_beginning(path):
    with open_ledger(path) as opened, opened._engine.transaction():
        other = sqlite3.connect(path, isolation_level=None, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("UPDATE allocations SET owner = 'thief'")
        other.close()


@pytest.mark.parametrize("check", [False, True])
def test_a_large_batch_leaves_the_guards_where_they_were(path, check):
    def guards():
        database = sqlite3.connect(path)
        found = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").fetchall()
        database.close()
        return found

    before = guards()
    with open_ledger(path) as opened:
        opened.apply(MANY, pool="link", check=check)
        assert guards() == before and len(before) == 4
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            opened._engine._database.execute("UPDATE allocations SET state = 'lost'")
        with pytest.raises(sqlite3.IntegrityError, match="allocations overlap"):
            opened._engine._database.execute(
                INSERT.format("20010db8000000010000000000000000", "20010db8000000010000ffffffffffff", 80, "thief")
            )


def test_no_writer_finds_the_database_locked(path):
    """They queue on the lock file: with SQLite's own wait switched off, nobody is turned away."""
    fork = multiprocessing.get_context("fork")
    turned_away, barrier = fork.SimpleQueue(), fork.Barrier(4)

    def write(number):
        with open_ledger(path) as opened:
            opened._engine.run("PRAGMA busy_timeout = 0")
            barrier.wait()
            count = 0
            for index in range(60):
                try:
                    opened.apply([f"w{number}-{index}"], pool="link")
                except LedgerError:
                    count += 1
            turned_away.put(count)

    workers = [fork.Process(target=write, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    assert [turned_away.get() for _worker in workers] == [0] * 4
    for worker in workers:
        worker.join()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM gaps",
        "UPDATE gaps SET last = x'20010db80000000100000000000000ff' WHERE start = (SELECT min(start) FROM gaps)",
        "UPDATE gaps SET rank = CAST(x'80' || start AS BLOB)",
        f"INSERT INTO gaps SELECT id, x'{WEB}', x'{WEB}', x'80{WEB}' FROM pools",
    ],
)
def test_a_damaged_gap_table_is_derived_anew(path, damage):
    with open_ledger(path) as opened:
        before = opened.export()
        gaps = opened._engine.rows("SELECT * FROM gaps ORDER BY start")
        behind(path, damage)
        assert opened.verify() == ["pool link: the gap table does not follow from the allocations"]
        assert "derived anew" in opened.verify(repair=True)[0]
        assert opened.verify() == []
        assert opened._engine.rows("SELECT * FROM gaps ORDER BY start") == gaps
        assert opened.export()["allocations"] == before["allocations"]


def test_no_planner_walks_over_the_pool(path):
    """Each of the queries that a request makes is a search in the index that it was made for."""
    with open_ledger(path) as opened:
        engine = opened._engine
        asked = []
        engine._database.set_trace_callback(asked.append)
        opened.apply(["a", "b", "web", {"name": "c", "address": "::99"}], pool="link")
        opened.apply(["a"], "absent", pool="link")
        engine._database.set_trace_callback(None)
        plans = {}
        for statement in asked:
            small = "FROM pools" in statement or "counters" in statement
            if statement.startswith(("SELECT", "DELETE", "UPDATE")) and not small:
                plans[statement] = " ".join(row[3] for row in engine.rows(f"EXPLAIN QUERY PLAN {statement}"))
    assert len(plans) > 6
    for statement, plan in plans.items():
        assert "SCAN" not in plan and "TEMP B-TREE" not in plan, (statement, plan)
        if "rank" in statement.partition("WHERE")[2]:
            assert "gaps_by_rank" in plan, (statement, plan)
        if "name IN" in statement:
            assert "allocations_by_name" in plan, (statement, plan)


def test_a_failure_after_the_work_leaves_nothing(path):
    class Broken(Exception):
        pass

    with open_ledger(path) as opened:
        before = opened.export()
        engine = opened._engine
        original = engine.add_entries

        def broken(_entries):
            raise Broken

        engine.add_entries = broken
        with pytest.raises(Broken):
            opened.apply(["x"], pool="link")
        with pytest.raises(Broken):
            opened.define_pools({"more": {"prefix": "2001:db8:2::/64"}})
        engine.add_entries = original
        assert opened.export() == before
        assert list(opened.pools()) == ["link"]
        assert opened.apply(["x"], pool="link").changed
