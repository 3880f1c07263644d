# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._netbox import ADDRESSES, PREFIXES
from ansible_collections.routable.ipv6.plugins.module_utils._netbox_import import Import, import_plan

BASE = 0x20010DB8 << 96
SITE = (BASE, 48)


def row(value: str, **more: t.Any) -> dict[str, t.Any]:
    key = "address" if more.pop("address", False) else "prefix"
    status, label = more.pop("status", "active"), more.pop("label", None)
    return {
        "id": 1,
        key: value,
        "vrf": None,
        "tenant": None,
        "status": {"value": status},
        "custom_fields": {"f": label},
        "description": "",
        **more,
    }


def planned(
    prefixes: t.Sequence[dict[str, t.Any]],
    addresses: t.Sequence[dict[str, t.Any]] = (),
    **more: t.Any,
) -> Import:
    known, allocated = more.pop("known", {}), more.pop("allocated", {})
    rows = {PREFIXES: prefixes, ADDRESSES: addresses}
    return import_plan(rows, "f", None, known, allocated, more.pop("within", [SITE]), **more)


def test_what_holds_something_becomes_a_pool_and_the_rest_is_adopted() -> None:
    plan = planned(
        [
            row("2001:db8::/48", status="container", description="site"),
            row("2001:db8:0:1::/64", description="web"),
            row("2001:db8:0:2::/64", description="held", status="reserved"),
            row("2001:db8:0:3::/64", description="gone", status="deprecated"),
            row("2001:db8:0:4::/64", description="loose", is_pool=True),
            row("2001:db8:9::/48"),
        ],
        [row("2001:db8:0:1::20/64", address=True, dns_name="www.example.org")],
    )
    assert plan.pools == {
        "site": {"prefix": "2001:db8::/48", "length": 64},
        "web": {"prefix": "2001:db8:0:1::/64", "length": 128, "parent": "site"},
        "loose": {"prefix": "2001:db8:0:4::/64", "length": 128, "parent": "site"},
    }
    assert plan.active == [{"pool": "web", "name": "www.example.org", "address": "2001:db8:0:1::20"}]
    assert plan.reserved == [{"pool": "site", "name": "held", "prefix": "2001:db8:0:2::/64"}]
    assert plan.skipped == [] and plan.warnings == []


def test_names_that_are_there_twice_get_their_places() -> None:
    plan = planned(
        [row("2001:db8::/48", status="container")],
        [row(f"2001:db8::{n}/64", address=True, description="printer") for n in (1, 2)],
    )
    assert list(plan.pools) == ["2001:db8::/48"]
    assert [one["name"] for one in plan.active] == ["printer (2001:db8::1)", "printer (2001:db8::2)"]


def test_what_the_ledger_has_keeps_its_name_and_a_label_counts_more() -> None:
    plan = planned(
        [],
        [
            row("2001:db8::1/64", address=True, description="printer"),
            row("2001:db8::2/64", address=True, description="other", label="web/mail"),
        ],
        known={"web": (BASE, 64)},
        allocated={(BASE + 1, 128): ("web", "webserver")},
    )
    assert [one["name"] for one in plan.active] == ["webserver", "mail"]
    assert plan.pools == {}


def test_a_pool_that_is_known_stays_and_none_is_put_around_it() -> None:
    plan = planned(
        [
            row("2001:db8::/32", status="container", description="all"),
            row("2001:db8::/48", status="container", description="site"),
            row("2001:db8:0:1::/64", status="container", description="known"),
        ],
        within=[(BASE, 32)],
        known={"known": SITE},
    )
    assert plan.pools == {
        "known (2001:db8:0:1::/64)": {"prefix": "2001:db8:0:1::/64", "length": 128, "parent": "known"}
    }
    assert plan.skipped == ["2001:db8::/32"]


def test_without_new_pools_and_with_duplicates() -> None:
    plan = planned(
        [row("2001:db8::/48", status="container"), row("2001:db8:0:1::/64"), row("2001:DB8:0:1::/64")],
        create_pools=False,
        known={"site": SITE},
    )
    assert plan.pools == {} and len(plan.active) == 1
    assert plan.warnings == ["NetBox has 2001:db8:0:1::/64 more than once; it is taken once."]
    assert planned([row("2001:db8:0:1::/64")]).skipped == ["2001:db8:0:1::/64"]
