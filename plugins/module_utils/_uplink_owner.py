# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Who takes router advertisements on an uplink, and by what it was found.

A manager that is installed, or even runs, is not the owner for that: it must manage this very interface. When
several claim it, the one counts that takes advertisements in its own code, since it turns the kernel off.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_ifupdown as ifupdown
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_networkd as networkd
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import Facts

# States of a link (networkctl(1)) in which networkd has not configured it, or not yet.
_NOT_CONFIGURED = ("unmanaged", "linger", "initialized", "pending")

OWNERS = ("kernel", "ifupdown", "networkd", "netplan", "networkmanager")


@dataclass(frozen=True)
class Owner:
    """The owner's name, the sentence that says why, and through whom it works (netplan has two renderers)."""

    name: str
    evidence: str
    renderer: str


def detect(facts: Facts) -> Owner:
    """The owner as the host shows it."""
    found = _networkd(facts) or _networkmanager(facts) or _ifupdown(facts)
    if found is not None:
        return found
    why = "neither systemd-networkd nor NetworkManager nor an inet6 stanza of ifupdown configures it"
    return Owner("kernel", f"{facts.link.name} is left to the kernel: {why}.", "kernel")


def choose(facts: Facts, wanted: str) -> Owner:
    """The owner that is asked for, or the one that is found for ``auto``.

    :raises Refused: the owner asked for does not manage the interface, so there is nothing to tell it.
    """
    found = detect(facts)
    if wanted in ("auto", found.name):
        return found
    if wanted == "kernel":
        return Owner("kernel", f"The kernel was asked for, although: {found.evidence}", "kernel")
    for claim in (_networkd(facts), _networkmanager(facts), _ifupdown(facts)):
        if claim is not None and claim.name == wanted:
            return claim
    raise Refused(
        f"owner={wanted}",
        f"it does not manage {facts.link.name}. {found.evidence.rstrip('.')}",
        f"Leave owner at auto, or set it to {found.name}",
    )


def _networkd(facts: Facts) -> Owner | None:
    state = facts.networkd
    if state is None or not state.network_file or state.admin_state in _NOT_CONFIGURED:
        return None
    found = f"systemd-networkd manages {facts.link.name} by {state.network_file}"
    if state.network_file.startswith(networkd.NETPLAN):
        return Owner("netplan", f"{found}, which netplan has written.", "networkd")
    return Owner("networkd", f"{found}.", "networkd")


def _networkmanager(facts: Facts) -> Owner | None:
    state = facts.networkmanager
    if state is None or not state.manages:
        return None
    found = f"NetworkManager has {facts.link.name} connected by {state.connection!r}, ipv6.method {state.method}"
    if posixpath.basename(state.filename).startswith("netplan-"):
        return Owner("netplan", f"{found}, which netplan has written.", "networkmanager")
    return Owner("networkmanager", f"{found}.", "networkmanager")


def _ifupdown(facts: Facts) -> Owner | None:
    logical = facts.ifupdown.logical
    if logical is None:
        return None
    for path, text in facts.ifupdown.texts:
        for stanza in ifupdown.stanzas(text, logical):
            if stanza.method in ifupdown.WRITES:
                place = f"{path}:{stanza.head.first + 1}"
                found = f"'iface {logical} inet6 {stanza.method}' in {place}"
                return Owner("ifupdown", f"ifup has brought {facts.link.name} up by {found}.", "ifupdown")
    return None
