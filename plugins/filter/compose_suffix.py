# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: compose_suffix
short_description: The address with a given suffix in a prefix
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Keeps what belongs to a name (its suffix) apart from what belongs to a place (the prefix), so that a new prefix is
    one line.
  - A suffix with bits where the prefix has its own is refused.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: suffix
options:
  _input:
    description: A prefix, or a list of them.
    type: raw
    required: true
  suffix:
    description: The suffix as an address, such as V(::20); or a list of them.
    type: raw
    required: true
seealso:
  - plugin: routable.ipv6.extract_suffix
    plugin_type: filter
  - plugin: routable.ipv6.rebase
    plugin_type: filter
  - plugin: routable.ipv6.nth_address
    plugin_type: filter
  - plugin: routable.ipv6.docker_host_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: The web server's address in this host's prefix
  ansible.builtin.debug:
    msg: "{{ '1111:2222:3333:4444::8888:0/112' | routable.ipv6.compose_suffix('::20') }}"
  # 1111:2222:3333:4444::8888:20
"""

RETURN = r"""
_value:
  description: The address, or a list where a list was given.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    composed,
    prefix_numbers,
    written,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module


def compose_suffix(value: object, suffix: object) -> object:
    """See DOCUMENTATION."""

    def addresses(item: object) -> object:
        start, length = prefix_numbers(item, "value")
        return each(suffix, lambda one: written(composed(start, length, one)))

    return each(value, addresses)


FilterModule = filter_module(compose_suffix)
