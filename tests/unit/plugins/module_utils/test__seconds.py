# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long something may take: the least and the most are allowed, what lies beside them is not."""

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import DAY, check_seconds


def test_the_bounds_are_allowed() -> None:
    for value in (0, 0.5, DAY):
        check_seconds("timeout", value)
    check_seconds("timeout", 1, 1, 2)
    check_seconds("timeout", 2, 1, 2)


@pytest.mark.parametrize(
    ("value", "bounds", "message"),
    [
        (-0.5, (), "timeout=-0.5: it must be between 0 and 86400 seconds. Choose one in between."),
        (86401, (), "timeout=86401: it must be between 0 and 86400 seconds. Choose one in between."),
        (0.25, (0.5, 3600), "timeout=0.25: it must be between 0.5 and 3600 seconds. Choose one in between."),
        (float("nan"), (), "timeout=nan: it must be between 0 and 86400 seconds. Choose one in between."),
    ],
)
def test_what_lies_beside_them_is_refused(value: float, bounds: tuple[float, ...], message: str) -> None:
    with pytest.raises(Refused) as refused:
        check_seconds("timeout", value, *bounds)
    assert str(refused.value) == message
