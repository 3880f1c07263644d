# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The pools as the ledger has them, and what it takes to change one without moving anybody."""

from __future__ import annotations

import ipaddress
import json
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import (
    Exclusion,
    Pool,
    Request,
    exclusions,
    parse_pool,
)
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import (
    BITS,
    number,
    overlap,
    packed,
    run_text,
    size_of,
    without,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import gaps
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import QUARANTINE, Engine
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

DAY = 86400
# How many names a message lists before it only counts.
_LISTED = 5
_COLUMNS = "id, name, prefix, suffix, space_length, length, strategy, quarantine_days, parent, seed, exclude"

Pools = t.Dict[str, t.Tuple[int, Pool]]


class Writer(t.Protocol):
    """What changing pools needs of the batch that it is part of."""

    engine: Engine
    now: int

    def note_pool(self, op: str, name: str, before: Pool | None, after: Pool | None) -> None: ...

    def take_fixed(self, pool_id: int, pool: Pool, request: Request) -> int: ...

    def take_prefix(self, pool_id: int, pool: Pool, request: Request) -> int: ...

    def expire(self, pool_id: int, pool: Pool) -> None: ...

    def release_at(self, pool_id: int, pool: Pool, first: int, days: int) -> None: ...


def load(engine: Engine) -> Pools:
    result: Pools = {}
    for row in engine.rows(f"SELECT {_COLUMNS} FROM pools"):
        pool = Pool(
            name=row[1],
            prefix=None if row[2] is None else ipaddress.IPv6Network(row[2]),
            suffix=bool(row[3]),
            space_length=row[4],
            length=row[5],
            strategy=row[6],
            quarantine_days=row[7],
            parent=row[8],
            seed=row[9],
            exclude=tuple((text, reason) for text, reason in json.loads(row[10])),
        )
        result[pool.name] = (row[0], pool)
    return result


def rebuild_gaps(engine: Engine, pool_id: int, pool: Pool) -> None:
    """Derive the gap table of one pool anew from what is allocated and excluded."""
    engine.run("DELETE FROM gaps WHERE pool = ?", (pool_id,))
    gaps.insert(engine, pool_id, pool, expected_gaps(engine, pool_id, pool))


def store_pool(engine: Engine, pool_id: int, pool: Pool, new: bool) -> None:
    """Write a pool's row and its exclusions; the gaps are for :func:`rebuild_gaps`."""
    columns = _COLUMNS.split(", ")
    values = (
        pool.name,
        None if pool.prefix is None else str(pool.prefix),
        int(pool.suffix),
        pool.space_length,
        pool.length,
        pool.strategy,
        pool.quarantine_days,
        pool.parent,
        pool.seed,
        json.dumps(pool.exclude),
    )
    if new:
        marks = ", ".join("?" * len(columns))
        engine.run(f"INSERT INTO pools ({_COLUMNS}) VALUES ({marks})", (pool_id, *values))
    else:
        marks = ", ".join(f"{column} = ?" for column in columns[1:])
        engine.run(f"UPDATE pools SET {marks} WHERE id = ?", (*values, pool_id))
        engine.run("DELETE FROM exclusions WHERE pool = ?", (pool_id,))
    engine.many(
        "INSERT INTO exclusions (pool, start, last, reason) VALUES (?, ?, ?, ?)",
        [(pool_id, packed(one.first), packed(one.last), one.reason) for one in exclusions(pool)],
    )


def expected_gaps(engine: Engine, pool_id: int, pool: Pool) -> list[tuple[int, int]]:
    taken = [
        (number(start), number(start) + size_of(length) - 1)
        for start, length in engine.rows("SELECT start, length FROM allocations WHERE pool = ?", (pool_id,))
    ]
    taken += [
        (number(start), number(last))
        for start, last in engine.rows("SELECT start, last FROM exclusions WHERE pool = ?", (pool_id,))
    ]
    return without(*pool.space, sorted(taken))


def define(writer: Writer, pools: Pools, definitions: t.Mapping[str, object]) -> None:
    """Bring the given pools into the ledger; others stay. ``pools`` is brought up to date.

    :raises Refused: somebody would have to move, or two pools would overlap.
    """
    wanted = {pool.name: pool for pool in (parse_pool(name, given) for name, given in definitions.items())}
    for name in _parents_first(wanted):
        _define_one(writer, pools, wanted[name])


def drop(writer: Writer, pools: Pools, names: t.Iterable[str]) -> None:
    """Take empty pools out of the ledger. A nested one gives its prefix back to its parent.

    :raises Refused: a pool with allocations, or with pools inside.
    """
    for name in names:
        if name not in pools:
            continue
        pool_id, pool = pools[name]
        children = sorted(other.name for dummy, other in pools.values() if other.parent == name)
        writer.expire(pool_id, pool)
        count = writer.engine.rows("SELECT count(*) FROM allocations WHERE pool = ?", (pool_id,))[0][0]
        if count or children:
            rule = f"{', '.join(children)} is a part of it" if children else f"it still has {count} allocations"
            raise Refused(f"pool {name}", rule, "Release them first, and wait for the end of their quarantine")
        for table in ("gaps", "exclusions"):
            writer.engine.run(f"DELETE FROM {table} WHERE pool = ?", (pool_id,))
        writer.engine.run("DELETE FROM pools WHERE id = ?", (pool_id,))
        del pools[name]
        if pool.parent is not None and pool.prefix is not None:
            parent_id, parent = pools[pool.parent]
            writer.release_at(parent_id, parent, int(pool.prefix.network_address) - parent.base, 0)
        writer.note_pool("drop", name, pool, None)


def descendants(pools: Pools, name: str) -> list[str]:
    """All pools inside a pool, those nearer to it first."""
    found = [name]
    for one in found:
        found += sorted(pool.name for dummy, pool in pools.values() if pool.parent == one)
    return found[1:]


def _parents_first(wanted: t.Mapping[str, Pool]) -> list[str]:
    done: list[str] = []
    for name in wanted:
        chain: list[str] = []
        at: str | None = name
        while at is not None and at in wanted and at not in done:
            if at in chain:
                raise Refused(f"pool {name}: parent={wanted[name].parent}", "the pools go round in a circle", "Cut it")
            chain.append(at)
            at = wanted[at].parent
        done += reversed(chain)
    return done


def _define_one(writer: Writer, pools: Pools, wanted: Pool) -> None:
    old = pools[wanted.name][1] if wanted.name in pools else None
    new = _with_prefix(writer, pools, old, wanted)
    if new != old:
        _store(writer, pools, old, new)


def _store(writer: Writer, pools: Pools, old: Pool | None, new: Pool) -> None:
    engine = writer.engine
    excluded = exclusions(new)
    _refuse_neighbours(writer, pools, new)
    if old is None:
        pool_id = 1 + engine.rows("SELECT coalesce(max(id), 0) FROM pools")[0][0]
    else:
        pool_id = pools[new.name][0]
        _refuse_moves(engine, pool_id, old, new, excluded)
    store_pool(engine, pool_id, new, old is None)
    pools[new.name] = (pool_id, new)
    if old is None or _layout(old) != _layout(new):
        rebuild_gaps(engine, pool_id, new)
    writer.note_pool("define", new.name, old, new)
    if old is not None and old.prefix is not None and old.prefix != new.prefix:
        _leave(writer, old, new)
        for name in sorted(pool.name for dummy, pool in pools.values() if pool.parent == new.name):
            _follow(writer, pools, name, old, new)


def _layout(pool: Pool) -> tuple[t.Any, ...]:
    return pool.space, pool.base, pool.length == BITS, pool.strategy == "sparse", pool.exclude


def _with_prefix(writer: Writer, pools: Pools, old: Pool | None, wanted: Pool) -> Pool:
    """The pool with the prefix that its parent gives it, if it has a parent."""
    if old is not None and old.parent is not None and wanted.parent != old.parent:
        raise Refused(
            f"pool {wanted.name}: parent={wanted.parent or ''}",
            f"it is a part of {old.parent}, from which it has {old.text}",
            "Define a pool of another name there",
        )
    if wanted.parent is None:
        return wanted
    if wanted.parent not in pools:
        raise Refused(f"pool {wanted.name}: parent={wanted.parent}", "there is no such pool", "Define it as well")
    parent_id, parent = pools[wanted.parent]
    if parent.prefix is None:
        raise Refused(
            f"pool {wanted.name}: parent={parent.name}", "that pool has no prefix, only suffixes", "Give it a prefix"
        )
    if wanted.prefix is None:
        kept = None if old is None else old.prefix
        if kept is not None and kept.subnet_of(parent.prefix):
            if kept.prefixlen != wanted.space_length:
                raise Refused(
                    f"pool {wanted.name}: prefix_length={wanted.space_length}",
                    f"it has {kept} of {parent.name}, and would have to move",
                    "Leave the length, or define a pool of another name",
                )
            return wanted.with_prefix(kept)
        request = Request(parent.name, wanted.name, wanted.space_length, owner=f"pool {wanted.name}")
        first = writer.take_prefix(parent_id, parent, request)
        return wanted.with_prefix(ipaddress.IPv6Network((parent.base + first, wanted.space_length)))
    if old is not None and old.prefix == wanted.prefix and old.parent == wanted.parent:
        return wanted
    if not wanted.prefix.subnet_of(parent.prefix):
        raise Refused(
            f"pool {wanted.name}: prefix={wanted.prefix}", f"its parent {parent.name} has {parent.prefix}", "Correct it"
        )
    request = Request(
        parent.name, wanted.name, wanted.space_length, str(wanted.prefix), owner=f"pool {wanted.name}", force=True
    )
    if old is not None and old.prefix is not None and old.parent is not None:
        # The name is still at the former place; the new one cannot overlap it.
        writer.release_at(parent_id, parent, int(old.prefix.network_address) - parent.base, old.quarantine_days)
    writer.take_fixed(parent_id, parent, request)
    return wanted


def _refuse_neighbours(writer: Writer, pools: Pools, new: Pool) -> None:
    """Two pools share no address, unless one is inside the other by name."""
    if new.prefix is None:
        return
    for _pool_id, other in pools.values():
        if other.name == new.name or other.prefix is None or not other.prefix.overlaps(new.prefix):
            continue
        if other.name not in _ancestors(pools, new) and new.name not in _ancestors(pools, other):
            raise Refused(
                f"pool {new.name}: prefix={new.prefix}",
                f"it overlaps {other.prefix} of the pool {other.name}",
                f"Give parent: {other.name} if it is a part of that, else another prefix",
            )
    for name, prefix, until in writer.engine.rows("SELECT pool, prefix, until FROM former_prefixes"):
        if name != new.name and until > writer.now and ipaddress.IPv6Network(prefix).overlaps(new.prefix):
            raise Refused(
                f"pool {new.name}: prefix={new.prefix}",
                f"{prefix} of the pool {name} is in quarantine",
                "Wait for its end, or give another prefix",
            )


def _ancestors(pools: Pools, pool: Pool) -> list[str]:
    result: list[str] = []
    at = pool.parent
    while at is not None and at not in result:
        result.append(at)
        at = pools[at][1].parent if at in pools else None
    return result


def _refuse_moves(engine: Engine, pool_id: int, old: Pool, new: Pool, excluded: t.Sequence[Exclusion]) -> None:
    if old.suffix != new.suffix:
        if engine.rows("SELECT 1 FROM allocations WHERE pool = ? LIMIT 1", (pool_id,)):
            raise Refused(
                f"pool {new.name}: suffix={str(new.suffix).lower()}",
                "it has allocations, and they are stored in another way",
                "Define a pool of another name and adopt them there",
            )
        return
    if _layout(old) == _layout(new):
        return
    low, high = new.space
    moved: list[tuple[str, int, int, str]] = []
    for start, length, name in engine.rows(
        "SELECT start, length, name FROM allocations WHERE pool = ? AND state <> ? ORDER BY start",
        (pool_id, QUARANTINE),
    ):
        first = number(start)
        last = first + size_of(length) - 1
        if first < low or last > high:
            moved.append((name, first, length, f"outside of {new.text}"))
        else:
            moved += [
                (name, first, length, f"excluded: {run_text(hole.first + new.base, hole.last + new.base)}")
                for hole in excluded
                if overlap((first, last), (hole.first, hole.last))
            ]
    if moved:
        listed = ", ".join(f"{name} ({old.show(first, length)}, {why})" for name, first, length, why in moved[:_LISTED])
        more = f" and {len(moved) - _LISTED} more" if len(moved) > _LISTED else ""
        raise Refused(
            f"pool {new.name}: {new.text}",
            f"{len(moved)} would have to move: {listed}{more}",
            "Release them first, or make it a suffix pool if their suffixes are to stay",
        )


def _leave(writer: Writer, old: Pool, new: Pool) -> None:
    """Keep a former prefix from others for as long as the pool's quarantine says."""
    if old.prefix is None or new.prefix is None or old.prefix.subnet_of(new.prefix) or not old.suffix:
        return
    writer.engine.run("DELETE FROM former_prefixes WHERE until <= ?", (writer.now,))
    writer.engine.run("DELETE FROM former_prefixes WHERE pool = ? AND prefix = ?", (new.name, str(new.prefix)))
    writer.engine.run("DELETE FROM former_prefixes WHERE pool = ? AND prefix = ?", (new.name, str(old.prefix)))
    if old.quarantine_days:
        writer.engine.run(
            "INSERT INTO former_prefixes (pool, prefix, until) VALUES (?, ?, ?)",
            (new.name, str(old.prefix), writer.now + old.quarantine_days * DAY),
        )


def _follow(writer: Writer, pools: Pools, name: str, old: Pool, new: Pool) -> None:
    """Take a nested pool along when its parent's prefix has changed.

    :raises Refused: it is no suffix pool, so those in it would move.
    """
    child = pools[name][1]
    if child.prefix is None or old.prefix is None or new.prefix is None or child.prefix.subnet_of(new.prefix):
        return
    first = int(child.prefix.network_address) - int(old.prefix.network_address) + int(new.prefix.network_address)
    prefix = ipaddress.IPv6Network((first, child.prefix.prefixlen))
    if not child.suffix and _occupied(writer, pools, name):
        raise Refused(
            f"pool {new.name}: prefix={new.prefix}",
            f"the pool {name} inside it, which has {child.prefix}, would have to move",
            f"Release what is in {name}, or make it a suffix pool before it is used",
        )
    _store(writer, pools, child, child.with_prefix(prefix))


def _occupied(writer: Writer, pools: Pools, name: str) -> bool:
    return bool(writer.engine.rows("SELECT 1 FROM allocations WHERE pool = ? LIMIT 1", (pools[name][0],)))
