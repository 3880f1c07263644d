# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How to read what an NDP proxy consists of on a host, and how to change it. No decisions."""

from __future__ import annotations

import glob
import ipaddress
import os
import re
import socket
import sys
import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _ndp_proxy as rules
from ansible_collections.routable.ipv6.plugins.module_utils import _ndp_proxy_agent as agent
from ansible_collections.routable.ipv6.plugins.module_utils import _ndp_proxy_docker as docker
from ansible_collections.routable.ipv6.plugins.module_utils import _ndp_proxy_kernel as kernel
from ansible_collections.routable.ipv6.plugins.module_utils import _program as program
from ansible_collections.routable.ipv6.plugins.module_utils import _sysctl as sysctl
from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet, read_text, remove_if_empty
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy import Current, Host, Setup
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan
from ansible_collections.routable.ipv6.plugins.module_utils._record import Record
from ansible_collections.routable.ipv6.plugins.module_utils._units import DIRECTORY, Units
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_client import Uplink

# What the program consists of, each after those whose names it uses.
PARTS = (kernel, docker, agent)
NETWORKD_UNIT = "systemd-networkd.service"
# networkd is up before it has configured its links again.
NETWORKD_SECONDS = 10.0
_INTERPRETER = "/usr/bin/python3"
_OWN_FILES = (rules.CONFIG_DIRECTORY, os.path.dirname(rules.AGENT_PATH), "/var/lib/routable-ipv6")


class _Module(t.Protocol):
    check_mode: bool

    def selinux_default_context(self, path: str) -> list[str | None]: ...

    def set_context_if_different(self, path: str, context: list[str | None], changed: bool) -> bool: ...

    def run_command(
        self, args: list[str], *, check_rc: bool = ..., environ_update: dict[str, str] | None = ...
    ) -> tuple[int, str, str]: ...

    def get_bin_path(self, arg: str, required: bool = False) -> str | None: ...


def agent_text() -> str:
    """The program that the kernel backend installs, as it came to this host."""
    return program.assemble(PARTS, "routable.ipv6.ndp_proxy")


class Proxy:
    """The NDP proxy of one uplink on this host."""

    def __init__(self, module: _Module, uplink: str) -> None:
        self._module = module
        self._assumed = "/usr/sbin/ndppd" if module.check_mode else None
        self.uplink = uplink
        self.unit = rules.unit_name(uplink)
        self.files = FileSet(module)
        self.units = Units(module, self.files)
        self.record = Record(f"ndp_proxy-{uplink}")
        # The mask concerns the units of all uplinks.
        self.shared = Record("ndp_proxy")
        self._undo: list[t.Callable[[], None]] = []

    def host(self) -> Host:
        """What the host says of itself.

        :raises UplinkError: a command failed.
        """
        seen = Uplink(self._module, self.uplink)
        interfaces = frozenset(seen.interfaces())
        link = seen.link()
        facts = None if link is None else seen.facts(link)
        networkd = None if facts is None else facts.networkd
        foreign = os.path.join(DIRECTORY, rules.DISTRIBUTION_UNIT)
        return Host(
            uplink_exists=link is not None,
            on_link=() if facts is None else tuple(ipaddress.IPv6Network(text) for text in facts.on_link_prefixes),
            forwarding=sysctl.read(sysctl.interface_key(self.uplink, "forwarding")) == "1",
            # An interpreter out of a virtual environment may go away with it.
            interpreter=_INTERPRETER if os.path.exists(_INTERPRETER) else sys.executable,
            # A check before the first run comes before the package, too.
            ndppd=self._module.get_bin_path("ndppd") or self._assumed,
            foreign_ndppd_config=os.path.exists("/etc/ndppd.conf"),
            foreign_ndppd_unit=os.path.isfile(foreign) and not os.path.islink(foreign),
            networkd_version=None if networkd is None else self._systemd_version(),
            network_file="" if networkd is None else networkd.network_file,
            network_file_shared=() if networkd is None else networkd.shared_with,
            interfaces=interfaces,
        )

    def current(self) -> Current:
        """What is there of us."""
        unit = self.units.state(self.unit)
        distribution = self.units.state(rules.DISTRIBUTION_UNIT)
        others = self._other_units()
        answers = self.record.values.get("answers", {"prefixes": [], "addresses": []})
        texts = {path: read_text(path) for path in self.record.files if path != self.units.path(self.unit)}
        return Current(
            files={path: text for path, text in texts.items() if text is not None},
            unit_text=self.units.text(self.unit),
            unit_enabled=unit.enabled,
            unit_running=unit.running,
            agent=read_text(rules.AGENT_PATH),
            agent_shared=any(rules.AGENT_PATH in text for text in others),
            masked=distribution.masked,
            mask_stays="distribution_unit" not in self.shared.values or any("by ndppd\n" in text for text in others),
            settings=self._settings(),
            former_settings=self.record.values.get("settings", {}),
            entries=tuple(self.entries()),
            former_entries=tuple(ipaddress.IPv6Address(text) for text in self.record.values.get("entries", [])),
            prefixes=tuple(ipaddress.IPv6Network(text) for text in answers["prefixes"]),
            addresses=tuple(ipaddress.IPv6Address(text) for text in answers["addresses"]),
        )

    def foreign(self, plan: Plan) -> list[str]:
        """A warning for each file of ours that is to be changed though somebody else has written it since."""
        paths = [change.data["path"] for change in plan.changes if change.action.endswith("_file")]
        units = [change.data["unit"] for change in plan.changes if change.action.endswith("_unit")]
        paths += [self.units.path(unit) for unit in units]
        return self.record.foreign(paths) + self.shared.foreign(paths)

    def entries(self) -> list[ipaddress.IPv6Address]:
        """The addresses that the kernel answers for on the uplink."""
        try:
            index = socket.if_nametoindex(self.uplink)
        except OSError:
            return []
        return sorted(ipaddress.IPv6Address(address) for address in kernel.Kernel().proxies(index))

    def apply(self, plan: Plan, setup: Setup, current: Current) -> None:
        """Carry the plan out and keep the record.

        :raises UnitError: a unit does not start.
        :raises OSError: a file or a setting cannot be written.
        """
        if setup.settings:
            self.record.remember("settings", dict(current.settings))
            self.record.remember("entries", self._foreign_entries(current, setup))
        for change in plan.changes:
            self._carry_out(change)
        if not setup.settings:
            self.record.values.pop("settings", None)
            self.record.values.pop("entries", None)
        self.record.values.pop("answers", None)
        if setup.files:
            self.record.values["answers"] = {
                "prefixes": [str(prefix) for prefix in setup.prefixes],
                "addresses": [str(address) for address in setup.addresses],
            }
        for record in (self.record, self.shared):
            # Somebody else may have removed one.
            for path in [path for path in record.files if read_text(path) is None]:
                record.forget(path)
            record.save(self.files)

    def restore(self) -> None:
        """Undo all of it: files, then what systemd and the kernel made of them.

        :raises UnitError: a unit could not be brought back.
        :raises OSError: a file or a setting could not be brought back.
        """
        self.files.restore()
        self.units.restore()
        for undo in reversed(self._undo):
            undo()

    def tidy(self) -> None:
        """Remove the directories of ours that hold nothing any more."""
        for directory in (*_OWN_FILES, *(os.path.dirname(path) for path in self.files.touched if ".d/" in path)):
            if directory not in ("/etc/sysctl.d",):
                remove_if_empty(directory)

    def _carry_out(self, change: Change) -> None:
        data = change.data
        if change.action == "write_file":
            record = self.shared if data["path"] == rules.AGENT_PATH else self.record
            record.wrote(data["path"], read_text(data["path"]), data["text"])
            self.files.write(data["path"], data["text"])
        elif change.action == "remove_file":
            for record in (self.record, self.shared):
                record.forget(data["path"])
            self.files.remove(data["path"])
        elif change.action == "write_unit":
            # Its [Install] section may differ: links of the former one would stay behind.
            self.units.disable(data["unit"])
            self.record.wrote(self.units.path(data["unit"]), self.units.text(data["unit"]), data["text"])
            self.units.write(data["unit"], data["text"])
        elif change.action == "remove_unit":
            self.record.forget(self.units.path(data["unit"]))
            self.units.remove(data["unit"])
        elif change.action == "enable":
            self.units.enable(data["unit"])
        elif change.action == "restart":
            self.units.restart(data["unit"])
        elif change.action == "stop":
            self.units.stop(data["unit"])
        elif change.action == "mask":
            self._mask(data["unit"])
        elif change.action == "unmask":
            self._unmask(data["unit"])
        elif change.action == "restart_networkd":
            self._restart_networkd()
        elif change.action == "set":
            self._set(data["key"], data["value"])
        elif change.action == "remove_entry":
            self._remove_entry(data["address"])

    def _mask(self, unit: str) -> None:
        before = self.units.state(unit)
        self.shared.remember("distribution_unit", {"running": before.running})
        self.units.stop(unit)
        self.units.mask(unit)

    def _unmask(self, unit: str) -> None:
        self.units.unmask(unit)
        self.units.reload()
        before = self.shared.values.pop("distribution_unit", {})
        if before.get("running") and self.units.state(unit).exists:
            self.units.start(unit)

    def _restart_networkd(self) -> None:
        # A restart keeps the routes; `networkctl reload` and `reconfigure` drop the default route for a moment.
        self._undo.append(lambda: self.units.restart(NETWORKD_UNIT))
        self.units.restart(NETWORKD_UNIT)
        wanted = {address for path in self.record.files for address in _proxied(read_text(path) or "")}
        end = time.monotonic() + NETWORKD_SECONDS
        while not wanted <= set(self.entries()):
            if time.monotonic() > end:
                missing = ", ".join(str(address) for address in sorted(wanted - set(self.entries())))
                raise OSError(f"systemd-networkd did not begin to answer for {missing}")
            time.sleep(0.1)

    def _set(self, name: str, value: str) -> None:
        key = self._key(name)
        before = sysctl.read(key)
        if before is not None:
            self._undo.append(lambda: sysctl.write(key, before))
        sysctl.write(key, value)

    def _remove_entry(self, address: str) -> None:
        talk, index = kernel.Kernel(), socket.if_nametoindex(self.uplink)
        binary = ipaddress.IPv6Address(address).packed
        self._undo.append(lambda: talk.add_proxy(index, binary))
        talk.remove_proxy(index, binary)

    def _foreign_entries(self, current: Current, setup: Setup) -> list[str]:
        return [
            str(address)
            for address in current.entries
            if rules.answered(address, setup.prefixes, setup.addresses)
            and not rules.answered(address, current.prefixes, current.addresses)
        ]

    def _settings(self) -> dict[str, str]:
        found = {name: sysctl.read(self._key(name)) for name in ("proxy_ndp", "proxy_delay")}
        return {name: value for name, value in found.items() if value is not None}

    def _key(self, name: str) -> str:
        return f"net/ipv6/{'neigh' if name == 'proxy_delay' else 'conf'}/{self.uplink}/{name}"

    def _other_units(self) -> list[str]:
        paths = glob.glob(os.path.join(DIRECTORY, rules.unit_name("*")))
        return [read_text(path) or "" for path in paths if os.path.basename(path) != self.unit]

    def _systemd_version(self) -> int:
        output = self._module.run_command(["networkctl", "--version"], check_rc=False)[1]
        found = re.match(r"systemd (\d+)", output)
        return int(found.group(1)) if found else 0


def _proxied(text: str) -> set[ipaddress.IPv6Address]:
    key = "IPv6ProxyNDPAddress="
    return {ipaddress.IPv6Address(line[len(key) :]) for line in text.splitlines() if line.startswith(key)}
