# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What a subnet needs before Docker hosts get interfaces in it: a security group, and space that is kept for blocks."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._ec2_account import ROLE, TAG, name_of, ours
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import Raw
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused

PROTOCOLS = ("tcp", "udp", "icmpv6")
# EC2 spells ICMPv6 by its name or by its number (IpPermission in the Amazon EC2 API Reference).
_ICMPV6 = ("icmpv6", "58")
_ANY = "-1"
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?$")
DESCRIPTION = "Docker hosts whose containers have IPv6 addresses"


@dataclass(frozen=True)
class Rule:
    """What a security group lets in: ports, -1 for all of ICMPv6, from a prefix or from "self"."""

    protocol: str
    first: int
    last: int
    source: str

    @property
    def sentence(self) -> str:
        what = self.protocol if self.first < 0 else f"{self.protocol} {_span(self.first, self.last)}"
        return f"{what} from {'itself' if self.source == 'self' else self.source}"

    def permission(self, group_id: str) -> dict[str, t.Any]:
        """As an element of IpPermissions."""
        whom: dict[str, t.Any] = (
            {"UserIdGroupPairs": [{"GroupId": group_id}]}
            if self.source == "self"
            else {"Ipv6Ranges": [{"CidrIpv6": self.source}]}
        )
        return {"IpProtocol": self.protocol, "FromPort": self.first, "ToPort": self.last, **whom}


@dataclass(frozen=True)
class Wanted:
    """``subnet`` is an id, the value of its tag Name, or its IPv6 range; without a ``group`` none is made."""

    subnet: str
    group: str = ""
    rules: tuple[Rule, ...] = ()
    reservations: tuple[ipaddress.IPv6Network, ...] = ()
    tags: t.Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, params: t.Mapping[str, t.Any]) -> Wanted:
        """:raises Refused: a rule or a prefix that is none."""
        group = params["security_group"] or ""
        if group.startswith("sg-"):
            raise Refused(
                f"security_group={group}",
                "EC2 takes no name that looks like an id",
                "Give a name, or leave it out and give the id to the ENI",
            )
        # Without it the instances could not even ping each other, and path MTU discovery would end at the group.
        rules = (Rule("icmpv6", -1, -1, "self"), *(rule_of(one) for one in params["allow"]))
        return cls(
            params["subnet"],
            group,
            tuple(dict.fromkeys(rules)) if group else (),
            tuple(sorted({parse_prefix(text, "reservations") for text in params["reservations"]})),
            {**{str(key): str(value) for key, value in (params["tags"] or {}).items()}, TAG: ROLE},
        )


@dataclass(frozen=True)
class Facts:
    """What there is, as the API gives it; ``group`` is None where there is none, ``holders`` are ENIs in it."""

    subnet: Raw
    group: Raw | None = None
    reservations: tuple[Raw, ...] = ()
    holders: tuple[str, ...] = ()

    @property
    def ranges(self) -> list[ipaddress.IPv6Network]:
        return [
            parse_prefix(one["Ipv6CidrBlock"])
            for one in self.subnet.get("Ipv6CidrBlockAssociationSet", [])
            if one.get("Ipv6CidrBlockState", {}).get("State") == "associated"
        ]


def rule_of(entry: t.Mapping[str, t.Any]) -> Rule:
    """:raises Refused: an unknown protocol, ports that are none, or a source that is no IPv6 prefix."""
    protocol, ports = str(entry["protocol"]), str(entry.get("ports") or "")
    source = str(parse_prefix(entry["source"], "allow.source"))
    if protocol == "icmpv6":
        if ports:
            raise Refused(f"allow: icmpv6, ports={ports}", "ICMPv6 has no ports", "Leave ports out")
        return Rule(protocol, -1, -1, source)
    found = _PORTS.match(ports)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= first <= last <= 65535:
        raise Refused(
            f"allow: {protocol}, ports={ports}",
            "a port or a range of ports from 1 to 65535 is needed",
            'Write it like "443" or "8000-8099"',
        )
    return Rule(protocol, first, last, source)


def subnet_filter(text: str) -> dict[str, list[str]]:
    """The filter of DescribeSubnets that finds the subnet."""
    if re.fullmatch(r"subnet-[0-9a-f]+", text):
        return {"subnet-id": [text]}
    if ":" in text:
        return {"ipv6-cidr-block-association.ipv6-cidr-block": [str(parse_prefix(text, "subnet"))]}
    # In a filter's value, * and ? are wildcards.
    return {"tag:Name": ["".join(f"\\{letter}" if letter in "*?\\" else letter for letter in text)]}


def the_subnet(found: t.Sequence[Raw], text: str) -> Raw:
    """:raises Refused: none, or more than one."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused(f"subnet={text}", "there is no such subnet", "Check the value and the region")
    listed = ", ".join(f"{one['SubnetId']} ({name_of(one)})" for one in found)
    raise Refused(f"subnet={text}", f"this is more than one subnet: {listed}", "Give an id")


def rules_in(group: Raw) -> set[Rule]:
    """All IPv6 rules of a security group, and those from itself, one entry each."""
    found = set()
    for entry in group.get("IpPermissions", []):
        protocol = "icmpv6" if entry["IpProtocol"] in _ICMPV6 else str(entry["IpProtocol"])
        first, last = entry.get("FromPort", -1), entry.get("ToPort", -1)
        for one in entry.get("Ipv6Ranges", []):
            found.add(Rule(protocol, first, last, str(parse_prefix(one["CidrIpv6"]))))
        for one in entry.get("UserIdGroupPairs", []):
            if one.get("GroupId") == group["GroupId"]:
                found.add(Rule(protocol, first, last, "self"))
    return found


def covers(there: Rule, wanted: Rule) -> bool:
    """Whether what one rule lets in includes all that the other one does."""
    if there.protocol not in (wanted.protocol, _ANY):
        return False
    ports = there.protocol == _ANY or there.first < 0 or there.first <= wanted.first <= wanted.last <= there.last
    if "self" in (there.source, wanted.source):
        return ports and there.source == wanted.source
    return ports and bool(parse_prefix(wanted.source).subnet_of(parse_prefix(there.source)))


def plan_present(facts: Facts, wanted: Wanted) -> Plan:
    """The group with its rules, and the reservations. What is there beside them stays.

    :raises Refused: a reservation outside of the subnet, or one that overlaps with another one.
    """
    changes: list[Change] = []
    if wanted.group and facts.group is None:
        changes.append(Change(f"Create the security group {wanted.group}", "create_group", {"name": wanted.group}))
    there = rules_in(facts.group) if facts.group else set()
    missing = [rule for rule in wanted.rules if not any(covers(one, rule) for one in there)]
    changes += [Change(f"Let in {rule.sentence}", "allow", {"rule": rule}) for rule in missing]
    kept = [parse_prefix(one["Cidr"]) for one in facts.reservations]
    new = []
    for prefix in wanted.reservations:
        if not any(prefix.subnet_of(one) for one in facts.ranges):
            listed = ", ".join(map(str, facts.ranges)) or "no IPv6 range"
            raise Refused(f"reservations: {prefix}", f"the subnet has {listed}", "Take a prefix inside of it")
        other = next((one for one in facts.reservations if parse_prefix(one["Cidr"]).overlaps(prefix)), None)
        if other is None:
            new.append(prefix)
        elif parse_prefix(other["Cidr"]) != prefix or other["ReservationType"] != "explicit":
            rule = f"it overlaps with the {other['ReservationType']} reservation {other['Cidr']}"
            raise Refused(f"reservations: {prefix}", rule, "Take another prefix, or delete that one")
    changes += [Change(f"Reserve {prefix} for blocks", "reserve", {"cidr": str(prefix)}) for prefix in new]
    before = _state(bool(facts.group), wanted, there, kept)
    after = _state(bool(wanted.group) or bool(facts.group), wanted, {*there, *missing}, [*kept, *new])
    return Plan(tuple(changes), before, after)


def plan_absent(facts: Facts, wanted: Wanted) -> Plan:
    """Take away what the role made. A group stays while interfaces are in it, and so does a reservation in use."""
    changes: list[Change] = []
    warnings: list[str] = []
    there = rules_in(facts.group) if facts.group else set()
    kept = [parse_prefix(one["Cidr"]) for one in facts.reservations]
    left = bool(facts.group)
    if facts.group and ours(facts.group.get("Tags")):
        if facts.holders:
            warnings.append(f"The security group {wanted.group} stays: {', '.join(facts.holders)} are in it.")
        else:
            changes.append(Change(f"Delete the security group {wanted.group}", "delete_group", {}))
            left = False
    going = [
        one
        for one in facts.reservations
        if ours(one.get("Tags")) and parse_prefix(one["Cidr"]) in wanted.reservations and not facts.holders
    ]
    changes += [
        Change(f"Release the reservation {one['Cidr']}", "release", {"id": one["SubnetCidrReservationId"]})
        for one in going
    ]
    gone = [parse_prefix(one["Cidr"]) for one in going]
    before = _state(bool(facts.group), wanted, there, kept)
    after = _state(left, wanted, there if left else set(), [one for one in kept if one not in gone])
    return Plan(tuple(changes), before, after, tuple(warnings))


def _state(
    group: bool, wanted: Wanted, rules: t.Iterable[Rule], reservations: t.Iterable[ipaddress.IPv6Network]
) -> dict[str, t.Any]:
    return {
        "security_group": wanted.group if group else None,
        "allow": sorted(rule.sentence for rule in rules) if group else [],
        "reservations": [str(one) for one in sorted(reservations)],
    }


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
