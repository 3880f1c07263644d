# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What counts as a trace that a lab has left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from routable_lab import traces
from routable_lab.shell import LabError


def test_running_values_are_no_difference() -> None:
    before = traces.lines("sysctls", "kernel.random.uuid = 1\nfs.file-nr = 3\nnet.ipv6.conf.all.forwarding = 0\n")
    after = traces.lines("sysctls", "kernel.random.uuid = 2\nfs.file-nr = 4\nnet.ipv6.conf.all.forwarding = 1\n")
    assert traces.differences({"sysctls": before}, {"sysctls": after}) == [
        "- sysctls: net.ipv6.conf.all.forwarding = 0",
        "+ sysctls: net.ipv6.conf.all.forwarding = 1",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("default via fe80::1 dev eth0 expires 10sec", "default via fe80::1 dev eth0 expires 600sec"),
        ("counter packets 1 bytes 60 accept", "counter packets 9 bytes 600 accept"),
        (":INPUT ACCEPT [1:60]", ":INPUT ACCEPT [2:90]"),
        ("# Generated at 1\n-A x", "# Generated at 2\n-A x"),
    ],
)
def test_counters_and_lifetimes_are_no_difference(before: str, after: str) -> None:
    assert traces.lines("x", before) == traces.lines("x", after)


def test_what_appears_and_what_goes_is_named() -> None:
    found = traces.differences({"links": ["a"], "mounts": ["m"]}, {"links": ["b"], "mounts": ["m"]})
    assert found == ["- links: a", "+ links: b"]


def test_the_machine_does_not_differ_from_itself_in_its_network(tmp_path: Path) -> None:
    state = traces.snapshot()
    for volatile in ("files", "mounts", "cgroups"):
        del state[volatile]
    again = {name: lines for name, lines in traces.snapshot().items() if name in state}
    assert traces.differences(state, again) == []


def test_a_snapshot_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"none.json cannot be read"):
        traces.compare(str(tmp_path / "none.json"))
    (tmp_path / "bad.json").write_text("x", encoding="utf-8")
    with pytest.raises(LabError, match=r"bad.json cannot be read"):
        traces.compare(str(tmp_path / "bad.json"))
    (tmp_path / "empty.json").write_text(json.dumps({}), encoding="utf-8")
    assert all(line.startswith("+ ") for line in traces.compare(str(tmp_path / "empty.json")))
