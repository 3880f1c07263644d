# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No option lets a task wait for ever, or for a time that is none."""

from __future__ import annotations

import importlib
import pathlib
import re
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import check_seconds
from test_modules import OPTIONS, quick
from world import run_module

__all__ = ["quick"]

PLUGINS = pathlib.Path(__file__).parents[3] / "plugins"
WAITS = re.compile(r".*(timeout|wait|seconds|patience|delay|retries|interval)")
NOT_TIMES = {("eni_ipv6_block", "wait"): "it is yes or no"}
# The options of each module in which it waits, and what else that needs.
TIMES: dict[str, dict[str, dict[str, t.Any]]] = {
    "bosh_config": {"timeout": {}},
    "bosh_deployment": {"timeout": {}, "task_timeout": {}},
    "ec2_docker_instance": {"wait_timeout": {}},
    "eni_ipv6_block": {"wait_timeout": {}},
    "ipv6_probe": {"timeout": {}, "observe.seconds": {"observe": {"expect": 1}}},
    "ipv6_sources": {"timeout": {}},
    "network_guard": {"timeout": {}, "wait": {}, "patience": {"state": "disarmed"}},
    "smartos_allowed_ips": {"timeout": {}},
    "smartos_zone": {"timeout": {}},
    "smartos_zone_ipv6": {"timeout": {}},
    "vsphere_network_info": {"timeout": {}},
    "vsphere_vm_addresses": {"timeout": {}, "wait": {}},
}
ACTIONS = {"ipv6_allocate": ["provider_timeout"], "ipv6_ledger_netbox": ["timeout"]}
FLOATS = {"ipv6_probe"}
# Ansible itself ends with an error of Python's for an integer that is infinite.
HUGE = ["1e300", "-1", "9" * 40, "-0.5", ""]
ENDLESS = ["inf", "-inf", "nan"]
CASES = [(name, option, more) for name, options in TIMES.items() for option, more in options.items()]


def declared(text: str) -> set[str]:
    """The options in the argument specification of a source text that are numbers and named like a time."""
    found = re.findall(r'"(\w+)": \{"type": "(?:int|float)"', text)
    return {name for name in found if WAITS.fullmatch(name)}


def test_every_option_that_waits_is_known() -> None:
    shared = {
        "bosh": declared((PLUGINS / "module_utils" / "_bosh_arguments.py").read_text()),
        "vsphere": declared((PLUGINS / "module_utils" / "_vsphere_arguments.py").read_text()),
    }
    for path in sorted((PLUGINS / "modules").glob("*.py")):
        action = path.stem in ACTIONS
        source = PLUGINS / "action" / path.name if action else path
        found = declared(source.read_text()) | shared.get(path.stem.split("_")[0], set())
        known = {name.split(".")[-1] for name in (ACTIONS[path.stem] if action else TIMES.get(path.stem, ()))}
        assert found == known, path.stem


@pytest.mark.parametrize(("name", "option", "more"), CASES, ids=[f"{n}-{o}" for n, o, _more in CASES])
def test_a_module_never_waits_for_ever(name: str, option: str, more: dict[str, t.Any], quick: str) -> None:
    for value in [*HUGE, *(ENDLESS if name in FLOATS else ())]:
        params = {**OPTIONS[name], **more}
        if "." in option:
            head, _dot, tail = option.partition(".")
            params[head] = {**params[head], tail: value}
        else:
            params[option] = value
        answered = run_module(name, params, quick)
        said = str(answered.result.get("msg"))
        assert answered.refused, f"{option}={value}: {answered}"
        assert "must be between" in said or "cannot be converted" in said or "to convert" in said, said


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_an_action_never_waits_for_ever(name: str) -> None:
    action = importlib.import_module(f"ansible_collections.routable.ipv6.plugins.action.{name}").ActionModule
    spec = {option: action.SPEC[option] for option in ACTIONS[name]}
    for option in ACTIONS[name]:
        for value in [*HUGE, *ENDLESS]:
            checked = ArgumentSpecValidator(spec).validate({option: value})
            if not checked.error_messages:
                given = {**dict.fromkeys(action.SPEC), **checked.validated_parameters, "address_length": 128}
                given.update(direction="publish", state="present", result="inline")
                with pytest.raises(Refused, match=f"{option}=.* must be between"):
                    refuse(name, action, given)


def refuse(name: str, action: t.Any, given: dict[str, t.Any]) -> None:
    """As far as the action gets before it looks at anything."""
    bare = action.__new__(action)
    bare.act_on_ledger(given, {}) if name == "ipv6_allocate" else bare.act(given, {})


@pytest.mark.parametrize("value", [-1, 86400.5, float("nan"), float("inf"), 10**30])
def test_only_times_in_between(value: float) -> None:
    check_seconds("timeout", 0)
    check_seconds("timeout", 86400)
    with pytest.raises(Refused, match="^timeout=.*: it must be between 0 and 86400 seconds"):
        check_seconds("timeout", value)
