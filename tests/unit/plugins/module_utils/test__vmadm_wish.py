# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of what is to be permitted in zones."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_wish import (
    Selector,
    Target,
    Wish,
    entries,
    read_targets,
    read_wish,
)
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic

NIC = Nic("2:8:20:1:2:3", "net0")
LENGTH = "SLAAC needs a /64 (RFC 4862, section 5.5.3). Give a /64, or interface_ids without eui64, or addresses."
SELECTED = "mac, interface, nic_tag, vlan_id, primary"


def test_defaults() -> None:
    assert read_wish({}) == read_wish(dict.fromkeys(("nics", "prefixes", "whole_prefix", "link_local"))) == Wish()
    assert Wish().link_local and not Wish().empty and read_wish({"link_local": False}).empty


@pytest.mark.parametrize(
    ("options", "permitted"),
    [
        ({}, ["fe80::8:20ff:fe01:203"]),
        ({"prefixes": ["2001:db8::/64"]}, ["fe80::8:20ff:fe01:203", "2001:db8::8:20ff:fe01:203"]),
        ({"interface_ids": ["::20", "eui64"]}, ["fe80::20", "fe80::8:20ff:fe01:203"]),
        ({"interface_ids": ["::ffff:ffff:ffff:ffff"]}, ["fe80::ffff:ffff:ffff:ffff"]),
        ({"interface_ids": ["::20"], "prefixes": ["2001:db8::/80"], "link_local": False}, ["2001:db8::20"]),
        ({"whole_prefix": True, "prefixes": ["2001:db8::/80"]}, ["fe80::/10", "2001:db8::/80"]),
        ({"whole_prefix": True, "prefixes": ["2001:db8::/80"], "link_local": False}, ["2001:db8::/80"]),
        ({"link_local": False, "addresses": ["2001:DB8:0::5", "2001:db8::5", "fd00::/8"]}, ["2001:db8::5", "fd00::/8"]),
        ({"addresses": ["::2"], "link_local": False}, ["::2"]),
    ],
)
def test_what_is_permitted(options: dict[str, t.Any], permitted: list[str]) -> None:
    assert [str(entry) for entry in entries(read_wish(options), NIC, "here")] == permitted


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interface_ids": []}, "interface_ids=[]: without any id nothing can be permitted. Leave it out for eui64."),
        ({"whole_prefix": True}, "whole_prefix=true: there is no prefix to permit. Give prefixes."),
        (
            {"whole_prefix": True, "prefixes": ["2001:db8::/64"], "interface_ids": ["::1"]},
            "whole_prefix=true: it permits each interface id anyway. Leave interface_ids out.",
        ),
        ({"whole_prefix": "yes"}, "whole_prefix='yes': this is true or false. Give a boolean, without quotes."),
        ({"link_local": 0}, "link_local=0: this is true or false. Give a boolean, without quotes."),
        ({"prefixes": "2001:db8::/64"}, "prefixes='2001:db8::/64': this is a list. Put it in brackets."),
        ({"prefixes": ["2001:db8::/80"]}, f"prefixes=2001:db8::/80: {LENGTH}"),
        (
            {"prefixes": ["fe80::/64"]},
            "prefixes=fe80::/64: link-local addresses have an option of their own. Use link_local.",
        ),
        ({"prefixes": ["::/0"]}, "prefixes=::/0: the kernel takes no entry of length 0. Give a prefix that is yours."),
        (
            {"addresses": ["ff02::1"]},
            "addresses=ff02::1: nobody sends from a multicast address. Give a unicast address or prefix.",
        ),
        *(
            (
                {"addresses": [text]},
                f"addresses={text}: such an address is never seen on a link. Give a unicast address or prefix.",
            )
            for text in ("::1", "::", "::ffff:192.0.2.1", "::/64")
        ),
        *(
            (
                {"interface_ids": [text]},
                f"interface_ids={text}: an interface id has 64 bits, and not all of them are zero. Write it as ::20.",
            )
            for text in ("::", "2001:db8::1")
        ),
        ({"nics": ["net0"]}, f"nics: 'net0': NICs are chosen by a dictionary. Give {SELECTED}."),
        (
            {"nics": [{"mac": None}]},
            f"nics: {{'mac': None}}: NICs are chosen by {SELECTED}. Give one or more of these.",
        ),
        ({"nics": [{"vlan": 1}]}, f"nics: {{'vlan': 1}}: NICs are chosen by {SELECTED}. Give one or more of these."),
        ({"nics": [{"vlan_id": True}]}, "nics: vlan_id=True: this is no int. Correct it."),
        ({"nics": [{"vlan_id": "7"}]}, "nics: vlan_id='7': this is no int. Correct it."),
        ({"nics": [{"primary": 1}]}, "nics: primary=1: this is no bool. Correct it."),
        ({"nics": [{"interface": 0}]}, "nics: interface=0: this is no str. Correct it."),
        ({"nics": [{"mac": "x"}]}, "nics: mac=x: no NIC can have this MAC address. Write it as 72:9c:d5:34:47:59."),
    ],
)
def test_bad_options(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(Refused, match=f"^{re.escape(message)}$"):
        read_wish(options)
    # The same, said of a zone.
    with pytest.raises(Refused, match=f"^zones: web: {re.escape(message)}$"):
        read_targets({}, [{"zone": "web", **options}])


@pytest.mark.parametrize("name", ["prefixes", "addresses", "interface_ids"])
def test_a_text_that_is_no_address_is_named(name: str) -> None:
    with pytest.raises(Refused, match=f"^who: {name}="):
        read_wish({name: ["192.0.2.1"]}, "who: ")
    with pytest.raises(Refused, match="^who: addresses="):
        read_wish({"addresses": ["192.0.2.0/24"]}, "who: ")


def test_an_identifier_that_does_not_fit_the_prefix_is_named() -> None:
    with pytest.raises(Refused, match="who: interface_ids"):
        read_wish({"prefixes": ["2001:db8::/120"], "interface_ids": ["::1:0"]}, "who: ")


def test_no_identifier_follows_from_what_is_no_mac_address() -> None:
    with pytest.raises(Refused, match="^here: mac=none: no identifier follows from it. Give interface_ids.$"):
        entries(Wish(), Nic("none", "net0"), "here")


def test_the_options_of_a_zone_are_over_those_of_the_task() -> None:
    options = {"nics": [{"primary": True}], "link_local": False, "interface_ids": ["::1"]}
    common = Wish(nics=(Selector(primary=True),), link_local=False, identifiers=(1,))
    found = read_targets(
        options,
        ["a", {"zone": "b", "link_local": True, "nics": None}, {"zone": "c", "nics": [{"interface": "net1"}]}],
    )
    assert found == [
        Target("a", common, own=False),
        Target("b", common._replace(link_local=True), own=False),
        Target("c", common._replace(nics=(Selector(interface="net1"),)), own=True),
    ]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        *(
            (entry, f"zones: {entry!r}: a zone is named by its uuid or alias, or by a dictionary with zone. Name it.")
            for entry in ({"prefixes": []}, {"zone": ""}, {"zone": 7}, 7)
        ),
        (
            {"zone": "web", "prefix": 1, "Prefix": 2},
            "zones: web: Prefix=2: a zone has nics, prefixes, link_local, addresses, interface_ids, whole_prefix. "
            "Take it out.",
        ),
    ],
)
def test_what_is_no_zone(entry: object, message: str) -> None:
    with pytest.raises(Refused, match=f"^{re.escape(message)}$"):
        read_targets({}, [entry])
