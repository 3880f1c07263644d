# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances that are hosts of the lab: launching one boots it, terminating one removes it.

The host is the one of the lab that is called as the instance's tag Name says. As on AWS, the instance is pending until
it runs, and what its interface is given later reaches it at once.
"""

from __future__ import annotations

import json
import sys
import threading
import typing as t

from moto.ec2.models.instances import InstanceState, StateReason
from routable_lab import cloud, hosts
from routable_lab.shell import LabError
from routable_lab.topology import Host

from . import addresses as rules
from .errors import refuse

_GONE = ("terminated", "shutting-down")


class Machines:
    """One lab. Its methods are called with the double's lock held, one after the other."""

    def __init__(self, lab: str) -> None:
        self._lab = lab
        self._booting: set[str] = set()

    def furnish(self, backend: t.Any, images: t.Iterable[str]) -> None:
        """What an account has before the first instance: images, a VPC with a way to the internet, a subnet."""
        for name in images:
            backend.register_image(name, name)
        vpc = backend.create_vpc("10.0.0.0/16", amazon_provided_ipv6_cidr_block=True)
        # moto draws a range; the lab's network has the guide's.
        for one in vpc.get_cidr_block_association_set(ipv6=True):
            one["cidr_block"] = cloud.SPACE
        zone = next(iter(backend.describe_availability_zones())).name
        subnet = backend.create_subnet(vpc.id, cloud.SUBNET4, cloud.SUBNET, zone)
        subnet.add_tag("Name", "containers")
        gateway = backend.create_internet_gateway()
        backend.attach_internet_gateway(gateway.id, vpc.id)
        table = next(one for one in backend.route_tables.values() if one.vpc_id == vpc.id)
        backend.create_route(table.id, None, destination_ipv6_cidr_block="::/0", gateway_id=gateway.id)

    def announce(self, url: str) -> None:
        """Say where the API is; by then all is there."""
        place = cloud.directory(self._lab)
        (place / "ec2.new").write_text(url, encoding="utf-8")
        (place / "ec2.new").rename(place / "ec2.url")

    def check(self, params: t.Mapping[str, t.Any]) -> None:
        """[D] InsufficientInstanceCapacity: a lab has no hosts but its own, each of them once."""
        name = _name(params.get("TagSpecifications") or [])
        if name not in self._hosts():
            refuse("InsufficientInstanceCapacity", f"Lab {self._lab} has no host that could be the instance {name!r}.")

    def converge(self, backend: t.Any) -> None:
        """Make the lab's hosts what the instances are."""
        known = self._hosts()
        there = hosts.containers(self._lab)
        wanted, gone = [], []
        for instance in backend.all_instances():
            name = next((tag["value"] for tag in instance.get_tags() if tag["key"] == "Name"), "")
            if instance._state.name not in _GONE and 0 in instance.nics:
                wanted.append((name, instance))
        wanted = [(name, instance) for name, instance in wanted if name in known]
        running = [name for name, _instance in wanted]
        for name in known:
            if name not in running and cloud.container(self._lab, name) in there:
                hosts.remove(self._lab, name)
                gone.append(name)
        cloud.deliver(self._lab, [_interface(known[name][0], instance) for name, instance in wanted], gone)
        for name, instance in wanted:
            if cloud.container(self._lab, name) not in there and name not in self._booting:
                self._boot(*known[name], instance)

    def _boot(self, host: Host, index: int, instance: t.Any) -> None:
        instance._state = InstanceState("pending", 0)
        self._booting.add(host.name)

        def run() -> None:
            try:
                hosts.launch(self._lab, host, index, instance.nics[0].mac_address)
            except LabError as error:
                print(f"{host.name}: {error}", file=sys.stderr, flush=True)
                # [D] Server.InternalError is what an instance says that does not come up.
                instance._state = InstanceState("terminated", 48)
                instance.state_reason = StateReason(f"Server.InternalError: {error}", "Server.InternalError")
            else:
                instance._state = InstanceState("running", 16)
            self._booting.discard(host.name)

        threading.Thread(target=run).start()

    def _hosts(self) -> dict[str, tuple[Host, int]]:
        text = (cloud.directory(self._lab) / "ec2.hosts").read_text(encoding="utf-8")
        said = json.loads(text)
        return {one["name"]: (Host(**one), said["first"] + index) for index, one in enumerate(said["hosts"])}


def _name(specifications: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    tags = [tag for one in specifications if one.get("ResourceType") == "instance" for tag in one.get("Tags", [])]
    return next((str(tag["Value"]) for tag in tags if tag["Key"] == "Name"), "")


def _interface(host: Host, instance: t.Any) -> cloud.Interface:
    eni, name = instance.nics[0], host.name
    # moto knows no subnets without IPv4, so that an interface has an address which its host never hears of.
    ipv4 = eni.private_ip_address if host.ipv4 else ""
    addresses, prefixes = list(eni.ipv6_addresses), list(rules.prefixes_of(eni))
    mac = eni.mac_address
    below = f"network/interfaces/macs/{mac}"
    metadata = {
        "instance-id": instance.id,
        "instance-type": instance.instance_type,
        "ami-id": instance.image_id,
        "local-hostname": name,
        "hostname": name,
        "local-ipv4": ipv4,
        "mac": mac,
        "placement/availability-zone": eni.subnet.availability_zone,
        f"{below}/device-number": "0",
        f"{below}/interface-id": eni.id,
        f"{below}/local-ipv4s": ipv4,
        f"{below}/mac": mac,
        f"{below}/subnet-id": eni.subnet.id,
        f"{below}/subnet-ipv4-cidr-block": str(eni.subnet.cidr_block) if ipv4 else "",
        f"{below}/subnet-ipv6-cidr-blocks": "\n".join(str(one) for one in rules.ranges(eni.subnet)),
        # What the guide's author saw: in the order of their numbers, the primary one wherever that puts it.
        f"{below}/ipv6s": "\n".join(str(one) for one in sorted(map(rules.Address, addresses))),
        f"{below}/ipv6-prefix": "\n".join(prefixes),
    }
    if addresses:
        metadata["ipv6"] = addresses[0]
    given = [(f"meta-data/{key}", value) for key, value in metadata.items() if value]
    document = {"instanceId": instance.id, "availabilityZone": eni.subnet.availability_zone, "region": "us-east-1"}
    given.append(("dynamic/instance-identity/document", json.dumps(document)))
    ranges = (*(f"{one}/128" for one in addresses), *prefixes)
    return cloud.Interface(name, mac, ipv4, ranges, tuple(given))
