# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the filters that need netaddr do."""

from __future__ import annotations

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    block_numbers,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._identifiers import (
    slaac_prefix,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import (
    each,
    listed,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._netaddr import (
    eui64,
    fewest,
    need_netaddr,
)


def eui64_address(value: object, prefix: object) -> object:
    need_netaddr()
    start = slaac_prefix(prefix)
    return each(value, lambda mac: eui64(start, mac))


_LINK_LOCAL = 0xFE80 << 112


def link_local_address(value: object) -> object:
    need_netaddr()
    return each(value, lambda mac: eui64(_LINK_LOCAL, mac))


def summarise(value: object) -> list[str]:
    need_netaddr()
    return [written_prefix(*one) for one in fewest([block_numbers(item, "value") for item in listed(value)])]
