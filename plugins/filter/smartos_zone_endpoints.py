# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: smartos_zone_endpoints
short_description: The addresses that SmartOS zones answer on
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - From the zones that M(routable.ipv6.smartos_zone) has returned this filter works out the endpoints for
    M(routable.ipv6.ipv6_endpoints).
  - The first address of a zone is named after the zone, the others get a number as well. Zones that do not run have
    none, nor do those of which only a whole prefix is known.
positional: claims, host
options:
  _input:
    description: The zones, as returned by M(routable.ipv6.smartos_zone).
    type: list
    elements: dict
    required: true
  claims:
    description: The C(claims) of P(routable.ipv6.smartos_zone_plan#filter).
    type: dict
    required: true
  host:
    description: The inventory name of the global zone.
    type: str
    required: true
seealso:
  - plugin: routable.ipv6.smartos_zone_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Plan what the zone gets
  ansible.builtin.set_fact:
    plan: "{{ said | routable.ipv6.smartos_zone_plan }}"
  vars:
    said:
      prefixes: ["2001:db8:0:1::/64"]
      zones: [{alias: web, open: [80]}]

- name: Start it
  routable.ipv6.smartos_zone:
    zones: "{{ plan.zones }}"
    state: running
  register: made

- name: State what answers
  routable.ipv6.ipv6_endpoints:
    role: my_zones
    endpoints: "{{ made.zones | routable.ipv6.smartos_zone_endpoints(plan.claims, inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The endpoints.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._smartos_zone_input import endpoints


def smartos_zone_endpoints(zones: object, claims: object, host: object) -> list[dict[str, t.Any]]:
    if not isinstance(zones, list) or not isinstance(claims, dict):
        raise AnsibleFilterError("smartos_zone_endpoints needs a list of zones and a dictionary of claims.")
    try:
        return endpoints(zones, claims, str(host))
    except Refused as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"smartos_zone_endpoints": smartos_zone_endpoints}
