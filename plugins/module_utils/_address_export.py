# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Allocations as text for other programs: hosts file, zone files, CSV, and the imports of NetBox.

Every function gives sorted text with a final newline: the same allocations in any order are the same text, so that a
file changes only when an allocation does.
"""

from __future__ import annotations

import csv
import io
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    interface_numbers,
    number,
    prefix_numbers,
    written,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._dns_names import (
    aaaa_record,
    absolute_name,
    check_ttl,
    ptr_record,
    relative_name,
    reverse_name,
    reverse_zones,
    within,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

STATES = ("active", "reserved", "quarantine")
COLUMNS = ("pool", "name", "prefix", "address", "owner", "state")

# NetBox 4.6, netbox/ipam/forms/bulk_import.py. Its column "owner" names one of NetBox's own users or groups, not ours.
NETBOX_PREFIX_COLUMNS = ("prefix", "status", "description", "comments")
NETBOX_ADDRESS_COLUMNS = ("address", "status", "dns_name", "description", "comments")
# NetBox 4.6, netbox/ipam/choices.py: what may be handed out again, but not yet, is there called deprecated.
_NETBOX_STATUS = {"active": "active", "reserved": "reserved", "quarantine": "deprecated"}
# NetBox 4.6, netbox/netbox/models/__init__.py, class PrimaryModel.
_NETBOX_LONGEST_DESCRIPTION = 200


@dataclass(frozen=True)
class Allocation:
    """A named piece of a pool. ``length`` of an address is that of its link, 128 when none was given."""

    pool: str
    name: str
    start: int
    length: int
    single: bool
    owner: str
    state: str


def read_allocations(entries: object) -> list[Allocation]:
    """Allocations as the ledger lists them: ``{pool, name, prefix or address, owner, state}``.

    :raises Refused: not a list of such, with the first entry that is wrong.
    """
    if not isinstance(entries, (list, tuple)):
        raise Refused(
            "allocations", f"a list of allocations is needed, not {type(entries).__name__}", "Put one into a list"
        )
    return [_read(entry, place) for place, entry in enumerate(entries)]


def _read(entry: object, place: int) -> Allocation:
    where = f"allocations[{place}]"
    if not isinstance(entry, t.Mapping):
        raise Refused(where, f"an allocation is a dictionary, not {type(entry).__name__}", "Give name and address")
    texts = {}
    for key in ("pool", "name", "owner", "state"):
        text = entry.get(key)
        if text is not None and not isinstance(text, str):
            raise Refused(f"{where}.{key}={text}", f"this is text, not {type(text).__name__}", "Quote it")
        texts[key] = text or ""
    if not texts["name"]:
        raise Refused(where, "an allocation has a name", "Add its name")
    state = texts["state"] or "active"
    if state not in STATES:
        raise Refused(f"{where}.state={state}", f"the state is one of {', '.join(STATES)}", "Correct the state")
    address, prefix = entry.get("address"), entry.get("prefix")
    if (address is None) == (prefix is None):
        raise Refused(
            f"{where} ({texts['name']})", "an allocation is either an address or a prefix", "Give one of the two"
        )
    if address is None:
        start, length = prefix_numbers(prefix, f"{where}.prefix")
    elif isinstance(address, str) and "/" in address:
        start, length = interface_numbers(address, f"{where}.address")
    else:
        start, length = number(address, f"{where}.address"), 128
    return Allocation(texts["pool"], texts["name"], start, length, address is not None, texts["owner"], state)


def name_and_address(entry: object, zone: str) -> tuple[str, int]:
    """The absolute name and the address of one record, from a dictionary with ``name`` and ``address``.

    :arg zone: the domain of relative names, as an absolute name; empty for none.
    :raises Refused: not such a dictionary, no host name, or not an address.
    """
    if not isinstance(entry, t.Mapping) or "name" not in entry or "address" not in entry:
        raise Refused(f"record={entry}", "a record has a name and an address", "Give a dictionary with both")
    address = entry["address"]
    if isinstance(address, str) and "/" in address:
        return absolute_name(entry["name"], zone), interface_numbers(address, "address")[0]
    return absolute_name(entry["name"], zone), number(address, "address")


def hosts_file(allocations: t.Iterable[Allocation], zone: str = "") -> str:
    """Lines of /etc/hosts (hosts(5)): the address, the full name, the name without the zone.

    Only addresses that are active: nobody answers on the others.

    :arg zone: the domain of relative names, as an absolute name; empty for none, and names stay as they are.
    """
    lines: dict[int, list[str]] = {}
    # The full names come first: the first name of a line is the canonical one.
    for value, full in sorted({(one.start, _host(one.name, zone)) for one in _answering(allocations)}):
        names = lines.setdefault(value, [])
        names.append(full.rstrip("."))
    for names in lines.values():
        short = [relative_name(f"{one}.", zone) for one in names if zone and within(f"{one}.", zone)]
        names.extend(one for one in short if one != "@" and one not in names)
    return _text(f"{written(value)} {' '.join(names)}" for value, names in sorted(lines.items()))


def _host(name: str, zone: str) -> str:
    # Without a domain a single label is a good name for a hosts file, though none for the DNS.
    return absolute_name(name, zone) if zone or "." in name else absolute_name(f"{name}.")


def zone_records(allocations: t.Iterable[Allocation], zone: str, ttl: int | None = None, relative: bool = False) -> str:
    """AAAA records of the active addresses whose names lie in a zone, sorted by name.

    :arg zone: an absolute name.
    :arg relative: write the names relative to the zone, behind an ``$ORIGIN``.
    """
    check_ttl(ttl)
    found = {(absolute_name(one.name, zone), one.start) for one in _answering(allocations)}
    inside = sorted((full for full in found if within(full[0], zone)), key=lambda one: (_labels(one[0]), one[1]))
    lines = [aaaa_record(relative_name(full, zone) if relative else full, value, ttl) for full, value in inside]
    return _text([f"$ORIGIN {zone}", *lines] if relative and lines else lines)


def reverse_zone_records(
    allocations: t.Iterable[Allocation],
    prefix: tuple[int, int],
    domain: str = "",
    ttl: int | None = None,
    relative: bool = False,
) -> str:
    """PTR records of the active addresses in a prefix, sorted by address.

    :arg prefix: start and length; where the length is no multiple of four it is several zones.
    :arg domain: the domain of relative names, as an absolute name.
    :arg relative: write the names relative to their zones, each behind an ``$ORIGIN``.
    """
    check_ttl(ttl)
    start, length = prefix
    shift = 128 - length
    inside = sorted(
        {
            (one.start, absolute_name(one.name, domain))
            for one in _answering(allocations)
            if one.start >> shift == start >> shift
        }
    )
    lines: list[str] = []
    if not relative:
        return _text(ptr_record(reverse_name(value), full, ttl) for value, full in inside)
    for zone in reverse_zones(start, length):
        owners = ((reverse_name(value), full) for value, full in inside)
        members = [(owner, full) for owner, full in owners if within(owner, zone)]
        if members:
            lines.append(f"$ORIGIN {zone}")
            lines.extend(ptr_record(relative_name(owner, zone), full, ttl) for owner, full in members)
    return _text(lines)


def csv_table(allocations: t.Iterable[Allocation]) -> str:
    """All allocations, in every state, as CSV (RFC 4180, but with LF) with the columns of ``COLUMNS``."""
    rows = []
    for one in _sorted(allocations):
        prefix = "" if one.single else written_prefix(one.start, one.length)
        rows.append((one.pool, one.name, prefix, _address(one) if one.single else "", one.owner, one.state))
    return _csv(COLUMNS, rows)


def netbox_prefixes(allocations: t.Iterable[Allocation]) -> str:
    """The prefixes for NetBox's import of prefixes. Name in ``description``, pool and owner in ``comments``.

    :raises Refused: a name is too long for it.
    """
    rows = [
        (written_prefix(one.start, one.length), _NETBOX_STATUS[one.state], _description(one), _comments(one))
        for one in _sorted(allocations)
        if not one.single
    ]
    return _csv(NETBOX_PREFIX_COLUMNS, rows)


def netbox_addresses(allocations: t.Iterable[Allocation], zone: str = "") -> str:
    """The addresses for NetBox's import of IP addresses; NetBox wants each with the length of its link.

    :arg zone: the domain of relative names, as an absolute name; without it no ``dns_name`` is given.
    :raises Refused: a name is too long for NetBox, or no host name although there is a zone.
    """
    rows = [
        (
            f"{written(one.start)}/{one.length}",
            _NETBOX_STATUS[one.state],
            absolute_name(one.name, zone)[:-1] if zone else "",
            _description(one),
            _comments(one),
        )
        for one in _sorted(allocations)
        if one.single
    ]
    return _csv(NETBOX_ADDRESS_COLUMNS, rows)


def _answering(allocations: t.Iterable[Allocation]) -> t.Iterator[Allocation]:
    return (one for one in allocations if one.single and one.state == "active")


def _labels(full: str) -> list[str]:
    """A name from the right, so that a zone's names stay together."""
    return full.split(".")[::-1]


def _address(one: Allocation) -> str:
    return written(one.start) if one.length == 128 else written_prefix(one.start, one.length)


def _sorted(allocations: t.Iterable[Allocation]) -> list[Allocation]:
    def key(one: Allocation) -> tuple[t.Any, ...]:
        return (one.pool, one.start, one.length, one.name, one.single, one.owner, one.state)

    return sorted(allocations, key=key)


def _description(one: Allocation) -> str:
    if len(one.name) > _NETBOX_LONGEST_DESCRIPTION:
        raise Refused(
            f"name={one.name}",
            f"a description has at most {_NETBOX_LONGEST_DESCRIPTION} characters in NetBox",
            "Shorten the name",
        )
    return one.name


def _comments(one: Allocation) -> str:
    return ", ".join(f"{key}: {text}" for key, text in (("pool", one.pool), ("owner", one.owner)) if text)


def _csv(columns: t.Sequence[str], rows: t.Iterable[t.Sequence[str]]) -> str:
    lines = []
    for row in (columns, *rows):
        out = io.StringIO()
        # Only what can end a line is quoted, and a reader takes CR for that, too.
        csv.writer(out, lineterminator="\r\n").writerow(row)
        lines.append(out.getvalue()[: -len("\r\n")])
    return _text(lines)


def _text(lines: t.Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
