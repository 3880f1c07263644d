# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The plan for an interface: what to call, in which order, and what undoes it."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._eni_choice import Choice, surplus
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import Eni, Group, Subnet
from ansible_collections.routable.ipv6.plugins.module_utils._eni_limits import InstanceType
from ansible_collections.routable.ipv6.plugins.module_utils._eni_wanted import BLOCK, Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused

State = t.Dict[str, t.Any]

# The parameters of ModifyNetworkInterfaceAttribute; EC2 takes one per call.
DESCRIPTION, GROUPS, CHECK, PRIMARY, TERMINATION = (
    "Description",
    "Groups",
    "SourceDestCheck",
    "EnablePrimaryIpv6",
    "DeleteOnTermination",
)


def state_of(eni: Eni | None, choice: Choice) -> State:
    """What the diff shows of an interface; empty when there is none."""
    if eni is None:
        return {}
    attachment = eni.attachment
    return {
        "name": eni.tags.get("Name"),
        "subnet_id": eni.subnet_id,
        "mode": choice.mode if choice.block is not None else None,
        "primary_address": None if choice.primary is None else str(choice.primary),
        "block": None if choice.block is None else str(choice.block),
        "ipv6_addresses": [str(one) for one in sorted(eni.addresses)],
        "ipv6_prefixes": [str(one) for one in sorted(eni.prefixes)],
        "primary_ipv6_enabled": eni.flagged is not None,
        "description": eni.description,
        "security_groups": sorted(group[0] for group in eni.groups),
        "source_dest_check": eni.source_dest_check,
        "tags": dict(sorted(eni.tags.items())),
        "instance_id": attachment and attachment.instance_id,
        "device_index": attachment and attachment.device_index,
        "delete_on_termination": attachment and attachment.delete_on_termination,
    }


def plan_present(
    eni: Eni | None,
    subnet: Subnet,
    wanted: Wanted,
    now: Choice,
    choice: Choice,
    groups: tuple[Group, ...],
    kind: InstanceType | None = None,
) -> Plan:
    """From ``now`` (what is held) to ``choice`` (complete), with everything else that the options ask for.

    :arg groups: the wanted ones, or those that are there.
    :raises Refused: an attachment that is in the way.
    """
    before = state_of(eni, now)
    first = [] if eni else _creation(subnet, wanted, choice, groups)
    if eni is None:
        eni = _created(subnet, wanted, choice, groups, first[0].data["addresses"])
    changes = [*first, *_detachment(eni, wanted)]
    assigning, removing = _assignment(eni, wanted, choice), _removal(eni, wanted, choice)
    # Make before break, unless the instance type has no room for both.
    count = len(eni.addresses) + len(eni.prefixes)
    count += sum(len(change.data.get("addresses", "p")) for change in assigning)
    changes += [*removing, *assigning] if kind and count > kind.addresses else [*assigning, *removing]
    changes += _attributes(eni, wanted, groups)
    changes += _tagging(eni, wanted)
    changes += _attachment(eni, wanted)
    after = _after(before if not first else state_of(eni, choice), eni, wanted, choice, groups, changes)
    return Plan(tuple(changes), before, after, tuple(_warnings(eni, wanted, choice)))


def _creation(subnet: Subnet, wanted: Wanted, choice: Choice, groups: tuple[Group, ...]) -> list[Change]:
    if choice.primary is None or choice.block is None:
        raise AssertionError("a choice is complete before it is planned")
    addresses = [str(choice.primary)]
    # Addresses and prefixes are exclusive in one call. The first address becomes the primary one, so the block comes
    # in a call of its own then, too: the order within a call is not documented to be kept.
    if choice.mode == BLOCK and not wanted.enable_primary:
        addresses += [str(one) for one in choice.block]
    data = {
        "subnet_id": subnet.subnet_id,
        "addresses": addresses,
        "enable_primary": bool(wanted.enable_primary),
        "groups": [group[0] for group in groups],
        "description": wanted.description,
        "private_ip_address": wanted.private_ip_address,
        "tags": wanted.all_tags,
    }
    with_block = f" and the block {choice.block}" if len(addresses) > 1 else ""
    sentence = f"Create the ENI {wanted.name} in {subnet.subnet_id} with {choice.primary}{with_block}"
    return [Change(sentence, "create", data)]


def _created(
    subnet: Subnet, wanted: Wanted, choice: Choice, groups: tuple[Group, ...], addresses: t.Sequence[str]
) -> Eni:
    """The interface as it will be right after its creation."""
    if choice.primary is None:
        raise AssertionError("a choice is complete before it is planned")
    block = choice.block if choice.block is not None and len(addresses) > 1 else ()
    return Eni(
        "",
        "",
        subnet.subnet_id,
        subnet.vpc_id,
        "available",
        wanted.description or "",
        groups,
        (choice.primary, *block),
        (),
        choice.primary if wanted.enable_primary else None,
        wanted.private_ip_address,
        True,
        wanted.all_tags,
    )


def _assignment(eni: Eni, wanted: Wanted, choice: Choice) -> list[Change]:
    """:raises Refused: the flag would land on an address that nobody can foresee."""
    changes = []
    if choice.primary is not None and choice.primary not in eni.addresses:
        data = {"addresses": [str(choice.primary)]}
        changes.append(Change(f"Assign the primary address {choice.primary}", "assign_addresses", data))
    if wanted.enable_primary and eni.flagged is None:
        others = [one for one in eni.addresses if one != choice.primary]
        if others:
            raise Refused(
                "enable_primary_ipv6=true",
                f"{eni.eni_id} has {len(others) + 1} addresses, and AWS makes the one it counts first the primary one",
                "Leave it out, or delete the ENI first",
            )
        changes.append(_modify(PRIMARY, False, True, f"Make {choice.primary} the primary IPv6 address"))
    if choice.block is None:
        return changes
    if choice.mode != BLOCK:
        if choice.block not in eni.prefixes:
            data = {"prefixes": [str(choice.block)]}
            changes.append(Change(f"Delegate the prefix {choice.block}", "assign_prefixes", data))
        return changes
    missing = [str(one) for one in choice.block if one not in eni.addresses]
    if missing:
        sentence = f"Assign {len(missing)} addresses of the block {choice.block}"
        changes.append(Change(sentence, "assign_addresses", {"addresses": missing}))
    return changes


def _removal(eni: Eni, wanted: Wanted, choice: Choice) -> list[Change]:
    if not wanted.purge_addresses:
        return []
    addresses, prefixes = surplus(eni, choice)
    changes = []
    if addresses:
        texts = [str(one) for one in addresses]
        changes.append(Change(f"Take away {', '.join(texts)}", "unassign_addresses", {"addresses": texts}))
    if prefixes:
        texts = [str(one) for one in prefixes]
        changes.append(Change(f"Take away {', '.join(texts)}", "unassign_prefixes", {"prefixes": texts}))
    return changes


def _attributes(eni: Eni, wanted: Wanted, groups: tuple[Group, ...]) -> list[Change]:
    changes = []
    if wanted.description is not None and wanted.description != eni.description:
        sentence = f'Set the description to "{wanted.description}"'
        changes.append(_modify(DESCRIPTION, eni.description, wanted.description, sentence))
    old, new = [group[0] for group in eni.groups], [group[0] for group in groups]
    if set(old) != set(new):
        changes.append(_modify(GROUPS, old, new, f"Set the security groups to {', '.join(new)}"))
    if wanted.source_dest_check not in (None, eni.source_dest_check):
        sentence = f"Turn the source/destination check {'on' if wanted.source_dest_check else 'off'}"
        changes.append(_modify(CHECK, eni.source_dest_check, wanted.source_dest_check, sentence))
    return changes


def _modify(attribute: str, before: t.Any, after: t.Any, sentence: str) -> Change:
    return Change(sentence, "modify", {"attribute": attribute, "before": before, "after": after})


def _tagging(eni: Eni, wanted: Wanted) -> list[Change]:
    changes = []
    new = {key: value for key, value in wanted.all_tags.items() if eni.tags.get(key) != value}
    if new:
        replaced = {key: eni.tags[key] for key in new if key in eni.tags}
        added = {key: value for key, value in new.items() if key not in eni.tags}
        data = {"tags": new, "replaced": replaced, "added": added}
        changes.append(Change(f"Set the tags {', '.join(sorted(new))}", "tag", data))
    gone = removed_tags(eni, wanted)
    if gone:
        changes.append(Change(f"Take away the tags {', '.join(sorted(gone))}", "untag", {"tags": gone}))
    return changes


def removed_tags(eni: Eni, wanted: Wanted) -> dict[str, str]:
    """The tags to purge: never the name, nor what AWS sets itself. Without the option tags none."""
    if wanted.tags is None or not wanted.purge_tags:
        return {}
    return {
        key: value
        for key, value in eni.tags.items()
        if key not in wanted.tags and key != "Name" and not key.startswith("aws:")
    }


def _detachment(eni: Eni, wanted: Wanted) -> list[Change]:
    """:raises Refused: the interface is attached, and the options do not allow to take it from there."""
    now = eni.attachment
    if now is None:
        return []
    if wanted.attached:
        if now.instance_id == wanted.instance_id:
            return []
        if not wanted.force_detach:
            raise Refused(
                f"instance_id={wanted.instance_id}",
                f"{eni.eni_id} is attached to {now.instance_id}",
                "Set force_detach=true to take it from there",
            )
        return [detach(eni, True)]
    return [detach(eni, wanted.force_detach)] if wanted.attached is False else []


def detach(eni: Eni, force: bool) -> Change:
    """:raises Refused: an instance keeps its first interface for life."""
    if eni.attachment is None:
        raise AssertionError("only what is attached can be detached")
    data = {
        "attachment_id": eni.attachment.attachment_id,
        "instance_id": eni.attachment.instance_id,
        "device_index": eni.attachment.device_index,
        "force": force,
    }
    if eni.attachment.device_index == 0:
        raise Refused(
            eni.eni_id,
            f"it is the first ENI of {eni.attachment.instance_id} and cannot be detached",
            "Terminate the instance first",
        )
    return Change(f"Detach the ENI from {eni.attachment.instance_id}", "detach", data)


def _attachment(eni: Eni, wanted: Wanted) -> list[Change]:
    now = eni.attachment
    if wanted.attached and (now is None or now.instance_id != wanted.instance_id):
        data = {"instance_id": wanted.instance_id, "device_index": wanted.device_index}
        change = Change(f"Attach the ENI to {wanted.instance_id}", "attach", data)
        return [change, _termination(False, True)] if wanted.delete_on_termination else [change]
    if now is None or wanted.attached is False:
        return []
    if wanted.delete_on_termination in (None, now.delete_on_termination):
        return []
    return [_termination(now.delete_on_termination, bool(wanted.delete_on_termination))]


def _termination(before: bool, after: bool) -> Change:
    sentence = f"{'Delete' if after else 'Keep'} the ENI when its instance is terminated"
    return _modify(TERMINATION, before, after, sentence)


def _after(
    before: State, eni: Eni, wanted: Wanted, choice: Choice, groups: tuple[Group, ...], changes: t.Sequence[Change]
) -> State:
    """``before`` with the changes: computed from what is wanted, for nothing has been written yet."""
    if not changes:
        return before
    addresses, prefixes = set(eni.addresses), set(eni.prefixes)
    if choice.primary is not None:
        addresses.add(choice.primary)
    if choice.block is not None and choice.mode == BLOCK:
        addresses.update(choice.block)
    elif choice.block is not None:
        prefixes.add(choice.block)
    if wanted.purge_addresses:
        gone = surplus(eni, choice)
        addresses.difference_update(gone[0])
        prefixes.difference_update(gone[1])
    removed = removed_tags(eni, wanted)
    tags = {key: value for key, value in {**eni.tags, **wanted.all_tags}.items() if key not in removed}
    after = dict(before)
    after.update(
        name=tags.get("Name"),
        mode=choice.mode,
        primary_address=str(choice.primary),
        block=str(choice.block),
        ipv6_addresses=[str(one) for one in sorted(addresses)],
        ipv6_prefixes=[str(one) for one in sorted(prefixes)],
        primary_ipv6_enabled=bool(wanted.enable_primary) or eni.flagged is not None,
        description=eni.description if wanted.description is None else wanted.description,
        security_groups=sorted(group[0] for group in groups),
        source_dest_check=eni.source_dest_check if wanted.source_dest_check is None else wanted.source_dest_check,
        tags=dict(sorted(tags.items())),
    )
    actions = [change.action for change in changes]
    if "attach" in actions:
        after.update(instance_id=wanted.instance_id, device_index=wanted.device_index)
        after.update(delete_on_termination=bool(wanted.delete_on_termination))
    elif "detach" in actions:
        after.update(instance_id=None, device_index=None, delete_on_termination=None)
    elif after["instance_id"] is not None and wanted.delete_on_termination is not None:
        after.update(delete_on_termination=wanted.delete_on_termination)
    return after


def _warnings(eni: Eni, wanted: Wanted, choice: Choice) -> t.Iterator[str]:
    if choice.block is not None and choice.block.prefixlen == 127:
        yield (
            f"The block {choice.block} has no address for a container, since Docker keeps the first address and gives "
            "the second one to its bridge: take a larger instance type or mode=prefix."
        )
    if wanted.delete_on_termination is not None and eni.attachment is None and not wanted.attached:
        yield "delete_on_termination belongs to an attachment: it is set once the ENI is attached."
    now = eni.attachment
    if (
        now is not None
        and wanted.attached
        and now.instance_id == wanted.instance_id
        and now.device_index != wanted.device_index
    ):
        yield (
            f"{eni.eni_id} is attached to {now.instance_id} at device index {now.device_index} and stays there; "
            f"detach it first to have it at {wanted.device_index}."
        )


def plan_absent(eni: Eni | None, now: Choice, wanted: Wanted) -> Plan:
    """Delete the interface, after detaching it if it is in use and that is allowed.

    :raises Refused: it is in use.
    """
    if eni is None:
        return Plan((), {}, {})
    changes = []
    if eni.attachment is not None:
        step = detach(eni, True)
        if not wanted.force_detach:
            raise Refused(
                eni.eni_id,
                f"it is attached to {eni.attachment.instance_id}",
                "Detach it or terminate the instance first, or set force_detach=true",
            )
        changes.append(step)
    changes.append(Change(f"Delete the ENI {eni.eni_id}", "delete"))
    return Plan(tuple(changes), state_of(eni, now), {})


def inverse(change: Change) -> Change | None:
    """What undoes a change; None for what cannot be undone."""
    data = change.data
    if change.action == "create":
        return Change("Delete the ENI that was created", "delete")
    if change.action == "modify":
        # AWS does not take the flag back.
        if data["attribute"] == PRIMARY:
            return None
        turned = {"attribute": data["attribute"], "before": data["after"], "after": data["before"]}
        return Change(f"Undo: {change.sentence}", "modify", turned)
    if change.action == "tag":
        return Change("Bring the former tags back", "retag", {"tags": data["replaced"], "gone": data["added"]})
    if change.action == "untag":
        return Change("Bring the former tags back", "retag", {"tags": data["tags"], "gone": {}})
    pairs = {
        "assign_addresses": "unassign_addresses",
        "unassign_addresses": "assign_addresses",
        "assign_prefixes": "unassign_prefixes",
        "unassign_prefixes": "assign_prefixes",
        "attach": "detach",
        "detach": "attach",
    }
    other = pairs.get(change.action)
    return Change(f"Undo: {change.sentence}", other, data) if other else None
