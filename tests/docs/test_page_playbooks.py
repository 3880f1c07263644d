# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The YAML of the pages: playbooks, tasks, inventories and variables, each tried as what it is."""

from __future__ import annotations

import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager
from ansible_collections.routable.ipv6.plugins.filter.filters import FilterModule
from snippets import ROOT, Snippet, load, snippets, told
from test_page_references import check_command
from trial import PREFIX, ROLES, Trial, arguments_of, check_options, check_role, check_variables

FOUND = snippets("yaml", "yml")
# Of other programs: a compose file, CI of GitLab, a cloud config, and defaults for a group of modules.
FOREIGN = {"services", "verify", "networks", "module_defaults"}
SHARED = {"ipv6_pools", "ipv6_ledger", "ipv6_guard", "ipv6_state_dir", "report_zone", "verify_vantage"}
UPLINK = {"interface": "ens3", "addresses": ["2001:db8:0:1::a/64"], "routers": ["fe80::1"]}


def kind(content: t.Any) -> str:
    if isinstance(content, list) and all("role" in entry for entry in content):
        return "roles"
    if isinstance(content, list):
        return "playbook" if any("hosts" in entry for entry in content) else "tasks"
    if all(isinstance(value, dict) and value.keys() & {"hosts", "children", "vars"} for value in content.values()):
        return "inventory"
    return "foreign" if content.keys() <= FOREIGN else "variables"


def of_kind(*wanted: str) -> t.Any:
    found = [one for one in FOUND if kind(load(one.text)) in wanted]
    return pytest.mark.parametrize("snippet", found, ids=str)


def host_facts(variables: dict[str, t.Any]) -> dict[str, t.Any]:
    """What the role docker_host publishes, for a host with these variables."""
    plan = FilterModule().filters()["docker_host_plan"]
    wanted = {
        "host": "docker1",
        "hosts": ["docker1"],
        "uplink": UPLINK,
        "prefix": variables.get("docker_host_prefix", ""),
        "addresses": variables.get("docker_host_addresses", ["web"]),
    }
    planned = plan(wanted)
    return {"docker_host_facts": {**planned, "network": planned["user"]}}


@of_kind("playbook")
def test_a_playbook_gives_its_roles_and_modules_what_they_take(snippet: Snippet) -> None:
    for play in load(snippet.text):
        trial = Trial()
        variables = trial.fill(play.get("vars", {}), play.get("vars", {}))
        check_variables(variables)
        for role in play.get("roles", []):
            role = {"role": role} if isinstance(role, str) else role
            check_role(
                role["role"].removeprefix(PREFIX), trial.fill({**variables, **role.get("vars", {})}), complete=True
            )
            trial.variables.update(host_facts(role.get("vars", {})))
        trial.variables.update(variables)
        trial.tasks(play.get("tasks", []))


@of_kind("roles")
def test_a_role_of_a_play_gets_what_it_takes(snippet: Snippet) -> None:
    for role in load(snippet.text):
        check_role(role["role"].removeprefix(PREFIX), Trial().fill(role["vars"]), complete=True)


@of_kind("tasks")
def test_tasks_give_modules_what_they_take(snippet: Snippet, ledger: str) -> None:
    trial = Trial({**host_facts({}), "ipv6_ledger": ledger})
    for shown, said in zip(trial.tasks(load(snippet.text)), told(snippet.text)):
        assert not said or shown == load(said)


def test_results_that_a_page_tells_are_those() -> None:
    """The one play that shows a result: the page of the filters."""
    (snippet,) = [one for one in FOUND if one.page.name == "filters.md"]
    (play,) = load(snippet.text)
    trial = Trial(play["vars"])
    said = next(line.strip(" #") for line in snippet.text.splitlines() if line.strip().startswith("# ["))
    assert trial.task(play["tasks"][0]) == load(said)


@of_kind("inventory")
def test_an_inventory_gives_every_host_what_its_role_takes(snippet: Snippet, tmp_path: Path) -> None:
    path = tmp_path / "inventory.yml"
    path.write_text(snippet.text)
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(path)])
    # A page may show the variables of a group without its hosts.
    for group in [name for name, one in inventory.groups.items() if one.vars and not one.get_hosts()]:
        inventory.add_host("docker1", group)
    hosts = inventory.get_hosts()
    assert hosts
    for host in hosts:
        variables = VariableManager(loader=loader, inventory=inventory).get_vars(host=host, include_hostvars=False)
        given = {name: value for name, value in variables.items() if not name.startswith(("ansible_", "inventory_"))}
        check_variables(Trial().fill(given))


@of_kind("variables")
def test_variables_are_those_of_a_role(snippet: Snippet, tmp_path: Path) -> None:
    content = load(snippet.text)
    variables = Trial({"ipv6_ledger": str(tmp_path / "ledger.sqlite")}).fill(content, content)
    check_variables(variables)
    known = SHARED | {name for options in ROLES.values() for name in options}
    assert set(variables) <= known


@of_kind("foreign")
def test_what_other_programs_read_is_right_as_well(snippet: Snippet) -> None:
    content = Trial({**host_facts({}), **_bosh_variables()}).fill(load(snippet.text))
    if "module_defaults" in content:
        for group, options in content["module_defaults"].items():
            for module in _group(group.removeprefix(f"group/{PREFIX}")):
                assert options.keys() <= arguments_of(module)["argument_spec"].keys()
    if "networks" in content:
        wanted = {name.removeprefix("bosh_cloud_config_"): value for name, value in _bosh_variables().items()}
        assert FilterModule().filters()["bosh_cloud_config_plan"](wanted)["content"] == content
    if "services" in content:
        assert content["services"]["web"]["networks"]["routable"]["ipv6_address"].startswith("2001:db8:")
    if "verify" in content:
        check_command(content["verify"]["script"].split())


def _bosh_variables() -> dict[str, t.Any]:
    """Those of the post's network in the guide on BOSH."""
    first = next(one for one in FOUND if one.page.name == "bosh.md" and "bosh_directors:" in one.text)
    variables = yaml.safe_load(first.text)["bosh_directors"]["vars"]
    return {"bosh_cloud_config_networks": variables["bosh_cloud_config_networks"]}


def _group(name: str) -> list[str]:
    groups: dict[str, list[str]] = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]
    return groups[name]


def test_ansible_itself_takes_every_playbook(tmp_path: Path) -> None:
    paths = []
    for number, snippet in enumerate(FOUND):
        content = kind(load(snippet.text))
        if content in ("playbook", "tasks"):
            text = snippet.text
            if content == "tasks":
                inner = "".join(f"    {line}\n" for line in text.splitlines())
                text = f"- hosts: localhost\n  tasks:\n{inner}"
            path = tmp_path / f"{number}-{snippet.page.stem}.yml"
            path.write_text(text)
            paths.append(path)
    seen = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "--syntax-check", *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    assert seen.returncode == 0, seen.stderr
    assert seen.stdout.count("playbook: ") == len(paths) > 5


def test_a_wrong_option_would_be_seen() -> None:
    with pytest.raises(AssertionError, match="ndp_proxy"):
        check_options(f"{PREFIX}ndp_proxy", {"uplink": "ens3", "backend": "static"})
    with pytest.raises(AssertionError, match="docker_host has no variable docker_host_adresses"):
        check_role("docker_host", {"docker_host_adresses": []})
