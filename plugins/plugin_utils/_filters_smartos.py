# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the filters of the role smartos_zone do."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._smartos_zone_input import endpoints, plan


def smartos_zone_plan(options: object) -> dict[str, t.Any]:
    if not isinstance(options, dict):
        raise Refused("options", f"a dictionary is needed, not {type(options).__name__}", "Give one")
    return plan(options)


def smartos_zone_endpoints(zones: object, claims: object, host: object) -> list[dict[str, t.Any]]:
    if not isinstance(zones, list):
        raise Refused(f"zones={zones!r}", f"a list is needed, not {type(zones).__name__}", "Give one")
    if not isinstance(claims, dict):
        raise Refused(f"claims={claims!r}", f"a dictionary is needed, not {type(claims).__name__}", "Give one")
    return endpoints(zones, claims, str(host))
