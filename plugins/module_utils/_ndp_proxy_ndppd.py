# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The configuration and the unit of ndppd 0.2.5.

ndppd takes nearly any text without a word: a prefix that it cannot parse becomes ``::``, an unknown keyword is
skipped, a second block for one interface switches the first one off. So what is written here is made from parsed
values only, all rules of an uplink are in one block, and every rule says ``iface NAME`` or ``static``.
"""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy import Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._units import device_unit

# Milliseconds. How long a session is kept during which ndppd answers the neighbour that began it, and no other.
# Neighbours ask three times, a second apart (RFC 4861, section 10), so a shorter time lets a second one through.
SESSION_TTL = 1000


@dataclass(frozen=True)
class Rule:
    """Answer for a prefix: when the address answers on ``bridge``, or always where that is None."""

    prefix: ipaddress.IPv6Network
    bridge: str | None


def rules(wanted: Wanted) -> list[Rule]:
    """The rules of an uplink. A prefix is asked for on every bridge; the one that has the address answers."""
    made = [Rule(ipaddress.IPv6Network(address), None) for address in wanted.addresses]
    for prefix in wanted.prefixes:
        bridges: t.Sequence[str | None] = wanted.bridges if wanted.ndppd_mode == "iface" else [None]
        made += [Rule(prefix, bridge) for bridge in bridges]
    return made


def render(wanted: Wanted) -> str:
    """The configuration: one proxy block with all rules."""
    lines = [f"proxy {wanted.uplink} {{", f"  ttl {SESSION_TTL}"]
    for rule in rules(wanted):
        how = "static" if rule.bridge is None else f"iface {rule.bridge}"
        lines += [f"  rule {rule.prefix} {{", f"    {how}", "  }"]
    return "\n".join([*lines, "}", ""])


def unit_text(uplink: str, bridges: t.Sequence[str], program: str, config: str) -> str:
    """The unit, which lives and dies with the uplink and the bridges.

    ndppd never recovers when one of them is made anew, and takes an ``iface`` rule whose bridge is not there for
    ``static``.
    """
    devices = " ".join(device_unit(name) for name in (uplink, *bridges))
    return f"""[Unit]
Description=NDP proxy of {uplink}, by ndppd
BindsTo={devices}
After={devices} docker.service
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStart={program} -c {config}
Restart=always
RestartSec=500ms

[Install]
WantedBy={devices}
"""
