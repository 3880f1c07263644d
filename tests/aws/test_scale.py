# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many at once, a crash in the middle, and how many calls it all takes."""

from __future__ import annotations

import ipaddress
import json
import typing as t

from doubles.ec2 import Double

if t.TYPE_CHECKING:
    import pytest

    from .conftest import Cloud

RUNS = 16


def finish(process: t.Any) -> dict[str, t.Any]:
    out, err = process.communicate(timeout=300)
    assert out, err
    result: dict[str, t.Any] = json.loads(out.splitlines()[-1])
    return result


def test_sixteen_processes_share_out_sixteen_blocks(cloud: Cloud) -> None:
    """There is just room for all of them, and all have read the empty subnet before the first one writes."""
    whole = ipaddress.IPv6Network((int(cloud.network[0]) + (1 << 48), 122))
    number = cloud.reserve(str(whole))
    cloud.double.meet("CreateNetworkInterface", RUNS)
    # The first ones wait for the last one to be loaded.
    patience = {"read_timeout": 240}
    processes = [
        cloud.start(name=f"docker-{run}", reservations=[number], block_prefix_length=126, aws_config=patience)
        for run in range(RUNS)
    ]
    results = [finish(process) for process in processes]
    assert [result.get("msg") for result in results if result.get("failed")] == []
    blocks = sorted(ipaddress.IPv6Network(result["block"]["cidr"]) for result in results)
    # Aligned, distinct, none overlapping, none left out.
    assert blocks == list(whole.subnets(new_prefix=126))
    assert max(result["attempts"] for result in results) > 1
    # The losers left nothing: sixteen ENIs, each with its primary address and its block and nothing else.
    enis = {eni["NetworkInterfaceId"]: eni for eni in cloud.enis()}
    assert sorted(enis) == sorted(result["eni_id"] for result in results)
    for result in results:
        found = {one["Ipv6Address"] for one in enis[result["eni_id"]]["Ipv6Addresses"]}
        assert found == {result["primary"]["address"], *result["block"]["addresses"]}


def test_killed_between_create_and_assign(cloud: Cloud) -> None:
    hold = cloud.double.hold("AssignIpv6Addresses")
    process = cloud.start(mode="prefix")
    try:
        assert hold.reached.wait(120)
    finally:
        process.kill()
        process.wait()
        hold.release.set()
    left = cloud.eni()
    assert left.get("Ipv6Prefixes", []) == []
    result = cloud.good(mode="prefix")
    assert result["eni_id"] == cloud.eni()["NetworkInterfaceId"] == left["NetworkInterfaceId"]
    assert result["changes"] == [f"Delegate the prefix {result['block']['cidr']}"]
    assert cloud.prefixes() == {result["block"]["cidr"]}
    assert cloud.addresses() == {one["Ipv6Address"] for one in left["Ipv6Addresses"]}


def test_five_thousand_enis_are_read_once(cloud: Cloud) -> None:
    backend = cloud.double.backend()
    subnet = backend.get_subnet(cloud.subnet)
    group = backend.get_security_group_from_id(cloud.group)
    for number in range(5000):
        # As a busy subnet of a cluster: single addresses all over the low part.
        eni = backend.create_network_interface(subnet, "10.0.0.1", group_ids=[group.id])
        eni.ipv6_addresses = [cloud.at(16 * number + 7)]
    cloud.double.forget()
    result = cloud.good(block_prefix_length=124, instance_type="m5.4xlarge")
    pages = [
        params.get("NextToken")
        for name, params in cloud.double.calls
        if name == "DescribeNetworkInterfaces"
        and {"Name": "subnet-id", "Values": [cloud.subnet]} in params.get("Filters", [])
        and len(params["Filters"]) == 1
    ]
    assert len(pages) == len(set(pages)) == 5
    assert result["attempts"] == 1 and result["api_calls"]["DescribeNetworkInterfaces"] <= 5 + 3
    assert ipaddress.IPv6Network(result["block"]["cidr"]).prefixlen == 124


def test_without_the_rules(cloud: Cloud, server: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    """On moto itself, so that the rules are not the only judge."""
    monkeypatch.setattr(server, "_strict", False)
    result = cloud.good()
    assert cloud.addresses() == {result["primary"]["address"], *result["block"]["addresses"]}
    assert not cloud.good()["changed"]
    other = {"block": f"{cloud.at(8)}/127", "primary_address": result["primary"]["address"], "purge_addresses": True}
    assert cloud.good(**other)["changed"] and cloud.addresses() == {other["primary_address"], cloud.at(8), cloud.at(9)}
    assert cloud.good(state="absent")["changed"] and cloud.enis() == []


def test_what_is_drawn_follows_from_the_seed(cloud: Cloud) -> None:
    """So a test that fails by what it drew fails again."""
    drawn = []
    for seed in ("one", "one", "two"):
        cloud.double.reset(seed)
        vpc = cloud.ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
        space = vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
        first = str(next(ipaddress.IPv6Network(space).subnets(new_prefix=64)))
        subnet = cloud.ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.0.0.0/17", Ipv6CidrBlock=first)
        form = {"SubnetId": subnet["Subnet"]["SubnetId"], "Ipv6AddressCount": 2}
        eni = cloud.ec2.create_network_interface(**form)["NetworkInterface"]
        drawn.append((space, eni["MacAddress"], eni["NetworkInterfaceId"], str(eni["Ipv6Addresses"])))
    assert drawn[0] == drawn[1]
    assert not set(drawn[0]) & set(drawn[2])
