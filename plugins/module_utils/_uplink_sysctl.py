# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Which sysctl.d file wins, and which lines speak against ours.

systemd-sysctl reads /etc, /run, /usr/local/lib and /usr/lib as one list sorted by file name, the first directory
masking the others (sysctl.d(5)); ``sysctl --system`` of procps does the same and reads /etc/sysctl.conf last.
"""

from __future__ import annotations

import fnmatch
import posixpath
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _sysctl as sysctl
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import Facts, Line

DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
CONF = "/etc/sysctl.conf"


def own_path(interface: str) -> str:
    """Our file of one uplink. It sorts behind 99-sysctl.conf, by which Debian 12 has sysctl.conf read."""
    return f"{DIRECTORIES[0]}/99-zz-routable-ipv6-{interface}.conf"


def own_text(interface: str, accept_ra: bool, forwarding: bool) -> str | None:
    """Our file, None where it would set nothing."""
    values = [(sysctl.interface_key(interface, "accept_ra"), "2")] if accept_ra else []
    values += [(sysctl.FORWARDING, "1")] if forwarding else []
    if not values:
        return None
    return sysctl.render(values, f"Written by routable.ipv6.uplink_ra for {interface}; a run replaces this file.")


def ordered(listing: t.Iterable[str]) -> list[str]:
    """Paths of all directories as systemd-sysctl reads them."""
    chosen: dict[str, str] = {}
    for path in sorted(listing, key=lambda path: _rank(posixpath.dirname(path))):
        if path.endswith(".conf"):
            chosen.setdefault(posixpath.basename(path), path)
    return [chosen[name] for name in sorted(chosen)]


def settings(path: str, text: str) -> list[tuple[str, Line]]:
    """The parameters that a file sets, by canonical path, which may hold a glob; exclusions (``-key``) are none."""
    found: list[tuple[str, Line]] = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped and stripped[0] not in "#;" and "=" in stripped:
            key, dummy, value = stripped.partition("=")
            found.append((sysctl.canonical(key.strip().lstrip("-").strip()), Line(path, number, value.strip())))
    return found


def against(facts: Facts, wanted: t.Mapping[str, str]) -> list[str]:
    """A sentence for each line that sets one of the wanted parameters differently and is read after our file."""
    ours = posixpath.basename(own_path(facts.link.name))
    found: list[str] = []
    for path, text in facts.sysctl_files:
        if posixpath.basename(path) > ours:
            found += _sentences(path, text, wanted, "which is read after our file and wins at boot")
    if facts.sysctl_conf is not None:
        reason = "which 'sysctl --system' and 'sysctl -p' read after our file"
        found += _sentences(CONF, facts.sysctl_conf, wanted, reason)
    return found


def accepting_kernel(facts: Facts) -> list[str]:
    """A sentence for each line that makes the kernel take advertisements which somebody else takes already."""
    key = sysctl.interface_key(facts.link.name, "accept_ra")
    files = [*facts.sysctl_files, *([(CONF, facts.sysctl_conf)] if facts.sysctl_conf is not None else [])]
    return [
        f"{line.place} sets {name} to {line.value}, so the kernel takes router advertisements too and both keep routes."
        for path, text in files
        if path != own_path(facts.link.name)
        for name, line in settings(path, text)
        if name == key and line.value != "0"
    ]


def _sentences(path: str, text: str, wanted: t.Mapping[str, str], reason: str) -> list[str]:
    return [
        f"{line.place} sets {key} to {line.value}, {reason}; {parameter} must be {value}. Remove that line."
        for key, line in settings(path, text)
        for parameter, value in wanted.items()
        if line.value != value and fnmatch.fnmatchcase(parameter, key)
    ]


def _rank(directory: str) -> int:
    return DIRECTORIES.index(directory) if directory in DIRECTORIES else len(DIRECTORIES)
