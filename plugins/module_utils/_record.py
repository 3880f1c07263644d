# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The record on the target of what we changed there, so that it can be taken away again.

One JSON file per owner below ``/var/lib/routable-ipv6``. For each file it holds what was there before us and the
hash of what we wrote: when the hash still fits, the former content is brought back byte for byte; when it does not,
somebody else has written since, and the caller must take away its own part only.
"""

from __future__ import annotations

import hashlib
import json
import os
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet, read_text

DIRECTORY = "/var/lib/routable-ipv6"


def digest(text: str | None) -> str | None:
    """The SHA-256 of a file's text, None for no file."""
    return None if text is None else hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


class Record:
    """What one owner (a module, with the thing it manages) has changed on this host.

    ``files`` maps a path to ``{"before": text or None, "after_sha256": text or None}``; ``values`` holds former values
    of other things (a sysctl, whether a unit was enabled), by a name of the caller's choice; ``holders`` are those who
    need what the owner made.
    """

    def __init__(self, owner: str, directory: str = DIRECTORY) -> None:
        self.path = os.path.join(directory, f"{owner.replace('/', '-')}.json")
        self._loaded = read_text(self.path)
        content: dict[str, t.Any] = json.loads(self._loaded) if self._loaded else {}
        self.files: dict[str, dict[str, str | None]] = content.get("files", {})
        self.values: dict[str, t.Any] = content.get("values", {})
        self.holders: list[str] = content.get("holders", [])

    def wrote(self, path: str, before: str | None, after: str | None) -> None:
        """Note a write. ``before`` counts only the first time, and again when somebody else wrote since."""
        known = self.files.get(path)
        if known is None or known["after_sha256"] != digest(before):
            known = {"before": before, "after_sha256": None}
        self.files[path] = {"before": known["before"], "after_sha256": digest(after)}

    def untouched(self, path: str, current: str | None) -> bool:
        """Whether ``current`` is just what we wrote last."""
        known = self.files.get(path)
        return known is not None and known["after_sha256"] == digest(current)

    def foreign(self, paths: t.Iterable[str]) -> list[str]:
        """A warning for each of these files that we have written and somebody else has changed or removed since."""
        return [
            f"{path} has been changed by somebody else since it was written here; the diff shows what becomes of that."
            for path in paths
            if path in self.files and not self.untouched(path, read_text(path))
        ]

    def before(self, path: str) -> str | None:
        """The text that was there before us; None for no file, and for a file that we never wrote."""
        known = self.files.get(path)
        return None if known is None else known["before"]

    def forget(self, path: str) -> None:
        self.files.pop(path, None)

    def remember(self, name: str, value: t.Any) -> None:
        """Keep the value that was there before us; a later call changes nothing."""
        self.values.setdefault(name, value)

    @property
    def empty(self) -> bool:
        return not self.files and not self.values and not self.holders

    def save(self, files: FileSet) -> None:
        """Write the record through the same set as the files it speaks of, so that both are restored together."""
        if self.empty:
            if self._loaded is not None:
                files.remove(self.path)
            return
        content = {"files": self.files, "values": self.values, "holders": self.holders}
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        if text != self._loaded:
            files.write(self.path, text, mode=0o600)
