# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the filters share: a value or a list of values, and refusals as errors of a filter."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

P = t.ParamSpec("P")
R = t.TypeVar("R")


def as_filter(function: t.Callable[P, R]) -> t.Callable[P, R]:
    """A decorator: what the rules refuse becomes the error of a filter (Ansible names the filter itself)."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Refused as error:
            raise AnsibleFilterError(str(error)) from error

    return wrapped


def each(value: object, function: t.Callable[[object], R]) -> R | list[R]:
    """``function`` of a value, or of every item of a list. An item that fails fails the list: none is dropped."""
    if isinstance(value, (list, tuple)):
        return [function(item) for item in value]
    return function(value)


def whole_number(value: object, name: str) -> int:
    """An integer, also as text of digits (a template gives text).

    :raises Refused: anything else; true and false are not numbers.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        digits = value.strip()
        bare = digits[1:] if digits.startswith("-") else digits
        if bare.isascii() and bare.isdigit():
            return int(digits)
    raise Refused(f"{name}={value}", f"a whole number is needed, not {type(value).__name__}", "Give a number")
