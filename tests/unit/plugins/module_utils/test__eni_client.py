# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Request shapes, pinned by botocore's Stubber, which knows them all and checks every parameter."""

from __future__ import annotations

import typing as t

import boto3
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _eni_client
from ansible_collections.routable.ipv6.plugins.module_utils._eni_client import TRIES, Ec2
from ansible_collections.routable.ipv6.plugins.module_utils._eni_errors import Failure
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from botocore.stub import ANY, Stubber

RAW = {"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "VpcId": "vpc-1", "Status": "pending"}
CREATE: dict[str, t.Any] = {
    "subnet_id": "subnet-1",
    "addresses": ["2600::1:1", "2600::8", "2600::9"],
    "enable_primary": False,
    "groups": ["sg-1"],
    "description": None,
    "private_ip_address": None,
    "tags": {"b": "2", "Name": "web"},
}
CREATED = {
    "SubnetId": "subnet-1",
    "Ipv6Addresses": [{"Ipv6Address": "2600::1:1"}, {"Ipv6Address": "2600::8"}, {"Ipv6Address": "2600::9"}],
    "ClientToken": ANY,
    "Groups": ["sg-1"],
    "TagSpecifications": [
        {
            "ResourceType": "network-interface",
            "Tags": [{"Key": "Name", "Value": "web"}, {"Key": "b", "Value": "2"}],
        }
    ],
}


class Bench:
    """A stubbed client and the port on it; ``slept`` has every pause, in seconds, with the full length of each jitter."""

    def __init__(self) -> None:
        self.client = boto3.client(
            "ec2", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        self.stub = Stubber(self.client)
        self.slept: list[float] = []
        self.now = 0.0
        self.ec2 = Ec2(self.client, self.sleep, lambda: 1.0, lambda: self.now)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def expect(self, operation: str, params: dict[str, t.Any], answer: dict[str, t.Any] | None = None) -> None:
        self.stub.add_response(operation, answer or {}, params)

    def refuse(self, operation: str, code: str, message: str = "") -> None:
        self.stub.add_client_error(operation, code, message)


@pytest.fixture
def bench() -> t.Iterator[Bench]:
    made = Bench()
    with made.stub:
        yield made
        made.stub.assert_no_pending_responses()


def test_create_in_one_call_with_an_explicit_token(bench: Bench) -> None:
    bench.expect("create_network_interface", CREATED, {"NetworkInterface": RAW})
    assert bench.ec2.create(CREATE).eni_id == "eni-1"


def test_create_with_everything(bench: Bench) -> None:
    data = {
        **CREATE,
        "addresses": ["2600::1:1"],
        "enable_primary": True,
        "groups": [],
        "description": "for docker",
        "private_ip_address": "10.0.0.5",
        "tags": {},
    }
    shape = {
        "SubnetId": "subnet-1",
        "Ipv6Addresses": [{"Ipv6Address": "2600::1:1"}],
        "ClientToken": ANY,
        "EnablePrimaryIpv6": True,
        "Description": "for docker",
        "PrivateIpAddress": "10.0.0.5",
    }
    bench.expect("create_network_interface", shape, {"NetworkInterface": RAW})
    bench.ec2.create(data)


def recorded(bench: Bench) -> list[tuple[str, dict[str, t.Any]]]:
    """All further calls with their parameters, before botocore adds anything."""
    seen: list[tuple[str, dict[str, t.Any]]] = []

    def note(params: dict[str, t.Any], model: t.Any, **_other: object) -> None:
        seen.append((model.name, dict(params)))

    bench.client.meta.events.register_first("before-parameter-build.ec2.*", note)
    return seen


def test_the_token_stays_while_a_call_is_repeated_and_is_new_for_the_next_one(bench: Bench) -> None:
    seen = recorded(bench)
    bench.refuse("create_network_interface", "InternalError")
    bench.expect("create_network_interface", CREATED, {"NetworkInterface": RAW})
    bench.expect("create_network_interface", CREATED, {"NetworkInterface": RAW})
    bench.ec2.create(CREATE)
    bench.ec2.create(CREATE)
    tokens = [params["ClientToken"] for _name, params in seen]
    assert tokens[0] == tokens[1] != tokens[2] and len(tokens[0]) == 32


def test_addresses_and_prefixes_go_in_calls_of_their_own(bench: Bench) -> None:
    seen = recorded(bench)
    for operation in ("assign_ipv6_addresses", "unassign_ipv6_addresses"):
        bench.expect(operation, {"NetworkInterfaceId": "eni-1", "Ipv6Addresses": ["2600::8"]})
        bench.expect(operation, {"NetworkInterfaceId": "eni-1", "Ipv6Prefixes": ["2600:0:0:0:1::/80"]})
    bench.ec2.assign_addresses("eni-1", ["2600::8"])
    bench.ec2.assign_prefixes("eni-1", ["2600:0:0:0:1::/80"])
    bench.ec2.unassign_addresses("eni-1", ["2600::8"])
    bench.ec2.unassign_prefixes("eni-1", ["2600:0:0:0:1::/80"])
    exclusive = {"Ipv6Addresses", "Ipv6Prefixes", "Ipv6AddressCount", "Ipv6PrefixCount"}
    assert [len(exclusive & set(params)) for _name, params in seen] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("attribute", "value", "shape"),
    [
        ("Description", "x", {"Description": {"Value": "x"}}),
        ("SourceDestCheck", False, {"SourceDestCheck": {"Value": False}}),
        ("Groups", ["sg-1"], {"Groups": ["sg-1"]}),
        ("EnablePrimaryIpv6", True, {"EnablePrimaryIpv6": True}),
        ("DeleteOnTermination", True, {"Attachment": {"AttachmentId": "eni-attach-1", "DeleteOnTermination": True}}),
    ],
)
def test_one_attribute_per_call(bench: Bench, attribute: str, value: t.Any, shape: dict[str, t.Any]) -> None:
    bench.expect("modify_network_interface_attribute", {"NetworkInterfaceId": "eni-1", **shape})
    bench.ec2.modify("eni-1", attribute, value, "eni-attach-1")


def test_the_other_shapes(bench: Bench) -> None:
    bench.expect(
        "attach_network_interface",
        {"NetworkInterfaceId": "eni-1", "InstanceId": "i-1", "DeviceIndex": 1},
        {"AttachmentId": "eni-attach-1"},
    )
    bench.expect("detach_network_interface", {"AttachmentId": "eni-attach-1", "Force": True})
    bench.expect("detach_network_interface", {"AttachmentId": "eni-attach-1"})
    bench.expect("delete_network_interface", {"NetworkInterfaceId": "eni-1"})
    bench.expect("create_tags", {"Resources": ["eni-1"], "Tags": [{"Key": "a", "Value": "b"}]})
    bench.expect("delete_tags", {"Resources": ["eni-1"], "Tags": [{"Key": "a"}, {"Key": "c"}]})
    assert bench.ec2.attach("eni-1", "i-1", 1) == "eni-attach-1"
    bench.ec2.detach("eni-attach-1", True)
    bench.ec2.detach("eni-attach-1", False)
    bench.ec2.delete("eni-1")
    bench.ec2.tag("eni-1", {"a": "b"})
    bench.ec2.untag("eni-1", ["c", "a"])


def test_pages_are_followed_to_the_end(bench: Bench) -> None:
    filters = [{"Name": "subnet-id", "Values": ["subnet-1"]}]
    asked = {"Filters": filters, "MaxResults": 1000}
    for number, token in enumerate((None, "two", "three")):
        following = ("two", "three", None)[number]
        bench.expect(
            "describe_network_interfaces",
            {**asked, **({"NextToken": token} if token else {})},
            {
                "NetworkInterfaces": [{"NetworkInterfaceId": f"eni-{number}"}],
                **({"NextToken": following} if following else {}),
            },
        )
    found = bench.ec2.interfaces_in("subnet-1")
    assert [raw["NetworkInterfaceId"] for raw in found] == ["eni-0", "eni-1", "eni-2"]


def test_reservations_have_pages_too(bench: Bench) -> None:
    """botocore has no paginator for them."""
    asked = {"SubnetId": "subnet-1", "MaxResults": 1000}
    for number, token in enumerate((None, "two", "three")):
        following = ("two", "three", None)[number]
        raw = {
            "SubnetCidrReservationId": f"scr-{number}",
            "Cidr": f"2600:0:0:0:{number}::/80",
            "ReservationType": "explicit",
        }
        bench.expect(
            "get_subnet_cidr_reservations",
            {**asked, **({"NextToken": token} if token else {})},
            {"SubnetIpv6CidrReservations": [raw], **({"NextToken": following} if following else {})},
        )
    assert [one.reservation_id for one in bench.ec2.reservations("subnet-1")] == ["scr-0", "scr-1", "scr-2"]


def test_a_name_with_wildcards_means_itself(bench: Bench) -> None:
    filters = [{"Name": "tag:Name", "Values": [r"web\*"]}, {"Name": "subnet-id", "Values": ["subnet-1"]}]
    others = [{**RAW, "TagSet": [{"Key": "Name", "Value": name}]} for name in ("web*", "web1", "WEB*")]
    bench.expect("describe_network_interfaces", {"Filters": filters, "MaxResults": 1000}, {"NetworkInterfaces": others})
    assert [eni.tags["Name"] for eni in bench.ec2.interfaces_named("web*", "subnet-1")] == ["web*"]


def test_a_busy_api_is_asked_again_with_growing_pauses(bench: Bench) -> None:
    for _attempt in range(TRIES):
        bench.refuse("delete_network_interface", "RequestLimitExceeded", "slow down")
    with pytest.raises(Failure, match="RequestLimitExceeded: slow down"):
        bench.ec2.delete("eni-1")
    assert bench.slept == [0.5, 1, 2, 4, 8, 15, 15]
    assert bench.ec2.requests == {"DeleteNetworkInterface": TRIES}


def test_pauses_are_random() -> None:
    slept: list[float] = []
    chances = iter([0.25, 0.75])
    port = Ec2(None, slept.append, lambda: next(chances))
    port.pause(2)
    port.pause(2)
    assert slept == [0.25, 0.75]


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="https://ec2"),
        EndpointConnectionError(endpoint_url="https://ec2"),
        ResponseParserError("invalid XML received: <!doctype html>"),
    ],
)
def test_an_answer_that_does_not_come_is_asked_for_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    calls = []

    def silent(**params: t.Any) -> None:
        calls.append(params)
        raise error

    monkeypatch.setattr(bench.client, "assign_ipv6_addresses", silent)
    with pytest.raises(Failure, match="the API does not answer"):
        bench.ec2.assign_addresses("eni-1", ["2600::8"])
    assert len(calls) == TRIES


def test_an_interface_just_created_may_be_unknown_for_a_moment(bench: Bench) -> None:
    bench.expect("create_network_interface", CREATED, {"NetworkInterface": RAW})
    bench.ec2.create(CREATE)
    bench.refuse("assign_ipv6_addresses", "InvalidNetworkInterfaceID.NotFound")
    bench.expect("assign_ipv6_addresses", {"NetworkInterfaceId": "eni-1", "Ipv6Addresses": ["2600::8"]})
    bench.ec2.assign_addresses("eni-1", ["2600::8"])
    bench.refuse("assign_ipv6_addresses", "InvalidNetworkInterfaceID.NotFound")
    with pytest.raises(Failure, match="no such ENI"):
        bench.ec2.assign_addresses("eni-2", ["2600::8"])


def test_what_is_gone_is_none_and_needs_no_deleting(bench: Bench) -> None:
    bench.refuse("describe_network_interfaces", "InvalidNetworkInterfaceID.NotFound")
    bench.refuse("delete_network_interface", "InvalidNetworkInterfaceID.NotFound")
    assert bench.ec2.interface("eni-1") is None
    bench.ec2.delete("eni-1")


def test_waiting_looks_after_one_second_and_then_less_often(bench: Bench) -> None:
    for status in ("pending", "pending", "pending", "available"):
        answer = {"NetworkInterfaces": [{**RAW, "Status": status}]}
        bench.expect("describe_network_interfaces", {"NetworkInterfaceIds": ["eni-1"]}, answer)
    seen = bench.ec2.wait("eni-1", lambda eni: eni is not None and eni.status == "available", "available", 60)
    assert seen is not None and bench.slept == [1, 1.5, 2.25, 3.375]


def test_waiting_ends(bench: Bench) -> None:
    for _poll in range(3):
        bench.expect("describe_network_interfaces", {"NetworkInterfaceIds": ["eni-1"]}, {"NetworkInterfaces": [RAW]})
    with pytest.raises(Failure, match="eni-1 was not available within 4 s.*Raise wait_timeout"):
        bench.ec2.wait("eni-1", lambda eni: False, "available", 4)


def test_the_stubs_would_notice_another_parameter(bench: Bench) -> None:
    """The Stubber itself is no pushover: two exclusive parameters are another shape."""
    bench.expect("assign_ipv6_addresses", {"NetworkInterfaceId": "eni-1", "Ipv6Addresses": ["2600::8"]})
    with pytest.raises(Failure, match="StubAssertionError"):
        bench.ec2._call(
            "AssignIpv6Addresses", NetworkInterfaceId="eni-1", Ipv6Addresses=["2600::8"], Ipv6AddressCount=1
        )
    bench.ec2.assign_addresses("eni-1", ["2600::8"])


def test_boto3_is_there() -> None:
    assert _eni_client.BOTO_ERROR is None


def test_what_is_read_about_the_surroundings(bench: Bench) -> None:
    vpc = [{"Name": "vpc-id", "Values": ["vpc-1"]}]
    bench.expect("describe_security_groups", {"Filters": vpc, "MaxResults": 1000}, {"SecurityGroups": []})
    bench.expect("describe_route_tables", {"Filters": vpc, "MaxResults": 100}, {"RouteTables": []})
    bench.expect("describe_subnets", {"SubnetIds": ["s"]}, {"Subnets": [{"SubnetId": "s", "VpcId": "vpc-1"}]})
    bench.expect(
        "describe_instance_types", {"InstanceTypes": ["t3.nano"]}, {"InstanceTypes": [{"InstanceType": "t3.nano"}]}
    )
    found = {"Reservations": [{"Instances": [{"InstanceType": "t3.nano"}]}]}
    bench.expect("describe_instances", {"InstanceIds": ["i-1"]}, found)
    assert bench.ec2.groups("vpc-1") == bench.ec2.route_tables("vpc-1") == []
    assert bench.ec2.subnet("s").vpc_id == "vpc-1"
    assert bench.ec2.instance_type("t3.nano").name == bench.ec2.type_of_instance("i-1") == "t3.nano"
