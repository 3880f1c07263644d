# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The corpus in the documented variables of every role, on the way that their values take.

Where a value goes is read from the role's own tasks: Ansible's check of the arguments, then options of modules and keys
of the filters that plan, each of which is tried with it. Nothing else may take a text, but what is named here.
"""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from corpus import ALL, CANARY
from samples import INSTANCE
from test_actions import GIVEN as ACTIONS
from test_filters import CLOUD, DOCKER, FILTERS, PREFIX, ZONE
from test_modules import OPTIONS, check, docker, put, quick, slots
from world import World, run_module, watched

__all__ = ["quick"]

ROLES = pathlib.Path(__file__).parents[3] / "roles"
ADDRESS = "2001:db8::1"
# Values that each role takes, with a text in each place where one can be.
VALUES: dict[str, dict[str, t.Any]] = {
    "bosh_cloud_config": {
        "director": "192.0.2.1",
        "client": "admin",
        "client_secret": "x",
        "ca_cert": "/etc/ca.pem",
        "name": "ipv6",
        "accept": ["a-rule"],
        "networks": CLOUD["networks"],
        "groups": CLOUD["groups"],
        "ipv4_network": "default",
        "default_route": "ipv6",
        "domain": "bosh.example",
        "example": CLOUD["example"],
        "advertised_prefixes": [PREFIX],
    },
    "docker_host": {
        "prefix": "2001:db8:0:1:d::/80",
        "addresses": DOCKER["addresses"],
        "uplink": "eth0",
        "bridge_name": "routable0",
        "network_name": "routable",
        "apt_replace": {"deb.debian.org": "mirror.example.org"},
        "service": "docker",
        "daemon_path": "/etc/docker/daemon.json",
    },
    "ec2_docker_host": {
        "subnet": "2001:db8::/64",
        "security_group": "containers",
        "allow": [{"protocol": "tcp", "ports": ["443"], "source": "2001:db8::/32"}],
        "reservations": ["2001:db8::/68"],
        **INSTANCE,
        "block": "2001:db8::/80",
        "primary_address": "2001:db8:1::1",
        "gateway": "fe80::1",
    },
    "network_guard": {
        "paths": ["/etc/mine"],
        "interfaces": ["lo"],
        "sysctls": ["net/ipv4/conf/lo/rp_filter"],
        "units": ["mine.service"],
        "commands": ["ping -c 1 192.0.2.1"],
    },
    "smartos_zone": {"zones": [ZONE], "prefixes": [PREFIX], "mode": "allowed_ips", "global_interfaces": ["net0"]},
    "vultr_ndp": {"uplink": "eth0", "prefixes": ["2001:db8::/80"], "addresses": [ADDRESS], "bridges": ["docker0"]},
}
PLANS = {"bosh_cloud_config_plan": CLOUD, "docker_host_plan": DOCKER}
PLANS["smartos_zone_plan"] = {"zones": [ZONE], "prefixes": [PREFIX], "mode": "allowed_ips"}
# What takes a text and is neither a module nor a filter of ours.
OTHERS = {
    ("ansible.builtin.copy", "dest"): "a file that the user names",
    ("ansible.builtin.copy", "content"): "what a filter has planned, in a file of YAML",
    ("ansible.builtin.package", "name"): "names out of a table in the role",
    ("ansible.builtin.file", "path"): "a file that the user names",
    ("ansible.builtin.include_tasks", ""): "tasks that the user names, or a state, which is one of two",
    ("ansible.builtin.include_role", "name"): "always docker_host",
}
# Which of them is told what depends on the backend.
BY_BACKEND = {f"vultr_ndp_{option}": [("ndp_proxy", option)] for option in ("prefixes", "addresses")}
GROUPS = {"bosh": "bosh_config", "vsphere": "vsphere_network_info", "aws": "ec2_docker_subnet"}
# What a value may go through on its way into one option, unchanged.
DIRECT = r"\{\{ _?%s(?: or omit| or none| \| default\(omit, true\))? \}\}"


def content(role: str, *place: str) -> t.Any:
    path = ROLES.joinpath(role, *place)
    return yaml.safe_load(path.read_text()) if path.exists() else {}


def options_of(role: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = content(role, "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]
    return found


def steps(role: str) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """Every task, in blocks too, as what it calls and with which options; defaults of modules as if they were tasks."""

    helpers = content(role, "vars", "main.yml")

    def known(given: t.Any) -> dict[str, t.Any]:
        helper = helpers.get(str(given).strip("{} "))
        return given if isinstance(given, dict) else helper if isinstance(helper, dict) else {"": given}

    def each(tasks: list[dict[str, t.Any]]) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
        for task in tasks:
            for part in ("block", "rescue", "always"):
                yield from each(task.get(part, []))
            for name, given in {**task, **task.get("module_defaults", {})}.items():
                if name.startswith("group/"):
                    yield f"routable.ipv6.{GROUPS[name.rpartition('.')[2]]}", known(given)
                elif "." in name:
                    yield name, known(given)

    for path in sorted((ROLES / role / "tasks").glob("*.yml")):
        yield from each(yaml.safe_load(path.read_text()))


def ways(role: str, variable: str) -> t.Iterator[tuple[str, str]]:
    """Where the value goes as it is: a module's option, or the key of what a filter plans."""
    helpers = content(role, "vars", "main.yml")
    yield from BY_BACKEND.get(variable, [])
    for name, given in steps(role):
        module = name.rpartition(".")[2]
        if name.startswith("routable.ipv6.") and module in OPTIONS:
            for option, value in given.items():
                if re.fullmatch(DIRECT % variable, str(value)):
                    yield module, option
    for text in map(str, helpers.values()):
        for plan in PLANS:
            # What docker_host plans is put together in one variable and given to the filter by a task.
            if f"ipv6.{plan}" in text or (plan == "docker_host_plan" and "'docker_version'" in text):
                yield from ((plan, key) for key in re.findall(rf"'(\w+)': {variable}\b", text))


def attempt(way: tuple[str, str], slot: tuple[t.Any, ...], text: str, value: t.Any, place: str) -> None:
    name, option = way
    if name not in PLANS:
        check(name, (option, *slot), text, run_module(name, {**OPTIONS[name], option: value}, place, docker))
        return
    world = World(place)
    try:
        with watched(world):
            FILTERS[name]({**PLANS[name], option: value})
    except AnsibleFilterError as error:
        assert str(error).isprintable() and str(error).endswith("."), f"{name}: {option}: {str(error)[:300]!r}"
    assert world.tried == []


@pytest.mark.parametrize("role", sorted(VALUES))
def test_hostile_texts(role: str, quick: str) -> None:
    spec = options_of(role)
    values = {f"{role}_{name}": value for name, value in VALUES[role].items()}
    assert not ArgumentSpecValidator(spec).validate(values).error_messages
    places = [(name, slot) for name, value in values.items() for slot in slots(value)]
    step = max(1, len(places) * len(ALL) // 130)
    tried = refused = 0
    for number, (name, slot, text) in enumerate((name, slot, text) for name, slot in places for text in ALL):
        if number % step:
            continue
        tried += 1
        value = put(values[name], slot, text)
        validated = ArgumentSpecValidator({name: spec[name]}).validate({name: value})
        if validated.error_messages:
            refused += 1
            continue
        taken = list(ways(role, name))
        assert taken, f"{name} goes nowhere"
        for way in taken:
            attempt(way, slot, text, value, quick)
    assert tried >= 100 and refused < tried and not pathlib.Path(CANARY).exists()


@pytest.mark.parametrize("role", sorted(path.name for path in ROLES.iterdir()))
def test_no_text_goes_where_nobody_has_looked(role: str) -> None:
    """Only modules and actions of ours get what a user says; no shell, no command and no template of a file."""
    known = {*(name.split()[0] for name in OPTIONS), *ACTIONS}
    helpers = content(role, "vars", "main.yml")
    own = [name for name, option in options_of(role).items() if option["type"] not in ("bool", "int")]

    def mentions(text: str) -> set[str]:
        found = {name for name in own if re.search(rf"\b{name}\b", text)}
        inner = [value for name, value in helpers.items() if re.search(rf"\b{name}\b", text)]
        return found.union(*(mentions(str(value)) for value in inner))

    for name, given in steps(role):
        if name.startswith("routable.ipv6."):
            assert name.rpartition(".")[2] in known, name
            continue
        assert not re.search("shell|command|raw|script|template|expect", name), name
        for option, value in given.items():
            if mentions(str(value)) and (name, option) not in OTHERS:
                assert name in HARMLESS, f"{name}: {option}: {mentions(str(value))}"


# They show a value, compare it, or keep it as a fact.
HARMLESS = {"ansible.builtin.debug", "ansible.builtin.assert", "ansible.builtin.set_fact", "ansible.builtin.fail"}
