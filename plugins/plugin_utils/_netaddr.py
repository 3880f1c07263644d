# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the filters take from netaddr: sets of addresses, and MAC addresses in all their spellings.

Text is always parsed and written by ``_addresses``. netaddr takes much for an address that is none ("1" is 0.0.0.1),
writes ``::1:2`` as ``::0.1.0.2``, and counts through a prefix to find its n-th part.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible.errors import AnsibleFilterError
from ansible.module_utils.basic import missing_required_lib
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    SLAAC_PREFIX_LENGTH,
    parse_address,
    parse_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

try:
    import netaddr
except ImportError as error:
    _MISSING: ImportError | None = error
else:
    _MISSING = None

# IEEE 802: the lowest bit of the first octet marks a group.
_GROUP_BIT = 1 << 40


def need_netaddr() -> None:
    """Netaddr belongs to the interpreter that Ansible itself runs in, which is not always the one people expect.

    :raises AnsibleFilterError: it is not there; the message names the interpreter.
    """
    if _MISSING is not None:
        raise AnsibleFilterError(missing_required_lib("netaddr")) from _MISSING


def address_or_prefix(value: object, name: str) -> t.Any:
    """An address or a prefix as ``netaddr.IPNetwork``; an address counts as a /128.

    :raises Refused: neither of them.
    """
    if isinstance(value, str) and "/" in value:
        network = parse_prefix(value, name)
        return netaddr.IPNetwork((int(network.network_address), network.prefixlen), version=6)
    return netaddr.IPNetwork((int(parse_address(value, name)), 128), version=6)


def written(network: t.Any) -> str:
    """The canonical text (RFC 5952) of a ``netaddr.IPNetwork``; an address is written without its length."""
    address = ipaddress.IPv6Address(network.first)
    return str(address) if network.prefixlen == 128 else f"{address}/{network.prefixlen}"


def eui64(prefix: object, mac: object) -> str:
    """The address that SLAAC makes in a /64 from a MAC address (RFC 4291, appendix A).

    :raises Refused: not a /64, not a MAC address, or one that no interface can have.
    """
    network = parse_prefix(prefix)
    if network.prefixlen != SLAAC_PREFIX_LENGTH:
        raise Refused(
            f"prefix={network}",
            "an interface identifier made from a MAC address has 64 bits (RFC 4291, section 2.5.1)",
            "Give a /64, or use a named address",
        )
    try:
        parsed = netaddr.EUI(mac, version=48) if isinstance(mac, str) else None
    except (netaddr.AddrFormatError, ValueError, TypeError):
        parsed = None
    if parsed is None:
        raise Refused(f"mac={mac}", "this is not a MAC address of 48 bits", "Write it as 52:54:00:12:34:56, quoted")
    if int(parsed) & _GROUP_BIT or int(parsed) == 0:
        raise Refused(f"mac={mac}", "no interface has a group address or zero for its own", "Correct the address")
    return str(ipaddress.IPv6Address(int(parsed.ipv6(int(network.network_address)))))
