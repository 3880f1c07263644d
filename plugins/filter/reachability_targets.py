# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: reachability_targets
short_description: From endpoints to the options of a probe on a vantage point
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Gives C(targets) and C(observe) for M(routable.ipv6.ipv6_probe), so that one execution of the module on a vantage
    point probes everything.
options:
  _input:
    description: Endpoints, as RV(routable.ipv6.ipv6_endpoints_info#module:endpoints) has them.
    type: list
    elements: dict
    required: true
  port:
    description: The port on which the vantage point listens for the endpoints' own connections. V(0) is any free one.
    type: int
    default: 0
  mtu:
    description:
      - The size in bytes of a packet that must reach in one piece those endpoints which answer a ping and claim no size
        themselves.
    type: int
seealso:
  - plugin: routable.ipv6.reachability_visits
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read what must answer
  routable.ipv6.ipv6_endpoints_info:
  register: stated

- name: Probe everything from here
  routable.ipv6.ipv6_probe:
    targets: "{{ (stated.endpoints | routable.ipv6.reachability_targets).targets }}"
"""

RETURN = r"""
_value:
  description:
    - The keys C(targets) (a list) and C(observe) (a dictionary, whose C(expect) is 0 when no endpoint claims a source).
  type: dict
"""

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._probe import parse_mtu
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import filter_module, whole_number
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability import expected_peers, targets


def reachability_targets(endpoints: list[dict[str, t.Any]], port: object = 0, mtu: object = None) -> dict[str, t.Any]:
    observe = {"port": whole_number(port, "port"), "expect": expected_peers(endpoints)}
    size = None if mtu is None else parse_mtu(whole_number(mtu, "mtu"))
    return {"targets": targets(endpoints, size), "observe": observe}


FilterModule = filter_module(reachability_targets)
