# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: extract_suffix
short_description: What an address has behind its prefix
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - The reverse of P(routable.ipv6.compose_suffix#filter). Keeps what belongs to a name apart from what belongs to a
    place.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: prefix
options:
  _input:
    description: An address, also with the length of its prefix; or a list of them.
    type: raw
    required: true
  prefix:
    description:
      - The prefix, in which the address has to lie; or only its length.
      - Where it is left out, the value says the length.
    type: raw
seealso:
  - plugin: routable.ipv6.compose_suffix
    plugin_type: filter
  - plugin: routable.ipv6.rebase
    plugin_type: filter
  - plugin: ansible.utils.ipcut
    plugin_type: filter
    description: Gives a number of bits from the front or the back, as text without C(::).
"""

EXAMPLES = r"""
- name: What stays when the prefix changes
  ansible.builtin.debug:
    msg: "{{ '2001:db8:0:1:d::20' | routable.ipv6.extract_suffix('2001:db8:0:1:d::/80') }}"
  # ::20

- name: The interface identifier
  ansible.builtin.debug:
    msg: "{{ '2001:db8:0:1:5054:ff:fe12:3456/64' | routable.ipv6.extract_suffix }}"
  # ::5054:ff:fe12:3456
"""

RETURN = r"""
_value:
  description: The suffix as an address, or a list in the order of the input.
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
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module, whole_number


def extract_suffix(value: object, prefix: object = None) -> object:
    """See DOCUMENTATION."""
    start, length = _prefix(prefix)
    return each(value, lambda item: written(_suffix(item, start, length)))


def _prefix(prefix: object) -> tuple[int | None, int | None]:
    """Start and length, as far as they are known."""
    if prefix is None:
        return None, None
    if isinstance(prefix, str) and ":" in prefix:
        return prefix_numbers(prefix)
    length = whole_number(prefix, "prefix")
    if not 0 <= length <= 128:
        raise Refused(
            f"prefix={prefix}", "the length of an IPv6 prefix is a number from 0 to 128", "Correct the length"
        )
    return None, length


def _suffix(item: object, start: int | None, length: int | None) -> int:
    if isinstance(item, str) and "/" in item:
        address, own = interface_numbers(item, "value")
    else:
        address, own = number(item, "value"), None
    size = own if length is None else length
    if size is None:
        raise Refused(f"value={item}", "where its prefix ends is not known", "Give the prefix or its length")
    if start is not None and aligned(address, size) != start:
        raise Refused(
            f"value={item}", f"it does not lie in {written_prefix(start, size)}", "Give the prefix that holds it"
        )
    return address & ((1 << (128 - size)) - 1)


FilterModule = filter_module(extract_suffix)
