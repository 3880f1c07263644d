# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every filter as users meet it: by its full name, in a template. tests/docs tries the examples."""

from __future__ import annotations

import inspect
import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
import yaml
from ansible_collections.routable.ipv6.plugins import filter as package
from ansible_collections.routable.ipv6.plugins.filter.filters import FUNCTIONS, FilterModule
from ansible_collections.routable.ipv6.plugins.plugin_utils._filters import Function

DIRECTORY = pathlib.Path(next(iter(package.__path__)))
NAMES = sorted(path.stem for path in DIRECTORY.glob("*.yml"))
# These take what other plugins return. Their own tests call them.
FROM_PLUGINS = {
    "bosh_cloud_config_endpoints",
    "bosh_cloud_config_plan",
    "bosh_cloud_config_vms",
    "docker_host_plan",
    "docker_host_requests",
    "network_is_made",
    "reachability_targets",
    "reachability_visits",
    "smartos_zone_endpoints",
    "smartos_zone_plan",
    "stale_networks",
    "uplink_of_facts",
}
PLAIN = sorted(set(NAMES) - FROM_PLUGINS)


# A process of its own: there Ansible finds the collection by itself, as pytest has imported parts of it already.
WORKER = """
import json, sys
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

init_plugin_loader([])
for line in sys.stdin:
    text, variables = json.loads(line)
    try:
        result = {"result": Templar(loader=DataLoader(), variables=variables).template(trust_as_template(text))}
    except AnsibleError as error:
        result = {"error": str(error)}
    print(json.dumps(result), flush=True)
"""


class Template(t.Protocol):
    def __call__(self, text: str, variables: dict[str, t.Any] | None = None) -> dict[str, t.Any]: ...


@pytest.fixture(scope="module")
def template() -> t.Iterator[Template]:
    """A template's ``result`` or its ``error``."""
    environ = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(DIRECTORY.parents[4])}
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:

        def ask(text: str, variables: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
            assert worker.stdin and worker.stdout
            print(json.dumps([text, variables or {}]), file=worker.stdin, flush=True)
            answer: dict[str, t.Any] = json.loads(worker.stdout.readline())
            return answer

        yield ask


def test_every_filter_has_a_page_and_every_page_a_filter() -> None:
    assert sorted(FilterModule().filters()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_documentation_names_what_the_function_takes(name: str) -> None:
    documentation = yaml.safe_load((DIRECTORY / f"{name}.yml").read_text())["DOCUMENTATION"]
    assert documentation["name"] == name
    function = Function.at(FUNCTIONS[name], name).load()
    arguments = list(inspect.signature(function).parameters.values())[1:]
    options = {key: value for key, value in documentation["options"].items() if key != "_input"}
    assert [one.name for one in arguments] == list(options)
    for argument in arguments:
        assert options[argument.name].get("required", False) == (argument.default is inspect.Parameter.empty)
        if argument.default is not inspect.Parameter.empty:
            assert options[argument.name].get("default") == argument.default
    positional = [one.strip() for one in documentation.get("positional", "").split(",") if one.strip()]
    assert positional == [one.name for one in arguments][: len(positional)]


# What has to be there besides the value.
ARGUMENTS = {
    "contains": "('::')",
    "compose_suffix": "('::')",
    "eui64_address": "('::/64')",
    "free_space": "([])",
    "netbox_csv": "('prefixes')",
    "nth_address": "(0)",
    "nth_subnet": "(64)",
    "overlaps": "([])",
    "rebase": "('::/0')",
    "reverse_zone_records": "('::/0')",
    "sparse_subnet": "(64)",
    "stable_address": "('web', '0123456789abcdef')",
    "zone_records": "('example.org')",
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_a_filter_refuses_ends_the_template_with_a_sentence(name: str, template: Template) -> None:
    call = f"routable.ipv6.{name}{ARGUMENTS.get(name, '')}"
    for value in ("'no address'", "['no address']", "7", "[none]", "{'a': 1}"):
        error = template(f"{{{{ {value} | {call} }}}}")["error"]
        assert f"The filter plugin 'routable.ipv6.{name}' failed: " in error
        # The value, the rule, the remedy, and each once.
        said = error.partition("failed: ")[2]
        assert re.fullmatch(r"[a-z]\S*( .*)?: .+\. [A-Z][^.]+.*\.?", said)
        assert said.count(said.partition(": ")[2]) == 1 and len(said.split(". ")) == 2


def test_lists_from_other_filters(template: Template) -> None:
    nodes = {"prefixes": ["::/64", "1::/64"], "hosts": {"a": "::", "b": "::1"}}
    for text, result in (
        ("{{ prefixes | map('routable.ipv6.nth_address', 1) | routable.ipv6.canonical }}", ["::1", "1::1"]),
        ("{{ '::/64' | routable.ipv6.nth_subnet(66, range(2)) }}", ["::/66", "::4000:0:0:0/66"]),
        ("{{ hosts.values() | routable.ipv6.summarise }}", ["::/127"]),
        ("{{ prefixes | select('equalto', '::/64') | routable.ipv6.prefix_to_range }}", ["::-::ffff:ffff:ffff:ffff"]),
    ):
        assert template(text, nodes) == {"result": result}
