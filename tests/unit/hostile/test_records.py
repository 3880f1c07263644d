# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The corpus where nobody gives an option: in the records that ipv6_manifest_info reads, and in what the callback shows."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.callback.progress import CallbackModule
from ansible_collections.routable.ipv6.plugins.modules import ipv6_manifest_info
from corpus import ALL, CANARY, anything
from hypothesis import given, settings
from test_modules import put, slots
from world import run_module

RECORD = {
    "files": {"/etc/a": {"before": "theirs", "after_sha256": "0" * 64}},
    "values": {"net/ipv6/conf/all/forwarding": "0"},
    "holders": ["docker_host"],
}
OTHERS: list[t.Any] = [None, True, 7, 1.5, [], {}, [None], {"a": None}, [[]]]


def check(place: pathlib.Path, text: str) -> None:
    (place / "owner.json").write_text(text, errors="surrogatepass")
    answered = run_module("ipv6_manifest_info", {}, str(place))
    said = str(answered.result.get("msg", ""))
    # That a file is looked at is all that may come of it.
    assert answered.tried == [] and said.isprintable() and len(said) < 5000, (text[:80], answered)
    assert "Traceback" not in str(answered.result.get("exception", "")), answered.result
    assert all(command[1:3] in (["list", "tables"], ["is-active", "--quiet"]) for command, _data in answered.commands)
    assert answered.result.get("failed") or answered.result["owners"][0]["owner"] == "owner"


@pytest.fixture
def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(ipv6_manifest_info, "DIRECTORY", str(tmp_path))
    monkeypatch.setattr("ansible.module_utils._internal.is_controller", False)
    return tmp_path


def test_records_that_somebody_else_has_written(place: pathlib.Path) -> None:
    check(place, json.dumps(RECORD))
    for text in [*ALL, "[" * 100_000, "{}", "7", "null", '{"files": 7}', '{"files": {"/a": 7}}']:
        check(place, text)
    for slot in slots(RECORD):
        for text in ALL[::2]:
            check(place, json.dumps(put(RECORD, slot, text)))
        for other in OTHERS:
            check(place, json.dumps(put(RECORD, slot, t.cast("str", other))))
    for text in ALL:
        check(place, json.dumps({**RECORD, "files": {text: RECORD["files"]["/etc/a"]}}))  # type: ignore[index]
    assert not pathlib.Path(CANARY).exists()


def test_names_of_records(place: pathlib.Path) -> None:
    for text in ALL:
        name = text.replace("/", "-").replace("\0", "")[:80]
        (place / f"{name}.json").write_text("{")
        answered = run_module("ipv6_manifest_info", {}, str(place))
        # A name that begins with a dot is none of ours.
        assert answered.result.get("failed") or name.startswith(".") or not name, name
        assert str(answered.result.get("msg", "")).isprintable() and not answered.tried
        (place / f"{name}.json").unlink()


def line(play: str, task: str) -> str:
    made = CallbackModule.__new__(CallbackModule)
    made._play, made._play_name, made._task_name, made._once = None, play, task, False
    made._total, made._done, made._lost, made._begun = 7, 5, 1, 0.0
    return str(made._line(3.0))


def test_what_the_callback_shows() -> None:
    for text in ALL:
        for said in (line(text, "a task"), line("a play", text)):
            assert said.startswith("progress: ") and said.isprintable() and len(said) < 2000


@settings(max_examples=100)
@given(anything, anything)
def test_mixtures_in_the_callback(play: str, task: str) -> None:
    assert line(play, task).isprintable()
