# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""bosh_config against a Director over real HTTPS on the loopback."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import threading
import typing as t

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.routable.ipv6.plugins.module_utils import _bosh_client as client_module
from ansible_collections.routable.ipv6.plugins.modules import bosh_config
from doubles.bosh_director.api import Director
from doubles.bosh_director.errors import DirectorError
from doubles.bosh_director.identity import ADMIN, READ, Local, Uaa
from doubles.bosh_director.server import Double

SECRET = "s3cr3t-of-the-client"
OTHER_SECRET = "s3cr3t-of-vcenter"
DEFAULT = {
    "azs": [{"name": "z1", "cloud_properties": {"datacenters": [{"name": "dc"}]}}],
    "networks": [
        {
            "name": "default",
            "type": "manual",
            "subnets": [
                {"range": "10.0.9.0/24", "gateway": "10.0.9.1", "azs": ["z1"], "cloud_properties": {"name": "nono"}}
            ],
        }
    ],
    "compilation": {"workers": 2, "network": "default", "az": "z1"},
}
IPV6 = {
    "networks": [
        {
            "name": "ipv6",
            "type": "manual",
            "subnets": [
                {
                    "range": "2601:0646:0100:69f1:0000:0000:0000:0000/64",
                    "gateway": "2601:0646:0100:69f1:020d:b9ff:fe48:9249",
                    "dns": ["2001:4860:4860:0000:0000:0000:0000:8888", "2001:4860:4860:0000:0000:0000:0000:8844"],
                    "azs": ["z1"],
                    "cloud_properties": {"name": "IPv6"},
                }
            ],
        }
    ]
}


def changed(**values: t.Any) -> dict[str, t.Any]:
    """The IPv6 config with other values in its subnet."""
    content: dict[str, t.Any] = json.loads(json.dumps(IPV6))
    content["networks"][0]["subnets"][0].update(values)
    return content


class World:
    """A Director and the module that talks to it."""

    def __init__(self, double: Double, capsys: pytest.CaptureFixture[str]) -> None:
        self.double = double
        self._capsys = capsys
        self.output = ""

    @property
    def uaa(self) -> Uaa:
        identity = self.double.director.identity
        assert isinstance(identity, Uaa)
        return identity

    def put(self, content: object, kind: str = "cloud", name: str = "default") -> None:
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        self.double.director.configs.update({"type": kind, "name": name, "content": text})

    def stored(self, kind: str = "cloud", name: str = "ipv6") -> tuple[str, str] | None:
        row = self.double.director.configs.current(kind, name)
        return None if row is None else (str(row.id), row.content)

    def writes(self) -> list[str]:
        return [method for method, path in self.double.requests if method != "GET" and path.startswith("/configs")]

    def run(self, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        arguments = {
            "director": self.double.url,
            "client": "admin",
            "client_secret": SECRET,
            "ca_cert": self.double.ca,
            "name": "ipv6",
            **({"content": IPV6} if options.get("state") != "absent" else {}),
            "_ansible_check_mode": check,
            "_ansible_diff": True,
            **options,
        }
        with patch_module_args(arguments), pytest.raises(SystemExit):
            bosh_config.main()
        self.output = self._capsys.readouterr().out
        return t.cast("dict[str, t.Any]", json.loads(self.output))

    def sentence(self, **options: t.Any) -> str:
        """The message of a failure: one sentence in one line, and no secret anywhere."""
        result = self.run(**options)
        assert result.get("failed"), result
        message = str(result["msg"])
        assert "\n" not in message and message.endswith(".") and "Traceback" not in self.output
        assert SECRET not in self.output and OTHER_SECRET not in self.output
        return message


@pytest.fixture
def world(certificates: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> t.Iterator[World]:
    double = Double(Director(Uaa({"admin": (SECRET, (ADMIN,)), "reader": (SECRET, (READ,))})), directory=certificates)
    world = World(double.start(), capsys)
    world.put(DEFAULT)
    yield world
    double.stop()


class TestState:
    def test_create_and_again(self, world: World) -> None:
        first = world.run()
        assert first["changed"] and (first["previous_id"], first["id"]) == ("0", "2")
        assert first["changes"] == ["Create the cloud config ipv6"]
        assert first["director"]["version"] == "283.1.6 (00000000)"
        stored = world.stored()
        assert stored is not None and yaml.safe_load(stored[1]) == IPV6
        assert '"2601:0646:0100:69f1:0000:0000:0000:0000/64"' in stored[1]
        again = world.run()
        assert not again["changed"] and again["id"] == "2" and world.writes() == ["POST"]

    def test_the_addresses_that_come_first(self, world: World) -> None:
        (network,) = world.run(check=True)["first_addresses"]
        assert network["network"] == "ipv6"
        assert network["addresses"] == [f"2601:646:100:69f1::{number}" for number in (1, 2, 3)]

    def test_check_mode_is_exact(self, world: World) -> None:
        check, run = world.run(check=True), None
        assert world.stored() is None and world.writes() == []
        run = world.run()
        for key in ("changed", "changes", "diff", "findings", "previous_id"):
            assert check[key] == run[key]

    def test_a_change_is_two_lines(self, world: World) -> None:
        world.run()
        diff = world.run(content=changed(dns=["2001:4860:4860::8888", "2001:4860:4860::8844"]), check=True)["diff"]
        assert 'networks:\n- name: "ipv6"' not in diff["before"]  # no quotes where none are needed
        diff = world.run(content=changed(gateway="2601:0646:0100:69f1:0000:0000:0000:0001"))["diff"]
        before, after = (diff[side].splitlines() for side in ("before", "after"))
        assert [line.strip() for line in before if line not in after] == [
            'gateway: "2601:0646:0100:69f1:020d:b9ff:fe48:9249"'
        ]
        assert [line.strip() for line in after if line not in before] == [
            'gateway: "2601:0646:0100:69f1:0000:0000:0000:0001"'
        ]

    def test_what_says_the_same_is_no_change(self, world: World) -> None:
        text = "# by hand\n" + yaml.safe_dump(IPV6, default_flow_style=True, sort_keys=False)
        world.put(text, name="ipv6")
        assert not world.run()["changed"]
        assert not world.run(content=text)["changed"]
        assert world.writes() == []

    def test_text_keeps_addresses_that_look_like_numbers(self, world: World) -> None:
        text = yaml.safe_dump(changed(dns=[])).replace("dns: []", "dns: [2001:10:20:30:40:50:1:2]")
        assert world.run(content=text)["changed"]
        stored = world.stored()
        assert stored is not None and '"2001:10:20:30:40:50:1:2"' in stored[1]

    def test_absent(self, world: World) -> None:
        assert not world.run(state="absent")["changed"]
        world.run()
        world.run(content=changed(dns=[]))
        check = world.run(state="absent", check=True)
        assert check["changed"] and check["diff"]["after"] == "" and world.stored() is not None
        gone = world.run(state="absent")
        assert gone["changed"] and gone["id"] == "0" and gone["changes"] == ["Delete the cloud config ipv6 (id 3)"]
        assert world.stored() is None
        assert not world.run(state="absent")["changed"]

    def test_runtime_versions_are_text_to_the_director(self, world: World) -> None:
        content = {"releases": [{"name": "dns", "version": 1.36}], "addons": []}
        assert world.run(type="runtime", content=content)["changed"]
        assert not world.run(type="runtime", content=content)["changed"]

    def test_cpi_secrets_are_hidden_and_their_change_is_seen(self, world: World) -> None:
        def cpi(password: str) -> dict[str, t.Any]:
            return {"cpis": [{"name": "v", "type": "vsphere", "properties": {"password": password, "user": "u"}}]}

        world.run(type="cpi", content=cpi("the old one"))
        result = world.run(type="cpi", content=cpi(OTHER_SECRET))
        assert result["changed"] and OTHER_SECRET not in world.output and "the old one" not in world.output
        before, after = (result["diff"][side].splitlines() for side in ("before", "after"))
        assert [line.strip() for line in after if line not in before] == ["password: <redacted, another value>"]
        assert not world.run(type="cpi", content=cpi(OTHER_SECRET))["changed"]


class TestRules:
    def test_an_error_stops_it(self, world: World) -> None:
        message = world.sentence(content=changed(gateway="fe80::20d:b9ff:fe48:9249"))
        assert message.startswith(
            "The config ipv6 would break the next deployment. network ipv6, subnet 1: gateway=fe80::20d:b9ff:fe48:9249: "
        )
        assert "(NetworkInvalidGateway, 160003)" in message
        assert world.stored() is None

    def test_check_mode_is_refused_too(self, world: World) -> None:
        assert "160003" in world.sentence(content=changed(gateway="fe80::1"), check=True)

    def test_the_findings_are_data_too(self, world: World) -> None:
        (finding,) = world.run(content=changed(gateway="fe80::1"))["findings"]
        assert (finding["rule"], finding["level"], finding["director_code"]) == ("gateway_outside", "error", 160003)

    def test_warn_skip_and_accept(self, world: World) -> None:
        bad = changed(gateway="fe80::1")
        warned = world.run(content=bad, rules="warn", check=True)
        assert warned["changed"] and "160003" in str(warned["warnings"]) and "first_addresses" not in warned
        assert world.run(content=bad, rules="skip", check=True)["findings"] == []
        assert world.run(content=bad, accept=["gateway_outside"], check=True)["findings"] == []

    @pytest.mark.parametrize(("version", "level"), [("282.0.9", "error"), ("282.0.10", None)])
    def test_the_directors_version_counts(self, world: World, version: str, level: str | None) -> None:
        world.double.director.version = version
        result = world.run(content=changed(reserved=["2601:646:100:69f1:1::/96"]), rules="warn", check=True)
        levels = [finding["level"] for finding in result["findings"] if finding["rule"] == "reserved_cost"]
        assert levels == ([level] if level else [])

    def test_the_directors_other_configs_count(self, world: World) -> None:
        assert "160007" in world.sentence(content=changed(azs=["z9"]))
        world.put({"networks": [{"name": "IPV6", "type": "vip"}]}, name="other")
        assert "190007" in world.sentence()

    def test_a_config_that_others_need_is_not_taken_away(self, world: World) -> None:
        world.run()
        message = world.sentence(state="absent", name="default")
        assert "network ipv6, subnet 1: azs=z1" in message and "160007" in message
        assert world.stored(name="default") is not None

    def test_a_config_that_nobody_can_read_does_not_stop_another(self, world: World) -> None:
        world.put("a: :b", name="odd")
        world.double.director.configs.current("cloud", "odd").content = "a: [b"
        result = world.run()
        assert result["changed"] and "config odd" in str(result["warnings"])

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"gateway": 5602001869620062}, "number"),
            ({"dns": [5602001869620062]}, "number"),
            ({"dns": [{"2001:4860:4860:": None}]}, "ends in ::"),
            ({"gateway": "fe80::1%eth0"}, "zone"),
            ({"gateway": "10.0.9.1"}, "IPv4"),
            ({"range": "2601:646:100:69f1::1/128"}, "single address"),
            ({"dns": ["dns.example.org"]}, "name"),
        ],
    )
    def test_what_is_often_written(self, world: World, values: dict[str, t.Any], words: str) -> None:
        message = world.sentence(content=changed(**values))
        assert words in message and "subnet 1: " in message

    def test_yaml_with_an_unquoted_end(self, world: World) -> None:
        text = "networks:\n- name: ipv6\n  subnets:\n  - range: 2001:db8::/64\n    gateway: 2001:db8::\n    dns: []\n"
        message = world.sentence(content=text)
        assert "in line 5" in message and "quote the address 2001:db8::" in message

    @pytest.mark.parametrize("content", ["just text", "[]", ["a"], "", 5])
    def test_no_mapping(self, world: World, content: object) -> None:
        assert "a config is a mapping" in world.sentence(content=content)


class TestConflict:
    def test_two_writers_at_once(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """Both have read the same version when both write: one wins, the other is told, nothing is lost."""
        meet = threading.Barrier(2)
        write = client_module.DirectorClient.update_config
        outcomes: list[object] = []

        def together(self: t.Any, *words: t.Any) -> t.Any:
            meet.wait(10)
            return write(self, *words)

        def writer(dns: str) -> None:
            client = client_module.DirectorClient(world.double.url, "admin", SECRET, world.double.ca)
            try:
                outcomes.append(together(client, "cloud", "ipv6", f"networks: [{dns}]\n", "0"))
            except client_module.Conflict as conflict:
                outcomes.append(conflict)

        writers = [threading.Thread(target=writer, args=(dns,)) for dns in ("one", "two")]
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join()
        won = [outcome for outcome in outcomes if isinstance(outcome, dict)]
        lost = [outcome for outcome in outcomes if isinstance(outcome, client_module.Conflict)]
        assert len(won) == len(lost) == 1
        assert world.stored() == (won[0]["id"], won[0]["content"])

    def test_somebody_writes_between_reading_and_writing(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        write = client_module.DirectorClient.update_config

        def late(self: t.Any, *words: t.Any) -> t.Any:
            world.put(changed(dns=[]), name="ipv6")
            return write(self, *words)

        monkeypatch.setattr(client_module.DirectorClient, "update_config", late)
        message = world.sentence()
        assert "newer version" in message and "Nothing was written" in message
        stored = world.stored()
        assert stored is not None and yaml.safe_load(stored[1]) == changed(dns=[])

    def test_somebody_writes_before_it_is_deleted(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world.run()
        plan = bosh_config.config.plan

        def late(*words: t.Any) -> t.Any:
            world.put(changed(dns=[]), name="ipv6")
            return plan(*words)

        monkeypatch.setattr(bosh_config.config, "plan", late)
        assert "newer version (3)" in world.sentence(state="absent")
        assert world.stored() is not None

    def test_the_id_that_the_caller_has_seen(self, world: World) -> None:
        assert world.run(expected_latest_id="0")["changed"]
        # The config is as it shall be, so which version it is does not matter.
        assert not world.run(expected_latest_id="0")["changed"]
        message = world.sentence(content=changed(dns=[]), expected_latest_id="0", check=True)
        assert "expected_latest_id=0" in message and "has the id 2" in message
        assert world.run(content=changed(dns=[]), expected_latest_id="2")["id"] == "3"


class TestFailures:
    """One sentence each."""

    def test_wrong_secret(self, world: World) -> None:
        message = world.sentence(client_secret="not " + SECRET[::-1])
        assert "does not accept the secret of the client admin" in message and "UAA" in message

    def test_wrong_password_without_uaa(self, world: World) -> None:
        world.double.director.identity = Local({"admin": (SECRET, (ADMIN,))})
        assert world.run()["changed"]
        assert "does not accept the password of admin" in world.sentence(client_secret="wrong")

    def test_a_client_that_may_only_read(self, world: World) -> None:
        message = world.sentence(client="reader")
        assert "knows reader, who may not do this: Require one of the scopes: bosh.admin" in message

    def test_an_expired_token_is_replaced_once(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        write = client_module.DirectorClient.update_config

        def later(self: t.Any, *words: t.Any) -> t.Any:
            world.uaa.skip(3600)
            return write(self, *words)

        monkeypatch.setattr(client_module.DirectorClient, "update_config", later)
        assert world.run()["changed"] and world.uaa.issued == 2
        assert world.writes() == ["POST", "POST"]

    def test_a_token_that_is_never_good(self, world: World) -> None:
        world.uaa.seconds = -1
        assert "look at the clocks" in world.sentence()
        assert world.uaa.issued == 1

    def test_unknown_ca(self, world: World) -> None:
        message = world.sentence(ca_cert=None)
        assert "certificate of an unknown authority" in message and "ca_cert" in message
        assert world.double.requests == []

    def test_another_name(self, certificates: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
        double = Double(Director(Uaa({})), address="127.0.0.2", directory=certificates)
        try:
            message = World(double.start(), capsys).sentence()
            assert "another name than 127.0.0.2" in message
        finally:
            double.stop()

    @pytest.mark.parametrize("ca_cert", ["/no/such/file", "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----"])
    def test_no_ca(self, world: World, ca_cert: str) -> None:
        assert "CA" in world.sentence(ca_cert=ca_cert)

    def test_a_ca_in_a_file(self, world: World) -> None:
        assert world.run(ca_cert=str(world.double.directory / "ca.pem"))["changed"]

    def test_nobody_listens(self, world: World) -> None:
        world.double.stop()
        assert "nobody listens on that port" in world.sentence()

    @pytest.mark.parametrize(
        ("kind", "words", "carried_out"),
        [("cut", "in the middle of the request", False), ("half", "in the middle of its answer", True)],
    )
    def test_down_in_mid_request(self, world: World, kind: str, words: str, carried_out: bool) -> None:
        world.double.faults.add(kind=kind, path="/configs", method="POST")
        message = world.sentence()
        assert words in message and "run the task again" in message
        assert world.run()["changed"] == (not carried_out)

    def test_down_after_it_was_carried_out(self, world: World) -> None:
        world.double.faults.add(kind="cut_after", path="/configs", method="POST")
        assert "may have carried it out or not" in world.sentence()
        assert not world.run()["changed"]

    def test_down_while_reading(self, world: World) -> None:
        world.double.faults.add(kind="cut", path="/info")
        message = world.sentence()
        assert "in the middle of the request" in message and "carried" not in message

    def test_slow(self, world: World) -> None:
        world.double.faults.add(kind="slow", path="/info", seconds=3)
        assert "did not answer within 1 s" in world.sentence(timeout=1)

    def test_error_500(self, world: World) -> None:
        world.double.faults.add(kind="500", path="/configs", method="POST")
        assert "failed inside (500)" in world.sentence()

    @pytest.mark.parametrize("path", ["/info", "/configs", "/oauth/token"])
    def test_html_instead_of_json(self, world: World, path: str) -> None:
        world.double.faults.add(kind="html", path=path)
        assert "answers with HTML instead of JSON" in world.sentence()

    @pytest.mark.parametrize("path", ["/info", "/configs", "/oauth/token"])
    def test_other_json(self, world: World, path: str) -> None:
        world.double.faults.add(kind="garbage", path=path)
        world.sentence()

    def test_another_server(self, world: World) -> None:
        assert "HTTP status 404" in world.sentence(director=world.double.director.uaa_url)

    def test_more_than_a_proxy_takes(self, world: World) -> None:
        world.double.max_body = 1 << 20
        large = changed()
        large["vm_types"] = [{"name": f"type-{number}", "cloud_properties": {"x": "y" * 20000}} for number in range(60)]
        assert "does not take a request of this size (413)" in world.sentence(content=large)
        world.double.max_body = 10 << 20
        assert world.run(content=large)["changed"]

    def test_what_the_director_itself_refuses(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(request: object) -> t.NoReturn:
            raise DirectorError(440011, "YAML hash expected")

        monkeypatch.setattr(world.double.director.configs, "update", refuse)
        assert "refuses: YAML hash expected (440011)" in world.sentence()

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("http://127.0.0.1:25555", "https only"),
            (f"https://admin:{SECRET}@127.0.0.1", "holds a user or a password"),
            ("https://[2001:db8::6", "cannot be read"),
            ("https://", "names no host"),
            ("https://no-such-host.invalid", "cannot be found"),
        ],
    )
    def test_urls(self, world: World, url: str, words: str) -> None:
        assert words in world.sentence(director=url)


@pytest.mark.parametrize("form", ["https://[::1]:{port}", "[::1]:{port}"])
def test_ipv6_director(certificates: pathlib.Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    double = Double(Director(Uaa({"admin": (SECRET, (ADMIN,))})), address="::1", directory=certificates)
    world = World(double.start(), capsys)
    try:
        result = world.run(director=form.format(port=double.url.rpartition(":")[2]), content=DEFAULT, name="default")
        assert result["changed"], result
    finally:
        double.stop()


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("2001:db8::6", "2001:db8::6", 25555),
        ("[2001:db8::6]", "2001:db8::6", 25555),
        ("https://[2001:db8::6]", "2001:db8::6", 25555),
        ("director.example.org", "director.example.org", 25555),
        ("https://director.example.org:443/", "director.example.org", 443),
    ],
)
def test_url_forms(url: str, host: str, port: int) -> None:
    address = client_module.parse_url(url)
    assert (address.host, address.port, address.path) == (host, port, "")


def test_nothing_secret_with_vvv(world: World, tmp_path: pathlib.Path) -> None:
    """The real program, with all that it says: a good run, a wrong secret, and a CPI config with a password."""
    common = {"director": world.double.url, "client": "admin", "ca_cert": world.double.ca}
    cpi = {"cpis": [{"name": "v", "type": "vsphere", "properties": {"password": OTHER_SECRET}}]}
    tasks = [
        {"client_secret": SECRET, "name": "ipv6", "content": IPV6},
        {"client_secret": SECRET[::-1], "name": "ipv6", "content": IPV6},
        {"client_secret": SECRET, "type": "cpi", "content": cpi},
        {"client_secret": SECRET, "type": "cpi", "content": {"cpis": []}},
    ]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"routable.ipv6.bosh_config": {**common, **task}, "ignore_errors": True} for task in tasks],
    }
    book = tmp_path / "book.yml"
    book.write_text(json.dumps([play]))
    config = tmp_path / "ansible.cfg"
    config.touch()
    # Through an absolute path of the file that is tested, whatever else is installed.
    collections = pathlib.Path(bosh_config.__file__).parents[5]
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
        "ANSIBLE_CONFIG": str(config),
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-vvv", "--diff", str(book)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert "changed=3" in said and "ignored=1" in said, said
    assert 'gateway: "2601:0646:0100:69f1:020d:b9ff:fe48:9249"' in said
    for secret in (SECRET, SECRET[::-1], OTHER_SECRET):
        assert secret not in said
