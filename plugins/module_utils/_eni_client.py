# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The EC2 API by boto3: page by page, with patience for a busy API. It decides nothing."""

from __future__ import annotations

import random
import time
import traceback
import typing as t
import uuid

from ansible_collections.routable.ipv6.plugins.module_utils._eni_errors import MISSING, RETRY, Failure
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import Eni, Raw, Reservation, Subnet
from ansible_collections.routable.ipv6.plugins.module_utils._eni_limits import InstanceType

try:
    import botocore
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as NoConnection
    from botocore.parsers import ResponseParserError
except ImportError:
    BOTO_ERROR: str | None = traceback.format_exc()
else:
    BOTO_ERROR = None

# How often a call is made before a busy API is given up, and the longest pause between two, in seconds.
TRIES = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
# Waiting: boto3's own waiter for interfaces looks every 20 s, which is most of a run.
_FIRST_POLL, _LONGEST_POLL, _POLL_GROWTH = 1.0, 5.0, 1.5
# The largest page that DescribeNetworkInterfaces, DescribeSecurityGroups and GetSubnetCidrReservations give, and the
# largest one of DescribeRouteTables (Amazon EC2 API Reference, MaxResults).
PAGE, ROUTES_PAGE = 1000, 100

T = t.TypeVar("T")


class Ec2:
    """One region. ``requests`` counts the calls by operation; ``sleep``, ``chance`` and ``clock`` are for tests."""

    def __init__(
        self,
        client: t.Any,
        sleep: t.Callable[[float], None] = time.sleep,
        chance: t.Callable[[], float] = random.random,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._sleep, self._chance, self._clock = client, sleep, chance, clock
        self._fresh: set[str] = set()
        self.requests: dict[str, int] = {}

    def _call(self, operation: str, **parameters: t.Any) -> Raw:
        """One call, made again while the API is busy or does not answer.

        The parameters, and with them a client token, stay the same. An interface that was just created may be unknown
        to the next server that is asked.

        :raises Failure: refused, or not answered in the end.
        """
        method = getattr(self._client, botocore.xform_name(operation))
        fresh = parameters.get("NetworkInterfaceId") in self._fresh
        for attempt in range(1, TRIES + 1):
            self.requests[operation] = self.requests.get(operation, 0) + 1
            try:
                answer: Raw = method(**parameters)
                return answer
            except ClientError as error:
                failure = _failure(operation, error)
            except (HTTPClientError, NoConnection, ResponseParserError) as error:
                # The last one is the page of a proxy or a load balancer in the place of an answer.
                failure = Failure(operation, "Unreachable", str(error))
            except BotoCoreError as error:
                raise Failure(operation, type(error).__name__, str(error)) from error
            if attempt == TRIES or not (failure.outcome == RETRY or (fresh and failure.outcome == MISSING)):
                raise failure
            self.pause(attempt)
        raise AssertionError

    def pause(self, attempt: int) -> None:
        """Sleep for a random part of a time that doubles with each attempt (1, 2, ...)."""
        self._sleep(self._chance() * min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1)))

    def _pages(self, operation: str, key: str, **parameters: t.Any) -> t.Iterator[Raw]:
        token = None
        while True:
            answer = self._call(operation, **parameters, **({"NextToken": token} if token else {}))
            yield from answer.get(key, [])
            token = answer.get("NextToken")
            if not token:
                return

    def interface(self, eni_id: str) -> Eni | None:
        try:
            # With ids, EC2 allows no MaxResults.
            found = list(self._pages("DescribeNetworkInterfaces", "NetworkInterfaces", NetworkInterfaceIds=[eni_id]))
        except Failure as failure:
            if failure.outcome == MISSING:
                return None
            raise
        return Eni.from_api(found[0]) if found else None

    def interfaces_named(self, name: str, subnet_id: str | None) -> list[Eni]:
        """All with exactly that name, in the subnet or in the region."""
        # In a filter's value, * and ? are wildcards.
        pattern = "".join(f"\\{letter}" if letter in "*?\\" else letter for letter in name)
        filters = {"tag:Name": pattern, **({"subnet-id": subnet_id} if subnet_id else {})}
        found = (Eni.from_api(raw) for raw in self._interfaces(filters))
        return [eni for eni in found if eni.tags.get("Name") == name]

    def interfaces_in(self, subnet_id: str) -> list[Raw]:
        """All that the account sees in the subnet, as the API gives them: there may be thousands."""
        return list(self._interfaces({"subnet-id": subnet_id}))

    def _interfaces(self, filters: t.Mapping[str, str]) -> t.Iterator[Raw]:
        return self._pages("DescribeNetworkInterfaces", "NetworkInterfaces", Filters=_filters(filters), MaxResults=PAGE)

    def subnet(self, subnet_id: str) -> Subnet:
        return Subnet.from_api(self._call("DescribeSubnets", SubnetIds=[subnet_id])["Subnets"][0])

    def reservations(self, subnet_id: str) -> list[Reservation]:
        key = "SubnetIpv6CidrReservations"
        found = self._pages("GetSubnetCidrReservations", key, SubnetId=subnet_id, MaxResults=PAGE)
        return [Reservation.from_api(raw) for raw in found]

    def instance_type(self, name: str) -> InstanceType:
        return InstanceType.from_api(self._call("DescribeInstanceTypes", InstanceTypes=[name])["InstanceTypes"][0])

    def type_of_instance(self, instance_id: str) -> str:
        found = self._call("DescribeInstances", InstanceIds=[instance_id])
        return str(found["Reservations"][0]["Instances"][0]["InstanceType"])

    def groups(self, vpc_id: str) -> list[Raw]:
        found = self._pages(
            "DescribeSecurityGroups", "SecurityGroups", Filters=_filters({"vpc-id": vpc_id}), MaxResults=PAGE
        )
        return list(found)

    def route_tables(self, vpc_id: str) -> list[Raw]:
        found = self._pages(
            "DescribeRouteTables", "RouteTables", Filters=_filters({"vpc-id": vpc_id}), MaxResults=ROUTES_PAGE
        )
        return list(found)

    def create(self, data: t.Mapping[str, t.Any]) -> Eni:
        """:arg data: as in the change "create" of a plan."""
        optional: dict[str, t.Any] = {
            "Groups": data["groups"],
            "Description": data["description"],
            "PrivateIpAddress": data["private_ip_address"],
            "EnablePrimaryIpv6": data["enable_primary"],
            "TagSpecifications": [{"ResourceType": "network-interface", "Tags": _tags(data["tags"])}],
        }
        if not data["tags"]:
            del optional["TagSpecifications"]
        answer = self._call(
            "CreateNetworkInterface",
            SubnetId=data["subnet_id"],
            Ipv6Addresses=[{"Ipv6Address": text} for text in data["addresses"]],
            # botocore would make one of its own for each call, that nobody could look up.
            ClientToken=uuid.uuid4().hex,
            **{key: value for key, value in optional.items() if value},
        )
        eni = Eni.from_api(answer["NetworkInterface"])
        self._fresh.add(eni.eni_id)
        return eni

    def delete(self, eni_id: str) -> None:
        """One that is gone already is fine."""
        self._fresh.discard(eni_id)
        try:
            self._call("DeleteNetworkInterface", NetworkInterfaceId=eni_id)
        except Failure as failure:
            if failure.outcome != MISSING:
                raise

    def assign_addresses(self, eni_id: str, addresses: t.Sequence[str]) -> None:
        self._call("AssignIpv6Addresses", NetworkInterfaceId=eni_id, Ipv6Addresses=list(addresses))

    def assign_prefixes(self, eni_id: str, prefixes: t.Sequence[str]) -> None:
        self._call("AssignIpv6Addresses", NetworkInterfaceId=eni_id, Ipv6Prefixes=list(prefixes))

    def unassign_addresses(self, eni_id: str, addresses: t.Sequence[str]) -> None:
        self._call("UnassignIpv6Addresses", NetworkInterfaceId=eni_id, Ipv6Addresses=list(addresses))

    def unassign_prefixes(self, eni_id: str, prefixes: t.Sequence[str]) -> None:
        self._call("UnassignIpv6Addresses", NetworkInterfaceId=eni_id, Ipv6Prefixes=list(prefixes))

    def modify(self, eni_id: str, attribute: str, value: t.Any, attachment_id: str | None = None) -> None:
        """One attribute, since EC2 takes one per call."""
        forms: dict[str, t.Any] = {
            "Description": {"Value": value},
            "SourceDestCheck": {"Value": value},
            "Groups": value,
            "EnablePrimaryIpv6": value,
            "DeleteOnTermination": {"AttachmentId": attachment_id, "DeleteOnTermination": value},
        }
        name = "Attachment" if attribute == "DeleteOnTermination" else attribute
        self._call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=eni_id, **{name: forms[attribute]})

    def attach(self, eni_id: str, instance_id: str, device_index: int) -> str:
        """:returns: the id of the attachment."""
        answer = self._call(
            "AttachNetworkInterface", NetworkInterfaceId=eni_id, InstanceId=instance_id, DeviceIndex=device_index
        )
        return str(answer["AttachmentId"])

    def detach(self, attachment_id: str, force: bool) -> None:
        self._call("DetachNetworkInterface", AttachmentId=attachment_id, **({"Force": True} if force else {}))

    def tag(self, eni_id: str, tags: t.Mapping[str, str]) -> None:
        self._call("CreateTags", Resources=[eni_id], Tags=_tags(tags))

    def untag(self, eni_id: str, keys: t.Iterable[str]) -> None:
        self._call("DeleteTags", Resources=[eni_id], Tags=[{"Key": key} for key in sorted(keys)])

    def wait(self, eni_id: str, until: t.Callable[[Eni | None], bool], what: str, timeout: float) -> Eni | None:
        """Look at the interface, for the first time after one second, until it is as expected.

        :raises Failure: it was not within ``timeout`` seconds.
        """
        end, pause = self._clock() + timeout, _FIRST_POLL
        while True:
            self._sleep(pause)
            eni = self.interface(eni_id)
            if until(eni):
                return eni
            if self._clock() >= end:
                raise Failure("DescribeNetworkInterfaces", "Timeout", f"{eni_id} was not {what} within {timeout:g} s")
            pause = min(_LONGEST_POLL, pause * _POLL_GROWTH)


def _failure(operation: str, error: t.Any) -> Failure:
    found = error.response.get("Error", {})
    return Failure(operation, str(found.get("Code", "")), str(found.get("Message", "")))


def _filters(values: t.Mapping[str, str]) -> list[dict[str, t.Any]]:
    return [{"Name": name, "Values": [value]} for name, value in values.items()]


def _tags(tags: t.Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
