# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instance groups against the cloud configs."""

from __future__ import annotations

import typing as t

import pytest
from bosh_instance_groups import CASES, GOOD, MIDDLE, NEW, OLD, group, ipv6, short


@pytest.mark.parametrize("version", [OLD, MIDDLE, NEW, None])
@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD)
def test_good(good: dict[str, t.Any], version: t.Any) -> None:
    assert short([good], version) == []


@pytest.mark.parametrize("place", range(3), ids=["282.0.9", "282.0.10", "282.1.1"])
@pytest.mark.parametrize(("given", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_rule(given: dict[str, t.Any], expected: t.Any, place: int) -> None:
    wanted = expected[place] if isinstance(expected, list) else expected
    groups = [given] if given else given
    assert short(groups, (OLD, MIDDLE, NEW)[place]) == ([] if wanted is None else [wanted])


def test_vsphere_has_no_nic_group() -> None:
    assert short([group(ipv6(nic_group=1))], cpi="vsphere_cpi") == [("nic_group_cpi", "warning", None)]
