# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What a task gets to see of the ledger's outcomes, in a form that templates well."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation_runs import BITS
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import Outcome

Entry = t.Dict[str, t.Any]


def entry_of(outcome: Outcome) -> Entry:
    """One allocation: exactly one of ``address`` and ``prefix`` has a value, unless there is nothing."""
    record = outcome.record
    single = outcome.length == BITS
    return {
        "name": outcome.name,
        "pool": outcome.pool.name,
        "address": outcome.address if single else None,
        "prefix": None if single else outcome.prefix,
        "suffix": outcome.suffix,
        "length": outcome.length,
        "state": outcome.state,
        "owner": "" if record is None else record.owner,
        "meta": {} if record is None or record.meta is None else json.loads(record.meta),
        "generation": outcome.generation,
        "changed": outcome.changed,
    }


def by_pool(entries: t.Iterable[Entry]) -> dict[str, dict[str, Entry]]:
    """pool → name → allocation."""
    result: dict[str, dict[str, Entry]] = {}
    for entry in entries:
        result.setdefault(entry["pool"], {})[entry["name"]] = entry
    return result


def by_name(entries: t.Sequence[Entry]) -> dict[str, Entry]:
    """name → allocation; a name that stands in several pools is ``pool/name`` in each of them."""
    result: dict[str, Entry] = {}
    several: set[str] = set()
    for entry in entries:
        name = entry["name"]
        if name in result or name in several:
            several.add(name)
            before = result.pop(name, None)
            if before is not None:
                result[f"{before['pool']}/{name}"] = before
            name = f"{entry['pool']}/{name}"
        result[name] = entry
    return result
