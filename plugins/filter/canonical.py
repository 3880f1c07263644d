# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: canonical
short_description: The canonical text of IPv6 addresses and prefixes
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Writes addresses and prefixes as RFC 5952 says, so that equal values are equal text. This is also the shortest,
    compressed form.
  - An address with the length of its link keeps both. For its prefix, see P(routable.ipv6.aligned_block#filter).
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
options:
  _input:
    description: An address, a prefix, or an address with a prefix length; or a list of them.
    type: raw
    required: true
seealso:
  - plugin: routable.ipv6.expanded
    plugin_type: filter
  - plugin: routable.ipv6.aligned_block
    plugin_type: filter
  - plugin: ansible.utils.ipaddr
    plugin_type: filter
    description: Leaves what is not valid out of a list without a word, and writes V(::1:2) as V(::0.1.0.2).
  - plugin: ansible.utils.ipv6form
    plugin_type: filter
    description: Its form V(compress) does the same for single addresses and without a check of what it is given.
"""

EXAMPLES = r"""
- name: Compare what two tools say about one address
  ansible.builtin.debug:
    msg: "{{ '2001:0DB8:0:0::0020' | routable.ipv6.canonical }}"
  # 2001:db8::20

- name: Many at once
  ansible.builtin.debug:
    msg: "{{ ['2001:DB8::/64', '::1:2'] | routable.ipv6.canonical }}"
  # ["2001:db8::/64", "::1:2"]
"""

RETURN = r"""
_value:
  description: The text, or a list in the order of the input.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    canonical_text,
    interface_numbers,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module


def canonical(value: object) -> object:
    """See DOCUMENTATION."""
    return each(value, _canonical)


def _canonical(item: object) -> str:
    if isinstance(item, str) and "/" in item:
        return written_prefix(*interface_numbers(item, "value"))
    return canonical_text(item, "value")


FilterModule = filter_module(canonical)
