# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report in real runs of Ansible."""

from __future__ import annotations

import json
import pathlib
import stat
import typing as t

import pytest
from test_ipv6_allocate import Tasks


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Tasks:
    return Tasks(tmp_path)


def draw(site: Tasks, *words: str, **options: t.Any) -> dict[str, t.Any]:
    return site.tasks({"routable.ipv6.ipv6_report": options}, words=words).tasks["0"]["docker1"]


def test_a_report_of_what_the_ledger_has(site: Tasks) -> None:
    site.allocate(requests=[{"name": "web", "suffix": "::20"}, "Not A Host"], pool="web")
    planned = draw(site, "--check")
    place = site.inventory / ".ipv6" / "report"
    assert planned["path"] == str(place / "index.html") and not place.exists() and not planned["changed"]
    info = {"interfaces": {"eth0": ["2001:db8:1:1::66/64"]}, "containers": []}
    done = draw(
        site,
        hosts={
            "docker1": info,
            "docker2": {"unreachable": True, "msg": "no route."},
            "localhost": {"skipped": True},
            "three": None,
        },
    )
    assert done["files"] == sorted(str(path) for path in place.iterdir()) == planned["files"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o600}
    assert "2001:db8:1:1::20" in (place / "index.html").read_text()
    assert "web,Not A Host," in (place / "allocations.csv").read_text()
    # A name that is none for a hosts file costs that file, and is said.
    assert [one[:22] for one in done["warnings"][2:]] == ["hosts was not written:"] and not (place / "hosts").exists()
    # Nor is a host dropped in silence.
    assert done["warnings"][:2] == [
        "docker2 was not looked at: no route.",
        "three was not looked at: it gave no answer.",
    ]
    assert done["unseen"] == [
        {"host": "docker2", "reason": "no route"},
        {"host": "three", "reason": "it gave no answer"},
    ]
    assert [one["address"] for one in done["drift"]["unknown"]] == ["2001:db8:1:1::66"]
    assert done["drift"]["hosts"] == ["docker1"]
    assert done["changes"] is None and done["capacity"]["site"]["left"] == "65536"
    again = draw(site)
    assert again["changes"]["allocations"] == [] and again["drift"] is None


def test_records_of_a_zone(site: Tasks) -> None:
    site.allocate(requests=[{"name": "web", "suffix": "::20"}], pool="web")
    done = draw(site, zone="example.org", dest="out")
    names = sorted(pathlib.Path(path).name for path in done["files"])
    assert {"hosts", "zone.db", "reverse-web.db"} <= set(names)
    place = pathlib.Path(done["path"]).parent
    assert place.name == "out"
    assert "2001:db8:1:1::20" in (place / "zone.db").read_text() and "PTR" in (place / "reverse-web.db").read_text()


def test_nothing_to_report_and_a_damaged_file(site: Tasks) -> None:
    message = draw(site)["msg"]
    assert "there is neither a ledger nor a reachability.json, so there is nothing to report. Run" in message
    state = site.inventory / ".ipv6"
    state.mkdir(exist_ok=True)
    (state / "reachability.json").write_text("{")
    assert "reachability.json: it is no JSON" in draw(site)["msg"]
    (state / "reachability.json").write_text(json.dumps({"at": "2026-09-25T14:13:20+00:00", "endpoints": []}))
    assert draw(site)["capacity"] == {}
