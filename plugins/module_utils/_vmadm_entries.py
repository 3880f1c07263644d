# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What stands in a NIC's ``allowed_ips``: addresses and prefixes of both families, by value.

Entries that are not ours keep their spelling, so a list is a list of texts; two texts are compared by their
:class:`Entry`.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._identifiers import eui64_identifier

# The name by which all that deals with zones knows it.
eui64 = eui64_identifier
_BITS = {4: 32, 6: 128}
_LINK_LOCAL = int(ipaddress.IPv6Address("fe80::"))
# RFC 4291, section 2.5.6. A guest with opaque identifiers has an opaque link-local address too (RFC 7217, section 3).
LINK_LOCAL_PREFIX_LENGTH = 10


class Entry(t.NamedTuple):
    """An address of ``version`` 4 or 6 as a number, with its length in bits (32 or 128: the address alone)."""

    version: int
    number: int
    length: int

    @property
    def single(self) -> bool:
        """Whether this is one address and not a prefix."""
        return self.length == _BITS[self.version]

    @property
    def address(self) -> tuple[int, int]:
        """What the kernel tells entries apart by: the address, whatever its length (illumos, mac_protect.c)."""
        return self.version, self.number

    @property
    def unspecified(self) -> bool:
        return not self.number

    def within(self, length: int) -> Entry:
        """The prefix of ``length`` in which this lies. The kernel compares no more of an IPv6 entry than that."""
        shift = _BITS[self.version] - length
        return Entry(self.version, self.number >> shift << shift, length)

    def covers(self, other: Entry) -> bool:
        """Whether all of ``other`` lies within this."""
        return (
            self.version == other.version
            and self.length <= other.length
            and self.within(self.length) == other.within(self.length)
        )

    def __str__(self) -> str:
        kind = ipaddress.IPv4Address if self.version == 4 else ipaddress.IPv6Address
        text = str(kind(self.number))
        return text if self.single else f"{text}/{self.length}"


def entry_of(address: ipaddress.IPv6Address) -> Entry:
    return Entry(6, int(address), 128)


def prefix_entry(prefix: ipaddress.IPv6Network) -> Entry:
    return Entry(6, int(prefix.network_address), prefix.prefixlen)


def parse_entry(text: str) -> Entry | None:
    """An address or CIDR text as it stands in a zone's configuration; None for what is neither.

    vmadm takes more than dladm does (a length that is no number, for example), so both are met in the wild.
    """
    address, slash, length = text.partition("/")
    if "%" in address:
        return None
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    bits = _BITS[parsed.version]
    if not slash:
        return Entry(parsed.version, int(parsed), bits)
    if not (length.isascii() and length.isdigit() and int(length) <= bits):
        return None
    return Entry(parsed.version, int(parsed), int(length))


def static_addresses(ips: t.Iterable[str]) -> dict[Entry, str]:
    """The addresses of a NIC's ``ips`` with their texts, both without length; ``dhcp`` and ``addrconf`` are none."""
    found: dict[Entry, str] = {}
    for text in ips:
        bare = text.partition("/")[0]
        entry = parse_entry(bare)
        if entry is not None:
            found.setdefault(entry, bare)
    return found


def parse_mac(text: str) -> int | None:
    """A MAC address that an interface can have; illumos writes octets without leading zeros (``2:8:20:1:2:3``)."""
    octets = text.strip().split(":")
    digits = "0123456789abcdefABCDEF"
    if len(octets) != 6 or not all(1 <= len(octet) <= 2 and all(c in digits for c in octet) for octet in octets):
        return None
    number = int("".join(octet.rjust(2, "0") for octet in octets), 16)
    # IEEE 802: the lowest bit of the first octet marks a group.
    return None if not number or int(octets[0], 16) & 1 else number


def link_local(identifier: int) -> Entry:
    """The link-local address with this interface identifier (RFC 4291, section 2.5.6)."""
    return Entry(6, _LINK_LOCAL | identifier, 128)


LINK_LOCAL_PREFIX = Entry(6, _LINK_LOCAL, LINK_LOCAL_PREFIX_LENGTH)


def merge(current: t.Sequence[str], ips: t.Iterable[str], wanted: t.Sequence[Entry], state: str) -> list[str]:
    """The list that a NIC is to have; spelling and order of what is there stay.

    No value comes twice, neither within the list nor together with ``ips``: the kernel refuses such a set as a
    whole, and with it the zone's next boot. The exception is an entry spelled as in ``ips``, which vmadm folds.

    :arg state: ``present`` adds ``wanted``, ``absent`` takes it away, ``exact`` makes it the only IPv6 there is.
        IPv4 entries stay in each case.
    """
    own = static_addresses(ips)
    asked = set(wanted)
    kept: dict[Entry, str] = {}
    result: list[str] = []
    for text in current:
        entry = parse_entry(text)
        if entry is None:
            # An empty list reads back as one empty text.
            if text.strip() and state != "exact":
                result.append(text)
            continue
        if entry in kept or (entry in own and own[entry] != text):
            continue
        if (state == "absent" and entry in asked) or (state == "exact" and entry.version == 6 and entry not in asked):
            continue
        kept[entry] = text
        result.append(text)
    if state == "absent":
        return result
    wider = {entry.address for entry in kept if not entry.single}
    for entry in wanted:
        if entry in kept or entry in own or (entry.single and entry.address in wider):
            continue
        kept[entry] = str(entry)
        result.append(str(entry))
    return result


def same_list(one: t.Iterable[str], other: t.Iterable[str]) -> bool:
    """Whether two lists permit the same, by value and whatever the order."""
    return _values(one) == _values(other)


def _values(texts: t.Iterable[str]) -> set[Entry | str]:
    return {parse_entry(text) or text for text in texts if text.strip()}
