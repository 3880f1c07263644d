# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A global zone within the test: vmadm and dladm as ``run_command`` finds them.

Checks come in vmadm's own order, and values are compared where vmadm compares them: as text, until the kernel gets the
set and compares addresses. Nothing of the collection is used here.
"""

from __future__ import annotations

import copy
import ipaddress
import json
import typing as t

Answer = t.Tuple[int, str, str]

_NIC_PROPERTIES = {
    "mac",
    "interface",
    "nic_tag",
    "vlan_id",
    "ip",
    "ips",
    "allowed_ips",
    "primary",
    "allow_ip_spoofing",
    "allow_dhcp_spoofing",
    "dhcp_server",
}


def zone(number: int = 1, **over: t.Any) -> dict[str, t.Any]:
    """A running native zone with one NIC on the tag ``external``; ``nics`` replaces it."""
    made = {
        "uuid": f"00000000-0000-4000-8000-{number:012x}",
        "alias": f"zone{number}",
        "brand": "joyent-minimal",
        "state": "running",
        "zone_state": "running",
        "platform_buildstamp": "20260313T000000Z",
        "customer_metadata": {"root_pw": "secret"},
        "nics": [nic(number)],
    }
    made.update(over)
    return made


def nic(number: int = 1, **over: t.Any) -> dict[str, t.Any]:
    made = {
        "interface": "net0",
        "mac": f"72:9c:d5:00:{number >> 8:02x}:{number & 255:02x}",
        "nic_tag": "external",
        "ips": [f"198.51.{100 + (number >> 8)}.{number & 255}/22", "addrconf"],
        "primary": True,
    }
    made.update(over)
    return made


class GlobalZone:
    """A SmartOS host with its zones, and what is to go wrong with it."""

    def __init__(self, *zones: dict[str, t.Any]) -> None:
        self.zones = {one["uuid"]: copy.deepcopy(one) for one in zones}
        self.links = {uuid: self._links(one) for uuid, one in self.zones.items()}
        self.calls: list[list[str]] = []
        self.payloads: list[dict[str, t.Any]] = []
        # Commands that are there; exit 2 when it is not the global zone.
        self.commands = {"vmadm", "dladm"}
        self.global_zone = True
        # How many reads after an update are still old.
        self.stale_reads = 0
        # How many of the next live steps fail, and how many updates before anything is written; -1 is all of them.
        self.live_failures = 0
        self.config_failures = 0
        # Properties that this platform does not know.
        self.unknown: set[str] = set()
        self._old: dict[str, tuple[int, dict[str, t.Any]]] = {}

    def count(self, *words: str) -> int:
        """How many calls begin with these words."""
        return sum(1 for call in self.calls if call[: len(words)] == list(words))

    def allowed(self, number: int = 1, place: int = 0) -> list[str] | None:
        """``allowed_ips`` in the configuration of a zone."""
        found: list[str] | None = self.zones[zone(number)["uuid"]]["nics"][place].get("allowed_ips")
        return found

    def boots(self, number: int = 1) -> bool:
        """Whether the zone would start."""
        return self._links(self.zones[zone(number)["uuid"]]) is not None

    def get_bin_path(self, arg: str, required: bool = False, opt_dirs: list[str] | None = None) -> str | None:
        return f"/usr/sbin/{arg}" if arg in self.commands else None

    def run_command(self, args: list[str], data: str | None = None, **_options: t.Any) -> Answer:
        name = args[0].rpartition("/")[2]
        self.calls.append([name, *args[1:]])
        if not self.global_zone:
            return 2, "", "FATAL: cannot run because: this is not the global zone.\n"
        if name == "dladm":
            return self._linkprops(args[args.index("-z") + 1])
        answer: Answer = getattr(self, f"_{args[1]}")(args[2:], data)
        return answer

    def _lookup(self, arguments: list[str], _data: str | None) -> Answer:
        assert arguments[:2] == ["-j", "-o"]
        fields = arguments[2].split(",")
        shown = [self._seen(uuid) for uuid in self.zones]
        return 0, json.dumps([{key: one[key] for key in fields if key in one} for one in shown]), ""

    def _get(self, arguments: list[str], _data: str | None) -> Answer:
        if arguments[0] not in self.zones:
            return 1, "", f"zoneadm: {arguments[0]}: No such zone configured\n"
        return 0, json.dumps(self._seen(arguments[0]), indent=2), ""

    def _seen(self, uuid: str) -> dict[str, t.Any]:
        left, old = self._old.get(uuid, (0, {}))
        if not left:
            return self.zones[uuid]
        self._old[uuid] = (left - 1, old)
        return old

    def _validate(self, arguments: list[str], data: str | None) -> Answer:
        payload = json.loads(data or "")
        bad = sorted({key for one in payload["update_nics"] for key in one} & self.unknown)
        if bad:
            shown = {"bad_values": [], "bad_properties": [f"nics.*.{key}" for key in bad], "missing_properties": []}
            return 1, "", json.dumps(shown, indent=2)
        return 0, "", f"VALID 'update' payload for {arguments[1]} brand VMs.\n"

    def _update(self, arguments: list[str], data: str | None) -> Answer:
        try:
            payload = json.loads(data or "")
        except ValueError as error:
            return 1, "", f"Invalid JSON payload: {error}\n"
        self.payloads.append(payload)
        uuid = arguments[0]
        if uuid not in self.zones:
            return 1, "", f"VM {uuid} not found\n"
        before = copy.deepcopy(self.zones[uuid])
        error = self._refusal(before, payload["update_nics"])
        if error:
            return 1, "", f"{error}\n"
        if self.config_failures:
            self.config_failures -= 1
            return 1, "", "Command failed: zonecfg: could not set it\n"
        self._old[uuid] = (self.stale_reads, before)
        self._persist(uuid, payload["update_nics"])
        if self.zones[uuid]["zone_state"] == "running":
            links = self._links(self.zones[uuid])
            if links is None or self.live_failures:
                self.live_failures -= 1 if links is not None else 0
                return 1, "", "first of 1 error: first of 1 error: Command failed: dladm: invalid value\n"
            self.links[uuid] = links
        return 0, "", f"Successfully updated VM {uuid}\n"

    def _refusal(self, one: dict[str, t.Any], updates: list[dict[str, t.Any]]) -> str | None:
        if any(not isinstance(text, str) or "," in text for nic in updates for text in nic.get("allowed_ips", [])):
            return "Invalid value(s) for: nics.*.allowed_ips"
        for update in updates:
            for key in set(update) - (_NIC_PROPERTIES - self.unknown):
                del update[key]
        if any("mac" not in update for update in updates):
            return "NIC object needs a .mac property to update"
        nics = {nic["mac"]: nic for nic in one["nics"]}
        for update in updates:
            if update["mac"] not in nics:
                return "There is no existing NIC with that mac address"
            allowed = update.get("allowed_ips", [])
            wrong = [text for text in allowed if not _syntax(text)]
            if wrong:
                return f"invalid allowed_ips: {', '.join(wrong)}"
            if len(allowed) > 13:
                return "Maximum of 13 allowed_ips per nic"
            if len(allowed) + len(nics[update["mac"]].get("ips", [])) > 32:
                return "More than 32 IPs cannot be associated with a NIC"
        return None

    def _persist(self, uuid: str, updates: list[dict[str, t.Any]]) -> None:
        one = self.zones[uuid]
        for update in updates:
            found = next(nic for nic in one["nics"] if nic["mac"] == update["mac"])
            found.update(update)
            if found.get("allowed_ips") == []:
                found["allowed_ips"] = [""]
            if one["brand"] == "lx":
                one["nics"].remove(found)
                one["nics"].append(found)

    @staticmethod
    def _links(one: dict[str, t.Any]) -> dict[str, list[str]] | None:
        """What the links get, None when the kernel refuses one of the sets."""
        links = {}
        for found in one["nics"]:
            texts = {ip.partition("/")[0] for ip in found.get("ips") or [] if ip not in ("dhcp", "addrconf")}
            texts |= {text for text in found.get("allowed_ips", []) if text}
            addresses = []
            for text in texts:
                try:
                    kept = ipaddress.ip_interface(text)
                except ValueError:
                    return None
                addresses.append(kept.ip)
                if not int(kept.ip) or not kept.network.prefixlen:
                    return None
            if len(set(addresses)) != len(addresses) or len(addresses) > 32:
                return None
            links[found["interface"]] = sorted(texts)
        return links

    def _linkprops(self, uuid: str) -> Answer:
        lines = []
        for found in self.zones[uuid]["nics"]:
            protection = "mac-nospoof,restricted" + ("" if found.get("allow_ip_spoofing") else ",ip-nospoof")
            allowed = ",".join((self.links[uuid] or {})[found["interface"]]) or "--"
            for key, value in (("protection", protection), ("allowed-ips", allowed), ("dynamic-methods", "addrconf")):
                lines.append(f"{found['interface']}:{key}:" + value.replace(":", "\\:"))
        return 0, "\n".join(lines) + "\n", ""


def _syntax(text: str) -> bool:
    """vmadm's own check, which takes any length that is no number."""
    address, _slash, length = text.partition("/")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not length.isdigit() or 1 <= int(length) <= (32 if parsed.version == 4 else 128)
