# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_ifupdown as ifupdown
from hypothesis import given
from hypothesis import strategies as st

HEAD = "auto ens3\niface ens3 inet dhcp\n\n"


@pytest.mark.parametrize(
    ("stanza", "after"),
    [
        ("iface ens3 inet6 auto\n", None),
        ("iface ens3 inet6 auto\n    accept_ra 2\n", None),
        ("iface ens3 inet6 auto\n\taccept_ra 1\n", "iface ens3 inet6 auto\n\taccept_ra 2\n"),
        ("iface ens3 inet6 dhcp\n", "iface ens3 inet6 dhcp\n    accept_ra 2\n"),
        ("iface ens3 inet6 dhcp", "iface ens3 inet6 dhcp\n    accept_ra 2\n"),
        (
            "iface ens3 inet6 dhcp\n  accept_ra  1 \n  autoconf 1\n",
            "iface ens3 inet6 dhcp\n  accept_ra 2\n  autoconf 1\n",
        ),
        (
            "iface ens3 inet6 static\n\taddress 2001:db8::9/64\n",
            "iface ens3 inet6 static\n\taccept_ra 2\n\taddress 2001:db8::9/64\n",
        ),
        (
            "iface ens3 inet6 static\r\n\taddress ::9/64\r\n",
            "iface ens3 inet6 static\r\n\taccept_ra 2\r\n\taddress ::9/64\r\n",
        ),
        # ifupdown takes the last of several; one is enough.
        ("iface ens3 inet6 dhcp\n  accept_ra 2\n  accept_ra 1\n", "iface ens3 inet6 dhcp\n  accept_ra 2\n"),
        (
            "iface ens3 inet6 dhcp\n  accept_ra \\\n    1\n  up true\n",
            "iface ens3 inet6 dhcp\n  accept_ra 2\n  up true\n",
        ),
        ("iface ens3 \\\n inet6 dhcp\n", "iface ens3 \\\n inet6 dhcp\n    accept_ra 2\n"),
        # manual writes nothing, also when told; others and comments are none of ours.
        ("iface ens3 inet6 manual\n    accept_ra 1\n", None),
        ("iface ens4 inet6 dhcp\n", None),
        ("# iface ens3 inet6 dhcp\n", None),
    ],
)
def test_with_two(stanza: str, after: str | None) -> None:
    text = HEAD + stanza + ("" if not stanza.endswith("\n") else "\nauto lo\niface lo inet loopback\n")
    expected = text if after is None else text.replace(stanza, after)
    changed = ifupdown.with_two(text, "ens3")
    assert changed == expected
    assert ifupdown.with_two(changed, "ens3") == changed


@pytest.mark.parametrize(
    ("before", "now", "after"),
    [
        (
            "iface ens3 inet6 dhcp\n",
            "iface ens3 inet6 dhcp\n    accept_ra 2\n    autoconf 1\n",
            "iface ens3 inet6 dhcp\n    autoconf 1\n",
        ),
        (
            "iface ens3 inet6 dhcp\n accept_ra 1\n",
            "# x\niface ens3 inet6 dhcp\n accept_ra 2\n",
            "# x\niface ens3 inet6 dhcp\n accept_ra 1\n",
        ),
        # Somebody's own 2, and somebody's later choice, stay.
        ("iface ens3 inet6 dhcp\n accept_ra 2\n", "# x\niface ens3 inet6 dhcp\n accept_ra 2\n", None),
        ("iface ens3 inet6 dhcp\n", "iface ens3 inet6 dhcp\n accept_ra 0\n", None),
    ],
)
def test_without_two(before: str, now: str, after: str | None) -> None:
    assert ifupdown.without_two(now, before, "ens3") == (now if after is None else after)


@pytest.mark.parametrize(
    ("text", "told", "written"),
    [
        ("iface ens3 inet6 auto\n", None, "2"),
        ("iface ens3 inet6 auto\n accept_ra 0\n", "0", "0"),
        ("iface ens3 inet6 dhcp\n", None, "1"),
        ("iface ens3 inet6 static\n", None, None),
        ("iface ens3 inet6 manual\n accept_ra 2\n", "2", None),
    ],
)
def test_what_ifup_writes(text: str, told: str | None, written: str | None) -> None:
    (stanza,) = ifupdown.stanzas(text, "ens3")
    assert (stanza.told, stanza.written) == (told, written)


def test_stanzas_end_where_another_begins() -> None:
    text = "iface ens3 inet6 static\n address ::1/64\nallow-hotplug ens3\n accept_ra 9\niface ens3 inet6 auto\nmapping x\n accept_ra 7\n"
    one, two = ifupdown.stanzas(text, "ens3")
    assert (one.method, one.told, one.number) == ("static", None, 1)
    assert (two.method, two.told, two.number) == ("auto", None, 5)


def test_includes() -> None:
    text = "source /etc/network/interfaces.d/*\n# source no\nsource-directory interfaces.d more\n"
    assert ifupdown.includes(text) == [
        ("source", "/etc/network/interfaces.d/*"),
        ("source-directory", "interfaces.d"),
        ("source-directory", "more"),
    ]
    assert ifupdown.included_name("ens3-v6_0") and not ifupdown.included_name("ens3.cfg")


LINES = st.sampled_from(
    [
        "iface ens3 inet6 dhcp",
        "iface ens3 inet6 static",
        "iface ens3 inet6 auto",
        "iface lo inet loopback",
        "  accept_ra 1",
        "  accept_ra 2",
        "\taddress 2001:db8::1/64",
        "# comment",
        "",
        "auto ens3",
        "  up echo a \\",
    ]
)


@given(st.lists(LINES, max_size=12), st.booleans())
def test_only_accept_ra_lines_ever_change(lines: list[str], ending: bool) -> None:
    text = "\n".join(lines) + ("\n" if ending else "")
    changed = ifupdown.with_two(text, "ens3")
    assert not any(ifupdown.needs_two(stanza) for stanza in ifupdown.stanzas(changed, "ens3"))

    def others(of: str) -> list[str]:
        return [line for line in of.splitlines() if "accept_ra" not in line]

    assert others(changed) == others(text)
