# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""vsphere_vm_addresses with pyvmomi's own objects; only what goes over the wire, and the clock, are made up."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args
from ansible_collections.routable.ipv6.plugins.module_utils import _vsphere_client as vsphere
from ansible_collections.routable.ipv6.plugins.modules import vsphere_vm_addresses
from pyVmomi import vim, vmodl
from vsphere_wire import Wire

PASSWORD = "p4ss-of-vcenter"
ADDRESS = "2001:db8:0:1::100"
MAC = "00:50:56:ae:3f:01"
EUI = "2001:db8:0:1:250:56ff:feae:3f01"


def setting(text: str, **more: t.Any) -> t.Any:
    return vim.net.IpConfigInfo.IpAddress(ipAddress=text, prefixLength=64, **more)


def nic(*settings: t.Any, plain: t.Sequence[str] = (), network: str = "IPv6", device: int = 4000) -> t.Any:
    return vim.vm.GuestInfo.NicInfo(
        network=network,
        ipAddress=[*plain, *(one.ipAddress for one in settings)],
        macAddress=MAC,
        connected=True,
        deviceConfigId=device,
        ipConfig=vim.net.IpConfigInfo(ipAddress=list(settings)) if settings else None,
    )


class Clock:
    """Time that goes by only in pauses; what is due happens in them."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        self.due: dict[float, t.Callable[[], None]] = {}

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        for when in [when for when in self.due if 1000.0 + when <= self.now]:
            self.due.pop(when)()


class World:
    def __init__(self) -> None:
        self.wire = wire = Wire()
        root = vim.Folder("root", wire)
        self.folder = wire.make(vim.Folder, "vms", name="vm")
        wire.make(vim.Datacenter, "dc-1", root, name="dc", vmFolder=self.folder)
        below = wire.make(vim.Folder, "sub", self.folder, name="sub")
        self.vm = self.add("vm-42", "web%2f1", below)
        self.add("vm-43", "base", self.folder, config__template=True)

    def add(self, moid: str, name: str, folder: t.Any, **more: t.Any) -> t.Any:
        values: dict[str, t.Any] = {
            "config__uuid": "422e3a9d-53d2-d5e8-6f2c-8a1e0b6c7d11",
            "config__instanceUuid": f"502e71fa-1a00-759b-e40f-ce778e9{moid[3:]:0>5}",
            "runtime__powerState": vim.VirtualMachine.PowerState.poweredOn,
            "guest__toolsRunningStatus": "guestToolsRunning",
            **more,
        }
        return self.wire.make(vim.VirtualMachine, moid, folder, name=name, **values)

    def has(self, *nics: t.Any) -> None:
        self.wire.values[self.vm]["guest.net"] = vim.vm.GuestInfo.NicInfo.Array(nics)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(vsphere_vm_addresses, "time", made)
    return made


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> World:
    made = World()
    # A module is a process of its own; here those of the tests before would show up again.
    monkeypatch.setattr(warnings, "_global_warnings", {})
    monkeypatch.setattr(vsphere, "SmartConnect", lambda **dummy: vim.ServiceInstance("ServiceInstance", made.wire))
    monkeypatch.setattr(vsphere, "Disconnect", lambda dummy: None)
    return made


def run(capsys: pytest.CaptureFixture[str], **options: t.Any) -> dict[str, t.Any]:
    arguments = {"hostname": "vc", "username": "admin", "password": PASSWORD, "datacenter": "dc", **options}
    if not {"bios_uuid", "instance_uuid", "moid"} & set(options):
        arguments.setdefault("name", "web/1")
    with patch_module_args(arguments), pytest.raises(SystemExit):
        vsphere_vm_addresses.main()
    output = capsys.readouterr().out
    assert PASSWORD not in output and "Traceback" not in output
    return t.cast("dict[str, t.Any]", json.loads(output))


def test_all_there(world: World, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    world.has(
        nic(setting(ADDRESS, state="preferred", origin="manual"), setting("fe80::1"), plain=["10.0.0.4"]),
        nic(setting("fd00::1"), network="bridge", device=-1),
    )
    result = run(capsys, networks=[{"name": "IPv6", "addresses": [ADDRESS.upper()]}], unasked="ignore")
    assert not result["changed"] and "failed" not in result and "warnings" not in result
    assert clock.pauses == [] and world.wire.open_views == 0
    assert result["addresses"][0] == {
        "address": ADDRESS,
        "kind": "asked",
        "prefix": None,
        "prefix_length": 64,
        "state": "preferred",
        "origin": "manual",
        "mac": MAC,
        "network": "IPv6",
    }
    assert [(one["address"], one["network"]) for one in result["other"]] == [("fd00::1", None)]
    assert result["slaac"] == result["missing"] == [] and result["waited"] == 0
    assert result["vm"] == {
        "moid": "vm-42",
        "name": "web/1",
        "bios_uuid": "422e3a9d-53d2-d5e8-6f2c-8a1e0b6c7d11",
        "instance_uuid": "502e71fa-1a00-759b-e40f-ce778e900042",
        "power": "poweredOn",
        "tools": "guestToolsRunning",
    }


def test_old_tools_and_zones(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.has(nic(plain=[ADDRESS, "fe80::1%4", "fd00::5%4", "junk"]))
    result = run(capsys, addresses=[ADDRESS])
    assert [(one["address"], one["prefix_length"], one["state"]) for one in result["addresses"]] == [
        (ADDRESS, None, None),
        ("fd00::5", None, None),
    ]


def test_what_nobody_asked_for(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.has(nic(setting(ADDRESS), setting(EUI)))
    options = {"addresses": [ADDRESS], "advertised_prefixes": ["2001:db8:0:1::/64"]}
    result = run(capsys, **options)
    assert len(result["warnings"]) == 1 and EUI in str(result["warnings"]) and MAC in str(result["warnings"])
    assert [one["prefix"] for one in result["slaac"]] == ["2001:db8:0:1::/64"] and result["other"] == []
    refused = run(capsys, **options, unasked="fail")
    assert refused["failed"] and "has more addresses than it should" in refused["msg"] and EUI in refused["msg"]
    assert refused["missing"] == [] and len(refused["slaac"]) == 1


def test_waiting(world: World, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    clock.due = {
        3.0: lambda: world.has(nic(setting(ADDRESS, state="tentative"))),
        9.0: lambda: world.has(nic(setting(ADDRESS, state="preferred"))),
    }
    result = run(capsys, addresses=[ADDRESS])
    assert "failed" not in result and clock.due == {}
    assert clock.pauses == [1.0, 1.5, 2.25, 3.375, 5.0] and result["waited"] == 13


def test_the_time_is_over(world: World, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    world.wire.values[world.vm]["guest.toolsRunningStatus"] = "guestToolsNotRunning"
    result = run(capsys, addresses=[ADDRESS], wait=20)
    assert result["failed"] and sum(clock.pauses) == 20.0 and result["missing"] == [ADDRESS]
    assert result["msg"] == (
        "The VM web/1 is not as it was asked for after 20 s: VMware Tools do not run in it (guestToolsNotRunning), and "
        f"vCenter knows addresses from them alone; it does not have {ADDRESS}."
    )


def test_looking_once(world: World, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    world.wire.values[world.vm]["runtime.powerState"] = vim.VirtualMachine.PowerState.poweredOff
    message = run(capsys, addresses=[ADDRESS], wait=0)["msg"]
    assert clock.pauses == [] and "as it was asked for: it is not running (poweredOff)" in message


@pytest.mark.parametrize(
    "option",
    [{"instance_uuid": "502E71FA-1A00-759B-E40F-CE778E900042"}, {"moid": "vm-42"}],
)
def test_by_other_names(world: World, capsys: pytest.CaptureFixture[str], option: dict[str, str]) -> None:
    assert run(capsys, **option)["vm"]["name"] == "web/1"


def test_which_one(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Write web/1" in run(capsys, name="WEB/1")["msg"]
    assert "a template" in run(capsys, name="base")["msg"]
    world.add("vm-44", "web%2f1", world.folder)
    assert "vm-42, vm-44" in run(capsys)["msg"]
    assert "2 VMs" in run(capsys, bios_uuid="422e3a9d-53d2-d5e8-6f2c-8a1e0b6c7d11")["msg"]
    assert "Take one of those there are: dc" in run(capsys, datacenter="x")["msg"]
    assert "mutually exclusive" in run(capsys, name="a", moid="b")["msg"]


def test_being_made(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.add("vm-45", "new", world.folder)
    del world.wire.values[world.wire.below[world.folder][-1]]["name"]
    assert run(capsys)["vm"]["moid"] == "vm-42"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (vmodl.fault.ManagedObjectNotFound(), "it was deleted meanwhile"),
        (vim.fault.NoPermission(), "does not tell its guest's addresses (vim.fault.NoPermission)"),
        (ConnectionResetError(), "went away in the middle"),
    ],
)
def test_faults_while_waiting(
    world: World, clock: Clock, capsys: pytest.CaptureFixture[str], fault: Exception, words: str
) -> None:
    clock.due = {1.0: lambda: setattr(world.wire, "fault", fault)}
    assert words in run(capsys, addresses=[ADDRESS])["msg"]


def test_nothing_is_asked_before_the_options_are_right(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.wire.fault = ConnectionResetError()
    assert "this is IPv4" in run(capsys, addresses=["192.0.2.1"])["msg"]
    assert "went away" in run(capsys, addresses=[ADDRESS])["msg"]
