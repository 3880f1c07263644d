# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What this collection has changed on a host: the records of all owners as one list, compared with what is there.

Pure: it gets the records' texts and a way to look at a file's digest.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._plan import printable
from ansible_collections.routable.ipv6.plugins.module_utils._record import digest

Digest = t.Callable[[str], t.Optional[str]]


def owner_of(name: str, text: str, look: Digest) -> dict[str, t.Any]:
    """One record: its files with their digests before us, after us and now; former values; who needs it.

    :arg name: the record's file name without its ending.
    :raises ValueError: the text is no record.
    """
    content = json.loads(text)
    if not isinstance(content, dict) or not isinstance(content.get("files", {}), dict):
        raise ValueError(f"{name}: this is no record")
    files = []
    for path, known in sorted(content.get("files", {}).items()):
        now = look(path)
        files.append(
            {
                "path": path,
                "before": digest(known["before"]),
                "after": known["after_sha256"],
                "now": now,
                "intact": now == known["after_sha256"],
            }
        )
    former = dict(content.get("values", {}))
    packages = former.pop("packages", [])
    return {
        "owner": name,
        "files": files,
        "former": former,
        "packages": packages,
        "holders": content.get("holders", []),
    }


def drift(owners: t.Iterable[t.Mapping[str, t.Any]], units: t.Mapping[str, bool]) -> list[str]:
    """What somebody else has changed since, one sentence each.

    :arg units: whether each unit of ours runs as it should.
    """
    found = []
    for owner in owners:
        for entry in owner["files"]:
            if not entry["intact"]:
                verb = "has been removed" if entry["now"] is None else "has been changed"
                found.append(f"{printable(entry['path'])} {verb} since {owner['owner']} wrote it")
    return found + [f"{unit} does not run" for unit, runs in sorted(units.items()) if not runs]
