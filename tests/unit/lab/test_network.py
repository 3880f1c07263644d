# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The wires, as far as they are text."""

from __future__ import annotations

from routable_lab import limits, names, network, status
from routable_lab.topology import Host


def test_cable_leads_to_the_uplink_with_the_host_s_own_mac() -> None:
    script = network.cable(Host("trixie", uplink="ens3.100")).script(4711)
    assert f"peer name ens3.100 address {names.mac('trixie')} netns 4711" in script
    assert "route" not in script


def test_routed_prefix_goes_to_the_host_s_link_local_address() -> None:
    script = network.cable(Host("a", routed_prefix="2001:db8:0:2::/64")).script(1)
    assert f"ip -6 route replace 2001:db8:0:2::/64 via {names.link_local('a')} dev br0" in script


def test_room_finds_no_more_than_asked_for_and_gives_it_back() -> None:
    assert limits.room(0) == 0
    first = limits.room(3)
    assert first == limits.room(3) <= 3


def test_table_is_in_columns() -> None:
    row = ["a", "bookworm", "running", "20.10", "kernel", "ens3", "fe80::1", "2001:db8::1/64"]
    lines = status.render([row]).splitlines()
    assert lines[0].index("systemd") == lines[1].index("running")
    assert lines[0].index("addresses") == lines[1].index("2001:db8::1/64")
