# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How to read all that is to be known of an uplink, from /proc, /sys, /run, /etc and three commands."""

from __future__ import annotations

import glob
import os
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _sysctl as sysctl
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_facts as parsed
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_ifupdown as ifupdown
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_networkd as networkd
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_sysctl as persisted
from ansible_collections.routable.ipv6.plugins.module_utils._files import read_text
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import (
    Facts,
    Ifupdown,
    Link,
    Networkd,
    NetworkManager,
    Route,
)

_NET = "/sys/class/net"
_NETIF = "/run/systemd/netif/links"
_NM_DEVICES = "/run/NetworkManager/devices"
# ARPHRD_LOOPBACK of linux/if_arp.h.
_LOOPBACK = "772"
# AdvDefaultLifetime's default (RFC 4861, section 6.2.1), in seconds.
_ROUTER_LIFETIME = 1800
_NETWORKD_CONF = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd")


class UplinkError(Exception):
    """A command failed; the message has its own words."""


class _Runner(t.Protocol):
    def run_command(self, args: list[str], *, environ_update: dict[str, str] | None = ...) -> tuple[int, str, str]: ...

    def get_bin_path(self, arg: str, required: bool = False) -> str | None: ...


class Uplink:
    """One host, seen from one uplink. Only ``run_command`` and ``get_bin_path`` of the module are used."""

    def __init__(self, module: _Runner, name: str) -> None:
        self._module = module
        self.name = name

    def interfaces(self) -> list[str]:
        """The names of all interfaces of this host."""
        return [name for name in os.listdir(_NET) if os.path.isdir(os.path.join(_NET, name))]

    def link(self) -> Link | None:
        """The interface, None where there is none of that name."""
        if self.name not in self.interfaces():
            return None
        bridge = os.path.join(self._sys("brport"), "bridge")
        return Link(
            name=self.name,
            index=int(_line(self._sys("ifindex")) or 0),
            loopback=_line(self._sys("type")) == _LOOPBACK,
            bridge=os.path.basename(os.path.realpath(bridge)) if os.path.exists(bridge) else None,
            is_bridge=os.path.isdir(self._sys("bridge")),
            disable_ipv6=sysctl.read(sysctl.interface_key(self.name, "disable_ipv6")),
            accept_ra=sysctl.read(sysctl.interface_key(self.name, "accept_ra")) or "",
        )

    def hardware(self) -> str:
        """The MAC address, empty where there is none."""
        return _line(self._sys("address")) or ""

    def routes(self) -> tuple[Route, ...]:
        """The default routes of this host, best first.

        :raises UplinkError: ip failed.
        """
        return parsed.parse_routes(self._output("ip", "-6", "-j", "route", "show", "default"))

    def facts(self, link: Link) -> Facts:
        """Everything that decisions are made from.

        :raises UplinkError: ip failed.
        """
        routes = self.routes()
        addresses = parsed.parse_addresses(self._output("ip", "-6", "-j", "address", "show"))
        managed = self._networkd(link)
        files = persisted.ordered(_listing(persisted.DIRECTORIES, "*.conf"))
        others = {route.interface for route in routes if route.advertised} - {self.name}
        return Facts(
            link=link,
            forwarding=sysctl.read(sysctl.FORWARDING) or "",
            routes=routes,
            addresses=addresses.get(self.name, ()),
            on_link_prefixes=parsed.parse_on_link(self._output("ip", "-6", "-j", "route", "show", "dev", self.name)),
            networkd=managed,
            networkmanager=self._networkmanager(link),
            ifupdown=self._ifupdown(),
            sysctl_files=_texts(files),
            sysctl_conf=read_text(persisted.CONF),
            network_files=_network_files() if managed else (),
            networkd_conf=_networkd_conf() if managed else (),
            others_accept_ra={
                other: sysctl.read(sysctl.interface_key(other, "accept_ra")) or "" for other in sorted(others)
            },
            ipv6_bridges=tuple(
                name
                for name in sorted(addresses)
                if name != self.name
                and os.path.isdir(os.path.join(_NET, name, "bridge"))
                and any(parsed.is_global(address) for address in addresses[name])
            ),
        )

    def put_back(self, route: Route) -> None:
        """Add a default route that is gone, for as long as a router's word holds.

        :raises UplinkError: the kernel refuses it.
        """
        via = ["via", route.gateway] if route.gateway else []
        words = [*via, "dev", route.interface, "proto", route.protocol, "metric", str(route.metric)]
        words += ["expires", str(_ROUTER_LIFETIME)] if route.advertised else []
        self._output("ip", "-6", "route", "replace", "default", *words)

    def restart_networkd(self) -> None:
        """Let networkd read its files anew. Unlike a reload or reconfiguration it keeps the routes that it has.

        :raises UplinkError: it does not start again.
        """
        self._output("systemctl", "restart", "systemd-networkd.service")

    def _networkd(self, link: Link) -> Networkd | None:
        text = read_text(os.path.join(_NETIF, str(link.index)))
        # The directory outlives the service (RuntimeDirectoryPreserve=), so it proves nothing by itself.
        if text is None or self._run("systemctl", "is-active", "--quiet", "systemd-networkd.service")[0]:
            return None
        state = parsed.parse_key_values(text)
        path = state.get("NETWORK_FILE", "")
        shared = []
        for entry in os.listdir(_NETIF) if path else []:
            other = parsed.parse_key_values(read_text(os.path.join(_NETIF, entry)) or "")
            if entry != str(link.index) and other.get("NETWORK_FILE") == path:
                shared.append(_name_of(entry))
        texts = _texts([path, *_dropins(path)]) if path else ()
        return Networkd(state.get("ADMIN_STATE", ""), path, texts, tuple(sorted(shared)))

    def _networkmanager(self, link: Link) -> NetworkManager | None:
        nmcli = self._module.get_bin_path("nmcli")
        if nmcli is None or not os.path.exists(os.path.join(_NM_DEVICES, str(link.index))):
            return None
        fields = "GENERAL.STATE,GENERAL.CONNECTION,GENERAL.CON-UUID"
        status, output, dummy = self._run(nmcli, "-t", "-e", "no", "-f", fields, "device", "show", self.name)
        if status:
            return None  # It is installed and has left its files, but does not run.
        device = parsed.parse_nmcli(output)
        uuid = device.get("GENERAL.CON-UUID", "")
        method = filename = ""
        if uuid:
            asked = (nmcli, "-t", "-e", "no", "-f", "ipv6.method", "connection", "show", "uuid", uuid)
            method = parsed.parse_nmcli(self._run(*asked)[1]).get("ipv6.method", "")
            listed = self._run(nmcli, "-t", "-e", "no", "-f", "UUID,FILENAME", "connection", "show")[1]
            filename = parsed.parse_nmcli(listed).get(uuid, "")
        return NetworkManager(device.get("GENERAL.STATE", ""), device.get("GENERAL.CONNECTION", ""), method, filename)

    def _ifupdown(self) -> Ifupdown:
        texts = _interfaces_texts(ifupdown.MAIN, set())
        if not texts:
            return Ifupdown(None)
        logical = None
        for line in (read_text("/run/network/ifstate") or "").splitlines():
            name, dummy, known_as = line.strip().partition("=")
            if name == self.name:
                logical = known_as or name
        return Ifupdown(logical, tuple(texts))

    def _sys(self, name: str) -> str:
        return os.path.join(_NET, self.name, name)

    def _output(self, *command: str) -> str:
        status, output, error = self._run(*command)
        if status:
            raise UplinkError(f"'{' '.join(command)}' failed with {status}: {(error or output).strip()}")
        return output

    def _run(self, *command: str) -> tuple[int, str, str]:
        environ = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        return self._module.run_command(list(command), environ_update=environ)


def _line(path: str) -> str | None:
    text = read_text(path)
    return None if text is None else text.strip()


def _texts(paths: t.Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((path, text) for path, text in ((path, read_text(path)) for path in paths) if text is not None)


def _listing(directories: t.Iterable[str], pattern: str) -> list[str]:
    # Where /lib is a link to /usr/lib, the same file is listed once, by the name that comes first.
    found: dict[str, str] = {}
    for directory in directories:
        for path in sorted(glob.glob(os.path.join(glob.escape(directory), pattern))):
            found.setdefault(os.path.join(os.path.realpath(directory), os.path.basename(path)), path)
    return list(found.values())


def _dropins(network_file: str) -> list[str]:
    name = os.path.basename(network_file) + ".d"
    return networkd.ordered(_listing([os.path.join(d, name) for d in networkd.DIRECTORIES], "*.conf"))


def _network_files() -> tuple[tuple[str, str], ...]:
    return _texts(networkd.ordered(_listing(networkd.DIRECTORIES, "*.network")))


def _networkd_conf() -> tuple[tuple[str, str], ...]:
    main = next((path for path in (f"{d}/networkd.conf" for d in _NETWORKD_CONF) if os.path.exists(path)), None)
    dropins: dict[str, str] = {}
    for path in _listing([f"{d}/networkd.conf.d" for d in _NETWORKD_CONF], "*.conf"):
        dropins.setdefault(os.path.basename(path), path)
    return _texts([*([main] if main else []), *(dropins[name] for name in sorted(dropins))])


def _name_of(index: str) -> str:
    for name in os.listdir(_NET):
        if _line(os.path.join(_NET, name, "ifindex")) == index:
            return name
    return f"interface {index}"


def _interfaces_texts(path: str, seen: set[str]) -> list[tuple[str, str]]:
    """The file and what it includes, each once; a pattern without a leading slash counts from the file's directory."""
    text = read_text(path) if os.path.isfile(path) and os.path.realpath(path) not in seen else None
    if text is None:
        return []
    seen.add(os.path.realpath(path))
    found = [(path, text)]
    for keyword, pattern in ifupdown.includes(text):
        for match in sorted(glob.glob(os.path.join(os.path.dirname(path), pattern))):
            entries = [match]
            if os.path.isdir(match):
                names = sorted(os.listdir(match))
                # `source` takes a directory's files as well, but `source-directory` only those with plain names.
                names = [name for name in names if keyword == "source" or ifupdown.included_name(name)]
                entries = [os.path.join(match, name) for name in names]
            for entry in entries:
                found += _interfaces_texts(entry, seen)
    return found
