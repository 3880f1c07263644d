# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server that tests/ledger.sh has started."""

from __future__ import annotations

import os

import psycopg

DSN = os.environ["LEDGER_TEST_DSN"]


def empty_database() -> str:
    """Its address, without the ledger of the test before."""
    with psycopg.connect(DSN, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS routable_ipv6 CASCADE")
    return DSN
