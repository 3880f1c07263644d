# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What a ledger has, as text for people and other programs."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _address_export as export
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_prefix, prefix_numbers
from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import BITS
from ansible_collections.routable.ipv6.plugins.module_utils._dns_names import absolute_name
from ansible_collections.routable.ipv6.plugins.module_utils._ledger import exports
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

FORMATS = ("json", "csv", "hosts", "zone", "reverse_zone", "netbox_prefixes", "netbox_addresses")


def entries_of(document: t.Mapping[str, t.Any], pools: t.Mapping[str, Pool]) -> list[dict[str, t.Any]]:
    """The allocations of a ledger's export with their whole addresses, sorted as there.

    A pool of suffixes that has no prefix yet has no addresses, so it is left out.
    """
    result = []
    for name, allocations in document["allocations"].items():
        pool = pools[name]
        if pool.suffix and pool.prefix is None:
            continue
        for one in allocations:
            place = parse_prefix(one["prefix"])
            key = "address" if place.prefixlen == BITS else "prefix"
            shown = pool.show(int(place.network_address), place.prefixlen)
            result.append(
                {"pool": name, "name": one["name"], key: shown, "owner": one.get("owner", ""), "state": one["state"]}
            )
    return result


def as_format(
    kind: str,
    document: t.Mapping[str, t.Any],
    pools: t.Mapping[str, Pool],
    zone: str = "",
    prefix: str = "",
    ttl: int | None = None,
    relative: bool = False,
    only: t.Collection[str] = (),
) -> str:
    """The text of a ledger's export.

    :arg kind: one of :data:`FORMATS`.
    :arg zone: the domain of relative names; required for ``zone``.
    :arg prefix: whose reverse zone is meant; required for ``reverse_zone``.
    :arg only: the pools that are exported, all if there are none. A JSON export is whole.
    :raises Refused: what is needed is missing, or a name is none for that format.
    """
    unknown = sorted(set(only) - set(pools))
    if unknown:
        raise Refused(f"only={unknown[0]}", "the ledger has no such pool", "Correct the name")
    if kind == "json":
        if only:
            raise Refused("format=json", "an export that can be imported is whole", "Leave the pools out, or take csv")
        return exports.as_text(document)
    domain = absolute_name(zone) if zone else ""
    entries = [one for one in entries_of(document, pools) if not only or one["pool"] in only]
    allocations = export.read_allocations(entries)
    if kind == "csv":
        return export.csv_table(allocations)
    if kind == "hosts":
        return export.hosts_file(allocations, domain)
    if kind == "netbox_prefixes":
        return export.netbox_prefixes(allocations)
    if kind == "netbox_addresses":
        return export.netbox_addresses(allocations, domain)
    if kind == "zone":
        if not domain:
            raise Refused("zone=", "records belong to a zone", "Give its name, such as example.org")
        return export.zone_records(allocations, domain, ttl, relative)
    if not prefix:
        raise Refused("prefix=", "reverse records belong to a prefix", "Give the prefix of the reverse zone")
    return export.reverse_zone_records(allocations, prefix_numbers(prefix, "prefix"), domain, ttl, relative)
