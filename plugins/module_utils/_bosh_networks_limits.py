# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What a range costs the Director, in seconds for every deployment. Each version has another way to be slow.

Measured on v264.7, v270.12, v280.1.3, v282.0.9, v282.0.10, v282.1.1 and v283.1.6. Up to 282.0.9 all reserved and
static addresses are expanded: 65,536 take up to a second, 2^20 up to ten, a /96 never ends. Since 282.0.10 the cost of
reserved blocks goes with the square of their number: 1,000 take 6 s, 2,000 take 35 s. Since 282.1.1 so does that of
static addresses, for every address that is handed out: 1,000 take 5 s, 4,096 more than a minute.
"""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Director, Findings
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_ranges import Block, cidr_blocks, merge

# Number of addresses or blocks from which a finding is made: about one second, and about five to ten.
EXPANDED = (1 << 16, 1 << 20)
RESERVED_BLOCKS = (400, 1024)
WALKED_STATICS = (256, 1024)

_PER_EXPANDED = 1e-5  # seconds
_PER_RESERVED_PAIR = 6e-6
_PER_STATIC_PAIR = 4.8e-6


def seconds(cost: float) -> str:
    """A time that a person can use."""
    if cost < 120:
        return f"about {max(round(cost), 1)} s"
    if cost < 2 * 3600:
        return f"about {round(cost / 60)} minutes"
    return "hours" if cost < 48 * 3600 else "for ever"


def check_limits(
    reserved: t.Sequence[Block],
    static: t.Sequence[Block],
    prefix: int,
    block: Block,
    director: Director,
    findings: Findings,
) -> None:
    """Findings for what is so large or so scattered that the Director is slow with it."""
    if director.expands:
        for key, entries in (("reserved", reserved), ("static", static)):
            size = sum(entry.size for entry in entries)
            if size > EXPANDED[0]:
                remedy = (
                    "Reserve less, or update the Director" if key == "reserved" else "Make the static range smaller"
                )
                since = "Directors before 282.0.10 expand" if director.version is None else "this Director expands"
                clause = (
                    f"{since} all {size:,} addresses at every deployment, which takes {seconds(size * _PER_EXPANDED)}"
                )
                _report(findings, key, entries, clause, remedy, size > EXPANDED[1])
    if not director.keeps_blocks:
        return
    count = sum(len(cidr_blocks(entry)) for entry in reserved)
    if count > RESERVED_BLOCKS[0]:
        fewer = merge(reserved)
        fewest = sum(len(cidr_blocks(entry)) for entry in fewer)
        clause = (
            f"these are {count:,} blocks to the Director, and comparing all with all takes "
            f"{seconds(count**2 * _PER_RESERVED_PAIR)} at every deployment"
        )
        if fewest <= RESERVED_BLOCKS[0]:
            shown = ", ".join(f'"{entry.text}"' for entry in fewer[:4]) + (", ..." if len(fewer) > 4 else "")
            remedy = f"Write the same addresses as {_entries(len(fewer))} ({fewest} blocks): {shown}"
        else:
            remedy = "Reserve one range that holds them all"
        _report(findings, "reserved", reserved, clause, remedy, count > RESERVED_BLOCKS[1])
    step = 1 << ((32 if block.family == 4 else 128) - prefix)
    addresses = sum(max(entry.last // step - -(-entry.first // step) + 1, 0) for entry in static)
    if director.walks_statics and addresses > WALKED_STATICS[0]:
        clause = (
            f"Directors from 282.1.1 on walk through all {addresses:,} static addresses for each address they hand "
            f"out, which takes {seconds(addresses**2 * _PER_STATIC_PAIR)}"
        )
        _report(findings, "static", static, clause, "Make the static range smaller", addresses > WALKED_STATICS[1])
    elif not director.expands and not director.walks_statics and addresses > EXPANDED[0]:
        clause = (
            f"this Director expands all {addresses:,} static addresses at every deployment, which takes "
            f"{seconds(addresses * 2e-5)}"
        )
        _report(findings, "static", static, clause, "Make the static range smaller", addresses > EXPANDED[1])


def _report(findings: Findings, key: str, entries: t.Sequence[Block], clause: str, remedy: str, hopeless: bool) -> None:
    value = entries[0].text if len(entries) == 1 else _entries(len(entries))
    report = findings.error if hopeless else findings.warning
    report(f"{key}_cost", key, value, clause, remedy)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"
