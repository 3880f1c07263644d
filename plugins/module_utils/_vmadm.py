# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The plan for a SmartOS host: one update for each zone whose lists are to change, and nothing for the others."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _vmadm_rules as rules
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_choice import Chosen
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_entries import (
    LINK_LOCAL_PREFIX,
    Entry,
    merge,
    parse_entry,
    same_list,
    static_addresses,
)
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import entries
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone

# How many NICs a warning names.
_NAMED = 5


class Decision(t.NamedTuple):
    """What is to become of one NIC: asked for, its list and ``allow_ip_spoofing`` afterwards."""

    zone: Zone
    nic: Nic
    asked: tuple[Entry, ...]
    allowed: tuple[str, ...]
    spoofing: bool

    @property
    def changed(self) -> bool:
        return self.allowed != self.nic.allowed_ips or self.spoofing != self.nic.spoofing

    def payload(self) -> dict[str, t.Any]:
        """The NIC as ``update_nics`` takes it: what is not named there stays."""
        return self._update(list(self.allowed), self.spoofing)

    def undo(self) -> dict[str, t.Any]:
        """The NIC as it was, in the same form."""
        return self._update(rules.former(self.zone, self.nic), self.nic.spoofing)

    def _update(self, allowed: list[str], spoofing: bool) -> dict[str, t.Any]:
        update: dict[str, t.Any] = {"mac": self.nic.mac}
        if self.allowed or self.nic.allowed_ips:
            update["allowed_ips"] = allowed
        if self.spoofing != self.nic.spoofing:
            update["allow_ip_spoofing"] = spoofing
        return update


def decide(chosen: t.Iterable[Chosen], state: str, disable_spoofing: bool) -> list[Decision]:
    """What is to become of each chosen NIC, everything checked.

    :raises Refused: a list that vmadm or the kernel would not take, or that does harm on this platform.
    """
    decisions = []
    for zone, wish, nics in chosen:
        if wish.empty and state != "exact":
            raise Refused(
                f"{zone}: state={state}", "there is nothing to permit or withdraw", "Give prefixes or addresses"
            )
        for nic in nics:
            wanted = entries(wish, nic, rules.place(zone, nic))
            decisions.append(_decision(zone, nic, wanted, state, disable_spoofing))
    return decisions


def _decision(zone: Zone, nic: Nic, wanted: list[Entry], state: str, disable_spoofing: bool) -> Decision:
    merged = merge(nic.allowed_ips, nic.ips, wanted, state)
    decision = Decision(
        zone,
        nic,
        tuple(wanted),
        tuple(rules.not_empty(zone, nic, merged)),
        nic.spoofing and not (disable_spoofing and state != "absent"),
    )
    if not decision.changed:
        return decision
    refusal = rules.problem(zone, nic, decision.allowed)
    # A list that spoofing made useless does its harm when spoofing goes.
    if refusal is None and decision.allowed and (not nic.allowed_ips or decision.spoofing != nic.spoofing):
        refusal = rules.gate(zone, nic)
    if refusal is not None:
        raise refusal
    return decision


def plan(decisions: t.Sequence[Decision], state: str) -> Plan:
    """One change of the action ``update`` for each zone.

    Its data are ``zone`` (uuid), ``brand``, and the payloads ``payload`` and ``undo``. ``before`` and ``after`` have
    the NICs that change, by zone and MAC address.
    """
    changes = []
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    warnings: list[str] = []
    for uuid, group in _by_zone(decisions).items():
        changing = [decision for decision in group if decision.changed]
        for decision in group:
            warnings += _warnings(decision, state)
        if not changing:
            continue
        zone = changing[0].zone
        changes.append(
            Change(
                f"In {zone}, {'; '.join(_sentence(decision) for decision in changing)}",
                "update",
                {
                    "zone": uuid,
                    "brand": zone.brand,
                    "payload": {"update_nics": [decision.payload() for decision in changing]},
                    "undo": {"update_nics": [decision.undo() for decision in changing]},
                },
            )
        )
        before[uuid] = {one.nic.mac: _shown(one.nic, one.nic.allowed_ips, one.nic.spoofing) for one in changing}
        after[uuid] = {one.nic.mac: _shown(one.nic, one.allowed, one.spoofing) for one in changing}
    return Plan(tuple(changes), before, after, tuple(warnings))


def holds(zone: Zone, payload: t.Mapping[str, t.Any]) -> bool:
    """Whether the zone, read back, has what the payload says, by value."""
    nics = {nic.mac: nic for nic in zone.nics}
    for update in payload["update_nics"]:
        nic = nics.get(update["mac"])
        if nic is None or not same_list(nic.allowed_ips, update.get("allowed_ips", nic.allowed_ips)):
            return False
        if nic.spoofing != update.get("allow_ip_spoofing", nic.spoofing):
            return False
    return True


def described(zone: Zone, payload: t.Mapping[str, t.Any]) -> str:
    """What the NICs of a payload have, for a message."""
    macs = {update["mac"] for update in payload["update_nics"]}
    return "; ".join(
        f"{', '.join(nic.allowed_ips) or 'no list'} on {nic.interface}"
        + (" with allow_ip_spoofing" if nic.spoofing else "")
        for nic in zone.nics
        if nic.mac in macs
    )


def samples(changes: t.Iterable[Change]) -> dict[str, dict[str, t.Any]]:
    """For each brand a payload with every property that is going to be sent to a zone of this brand.

    ``vmadm update`` drops a property that the platform does not know and reports success. ``vmadm validate`` says so,
    and it asks for a brand and not for a zone.
    """
    found: dict[str, dict[str, t.Any]] = {}
    for change in changes:
        for nic in change.data["payload"]["update_nics"]:
            brand = change.data["brand"]
            if brand not in found or len(nic) > len(found[brand]["update_nics"][0]):
                found[brand] = {"update_nics": [nic]}
    return found


def duplicates(zones: t.Iterable[Zone], decisions: t.Iterable[Decision]) -> list[dict[str, t.Any]]:
    """IPv6 addresses and prefixes that several NICs on the same link share, once the plan is carried out.

    A link is a ``nic_tag`` with its ``vlan_id``. A prefix is shared by the NICs that are permitted it and those that
    have an address or a longer prefix within it. All of the link-local addresses may be permitted to any number of
    NICs, since that is the only way to permit an opaque one.
    """
    planned = {(decision.zone.uuid, decision.nic.mac): decision.allowed for decision in decisions}
    links: dict[tuple[str, int], list[tuple[Zone, Nic, list[Entry]]]] = {}
    for zone in zones:
        for nic in zone.nics:
            if not nic.vrrp:
                allowed = planned.get((zone.uuid, nic.mac), nic.allowed_ips)
                links.setdefault((nic.nic_tag, nic.vlan_id), []).append((zone, nic, _six(nic, allowed)))
    return [
        {
            "address": str(entry),
            "nic_tag": tag,
            "vlan_id": vlan,
            "nics": [{"zone": zone.uuid, "alias": zone.alias, "interface": nic.interface} for zone, nic in holders],
        }
        for (tag, vlan), nics in sorted(links.items(), key=lambda item: item[0])
        for entry, holders in _shared(nics)
    ]


def _six(nic: Nic, allowed: t.Iterable[str]) -> list[Entry]:
    """The IPv6 entries of a NIC, prefixes without host bits, and without the whole of the link-local addresses."""
    found = [*static_addresses(nic.ips), *(parse_entry(text) for text in allowed)]
    return [
        entry.within(entry.length)
        for entry in found
        if entry is not None and entry.version == 6 and (entry.single or not LINK_LOCAL_PREFIX.covers(entry))
    ]


def _shared(nics: t.Sequence[tuple[Zone, Nic, list[Entry]]]) -> list[tuple[Entry, list[tuple[Zone, Nic]]]]:
    # A dictionary of NICs by uuid and MAC address keeps each once, in order.
    holders: dict[Entry, dict[tuple[str, str], tuple[Zone, Nic]]] = {}
    for zone, nic, found in nics:
        for entry in found:
            holders.setdefault(entry, {})[zone.uuid, nic.mac] = (zone, nic)
    # An address is looked up once for each length that there is, and not in each prefix.
    lengths = {entry.length for entry in holders if not entry.single}
    for zone, nic, found in nics:
        for entry in found:
            for length in lengths:
                wider = holders.get(entry.within(length)) if length < entry.length else None
                if wider is not None:
                    wider[zone.uuid, nic.mac] = (zone, nic)
    return sorted((entry, list(own.values())) for entry, own in holders.items() if len(own) > 1)


def duplicate_warnings(found: t.Iterable[t.Mapping[str, t.Any]], concerned: t.Container[tuple[str, str]]) -> list[str]:
    """A sentence for each duplicate that concerns one of these NICs, given as (uuid, interface)."""
    return [
        f"{one['address']} is shared by {len(one['nics'])} NICs on {one['nic_tag']}"
        + (f" (VLAN {one['vlan_id']})" if one["vlan_id"] else "")
        + ": "
        + ", ".join(f"{nic['alias'] or nic['zone']} {nic['interface']}" for nic in one["nics"][:_NAMED])
        + (f" and {len(one['nics']) - _NAMED} more" if len(one["nics"]) > _NAMED else "")
        + "."
        for one in found
        if any((nic["zone"], nic["interface"]) in concerned for nic in one["nics"])
    ]


def _by_zone(decisions: t.Iterable[Decision]) -> dict[str, list[Decision]]:
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        groups.setdefault(decision.zone.uuid, []).append(decision)
    return groups


def _warnings(decision: Decision, state: str) -> t.Iterator[str]:
    if not decision.changed:
        refusal = rules.problem(decision.zone, decision.nic, decision.allowed)
        if refusal is not None:
            yield str(refusal)
    if state != "absent" and decision.allowed:
        yield from rules.warnings(decision.zone, decision.nic, decision.spoofing)


def _sentence(decision: Decision) -> str:
    nic = decision.nic
    added = [text for text in decision.allowed if text not in nic.allowed_ips]
    removed = [text for text in nic.allowed_ips if text not in decision.allowed]
    parts = []
    if added:
        parts.append(f"permit {', '.join(added)}")
    if removed:
        parts.append(f"withdraw {', '.join(removed)}")
    if decision.spoofing != nic.spoofing:
        parts.append("turn IP spoofing off")
    if not parts:
        parts.append("drop what is repeated")
    return f"{nic.interface}: {', '.join(parts)}"


def _shown(nic: Nic, allowed: t.Iterable[str], spoofing: bool) -> dict[str, t.Any]:
    return {"interface": nic.interface, "allowed_ips": list(allowed), "allow_ip_spoofing": spoofing}
