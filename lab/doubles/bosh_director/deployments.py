# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the Director has uploaded and deployed: stemcells, releases, manifests, and instances with their addresses."""

from __future__ import annotations

import difflib
import ipaddress
import typing as t
import uuid
from dataclasses import dataclass, field

from . import psych
from .errors import DirectorError
from .planner import Network, Planner, Range, Subnet, blocks, ranges, take

_REDACTED = ("properties", "bosh")


@dataclass(frozen=True)
class Item:
    """A stemcell or a release that can be fetched."""

    kind: str
    name: str
    version: str
    sha1: str = ""
    os: str = ""


@dataclass
class Deployments:
    """The state, with the rules of ``deployments_controller.rb``, ``update_stemcell.rb`` and ``update_release.rb``.

    :arg web: what is to be had at a URL; nothing is fetched.
    """

    web: dict[str, Item] = field(default_factory=dict)
    uploaded: list[Item] = field(default_factory=list)
    # The cloud configs that each deployment was made with, merged.
    cloud: dict[str, dict[str, t.Any]] = field(default_factory=dict)
    # The manifest of each as it is kept for the next difference: with the versions that were taken.
    taken: dict[str, dict[str, t.Any]] = field(default_factory=dict)
    instances: dict[str, list[dict[str, t.Any]]] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[Item]:
        return sorted((one for one in self.uploaded if one.kind == kind), key=lambda one: (one.name, one.version))

    def fetch(self, kind: str, url: str, sha1: str | None) -> Item:
        item = self.web.get(url)
        if item is None or item.kind != kind:
            raise DirectorError(100002, f"{kind.capitalize()} not found at '{url}'.", 404)
        if sha1 and sha1 != item.sha1:
            code = 50007 if kind == "stemcell" else 30015
            raise DirectorError(code, f"Expected stream to have digest '{sha1}' but was '{item.sha1}'")
        if item not in self.uploaded:
            self.uploaded.append(item)
        return item

    def stemcells(self) -> list[dict[str, t.Any]]:
        return [
            {"name": one.name, "operating_system": one.os, "version": one.version, "cid": f"sc-{number}", "cpi": ""}
            for number, one in enumerate(self.of_kind("stemcell"), 1)
        ]

    def releases(self) -> list[dict[str, t.Any]]:
        found: dict[str, list[dict[str, t.Any]]] = {}
        for one in self.of_kind("release"):
            found.setdefault(one.name, []).append({"version": one.version, "currently_deployed": False})
        return [{"name": name, "release_versions": versions} for name, versions in found.items()]

    def resolved(self, manifest: dict[str, t.Any]) -> dict[str, t.Any]:
        """The manifest with ``latest`` as a version of something that is there; all must be."""
        answer = dict(manifest)
        for kind, key in (("release", "releases"), ("stemcell", "stemcells")):
            answer[key] = [self._resolve(kind, one) for one in take(manifest, key, list, [])]
        return {key: value for key, value in answer.items() if value or key in manifest}

    def _resolve(self, kind: str, spec: dict[str, t.Any]) -> dict[str, t.Any]:
        version = take(spec, "version", str)
        name = spec.get("name") or spec.get("os")
        known = [one for one in self.of_kind(kind) if name in (one.name, one.os)]
        if not known:
            code = 30005 if kind == "release" else 50003
            raise DirectorError(code, f"{kind.capitalize()} '{name}' doesn't exist", 404)
        if version == "latest":
            version = max(known, key=lambda one: [int(part) for part in one.version.split(".")]).version
        if all(one.version != version for one in known):
            code = 30006 if kind == "release" else 50003
            raise DirectorError(code, f"{kind.capitalize()} version '{name}/{version}' doesn't exist", 404)
        return {**spec, "version": version}

    def diff(self, before: dict[str, t.Any], after: dict[str, t.Any]) -> list[list[str | None]]:
        """Lines of the sections that differ. What the Director leaves out within a section is not imitated."""
        lines: list[list[str | None]] = []
        for key in dict.fromkeys([*before, *after]):
            if before.get(key) == after.get(key):
                continue
            one, other = (
                psych.dump({key: redacted(content[key], key in _REDACTED)}).splitlines()[1:] if key in content else []
                for content in (before, after)
            )
            if one == other:
                # Only what is hidden has changed, and it is shown as changed.
                lines += [[line, "removed"] for line in one] + [[line, "added"] for line in other]
            else:
                words = {"-": "removed", "+": "added", " ": None}
                lines += [[line[2:], words[line[0]]] for line in difflib.ndiff(one, other) if line[0] in words]
        return lines

    def place(self, planner: Planner, name: str, manifest: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        """The instances with their addresses; those that were there keep theirs where they still can."""
        before = {(row["job"], row["index"]): row for row in self.instances.get(name, [])}
        taken = {ip for key, rows in self.instances.items() if key != name for row in rows for ip in row["ips"]}
        wanted: list[dict[str, t.Any]] = []
        for group in take(manifest, "instance_groups", list, []):
            zones = group.get("azs") or [None]
            for index in range(group["instances"]):
                zone = zones[index % len(zones)]
                old = before.get((group["name"], index))
                ips = self._addresses(planner, group, index, zone, old, taken)
                identity = old["id"] if old else str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}/{group['name']}/{index}"))
                # With other addresses it is another VM, and with the same ones the same.
                vm = f"vm-{uuid.uuid5(uuid.NAMESPACE_DNS, identity + str(ips))}"
                row = {"agent_id": f"agent-{vm}", "cid": vm, "job": group["name"], "index": index, "id": identity}
                wanted.append({**row, "az": zone, "ips": ips, "expects_vm": True})
        return wanted

    def _addresses(
        self,
        planner: Planner,
        group: dict[str, t.Any],
        index: int,
        zone: str | None,
        old: dict[str, t.Any] | None,
        taken: set[str],
    ) -> list[str]:
        ips = []
        for spec in group["networks"]:
            network = next(one for one in planner.networks if one.name == spec["name"])
            if network.type != "manual":
                continue
            if spec.get("static_ips"):
                numbers = [(one[0], number) for one in ranges(spec["static_ips"]) for number in _all(one)]
                text = written(planner, *numbers[index])
            else:
                text = self._dynamic(planner, network, zone, [*(old["ips"] if old else [])], taken)
            taken.add(text)
            ips.append(text)
        return ips

    @staticmethod
    def _dynamic(planner: Planner, network: Network, zone: str | None, kept: list[str], taken: set[str]) -> str:
        """The lowest address that is free, or the one that it had."""
        used = [ipaddress.ip_address(text) for text in taken]
        for subnet in network.subnets:
            if zone is not None and subnet.azs is not None and zone not in subnet.azs:
                continue
            busy = [*subnet.restricted, *(block for one in subnet.static for block in blocks(one))]
            busy += [(one.version, int(one), int(one)) for one in used]
            for text in kept:
                old = ipaddress.ip_address(text)
                if _free(subnet, busy, old.version, int(old)) == int(old):
                    return text
            number = _free(subnet, busy, subnet.range[0], subnet.range[1])
            if number is not None:
                return written(planner, subnet.range[0], number)
        raise DirectorError(130010, f"Failed to reserve IP for network '{network.name}': no more available")


def _free(subnet: Subnet, busy: list[Range], family: int, number: int) -> int | None:
    """The first base address from this one on that no block has."""
    step = 1 << ((128 if family == 6 else 32) - subnet.prefix)
    while family == subnet.range[0] and subnet.range[1] <= number <= subnet.range[2]:
        met = next((one for one in busy if one[0] == family and one[1] < number + step and number <= one[2]), None)
        if met is None:
            return number
        number = max(number + step, -(-(met[2] + 1) // step) * step)
    return None


def _all(one: Range) -> range:
    return range(one[1], one[2] + 1)


def written(planner: Planner, family: int, number: int) -> str:
    """Short since 282.0.10, written in full before."""
    address = ipaddress.IPv6Address(number) if family == 6 else ipaddress.IPv4Address(number)
    return str(address) if planner.version >= (282, 0, 10) else address.exploded


def redacted(value: t.Any, hidden: bool = False) -> t.Any:
    """``manifest/redactor.rb``."""
    if isinstance(value, dict):
        return {
            key: redacted(one, hidden or (key in _REDACTED and isinstance(one, dict))) for key, one in value.items()
        }
    if isinstance(value, list):
        return [redacted(one, hidden) for one in value]
    return "<redacted>" if hidden else value
