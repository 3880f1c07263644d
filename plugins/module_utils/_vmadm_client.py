# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How to talk to vmadm and dladm in the global zone of SmartOS.

Success is told by the exit code alone: vmadm writes it on standard error, and nothing on standard output.
"""

from __future__ import annotations

import json
import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_health import (
    PROPERTIES,
    Links,
    parse_linkprops,
)
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import FIELDS, Zone, parse_zone, parse_zones

_DIRECTORIES = ["/usr/sbin", "/usr/vm/sbin", "/sbin"]
_PATH = "/usr/bin:/usr/sbin:/usr/vm/sbin:/sbin:/smartdc/bin:/opt/smartdc/bin"
_NOT_GLOBAL = "this is not the global zone"
# vminfod sees a change of allowed_ips after vmadm has ended, mostly within a second.
_STEP = 0.25

_Parsed = t.TypeVar("_Parsed")


class VmadmError(Exception):
    """A command failed; the message has its own words."""


class _Runner(t.Protocol):
    def run_command(
        self, args: list[str], data: str | None = None, environ_update: dict[str, str] | None = None
    ) -> tuple[int, str, str]: ...

    def get_bin_path(self, arg: str, required: bool = False, opt_dirs: list[str] | None = None) -> str | None: ...


class Vmadm:
    """The global zone, with an AnsibleModule to run its commands."""

    def __init__(self, runner: _Runner) -> None:
        self._runner = runner

    def lookup(self) -> list[Zone]:
        """All zones of this host, by one call.

        :raises VmadmError: vmadm is not there, not in the global zone, or fails.
        """
        return self._parsed(parse_zones, self._run("vmadm", "lookup", "-j", "-o", ",".join(FIELDS)))

    def get(self, uuid: str) -> Zone:
        """:raises VmadmError: no such zone, or vmadm fails."""
        return self._parsed(parse_zone, self._run("vmadm", "get", uuid))

    def validate(self, brand: str, payload: t.Mapping[str, t.Any]) -> None:
        """:raises VmadmError: this platform does not know all of the payload, or takes a value for a wrong one."""
        self._run("vmadm", "validate", "update", brand, payload=payload)

    def update(self, uuid: str, payload: t.Mapping[str, t.Any]) -> None:
        """Send the payload. A failure may come after the zone's configuration was written.

        :raises VmadmError: vmadm refuses it, or its live step failed.
        """
        self._run("vmadm", "update", uuid, payload=payload)

    def wait(self, uuid: str, reached: t.Callable[[Zone], bool], seconds: float) -> bool:
        """Read the zone until it is as it should be; whether it became so in time.

        :raises VmadmError: it cannot be read.
        """
        end = time.monotonic() + seconds
        while not reached(self.get(uuid)):
            if time.monotonic() >= end:
                return False
            time.sleep(_STEP)
        return True

    def links(self, uuid: str) -> Links:
        """The protection of all links of a running zone.

        :raises VmadmError: dladm fails.
        """
        text = self._run(
            "dladm", "show-linkprop", "-c", "-o", "link,property,value", "-z", uuid, "-p", ",".join(PROPERTIES)
        )
        return parse_linkprops(text)

    def _run(self, name: str, *arguments: str, payload: t.Mapping[str, t.Any] | None = None) -> str:
        path = self._runner.get_bin_path(name, opt_dirs=_DIRECTORIES)
        if path is None:
            raise VmadmError(f"{name} was not found; the task must run in the global zone of a SmartOS host")
        data = None if payload is None else json.dumps(payload)
        environ = {"LC_ALL": "C", "PATH": _PATH}
        code, output, errors = self._runner.run_command([path, *arguments], data=data, environ_update=environ)
        if not code:
            return output
        words = " ".join((errors or output).split())
        if _NOT_GLOBAL in words:
            raise VmadmError(f"{name} works only for root in the global zone of a SmartOS host; it says: {words}")
        raise VmadmError(f"{' '.join((name, *arguments))} failed with {code}: {words}")

    @staticmethod
    def _parsed(parse: t.Callable[[str], _Parsed], text: str) -> _Parsed:
        try:
            return parse(text)
        except ValueError as error:
            raise VmadmError(f"what vmadm wrote cannot be read: {error}") from error
