# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The IPv6 addresses that a VM's guest has, against those that were asked for.

vCenter knows a guest's addresses from VMware Tools alone (``guest.net``, a list of ``GuestNicInfo``).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    SLAAC_PREFIX_LENGTH,
    last_of,
    number,
    prefix_numbers,
    written,
    written_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._identifiers import eui64_identifier, mac_number
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# A prefix of /64 has as many identifiers.
_IDENTIFIER = (1 << SLAAC_PREFIX_LENGTH) - 1
# No address that another host could reach: RFC 4291, sections 2.5.2, 2.5.3, 2.5.6 and 2.7.
_NOT_GLOBAL = tuple(prefix_numbers(text) for text in ("::/127", "fe80::/10", "ff00::/8"))
# NetIpConfigInfoIpAddressStatus of the vSphere API: these cannot be used, or not yet (RFC 4862, section 5.4).
_UNUSABLE = {
    "duplicate": "somebody else on the link has it",
    "tentative": "the guest still looks whether somebody else has it",
    "invalid": "its lifetime is over",
    "inaccessible": "its interface is down",
}


@dataclass(frozen=True)
class GuestAddress:
    """An address that a guest has.

    :arg length: the prefix length, None where VMware Tools do not say.
    :arg state: ``preferred``, ``duplicate`` and so on, None where they do not say.
    :arg origin: ``manual``, ``linklayer`` and so on, None where they do not say.
    """

    number: int
    length: int | None = None
    state: str | None = None
    origin: str | None = None


@dataclass(frozen=True)
class Nic:
    """An interface of a guest.

    :arg network: the network of the VM's NIC, None for an interface that the guest has made itself.
    """

    mac: str | None
    network: str | None
    connected: bool
    addresses: tuple[GuestAddress, ...]


@dataclass(frozen=True)
class Guest:
    """What vCenter says of a guest.

    :arg power: ``poweredOn``, ``poweredOff`` or ``suspended``.
    :arg tools: ``guestToolsRunning``, ``guestToolsNotRunning`` or ``guestToolsExecutingScripts``.
    """

    power: str
    tools: str | None
    nics: tuple[Nic, ...]

    def as_dict(self) -> dict[str, t.Any]:
        return {"power": self.power, "tools": self.tools}


@dataclass(frozen=True)
class Wanted:
    """What was asked for.

    :arg anywhere: addresses that the VM must have on any interface.
    :arg networks: addresses that it must have on the interface in a network.
    :arg advertised: the prefixes that routers advertise as start and length; empty when nobody has said.
    """

    anywhere: tuple[int, ...]
    networks: t.Mapping[str, tuple[int, ...]]
    advertised: tuple[tuple[int, int], ...]

    @property
    def all(self) -> frozenset[int]:
        return frozenset((*self.anywhere, *(one for some in self.networks.values() for one in some)))


@dataclass(frozen=True)
class Verdict:
    """What came of comparing.

    :arg problems: clauses about what is not as it was asked, empty when all is.
    :arg addresses: each global address with its ``kind``: ``asked``, ``slaac`` or ``other``.
    """

    problems: tuple[str, ...]
    missing: tuple[str, ...]
    addresses: tuple[dict[str, t.Any], ...]

    def of_kind(self, kind: str) -> list[dict[str, t.Any]]:
        return [one for one in self.addresses if one["kind"] == kind]

    def pointed_out(self) -> list[str]:
        """A sentence for each address that nobody asked for."""
        sentences = []
        for one in self.of_kind("slaac"):
            sentences.append(
                f"{one['address']} is an address that the guest has made itself from the MAC {one['mac']} and a "
                "router's advertisement; nobody asked for it. Stop the advertisement of the prefix, or let the guest "
                "not accept it, unless it is welcome."
            )
        for one in self.of_kind("other"):
            sentences.append(f"{one['address']} on {_place(one['network'])} is an address that nobody asked for.")
        return sentences


def wanted(anywhere: t.Sequence[object], networks: t.Sequence[t.Mapping[str, t.Any]], advertised: object) -> Wanted:
    """What was asked for, in any spelling.

    :arg networks: mappings with ``name`` and ``addresses``.
    :raises Refused: no address, one that is not global, a network twice, or an advertised prefix that is no /64.
    """
    by_name: dict[str, tuple[int, ...]] = {}
    for one in networks:
        if one["name"] in by_name:
            raise Refused(f"networks: {one['name']}", "this network comes twice", "Put its addresses into one entry")
        by_name[one["name"]] = tuple(_global(text, f"networks: {one['name']}: addresses") for text in one["addresses"])
    prefixes = []
    for text in t.cast("t.Sequence[object]", advertised):
        start, length = prefix_numbers(text, "advertised_prefixes")
        if length != SLAAC_PREFIX_LENGTH:
            rule = "a guest makes addresses only from an advertised /64 (RFC 4862, section 5.5.3)"
            raise Refused(f"advertised_prefixes={text}", rule, "Give the /64 that the router advertises")
        prefixes.append((start, length))
    return Wanted(tuple(_global(text, "addresses") for text in anywhere), by_name, tuple(prefixes))


def _global(text: object, name: str) -> int:
    value = number(text, name)
    if not is_global(value):
        rule = "this address means nothing beyond a host or a link, so it is not looked at"
        raise Refused(f"{name}={text}", rule, "Give a global or a unique local address")
    return value


def is_global(value: int) -> bool:
    """Whether it is a unicast address beyond the link, unique local ones included (RFC 4193, section 1)."""
    return not any(start <= value <= last_of(start, length) for start, length in _NOT_GLOBAL)


def kind_of(value: int, mac: str | None, asked: Wanted) -> str:
    """``asked``; ``slaac`` for the EUI-64 of the interface's MAC in an advertised prefix; else ``other``.

    While nobody has said which prefixes are advertised, the identifier alone tells: no other way leads to it by chance.
    """
    if value in asked.all:
        return "asked"
    if asked.advertised and not any(start <= value <= last_of(start, length) for start, length in asked.advertised):
        return "other"
    octets = mac_number(mac) if mac is not None else None
    try:
        own = None if octets is None else eui64_identifier(octets)
    except Refused:
        return "other"
    return "slaac" if own == value & _IDENTIFIER else "other"


def judge(guest: Guest, asked: Wanted) -> Verdict:
    """Compare what the guest has with what was asked for, by value."""
    rows: list[dict[str, t.Any]] = []
    homes: dict[int, list[tuple[Nic, GuestAddress]]] = {}
    for nic in guest.nics:
        for one in nic.addresses:
            if is_global(one.number):
                homes.setdefault(one.number, []).append((nic, one))
                rows.append(_row(nic, one, asked))
    problems: list[str] = []
    missing: list[int] = []
    places: list[tuple[int, str | None]] = [(value, None) for value in asked.anywhere]
    places += [(value, network) for network, values in asked.networks.items() for value in values]
    for value, network in places:
        problem = _problem(value, network, homes.get(value, []))
        if problem is not None:
            problems.append(problem)
            missing.append(value)
    if problems:
        problems = [*_why_silent(guest), *_no_nic(guest, asked), *problems]
    # A second interface with the same address is no second address that is missing.
    names = tuple(written(value) for value in dict.fromkeys(missing))
    return Verdict(tuple(dict.fromkeys(problems)), names, tuple(rows))


def _row(nic: Nic, one: GuestAddress, asked: Wanted) -> dict[str, t.Any]:
    kind = kind_of(one.number, nic.mac, asked)
    start = one.number >> SLAAC_PREFIX_LENGTH << SLAAC_PREFIX_LENGTH
    return {
        "address": written(one.number),
        "kind": kind,
        "prefix": written_prefix(start, SLAAC_PREFIX_LENGTH) if kind == "slaac" else None,
        "prefix_length": one.length,
        "state": one.state,
        "origin": one.origin,
        "mac": nic.mac,
        "network": nic.network,
    }


def _problem(value: int, network: str | None, homes: t.Sequence[tuple[Nic, GuestAddress]]) -> str | None:
    text = written(value)
    if not homes:
        return f"it does not have {text}"
    right = [home for home in homes if network is None or home[0].network == network]
    if not right:
        return f"it has {text} on {_place(homes[0][0].network)}, not on {_place(network)}"
    if any(one.state not in _UNUSABLE and nic.connected for nic, one in right):
        return None
    nic, one = right[0]
    if one.state in _UNUSABLE:
        return f"it cannot use {text} ({one.state}): {_UNUSABLE[str(one.state)]}"
    return f"it has {text} on a NIC that is not connected"


def _place(network: str | None) -> str:
    return "an interface of its own" if network is None else f"the network {network}"


def _why_silent(guest: Guest) -> list[str]:
    """Why vCenter may know no addresses."""
    if guest.power != "poweredOn":
        return [f"it is not running ({guest.power})"]
    if guest.tools not in ("guestToolsRunning", "guestToolsExecutingScripts"):
        state = guest.tools or "nothing is known of them"
        return [f"VMware Tools do not run in it ({state}), and vCenter knows addresses from them alone"]
    if not any(nic.addresses for nic in guest.nics):
        return ["its VMware Tools have told no address yet"]
    return []


def _no_nic(guest: Guest, asked: Wanted) -> list[str]:
    """The networks that the guest has no interface in, once it has told of any."""
    there = {nic.network for nic in guest.nics if nic.network is not None}
    return [
        f"it has no NIC in the network {name}, only in {', '.join(sorted(there))}"
        for name in asked.networks
        if there and name not in there
    ]
