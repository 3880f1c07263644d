# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Pools: a named prefix from which things are allocated, with exclusions; and the requests that are made of them.

Positions are integers in the *space* of a pool. The space of an ordinary pool is its prefix. The space of a suffix
pool is ``::/length``: what is stored there are suffixes, which stay when the prefix changes.
"""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import name_number, parse_address, parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import (
    BITS,
    Run,
    address_text,
    prefix_text,
    size_of,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

STRATEGIES = ("pack", "sparse", "hash", "fixed")
POOL_KEYS = (
    "prefix",
    "prefix_length",
    "suffix",
    "length",
    "strategy",
    "quarantine_days",
    "parent",
    "seed",
    "exclude",
)
REQUEST_KEYS = ("pool", "name", "length", "address", "prefix", "suffix", "owner", "meta", "generation", "force")
_PLAIN = frozenset(("pool", "name"))
# How often a name is hashed anew before any free block will do; as in the derivation without a ledger.
HASH_ATTEMPTS = 64
_LONGEST_NAME = 255
_MOST_DAYS = 36500

# Identifiers of a /64 that no interface may be given. RFC 4291, section 2.6.1; RFC 5453, section 3 with its registry;
# RFC 2526, section 2.
RESERVED_IDENTIFIERS: tuple[tuple[int, int, str], ...] = (
    (0, 0, "the subnet-router anycast address (RFC 4291)"),
    (0x02005EFFFE000000, 0x02005EFFFEFFFFFF, "identifiers reserved for the IANA Ethernet block (RFC 5453)"),
    (0xFDFFFFFFFFFFFF80, 0xFDFFFFFFFFFFFFFF, "reserved subnet anycast addresses (RFC 2526)"),
)


class Exclusion(t.NamedTuple):
    """A run that is never handed out, in the pool's space."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True)
class Pool:
    """One pool.

    :arg prefix: None for a suffix pool without one, and for a nested pool that has not yet been given one.
    :arg suffix: names keep their suffix when the prefix changes.
    :arg space_length: the length of the pool's prefix, known also where the prefix is not.
    :arg length: of what is handed out unless a request says otherwise; 128 is a single address.
    :arg exclude: pairs of text and reason, as they were written.
    """

    name: str
    prefix: ipaddress.IPv6Network | None
    suffix: bool
    space_length: int
    length: int = 128
    strategy: str = "pack"
    quarantine_days: int = 0
    parent: str | None = None
    seed: str = ""
    exclude: tuple[tuple[str, str], ...] = ()

    @property
    def base(self) -> int:
        """What has to be added to a position to get an address."""
        return int(self.prefix.network_address) if self.suffix and self.prefix is not None else 0

    @property
    def space(self) -> Run:
        first = 0 if self.suffix or self.prefix is None else int(self.prefix.network_address)
        return first, first + size_of(self.space_length) - 1

    @property
    def text(self) -> str:
        return prefix_text(0, self.space_length) if self.prefix is None else str(self.prefix)

    def with_prefix(self, prefix: ipaddress.IPv6Network) -> Pool:
        return replace(self, prefix=prefix, space_length=prefix.prefixlen)

    def show(self, first: int, length: int) -> str:
        """A position as people write it: bare for a single address, else in CIDR form."""
        value = self.base + first
        return address_text(value) if length == BITS else prefix_text(value, length)

    def as_dict(self) -> dict[str, t.Any]:
        """The definition, which :func:`parse_pool` reads back to the same pool."""
        result: dict[str, t.Any] = {
            "length": self.length,
            "strategy": self.strategy,
            "quarantine_days": self.quarantine_days,
        }
        if self.prefix is None:
            result["prefix_length"] = self.space_length
        else:
            result["prefix"] = str(self.prefix)
        if self.suffix:
            result["suffix"] = True
        if self.parent is not None:
            result["parent"] = self.parent
        if self.seed:
            result["seed"] = self.seed
        if self.exclude:
            result["exclude"] = [{"range": text, "reason": reason} for text, reason in self.exclude]
        return result


class Request(t.NamedTuple):
    """What somebody wants of a pool.

    :arg at: a whole address or prefix, or a suffix (``::20``), as text; None lets the pool's strategy choose.
    :arg owner: for whom; None leaves what the ledger has.
    :arg generation: of the allocation that a release is meant for; None means whatever is there.
    :arg force: do not wait for the quarantine to end.
    """

    pool: str
    name: str
    length: int | None = None
    at: str | None = None
    owner: str | None = None
    meta: t.Mapping[str, t.Any] | None = None
    generation: int | None = None
    force: bool = False


def parse_pool(name: object, given: object) -> Pool:
    """A pool from its definition.

    :raises Refused: a key that no pool has, or a value that cannot be.
    """
    text = check_name(name, "pool")
    what = f"pool {text}"
    if not isinstance(given, t.Mapping):
        raise Refused(f"{what}: {given!r}", "a pool is a mapping", "Give at least its prefix")
    unknown = sorted(str(key) for key in given if key not in POOL_KEYS)
    if unknown:
        raise Refused(f"{what}: {unknown[0]}", f"a pool has {', '.join(POOL_KEYS)}", "Correct the spelling")
    suffix = given.get("suffix", False)
    if not isinstance(suffix, bool):
        raise Refused(f"{what}: suffix={suffix}", "this is true or false", "Give a boolean, without quotes")
    parent = None if given.get("parent") in (None, "") else check_name(given["parent"], f"{what}: parent")
    prefix = None if given.get("prefix") in (None, "") else parse_prefix(given["prefix"], f"{what}: prefix")
    space_length = prefix.prefixlen if prefix is not None else None
    if given.get("prefix_length") is not None:
        wanted = _whole(given["prefix_length"], f"{what}: prefix_length", 0, BITS)
        if space_length not in (None, wanted):
            raise Refused(f"{what}: prefix_length={wanted}", f"its prefix is {prefix}", "Leave one of them out")
        space_length = wanted
    if space_length is None:
        raise Refused(what, "a pool has a prefix, and a nested or suffix pool at least a prefix_length", "Give it")
    if prefix is None and parent is None and not suffix:
        raise Refused(what, "without a prefix it can hand out suffixes only", "Give prefix, parent or suffix: true")
    strategy = given.get("strategy") or "pack"
    if strategy not in STRATEGIES:
        raise Refused(f"{what}: strategy={strategy}", f"known are {', '.join(STRATEGIES)}", "Take one of these")
    seed = given.get("seed") or ""
    if not isinstance(seed, str):
        raise Refused(f"{what}: seed={seed}", "this is a text", "Quote it")
    length = _whole(BITS if given.get("length") is None else given["length"], f"{what}: length", space_length, BITS)
    days = given.get("quarantine_days")
    pool = Pool(
        name=text,
        prefix=prefix,
        suffix=suffix,
        space_length=space_length,
        length=length,
        strategy=str(strategy),
        quarantine_days=_whole(0 if days is None else days, f"{what}: quarantine_days", 0, _MOST_DAYS),
        parent=parent,
        seed="".join(seed),
        exclude=tuple(_exclude(entry, what) for entry in given.get("exclude") or ()),
    )
    if pool.parent == pool.name:
        raise Refused(f"{what}: parent={parent}", "a pool cannot be part of itself", "Name another pool")
    if prefix is not None or parent is None:
        exclusions(pool)
    return pool


def parse_request(given: object, pool: str | None = None) -> Request:
    """A request from a mapping, or from a bare name.

    :arg pool: of requests that name none.
    :raises Refused: as for :func:`parse_pool`.
    """
    if isinstance(given, Request):
        return given
    if isinstance(given, str):
        given = {"name": given}
    if not isinstance(given, (dict, t.Mapping)):
        raise Refused(f"request {given!r}", "a request is a mapping, or a name", "Give at least name and pool")
    name = check_name(given.get("name"), "request: name")
    if given.keys() <= _PLAIN:
        # Most of a large batch.
        return Request(check_name(given.get("pool") or pool, f"request {name}: pool"), name)
    what = f"request {name}"
    unknown = sorted(str(key) for key in given if key not in REQUEST_KEYS)
    if unknown:
        raise Refused(f"{what}: {unknown[0]}", f"a request has {', '.join(REQUEST_KEYS)}", "Correct the spelling")
    places = [key for key in ("address", "prefix", "suffix") if given.get(key) not in (None, "")]
    if len(places) > 1:
        raise Refused(f"{what}: {', '.join(places)}", "one of them says it all", "Leave the others out")
    at = given[places[0]] if places else None
    if at is not None and not isinstance(at, str):
        raise Refused(f"{what}: {places[0]}={at}", "this is a text", "Quote it")
    owner = given.get("owner")
    if owner is not None and (not isinstance(owner, str) or not (owner == "" or owner.isprintable())):
        raise Refused(f"{what}: owner={owner!r}", "this is a text", "Quote it")
    meta = given.get("meta")
    if meta is not None and not isinstance(meta, t.Mapping):
        raise Refused(f"{what}: meta={meta!r}", "this is a mapping", "Write key: value")
    force = given.get("force") or False
    if not isinstance(force, bool):
        raise Refused(f"{what}: force={force}", "this is true or false", "Give a boolean, without quotes")
    return Request(
        pool=check_name(given.get("pool") or pool, f"{what}: pool"),
        name=name,
        length=None if given.get("length") is None else _whole(given["length"], f"{what}: length", 0, BITS),
        at=None if at is None else "".join(at),
        owner=None if owner is None else "".join(owner),
        meta=meta,
        generation=None
        if given.get("generation") is None
        else _whole(given["generation"], f"{what}: generation", 0, (1 << 62)),
        force=force,
    )


def exclusions(pool: Pool) -> list[Exclusion]:
    """What the pool never hands out: what its definition excludes and, of single addresses, what the RFCs reserve.

    Sorted and disjoint; where two overlap, their reasons come together.

    :raises Refused: an excluded run that does not lie in the pool.
    """
    found = [
        Exclusion(*_place_run(pool, text, f"pool {pool.name}: exclude={text}"), reason) for text, reason in pool.exclude
    ]
    if pool.length == BITS:
        found += reserved_in(pool, *pool.space) if pool.space_length >= 64 else []
        if pool.space_length < BITS:
            first = pool.space[0]
            found.append(Exclusion(first, first, RESERVED_IDENTIFIERS[0][2]))
    result: list[Exclusion] = []
    for first, last, reason in sorted(found):
        if result and first <= result[-1].last:
            before = result.pop()
            reasons = [*before.reason.split("; "), *([] if reason in before.reason.split("; ") else [reason])]
            result.append(Exclusion(before.first, max(before.last, last), "; ".join(part for part in reasons if part)))
        else:
            result.append(Exclusion(first, last, reason))
    return result


def reserved_in(pool: Pool, first: int, last: int) -> list[Exclusion]:
    """The reserved identifiers of the /64 that holds the whole run, as far as they lie in it.

    Of a suffix pool that is longer than a /64, nothing is known of the identifiers before it has a prefix.
    """
    if pool.suffix and pool.prefix is None and pool.space_length > 64:
        return []
    link = (pool.base + first) >> 64 << 64
    result = []
    for low, high, reason in RESERVED_IDENTIFIERS[1:]:
        start, end = link + low - pool.base, link + high - pool.base
        if start <= last and first <= end:
            result.append(Exclusion(max(start, first), min(end, last), reason))
    return result


def place(pool: Pool, text: str, length: int | None, what: str) -> tuple[int, int]:
    """Position and length of what ``text`` asks for: an address or a prefix of the pool, or a suffix in it.

    :arg length: what a text without a length is meant to have.
    :raises Refused: not in the pool, not aligned, or not readable.
    """
    if "/" in text:
        network = parse_prefix(text, what)
        if length is not None and network.prefixlen != length:
            raise Refused(f"{what}={text}", f"a length of /{length} is asked for as well", "Leave one of them out")
        value, length = int(network.network_address), network.prefixlen
    else:
        value = int(parse_address(text, what))
        length = pool.length if length is None else length
        if value & (size_of(length) - 1):
            raise Refused(
                f"{what}={text}", f"bits are set beyond the length of /{length}", "Give it with its own length"
            )
    if length < pool.space_length:
        raise Refused(f"{what}={text}", f"the pool {pool.name} is {pool.text}", "Ask for a longer prefix")
    return _position(pool, value, value, f"{what}={text}")[0], length


def hash_number(pool: Pool, name: str, length: int, attempt: int) -> int:
    """Which of the pool's blocks of ``length`` a name gets at that attempt.

    With an empty seed this is the number that names are given without a ledger.
    """
    key = f"{pool.seed}\0{name}" if pool.seed else name
    return name_number(key, length - pool.space_length, attempt)


def check_name(value: object, what: str) -> str:
    """A name as plain text, whatever kind of string a template made.

    :raises Refused: empty, too long, with control characters, or with white space at an end.
    """
    if not isinstance(value, str) or not value or value != value.strip() or not value.isprintable():
        raise Refused(f"{what}={value!r}", "a name is a printable text without white space at its ends", "Give one")
    if len(value) > _LONGEST_NAME:
        raise Refused(f"{what}={value}", f"a name has at most {_LONGEST_NAME} characters", "Shorten it")
    # Ansible marks its texts with subclasses of str, which neither database takes.
    return str.__str__(value)


def _exclude(entry: object, what: str) -> tuple[str, str]:
    text, reason = entry, ""
    if isinstance(entry, t.Mapping):
        text, reason = entry.get("range"), entry.get("reason") or ""
        unknown = sorted(str(key) for key in entry if key not in ("range", "reason"))
        if unknown:
            raise Refused(f"{what}: exclude: {unknown[0]}", "an exclusion has range and reason", "Correct the spelling")
    if not isinstance(text, str) or not isinstance(reason, str):
        raise Refused(f"{what}: exclude={entry!r}", "an exclusion is a text", "Write an address, a prefix or a range")
    return "".join(text.split()), "".join(reason)


def _place_run(pool: Pool, text: str, what: str) -> Run:
    low, dash, high = text.partition("-")
    if dash:
        first, last = int(parse_address(low, what, what)), int(parse_address(high, what, what))
        if first > last:
            raise Refused(what, "the range ends before it begins", "Give the lower address first")
    elif "/" in low:
        network = parse_prefix(low, what)
        first, last = int(network.network_address), int(network.network_address) + network.num_addresses - 1
    else:
        first = last = int(parse_address(low, what, what))
    return _position(pool, first, last, what)


def _position(pool: Pool, first: int, last: int, what: str) -> Run:
    """From addresses, or from suffixes, to positions."""
    low, high = pool.space
    if pool.base + low <= first and last <= pool.base + high:
        return first - pool.base, last - pool.base
    if last < size_of(pool.space_length):
        return low + first, low + last
    raise Refused(what, f"it does not lie in {pool.text}, which the pool {pool.name} has", "Correct one of them")


_MOST_DIGITS = 100


def _whole(value: object, what: str, low: int, high: int) -> int:
    # Python refuses to read thousands of digits.
    digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS
    number = int(value) if isinstance(value, str) and digits else value
    if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
        raise Refused(f"{what}={value}", f"this is a whole number from {low} to {high}", "Correct it")
    return int(number)
