# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

from __future__ import annotations

import json

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_facts as facts
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_solicit as solicit
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_sysctl as persisted
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import Facts, Link, Route

OURS = "/etc/sysctl.d/99-zz-routable-ipv6-ens3.conf"


def test_routes_best_first_with_next_hops() -> None:
    output = json.dumps(
        [
            {"dst": "default", "gateway": "fe80::1", "dev": "ens3", "protocol": "ra", "metric": 1024, "flags": []},
            {"dst": "default", "dev": "wg0", "metric": 50},
            {
                "dst": "default",
                "protocol": "static",
                "metric": 200,
                "nexthops": [{"gateway": "fe80::2", "dev": "ens4"}],
            },
            {},
        ]
    )
    assert facts.parse_routes(output) == (
        Route("wg0", None, "boot", 50),
        Route("ens4", "fe80::2", "static", 200),
        Route("ens3", "fe80::1", "ra", 1024),
    )
    assert facts.parse_routes("") == facts.parse_routes("[{}]\n") == ()


def test_on_link_prefixes() -> None:
    output = json.dumps(
        [
            {"dst": "2001:db8:0:1::/64", "protocol": "ra"},
            {"dst": "2001:db8:0:1::/64", "protocol": "kernel"},
            {"dst": "2001:db8:0:3::/64", "gateway": "fe80::1"},
            {"dst": "2001:db8::7", "protocol": "static"},
            {"dst": "fe80::/64", "protocol": "kernel"},
            {"type": "multicast", "dst": "ff00::/8"},
            {"type": "unreachable", "dst": "2001:db8:0:4::/64"},
            {"dst": "2001:db8:0:5::/64", "nexthops": [{"gateway": "fe80::1"}]},
            {"protocol": "static"},
            {"dst": "default", "gateway": "fe80::1"},
        ]
    )
    assert facts.parse_on_link(output) == ("2001:db8:0:1::/64",)


def test_addresses() -> None:
    entries = [
        {"family": "inet6", "local": "2001:db8::5", "prefixlen": 64},
        {"family": "inet6", "local": "fe80::5", "prefixlen": 64},
        {"family": "inet", "local": "198.51.100.5", "prefixlen": 24},
    ]
    found = facts.parse_addresses(json.dumps([{"ifname": "ens3", "addr_info": entries}, {}]))
    assert found == {"ens3": ("2001:db8::5/64", "fe80::5/64")}
    assert [facts.is_global(address) for address in found["ens3"]] == [True, False]


@pytest.mark.parametrize(
    ("routes", "router"),
    [
        ([], None),
        ([Route("ens4", "fe80::9", "ra", 1)], None),
        ([Route("ens3", "2001:db8::1", "static", 1), Route("ens3", "fe80::1", "ra", 1024)], "fe80::1"),
        ([Route("ens3", "2001:db8::1", "static", 1), Route("ens3", "fe80::2", "static", 9)], "fe80::2"),
        ([Route("ens3", "2001:db8::1", "static", 1)], "2001:db8::1"),
        ([Route("ens3", None, "boot", 1)], None),
    ],
)
def test_router(routes: list[Route], router: str | None) -> None:
    assert Facts(Link("ens3", 2), "0", tuple(routes)).router == router


def test_key_values_and_nmcli() -> None:
    text = '# This is private data. Do not parse.\nADMIN_STATE=configured\nNETWORK_FILE_DROPINS=""\n'
    assert facts.parse_key_values(text) == {"ADMIN_STATE": "configured", "NETWORK_FILE_DROPINS": ""}
    assert facts.parse_nmcli("GENERAL.STATE:100 (connected)\nuuid:/etc/a:b\n") == {
        "GENERAL.STATE": "100 (connected)",
        "uuid": "/etc/a:b",
    }


def test_sysctl_order_is_by_name_and_the_first_directory_masks() -> None:
    listing = [
        "/usr/lib/sysctl.d/50-a.conf",
        "/etc/sysctl.d/60-b.conf",
        "/run/sysctl.d/50-a.conf",
        "/etc/sysctl.d/README",
    ]
    assert persisted.ordered(listing) == ["/run/sysctl.d/50-a.conf", "/etc/sysctl.d/60-b.conf"]


@pytest.mark.parametrize(
    ("path", "line", "warned"),
    [
        ("/etc/sysctl.d/60-cis.conf", "net.ipv6.conf.all.forwarding=0", False),
        ("/etc/sysctl.d/99-sysctl.conf", "net.ipv6.conf.all.forwarding=0", False),
        ("/etc/sysctl.d/zz-cis.conf", "net.ipv6.conf.all.forwarding = 0", True),
        ("/etc/sysctl.d/zz-cis.conf", "-net/ipv6/conf/all/forwarding = 0", True),
        ("/usr/lib/sysctl.d/zz-cis.conf", "net.ipv6.conf.*.forwarding = 0", True),
        ("/etc/sysctl.d/zz-cis.conf", "net.ipv6.conf.ens3.accept_ra = 0", True),
        ("/etc/sysctl.d/zz-cis.conf", "net.ipv6.conf.ens3.accept_ra = 2", False),
        ("/etc/sysctl.d/zz-cis.conf", "net.ipv6.conf.ens4.accept_ra = 0", False),
        ("/etc/sysctl.d/zz-cis.conf", "#net.ipv6.conf.all.forwarding = 0", False),
        (persisted.CONF, "net.ipv6.conf.all.forwarding=0", True),
    ],
)
def test_lines_against_ours(path: str, line: str, warned: bool) -> None:
    text = f"# hardening\n\n{line}\n"
    conf = text if path == persisted.CONF else None
    files = () if conf else ((path, text),)
    seen = Facts(Link("ens3", 2), "0", sysctl_files=files, sysctl_conf=conf)
    wanted = {"net/ipv6/conf/all/forwarding": "1", "net/ipv6/conf/ens3/accept_ra": "2"}
    found = persisted.against(seen, wanted)
    assert bool(found) is warned
    if warned:
        assert f"{path}:3 " in found[0]


def test_own_file() -> None:
    assert persisted.own_path("ens3") == OURS
    assert persisted.own_text("ens3", False, False) is None
    text = persisted.own_text("ens3.100", True, True)
    assert text is not None
    assert text.splitlines()[1:] == ["net/ipv6/conf/ens3.100/accept_ra = 2", "net/ipv6/conf/all/forwarding = 1"]


def test_solicitation_packet() -> None:
    assert solicit.packet("52:54:00:12:34:56") == bytes.fromhex("85000000000000000101525400123456")
    assert solicit.packet("") == bytes.fromhex("8500000000000000")
    # An InfiniBand address does not fit the Ethernet form of the option.
    assert len(solicit.packet(":".join(["00"] * 20))) == 8
