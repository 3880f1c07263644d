# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the filters take from netaddr: the fewest prefixes for many, and MAC addresses in all their spellings.

Text is always parsed and written by ``_addresses``. netaddr takes much for an address that is none ("1" is 0.0.0.1),
writes ``::1:2`` as ``::0.1.0.2``, and counts through a prefix to find its n-th part.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible.module_utils.basic import missing_required_lib
from ansible_collections.routable.ipv6.plugins.module_utils import _identifiers
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import written
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

try:
    import netaddr
except ImportError as error:
    _MISSING: ImportError | None = error
else:
    _MISSING = None


def need_netaddr() -> None:
    """Netaddr belongs to the interpreter that Ansible itself runs in, which is not always the one people expect.

    :raises AnsibleFilterError: it is not there; the message names the interpreter.
    """
    if _MISSING is not None:
        raise AnsibleFilterError(missing_required_lib("netaddr")) from _MISSING


def fewest(prefixes: t.Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The fewest prefixes, as ``(start, length)``, that hold the same addresses, in ascending order."""
    merged = netaddr.cidr_merge([netaddr.IPNetwork(one, version=6) for one in prefixes])
    return [(network.first, network.prefixlen) for network in merged]


def eui64(start: int, mac: object) -> str:
    """The address that SLAAC makes behind the start of a /64 from a MAC address (RFC 4291, appendix A).

    :raises Refused: not a MAC address, or one that no interface can have.
    """
    number = _identifiers.mac_number(mac)
    if number is None:
        number = _mac_in_another_spelling(mac)
    return written(start | _identifiers.eui64_identifier(number))


def _mac_in_another_spelling(mac: object) -> int:
    try:
        if isinstance(mac, str):
            return int(netaddr.EUI(mac, version=48))
    except (netaddr.AddrFormatError, ValueError, TypeError):
        pass
    raise Refused(f"mac={mac}", "this is not a MAC address of 48 bits", "Write it as 52:54:00:12:34:56, quoted")
