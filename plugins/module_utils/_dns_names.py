# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Names in the DNS: host names, names and zones below ip6.arpa, and the text of AAAA and PTR records."""

from __future__ import annotations

import re

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import written
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# RFC 3596, section 2.5.
REVERSE_ROOT = "ip6.arpa."
# RFC 2181, section 8: 31 bits.
LARGEST_TTL = 2**31 - 1

# RFC 1123, section 2.1, and RFC 952: letters, digits and hyphens, no hyphen at either end. RFC 1035, section 2.3.4: 63
# octets for a label; 255 for a name on the wire, which is 253 characters without the final dot.
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_LONGEST_NAME = 253


def absolute_name(text: object, zone: str = "", name: str = "name") -> str:
    """The absolute name of a host, in lower case and with its final dot.

    A name with a final dot is absolute, and so is one that ends in the zone's; every other is relative to the zone.
    Without a zone a name of several labels is absolute.

    :arg zone: an absolute name, as :func:`zone_name` gives it; empty for none.
    :raises Refused: no host name (RFC 1123), or a single label without a zone.
    """
    what = f"{name}={text}"
    if not isinstance(text, str):
        raise Refused(what, f"a name is text, not {type(text).__name__}", "Quote it")
    lower = text.strip().lower()
    bare = lower[:-1] if lower.endswith(".") else lower
    _check(bare, what)
    if lower.endswith("."):
        return lower
    if zone:
        full = f"{bare}." if f".{bare}.".endswith(f".{zone}") else f"{bare}.{zone}"
        _check(full[:-1], what)
        return full
    if "." not in bare:
        raise Refused(what, "a single label is no full name", "Give the zone, or the name with its domain")
    return f"{bare}."


def zone_name(text: object, name: str = "zone") -> str:
    """The absolute name of a zone; a final dot is added where it is missing.

    :raises Refused: no name, or one with a label that no host name has (RFC 1123).
    """
    what = f"{name}={text}"
    if not isinstance(text, str):
        raise Refused(what, f"a zone is text, not {type(text).__name__}", "Quote it")
    lower = text.strip().lower()
    bare = lower[:-1] if lower.endswith(".") else lower
    _check(bare, what)
    return f"{bare}."


def _check(bare: str, what: str) -> None:
    if len(bare) > _LONGEST_NAME:
        raise Refused(
            what, f"a name has at most {_LONGEST_NAME} characters (RFC 1035, section 2.3.4)", "Shorten the name"
        )
    for label in bare.split("."):
        if not _LABEL.fullmatch(label):
            raise Refused(
                what,
                f"the label '{label}' is none of a host's: 1 to 63 letters, digits and hyphens, no hyphen at either "
                "end (RFC 1123, section 2.1)",
                "Correct the name; write one with other letters in its xn-- form",
            )


def within(full: str, zone: str) -> bool:
    """Whether an absolute name lies in a zone, or is its apex."""
    return f".{full}".endswith(f".{zone}")


def relative_name(full: str, zone: str) -> str:
    """A name of a zone without the zone's own labels, ``@`` for the apex (RFC 1035, section 5.1)."""
    return "@" if full == zone else full[: -len(zone) - 1]


def reverse_name(value: int) -> str:
    """The name below ip6.arpa of an address, 32 nibbles and absolute (RFC 3596, section 2.5)."""
    return f"{'.'.join(format(value, '032x')[::-1])}.{REVERSE_ROOT}"


def reverse_zones(start: int, length: int) -> list[str]:
    """The zones below ip6.arpa that together hold exactly the addresses of a prefix.

    One where the length is a multiple of four, otherwise two, four or eight that end at the next nibble.
    """
    nibbles = (length + 3) // 4
    if not nibbles:
        return [REVERSE_ROOT]
    first = start >> (128 - 4 * nibbles)
    count = 1 << (4 * nibbles - length)
    return [f"{'.'.join(format(first + place, f'0{nibbles}x')[::-1])}.{REVERSE_ROOT}" for place in range(count)]


def aaaa_record(owner: str, value: int, ttl: int | None = None) -> str:
    """The line of a zone file that gives a name its address (RFC 3596, section 2.1). TTL in seconds."""
    return _record(owner, ttl, "AAAA", written(value))


def ptr_record(owner: str, target: str, ttl: int | None = None) -> str:
    """The line of a zone file that gives a name below ip6.arpa its host. TTL in seconds."""
    return _record(owner, ttl, "PTR", target)


def _record(owner: str, ttl: int | None, kind: str, data: str) -> str:
    fields = (owner, "IN", kind, data) if ttl is None else (owner, str(ttl), "IN", kind, data)
    return "\t".join(fields)


def check_ttl(ttl: int | None) -> int | None:
    """A time to live in seconds, None for the zone's own.

    :raises Refused: negative, or beyond 31 bits.
    """
    if ttl is not None and not 0 <= ttl <= LARGEST_TTL:
        raise Refused(
            f"ttl={ttl}", f"a time to live has 0 to {LARGEST_TTL} seconds (RFC 2181, section 8)", "Correct the number"
        )
    return ttl
