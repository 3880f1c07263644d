# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network and the nginx of the post of 2018, from the lab's inventory to a page that somebody outside fetches.

The tests run in order: a Director that knows no IPv6 first, then what changes, what goes wrong, and what is left.
"""

from __future__ import annotations

import difflib
import json
import pathlib
import time
import typing as t

import pytest
import yaml
from conftest import ROOT, Lab, failure
from test_site import Site, changes

HOST = "director"
HOSTS = [host for host in json.loads((ROOT / "lab" / "site.json").read_text())["hosts"] if host["name"] == HOST]
GIVEN = yaml.safe_load((ROOT / "lab" / "group_vars" / "bosh_directors.yml").read_text())
NETWORK = GIVEN["bosh_cloud_config_networks"][0]
PAGE = "http://[2601:646:100:69f1::165]/"
SECRETS = (GIVEN["bosh_cloud_config_client_secret"], GIVEN["bosh_cloud_config_vsphere"]["password"])
PLAY = "playbooks/bosh.yml"
CA = GIVEN["bosh_cloud_config_ca_cert"]
# A vCenter of its own beside the Director's, furnished as none of the lab's is.
SECOND = 9444
FURNISH = f"""
import ssl, sys
from pyVim.connect import SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim
context = ssl.create_default_context(cafile={CA!r})
content = SmartConnect(host="director", port={SECOND}, user="u", pwd=sys.argv[1], sslContext=context).content
datacenter = content.rootFolder.childEntity[0]
kind, group = vim.dvs.VmwareDistributedVirtualSwitch, vim.dvs.DistributedVirtualPortgroup.ConfigSpec
def vlan(spec):
    return kind.VmwarePortConfigPolicy(vlan=spec)
def made(task):
    WaitForTask(task)
    return task.info.result
first = next(one for one in datacenter.networkFolder.childEntity if isinstance(one, vim.DistributedVirtualSwitch))
edge = datacenter.networkFolder.CreateFolder("edge")
second = made(edge.CreateDVS_Task(vim.DistributedVirtualSwitch.CreateSpec(configSpec=kind.ConfigSpec(name="DVS9"))))
access = vlan(kind.VlanIdSpec(vlanId=6, inherited=False))
trunk = vlan(kind.TrunkVlanSpec(vlanId=[vim.NumericRange(start=5, end=9)], inherited=False))
made(second.AddDVPortgroup_Task([group(name="twice", type="earlyBinding", defaultPortConfig=access)]))
made(first.AddDVPortgroup_Task([group(name="twice", type="earlyBinding")]))
made(first.AddDVPortgroup_Task([group(name="trunk", type="earlyBinding", defaultPortConfig=trunk)]))
"""


class Bosh:
    """The Director's host, and the plays against it."""

    def __init__(self, lab: Lab, state: pathlib.Path) -> None:
        self.lab = lab
        self.site = Site(lab, state)
        self.state = state

    def output(self, *words: str, **variables: object) -> tuple[bool, dict[str, t.Any]]:
        """Run the role; whether that went well, and what Ansible tells."""
        # ansible-core 2.21 tells how a module was called only where it is asked to.
        variables["ansible_inject_invocation"] = True
        extra = ("-e", f"ipv6_state_dir={self.state}", "-e", json.dumps(variables))
        done = self.lab.playbook(PLAY, *words, *extra, inventory="lab/inventory.yml", log=True)
        return done.returncode == 0, json.loads(done.stdout[done.stdout.index("{\n") :])

    def results(self, *words: str, **variables: object) -> dict[str, dict[str, t.Any]]:
        """The results of a run that goes well, by the names of the tasks."""
        good, output = self.output(*words, **variables)
        found = {
            task["task"]["name"].partition(" : ")[2]: result
            for play in output["plays"]
            for task in play["tasks"]
            for result in task["hosts"].values()
            if not result.get("skipped")
        }
        assert good, json.dumps(found, indent=1)[-5000:]
        return found

    def fails(self, **variables: object) -> str:
        good, output = self.output(**variables)
        assert not good
        return failure(output)

    def config(self) -> str:
        """The id of the Director's cloud config, 0 for none."""
        options = {"director": "https://director", "client": "admin", "client_secret": SECRETS[0], "ca_cert": CA}
        result = self.lab.module(HOST, "bosh_config", True, name="ipv6", state="absent", **options)
        return str(result["previous_id"])

    def page(self) -> str:
        """What the stranger gets, empty for nothing."""
        return self.lab.exec("stranger", "busybox", "wget", "-T", "3", "-qO-", PAGE, check=False)

    def vcenter(self, module: str, **options: t.Any) -> dict[str, t.Any]:
        login = {"hostname": "director", "datacenter": "DC0", "password": SECRETS[1], "ca_cert": CA, **options}
        return self.lab.module(HOST, module, **login)


@pytest.fixture(scope="module")
def bosh(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Bosh:
    lab.up(HOSTS)
    return Bosh(lab, tmp_path_factory.mktemp("state"))


def test_check_mode_predicts_what_ends_in_a_page(bosh: Bosh) -> None:
    _good, predicted = bosh.output("--check", "--diff")
    assert bosh.config() == "0" and bosh.page() == "", "check mode has written"
    good, happened = bosh.output("--diff")
    assert good and changes(predicted) == changes(happened)
    assert {task.rpartition(" : ")[2] for (_host, task), changed in changes(happened).items() if changed} == {
        "Upload the cloud config",
        "Deploy",
        "Publish endpoints",
    }
    assert "<title>nginx on BOSH</title>" in bosh.page()
    bosh.site.verify()


def test_second_run_changes_nothing_and_asks_little(bosh: Bosh) -> None:
    for words in (("--check",), ()):
        results = bosh.results(*words)
        assert [name for name, result in results.items() if result.get("changed")] == []
        # On the host; all else is done by the controller.
        assert [name for name, result in results.items() if "invocation" in result and "findings" in result] == [
            "Look at the cloud config",
            "Deploy",
        ]


def test_a_changed_dns_server_is_two_lines(bosh: Bosh) -> None:
    other = {**NETWORK, "dns": ["2001:4860:4860::8888", "2001:4860:4860::4444"]}
    runs = [bosh.results(*words, "--diff", bosh_cloud_config_networks=[other]) for words in (("--check",), ())]
    for results in runs:
        diff = results["Upload the cloud config"]["diff"]
        lines = difflib.ndiff(diff["before"].splitlines(), diff["after"].splitlines())
        assert [line.split() for line in lines if line[0] in "+-"] == [
            ["-", "-", '"2001:4860:4860:0000:0000:0000:0000:8844"'],
            ["+", "-", '"2001:4860:4860:0000:0000:0000:0000:4444"'],
        ]
        # What is deployed has to take the new one, which check mode knows before it is uploaded.
        assert results["Deploy"]["changed"]
    assert "nginx on BOSH" in bosh.page()
    again = bosh.results(bosh_cloud_config_networks=[other])
    assert [name for name, result in again.items() if result.get("changed")] == []


def test_vcenter_shows_what_was_asked_for_and_what_nobody_asked_for(bosh: Bosh) -> None:
    deployed = bosh.results(bosh_cloud_config_networks=[NETWORK])
    facts = deployed["Publish facts"]["ansible_facts"]["bosh_cloud_config_facts"]
    (instance,), (network,) = facts["instances"], facts["vsphere_networks"]
    assert network["path"] == "DVS0/IPv6" and instance["addresses"][1] == "2601:646:100:69f1::165"
    asked = {
        "username": "administrator@vsphere.local",
        "name": instance["vm_cid"],
        "networks": [{"name": "IPv6", "addresses": ["2601:0646:0100:69f1:0:0:0:165"]}],
        "advertised_prefixes": GIVEN["bosh_cloud_config_advertised_prefixes"],
    }
    # An advertisement of the lab's router, and then both NICs have made themselves an address.
    end = time.monotonic() + 30
    while True:
        seen = bosh.vcenter("vsphere_vm_addresses", **asked, unasked="ignore")
        if len(seen["slaac"]) == 2 or time.monotonic() > end:
            break
    assert {one["network"] for one in seen["slaac"]} == {"VM Network", "IPv6"} and seen["missing"] == []
    assert "has more addresses than it should" in bosh.vcenter("vsphere_vm_addresses", **asked, unasked="fail")["msg"]
    wrong = {**asked, "networks": [{"name": "VM Network", "addresses": ["2601:646:100:69f1::165"]}]}
    assert "2601:646:100:69f1::165" in bosh.vcenter("vsphere_vm_addresses", **wrong, wait=0)["msg"]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"bosh_cloud_config_client_secret": "wrong"}, "does not accept the secret of the client admin."),
        ({"bosh_cloud_config_networks": [{**NETWORK, "vsphere_network": "IPv4"}]}, "has no such network"),
        ({"bosh_cloud_config_networks": [{**NETWORK, "azs": ["z9"]}]}, "no cloud config has this availability zone"),
        ({"bosh_cloud_config_networks": [{**NETWORK, "gateway": 5602001869620062}]}, "as one of base 60"),
        ({"bosh_cloud_config_default_route": ""}, "Give ipv6 or ipv4"),
        # The cloud config is good, and the deployment would not be.
        (
            {"bosh_cloud_config_ipv4_network": "nowhere", "bosh_cloud_config_networks": [{**NETWORK, "dns": []}]},
            "150001",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence_before_anything_is_sent(
    bosh: Bosh, variables: dict[str, t.Any], words: str
) -> None:
    before = bosh.config()
    said = bosh.fails(**variables)
    assert words in said and "\n" not in said
    assert bosh.config() == before


@pytest.mark.parametrize("wrong", [{}, {"bosh_cloud_config_client_secret": "wr0ng-secret"}])
def test_no_secret_is_shown_at_vvv(bosh: Bosh, wrong: dict[str, str]) -> None:
    other = {"bosh_cloud_config_networks": [{**NETWORK, "static": ["::170"]}], **wrong}
    extra = ("-e", f"ipv6_state_dir={bosh.state}", "-e", json.dumps(other))
    done = bosh.lab.playbook(PLAY, "-vvv", "--diff", *extra, inventory="lab/inventory.yml")
    text = done.stdout + done.stderr
    assert (done.returncode == 0) == (not wrong) and "TASK [routable.ipv6.bosh_cloud_config" in text
    assert [secret for secret in (*SECRETS, "wr0ng-secret") if secret in text] == []


def test_vsphere_networks_of_all_kinds(bosh: Bosh) -> None:
    """Against govmomi's simulator; what it cannot show is in the unit tests."""
    start = (
        f"setsid vcenter -listen [::]:{SECOND} -user u -password-file /etc/bosh-double/vcenter -datacenters 2 -nsx 1"
        " -opaque 1 -certificate /etc/bosh-double/server.pem -key /etc/bosh-double/server.key >/run/vcenter.log 2>&1 &"
        " until grep -q vCenter /run/vcenter.log; do sleep 0.1; done"
    )
    bosh.lab.sh(HOST, start)
    bosh.lab.exec(HOST, "python3", "-c", FURNISH, SECRETS[1])

    def found(**more: t.Any) -> dict[str, t.Any]:
        return bosh.vcenter("vsphere_network_info", **{"username": "u", "port": SECOND, **more})

    networks = {one["path"]: (one["type"], one["vlan"]["mode"], one["vlan"]["ids"]) for one in found()["networks"]}
    assert networks == {
        "DC0_NSX0": ("opaque", "unknown", []),
        "DVS0/DC0_DVPG0": ("distributed", "none", []),
        "DVS0/DC0_NSXPG0": ("nsx", "none", []),
        "DVS0/trunk": ("distributed", "trunk", ["5-9"]),
        "DVS0/twice": ("distributed", "none", []),
        "VM Network": ("standard", "none", []),
        "edge/DVS9/twice": ("distributed", "access", ["6"]),
    }
    assert "Give the full path: DVS0/twice or edge/DVS9/twice" in found(name="twice")["msg"]
    assert found(name="edge/DVS9/twice")["network"]["folder"] == "edge"
    assert "ten minutes" in found(name="nowhere")["msg"] and "uplinks" in found(name="DVS9-DVUplinks-118")["msg"]
    # Each datacenter has one of this name, and only that of the one asked for counts.
    ids = {found(name="VM Network", datacenter=name)["network"]["id"] for name in ("DC0", "DC1")}
    assert len(ids) == 2
    assert "does not accept the password" in found(password="wrong")["msg"]
    assert "not trusted" in found(ca_cert=None)["msg"]
    assert "mismatch" in found(hostname="127.0.0.3")["msg"]
    assert len(found(hostname="127.0.0.3", ca_cert=None, validate_certs=False)["networks"]) == len(networks)


def test_absent_leaves_what_was_there_before(bosh: Bosh) -> None:
    results = bosh.results(bosh_cloud_config_state="absent")
    assert [name for name, result in results.items() if result.get("changed")] == [
        "Withdraw the endpoints",
        "Delete the deployment",
        "Delete the cloud config",
    ]
    assert bosh.page() == "" and bosh.config() == "0" and bosh.site.endpoints() == []
    assert bosh.lab.exec(HOST, "ip", "netns", "list") == ""
    again = bosh.results(bosh_cloud_config_state="absent")
    assert [name for name, result in again.items() if result.get("changed")] == []
