# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import multiprocessing
import os
import pathlib

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._endpoints import parse_endpoints, plan
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.plugin_utils._state import EndpointFiles, state_directory, write_private

WEB = parse_endpoints([{"name": "web", "kind": "container", "address": "2001:db8::20"}], "docker_host", "docker1")


def mode(path: str) -> int:
    return os.stat(path).st_mode & 0o777


@pytest.fixture
def site(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "hosts.yml").touch()
    (tmp_path / "dir").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("configured", "sources", "expected"),
    [
        (None, ["{0}/one/hosts.yml"], "{0}/one/.ipv6"),
        (None, ["{0}/dir"], "{0}/dir/.ipv6"),
        (None, ["{0}/dir", "{0}/one/hosts.yml"], "{0}/dir/.ipv6"),
        (None, ["a,b,", "{0}/one/hosts.yml"], "{0}/one/.ipv6"),
        (None, ["a,b,"], "{0}/play/.ipv6"),
        (None, [], "{0}/play/.ipv6"),
        ("", ["{0}/dir"], "{0}/dir/.ipv6"),
        ("state", ["{0}/dir"], "{0}/dir/state"),
        ("../state", ["{0}/dir"], "{0}/state"),
        ("/elsewhere", ["{0}/dir"], "/elsewhere"),
        ("~/state", ["{0}/dir"], "{0}/home/state"),
    ],
)
def test_where_the_state_is(
    site: pathlib.Path, monkeypatch: pytest.MonkeyPatch, configured: str | None, sources: list[str], expected: str
) -> None:
    monkeypatch.setenv("HOME", str(site / "home"))
    found = state_directory(configured, [source.format(site) for source in sources], str(site / "play"))
    assert found == expected.format(site)


@pytest.mark.parametrize(
    "host",
    [
        "docker1",
        "a.example.com",
        "2001:db8::1",
        "..",
        ".",
        "../../etc/passwd",
        "/etc/passwd",
        ".hidden",
        "ü",
        "a b",
        "a%2Fb",
        "a\\b",
        "a\nb",
    ],
)
def test_every_host_has_a_file_of_its_own_in_our_directory(tmp_path: pathlib.Path, host: str) -> None:
    files = EndpointFiles(str(tmp_path / "state"))
    files.write(host, WEB)
    assert os.path.dirname(files.path(host)) == files.directory
    assert [entry.name for entry in tmp_path.iterdir()] == ["state"]
    assert len(os.listdir(files.directory)) == 1
    assert files.all() == {host: WEB}
    assert files.read(host) == WEB


def test_different_hosts_have_different_files() -> None:
    hosts = ["a/b", "a%2Fb", "a%252Fb", "..", "%2E.", ".a", "%2Ea"]
    assert len({EndpointFiles("/s").path(host) for host in hosts}) == len(hosts)


def test_a_name_too_long_for_a_file() -> None:
    with pytest.raises(Refused, match="too long for a file"):
        EndpointFiles("/s").path("ü" * 100)


def test_nobody_else_may_read_it_and_nothing_else_is_left(tmp_path: pathlib.Path) -> None:
    files = EndpointFiles(str(tmp_path / "new" / "state"))
    with files.locked():
        files.write("docker1", WEB)
    assert mode(files.path("docker1")) == 0o600
    assert {mode(str(tmp_path / "new")), mode(str(tmp_path / "new" / "state")), mode(files.directory)} == {0o700}
    assert sorted(os.listdir(files.directory)) == [".lock", "docker1.json"]
    files.write("docker1", [])
    assert os.listdir(files.directory) == [".lock"]
    files.write("docker1", [])


def test_a_link_in_the_way_is_replaced_not_followed(tmp_path: pathlib.Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("theirs")
    files = EndpointFiles(str(tmp_path / "state"))
    os.makedirs(files.directory)
    os.symlink(victim, files.path("docker1"))
    files.write("docker1", WEB)
    assert victim.read_text() == "theirs"
    assert files.read("docker1") == WEB


def test_a_failed_write_leaves_the_former_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_private(str(path), "former")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(str(path), "new")
    assert path.read_text() == "former"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"host": "docker1"}',
        '{"host": 1, "endpoints": []}',
        '{"host": "docker1", "endpoints": ["web"]}',
        '{"host": "docker1", "endpoints": [{"role": "r", "name": "web", "kind": "container", "address": "192.0.2.1"}]}',
        b"\xff\xfe",
    ],
)
def test_a_file_that_is_not_ours(tmp_path: pathlib.Path, content: str | bytes) -> None:
    files = EndpointFiles(str(tmp_path))
    os.makedirs(files.directory)
    pathlib.Path(files.path("docker1")).write_bytes(content if isinstance(content, bytes) else content.encode())
    for read in (files.all, lambda: files.read("docker1")):
        with pytest.raises(Refused) as refused:
            read()
        assert str(refused.value).startswith(f"{files.path('docker1')}: ")
        assert str(refused.value).endswith("Remove it and run the roles again.")


def _claim(state: str, number: int) -> None:
    files = EndpointFiles(state)
    role = f"role{number}"
    entry = {"name": role, "kind": "host", "address": f"2001:db8::{number:x}"}
    with files.locked():
        planned = plan(files.read("docker1"), role, parse_endpoints([entry], role, "docker1"), "docker1")
        files.write("docker1", planned.after["endpoints"])


def test_many_writers_of_one_file_lose_nothing(tmp_path: pathlib.Path) -> None:
    state = str(tmp_path / "state")
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_claim, args=(state, number)) for number in range(1, 21)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with open(EndpointFiles(state).path("docker1"), encoding="utf-8") as stream:
        assert len(json.load(stream)["endpoints"]) == 20
