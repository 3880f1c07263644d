# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which fault comes when."""

from __future__ import annotations

import math
import typing as t

DEADLY = ("worker", "between", "run")
CONNECTION = ("cut", "lost", "off", "midway", "pulled", "flaps")
STATES = ("docker_fails", "networkd_fails", "read_only_etc", "disk_full", "clock_jumps")
ROLE_KINDS = (*DEADLY, *CONNECTION, *STATES)
ALL_KINDS = (*ROLE_KINDS, "ndppd_fails")
Fault = t.Dict[str, t.Any]


def spread(faults: list[Fault]) -> list[Fault]:
    """The same faults in an order in which the first few are varied already."""
    step = next(n for n in range(29, 9999) if math.gcd(n, len(faults) or 1) == 1)
    return [faults[index * step % len(faults)] for index in range(len(faults))]


def turned(faults: list[Fault], start: int) -> list[Fault]:
    return faults[start:] + faults[:start]


def turns(
    calls: dict[str, int],
    kinds: t.Sequence[str] = ALL_KINDS,
    done: t.Container[tuple[str, str, int]] = (),
    part: tuple[int, int] = (0, 1),
) -> t.Iterator[dict[str, Fault]]:
    """Faults for all hosts at once, until each kind was at each call of each host.

    A worker that dies takes the whole run with it, so that is for all hosts at the same call. All other kinds are one
    host's own affair. The hosts begin at different places of one order, so that together they have been through all of
    it long before each of them has.

    :arg calls: the hosts, and how many calls a run makes to each.
    :arg done: host, kind and call of what is left out.
    :arg part: which of how many parts, for worlds side by side.
    """
    index, parts = part

    last = max(calls.values())

    def order(own: t.Iterable[str]) -> list[Fault]:
        return spread([{"kind": kind, "at": at} for kind in own for at in range(1, last + 1)])

    def is_done(name: str, fault: Fault) -> bool:
        return fault["at"] > calls[name] or (name, fault["kind"], fault["at"]) in done

    deadly = order(kind for kind in kinds if kind in DEADLY)[index::parts]
    deadly = [fault for fault in deadly if not all(is_done(name, fault) for name in calls)]
    single = order(kind for kind in kinds if kind not in DEADLY)
    own = {}
    for place, name in enumerate(calls):
        faults = turned(single, len(single) * place // len(calls))[index::parts]
        own[name] = [fault for fault in faults if not is_done(name, fault)]
    for number in range(max(len(deadly), *(len(faults) for faults in own.values()))):
        alone = {name: faults[number] for name, faults in own.items() if number < len(faults)}
        if alone:
            yield alone
        if number < len(deadly):
            yield dict.fromkeys(calls, deadly[number])
