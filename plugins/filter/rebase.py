# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: rebase
short_description: The same place in another prefix
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Exchanges the prefix in front of addresses and prefixes and keeps all that is behind it. That is what a host does
    when its provider delegates another prefix.
  - What has bits where the new prefix has its own, or is shorter than it, is refused.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: prefix, former
options:
  _input:
    description: An address, a prefix, or an address with a prefix length; or a list of them.
    type: raw
    required: true
  prefix:
    description: The new prefix.
    type: str
    required: true
  former:
    description:
      - The prefix that is exchanged. What lies outside is refused.
      - Where it is left out, as many bits are exchanged as the new prefix has.
    type: str
seealso:
  - plugin: routable.ipv6.extract_suffix
    plugin_type: filter
  - plugin: routable.ipv6.compose_suffix
    plugin_type: filter
"""

EXAMPLES = r"""
- name: The plan of a site with its new prefix
  ansible.builtin.debug:
    msg: "{{ ['2001:db8:0:1::20', '2001:db8:0:2::/64'] | routable.ipv6.rebase('2001:db8:ffff::/48') }}"
  # ["2001:db8:ffff:1::20", "2001:db8:ffff:2::/64"]

- name: From a /56 to a /48
  ansible.builtin.debug:
    msg: "{{ '2001:db8:0:aa01::20/64' | routable.ipv6.rebase('2001:db8:ffff::/48', former='2001:db8:0:aa00::/56') }}"
  # 2001:db8:ffff:1::20/64
"""

RETURN = r"""
_value:
  description: The new value in the form of the old one, or a list in the order of the input.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    aligned,
    interface_numbers,
    number,
    prefix_numbers,
    written,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module


def rebase(value: object, prefix: object, former: object = None) -> object:
    """See DOCUMENTATION."""
    target = prefix_numbers(prefix)
    source = None if former is None else prefix_numbers(former, "former")
    return each(value, lambda item: _rebased(item, target, source))


def _rebased(item: object, target: tuple[int, int], source: tuple[int, int] | None) -> str:
    if not (isinstance(item, str) and "/" in item):
        return written(_moved(item, number(item, "value"), 128, target, source))
    address, length = interface_numbers(item, "value")
    return written_prefix(_moved(item, address, length, target, source), length)


def _moved(item: object, address: int, length: int, target: tuple[int, int], source: tuple[int, int] | None) -> int:
    start, bits = target
    if source is not None and (length < source[1] or aligned(address, source[1]) != source[0]):
        raise Refused(f"value={item}", f"it does not lie in {written_prefix(*source)}", "Give the prefix that holds it")
    if length < bits:
        raise Refused(
            f"value={item}",
            f"it is larger than {written_prefix(*target)}",
            "Give a shorter prefix, or a part of the value",
        )
    rest = address & ((1 << (128 - (bits if source is None else source[1]))) - 1)
    if rest >> (128 - bits):
        raise Refused(
            f"value={item}",
            f"what is behind the former prefix does not fit into {written_prefix(*target)}",
            "Give a shorter prefix",
        )
    return start | rest


FilterModule = filter_module(rebase)
