# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""vsphere_network_info with pyvmomi's own objects; only what goes over the wire is made up."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.routable.ipv6.plugins.module_utils import _vsphere_client as vsphere
from ansible_collections.routable.ipv6.plugins.modules import vsphere_network_info
from doubles.bosh_director.api import Director
from doubles.bosh_director.certificates import make_certificates
from doubles.bosh_director.identity import Uaa
from doubles.bosh_director.server import Double
from pyVmomi import vim
from vsphere_wire import Wire

PASSWORD = "p4ss-of-vcenter"
Vds = vim.dvs.VmwareDistributedVirtualSwitch


def vlan_of(spec: t.Any) -> t.Any:
    return Vds.VmwarePortConfigPolicy(vlan=spec)


def group_config(switch: t.Any, vlan: t.Any, **more: t.Any) -> t.Any:
    return vim.dvs.DistributedVirtualPortgroup.ConfigInfo(
        distributedVirtualSwitch=switch, defaultPortConfig=vlan_of(vlan), **more
    )


def vlan_id(number: int) -> t.Any:
    return Vds.VlanIdSpec(vlanId=number, inherited=False)


def world() -> Wire:
    """A datacenter with a network of each kind."""
    wire = Wire()
    root = vim.Folder("root", wire)
    folder = wire.make(vim.Folder, "net", name="network")
    hosts = wire.make(vim.Folder, "hosts", name="host")
    wire.make(vim.Datacenter, "dc-1", root, name="dc%2fone", networkFolder=folder, hostFolder=hosts)
    spec = vim.host.PortGroup.Specification(name="VM Network", vlanId=6, vswitchName="vSwitch0")
    portgroups = vim.host.PortGroup.Array([vim.host.PortGroup(spec=spec)])
    wire.make(vim.HostSystem, "host-1", hosts, config__network__portgroup=portgroups)
    wire.make(vim.HostSystem, "host-2", hosts)
    wire.make(vim.Network, "network-1", folder, name="VM Network")
    edge = wire.make(vim.Folder, "edge", folder, name="edge")
    switch = wire.make(Vds, "dvs-1", edge, name="DVS1")
    uplinks = wire.make(
        vim.dvs.DistributedVirtualPortgroup,
        "dvpg-0",
        edge,
        name="renamed uplinks",
        config=group_config(switch, Vds.TrunkVlanSpec(vlanId=[vim.NumericRange(start=0, end=4094)], inherited=False)),
    )
    wire.values[switch]["config.uplinkPortgroup"] = vim.dvs.DistributedVirtualPortgroup.Array([uplinks])
    for number, (name, vlan, more) in enumerate(
        [
            ("IPv6", vlan_id(6), {}),
            ("untagged", vlan_id(0), {}),
            ("trunk", Vds.TrunkVlanSpec(vlanId=[vim.NumericRange(start=5, end=9)], inherited=False), {}),
            ("private", Vds.PvlanSpec(pvlanId=77, inherited=False), {}),
            ("segment", vlan_id(0), {"backingType": "nsx", "logicalSwitchUuid": "ls-1"}),
        ],
        1,
    ):
        config = group_config(switch, vlan, **more)
        kind = vim.dvs.DistributedVirtualPortgroup
        wire.make(kind, f"dvpg-{number}", edge, name=name, config=config)
    summary = vim.OpaqueNetwork.Summary(opaqueNetworkId="ls-2", name="opaque", opaqueNetworkType="nsx.LogicalSwitch")
    wire.make(vim.OpaqueNetwork, "opaque-1", folder, name="opaque", summary=summary)
    return wire


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = world()
    monkeypatch.setattr(vsphere, "SmartConnect", lambda **dummy: vim.ServiceInstance("ServiceInstance", made))
    monkeypatch.setattr(vsphere, "Disconnect", lambda dummy: None)
    return made


def run(capsys: pytest.CaptureFixture[str], **options: t.Any) -> dict[str, t.Any]:
    arguments = {
        "hostname": "vcenter.example.org",
        "username": "admin",
        "password": PASSWORD,
        "datacenter": "dc/one",
        **options,
    }
    with patch_module_args(arguments), pytest.raises(SystemExit):
        vsphere_network_info.main()
    output = capsys.readouterr().out
    assert PASSWORD not in output and "Traceback" not in output
    return t.cast("dict[str, t.Any]", json.loads(output))


def test_all_kinds(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys)
    assert not result["changed"] and "network" not in result and wire.open_views == 0
    assert [
        (one["path"], one["type"], one["switch"], one["vlan"]["mode"], one["vlan"]["ids"], one["logical_switch"])
        for one in result["networks"]
    ] == [
        ("VM Network", "standard", "vSwitch0", "access", ["6"], None),
        ("edge/DVS1/IPv6", "distributed", "DVS1", "access", ["6"], None),
        ("edge/DVS1/private", "distributed", "DVS1", "private", ["77"], None),
        ("edge/DVS1/segment", "nsx", "DVS1", "none", [], "ls-1"),
        ("edge/DVS1/trunk", "distributed", "DVS1", "trunk", ["5-9"], None),
        ("edge/DVS1/untagged", "distributed", "DVS1", "none", [], None),
        ("opaque", "opaque", None, "unknown", [], "ls-2"),
    ]


def test_a_name(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, name="IPv6")["network"]["path"] == "edge/DVS1/IPv6"
    absent = run(capsys, name="ipv6")
    assert "Write IPv6" in absent["msg"] and absent["networks"]
    assert "uplinks" in run(capsys, name="renamed uplinks")["msg"]


def test_the_shadowed_one_is_a_warning(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    wire.make(vim.Network, "network-2", vim.Folder("net", wire), name="IPv6")
    result = run(capsys, name="IPv6")
    assert result["network"]["type"] == "standard" and "not edge/DVS1/IPv6" in str(result["warnings"])


def test_the_datacenter(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Take one of those there are: dc/one" in run(capsys, datacenter="dc")["msg"]
    wire.make(vim.Datacenter, "dc-2", vim.Folder("other", wire), name="dc%2fone")
    wire.below[vim.Folder("root", wire)] += wire.below[vim.Folder("other", wire)]
    assert "2 datacenters in different folders" in run(capsys)["msg"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (vim.fault.NoPermission(), "does not tell its networks"),
        (ConnectionResetError(), "went away in the middle"),
    ],
)
def test_faults_while_asking(wire: Wire, capsys: pytest.CaptureFixture[str], fault: Exception, words: str) -> None:
    wire.fault = fault
    assert words in run(capsys)["msg"] and wire.open_views == 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (vim.fault.InvalidLogin(), "does not accept the password of admin"),
        (vim.fault.NoPermission(), "refuses the login"),
        (ConnectionRefusedError(111, "Connection refused"), "cannot be reached (Connection refused)"),
        (Exception(f"is down: {PASSWORD}"), "does not answer like a vCenter"),
    ],
)
def test_faults_at_login(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: Exception, words: str
) -> None:
    def refuse(**dummy: t.Any) -> t.NoReturn:
        raise fault

    monkeypatch.setattr(vsphere, "SmartConnect", refuse)
    assert words in run(capsys)["msg"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    directory = tmp_path_factory.mktemp("certificates")
    make_certificates(directory, ["127.0.0.2", "127.0.0.1", "::1"])
    return directory


# pyvmomi alone checks no certificate of the first two.
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.0.0.2"])
def test_certificates_are_checked(certificates: pathlib.Path, capsys: pytest.CaptureFixture[str], address: str) -> None:
    server = Double(Director(Uaa({})), address=address, directory=certificates).start()
    try:
        where = {"hostname": address, "port": int(server.url.rpartition(":")[2])}
        assert "not trusted" in run(capsys, **where)["msg"]
        # Behind a certificate that is good there is no vCenter here.
        for trusted in ({"ca_cert": server.ca}, {"ca_cert": str(certificates / "ca.pem")}, {"validate_certs": False}):
            assert "does not answer like a vCenter" in run(capsys, **where, **trusted)["msg"]
    finally:
        server.stop()


def test_another_name(certificates: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = Double(Director(Uaa({})), address="127.0.0.3", directory=certificates).start()
    try:
        port = int(server.url.rpartition(":")[2])
        message = run(capsys, hostname="127.0.0.3", port=port, ca_cert=server.ca)["msg"]
        assert "mismatch" in message and "use a name that it is good for" in message
    finally:
        server.stop()


def test_no_ca(capsys: pytest.CaptureFixture[str]) -> None:
    assert "The CA is neither" in run(capsys, ca_cert="/no/such/file")["msg"]
