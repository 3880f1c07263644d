# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which faults the matrix injects: all of them, once, in whatever parts."""

from __future__ import annotations

import collections

import pytest
from fault_plan import ALL_KINDS, DEADLY, turns

CALLS = {"first": 13, "second": 13, "third": 15}


def injected(
    part: tuple[int, int] = (0, 1), done: frozenset[tuple[str, str, int]] = frozenset()
) -> list[tuple[str, str, int]]:
    """As the hosts see them: a call that a host does not get has no fault."""
    return [
        (name, fault["kind"], fault["at"])
        for turn in turns(CALLS, ALL_KINDS, done, part)
        for name, fault in turn.items()
        if fault["at"] <= CALLS[name]
    ]


def everything() -> set[tuple[str, str, int]]:
    return {(name, kind, at) for name, last in CALLS.items() for kind in ALL_KINDS for at in range(1, last + 1)}


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_each_kind_comes_once_at_each_call_of_each_host(parts: int) -> None:
    found = collections.Counter(fault for index in range(parts) for fault in injected((index, parts)))
    assert set(found) == everything()
    assert set(found.values()) == {1}


def test_what_is_done_does_not_come_again() -> None:
    order = injected()
    done = frozenset(order[:100])
    # A fault for all hosts comes again for the sake of those that have not had it.
    again = {fault for fault in injected(done=done) if fault in done}
    assert not {fault for fault in again if fault[1] not in DEADLY}
    assert set(injected(done=done)) | done == everything()


def test_nothing_is_left_when_all_is_done() -> None:
    assert injected(done=frozenset(everything())) == []


def test_together_the_hosts_are_through_the_order_in_a_share_of_the_turns() -> None:
    single = [kind for kind in ALL_KINDS if kind not in DEADLY]
    seen = set()
    for number, turn in enumerate(turns(CALLS, single)):
        seen |= {(fault["kind"], fault["at"]) for fault in turn.values()}
        if number == 15 * len(single) // len(CALLS):
            break
    assert seen >= {(kind, at) for kind in single for at in range(1, 13)}


def test_a_dying_worker_is_for_all_hosts_at_one_call() -> None:
    for turn in turns(CALLS):
        faults = {(fault["kind"], fault["at"]) for fault in turn.values()}
        if any(kind in DEADLY for kind, _at in faults):
            assert len(faults) == 1 and set(turn) == set(CALLS)
