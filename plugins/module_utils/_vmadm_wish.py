# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What is to be permitted, on which NICs: options as they come from a playbook, checked and put in order."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    SLAAC_PREFIX_LENGTH,
    compose,
    parse_address,
    parse_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_entries import (
    LINK_LOCAL_PREFIX,
    Entry,
    entry_of,
    eui64,
    link_local,
    parse_mac,
    prefix_entry,
)
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic

# In ``interface_ids``: the identifier that follows from the NIC's MAC address.
EUI64 = "eui64"
# The options that choose NICs, as a module's arguments.
SELECTOR: dict[str, t.Any] = {
    "mac": {"type": "str"},
    "interface": {"type": "str"},
    "nic_tag": {"type": "str"},
    "vlan_id": {"type": "int"},
    "primary": {"type": "bool"},
}
SELECTORS = tuple(SELECTOR)
KEYS = ("nics", "prefixes", "link_local", "addresses", "interface_ids", "whole_prefix")
_MULTICAST = ipaddress.IPv6Network("ff00::/8")
_LINK_LOCAL = ipaddress.IPv6Network("fe80::/10")
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


class Selector(t.NamedTuple):
    """NICs to which all that is given applies; None is anything."""

    mac: str | None = None
    interface: str | None = None
    nic_tag: str | None = None
    vlan_id: int | None = None
    primary: bool | None = None

    def takes(self, nic: Nic) -> bool:
        return all(wanted is None or wanted == getattr(nic, key) for key, wanted in zip(SELECTORS, self))

    def __str__(self) -> str:
        return ", ".join(f"{key}={wanted}" for key, wanted in zip(SELECTORS, self) if wanted is not None)


class Wish(t.NamedTuple):
    """What is to be permitted. ``identifiers`` has the interface identifiers as numbers, None for the EUI-64 one."""

    nics: tuple[Selector, ...] = ()
    prefixes: tuple[ipaddress.IPv6Network, ...] = ()
    link_local: bool = True
    addresses: tuple[Entry, ...] = ()
    identifiers: tuple[int | None, ...] = (None,)
    whole_prefix: bool = False

    @property
    def empty(self) -> bool:
        return not (self.prefixes or self.link_local or self.addresses)


class Target(t.NamedTuple):
    """A zone by its uuid or alias, and what is wished for it; ``own`` if it has its own choice of NICs."""

    name: str
    wish: Wish
    own: bool


def read_wish(options: t.Mapping[str, t.Any], who: str = "") -> Wish:
    """The options of :data:`KEYS`; those that are missing or None have their defaults.

    :arg who: what a message begins with.
    :raises Refused: a value that cannot be, or values that speak against each other.
    """
    whole = _boolean(options, "whole_prefix", False, who)
    ids = _list(options, "interface_ids", who)
    prefixes = tuple(_prefix(text, f"{who}prefixes") for text in _list(options, "prefixes", who) or ())
    identifiers = (None,) if ids is None else tuple(_identifier(text, f"{who}interface_ids") for text in ids)
    if ids == []:
        raise Refused(f"{who}interface_ids=[]", "without any id nothing can be permitted", "Leave it out for eui64")
    if whole and ids is not None:
        raise Refused(f"{who}whole_prefix=true", "it permits each interface id anyway", "Leave interface_ids out")
    if whole and not prefixes:
        raise Refused(f"{who}whole_prefix=true", "there is no prefix to permit", "Give prefixes")
    if not whole:
        for prefix in prefixes:
            _check_length(prefix, identifiers, who)
    return Wish(
        nics=tuple(_selector(entry, who) for entry in _list(options, "nics", who) or ()),
        prefixes=prefixes,
        link_local=_boolean(options, "link_local", True, who),
        addresses=tuple(_permitted(text, f"{who}addresses") for text in _list(options, "addresses", who) or ()),
        identifiers=identifiers,
        whole_prefix=whole,
    )


def read_targets(options: t.Mapping[str, t.Any], zones: t.Iterable[object]) -> list[Target]:
    """The zones of a task, each with its wish: the task's options, and over them the zone's own.

    :raises Refused: as for :func:`read_wish`, a key that a zone cannot have, or no zone's name.
    """
    common = read_wish(options)
    targets = []
    for entry in zones:
        if isinstance(entry, str):
            targets.append(Target(entry, common, own=False))
            continue
        name = entry.get("zone") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(name, str) or not name:
            raise Refused(
                f"zones: {entry!r}", "a zone is named by its uuid or alias, or by a dictionary with zone", "Name it"
            )
        unknown = sorted(str(key) for key in set(entry) - {"zone", *KEYS})
        if unknown:
            raise Refused(
                f"zones: {name}: {unknown[0]}={entry[unknown[0]]}", f"a zone has {', '.join(KEYS)}", "Take it out"
            )
        own = {key: value for key, value in entry.items() if value is not None}
        wish = read_wish({**options, **own}, f"zones: {name}: ")
        targets.append(Target(name, wish, own="nics" in own))
    return targets


def entries(wish: Wish, nic: Nic, where: str) -> list[Entry]:
    """What is to be permitted on one NIC, in order and without repetition: link-local, by prefix, by address.

    :raises Refused: the EUI-64 identifier is needed, and vmadm's MAC address is none.
    """
    found: list[Entry] = []
    if wish.whole_prefix:
        found += [LINK_LOCAL_PREFIX] if wish.link_local else []
        found += [prefix_entry(prefix) for prefix in wish.prefixes]
    elif wish.link_local or wish.prefixes:
        identifiers = [_own_identifier(nic, where) if number is None else number for number in wish.identifiers]
        found += [link_local(number) for number in identifiers] if wish.link_local else []
        found += [
            Entry(6, int(prefix.network_address) | number, 128) for prefix in wish.prefixes for number in identifiers
        ]
    return list(dict.fromkeys([*found, *wish.addresses]))


def _own_identifier(nic: Nic, where: str) -> int:
    mac = parse_mac(nic.mac)
    if mac is None:
        raise Refused(f"{where}: mac={nic.mac}", "no identifier follows from it", "Give interface_ids")
    return eui64(mac)


def _check_length(prefix: ipaddress.IPv6Network, identifiers: t.Iterable[int | None], who: str) -> None:
    for number in identifiers:
        if number is not None:
            compose(prefix, str(ipaddress.IPv6Address(number)), f"{who}interface_ids")
        elif prefix.prefixlen != SLAAC_PREFIX_LENGTH:
            raise Refused(
                f"{who}prefixes={prefix}",
                f"SLAAC needs a /{SLAAC_PREFIX_LENGTH} (RFC 4862, section 5.5.3)",
                f"Give a /{SLAAC_PREFIX_LENGTH}, or interface_ids without {EUI64}, or addresses",
            )


def _prefix(text: object, name: str) -> ipaddress.IPv6Network:
    prefix = parse_prefix(text, name)
    if prefix.overlaps(_LINK_LOCAL) and prefix.prefixlen >= _LINK_LOCAL.prefixlen:
        raise Refused(f"{name}={text}", "link-local addresses have an option of their own", "Use link_local")
    _check_unicast(prefix, f"{name}={text}")
    return prefix


def _permitted(text: object, name: str) -> Entry:
    """An address, or a prefix in CIDR form."""
    if isinstance(text, str) and "/" in text:
        prefix = parse_prefix(text, name)
        _check_unicast(prefix, f"{name}={text}")
        return prefix_entry(prefix)
    address = parse_address(text, name)
    _check_unicast(ipaddress.IPv6Network(int(address)), f"{name}={text}")
    return entry_of(address)


def _check_unicast(prefix: ipaddress.IPv6Network, what: str) -> None:
    if not prefix.prefixlen:
        raise Refused(what, "the kernel takes no entry of length 0", "Give a prefix that is yours")
    if prefix.overlaps(_MULTICAST):
        raise Refused(what, "nobody sends from a multicast address", "Give a unicast address or prefix")
    if prefix.overlaps(_MAPPED) or int(prefix.network_address) >> 1 == 0:
        raise Refused(what, "such an address is never seen on a link", "Give a unicast address or prefix")


def _identifier(text: object, name: str) -> int | None:
    if text == EUI64:
        return None
    number = int(parse_address(text, name))
    if number >> 64 or not number:
        raise Refused(f"{name}={text}", "an interface id has 64 bits, and not all of them are zero", "Write it as ::20")
    return number


def _selector(entry: object, who: str) -> Selector:
    if not isinstance(entry, dict):
        raise Refused(f"{who}nics: {entry!r}", "NICs are chosen by a dictionary", f"Give {', '.join(SELECTORS)}")
    given = {key: value for key, value in entry.items() if value is not None}
    unknown = sorted(str(key) for key in set(given) - set(SELECTORS))
    if unknown or not given:
        raise Refused(f"{who}nics: {entry}", f"NICs are chosen by {', '.join(SELECTORS)}", "Give one or more of these")
    kinds: dict[str, type] = {"vlan_id": int, "primary": bool}
    for key, value in given.items():
        kind = kinds.get(key, str)
        # True is a number in Python, and no VLAN.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Refused(f"{who}nics: {key}={value!r}", f"this is no {kind.__name__}", "Correct it")
    if "mac" in given and parse_mac(given["mac"]) is None:
        raise Refused(
            f"{who}nics: mac={given['mac']}", "no NIC can have this MAC address", "Write it as 72:9c:d5:34:47:59"
        )
    return Selector(**given)


def _list(options: t.Mapping[str, t.Any], key: str, who: str) -> list[t.Any] | None:
    value = options.get(key)
    if value is None:
        return None
    if not isinstance(value, list):
        raise Refused(f"{who}{key}={value!r}", "this is a list", "Put it in brackets")
    return value


def _boolean(options: t.Mapping[str, t.Any], key: str, default: bool, who: str) -> bool:
    value = options.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise Refused(f"{who}{key}={value!r}", "this is true or false", "Give a boolean, without quotes")
    return value
