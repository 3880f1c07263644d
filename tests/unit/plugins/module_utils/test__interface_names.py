# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._interface_names import parse_interface_name
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused


@pytest.mark.parametrize("name", ["ens3", "ens3.100", "br-0a1b", "a" * 15, "v_1", "_"])
def test_names(name: str) -> None:
    assert parse_interface_name(name, "uplink") == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "...",
        "-",
        "-rf",
        "٣",
        "eth٣",
        ".a",
        "a" * 16,
        "en s3",
        "a/b",
        "a{",
        "a@b",
        "é",
        "a\n",
        None,
        3,
        "a#b",
        "%i",
    ],
)
def test_bad_names(name: object) -> None:
    with pytest.raises(Refused, match="an interface's name is 1 to 15"):
        parse_interface_name(name, "uplink")
