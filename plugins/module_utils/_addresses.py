# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""IPv6 arithmetic on the standard library alone, since targets have no netaddr.

Every function takes text in any spelling and gives the canonical text of RFC 5952. Addresses are compared by
value, never as text.
"""

from __future__ import annotations

import hashlib
import ipaddress
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# RFC 6177 and RFC 4291, section 2.5.1: identifiers made from a MAC need a /64.
SLAAC_PREFIX_LENGTH = 64


def parse_prefix(text: object, name: str = "prefix") -> ipaddress.IPv6Network:
    """A prefix in CIDR form, without host bits.

    :raises Refused: not text, not IPv6, no length, or host bits set.
    """
    what = f"{name}={text}"
    if not isinstance(text, str):
        raise Refused(what, f"a prefix is text in CIDR form, not {type(text).__name__}", "Write it as 2001:db8::/64")
    address, slash, length = text.strip().partition("/")
    if not slash:
        raise Refused(what, "a prefix needs its length", f"Write it as {address}/64, with the length you were given")
    if not (length.isascii() and length.isdigit() and int(length) <= 128):
        raise Refused(what, "the length of an IPv6 prefix is a number from 0 to 128", "Correct the length")
    parsed = parse_address(address, name, what=what)
    network = ipaddress.IPv6Network((int(parsed), int(length)), strict=False)
    if network.network_address != parsed:
        raise Refused(what, "bits are set beyond the prefix length", f"Write {network}, or lengthen the prefix")
    return network


def parse_address(text: object, name: str = "address", what: str | None = None) -> ipaddress.IPv6Address:
    """An IPv6 address without zone and without length.

    :raises Refused: not text, IPv4, a zone, a length, or not an address at all.
    """
    what = f"{name}={text}" if what is None else what
    if not isinstance(text, str):
        raise Refused(what, f"an address is text, not {type(text).__name__}", "Quote it")
    bare = text.strip()
    if "%" in bare:
        raise Refused(what, "a zone (the part after %) has no meaning beyond one host", "Leave the zone out")
    try:
        return ipaddress.IPv6Address(bare)
    except ValueError:
        pass
    try:
        ipaddress.IPv4Address(bare)
    except ValueError as error:
        raise Refused(what, "this is not an IPv6 address", "Correct the spelling (RFC 4291, section 2.2)") from error
    raise Refused(what, "this is IPv4 where IPv6 is needed", "Give an IPv6 value")


def same_address(one: str, other: str) -> bool:
    """Whether two spellings mean the same address."""
    return parse_address(one) == parse_address(other)


def parse_interface(text: object, name: str = "address") -> ipaddress.IPv6Interface:
    """An address with its prefix length, as ``ip -6 addr`` shows it.

    :raises Refused: as for :func:`parse_prefix`, but host bits are welcome.
    """
    address, slash, length = str(text).strip().partition("/")
    if not slash or not (length.isascii() and length.isdigit() and int(length) <= 128):
        raise Refused(f"{name}={text}", "an address with its prefix length is needed", "Write it as 2001:db8::1/64")
    return ipaddress.IPv6Interface((int(parse_address(address, name)), int(length)))


def nth_address(prefix: ipaddress.IPv6Network, index: int) -> ipaddress.IPv6Address:
    """The address ``index`` places after the first one; negative counts back from the last one (-1).

    :raises Refused: the prefix does not have that many.
    """
    size = prefix.num_addresses
    if not -size <= index < size:
        raise Refused(f"index={index}", f"{prefix} has {size} addresses", "Take a smaller index or a larger prefix")
    base = int(prefix.network_address)
    return ipaddress.IPv6Address(base + (index if index >= 0 else size + index))


def nth_subnet(prefix: ipaddress.IPv6Network, length: int, index: int) -> ipaddress.IPv6Network:
    """The ``index``-th prefix of ``length`` inside ``prefix``, in constant time.

    :raises Refused: ``length`` is shorter than the prefix's own, or there are not that many.
    """
    if not prefix.prefixlen <= length <= 128:
        raise Refused(
            f"length={length}", f"a part of {prefix} is /{prefix.prefixlen} to /128 long", "Take a length in that range"
        )
    count = 1 << (length - prefix.prefixlen)
    if not -count <= index < count:
        raise Refused(f"index={index}", f"{prefix} has {count} prefixes of /{length}", "Take a smaller index")
    start = int(prefix.network_address) + ((index % count) << (128 - length))
    return ipaddress.IPv6Network((start, length))


def halves(prefix: ipaddress.IPv6Network) -> tuple[ipaddress.IPv6Network, ipaddress.IPv6Network]:
    """The lower and the upper half.

    :raises Refused: a single address cannot be halved.
    """
    if prefix.prefixlen == 128:
        raise Refused(str(prefix), "a single address cannot be halved", "Give a shorter prefix")
    return nth_subnet(prefix, prefix.prefixlen + 1, 0), nth_subnet(prefix, prefix.prefixlen + 1, 1)


def compose(prefix: ipaddress.IPv6Network, suffix: object, name: str = "suffix") -> ipaddress.IPv6Address:
    """The address in ``prefix`` whose remaining bits are those of ``suffix`` (``::20``).

    :raises Refused: the suffix has bits where the prefix has its own.
    """
    value = parse_address(suffix, name)
    if int(value) >> (128 - prefix.prefixlen):
        raise Refused(
            f"{name}={suffix}",
            f"a suffix for {prefix} has {128 - prefix.prefixlen} bits",
            f"Use at most {ipaddress.IPv6Address(prefix.num_addresses - 1)}",
        )
    return ipaddress.IPv6Address(int(prefix.network_address) | int(value))


def suffix_of(prefix: ipaddress.IPv6Network, address: ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    """The part of ``address`` that lies behind the prefix: the reverse of :func:`compose`."""
    return ipaddress.IPv6Address(int(address) & int(prefix.hostmask))


def name_number(name: str, bits: int, attempt: int = 0) -> int:
    """A number of ``bits`` bits derived from a name: the same on every controller and in every order.

    ``attempt`` is counted on when the number is taken, in the manner of RFC 7217, section 5 (DAD_Counter).
    """
    digest = hashlib.blake2b(f"{name}\0{attempt}".encode(), digest_size=16).digest()
    return int.from_bytes(digest, "big") >> (128 - bits) if bits else 0


def overlapping(
    prefix: ipaddress.IPv6Network, others: t.Iterable[ipaddress.IPv6Network]
) -> ipaddress.IPv6Network | None:
    """The first of ``others`` that shares an address with ``prefix``, or None."""
    return next((other for other in others if other.overlaps(prefix)), None)
