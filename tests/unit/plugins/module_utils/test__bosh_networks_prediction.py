# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which addresses the Director will hand out first."""

from __future__ import annotations

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import first_addresses
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Director
from bosh_cloud_configs import DEFAULT, FIXED, OLD, base, subnet


def test_the_lowest_that_are_free() -> None:
    spec = subnet(gateway=base(2), reserved=[f"{base(3)} - {base(5)}"], static=[base(7)])
    assert first_addresses(spec, Director(FIXED), 3) == [base(1), base(6), base(8)]
    assert first_addresses(spec, Director(FIXED), 2, taken=[base(1)]) == [base(6), base(8)]


def test_the_directors_own_address_is_left_out() -> None:
    assert first_addresses(subnet(), Director(FIXED, addresses=(base(1),)), 1) == [base(2)]


def test_prefixes() -> None:
    spec = subnet(prefix=80, reserved=["2601:646:100:69f1:1::/80"])
    assert first_addresses(spec, Director(FIXED), 2) == ["2601:646:100:69f1:2::/80", "2601:646:100:69f1:3::/80"]
    # A Director that does not know the key gives single addresses.
    assert first_addresses(spec, Director(OLD), 1) == [base(1)]


def test_the_end_of_the_range() -> None:
    spec = subnet(range=f"{base(0)}/125", gateway=base(1), reserved=[f"{base(2)} - {base(4)}"])
    assert first_addresses(spec, Director(FIXED), 10) == [base(5), base(6)]


def test_ipv4() -> None:
    spec = DEFAULT["networks"][0]["subnets"][0]
    assert first_addresses(spec, Director(FIXED), 2) == ["10.0.9.61", "10.0.9.62"]
