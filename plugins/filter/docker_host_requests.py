# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: docker_host_requests
short_description: What Docker hosts ask of the ledger
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Gives the options of M(routable.ipv6.ipv6_allocate) that serve many Docker hosts in one call.
  - The prefix of each host is allocated under its inventory name in its pool. A nested pool of the same name lives in
    it and has the named addresses. It keeps suffixes, so that they stay when the prefix changes.
  - What a host has without a ledger it keeps. A prefix that was given is asked for, and what was derived is preferred.
    A given prefix that is outside of the pool is a pool of its own.
options:
  _input:
    description:
      - For each host the input of P(routable.ipv6.docker_host_plan#filter), with two keys more.
      - C(pool) is the pool that its prefix is of, C(pools) the definitions of pools by name.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: routable.ipv6.docker_host_plan
    plugin_type: filter
  - module: routable.ipv6.ipv6_allocate
"""

EXAMPLES = r"""
- name: One call for all hosts of the play
  routable.ipv6.ipv6_allocate:
    pools: "{{ (asked | routable.ipv6.docker_host_requests).pools }}"
    requests: "{{ (asked | routable.ipv6.docker_host_requests).requests }}"
  run_once: true
  vars:
    asked:
      - host: docker1
        addresses: [webserver]
        pool: docker_hosts
        pools:
          docker_hosts:
            prefix: 2001:db8:0:1::/64
            length: 80
            suffix: true
"""

RETURN = r"""
_value:
  description: C(pools) and C(requests).
  type: dict
"""

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._docker_host_requests import requests_of
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import as_filter


@as_filter
def docker_host_requests(value: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    return requests_of(value)


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"docker_host_requests": docker_host_requests}
