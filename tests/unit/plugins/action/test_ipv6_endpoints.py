# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugins in a real run of Ansible: many hosts at once, check mode, diff, and inventories of each kind."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest

COLLECTIONS = str(pathlib.Path(__file__).parents[4] / ".dev")
HOSTS = [f"docker{number}" for number in range(1, 13)]
PLAY: dict[str, t.Any] = {
    "hosts": "docker_hosts",
    "gather_facts": False,
    "tasks": [
        {
            "name": "State",
            "routable.ipv6.ipv6_endpoints": {
                "role": "{{ role | default('docker_host') }}",
                "state": "{{ state | default('present') }}",
                "endpoints": "{{ claims }}",
            },
        },
        {"name": "Fact", "ansible.builtin.debug": {"var": "ipv6_endpoints"}},
    ],
}
INFO: dict[str, t.Any] = {
    "hosts": "localhost",
    "connection": "local",
    "gather_facts": False,
    "tasks": [{"name": "Info", "routable.ipv6.ipv6_endpoints_info": {}}],
}


class Run(t.NamedTuple):
    """What became of a playbook: the results of each task, by its name and by host."""

    code: int
    tasks: dict[str, dict[str, dict[str, t.Any]]]


class Site:
    def __init__(self, place: pathlib.Path) -> None:
        self.place = place
        self.inventory = place / "inventory"
        self.inventory.mkdir()
        claims = [
            {"name": "web", "kind": "container", "address": "2001:DB8::{{ number }}", "open": [80, "{{ 440 + 3 }}"]}
        ]
        hosts = {host: {"number": host[6:]} for host in HOSTS}
        # Nobody listens there: a connection to a host would fail the test.
        nowhere = {"ansible_connection": "ansible.builtin.ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
        group = {"hosts": hosts, "vars": {"claims": claims, **nowhere}}
        self.write("inventory/hosts.json", {"docker_hosts": group})

    def write(self, path: str, content: object) -> pathlib.Path:
        (self.place / path).write_text(json.dumps(content))
        return self.place / path

    def write_empty(self, path: str) -> pathlib.Path:
        (self.place / path).touch()
        return self.place / path

    def run(self, play: dict[str, t.Any] | None = None, *words: str, sources: t.Sequence[str] = ()) -> Run:
        path = self.write("play.yml", [play or PLAY])
        command = [sys.executable, "-m", "ansible", "playbook", str(path), "--diff", "--forks", "10", *words]
        for source in sources or [str(self.inventory)]:
            command += ["-i", source]
        environ = {
            **os.environ,
            "ANSIBLE_CONFIG": str(self.write_empty("ansible.cfg")),
            "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
            "ANSIBLE_HOME": str(self.place / "home"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_ROLES_PATH": str(self.place / "roles"),
        }
        done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=self.place, check=False)
        content = json.loads(done.stdout[done.stdout.index("{") :])
        tasks = {task["task"]["name"]: task["hosts"] for play in content["plays"] for task in play["tasks"]}
        return Run(done.returncode, tasks)

    def files(self, state: str = "inventory/.ipv6") -> dict[str, t.Any]:
        found = sorted((self.place / state / "endpoints").glob("*.json"))
        return {file.stem: json.loads(file.read_text()) for file in found}


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Site:
    return Site(tmp_path)


def changed(run: Run) -> set[bool]:
    return {result["changed"] for result in run.tasks["State"].values()}


def test_ten_forks_check_mode_idempotence_and_withdrawal(site: Site) -> None:
    predicted = site.run(PLAY, "--check")
    assert predicted.code == 0 and changed(predicted) == {True}
    assert not (site.inventory / ".ipv6").exists()
    first = site.run()
    assert changed(first) == {True}
    for host in HOSTS:
        assert predicted.tasks["State"][host]["diff"] == first.tasks["State"][host]["diff"]
        assert predicted.tasks["Fact"][host]["ipv6_endpoints"] == first.tasks["Fact"][host]["ipv6_endpoints"]
    assert sorted(site.files()) == sorted(HOSTS)
    assert site.files()["docker1"]["endpoints"] == [
        {
            "role": "docker_host",
            "name": "web",
            "address": "2001:db8::1",
            "kind": "container",
            "behind": "docker1",
            "open": [{"port": 80, "protocol": "tcp"}, {"port": 443, "protocol": "tcp"}],
            "closed": [],
            "ping": True,
            "source": None,
            "mtu": None,
        }
    ]
    assert first.tasks["Fact"]["docker1"]["ipv6_endpoints"] == site.files()["docker1"]["endpoints"]
    second = site.run()
    assert changed(second) == {False}
    diff = second.tasks["State"]["docker1"]["diff"]
    assert diff["before"] == diff["after"] != "[]\n"
    other = ("-e", '{"role": "lab", "claims": [{"name": "x", "kind": "host", "address": "2001:db8:1::{{ number }}"}]}')
    assert changed(site.run(PLAY, *other)) == {True}
    info = site.run(INFO).tasks["Info"]["localhost"]
    assert info["hosts"] == sorted(HOSTS) and info["unknown_hosts"] == []
    assert len(info["endpoints"]) == 2 * len(HOSTS)
    assert changed(site.run(PLAY, "-e", "state=absent", "--check")) == {True}
    assert changed(site.run(PLAY, "-e", "state=absent")) == {True}
    assert {entry["role"] for content in site.files().values() for entry in content["endpoints"]} == {"lab"}
    assert changed(site.run(PLAY, "-e", "state=absent")) == {False}
    assert changed(site.run(PLAY, *other, "-e", "state=absent")) == {True}
    assert site.files() == {}


def test_under_include_role(site: Site) -> None:
    tasks = site.place / "roles" / "mine" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "main.yml").write_text(json.dumps(PLAY["tasks"]))
    included = {"name": "Role", "ansible.builtin.include_role": {"name": "mine"}}
    run = site.run({"hosts": "docker1", "gather_facts": False, "tasks": [included]})
    assert run.code == 0
    assert list(site.files()) == ["docker1"]


@pytest.mark.parametrize(
    ("sources", "words", "state"),
    [
        (["{0}/inventory/hosts.json"], [], "inventory/.ipv6"),
        (["{0}/other", "{0}/inventory/hosts.json"], [], "other/.ipv6"),
        (["docker1,", "{0}/inventory"], [], "inventory/.ipv6"),
        (["docker1,"], [], ".ipv6"),
        (["{0}/inventory"], ["-e", "ipv6_state_dir=../kept"], "kept"),
        (["{0}/inventory"], ["-e", '{{"ipv6_state_dir": "{{{{ inventory_dir }}}}/there"}}'], "inventory/there"),
    ],
)
def test_inventories_of_each_kind(site: Site, sources: list[str], words: list[str], state: str) -> None:
    (site.place / "other").mkdir()
    (site.place / "other" / "more.json").write_text('{"all": {"hosts": {"docker1": {}}}}')
    play = {**PLAY, "hosts": "docker1", "vars": {"number": 1, "claims": []}}
    claim = '{"claims": [{"name": "web", "kind": "container", "address": "2001:db8::1"}]}'
    given = [word.format(site.place) for word in words]
    run = site.run(play, "-e", claim, *given, sources=[source.format(site.place) for source in sources])
    assert run.code == 0
    assert list(site.files(state)) == ["docker1"]


def test_a_bad_entry_is_one_sentence_and_writes_nothing(site: Site) -> None:
    run = site.run(PLAY, "-e", '{"claims": [{"name": "web", "kind": "container", "address": "192.0.2.1"}]}')
    assert run.code == 2
    message = run.tasks["State"]["docker1"]["msg"]
    assert "endpoint web: address=192.0.2.1: this is IPv4 where IPv6 is needed. Give an IPv6 value." in message
    assert site.files() == {}


def test_a_state_directory_that_cannot_be_written(site: Site) -> None:
    (site.place / "file").touch()
    run = site.run(PLAY, "-e", f"ipv6_state_dir={site.place}/file")
    assert run.code == 2
    assert "The state directory cannot be used: " in run.tasks["State"]["docker1"]["msg"]


def test_a_host_that_left_the_inventory_is_named(site: Site) -> None:
    site.run()
    site.write("inventory/hosts.json", {"docker_hosts": {"hosts": {host: {} for host in HOSTS[1:]}}})
    assert site.run(INFO).tasks["Info"]["localhost"]["unknown_hosts"] == ["docker1"]
