# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that an owner has is released in one transaction, on whichever engine."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_owners import check_owners
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_wishes import parse_wishes
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import Granted, grant

POOLS = {
    "hosts": {"prefix": "2001:db8::/48", "length": 64, "quarantine_days": 30},
    "docker1": {"prefix": "2001:db8:0:1::/64", "parent": "hosts", "suffix": True, "quarantine_days": 30},
    "web": {"prefix": "2001:db8:1::/64"},
}


@pytest.fixture
def held(ledger: Ledger) -> Ledger:
    give(ledger, ["a", "b", {"name": "c", "owner": "mail team"}], pool="docker1", owner="docker1")
    give(ledger, ["d", {"name": "e", "owner": "docker10"}], pool="web", owner="docker1")
    give(ledger, ["f"], "reserved", pool="web", owner="docker1")
    give(ledger, ["gone"], pool="docker1", owner="docker1")
    give(ledger, ["gone"], "absent", pool="docker1")
    return ledger


def give(ledger: Ledger, names: t.Any, state: str = "present", **words: t.Any) -> Granted:
    return grant(ledger, parse_wishes(names, **words), state, POOLS)


def release(ledger: Ledger, *owners: str, pool: str | None = None, check: bool = False) -> list[str]:
    done = grant(ledger, [], "absent", POOLS, owners=owners, owners_pool=pool, check=check)
    assert done.changed == bool(done.outcomes)
    return [f"{one.pool.name}/{one.name} {one.state}" for one in done.outcomes]


def test_all_that_an_owner_has(held: Ledger) -> None:
    expected = ["docker1/a quarantine", "docker1/b quarantine", "web/d absent", "web/f absent"]
    assert release(held, "docker1", check=True) == expected
    assert release(held, "docker1") == expected
    assert release(held, "docker1") == []
    left = [f"{one.pool.name}/{one.name}" for name in ("a", "b", "c", "d", "e", "docker1") for one in held.find(name)]
    assert left == ["docker1/c", "web/e", "hosts/docker1"]


def test_only_in_one_pool_and_of_several_owners(held: Ledger) -> None:
    assert release(held, "docker1", pool="web") == ["web/d absent", "web/f absent"]
    assert release(held, "nobody", "mail team", "docker1") == [
        "docker1/a quarantine", "docker1/b quarantine", "docker1/c quarantine",
    ]  # fmt: skip
    with pytest.raises(Refused, match="pool=other: the ledger has no such pool"):
        release(held, "docker1", pool="other")


def test_what_is_named_too_is_released_once(held: Ledger) -> None:
    wishes = parse_wishes([{"name": "e", "pool": "web"}, {"name": "d", "pool": "web", "force": True}])
    done = grant(held, wishes, "absent", POOLS, owners=["docker1"], owners_pool="web")
    assert [one.name for one in done.outcomes] == ["e", "d", "f"]
    assert done.changed


def test_a_prefix_with_a_pool_inside_stays_and_so_does_all_else(held: Ledger) -> None:
    with pytest.raises(Refused, match="the pool docker1 lives in 2001:db8:0:1::/64"):
        release(held, "docker1", "pool docker1")
    assert len(release(held, "docker1")) == 4


@pytest.mark.parametrize("state", ["present", "reserved", "adopted", "verified"])
def test_only_a_release_is_about_owners(state: str) -> None:
    check_owners([], state)
    with pytest.raises(Refused, match=f"owners, state={state}: only a release"):
        check_owners(["docker1"], state)


def test_what_has_no_owner_is_not_released_by_that() -> None:
    with pytest.raises(Refused, match="owners='': this is what has no owner"):
        check_owners(["docker1", ""], "absent")
