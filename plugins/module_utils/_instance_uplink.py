# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The uplink of a cloud instance whose containers own a block of the interface's addresses.

cloud-init (20.2 and later) writes all addresses of an interface but the first one into netplan, and the host then
answers for its containers. netplan concatenates ``addresses`` over its files, so the block must go from the file that
has it; a later file cannot take it back. Nothing here parses YAML, for which a target may have no Python module:
netplan itself changes the file (``netplan set``), and what comes of all files together is read from what it generates
for networkd, which is key=value.
"""

from __future__ import annotations

import ipaddress
import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    parse_address,
    parse_interface,
    parse_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_networkd import NETPLAN, assignments

DIRECTORY = "/etc/netplan"
OWN = f"{DIRECTORY}/60-routable-ipv6.yaml"
HEAD = "# Written by routable.ipv6.instance_uplink.\n"
# cloud-init writes the network anew when the instance id changes. Then it is to leave secondary addresses out
# (DataSourceEc2, apply_full_imds_network_config).
CLOUD = "/etc/cloud/cloud.cfg.d"
CLOUD_OWN = f"{CLOUD}/95-routable-ipv6.cfg"
CLOUD_TEXT = f"{HEAD}datasource:\n  Ec2:\n    apply_full_imds_network_config: false\n"
# Amazon VPC User Guide, "Link-local addresses": the VPC's router answers here in each subnet.
ROUTER = "fe80:ec2::1"
MODE = 0o600
_WORD = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:/[0-9]{1,3})?")


@dataclass(frozen=True)
class Wanted:
    """``address`` is the host's own one with the length of its subnet, ``keep_off`` what is its containers'."""

    address: ipaddress.IPv6Interface
    keep_off: tuple[ipaddress.IPv6Network, ...]
    gateway: ipaddress.IPv6Address | None = None

    @classmethod
    def parse(cls, params: t.Mapping[str, t.Any]) -> Wanted:
        """:raises Refused: a value that is none, or an own address within what is to be kept off."""
        address = parse_interface(params["address"], "address")
        keep_off = tuple(parse_prefix(text, "keep_off") for text in params["keep_off"])
        for prefix in keep_off:
            if address.ip in prefix:
                raise Refused(
                    f"address={address}",
                    f"it is inside of {prefix}, which is to be kept off",
                    "Give the host's own one",
                )
        gateway = parse_address(params["gateway"], "gateway") if params["gateway"] else None
        if gateway is not None and not gateway.is_link_local:
            raise Refused(f"gateway={gateway}", "a VPC's router is reached by a link-local address", f"Give {ROUTER}")
        return cls(address, keep_off, gateway)

    def foreign(self, address: ipaddress.IPv6Address) -> bool:
        """Whether the address must not be on the interface."""
        return any(address in prefix for prefix in self.keep_off)


@dataclass(frozen=True)
class Netplan:
    """A file of netplan's: its path, text and permission bits."""

    path: str
    text: str
    mode: int


@dataclass(frozen=True)
class Generated:
    """What netplan makes of all files: path and text of each .network file, and what it said meanwhile."""

    networks: tuple[tuple[str, str], ...] = ()
    complaint: str = ""


@dataclass(frozen=True)
class Facts:
    """All that the plan is made from; ``network_file`` is the one by which networkd has configured the interface."""

    interface: str
    mac: str
    network_file: str
    addresses: tuple[ipaddress.IPv6Interface, ...]
    gateway: ipaddress.IPv6Address | None
    files: tuple[Netplan, ...] = ()
    cloud_init: bool = False
    cloud_text: str | None = None

    @property
    def own(self) -> str | None:
        return next((one.text for one in self.files if one.path == OWN), None)


def netplan_id(facts: Facts) -> str:
    """The id under which netplan knows the interface: networkd was told by a file that carries it in its name.

    :raises Refused: it was not netplan who told networkd.
    """
    found = re.match(rf"{re.escape(NETPLAN)}(.+)\.network$", facts.network_file)
    if found is None:
        by = facts.network_file or "nobody that networkd knows"
        raise Refused(
            f"interface {facts.interface}",
            f"it is set up by {by}, not by netplan with networkd",
            "Use an image with netplan, such as Debian's or Ubuntu's, or set the primary address up yourself and keep "
            "the block off the interface",
        )
    return found[1]


def claims(networks: t.Iterable[tuple[str, str]], interface: str, mac: str) -> list[str]:
    """The paths of the .network files that would be for the interface. Of several networkd takes the first silently."""
    found = []
    for path, text in networks:
        given = {
            key: [word for line in assignments([(path, text)], "Match", key) for word in line.value.split()]
            for key in ("Name", "MACAddress", "PermanentMACAddress")
        }
        macs = [word.lower() for word in given["MACAddress"] + given["PermanentMACAddress"]]
        if (
            (not given["Name"] or interface in given["Name"])
            and (not macs or mac.lower() in macs)
            and any(given.values())
        ):
            found.append(path)
    return found


def addresses_in(text: str) -> set[ipaddress.IPv6Address]:
    """All words of a text that are IPv6 addresses, in whatever spelling, comments included."""
    found = set()
    for word in _WORD.findall(text):
        try:
            found.add(ipaddress.IPv6Address(word.partition("/")[0]))
        except ValueError:
            continue
    return found


def own_text(
    name: str, wanted: Wanted, gateway: ipaddress.IPv6Address, kept: t.Iterable[str], default_routes: bool = True
) -> str:
    """Our file. Without ``default_routes`` (a feature of netplan since 0.104) the route is said in the former way."""
    listed = ", ".join(json.dumps(text) for text in (str(wanted.address), *kept))
    route = (
        f'      routes:\n        - {{to: default, via: "{gateway}"}}\n'
        if default_routes
        else f'      gateway6: "{gateway}"\n'
    )
    return (
        f"{HEAD}network:\n  version: 2\n  ethernets:\n    {_key(name)}:\n      dhcp6: false\n      accept-ra: false\n"
        f"      addresses: [{listed}]\n{route}"
    )


def gateway_of(text: str | None) -> ipaddress.IPv6Address | None:
    """The gateway in our own file."""
    found = re.search(r'(?:via|gateway6): "([^"]+)"', text or "")
    return ipaddress.IPv6Address(found[1]) if found else None


def kept_in(text: str | None) -> list[str]:
    """What stands in our own file behind the host's address: taken along from the file that had the block."""
    found = re.search(r"^      addresses: (\[.*\])$", text or "", re.MULTILINE)
    return [str(one) for one in json.loads(found[1])][1:] if found else []


def polluted(facts: Facts, wanted: Wanted) -> list[Netplan]:
    """The files beside ours that name an address which is not to be there, or the host's own one a second time."""
    return [
        one
        for one in facts.files
        if one.path != OWN
        and any(wanted.foreign(address) or address == wanted.address.ip for address in addresses_in(one.text))
    ]


def left_on(facts: Facts, wanted: Wanted) -> list[str]:
    """What the interface has and must not have, in CIDR form."""
    return [str(one) for one in facts.addresses if wanted.foreign(one.ip)]


def settled(facts: Facts, wanted: Wanted) -> bool:
    """Whether all is as wanted, seen without asking netplan."""
    gateway = wanted.gateway or gateway_of(facts.own)
    if facts.own is None or gateway is None or polluted(facts, wanted) or left_on(facts, wanted):
        return False
    name = netplan_id(facts)
    texts = [own_text(name, wanted, gateway, kept_in(facts.own), routes) for routes in (True, False)]
    # Some releases of cloud-init write their file for all to read at each boot. That alone is no reason to act.
    return facts.own in texts and not any(one.path == OWN for one in open_files(facts)) and _cloud_settled(facts)


def open_files(facts: Facts) -> list[Netplan]:
    """Files that others than root can read, about which netplan complains."""
    return [one for one in facts.files if one.mode & 0o077]


def kept(before: Generated, cleaned: Generated, name: str, wanted: Wanted) -> list[str]:
    """Addresses that went with the block, since a list can only be taken away as a whole, and are to stay."""
    path = f"{NETPLAN}{name}.network"
    was, remains = (
        [line.value for line in assignments([one for one in made.networks if one[0] == path], "Network", "Address")]
        for made in (before, cleaned)
    )
    return [
        text
        for text in was
        if text not in remains and not (":" in text and (wanted.foreign(_ip(text)) or _ip(text) == wanted.address.ip))
    ]


def check_generated(made: Generated, facts: Facts, name: str) -> None:
    """:raises Refused: netplan does not take the files as they would be, or two definitions claim the interface."""
    path = f"{NETPLAN}{name}.network"
    found = claims(made.networks, facts.interface, facts.mac)
    others = [one for one in found if one != path]
    if others:
        ids = ", ".join(sorted(one[len(NETPLAN) : -len(".network")] for one in others))
        raise Refused(
            f"netplan's definition {name}",
            f"{ids} in {DIRECTORY} is for {facts.interface}, too, and networkd takes only one of them",
            "Leave one of them",
        )
    if made.complaint:
        raise Refused(f"the files in {DIRECTORY}", f"netplan does not take them: {made.complaint}", "Mend them first")


def plan_present(facts: Facts, wanted: Wanted, cleaned: t.Mapping[str, str], own: str) -> Plan:
    """From the files as netplan has cleaned them, by path, and the text of ours."""
    changes: list[Change] = []
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    texts = {one.path: one for one in facts.files}
    for path, text in [*sorted(cleaned.items()), (OWN, own)]:
        former = texts[path].text if path in texts else None
        if former != text:
            why = f"Write {path}" if path == OWN else f"Take {_shown(wanted.keep_off)} out of {path}"
            changes.append(Change(why, "file", {"path": path, "before": former, "after": text, "mode": MODE}))
            before[path], after[path] = former, text
    for one in open_files(facts):
        changes.append(
            Change(f"Close {one.path} to others", "mode", {"path": one.path, "mode": MODE, "former": one.mode})
        )
        before[f"{one.path} mode"], after[f"{one.path} mode"] = f"{one.mode:04o}", f"{MODE:04o}"
    if not _cloud_settled(facts):
        data = {"path": CLOUD_OWN, "before": facts.cloud_text, "after": CLOUD_TEXT, "mode": 0o644}
        changes.append(Change("Have cloud-init leave secondary addresses out", "file", data))
        before[CLOUD_OWN], after[CLOUD_OWN] = facts.cloud_text, CLOUD_TEXT
    there = left_on(facts, wanted)
    if there or any(path in after for path in (OWN, *cleaned)):
        changes.append(Change("Have netplan apply it", "apply", {"leftover": there}))
        before["addresses"] = [str(one) for one in facts.addresses]
        after["addresses"] = [str(one) for one in facts.addresses if str(one) not in there]
    return Plan(tuple(changes), before, after)


def plan_absent(files: t.Mapping[str, tuple[str | None, bool, str | None]], modes: t.Mapping[str, int]) -> Plan:
    """Bring every file back to what it was, unless somebody else has written it since.

    :arg files: for each file that we wrote: its text now, whether that is just what we wrote, its text before us.
    :arg modes: the permission bits that files had before us, by path.
    """
    changes, warnings = [], []
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    for path, (now, untouched, former) in files.items():
        if not untouched and path not in (OWN, CLOUD_OWN):
            warnings.append(f"{path} was changed since by somebody else, and stays as it is.")
        elif now != former:
            verb = "Remove" if former is None else "Restore"
            changes.append(
                Change(f"{verb} {path}", "file", {"path": path, "before": now, "after": former, "mode": MODE})
            )
            before[path], after[path] = now, former
    for path, mode in modes.items():
        changes.append(Change(f"Give {path} its mode back", "mode", {"path": path, "mode": mode, "former": MODE}))
        before[f"{path} mode"], after[f"{path} mode"] = f"{MODE:04o}", f"{mode:04o}"
    if any(change.action == "file" and change.data["path"] != CLOUD_OWN for change in changes):
        changes.append(Change("Have netplan apply it", "apply", {"leftover": []}))
    return Plan(tuple(changes), before, after, tuple(warnings))


def _cloud_settled(facts: Facts) -> bool:
    return not facts.cloud_init or facts.cloud_text == CLOUD_TEXT


def _ip(text: str) -> ipaddress.IPv6Address:
    return ipaddress.IPv6Address(text.partition("/")[0])


def _key(name: str) -> str:
    # Always quoted: an interface may be called no, or 10.
    return json.dumps(name, ensure_ascii=False)


def _shown(prefixes: t.Iterable[ipaddress.IPv6Network]) -> str:
    return ", ".join(map(str, prefixes))
