# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits of instance types, from the form in which the API gives them."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._eni_limits import (
    InstanceType,
    auto_length,
    check_ipv6,
    check_limit,
    check_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused


def kind(addresses: int, **other: t.Any) -> InstanceType:
    network = {"Ipv6Supported": True, "Ipv6AddressesPerInterface": addresses}
    return InstanceType.from_api({"InstanceType": "x.large", "NetworkInfo": network, "Hypervisor": "nitro", **other})


@pytest.mark.parametrize(
    ("addresses", "length"),
    [
        (3, 127),
        (4, 127),
        (5, 126),
        (6, 126),
        (10, 125),
        (12, 125),
        (15, 125),
        (20, 124),
        (30, 124),
        (40, 123),
        (64, 123),
    ],
)
def test_the_largest_block_beside_the_primary_address(addresses: int, length: int) -> None:
    assert auto_length(kind(addresses)) == length
    check_limit(kind(addresses), 1 + (1 << (128 - length)))


def test_no_block_fits() -> None:
    with pytest.raises(Refused, match="Take mode=prefix, which counts as one address"):
        auto_length(kind(2))
    with pytest.raises(Refused, match="Take a larger type"):
        auto_length(kind(2, Hypervisor="xen"))
    with pytest.raises(Refused, match="at most 10 IPv6 addresses, which leaves no block beside 9"):
        auto_length(kind(10), 9)
    assert auto_length(kind(10), 6) == 126


def test_too_many() -> None:
    check_limit(kind(10), 10)
    with pytest.raises(
        Refused, match="at most 10 IPv6 addresses and prefixes, and this would be 17.*block_prefix_length=125"
    ):
        check_limit(kind(10), 17)


def test_prefixes_need_nitro() -> None:
    check_prefix(kind(10))
    check_prefix(kind(50, Hypervisor=None, BareMetal=True))
    with pytest.raises(Refused, match="Xen"):
        check_prefix(kind(10, Hypervisor="xen", BareMetal=False))


def test_types_without_ipv6() -> None:
    with pytest.raises(Refused, match="no IPv6"):
        check_ipv6(InstanceType.from_api({"InstanceType": "m1.small", "NetworkInfo": {"Ipv6Supported": False}}))
    check_ipv6(kind(2))
