# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: smartos_zone_plan
short_description: Divide what is said about SmartOS zones among the modules that carry it out
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Checks what is said about the zones of one host, and gives each of M(routable.ipv6.smartos_zone),
    M(routable.ipv6.smartos_allowed_ips) and M(routable.ipv6.smartos_zone_ipv6) its part.
  - It is the first step of the role P(routable.ipv6.smartos_zone#role), so that a mistake in the last zone is found
    before the first one is touched.
options:
  _input:
    description: What is said about the zones. Keys that are not listed here are refused.
    type: dict
    required: true
    suboptions:
      zones:
        description: The zones, as in the variable C(smartos_zone_zones) of the role.
        type: list
        elements: dict
        default: []
      prefixes:
        description: The prefixes of zones that have none of their own.
        type: list
        elements: str
        default: []
      mode:
        description: The mode of zones that have none of their own.
        type: str
        choices: [allowed_ips, spoofing]
        default: allowed_ips
seealso:
  - plugin: routable.ipv6.smartos_zone_endpoints
    plugin_type: filter
"""

EXAMPLES = r"""
- name: See what the zone may use
  ansible.builtin.debug:
    msg: "{{ (said | routable.ipv6.smartos_zone_plan).permit }}"
  vars:
    said:
      prefixes: ["2001:db8:0:1::/64"]
      zones:
        - alias: web
          static: true
          addresses: ["2001:db8:0:1::80"]
  # [{"zone": "web", "prefixes": ["2001:db8:0:1::/64"], "addresses": ["2001:db8:0:1::80"]}]
"""

RETURN = r"""
_value:
  description: The parts.
  type: dict
  contains:
    zones:
      description: The option O(routable.ipv6.smartos_zone#module:zones).
      type: list
      elements: dict
    permit:
      description: The option O(routable.ipv6.smartos_allowed_ips#module:zones); without those of the mode V(spoofing).
      type: list
      elements: dict
    inside:
      description: The option O(routable.ipv6.smartos_zone_ipv6#module:zones).
      type: list
      elements: dict
    claims:
      description: By alias, what P(routable.ipv6.smartos_zone_endpoints#filter) needs.
      type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._smartos_zone_input import plan


def smartos_zone_plan(options: object) -> dict[str, t.Any]:
    if not isinstance(options, dict):
        raise AnsibleFilterError(f"smartos_zone_plan needs a dictionary, not {type(options).__name__}.")
    try:
        return plan(options)
    except Refused as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"smartos_zone_plan": smartos_zone_plan}
