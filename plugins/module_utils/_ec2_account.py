# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What is around an interface: subnets, security groups, reservations, key pairs, images, instances.

It decides nothing.
"""

from __future__ import annotations

import time
import typing as t
import uuid

from ansible_collections.routable.ipv6.plugins.module_utils._eni_client import Ec2
from ansible_collections.routable.ipv6.plugins.module_utils._eni_errors import MISSING, Failure
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import Raw

# The tag of all that the role makes, by which it is known again.
TAG, ROLE = "routable-ipv6", "ec2_docker_host"
# DescribeInstances looks for the first time after one second, and at last every three.
_POLLS = (1.0, 1.0, 2.0, 3.0)

Filters = t.Mapping[str, t.Sequence[str]]


def ours(tags: t.Iterable[Raw] | None) -> bool:
    """Whether a resource with these tags was made by the role."""
    return any(tag["Key"] == TAG and tag.get("Value") == ROLE for tag in tags or ())


def name_of(resource: Raw) -> str:
    """The value of the tag Name, empty where there is none."""
    return next((str(tag.get("Value", "")) for tag in resource.get("Tags", []) if tag["Key"] == "Name"), "")


class Account(Ec2):
    """One region of one account."""

    def subnets(self, filters: Filters) -> list[Raw]:
        return list(self._pages("DescribeSubnets", "Subnets", Filters=_filters(filters)))

    def security_groups(self, filters: Filters) -> list[Raw]:
        return list(self._pages("DescribeSecurityGroups", "SecurityGroups", Filters=_filters(filters)))

    def create_group(self, name: str, vpc_id: str, description: str, tags: t.Mapping[str, str]) -> str:
        """:returns: its id."""
        answer = self._call(
            "CreateSecurityGroup",
            GroupName=name,
            Description=description,
            VpcId=vpc_id,
            TagSpecifications=tagged("security-group", tags),
        )
        return str(answer["GroupId"])

    def allow(self, group_id: str, permissions: t.Sequence[Raw]) -> None:
        self._call("AuthorizeSecurityGroupIngress", GroupId=group_id, IpPermissions=list(permissions))

    def deny(self, group_id: str, permissions: t.Sequence[Raw]) -> None:
        self._call("RevokeSecurityGroupIngress", GroupId=group_id, IpPermissions=list(permissions))

    def delete_group(self, group_id: str) -> None:
        self._call("DeleteSecurityGroup", GroupId=group_id)

    def group_holders(self, group_id: str) -> list[str]:
        """The ids of the interfaces that are in the group."""
        found = self._pages(
            "DescribeNetworkInterfaces", "NetworkInterfaces", Filters=_filters({"group-id": [group_id]})
        )
        return [str(raw["NetworkInterfaceId"]) for raw in found]

    def raw_reservations(self, subnet_id: str) -> list[Raw]:
        return list(self._pages("GetSubnetCidrReservations", "SubnetIpv6CidrReservations", SubnetId=subnet_id))

    def reserve(self, subnet_id: str, cidr: str, tags: t.Mapping[str, str]) -> str:
        """An explicit reservation, in which AWS assigns nothing by itself. :returns: its id."""
        answer = self._call(
            "CreateSubnetCidrReservation",
            SubnetId=subnet_id,
            Cidr=cidr,
            ReservationType="explicit",
            TagSpecifications=tagged("subnet-cidr-reservation", tags),
        )
        return str(answer["SubnetCidrReservation"]["SubnetCidrReservationId"])

    def release(self, reservation_id: str) -> None:
        self._call("DeleteSubnetCidrReservation", SubnetCidrReservationId=reservation_id)

    def key_pair(self, name: str) -> Raw | None:
        found = self._call("DescribeKeyPairs", Filters=_filters({"key-name": [name]}), IncludePublicKey=True)[
            "KeyPairs"
        ]
        return found[0] if found else None

    def import_key(self, name: str, public_key: str, tags: t.Mapping[str, str]) -> None:
        self._call(
            "ImportKeyPair",
            KeyName=name,
            PublicKeyMaterial=public_key.encode(),
            TagSpecifications=tagged("key-pair", tags),
        )

    def delete_key(self, name: str) -> None:
        self._call("DeleteKeyPair", KeyName=name)

    def images(self, owners: t.Sequence[str], filters: Filters) -> list[Raw]:
        found = self._call("DescribeImages", Filters=_filters(filters), **({"Owners": list(owners)} if owners else {}))
        return list(found["Images"])

    def instance(self, instance_id: str) -> Raw | None:
        try:
            found = self._call("DescribeInstances", InstanceIds=[instance_id])["Reservations"]
        except Failure as failure:
            if failure.code.startswith("InvalidInstanceID.NotFound"):
                return None
            raise
        return next((one for reservation in found for one in reservation["Instances"]), None)

    def instances(self, filters: Filters) -> list[Raw]:
        found = self._pages("DescribeInstances", "Reservations", Filters=_filters(filters))
        return [one for reservation in found for one in reservation["Instances"]]

    def interface_named(self, name: str) -> Raw | None:
        """The only interface of that name, None where there is none or several."""
        found = list(
            self._pages("DescribeNetworkInterfaces", "NetworkInterfaces", Filters=_filters({"tag:Name": [name]}))
        )
        return found[0] if len(found) == 1 else None

    def run(self, parameters: t.Mapping[str, t.Any]) -> Raw:
        """Launch one instance."""
        answer = self._call("RunInstances", MinCount=1, MaxCount=1, ClientToken=uuid.uuid4().hex, **parameters)
        instance: Raw = answer["Instances"][0]
        return instance

    def terminate(self, instance_id: str) -> None:
        self._call("TerminateInstances", InstanceIds=[instance_id])

    def until(self, instance_id: str, states: t.Collection[str], timeout: float) -> Raw:
        """Wait until the instance is in one of the states.

        :raises Failure: it was not within ``timeout`` seconds, or it has gone for another reason.
        """
        end, number = time.monotonic() + timeout, 0
        while True:
            self._sleep(_POLLS[min(number, len(_POLLS) - 1)])
            number += 1
            instance = self.instance(instance_id) or {}
            state = str(instance.get("State", {}).get("Name", "unknown"))
            if state in states:
                return instance
            if state in ("terminated", "shutting-down"):
                reason = instance.get("StateReason", {}).get("Message", "")
                raise Failure("RunInstances", "InstanceTerminated", f"{instance_id} is {state}: {reason}")
            if time.monotonic() >= end:
                wanted = " or ".join(sorted(states))
                raise Failure(
                    "DescribeInstances", "Timeout", f"{instance_id} is {state}, not {wanted}, after {timeout:g} s"
                )


def tagged(kind: str, tags: t.Mapping[str, str]) -> list[dict[str, t.Any]]:
    """TagSpecifications for a new resource."""
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}]


def gone(failure: Failure) -> bool:
    """Whether somebody else has taken away what was to be taken away."""
    return failure.outcome == MISSING or failure.code.endswith(".NotFound")


def _filters(values: Filters) -> list[dict[str, t.Any]]:
    return [{"Name": name, "Values": list(listed)} for name, listed in values.items()]
