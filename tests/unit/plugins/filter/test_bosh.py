# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""What the filters for BOSH add to the rules: errors as filters have them, and what Jinja gives for a list."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.routable.ipv6.plugins.filter.filters import FilterModule

FILTERS = FilterModule().filters()

NETWORK = {"name": "ipv6", "prefix": "2001:db8::/64", "gateway": "::1"}
ROWS = [{"group": "web", "index": 0, "vm_cid": "vm-1", "addresses": ["10.0.9.7", "2001:db8::5"]}]


def test_from_a_network_to_endpoints() -> None:
    plan = FILTERS["bosh_cloud_config_plan"]
    claims = plan({"networks": [NETWORK], "groups": [{"name": "web", "open": [80]}]})["claims"]
    endpoints = FILTERS["bosh_cloud_config_endpoints"]
    vms = FILTERS["bosh_cloud_config_vms"]
    (endpoint,) = endpoints(iter(ROWS), iter(claims), "director")
    assert (endpoint["name"], endpoint["address"], endpoint["behind"]) == ("web", "2001:db8::5", "director")
    assert vms(iter(ROWS), iter(claims)) == [{"vm": "vm-1", "addresses": ["2001:db8::5"]}]


@pytest.mark.parametrize("value", [None, [], {"networks": [{**NETWORK, "gateway": "fe80::1%eth0"}]}])
def test_a_refusal_is_the_error_of_a_filter(value: object) -> None:
    plan = FILTERS["bosh_cloud_config_plan"]
    with pytest.raises(AnsibleFilterError):
        plan(value)
