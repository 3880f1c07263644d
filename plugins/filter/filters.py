# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All filters of the collection. What each is for is in the file of its name beside this one.

To find one filter Ansible loads every Python file of this directory, in each worker anew. So there is one, and it loads
nothing before a filter is used.
"""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import Function, filter_of

# Where the function of a filter is, and what it is called there if not like the filter.
FUNCTIONS = {
    "aaaa_record": "plugin_utils._filters_exports",
    "aligned_block": "plugin_utils._filters_addresses",
    "allocations_csv": "plugin_utils._filters_exports",
    "block_addresses": "plugin_utils._filters_addresses",
    "bosh_cloud_config_endpoints": "plugin_utils._filters_bosh",
    "bosh_cloud_config_plan": "module_utils._bosh_cloud:plan",
    "bosh_cloud_config_vms": "plugin_utils._filters_bosh",
    "canonical": "plugin_utils._filters_addresses",
    "compose_suffix": "plugin_utils._filters_addresses",
    "contains": "plugin_utils._filters_sets",
    "docker_host_plan": "module_utils._docker_host:plan",
    "docker_host_requests": "module_utils._docker_host_requests:requests_of",
    "eui64_address": "plugin_utils._filters_netaddr",
    "expanded": "plugin_utils._filters_addresses",
    "extract_suffix": "plugin_utils._filters_addresses",
    "free_space": "plugin_utils._filters_sets",
    "hosts_file": "plugin_utils._filters_exports",
    "link_local_address": "plugin_utils._filters_netaddr",
    "netbox_csv": "plugin_utils._filters_exports",
    "network_is_made": "module_utils._docker_host_facts",
    "nth_address": "plugin_utils._filters_addresses",
    "nth_subnet": "plugin_utils._filters_addresses",
    "overlaps": "plugin_utils._filters_sets",
    "prefix_to_range": "plugin_utils._filters_sets",
    "ptr_record": "plugin_utils._filters_exports",
    "range_to_prefixes": "plugin_utils._filters_sets",
    "reachability_targets": "plugin_utils._filters_reachability",
    "reachability_visits": "plugin_utils._reachability:visits",
    "rebase": "plugin_utils._filters_addresses",
    "reverse_name": "plugin_utils._filters_exports",
    "reverse_zone_records": "plugin_utils._filters_exports",
    "reverse_zones": "plugin_utils._filters_exports",
    "smartos_zone_endpoints": "plugin_utils._filters_smartos",
    "smartos_zone_plan": "plugin_utils._filters_smartos",
    "sparse_subnet": "plugin_utils._filters_addresses",
    "stable_address": "plugin_utils._filters_addresses",
    "stale_networks": "module_utils._docker_host_facts",
    "summarise": "plugin_utils._filters_netaddr",
    "uplink_of_facts": "module_utils._docker_host_facts",
    "zone_records": "plugin_utils._filters_exports",
}


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {name: filter_of(Function.at(where, name)) for name, where in FUNCTIONS.items()}
