# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Files in which others keep secrets beside what is ours, as people may see them."""

from __future__ import annotations

import re
import typing as t

HIDDEN = "********"
# What a key is called whose value nobody needs to see: log drivers' options, stanzas of wireless interfaces.
_KEY = r"[\w.-]*(?:passw|passphrase|secret|token|credential|psk|(?:access|api|private|wep|wireless)[-_]?key)[\w.-]*"
_PATTERNS = (
    # The user's part of a URL (RFC 3986, section 3.2.1), which may be a token alone. A password may hold an @.
    (re.compile(r"(?<=://)[^\s/\"']+(?=@)"), HIDDEN),
    # JSON: "splunk-token": "..."
    (re.compile(rf'("{_KEY}"\s*:\s*)(?:"(?:[^"\\\n]|\\.)*"|[^\s,\]}}{{\["]+)', re.IGNORECASE), rf'\1"{HIDDEN}"'),
    # Words of a command line: --log-opt splunk-token=...
    (re.compile(rf"(\b{_KEY}=)[^\s\"']+", re.IGNORECASE), rf"\1{HIDDEN}"),
    # Lines of interfaces(5): wpa-psk ...
    (re.compile(rf"^([ \t]*{_KEY}[ \t]+)\S.*$", re.IGNORECASE | re.MULTILINE), rf"\1{HIDDEN}"),
)


@t.overload
def without_secrets(text: str) -> str: ...


@t.overload
def without_secrets(text: None) -> None: ...


def without_secrets(text: str | None) -> str | None:
    """The text of a file for a diff; None for no file.

    We change no secret, so both sides of a diff stay as different as they are.
    """
    if text is not None:
        for pattern, shown in _PATTERNS:
            text = pattern.sub(shown, text)
    return text
