# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the Director answers when it does not do what it was asked."""

from __future__ import annotations


class DirectorError(Exception):
    """An error that the Director has a number for."""

    def __init__(self, code: int, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


def bad_request(description: str) -> DirectorError:
    return DirectorError(440010, description)


def bad_config(description: str) -> DirectorError:
    return DirectorError(440011, description)
