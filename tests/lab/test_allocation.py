# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker hosts whose prefixes and names are in a ledger, with containers that answer.

The tests run in order and each starts from what the former left.
"""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger
from ansible_collections.routable.ipv6.plugins.module_utils._ledger_export import as_format
from conftest import Lab

HOSTS = [
    {"name": "onlink", "suite": "bookworm", "uplink": "ens3", "manager": "kernel"},
    {
        "name": "routed",
        "suite": "trixie",
        "uplink": "ens3",
        "manager": "networkd",
        "routed_prefix": "2001:db8:0:2::/64",
    },
]
NAMES = [{"name": "web", "suffix": "::20", "ports": [80]}, {"name": "api", "ports": [8080]}]
POOL = {"length": 80, "suffix": True, "strategy": "hash", "quarantine_days": 30}
POOLS = {
    "link": {**POOL, "prefix": "2001:db8:0:1::/64"},
    "route": {**POOL, "prefix": "2001:db8:0:2:100::/72"},
}
GIVEN = "2001:db8:0:2:177::/80"
ALLOCATE = "Allocate for all hosts at once"


class Site:
    """The site's playbooks against an inventory of this test."""

    def __init__(self, lab: Lab, place: pathlib.Path) -> None:
        self._lab, self._place = lab, place
        self.ledger = place / ".ipv6" / "ledger.sqlite"
        self.inventory(None)

    def inventory(self, pools: dict[str, t.Any] | None, **routed: str) -> None:
        hosts: dict[str, t.Any] = {
            "onlink": {"docker_host_pool": "link"},
            "routed": {"docker_host_pool": "route", **routed},
        }
        variables = {
            "ansible_connection": "community.docker.docker",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_host": f"{self._lab.name}-{{{{ inventory_hostname }}}}",
            "docker_host_addresses": NAMES,
            **({} if pools is None else {"ipv6_pools": pools}),
        }
        groups = {
            "vultr": {"hosts": {"onlink": {}}},
            "docker_hosts": {"hosts": hosts},
            "vantage": {"hosts": {"stranger": {}}},
        }
        content = {"all": {"children": groups, "vars": variables}}
        (self._place / "hosts.json").write_text(json.dumps(content))

    def play(self, *words: str) -> set[tuple[str, str]]:
        """Run site.yml and start the containers; gives (host, task) of what changed."""
        done = self._lab.playbook(
            "playbooks/site.yml", "lab/containers.yml", *words, inventory=str(self._place / "hosts.json"), log=True
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        decoder, found = json.JSONDecoder(), set()
        start = done.stdout.find("{\n")
        while start >= 0:
            document, end = decoder.raw_decode(done.stdout, start)
            for play in document["plays"]:
                for task in play["tasks"]:
                    found |= {
                        (host, task["task"]["name"].split(" : ")[-1])
                        for host, one in task["hosts"].items()
                        if one.get("changed")
                    }
            start = done.stdout.find("{\n", end)
        return found

    def verify(self) -> None:
        """Packets from the stranger confirm every endpoint that was stated."""
        done = self._lab.playbook("playbooks/verify.yml", inventory=str(self._place / "hosts.json"))
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

    def addresses(self) -> dict[tuple[str, str], str]:
        files = sorted((self._place / ".ipv6" / "endpoints").glob("*.json"))
        entries = [entry for file in files for entry in json.loads(file.read_text())["endpoints"]]
        return {
            (entry["behind"], entry["name"]): entry["address"] for entry in entries if entry["role"] == "docker_host"
        }


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Site:
    lab.up(HOSTS)
    return Site(lab, tmp_path_factory.mktemp("site"))


def test_switching_the_ledger_on_renumbers_nobody(site: Site) -> None:
    site.inventory(None, docker_host_prefix=GIVEN)
    site.play()
    site.verify()
    before = site.addresses()
    assert len(before) == 4 and not site.ledger.exists()
    site.inventory(POOLS, docker_host_prefix=GIVEN)
    predicted = {host for host, task in site.play("--check") if task == ALLOCATE}
    assert len(predicted) == 1 and not site.ledger.exists()
    changed = site.play()
    assert {task for dummy, task in changed} == {ALLOCATE} and len(changed) == 1
    assert site.addresses() == before
    with open_ledger(str(site.ledger)) as ledger:
        assert [one.prefix for one in ledger.find("routed")] == [GIVEN]
        assert [one.address for one in ledger.find("web")] == [before[host, "web"] for host in ("onlink", "routed")]


def test_what_is_in_the_ledger_needs_no_variable_and_a_second_run_changes_nothing(site: Site) -> None:
    before = site.addresses()
    site.inventory(POOLS)
    assert site.play() == set()
    assert site.addresses() == before
    site.verify()


def test_a_new_prefix_in_the_inventory_is_one_line_and_one_run(site: Site) -> None:
    before = site.addresses()
    site.inventory({**POOLS, "route": {**POOL, "prefix": "2001:db8:0:2:200::/72"}})
    site.play()
    site.verify()
    after = site.addresses()
    for (host, name), address in before.items():
        moved = address.replace("2001:db8:0:2:177:", "2001:db8:0:2:277:")
        assert after[host, name] == (moved if host == "routed" else address)
        assert (moved != address) == (host == "routed")
    assert site.play() == set()
    with open_ledger(str(site.ledger)) as ledger:
        former = ledger.export()["former_prefixes"]
        assert [(one["pool"], one["prefix"]) for one in former] == [
            ("route", "2001:db8:0:2:100::/72"),
            ("routed", GIVEN),
        ]
        assert ledger.verify() == []


def test_the_hosts_file_is_read_by_glibc(site: Site, lab: Lab) -> None:
    """The ledger's names as a hosts file, on a host of the lab."""
    with open_ledger(str(site.ledger)) as ledger:
        document = ledger.export()
        text = as_format("hosts", document, ledger.pools())
    entries = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    lab.exec("onlink", "sh", "-ec", "cat >>/etc/hosts", stdin=text)
    found = {(host, name): address for (host, name), address in site.addresses().items()}
    assert {words[0] for words in entries} >= set(found.values())
    for address, *names in entries:
        for name in names:
            shown = {line.split()[0] for line in lab.exec("onlink", "getent", "ahosts", name).splitlines()}
            assert address in shown, (name, shown)
