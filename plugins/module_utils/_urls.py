# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Which hosts and paths can stand in a request, and do not end its line or lead elsewhere."""

from __future__ import annotations

import ipaddress
import re

# RFC 1123, section 2.1, with the underscore that some names have.
_LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")
_NAME_MOST = 253
_ZONE = re.compile("[A-Za-z0-9_.-]{1,15}")
# RFC 3986, section 3.3: what needs no quoting in a path, or is quoted.
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]{0,1000}")


def is_host(text: str | None) -> bool:
    """Whether this is an address or a name; one in other letters is to be written as IDNA has it (``xn--…``)."""
    if text is None or len(text) > _NAME_MOST:
        return False
    address, mark, zone = text.partition("%")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return _NAME.fullmatch(text) is not None
    return not mark or _ZONE.fullmatch(zone) is not None


def is_path(text: str) -> bool:
    """Whether this can stand after the host as it is."""
    return _PATH.fullmatch(text) is not None
