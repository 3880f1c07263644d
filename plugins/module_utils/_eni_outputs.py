# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The results of an interface in the forms that others take: Docker, netplan, RunInstances, amazon.aws."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._eni_choice import Choice
from ansible_collections.routable.ipv6.plugins.module_utils._eni_facts import Eni, Subnet
from ansible_collections.routable.ipv6.plugins.module_utils._eni_limits import InstanceType
from ansible_collections.routable.ipv6.plugins.module_utils._eni_wanted import BLOCK

Output = t.Dict[str, t.Any]

# Amazon VPC User Guide, "Link-local addresses": the VPC's router answers here beside its EUI-64 address.
ROUTER = "fe80:ec2::1"


def primary(choice: Choice, subnet: Subnet) -> Output | None:
    """The primary address, alone and with the length of the subnet's range, which need not be 64."""
    if choice.primary is None:
        return None
    found = subnet.range_of(choice.primary)
    length = 128 if found is None else found.network.prefixlen
    return {"address": str(choice.primary), "with_prefixlen": f"{choice.primary}/{length}"}


def block(choice: Choice) -> Output | None:
    """The block. A delegated prefix has too many addresses for a list, so it comes with an empty one."""
    if choice.block is None:
        return None
    listed = [str(one) for one in choice.block] if choice.mode == BLOCK else []
    return {
        "cidr": str(choice.block),
        "first": str(choice.block[0]),
        "last": str(choice.block[-1]),
        "addresses": listed,
    }


def docker(choice: Choice) -> Output | None:
    """What Docker makes of the block: it keeps the first address, and its bridge takes the second one."""
    if choice.block is None:
        return None
    listed = [str(one) for one in choice.block][2:] if choice.mode == BLOCK else []
    return {
        "fixed_cidr_v6": str(choice.block),
        "gateway": str(choice.block[1]),
        "container_count": choice.block.num_addresses - 2,
        "container_addresses": listed,
        "daemon_json": {"ipv6": True, "fixed-cidr-v6": str(choice.block), "ip6tables": False},
    }


def netplan(eni_mac: str | None, choice: Choice, subnet: Subnet) -> Output | None:
    own = primary(choice, subnet)
    if own is None:
        return None
    return {
        "match_mac": eni_mac,
        "addresses": [own["with_prefixlen"]],
        "routes": [{"to": "default", "via": ROUTER}],
    }


def limits(kind: InstanceType | None, used: int) -> Output | None:
    return None if kind is None else {"type": kind.name, "max": kind.addresses, "used": used, "nitro": kind.nitro}


def outputs(
    eni: Eni | None, choice: Choice, subnet: Subnet, kind: InstanceType | None, used: int, device_index: int
) -> Output:
    """All of them. Of an interface that check mode has not created, what only AWS can know is None.

    :arg used: the number of addresses and prefixes on the interface.
    """
    attachment = eni.attachment if eni else None
    index = attachment.device_index if attachment else device_index
    found = None if choice.primary is None else subnet.range_of(choice.primary)
    return {
        "eni_id": eni.eni_id if eni else None,
        "mac": eni.mac if eni else None,
        "status": eni.status if eni else None,
        "private_ip_address": eni.private_ip_address if eni else None,
        "instance_id": attachment.instance_id if attachment else None,
        "subnet_id": subnet.subnet_id,
        "vpc_id": subnet.vpc_id,
        "ipv6_subnet_cidr": None if found is None else str(found.network),
        "mode": choice.mode,
        "primary": primary(choice, subnet),
        "block": block(choice),
        "docker": docker(choice),
        "netplan": netplan(eni.mac if eni else None, choice, subnet),
        "limits": limits(kind, used),
        "run_instances_network_interfaces": ([{"DeviceIndex": index, "NetworkInterfaceId": eni.eni_id}] if eni else []),
        "amazon_aws_network_interfaces_ids": [{"id": eni.eni_id, "device_index": index}] if eni else [],
    }
