# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many writers at once, and writers that are killed: no address twice, none lost, no half batch."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger

PROCESSES = 16
REQUESTS = 1000
# Of these, names that every process asks for: they all have to be told the same.
SHARED = 200
KILLS = 200
BATCH = 7
POOLS = {
    "pack": {"prefix": "2001:db8::/64"},
    "sparse": {"prefix": "2001:db8:1::/48", "length": 64, "strategy": "sparse"},
    "hash": {"prefix": "2001:db8:2::/64", "length": 80, "strategy": "hash"},
}
FORK = multiprocessing.get_context("fork")


def check(ledger):
    """Σ allocations + Σ gaps + Σ exclusions == pool, and nothing overlaps, by other means than verify's."""
    for name in POOLS:
        usage = ledger.usage(name)
        counted = sum(usage[key] for key in ("used", "reserved", "quarantined", "excluded", "available"))
        assert counted == usage["capacity"]
    for entries in ledger.export()["allocations"].values():
        networks = sorted(parse_prefix(entry["prefix"]) for entry in entries)
        assert all(one.broadcast_address < other.network_address for one, other in zip(networks, networks[1:]))
    assert ledger.verify() == []


def many(where, number, results):
    chance = random.Random(number)
    own = [f"p{number}-{index}" for index in range(REQUESTS - SHARED)]
    names = own + [f"shared-{index}" for index in range(SHARED)]
    chance.shuffle(names)
    told = {}
    with open_ledger(where) as ledger:
        while names:
            count = chance.randint(1, 9)
            batch, names = names[:count], names[count:]
            pool = chance.choice(sorted(POOLS))
            # A shared name belongs to a pool by its number, so that all ask for it there.
            requests = [
                {"name": name, "pool": sorted(POOLS)[int(name.split("-")[1]) % 3] if name[0] == "s" else pool}
                for name in batch
            ]
            for outcome in ledger.apply(requests).outcomes:
                told[f"{outcome.pool.name}/{outcome.name}"] = outcome.prefix
    results.put(told)


def test_many_writers_at_once(where):
    with open_ledger(where) as ledger:
        ledger.define_pools(POOLS)
    results = FORK.SimpleQueue()
    workers = [FORK.Process(target=many, args=(where, number, results)) for number in range(PROCESSES)]
    for worker in workers:
        worker.start()
    told = [results.get() for _worker in workers]
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    everything = {}
    for one in told:
        assert len(one) == REQUESTS
        for name, prefix in one.items():
            assert everything.setdefault(name, prefix) == prefix, "one name, two answers"
    assert len(everything) == PROCESSES * (REQUESTS - SHARED) + SHARED
    assert len(set(everything.values())) == len(everything), "one address, two names"
    with open_ledger(where) as ledger:
        kept = {
            f"{pool}/{entry['name']}": entry["prefix"]
            for pool, entries in ledger.export()["allocations"].items()
            for entry in entries
        }
        assert kept == everything
        check(ledger)


def victim(where, seed, start, path, begun):
    """Batches without end; each is written down before it is asked for, and again when it was promised.

    ``begun`` is the pipe into which it says that it is about to ask.
    """
    chance = random.Random(seed)
    with open_ledger(where) as ledger, open(path, "a", encoding="utf-8", buffering=1) as diary:
        for number in range(start, start + 100000):
            pool = chance.choice(sorted(POOLS))
            names = [f"b{number}-{index}" for index in range(BATCH)]
            diary.write(json.dumps(["asked", pool, names]) + "\n")
            os.write(begun, b".")
            outcomes = ledger.apply(names, pool=pool).outcomes
            diary.write(json.dumps(["promised", pool, {one.name: one.prefix for one in outcomes}]) + "\n")
            if number % 5 == 4:
                diary.write(json.dumps(["asked back", pool, names]) + "\n")
                ledger.apply(names, "absent", pool=pool)
                diary.write(json.dumps(["gone", pool, names]) + "\n")


def read(path):
    with open(path, encoding="utf-8") as stream:
        # The last line may have been cut by the kill.
        return [json.loads(line) for line in stream if line.endswith("\n")]


def test_writers_that_are_killed(where, tmp_path):
    with open_ledger(where) as ledger:
        ledger.define_pools(POOLS)
    chance = random.Random(3531)
    path = str(tmp_path / "diary")
    for turn in range(KILLS):
        reader, begun = os.pipe()
        worker = FORK.Process(target=victim, args=(where, turn, turn * 100000, path, begun))
        worker.start()
        os.close(begun)
        # The instant is the subject of the test: from before the connection stands to the middle of any statement.
        if turn % 4:
            os.read(reader, 1)
        time.sleep(chance.uniform(0.005, 0.06))
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        os.close(reader)
        assert worker.exitcode == -signal.SIGKILL
    promised, asked, unsure = {}, [], set()
    for kind, pool, what in read(path):
        if kind == "asked":
            asked.append((pool, what))
        elif kind == "promised":
            promised.update({(pool, name): prefix for name, prefix in what.items()})
        elif kind == "asked back":
            unsure.update((pool, name) for name in what)
        else:
            for name in what:
                promised.pop((pool, name), None)
                unsure.discard((pool, name))
                asked = [entry for entry in asked if entry[1] != what]
    assert len(asked) > KILLS / 4, "hardly anybody was killed while asking or later"
    with open_ledger(where) as ledger:
        kept = {
            (pool, entry["name"]): entry["prefix"]
            for pool, entries in ledger.export()["allocations"].items()
            for entry in entries
        }
        lost = {key for key in promised if key not in unsure and kept.get(key) != promised[key]}
        assert lost == set(), "a promise was lost"
        for pool, names in asked:
            there = [(pool, name) in kept for name in names]
            assert all(there) or not any(there), "half a batch"
        check(ledger)
        # Asking again completes what was missing, and gives what had been promised.
        for pool, names in asked:
            for outcome in ledger.apply(names, pool=pool).outcomes:
                if (pool, outcome.name) in kept:
                    assert outcome.prefix == kept[pool, outcome.name]
        check(ledger)


@pytest.mark.parametrize("strategy", ["pack", "sparse"])
def test_a_large_batch_reads_the_gaps_once(where, strategy):
    """One that goes back to the table for each name walks over its own dead index entries on PostgreSQL: quadratic."""
    count = 5000
    names = [f"n{number:04}" for number in range(count)]
    with open_ledger(where) as ledger:
        ledger.define_pools({"p": {"prefix": "2001:db8::/48", "length": 80, "strategy": strategy}})
        engine = ledger._engine
        original, asked = engine.rows, []

        def rows(sql, parameters=()):
            asked.append(sql)
            return original(sql, parameters)

        engine.rows = rows
        ledger.apply(names, pool="p")
        assert len(asked) < 20
        asked.clear()
        ledger.apply(names[::2], "absent", pool="p")
        assert len(asked) < 20
        asked.clear()
        # Into the holes: as many gaps as names, which come in chunks.
        ledger.apply([f"again-{name}" for name in names[::2]], pool="p")
        assert len(asked) < 40
        engine.rows = original
        assert ledger.verify() == []
