# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What every decision of this collection looks like: a plan, or a refusal.

Plans are made by pure functions from what is there and what is wanted. A module shows a plan in check mode and
carries out the same plan otherwise, so the two cannot differ.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

# Characters of a part of a message: enough for a sentence, and an end for what nobody would read.
_MOST = 1000


def printable(text: str, most: int = _MOST) -> str:
    """Text for a message or a log: it stays on its line, does nothing to a terminal, and comes to an end."""
    cut = text if len(text) <= most else f"{text[:most]}…"
    if cut.isprintable():
        return cut
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in cut)


class Refused(Exception):
    """A wanted value that cannot work, found before anything is touched.

    :arg what: the value with its name, for example ``fixed_cidr_v6=2001:db8::/128``.
    :arg rule: the rule it breaks, as a clause without a full stop.
    :arg remedy: what to do instead, as a clause without a full stop.
    """

    def __init__(self, what: str, rule: str, remedy: str) -> None:
        super().__init__(f"{printable(what)}: {printable(rule)}. {printable(remedy)}.")
        self.what = what
        self.rule = rule
        self.remedy = remedy


@dataclass(frozen=True)
class Change:
    """One step of a plan.

    ``sentence`` is for people, ``action`` is what the port dispatches upon, ``data`` is what the port needs.
    """

    sentence: str
    action: str
    data: t.Mapping[str, t.Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """Ordered changes that lead from ``before`` to ``after``; both are JSON-able and make the diff."""

    changes: tuple[Change, ...]
    before: t.Mapping[str, t.Any]
    after: t.Mapping[str, t.Any]
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.changes)

    @property
    def sentences(self) -> list[str]:
        return [change.sentence for change in self.changes]

    @property
    def result(self) -> dict[str, t.Any]:
        """What every module returns that carries a plan out, or shows it."""
        diff = {"before": self.before, "after": self.after}
        return {"changed": self.changed, "diff": diff, "changes": self.sentences}
