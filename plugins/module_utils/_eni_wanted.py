# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What is wanted of an interface: the module's options, checked as far as that needs no API."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_address, parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._eni_limits import (
    LONGEST_BLOCK,
    PREFIX_LENGTH,
    SHORTEST_BLOCK,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

AUTO, BLOCK, PREFIX = "auto", "block", "prefix"


@dataclass(frozen=True)
class Wanted:
    """None means that an option was not given and what is there stays.

    ``length`` is the block's prefix length, ``reservations`` are ids or prefixes of CIDR reservations made for us.
    """

    name: str | None = None
    eni_id: str | None = None
    subnet_id: str | None = None
    mode: str = AUTO
    length: int | None = None
    block: ipaddress.IPv6Network | None = None
    primary: ipaddress.IPv6Address | None = None
    enable_primary: bool | None = None
    instance_type: str | None = None
    reservations: tuple[str, ...] = ()
    allow_private: bool = False
    purge_addresses: bool = False
    private_ip_address: str | None = None
    description: str | None = None
    groups: tuple[str, ...] | None = None
    source_dest_check: bool | None = None
    tags: t.Mapping[str, str] | None = None
    purge_tags: bool = True
    instance_id: str | None = None
    device_index: int = 0
    attached: bool | None = None
    force_detach: bool = False
    delete_on_termination: bool | None = None

    @property
    def seed(self) -> str:
        """What the derived values follow from."""
        return self.name or self.eni_id or ""

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags to set, with the one that carries the name."""
        return {**(self.tags or {}), **({} if self.name is None else {"Name": self.name})}

    @classmethod
    def parse(cls, params: t.Mapping[str, t.Any]) -> Wanted:
        """From the options of the module.

        :raises Refused: a value that cannot be, or two that contradict each other.
        """
        length = _length(params["block_prefix_length"])
        block = None if params["block"] is None else _block(params["block"], params["mode"], length)
        primary = (
            None if params["primary_address"] is None else parse_address(params["primary_address"], "primary_address")
        )
        if primary is not None and block is not None and primary in block:
            raise Refused(
                f"primary_address={primary}",
                f"the instance would take this address from the block {block}",
                "Take an address outside of it",
            )
        groups = params["security_groups"]
        return cls(
            params["name"],
            params["eni_id"],
            params["subnet_id"],
            _mode(params["mode"], block, length),
            length if block is None else block.prefixlen,
            block,
            primary,
            params["enable_primary_ipv6"],
            params["instance_type"],
            tuple(_reservation(text) for text in params["reservations"]),
            params["allow_private"],
            params["purge_addresses"],
            _private(params["private_ip_address"]),
            params["description"],
            tuple(groups) if groups else None,
            params["source_dest_check"],
            None if params["tags"] is None else _tags(params["tags"], params["name"]),
            params["purge_tags"],
            params["instance_id"],
            params["device_index"],
            _attached(params),
            params["force_detach"],
            params["delete_on_termination"],
        )


def _length(value: t.Any) -> int | None:
    text = str(value)
    if text == AUTO:
        return None
    if not re.fullmatch("[0-9]{1,3}", text) or not SHORTEST_BLOCK <= int(text) <= LONGEST_BLOCK:
        raise Refused(
            f"block_prefix_length={text}",
            f"a block has 2 to {1 << (128 - SHORTEST_BLOCK)} addresses, since no instance type allows more",
            f"Take {SHORTEST_BLOCK} to {LONGEST_BLOCK}, or auto, or mode=prefix for a /{PREFIX_LENGTH}",
        )
    return int(text)


def _block(text: str, mode: str, length: int | None) -> ipaddress.IPv6Network:
    block = parse_prefix(text, "block")
    if block.prefixlen == PREFIX_LENGTH and mode != BLOCK and length is None:
        return block
    if SHORTEST_BLOCK <= block.prefixlen <= LONGEST_BLOCK and mode != PREFIX and length in (None, block.prefixlen):
        return block
    raise Refused(
        f"block={block}",
        f"this is no block of mode={mode}" + ("" if length is None else f" with block_prefix_length={length}"),
        f"A delegated prefix is a /{PREFIX_LENGTH}, a block of addresses a /{SHORTEST_BLOCK} to /{LONGEST_BLOCK}",
    )


def _mode(mode: str, block: ipaddress.IPv6Network | None, length: int | None) -> str:
    if block is not None:
        return PREFIX if block.prefixlen == PREFIX_LENGTH else BLOCK
    if mode == PREFIX and length is not None:
        raise Refused(
            f"block_prefix_length={length}", f"a delegated prefix is always a /{PREFIX_LENGTH}", "Leave it out"
        )
    return BLOCK if mode == AUTO and length is not None else mode


def _reservation(text: str) -> str:
    return text if text.startswith("scr-") else str(parse_prefix(text, "reservations"))


def _private(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError as error:
        raise Refused(f"private_ip_address={text}", "this is no IPv4 address", "Correct the spelling") from error


def _tags(tags: t.Mapping[str, t.Any], name: str | None) -> dict[str, str]:
    result = {str(key): str(value) for key, value in tags.items()}
    for key in result:
        if key.lower().startswith("aws:"):
            raise Refused(f"tags: {key}", "AWS keeps keys that begin with aws: for itself", "Take another key")
    if name is not None and result.get("Name", name) != name:
        raise Refused(f"tags: Name={result['Name']}", f"the ENI is found by name={name}", "Leave the tag out")
    return result


def _attached(params: t.Mapping[str, t.Any]) -> bool | None:
    attached = params["attached"]
    if attached and not params["instance_id"]:
        raise Refused("attached=true", "it does not say to what", "Give instance_id")
    return None if attached is None else bool(attached)
