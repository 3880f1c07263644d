# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_links as links


@pytest.mark.parametrize(
    ("line", "text", "expires"),
    [
        (
            "default nhid 10 via fe80::1 dev e proto ra metric 1024 expires 597sec pref medium",
            "default via fe80::1 dev e proto ra metric 1024 pref medium",
            597,
        ),
        ("172.17.0.0/16 dev docker0 proto kernel linkdown ", "172.17.0.0/16 dev docker0 proto kernel", None),
        (
            "default proto ra \\\tnexthop via fe80::1 dev e weight 1 \\\tnexthop via fe80::2 dev e weight 1",
            "default proto ra nexthop via fe80::1 dev e weight 1 nexthop via fe80::2 dev e weight 1",
            None,
        ),
    ],
)
def test_a_route_as_ip_takes_it_back(line: str, text: str, expires: int | None) -> None:
    assert links.route_text(line) == (text, expires)


@pytest.mark.parametrize(
    ("route", "expires", "words"),
    [
        ("6 default via fe80::1 dev e metric 9", 600, "default via fe80::1 dev e metric 9 expires 600"),
        ("6 default via fe80::1 dev e", 0, "default via fe80::1 dev e expires 1"),
        # What follows a next hop is another one to ip.
        ("6 default proto ra nexthop via fe80::1 dev e", 600, "default proto ra expires 600 nexthop via fe80::1 dev e"),
        ("4 default via 192.0.2.1 dev e", 600, "default via 192.0.2.1 dev e"),
        ("6 default via fe80::1 dev e", None, "default via fe80::1 dev e"),
    ],
)
def test_a_route_is_put_back_with_its_lifetime(
    route: str, expires: int | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, ...]] = []
    monkeypatch.setattr(links, "do", lambda *command, data="": done.append(command))
    links.add_route(route, expires)
    assert [" ".join(command) for command in done] == [f"ip -{route[0]} route replace {words}"]


def test_a_carrier() -> None:
    assert links.has_carrier("lo") and not links.has_carrier("none")
