# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import re

from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy import Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_ndppd import render, rules, unit_text
from hypothesis import given
from hypothesis import strategies as st

interfaces = st.from_regex(r"[A-Za-z0-9_.-]{1,15}", fullmatch=True).filter(lambda name: name not in (".", ".."))
prefixes = st.builds(
    lambda value, length: ipaddress.IPv6Network((value, length), strict=False),
    st.integers(1, 2**128 - 1),
    st.integers(16, 128),
)
wanted = st.builds(
    Wanted,
    uplink=interfaces,
    backend=st.just("ndppd"),
    prefixes=st.lists(prefixes, max_size=4, unique=True).map(tuple),
    addresses=st.lists(st.integers(1, 2**128 - 1).map(ipaddress.IPv6Address), max_size=4, unique=True).map(tuple),
    bridges=st.lists(interfaces, min_size=1, max_size=3, unique=True).map(tuple),
    ndppd_mode=st.sampled_from(["iface", "static"]),
)


def parse(text: str) -> dict[str, list[tuple[str, str]]]:
    """As ndppd reads it (conf.cc of 0.2.5): keyword, value up to white space or brace, blocks in braces."""
    tokens = re.findall(r"[{}]|[^\s{}]+", text)
    found: dict[str, list[tuple[str, str]]] = {}
    while tokens:
        assert tokens.pop(0) == "proxy"
        uplink = tokens.pop(0)
        assert uplink not in found, "a second block switches the first one off"
        found[uplink] = []
        assert tokens.pop(0) == "{"
        while tokens[0] != "}":
            keyword, value = tokens.pop(0), tokens.pop(0)
            if keyword == "ttl":
                assert int(value) > 0
                continue
            assert keyword == "rule"
            assert tokens.pop(0) == "{"
            how = tokens.pop(0)
            assert how in ("iface", "static")
            if how == "iface":
                how = tokens.pop(0)
            assert tokens.pop(0) == "}"
            found[uplink].append((value, how))
        tokens.pop(0)
    return found


@given(wanted)
def test_what_is_written_is_what_is_read(value: Wanted) -> None:
    read = parse(render(value))
    assert list(read) == [value.uplink]
    seen = [(ipaddress.IPv6Network(prefix), how) for prefix, how in read[value.uplink]]
    assert seen == [(rule.prefix, rule.bridge or "static") for rule in rules(value)]
    assert {prefix for prefix, how in seen} == {*value.prefixes, *map(ipaddress.IPv6Network, value.addresses)}


def test_every_bridge_is_asked_for_every_prefix() -> None:
    value = Wanted(
        "ens3.100",
        "ndppd",
        (ipaddress.IPv6Network("2001:db8:0:1:d::/80"),),
        (ipaddress.IPv6Address("2001:db8:0:1::9"),),
        ("docker0", "br-a"),
    )
    assert parse(render(value)) == {
        "ens3.100": [
            ("2001:db8:0:1::9/128", "static"),
            ("2001:db8:0:1:d::/80", "docker0"),
            ("2001:db8:0:1:d::/80", "br-a"),
        ]
    }


def test_the_unit_is_bound_to_all_devices() -> None:
    text = unit_text("ens3.100", ["br-a"], "/usr/sbin/ndppd", "/etc/x.conf")
    devices = r"sys-subsystem-net-devices-ens3.100.device sys-subsystem-net-devices-br\x2da.device"
    assert f"BindsTo={devices}\n" in text
    assert f"WantedBy={devices}\n" in text
    assert "ExecStart=/usr/sbin/ndppd -c /etc/x.conf\n" in text
    assert "Type=simple\n" in text
    assert "Restart=always\n" in text
