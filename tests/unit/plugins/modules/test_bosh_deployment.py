# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""bosh_deployment against a Director over real HTTPS on the loopback; only the clock is made up."""

from __future__ import annotations

import copy
import json
import pathlib
import typing as t

import pytest
import yaml
from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args
from ansible_collections.routable.ipv6.plugins.modules import bosh_deployment
from doubles.bosh_director.api import Director
from doubles.bosh_director.deployments import Item
from doubles.bosh_director.identity import ADMIN, READ, Uaa
from doubles.bosh_director.server import Double

SECRET = "s3cr3t-of-the-client"
PROPERTY = "s3cr3t-of-the-manifest"
SIGNED = "s3cr3t-of-the-url"
STEMCELL_URL = f"https://user:{SIGNED}@example.org/noble.tgz?signature={SIGNED}"
RELEASE_URL = "https://example.org/nginx.tgz"
SHA1 = "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"
CLOUD: dict[str, t.Any] = {
    "azs": [{"name": "z1"}],
    "networks": [
        {
            "name": "ipv6",
            "type": "manual",
            "subnets": [
                {
                    "range": "2001:db8:0:1::/64",
                    "gateway": "2001:db8:0:1::1",
                    "reserved": ["2001:db8:0:1::2 - 2001:db8:0:1::f"],
                    "static": ["2001:db8:0:1::10 - 2001:db8:0:1::1f"],
                    "azs": ["z1"],
                    "cloud_properties": {"name": "IPv6"},
                }
            ],
        }
    ],
    "compilation": {"workers": 1, "network": "ipv6", "az": "z1"},
}
MANIFEST: dict[str, t.Any] = {
    "name": "nginx",
    "releases": [{"name": "nginx", "version": "1.21.6", "url": RELEASE_URL, "sha1": SHA1}],
    "stemcells": [{"alias": "default", "os": "ubuntu-noble", "version": "1.204"}],
    "instance_groups": [
        {
            "name": "nginx",
            "instances": 2,
            "azs": ["z1"],
            "networks": [{"name": "ipv6"}],
            "jobs": [{"name": "nginx", "release": "nginx", "properties": {"password": PROPERTY, "port": 80}}],
        }
    ],
}
STEMCELL = {"name": "noble", "version": "1.204", "url": STEMCELL_URL}
CHANGES = ["Upload the stemcell noble/1.204", "Upload the release nginx/1.21.6", "Create the deployment nginx"]


def changed(**values: t.Any) -> dict[str, t.Any]:
    """The manifest with other values in its group."""
    manifest = copy.deepcopy(MANIFEST)
    manifest["instance_groups"][0].update(values)
    return manifest


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []
        # What happens in which pause.
        self.due: dict[int, t.Callable[[], object]] = {}

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        self.due.pop(len(self.pauses), lambda: None)()


class World:
    def __init__(self, double: Double, capsys: pytest.CaptureFixture[str]) -> None:
        self.double = double
        self.director = double.director
        self._capsys = capsys
        self.director.store.web = {
            STEMCELL_URL: Item("stemcell", "noble", "1.204", SHA1, "ubuntu-noble"),
            RELEASE_URL: Item("release", "nginx", "1.21.6", SHA1),
            "https://example.org/other.tgz": Item("release", "other", "1.21.6", SHA1),
            "https://example.org/new.tgz": Item("release", "nginx", "1.30.0", SHA1),
        }
        self.put(CLOUD)

    def put(self, content: object) -> None:
        self.director.configs.update({"type": "cloud", "name": "default", "content": yaml.safe_dump(content)})

    def writes(self) -> list[str]:
        return [
            path
            for method, path in self.double.requests
            if method != "GET" and "/diff" not in path and "/oauth" not in path
        ]

    def run(self, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        arguments = {
            "director": self.double.url,
            "client": "admin",
            "client_secret": SECRET,
            "ca_cert": self.double.ca,
            "_ansible_check_mode": check,
            "_ansible_diff": True,
            **({"manifest": MANIFEST, "stemcells": [STEMCELL]} if options.get("state") != "absent" else {}),
            **options,
        }
        with patch_module_args(arguments), pytest.raises(SystemExit):
            bosh_deployment.main()
        output = self._capsys.readouterr().out
        for secret in (SECRET, PROPERTY, SIGNED):
            assert secret not in output
        assert "Traceback" not in output
        return t.cast("dict[str, t.Any]", json.loads(output))

    def sentence(self, **options: t.Any) -> str:
        result = self.run(**options)
        assert result.get("failed"), result
        assert "\n" not in result["msg"] and result["msg"].endswith(".")
        return str(result["msg"])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(bosh_deployment, "time", made)
    monkeypatch.setattr(warnings, "_global_warnings", {})
    return made


@pytest.fixture
def world(certificates: pathlib.Path, capsys: pytest.CaptureFixture[str], clock: Clock) -> t.Iterator[World]:
    identity = Uaa({"admin": (SECRET, (ADMIN,)), "reader": (SECRET, (READ,))})
    double = Double(Director(identity), directory=certificates)
    yield World(double.start(), capsys)
    double.stop()


class TestState:
    def test_create_and_again(self, world: World, clock: Clock) -> None:
        first = world.run()
        assert first["changed"] and first["changes"] == CHANGES and clock.pauses == []
        assert [(task["id"], task["state"]) for task in first["tasks"]] == [(1, "done"), (2, "done"), (3, "done")]
        assert first["tasks"][2]["events"] == ["Preparing deployment: Preparing deployment (1/1) finished"]
        assert [(row["group"], row["index"], row["az"], row["addresses"]) for row in first["instances"]] == [
            ("nginx", 0, "z1", ["2001:db8:0:1::20"]),
            ("nginx", 1, "z1", ["2001:db8:0:1::21"]),
        ]
        assert yaml.safe_load(world.director.deployments["nginx"]) == MANIFEST
        before = world.writes()
        again = world.run()
        assert not again["changed"] and again["changes"] == [] and "tasks" not in again
        assert again["instances"] == first["instances"] and world.writes() == before
        assert again["diff"]["before"] == again["diff"]["after"]

    def test_check_mode_is_exact(self, world: World) -> None:
        check = world.run(check=True)
        assert world.writes() == [] and check["instances"] == []
        run = world.run()
        for key in ("changed", "changes", "diff", "findings", "name"):
            assert check[key] == run[key]

    def test_static_addresses(self, world: World) -> None:
        networks = [{"name": "ipv6", "static_ips": ["2001:DB8:0:1:0::11", "2001:db8:0:1::10"]}]
        rows = world.run(manifest=changed(networks=networks))["instances"]
        assert [row["addresses"] for row in rows] == [["2001:db8:0:1::11"], ["2001:db8:0:1::10"]]

    def test_a_change_reads_like_the_manifest(self, world: World) -> None:
        world.run()
        result = world.run(manifest=changed(instances=1))
        assert result["changes"] == ["Update the deployment nginx"] and len(result["instances"]) == 1
        before, after = (result["diff"][side].splitlines() for side in ("before", "after"))
        assert [line.strip() for line in before if line not in after] == ["instances: 2"]
        assert [line.strip() for line in after if line not in before] == ["instances: 1"]

    def test_a_secret_that_changes_is_seen_and_not_shown(self, world: World) -> None:
        world.run()
        jobs = [{"name": "nginx", "release": "nginx", "properties": {"password": PROPERTY + "2", "port": 80}}]
        diff = world.run(manifest=changed(jobs=jobs))["diff"]
        before, after = (diff[side].splitlines() for side in ("before", "after"))
        assert [line.strip() for line in after if line not in before] == ["password: <redacted, another value>"]

    def test_text_that_says_the_same(self, world: World) -> None:
        world.run()
        assert not world.run(manifest="# by hand\n" + yaml.safe_dump(MANIFEST, default_flow_style=True))["changed"]

    def test_a_cloud_config_that_is_still_to_be_uploaded(self, world: World) -> None:
        """What check mode says with it is what a run says after the upload."""
        manifest = changed(networks=[{"name": "ipv6"}, {"name": "late", "default": ["dns", "gateway"]}])
        assert "no cloud config has this network" in world.sentence(manifest=manifest)
        subnet = {"range": "10.0.9.0/24", "gateway": "10.0.9.1", "azs": ["z1"], "cloud_properties": {"name": "late"}}
        network = {"name": "late", "subnets": [subnet]}
        late = {"late": {"networks": [network]}}
        check = world.run(check=True, manifest=manifest, cloud_configs=late)
        assert world.writes() == [] and check["findings"] == []
        world.director.configs.update({"type": "cloud", "name": "late", "content": yaml.safe_dump(late["late"])})
        run = world.run(manifest=manifest, cloud_configs=late)
        assert (check["changes"], check["diff"]) == (run["changes"], run["diff"])
        assert not world.run(manifest=manifest, cloud_configs=late)["changed"]
        # Another one changes what is deployed, and without rules just as well.
        subnet["dns"] = ["10.0.9.1"]
        for rules in ("enforce", "skip"):
            pending = world.run(check=True, manifest=manifest, cloud_configs=late, rules=rules)
            assert pending["changes"] == ["Update the deployment nginx, since what its manifest refers to has changed"]
        # It must not break what is deployed either.
        subnet["gateway"] = "10.0.8.1"
        assert "must lie in the range" in world.sentence(manifest=manifest, cloud_configs=late)

    def test_a_cloud_config_has_changed(self, world: World) -> None:
        world.run()
        cloud = copy.deepcopy(CLOUD)
        cloud["networks"][0]["subnets"][0]["dns"] = ["2001:db8::53"]
        world.put(cloud)
        check = world.run(check=True)
        assert "what its manifest refers to has changed" in check["changes"][0]
        lines = check["diff"]["prepared"].splitlines()
        assert [line for line in lines if "2001:db8::53" in line] == ["+     - 2001:db8::53"], lines
        assert world.run()["changed"] and not world.run()["changed"]

    def test_the_latest(self, world: World) -> None:
        manifest = {**MANIFEST, "releases": [{"name": "nginx", "version": "latest"}]}
        release = {"name": "nginx", "version": "1.21.6", "url": RELEASE_URL, "sha1": SHA1}
        newer = {**release, "version": "1.30.0", "url": "https://example.org/new.tgz"}
        assert world.run(manifest=manifest, releases=[release])["changes"] == CHANGES
        assert not world.run(manifest=manifest, releases=[release])["changed"]
        options = {"manifest": manifest, "releases": [release, newer]}
        check = world.run(check=True, **options)
        run = world.run(**options)
        assert (
            check["changes"]
            == run["changes"]
            == [
                "Upload the release nginx/1.30.0",
                "Update the deployment nginx, which takes the latest of what is uploaded",
            ]
        )
        assert not world.run(**options)["changed"]

    def test_somebody_else_has_uploaded_the_latest(self, world: World) -> None:
        manifest = {**MANIFEST, "stemcells": [{**MANIFEST["stemcells"][0], "version": "latest"}]}
        world.run(manifest=manifest)
        assert not world.run(manifest=manifest)["changed"]
        world.director.store.uploaded.append(Item("stemcell", "noble", "1.205", SHA1, "ubuntu-noble"))
        check, run = world.run(manifest=manifest, check=True), world.run(manifest=manifest)
        assert check["changes"] == run["changes"] and "refers to has changed" in run["changes"][0]
        assert "1.205" in run["diff"]["prepared"] and not world.run(manifest=manifest)["changed"]

    def test_absent(self, world: World) -> None:
        assert not world.run(state="absent", name="nginx")["changed"]
        world.run()
        check = world.run(state="absent", name="nginx", check=True)
        assert check["changed"] and check["diff"]["after"] == "" and "nginx" in world.director.deployments
        gone = world.run(state="absent", name="nginx", force=True)
        assert gone["changes"] == ["Delete the deployment nginx, whatever fails on the way"]
        assert gone["instances"] == [] and world.writes()[-1] == "/deployments/nginx?force=true"
        assert not world.run(state="absent", name="nginx")["changed"]
        assert not world.run(state="absent", name="a/b")["changed"]
        assert ("GET", "/deployments/a%2Fb") in world.double.requests
        assert world.director.store.stemcells() != []


class TestTasks:
    def test_a_task_is_followed(self, world: World, clock: Clock) -> None:
        world.director.looks = 4
        world.run()
        assert clock.pauses == [0.5, 0.75, 1.125] * 3

    def test_the_time_is_over_and_the_next_run_waits(self, world: World, clock: Clock) -> None:
        world.run()
        world.director.looks = 30
        message = world.sentence(manifest=changed(instances=1), task_timeout=5)
        assert "Task 4 of the Director (create deployment) has not ended within 5 s" in message
        assert sum(clock.pauses) == 5.0
        assert "may change the answer" in str(world.run(check=True, manifest=changed(instances=1))["warnings"])
        result = world.run(manifest=changed(instances=1))
        assert not result["changed"] and [task["id"] for task in result["tasks"]] == [4]
        assert max(clock.pauses) == 10.0

    def test_what_has_failed_is_done_again(self, world: World) -> None:
        world.run()
        bad = changed(networks=[{"name": "none"}])
        message = world.sentence(manifest=bad, rules="skip")
        assert "ends in error: Instance group 'nginx' references an unknown network 'none' (150001)" in message
        again = world.run()
        assert again["changes"] == ["Deploy nginx again, since the last time has failed (task 4)"]
        assert not world.run()["changed"]

    def test_a_look_may_fail(self, world: World, clock: Clock) -> None:
        world.double.faults.add(kind="500", count=5, path="/tasks/")
        result = world.run()
        assert result["changed"] and result["tasks"][2]["state"] == "done" and clock.pauses == [0.5] * 5
        world.double.faults.add(kind="500", count=6, path="/tasks/")
        message = world.sentence(manifest=changed(instances=1))
        assert "failed inside (500)" in message and "while task 4 was followed" in message

    def test_looks_that_fail_count_in_a_row(self, world: World, clock: Clock) -> None:
        world.run()
        world.director.looks = 3
        world.double.faults.add(kind="500", count=5, path="/tasks/4")
        clock.due = {6: lambda: world.double.faults.add(kind="500", count=5, path="/tasks/4")}
        assert world.run(manifest=changed(instances=1))["changed"] and clock.due == {}

    def test_uploads_that_fail(self, world: World) -> None:
        release = {"name": "nginx", "version": "1.21.6", "url": RELEASE_URL, "sha1": "f" * 40}
        manifest = {**MANIFEST, "releases": [{"name": "nginx", "version": "1.21.6"}]}
        assert "(30015)" in world.sentence(manifest=manifest, releases=[release])
        release.update(sha1=SHA1, url="https://example.org/other.tgz")
        assert "is another release" in world.sentence(manifest=manifest, releases=[release])
        assert "nginx" not in world.director.deployments

    def test_what_nobody_uploads(self, world: World) -> None:
        message = world.sentence(stemcells=[], manifest={**MANIFEST, "releases": []})
        assert "the Director cannot compare" in message and "ubuntu-noble" in message and "a.rb" not in message


class TestRules:
    def test_nothing_is_sent(self, world: World) -> None:
        for check in (True, False):
            result = world.run(check=check, manifest=changed(networks=[{"name": "IPv6"}]))
            assert result["msg"].startswith("The deployment nginx would fail. instance group nginx: ")
            assert "(JobUnknownNetwork, 150001)" in result["msg"]
            assert [finding["rule"] for finding in result["findings"]] == ["network_unknown"]
        assert world.writes() == []

    def test_the_cloud_config_counts(self, world: World) -> None:
        cloud = copy.deepcopy(CLOUD)
        cloud["networks"][0]["subnets"][0]["gateway"] = "fe80::1"
        world.put(cloud)
        assert "160003" in world.sentence()

    def test_warn_and_accept(self, world: World) -> None:
        bad = changed(networks=[{"name": "ipv6", "nic_group": "nic0"}])
        assert "different words are one interface" in world.sentence(manifest=bad)
        result = world.run(manifest=bad, rules="warn", check=True)
        assert "different words" in str(result["warnings"])
        assert world.run(manifest=bad, accept=["nic_group", "nic_group_cpi"], check=True)["findings"] == []

    def test_variables(self, world: World) -> None:
        manifest = changed(env={"a": "((one))-((two.b))"})
        assert "as they are written: ((one)), ((two.b))" in str(world.run(manifest=manifest, check=True)["warnings"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"manifest": "name: ["}, "the content is no YAML"),
        ({"manifest": "[]"}, "this is list"),
        ({"manifest": {"a": 1}}, "a manifest has the deployment's name"),
        ({"name": "x"}, "the manifest is that of nginx"),
        ({"releases": [{"name": "a", "version": "1", "url": "file:///a"}]}, "http and https alone"),
        ({"client_secret": "x"}, "does not accept the secret"),
        ({"client": "reader"}, "who may not do this"),
    ],
)
def test_what_is_refused(world: World, options: dict[str, t.Any], words: str) -> None:
    assert words in world.sentence(**options)
    assert world.director.deployments == {} and world.director.store.uploaded == []
