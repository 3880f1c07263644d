# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What the Director double asks its CPI for; how VMs come to life is tested in the lab."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest
import yaml
from doubles.bosh_director.api import Director, Request
from doubles.bosh_director.identity import ADMIN, Local
from doubles.bosh_director.machines import CpiError, Machine

HEADERS = {"Authorization": "Basic " + base64.b64encode(b"admin:pw").decode(), "Content-Type": "text/yaml"}
CLOUD = {
    "azs": [{"name": "z1"}],
    "networks": [
        {
            "name": "default",
            "subnets": [
                {"range": "10.0.9.0/24", "gateway": "10.0.9.1", "azs": ["z1"], "cloud_properties": {"name": "v4"}}
            ],
        },
        {
            "name": "ipv6",
            "subnets": [
                {
                    "range": "2001:db8::/64",
                    "gateway": "2001:db8::1",
                    "azs": ["z1"],
                    "static": ["2001:db8::165"],
                    "cloud_properties": {"name": "IPv6"},
                }
            ],
        },
        {"name": "vip", "type": "vip"},
    ],
    "compilation": {"workers": 1, "network": "default", "az": "z1"},
}


class Recorder:
    """A CPI that remembers; ``fails`` is what it says instead of making a VM."""

    def __init__(self) -> None:
        self.there: dict[str, Machine] = {}
        self.calls: list[str] = []
        self.fails = ""

    def create(self, machine: Machine) -> None:
        self.calls.append(f"create {machine.cid}")
        if self.fails:
            raise CpiError(self.fails)
        self.there[machine.cid] = machine

    def delete(self, cid: str) -> None:
        self.calls.append(f"delete {cid}")
        del self.there[cid]


class World:
    def __init__(self) -> None:
        self.cpi = Recorder()
        self.director = Director(Local({"admin": ("pw", (ADMIN,))}), backend=self.cpi)
        self.director.configs.update({"type": "cloud", "name": "default", "content": yaml.safe_dump(CLOUD)})

    def deploy(self, networks: list[t.Any], instances: int = 1, **jobs: t.Any) -> dict[str, t.Any]:
        """Deploy one group; the event of the task."""
        group = {"name": "g", "instances": instances, "azs": ["z1"], "networks": networks}
        group["jobs"] = [{"name": name, "release": "r", "properties": properties} for name, properties in jobs.items()]
        return self.ask("POST", "/deployments", yaml.safe_dump({"name": "d", "instance_groups": [group]}))

    def ask(self, method: str, path: str, body: str = "") -> dict[str, t.Any]:
        answer = self.director.answer(Request.of(method, path, HEADERS, body.encode()))
        output = Request.of("GET", f"{dict(answer.headers)['Location']}/output?type=event", HEADERS, b"")
        return t.cast("dict[str, t.Any]", json.loads(self.director.answer(output).body))


@pytest.fixture
def world() -> World:
    return World()


BOTH = [{"name": "default"}, {"name": "ipv6", "static_ips": ["2001:db8::165"], "default": ["dns", "gateway"]}]


def test_a_nic_for_each_network_and_one_default_route(world: World) -> None:
    world.deploy([*BOTH, {"name": "vip", "static_ips": ["192.0.2.1"]}], nginx={"nginx_conf": "x"})
    (machine,) = world.cpi.there.values()
    assert [(nic.network, nic.port_group, nic.address, nic.gateway) for nic in machine.nics] == [
        ("default", "v4", "10.0.9.2/24", None),
        ("ipv6", "IPv6", "2001:db8::165/64", "2001:db8::1"),
    ]
    assert machine.jobs == {"nginx": {"nginx_conf": "x"}}
    macs = {nic.mac for nic in machine.nics}
    assert len(macs) == 2 and all(
        mac.startswith("00:50:56:") and int(mac[9:11], 16) in range(0x80, 0xC0) for mac in macs
    )


def test_the_only_network_has_the_default_route(world: World) -> None:
    world.deploy([{"name": "default"}])
    assert next(iter(world.cpi.there.values())).nics[0].gateway == "10.0.9.1"


def test_vms_come_and_go_with_what_is_wanted(world: World) -> None:
    world.deploy([{"name": "default"}], instances=2)
    first, second = world.cpi.there
    world.cpi.calls.clear()
    world.deploy([{"name": "default"}], nginx={})
    # The one that stays has its jobs anew, the other one is not wanted any more.
    assert world.cpi.calls == [f"delete {second}", f"delete {first}", f"create {first}"]
    assert world.cpi.there[first].jobs == {"nginx": {}}
    world.ask("DELETE", "/deployments/d")
    assert world.cpi.there == {}


def test_what_the_cpi_refuses_fails_the_deployment(world: World) -> None:
    world.cpi.fails = "Error in finding network 'v4' after multiple retries."
    event = world.deploy([{"name": "default"}])
    assert event["error"]["code"] == 100 and "in 'create_vm' CPI method" in event["error"]["message"]
    assert world.director.deployments == {}
