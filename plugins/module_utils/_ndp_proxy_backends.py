# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The backends of the NDP proxy: what each consists of, and what each refuses."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy import (
    AGENT_PATH,
    Host,
    Setup,
    Wanted,
    check,
    config_path,
)
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_ndppd import render as render_ndppd
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_ndppd import rules, unit_text
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# The uplink's own settings (Documentation/networking/ip-sysctl.rst); the default delay is up to 0.8 s.
SETTINGS = {"proxy_ndp": "1", "proxy_delay": "0"}
# Proxy entries were lost whenever the link came up before (systemd, pull request 18494).
NETWORKD_SINCE = 247
HEADER = "# Written by Ansible (routable.ipv6.ndp_proxy); changes here are lost.\n"
_NOT_FORWARDING = (
    "The kernel answers for other addresses only while it forwards, and net.ipv6.conf.{}.forwarding is 0. Docker turns "
    "it on with its first IPv6 network."
)


def setup(wanted: Wanted, host: Host, agent_text: str) -> Setup:
    """What the wanted backend consists of on this host.

    :raises Refused: what cannot work there.
    """
    if wanted.backend == "none":
        return Setup()
    check(wanted, host)
    if wanted.backend == "kernel":
        return _kernel(wanted, host, agent_text)
    if wanted.backend == "ndppd":
        return _ndppd(wanted, host)
    return _networkd(wanted, host)


def _kernel(wanted: Wanted, host: Host, agent_text: str) -> Setup:
    path = config_path(wanted.uplink, "json")
    config = {
        "uplink": wanted.uplink,
        "prefixes": [str(prefix) for prefix in wanted.prefixes],
        "addresses": [str(address) for address in wanted.addresses],
    }
    return Setup(
        files={path: json.dumps(config, indent=2) + "\n"},
        unit_text=_kernel_unit(wanted.uplink, host.interpreter, path, agent_text),
        agent=True,
        settings=SETTINGS,
        prefixes=wanted.prefixes,
        addresses=wanted.addresses,
        warnings=_forwarding_warning(wanted.uplink, host),
    )


def _kernel_unit(uplink: str, interpreter: str, config: str, agent_text: str) -> str:
    # The digest makes the unit differ when the program does, so that every uplink's unit is started anew.
    digest = hashlib.sha256(agent_text.encode()).hexdigest()[:16]
    return f"""{HEADER}[Unit]
Description=NDP proxy of {uplink}, in step with the containers
X-Agent={digest}
After=network-pre.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={interpreter} -I -S -B {AGENT_PATH} {config}
Restart=always
RestartSec=100ms
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_DAC_OVERRIDE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET6

[Install]
WantedBy=multi-user.target
"""


def _ndppd(wanted: Wanted, host: Host) -> Setup:
    if host.ndppd is None:
        raise Refused(
            "backend=ndppd", "the program ndppd is not installed on this host", "Install the package ndppd first"
        )
    if wanted.ndppd_mode == "iface" and wanted.prefixes and not wanted.bridges:
        raise Refused(
            "ndppd_mode=iface", "ndppd must know where to ask for the addresses", "Give bridges, or use static"
        )
    path = config_path(wanted.uplink, "conf")
    bridges = wanted.bridges if wanted.ndppd_mode == "iface" and wanted.prefixes else ()
    return Setup(
        files={path: HEADER + render_ndppd(wanted)},
        unit_text=HEADER + unit_text(wanted.uplink, bridges, host.ndppd, path),
        unit_waits_for=tuple(bridge for bridge in bridges if bridge not in host.interfaces),
        # A unit of the administrator's own making is not the distribution's.
        mask=not host.foreign_ndppd_unit,
        rules=tuple(dict.fromkeys(str(rule.prefix) for rule in rules(wanted))),
        warnings=_ndppd_warnings(wanted, host),
    )


def _ndppd_warnings(wanted: Wanted, host: Host) -> tuple[str, ...]:
    warnings = []
    if wanted.prefixes and wanted.ndppd_mode == "iface":
        warnings.append(
            "ndppd in its mode iface answers one neighbour at a time: while it has an address in use for the router, "
            "another host on the link gets no answer for it. The backend kernel has no such limit."
        )
    for prefix in wanted.prefixes:
        if wanted.ndppd_mode == "static":
            warnings.append(
                f"ndppd in its mode static claims all {prefix.num_addresses} addresses of {prefix}, also those that "
                "nobody holds, which can fill the router's neighbour cache. The backend kernel claims none of them."
            )
    if host.foreign_ndppd_config:
        warnings.append(
            f"/etc/ndppd.conf is there and stays as it is, but is not in use while ndppd answers on {wanted.uplink} "
            "by a configuration and a unit of its own."
        )
    if host.foreign_ndppd_unit:
        warnings.append(
            "/etc/systemd/system/ndppd.service is a unit of this host's own and stays as it is. If it answers on "
            f"{wanted.uplink} too, neighbours get two answers."
        )
    missing = [bridge for bridge in wanted.bridges if bridge not in host.interfaces]
    if wanted.ndppd_mode == "iface" and wanted.prefixes and missing:
        warnings.append(f"ndppd starts when there is {' and '.join(missing)}; until then nobody answers.")
    return tuple(warnings)


def _networkd(wanted: Wanted, host: Host) -> Setup:
    if wanted.prefixes:
        raise Refused(
            f"prefixes={','.join(str(prefix) for prefix in wanted.prefixes)}",
            "systemd-networkd answers for single addresses only (systemd.network(5), IPv6ProxyNDPAddress=)",
            "List the addresses, or use the backend kernel",
        )
    if host.networkd_version is None or not host.network_file:
        raise Refused(
            f"uplink={wanted.uplink}",
            "systemd-networkd does not manage this interface, so it keeps no settings for it",
            "Use the backend kernel, which needs no network manager",
        )
    if host.networkd_version < NETWORKD_SINCE:
        raise Refused(
            "backend=networkd",
            f"systemd {host.networkd_version} loses proxy entries when the link comes up; {NETWORKD_SINCE} is the "
            "first that keeps them",
            "Use the backend kernel",
        )
    if host.network_file_shared:
        raise Refused(
            f"uplink={wanted.uplink}",
            f"{host.network_file} is also in force for {', '.join(host.network_file_shared)}, which would answer too",
            "Give the uplink a .network file of its own, or use the backend kernel",
        )
    return Setup(
        files={
            networkd_path(host.network_file): HEADER + networkd_text(wanted.addresses),
            # Read by udev's 99-systemd.rules whenever an interface of that name appears.
            f"/etc/sysctl.d/90-routable-ipv6-ndp-{wanted.uplink}.conf": (
                f"{HEADER}net/ipv6/neigh/{wanted.uplink}/proxy_delay = 0\n"
            ),
        },
        settings=SETTINGS,
        apply_settings=True,
        networkd=True,
        addresses=wanted.addresses,
        warnings=_forwarding_warning(wanted.uplink, host),
    )


def networkd_path(network_file: str) -> str:
    """Where the drop-in for a .network file is, wherever that file itself is (systemd.network(5))."""
    return f"/etc/systemd/network/{os.path.basename(network_file)}.d/50-routable-ipv6-ndp.conf"


def networkd_text(addresses: t.Iterable[ipaddress.IPv6Address]) -> str:
    """The drop-in's text."""
    lines = ["[Network]", "IPv6ProxyNDP=yes", *(f"IPv6ProxyNDPAddress={address}" for address in addresses)]
    return "\n".join(lines) + "\n"


def _forwarding_warning(uplink: str, host: Host) -> tuple[str, ...]:
    return () if host.forwarding else (_NOT_FORWARDING.format(uplink),)
