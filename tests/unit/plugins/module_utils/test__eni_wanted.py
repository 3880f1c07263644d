# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of an interface, and what is refused before the API is asked."""

from __future__ import annotations

import ipaddress
import re
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._eni_wanted import Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

GIVEN: dict[str, t.Any] = {
    **dict.fromkeys(
        [
            "name",
            "eni_id",
            "subnet_id",
            "block",
            "primary_address",
            "enable_primary_ipv6",
            "instance_type",
            "private_ip_address",
            "description",
            "source_dest_check",
            "tags",
            "instance_id",
            "attached",
            "delete_on_termination",
        ]
    ),
    "mode": "auto",
    "block_prefix_length": "auto",
    "reservations": [],
    "allow_private": False,
    "purge_addresses": False,
    "security_groups": [],
    "purge_tags": True,
    "device_index": 1,
    "force_detach": False,
}
ADVICE = "A delegated prefix is a /80, a block of addresses a /123 to /127."


def parse(**options: t.Any) -> Wanted:
    return Wanted.parse({**GIVEN, **options})


def test_nothing_given_is_nothing_wanted() -> None:
    assert parse() == Wanted(device_index=1)
    assert (parse().seed, parse().all_tags) == ("", {})


def test_every_option_has_its_place() -> None:
    given: dict[str, t.Any] = {
        "name": "web",
        "eni_id": "eni-1",
        "subnet_id": "subnet-1",
        "enable_primary_ipv6": True,
        "instance_type": "m7i.large",
        "allow_private": True,
        "purge_addresses": True,
        "description": "d",
        "source_dest_check": False,
        "purge_tags": False,
        "instance_id": "i-1",
        "device_index": 2,
        "force_detach": True,
        "delete_on_termination": False,
    }
    wanted = parse(
        **given,
        mode="block",
        block="2001:DB8:0::8/126",
        primary_address="2001:db8:0::5",
        reservations=["scr-1", "2001:DB8:0:0:1::/80"],
        private_ip_address="10.0.0.5",
        security_groups=["a", "b"],
        tags={"team": 7, "Name": "web"},
        attached=1,
    )
    renamed = {"enable_primary_ipv6": "enable_primary"}
    assert {key: getattr(wanted, renamed.get(key, key)) for key in given} == given
    assert (wanted.mode, wanted.length, str(wanted.block)) == ("block", 126, "2001:db8::8/126")
    assert wanted.primary == ipaddress.IPv6Address("2001:db8::5")
    assert wanted.reservations == ("scr-1", "2001:db8:0:0:1::/80")
    assert (wanted.private_ip_address, wanted.groups) == ("10.0.0.5", ("a", "b"))
    assert (wanted.tags, wanted.attached) == ({"team": "7", "Name": "web"}, True)
    assert wanted.seed == "web" and parse(eni_id="eni-1").seed == "eni-1"
    assert parse(name="web", tags={"a": "1"}).all_tags == {"a": "1", "Name": "web"}
    assert parse(attached=False).attached is False


@pytest.mark.parametrize(
    ("options", "mode", "length"),
    [
        ({}, "auto", None),
        ({"mode": "prefix"}, "prefix", None),
        ({"mode": "block"}, "block", None),
        ({"block_prefix_length": 123}, "block", 123),
        ({"block_prefix_length": "127", "mode": "block"}, "block", 127),
        ({"block": "2001:db8::/80"}, "prefix", 80),
        ({"block": "2001:db8::/80", "mode": "prefix"}, "prefix", 80),
        ({"block": "2001:db8::/123"}, "block", 123),
        ({"block": "2001:db8::/127", "mode": "block", "block_prefix_length": 127}, "block", 127),
    ],
)
def test_mode_and_length(options: dict[str, t.Any], mode: str, length: int | None) -> None:
    wanted = parse(**options)
    assert (wanted.mode, wanted.length) == (mode, length)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *(
            (
                {"block_prefix_length": text},
                f"block_prefix_length={text}: a block has 2 to 32 addresses, since no instance type allows more. "
                "Take 123 to 127, or auto, or mode=prefix for a /80.",
            )
            for text in ("122", "128", "0126", "", "-1", "٣")
        ),
        (
            {"mode": "prefix", "block_prefix_length": 126},
            "block_prefix_length=126: a delegated prefix is always a /80. Leave it out.",
        ),
        *(
            ({"block": text, "mode": mode}, f"block={text}: this is no block of mode={mode}. {ADVICE}")
            for text, mode in (
                ("2001:db8::/80", "block"),
                ("2001:db8::/126", "prefix"),
                ("2001:db8::/122", "auto"),
                ("2001:db8::/128", "auto"),
            )
        ),
        *(
            (
                {"block": text, "block_prefix_length": 126},
                f"block={text}: this is no block of mode=auto with block_prefix_length=126. {ADVICE}",
            )
            for text in ("2001:db8::/127", "2001:db8::/80")
        ),
        (
            {"block": "2001:db8::8/126", "primary_address": "2001:db8::9"},
            "primary_address=2001:db8::9: the instance would take this address from the block 2001:db8::8/126. "
            "Take an address outside of it.",
        ),
        (
            {"private_ip_address": "10.0.0.256"},
            "private_ip_address=10.0.0.256: this is no IPv4 address. Correct the spelling.",
        ),
        (
            {"tags": {"a": "1", "AWS:x": "1"}},
            "tags: AWS:x: AWS keeps keys that begin with aws: for itself. Take another key.",
        ),
        (
            {"name": "web", "tags": {"Name": "mail"}},
            "tags: Name=mail: the ENI is found by name=web. Leave the tag out.",
        ),
        ({"attached": True}, "attached=true: it does not say to what. Give instance_id."),
    ],
)
def test_what_cannot_be(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(Refused, match=f"^{re.escape(message)}$"):
        parse(**options)


@pytest.mark.parametrize("name", ["block", "primary_address", "reservations"])
def test_a_text_that_is_no_ipv6_is_named(name: str) -> None:
    value = "192.0.2.1" if name == "primary_address" else "192.0.2.0/30"
    with pytest.raises(Refused, match=f"^{name}={value}"):
        parse(**{name: [value] if name == "reservations" else value})
