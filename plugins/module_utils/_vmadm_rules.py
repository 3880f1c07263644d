# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What a list of allowed addresses must keep to, so that vmadm takes it, the kernel takes it, and the zone boots.

vmadm looks at syntax alone. It writes a list into the zone's configuration before dladm gets to see it, and a list
that dladm refuses is refused at every later boot as well. So everything is checked here, before anything is sent.
"""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_entries import (
    Entry,
    eui64,
    link_local,
    parse_entry,
    parse_mac,
    static_addresses,
)
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone

# smartos-live, src/vm: at most 13 allowed_ips for a NIC, and 32 addresses of all kinds, which is as many as the
# kernel's list has places (MPT_MAXIPADDR).
MAX_ALLOWED = 13
MAX_ADDRESSES = 32
# OS-4683: from this platform on a NIC may have a list and dynamic addresses at once.
LIST_AND_DYNAMIC = "20171206"
# OS-8398: from this platform on the permission to serve DHCP takes ip-nospoof away as well.
DHCP_OPENS_ALL = "20220701"
_REPAIR = "Take one of them out by hand, or use state exact"


def place(zone: Zone, nic: Nic) -> str:
    """Which NIC a message is about."""
    return f"{zone}, {nic.interface}"


def problem(zone: Zone, nic: Nic, allowed: t.Sequence[str]) -> Refused | None:
    """Why this list would not be taken, or None."""
    where = place(zone, nic)
    if len(allowed) > MAX_ALLOWED:
        return Refused(
            f"{where}: allowed_ips with {len(allowed)} entries",
            f"vmadm takes at most {MAX_ALLOWED} for a NIC",
            f"Take {len(allowed) - MAX_ALLOWED} out, or permit a whole prefix",
        )
    total = len(allowed) + len(nic.ips)
    if total > MAX_ADDRESSES:
        return Refused(
            f"{where}: {len(allowed)} allowed_ips and {len(nic.ips)} ips",
            f"a NIC has at most {MAX_ADDRESSES} of both",
            f"Take {total - MAX_ADDRESSES} out",
        )
    own = {entry.address: text for entry, text in static_addresses(nic.ips).items()}
    seen: dict[tuple[int, int], str] = {}
    for text in allowed:
        entry = parse_entry(text)
        if entry is None or entry.unspecified or not entry.length:
            return Refused(
                f"{where}: allowed_ips={text}",
                "the kernel takes no such entry, and the zone would not boot with it",
                "Take it out by hand, or use state exact",
            )
        # vmadm folds an address that is spelled in the same way in both lists.
        other = seen.get(entry.address) or (own.get(entry.address) if own.get(entry.address) != text else None)
        if other is not None:
            return Refused(
                f"{where}: allowed_ips={text}",
                f"the kernel takes no two entries with one address, and {other} is there too",
                _REPAIR,
            )
        seen[entry.address] = text
    return None


def gate(zone: Zone, nic: Nic) -> Refused | None:
    """Why this NIC must not get its first list on this platform, or None."""
    if "dhcp" not in nic.dynamic or not loses_dynamic(zone):
        return None
    known = f"of {zone.platform}" if zone.platform else "that does not tell its buildstamp"
    return Refused(
        f"{place(zone, nic)}: dhcp on a platform {known}",
        f"before {LIST_AND_DYNAMIC} (OS-4683) a NIC with allowed_ips loses its dynamic addresses",
        "Update the platform, or give the NIC static addresses",
    )


def loses_dynamic(zone: Zone) -> bool:
    """Whether a list takes a NIC's dynamic addresses away. A platform that tells nothing is taken for an old one."""
    return zone.platform < LIST_AND_DYNAMIC


def not_empty(zone: Zone, nic: Nic, merged: list[str]) -> list[str]:
    """``merged``, or what to send instead of an empty list.

    An empty list reads back as one empty text, which a later update of ``ips`` hands on to dladm. The EUI-64
    link-local address changes nothing, since the kernel permits it in any case (illumos, mac_protect.c). Where any
    list at all does harm, the empty one is the better choice.
    """
    mac = parse_mac(nic.mac)
    if merged or not nic.allowed_ips or mac is None or (nic.dynamic and loses_dynamic(zone)):
        return merged
    return [_spelled(nic, link_local(eui64(mac)))]


def former(zone: Zone, nic: Nic) -> list[str]:
    """The list to send to get back to what this NIC has: its own, and what means the same as none if it has none."""
    if nic.allowed_ips:
        return list(nic.allowed_ips)
    return not_empty(zone, nic._replace(allowed_ips=("",)), [])


def _spelled(nic: Nic, entry: Entry) -> str:
    """An entry as the NIC has it already, or in canonical form."""
    for text in (*nic.allowed_ips, *static_addresses(nic.ips).values()):
        if parse_entry(text) == entry:
            return text
    return str(entry)


def warnings(zone: Zone, nic: Nic, spoofing: bool) -> t.Iterator[str]:
    """What makes a list useless or harmful, as sentences.

    :arg spoofing: whether the NIC may still forge addresses afterwards.
    """
    if spoofing:
        yield (
            f"{place(zone, nic)}: allow_ip_spoofing is on, so the list has no effect. "
            "Set disable_spoofing to turn it off."
        )
    elif nic.serves_dhcp and zone.platform >= DHCP_OPENS_ALL:
        yield (
            f"{place(zone, nic)}: the NIC may serve DHCP (allow_dhcp_spoofing or dhcp_server), which turns "
            f"ip-nospoof off from platform {DHCP_OPENS_ALL} on (OS-8398), so the list has no effect."
        )
    if "addrconf" in nic.dynamic and loses_dynamic(zone):
        yield (
            f"{place(zone, nic)}: on a platform before {LIST_AND_DYNAMIC} (OS-4683) a list takes the automatic "
            "addresses of addrconf away, so that only those in the list pass."
        )
