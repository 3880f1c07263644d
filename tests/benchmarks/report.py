# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the report of a large site costs: 10,000 allocations and 1,000 endpoints, drawn, opened and clicked on.

    PYTHONPATH=.dev python3 tests/benchmarks/report.py

The page is opened in headless Chromium, which the step ``report`` of ``make test`` installs. A click is answered when
the next frame after it has been painted.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile
import time

from ansible_collections.routable.ipv6.plugins.module_utils import _report as rules
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger
from ansible_collections.routable.ipv6.plugins.plugin_utils._report_page import page

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "report"))
from conftest import chromium
from report_site import AT, BEGIN, matrix

ALLOCATIONS, ENDPOINTS = 10_000, 1_000
# Seconds, but for the size.
GOALS = {
    "drawn, s": 5.0,
    "size, MB": 5.0,
    "opened, s": 1.0,
    "zoomed in, s": 1.0,
    "more of the list, s": 1.0,
    "searched, s": 1.0,
}
# From a click to the end of the frame that shows what came of it.
CLICK = """
const [selector, done] = arguments, begin = performance.now();
document.querySelector(selector).dispatchEvent(new MouseEvent("click", {bubbles: true}));
requestAnimationFrame(() => setTimeout(() => done((performance.now() - begin) / 1000)));
"""
SEARCH = """
const [text, done] = arguments, begin = performance.now(), field = document.querySelector("#search");
field.value = text;
field.dispatchEvent(new Event("input"));
requestAnimationFrame(() => setTimeout(() => done((performance.now() - begin) / 1000)));
"""
OPENED = "return performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"


def drawn(directory: pathlib.Path) -> tuple[pathlib.Path, float]:
    """The page, and how long it took to draw from an open ledger."""
    with open_ledger(str(directory / "ledger.sqlite"), lambda: BEGIN) as ledger:
        ledger.define_pools({"big": {"prefix": "2001:db8::/32", "length": 64, "strategy": "hash"}})
        ledger.apply([f"name{number}" for number in range(ALLOCATIONS)], pool="big", actor="alice@one", run="r1")
        seen = matrix()
        seen["endpoints"] = [{**seen["endpoints"][0], "name": f"end{number}"} for number in range(ENDPOINTS)]
        begin = time.perf_counter()
        pools = ledger.pools()
        usage = {name: ledger.usage(name) for name in pools}
        read = rules.Ledger(ledger.export(), pools, usage, ledger.journal())
        path = directory / "index.html"
        path.write_text(page(rules.report(AT, read, seen, {}, None)), encoding="utf-8")
        return path, time.perf_counter() - begin


def main() -> int:
    results: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        path, results["drawn, s"] = drawn(pathlib.Path(name))
        results["size, MB"] = path.stat().st_size / 1e6
        driver = chromium()
        try:
            driver.get(path.as_uri())
            results["opened, s"] = driver.execute_script(OPENED)
            results["zoomed in, s"] = driver.execute_async_script(CLICK, "#map .cell")
            results["more of the list, s"] = driver.execute_async_script(CLICK, "#more")
            results["searched, s"] = driver.execute_async_script(SEARCH, "name77")
        finally:
            driver.quit()
    for what, value in results.items():
        held = value <= GOALS[what]
        print(f"{what:22}{value:8.2f}   wanted <= {GOALS[what]:g}{'' if held else '   MISSED'}")
    return 0 if all(value <= GOALS[what] for what, value in results.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
