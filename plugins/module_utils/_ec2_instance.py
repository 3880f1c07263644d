# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The instance of an interface: whether it is there, and what it is launched with.

The interface knows its instance, so nothing is looked for by name: an ENI that is attached has its instance, and one
that is not gets one.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.routable.ipv6.plugins.module_utils._ec2_account import ROLE, TAG, ours, tagged
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import Raw
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused

# States in which an instance comes back, or is there (InstanceState in the Amazon EC2 API Reference).
_ALIVE = ("pending", "running", "stopping", "stopped")


@dataclass(frozen=True)
class Wanted:
    """``image`` is an id or a pattern of names; ``public_key`` is imported under ``key_name`` unless it is there."""

    name: str
    eni_id: str = ""
    instance_type: str = ""
    image: str = ""
    image_owners: tuple[str, ...] = ()
    key_name: str = ""
    public_key: str = ""
    user_data: str = ""
    tags: t.Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, params: t.Mapping[str, t.Any]) -> Wanted:
        """:raises Refused: a public key without a name for it."""
        if params["public_key"] and not params["key_name"]:
            raise Refused("public_key", "a key pair needs a name", "Set key_name, too")
        tags = {str(key): str(value) for key, value in (params["tags"] or {}).items()}
        return cls(
            params["name"],
            params["eni_id"] or "",
            params["instance_type"] or "",
            params["image"] or "",
            tuple(params["image_owners"]),
            params["key_name"] or "",
            (params["public_key"] or "").strip(),
            params["user_data"] or "",
            {**tags, "Name": params["name"], TAG: ROLE},
        )


@dataclass(frozen=True)
class Facts:
    """``instance`` is that of the interface; images and key are only looked up when one is to be launched."""

    instance: Raw | None = None
    images: tuple[Raw, ...] = ()
    key: Raw | None = None

    @property
    def state(self) -> str:
        return str(self.instance["State"]["Name"]) if self.instance else "absent"

    @property
    def alive(self) -> bool:
        return self.state in _ALIVE


def image_filters(wanted: Wanted) -> dict[str, list[str]]:
    """The filters of DescribeImages."""
    if wanted.image.startswith("ami-"):
        return {"image-id": [wanted.image]}
    return {"name": [wanted.image], "state": ["available"]}


def newest(images: t.Sequence[Raw], wanted: Wanted) -> Raw:
    """The newest of the images; of two of one age the one whose name comes last.

    :raises Refused: there is none.
    """
    if not images:
        owners = f" of {', '.join(wanted.image_owners)}" if wanted.image_owners else ""
        raise Refused(
            f"image={wanted.image}",
            f"there is no such image{owners} in the region",
            "Check the pattern and image_owners, with aws ec2 describe-images",
        )
    return max(images, key=lambda one: (one.get("CreationDate", ""), one.get("Name", "")))


def plan_present(facts: Facts, wanted: Wanted) -> Plan:
    """Launch, unless the interface has an instance.

    :raises Refused: there is no such image or key, a value is missing, or the instance does not run.
    """
    if facts.instance is not None and facts.alive:
        if facts.state in ("stopping", "stopped"):
            raise Refused(
                f"instance {facts.instance['InstanceId']}",
                f"it is {facts.state}, and somebody has stopped it for a reason",
                "Start it, or terminate it and delete its ENI",
            )
        state = {"name": wanted.name, "image": facts.instance.get("ImageId"), "state": "running"}
        return Plan((), state, state)
    for option in ("instance_type", "image"):
        if not getattr(wanted, option):
            raise Refused(f"{option}=", "it is needed to launch an instance", f"Set {option}")
    image = newest(facts.images, wanted)
    changes: list[Change] = []
    if wanted.key_name and facts.key is None:
        if not wanted.public_key:
            raise Refused(f"key_name={wanted.key_name}", "there is no such key pair", "Correct it, or set public_key")
        changes.append(Change(f"Import the key pair {wanted.key_name}", "import_key", {}))
    changes.append(
        Change(
            f"Launch {wanted.name}, a {wanted.instance_type}, from {image.get('Name', image['ImageId'])}",
            "run",
            {"parameters": parameters(wanted, image["ImageId"])},
        )
    )
    before = {"name": wanted.name, "image": None, "state": "absent"}
    return Plan(tuple(changes), before, {"name": wanted.name, "image": image["ImageId"], "state": "running"})


def parameters(wanted: Wanted, image_id: str) -> dict[str, t.Any]:
    """Of RunInstances, without the token and the counts."""
    found: dict[str, t.Any] = {
        "ImageId": image_id,
        "InstanceType": wanted.instance_type,
        "NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": wanted.eni_id}],
        # Without IPv4 the metadata are at fd00:ec2::254 only, and that must be switched on.
        "MetadataOptions": {"HttpTokens": "required", "HttpProtocolIpv6": "enabled"},
        "TagSpecifications": tagged("instance", wanted.tags),
    }
    optional = {"KeyName": wanted.key_name, "UserData": wanted.user_data}
    return {**found, **{key: value for key, value in optional.items() if value}}


def plan_absent(facts: Facts, wanted: Wanted, key_users: t.Sequence[str] = ()) -> Plan:
    """Terminate the instance that the role launched, and delete the key pair that it imported.

    :arg key_users: the ids of instances launched with the key.
    :raises Refused: the interface is on an instance of somebody else's.
    """
    changes: list[Change] = []
    before = {"name": wanted.name, "state": facts.state}
    if facts.instance is not None and facts.alive:
        instance_id = facts.instance["InstanceId"]
        if not ours(facts.instance.get("Tags")):
            raise Refused(
                f"instance {instance_id}",
                f"it has no tag {TAG}={ROLE}, so it was launched by somebody else",
                "Terminate it yourself, or detach its ENI",
            )
        changes.append(Change(f"Terminate {wanted.name} ({instance_id})", "terminate", {"id": instance_id}))
    mine = facts.instance["InstanceId"] if facts.instance else None
    if facts.key is not None and ours(facts.key.get("Tags")) and not [one for one in key_users if one != mine]:
        changes.append(Change(f"Delete the key pair {wanted.key_name}", "delete_key", {}))
    return Plan(tuple(changes), before, {"name": wanted.name, "state": "absent"})
