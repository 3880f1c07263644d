# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots for the tests of the guard's program."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_host as host

DYNAMIC = {"dynamic": True, "valid": 60, "preferred": 30, "broadcast": "", "no_prefix": False}


STATIC = {**DYNAMIC, "dynamic": False}


DEFAULT6 = "6 default via fe80::1 dev ens3 proto ra metric 1024 pref medium"


DEFAULT4 = "4 default via 198.51.100.1 dev ens3 proto static"


def unit(active: str = "active", invocation: str = "1") -> dict[str, str]:
    return {"LoadState": "loaded", "ActiveState": active, "InvocationID": invocation}


def snapshot(**more: t.Any) -> host.Snapshot:
    """A quiet host."""
    return {
        "options": {},
        "files": {},
        "sysctls": {},
        "up": ["ens3"],
        "addresses": {"ens3": {}},
        "routes": {},
        "proxies": [],
        "nft": {},
        "iptables": {"iptables": "", "ip6tables": ""},
        "units": {},
        "docker": {"networks": [], "bridge": []},
        **more,
    }
