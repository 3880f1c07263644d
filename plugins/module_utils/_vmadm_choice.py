# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Which NICs of which zones a task is about: every name must lead somewhere before anything is decided."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_entries import parse_mac
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import Selector, Target, Wish
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone


class Chosen(t.NamedTuple):
    """The NICs of one zone that a task is about, those of VRRP left out."""

    zone: Zone
    wish: Wish
    nics: tuple[Nic, ...]


def choose(zones: t.Sequence[Zone], targets: t.Sequence[Target]) -> list[Chosen]:
    """The named zones with their chosen NICs, in the order of ``targets``.

    :raises Refused: no such zone, one that comes twice, or a choice of NICs that leads nowhere.
    """
    by_name: dict[str, list[Zone]] = {}
    for zone in zones:
        for name in {zone.uuid, zone.alias} - {""}:
            by_name.setdefault(name, []).append(zone)
    seen: dict[str, str] = {}
    result: list[Chosen] = []
    common: list[Chosen] = []
    for target in targets:
        zone = _zone(by_name, target.name)
        if zone.uuid in seen:
            raise Refused(f"zones={target.name}", f"{zone} is there already, as {seen[zone.uuid]}", "Name it once")
        seen[zone.uuid] = target.name
        chosen = _chosen(zone, target.wish)
        if not chosen.nics:
            _refuse_nothing(chosen)
        if target.own:
            _check_selectors([chosen])
        else:
            common.append(chosen)
        result.append(chosen)
    _check_selectors(common)
    return result


def choose_all(zones: t.Sequence[Zone], wish: Wish) -> list[Chosen]:
    """All zones that have a chosen NIC.

    :raises Refused: none has.
    """
    every = [_chosen(zone, wish) for zone in zones]
    _check_selectors(every)
    return [chosen for chosen in every if chosen.nics]


def _zone(by_name: t.Mapping[str, list[Zone]], name: str) -> Zone:
    # vmadm writes uuids in lower case, and nobody gives an alias that looks like one.
    found = by_name.get(name) or by_name.get(name.lower() if len(name) == 36 else name) or []
    if not found:
        raise Refused(f"zones={name}", "no zone of this host has this uuid or alias", "See vmadm list")
    if len(found) > 1:
        uuids = ", ".join(sorted(zone.uuid for zone in found))
        raise Refused(f"zones={name}", f"{len(found)} zones have this alias", f"Give one of the uuids {uuids}")
    return found[0]


def _chosen(zone: Zone, wish: Wish) -> Chosen:
    nics = [nic for nic in zone.nics if not wish.nics or any(selector.takes(nic) for selector in wish.nics)]
    # A VRRP vnic is created for IPv4 alone (illumos-joyent, statechange).
    return Chosen(zone, wish, tuple(nic for nic in nics if not nic.vrrp))


def _refuse_nothing(chosen: Chosen) -> t.NoReturn:
    for selector in chosen.wish.nics:
        _refuse_spelling(selector, [chosen])
    zone, wish = chosen.zone, chosen.wish
    if not wish.nics:
        raise Refused(str(zone), "it has no NIC that takes IPv6 (those of VRRP take none)", "Leave the zone out")
    wanted = " or ".join(f"({selector})" if len(wish.nics) > 1 else str(selector) for selector in wish.nics)
    raise Refused(f"{zone}: nics: {wanted}", f"{_told(zone)}", "Choose one that is there and not of VRRP")


def _told(zone: Zone) -> str:
    nics = ", ".join(
        f"{nic.interface} ({nic.mac}, nic_tag {nic.nic_tag}"
        + (f", vlan_id {nic.vlan_id}" if nic.vlan_id else "")
        + (", primary" if nic.primary else "")
        + (", VRRP" if nic.vrrp else "")
        + ")"
        for nic in zone.nics
    )
    return f"the zone has {nics or 'no NIC'}"


def _check_selectors(group: t.Sequence[Chosen]) -> None:
    """Each selector of zones that share their wish takes at least one NIC of one of them."""
    if not group:
        return
    for selector in dict.fromkeys(selector for chosen in group for selector in chosen.wish.nics):
        if any(selector.takes(nic) for chosen in group for nic in chosen.nics):
            continue
        _refuse_spelling(selector, group)
        if len(group) == 1:
            raise Refused(f"{group[0].zone}: nics: {selector}", _told(group[0].zone), "Choose one that is there")
        raise Refused(f"nics: {selector}", f"none of the {len(group)} zones has such a NIC", "See vmadm get")


def _refuse_spelling(selector: Selector, group: t.Iterable[Chosen]) -> None:
    """vmadm finds a NIC by its MAC address letter for letter, so what is written here must not differ either."""
    if selector.mac is None:
        return
    number = parse_mac(selector.mac)
    for chosen in group:
        for nic in chosen.zone.nics:
            if nic.mac != selector.mac and number is not None and parse_mac(nic.mac) == number:
                raise Refused(
                    f"nics: mac={selector.mac}",
                    f"vmadm compares MAC addresses letter for letter, and writes the one of {chosen.zone}, "
                    f"{nic.interface} as {nic.mac}",
                    f"Write {nic.mac}",
                )
