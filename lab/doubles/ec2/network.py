# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Subnets and their CIDR reservations."""

from __future__ import annotations

import ipaddress
import typing as t

from moto.core.responses import ActionResult
from moto.ec2.models.subnets import Subnet, SubnetCidrReservation

from .errors import refuse
from .interfaces import paged

_SAVED: dict[str, t.Any] = {}


def install() -> None:
    """moto shows the state of an association as the text of a dictionary, and does not know the filter by a range."""
    _SAVED["filter"] = Subnet.get_filter_value
    Subnet.get_filter_value = _filter_value
    _SAVED["set"] = Subnet.ipv6_cidr_block_association_set
    Subnet.ipv6_cidr_block_association_set = property(_associations)
    SubnetCidrReservation.subnet_cidr_reservation_id = property(lambda one: one.id)


def uninstall() -> None:
    Subnet.ipv6_cidr_block_association_set = _SAVED["set"]
    Subnet.get_filter_value = _SAVED["filter"]
    del SubnetCidrReservation.subnet_cidr_reservation_id


def _filter_value(subnet: t.Any, name: str, method: str | None = None) -> t.Any:
    if name == "ipv6-cidr-block-association.ipv6-cidr-block":
        return [one["Ipv6CidrBlock"] for one in _associations(subnet)]
    return _SAVED["filter"](subnet, name, method)


def _associations(subnet: t.Any) -> list[dict[str, t.Any]]:
    return [
        {
            "AssociationId": one["associationId"],
            # [D] EC2 writes addresses in their canonical form.
            "Ipv6CidrBlock": str(ipaddress.IPv6Network(one["ipv6CidrBlock"])),
            "Ipv6CidrBlockState": {"State": one["ipv6CidrBlockState"]["State"]},
            # [M] public unless it is from a private pool of an IPAM; a test sets it on the association.
            "Ipv6AddressAttribute": one.get("attribute", "public"),
            "IpSource": "amazon",
        }
        for one in subnet.ipv6_cidr_block_associations.values()
    ]


def create_subnet(response: t.Any, method: t.Callable[[], t.Any]) -> t.Any:
    """[D] InvalidSubnet.Range and InvalidSubnet.Conflict."""
    backend, text = response.ec2_backend, response._get_param("Ipv6CidrBlock")
    if text:
        network = ipaddress.IPv6Network(text)
        vpc = backend.get_vpc(response._get_param("VpcId"))
        of_vpc = [ipaddress.IPv6Network(one["cidr_block"]) for one in vpc.get_cidr_block_association_set(ipv6=True)]
        if not any(network.subnet_of(one) for one in of_vpc):
            refuse("InvalidSubnet.Range", f"The CIDR '{text}' is invalid.")
        for subnets in backend.subnets.values():
            for subnet in subnets.values():
                for one in subnet.ipv6_cidr_block_associations.values():
                    if network.overlaps(ipaddress.IPv6Network(one["ipv6CidrBlock"])):
                        refuse("InvalidSubnet.Conflict", f"The CIDR '{text}' conflicts with another subnet")
    return method()


def create_reservation(response: t.Any, method: t.Callable[[], t.Any]) -> t.Any:
    """moto counts through all addresses of a reservation, which ends for no IPv6 one, and forgets the tags."""
    params, backend = response._get_params(), response.ec2_backend
    if ":" not in params["Cidr"]:
        return method()
    subnet = backend.get_subnet(params["SubnetId"])
    network = ipaddress.IPv6Network(params["Cidr"])
    if not subnet._cidr_within_subnet_cidr_blocks(network):
        refuse("InvalidCidrReservation.NotWithinSubnetCidr", f"{network} is not within the subnet")
    if any(network.overlaps(one.cidr) for one in subnet._cidr_reservations if one.cidr.version == 6):
        refuse("InvalidCidrReservation.OverlapExisting", f"{network} overlaps with another reservation")
    made = SubnetCidrReservation(backend, subnet.id, network, params["ReservationType"], subnet.owner_id)
    for specification in params.get("TagSpecifications") or []:
        made.add_tags({tag["Key"]: tag["Value"] for tag in specification.get("Tags", [])})
    subnet._cidr_reservations.append(made)
    return ActionResult({"SubnetCidrReservation": made})


def get_reservations(response: t.Any, method: t.Callable[[], t.Any]) -> t.Any:
    answer = method()
    shown, token = paged(answer.result["SubnetIpv6CidrReservations"], response._get_params())
    return ActionResult({**answer.result, "SubnetIpv6CidrReservations": shown, "NextToken": token})


HANDLERS = {
    "CreateSubnet": create_subnet,
    "CreateSubnetCidrReservation": create_reservation,
    "GetSubnetCidrReservations": get_reservations,
}
