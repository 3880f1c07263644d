# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the filters of the role bosh_cloud_config do."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud import (
    endpoints,
    expected,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import (
    listed,
)


def bosh_cloud_config_vms(value: object, claims: object) -> list[dict[str, t.Any]]:
    return expected(listed(claims), listed(value))


def bosh_cloud_config_endpoints(value: object, claims: object, host: str) -> list[dict[str, t.Any]]:
    return endpoints(listed(claims), listed(value), host)
