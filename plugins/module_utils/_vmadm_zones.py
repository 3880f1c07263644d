# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""SmartOS zones as vmadm shows them, as far as the addresses of their NICs are concerned."""

from __future__ import annotations

import json
import typing as t

# What a lookup asks for: no metadata, in which passwords are kept.
FIELDS = ("uuid", "alias", "brand", "state", "zone_state", "platform_buildstamp", "nics")


class Nic(t.NamedTuple):
    """One NIC. ``mac`` is vmadm's own text, since vmadm finds a NIC by it letter for letter."""

    mac: str
    interface: str
    nic_tag: str = ""
    vlan_id: int = 0
    ips: tuple[str, ...] = ()
    allowed_ips: tuple[str, ...] = ()
    primary: bool = False
    spoofing: bool = False
    serves_dhcp: bool = False
    vrrp: bool = False

    @property
    def dynamic(self) -> tuple[str, ...]:
        """The ways by which this NIC gets addresses by itself: ``dhcp``, ``addrconf``."""
        return tuple(text for text in self.ips if text in ("dhcp", "addrconf"))


class Zone(t.NamedTuple):
    """One zone, of any brand. ``platform`` is the date of the running platform (YYYYMMDD), empty if it is not told."""

    uuid: str
    alias: str = ""
    brand: str = ""
    running: bool = False
    platform: str = ""
    nics: tuple[Nic, ...] = ()

    def __str__(self) -> str:
        return f"zone {self.uuid} ({self.alias})" if self.alias else f"zone {self.uuid}"


def parse_zones(text: str) -> list[Zone]:
    """The output of ``vmadm lookup -j``.

    :raises ValueError: it is not what vmadm writes.
    """
    parsed = json.loads(text)
    if not isinstance(parsed, list):
        raise ValueError("vmadm lookup -j gave no list")
    return [_zone(entry) for entry in parsed]


def parse_zone(text: str) -> Zone:
    """The output of ``vmadm get``.

    :raises ValueError: it is not what vmadm writes.
    """
    return _zone(json.loads(text))


def _zone(entry: t.Any) -> Zone:
    if not isinstance(entry, dict) or not isinstance(entry.get("uuid"), str):
        raise ValueError("vmadm gave a zone without a uuid")
    stamp = str(entry.get("platform_buildstamp") or "")[:8]
    return Zone(
        uuid=entry["uuid"],
        alias=str(entry.get("alias") or ""),
        brand=str(entry.get("brand") or ""),
        # ``state`` tells more than whether the zone is up; ``zone_state`` is the zone's own.
        running=(entry.get("zone_state") or entry.get("state")) == "running",
        platform=stamp if len(stamp) == 8 and stamp.isdigit() else "",
        nics=tuple(_nic(nic) for nic in entry.get("nics") or ()),
    )


def _nic(entry: t.Mapping[str, t.Any]) -> Nic:
    ips = entry.get("ips")
    if not ips:
        # Platforms before 2015-09-17 know one IPv4 address, or dhcp, and no list.
        ips = [entry["ip"]] if entry.get("ip") else []
    return Nic(
        mac=str(entry.get("mac") or ""),
        interface=str(entry.get("interface") or ""),
        nic_tag=str(entry.get("nic_tag") or ""),
        vlan_id=int(entry.get("vlan_id") or 0),
        ips=tuple(str(text) for text in ips),
        allowed_ips=tuple(str(text) for text in entry.get("allowed_ips") or () if str(text).strip()),
        primary=bool(entry.get("primary")),
        spoofing=bool(entry.get("allow_ip_spoofing")),
        serves_dhcp=bool(entry.get("allow_dhcp_spoofing") or entry.get("dhcp_server")),
        vrrp=bool(entry.get("vrrp_vrid")),
    )
