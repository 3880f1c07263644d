# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Which packages came with us, and which of them can go again without taking others along. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# deb-control(5), "Package".
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_HOLDER = re.compile(r"[A-Za-z0-9_]{1,64}")
# A former version in brackets means an upgrade, apt-get(8), "--simulate".
_NEW = re.compile(r"^Inst (\S+) \(", re.M)
_GONE = re.compile(r"^(?:Purg|Remv) (\S+) ", re.M)

# Given some packages, all that would be removed with them.
Simulate = t.Callable[[t.Sequence[str]], t.Set[str]]


class Choice(t.NamedTuple):
    """What is removed, and for each package that stays why."""

    removed: tuple[str, ...]
    kept: dict[str, str]


def check_names(option: str, names: t.Iterable[str]) -> None:
    """:raises Refused: no package has such a name; what begins with a hyphen would be an option of apt-get."""
    for name in names:
        if not _NAME.fullmatch(name):
            raise Refused(f"{option}={name}", "no Debian package has such a name", "Correct it")


def check_holder(holder: str) -> None:
    """:raises Refused: it cannot be part of a file's name."""
    if not _HOLDER.fullmatch(holder):
        raise Refused(f"holder={holder}", "it is made of letters, digits and underscores", "Take the role's name")


def installed_of(output: str) -> set[str]:
    """Installed packages, from lines of name, architecture and state; with and without their architecture."""
    found = set()
    for line in output.splitlines():
        name, architecture, state = line.split()
        if state == "installed":
            found |= {name, f"{name}:{architecture}"}
    return found


def new_of(output: str) -> set[str]:
    """What a simulated installation would bring that is not there."""
    return set(_NEW.findall(output))


def gone_of(output: str) -> set[str]:
    """What a simulated removal would take away."""
    return set(_GONE.findall(output))


def choose(
    recorded: t.Iterable[str], installed: t.Collection[str], keep: t.Collection[str], simulate: Simulate
) -> Choice:
    """The packages of ours that nobody else needs.

    :arg keep: what stays whatever is recorded.
    """
    kept = {name: "it was asked to stay" for name in sorted(recorded) if name in keep and name in installed}
    going = [name for name in sorted(recorded) if name in installed and name not in kept]
    while going:
        others = simulate(going) - set(going)
        if not others:
            break
        # What needs one of several is taken along by none of them alone.
        blamed = [name for name in going if simulate([name]) - set(going)] or going[-1:]
        for name in blamed:
            kept[name] = f"needed by {', '.join(sorted((simulate([name]) - set(going)) or others))}"
        going = [name for name in going if name not in blamed]
    return Choice(tuple(going), kept)
