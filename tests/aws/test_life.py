# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of an ENI: made, found again, changed, attached, deleted."""

from __future__ import annotations

import ipaddress
import typing as t

import pytest

if t.TYPE_CHECKING:
    from .conftest import Cloud


def test_the_guide_s_own_addresses(cloud: Cloud) -> None:
    """::1:1 for the instance and ::8 to ::b for Docker, in one call."""
    block = f"{cloud.at(8)}/126"
    result = cloud.good(name="instance-1", primary_address=cloud.at(0x10001), block=block, tags={"project": "x"})
    assert cloud.double.counted("CreateNetworkInterface", "AssignIpv6Addresses") == {"CreateNetworkInterface": 1}
    eni = cloud.eni()
    wanted = [cloud.at(number) for number in (0x10001, 8, 9, 10, 11)]
    assert [one["Ipv6Address"] for one in eni["Ipv6Addresses"]] == wanted
    assert {tag["Key"]: tag["Value"] for tag in eni["TagSet"]} == {"Name": "instance-1", "project": "x"}
    assert [group["GroupName"] for group in eni["Groups"]] == ["containers"]
    assert "CreateTags" not in cloud.double.writes
    expected = {
        "changed": True,
        "eni_id": eni["NetworkInterfaceId"],
        "mac": eni["MacAddress"],
        "subnet_id": cloud.subnet,
        "vpc_id": cloud.vpc,
        "ipv6_subnet_cidr": str(cloud.network),
        "mode": "block",
        "primary": {"address": wanted[0], "with_prefixlen": f"{wanted[0]}/64"},
        "block": {"cidr": block, "first": wanted[1], "last": wanted[4], "addresses": wanted[1:]},
        "limits": {"type": "r5d.large", "max": 10, "used": 5, "nitro": True},
        "attempts": 1,
        "run_instances_network_interfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": eni["NetworkInterfaceId"]}],
        "amazon_aws_network_interfaces_ids": [{"id": eni["NetworkInterfaceId"], "device_index": 0}],
    }
    assert {key: result[key] for key in expected} == expected
    assert result["docker"] == {
        "fixed_cidr_v6": block,
        "gateway": wanted[2],
        "container_count": 2,
        "container_addresses": wanted[3:],
        "daemon_json": {"ipv6": True, "fixed-cidr-v6": block, "ip6tables": False},
    }
    assert result["netplan"] == {
        "match_mac": eni["MacAddress"],
        "addresses": [f"{wanted[0]}/64"],
        "routes": [{"to": "default", "via": "fe80:ec2::1"}],
    }
    assert result.get("warnings", []) == []


@pytest.mark.parametrize("mode", ["block", "prefix", "auto"])
def test_check_then_run_then_run_again(cloud: Cloud, mode: str) -> None:
    predicted = cloud.good(mode=mode, _ansible_check_mode=True)
    assert cloud.double.writes == [] and predicted["changed"] and cloud.enis() == []
    result = cloud.good(mode=mode)
    same = ("changed", "changes", "diff", "mode", "primary", "block", "docker", "limits", "ipv6_subnet_cidr")
    assert {key: result[key] for key in same} == {key: predicted[key] for key in same}
    assert predicted["eni_id"] is None and result["eni_id"]
    cloud.double.forget()
    again = cloud.good(mode=mode)
    calls = cloud.double.counted()
    assert not again["changed"] and again["changes"] == [] and again["attempts"] == 0
    assert sum(calls.values()) <= 3 and calls == again["api_calls"]
    outputs = ("eni_id", "mac", "mode", "primary", "block", "docker", "netplan", "limits")
    assert {key: again[key] for key in outputs} == {key: result[key] for key in outputs}
    assert again["diff"]["before"] == again["diff"]["after"] == result["diff"]["after"]
    if mode == "block":
        assert len(cloud.addresses()) == 9 and result["block"]["cidr"].endswith("/125")
    else:
        assert result["mode"] == "prefix" and cloud.prefixes() == {result["block"]["cidr"]}
        assert cloud.addresses() == {result["primary"]["address"]}


def test_the_second_way_to_launch(cloud: Cloud) -> None:
    """The result is what RunInstances takes."""
    result = cloud.good()
    instance = cloud.launch(NetworkInterfaces=result["run_instances_network_interfaces"])
    assert cloud.eni()["Attachment"]["InstanceId"] == instance
    again = cloud.good()
    assert not again["changed"] and again["instance_id"] == instance and again["status"] == "in-use"


def test_an_eni_in_use_gets_a_block(cloud: Cloud) -> None:
    """Made without one, launched, and given a block after the first boot."""
    made = cloud.ec2.create_network_interface(SubnetId=cloud.subnet, Ipv6AddressCount=1)["NetworkInterface"]
    instance = cloud.launch(NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": made["NetworkInterfaceId"]}])
    cloud.double.forget()
    result = cloud.good(name=None, eni_id=made["NetworkInterfaceId"], instance_type=None, security_groups=None)
    assert result["changes"] == [f"Assign 8 addresses of the block {result['block']['cidr']}"]
    assert result["primary"]["address"] == made["Ipv6Addresses"][0]["Ipv6Address"]
    assert cloud.double.writes == ["AssignIpv6Addresses"]
    assert result["instance_id"] == instance and result["limits"]["used"] == 9


def test_a_block_grows_in_place_and_containers_keep_their_addresses(cloud: Cloud) -> None:
    cloud.good(block=f"{cloud.at(8)}/126", primary_address=cloud.at(0x10001))
    result = cloud.good(block_prefix_length=125, primary_address=cloud.at(0x10001))
    assert result["block"]["cidr"] == f"{cloud.at(8)}/125"
    assert result["changes"] == [f"Assign 4 addresses of the block {cloud.at(8)}/125"]
    # Somebody else has the rest: another block is found, and the former one stays.
    other = cloud.good(name="other", block=f"{cloud.at(0x20008)}/126", primary_address=cloud.at(0x20001))
    cloud.ec2.create_network_interface(SubnetId=cloud.subnet, Ipv6Addresses=[{"Ipv6Address": cloud.at(0x2000C)}])
    moved = cloud.good(name="other", block_prefix_length=127 - 2, instance_type="m5.4xlarge")
    assert moved["primary"] == other["primary"]
    assert moved["block"]["cidr"] != f"{cloud.at(0x20008)}/125" and moved["limits"]["used"] == 13


def test_further_addresses_stay_unless_purged(cloud: Cloud) -> None:
    first = cloud.good(block_prefix_length=126)
    extra = cloud.at(0x999)
    cloud.ec2.assign_ipv6_addresses(NetworkInterfaceId=first["eni_id"], Ipv6Addresses=[extra])
    kept = {"primary_address": first["primary"]["address"], "block_prefix_length": 126}
    assert not cloud.good(**kept)["changed"]
    assert extra in cloud.addresses()
    result = cloud.good(**kept, purge_addresses=True)
    assert result["changes"] == [f"Take away {extra}"]
    assert cloud.addresses() == {first["primary"]["address"], *first["block"]["addresses"]}


def test_from_block_to_prefix(cloud: Cloud) -> None:
    first = cloud.good()
    assert "this would be 10" not in str(cloud.good(mode="prefix", _ansible_check_mode=True)["diff"])
    result = cloud.good(mode="prefix", purge_addresses=True)
    assert cloud.addresses() == {first["primary"]["address"]} and cloud.prefixes() == {result["block"]["cidr"]}
    # Make before break: there is room for both on this type.
    assert cloud.double.writes[-2:] == ["AssignIpv6Addresses", "UnassignIpv6Addresses"]
    assert not cloud.good(mode="prefix", purge_addresses=True)["changed"]


def test_without_room_for_both_the_old_goes_first(cloud: Cloud) -> None:
    kept = {"primary_address": cloud.at(0x10001), "purge_addresses": True}
    cloud.good(block=f"{cloud.at(8)}/125", **kept)
    cloud.good(block=f"{cloud.at(16)}/125", **kept)
    assert cloud.double.writes[-2:] == ["UnassignIpv6Addresses", "AssignIpv6Addresses"]
    assert cloud.addresses() == {cloud.at(number) for number in (0x10001, *range(16, 24))}


def test_everything_else_is_converged(cloud: Cloud) -> None:
    first = cloud.good(tags={"a": "1", "b": "2"})
    wanted: dict[str, t.Any] = {
        "description": "for docker",
        "source_dest_check": False,
        "security_groups": ["default", cloud.group],
        "tags": {"a": "1", "c": "3"},
    }
    predicted = cloud.good(**wanted, _ansible_check_mode=True)
    result = cloud.good(**wanted)
    assert predicted["diff"] == result["diff"] and predicted["changes"] == result["changes"]
    eni = cloud.eni()
    assert eni["Description"] == "for docker" and eni["SourceDestCheck"] is False
    assert sorted(group["GroupName"] for group in eni["Groups"]) == ["containers", "default"]
    assert {tag["Key"]: tag["Value"] for tag in eni["TagSet"]} == {"Name": "web", "a": "1", "c": "3"}
    assert result["block"] == first["block"]
    assert not cloud.good(**wanted)["changed"]
    assert cloud.good(security_groups=None, tags={"d": "4"}, purge_tags=False)["changes"] == ["Set the tags d"]
    assert len(cloud.eni()["TagSet"]) == 4
    # Without the options, nothing is purged.
    assert not cloud.good(security_groups=None)["changed"]


def test_primary_flag(cloud: Cloud) -> None:
    result = cloud.good(enable_primary_ipv6=True)
    flagged = [one["Ipv6Address"] for one in cloud.eni()["Ipv6Addresses"] if one["IsPrimaryIpv6"]]
    assert flagged == [result["primary"]["address"]]
    assert cloud.double.writes == ["CreateNetworkInterface", "AssignIpv6Addresses"]
    assert not cloud.good(enable_primary_ipv6=True)["changed"]
    assert "AWS does not take that back" in cloud.bad(enable_primary_ipv6=False)


def test_primary_flag_later(cloud: Cloud) -> None:
    first = cloud.good(mode="prefix")
    assert cloud.good(mode="prefix", enable_primary_ipv6=True)["changes"] == [
        f"Make {first['primary']['address']} the primary IPv6 address"
    ]
    cloud.good(name="block")
    assert "makes the one it counts first" in cloud.bad(name="block", enable_primary_ipv6=True)


def test_attach_move_and_detach(cloud: Cloud) -> None:
    one, two = cloud.launch(), cloud.launch()
    attached = {"attached": True, "device_index": 1}
    result = cloud.good(**attached, instance_id=one, delete_on_termination=True)
    eni = next(eni for eni in cloud.enis() if eni["NetworkInterfaceId"] == result["eni_id"])
    assert eni["Attachment"]["InstanceId"] == one and eni["Attachment"]["DeleteOnTermination"]
    assert result["run_instances_network_interfaces"][0]["DeviceIndex"] == 1
    assert not cloud.good(**attached, instance_id=one, delete_on_termination=True)["changed"]
    assert cloud.good(delete_on_termination=False)["changes"] == ["Keep the ENI when its instance is terminated"]
    assert f"attached to {one}. Set force_detach=true" in cloud.bad(**attached, instance_id=two)
    moved = cloud.good(**attached, instance_id=two, force_detach=True)
    assert (
        moved["changes"] == [f"Detach the ENI from {one}", f"Attach the ENI to {two}"] and moved["instance_id"] == two
    )
    assert cloud.good(attached=False)["instance_id"] is None
    assert not cloud.good(attached=False)["changed"]


def test_absent(cloud: Cloud) -> None:
    assert not cloud.good(state="absent")["changed"]
    cloud.good()
    predicted = cloud.good(state="absent", _ansible_check_mode=True)
    assert predicted["changed"] and len(cloud.enis()) == 1
    result = cloud.good(state="absent")
    assert cloud.enis() == [] and result["diff"] == predicted["diff"] and result["diff"]["after"] == {}
    assert not cloud.good(state="absent")["changed"]


def test_absent_while_in_use(cloud: Cloud) -> None:
    instance = cloud.launch()
    result = cloud.good(attached=True, instance_id=instance, device_index=1)
    cloud.double.forget()
    assert f"attached to {instance}" in cloud.bad(state="absent") and cloud.double.writes == []
    assert cloud.good(state="absent", force_detach=True)["changes"] == [
        f"Detach the ENI from {instance}",
        f"Delete the ENI {result['eni_id']}",
    ]
    assert result["eni_id"] not in [eni["NetworkInterfaceId"] for eni in cloud.enis()]


def test_absent_of_an_instance_s_first_eni(cloud: Cloud) -> None:
    instance = cloud.launch(NetworkInterfaces=cloud.good()["run_instances_network_interfaces"])
    assert "Terminate the instance first" in cloud.bad(state="absent", force_detach=True)
    cloud.ec2.terminate_instances(InstanceIds=[instance])
    assert cloud.good(state="absent")["changed"]


def test_reservations(cloud: Cloud) -> None:
    own = ipaddress.IPv6Network((int(cloud.network[0]) + (1 << 48), 122))
    cloud.reserve(str(own), tags={"routable-ipv6": "yes"})
    cloud.reserve(f"{cloud.at(1 << 63)}/65")
    result = cloud.good(block_prefix_length=126)
    assert ipaddress.IPv6Network(result["block"]["cidr"]).subnet_of(own)
    assert ipaddress.IPv6Address(result["primary"]["address"]) not in own
    named = ipaddress.IPv6Network((int(cloud.network[0]) + (2 << 48), 125))
    number = cloud.reserve(str(named))
    assert cloud.good(name="two", reservations=[number])["block"]["cidr"] == str(named)
    assert "no aligned run" in cloud.bad(name="three", reservations=[named.exploded])


def test_warnings(cloud: Cloud) -> None:
    closed = cloud.ec2.create_security_group(GroupName="closed", Description="x", VpcId=cloud.vpc)["GroupId"]
    assert [text.split(" lets ")[0] for text in cloud.good(name="one", security_groups=["closed"])["warnings"]] == [
        f"No rule of {closed}"
    ]
    gateway = cloud.ec2.create_egress_only_internet_gateway(VpcId=cloud.vpc)["EgressOnlyInternetGateway"]
    cloud.ec2.delete_route(RouteTableId=cloud.table, DestinationIpv6CidrBlock="::/0")
    assert "no route to ::/0" in cloud.good(name="two")["warnings"][0]
    cloud.ec2.create_route(
        RouteTableId=cloud.table,
        DestinationIpv6CidrBlock="::/0",
        EgressOnlyInternetGatewayId=gateway["EgressOnlyInternetGatewayId"],
    )
    assert "nobody reaches them" in cloud.good(name="three")["warnings"][0]
    assert "no address for a container" in cloud.good(name="four", block_prefix_length=127)["warnings"][0]


def test_a_name_in_another_subnet_is_another_eni(cloud: Cloud) -> None:
    first = cloud.good()
    other = cloud.make_subnet("10.0.128.0/24", list(cloud.space.subnets(new_prefix=64))[1])
    second = cloud.good(subnet_id=other)
    assert second["changed"] and second["eni_id"] != first["eni_id"]
    assert "2 ENIs have this name" in cloud.bad(subnet_id=None)
    cloud.good(subnet_id=other, state="absent")
    assert cloud.good(subnet_id=None)["eni_id"] == first["eni_id"]
