# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What a ledger takes over from NetBox: prefixes that hold something become pools, the rest allocations in them."""

from __future__ import annotations

import collections
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    last_of,
    written,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_sources import read_source
from ansible_collections.routable.ipv6.plugins.module_utils._netbox import ADDRESSES, PREFIXES, read_found

Block = t.Tuple[int, int]
Row = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Import:
    """What to do with a ledger.

    :arg pools: definitions by name.
    :arg active: and ``reserved``: requests to adopt, with the state that they are to have.
    :arg skipped: what lies in no pool, as text.
    """

    pools: dict[str, dict[str, t.Any]]
    active: list[dict[str, str]]
    reserved: list[dict[str, str]]
    skipped: list[str]
    warnings: list[str]


@dataclass
class _Item:
    """A prefix or an address in NetBox that is in use there."""

    block: Block
    status: str
    name: str
    label: str
    may_hold: bool
    is_pool: bool = False

    @property
    def text(self) -> str:
        return written(self.block[0]) if self.block[1] == 128 else written_prefix(*self.block)


def import_plan(
    rows: t.Mapping[str, t.Sequence[Row]],
    field: str,
    vrf: int | None,
    known: t.Mapping[str, Block],
    allocated: t.Mapping[Block, tuple[str, str]],
    within: t.Sequence[Block],
    create_pools: bool = True,
) -> Import:
    """What the ledger has to take over.

    :arg rows: what NetBox answers, by kind.
    :arg known: the pools that there are: name → prefix.
    :arg allocated: what the ledger has in use: block → pool and name. Such a block keeps its name.
    :raises Refused: an answer of another form.
    """
    warnings: list[str] = []
    items = _items(rows, field, vrf, within, warnings)
    pools = _new_pools(items, known) if create_pools else {}
    blocks = {block: name for name, block in known.items()}
    blocks.update({(start, length): name for name, ((start, length), _definition) in pools.items()})
    seen = collections.Counter(item.name for item in items if item.block not in blocks)
    active: list[dict[str, str]] = []
    reserved: list[dict[str, str]] = []
    skipped: list[str] = []
    for item in items:
        if item.block in blocks:
            continue
        home = _innermost(item.block, blocks)
        if home is None:
            skipped.append(item.text)
            continue
        pool, name = _owner(item, home, {*known, *pools}, allocated, seen)
        entry = {"pool": pool, "name": name, "address" if item.block[1] == 128 else "prefix": item.text}
        (reserved if item.status == "reserved" else active).append(entry)
    return Import(
        {name: definition for name, (_block, definition) in pools.items()}, active, reserved, skipped, warnings
    )


def _items(
    rows: t.Mapping[str, t.Sequence[Row]],
    field: str,
    vrf: int | None,
    within: t.Sequence[Block],
    warnings: list[str],
) -> list[_Item]:
    """All that is in use, outer prefixes first. What is there twice is reported and taken once."""
    result: dict[Block, _Item] = {}
    for kind in (PREFIXES, ADDRESSES):
        for row in rows[kind]:
            found = read_found(kind, [row], field, vrf)
            if not found or found[0].status == "deprecated":
                continue
            one = found[0]
            block = one.start, one.value[2]
            if not any(_holds(outer, block) for outer in within):
                continue
            # The same reader as of exported files, so that both give the same names.
            name = read_source("netbox", [row])[0]["name"]
            holder = one.status == "container" or bool(row.get("is_pool"))
            item = _Item(block, one.status, name, one.label, holder, kind == PREFIXES and block[1] < 128)
            if block in result:
                if result[block].may_hold == item.may_hold:
                    warnings.append(f"NetBox has {item.text} more than once; it is taken once.")
                continue
            result[block] = item
    return sorted(result.values(), key=lambda item: item.block)


def _new_pools(items: t.Sequence[_Item], known: t.Mapping[str, Block]) -> dict[str, tuple[Block, dict[str, t.Any]]]:
    """Containers, pools and whatever holds something in NetBox, as pools of the ledger; name → prefix, definition."""
    lengths: dict[Block, list[int]] = {}
    nodes = {block: None for block in known.values()}
    nodes.update({item.block: None for item in items if item.is_pool})
    for item in items:
        parent = _innermost(item.block, nodes)
        if parent is not None:
            lengths.setdefault(parent, []).append(item.block[1])
    pools: dict[str, tuple[Block, dict[str, t.Any]]] = {}
    blocks = {block: name for name, block in known.items()}
    for item in items:
        if not item.is_pool or item.block in blocks or not (item.may_hold or item.block in lengths):
            continue
        if any(_holds(item.block, block) for block in known.values()):
            continue  # a pool that is there already would become a part of it
        name = item.name if item.name not in known and item.name not in pools else f"{item.name} ({item.text})"
        counted = collections.Counter(lengths.get(item.block, [128]))
        definition: dict[str, t.Any] = {
            "prefix": item.text,
            # The commonest of what it holds, and of these the longest.
            "length": max(counted, key=lambda length: (counted[length], length)),
        }
        parent_name = _innermost_name(item.block, blocks)
        if parent_name is not None:
            definition["parent"] = parent_name
        pools[name] = item.block, definition
        blocks[item.block] = name
    return pools


def _owner(
    item: _Item,
    home: str,
    pools: t.AbstractSet[str],
    allocated: t.Mapping[Block, tuple[str, str]],
    seen: t.Mapping[str, int],
) -> tuple[str, str]:
    """The pool and the name of an allocation: by its label, as the ledger has it, or as NetBox describes it."""
    labelled = [pool for pool in pools if item.label.startswith(f"{pool}/") and item.label != f"{pool}/"]
    if labelled:
        pool = max(labelled, key=len)
        return pool, item.label[len(pool) + 1 :]
    if item.block in allocated:
        return allocated[item.block]
    name = item.label or item.name
    return home, name if item.label or seen[item.name] == 1 or name == item.text else f"{name} ({item.text})"


def _innermost(block: Block, blocks: t.Mapping[Block, t.Any]) -> t.Any:
    """The name of the innermost block that holds this one and is another, or the block itself where it has none."""
    for length in range(block[1] - 1, -1, -1):
        outer = block[0] >> (128 - length) << (128 - length), length
        if outer in blocks:
            return blocks[outer] or outer
    return None


def _innermost_name(block: Block, blocks: t.Mapping[Block, str]) -> str | None:
    name = _innermost(block, blocks)
    return name if isinstance(name, str) else None


def _holds(outer: Block, inner: Block) -> bool:
    return outer[1] <= inner[1] and outer[0] <= inner[0] <= last_of(*outer)
