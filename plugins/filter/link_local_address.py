# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: link_local_address
short_description: The link-local address that an interface makes from its MAC address
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Puts the modified EUI-64 identifier of a MAC address (RFC 4291, appendix A) behind V(fe80::/64).
  - Interfaces whose kernel is told to make stable or random identifiers (C(addr_gen_mode) on Linux) have another one.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
options:
  _input:
    description: A MAC address in any usual spelling, or a list of them.
    type: raw
    required: true
requirements:
  - netaddr on the controller
seealso:
  - plugin: routable.ipv6.eui64_address
    plugin_type: filter
  - plugin: ansible.utils.slaac
    plugin_type: filter
    description: Has no form for it, gives false for what is not a MAC address.
"""

EXAMPLES = r"""
- name: The link-local address of a network card
  ansible.builtin.debug:
    msg: "{{ '72:9c:d5:34:47:59' | routable.ipv6.link_local_address }}"
  # fe80::709c:d5ff:fe34:4759
"""

RETURN = r"""
_value:
  description: The address, or a list in the order of the input.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module
from ansible_collections.routable.ipv6.plugins.plugin_utils._netaddr import eui64, need_netaddr

_LINK_LOCAL = 0xFE80 << 112


def link_local_address(value: object) -> object:
    """See DOCUMENTATION."""
    need_netaddr()
    return each(value, lambda mac: eui64(_LINK_LOCAL, mac))


FilterModule = filter_module(link_local_address)
