# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an allocation costs in the ledger's engines, each goal beside its result.

    python3 tests/benchmarks/ledger.py [--small]

Ratios between things measured in interleaved rounds of one run, by their minima. NetBox's figures are recorded ones: 45
ms for each prefix of a large request, 17 requests a second from eight clients (NetBox 4.4.10 over HTTP, empty pool).
``--small`` takes a tenth of everything, to see that it runs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time
import typing as t

import psycopg
from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Request
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import Ledger, open_ledger
from netaddr import IPSet

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
from postgresql import server

ROUNDS = 3
BASE = 0x20010DB8 << 96
POOL = "2001:db8::/32"
STRATEGIES = ("pack", "sparse", "hash")
NETBOX_CLIENTS_RATE = 17.0  # requests per second
PROCESSES = 16
FORK = multiprocessing.get_context("fork")


class Table:
    def __init__(self) -> None:
        self.failed = 0
        print(f"{'goal':66}{'result':>12}{'wanted':>12}", flush=True)

    def row(self, text: str, result: float, wanted: float, unit: str = "x", at_least: bool = False) -> None:
        good = result >= wanted if at_least else result <= wanted
        self.failed += not good
        sign = ">=" if at_least else "<="
        shown = f"{result:,.0f}" if result >= 1000 else f"{result:.2f}"
        print(f"{text:66}{shown + unit:>12}{f'{sign} {wanted:,g}{unit}':>12}{'' if good else '   MISSED'}", flush=True)


def seconds(work: t.Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def requests(prefix: str, count: int, pool: str = "p") -> list[Request]:
    return [Request(pool, f"{prefix}{index:07}") for index in range(count)]


def define(ledger: Ledger, strategy: str = "pack", name: str = "p", prefix: str = POOL) -> Ledger:
    ledger.define_pools({name: {"prefix": prefix, "length": 80, "strategy": strategy}})
    return ledger


def plain(names: t.Sequence[str]) -> dict[str, int]:
    """The least that could be done: integers in a dict."""
    taken = {}
    at = BASE
    for name in names:
        taken[name] = at
        at += 1 << 48
    return taken


def batches(table: Table, directory: str, count: int) -> None:
    wanted = requests("n", count)
    names = [request.name for request in wanted]
    new, again, least, single = [], [], [], []
    for turn in range(ROUNDS):
        with define(open_ledger(os.path.join(directory, f"batch-{turn}"))) as ledger:
            least.append(seconds(lambda: plain(names)))
            new.append(seconds(lambda ledger=ledger: ledger.apply(wanted)))
            again.append(seconds(lambda ledger=ledger: ledger.apply(wanted)))
            ones = [[request] for request in requests("s", 300)]
            single.append(seconds(lambda ledger=ledger, ones=ones: [ledger.apply(one) for one in ones]) / len(ones))
    table.row(f" 1  {count:,} new names in one call / plain integers in a dict", min(new) / min(least), 25)
    table.row(f" 2  the same {count:,} names again / plain integers in a dict", min(again) / min(least), 10)
    table.row(" 6  single allocation / allocation in a batch", min(single) / (min(new) / count), 20, at_least=True)


def sizes(table: Table, directory: str, small: int, large: int) -> None:
    """One allocation and one release among a few and among many, in turns."""
    for strategy in STRATEGIES:
        ledgers = {}
        for size in (small, large):
            ledgers[size] = define(open_ledger(os.path.join(directory, f"{strategy}-{size}")), strategy)
            for at in range(0, size, 100_000):
                ledgers[size].apply(requests(f"fill{at}-", min(100_000, size - at)))
        took: dict[tuple[int, str], list[float]] = {}
        for turn in range(ROUNDS * 2):
            for size, ledger in ledgers.items():
                ones = [[request] for request in requests(f"t{turn}-", 200)]
                for state in ("present", "absent"):
                    # The processor's time: the disk's is the same for both, and noise.
                    begin = time.process_time()
                    for one in ones:
                        ledger.apply(one, state)
                    took.setdefault((size, state), []).append(time.process_time() - begin)
        for state, word in (("present", strategy), ("absent", f"{strategy}, release")):
            ratio = min(took[large, state]) / min(took[small, state])
            table.row(f" 3  one among {large:,} / one among {small:,}: {word}", ratio, 2)
        for ledger in ledgers.values():
            ledger.close()


def holes(table: Table, directory: str, count: int) -> None:
    """The next free prefix among scattered ones, against the subtraction of sets."""
    with define(open_ledger(os.path.join(directory, "holes")), prefix="2001:db8::/48") as ledger:
        chosen = random.Random(80).sample(range(2 * count), count)
        wanted = [
            Request("p", f"h{index}", 80, f"2001:db8:0:{index >> 16:x}:{index & 0xFFFF:x}::/80") for index in chosen
        ]
        ledger.apply(wanted)
        pool = IPSet([POOL.replace("/32", "/48")])
        taken = [str(request.at) for request in wanted]
        subtraction = seconds(lambda: next((pool - IPSet(taken)).iter_cidrs().__iter__()))
        engine = ledger._engine
        best = 1.0
        for _turn in range(200):
            best = min(
                best,
                seconds(
                    lambda: engine.rows(
                        "SELECT rank, start, last FROM gaps WHERE pool = 1 AND rank < ? ORDER BY rank DESC LIMIT 1",
                        (bytes((81,)),),
                    )
                ),
            )
    table.row(
        f" 4  netaddr's subtraction among {count:,} holes / finding the next", subtraction / best, 10_000, at_least=True
    )


def durable(table: Table, directory: str) -> None:
    """Medians of interleaved single operations on the same disk."""
    handle = os.open(os.path.join(directory, "bare"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    bare, ours = [], []
    with define(open_ledger(os.path.join(directory, "durable"))) as ledger:
        for request in requests("d", 600):

            def append() -> None:
                os.write(handle, bytes(4096))
                os.fdatasync(handle)

            bare.append(seconds(append))
            ours.append(seconds(lambda request=request: ledger.apply([request])))
    os.close(handle)
    table.row(
        " 5  single durable allocation / append and fdatasync, medians",
        statistics.median(ours) / statistics.median(bare),
        3,
    )


def client(where: str, number: int, count: int, start: t.Any, queue: t.Any) -> None:
    with open_ledger(where) as ledger:
        ledger.apply([Request("p", f"warm-{number}")])
        start.wait()
        begin = time.time()
        given = [ledger.apply([request]).outcomes[0].prefix for request in requests(f"c{number}-", count)]
        queue.put((begin, time.time(), given))


def rate(where: str, processes: int, each: int) -> float:
    """Allocations per second of all together.

    :raises SystemExit: an address was given twice.
    """
    start, queue = FORK.Barrier(processes), FORK.SimpleQueue()
    workers = [FORK.Process(target=client, args=(where, number, each, start, queue)) for number in range(processes)]
    for worker in workers:
        worker.start()
    results = [queue.get() for _worker in workers]
    for worker in workers:
        worker.join()
    given = [prefix for _begin, _end, prefixes in results for prefix in prefixes]
    if len(set(given)) != processes * each:
        raise SystemExit(f"{len(given) - len(set(given))} of {len(given)} were given twice")
    return len(given) / (max(end for _begin, end, _given in results) - min(begin for begin, _end, _given in results))


def processes(table: Table, directory: str, total: int) -> None:
    alone, together = [], []
    for turn in range(ROUNDS):
        for count, rates in ((1, alone), (PROCESSES, together)):
            where = os.path.join(directory, f"rate-{turn}-{count}")
            define(open_ledger(where)).close()
            rates.append(rate(where, count, total // count))
    table.row(
        f" 9  {PROCESSES} processes / one, single allocations, none twice",
        max(together) / max(alone) * 100,
        50,
        "%",
        True,
    )


def postgresql(table: Table, dsn: str, count: int) -> None:
    def fresh() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS routable_ipv6 CASCADE")
        define(open_ledger(dsn)).close()

    rates = []
    for _turn in range(ROUNDS):
        fresh()
        rates.append(rate(dsn, 8, 250))
    table.row("15  PostgreSQL, 8 clients, allocations a second, none twice", max(rates), 1000, "", True)
    table.row("15  the same / NetBox's recorded rate", max(rates) / NETBOX_CLIENTS_RATE, 50, "x", True)
    for constraint, wanted in ((True, 15), (False, 2)):
        took = []
        for _turn in range(ROUNDS):
            fresh()
            if not constraint:
                with psycopg.connect(dsn, autocommit=True) as connection:
                    connection.execute("ALTER TABLE routable_ipv6.allocations DROP CONSTRAINT allocations_disjoint")
            with open_ledger(dsn) as ledger:
                took.append(seconds(lambda ledger=ledger: ledger.apply(requests("n", count))))
        word = "with" if constraint else "without"
        table.row(f"15  PostgreSQL, {count:,} in one call, {word} the constraint", min(took), wanted, " s")


def main(arguments: t.Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a tenth of everything")
    share = 10 if parser.parse_args(arguments).small else 1
    table = Table()
    # Not below /tmp, which may be in memory.
    with tempfile.TemporaryDirectory(prefix="ledger-bench-", dir="/var/tmp") as directory:
        batches(table, directory, 100_000 // share)
        sizes(table, directory, 1000, 1_000_000 // share)
        holes(table, directory, 100_000 // share)
        durable(table, directory)
        processes(table, directory, 8000 // share)
    os.environ["LEDGER_TEST_FSYNC"] = "1"
    with server() as dsn:
        postgresql(table, dsn, 100_000 // share)
    print("11  writers killed 200 times: proven by tests/ledger.sh, for both engines")
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
