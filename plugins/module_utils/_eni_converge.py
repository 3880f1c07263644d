# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Read, plan, apply, read back: again and again while somebody else takes the chosen addresses first."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.routable.ipv6.plugins.module_utils import _eni as plans
from ansible_collections.routable.ipv6.plugins.module_utils import _eni_checks as checks
from ansible_collections.routable.ipv6.plugins.module_utils import _eni_limits as limits
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_address
from ansible_collections.routable.ipv6.plugins.module_utils._eni_allocator import Interval, network_interval
from ansible_collections.routable.ipv6.plugins.module_utils._eni_choice import (
    Choice,
    choose,
    held,
    space_of,
    wanted_count,
)
from ansible_collections.routable.ipv6.plugins.module_utils._eni_client import Ec2
from ansible_collections.routable.ipv6.plugins.module_utils._eni_errors import (
    CONFLICT,
    Failure,
    Undone,
    refused_addresses,
)
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import Eni, Group, Raw, Subnet
from ansible_collections.routable.ipv6.plugins.module_utils._eni_outputs import outputs
from ansible_collections.routable.ipv6.plugins.module_utils._eni_wanted import PREFIX, Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused

# With all of sixteen racing runs in a reservation of sixteen blocks, the last one needs at most sixteen attempts.
ATTEMPTS = 40
# With a given value the choice is narrow: the other one is changed a few times, then it is the given one.
ATTEMPTS_WITH_GIVEN = 4


@dataclass
class Result:
    """``after`` and ``before`` make the diff, ``sentences`` say what was done or would be."""

    before: t.Mapping[str, t.Any]
    after: t.Mapping[str, t.Any]
    sentences: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    attempts: int = 0
    outputs: dict[str, t.Any] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.sentences)


class Applied:
    """What was done to one interface, so that it can be undone."""

    def __init__(self, ec2: Ec2, eni: Eni | None, wait: bool, timeout: float) -> None:
        self._ec2, self._wait, self._timeout = ec2, wait, timeout
        self.eni_id = eni.eni_id if eni else ""
        self._attachment = eni.attachment.attachment_id if eni and eni.attachment else ""
        self.done: list[Change] = []

    def carry_out(self, change: Change) -> None:
        """:raises Failure: refused; the change is not done then."""
        self._dispatch(change)
        self.done.append(change)

    def _dispatch(self, change: Change) -> None:
        data, ec2 = change.data, self._ec2
        if change.action == "create":
            eni = ec2.create(data)
            self.eni_id = eni.eni_id
            if eni.status != "available":
                # It is there from here on, whatever happens while waiting.
                self.done.append(change)
                ec2.wait(eni.eni_id, _available, "available", self._timeout)
                self.done.pop()
        elif change.action == "delete":
            ec2.delete(self.eni_id)
            if self._wait:
                ec2.wait(self.eni_id, lambda seen: seen is None, "gone", self._timeout)
        elif change.action == "assign_addresses":
            ec2.assign_addresses(self.eni_id, data["addresses"])
        elif change.action == "assign_prefixes":
            ec2.assign_prefixes(self.eni_id, data["prefixes"])
        elif change.action == "unassign_addresses":
            ec2.unassign_addresses(self.eni_id, data["addresses"])
        elif change.action == "unassign_prefixes":
            ec2.unassign_prefixes(self.eni_id, data["prefixes"])
        elif change.action == "modify":
            ec2.modify(self.eni_id, data["attribute"], data["after"], self._attachment)
        elif change.action == "tag":
            ec2.tag(self.eni_id, data["tags"])
        elif change.action == "untag":
            ec2.untag(self.eni_id, data["tags"])
        elif change.action == "retag":
            if data["tags"]:
                ec2.tag(self.eni_id, data["tags"])
            if data["gone"]:
                ec2.untag(self.eni_id, data["gone"])
        elif change.action == "attach":
            self._attachment = ec2.attach(self.eni_id, data["instance_id"], data["device_index"])
            if self._wait:
                ec2.wait(self.eni_id, _attached, "attached", self._timeout)
        elif change.action == "detach":
            ec2.detach(self._attachment, bool(data.get("force")))
            # Nothing else can be done with it before.
            ec2.wait(self.eni_id, lambda seen: seen is None or seen.attachment is None, "detached", self._timeout)

    def restore(self) -> list[str]:
        """Undo all of it, last first. What cannot be undone is left and named.

        :raises Failure: undoing failed.
        """
        left, todo, self.done = [], list(reversed(self.done)), []
        created = any(change.action == "create" for change in todo)
        for change in todo:
            back = plans.inverse(change)
            # An interface that is about to be deleted needs nothing but to be detached.
            if back is None or (created and back.action not in ("delete", "detach")):
                if back is None and not created:
                    left.append(change.sentence)
                continue
            self._dispatch(back)
        return left


def _available(eni: Eni | None) -> bool:
    return eni is not None and eni.status == "available"


def _attached(eni: Eni | None) -> bool:
    return eni is not None and eni.attachment is not None and eni.attachment.status == "attached"


class Converger:
    """One run for one interface.

    :arg check: look and plan, but write nothing.
    :arg timeout: for waiting, in seconds.
    """

    def __init__(self, ec2: Ec2, wanted: Wanted, check: bool, wait: bool, timeout: float) -> None:
        self._ec2, self._wanted, self._check, self._wait, self._timeout = ec2, wanted, check, wait, timeout
        self._kind: limits.InstanceType | None = None
        self._groups: list[Raw] | None = None
        self._skip: list[Interval] = []
        self._seen: list[str] | None = None

    def _find(self) -> Eni | None:
        """:raises Refused: more than one interface has the name."""
        wanted = self._wanted
        if wanted.eni_id:
            return self._ec2.interface(wanted.eni_id)
        found = self._ec2.interfaces_named(wanted.name or "", wanted.subnet_id)
        if len(found) > 1:
            raise Refused(
                f"name={wanted.name}",
                f"{len(found)} ENIs have this name: {', '.join(sorted(eni.eni_id for eni in found))}",
                "Give eni_id, or a name of its own to each"
                + ("" if wanted.subnet_id else ", or subnet_id if they are in several subnets"),
            )
        return found[0] if found else None

    def absent(self) -> Result:
        """:raises Refused: it is in use. :raises Failure: refused by AWS, and put back."""
        eni = self._find()
        if eni is not None:
            checks.check_eni(eni, self._wanted)
        now = held(eni, self._wanted) if eni else Choice(self._wanted.mode)
        plan = plans.plan_absent(eni, now, self._wanted)
        result = Result(plan.before, plan.after, plan.sentences, attempts=0 if self._check else int(plan.changed))
        result.outputs = {"eni_id": eni.eni_id if eni else None}
        if plan.changed and not self._check:
            applied = Applied(self._ec2, eni, self._wait, self._timeout)
            failed = self._apply(plan, applied)
            if failed is not None:
                raise failed[1]
        return result

    def present(self) -> Result:
        """:raises Refused: it cannot be, and nothing was written. :raises Failure: refused by AWS, and undone."""
        wanted, eni = self._wanted, self._find()
        self._check_found(eni)
        subnet = self._ec2.subnet(eni.subnet_id if eni else wanted.subnet_id or "")
        applied = Applied(self._ec2, eni, self._wait, self._timeout)
        plan, choice = self._plan(eni, subnet)
        result = Result(plan.before, plan.after, warnings=[*plan.warnings, *(self._seen or [])])
        if self._check or not plan.changed:
            result.sentences = plan.sentences
        else:
            plan, choice, eni = self._converge(plan, choice, subnet, applied)
            result.after, result.attempts = plan.after, self.attempts
            result.sentences = [change.sentence for change in applied.done]
        # What was there or is now; in check mode what would be.
        used = len(plan.after["ipv6_addresses"]) + len(plan.after["ipv6_prefixes"])
        result.outputs = outputs(eni, choice, subnet, self._kind, used, wanted.device_index)
        return result

    def _check_found(self, eni: Eni | None) -> None:
        wanted = self._wanted
        if eni is not None:
            checks.check_eni(eni, wanted)
        elif wanted.eni_id:
            raise Refused(f"eni_id={wanted.eni_id}", "there is no such ENI in this region", "Give name to make one")
        elif not wanted.subnet_id:
            raise Refused("subnet_id", f"no ENI is named {wanted.name}, and to make one it is needed", "Give subnet_id")

    def _converge(self, plan: Plan, choice: Choice, subnet: Subnet, applied: Applied) -> tuple[Plan, Choice, Eni]:
        given = self._wanted.block is not None or self._wanted.primary is not None
        last = ATTEMPTS_WITH_GIVEN if given else ATTEMPTS
        for self.attempts in range(1, last + 1):
            failed = self._apply(plan, applied)
            if failed is None:
                return plan, choice, self._read_back(choice, applied)
            if self.attempts == last:
                raise self._undone(failed[1], applied) from failed[1]
            self._avoid(failed, choice)
            self._ec2.pause(min(self.attempts, 2))
            eni = self._read(applied)
            _take_credit(failed[0], eni, applied)
            try:
                plan, choice = self._plan(eni, subnet)
            except (Refused, Failure) as error:
                raise self._undone(error, applied) from error
        raise AssertionError("the last attempt has raised")

    def _plan(self, eni: Eni | None, subnet: Subnet) -> tuple[Plan, Choice]:
        """Everything is read and checked here; nothing is written."""
        wanted = self._wanted
        now = held(eni, wanted) if eni else Choice(wanted.mode)
        kind = self._type(eni, now)
        if now.complete:
            choice = now
            if kind is not None and (eni is None or eni.attachment is None):
                limits.check_ipv6(kind)
                limits.check_limit(kind, wanted_count(eni, wanted, choice))
                if choice.mode == PREFIX:
                    limits.check_prefix(kind)
        else:
            checks.check_subnet(subnet, wanted)
            interfaces = self._ec2.interfaces_in(subnet.subnet_id)
            reservations = self._ec2.reservations(subnet.subnet_id)
            space = space_of(subnet, wanted, interfaces, reservations, eni)
            choice = choose(eni, wanted, kind, space, interfaces, self._skip)
            checks.check_public(subnet, choice, wanted)
        groups = self._resolve(eni, subnet)
        plan = plans.plan_present(eni, subnet, wanted, now, choice, groups, kind)
        if plan.changed and self._seen is None:
            self._seen = self._look_around(subnet, groups)
        return plan, choice

    def _type(self, eni: Eni | None, now: Choice) -> limits.InstanceType | None:
        wanted = self._wanted
        if self._kind is None:
            name, attaching = wanted.instance_type, wanted.attached and not (eni and eni.attachment)
            if name is None and (attaching or not now.complete):
                instance = eni.attachment.instance_id if eni and eni.attachment else None
                instance = wanted.instance_id or instance
                name = self._ec2.type_of_instance(instance) if instance else None
            self._kind = self._ec2.instance_type(name) if name else None
        return self._kind

    def _resolve(self, eni: Eni | None, subnet: Subnet) -> tuple[Group, ...]:
        found = checks.group_ids(self._wanted, eni.groups) if eni else None
        if found is None:
            found = checks.resolve_groups(self._wanted, self._all_groups(subnet), subnet.vpc_id)
        return found

    def _all_groups(self, subnet: Subnet) -> list[Raw]:
        if self._groups is None:
            self._groups = self._ec2.groups(subnet.vpc_id)
        return self._groups

    def _look_around(self, subnet: Subnet, groups: tuple[Group, ...]) -> list[str]:
        ids = {group[0] for group in groups}
        used = [group for group in self._all_groups(subnet) if group["GroupId"] in ids]
        found = (
            checks.icmpv6_warning(used),
            checks.route_warning(self._ec2.route_tables(subnet.vpc_id), subnet.subnet_id),
        )
        return [warning for warning in found if warning]

    def _apply(self, plan: Plan, applied: Applied) -> tuple[Change, Failure] | None:
        """Carry the plan out; what was refused because somebody else has the addresses, with the refusal.

        :raises Failure: refused for another reason, and undone.
        """
        for change in plan.changes:
            try:
                applied.carry_out(change)
            except Failure as failure:
                taking = change.action in ("create", "assign_addresses", "assign_prefixes")
                if failure.outcome == CONFLICT and taking:
                    return (change, failure)
                raise self._undone(failure, applied) from failure
        return None

    def _undone(self, error: Refused | Failure, applied: Applied) -> Undone:
        if not applied.done:
            return Undone(error, "Nothing was changed.")
        try:
            left = applied.restore()
        except Failure as failure:
            return Undone(error, f"Undoing the rest failed too, so look at {applied.eni_id}: {failure}")
        note = f" But for this, which AWS does not take back: {', '.join(left)}." if left else ""
        return Undone(error, f"What was done before was undone.{note}")

    def _avoid(self, failed: tuple[Change, Failure], choice: Choice) -> None:
        """Remember what was refused: what the message names, or else all that was asked for."""
        change, failure = failed
        asked = [parse_address(text) for text in change.data.get("addresses", [])]
        named = {parse_address(text) for text in refused_addresses(failure.message) if _is_address(text)}
        for address in [one for one in asked if one in named] or asked:
            if choice.block is not None and address in choice.block:
                self._skip.append(network_interval(choice.block))
            else:
                self._skip.append((int(address), int(address)))
        if change.action == "assign_prefixes" and choice.block is not None:
            self._skip.append(network_interval(choice.block))

    def _read(self, applied: Applied) -> Eni | None:
        return self._ec2.interface(applied.eni_id) if applied.eni_id else None

    def _read_back(self, choice: Choice, applied: Applied) -> Eni:
        """The interface as it is now; what was written may take a moment to be seen."""

        def settled(seen: Eni | None) -> bool:
            if seen is None or choice.primary not in seen.addresses or choice.block is None:
                return False
            return choice.block in seen.prefixes if choice.mode == PREFIX else set(choice.block) <= set(seen.addresses)

        eni = self._read(applied)
        if not settled(eni) and self._wait:
            eni = self._ec2.wait(applied.eni_id, settled, "as written", self._timeout)
        if eni is None:
            raise Failure("DescribeNetworkInterfaces", "Timeout", f"{applied.eni_id} is not seen yet")
        return eni


def _is_address(text: str) -> bool:
    try:
        parse_address(text)
    except Refused:
        return False
    return True


def _take_credit(change: Change, eni: Eni | None, applied: Applied) -> None:
    """A call whose answer was lost is refused when it is made again: then the interface has it all the same."""
    if eni is None or change.action == "create":
        return
    wanted = [*change.data.get("addresses", []), *change.data.get("prefixes", [])]
    there = {str(one) for one in (*eni.addresses, *eni.prefixes)}
    if there.issuperset(wanted):
        applied.done.append(change)
