# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms in which a ledger's export is written."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._allocation import parse_pool
from ansible_collections.routable.ipv6.plugins.module_utils._ledger_export import as_format, entries_of
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

POOLS = {
    "lan": parse_pool("lan", {"prefix": "2001:db8:1::/64"}),
    "late": parse_pool("late", {"suffix": True, "prefix_length": 64}),
    "moved": parse_pool("moved", {"suffix": True, "prefix": "2001:db8:2::/64"}),
    "site": parse_pool("site", {"prefix": "2001:db8::/48", "length": 64}),
}
DOCUMENT: dict[str, t.Any] = {
    "kind": "routable.ipv6 ledger",
    "format": 1,
    "generation": 3,
    "pools": {name: pool.as_dict() for name, pool in POOLS.items()},
    "former_prefixes": [],
    "allocations": {
        "lan": [{"name": "web", "prefix": "2001:db8:1::5/128", "owner": "team", "state": "active"}],
        "late": [{"name": "db", "prefix": "::7/128", "state": "active"}],
        "moved": [{"name": "db", "prefix": "::7/128", "state": "active"}],
        "site": [{"name": "rack", "prefix": "2001:db8:0:9::/64", "owner": "dc", "state": "reserved"}],
    },
}


def written(kind: str, **more: t.Any) -> str:
    return as_format(kind, DOCUMENT, POOLS, **more)


def test_entries_have_whole_addresses() -> None:
    assert entries_of(DOCUMENT, POOLS) == [
        {"pool": "lan", "name": "web", "address": "2001:db8:1::5", "owner": "team", "state": "active"},
        {"pool": "moved", "name": "db", "address": "2001:db8:2::7", "owner": "", "state": "active"},
        {"pool": "site", "name": "rack", "prefix": "2001:db8:0:9::/64", "owner": "dc", "state": "reserved"},
    ]


@pytest.mark.parametrize(
    ("kind", "more", "text"),
    [
        (
            "csv",
            {},
            "pool,name,prefix,address,owner,state\n"
            "lan,web,,2001:db8:1::5,team,active\n"
            "moved,db,,2001:db8:2::7,,active\n"
            "site,rack,2001:db8:0:9::/64,,dc,reserved\n",
        ),
        ("csv", {"only": ["lan"]}, "pool,name,prefix,address,owner,state\nlan,web,,2001:db8:1::5,team,active\n"),
        ("hosts", {}, "2001:db8:1::5 web\n2001:db8:2::7 db\n"),
        ("hosts", {"zone": "example.org", "only": ["lan"]}, "2001:db8:1::5 web.example.org web\n"),
        (
            "netbox_prefixes",
            {},
            'prefix,status,description,comments\n2001:db8:0:9::/64,reserved,rack,"pool: site, owner: dc"\n',
        ),
        (
            "netbox_addresses",
            {"zone": "example.org", "only": ["moved"]},
            "address,status,dns_name,description,comments\n2001:db8:2::7/128,active,db.example.org,db,pool: moved\n",
        ),
        (
            "zone",
            {"zone": "example.org", "ttl": 60},
            "db.example.org.\t60\tIN\tAAAA\t2001:db8:2::7\nweb.example.org.\t60\tIN\tAAAA\t2001:db8:1::5\n",
        ),
        (
            "zone",
            {"zone": "example.org", "relative": True, "only": ["lan"]},
            "$ORIGIN example.org.\nweb\tIN\tAAAA\t2001:db8:1::5\n",
        ),
        (
            "reverse_zone",
            {"zone": "example.org", "prefix": "2001:db8:1::/64", "ttl": 60, "relative": True},
            "$ORIGIN 0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.\n5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0\t60\tIN\tPTR\t"
            "web.example.org.\n",
        ),
    ],
)
def test_formats(kind: str, more: dict[str, t.Any], text: str) -> None:
    assert written(kind, **more) == text


def test_json_is_whole() -> None:
    assert json.loads(written("json")) == DOCUMENT


@pytest.mark.parametrize(
    ("kind", "more", "message"),
    [
        ("csv", {"only": ["wan", "dmz"]}, "only=dmz: the ledger has no such pool. Correct the name."),
        (
            "json",
            {"only": ["lan"]},
            "format=json: an export that can be imported is whole. Leave the pools out, or take csv.",
        ),
        ("zone", {}, "zone=: records belong to a zone. Give its name, such as example.org."),
        ("reverse_zone", {}, "prefix=: reverse records belong to a prefix. Give the prefix of the reverse zone."),
        (
            "reverse_zone",
            {"zone": "example.org", "prefix": "192.0.2.0/24"},
            "prefix=192.0.2.0/24: this is IPv4 where IPv6 is needed. Give an IPv6 value.",
        ),
    ],
)
def test_what_is_missing(kind: str, more: dict[str, t.Any], message: str) -> None:
    with pytest.raises(Refused, match=f"^{re.escape(message)}"):
        written(kind, **more)
