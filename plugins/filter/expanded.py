# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: expanded
short_description: All digits of IPv6 addresses and prefixes
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Writes addresses as eight groups of four digits. Such text has one length and sorts as the addresses do.
  - A prefix length stays behind it.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
options:
  _input:
    description: An address, a prefix, or an address with a prefix length; or a list of them.
    type: raw
    required: true
seealso:
  - plugin: routable.ipv6.canonical
    plugin_type: filter
  - plugin: ansible.utils.ipv6form
    plugin_type: filter
    description: Its form V(expand) takes single addresses.
"""

EXAMPLES = r"""
- name: For a program that knows no other form
  ansible.builtin.debug:
    msg: "{{ '2001:db8::20/64' | routable.ipv6.expanded }}"
  # 2001:0db8:0000:0000:0000:0000:0000:0020/64
"""

RETURN = r"""
_value:
  description: The text, or a list in the order of the input.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    expanded as digits,
)
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    interface_numbers,
    number,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module


def expanded(value: object) -> object:
    """See DOCUMENTATION."""
    return each(value, _expanded)


def _expanded(item: object) -> str:
    if isinstance(item, str) and "/" in item:
        address, length = interface_numbers(item, "value")
        return f"{digits(address)}/{length}"
    return digits(number(item, "value"))


FilterModule = filter_module(expanded)
