# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._probe_routes import addresses_of, gateway_of

NONE = "00000000000000000000000000000000"
# As /proc/net/ipv6_route of a container on a bridge has them.
TABLE = f"""\
20010db8000000020001000000000000 50 {NONE} 00 {NONE} 00000100 00000001 00000000 00000001     eth0
fe800000000000000000000000000000 40 {NONE} 00 {NONE} 00000100 00000001 00000000 00000001     eth0
{NONE} 00 {NONE} 00 20010db8000000020001000000000001 00000400 00000002 00000000 00000003     eth0
{NONE} 00 {NONE} 00 {NONE} ffffffff 00000001 00000000 00200200       lo
20010db8000000020001000000000020 80 {NONE} 00 {NONE} 00000000 00000003 00000000 80200001     eth0
"""
OTHER = f"{NONE} 00 {NONE} 00 fe8000000000000000000000000000ff 00000200 00000002 00000000 00000003     eth1\n"
REJECTED = f"20010db8ffff00000000000000000000 40 {NONE} 00 {NONE} 00000400 00000001 00000000 00000200     eth0\n"

TRANSLATED = f"{NONE} 60 {NONE} 00 {NONE} 00000400 00000001 00000000 00000200     eth0\n"


@pytest.mark.parametrize(
    ("table", "to", "found"),
    [
        (TABLE, "2001:db8:ffff::2", (True, "2001:db8:0:2:1::1")),
        (TABLE, None, (True, "2001:db8:0:2:1::1")),
        (TABLE, "2001:db8:0:2:1::77", (True, None)),
        (TABLE + OTHER, "2001:db8:ffff::2", (True, "fe80::ff")),
        (TABLE + REJECTED, "2001:db8:ffff::2", (False, None)),
        (TABLE + TRANSLATED, None, (True, "2001:db8:0:2:1::1")),
        (TABLE.splitlines()[3], None, (False, None)),
        (TABLE + REJECTED, None, (True, "2001:db8:0:2:1::1")),
        (TABLE.splitlines()[0], "2001:db8:ffff::2", (False, None)),
        (TABLE.splitlines()[0], None, (False, None)),
        ("", None, (False, None)),
        ("no table\n", None, (False, None)),
    ],
)
def test_the_way_out(table: str, to: str | None, found: tuple[bool, str | None]) -> None:
    assert gateway_of(table, to) == found


def test_addresses() -> None:
    text = (
        "20010db8000000020001000000000001 0b 50 00 80     br0\n00000000000000000000000000000001 01 80 10 80       lo\n"
    )
    assert addresses_of(text) == {"2001:db8:0:2:1::1", "::1"}
    assert addresses_of("") == frozenset()
