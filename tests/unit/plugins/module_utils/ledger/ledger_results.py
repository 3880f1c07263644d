# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests of the ledger have in common: a pool, who runs, and what came of a batch."""

from __future__ import annotations

LINK = {"prefix": "2001:db8:0:1::/64"}


WHO = {"actor": "alice", "run": "run-1"}


def addresses(result):
    return [outcome.address for outcome in result.outcomes]


def prefixes(result):
    return [outcome.prefix for outcome in result.outcomes]
