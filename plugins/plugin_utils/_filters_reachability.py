# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the filters of the playbook verify do, beside the matrix itself."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._probe import parse_mtu
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import whole_number
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability import expected_peers, targets


def reachability_targets(endpoints: list[dict[str, t.Any]], port: object = 0, mtu: object = None) -> dict[str, t.Any]:
    observe = {"port": whole_number(port, "port"), "expect": expected_peers(endpoints)}
    size = None if mtu is None else parse_mtu(whole_number(mtu, "mtu"))
    return {"targets": targets(endpoints, size), "observe": observe}
