# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module against EC2's double, by HTTP: in this process where time does not matter, in others where it does."""

from __future__ import annotations

import functools
import ipaddress
import json
import os
import pathlib
import subprocess
import sys
import typing as t

import boto3
import pytest
from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args
from botocore.config import Config
from moto.ec2.models import vpcs

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))

from ansible_collections.routable.ipv6.plugins.module_utils._eni_client import Ec2
from ansible_collections.routable.ipv6.plugins.modules import eni_ipv6_block
from doubles.ec2 import Double

MODULE = "ansible_collections.routable.ipv6.plugins.modules.eni_ipv6_block"
Params = t.Dict[str, t.Any]


@pytest.fixture(scope="session")
def server() -> t.Iterator[Double]:
    with Double() as double:
        yield double


@pytest.fixture(scope="session")
def client(server: Double) -> t.Any:
    """One for all: making a client takes longer than all that a test does with it."""
    return boto3.client(
        "ec2",
        region_name="us-east-1",
        endpoint_url=server.url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
    )


class Cloud:
    """A VPC with the address plan of the guide: one /64, a way to the internet, a group that lets ICMPv6 in.

    :arg seed: what moto draws follows from it, the range of the VPC too.
    :arg space: that range, in place of a drawn one.
    """

    def __init__(
        self,
        double: Double,
        client: t.Any,
        patch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        seed: str,
        space: str | None = None,
    ) -> None:
        self.double, self.ec2, self._capsys = double, client, capsys
        double.reset(seed)
        keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        # Nothing of who runs the tests, and no search for a metadata service.
        keys.update(
            AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull
        )
        for name, value in {**keys, "AWS_ENDPOINT_URL": double.url}.items():
            patch.setenv(name, value)
        # The double is as fast as it gets: nothing is gained by pausing.
        patch.setattr(eni_ipv6_block, "Ec2", functools.partial(Ec2, sleep=lambda seconds: None))
        self.connect = eni_ipv6_block.aws.make_client
        patch.setattr(eni_ipv6_block.aws, "make_client", lambda params: client)
        if space is not None:
            patch.setattr(vpcs, "random_ipv6_cidr", lambda: space)
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
        vpc = self.ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"][0]
        self.space = ipaddress.IPv6Network(vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"])
        self.network = next(self.space.subnets(new_prefix=64))
        self.subnet = self.make_subnet("10.0.0.0/17", self.network)
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.table = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["RouteTables"][
            0
        ]["RouteTableId"]
        self.ec2.create_route(RouteTableId=self.table, DestinationIpv6CidrBlock="::/0", GatewayId=gateway)
        self.group = self.ec2.create_security_group(GroupName="containers", Description="x", VpcId=self.vpc)["GroupId"]
        self.ec2.authorize_security_group_ingress(
            GroupId=self.group,
            IpPermissions=[
                {"IpProtocol": "icmpv6", "FromPort": -1, "ToPort": -1, "UserIdGroupPairs": [{"GroupId": self.group}]}
            ],
        )
        double.forget()

    def make_subnet(self, ipv4: str, ipv6: ipaddress.IPv6Network | None) -> str:
        """:returns: its id."""
        form = {} if ipv6 is None else {"Ipv6CidrBlock": str(ipv6)}
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=ipv4, AvailabilityZone="us-east-1a", **form)
        return str(made["Subnet"]["SubnetId"])

    def reserve(self, cidr: str, kind: str = "explicit", tags: dict[str, str] | None = None) -> str:
        """:returns: its id."""
        entries = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
        made = self.ec2.create_subnet_cidr_reservation(
            SubnetId=self.subnet,
            Cidr=cidr,
            ReservationType=kind,
            **(
                {"TagSpecifications": [{"ResourceType": "subnet-cidr-reservation", "Tags": entries}]} if entries else {}
            ),
        )
        return str(made["SubnetCidrReservation"]["SubnetCidrReservationId"])

    def at(self, number: int) -> str:
        """The address with that host part."""
        return str(self.network[number])

    def params(self, **params: t.Any) -> Params:
        """Options for an ENI named "web" in the subnet, in block mode on the type of the guide."""
        found = {
            "name": "web",
            "subnet_id": self.subnet,
            "mode": "block",
            "instance_type": "r5d.large",
            "security_groups": ["containers"],
            **params,
        }
        return {key: value for key, value in found.items() if value is not None}

    def run(self, **params: t.Any) -> Params:
        """The module in this process, with :meth:`params`; None takes one out."""
        return self.module(self.params(**params))

    def module(self, params: Params, module: t.Any = eni_ipv6_block) -> Params:
        """Another module of the collection gets its options as they are."""
        # They outlive a module that shares its process with others.
        warnings._global_warnings.clear()
        with patch_module_args(params), pytest.raises(SystemExit):
            module.main()
        result: Params = json.loads(self._capsys.readouterr().out)
        # In the answer they are in a form of ansible-core's own.
        result["warnings"] = list(warnings.get_warning_messages())
        return result

    def good(self, **params: t.Any) -> Params:
        result = self.run(**params)
        assert not result.get("failed"), result["msg"]
        return result

    def bad(self, **params: t.Any) -> str:
        """The message of a run that must fail."""
        result = self.run(**params)
        assert result.get("failed"), result
        return str(result["msg"])

    def start(self, **params: t.Any) -> subprocess.Popen[str]:
        """The module in a process of its own, with :meth:`params`."""
        return self.start_module(MODULE, self.params(**params))

    def start_module(self, module: str, params: Params) -> subprocess.Popen[str]:
        arguments = json.dumps({"ANSIBLE_MODULE_ARGS": params})
        environ = {**os.environ, "PYTHONPATH": str(ROOT / ".dev"), "PYTHONDONTWRITEBYTECODE": "1"}
        made = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )
        assert made.stdin is not None
        made.stdin.write(arguments)
        made.stdin.close()
        made.stdin = None
        return made

    def enis(self) -> list[Params]:
        found: list[Params] = self.ec2.describe_network_interfaces(
            Filters=[{"Name": "subnet-id", "Values": [self.subnet]}]
        )["NetworkInterfaces"]
        return found

    def eni(self) -> Params:
        """The only one."""
        found = self.enis()
        assert len(found) == 1, [one["NetworkInterfaceId"] for one in found]
        return found[0]

    def addresses(self) -> set[str]:
        return {one["Ipv6Address"] for one in self.eni()["Ipv6Addresses"]}

    def prefixes(self) -> set[str]:
        return {one["Ipv6Prefix"] for one in self.eni().get("Ipv6Prefixes", [])}

    def launch(self, kind: str = "r5d.large", **spec: t.Any) -> str:
        """An instance, with an interface of its own at index 0 unless told otherwise. :returns: its id."""
        nics = spec.pop("NetworkInterfaces", [{"DeviceIndex": 0, "SubnetId": self.subnet}])
        made = self.ec2.run_instances(
            ImageId="ami-12c6146b", InstanceType=kind, MinCount=1, MaxCount=1, NetworkInterfaces=nics, **spec
        )
        return str(made["Instances"][0]["InstanceId"])


@pytest.fixture
def space() -> str | None:
    """The range of the VPC for a test that does not leave it to moto."""
    return None


@pytest.fixture
def cloud(
    server: Double,
    client: t.Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    space: str | None,
) -> Cloud:
    return Cloud(server, client, monkeypatch, capsys, request.node.nodeid, space)
