# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Networks of a vSphere datacenter, and which of them a name means to the vSphere CPI of BOSH.

The CPI's rules are those of ``find_network`` in its ``lib/cloud/vsphere/vcenter_client.rb`` (release v98.0.9). It looks
62 times, for ten minutes, for a name that it does not find, before it says so.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

STANDARD, DISTRIBUTED, NSX, OPAQUE = "standard", "distributed", "nsx", "opaque"
# The name that vCenter gives to the group of a switch's uplinks, unless somebody renames it.
_UPLINKS = re.compile(r"-DVUplinks-[0-9]+$")


@dataclass(frozen=True)
class Vlan:
    """How frames are tagged.

    :arg mode: ``none``, ``access``, ``trunk``, ``private``, or ``unknown``.
    :arg ids: VLAN ids, ranges of them as ``100-199``; several for a standard port group whose hosts disagree.
    """

    mode: str
    ids: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, t.Any]:
        return {"mode": self.mode, "ids": list(self.ids)}


@dataclass(frozen=True)
class Network:
    """A network that a VM can be attached to.

    :arg folder: the folders below the datacenter's network folder that it is in.
    :arg switch: the distributed switch, or the standard switches of the hosts.
    :arg logical_switch: what NSX calls it.
    """

    id: str
    name: str
    type: str
    folder: tuple[str, ...] = ()
    switch: str | None = None
    vlan: Vlan = Vlan("unknown")
    logical_switch: str | None = None
    uplink: bool = False

    @property
    def path(self) -> str:
        """The form that the CPI takes for one and no other."""
        parts = [*self.folder, self.name]
        if self.switch is not None and self.type in (DISTRIBUTED, NSX):
            parts.insert(-1, self.switch)
        return "/".join(parts)

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "path": self.path,
            "folder": "/".join(self.folder),
            "switch": self.switch,
            "vlan": self.vlan.as_dict(),
            "logical_switch": self.logical_switch,
        }


class Found(t.NamedTuple):
    network: Network
    warning: str | None


def is_uplink(name: str, flag: object, tags: t.Iterable[str], listed: bool) -> bool:
    """Whether a distributed port group is that of a switch's uplinks.

    vCenter says so in three ways (``config.uplink``, the tag ``SYSTEM/DVS.UPLINKPG``, and the switch's list), of which
    the simulator of govmomi fills none; so its usual name counts as well.
    """
    return bool(flag) or "SYSTEM/DVS.UPLINKPG" in tags or listed or bool(_UPLINKS.search(name))


def numeric_ranges(ranges: t.Iterable[t.Any]) -> tuple[str, ...]:
    """The ids of a trunk: objects with ``start`` and ``end``."""
    return tuple(
        str(one.start) if one.start == one.end else f"{one.start}-{one.end}"
        for one in sorted(ranges, key=lambda one: (one.start, one.end))
    )


def standard_vlan(ids: t.Iterable[int]) -> Vlan:
    """What the hosts say of a standard port group: 0 is no tag, and 4095 leaves the tags to the guest."""
    seen = sorted(set(ids))
    if not seen:
        return Vlan("unknown")
    if seen == [0]:
        return Vlan("none")
    if seen == [4095]:
        return Vlan("trunk", ("0-4094",))
    return Vlan("access", tuple(str(one) for one in seen))


def resolve(networks: t.Sequence[Network], wanted: str, datacenter: str) -> Found:
    """The network that the CPI takes for this name or path.

    :arg networks: all networks of the datacenter, those of uplinks included.
    :raises Refused: it would find none, or several that it cannot choose from, or one that carries no VM.
    """
    what = f"name={wanted}"
    *container, name = wanted.split("/")
    found = [one for one in networks if one.name == name and (not container or _inside(one, tuple(container)))]
    usable = [one for one in found if not one.uplink]
    if found and not usable:
        raise Refused(what, "this is the group of a switch's uplinks, which carries no VM", "Name a port group")
    if not usable:
        rule = f"the datacenter {datacenter} has no such network, and the CPI would look for it for ten minutes"
        raise Refused(what, rule, _nearest(networks, wanted, name))
    if len(usable) == 1:
        return Found(usable[0], None)
    groups = [one for one in usable if one.type in (DISTRIBUTED, NSX)]
    opaque = [one for one in usable if one.type == OPAQUE]
    standard = [one for one in usable if one.type == STANDARD]
    switches = {one.logical_switch for one in [*groups, *opaque]}
    one_switch = len(opaque) <= 1 and len(switches) == 1 and None not in switches
    if groups and one_switch and all(one.type == NSX for one in groups):
        return Found(groups[0], None)
    paths = " or ".join(sorted({one.path for one in usable if one.type in (DISTRIBUTED, NSX)}))
    if len(standard) == 1:
        others = ", ".join(one.path for one in usable if one is not standard[0])
        return Found(
            standard[0],
            f"{wanted} is the name of several networks, and the CPI takes the standard port group, not {others}",
        )
    rule = f"{len(usable)} networks of the datacenter {datacenter} have this name"
    if len(standard) > 1:
        rule += f", {len(standard)} of them standard port groups in different folders"
        paths = " or ".join(sorted({one.path for one in usable}))
    raise Refused(what, rule, f"Give the full path: {paths}" if paths else "Rename all but one of them")


def _inside(network: Network, container: tuple[str, ...]) -> bool:
    """Whether a folder or a distributed switch with this path holds the network."""
    if network.folder == container:
        return True
    is_group = network.type in (DISTRIBUTED, NSX) and network.switch is not None
    return is_group and (*network.folder, str(network.switch)) == container


def _nearest(networks: t.Sequence[Network], wanted: str, name: str) -> str:
    """What may have been meant."""
    usable = [one for one in networks if not one.uplink]
    for near in (
        [one.path for one in usable if one.name == name],
        [one.name for one in usable if one.name.lower() == name.lower()],
        # A slash in a name is a path to the CPI; vCenter keeps it as %2f.
        [one.name for one in usable if one.name.lower() == wanted.replace("/", "%2f").lower()],
    ):
        if near:
            return f"Write {' or '.join(sorted(set(near)))}"
    names = sorted({one.name for one in usable})
    return f"There are {', '.join(names[:10])}{', ...' if len(names) > 10 else ''}" if names else "Make a port group"
