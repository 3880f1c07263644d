# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The next free run of addresses in a subnet, by interval arithmetic on integers.

What is taken comes as intervals, so that a subnet with ten thousand interfaces costs one sort and one walk.
"""

from __future__ import annotations

import bisect
import ipaddress
import socket
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import name_number, parse_address, parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import merged
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# First and last address as integers, both included.
Interval = t.Tuple[int, int]

# Amazon VPC User Guide, "Subnet sizing for IPv6": the first four addresses and the last one of a subnet are reserved.
RESERVED_FIRST = 4
RESERVED_LAST = 1


def address_interval(text: str) -> Interval:
    """One address in any spelling.

    :raises Refused: no IPv6 address.
    """
    try:
        number = int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
    except OSError:
        number = int(parse_address(text))
    return (number, number)


def prefix_interval(text: str) -> Interval:
    """One prefix in any spelling.

    :raises Refused: no IPv6 prefix.
    """
    return network_interval(parse_prefix(text))


def network_interval(network: ipaddress.IPv6Network) -> Interval:
    first = int(network.network_address)
    return (first, first + network.num_addresses - 1)


def reserved(subnet: ipaddress.IPv6Network) -> tuple[Interval, Interval]:
    """The addresses that no interface can have."""
    first, last = network_interval(subnet)
    return ((first, first + RESERVED_FIRST - 1), (last - RESERVED_LAST + 1, last))


def first_free(region: Interval, size: int, busy: t.Sequence[Interval], start: int) -> int | None:
    """The first address of a free run of ``size`` addresses, aligned to ``size``, wholly inside ``region``.

    :arg size: a power of two.
    :arg busy: in the form of :func:`merged`.
    :arg start: the number of the run at which the search begins; it wraps around, so any number will do.
    :returns: None when there is none.
    """
    low, high = -(-region[0] // size), (region[1] + 1) // size - 1
    if low > high:
        return None
    begin = low + start % (high - low + 1)
    found = _scan(begin, high, size, busy)
    if found is None and begin > low:
        found = _scan(low, begin - 1, size, busy)
    return found


def _scan(slot: int, last: int, size: int, busy: t.Sequence[Interval]) -> int | None:
    # The first interval that begins behind the slot's first address, and the one before, which may reach into it.
    index = max(0, bisect.bisect_right(busy, (slot * size, slot * size)) - 1)
    while slot <= last:
        while index < len(busy) and busy[index][1] < slot * size:
            index += 1
        if index == len(busy) or busy[index][0] >= (slot + 1) * size:
            return slot * size
        slot = busy[index][1] // size + 1
    return None


@dataclass(frozen=True)
class Space:
    """One IPv6 range of a subnet with all that is in it.

    ``taken`` is merged and has addresses and delegated prefixes, ``own`` are the explicit reservations made for us,
    ``foreign`` all the other reservations. With ``only_own`` nothing outside of ``own`` is used for blocks.
    """

    subnet: ipaddress.IPv6Network
    taken: tuple[Interval, ...] = ()
    own: tuple[ipaddress.IPv6Network, ...] = ()
    foreign: tuple[ipaddress.IPv6Network, ...] = ()
    only_own: bool = False

    def busy(self, extra: t.Iterable[Interval] = ()) -> list[Interval]:
        """What neither a block nor an address can use."""
        foreign = (network_interval(network) for network in self.foreign)
        return merged([*self.taken, *reserved(self.subnet), *foreign, *extra])


def allocate_block(space: Space, length: int, seed: str, skip: t.Iterable[Interval] = ()) -> ipaddress.IPv6Network:
    """The free block of ``length`` that follows from the name ``seed``: in a reservation of ours if there is one.

    :arg skip: what the API refused in this run, though it seemed free.
    :raises Refused: no block is left.
    """
    size, start = 1 << (128 - length), name_number(seed, 128)
    busy = space.busy(skip)
    for own in space.own:
        found = first_free(_within(own, space.subnet), size, busy, start)
        if found is not None:
            return ipaddress.IPv6Network((found, length))
    if not space.only_own:
        outside = merged([*busy, *(network_interval(network) for network in space.own)])
        found = first_free(network_interval(space.subnet), size, outside, start)
        if found is not None:
            return ipaddress.IPv6Network((found, length))
    raise Refused(
        f"a /{length} of {_where(space)}",
        "no aligned run of addresses of that size is free there",
        "Take a shorter block, free some addresses, or make an explicit CIDR reservation for blocks in a new subnet",
    )


def _within(network: ipaddress.IPv6Network, subnet: ipaddress.IPv6Network) -> Interval:
    one, other = network_interval(network), network_interval(subnet)
    return (max(one[0], other[0]), min(one[1], other[1]))


def _where(space: Space) -> str:
    if space.only_own:
        return f"the reservations {', '.join(map(str, space.own))}"
    return str(space.subnet)


def allocate_primary(space: Space, seed: str, skip: t.Iterable[Interval] = ()) -> ipaddress.IPv6Address:
    """A free single address that follows from the name ``seed``.

    Reservations of ours are for blocks, so they are used only when nothing else is left. ``skip`` has the block that
    goes with the address, and what the API refused.

    :raises Refused: no address is left.
    """
    busy, region, start = space.busy(skip), network_interval(space.subnet), name_number(f"{seed} primary", 128)
    apart = merged([*busy, *(network_interval(network) for network in space.own)])
    for taken in (apart, busy):
        found = first_free(region, 1, taken, start)
        if found is not None:
            return ipaddress.IPv6Address(found)
    raise Refused(f"an address of {space.subnet}", "no address is free there", "Free some, or take another subnet")


def overlaps(one: Interval, other: Interval) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def check_usable(space: Space, interval: Interval, what: str) -> None:
    """Refuse a value that was asked for and can never be.

    A reservation forbids nothing to who gives a value by hand: that is what an explicit one is for.

    :raises Refused: outside of the subnet, or among the addresses that AWS keeps for itself.
    """
    first, last = network_interval(space.subnet)
    if interval[0] < first or interval[1] > last:
        raise Refused(what, f"this is outside of the subnet's range {space.subnet}", "Take a value inside of it")
    if any(overlaps(interval, part) for part in reserved(space.subnet)):
        raise Refused(
            what,
            f"AWS reserves the first {RESERVED_FIRST} addresses of {space.subnet} and the last one",
            f"Take a value from {ipaddress.IPv6Address(first + RESERVED_FIRST)} on",
        )
