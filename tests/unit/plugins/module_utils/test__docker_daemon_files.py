# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daemon's file and our drop-in: their texts, what is said of their changes, and the diff."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_files as files
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_state import Now, Owned, Remembered, Want
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_unit import parse_unit
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

FILE = "/etc/docker/daemon.json"
DROPIN = "/etc/systemd/system/docker.service.d/zz-routable-ipv6.conf"
LINE = "[Service]\nExecStart=/usr/sbin/dockerd -H fd://\n"
OURS = "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --ipv6=true\n"
VERSION = (26, 1, 5)


def now(text: str | None = None, origin: str = "/lib/systemd/system/docker.service", **more: t.Any) -> Now:
    return Now(VERSION, text=text, unit=parse_unit([(origin, LINE)]), **more)


def want(**more: t.Any) -> Want:
    return Want({}, dropin_path=DROPIN, **more)


@pytest.mark.parametrize(
    ("text", "without"),
    [
        (None, None),
        (" \n", " \n"),
        ('{"ipv6": true, "debug": true}\n', '{"debug": true}\n'),
        # Somebody else has changed the value since, or taken it out: it is theirs.
        ('{"ipv6": false}\n', '{"ipv6": false}\n'),
        ('{"debug": true}\n', '{"debug": true}\n'),
        # What stood there before comes back as it was written.
        ('{"mtu": 1400}\n', '{"mtu": 1.5e3}\n'),
    ],
)
def test_the_file_as_it_would_be_without_us(text: str | None, without: str | None) -> None:
    owned = {"ipv6": Owned(None, "true"), "mtu": Owned("1.5e3", "1400")}
    assert files.reverted(now(text, remembered=Remembered(owned)), want()) == without


def test_the_drop_in_repeats_the_line_that_counts() -> None:
    dropin = want(backend="dropin")
    assert files.dropin_after(now(), want(), {"ipv6": True}) == (None, [])
    assert files.dropin_after(now(), want(backend="dropin", present=False), {"ipv6": True}) == (None, [])
    text, added = files.dropin_after(now(), dropin, {"ipv6": True})
    assert added == ["--ipv6=true"] and text is not None
    assert "\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --ipv6=true\n" in text
    assert "/lib/systemd/system/docker.service" in text
    missing, added = files.dropin_after(Now(None), dropin, {"ipv6": True})
    assert added == ["--ipv6=true"] and "\nExecStart=dockerd --ipv6=true\n" in str(missing)
    assert "a package that is not installed yet" in str(missing)


@pytest.mark.parametrize(
    ("origin", "wins"),
    [
        ("/etc/systemd/system/docker.service.d/zzz.conf", True),
        ("/etc/systemd/system/docker.service.d/override.conf", False),
        ("/etc/systemd/system/zzz.service", False),
    ],
)
def test_a_drop_in_that_comes_after_ours_would_win(origin: str, wins: bool) -> None:
    if not wins:
        assert files.dropin_after(now(origin=origin), want(backend="dropin"), {"ipv6": True})[0]
        return
    with pytest.raises(Refused, match=f"^backend=dropin for docker: {origin} has an ExecStart too, and its name comes"):
        files.dropin_after(now(origin=origin), want(backend="dropin"), {"ipv6": True})


def test_only_files_that_differ_are_written() -> None:
    there = now("{}\n", dropin=OURS)
    assert files.changed_files(there, want(), "{}\n", OURS) == {}
    assert files.changed_files(there, want(), None, None) == {FILE: None, DROPIN: None}
    assert files.changed_files(now(), want(), "{}\n", None) == {FILE: "{}\n"}


@pytest.mark.parametrize(
    ("text", "dropin", "off"),
    [
        (None, OURS, {DROPIN: OURS.replace("=true", "=false")}),
        ('{"ipv6": true}\n', OURS, {DROPIN: OURS.replace("=true", "=false")}),
        ('{"ipv6": true}\n', None, {FILE: '{"ipv6": false}\n'}),
        ('{"ipv6": true}\n', LINE, {FILE: '{"ipv6": false}\n'}),
        ('{"ipv6": false}\n', None, {}),
        ("{}\n", None, {}),
        (" \n", None, {}),
        (None, None, {}),
    ],
)
def test_the_same_without_ipv6(text: str | None, dropin: str | None, off: dict[str, str]) -> None:
    assert files.without_ipv6(text, dropin, want()) == off


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("{}\n", None, f"Remove {FILE}, which was not there before."),
        (None, '{"ipv6": true}\n', f"In {FILE}, set ipv6 to true."),
        (
            '{"ipv6": false, "mtu": 1, "debug": true, "bip": ""}\n',
            '{"ipv6": true, "debug": true, "fixed-cidr-v6": "::/80"}\n',
            f"In {FILE}, set ipv6 to true, fixed-cidr-v6 to ::/80 and take out mtu, bip.",
        ),
        ('{"mtu": 1}\n', " ", f"In {FILE}, take out mtu."),
        ("{}\n", "{ }\n", f"In {FILE}, bring back the former text."),
    ],
)
def test_the_change_of_the_file_in_a_sentence(before: str | None, after: str | None, sentence: str) -> None:
    (change,) = files.file_changes(now(before), want(), {FILE: after})
    assert (change.sentence, change.action, change.data) == (sentence, "file", {"path": FILE})


def test_the_change_of_the_drop_in_in_a_sentence() -> None:
    assert files.file_changes(now(), want(), {}) == []
    (change,) = files.file_changes(now(), want(), {DROPIN: None})
    assert (change.sentence, change.action, change.data) == (f"Remove {DROPIN}.", "file", {"path": DROPIN})
    (change,) = files.file_changes(now(), want(), {DROPIN: OURS})
    assert change.sentence == f"In {DROPIN}, start the daemon with --ipv6=true."
    assert (change.action, change.data) == ("file", {"path": DROPIN})


def test_the_diff_has_the_lines_of_the_files() -> None:
    state = {"ipv6": True}
    assert files.side_of_diff(None, FILE, None, DROPIN, state) == {"files": {FILE: None}, "default_bridge": state}
    shown = files.side_of_diff("{\n}\n", FILE, "[Service]\n", DROPIN, state)
    assert shown == {"files": {FILE: ["{", "}"], DROPIN: ["[Service]"]}, "default_bridge": state}


def test_what_a_start_would_find() -> None:
    """The keys that we manage: of the file, over them those of the daemon's own line, over them those of our drop-in."""
    assert files.on_disk(now()) == files.on_disk(now(" ")) == {}
    assert files.on_disk(now('{"ipv6": false, "fixed-cidr-v6": "::/80", "data-root": "/x"}\n')) == {
        "ipv6": False,
        "fixed-cidr-v6": "::/80",
    }
    assert files.on_disk(now('{"ipv6": false}\n', dropin=OURS)) == {"ipv6": True}
    assert files.on_disk(now(dropin="[Service]\n")) == {}


def test_our_drop_in_adds_what_the_daemons_own_line_has_not() -> None:
    assert files.dropin_config(now(dropin=OURS)) == {"ipv6": True}
    assert files.dropin_config(now(dropin=LINE)) == files.dropin_config(now()) == {}
