# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t
import xml.etree.ElementTree as ET

import pytest
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import read_matrix

COLLECTIONS = str(pathlib.Path(__file__).parents[4] / ".dev")
WEB = {"role": "r", "name": "web", "behind": "h", "address": "2001:db8::20", "kind": "zone", "open": [], "closed": []}
WEB.update(ping=True, source=None, mtu=None)  # type: ignore[call-overload]
SEEN = {"name": "r/h/web", "address": "2001:db8::20", "local": "2001:db8::9", "mtu": None, "open": [], "closed": []}


def play(place: pathlib.Path, answered: bool, *words: str) -> subprocess.CompletedProcess[str]:
    echo = {"answered": answered, "rtt_ms": 0.4 if answered else None, "reason": None if answered else "no answer"}
    row: dict[str, t.Any] = {**SEEN, "ping": echo, "ok": answered, "reason": None if answered else "ping: no answer"}
    args = {"endpoints": [WEB], "probes": {"stranger": {"targets": [row], "seconds": 0.1}}}
    task = {"name": "Show", "routable.ipv6.ipv6_reachability": args}
    (place / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    (place / "ansible.cfg").touch()
    command = [sys.executable, "-m", "ansible", "playbook", str(place / "play.yml"), "-i", "h,", *words]
    environ = {**os.environ, "ANSIBLE_CONFIG": str(place / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS}
    return subprocess.run(command, capture_output=True, text=True, env=environ, cwd=place, check=False)


def test_the_table_is_printed_and_the_matrix_written(tmp_path: pathlib.Path) -> None:
    done = play(tmp_path, True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nweb       h       2001:db8::20  ✓ 0.4 ms  ·     ·       ·\n" in done.stdout
    assert "\n✓ The 1 endpoint answers as claimed, seen from stranger.\n" in done.stdout
    path = tmp_path / ".ipv6" / "reachability.json"
    matrix = json.loads(path.read_text())
    assert (matrix["version"], matrix["ok"], path.stat().st_mode & 0o777) == (1, True, 0o600)
    results = path.with_suffix(".xml")
    assert results.stat().st_mode & 0o777 == 0o600
    assert ET.parse(results).getroot()[0].attrib.items() >= {"tests": "2", "failures": "0", "errors": "0"}.items()


def test_a_failure_fails_and_is_written_all_the_same(tmp_path: pathlib.Path) -> None:
    done = play(tmp_path, False)
    assert done.returncode == 2
    assert "\n✗ web behind h (2001:db8::20) from stranger: ping: no answer\n" in done.stdout
    assert "0 of 1 endpoint answers as claimed, seen from stranger. The reasons stand above and in " in done.stdout
    assert not json.loads((tmp_path / ".ipv6" / "reachability.json").read_text())["ok"]
    assert ET.parse(tmp_path / ".ipv6" / "reachability.xml").getroot()[0].get("failures") == "1"


@pytest.mark.parametrize("earlier", ["", "[]", '{"version": 0, "ipv4": 7}', "{"])
def test_a_matrix_of_another_kind_is_no_history(tmp_path: pathlib.Path, earlier: str) -> None:
    (tmp_path / ".ipv6").mkdir()
    (tmp_path / ".ipv6" / "reachability.json").write_text(earlier)
    assert read_matrix(str(tmp_path / ".ipv6" / "reachability.json")) is None


@pytest.mark.parametrize("answered", [True, False])
def test_check_mode_shows_and_judges_but_writes_nothing(tmp_path: pathlib.Path, answered: bool) -> None:
    assert play(tmp_path, answered, "--check").returncode == (0 if answered else 2)
    assert not (tmp_path / ".ipv6").exists()
