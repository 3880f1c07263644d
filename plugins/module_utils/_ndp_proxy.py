# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What is wanted of an NDP proxy, and the plan that leads there from what is there.

Each backend says in a :class:`Setup` which files, which unit and which settings it consists of. The plan compares
that with the host, so that a change of backend takes the former one away by the same rules as ``absent`` does.
"""

from __future__ import annotations

import hashlib
import ipaddress
import typing as t
from dataclasses import dataclass, field

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_address, parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._interface_names import parse_interface_name
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused

BACKENDS = ("kernel", "ndppd", "networkd", "none")
NDPPD_MODES = ("iface", "static")
CONFIG_DIRECTORY = "/etc/routable-ipv6"
AGENT_PATH = "/usr/local/lib/routable-ipv6/ndp_proxy_agent.py"
# The unit that systemd makes from the init script of Debian's package.
DISTRIBUTION_UNIT = "ndppd.service"

# Addresses that no neighbour asks for on an uplink: RFC 4291, sections 2.5.2, 2.5.3, 2.5.6 and 2.7.
_NOT_BEHIND_A_HOST = tuple(ipaddress.IPv6Network(text) for text in ("::/127", "fe80::/10", "ff00::/8"))


@dataclass(frozen=True)
class Wanted:
    """The options of the module, parsed; prefixes and addresses sorted and without repetition."""

    uplink: str
    backend: str
    prefixes: tuple[ipaddress.IPv6Network, ...] = ()
    addresses: tuple[ipaddress.IPv6Address, ...] = ()
    bridges: tuple[str, ...] = ()
    ndppd_mode: str = "iface"


@dataclass(frozen=True)
class Host:
    """What the host says of itself, as far as a backend depends on it."""

    uplink_exists: bool = True
    on_link: tuple[ipaddress.IPv6Network, ...] = ()
    forwarding: bool = True
    interpreter: str = "/usr/bin/python3"
    ndppd: str | None = None  # the program's path
    foreign_ndppd_config: bool = False
    foreign_ndppd_unit: bool = False
    networkd_version: int | None = None  # None when networkd does not run
    network_file: str = ""  # the .network file that networkd applies to the uplink
    network_file_shared: tuple[str, ...] = ()  # the other links that it applies to
    interfaces: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Setup:
    """What a backend consists of. Nothing at all is the setup of ``none`` and of ``absent``."""

    files: t.Mapping[str, str] = field(default_factory=dict)
    unit_text: str | None = None
    unit_waits_for: tuple[str, ...] = ()  # interfaces that are not there yet; the unit starts with the last of them
    agent: bool = False
    mask: bool = False
    settings: t.Mapping[str, str] = field(default_factory=dict)  # of the uplink; kept by the backend
    apply_settings: bool = False  # whether the module sets them, because the backend does not
    networkd: bool = False  # networkd must read the files anew
    # What the backend answers for: kernel entries in here are its business, all others are not.
    prefixes: tuple[ipaddress.IPv6Network, ...] = ()
    addresses: tuple[ipaddress.IPv6Address, ...] = ()
    rules: tuple[str, ...] = ()  # what ndppd answers for
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Current:
    """What is there of us on the host, for one uplink."""

    files: t.Mapping[str, str] = field(default_factory=dict)
    unit_text: str | None = None
    unit_enabled: bool = False
    unit_running: bool = False
    agent: str | None = None  # the installed program's text
    agent_shared: bool = False  # another uplink's unit needs it
    masked: bool = False
    mask_stays: bool = False  # it is not ours, or another uplink's unit needs it
    settings: t.Mapping[str, str] = field(default_factory=dict)
    former_settings: t.Mapping[str, str] = field(default_factory=dict)
    entries: tuple[ipaddress.IPv6Address, ...] = ()
    former_entries: tuple[ipaddress.IPv6Address, ...] = ()
    prefixes: tuple[ipaddress.IPv6Network, ...] = ()  # what our last setup answered for
    addresses: tuple[ipaddress.IPv6Address, ...] = ()


def unit_name(uplink: str) -> str:
    """The name of the one unit that answers on an uplink, whatever the backend."""
    return f"routable-ipv6-ndp-{uplink}.service"


def config_path(uplink: str, kind: str) -> str:
    """Where a backend's own configuration for an uplink is."""
    return f"{CONFIG_DIRECTORY}/ndp-{uplink}.{kind}"


def read(options: t.Mapping[str, t.Any]) -> Wanted:
    """Parse the options.

    :raises Refused: a value that cannot work on any host.
    """
    backend = options["backend"]
    mode = options["ndppd_mode"]
    if mode == "auto":
        raise Refused(
            "ndppd_mode=auto",
            "ndppd 0.2.5 answers for one address at a time in this mode (its source, route.cc)",
            "Use iface or static, or better the backend kernel",
        )
    if mode not in NDPPD_MODES:
        raise Refused(f"ndppd_mode={mode}", "ndppd knows iface and static", "Use one of them")
    prefixes = {_behind(parse_prefix(text, "prefixes"), "prefixes") for text in options["prefixes"]}
    addresses = {
        ipaddress.IPv6Address(
            _behind(ipaddress.IPv6Network(parse_address(text, "addresses")), "addresses").network_address
        )
        for text in options["addresses"]
    }
    return Wanted(
        uplink=parse_interface_name(options["uplink"], "uplink"),
        backend=backend,
        prefixes=tuple(sorted(prefixes)),
        addresses=tuple(sorted(addresses)),
        bridges=tuple(dict.fromkeys(parse_interface_name(text, "bridges") for text in options["bridges"])),
        ndppd_mode=mode,
    )


def check(wanted: Wanted, host: Host) -> None:
    """Compare with the host what every backend but ``none`` has in common.

    :raises Refused: what cannot work on this host.
    """
    if wanted.uplink in wanted.bridges:
        raise Refused(
            f"bridges={wanted.uplink}", "the uplink is not a bridge with containers", "Name the containers' bridges"
        )
    if not host.uplink_exists:
        raise Refused(
            f"uplink={wanted.uplink}",
            "there is no such interface on this host",
            f"Give one of: {', '.join(sorted(host.interfaces - {'lo'})) or 'none is there'}",
        )
    if not wanted.prefixes and not wanted.addresses:
        raise Refused(
            f"backend={wanted.backend}",
            "there is nothing to answer for",
            "Give prefixes or addresses, or use the backend none",
        )
    for prefix in wanted.prefixes:
        for link in host.on_link:
            if link.subnet_of(prefix):
                raise Refused(
                    f"prefixes={prefix}",
                    f"it has all of the uplink's own on-link prefix {link}, with the router and every neighbour in it",
                    f"Give a part of {link}, for example a /{min(link.prefixlen + 16, 128)}",
                )


def plan(current: Current, setup: Setup, uplink: str, agent_text: str) -> Plan:
    """What leads from what is there to a backend's setup.

    The order matters: the former backend ends before the new one starts, and entries of the former one are removed
    when nobody is left who would bring them back.
    """
    name = unit_name(uplink)
    changes: list[Change] = []
    if current.unit_text is not None and setup.unit_text is None:
        changes.append(Change(f"Stop and remove {name}", "remove_unit", {"unit": name}))
    removed = sorted(path for path in current.files if path not in setup.files)
    changes += [Change(f"Remove {path}", "remove_file", {"path": path}) for path in removed]
    written = {path: text for path, text in setup.files.items() if current.files.get(path) != text}
    for path, text in sorted(written.items()):
        changes.append(Change(f"Write {path}", "write_file", {"path": path, "text": text}))
    if setup.agent and current.agent != agent_text:
        changes.append(Change(f"Write {AGENT_PATH}", "write_file", {"path": AGENT_PATH, "text": agent_text}))
    elif current.agent is not None and not setup.agent and not current.agent_shared:
        changes.append(Change(f"Remove {AGENT_PATH}", "remove_file", {"path": AGENT_PATH}))
    if setup.mask and not current.masked:
        changes.append(Change(f"Stop and mask {DISTRIBUTION_UNIT}", "mask", {"unit": DISTRIBUTION_UNIT}))
    elif current.masked and not setup.mask and not current.mask_stays:
        changes.append(Change(f"Unmask {DISTRIBUTION_UNIT}", "unmask", {"unit": DISTRIBUTION_UNIT}))
    changes += _unit_changes(current, setup, name, bool(written) or (setup.agent and current.agent != agent_text))
    if setup.networkd != current_networkd(current) or any(path in written for path in networkd_paths(setup)):
        changes.append(
            Change(
                "Restart systemd-networkd, which keeps the routes that it has", "restart_networkd", {"uplink": uplink}
            )
        )
    changes += _setting_changes(current, setup, uplink)
    changes += [
        Change(f"Answer no longer for {address} on {uplink}", "remove_entry", {"address": str(address)})
        for address in _left_over(current, setup)
    ]
    return Plan(tuple(changes), _shown(current), _predicted(current, setup, agent_text), setup.warnings)


def current_networkd(current: Current) -> bool:
    """Whether networkd is the backend that is there."""
    return any(path.endswith(".conf") and "/systemd/network/" in path for path in current.files)


def networkd_paths(setup: Setup) -> list[str]:
    """The files of a setup that networkd reads."""
    return [path for path in setup.files if "/systemd/network/" in path]


def answered(
    address: ipaddress.IPv6Address,
    prefixes: t.Iterable[ipaddress.IPv6Network],
    addresses: t.Iterable[ipaddress.IPv6Address],
) -> bool:
    """Whether an address is within the business of who answers for these."""
    return address in set(addresses) or any(address in prefix for prefix in prefixes)


def _behind(prefix: ipaddress.IPv6Network, name: str) -> ipaddress.IPv6Network:
    for other in _NOT_BEHIND_A_HOST:
        if prefix.overlaps(other):
            text = str(prefix.network_address) if prefix.prefixlen == 128 else str(prefix)
            raise Refused(
                f"{name}={text}", f"addresses of {other} are not behind a host", "Give a part of a global prefix"
            )
    return prefix


def _unit_changes(current: Current, setup: Setup, name: str, restart: bool) -> list[Change]:
    if setup.unit_text is None:
        return []
    changes = []
    fresh = current.unit_text != setup.unit_text
    if fresh:
        changes.append(Change(f"Write {name}", "write_unit", {"unit": name, "text": setup.unit_text}))
    if fresh or not current.unit_enabled:
        changes.append(Change(f"Enable {name}", "enable", {"unit": name}))
    if setup.unit_waits_for:
        if fresh and current.unit_running:
            changes.append(Change(f"Stop {name}", "stop", {"unit": name}))
    elif fresh or restart or not current.unit_running:
        changes.append(Change(f"Start {name}", "restart", {"unit": name}))
    return changes


def _setting_changes(current: Current, setup: Setup, uplink: str) -> list[Change]:
    target: dict[str, str] = {}
    if setup.apply_settings:
        target = dict(setup.settings)
    elif not setup.settings:
        target = {key: value for key, value in current.former_settings.items() if key in current.settings}
    return [
        Change(f"Set {key} of {uplink} to {value}", "set", {"key": key, "value": value})
        for key, value in sorted(target.items())
        if current.settings.get(key) != value
    ]


def _left_over(current: Current, setup: Setup) -> list[ipaddress.IPv6Address]:
    return [
        address
        for address in current.entries
        if answered(address, current.prefixes, current.addresses)
        and not answered(address, setup.prefixes, setup.addresses)
        and address not in current.former_entries
    ]


def _shown(current: Current) -> dict[str, t.Any]:
    return {
        "files": {
            **current.files,
            **({AGENT_PATH: _digest_line(current.agent)} if current.agent is not None else {}),
        },
        "unit": _unit_shown(current.unit_text, current.unit_enabled, current.unit_running),
        "distribution_unit_masked": current.masked,
        "settings": dict(current.settings),
    }


def _predicted(current: Current, setup: Setup, agent_text: str) -> dict[str, t.Any]:
    settings = dict(current.settings)
    former = {} if setup.settings else current.former_settings
    settings.update({key: value for key, value in {**former, **setup.settings}.items() if key in settings})
    agent = agent_text if setup.agent else current.agent if current.agent_shared else None
    running = setup.unit_text is not None and (
        not setup.unit_waits_for or (current.unit_running and current.unit_text == setup.unit_text)
    )
    return {
        "files": {**setup.files, **({AGENT_PATH: _digest_line(agent)} if agent is not None else {})},
        "unit": _unit_shown(setup.unit_text, setup.unit_text is not None, running),
        "distribution_unit_masked": setup.mask or (current.masked and current.mask_stays),
        "settings": settings,
    }


def _unit_shown(text: str | None, enabled: bool, running: bool) -> dict[str, t.Any] | None:
    return None if text is None else {"text": text, "enabled": enabled, "running": running}


def _digest_line(text: str) -> str:
    # A diff of the whole program would hide what matters.
    return f"{len(text.splitlines())} lines, sha256 {hashlib.sha256(text.encode()).hexdigest()[:16]}"
