# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The subnet, the instance and the key pair, from nothing and back, against EC2's double."""

from __future__ import annotations

import functools
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ec2_account import Account
from ansible_collections.routable.ipv6.plugins.modules import ec2_docker_instance, ec2_docker_subnet
from conftest import Cloud, Params

IMAGE = "debian-13-amd64-20261110-2293"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2QmV3ZCzXhOZTkbvOT5vTjGLP5uUsQ0yqgOQmvVnYx"


class Wider(Cloud):
    """As :class:`Cloud`, with an image; ``subnet_`` and ``instance_`` run the two modules."""

    def subnet_(self, check: bool = False, **params: t.Any) -> Params:
        given = {"subnet": self.subnet, "security_group": "docker", "_ansible_check_mode": check, **params}
        return self.module({key: value for key, value in given.items() if value is not None}, ec2_docker_subnet)

    def instance_(self, check: bool = False, **params: t.Any) -> Params:
        given = {"name": "web", "instance_type": "r5d.large", "image": "debian-13-*", "_ansible_check_mode": check}
        return self.module({**given, **params}, ec2_docker_instance)

    def reservations(self) -> list[str]:
        found = self.ec2.get_subnet_cidr_reservations(SubnetId=self.subnet)
        return [one["Cidr"] for one in found["SubnetIpv6CidrReservations"]]

    def states(self) -> list[str]:
        found = self.ec2.describe_instances()["Reservations"]
        return [one["State"]["Name"] for reservation in found for one in reservation["Instances"]]


@pytest.fixture
def account(
    server: t.Any,
    client: t.Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: t.Any,
    request: pytest.FixtureRequest,
    space: str | None,
) -> Wider:
    for module in (ec2_docker_instance, ec2_docker_subnet):
        monkeypatch.setattr(module, "Account", functools.partial(Account, sleep=lambda seconds: None))
    made = Wider(server, client, monkeypatch, capsys, request.node.nodeid, space)
    server.backend().register_image(IMAGE, IMAGE)
    return made


def good(result: Params) -> Params:
    assert not result.get("failed"), result["msg"]
    return result


# Zero groups in the middle, at the end of the /64, and all that a /56 leaves.
@pytest.mark.parametrize("space", [None, "2600:1f18:0:1200::/56", "2600:1f18:12:0::/56", "2600:1f18::/56"])
def test_a_subnet_is_prepared_once(account: Wider) -> None:
    prefix = str(list(account.network.subnets(new_prefix=68))[1])
    form: Params = {"allow": [{"protocol": "tcp", "ports": "22"}], "reservations": [prefix], "tags": {"a": "b"}}
    ahead = good(account.subnet_(check=True, **form))
    assert account.double.writes == [] and ahead["security_group_id"] is None
    made = good(account.subnet_(**form))
    assert made["changed"] and made["changes"] == ahead["changes"] and made["diff"] == ahead["diff"]
    assert account.reservations() == [prefix]
    group = account.ec2.describe_security_groups(GroupIds=[made["security_group_id"]])["SecurityGroups"][0]
    assert {"Key": "a", "Value": "b"} in group["Tags"]
    account.double.forget()
    for check in (True, False):
        assert not good(account.subnet_(check=check, **form))["changed"]
    assert account.double.writes == []
    # Asking is three calls a run.
    assert sum(account.double.counted().values()) == 6


def test_a_subnet_goes_by_name_and_by_range(account: Wider) -> None:
    account.ec2.create_tags(Resources=[account.subnet], Tags=[{"Key": "Name", "Value": "containers"}])
    for subnet in ("containers", str(account.network), account.network.exploded):
        assert good(account.subnet_(check=True, subnet=subnet))["subnet_id"] == account.subnet
    assert "no such subnet" in account.subnet_(subnet="other")["msg"]


def test_whoever_is_second_finds_what_the_first_one_made(account: Wider) -> None:
    """The group appears between the reading and the writing of a run."""
    account.double.fault("CreateSecurityGroup", "InvalidGroup.Duplicate", performed=True)
    assert good(account.subnet_())["security_group_id"].startswith("sg-")
    assert account.double.counted("CreateSecurityGroup")["CreateSecurityGroup"] == 1


def test_four_at_once_make_one_group(account: Wider) -> None:
    given = {"subnet": account.subnet, "security_group": "docker"}
    module = "ansible_collections.routable.ipv6.plugins.modules.ec2_docker_subnet"
    account.double.meet("DescribeSecurityGroups", 4)
    running = [account.start_module(module, given) for _number in range(4)]
    outputs = [one.communicate()[0] for one in running]
    assert [one.returncode for one in running] == [0] * 4, outputs
    found = account.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["docker"]}])
    assert len(found["SecurityGroups"]) == 1
    assert len(found["SecurityGroups"][0]["IpPermissions"]) == 1


def test_an_instance_is_launched_once_and_taken_down(account: Wider) -> None:
    eni = account.good(tags={"routable-ipv6": "ec2_docker_host"})
    form: Params = {"eni_id": eni["eni_id"], "key_name": "operator", "public_key": KEY}
    account.double.forget()
    ahead = good(account.instance_(check=True, **form))
    assert account.double.writes == [] and ahead["launched"] and ahead["instance_id"] is None
    made = good(account.instance_(**form))
    assert (
        made["changes"]
        == ahead["changes"]
        == [
            "Import the key pair operator",
            f"Launch web, a r5d.large, from {IMAGE}",
        ]
    )
    assert account.eni()["Attachment"]["InstanceId"] == made["instance_id"]
    account.double.forget()
    again = good(account.instance_(**form))
    assert not again["changed"] and again["instance_id"] == made["instance_id"]
    # The ENI knows its instance: two questions, no more.
    assert account.double.counted() == {"DescribeNetworkInterfaces": 1, "DescribeInstances": 1}

    ahead = good(account.instance_(check=True, key_name="operator", state="absent"))
    assert account.states() == ["running"]
    gone = good(account.instance_(key_name="operator", state="absent"))
    assert gone["changes"] == ahead["changes"] and gone["terminated"]
    assert account.states() == ["terminated"]
    assert account.ec2.describe_key_pairs()["KeyPairs"] == []
    # The ENI is left, and is free.
    assert account.eni()["Status"] == "available"
    assert not good(account.instance_(key_name="operator", state="absent"))["changed"]


def test_an_interface_that_would_be_made_is_enough_for_check_mode(account: Wider) -> None:
    assert good(account.instance_(check=True))["launched"]
    assert "an instance is launched with an ENI" in account.instance_()["msg"]


def test_somebody_else_s_instance_is_left_alone(account: Wider) -> None:
    eni = account.good()
    account.launch(NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": eni["eni_id"]}])
    assert "launched by somebody else" in account.instance_(state="absent")["msg"]
    assert account.states() == ["running"]


@pytest.mark.parametrize(
    ("action", "code", "remedy"),
    [
        ("RunInstances", "InsufficientInstanceCapacity", "another zone"),
        ("RunInstances", "VcpuLimitExceeded", "quota"),
        ("RunInstances", "Unsupported", "another type"),
        ("ImportKeyPair", "InvalidKey.Format", "a .pub file"),
        ("RunInstances", "UnauthorizedOperation", "ec2:RunInstances"),
    ],
)
def test_a_refused_launch_says_what_helps_and_leaves_the_interface(
    account: Wider, action: str, code: str, remedy: str
) -> None:
    eni = account.good()
    account.double.fault(action, code)
    failed = account.instance_(eni_id=eni["eni_id"], key_name="operator", public_key=KEY)
    assert failed["failed"] and remedy in failed["msg"] and code in failed["msg"]
    assert account.states() == [] and account.eni()["Status"] == "available"


def test_a_launch_whose_answer_was_lost_is_made_once(account: Wider) -> None:
    eni = account.good()
    account.double.fault("RunInstances", "InternalError", performed=False)
    assert good(account.instance_(eni_id=eni["eni_id"]))["launched"]
    tokens = {params["ClientToken"] for name, params in account.double.calls if name == "RunInstances"}
    assert len(tokens) == 1, "the second attempt must carry the token of the first one"
    assert account.states() == ["running"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"image": "nothing-*"}, "there is no such image"),
        ({"eni_id": "eni-0123456789abcdef0"}, "there is no such ENI"),
        ({"key_name": "nobody"}, "there is no such key pair"),
    ],
)
def test_bad_values_cost_no_write(account: Wider, params: Params, message: str) -> None:
    eni = account.good()
    account.double.forget()
    failed = account.instance_(**{"eni_id": eni["eni_id"], **params})
    assert failed["failed"] and message in failed["msg"]
    assert account.double.writes == []
