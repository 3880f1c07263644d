# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: reachability_visits
short_description: From endpoints to the options of a probe on the host that they are behind
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Gives C(from) for M(routable.ipv6.ipv6_probe) on a host, so that each endpoint behind it that claims a source
    address connects to every vantage point, and every container is looked at.
options:
  _input:
    description: Endpoints, as RV(routable.ipv6.ipv6_endpoints_info#module:endpoints) has them.
    type: list
    elements: dict
    required: true
  probes:
    description: What M(routable.ipv6.ipv6_probe) gave on each vantage point, by the vantage point's name.
    type: dict
    required: true
  host:
    description: The inventory name of the host.
    type: str
    required: true
positional: probes, host
seealso:
  - plugin: routable.ipv6.reachability_targets
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read what must answer
  routable.ipv6.ipv6_endpoints_info:
  register: stated

- name: Probe everything from outside
  routable.ipv6.ipv6_probe:
    targets: "{{ asked.targets }}"
    observe: "{{ asked.observe }}"
  vars:
    asked: "{{ stated.endpoints | routable.ipv6.reachability_targets }}"
  delegate_to: stranger
  register: probed

- name: See with which address the containers of this host are seen
  routable.ipv6.ipv6_probe:
    from: "{{ stated.endpoints | routable.ipv6.reachability_visits({'stranger': probed}, inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: A list for the option C(from). It is empty for a host that nothing has to be asked on.
  type: list
  elements: dict
"""

import typing as t

from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability import visits


def reachability_visits(
    endpoints: list[dict[str, t.Any]], probes: dict[str, dict[str, t.Any]], host: str
) -> list[dict[str, t.Any]]:
    return visits(endpoints, probes, host)


FilterModule = filter_module(reachability_visits)
