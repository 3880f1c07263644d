# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Request shapes of what is around an interface, pinned by botocore's Stubber."""

from __future__ import annotations

import typing as t

import boto3
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ec2_account import Account
from ansible_collections.routable.ipv6.plugins.module_utils._eni_errors import Failure
from botocore.config import Config
from botocore.stub import Stubber

TAGS = {"b": "2", "a": "1"}
TAGGED = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]


class Token:
    """Any token at all, and the same one each time: a repeated launch must be the same launch."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __eq__(self, other: object) -> bool:
        self.seen.append(str(other))
        return isinstance(other, str) and bool(other) and set(self.seen) == {other}


@pytest.fixture
def stub() -> t.Iterator[Stubber]:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
    with Stubber(boto3.client("ec2", region_name="us-east-1", config=config, **keys)) as made:
        yield made
        made.assert_no_pending_responses()


@pytest.fixture
def account(stub: Stubber) -> Account:
    return Account(stub.client, sleep=lambda seconds: None)


def test_a_launch_carries_its_own_token_and_keeps_it(stub: Stubber, account: Account) -> None:
    token = Token()
    form = {"ImageId": "ami-1", "InstanceType": "m7i.large"}
    shape = {"MinCount": 1, "MaxCount": 1, "ClientToken": token, **form}
    stub.add_client_error("run_instances", "InternalError", expected_params=shape)
    stub.add_response("run_instances", {"Instances": [{"InstanceId": "i-1"}]}, shape)
    assert account.run(form)["InstanceId"] == "i-1" and len(token.seen) == 2
    other = Token()
    stub.add_response("run_instances", {"Instances": [{"InstanceId": "i-2"}]}, {**shape, "ClientToken": other})
    account.run(form)
    assert token.seen[0] not in other.seen, "another launch is another token"


def test_what_is_made_has_its_tags_in_the_same_call(stub: Stubber, account: Account) -> None:
    def tagged(kind: str) -> list[dict[str, t.Any]]:
        return [{"ResourceType": kind, "Tags": TAGGED}]

    stub.add_response(
        "create_security_group",
        {"GroupId": "sg-1"},
        {"GroupName": "g", "Description": "d", "VpcId": "vpc-1", "TagSpecifications": tagged("security-group")},
    )
    stub.add_response(
        "create_subnet_cidr_reservation",
        {"SubnetCidrReservation": {"SubnetCidrReservationId": "scr-1"}},
        {
            "SubnetId": "subnet-1",
            "Cidr": "2001:db8::/80",
            "ReservationType": "explicit",
            "TagSpecifications": tagged("subnet-cidr-reservation"),
        },
    )
    stub.add_response(
        "import_key_pair",
        {},
        {"KeyName": "k", "PublicKeyMaterial": b"ssh-ed25519 A", "TagSpecifications": tagged("key-pair")},
    )
    assert account.create_group("g", "vpc-1", "d", TAGS) == "sg-1"
    assert account.reserve("subnet-1", "2001:db8::/80", TAGS) == "scr-1"
    account.import_key("k", "ssh-ed25519 A", TAGS)


@pytest.mark.parametrize(
    ("operation", "key", "ask"),
    [
        ("describe_subnets", "Subnets", lambda account: account.subnets({"vpc-id": ["vpc-1"]})),
        ("describe_security_groups", "SecurityGroups", lambda account: account.security_groups({"vpc-id": ["vpc-1"]})),
        ("describe_instances", "Reservations", lambda account: account.instances({"vpc-id": ["vpc-1"]})),
        ("describe_network_interfaces", "NetworkInterfaces", lambda account: account.group_holders("sg-1")),
    ],
)
def test_three_pages_are_read_to_the_end(
    stub: Stubber, account: Account, operation: str, key: str, ask: t.Callable[[Account], list[t.Any]]
) -> None:
    names = {"NetworkInterfaces": "group-id"}
    filters = [{"Name": names.get(key, "vpc-id"), "Values": ["sg-1" if key in names else "vpc-1"]}]
    for number, following in enumerate(("two", "three", None)):
        one: dict[str, t.Any] = {"NetworkInterfaceId": f"eni-{number}"} if key in names else {}
        one = {"Instances": [{"InstanceId": f"i-{number}"}]} if key == "Reservations" else one
        token = {"NextToken": (None, "two", "three")[number]} if number else {}
        answer = {key: [one], **({"NextToken": following} if following else {})}
        stub.add_response(operation, answer, {"Filters": filters, **token})
    assert len(ask(account)) == 3


def test_an_instance_that_is_gone_is_none_and_another_error_is_one(stub: Stubber, account: Account) -> None:
    for code in ("InvalidInstanceID.NotFound", "UnauthorizedOperation"):
        stub.add_client_error("describe_instances", code, expected_params={"InstanceIds": ["i-1"]})
    assert account.instance("i-1") is None
    with pytest.raises(Failure, match="ec2:DescribeInstances"):
        account.instance("i-1")
