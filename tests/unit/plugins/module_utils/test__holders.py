# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._holders import holding, releasing
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan

WORK = Plan((Change("Do it", "file"),), {"file": "old"}, {"file": "new"})
NOTHING = Plan((), {}, {})


def test_a_new_holder_is_a_change_and_a_known_one_is_none() -> None:
    plan = holding(NOTHING, "the uplink", [], "docker_host")
    assert plan.sentences == ["Note that docker_host needs the uplink"]
    assert plan.after["holders"] == ["docker_host"]
    assert not holding(NOTHING, "the uplink", ["docker_host"], "docker_host").changed
    assert not holding(NOTHING, "the uplink", [], "").changed


def test_the_work_itself_stays_in_the_plan() -> None:
    plan = holding(WORK, "the uplink", ["vultr_ndp"], "docker_host")
    assert plan.changes[0] == WORK.changes[0]
    assert dict(plan.after) == {"file": "new", "holders": ["docker_host", "vultr_ndp"]}


def test_it_stays_while_another_needs_it() -> None:
    plan = releasing(WORK, "the uplink", ["docker_host", "vultr_ndp"], "vultr_ndp")
    assert [change.action for change in plan.changes] == ["record"]
    assert dict(plan.after) == {"holders": ["docker_host"]}


@pytest.mark.parametrize("holder", ["docker_host", ""])
def test_it_goes_with_the_last_one_or_when_nobody_in_particular_says_so(holder: str) -> None:
    plan = releasing(WORK, "the uplink", ["docker_host"], holder)
    assert plan.changes[0] == WORK.changes[0]
    assert plan.after["holders"] == []


def test_a_stranger_takes_nothing_away_from_others() -> None:
    assert not releasing(WORK, "the uplink", ["docker_host"], "vultr_ndp").changed


def test_without_holders_it_just_goes() -> None:
    assert releasing(WORK, "the uplink", [], "docker_host") == WORK
