# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.routable.ipv6.plugins.filter.filters import FilterModule

smartos_zone_endpoints = FilterModule().filters()["smartos_zone_endpoints"]
smartos_zone_plan = FilterModule().filters()["smartos_zone_plan"]


def test_from_what_is_said_to_what_answers() -> None:
    said = {"prefixes": ["2001:db8::/64"], "zones": [{"alias": "web", "open": [80], "ping": False}]}
    nics = [{"interface": "net0", "mac": "72:9c:d5:34:47:59"}]
    zones = [{"alias": "web", "uuid": "u", "brand": "lx", "running": True, "nics": nics}]
    assert smartos_zone_endpoints(zones, smartos_zone_plan(said)["claims"], "head") == [
        {
            "name": "web",
            "kind": "zone",
            "behind": "head",
            "address": "2001:db8::709c:d5ff:fe34:4759",
            "open": [80],
            "closed": [],
            "ping": False,
        }
    ]


def test_mistakes_end_with_a_sentence() -> None:
    with pytest.raises(AnsibleFilterError, match="a dictionary is needed, not list"):
        smartos_zone_plan([])
    with pytest.raises(AnsibleFilterError, match="zone web: mode=open: a mode is allowed_ips or spoofing"):
        smartos_zone_plan({"zones": [{"alias": "web", "mode": "open"}]})
    with pytest.raises(AnsibleFilterError, match="zones={}: a list is needed, not dict"):
        smartos_zone_endpoints({}, {}, "head")
