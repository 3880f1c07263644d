# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""The page in a real browser: map, search, keyboard, colours, what it asks of others, and whom it can be read by."""

from __future__ import annotations

import json
import pathlib
import typing as t

import axe_core_python
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _report as rules
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger
from ansible_collections.routable.ipv6.plugins.plugin_utils._report_page import page
from report_site import AT, BEGIN, NAMES, matrix
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

AXE = (pathlib.Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


class Page:
    """The page as somebody uses it."""

    def __init__(self, browser: Chrome, path: pathlib.Path) -> None:
        self.browser = browser
        browser.get_log("browser")
        browser.get_log("performance")
        browser.get(path.as_uri())

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        return [element.text for element in self.all(selector)]

    def pool(self, name: str) -> None:
        next(one for one in self.all("#pools button") if one.text.split("\n")[0] == name).click()

    def cells(self) -> list[str]:
        return [str(one.get_attribute("aria-label")) for one in self.all("#map .cell")]

    def trail(self) -> list[str]:
        return self.texts("#crumbs li")

    def focused(self) -> str:
        return str(self.browser.switch_to.active_element.get_attribute("aria-label"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)


@pytest.fixture
def shown(browser: Chrome, place: pathlib.Path) -> t.Iterator[Page]:
    found = Page(browser, place)
    yield found
    # Whatever was done: not a word on the console, and nothing asked of anybody.
    assert browser.get_log("browser") == []
    requests = [
        message["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        for message in [json.loads(entry["message"])["message"]]
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert {url for url in requests if not url.startswith("data:")} == {place.as_uri()}


def test_the_summary(shown: Page) -> None:
    assert shown.one("h1").text == "Not everything answers as claimed"
    figures = [text.split("\n") for text in shown.texts("#figures a")]
    # One address that nobody was given, and web which was given and is nowhere.
    assert [figure[0] for figure in figures] == ["2 of 3", "4", "48", "2", "52"]


def test_zoom(shown: Page) -> None:
    shown.pool("one")
    # It begins where there is something to see: ::1 and ::20.
    whole, inside = shown.trail()
    assert whole.endswith("::/80") and inside.endswith("/122")
    assert len(shown.cells()) == 2 and any(label.startswith("web, ") for label in shown.cells())
    shown.one("#out").click()
    assert shown.trail() == [whole] and shown.cells() == [f"{inside}, 2 allocations, zoom in"]
    assert not shown.one("#out").is_enabled()
    shown.one("#map .cell").click()
    assert shown.trail() == [whole, inside]
    shown.one("#crumbs button").click()
    assert shown.trail() == [whole]


def test_what_is_selected_is_told_with_its_history(shown: Page) -> None:
    shown.pool("one")
    next(one for one in shown.all("#map .cell") if str(one.get_attribute("aria-label")).startswith("db, ")).click()
    detail = shown.one("#detail").text
    assert "in quarantine" in detail and "bob@two, run r2" in detail and "allocate" in detail
    assert len(shown.all("#detail li")) == 2
    shown.pool("hosts")
    shown.one("#map .cell").click()
    shown.one("#detail button").click()
    assert shown.one('#pools [aria-current="true"] b').text == "one", "a nested pool's prefix leads to the pool"


def test_by_keyboard_alone(shown: Page) -> None:
    shown.pool("site")
    shown.browser.execute_script("document.querySelector('#map [tabindex=\"0\"]').focus()")
    assert len(shown.all('#map [tabindex="0"]')) == 1, "the map is one stop"
    before = shown.focused()
    shown.press(Keys.ARROW_RIGHT)
    right = shown.focused()
    assert right != before
    shown.press(Keys.ARROW_DOWN)
    assert shown.focused() not in (before, right)
    shown.press(Keys.ARROW_UP, Keys.ARROW_LEFT)
    assert shown.focused() == before
    shown.press(Keys.ENTER)
    assert shown.one("#detail h3").text == before.split(",")[0]
    shown.pool("one")
    shown.browser.execute_script("document.querySelector('#map [tabindex=\"0\"]').focus()")
    shown.press(Keys.ESCAPE)
    assert len(shown.trail()) == 1 and "zoom in" in shown.focused()
    shown.press(Keys.SPACE)
    assert len(shown.trail()) == 2


def test_search(shown: Page) -> None:
    shown.one("#search").send_keys("SHOP")
    assert shown.texts("#results-list button") == [
        t for t in shown.texts("#results-list button") if t.startswith("web ")
    ]
    assert shown.one("#results-count").text == "1 allocation, 0 endpoints"
    shown.one("#results-list button").click()
    assert shown.one("#detail h3").text == "web"
    assert [one.get_attribute("aria-label").split(",")[0] for one in shown.all("#map .chosen")] == ["web"]
    shown.one("#search").clear()
    shown.one("#search").send_keys("2001:db8::3")
    assert shown.texts("#results-list li") == ["mail behind one, 2001:db8::3: not as claimed"]
    shown.one("#search").send_keys(Keys.BACKSPACE * 20)
    assert not shown.one("#results").is_displayed()


def test_names_are_shown_as_they_are(shown: Page) -> None:
    shown.pool("odd")
    assert sorted(shown.texts("#list tbody button")) == sorted(NAMES)
    shown.all("#list tbody button")[0].click()
    assert shown.one("#detail h3").text in NAMES
    assert NAMES[1] in shown.texts("#matrix td:first-child")
    assert shown.browser.title == "IPv6 address plan"
    assert shown.all("img") == [] and len(shown.all("script")) == 2
    width = shown.browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0, "a long name does not make the page scroll sideways"


def test_what_answers(shown: Page) -> None:
    first = shown.all("#matrix tbody tr")[0]
    assert "mail" in first.text and "no neighbour answers for it" in first.text, "what fails comes first"
    assert shown.texts("#failures li") == matrix()["failures"]
    assert shown.texts("#advice li") == ["mail behind one: Look whether the NDP proxy runs."]
    assert shown.one("#reach-summary").text.endswith("UTC. IPv4 works as before on 1 host.")
    shown.one("#only").click()
    assert len(shown.all("#matrix tbody tr")) == 1


def test_drift_and_changes(shown: Page) -> None:
    drift = shown.texts("#drift-table tbody tr")
    assert (
        len(drift) == 2
        and any("SLAAC" in row for row in drift)
        and any("nothing on one has it" in row for row in drift)
    )
    assert shown.texts("#drift-unseen") == [
        "2 hosts could not be looked at: <b>three</b> (it gave no answer), two (no route to host)."
    ]
    changes = shown.texts("#changes-table tbody tr")
    assert (
        "one/gone 2001:db8::9, active –" in changes
        and "mail behind one – 2001:db8::3, does not answer as claimed" in changes
    )


def test_colours(shown: Page) -> None:
    def paper() -> str:
        return str(shown.browser.execute_script("return getComputedStyle(document.body).backgroundColor"))

    light = paper()
    shown.browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    dark = paper()
    assert light == "rgb(251, 250, 247)" and dark == "rgb(18, 22, 28)"
    shown.one("#theme").click()
    assert shown.one("#theme").text == "Light" and paper() == light
    shown.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    shown.one("#theme").click()
    assert shown.one("#theme").text == "Dark" and paper() == dark


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 420])
def test_whom_it_can_be_read_by(shown: Page, colours: str, width: int) -> None:
    shown.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        shown.browser.execute_script("document.documentElement.dataset.theme = arguments[0]", colours)
        shown.pool("one")
        shown.all("#map .cell")[0].click()
        shown.one("#search").send_keys("web")
        shown.browser.execute_script(AXE)
        found = shown.browser.execute_async_script(
            "const done = arguments[arguments.length - 1]; axe.run().then((result) => done(result.violations))"
        )
        assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found] == []
        sideways = shown.browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        assert sideways <= 0
    finally:
        shown.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_printed(shown: Page) -> None:
    shown.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not shown.one("#search").is_displayed() and shown.one("#map svg").is_displayed()
        assert (
            shown.browser.execute_script("return getComputedStyle(document.body).backgroundColor")
            == "rgb(255, 255, 255)"
        )
    finally:
        shown.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_large_site(browser: Chrome, tmp_path: pathlib.Path) -> None:
    with open_ledger(str(tmp_path / "ledger.sqlite"), lambda: BEGIN) as ledger:
        ledger.define_pools({"big": {"prefix": "2001:db8::/32", "length": 64, "strategy": "hash"}})
        ledger.apply([f"name{number}" for number in range(10_000)], pool="big", actor="alice@one", run="r1")
        pools = ledger.pools()
        read = rules.Ledger(ledger.export(), pools, {name: ledger.usage(name) for name in pools}, ledger.journal())
    seen = matrix()
    seen["endpoints"] = [{**seen["endpoints"][0], "name": f"end{number}"} for number in range(1000)]
    path = tmp_path / "index.html"
    path.write_text(page(rules.report(AT, read, seen, {}, None)), encoding="utf-8")
    assert path.stat().st_size < 5_000_000
    large = Page(browser, path)
    assert len(large.all("#map .cell")) == 256 and len(large.all("#list tbody tr")) == 200
    large.all("#map .cell")[7].click()
    assert len(large.trail()) == 2
    large.one("#more").click()
    assert len(large.all("#list tbody tr")) == 400
    assert browser.get_log("browser") == []
