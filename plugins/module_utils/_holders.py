# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Several roles need the same thing on a host: it goes away with the last of them, not with the first."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused

# The action of a change that only the record knows of.
RECORD = "record"
_NAME = re.compile("[A-Za-z0-9_.-]{1,64}", re.ASCII)


def holding(plan: Plan, thing: str, holders: t.Sequence[str], holder: str) -> Plan:
    """``plan`` with the note that ``holder`` needs the thing, unless it says so already or is nobody.

    :raises Refused: no name that can stand in a sentence.
    """
    _check(holder)
    if not holder or holder in holders:
        return plan
    after = sorted([*holders, holder])
    return dataclasses.replace(
        plan,
        changes=(*plan.changes, Change(f"Note that {holder} needs {thing}", RECORD)),
        before={**plan.before, "holders": list(holders)},
        after={**plan.after, "holders": after},
    )


def releasing(plan: Plan, thing: str, holders: t.Sequence[str], holder: str) -> Plan:
    """``plan``, which takes the thing away, or a note alone while others than ``holder`` need it.

    Nobody in particular releases it for all.

    :raises Refused: as for :func:`holding`.
    """
    _check(holder)
    others = sorted(other for other in holders if holder and other != holder)
    if not holders:
        return plan
    before = {"holders": list(holders)}
    if not others:
        note = Change(f"Note that nobody needs {thing} any more", RECORD)
        changes = (*plan.changes, note)
        return dataclasses.replace(
            plan, changes=changes, before={**plan.before, **before}, after={**plan.after, "holders": []}
        )
    if holder not in holders:
        return Plan((), before, before)
    note = Change(f"Note that {holder} needs {thing} no more, while {', '.join(others)} needs it", RECORD)
    return Plan((note,), before, {"holders": others})


def _check(holder: str) -> None:
    if holder and not _NAME.fullmatch(holder):
        raise Refused(f"holder={holder}", "it is up to 64 letters, digits, '_', '.' and '-'", "Give the name of a role")
