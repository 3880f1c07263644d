# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""A headless Chromium, and reports from a real ledger to look at with it."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _report as rules
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger
from ansible_collections.routable.ipv6.plugins.plugin_utils._report_page import page
from report_site import AT, BEGIN, HOSTS, NAMES, POOLS, UNSEEN, matrix
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--force-prefers-reduced-motion",
    "--window-size=1360,1200",
)


def chromium() -> webdriver.Chrome:
    """A headless one, which keeps what its console says and what its pages ask for."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for switch in SWITCHES:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


@pytest.fixture(scope="session")
def browser() -> t.Iterator[webdriver.Chrome]:
    driver = chromium()
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> rules.Ledger:
    with open_ledger(str(tmp_path_factory.mktemp("ledger") / "ledger.sqlite"), lambda: BEGIN) as opened:
        opened.define_pools(POOLS, actor="alice@one", run="r1")
        opened.apply([f"host{number}" for number in range(40)], pool="site", actor="alice@one", run="r1")
        opened.apply([{"name": "web", "suffix": "::20", "owner": "shop"}, "db"], pool="one", actor="bob@two", run="r2")
        opened.apply(["db"], "absent", pool="one")
        opened.apply([{"name": name, "owner": name} for name in NAMES], pool="odd")
        pools = opened.pools()
        usage = {name: opened.usage(name) for name in pools}
        return rules.Ledger(opened.export(), pools, usage, opened.journal())


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, ledger: rules.Ledger) -> pathlib.Path:
    path = tmp_path_factory.mktemp("report") / "index.html"
    former = {"at": AT, "allocations": {"one/gone": ["2001:db8::9", "active"]}, "endpoints": {}}
    path.write_text(page(rules.report(AT, ledger, matrix(), HOSTS, former, UNSEEN)), encoding="utf-8")
    return path
