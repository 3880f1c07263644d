# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The picture of the report for the README: a made-up site, drawn by headless Chromium.

PYTHONPATH=.dev python3 tests/tools/report_picture.py docs/report.png
"""

from __future__ import annotations

import pathlib
import sys
import tempfile

from ansible_collections.routable.ipv6.plugins.module_utils import _report as rules
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger
from ansible_collections.routable.ipv6.plugins.plugin_utils._report_page import page

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "report"))
from conftest import chromium
from report_site import AT, BEGIN, matrix

# Bytes; a README is read over slow lines, too.
MOST = 200_000
POOLS = {
    "docker_hosts": {"prefix": "2001:db8:0:1::/64", "length": 80, "suffix": True, "strategy": "hash"},
    "site": {"prefix": "2001:db8:1000::/36", "length": 48, "strategy": "sparse"},
}
HOSTS = [f"docker{number}" for number in range(1, 41)]


def report(directory: pathlib.Path) -> dict[str, object]:
    with open_ledger(str(directory / "ledger.sqlite"), lambda: BEGIN) as ledger:
        ledger.define_pools(POOLS, actor="alice@desk", run="first")
        ledger.apply(
            [{"name": name, "owner": name} for name in HOSTS], pool="docker_hosts", actor="alice@desk", run="first"
        )
        ledger.apply([f"branch{number}" for number in range(24)], pool="site", actor="alice@desk", run="first")
        pools = ledger.pools()
        read = rules.Ledger(ledger.export(), pools, {name: ledger.usage(name) for name in pools}, ledger.journal())
    seen = matrix()
    seen["endpoints"] = [
        {**one, "name": name, "behind": "docker1"}
        for name, one in zip(("web", "api", "mail"), seen["endpoints"], strict=True)
    ]
    return rules.report(AT, read, seen, {}, None)


def main(target: str) -> int:
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name, "index.html")
        path.write_text(page(report(pathlib.Path(name))), encoding="utf-8")
        driver = chromium()
        try:
            driver.get(path.as_uri())
            driver.save_screenshot(target)
        finally:
            driver.quit()
    size = pathlib.Path(target).stat().st_size
    print(f"{target}: {size} bytes")
    return 0 if size < MOST else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
