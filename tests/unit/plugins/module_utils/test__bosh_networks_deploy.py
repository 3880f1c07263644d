# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""The rules say before the upload what the Director double says at the deployment. Neither knows the other's code."""

from __future__ import annotations

import base64
import json
import typing as t

import bosh_cloud_configs as clouds
import bosh_instance_groups as groups
import pytest
import yaml
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import check_cloud_config, read_cloud
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import ERROR
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Director as Rules
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_groups import check_instance_groups
from doubles.bosh_director.api import Director, Request
from doubles.bosh_director.identity import ADMIN, Local

HEADERS = {"Authorization": "Basic " + base64.b64encode(b"admin:pw").decode()}


def deploy(version: tuple[int, ...], configs: dict[str, t.Any], instance_groups: list[t.Any]) -> int | None:
    """The code of the error, None when the deployment is done."""
    director = Director(Local({"admin": ("pw", (ADMIN,))}), version=".".join(str(number) for number in version))

    def ask(method: str, path: str, kind: str, body: str = "") -> t.Any:
        return director.answer(Request.of(method, path, {**HEADERS, "Content-Type": kind}, body.encode()))

    for name, content in configs.items():
        body = json.dumps({"type": "cloud", "name": name, "content": yaml.safe_dump(content)})
        answer = ask("POST", "/configs", "application/json", body)
        if answer.status != 201:
            return int(json.loads(answer.body)["code"])
    manifest = yaml.safe_dump({"name": "nginx", "instance_groups": instance_groups})
    answer = ask("POST", "/deployments", "text/yaml", manifest)
    assert answer.status == 302
    task = dict(answer.headers)["Location"]
    state = json.loads(ask("GET", task, "").body)["state"]
    event = json.loads(ask("GET", f"{task}/output?type=event", "").body)
    assert state == ("error" if "error" in event else "done")
    assert ("nginx" in director.deployments) == (state == "done")
    return event["error"]["code"] if state == "error" else None


@pytest.mark.parametrize("version", clouds.VERSIONS)
@pytest.mark.parametrize("content", clouds.GOOD.values(), ids=clouds.GOOD)
def test_good_configs_are_deployed(content: t.Any, version: tuple[int, ...]) -> None:
    assert deploy(version, {"default": clouds.DEFAULT, "ipv6": content}, []) is None


@pytest.mark.parametrize("version", clouds.VERSIONS)
@pytest.mark.parametrize("content", [case[1] for case in clouds.CASES], ids=[case[0] for case in clouds.CASES])
def test_configs(content: t.Any, version: tuple[int, ...]) -> None:
    found = check_cloud_config(content, Rules(version), "ipv6", {"default": clouds.DEFAULT})
    codes = [finding.code for finding in found if finding.level == ERROR and finding.code is not None]
    assert deploy(version, {"default": clouds.DEFAULT, "ipv6": content}, []) == (codes[0] if codes else None)


@pytest.mark.parametrize("version", clouds.VERSIONS)
@pytest.mark.parametrize("given", groups.GOOD.values(), ids=groups.GOOD)
def test_good_groups_are_deployed(given: t.Any, version: tuple[int, ...]) -> None:
    assert deploy(version, {"all": cloud(version)}, [given]) is None


@pytest.mark.parametrize("version", clouds.VERSIONS)
@pytest.mark.parametrize(
    "given",
    [case[1] for case in groups.CASES if case[1] and case[0] != "static_ips of a /64"],
    ids=[case[0] for case in groups.CASES if case[1] and case[0] != "static_ips of a /64"],
)
def test_groups(given: t.Any, version: tuple[int, ...]) -> None:
    rules = Rules(version)
    found = check_instance_groups([given], read_cloud({"all": cloud(version)}, rules), rules)
    codes = [finding.code for finding in found if finding.level == ERROR and finding.code is not None]
    assert deploy(version, {"all": cloud(version)}, [given]) == (codes[0] if codes else None)


def cloud(version: tuple[int, ...]) -> dict[str, t.Any]:
    """What the groups are tried with, without the network that an older Director refuses at once."""
    networks = [one for one in groups.CLOUD["networks"] if one["name"] != "late" or version >= clouds.MIDDLE]
    compilation = {"workers": 1, "network": "ipv6", "az": "z1"}
    return {**groups.CLOUD, "networks": networks, "compilation": compilation}
