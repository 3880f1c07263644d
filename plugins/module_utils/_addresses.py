# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""IPv6 arithmetic on the standard library alone, since targets have no netaddr.

Text comes in any spelling and leaves in the canonical one of RFC 5952. Addresses are compared by value, never as text.

The first half works on plain numbers: an address is an int, a prefix is a pair ``(start, length)``. That is what
filters and whoever handles very many take. The second half gives ``ipaddress`` objects, for plans, where a few
values are looked at from many sides.
"""

from __future__ import annotations

import hashlib
import ipaddress
import typing as t
from socket import AF_INET6, inet_ntop, inet_pton

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# RFC 6177 and RFC 4291, section 2.5.1: identifiers made from a MAC need a /64.
SLAAC_PREFIX_LENGTH = 64


_BITS = 128
# ::/96, where inet_ntop does not write what RFC 5952 says.
_LAST_OF_THE_LOWEST_32_BITS = bytes(12) + b"\xff" * 4


def number(text: object, name: str = "address", what: str | None = None) -> int:
    """The number of an IPv6 address without zone and without length.

    :raises Refused: not text, IPv4, a zone, a length, or not an address at all.
    """
    try:
        value = int.from_bytes(inet_pton(AF_INET6, text), "big")  # type: ignore[arg-type]
    except (OSError, TypeError, ValueError):
        return _number_or_refusal(text, f"{name}={text}" if what is None else what)
    # Whether a C library takes a zone here is its own affair.
    if "%" in text:  # type: ignore[operator]
        return _number_or_refusal(text, f"{name}={text}" if what is None else what)
    return value


def _number_or_refusal(text: object, what: str) -> int:
    if not isinstance(text, str):
        raise Refused(what, f"an address is text, not {type(text).__name__}", "Quote it")
    bare = text.strip()
    if "%" in bare:
        raise Refused(what, "a zone (the part after %) has no meaning beyond one host", "Leave the zone out")
    try:
        return int(ipaddress.IPv6Address(bare))
    except ValueError:
        pass
    try:
        ipaddress.IPv4Address(bare)
    except ValueError as error:
        raise Refused(what, "this is not an IPv6 address", "Correct the spelling (RFC 4291, section 2.2)") from error
    raise Refused(what, "this is IPv4 where IPv6 is needed", "Give an IPv6 value")


def written(value: int) -> str:
    """The canonical text of an address (RFC 5952).

    IPv4-mapped addresses keep their IPv4 part in sight (section 5). In ::/96 inet_ntop does the same, which is wrong:
    ``::1:2`` is an address like any other since RFC 4291 has retired the IPv4-compatible ones.
    """
    if value >> 32:
        return inet_ntop(AF_INET6, value.to_bytes(16, "big"))
    if value >> 16:
        return f"::{value >> 16:x}:{value & 0xFFFF:x}"
    return f"::{value:x}" if value else "::"


def canonical_text(text: object, name: str = "address") -> str:
    """The canonical text of an address in any spelling: :func:`written` of :func:`number`, with no number between.

    :raises Refused: as for :func:`number`.
    """
    try:
        packed = inet_pton(AF_INET6, text)  # type: ignore[arg-type]
    except (OSError, TypeError, ValueError):
        return written(number(text, name))
    if packed > _LAST_OF_THE_LOWEST_32_BITS and "%" not in text:  # type: ignore[operator]
        return inet_ntop(AF_INET6, packed)
    return written(number(text, name))


def expanded(value: int) -> str:
    """Eight groups of four digits: text of one length, which sorts as the addresses do."""
    return value.to_bytes(16, "big").hex(":", 2)


def prefix_numbers(text: object, name: str = "prefix") -> tuple[int, int]:
    """Start and length of a prefix in CIDR form, without host bits.

    :raises Refused: not text, not IPv6, no length, or host bits set.
    """
    if isinstance(text, str):
        address, _slash, digits = text.partition("/")
        # No message is put together here: with Ansible's kinds of text that takes longer than all the rest.
        if digits.isascii() and digits.isdigit() and "%" not in address:
            try:
                start, length = int.from_bytes(inet_pton(AF_INET6, address), "big"), int(digits)
            except (OSError, ValueError):
                return _prefix_or_refusal(text, name)
            if length <= _BITS and not start & ((1 << (_BITS - length)) - 1):
                return start, length
    return _prefix_or_refusal(text, name)


def _prefix_or_refusal(text: object, name: str) -> tuple[int, int]:
    what = f"{name}={text}"
    if not isinstance(text, str):
        raise Refused(what, f"a prefix is text in CIDR form, not {type(text).__name__}", "Write it as 2001:db8::/64")
    address, slash, digits = text.strip().partition("/")
    if not slash:
        raise Refused(what, "a prefix needs its length", f"Write it as {address}/64, with the length you were given")
    if not (digits.isascii() and digits.isdigit() and int(digits) <= _BITS):
        raise Refused(what, "the length of an IPv6 prefix is a number from 0 to 128", "Correct the length")
    start, length = number(address, name, what), int(digits)
    if start & ((1 << (_BITS - length)) - 1):
        right = written_prefix(aligned(start, length), length)
        raise Refused(what, "bits are set beyond the prefix length", f"Write {right}, or lengthen the prefix")
    return start, length


def interface_numbers(text: object, name: str = "address") -> tuple[int, int]:
    """An address and its prefix length, as ``ip -6 addr`` shows them; host bits are welcome.

    :raises Refused: not text, no length, or not an address.
    """
    address, slash, length = str(text).strip().partition("/")
    if not slash or not (length.isascii() and length.isdigit() and int(length) <= _BITS):
        raise Refused(f"{name}={text}", "an address with its prefix length is needed", "Write it as 2001:db8::1/64")
    return number(address, name), int(length)


def block_numbers(text: object, name: str) -> tuple[int, int]:
    """Start and length of a prefix or of a single address, which counts as a /128.

    :raises Refused: neither of them.
    """
    if isinstance(text, str) and "/" in text:
        return prefix_numbers(text, name)
    return number(text, name), _BITS


def written_prefix(start: int, length: int) -> str:
    """The canonical text of a prefix, always with its length."""
    return f"{written(start)}/{length}"


def last_of(start: int, length: int) -> int:
    """The last address of a prefix."""
    return start | ((1 << (_BITS - length)) - 1)


def aligned(value: int, length: int) -> int:
    """The start of the block of ``length`` in which an address lies."""
    return value >> (_BITS - length) << (_BITS - length)


def nth_address_number(start: int, length: int, index: int) -> int:
    """The address ``index`` places after the first one; negative counts back from the last one (-1).

    :raises Refused: the prefix does not have that many.
    """
    size = 1 << (_BITS - length)
    if not -size <= index < size:
        raise Refused(
            f"index={index}",
            f"{written_prefix(start, length)} has {size} addresses",
            "Take a smaller index or a larger prefix",
        )
    return start + (index if index >= 0 else size + index)


def nth_subnet_number(start: int, length: int, part: int, index: int) -> int:
    """The start of the ``index``-th prefix of length ``part`` inside a prefix, in constant time.

    :raises Refused: ``part`` is shorter than the prefix's own length, or there are not that many.
    """
    count = count_parts(start, length, part)
    if not -count <= index < count:
        raise Refused(
            f"index={index}", f"{written_prefix(start, length)} has {count} prefixes of /{part}", "Take a smaller index"
        )
    return start + ((index % count) << (_BITS - part))


def count_parts(start: int, length: int, part: int) -> int:
    """How many prefixes of length ``part`` a prefix has.

    :raises Refused: ``part`` is no length of a part of it.
    """
    if not length <= part <= _BITS:
        raise Refused(
            f"length={part}",
            f"a part of {written_prefix(start, length)} is /{length} to /128 long",
            "Take a length in that range",
        )
    return 1 << (part - length)


def composed(start: int, length: int, suffix: object, name: str = "suffix") -> int:
    """The address in a prefix whose remaining bits are those of ``suffix`` (``::20``).

    :raises Refused: the suffix has bits where the prefix has its own.
    """
    value = number(suffix, name)
    bits = _BITS - length
    if value >> bits:
        raise Refused(
            f"{name}={suffix}",
            f"a suffix for {written_prefix(start, length)} has {bits} bits",
            f"Use at most {written((1 << bits) - 1)}",
        )
    return start | value


def parse_prefix(text: object, name: str = "prefix") -> ipaddress.IPv6Network:
    """A prefix in CIDR form, without host bits.

    :raises Refused: as for :func:`prefix_numbers`.
    """
    return ipaddress.IPv6Network(prefix_numbers(text, name))


def parse_address(text: object, name: str = "address", what: str | None = None) -> ipaddress.IPv6Address:
    """An IPv6 address without zone and without length.

    :raises Refused: as for :func:`number`.
    """
    return ipaddress.IPv6Address(number(text, name, what))


def same_address(one: str, other: str) -> bool:
    """Whether two spellings mean the same address."""
    return number(one) == number(other)


def parse_interface(text: object, name: str = "address") -> ipaddress.IPv6Interface:
    """An address with its prefix length, as ``ip -6 addr`` shows it.

    :raises Refused: as for :func:`interface_numbers`.
    """
    return ipaddress.IPv6Interface(interface_numbers(text, name))


def nth_address(prefix: ipaddress.IPv6Network, index: int) -> ipaddress.IPv6Address:
    """The address ``index`` places after the first one; negative counts back from the last one (-1).

    :raises Refused: the prefix does not have that many.
    """
    return ipaddress.IPv6Address(nth_address_number(int(prefix.network_address), prefix.prefixlen, index))


def nth_subnet(prefix: ipaddress.IPv6Network, length: int, index: int) -> ipaddress.IPv6Network:
    """The ``index``-th prefix of ``length`` inside ``prefix``, in constant time.

    :raises Refused: ``length`` is shorter than the prefix's own, or there are not that many.
    """
    start = nth_subnet_number(int(prefix.network_address), prefix.prefixlen, length, index)
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
    return ipaddress.IPv6Address(composed(int(prefix.network_address), prefix.prefixlen, suffix, name))


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
