# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: eui64_address
short_description: The address that SLAAC makes from a MAC address
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Puts the modified EUI-64 identifier of a MAC address (RFC 4291, appendix A) behind a prefix.
  - The prefix is a C(/64), because such an identifier has 64 bits.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: prefix
options:
  _input:
    description: A MAC address in any usual spelling, or a list of them.
    type: raw
    required: true
  prefix:
    description: The prefix of the link, a C(/64).
    type: str
    required: true
requirements:
  - netaddr on the controller
seealso:
  - plugin: routable.ipv6.link_local_address
    plugin_type: filter
  - plugin: routable.ipv6.stable_address
    plugin_type: filter
  - plugin: ansible.utils.slaac
    plugin_type: filter
    description: Gives false for what is not a MAC address, and takes prefixes that are not a C(/64).
"""

EXAMPLES = r"""
- name: The address of a network card behind the provider's prefix
  ansible.builtin.debug:
    msg: "{{ '72:9c:d5:34:47:59' | routable.ipv6.eui64_address('2001:db8:0:1::/64') }}"
  # 2001:db8:0:1:709c:d5ff:fe34:4759
"""

RETURN = r"""
_value:
  description: The address, or a list in the order of the input.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._identifiers import slaac_prefix
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module
from ansible_collections.routable.ipv6.plugins.plugin_utils._netaddr import eui64, need_netaddr


def eui64_address(value: object, prefix: object) -> object:
    """See DOCUMENTATION."""
    need_netaddr()
    start = slaac_prefix(prefix)
    return each(value, lambda mac: eui64(start, mac))


FilterModule = filter_module(eui64_address)
