# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""Make the lab's doubles importable, which are no part of the collection, and modules end as they do on a host."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "lab"))


@pytest.fixture(autouse=True)
def on_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module's warnings are part of its result, also where another test has made this process a controller."""
    # ansible-core 2.19, module_utils/common/warnings.py: in a controller's process they go to the display instead.
    monkeypatch.setattr("ansible.module_utils._internal.is_controller", False)
