# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both engines for every test here; tests/ledger.sh has started the server that LEDGER_TEST_DSN names."""

from __future__ import annotations

import typing as t

import pytest
from ledger_database import empty_database


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: t.Any) -> str:
    """The address of a ledger that does not exist yet."""
    return str(tmp_path / "ledger.sqlite") if request.param == "sqlite" else empty_database()
