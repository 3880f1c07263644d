# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: aligned_block
short_description: The block of a length in which an address lies
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Cuts off the bits beyond the length. So an address with the length of its link gives the prefix of the link.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: length
options:
  _input:
    description: An address, a prefix, or an address with a prefix length; or a list of them.
    type: raw
    required: true
  length:
    description:
      - The length of the block.
      - Where it is left out, the value says it.
    type: int
seealso:
  - plugin: routable.ipv6.block_addresses
    plugin_type: filter
  - plugin: routable.ipv6.extract_suffix
    plugin_type: filter
  - plugin: ansible.utils.ipaddr
    plugin_type: filter
    description: Its query V(subnet) knows only the length that the value itself says.
"""

EXAMPLES = r"""
- name: The prefix of the link
  ansible.builtin.debug:
    msg: "{{ '2001:db8:0:1::20/64' | routable.ipv6.aligned_block }}"
  # 2001:db8:0:1::/64

- name: The block of an elastic network interface
  ansible.builtin.debug:
    msg: "{{ '2001:db8:0:1::27' | routable.ipv6.aligned_block(124) }}"
  # 2001:db8:0:1::20/124
"""

RETURN = r"""
_value:
  description: The prefix, or a list in the order of the input.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    aligned,
    interface_numbers,
    number,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module, whole_number


def aligned_block(value: object, length: object = None) -> object:
    """See DOCUMENTATION."""
    wanted = None if length is None else whole_number(length, "length")
    if wanted is not None and not 0 <= wanted <= 128:
        raise Refused(f"length={wanted}", "the length of a block is a number from 0 to 128", "Correct the length")
    return each(value, lambda item: _block(item, wanted))


def _block(item: object, wanted: int | None) -> str:
    if isinstance(item, str) and "/" in item:
        address, own = interface_numbers(item, "value")
        length = own if wanted is None else wanted
        if length > own and not address & ((1 << (128 - own)) - 1):
            raise Refused(f"value={item}", f"no single block of /{length} holds this prefix", f"Take at most {own}")
    else:
        address = number(item, "value")
        if wanted is None:
            raise Refused(f"value={item}", "a block has a length", "Give the length, as in aligned_block(64)")
        length = wanted
    return written_prefix(aligned(address, length), length)


FilterModule = filter_module(aligned_block)
