# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._urls import is_host, is_path


@pytest.mark.parametrize(
    "text", ["director", "a.b-c.example.", "10.0.0.6", "2001:db8::6", "xn--bcher-kva.example", "a_b", "fe80::1%eth0"]
)
def test_hosts(text: str) -> None:
    assert is_host(text)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "a b",
        "a..b",
        ".a",
        "-a",
        "a-",
        "a\n",
        "a/b",
        "a" * 64,
        "a." * 127 + "b",
        "bücher",
        "a;b",
        "fe80::1%\n",
    ],
)
def test_no_hosts(text: str | None) -> None:
    assert not is_host(text)


def test_paths() -> None:
    assert is_path("") and is_path("/netbox/api") and is_path("/a%20b")
    assert not any(map(is_path, ("/a b", "/a\r\nHost: b", "/ä", "/" + "a" * 1000, "/a?b", "/a#b")))
