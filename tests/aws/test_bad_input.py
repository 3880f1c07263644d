# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that cannot work: one message each, with value, rule and remedy, and not one call that writes."""

from __future__ import annotations

import ipaddress
import re
import typing as t

import pytest

if t.TYPE_CHECKING:
    from .conftest import Cloud

BAD: list[tuple[dict[str, t.Any], str]] = [
    ({"block_prefix_length": 122}, "block_prefix_length=122: a block has 2 to 32 addresses"),
    ({"block_prefix_length": "many"}, "block_prefix_length=many: a block has 2 to 32 addresses"),
    ({"block_prefix_length": 124}, "at most 10 IPv6 addresses and prefixes, and this would be 17"),
    ({"instance_type": "t3.micro"}, "leaves no block beside 1. Take mode=prefix"),
    ({"instance_type": "m1.small"}, "instance_type=m1.small: this type has no IPv6"),
    ({"instance_type": "m4.large", "mode": "prefix"}, "instance_type=m4.large: prefixes are delegated only to .* Xen"),
    ({"instance_type": "x9.huge"}, "there is no such instance type"),
    ({"instance_type": None}, "block_prefix_length=auto: it follows from the instance type"),
    ({"instance_type": None, "mode": "auto"}, "mode=auto: it follows from the instance type"),
    ({"mode": "prefix", "block_prefix_length": 126}, "a delegated prefix is always a /80"),
    ({"block": "2600::8/122"}, "block=2600::8/122: bits are set|no block of mode=block"),
    ({"block": "2600::/80"}, "no block of mode=block"),
    ({"block": "2001:db8::8/126"}, "block=2001:db8::8/126: this is outside of the subnet's range"),
    ({"block": "10.0.0.0/30"}, "IPv4 where IPv6 is needed"),
    ({"primary_address": "2001:db8::1"}, "primary_address=2001:db8::1: this is outside of the subnet's range"),
    ({"primary_address": "fe80::1%eth0"}, "a zone"),
    ({"private_ip_address": "10.0.0.300"}, "this is no IPv4 address"),
    ({"subnet_id": "subnet-0"}, "InvalidSubnetID.NotFound.*Check subnet_id"),
    ({"subnet_id": None}, "subnet_id: no ENI is named web"),
    ({"eni_id": "eni-0", "name": None}, "eni_id=eni-0: there is no such ENI"),
    ({"security_groups": ["nobody"]}, "security_groups: nobody: vpc-.* has no such security group"),
    ({"reservations": ["2001:db8::/80"]}, "no such IPv6 CIDR reservation"),
    ({"tags": {"aws:x": "1"}}, "AWS keeps keys that begin with aws:"),
    ({"tags": {"Name": "other"}}, "the ENI is found by name=web"),
    ({"attached": True}, "Give instance_id"),
    ({"attached": True, "instance_id": "i-0123456789abcdef0", "instance_type": None}, "there is no such instance"),
]


@pytest.mark.parametrize(("params", "message"), BAD, ids=lambda value: str(value)[:60])
def test_bad_input(cloud: Cloud, params: dict[str, t.Any], message: str) -> None:
    text = cloud.bad(**params)

    assert re.search(message, text), text
    assert "\n" not in text and cloud.double.writes == []


def test_values_that_depend_on_the_subnet(cloud: Cloud) -> None:
    taken = cloud.ec2.create_network_interface(SubnetId=cloud.subnet, Ipv6Addresses=[{"Ipv6Address": cloud.at(9)}])
    owner = taken["NetworkInterface"]["NetworkInterfaceId"]
    cloud.double.forget()
    assert f"{owner} has addresses of it" in cloud.bad(block=f"{cloud.at(8)}/126")
    assert f"{owner} has addresses of it" in cloud.bad(primary_address=cloud.at(9))
    assert "reserves the first 4" in cloud.bad(primary_address=cloud.at(3))
    assert "reserves the first 4" in cloud.bad(block=f"{cloud.network[0]}/80", mode="prefix")
    assert "would take this address from the block" in cloud.bad(
        block=f"{cloud.at(8)}/126", primary_address=cloud.at(10)
    )
    assert cloud.double.writes == []


def test_subnets(cloud: Cloud) -> None:
    plain = cloud.make_subnet("10.0.128.0/24", None)
    other = cloud.good()
    subnet = cloud.double.backend().get_subnet(cloud.subnet)
    cloud.double.forget()
    assert "no IPv6 range in the state associated" in cloud.bad(subnet_id=plain)
    assert f"{other['eni_id']} is in {cloud.subnet}" in cloud.bad(eni_id=other["eni_id"], subnet_id=plain)
    subnet.state = "pending"
    assert "its state is pending" in cloud.bad(name="other")
    subnet.state = "available"
    association = next(iter(subnet.ipv6_cidr_block_associations.values()))
    association["attribute"] = "private"
    assert "private IPv6 space" in cloud.bad(name="other")
    assert cloud.double.writes == []
    assert cloud.good(name="other", allow_private=True)["changed"]
    association["ipv6CidrBlockState"] = {"State": "disassociating"}
    assert "no IPv6 range in the state associated" in cloud.bad(name="third")


def test_a_reservation_from_which_aws_assigns(cloud: Cloud) -> None:
    number = cloud.reserve(f"{cloud.at(1 << 48)}/80", "prefix")
    cloud.double.forget()
    assert "AWS itself assigns from a reservation of type prefix" in cloud.bad(reservations=[number])
    assert cloud.double.writes == []


def test_a_subnet_of_another_length(cloud: Cloud) -> None:
    network = list(cloud.space.subnets(new_prefix=60))[3]
    subnet = cloud.make_subnet("10.0.129.0/24", network)
    result = cloud.good(subnet_id=subnet, primary_address=str(network[0x10001]))
    assert result["netplan"]["addresses"] == [f"{network[0x10001]}/60"]
    assert ipaddress.IPv6Network(result["block"]["cidr"]).subnet_of(network)


def test_an_eni_of_an_aws_service(cloud: Cloud) -> None:
    made = cloud.good()
    cloud.double.backend().get_network_interface(made["eni_id"]).requester_managed = True
    assert "an AWS service manages this ENI" in cloud.bad(state="absent")


@pytest.mark.parametrize(
    ("gone", "params", "message"),
    [
        (["AWS_DEFAULT_REGION"], {}, "region: there is none, and no default one either. Set region or AWS_REGION."),
        (
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
            {},
            "credentials: there are none. Set access_key and secret_key",
        ),
        (["AWS_SECRET_ACCESS_KEY"], {}, "credentials: only a part of them is there."),
        ([], {"profile": "nobody"}, "profile=nobody: boto3's configuration does not have it."),
        ([], {"endpoint_url": "nowhere"}, "the connection to AWS: "),
        ([], {"aws_config": {"nonsense": 1}}, "the connection to AWS: "),
        ([], {"endpoint_url": "http://127.0.0.1:9"}, "the API does not answer"),
    ],
)
def test_connection(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, gone: list[str], params: dict[str, t.Any], message: str
) -> None:
    from ansible_collections.routable.ipv6.plugins.modules import eni_ipv6_block

    monkeypatch.setattr(eni_ipv6_block.aws, "make_client", cloud.connect)
    for name in gone:
        monkeypatch.delenv(name)
    text = cloud.bad(**params)
    assert message in text and "\n" not in text and cloud.double.calls == []


def test_options_as_those_of_amazon_aws(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and region by option, under their other names, and the endpoint by the collection's own variable."""
    from ansible_collections.routable.ipv6.plugins.modules import eni_ipv6_block

    monkeypatch.setattr(eni_ipv6_block.aws, "make_client", cloud.connect)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_URL", cloud.double.url)
    given = {"aws_access_key": "testing", "aws_secret_key": "testing", "aws_region": "us-east-1"}
    assert cloud.good(**given)["changed"]
