# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the Director asks a CPI for: VMs with their NICs, and the jobs that run on them."""

from __future__ import annotations

import ipaddress
import typing as t
import uuid
from dataclasses import dataclass, field

from .planner import Planner, Subnet, take


class CpiError(Exception):
    """What the CPI answers instead of a VM."""


@dataclass(frozen=True)
class Nic:
    """One NIC: a VM of vSphere has one for each network.

    :arg port_group: ``cloud_properties.name`` of the subnet.
    :arg address: with its length; :arg gateway: of the default route, for the one network that has it.
    """

    network: str
    port_group: str
    mac: str
    address: str
    gateway: str | None


@dataclass(frozen=True)
class Machine:
    cid: str
    nics: tuple[Nic, ...]
    # The properties of each job by its name.
    jobs: dict[str, t.Any] = field(default_factory=dict)


class Cpi(t.Protocol):
    """Makes VMs and takes them away."""

    def create(self, machine: Machine) -> None:
        """:raises CpiError: with what it says."""

    def delete(self, cid: str) -> None: ...


def machines(planner: Planner, manifest: dict[str, t.Any], rows: t.Sequence[dict[str, t.Any]]) -> list[Machine]:
    """The VM of each instance.

    :arg rows: as :meth:`Deployments.place` gives them.
    """
    groups = {group["name"]: group for group in take(manifest, "instance_groups", list, [])}
    return [_machine(planner, groups[row["job"]], row) for row in rows]


def _machine(planner: Planner, group: dict[str, t.Any], row: dict[str, t.Any]) -> Machine:
    kinds = {network.name: network for network in planner.networks}
    manual = [spec for spec in group["networks"] if kinds[spec["name"]].type == "manual"]
    nics = []
    for number, (spec, text) in enumerate(zip(manual, row["ips"])):
        address = ipaddress.ip_address(text)
        subnet = next(one for one in kinds[spec["name"]].subnets if _holds(one, address))
        routed = len(manual) == 1 or "gateway" in (spec.get("default") or [])
        first, last = subnet.range[1:]
        nics.append(
            Nic(
                spec["name"],
                str(subnet.properties.get("name")),
                _mac(row["cid"], number),
                f"{address}/{address.max_prefixlen - (last - first).bit_length()}",
                str(type(address)(subnet.gateway)) if routed else None,
            )
        )
    jobs = {job["name"]: job.get("properties") or {} for job in group.get("jobs") or []}
    return Machine(row["cid"], tuple(nics), jobs)


def _holds(subnet: Subnet, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return subnet.range[0] == address.version and subnet.range[1] <= int(address) <= subnet.range[2]


def _mac(cid: str, number: int) -> str:
    """Of VMware's range for what vCenter assigns (00:50:56:80:00:00 and up)."""
    digest = uuid.uuid5(uuid.NAMESPACE_OID, f"{cid} {number}").bytes
    return bytes([0x00, 0x50, 0x56, 0x80 | digest[0] & 0x3F, digest[1], digest[2]]).hex(":")
