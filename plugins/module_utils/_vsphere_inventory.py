# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Which object of vCenter somebody means: a datacenter, or a VM in it."""

from __future__ import annotations

import typing as t
import uuid
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# The options that say which VM is meant.
VM_KEYS = ("name", "bios_uuid", "instance_uuid", "moid")
_SHOWN = 10


@dataclass(frozen=True)
class Vm:
    """A VM of the datacenter.

    :arg moid: vCenter's identifier of the object.
    :arg handle: what the port knows it by.
    """

    moid: str
    name: str
    bios_uuid: str | None = None
    instance_uuid: str | None = None
    template: bool = False
    handle: t.Any = None

    def has(self, key: str, wanted: str) -> bool:
        value = getattr(self, key)
        if key in ("bios_uuid", "instance_uuid"):
            return value is not None and _uuid(value) == _uuid(wanted)
        return bool(value == wanted)


def _uuid(text: str) -> str:
    """One spelling: UUIDs come in either case, with and without hyphens."""
    try:
        return uuid.UUID(text.strip()).hex
    except ValueError:
        return text.strip().lower()


def find_datacenter(known: list[tuple[str, t.Any]], wanted: str) -> t.Any:
    """The datacenter of this name.

    :raises Refused: there is none, or there are several.
    """
    found = [one for name, one in known if name == wanted]
    if len(found) == 1:
        return found[0]
    what = f"datacenter={wanted}"
    if found:
        raise Refused(what, f"{len(found)} datacenters in different folders have this name", "Rename all but one")
    names = ", ".join(sorted(name for name, dummy in known)) or "none that this user may see"
    raise Refused(what, "vCenter has no such datacenter", f"Take one of those there are: {names}")


def find_vm(vms: t.Sequence[Vm], key: str, wanted: str, datacenter: str) -> Vm:
    """The VM whose ``key`` (one of :data:`VM_KEYS`) is this. Templates never run, so none is meant.

    :raises Refused: there is none, or there are several.
    """
    what = f"{key}={wanted}"
    found = [one for one in vms if one.has(key, wanted)]
    running = [one for one in found if not one.template]
    if len(running) == 1:
        return running[0]
    if running:
        # Names are unique in a folder, BIOS UUIDs not even there: a clone made by copying files keeps it.
        moids = ", ".join(sorted(one.moid for one in running))
        rule = f"{len(running)} VMs of the datacenter {datacenter} have it"
        raise Refused(what, rule, f"Give the moid of the one that is meant: {moids}")
    if found:
        raise Refused(what, "this is a template, which has no guest", "Name a VM")
    if key == "name":
        near = sorted({one.name for one in vms if one.name.lower() == wanted.lower()})
        remedy = f"Write {' or '.join(near)}" if near else _names(vms)
    else:
        other = next((other for other in VM_KEYS if any(one.has(other, wanted) for one in vms)), None)
        remedy = f"It is the {other} of one: give it as that" if other else "Look whether it is in another datacenter"
    raise Refused(what, f"the datacenter {datacenter} has no such VM that this user may see", remedy)


def _names(vms: t.Sequence[Vm]) -> str:
    names = sorted({one.name for one in vms if not one.template})
    return (
        f"There are {', '.join(names[:_SHOWN])}{', ...' if len(names) > _SHOWN else ''}" if names else "Make it first"
    )
