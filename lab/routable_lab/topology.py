# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""A topology is data: a list of hosts, read from a JSON file or from standard input."""

from __future__ import annotations

import ipaddress
import json
import re
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from .names import LINK_PREFIX, ROUTER, STRANGER, VPC
from .shell import LabError

SUITES = ("bookworm", "trixie", "sid")
MANAGERS = ("kernel", "ifupdown", "networkd", "netplan", "networkmanager", "cloud-init")
IMAGES = ("host", "bare", "bosh", "ec2", "clock")
DOUBLES = ("smartos", "bosh", "ec2")
SITE = Path(__file__).resolve().parent.parent / "site.json"
# Addresses 10 to 250 of the link's IPv4 network.
MOST_HOSTS = 240


@dataclass(frozen=True)
class Host:
    """One host: its Debian suite, its uplink, who manages that, what is routed to it, and what it stands for.

    Without ``ipv4`` nobody gives an instance an IPv4 address: its link has IPv6 alone.
    """

    name: str
    suite: str = "trixie"
    uplink: str = "ens3"
    manager: str = "networkd"
    routed_prefix: str | None = None
    image: str = "host"
    double: str | None = None
    ipv4: bool = True

    def __post_init__(self) -> None:
        def refuse(rule: str) -> None:
            raise LabError(f"Lab host {self.name!r}: {rule}.")

        if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", self.name) or self.name in (ROUTER, STRANGER, VPC):
            refuse(f"the name must be lower case letters, digits and hyphens, and not {ROUTER}, {STRANGER} or {VPC}")
        if self.suite not in SUITES:
            refuse(f"suite is {self.suite!r}, but must be one of {', '.join(SUITES)}")
        if self.manager not in MANAGERS:
            refuse(f"manager is {self.manager!r}, but must be one of {', '.join(MANAGERS)}")
        if self.image not in IMAGES:
            refuse(f"image is {self.image!r}, but must be one of {', '.join(IMAGES)}")
        if self.double is not None and self.double not in DOUBLES:
            refuse(f"double is {self.double!r}, but must be one of {', '.join(DOUBLES)}")
        if (self.double == "ec2", self.manager == "cloud-init", self.image == "ec2").count(True) % 3:
            refuse("an instance of EC2's double has double ec2, manager cloud-init and image ec2, all three")
        if not self.ipv4 and self.double != "ec2":
            refuse("only an instance of EC2's double can be without ipv4")
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,15}", self.uplink) or self.uplink in (".", "..", "lo"):
            refuse(f"uplink is {self.uplink!r}, but an interface name has 1 to 15 letters, digits, '.', '_' or '-'")
        if self.routed_prefix is not None:
            try:
                routed = ipaddress.IPv6Network(self.routed_prefix)
            except ValueError as error:
                raise LabError(f"Lab host {self.name!r}: routed_prefix is no IPv6 prefix: {error}.") from error
            if routed.overlaps(ipaddress.IPv6Network(LINK_PREFIX)):
                refuse(f"routed_prefix {routed} overlaps the link's own prefix {LINK_PREFIX}")

    @property
    def launched(self) -> bool:
        """Whether the host is an instance, which is there only once somebody has launched it."""
        return self.double == "ec2"

    def as_dict(self) -> dict[str, Any]:
        """The host as it is written in a topology file."""
        return asdict(self)


def parse(text: str, origin: str) -> list[Host]:
    """Hosts from JSON text: a list of hosts, or an object with the key `hosts`. Raises LabError on anything else."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise LabError(f"The topology {origin} is not JSON: {error}.") from error
    if isinstance(data, dict):
        data = data.get("hosts")
    if not isinstance(data, list) or not data or not all(isinstance(entry, dict) for entry in data):
        raise LabError(f"The topology {origin} must be a list of hosts, or an object with such a list as `hosts`.")
    if len(data) > MOST_HOSTS:
        raise LabError(f"The topology {origin} has {len(data)} hosts, but a lab has room for {MOST_HOSTS}.")
    known = {field.name for field in fields(Host)}
    hosts = []
    for entry in data:
        unknown = sorted(set(entry) - known)
        if unknown:
            keys = ", ".join(sorted(known))
            raise LabError(f"The topology {origin} has the unknown key {unknown[0]!r}; a host has: {keys}.")
        if "name" not in entry:
            raise LabError(f"The topology {origin} has a host without a name: {json.dumps(entry)}.")
        hosts.append(Host(**entry))
    names = [host.name for host in hosts]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LabError(f"The topology {origin} has the host {twice[0]} twice.")
    return hosts


def load(source: str | None) -> list[Host]:
    """The topology in the named file, on standard input for `-`, or the site's own for None."""
    if source == "-":
        return parse(sys.stdin.read(), "on standard input")
    path = Path(source) if source else SITE
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise LabError(f"The topology {path} cannot be read: {error.strerror}.") from error
