# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How zones are made, started and entered, from the global zone of a SmartOS host."""

from __future__ import annotations

import json
import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._smartos_zone import NATIVE, Vm, state_of
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_client import Vmadm, VmadmError

FIELDS = ("uuid", "alias", "brand", "state", "zone_state", "autoboot", "tags", "platform_buildstamp", "nics")
MULTI_USER = "svc:/milestone/multi-user:default"
_STEP = 0.5


class GlobalZone(Vmadm):
    """The global zone, with an AnsibleModule to run its commands."""

    def vms(self) -> list[Vm]:
        """All zones of this host with :data:`FIELDS`, by one call.

        :raises VmadmError: vmadm is not there, not in the global zone, or fails.
        """
        text = self._run("vmadm", "lookup", "-j", "-o", ",".join(FIELDS))
        try:
            found = json.loads(text)
        except ValueError as error:
            raise VmadmError(f"what vmadm wrote cannot be read: {error}") from error
        if not isinstance(found, list):
            raise VmadmError("vmadm lookup -j gave no list")
        return found

    def vm(self, uuid: str) -> Vm:
        """:raises VmadmError: no such zone, or vmadm fails."""
        vm: Vm = json.loads(self._run("vmadm", "get", uuid))
        return vm

    def platform(self) -> str:
        """The date of the running platform, YYYYMMDD; empty if uname does not tell."""
        dummy, mark, stamp = self._run("uname", "-v").strip().partition("joyent_")
        return stamp[:8] if mark and stamp[:8].isdigit() else ""

    def create(self, payload: t.Mapping[str, t.Any]) -> None:
        self._run("vmadm", "create", payload=payload)

    def start(self, uuid: str) -> None:
        self._run("vmadm", "start", uuid)

    def delete(self, uuid: str) -> None:
        self._run("vmadm", "delete", uuid)

    def wait_vm(self, uuid: str, reached: t.Callable[[Vm], bool], seconds: float, what: str) -> None:
        """Read a zone until it is as it should be.

        :raises VmadmError: it was not so in time.
        """
        end = time.monotonic() + seconds
        while not reached(self.vm(uuid)):
            if time.monotonic() >= end:
                raise VmadmError(f"zone {uuid} was not {what} within {seconds:.0f} s")
            time.sleep(_STEP)

    def wait_up(self, uuid: str, brand: str, seconds: float) -> None:
        """Wait until the zone runs, and if it has services of its own, until they are up (multi-user).

        :raises VmadmError: it was not so in time.
        """
        self.wait_vm(uuid, lambda vm: state_of(vm) == "running", seconds, "running")
        if brand in NATIVE:
            self.wait_multi_user(uuid, seconds)

    def wait_multi_user(self, uuid: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            code, output, errors = self.enter(uuid, f"svcs -H -o state {MULTI_USER}\n")
            if not code and output.strip() == "online":
                return
            if time.monotonic() >= end:
                said = " ".join((output or errors).split()) or "nothing"
                raise VmadmError(f"zone {uuid} did not reach {MULTI_USER} within {seconds:.0f} s; svcs says {said}")
            time.sleep(_STEP)

    def enter(self, uuid: str, script: str) -> tuple[int, str, str]:
        """Run a script for sh in a zone, or with the uuid ``global`` in the global zone."""
        shell = ["/bin/sh", "-s"]
        command = shell if uuid == "global" else [self._path("zlogin"), uuid, *shell]
        return self._runner.run_command(command, data=script, environ_update={"LC_ALL": "C"})

    def _path(self, name: str) -> str:
        path = self._runner.get_bin_path(name, opt_dirs=["/usr/sbin"])
        if path is None:
            raise VmadmError(f"{name} was not found; the task must run in the global zone of a SmartOS host")
        return path
