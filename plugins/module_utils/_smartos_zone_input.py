# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What is said about the zones of one host, divided among the modules of the role smartos_zone; and what they claim."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._endpoints import claimed, parse_endpoint
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._smartos_ipv6 import read_wishes
from ansible_collections.routable.ipv6.plugins.module_utils._smartos_zone import HVM, METADATA, read_wanted
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_choice import choose
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import KEYS, Target, entries, read_wish
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import parse_zone

ALLOWED_IPS, SPOOFING = "allowed_ips", "spoofing"
MODES = (ALLOWED_IPS, SPOOFING)
OPTIONS = ("zones", "prefixes", "mode")
# What goes to each module, beside KEYS, which say what is permitted.
_MAKE = ("alias", "uuid", "payload", "autoboot", *METADATA)
_INSIDE = ("static", "gateway")
_CLAIM = ("open", "closed", "ping")
ZONE_KEYS = (*_MAKE, "mode", *KEYS, "inside", *_INSIDE, *_CLAIM)


def plan(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """``zones`` for smartos_zone, ``permit`` for smartos_allowed_ips, ``inside`` for smartos_zone_ipv6, and ``claims``
    by alias for :func:`endpoints`.

    :arg options: ``zones`` with :data:`ZONE_KEYS`, and ``prefixes`` and ``mode`` for those that have none of their own.
    :raises Refused: a key or value that cannot be.
    """
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise Refused(f"options: {unknown[0]}", f"the options are {', '.join(OPTIONS)}", "Take it out")
    result: dict[str, t.Any] = {"zones": [], "permit": [], "inside": [], "claims": {}}
    for entry in options.get("zones") or []:
        zone = _checked(entry)
        mode = zone.get("mode", options.get("mode") or ALLOWED_IPS)
        if mode not in MODES:
            raise Refused(f"zone {zone['alias']}: mode={mode}", f"a mode is {' or '.join(MODES)}", "Give one of both")
        inside = zone.get("inside", True)
        if not isinstance(inside, bool):
            raise Refused(f"zone {zone['alias']}: inside={inside!r}", "this is true or false", "Give a boolean")
        permit = {"prefixes": list(options.get("prefixes") or []), **{key: zone[key] for key in KEYS if key in zone}}
        name = zone.get("uuid") or zone["alias"]
        made = {**{key: zone[key] for key in _MAKE if key in zone}, "addrconf": inside}
        if mode == SPOOFING:
            read_wish(permit, f"zone {zone['alias']}: ")
            result["zones"].append({**made, "allow_ip_spoofing": True})
        else:
            _check_permit(zone["alias"], permit)
            result["zones"].append({**made, "permit": permit})
            result["permit"].append({"zone": name, **permit})
        if inside:
            chosen = {key: zone[key] for key in ("nics", *_INSIDE) if key in zone}
            result["inside"].append({"zone": name, **chosen})
        claim = {"permit": permit, **{key: zone[key] for key in _CLAIM if key in zone}}
        result["claims"][zone["alias"]] = claim
        _check_claim(zone["alias"], claim)
    # The modules say what they would say, before anything is done.
    read_wanted(result["zones"])
    read_wishes(result["inside"])
    return result


def _checked(entry: object) -> dict[str, t.Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("alias"), str) or not entry["alias"]:
        shown = sorted(map(str, entry)) if isinstance(entry, dict) else type(entry).__name__
        raise Refused(f"zones: {shown}", "a zone is a dictionary with at least its alias", "Give alias")
    zone = {key: value for key, value in entry.items() if value is not None}
    unknown = sorted(str(key) for key in set(zone) - set(ZONE_KEYS))
    if unknown:
        # Not its value: it may be metadata with another name.
        raise Refused(f"zone {zone['alias']}: {unknown[0]}", f"it has {', '.join(ZONE_KEYS)}", "Take it out")
    return zone


def _check_permit(alias: str, permit: t.Mapping[str, t.Any]) -> None:
    wish = read_wish(permit, f"zone {alias}: ")
    if not wish.prefixes and not wish.addresses:
        raise Refused(
            f"zone {alias}", "no prefix and no address is given to permit", "Give prefixes, as routers advertise them"
        )


def _check_claim(alias: str, claim: t.Mapping[str, t.Any]) -> None:
    """What is claimed is stated last, and would be refused only then. The address is any that may be claimed."""
    ports = {key: claim[key] for key in _CLAIM if key in claim}
    parse_endpoint({"name": alias, "kind": "zone", "address": "2001:db8::1", **ports}, "smartos_zone", "host")


def endpoints(
    zones: t.Iterable[t.Mapping[str, t.Any]], claims: t.Mapping[str, t.Any], host: str
) -> list[dict[str, t.Any]]:
    """What answers: each known global address of each zone that runs.

    The first address of a zone has the zone's alias for a name, the others have it with a number. A zone with
    ``whole_prefix`` has no address that could be known, but those in ``addresses``. NICs whose MAC address vmadm has
    still to draw are left out.

    :arg zones: the result of the module smartos_zone.
    """
    found = []
    for zone in zones:
        if zone["alias"] not in claims:
            raise Refused(f"zones: {zone['alias']}", "nothing is claimed for it", "Give the claims of the same plan")
        claim = claims[zone["alias"]]
        if not zone["running"]:
            continue
        shown = {**zone, "uuid": zone["uuid"] or zone["alias"], "nics": [nic for nic in zone["nics"] if nic["mac"]]}
        addresses = _addresses(shown, claim["permit"]) if shown["nics"] else []
        for number, address in enumerate(addresses):
            name = zone["alias"] if not number else f"{zone['alias']}-{number + 1}"
            found.append(claimed(claim, name, "vm" if zone["brand"] in HVM else "zone", address, host))
    return found


def _addresses(shown: t.Mapping[str, t.Any], permit: t.Mapping[str, t.Any]) -> list[str]:
    zone = parse_zone(json.dumps(shown))
    wish = read_wish(permit)
    result: dict[str, None] = {}
    for _zone, _wish, nics in choose([zone], [Target(zone.uuid, wish, own=False)]):
        for nic in nics:
            for entry in entries(wish, nic, str(zone)):
                # Link-local ones are known to nobody beyond the link.
                if entry.single and entry.version == 6 and entry.number >> 118 != 0xFE80 >> 6:
                    result[str(entry)] = None
    return list(result)
