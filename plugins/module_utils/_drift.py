# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What hosts have and the ledger does not, and the other way round. Pure functions."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import last_of, number, prefix_numbers, written

_BITS = 128
# RFC 4291, appendix A: what an interface identifier made from a 48 bit MAC has in its middle.
_EUI64 = 0xFFFE << 24


class Place(t.NamedTuple):
    """A pool or an allocation: where it begins, its length, and what it is called."""

    start: int
    length: int
    pool: str
    name: str = ""
    owner: str = ""


class Seen(t.NamedTuple):
    """An address on a host. ``name`` is the container's, or else the interface's."""

    address: int
    host: str
    kind: str
    name: str


def seen_on(host: str, found: t.Mapping[str, t.Any]) -> list[Seen]:
    """The addresses that ``docker_ipv6_info`` has found on a host, but for those that reach no further than a link."""
    result = [
        Seen(number(address), host, "container", str(one["name"]))
        for one in found.get("containers") or ()
        for address in (one.get("addresses") or {}).values()
        if address
    ]
    for interface, addresses in (found.get("interfaces") or {}).items():
        for text in addresses:
            value = ipaddress.IPv6Interface(text)
            if not (value.is_link_local or value.is_loopback or value.is_multicast):
                result.append(Seen(int(value), host, "interface", str(interface)))
    return result


def compare(
    pools: t.Sequence[Place],
    allocations: t.Sequence[Place],
    never: t.Sequence[tuple[int, int]],
    seen: t.Sequence[Seen],
    hosts: t.Collection[str],
) -> dict[str, list[dict[str, str]]]:
    """What is on hosts and not in the ledger (``unknown``), and its single addresses that are on no host (``nowhere``).

    An address counts as known when the innermost pool around it has given it to somebody, alone or in a prefix, or
    never hands it out: such ranges are somebody else's to use, a host's own address or what Docker assigns by itself.

    Nobody can say that an address is nowhere before its host was looked at. That is the host whose name the address's
    owner has, or its pool, as the role docker_host gives each host a pool of its name.

    :arg never: runs that pools never hand out, first and last address.
    :arg hosts: those that were looked at.
    :returns: two lists; an entry has ``address``, ``pool``, ``host``, ``kind``, ``name``, ``reason``.
    """
    unknown = []
    for one in sorted(set(seen)):
        around = [pool for pool in pools if _holds(pool, one.address)]
        if not around:
            continue
        inner = max(around, key=lambda pool: pool.length)
        given = any(have.pool == inner.pool and _holds(have, one.address) for have in allocations)
        if given or any(first <= one.address <= last for first, last in never):
            continue
        unknown.append(
            {
                "address": written(one.address),
                "pool": inner.pool,
                "host": one.host,
                "kind": one.kind,
                "name": one.name,
                "reason": _why(one),
            }
        )
    there = {one.address for one in seen}
    nowhere = [
        {
            "address": written(have.start),
            "pool": have.pool,
            "host": host,
            "kind": "allocation",
            "name": have.name,
            "reason": f"nothing on {host} has it",
        }
        for have in allocations
        for host in [have.owner if have.owner in hosts else have.pool]
        if have.length == _BITS and have.start not in there and host in hosts
    ]
    return {"unknown": unknown, "nowhere": nowhere}


def place_of(text: str, pool: str, name: str = "", owner: str = "") -> Place:
    """A place from an address or a prefix as text."""
    start, length = prefix_numbers(text) if "/" in text else (number(text), _BITS)
    return Place(start, length, pool, name, owner)


def _holds(place: Place, address: int) -> bool:
    return place.start <= address <= last_of(place.start, place.length)


def _why(one: Seen) -> str:
    if one.kind == "container":
        return "a container has it, and the ledger has given it to nobody"
    if one.address & (0xFFFF << 24) == _EUI64:
        return "it looks as if SLAAC had made it from the interface's MAC address"
    return "it was added by hand, or by something else than this collection"
