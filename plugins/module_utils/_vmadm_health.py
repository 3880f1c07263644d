# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Whether a NIC's link really has what the zone's configuration says."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_entries import (
    Entry,
    parse_entry,
    static_addresses,
)
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone

PROPERTIES = ("protection", "allowed-ips", "dynamic-methods")

Links = t.Dict[str, t.Dict[str, t.List[str]]]


def parse_linkprops(text: str) -> Links:
    """The output of ``dladm show-linkprop -c -o link,property,value``: by link and property the values.

    In this form ``:`` and ``\\`` within a field have a backslash before them (dladm(8), "Parsable Output Format").
    ``--`` stands for no value.
    """
    links: Links = {}
    for line in text.splitlines():
        fields = [re.sub(r"\\(.)", r"\1", field) for field in re.split(r"(?<!\\):", line)]
        if len(fields) == 3:
            values = [value.strip() for value in fields[2].split(",")]
            links.setdefault(fields[0], {})[fields[1]] = [value for value in values if value not in ("", "--")]
    return links


def health(zone: Zone, nic: Nic, links: Links | None) -> dict[str, t.Any]:
    """What the link of a NIC has, and what is wrong with it. ``nic`` is as the configuration has it now.

    :arg links: the links of the zone, None where the zone is not running and has none.
    """
    found = {} if links is None else links.get(nic.interface, {})
    live = {entry for entry in map(parse_entry, found.get("allowed-ips", [])) if entry is not None}
    wanted = [*static_addresses(nic.ips), *_entries(nic.allowed_ips)]
    missing = [] if links is None or nic.spoofing else [str(entry) for entry in wanted if entry not in live]
    problems = []
    if links is not None:
        if nic.interface not in links:
            problems.append("the zone is running and has no such link")
            missing = []
        elif not nic.spoofing and "ip-nospoof" not in found.get("protection", []):
            problems.append("ip-nospoof is not among the protections, so that any address passes")
    if nic.spoofing:
        problems.append("allow_ip_spoofing is on, so that any address passes")
    if missing:
        problems.append(f"the link does not let {', '.join(missing)} pass")
    return {
        "zone": zone.uuid,
        "alias": zone.alias,
        "interface": nic.interface,
        "running": links is not None,
        "healthy": None if links is None else not problems,
        "problems": problems,
        "protection": found.get("protection", []),
        "allowed_ips": found.get("allowed-ips", []),
        "dynamic_methods": found.get("dynamic-methods", []),
        "missing": missing,
    }


def _entries(texts: t.Iterable[str]) -> list[Entry]:
    return [entry for entry in map(parse_entry, texts) if entry is not None]
