# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: stable_address
short_description: A stable address in a prefix that tells nothing of the hardware
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Makes the interface identifier as RFC 7217 says, from the prefix, a name of the interface and a secret. It stays
    while these stay, and is another one in every other prefix.
  - The RFC leaves the function to each implementation. Here it is HMAC-SHA-256 over all parts, each with its length
    in front, so a kernel or a network manager with the same secret gives another address. Assign the address that
    this filter gives.
  - Identifiers that are reserved (RFC 5453, RFC 2526) are passed over.
  - What is not valid fails, also in a list; nothing is left out and no position shifts.
positional: interface, secret
options:
  _input:
    description: A prefix, or a list of them.
    type: raw
    required: true
  interface:
    description: What is stable about the interface, such as its name or its MAC address; or a list of them.
    type: raw
    required: true
  secret:
    description: A key of at least 16 octets. Keep it in a vault, and for each host another one.
    type: str
    required: true
  network_id:
    description: What distinguishes networks with the same prefix, such as an SSID.
    type: str
    default: ""
  dad_counter:
    description: How often the address was found taken by another host.
    type: int
    default: 0
  any_length:
    description: Also take prefixes that are not a C(/64), and fill the bits that are left.
    type: bool
    default: false
seealso:
  - plugin: routable.ipv6.eui64_address
    plugin_type: filter
  - plugin: routable.ipv6.compose_suffix
    plugin_type: filter
"""

EXAMPLES = r"""
- name: An address for the web server
  ansible.builtin.debug:
    msg: "{{ '2001:db8:0:1::/64' | routable.ipv6.stable_address('web', '0123456789abcdef') }}"
  # 2001:db8:0:1:c7ce:a257:dc08:59a
"""

RETURN = r"""
_value:
  description: The address, or a list where a list was given.
  type: raw
"""

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    SLAAC_PREFIX_LENGTH,
    prefix_numbers,
    written,
)
from ansible_collections.routable.ipv6.plugins.module_utils._identifiers import stable_identifier
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import each, filter_module, whole_number


def stable_address(
    value: object,
    interface: object,
    secret: object,
    network_id: object = "",
    dad_counter: object = 0,
    any_length: bool = False,
) -> object:
    """See DOCUMENTATION."""
    key = _text(secret, "secret").encode()
    network = _text(network_id, "network_id")
    attempt = whole_number(dad_counter, "dad_counter")

    def addresses(item: object) -> object:
        start, length = prefix_numbers(item, "value")
        if length != SLAAC_PREFIX_LENGTH and not any_length:
            raise Refused(
                f"value={item}",
                "an interface identifier has 64 bits (RFC 4291, section 2.5.1)",
                "Give a /64, or say any_length=true",
            )
        return each(
            interface,
            lambda one: written(
                start | stable_identifier(start, length, _text(one, "interface"), key, network, attempt)
            ),
        )

    return each(value, addresses)


def _text(value: object, name: str) -> str:
    if isinstance(value, str):
        return value
    # The value stays out of the message: it may be the secret.
    raise Refused(name, f"this is text, not {type(value).__name__}", "Quote it")


FilterModule = filter_module(stable_address)
