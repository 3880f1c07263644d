# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Arithmetic on runs of addresses as pairs of integers, first and last, both inside.

Plain integers, since the objects of ``ipaddress`` and netaddr cost several microseconds each.
"""

from __future__ import annotations

import socket
import typing as t

BITS = 128
Run = t.Tuple[int, int]

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def size_of(length: int) -> int:
    """How many addresses a prefix of that length has."""
    return 1 << (BITS - length)


def packed(value: int) -> bytes:
    """16 bytes, most significant first: bytes compare as the addresses do."""
    return value.to_bytes(16, "big")


def number(value: bytes) -> int:
    return int.from_bytes(value, "big")


def address_text(value: int) -> str:
    """The canonical text of RFC 5952.

    The C library writes the last 32 bits of ``::/96`` and ``::ffff:0:0/96`` as IPv4, which a suffix is not.
    """
    if value >> 48:
        return socket.inet_ntop(socket.AF_INET6, value.to_bytes(16, "big"))
    groups = [value >> 32, value >> 16 & 0xFFFF, value & 0xFFFF]
    while groups and not groups[0]:
        del groups[0]
    return "::" + ":".join(f"{group:x}" for group in groups)


def prefix_text(first: int, length: int) -> str:
    return f"{address_text(first)}/{length}"


def run_text(first: int, last: int) -> str:
    """A run as a prefix where it is one, else as ``first-last``; a single address stands alone."""
    if first == last:
        return address_text(first)
    size = last - first + 1
    if size & (size - 1) == 0 and first % size == 0:
        return prefix_text(first, BITS + 1 - size.bit_length())
    return f"{address_text(first)}-{address_text(last)}"


def largest_block(first: int, last: int) -> tuple[int, int]:
    """First address and length of the largest aligned block in a run, the lowest of several.

    A run of at least 2**k addresses holds an aligned block of 2**(k-1), so the second try always succeeds.
    """
    bits = (last - first + 1).bit_length() - 1
    start = -(-first >> bits) << bits
    if start + (1 << bits) - 1 > last:
        bits -= 1
        start = -(-first >> bits) << bits
    return start, BITS - bits


def merged(runs: t.Iterable[Run]) -> list[Run]:
    """Sorted, and runs that touch or overlap made one."""
    result: list[Run] = []
    for first, last in sorted(runs):
        if result and first <= result[-1][1] + 1:
            if last > result[-1][1]:
                result[-1] = (result[-1][0], last)
        else:
            result.append((first, last))
    return result


def without(first: int, last: int, holes: t.Iterable[Run]) -> list[Run]:
    """What is left of a run when sorted, disjoint ``holes`` are taken out."""
    result = []
    for low, high in holes:
        if high < first:
            continue
        if low > last:
            break
        if low > first:
            result.append((first, low - 1))
        first = high + 1
    if first <= last:
        result.append((first, last))
    return result


def overlap(one: Run, other: Run) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def mirrored(value: int) -> bytes:
    """The bits in reverse order: what RFC 3531 counts with, so that neighbours come last."""
    return value.to_bytes(16, "big").translate(_REVERSED)[::-1]


def sparse_order(count_bits: int) -> t.Iterator[int]:
    """The order of RFC 3531, section 3.1 (leftmost): 0, 1/2, 1/4, 3/4, 1/8, 5/8, 3/8, 7/8 of ``2**count_bits``."""
    for counter in range(1 << count_bits):
        yield int.from_bytes(mirrored(counter), "big") >> (BITS - count_bits) if count_bits else 0
