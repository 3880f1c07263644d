# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Ports that are opened: one of the things that a user says of an address."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

PROTOCOLS = ("tcp", "udp")


@dataclass(frozen=True, order=True)
class Port:
    """A port that is opened; ``protocol`` is one of :data:`PROTOCOLS`."""

    port: int
    protocol: str

    @property
    def entry(self) -> dict[str, t.Any]:
        return {"port": self.port, "protocol": self.protocol}


def read_ports(value: object, name: str) -> tuple[Port, ...]:
    """Ports in order, each given as a number or as ``{port, protocol}``.

    :raises Refused: not a port, or one that is there twice.
    """
    if not isinstance(value, (list, tuple)):
        raise Refused(f"{name}={value}", "ports are a list", "Write [80] or [{port: 53, protocol: udp}]")
    ports: list[Port] = []
    for item in value:
        entry = mapping(item, name, ("port", "protocol")) if isinstance(item, dict) else {"port": item}
        port = Port(_port_number(entry.get("port"), name), _protocol(entry.get("protocol", "tcp"), name))
        if port in ports:
            raise Refused(f"{name}={port.port}/{port.protocol}", "the port is given twice", "Leave one of them out")
        ports.append(port)
    return tuple(sorted(ports))


def _port_number(value: object, name: str) -> int:
    number = int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 65535:
        raise Refused(f"{name}={value}", "a port is a number from 1 to 65535", "Correct it")
    return int(number)


def _protocol(value: object, name: str) -> str:
    if value not in PROTOCOLS:
        raise Refused(f"{name}: protocol={value}", f"known are {' and '.join(PROTOCOLS)}", "Take one of these")
    return str(value)


def mapping(value: object, name: str, known: t.Sequence[str]) -> dict[str, t.Any]:
    """A mapping with no other keys than these.

    :raises Refused: it is none, or has others.
    """
    if not isinstance(value, dict):
        raise Refused(f"{name}={value}", f"a mapping is needed, not {type(value).__name__}", "Write key: value")
    unknown = sorted(str(key) for key in value if key not in known)
    if unknown:
        raise Refused(f"{name}: {', '.join(unknown)}", f"known keys are {', '.join(known)}", "Correct the spelling")
    return value
