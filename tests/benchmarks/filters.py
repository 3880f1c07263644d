# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filters and the arithmetic below them cost, against netaddr, ipaddress and ansible.utils.

    .venv/bin/python tests/benchmarks/filters.py

Nothing is touched and no lab is needed. Each figure is a ratio of one run: both sides in turn, in interleaved rounds,
by their minima, on the same input, after their outputs were compared.
"""

from __future__ import annotations

import gc
import ipaddress
import os
import pathlib
import random
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A collection with a filter that does nothing, found and called in the way of all others.
SCRATCH = tempfile.TemporaryDirectory()
NOTHING = pathlib.Path(SCRATCH.name, "ansible_collections", "bench", "plain", "plugins", "filter", "nothing.py")
NOTHING.parent.mkdir(parents=True)
NOTHING.write_text(
    "class FilterModule:\n    def filters(self):\n        return {'nothing': lambda value, *arguments: value}\n"
)
os.environ["ANSIBLE_COLLECTIONS_PATH"] = f"{ROOT / '.dev'}:{SCRATCH.name}"

import netaddr
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

init_plugin_loader([])

from ansible_collections.routable.ipv6.plugins.module_utils import _addresses as a
from ansible_collections.routable.ipv6.plugins.module_utils import _dns_names, _identifiers, _prefix_sets

ROUNDS = 5
FUNCTION_ITEMS = 20_000
SCALAR_ITEMS = 2_000
LIST_ITEMS = 10_000
INDEX_ITEMS = 100_000

Side = t.Callable[[], t.Any]


@dataclass(frozen=True)
class Row:
    """One line of the table. ``most``: the result is at most the goal, otherwise at least."""

    name: str
    result: float
    goal: float
    most: bool
    unit: str
    detail: str

    @property
    def held(self) -> bool:
        return self.result <= self.goal if self.most else self.result >= self.goal


def minima(sides: t.Mapping[str, Side]) -> dict[str, float]:
    """Seconds of processor time of each side, the least of some interleaved rounds."""
    best = dict.fromkeys(sides, float("inf"))
    for _round in range(ROUNDS):
        for name, side in sides.items():
            gc.collect()
            begin = time.process_time()
            side()
            best[name] = min(best[name], time.process_time() - begin)
    return best


def functions() -> t.Iterator[Row]:
    """Goal 13: each function against the better one of the two libraries, given objects where they work on objects."""
    rng = random.Random(1)
    numbers = [0x20010DB8 << 96 | rng.getrandbits(96) for _item in range(FUNCTION_ITEMS)]
    texts = [str(ipaddress.IPv6Address(number)) for number in numbers]
    ours = [ipaddress.IPv6Address(number) for number in numbers]
    theirs = [netaddr.IPAddress(number, 6) for number in numbers]
    macs = [(rng.getrandbits(48) & ~(1 << 40)).to_bytes(6, "big").hex(":") for _item in range(FUNCTION_ITEMS)]
    base, link = 0x20010DB8 << 96, (0x20010DB8 << 96) + (1 << 64)
    indices = range(FUNCTION_ITEMS)
    compact, verbose = netaddr.ipv6_compact, netaddr.ipv6_verbose

    def eui64(mac: str) -> str:
        number = _identifiers.mac_number(mac)
        assert number is not None
        return a.written(link | _identifiers.eui64_identifier(number))

    def part(index: int) -> str:
        return a.written_prefix(a.nth_subnet_number(base, 48, 80, index), 80)

    # What each side does, and how its outcome is made comparable.
    cases: dict[str, dict[str, tuple[t.Callable[[t.Any], t.Any], t.Sequence[t.Any]]]] = {
        "parse": {
            "ours": (a.number, texts),
            "netaddr": (lambda text: netaddr.IPAddress(text, 6), texts),
            "ipaddress": (ipaddress.IPv6Address, texts),
        },
        "format": {
            "ours": (a.written, numbers),
            "netaddr": (lambda one: one.format(compact), theirs),
            "ipaddress": (str, ours),
        },
        "expand": {
            "ours": (a.expanded, numbers),
            "netaddr": (lambda one: one.format(verbose), theirs),
            "ipaddress": (lambda one: one.exploded, ours),
        },
        "EUI-64": {
            "ours": (eui64, macs),
            "netaddr": (lambda mac: str(netaddr.EUI(mac, version=48).ipv6(link)), macs),
        },
        "n-th /80": {
            "ours": (part, indices),
            "netaddr": (lambda index: str(netaddr.IPNetwork((base + (index << 48), 80), version=6)), indices),
            "ipaddress": (lambda index: str(ipaddress.IPv6Network((base + (index << 48), 80))), indices),
        },
        "ip6.arpa": {
            "ours": (_dns_names.reverse_name, numbers),
            "netaddr": (lambda one: one.reverse_dns, theirs),
            "ipaddress": (lambda one: f"{one.reverse_pointer}.", ours),
        },
    }
    for name, sides in cases.items():
        outcomes = [[int(one) if name == "parse" else one for one in map(*side)] for side in sides.values()]
        assert all(outcome == outcomes[0] for outcome in outcomes), name
        best = minima({who: _loop(*side) for who, side in sides.items()})
        rival = min((who for who in best if who != "ours"), key=best.__getitem__)
        per_item = best["ours"] / FUNCTION_ITEMS * 1e6
        yield Row(f"13 {name}", best[rival] / best["ours"], 3.5, False, "x", f"{per_item:.2f} us, {rival} next")


def _loop(function: t.Callable[[t.Any], t.Any], items: t.Sequence[t.Any]) -> Side:
    def run() -> None:
        for item in items:
            function(item)

    return run


def overlap() -> t.Iterator[Row]:
    """Goal 14: the index of 100,000 prefixes."""
    rng = random.Random(2)
    prefixes = [(0x20010DB8 << 96 | slot << 48, 80) for slot in rng.sample(range(1 << 20), INDEX_ITEMS)]
    starts = [start for start, _length in prefixes]
    asked = [(0x20010DB8 << 96 | rng.getrandbits(20) << 48, 80) for _item in range(FUNCTION_ITEMS)]
    known = set(starts)
    index = _prefix_sets.OverlapIndex(prefixes)
    assert all(bool(index.overlapping(*one)) == (one[0] in known) for one in asked)
    best = minima(
        {
            "build": lambda: _prefix_sets.OverlapIndex(prefixes),
            "sort": lambda: sorted(prefixes),
            "ask": _loop(lambda one: index.overlapping(*one), asked),
        }
    )
    detail = f"{best['build'] * 1e3:.0f} ms"
    yield Row("14 overlap among 100,000", best["ask"] / FUNCTION_ITEMS * 1e6, 5.0, True, " us", "a question")
    yield Row("14 index of 100,000 / sort", best["build"] / best["sort"], 3.0, True, "x", detail)


PREFIX = "2001:db8:0:1::/64"
# How a template asks for many items one by one: by map, or in a loop where the item is an argument.
BY_MAP = "{{{{ {items} | map({call}) | list }}}}"
IN_A_LOOP = "{{% for item in {items} %}}{{{{ {call} }}}} {{% endfor %}}"
# For each case: the items, how to ask, our call, that of ansible.utils, the one that does nothing, the call with the
# whole list, and the goal for that.
CASES = (
    (
        "canonical", "addresses", BY_MAP, "'routable.ipv6.canonical'", "'ansible.utils.ipaddr', 'address'",
        "'bench.plain.nothing'", "{{ addresses | routable.ipv6.canonical }}", 25.0,
    ),
    (
        "n-th /80", "indices", IN_A_LOOP, "prefix | routable.ipv6.nth_subnet(80, item)",
        "prefix | ansible.utils.ipsubnet(80, item)", "prefix | bench.plain.nothing(80, item)",
        "{{ prefix | routable.ipv6.nth_subnet(80, indices) }}", 25.0,
    ),
    (
        "EUI-64", "macs", IN_A_LOOP, "item | routable.ipv6.eui64_address(prefix)", "prefix | ansible.utils.slaac(item)",
        "item | bench.plain.nothing(prefix)", "{{ macs | routable.ipv6.eui64_address(prefix) }}", 15.0,
    ),
    (
        "contains", "addresses", IN_A_LOOP, "prefix | routable.ipv6.contains(item)",
        "prefix | ansible.utils.network_in_network(item)", "prefix | bench.plain.nothing(item)",
        "{{ prefix | routable.ipv6.contains(addresses) }}", 15.0,
    ),
)  # fmt: skip


def filters() -> t.Iterator[Row]:
    """Goal 12: inside Ansible's templar, from the text of the template to its result."""
    rng = random.Random(3)
    many: dict[str, list[t.Any]] = {
        "addresses": [
            f"2001:0DB8:0:{rng.randrange(2)}::{rng.getrandbits(16):x}:{rng.getrandbits(16):x}"
            for _item in range(LIST_ITEMS)
        ],
        "macs": [(rng.getrandbits(48) & ~(1 << 40)).to_bytes(6, "big").hex(":") for _item in range(LIST_ITEMS)],
        "indices": list(range(LIST_ITEMS)),
    }
    few = {f"some_{name}": items[:SCALAR_ITEMS] for name, items in many.items()}
    templar = Templar(loader=DataLoader(), variables={"prefix": PREFIX, **many, **few})

    def side(text: str) -> Side:
        template = trust_as_template(text)
        return lambda: templar.template(template)

    for name, items, shape, ours, theirs, nothing, whole, goal in CASES:
        sides = {
            "ours": side(shape.format(items=f"some_{items}", call=ours)),
            "theirs": side(shape.format(items=f"some_{items}", call=theirs)),
            "nothing": side(shape.format(items=f"some_{items}", call=nothing)),
            "list": side(whole),
            # A list that is only taken apart and put together again, by a filter of Jinja's own.
            "floor": side(f"{{{{ {items} | list }}}}"),
        }
        expected = [str(one) for one in sides["list"]()[:SCALAR_ITEMS]]
        for who in ("ours", "theirs"):
            outcome = sides[who]()
            assert (outcome.split() if isinstance(outcome, str) else outcome) == expected, (name, who)
        best = minima(sides)
        one = {who: best[who] / (LIST_ITEMS if who in ("list", "floor") else SCALAR_ITEMS) * 1e6 for who in best}
        detail = f"{one['ours']:.0f} us, doing nothing {one['nothing']:.0f} us"
        yield Row(f"12 {name} / a filter that does nothing", one["ours"] / one["nothing"], 1.3, True, "x", detail)
        detail = f"there {one['theirs']:.0f} us"
        yield Row(f"12 {name}, ansible.utils / one by one", one["theirs"] / one["ours"], 6.0, False, "x", detail)
        detail = f"{one['list']:.1f} us an item, {one['floor']:.1f} us for a list as it is"
        yield Row(f"12 {name}, ansible.utils / a whole list", one["theirs"] / one["list"], goal, False, "x", detail)


def main() -> int:
    rows = []
    print(f"{'goal':50}{'result':>9}   {'wanted':10}")
    for row in (*functions(), *overlap(), *filters()):
        rows.append(row)
        sign = "<=" if row.most else ">="
        print(
            f"{row.name:50}{row.result:9.2f}{row.unit:3}{sign} {row.goal:<7g} {'' if row.held else 'MISSED  '}{row.detail}"
        )
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
