# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How long a task may be told to wait. A day is longer than anything here takes; ``inf`` and ``nan`` are no times."""

from __future__ import annotations

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

DAY = 86400
# For one question to a program, a server or a peer.
LONGEST_ANSWER = 3600
# Below that, nothing can answer.
SHORTEST_ANSWER = 0.001


def check_seconds(name: str, value: float, least: float = 0, most: float = DAY) -> None:
    """:raises Refused: the option's value is no time in between."""
    if not least <= value <= most:
        raise Refused(
            f"{name}={value:.15g}", f"it must be between {least:g} and {most:g} seconds", "Choose one in between"
        )
