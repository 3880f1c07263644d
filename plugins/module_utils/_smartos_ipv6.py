# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What has to happen inside a zone so that it uses the addresses that it may use, by its brand."""

from __future__ import annotations

import ipaddress
import json
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _smartos_ipv6_service as service
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import SLAAC_PREFIX_LENGTH, parse_address
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._smartos_zone import LX, NATIVE
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_entries import eui64, parse_entry, parse_mac
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import Selector, read_wish
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone, parse_zone

# smartos-live, src/vm: at most so many addresses in ``ips``.
IPS_MOST = 20
# lxinit cuts the text of a NIC's addresses off there (illumos-joyent, lxinit.c).
LX_IPS_TEXT_MOST = 255
NDPD = "/native/usr/lib/inet/in.ndpd"


class Wish(t.NamedTuple):
    """What one zone is to have inside. ``static`` takes the addresses from ``sdc:nics``."""

    name: str
    nics: tuple[Selector, ...] = ()
    addrconf: bool = True
    static: bool = False
    gateway: str = ""

    def takes(self, nic: Nic) -> bool:
        return not nic.vrrp and (not self.nics or any(selector.takes(nic) for selector in self.nics))


def read_wishes(entries: t.Iterable[t.Mapping[str, t.Any]]) -> list[Wish]:
    """The option ``zones`` of the module smartos_zone_ipv6.

    :raises Refused: a value that cannot be, or a zone that comes twice.
    """
    wishes: list[Wish] = []
    for entry in entries:
        name = entry["zone"]
        who = f"zones: {name}: "
        gateway = entry.get("gateway") or ""
        if gateway:
            gateway = _gateway(gateway, f"{who}gateway")
        if any(wish.name == name for wish in wishes):
            raise Refused(f"zones={name}", "it comes twice", "Name it once")
        if gateway and entry.get("static") is not True:
            raise Refused(
                f"{who}gateway={gateway}",
                "with SLAAC alone routers advertise themselves",
                "Leave it out, or set static",
            )
        wishes.append(
            Wish(
                name,
                read_wish({"nics": entry.get("nics")}, who).nics,
                entry.get("addrconf") is not False,
                bool(entry.get("static")),
                gateway,
            )
        )
    return wishes


def _gateway(text: object, name: str) -> str:
    address = parse_address(text, name)
    if address.is_multicast or address.is_loopback or address.is_unspecified or address.ipv4_mapped is not None:
        raise Refused(f"{name}={text}", "no router has such an address", "Give the router's own, fe80::… or global")
    return str(address)


def static_addresses(nics: t.Iterable[Nic]) -> list[tuple[str, str]]:
    """(interface, address in CIDR form) of the single global addresses in the lists of these NICs.

    Those with the identifier of the NIC's MAC address are left out, since SLAAC makes them.
    """
    found = []
    for nic in nics:
        mac = parse_mac(nic.mac)
        own = eui64(mac) if mac is not None else None
        for text in nic.allowed_ips:
            entry = parse_entry(text)
            if entry is None or entry.version != 6 or not entry.single or entry.number & (1 << 64) - 1 == own:
                continue
            address = ipaddress.IPv6Address(entry.number)
            if not address.is_link_local:
                found.append((nic.interface, f"{address}/{SLAAC_PREFIX_LENGTH}"))
    return found


def parse_nics(text: str) -> list[Nic]:
    """The output of ``mdata-get sdc:nics``: the NICs as the host knows them at the moment.

    :raises ValueError: it is not that.
    """
    return list(parse_zone(json.dumps({"uuid": "", "nics": json.loads(text)})).nics)


def settings(zone: Zone, wish: Wish, inside: service.Inside) -> service.Settings:
    """What the service is to make in a native zone; nothing where the zone's own boot does it all.

    :raises Refused: the static addresses cannot be read, or a link-local gateway has no single interface.
    """
    chosen = [nic for nic in zone.nics if wish.takes(nic)]
    statics: list[tuple[str, str]] = []
    if wish.static:
        try:
            named = {nic.interface for nic in chosen}
            statics = static_addresses(nic for nic in parse_nics(inside.nics) if nic.interface in named)
        except ValueError as error:
            raise Refused(f"{zone}", f"mdata-get sdc:nics gave no NICs ({error})", "Set static to false") from error
    # Static addresses need the link-local one, which comes with addrconf (ipadm(8)).
    wanted = [nic.interface for nic in chosen if wish.addrconf or any(name == nic.interface for name, _one in statics)]
    by_boot = {nic.interface for nic in chosen if "addrconf" in nic.ips and inside.has_addrconf(nic.interface, True)}
    interface = ""
    if wish.gateway and ipaddress.IPv6Address(wish.gateway).is_link_local:
        names = sorted({name for name, _one in statics}) or [nic.interface for nic in chosen]
        if len(names) != 1:
            raise Refused(f"{zone}: gateway={wish.gateway}", "a link-local gateway is on one link", "Choose one NIC")
        interface = names[0]
    return service.Settings(
        tuple(name for name in wanted if name not in by_boot), tuple(statics), wish.gateway, interface
    )


def service_changes(name: str, wanted: service.Settings, inside: service.Inside) -> list[Change]:
    """At most one change, ``service`` or ``unservice``, with ``script`` and ``undo`` for a shell in the zone."""
    known = bool(inside.state)
    gateway = service.gateway_of(inside.files.get(service.SETTINGS_PATH, ""))
    new_gateway = service.gateway_of(wanted.text())
    undo = service.restore_script(inside, new_gateway)
    if wanted == service.Settings():
        if not inside.made_by_service:
            return []
        script = service.remove_script(known, inside.objects, gateway)
        return [Change(f"In {name}, remove the service {service.FMRI}", "unservice", {"script": script, "undo": undo})]
    texts = {**service.TEXTS, service.SETTINGS_PATH: wanted.text()}
    stale = {path: texts[path] for path in service.PATHS if inside.files.get(path) != texts[path]}
    dropped = inside.lingering(wanted)
    if not stale and not dropped and inside.state == "online" and not inside.lacks(wanted):
        return []
    steps = [f"write {', '.join(stale)}"] if stale else []
    steps += [f"take {', '.join(dropped)} away"] if dropped else []
    script = "PATH=/usr/sbin:/usr/bin\nexport PATH\n" + (service.write_script(stale) if stale else "")
    script += service.drop_script(dropped, gateway if gateway != new_gateway else "")
    script += service.start_script(known, service.MANIFEST_PATH in stale, inside.state)
    sentence = f"In {name}, {' and '.join([*steps, f'have {service.FMRI} online'])}"
    return [Change(sentence, "service", {"script": script, "undo": undo})]


def lx_ips(zone: Zone, wish: Wish) -> dict[str, list[str]]:
    """mac → the whole new ``ips`` of each NIC of a zone of the brand lx that lacks something, which its boot sets up.

    Static addresses come with ``addrconf``, without which nothing in the zone listens to routers, and there is no
    default route. An address is spelled as in ``allowed_ips``, since vmadm takes two spellings for two addresses.

    :raises Refused: more than vmadm or lxinit takes, or a gateway.
    """
    if wish.gateway:
        raise Refused(
            f"{zone}: gateway={wish.gateway}",
            "a zone of the brand lx takes its default route from a router",
            "Leave it out",
        )
    result = {}
    for nic in zone.nics:
        if not wish.takes(nic):
            continue
        there = {parse_entry(text.partition("/")[0]) for text in nic.ips}
        spelled = {parse_entry(text): text for text in nic.allowed_ips}
        wanted = []
        statics = static_addresses([nic]) if wish.static else []
        for _interface, text in statics:
            address, dummy, length = text.partition("/")
            entry = parse_entry(address)
            if entry not in there:
                wanted.append(f"{spelled.get(entry, address).partition('/')[0]}/{length}")
        if (wish.addrconf or statics) and "addrconf" not in nic.ips:
            wanted.append("addrconf")
        if not wanted:
            continue
        ips = [*nic.ips, *wanted]
        if len(ips) > IPS_MOST or len(",".join(ips)) > LX_IPS_TEXT_MOST:
            raise Refused(
                f"{zone}: {nic.interface}: ips={','.join(ips)}",
                f"a zone of the brand lx takes {IPS_MOST} addresses and {LX_IPS_TEXT_MOST} characters",
                "Permit fewer static addresses",
            )
        result[nic.mac] = ips
    return result


def lx_changes(name: str, zone: Zone, wish: Wish) -> list[Change]:
    """``ips`` with ``zone``, ``payload`` and ``undo``; and ``ndpd`` with ``zone`` where SLAAC is to begin at once."""
    wanted = lx_ips(zone, wish)
    if not wanted:
        return []
    former = {nic.mac: list(nic.ips) for nic in zone.nics}
    began = [mac for mac, ips in wanted.items() if "addrconf" in ips and "addrconf" not in former[mac]]
    texts = ", ".join(sorted({text for mac, ips in wanted.items() for text in ips if text not in former[mac]}))
    changes = [
        Change(
            f"In {name}, add {texts} to ips",
            "ips",
            {
                "zone": zone.uuid,
                "payload": {"update_nics": [{"mac": mac, "ips": ips} for mac, ips in wanted.items()]},
                "undo": {"update_nics": [{"mac": mac, "ips": former[mac]} for mac in wanted]},
            },
        )
    ]
    if began and zone.running:
        changes.append(Change(f"In {name}, start in.ndpd", "ndpd", {"zone": zone.uuid}))
    return changes


def needs_reboot(zone: Zone, changes: t.Iterable[Change]) -> bool:
    """Whether a running zone of the brand lx gets a static address that it takes at its next boot only."""
    for change in changes:
        for update in change.data.get("payload", {}).get("update_nics", []):
            former = next(nic.ips for nic in zone.nics if nic.mac == update["mac"])
            if zone.running and set(update["ips"]) - set(former) - {"addrconf"}:
                return True
    return False


def is_native(zone: Zone) -> bool:
    return zone.brand in NATIVE


def is_lx(zone: Zone) -> bool:
    return zone.brand == LX


def plan(parts: t.Mapping[str, tuple[t.Any, t.Any, list[Change]]], warnings: t.Sequence[str]) -> Plan:
    """The plans of several places as one: name → (before, after, changes)."""
    changing = {name: part for name, part in parts.items() if part[2]}
    return Plan(
        tuple(change for _before, _after, changes in changing.values() for change in changes),
        {name: before for name, (before, _after, _changes) in changing.items()},
        {name: after for name, (_before, after, _changes) in changing.items()},
        tuple(warnings),
    )
