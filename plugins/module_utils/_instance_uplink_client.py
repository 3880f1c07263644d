# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How to ask netplan, networkd and the kernel about an instance's uplink, and how to tell them. It decides nothing."""

from __future__ import annotations

import glob
import ipaddress
import os
import re
import shutil
import tempfile
import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _instance_uplink as rules
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_facts as parsed
from ansible_collections.routable.ipv6.plugins.module_utils._files import read_text
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_networkd import NETPLAN

_NET = "/sys/class/net"
_NETIF = "/run/systemd/netif/links"
# netplan apply returns before networkd is done: duplicate address detection takes a second, DHCPv4 some more.
_SETTLE = 30.0
_STEP = 0.1


class InstanceError(Exception):
    """A command failed, or the network did not come up; the message has its own words."""


class _Runner(t.Protocol):
    tmpdir: str

    def run_command(self, args: list[str]) -> tuple[int, str, str]: ...

    def get_bin_path(self, arg: str, required: bool = False) -> str | None: ...


class Instance:
    """One host. Only ``run_command``, ``get_bin_path`` and ``tmpdir`` of the module are used."""

    def __init__(self, module: _Runner) -> None:
        self._module = module

    def interface(self, mac: str) -> str | None:
        """The interface with that hardware address. One that is stacked upon it has the same, so it must be a card."""
        for name in sorted(os.listdir(_NET)):
            place = os.path.join(_NET, name)
            # The driver of bonds has a file there.
            if not os.path.isdir(place):
                continue
            stacked = glob.glob(os.path.join(place, "lower_*")) or os.path.isdir(os.path.join(place, "bridge"))
            if (read_text(os.path.join(place, "address")) or "").strip().lower() == mac.lower() and not stacked:
                return name
        return None

    def has_netplan(self) -> bool:
        return self._module.get_bin_path("netplan") is not None

    def facts(self, name: str, mac: str) -> rules.Facts:
        """:raises InstanceError: ip failed."""
        index = (read_text(os.path.join(_NET, name, "ifindex")) or "").strip()
        state = parsed.parse_key_values(read_text(os.path.join(_NETIF, index)) or "")
        routes = [one for one in self._routes() if one.interface == name and one.gateway]
        # The advertised one is the router's own address; a static one may be ours.
        best = sorted(routes, key=lambda one: not one.advertised)
        gateway = ipaddress.IPv6Address(str(best[0].gateway)) if best else None
        return rules.Facts(
            name,
            mac,
            state.get("NETWORK_FILE", ""),
            self.addresses(name),
            gateway if gateway is not None and gateway.is_link_local else None,
            tuple(_files()),
            os.path.isdir(rules.CLOUD),
            read_text(rules.CLOUD_OWN),
        )

    def addresses(self, name: str) -> tuple[ipaddress.IPv6Interface, ...]:
        found = parsed.parse_addresses(self._output("ip", "-6", "-j", "address", "show", "dev", name))
        return tuple(ipaddress.IPv6Interface(text) for text in found.get(name, ()))

    def default_routes_known(self) -> bool:
        """Whether netplan knows routes ``to: default`` (a feature that it lists since 0.104)."""
        return "default-routes" in self._output("netplan", "info")

    def generated(self, texts: t.Mapping[str, str]) -> rules.Generated:
        """What netplan would make of the files, by path; nothing of the host is touched."""
        with _Root(self._module.tmpdir, texts) as root:
            status, output, errors = self._run("netplan", "generate", "--root-dir", root)
            # In a root of its own it says nothing but what it has to say.
            complaint = errors.strip() or (f"{output.strip()} (code {status})" if status else "")
            networks = []
            for path in sorted(glob.glob(f"{root}{NETPLAN}*.network")):
                networks.append((path[len(root) :], read_text(path) or ""))
        return rules.Generated(tuple(networks), " ".join(complaint.replace(root, "").split()))

    def without_addresses(self, texts: t.Mapping[str, str], path: str, name: str) -> str:
        """The text of one file after netplan has taken the addresses of the definition out of it.

        :raises InstanceError: netplan does not do that.
        """
        key = re.sub(r"([.\\])", r"\\\1", name)
        # Without the hint, netplan folds all files into one and deletes the others.
        hint = os.path.splitext(os.path.basename(path))[0]
        with _Root(self._module.tmpdir, texts) as root:
            self._output("netplan", "set", "--root-dir", root, "--origin-hint", hint, f"ethernets.{key}.addresses=null")
            return read_text(root + path) or ""

    def apply(self, name: str, wanted: rules.Wanted | None) -> None:
        """Have netplan apply its files, and wait until the uplink has what it needs and nothing else.

        :raises InstanceError: it has not.
        """
        self._output("netplan", "apply")
        end = time.monotonic() + _SETTLE
        while True:
            trouble = self._trouble(name, wanted)
            if not trouble:
                return
            if time.monotonic() >= end:
                raise InstanceError(f"{_SETTLE:.0f} s after netplan apply {trouble}")
            time.sleep(_STEP)

    def _trouble(self, name: str, wanted: rules.Wanted | None) -> str:
        addresses = self.addresses(name)
        if not any(route.interface == name for route in self._routes()):
            return f"{name} has no default route"
        if wanted is None:
            return ""
        for address in addresses:
            if wanted.foreign(address.ip):
                self._run("ip", "-6", "address", "del", str(address), "dev", name)
                return f"{name} still has {address}"
        return "" if wanted.address.ip in [one.ip for one in addresses] else f"{name} does not have {wanted.address}"

    def _routes(self) -> tuple[parsed.Route, ...]:
        return parsed.parse_routes(self._output("ip", "-6", "-j", "route", "show", "default"))

    def _output(self, *words: str) -> str:
        status, output, errors = self._run(*words)
        if status:
            raise InstanceError(f"{' '.join(words[:3])} failed with code {status}: {(errors or output).strip()}")
        return output

    def _run(self, *words: str) -> tuple[int, str, str]:
        return self._module.run_command(list(words))


class _Root:
    """A directory with files as on a host, for programs that can be told to take it for the root."""

    def __init__(self, directory: str, texts: t.Mapping[str, str]) -> None:
        self._directory, self._texts = directory, texts
        self._root = ""

    def __enter__(self) -> str:
        self._root = tempfile.mkdtemp(dir=self._directory)
        for path, text in self._texts.items():
            place = self._root + path
            os.makedirs(os.path.dirname(place), exist_ok=True)
            handle = os.open(place, os.O_WRONLY | os.O_CREAT, rules.MODE)
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
                stream.write(text)
        return self._root

    def __exit__(self, *_error: object) -> None:
        shutil.rmtree(self._root)


def _files() -> t.Iterator[rules.Netplan]:
    for path in sorted(glob.glob(os.path.join(rules.DIRECTORY, "*.yaml"))):
        text = read_text(path)
        if text is not None:
            yield rules.Netplan(path, text, os.stat(path).st_mode & 0o7777)
