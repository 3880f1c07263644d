# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Addresses as the Director reads them, and ranges as intervals of integers: a /64 is two numbers, never a list."""

from __future__ import annotations

import bisect
import ipaddress
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import UNCLASSIFIED

_BITS = {4: 32, 6: 128}


class Block(t.NamedTuple):
    """The addresses from ``first`` to ``last``, both included, of one family (4 or 6).

    ``length`` is that of the CIDR form it was written in, and None for a range with a dash.
    """

    family: int
    first: int
    last: int
    length: int | None

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    @property
    def text(self) -> str:
        if self.size == 1:
            return show(self.family, self.first)
        if self.length is not None:
            return f"{show(self.family, self.first)}/{self.length}"
        return f"{show(self.family, self.first)} - {show(self.family, self.last)}"

    def inside(self, other: Block) -> bool:
        return self.family == other.family and other.first <= self.first and self.last <= other.last


class BadValue(Exception):
    """Not an address. ``error`` is the Director's name for it, None when it accepts the value."""

    def __init__(self, rule: str, clause: str, remedy: str, error: str | None) -> None:
        super().__init__(clause)
        self.rule = rule
        self.clause = clause
        self.remedy = remedy
        self.error = error


def show(family: int, number: int) -> str:
    return str(ipaddress.IPv6Address(number) if family == 6 else ipaddress.IPv4Address(number))


def is_variable(value: object) -> bool:
    """Whether the Director's config server gives the value: ``((name))``."""
    return isinstance(value, str) and "((" in value and "))" in value


def parse_block(value: object, error: str = UNCLASSIFIED) -> Block:
    """An address or a prefix; host bits are dropped, as the Director drops them.

    :arg error: what the Director calls text that is no address, at this place.
    :raises BadValue: anything else.
    """
    if not isinstance(value, str):
        raise _no_text(value)
    address, slash, length = value.strip().partition("/")
    parsed = _parse_address(address, error)
    bits = _BITS[parsed.version]
    if not slash:
        return Block(parsed.version, int(parsed), int(parsed), bits)
    if not (length.isascii() and length.isdigit() and int(length) <= bits):
        if parsed.version == 4:
            try:
                length = str(ipaddress.IPv4Network(f"0.0.0.0/{length}").prefixlen)
            except ValueError:
                length = ""
        else:
            length = ""
        if not length:
            raise BadValue("address", f"the length of a prefix is a number from 0 to {bits}", "Correct it", error)
    host = bits - int(length)
    first = int(parsed) >> host << host
    return Block(parsed.version, first, first + (1 << host) - 1, int(length))


def _parse_address(text: str, error: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if "%" in text:
        # Ruby's IPAddr takes a zone, and the Director hands it on.
        raise BadValue("zone", "a zone (the part after %) has no meaning beyond one host", "Leave it out", None)
    try:
        return ipaddress.IPv6Address(text) if ":" in text else ipaddress.IPv4Address(text)
    except ValueError as bad:
        if ":" not in text and any(letter.isalpha() for letter in text):
            clause, remedy = "this is a name, and the Director resolves none", "Give the address"
        else:
            clause, remedy = "this is not an address", "Correct the spelling (RFC 4291, section 2.2)"
        raise BadValue("address", clause, remedy, error) from bad


def _no_text(value: object) -> BadValue:
    if isinstance(value, bool):
        return BadValue("type", "an address is text, not true or false", "Quote the address", UNCLASSIFIED)
    if isinstance(value, (int, float)):
        clause = "this is a number: YAML reads an unquoted address of decimal groups as one of base 60"
        return BadValue("number", clause, "Quote the address, or write its groups with four digits", UNCLASSIFIED)
    if isinstance(value, dict):
        clause = "this is a mapping, which is what YAML makes of an unquoted address that ends in ::"
        return BadValue("mapping", clause, "Quote the address", UNCLASSIFIED)
    return BadValue("type", "an address is text", "Give an address in quotes", UNCLASSIFIED)


def parse_entry(value: object, error: str = "NetworkInvalidIpRangeFormat") -> Block:
    """An entry of ``reserved`` or ``static``: an address, a prefix, or two addresses with a dash.

    :raises BadValue: anything else, and a range whose end lies before its start.
    """
    if not isinstance(value, str):
        raise _no_text(value)
    parts = [part.strip() for part in value.split("-")]
    if len(parts) == 1:
        return parse_block(parts[0], error)
    if len(parts) != 2:
        raise BadValue("entry", "a range has one dash", "Write it as FIRST - LAST", error)
    first, last = (parse_block(part, error) for part in parts)
    if first.size > 1 or last.size > 1:
        raise BadValue("entry", "the ends of a range are single addresses", "Leave the lengths out", error)
    if first.family != last.family:
        raise BadValue("entry", "the ends of a range are of one family", "Correct one of them", None)
    if last.first < first.first:
        clause = "the range runs backwards, and so holds no address at all"
        raise BadValue("reversed", clause, f"Write it as {parts[1]} - {parts[0]}", None)
    return Block(first.family, first.first, last.first, None)


def flatten(value: object) -> list[t.Any]:
    """One entry or any nesting of lists of them, as the Director takes ``reserved`` and ``static``."""
    if isinstance(value, (list, tuple)):
        return [entry for item in value for entry in flatten(item)]
    return [] if value is None else [value]


def cidr_blocks(block: Block) -> list[Block]:
    """The fewest CIDR blocks that make up the range, at most 254 for IPv6; the Director makes the same."""
    if block.length is not None:
        return [block]
    bits = _BITS[block.family]
    blocks, first = [], block.first
    while first <= block.last:
        host = min((first & -first).bit_length() - 1 if first else bits, (block.last - first + 1).bit_length() - 1)
        blocks.append(Block(block.family, first, first + (1 << host) - 1, bits - host))
        first += 1 << host
    return blocks


def merge(blocks: t.Iterable[Block]) -> list[Block]:
    """The same addresses in as few ranges as possible, in order."""
    merged: list[Block] = []
    for block in sorted(blocks):
        if merged and merged[-1].family == block.family and block.first <= merged[-1].last + 1:
            if block.last > merged[-1].last:
                merged[-1] = Block(block.family, merged[-1].first, block.last, None)
        else:
            merged.append(block)
    return merged


def compact(entries: t.Iterable[object]) -> list[str]:
    """Entries of ``reserved`` or ``static`` in as few as possible: ``FIRST - LAST``, or one address.

    :raises BadValue: an entry that is none.
    """
    return [block.text for block in merge(parse_entry(entry) for entry in entries)]


class Hole(t.NamedTuple):
    """A CIDR block that is not handed out: what it is (``the reserved``), and the entry that it is a part of."""

    block: Block
    kind: str
    entry: Block

    @property
    def text(self) -> str:
        return f"{self.kind} {self.entry.text}"


class Holes:
    """A set of CIDR blocks, to ask what of it another block meets. CIDR blocks are nested or apart, so sorting does."""

    def __init__(self, holes: t.Iterable[Hole]) -> None:
        self.holes: list[Hole] = []
        # Largest first among those that begin alike, so that what is nested comes behind its holder.
        for hole in sorted(holes, key=lambda one: (one.block.first, -one.block.last)):
            if not (self.holes and hole.block.inside(self.holes[-1].block)):
                self.holes.append(hole)
        self._firsts = [hole.block.first for hole in self.holes]

    def meets(self, block: Block) -> Hole | None:
        """The lowest hole that shares an address with this block."""
        place = bisect.bisect_right(self._firsts, block.first) - 1
        for hole in self.holes[max(place, 0) : place + 2]:
            if hole.block.first <= block.last and block.first <= hole.block.last:
                return hole
        return None
