# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin and the lookup in real runs of Ansible."""

from __future__ import annotations

import getpass
import json
import pathlib
import socket
import sys
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger
from test_ipv6_endpoints import Run, Site

POOLS = {
    "site": {"prefix": "2001:db8::/48", "length": 64, "strategy": "sparse"},
    "web": {"prefix": "2001:db8:1:1::/64", "suffix": True, "quarantine_days": 30},
    "given": {"prefix": "2001:db8:ffff::/48", "strategy": "fixed"},
}


class Tasks(Site):
    """Each task is one call on localhost; pools come from the inventory."""

    def __init__(self, place: pathlib.Path) -> None:
        super().__init__(place)
        hosts = {"docker1": {"docker_host_prefix": "2001:db8:0:8::/64"}, "docker2": {}, "docker3": {}}
        self.pools(POOLS)
        self.write("inventory/hosts.json", {"docker_hosts": {"hosts": hosts}})

    def pools(self, pools: dict[str, t.Any]) -> None:
        group_vars = self.inventory / "group_vars"
        group_vars.mkdir(exist_ok=True)
        (group_vars / "all.json").write_text(json.dumps({"ipv6_pools": pools}))

    def tasks(self, *tasks: dict[str, t.Any], words: t.Sequence[str] = ()) -> Run:
        """Run tasks, named 0, 1, …; a mapping without a module is options of ipv6_allocate."""
        named = []
        for number, task in enumerate(tasks):
            module = any("." in key for key in task)
            named.append({"name": str(number), **(task if module else {"routable.ipv6.ipv6_allocate": task})})
        # Not the implicit localhost: that one has no group_vars.
        return self.run({"hosts": "docker1", "gather_facts": False, "tasks": named}, *words)

    def allocate(self, *words: str, **options: t.Any) -> dict[str, t.Any]:
        return self.tasks(options, words=words).tasks["0"]["docker1"]

    @property
    def ledger(self) -> pathlib.Path:
        return self.inventory / ".ipv6" / "ledger.sqlite"


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Tasks:
    return Tasks(tmp_path)


def test_check_mode_tells_what_a_run_does_and_a_second_run_changes_nothing(site: Tasks) -> None:
    options: dict[str, t.Any] = {
        "requests": [{"name": "webserver", "suffix": "::20", "owner": "team"}, "mail"],
        "pool": "web",
        "group": "docker_hosts",
    }
    options["requests"].append({"name": "docker1", "pool": "site"})
    predicted = site.allocate("--check", **options)
    assert not site.ledger.parent.exists()
    done = site.allocate(**options)
    assert done["changed"] and predicted["changed"]
    for key in ("allocations", "allocation_list", "by_pool", "diff", "pools", "ledger"):
        assert predicted[key] == done[key], key
    assert done["allocations"]["webserver"] == {
        "name": "webserver",
        "pool": "web",
        "address": "2001:db8:1:1::20",
        "prefix": None,
        "suffix": "::20",
        "length": 128,
        "state": "active",
        "owner": "team",
        "meta": {},
        "generation": done["allocations"]["webserver"]["generation"],
        "changed": True,
    }
    assert done["by_pool"]["site"]["docker1"]["prefix"] == "2001:db8::/64"
    # A name in two pools is never one of them by accident.
    assert "docker1" not in done["allocations"] and done["allocations"]["web/docker1"]["owner"] == "docker1"
    assert [entry["name"] for entry in done["allocation_list"]][:3] == ["webserver", "mail", "docker1"]
    assert '"web/webserver"' in done["diff"]["after"] and '"web/webserver"' not in done["diff"]["before"]
    again = site.allocate(**options)
    assert not again["changed"] and again["diff"]["before"] == again["diff"]["after"]
    assert {name: entry["address"] for name, entry in again["allocations"].items()} == {
        name: entry["address"] for name, entry in done["allocations"].items()
    }
    with open_ledger(str(site.ledger)) as ledger:
        before = ledger.export()
        assert site.allocate("--check", requests=["new"], pool="web")["changed"]
        assert ledger.export() == before
        line = ledger.journal(name="webserver")[0]
    assert line["actor"] == f"{getpass.getuser()}@{socket.gethostname()}"
    assert line["run"] == done["run"] != again["run"]


def test_one_run_has_one_name_and_awx_gives_its_own(site: Tasks) -> None:
    run = site.tasks({"requests": ["a"], "pool": "web"}, {"requests": ["b"], "pool": "web"})
    assert run.tasks["0"]["docker1"]["run"] == run.tasks["1"]["docker1"]["run"]
    assert site.allocate("-e", "awx_job_id=42", requests=["c"], pool="web")["run"] == "job 42"


def test_all_or_nothing_with_the_pools(site: Tasks) -> None:
    refused = site.allocate(
        requests=["fine", {"name": "bad", "address": "2001:db8:9::1"}], pool="web", pools={"web": POOLS["web"]}
    )
    assert refused["failed"] and "2001:db8:9::1" in refused["msg"]
    with open_ledger(str(site.ledger)) as ledger:
        assert ledger.pools() == {} and ledger.journal() == []


def test_release_return_and_a_stale_release(site: Tasks) -> None:
    given = site.allocate(requests=["a"], pool="web")["allocations"]["a"]
    changed = site.allocate(requests=["a"], pool="web", owner="other")["allocations"]["a"]
    assert changed["generation"] > given["generation"]
    stale = site.allocate(state="absent", requests=[{"name": "a", "generation": given["generation"]}], pool="web")
    assert stale["failed"] and f"generation={given['generation']}" in stale["msg"]
    gone = site.allocate(state="absent", requests=[{"name": "a", "generation": changed["generation"]}], pool="web")
    assert gone["changed"] and gone["allocations"]["a"]["state"] == "quarantine"
    other = site.allocate(requests=["b"], pool="web")["allocations"]["b"]
    assert other["address"] != given["address"]
    back = site.allocate(requests=["a"], pool="web")["allocations"]["a"]
    assert back["address"] == given["address"] and back["state"] == "active"
    held = site.allocate(requests=["c"], pool="web", state="reserved")["allocations"]["c"]
    assert held["state"] == "reserved"


def test_all_that_an_owner_has_is_released_in_one_call(site: Tasks) -> None:
    site.allocate(requests=["a", {"name": "b", "owner": "other"}, {"name": "c", "pool": "site"}], pool="web", owner="h")
    options: dict[str, t.Any] = {"state": "absent", "owners": ["h"]}
    predicted, done, again = site.allocate("--check", **options), site.allocate(**options), site.allocate(**options)
    assert [(one["name"], one["state"]) for one in done["allocation_list"]] == [("c", "absent"), ("a", "quarantine")]
    for key in ("changed", "allocations", "count"):
        assert predicted[key] == done[key], key
    assert predicted["diff"]["before"] == done["diff"]["before"]
    assert "web/a" in done["diff"]["before"] and "web/b" not in done["diff"]["before"]
    assert (again["changed"], again["count"]) == (False, 0)
    assert "owners, state=present" in site.allocate(owners=["h"])["msg"]


def test_a_pool_that_would_move_somebody_is_refused_and_a_suffix_pool_moves_as_a_whole(site: Tasks) -> None:
    site.allocate(requests=[{"name": "a", "suffix": "::20"}, {"name": "a", "pool": "site"}], pool="web")
    site.pools({**POOLS, "site": {**POOLS["site"], "prefix": "2001:db8:2::/48"}})
    refused = site.allocate(requests=["a"], pool="web")
    assert refused["failed"] and "1 would have to move: a (2001:db8::/64" in refused["msg"]
    site.pools({**POOLS, "web": {**POOLS["web"], "prefix": "2001:db8:3:3::/64"}})
    moved = site.allocate(requests=["a"], pool="web")
    assert moved["changed"] and moved["allocations"]["a"]["address"] == "2001:db8:3:3::20"
    assert '"prefix": "2001:db8:1:1::/64"' in moved["diff"]["before"]
    taken = site.allocate(pools={"next": {"prefix": "2001:db8:1:1::/64"}}, requests=["x"], pool="next")
    assert taken["failed"] and "2001:db8:1:1::/64 of the pool web is in quarantine" in taken["msg"]


def test_places_that_are_preferred_and_names_that_move(site: Tasks) -> None:
    wanted = {"name": "a", "prefer": "2001:db8:1:1::77"}
    assert site.allocate(requests=[wanted], pool="web")["allocations"]["a"]["suffix"] == "::77"
    others = [
        {"name": "a", "prefer": "::78"},  # known: stays
        {"name": "b", "prefer": "::77"},  # taken: the pool decides
        {"name": "c", "prefer": "2001:db8:9::1"},  # elsewhere: the pool decides
    ]
    found = site.allocate(requests=others, pool="web")["allocations"]
    assert {name: entry["suffix"] for name, entry in found.items()} == {"a": "::77", "b": "::1", "c": "::2"}
    stays = site.allocate(requests=[{"name": "a", "suffix": "::99"}], pool="web")
    assert stays["failed"] and "for good" in stays["msg"]
    moved = site.allocate(requests=[{"name": "a", "suffix": "::99", "move": True}], pool="web")
    assert moved["allocations"]["a"]["suffix"] == "::99"
    assert '"prefix": "2001:db8:1:1::77/128"' in moved["diff"]["before"]
    left = site.allocate(requests=[{"name": "d", "suffix": "::77"}], pool="web")
    assert left["failed"] and "quarantine" in left["msg"]
    assert not site.allocate(requests=[{"name": "a", "suffix": "::99", "move": True}], pool="web")["changed"]


def test_files_in_and_out(site: Tasks) -> None:
    (site.place / "names.txt").write_text('# names\nn1\n\n{"name": "n2", "suffix": "::2"}\n')
    done = site.allocate(requests_file="names.txt", pool="web", result="file", result_file="out/addresses.json")
    assert done["count"] == 2 and "allocations" not in done
    entries = json.loads((site.place / "out" / "addresses.json").read_text())
    assert [(entry["name"], entry["suffix"]) for entry in entries] == [("n1", "::1"), ("n2", "::2")]
    (site.place / "broken.txt").write_text("[nothing")
    assert "it is no JSON" in site.allocate(requests_file="broken.txt", pool="web")["msg"]
    assert "it cannot be read" in site.allocate(requests_file="none.txt", pool="web")["msg"]
    assert "they belong together" in site.allocate(requests=["a"], pool="web", result="file")["msg"]


def test_adopt_reports_all_clashes_and_verify_compares(site: Tasks) -> None:
    site.allocate(requests=[{"name": "held", "suffix": "::5"}], pool="web")
    containers = [
        {"name": "one", "addresses": {"routable": "2001:db8:1:1::1"}},
        {"name": "five", "addresses": {"routable": "2001:db8:1:1::5"}},
        {"name": "far", "addresses": {"routable": "2001:db8:77::1"}},
    ]
    clashing = site.allocate(source="docker", content={"containers": containers}, state="adopted", owner="docker1")
    assert "2 cannot be adopted" in clashing["msg"]
    assert "held has 2001:db8:1:1::5/128" in clashing["msg"] and "far=2001:db8:77::1" in clashing["msg"]
    before = site.allocate(source="docker", content={"containers": containers}, state="verified")
    assert before["failed"] and len(before["findings"]) == 2, before["findings"]
    done = site.allocate(source="docker", content={"containers": containers[:1]}, state="adopted", owner="docker1")
    assert (
        done["allocations"]["one"]["address"] == "2001:db8:1:1::1" and done["allocations"]["one"]["owner"] == "docker1"
    )
    good = site.allocate(source="docker", content={"containers": containers[:1]}, state="verified")
    assert good["findings"] == [] and not good["changed"]
    hosts = site.allocate(source="inventory", state="adopted")
    assert hosts["by_pool"]["site"]["docker1"]["prefix"] == "2001:db8:0:8::/64"
    site.pools({**POOLS, "web": {**POOLS["web"], "quarantine_days": 1}})
    assert site.allocate(state="verified")["findings"] == ["pool web is defined in another way in the ledger"]


PROVIDER = """
import json, sys
asked = json.load(sys.stdin)
with open("asked", "a") as log:
    print(json.dumps(asked), file=log)
answers = {"text": "2001:db8:ffff::1", "json": '"2001:db8:ffff::2"',
           "object": '{"address": "2001:db8:ffff::3", "owner": "them", "meta": {"ticket": 7}}',
           "full": "2001:db8:ffff::4", "nowhere": "2001:db8:ffff::5", "outside": "2001:db8:77::1",
           "garbage": "see the wiki", "unknown": '{"ip": "::1"}', "empty": "", "taken": "2001:db8:ffff::1"}
if asked["name"] == "fail":
    sys.exit("nobody is at home")
if asked["name"] == "slow":
    import time
    time.sleep(60)
print(answers[asked["name"]])
"""


def test_a_provider_serves_what_no_pool_can(site: Tasks) -> None:
    (site.place / "provider.py").write_text(PROVIDER)
    options = {"provider": [sys.executable, "provider.py"], "provider_timeout": 10}
    names = {"requests": ["text", "json", "object"], "pool": "given"}
    predicted = site.allocate("--check", **names, **options)
    done = site.allocate(**names, **options)
    assert [entry["address"] for entry in done["allocation_list"]] == [f"2001:db8:ffff::{n}" for n in (1, 2, 3)]
    assert predicted["allocation_list"] == done["allocation_list"]
    assert done["allocations"]["object"]["owner"] == "them" and done["allocations"]["object"]["meta"]["ticket"] == 7
    asked = [json.loads(line) for line in (site.place / "asked").read_text().splitlines()]
    assert [one["check_mode"] for one in asked] == [True] * 3 + [False] * 3
    assert asked[0]["name"] == "text" and asked[0]["pool"] == "given"
    (site.place / "asked").unlink()
    assert not site.allocate(**names, **options)["changed"]
    tiny = {**POOLS, "tiny": {"prefix": "2001:db8:5::/127"}}
    full = {"requests": ["fits", "full"], "pool": "tiny", "pools": tiny}
    done = site.allocate(**full, **options)
    assert done["by_pool"]["tiny"]["fits"]["address"] == "2001:db8:5::1"
    assert done["by_pool"]["given"]["full"]["address"] == "2001:db8:ffff::4"
    (site.place / "asked").unlink()
    assert not site.allocate(**full, **options)["changed"]
    assert not (site.place / "asked").exists()
    done = site.allocate(requests=["nowhere"], **options)
    assert done["by_pool"]["given"]["nowhere"]["address"] == "2001:db8:ffff::5"
    (site.place / "asked").unlink()
    assert not site.allocate(requests=["nowhere"], **options)["changed"]
    assert not (site.place / "asked").exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("slow", "gave no answer in 0.5 s"),
        ("fail", "ended with 1 (nobody is at home)"),
        ("garbage", "its answer 'see the wiki' is no address"),
        ("unknown", "an answer has address"),
        ("empty", "printed nothing"),
        ("outside", "it lies in no pool of the ledger"),
    ],
)
def test_a_provider_that_does_not_answer_is_one_sentence(site: Tasks, name: str, sentence: str) -> None:
    (site.place / "provider.py").write_text(PROVIDER)
    words = [sys.executable, "provider.py"]
    timeout = 0.5 if name == "slow" else 20
    refused = site.allocate(requests=[name], pool="given", provider=words, provider_timeout=timeout)
    assert refused["failed"] and sentence in refused["msg"], refused["msg"]
    assert "Traceback" not in refused["msg"]
    with open_ledger(str(site.ledger)) as ledger:
        assert ledger.journal() == []


def test_a_provider_that_is_not_there(site: Tasks) -> None:
    refused = site.allocate(requests=["a"], pool="given", provider="./none.sh")
    assert "cannot be run (No such file or directory)" in refused["msg"]
    without = site.allocate(requests=["a"], pool="given")
    assert "a pool with the strategy fixed does not choose" in without["msg"]


def test_the_lookup_reads_and_does_not_allocate(site: Tasks) -> None:
    def show(words: str) -> dict[str, t.Any]:
        return {"ansible.builtin.debug": {"msg": "{{ query('routable.ipv6.ipv6_address', " + words + ") }}"}}

    assert "there is no such file" in site.tasks(show("'a'")).tasks["0"]["docker1"]["msg"]
    assert not site.ledger.exists()
    site.allocate(requests=["a", {"name": "h", "pool": "site"}, {"name": "a", "pool": "site"}], pool="web")
    run = site.tasks(
        show("'a', 'a', pool='web'"),
        show("'h', part='prefix'"),
        show("'a', pool='web', part='suffix'"),
        show("'h', part='all'"),
        show("'new', pool='web', allocate=true"),
    )
    messages = [run.tasks[str(number)]["docker1"]["msg"] for number in range(5)]
    assert messages[:3] == [["2001:db8:1:1::1"] * 2, ["2001:db8::/64"], ["::1"]]
    assert messages[3][0]["owner"] == "" and messages[4] == ["2001:db8:1:1::2"]
    assert "it is in several pools: site, web" in site.tasks(show("'a'")).tasks["0"]["docker1"]["msg"]
    assert "the ledger has no allocation for it" in site.tasks(show("'none'")).tasks["0"]["docker1"]["msg"]
    check = site.tasks(show("'more', pool='web', allocate=true"), words=["--check"])
    assert check.tasks["0"]["docker1"]["msg"] == ["2001:db8:1:1::3"]
    assert "no allocation" in site.tasks(show("'more'")).tasks["0"]["docker1"]["msg"]


def test_a_ledger_that_cannot_be_used(site: Tasks) -> None:
    site.ledger.parent.mkdir()
    site.ledger.write_text("this is a letter, not a database" * 100)
    refused = site.allocate(requests=["a"], pool="web")
    assert f"The ledger {site.ledger} is damaged" in refused["msg"]
    elsewhere = site.allocate(requests=["a"], pool="web", ledger="kept/ledger.sqlite")
    assert elsewhere["ledger"] == str(site.inventory / "kept" / "ledger.sqlite")


def test_exports(site: Tasks) -> None:
    def export(**options: t.Any) -> dict[str, t.Any]:
        return {"routable.ipv6.ipv6_ledger_export": options}

    assert "there is no such file" in site.tasks(export(format="json")).tasks["0"]["docker1"]["msg"]
    site.allocate(requests=[{"name": "www", "suffix": "::20"}, {"name": "one", "pool": "site"}], pool="web")
    kinds = [
        export(format="hosts", zone="example.org"),
        export(format="zone", zone="example.org"),
        export(format="reverse_zone", zone="example.org", prefix="2001:db8:1:1::/64"),
        export(format="csv", only=["site"]),
        export(format="netbox_prefixes"),
        export(format="netbox_addresses", zone="example.org"),
    ]
    run = site.tasks(*kinds)
    texts = [run.tasks[str(number)]["docker1"]["content"] for number in range(len(kinds))]
    assert texts[0] == "2001:db8:1:1::20 www.example.org www\n"
    assert texts[1].split() == ["www.example.org.", "IN", "AAAA", "2001:db8:1:1::20"]
    assert texts[2].startswith("0.2.0.0.") and texts[2].endswith("www.example.org.\n")
    assert texts[3].splitlines()[1:] == ["site,one,2001:db8::/64,,,active"]
    assert "2001:db8::/64" in texts[4] and "2001:db8:1:1::20/128" in texts[5]
    written = [
        site.tasks(export(format="json", dest="out/ledger.json"), words=words) for words in (["--check"], [], [])
    ]
    assert [run.tasks["0"]["docker1"]["changed"] for run in written] == [True, True, False]
    assert written[0].tasks["0"]["docker1"]["diff"] == written[1].tasks["0"]["docker1"]["diff"]
    with open_ledger(str(site.ledger)) as ledger:
        assert (site.place / "out" / "ledger.json").read_text() == ledger.export_text()
    refused = [export(format="json", only=["web"]), export(format="zone"), export(format="csv", only=["none"])]
    for task, sentence in zip(refused, ["is whole", "records belong to a zone", "no such pool"], strict=True):
        assert sentence in site.tasks(task).tasks["0"]["docker1"]["msg"]


def test_an_export_fills_a_new_ledger(site: Tasks) -> None:
    site.allocate(requests=["a", "b"], pool="web")
    site.allocate(requests=["b"], pool="web", state="absent")
    read = {"routable.ipv6.ipv6_ledger_import": {"src": "ledger.json", "ledger": "new/ledger.sqlite"}}
    assert "it cannot be read" in site.tasks(read).tasks["0"]["docker1"]["msg"]
    write = {"routable.ipv6.ipv6_ledger_export": {"format": "json", "dest": "ledger.json"}}
    predicted = site.tasks(write, {**read, "check_mode": True}).tasks["1"]["docker1"]
    new = site.inventory / "new" / "ledger.sqlite"
    assert predicted["changed"] and not new.exists()
    done = site.tasks(read).tasks["0"]["docker1"]
    assert done["diff"] == predicted["diff"] and done["changed"]
    text = (site.place / "ledger.json").read_text()
    with open_ledger(str(new)) as ledger:
        assert ledger.export_text() == text == done["diff"]["after"]
    assert not site.tasks(read).tasks["0"]["docker1"]["changed"]
    (site.place / "ledger.json").write_text(text.replace('"a"', '"c"'))
    assert "the ledger is in use" in site.tasks(read).tasks["0"]["docker1"]["msg"]
    with open_ledger(str(new)) as ledger:
        assert ledger.export_text() == text
