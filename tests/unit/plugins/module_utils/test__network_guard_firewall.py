# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_firewall as firewall


def test_counters_are_no_difference() -> None:
    assert (
        firewall.rules_text("# Generated\n*filter\n:INPUT ACCEPT [5:7]\nCOMMIT\n")
        == "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    )
