# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When an instance is launched, with what, and which one may be terminated."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _ec2_instance as plans
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

PARAMS: dict[str, t.Any] = {
    "name": "docker-1",
    "eni_id": "eni-1",
    "instance_type": "m7i.large",
    "image": "debian-13-amd64-*",
    "image_owners": ["136693071363"],
    "key_name": None,
    "public_key": None,
    "user_data": None,
    "tags": {"project": "x"},
}
IMAGES = (
    {"ImageId": "ami-1", "Name": "debian-13-amd64-20260811-1", "CreationDate": "2026-08-11T00:00:00.000Z"},
    {"ImageId": "ami-3", "Name": "debian-13-amd64-20261110-2", "CreationDate": "2026-11-10T00:00:00.000Z"},
    {"ImageId": "ami-2", "Name": "debian-13-amd64-20261110-1", "CreationDate": "2026-11-10T00:00:00.000Z"},
)
OURS = [{"Key": "routable-ipv6", "Value": "ec2_docker_host"}]


def wanted(**params: t.Any) -> plans.Wanted:
    return plans.Wanted.parse({**PARAMS, **params})


def instance(state: str = "running", tags: t.Any = (*OURS,)) -> dict[str, t.Any]:
    return {"InstanceId": "i-1", "ImageId": "ami-0", "State": {"Name": state}, "Tags": tags}


def test_the_newest_image_is_launched_with_the_interface() -> None:
    plan = plans.plan_present(plans.Facts(None, IMAGES), wanted())
    assert [change.action for change in plan.changes] == ["run"]
    assert plan.changes[0].data["parameters"] == {
        "ImageId": "ami-3",
        "InstanceType": "m7i.large",
        "NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": "eni-1"}],
        "MetadataOptions": {"HttpTokens": "required", "HttpProtocolIpv6": "enabled"},
        "TagSpecifications": [
            {
                "ResourceType": "instance",
                "Tags": [
                    {"Key": "Name", "Value": "docker-1"},
                    {"Key": "project", "Value": "x"},
                    {"Key": "routable-ipv6", "Value": "ec2_docker_host"},
                ],
            }
        ],
    }
    # Not by its security group: EC2 takes either that or an interface that is there already.
    assert "SecurityGroupIds" not in plan.changes[0].data["parameters"]


@pytest.mark.parametrize("state", ["pending", "running"])
def test_an_interface_with_an_instance_needs_none(state: str) -> None:
    asked = wanted(image=None, instance_type=None, key_name="gone")
    assert not plans.plan_present(plans.Facts(instance(state)), asked).changed


def test_an_instance_that_is_terminated_is_none() -> None:
    assert plans.plan_present(plans.Facts(instance("terminated"), IMAGES), wanted()).changed


@pytest.mark.parametrize("state", ["stopping", "stopped"])
def test_an_instance_that_somebody_has_stopped_is_left_alone(state: str) -> None:
    with pytest.raises(Refused, match=f"it is {state}"):
        plans.plan_present(plans.Facts(instance(state)), wanted())


def test_a_key_pair_is_imported_before_the_launch_and_only_if_it_is_not_there() -> None:
    asked = wanted(key_name="operator", public_key="ssh-ed25519 AAAA x\n", user_data="#cloud-config\n")
    plan = plans.plan_present(plans.Facts(None, IMAGES), asked)
    assert [change.action for change in plan.changes] == ["import_key", "run"]
    assert plan.changes[1].data["parameters"]["KeyName"] == "operator"
    assert plan.changes[1].data["parameters"]["UserData"] == "#cloud-config\n"
    again = plans.plan_present(plans.Facts(None, IMAGES, {"KeyName": "operator"}), asked)
    assert [change.action for change in again.changes] == ["run"]


@pytest.mark.parametrize(
    ("params", "images", "message"),
    [
        ({"instance_type": None}, IMAGES, "Set instance_type"),
        ({"image": None}, IMAGES, "Set image"),
        ({}, (), "no such image of 136693071363"),
        ({"key_name": "operator"}, IMAGES, "no such key pair"),
    ],
)
def test_what_cannot_be_launched_is_refused(params: dict[str, t.Any], images: tuple[t.Any, ...], message: str) -> None:
    with pytest.raises(Refused, match=message):
        plans.plan_present(plans.Facts(None, images), wanted(**params))


def test_a_public_key_without_a_name_is_refused() -> None:
    with pytest.raises(Refused, match="Set key_name"):
        wanted(public_key="ssh-ed25519 AAAA")


def test_an_image_is_looked_for_by_its_id_or_by_its_name() -> None:
    assert plans.image_filters(wanted(image="ami-12")) == {"image-id": ["ami-12"]}
    assert plans.image_filters(wanted()) == {"name": ["debian-13-amd64-*"], "state": ["available"]}


def test_only_an_instance_of_ours_is_terminated() -> None:
    plan = plans.plan_absent(plans.Facts(instance()), wanted())
    assert [(change.action, change.data) for change in plan.changes] == [("terminate", {"id": "i-1"})]
    for tags in ([], None, [{"Key": "Name", "Value": "docker-1"}]):
        with pytest.raises(Refused, match="launched by somebody else"):
            plans.plan_absent(plans.Facts(instance(tags=tags)), wanted())
    for gone in (None, instance("terminated", []), instance("shutting-down", [])):
        assert not plans.plan_absent(plans.Facts(gone), wanted()).changed


@pytest.mark.parametrize(
    ("tags", "users", "deleted"),
    [(OURS, ["i-1"], True), (OURS, [], True), (OURS, ["i-1", "i-2"], False), ([], [], False)],
)
def test_a_key_pair_goes_with_its_last_instance_if_it_is_ours(tags: t.Any, users: list[str], deleted: bool) -> None:
    facts = plans.Facts(instance(), (), {"KeyName": "operator", "Tags": tags})
    plan = plans.plan_absent(facts, wanted(key_name="operator"), users)
    assert ("delete_key" in [change.action for change in plan.changes]) is deleted
