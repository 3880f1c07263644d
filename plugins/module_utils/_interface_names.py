# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Which names of network interfaces can stand in a path, a unit's name, a rule of nftables and a line of ndppd."""

from __future__ import annotations

import re

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# Linux itself (dev_valid_name) takes all but '/', ':' and white space, so also quotes, braces, '..' and options.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}", re.ASCII)


def parse_interface_name(text: object, name: str) -> str:
    """The name of a network interface.

    :raises Refused: not a name, or one that a unit, a path or a configuration cannot hold.
    """
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise Refused(
            f"{name}={text}",
            "an interface's name is 1 to 15 letters, digits, underscores, hyphens and dots, "
            "and begins with neither of the last two",
            "Give the name that `ip link` shows, or rename the interface",
        )
    return text
