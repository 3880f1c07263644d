# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Which way a network namespace sends IPv6, from the files that the kernel shows of it. Pure."""

from __future__ import annotations

import ipaddress

# linux/ipv6_route.h: packets that take this route are rejected.
RTF_REJECT = 0x0200
_COLUMNS = 10


def gateway_of(table: str, to: str | None) -> tuple[bool, str | None]:
    """Whether there is a route, and its gateway (None when the link itself is the way).

    :arg table: the text of ``/proc/net/ipv6_route``; what is no route of the kernel's form is passed over.
    :arg to: the address to send to; None for the default route.
    """
    wanted = 0 if to is None else int(ipaddress.IPv6Address(to))
    best: tuple[int, int, str, int] | None = None
    for line in table.splitlines():
        words = line.split()
        if len(words) < _COLUMNS:
            continue
        prefix, length = int(words[0], 16), int(words[1], 16)
        if (wanted ^ prefix) >> (128 - length) or (to is None and length):
            continue
        # The longest prefix wins, then the lowest metric.
        found = (-length, int(words[5], 16), words[4], int(words[8], 16))
        best = found if best is None else min(best, found)
    if best is None or best[3] & RTF_REJECT:
        return False, None
    hop = ipaddress.IPv6Address(int(best[2], 16))
    return True, None if hop.is_unspecified else str(hop)


def addresses_of(table: str) -> frozenset[str]:
    """The addresses in the text of ``/proc/net/if_inet6``, in canonical form."""
    words = [line.split() for line in table.splitlines()]
    return frozenset(str(ipaddress.IPv6Address(int(line[0], 16))) for line in words if len(line) > 1)
