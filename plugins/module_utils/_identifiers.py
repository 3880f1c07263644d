# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Interface identifiers: from a MAC address (RFC 4291), stable and opaque (RFC 7217), and those that nobody may use."""

from __future__ import annotations

import hashlib
import hmac

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    SLAAC_PREFIX_LENGTH,
    prefix_numbers,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# RFC 7217, section 5: the key has at least 128 bits.
SECRET_OCTETS = 16
# One octet, as in Linux; a link on which so many addresses were found taken has another trouble.
LARGEST_DAD_COUNTER = 255

# IEEE 802: the lowest bit of the first octet marks a group, the next one a locally administered address.
_GROUP_BIT = 1 << 40
_UNIVERSAL_BIT = 2 << 56
# IANA, "Reserved IPv6 Interface Identifiers" (RFC 5453): IANA's own Ethernet block in EUI-64 form, and the subnet
# anycast addresses of RFC 2526 behind a 64-bit prefix.
_RESERVED = (
    (0, 0),
    (0x0200_5EFF_FE00_0000, 0x0200_5EFF_FEFF_FFFF),
    (0xFDFF_FFFF_FFFF_FF80, 0xFDFF_FFFF_FFFF_FFFF),
)
# RFC 2526, section 2: behind other prefixes the anycast addresses are the last 128.
_LAST_ANYCAST = 128


def slaac_prefix(text: object, name: str = "prefix") -> int:
    """The start of a prefix in which identifiers of 64 bits fit.

    :raises Refused: not a prefix, or not a /64.
    """
    start, length = prefix_numbers(text, name)
    if length != SLAAC_PREFIX_LENGTH:
        raise Refused(
            f"{name}={written_prefix(start, length)}",
            "an interface identifier made from a MAC address has 64 bits (RFC 4291, section 2.5.1)",
            "Give a /64, or use a named address",
        )
    return start


def mac_number(text: object) -> int | None:
    """A MAC address as ``52:54:00:12:34:56`` or ``52-54-00-12-34-56``; None for every other spelling."""
    if not isinstance(text, str) or len(text) != 17:
        return None
    separator = text[2]
    if separator not in ":-" or text[2::3] != separator * 5:
        return None
    try:
        octets = bytes.fromhex(text.replace(separator, ""))
    except ValueError:
        return None
    return int.from_bytes(octets, "big") if len(octets) == 6 else None


def eui64_identifier(mac: int) -> int:
    """The modified EUI-64 identifier of a MAC address (RFC 4291, appendix A).

    :raises Refused: a group address, or zero.
    """
    if mac & _GROUP_BIT or not mac:
        text = mac.to_bytes(6, "big").hex(":")
        raise Refused(f"mac={text}", "no interface has a group address or zero for its own", "Correct the address")
    return ((mac >> 24) << 40 | 0xFFFE000000 | mac & 0xFFFFFF) ^ _UNIVERSAL_BIT


def reserved(identifier: int, bits: int) -> bool:
    """Whether an identifier of ``bits`` bits is one that no interface may take by itself."""
    if bits == SLAAC_PREFIX_LENGTH:
        return any(first <= identifier <= last for first, last in _RESERVED)
    # Two or fewer addresses: a point-to-point link (RFC 6164) or a single address; nothing is left to reserve.
    if bits < 2:
        return False
    # In a block of 128 addresses or fewer only the first can be kept free.
    return identifier == 0 or (bits > 7 and identifier >= (1 << bits) - _LAST_ANYCAST)


def stable_identifier(
    start: int, length: int, interface: str, secret: bytes, network: str = "", attempt: int = 0
) -> int:
    """The opaque identifier of RFC 7217, section 5, the same for as long as nothing of it changes.

    F is HMAC-SHA-256 over prefix, Net_Iface, Network_ID and DAD_Counter, each with its length in front. The counter
    is counted on while the outcome is a reserved identifier.

    :arg secret: at least 16 octets that nobody else knows.
    :arg attempt: the DAD_Counter: how often the address was found taken.
    :raises Refused: too short a secret, no interface, a counter that cannot be, or no usable identifier.
    """
    if len(secret) < SECRET_OCTETS:
        raise Refused(
            f"secret with {len(secret)} octets",
            f"the secret key has at least {SECRET_OCTETS} octets (RFC 7217, section 5)",
            "Take a longer one, from a vault",
        )
    if not interface:
        raise Refused("interface=", "the identifier is that of an interface", "Give its name, or its MAC address")
    if not 0 <= attempt <= LARGEST_DAD_COUNTER:
        raise Refused(
            f"dad_counter={attempt}", f"the counter is a number from 0 to {LARGEST_DAD_COUNTER}", "Count from 0"
        )
    bits = 128 - length
    fields = (start.to_bytes(16, "big") + bytes([length]), interface.encode(), network.encode())
    known = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    for counter in range(attempt, LARGEST_DAD_COUNTER + 1):
        digest = hmac.new(secret, known + bytes([counter]), hashlib.sha256).digest()
        identifier = int.from_bytes(digest, "big") & ((1 << bits) - 1)
        if not reserved(identifier, bits):
            return identifier
    raise Refused(
        f"dad_counter={attempt}",
        f"{written_prefix(start, length)} gave only reserved identifiers up to {LARGEST_DAD_COUNTER}",
        "Take a smaller counter or a larger prefix",
    )
