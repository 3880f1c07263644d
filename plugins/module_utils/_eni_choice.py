# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Which address and which block an interface has or gets: what is there is kept, the rest is allocated."""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils import _eni_allocator as allocator
from ansible_collections.routable.ipv6.plugins.module_utils import _eni_limits as limits
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import merged
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import (
    Eni,
    Raw,
    Reservation,
    Subnet,
    holder_of,
    intervals_of,
)
from ansible_collections.routable.ipv6.plugins.module_utils._eni_wanted import AUTO, BLOCK, PREFIX, Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# The key of a tag that says: this CIDR reservation was made for blocks of this collection. Its value does not matter.
OWN_TAG = "routable-ipv6"


@dataclass(frozen=True)
class Choice:
    """What is there, or what will be. ``mode`` is "auto" only as long as nothing is there and nothing was chosen."""

    mode: str
    primary: ipaddress.IPv6Address | None = None
    block: ipaddress.IPv6Network | None = None

    @property
    def complete(self) -> bool:
        return self.primary is not None and self.block is not None


def runs(addresses: t.Iterable[ipaddress.IPv6Address], length: int) -> list[ipaddress.IPv6Network]:
    """The aligned runs of that length of which the interface has every address, in order."""
    numbers = {int(address) for address in addresses}
    size = 1 << (128 - length)
    firsts = sorted(number for number in numbers if number % size == 0)
    return [
        ipaddress.IPv6Network((first, length))
        for first in firsts
        if all(number in numbers for number in range(first, first + size))
    ]


def held(eni: Eni, wanted: Wanted) -> Choice:
    """What the interface has of what is wanted.

    With nothing said, a prefix comes before a block, a long run before a short one and a low one before a high one. The
    primary address is the flagged one, else the lowest that is in no run.
    """
    known = wanted.primary if wanted.primary is not None else eni.flagged
    mode, block = wanted.mode, None
    if wanted.mode in (AUTO, PREFIX):
        fitting = [prefix for prefix in eni.prefixes if wanted.block in (None, prefix)]
        if fitting:
            mode, block = PREFIX, fitting[0]
    if block is None and wanted.mode in (AUTO, BLOCK):
        block = _held_block(eni, wanted, known)
        if block is not None:
            mode = BLOCK
    primary = known if known in eni.addresses else None
    if known is None:
        outside = sorted(one for one in eni.addresses if block is None or one not in block)
        # A run that is given up for another one holds no candidates: the primary address is a single one.
        pairs = runs(eni.addresses, limits.LONGEST_BLOCK)
        single = [one for one in outside if not any(one in pair for pair in pairs)]
        primary = next(iter(single or outside), None)
    return Choice(mode, primary, block)


def _held_block(eni: Eni, wanted: Wanted, primary: ipaddress.IPv6Address | None) -> ipaddress.IPv6Network | None:
    lengths: t.Iterable[int] = range(limits.SHORTEST_BLOCK, limits.LONGEST_BLOCK + 1)
    if wanted.length is not None:
        lengths = (wanted.length,)
    for length in lengths:
        for run in runs(eni.addresses, length):
            if wanted.block in (None, run) and (primary is None or primary not in run):
                return run
    return None


def choose_mode(mode: str, kind: limits.InstanceType | None) -> str:
    """:raises Refused: "auto" without a type to decide by, or a type that cannot do it."""
    if kind is None:
        if mode == AUTO:
            raise Refused(
                "mode=auto", "it follows from the instance type, which is not known", "Give instance_type, or a mode"
            )
        return mode
    limits.check_ipv6(kind)
    if mode == PREFIX:
        limits.check_prefix(kind)
    if mode == AUTO:
        return PREFIX if kind.nitro else BLOCK
    return mode


def choose_length(wanted: Wanted, mode: str, kind: limits.InstanceType | None, others: int) -> int:
    """The prefix length to allocate. ``others`` counts the addresses and prefixes beside the block.

    :raises Refused: it follows from a type that is not known, or that has too few addresses.
    """
    if mode == PREFIX:
        return limits.PREFIX_LENGTH
    if wanted.length is not None:
        return wanted.length
    if kind is None:
        raise Refused(
            "block_prefix_length=auto",
            "it follows from the instance type, which is not known",
            "Give instance_type, or a length",
        )
    return limits.auto_length(kind, others)


def space_of(
    subnet: Subnet, wanted: Wanted, interfaces: t.Sequence[Raw], reservations: t.Sequence[Reservation], near: Eni | None
) -> allocator.Space:
    """The range of the subnet to allocate from, with what is taken in it.

    A subnet with several ranges serves from the one that has a given address, else what the interface has already, else
    a reservation of ours, else from the lowest.

    :raises Refused: a reservation that is not there or of another kind.
    """
    own = own_reservations(wanted, reservations)
    hints = [wanted.primary, None if wanted.block is None else wanted.block.network_address]
    hints += [*near.addresses, *(one.network_address for one in near.prefixes)] if near else []
    hints += [one.network.network_address for one in own]
    for hint in hints:
        found = None if hint is None else subnet.range_of(hint)
        if found is not None:
            break
    else:
        found = subnet.ranges[0]
    inside = [one for one in reservations if one.network.overlaps(found.network)]
    return allocator.Space(
        found.network,
        tuple(merged(intervals_of(interfaces))),
        tuple(one.network for one in inside if one in own),
        tuple(one.network for one in inside if one not in own),
        bool(wanted.reservations),
    )


def own_reservations(wanted: Wanted, reservations: t.Sequence[Reservation]) -> list[Reservation]:
    """The explicit reservations made for us: the ones that the options name, else those with our tag.

    :raises Refused: a named one is not there, or AWS itself delegates from it.
    """
    if not wanted.reservations:
        return [one for one in reservations if OWN_TAG in one.tags and one.kind == "explicit"]
    result = []
    for name in wanted.reservations:
        found = next((one for one in reservations if name in (one.reservation_id, str(one.network))), None)
        if found is None:
            raise Refused(
                f"reservations: {name}", "the subnet has no such IPv6 CIDR reservation", "Make it, or correct the name"
            )
        if found.kind != "explicit":
            raise Refused(
                f"reservations: {name}",
                f"AWS itself assigns from a reservation of type {found.kind}",
                "Make one of type explicit",
            )
        result.append(found)
    return result


def choose(
    eni: Eni | None,
    wanted: Wanted,
    kind: limits.InstanceType | None,
    space: allocator.Space,
    interfaces: t.Sequence[Raw],
    skip: t.Sequence[allocator.Interval] = (),
) -> Choice:
    """Complete what is held: given values are checked, others are allocated.

    :arg skip: what the API refused in this run.
    :raises Refused: a given value that cannot be or that another interface has; no space; limits.
    """
    now = held(eni, wanted) if eni else Choice(wanted.mode)
    mode, block, primary = choose_mode(now.mode, kind), now.block, now.primary
    if wanted.primary is not None and primary is None:
        _check_given(space, (int(wanted.primary), int(wanted.primary)), f"primary_address={wanted.primary}", interfaces)
        primary = wanted.primary
    kept = len(_kept(eni, wanted, primary))
    if block is None and wanted.block is not None:
        _check_given(
            space,
            allocator.network_interval(wanted.block),
            f"block={wanted.block}",
            interfaces,
            eni.eni_id if eni else None,
        )
        block = wanted.block
    if block is None:
        length = choose_length(wanted, mode, kind, 1 + kept)
        avoid = [*skip, *([] if primary is None else [(int(primary), int(primary))])]
        block = _grown(eni, space, length, avoid, interfaces) or allocator.allocate_block(
            space, length, wanted.seed, avoid
        )
    if primary is None:
        primary = allocator.allocate_primary(space, wanted.seed, [*skip, allocator.network_interval(block)])
    if kind is not None:
        limits.check_limit(kind, wanted_count(eni, wanted, Choice(mode, primary, block)))
    return Choice(mode, primary, block)


def _check_given(
    space: allocator.Space,
    interval: allocator.Interval,
    what: str,
    interfaces: t.Sequence[Raw],
    but: str | None = None,
) -> None:
    allocator.check_usable(space, interval, what)
    holder = holder_of(interfaces, interval, but)
    if holder is not None:
        raise Refused(what, f"{holder} has addresses of it", "Take another value, or leave it out to have one found")


def _grown(
    eni: Eni | None,
    space: allocator.Space,
    length: int,
    skip: t.Sequence[allocator.Interval],
    interfaces: t.Sequence[Raw],
) -> ipaddress.IPv6Network | None:
    """The block around a shorter one that the interface has, if the rest of it is free: containers keep theirs."""
    if eni is None or length == limits.PREFIX_LENGTH:
        return None
    for shorter in range(length + 1, limits.LONGEST_BLOCK + 1):
        for run in runs(eni.addresses, shorter):
            block = run.supernet(new_prefix=length)
            interval = allocator.network_interval(block)
            if any(allocator.overlaps(interval, one) for one in skip) or holder_of(interfaces, interval, eni.eni_id):
                continue
            try:
                allocator.check_usable(space, interval, "")
            except Refused:
                continue
            return block
    return None


def _kept(
    eni: Eni | None, wanted: Wanted, primary: ipaddress.IPv6Address | None
) -> list[ipaddress.IPv6Address | ipaddress.IPv6Network]:
    if eni is None or wanted.purge_addresses:
        return []
    return [*(one for one in eni.addresses if one != primary), *eni.prefixes]


def surplus(eni: Eni | None, choice: Choice) -> tuple[list[ipaddress.IPv6Address], list[ipaddress.IPv6Network]]:
    """The addresses and prefixes that the interface has beyond what is wanted."""
    if eni is None:
        return ([], [])
    block = choice.block if choice.mode == BLOCK else None
    addresses = [one for one in eni.addresses if one != choice.primary and (block is None or one not in block)]
    return (sorted(addresses), [one for one in eni.prefixes if one != choice.block])


def wanted_count(eni: Eni | None, wanted: Wanted, choice: Choice) -> int:
    """How many addresses and prefixes the interface has in the end. A prefix counts as one address."""
    addresses, prefixes = surplus(eni, choice)
    further = 0 if wanted.purge_addresses else len(addresses) + len(prefixes)
    size = choice.block.num_addresses if choice.block is not None and choice.mode == BLOCK else 1
    return 1 + size + further
