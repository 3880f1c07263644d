# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""What the filters share: a value or a list of values, refusals as errors of a filter, loading late."""

from __future__ import annotations

import importlib
import typing as t
from collections.abc import Iterator, ValuesView

from ansible.errors import AnsibleFilterError
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

R = t.TypeVar("R")

# What Jinja gives for several values: a list, range(), the result of map() or select(), a dictionary's values().
_SEVERAL = (list, tuple, range, Iterator, ValuesView)


# Far more than an address has; Python refuses to read thousands of them.
_MOST_DIGITS = 100


class Function:
    """A function that is not loaded before it is needed."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    @classmethod
    def at(cls, where: str, filter_name: str) -> Function:
        """``where`` is a module below ``plugins`` and, behind a colon, a name other than the filter's."""
        module, _colon, name = where.partition(":")
        return cls(module, name or filter_name)

    def load(self) -> t.Callable[..., t.Any]:
        module = importlib.import_module(f"ansible_collections.routable.ipv6.plugins.{self.module}")
        return t.cast("t.Callable[..., t.Any]", getattr(module, self.name))


def filter_of(function: Function) -> t.Callable[..., t.Any]:
    """The function with what the rules refuse as the error of a filter; Ansible names the filter itself."""
    loaded: t.Callable[..., t.Any] | None = None

    def wrapped(*args: t.Any, **kwargs: t.Any) -> t.Any:
        nonlocal loaded
        if loaded is None:
            loaded = function.load()
        try:
            return loaded(*args, **kwargs)
        except Refused as error:
            # Ansible adds the sentences of all causes to that of an error; ours says everything once.
            raise AnsibleFilterError(str(error)) from None

    return wrapped


def is_list(value: object) -> bool:
    """Whether a value is several values in an order."""
    # What is by far the most frequent is told apart first: to ask the abstract classes takes longer than most filters.
    return not isinstance(value, (str, int)) and isinstance(value, _SEVERAL)


def each(value: t.Any, function: t.Callable[[t.Any], R]) -> R | list[R]:
    """``function`` of a value, or of every item of a list. An item that fails fails the list: none is dropped."""
    if is_list(value):
        return [function(item) for item in value]
    return function(value)


def listed(value: t.Any) -> list[t.Any]:
    """The items of a list, or a single value as a list of one."""
    return list(value) if is_list(value) else [value]


def listed_or_same(value: t.Any) -> t.Any:
    """What Jinja gives for several values as a list; everything else as it is, for the rules to refuse."""
    return list(value) if is_list(value) else value


def whole_number(value: object, name: str) -> int:
    """An integer, also as text of digits (a template gives text).

    :raises Refused: anything else; true and false are not numbers.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        digits = value.strip()
        bare = digits[1:] if digits.startswith("-") else digits
        if bare.isascii() and bare.isdigit() and len(bare) <= _MOST_DIGITS:
            return int(digits)
    raise Refused(f"{name}={value}", f"a whole number is needed, not {type(value).__name__}", "Give a number")


def time_to_live(value: object) -> int | None:
    """Seconds, or None for none given."""
    return None if value is None else whole_number(value, "ttl")


def zone_or_none(value: object, name: str = "zone") -> str:
    """The absolute name of a zone, empty for none given."""
    if value is None or value == "":
        return ""
    from ansible_collections.routable.ipv6.plugins.module_utils._dns_names import zone_name

    return zone_name(value, name)
