# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What an instance type can carry, from what DescribeInstanceTypes says; there is no table of types here."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# Amazon EC2 User Guide, "Prefix delegation for Amazon EC2 network interfaces": an IPv6 prefix is a /80.
PREFIX_LENGTH = 80
# No instance type has more than 64 addresses per interface, and the primary one is no part of a block: /123 is 32.
SHORTEST_BLOCK, LONGEST_BLOCK = 123, 127


@dataclass(frozen=True)
class InstanceType:
    """``addresses`` is the number of IPv6 addresses and prefixes together that one interface may have."""

    name: str
    ipv6: bool
    addresses: int
    nitro: bool

    @classmethod
    def from_api(cls, info: t.Mapping[str, t.Any]) -> InstanceType:
        """From an element of ``InstanceTypes``. Bare metal names no hypervisor and is part of the Nitro System."""
        network = info.get("NetworkInfo", {})
        return cls(
            info["InstanceType"],
            bool(network.get("Ipv6Supported", False)),
            int(network.get("Ipv6AddressesPerInterface", 0)),
            info.get("Hypervisor") == "nitro" or bool(info.get("BareMetal", False)),
        )


def check_ipv6(kind: InstanceType) -> None:
    """:raises Refused: the type has no IPv6."""
    if not kind.ipv6 or kind.addresses < 1:
        raise Refused(f"instance_type={kind.name}", "this type has no IPv6", "Take a type of the current generation")


def check_prefix(kind: InstanceType) -> None:
    """:raises Refused: the type cannot have prefixes."""
    if not kind.nitro:
        raise Refused(
            f"instance_type={kind.name}",
            "prefixes are delegated only to types built on the Nitro System, and this one is Xen",
            "Take mode=block, or a Nitro type",
        )


def check_limit(kind: InstanceType, count: int) -> None:
    """:raises Refused: ``count`` addresses and prefixes are more than one interface may have."""
    if count > kind.addresses:
        raise Refused(
            f"instance_type={kind.name}",
            f"its interfaces have at most {kind.addresses} IPv6 addresses and prefixes, and this would be {count}",
            f"Take {_advice(kind)}, or a larger type",
        )


def _advice(kind: InstanceType) -> str:
    longest = _longest(kind.addresses - 1)
    fitting = "" if longest is None else f"block_prefix_length={longest} or longer, "
    return f"{fitting}purge_addresses to give up further addresses" + (", mode=prefix" if kind.nitro else "")


def _longest(count: int) -> int | None:
    """The length of the largest block of at most ``count`` addresses."""
    fitting = [length for length in range(SHORTEST_BLOCK, LONGEST_BLOCK + 1) if 1 << (128 - length) <= count]
    return fitting[0] if fitting else None


def auto_length(kind: InstanceType, others: int = 1) -> int:
    """The length of the largest block that fits beside ``others`` addresses and prefixes.

    :raises Refused: not even two addresses fit.
    """
    length = _longest(kind.addresses - others)
    if length is None:
        raise Refused(
            f"instance_type={kind.name}",
            f"its interfaces have at most {kind.addresses} IPv6 addresses, which leaves no block beside {others}",
            "Take mode=prefix, which counts as one address" if kind.nitro else "Take a larger type",
        )
    return length
