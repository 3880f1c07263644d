# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the filters that write files of other programs do: zones, hosts, CSV."""

from __future__ import annotations

from ansible_collections.routable.ipv6.plugins.module_utils import _address_export as exports
from ansible_collections.routable.ipv6.plugins.module_utils import _dns_names as dns
from ansible_collections.routable.ipv6.plugins.module_utils._address_export import name_and_address, read_allocations
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import number, prefix_numbers
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import (
    each,
    listed_or_same,
    time_to_live,
    zone_or_none,
)


def aaaa_record(value: object, zone: object = None, ttl: object = None) -> object:
    domain, seconds = zone_or_none(zone), dns.check_ttl(time_to_live(ttl))

    def record(item: object) -> str:
        name, address = name_and_address(item, domain)
        return dns.aaaa_record(name, address, seconds)

    return each(value, record)


def ptr_record(value: object, zone: object = None, ttl: object = None) -> object:
    domain, seconds = zone_or_none(zone), dns.check_ttl(time_to_live(ttl))

    def record(item: object) -> str:
        name, address = name_and_address(item, domain)
        return dns.ptr_record(dns.reverse_name(address), name, seconds)

    return each(value, record)


def zone_records(value: object, zone: object, ttl: object = None, relative: bool = False) -> str:
    return exports.zone_records(
        read_allocations(listed_or_same(value)), dns.zone_name(zone), time_to_live(ttl), bool(relative)
    )


def reverse_name(value: object) -> object:
    return each(value, lambda item: dns.reverse_name(number(item, "value")))


def reverse_zones(value: object) -> object:
    return each(value, lambda item: dns.reverse_zones(*prefix_numbers(item, "value")))


def reverse_zone_records(
    value: object, prefix: object, zone: object = None, ttl: object = None, relative: bool = False
) -> str:
    return exports.reverse_zone_records(
        read_allocations(listed_or_same(value)),
        prefix_numbers(prefix),
        zone_or_none(zone),
        time_to_live(ttl),
        bool(relative),
    )


def hosts_file(value: object, zone: object = None) -> str:
    return exports.hosts_file(read_allocations(listed_or_same(value)), zone_or_none(zone))


def allocations_csv(value: object) -> str:
    return exports.csv_table(read_allocations(listed_or_same(value)))


def netbox_csv(value: object, kind: object, zone: object = None) -> str:
    allocations = read_allocations(listed_or_same(value))
    if kind == "prefixes":
        return exports.netbox_prefixes(allocations)
    if kind == "addresses":
        return exports.netbox_addresses(allocations, zone_or_none(zone))
    raise Refused(f"kind={kind}", "NetBox imports prefixes and addresses", "Say prefixes or addresses")
