# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tries tasks without running them: their templates are filled in, and their options go through the real validation.

What a task registers is what the documentation of its module says it returns. So an example that uses a value which no
module returns fails here, as it would for whoever pastes it.
"""

from __future__ import annotations

import functools
import importlib
import tempfile
import typing as t

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ModuleArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.block import Block
from ansible.playbook.task import Task
from ansible.plugins.loader import action_loader, fragment_loader, module_loader
from ansible.template import Templar
from ansible.utils.plugin_docs import get_docstring
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import opened
from snippets import constant, names, options_of_roles

PREFIX = "routable.ipv6."
KEYWORDS = {*Task.fattributes, *Block.fattributes}
ROLES = options_of_roles()
COLLECTION = "ansible_collections.routable.ipv6.plugins"
# What Ansible itself sets, and a password from somebody's vault.
AROUND: dict[str, t.Any] = {
    "ansible_failed_result": {"msg": "netplan apply ended with 1"},
    "ansible_play_hosts": ["docker1"],
    "inventory_hostname": "docker1",
    "playbook_dir": "/site",
    "vault_bosh_admin": "secret",
    "vault_netbox_token": "secret",
    "vault_vcenter": "secret",
}
EMPTY = {"str": "", "int": 0, "float": 0.0, "bool": False, "list": [], "dict": {}}


class Captured(Exception):
    """The arguments of an AnsibleModule."""


def _capture(**arguments: t.Any) -> t.NoReturn:
    arguments.pop("supports_check_mode")
    raise Captured(arguments)


@functools.lru_cache(maxsize=None)
def arguments_of(module: str) -> dict[str, t.Any]:
    """The argument spec of one of our modules with all its conditions, from the code that validates a real task."""
    code = importlib.import_module(f"{COLLECTION}.modules.{module}")
    if not hasattr(code, "main"):
        return {"argument_spec": importlib.import_module(f"{COLLECTION}.action.{module}").ActionModule.SPEC}
    real, code.AnsibleModule = code.AnsibleModule, _capture
    try:
        code.main()
    except Captured as captured:
        found: dict[str, t.Any] = captured.args[0]
        return found
    finally:
        code.AnsibleModule = real
    raise AssertionError(f"{module} makes no AnsibleModule")


def _sample(entry: dict[str, t.Any]) -> t.Any:
    """A value as a RETURN entry describes it."""
    if "sample" in entry:
        return entry["sample"]
    if "contains" in entry:
        inner = {name: _sample(value) for name, value in entry["contains"].items()}
        return [inner] if entry["type"] == "list" else inner
    return EMPTY.get(entry["type"])


@functools.lru_cache(maxsize=None)
def returned_by(module: str) -> dict[str, t.Any]:
    described = yaml.safe_load(constant("modules", module, "RETURN")) or {}
    return {name: _sample(entry) for name, entry in described.items()}


def check_options(action: str, options: dict[str, t.Any]) -> None:
    """Fail as the module would fail for its options."""
    if action.startswith(PREFIX):
        module = action[len(PREFIX) :]
        assert module in names("modules"), f"there is no module {action}"
        errors = ModuleArgumentSpecValidator(**arguments_of(module)).validate(options).error_messages
        assert not errors, f"{action}: {'; '.join(errors)}"
        return
    found = module_loader.find_plugin_with_context(action)
    assert found.resolved, f"there is no module {action}"
    documentation = get_docstring(
        found.plugin_resolved_path,
        fragment_loader,
        collection_name=found.plugin_resolved_collection,
        plugin_type="module",
    )[0]
    if action == "ansible.builtin.set_fact":  # takes any name
        return
    known = documentation["options"]
    aliases = {alias for option in known.values() for alias in option.get("aliases", ())}
    unknown = set(options) - set(known) - aliases - {"_raw_params"}
    assert not unknown, f"{action} has no option {', '.join(sorted(unknown))}"


def check_role(role: str, variables: dict[str, t.Any], complete: bool = False) -> None:
    """Fail as the role would fail for these variables. Those of others are left out.

    :arg complete: whether these are all variables of the role, so that a required one must be among them.
    """
    options = ROLES[role]
    own = {name: value for name, value in variables.items() if name.startswith(f"{role}_")}
    unknown = {name for name in own if name not in options and not name.endswith("_facts")}
    assert not unknown, f"{role} has no variable {', '.join(sorted(unknown))}"
    given = {name: option for name, option in options.items() if complete or name in own}
    errors = ArgumentSpecValidator(given).validate({name: own[name] for name in own if name in options}).error_messages
    assert not errors, f"{role}: {'; '.join(errors)}"


def check_variables(variables: dict[str, t.Any]) -> None:
    """Fail for what any of our roles, or the ledger, would refuse."""
    for role in ROLES:
        check_role(role, variables)
    with tempfile.TemporaryDirectory() as directory, opened(f"{directory}/ledger.sqlite", False) as ledger:
        ledger.define_pools(variables.get("ipv6_pools", {}))


class Trial:
    """A list of tasks, one after the other, each with what the former ones have registered."""

    def __init__(self, variables: t.Mapping[str, t.Any] | None = None) -> None:
        self.variables: dict[str, t.Any] = {**AROUND, **(variables or {})}

    def fill(self, value: t.Any, more: t.Mapping[str, t.Any] | None = None) -> t.Any:
        """The value with its templates filled in."""
        everywhere = {**self.variables, **(more or {})}
        everywhere["hostvars"] = dict.fromkeys(("docker1", "stranger"), dict(everywhere))
        return Templar(loader=DataLoader(), variables=everywhere).template(value)

    def tasks(self, tasks: list[dict[str, t.Any]]) -> list[t.Any]:
        """Try the tasks; gives for each what it shows: the message of a debug task, else nothing."""
        return [self.task(task) for task in tasks]

    def task(self, task: dict[str, t.Any]) -> t.Any:
        nested = [part for key in ("block", "rescue", "always") for part in task.get(key, [])]
        if nested:
            self.tasks(nested)
            return None
        (action,) = [key for key in task if key not in KEYWORDS]
        assert action in module_names(action), f"{action} is not written in full"
        own = task.get("vars", {})
        items = [{**own, "item": item} for item in self.fill(task["loop"], own)] if "loop" in task else [own]
        assert items, f"the loop of {action} goes over nothing"
        shown = [self._once(action, task, more) for more in items]
        if "register" in task and action.startswith(PREFIX):
            self.variables[task["register"]] = {"changed": True, **returned_by(action[len(PREFIX) :])}
        return shown[0]

    def _once(self, action: str, task: dict[str, t.Any], more: dict[str, t.Any]) -> t.Any:
        for condition in _list(task.get("when")):
            self.condition(condition, more)
        options = self.fill(task[action] or {}, more)
        options = {"_raw_params": options} if isinstance(options, str) else options
        if action.endswith((".include_role", ".import_role")):
            role = options["name"][len(PREFIX) :]
            check_role(role, self.fill(more), complete=True)
            return None
        check_options(action, options)
        if action == "ansible.builtin.assert":
            for condition in _list(task[action]["that"]):
                self.condition(condition, more)
        if action == "ansible.builtin.set_fact":
            self.variables.update(options)
        if action != "ansible.builtin.debug":
            return None
        return self.fill("{{ " + options["var"] + " }}", more) if "var" in options else options["msg"]

    def condition(self, text: str, more: dict[str, t.Any]) -> bool:
        return bool(Templar(loader=DataLoader(), variables={**self.variables, **more}).evaluate_conditional(text))


def module_names(action: str) -> set[str]:
    """The names under which an action may stand in an example: in full only."""
    found = module_loader.find_plugin_with_context(action)
    resolved = found.resolved_fqcn if found.resolved else action_loader.find_plugin_with_context(action).resolved_fqcn
    return {str(resolved).replace("ansible.legacy.", "ansible.builtin.")}


def _list(value: t.Any) -> list[t.Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
