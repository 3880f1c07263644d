# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import threading
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _sources as rules
from ansible_collections.routable.ipv6.plugins.module_utils import _sources_client as client
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._sources import ANSWERS, CONF, FORCED, Seen, Source, Wanted

LINES = """\
# deb http://old.example.org/debian trixie main
deb [arch=amd64 signed-by=/x.gpg] http://deb.example.org/debian trixie main # deb http://other.example.org x
deb-src https://src.example.org:8443/debian trixie main
deb cdrom:[Debian]/ trixie main
"""
PARAGRAPHS = """\
Types: deb
URIs: http://deb.example.org/debian
 https://second.example.org/debian
# between them
Suites: trixie
Signed-By: /x.gpg

Types: deb
Enabled: no
URIs: http://off.example.org/

Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: trixie
"""
MIRRORS = "https://cdn.example.org/debian\tpriority:1\nhttp://deb.example.org/debian\n"
LATE = "nothing came within 5 s"


def wanted(**changes: t.Any) -> Wanted:
    params = {"packages": True, "force": "auto", "replace": {}, "registries": [], "required": True, **changes}
    return Wanted.parse(params)


def seen(ipv6: str = ANSWERS, ipv4: str = LATE, **changes: t.Any) -> Seen:
    values = {"host": "deb.example.org", "port": 80, "origin": "/etc/apt/sources.list", **changes}
    return Seen(Source(**values), ipv6, ipv4)


def test_both_formats_and_mirror_lists() -> None:
    files = {"/a.list": LINES, "/b.sources": PARAGRAPHS}
    assert rules.mirror_lists(files) == ["/etc/apt/mirrors/debian.list"]
    found = rules.sources({**files, "/etc/apt/mirrors/debian.list": MIRRORS}, "")
    assert [(one.host, one.port, one.origin) for one in found] == [
        ("deb.example.org", 80, "/a.list"),
        ("src.example.org", 8443, "/a.list"),
        ("second.example.org", 443, "/b.sources"),
        ("cdn.example.org", 443, "/etc/apt/mirrors/debian.list"),
    ]


def test_a_proxy_stands_for_what_is_behind_it() -> None:
    config = 'Acquire::http::Proxy "http://proxy.example.org:3128";\nAcquire::https::Proxy "DIRECT";\n'
    found = rules.sources({"/a.list": LINES}, config)
    assert [(one.host, one.port, one.origin) for one in found] == [
        ("proxy.example.org", 3128, "apt's proxy"),
        ("src.example.org", 8443, "/a.list"),
    ]
    assert rules.sources({"/a.list": LINES}, 'Acquire::http::Proxy-Auto-Detect "/usr/bin/auto-apt-proxy";\n') == []


def test_hosts_are_replaced_in_uris_alone() -> None:
    text = rules.replaced(LINES, {"deb.example.org": "new.example.org", "example.org": "no", "old.example.org": "no"})
    assert text == LINES.replace("http://deb.example.org", "http://new.example.org")
    assert "http://old.example.org" in text


@pytest.mark.parametrize(
    ("found", "now", "force", "expected"),
    [
        ([seen()], False, "auto", True),
        ([seen(ipv4=ANSWERS)], False, "auto", False),
        ([seen(ipv4=ANSWERS)], True, "auto", False),
        # Nothing answers: what is there stays.
        ([seen(ipv6=LATE)], False, "auto", False),
        ([seen(ipv6=LATE)], True, "auto", True),
        # A registry says whether IPv4 works, but not that packages come by IPv6.
        ([seen(packages=False)], False, "auto", False),
        ([], True, "auto", True),
        ([seen(ipv4=ANSWERS)], False, "always", True),
        ([seen()], True, "never", False),
    ],
)
def test_when_apt_keeps_to_ipv6(found: list[Seen], now: bool, force: str, expected: bool) -> None:
    assert rules.forced(wanted(force=force), found, now) is expected


def test_what_cannot_be_reached_is_refused_before_anything_is_written() -> None:
    lost = seen(ipv6="its name has no address", host="old.example.org")
    with pytest.raises(Refused, match=r"old\.example\.org:80 .*: over IPv6 its name has no address, over IPv4 nothing"):
        rules.plan({}, None, wanted(), [lost, seen()], True)
    made = rules.plan({}, None, wanted(required=False), [lost, seen()], True)
    assert [change.data["path"] for change in made.changes] == [CONF] and "old.example.org" in made.warnings[0]
    # Over IPv4 alone is enough, unless apt is kept from it.
    only4 = seen(ipv6=LATE, ipv4=ANSWERS)
    assert rules.plan({}, None, wanted(), [only4], True).changes == ()
    with pytest.raises(Refused, match="over IPv4 it answers"):
        rules.plan({}, None, wanted(force="always"), [only4], True)


def test_the_plan_is_made_once_and_taken_back() -> None:
    files = {"/a.list": LINES}
    want = wanted(replace={"DEB.example.org": "new.example.org"})
    first = rules.plan(files, None, want, [seen()], True)
    assert first.after == {"/a.list": rules.replaced(LINES, want.replace), CONF: FORCED}
    assert rules.plan({"/a.list": first.after["/a.list"]}, FORCED, want, [seen()], True).changes == ()
    back = rules.plan_absent({"/a.list": (first.after["/a.list"], True, LINES), CONF: (FORCED, True, None)})
    assert back.after == {"/a.list": LINES, CONF: None} and back.warnings == ()
    foreign = rules.plan_absent({"/a.list": ("other", False, LINES), CONF: (None, False, None)})
    assert foreign.changes == () and len(foreign.warnings) == 1


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("docker.io", "registry-1.docker.io", 443),
        ("registry.example.org:5000", "registry.example.org", 5000),
        ("http://mirror.example.org", "mirror.example.org", 80),
        ("[2001:db8::1]:5000", "2001:db8::1", 5000),
    ],
)
def test_registries(text: str, host: str, port: int) -> None:
    assert wanted(registries=[text]).registries == (Source(host, port, "registries", False),)


@pytest.mark.parametrize("text", ["", "a b", "ftp://x", "x:99999", "x:y", "-x", "[::1"])
def test_no_registries(text: str) -> None:
    with pytest.raises(Refused):
        wanted(registries=[text])


@pytest.mark.parametrize("replace", [{"a/b": "c"}, {"a": "http://b"}, {"a": "b\\g<0>"}])
def test_no_replacements(replace: dict[str, str]) -> None:
    with pytest.raises(Refused):
        wanted(replace=replace)


def test_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that listens, one that refuses, and a name that is looked up for longer than anybody waits."""
    hang = threading.Event()
    original = socket.getaddrinfo

    def look(host: str, *rest: t.Any) -> t.Any:
        if host == "slow.example.org":
            hang.wait(60)
        return original(host, *rest)

    monkeypatch.setattr(socket, "getaddrinfo", look)
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = socket.create_server(("127.0.0.1", 0))
        refused = free.getsockname()[1]
        free.close()
        asked = [
            Source("127.0.0.1", server.getsockname()[1], "x"),
            Source("127.0.0.1", refused, "x"),
            Source("slow.example.org", 80, "x"),
        ]
        found = client.look(asked, 0.5)
    hang.set()
    assert [one.ipv4 for one in found] == [ANSWERS, "it refuses the connection", "nothing came within 0.5 s"]
    assert found[0].ipv6 == "its name has no address"


def test_files(tmp_path: t.Any) -> None:
    mirrors = tmp_path / "mirrors"
    mirrors.write_text(MIRRORS)
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(LINES)
    (tmp_path / "sources.list.d" / "b.sources").write_text(f"Types: deb\nURIs: mirror+file:{mirrors}\n")
    (tmp_path / "sources.list.d" / "c.save").write_text(LINES)
    found = client.source_files(str(tmp_path))
    assert [path.rpartition("/")[2] for path in found] == ["sources.list", "b.sources", "mirrors"]
