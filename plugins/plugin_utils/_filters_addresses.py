# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the filters of single addresses and prefixes do: the same text, another part, the n-th one."""

from __future__ import annotations

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    SLAAC_PREFIX_LENGTH,
    aligned,
    canonical_text,
    composed,
    interface_numbers,
    last_of,
    nth_address_number,
    nth_subnet_number,
    number,
    prefix_numbers,
    written,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    expanded as digits,
)
from ansible_collections.routable.ipv6.plugins.module_utils._identifiers import (
    stable_identifier,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import (
    Refused,
)
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_sets import (
    sparse_start,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import (
    each,
    whole_number,
)


def canonical(value: object) -> object:
    return each(value, _canonical)


def _canonical(item: object) -> str:
    if isinstance(item, str) and "/" in item:
        return written_prefix(*interface_numbers(item, "value"))
    return canonical_text(item, "value")


def expanded(value: object) -> object:
    return each(value, _expanded)


def _expanded(item: object) -> str:
    if isinstance(item, str) and "/" in item:
        address, length = interface_numbers(item, "value")
        return f"{digits(address)}/{length}"
    return digits(number(item, "value"))


def aligned_block(value: object, length: object = None) -> object:
    wanted = None if length is None else whole_number(length, "length")
    if wanted is not None and not 0 <= wanted <= 128:
        raise Refused(f"length={wanted}", "the length of a block is a number from 0 to 128", "Correct the length")
    return each(value, lambda item: _block(item, wanted))


def _block(item: object, wanted: int | None) -> str:
    if isinstance(item, str) and "/" in item:
        address, own = interface_numbers(item, "value")
        length = own if wanted is None else wanted
        if length > own and not address & ((1 << (128 - own)) - 1):
            raise Refused(f"value={item}", f"no single block of /{length} holds this prefix", f"Take at most {own}")
    else:
        address = number(item, "value")
        if wanted is None:
            raise Refused(f"value={item}", "a block has a length", "Give the length, as in aligned_block(64)")
        length = wanted
    return written_prefix(aligned(address, length), length)


def block_addresses(value: object, limit: object = 65536) -> object:
    most = whole_number(limit, "limit")
    return each(value, lambda item: _addresses(item, most))


def _addresses(item: object, most: int) -> list[str]:
    start, length = prefix_numbers(item, "value")
    count = 1 << (128 - length)
    if count > most:
        raise Refused(
            f"value={item}",
            f"it has {count} addresses and the limit is {most}",
            "Take a longer prefix or raise the limit",
        )
    return [written(address) for address in range(start, last_of(start, length) + 1)]


def nth_address(value: object, index: object) -> object:
    def addresses(item: object) -> object:
        start, length = prefix_numbers(item, "value")
        return each(index, lambda place: written(nth_address_number(start, length, whole_number(place, "index"))))

    return each(value, addresses)


def nth_subnet(value: object, length: object, index: object = 0) -> object:
    size = whole_number(length, "length")

    def parts(item: object) -> object:
        start, whole = prefix_numbers(item, "value")
        return each(
            index,
            lambda place: written_prefix(nth_subnet_number(start, whole, size, whole_number(place, "index")), size),
        )

    return each(value, parts)


def sparse_subnet(value: object, length: object, index: object = 0) -> object:
    size = whole_number(length, "length")

    def parts(item: object) -> object:
        start, whole = prefix_numbers(item, "value")
        return each(
            index, lambda place: written_prefix(sparse_start(start, whole, size, whole_number(place, "index")), size)
        )

    return each(value, parts)


def compose_suffix(value: object, suffix: object) -> object:
    def addresses(item: object) -> object:
        start, length = prefix_numbers(item, "value")
        return each(suffix, lambda one: written(composed(start, length, one)))

    return each(value, addresses)


def extract_suffix(value: object, prefix: object = None) -> object:
    start, length = _prefix(prefix)
    return each(value, lambda item: written(_suffix(item, start, length)))


def _prefix(prefix: object) -> tuple[int | None, int | None]:
    """Start and length, as far as they are known."""
    if prefix is None:
        return None, None
    if isinstance(prefix, str) and ":" in prefix:
        return prefix_numbers(prefix)
    length = whole_number(prefix, "prefix")
    if not 0 <= length <= 128:
        raise Refused(
            f"prefix={prefix}", "the length of an IPv6 prefix is a number from 0 to 128", "Correct the length"
        )
    return None, length


def _suffix(item: object, start: int | None, length: int | None) -> int:
    if isinstance(item, str) and "/" in item:
        address, own = interface_numbers(item, "value")
    else:
        address, own = number(item, "value"), None
    size = own if length is None else length
    if size is None:
        raise Refused(f"value={item}", "where its prefix ends is not known", "Give the prefix or its length")
    if start is not None and aligned(address, size) != start:
        raise Refused(
            f"value={item}", f"it does not lie in {written_prefix(start, size)}", "Give the prefix that holds it"
        )
    return address & ((1 << (128 - size)) - 1)


def rebase(value: object, prefix: object, former: object = None) -> object:
    target = prefix_numbers(prefix)
    source = None if former is None else prefix_numbers(former, "former")
    return each(value, lambda item: _rebased(item, target, source))


def _rebased(item: object, target: tuple[int, int], source: tuple[int, int] | None) -> str:
    if not (isinstance(item, str) and "/" in item):
        return written(_moved(item, number(item, "value"), 128, target, source))
    address, length = interface_numbers(item, "value")
    return written_prefix(_moved(item, address, length, target, source), length)


def _moved(item: object, address: int, length: int, target: tuple[int, int], source: tuple[int, int] | None) -> int:
    start, bits = target
    if source is not None and (length < source[1] or aligned(address, source[1]) != source[0]):
        raise Refused(f"value={item}", f"it does not lie in {written_prefix(*source)}", "Give the prefix that holds it")
    if length < bits:
        raise Refused(
            f"value={item}",
            f"it is larger than {written_prefix(*target)}",
            "Give a shorter prefix, or a part of the value",
        )
    rest = address & ((1 << (128 - (bits if source is None else source[1]))) - 1)
    if rest >> (128 - bits):
        raise Refused(
            f"value={item}",
            f"what is behind the former prefix does not fit into {written_prefix(*target)}",
            "Give a shorter prefix",
        )
    return start | rest


def stable_address(
    value: object,
    interface: object,
    secret: object,
    network_id: object = "",
    dad_counter: object = 0,
    any_length: bool = False,
) -> object:
    key = _text(secret, "secret").encode()
    network = _text(network_id, "network_id")
    attempt = whole_number(dad_counter, "dad_counter")

    def addresses(item: object) -> object:
        start, length = prefix_numbers(item, "value")
        if length != SLAAC_PREFIX_LENGTH and not any_length:
            raise Refused(
                f"value={item}",
                "an interface identifier has 64 bits (RFC 4291, section 2.5.1)",
                "Give a /64, or say any_length=true",
            )
        return each(
            interface,
            lambda one: written(
                start | stable_identifier(start, length, _text(one, "interface"), key, network, attempt)
            ),
        )

    return each(value, addresses)


def _text(value: object, name: str) -> str:
    if isinstance(value, str):
        return value
    # The value stays out of the message: it may be the secret.
    raise Refused(name, f"this is text, not {type(value).__name__}", "Quote it")
