# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""bosh_config against a Director over real HTTPS on the loopback."""

from __future__ import annotations

import threading
import typing as t

import pytest
import yaml
from ansible_collections.routable.ipv6.plugins.module_utils import _bosh_client as client_module
from ansible_collections.routable.ipv6.plugins.modules import bosh_config
from bosh_world import IPV6, OTHER_SECRET, SECRET, World, changed


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
