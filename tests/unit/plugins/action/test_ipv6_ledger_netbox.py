# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exchange with a small NetBox on the loopback, in real runs of Ansible."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger
from doubles.netbox.server import TOKEN, Answer, Double
from test_ipv6_allocate import Tasks
from test_ipv6_endpoints import COLLECTIONS, Run

WEB = {"prefix": "2001:db8:0:1::/64", "suffix": True, "quarantine_days": 30}
SITE = {"prefix": "2001:db8:8::/48", "length": 64}


class Exchange(Tasks):
    def __init__(self, place: pathlib.Path, double: Double, url: str) -> None:
        super().__init__(place)
        self.double, self.url = double, url
        self.pools({"web": WEB, "site": SITE})

    def exchanged(self, direction: str, *words: str, **options: t.Any) -> dict[str, t.Any]:
        task = {"url": self.url, "token": TOKEN, "direction": direction, **options}
        run: Run = self.tasks({"routable.ipv6.ipv6_ledger_netbox": task}, words=words)
        return run.tasks["0"]["docker1"]

    def publish(self, *words: str, **options: t.Any) -> dict[str, t.Any]:
        return self.exchanged("publish", *words, **options)

    def give(self, *requests: dict[str, t.Any], state: str = "present") -> None:
        """Straight into the ledger: that Ansible does the same is tested elsewhere."""
        self.ledger.parent.mkdir(exist_ok=True)
        with open_ledger(str(self.ledger)) as ledger:
            ledger.define_pools({"web": WEB, "site": SITE})
            ledger.apply(requests, state, pool="web")


@pytest.fixture
def site(tmp_path: pathlib.Path) -> t.Iterator[Exchange]:
    double = Double()
    with double.running() as url:
        yield Exchange(tmp_path, double, url)


def test_published_once_and_for_good(site: Exchange) -> None:
    double = site.double
    site.give({"name": "www", "suffix": "::20", "owner": "team"}, {"name": "mail", "suffix": "::25"})
    site.give({"name": "held", "pool": "site", "prefix": "2001:db8:8:5::/64"}, state="reserved")
    hand_made = double.add("ip-addresses", "2001:0db8:0:1:0::25/64", description="by hand", status="dhcp")
    foreign = double.add("ip-addresses", "2001:db8:0:1::99/64", cf_routable_name="other/x")
    predicted = site.publish("--check", tenant="web-team", address_length=64)
    assert double.writes() == []
    done = site.publish(tenant="Web Team", address_length=64)
    assert done["changed"] and predicted == done
    assert (done["created"], done["updated"], done["deleted"]) == (2, 1, 0)
    assert "Create 2001:db8:0:1::20 for web/www." in done["changes"]
    assert double.values("ip-addresses") == {
        "2001:db8:0:1::25/64": ("web/mail", "dhcp"),
        "2001:db8:0:1::99/64": ("other/x", "active"),
        "2001:db8:0:1::20/64": ("web/www", "active"),
    }
    assert double.values("prefixes") == {"2001:db8:8:5::/64": ("site/held", "reserved")}
    rows = {row["id"]: row for row in double.tables["ip-addresses"]}
    assert rows[hand_made]["description"] == "by hand" and rows[hand_made]["tenant"] == 3
    assert rows[foreign]["tenant"] is None
    assert json.loads(done["diff"]["before"])["2001:db8:0:1::25 (id 101)"]["label"] == ""
    again = site.publish(tenant="web-team", address_length=64)
    assert not again["changed"] and again["changes"] == []
    # Released: in quarantine, then another name; a pool that is not published stays.
    site.give({"name": "www"}, state="absent")
    site.give({"name": "held", "pool": "site"}, state="absent")
    done = site.publish(only_pools=["web"], removed="deprecated")
    assert (done["updated"], done["deleted"], done["created"]) == (1, 0, 0)
    assert double.values("ip-addresses")["2001:db8:0:1::20/64"] == ("web/www", "deprecated")
    assert double.values("prefixes") == {"2001:db8:8:5::/64": ("site/held", "reserved")}
    done = site.publish()
    assert (done["updated"], done["deleted"]) == (0, 1) and double.values("prefixes") == {}


def test_a_failure_in_the_middle_is_told_and_the_next_run_completes(site: Exchange) -> None:
    double = site.double
    site.give(*({"name": f"n{number}", "suffix": f"::{number:x}"} for number in range(1, 251)))
    double.faults += [("POST", "ip-addresses", 0.0), ("POST", "ip-addresses", Answer(500, "<html/>", "text/html"))]
    failed = site.publish()
    assert failed["failed"]
    assert failed["msg"].endswith(
        "failed inside (500) at ipam/ip-addresses/: look into its log. Of 250 changes these were written before:"
        " 100 created. Run the task again to complete them."
    )
    assert len(double.tables["ip-addresses"]) == 100
    done = site.publish()
    assert done["created"] == 150 and len(double.tables["ip-addresses"]) == 250
    assert not site.publish("--check")["changed"]


def test_refused_before_anything_is_written(site: Exchange) -> None:
    double = site.double
    site.give({"name": "www", "suffix": "::20"})
    stale = double.add("ip-addresses", "2001:db8:0:1::77/128", cf_routable_name="web/gone")
    double.permissions.discard("add_ipaddress")
    failed = site.publish()
    assert failed["failed"] and "does not let this token create ip-addresses" in failed["msg"]
    assert site.publish("--check")["msg"] == failed["msg"]
    double.permissions.add("add_ipaddress")
    double.permissions.discard("delete_ipaddress")
    failed = site.publish()
    assert "does not let this token use ipam/ip-addresses/: You do not have permission" in failed["msg"]
    assert failed["msg"].endswith("Nothing of 2 changes was written before.")
    assert [row["id"] for row in double.tables["ip-addresses"]] == [stale]
    double.others["extras/custom-fields"] = []
    assert "add the field routable_name of type text for ipam.ipaddress" in site.publish()["msg"]
    assert "the ledger has no such pool" in site.publish(only_pools=["wbe"])["msg"]
    double.version = "3.4.10"
    assert "versions before 3.5 are not supported" in site.publish()["msg"]


def test_the_token_is_never_shown(site: Exchange) -> None:
    site.double.faults.append(("GET", "status", Answer(400, {"detail": f"What is {TOKEN}?"})))
    path = site.write(
        "play.yml",
        [
            {
                "hosts": "docker1",
                "gather_facts": False,
                "tasks": [
                    {
                        "name": str(number),
                        "routable.ipv6.ipv6_ledger_netbox": {
                            "url": site.url,
                            "token": token,
                            "direction": "publish",
                        },
                        "ignore_errors": True,
                    }
                    for number, token in enumerate((TOKEN, TOKEN, f"{TOKEN} {TOKEN}"))
                ],
            }
        ],
    )
    command = [sys.executable, "-m", "ansible", "playbook", str(path), "-i", str(site.inventory), "-vvvv", "--diff"]
    environ = {
        **os.environ,
        "ANSIBLE_CONFIG": str(site.write_empty("ansible.cfg")),
        "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
        "ANSIBLE_HOME": str(site.place / "home"),
    }
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=site.place, check=False)
    text = done.stdout + done.stderr
    assert "What is ***?" in text and "characters that no token has" in text
    assert TOKEN not in text


def test_imported_in_one_transaction_and_back(site: Exchange) -> None:
    double = site.double
    double.page = 2
    double.add("prefixes", "2001:db8:9::/48", status="container", description="office")
    double.add("prefixes", "2001:db8:9:1::/64", description="printers")
    double.add("prefixes", "2001:db8:9:2::/64", description="lab", status="reserved")
    double.add("prefixes", "2001:db8:9:3::/64", status="deprecated")
    double.add("ip-addresses", "2001:db8:9:1::10/64", dns_name="p1.example.org")
    double.add("ip-addresses", "2001:db8:9:1::11/64", description="p2")
    within = ["2001:db8:9::/48"]
    predicted = site.exchanged("import", "--check", within=within)
    assert not site.ledger.exists()
    done = site.exchanged("import", within=within)
    for key in predicted.keys() - {"run"}:
        assert predicted[key] == done[key], key
    assert done["pools"] == ["office", "printers"] and done["adopted"] == done["count"] == 3
    with open_ledger(str(site.ledger)) as ledger:
        has = {
            f"{one.pool.name}/{name}": (one.address, one.state)
            for name in ("p1.example.org", "p2", "lab", "printers")
            for one in ledger.find(name)
        }
        generation = ledger.export()["generation"]
    assert has == {
        "printers/p1.example.org": ("2001:db8:9:1::10", "active"),
        "printers/p2": ("2001:db8:9:1::11", "active"),
        "office/lab": ("2001:db8:9:2::", "reserved"),
        "office/printers": ("2001:db8:9:1::", "active"),
    }
    again = site.exchanged("import", within=within)
    assert not again["changed"] and again["pools"] == []
    # Back: the same objects get labels, the container stays one, and another import finds nothing new.
    published = site.publish()
    assert (published["created"], published["updated"]) == (0, 4)
    assert double.values("prefixes")["2001:db8:9:1::/64"] == ("office/printers", "active")
    assert not site.exchanged("import")["changed"]
    with open_ledger(str(site.ledger)) as ledger:
        assert ledger.export()["generation"] == generation
    # Clashes come all at once, and nothing of the import stays.
    for host in ("2", "3"):
        double.add("ip-addresses", f"2001:db8:9:1::{host}/64", cf_routable_name="printers/p2")
    double.add("ip-addresses", "2001:db8:9:1::/64", description="anycast")
    double.add("ip-addresses", "2001:db8:9:1:fdff:ffff:ffff:ffff/64", description="held back", status="reserved")
    failed = site.exchanged("import", within=within)
    assert failed["failed"] and failed["msg"].startswith("5 cannot be adopted: ")
    assert all(name in failed["msg"] for name in ("anycast", "p2", "held back"))
    with open_ledger(str(site.ledger)) as ledger:
        assert ledger.export()["generation"] == generation


def test_duplicates_are_reported_and_never_multiplied(site: Exchange) -> None:
    double = site.double
    double.unique = False
    site.give({"name": "www", "suffix": "::20"})
    for length in (64, 128):
        double.add("ip-addresses", f"2001:db8:0:1::20/{length}")
    double.add("ip-addresses", "2001:db8:0:1::20/64", vrf=7)
    done = site.publish()
    assert not done["changed"] and "2 times (ids 101, 102), and none of them was labelled" in done["duplicates"][0]
    done = site.publish(vrf="65000:7")
    assert done["updated"] == 1 and double.tables["ip-addresses"][2]["custom_fields"] == {"routable_name": "web/www"}
    assert "NetBox has none with this rd or name" in site.publish(vrf="red")["msg"]
    assert "it has no meaning with direction: publish" in site.publish(within=["2001:db8::/48"])["msg"]
