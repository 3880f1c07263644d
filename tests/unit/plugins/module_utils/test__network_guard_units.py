# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_units as units


def test_bridges_of_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "run", lambda *_words: (0, f"feed web0\n{'0' * 20} \n", ""))
    assert units.bridges_of(["feed", "0" * 20]) == {"feed": "web0", "0" * 20: "br-000000000000"}
    assert units.bridges_of([]) == {}
