# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""What comes of a cloud config: endpoints, DNS records, and a report."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud import endpoints, expected
from bosh_cloud_said import MANIFEST, network, with_groups


class TestEndpoints:
    ROWS: t.ClassVar[list[dict[str, t.Any]]] = [
        {
            "group": "web",
            "index": index,
            "vm_cid": f"vm-{index}",
            "addresses": ["10.0.9.7", f"2601:0646:0100:69f1:0000:0000:0000:000{index + 1}"],
        }
        for index in range(2)
    ]

    def test_static_addresses_are_known_before(self) -> None:
        group = {
            "name": "web",
            "addresses": [{"address": "::165", "name": "a.example.org"}, "::166"],
            "open": [80],
            "closed": [22],
        }
        result = with_groups(group)
        found = endpoints(result["claims"], [], "director")
        assert [(one["name"], one["address"]) for one in found] == [
            ("a.example.org", "2601:646:100:69f1::165"),
            ("web-1", "2601:646:100:69f1::166"),
        ]
        assert found[0] == {
            "name": "a.example.org",
            "kind": "vm",
            "behind": "director",
            "address": "2601:646:100:69f1::165",
            "open": [80],
            "closed": [22],
            "ping": True,
        }
        assert [(one["name"], one["named"]) for one in result["addresses"]] == [
            ("a.example.org", True),
            ("web-1", False),
        ]

    def test_records(self) -> None:
        group = {"name": "web", "addresses": [{"address": "::165", "name": "a.example.org"}, "::166"]}
        reverse = "0.0.0.0.0.0.0.0.0.0.0.0.0.1.f.9.6.0.0.1.0.6.4.6.0.1.0.6.2.ip6.arpa."
        first = {
            "aaaa": ["a.example.org.\tIN\tAAAA\t2601:646:100:69f1::165"],
            "ptr": [f"5.6.1.{reverse}\tIN\tPTR\ta.example.org."],
        }
        assert with_groups(group)["records"] == first
        assert with_groups(group, domain="example.org")["records"] == {
            "aaaa": [*first["aaaa"], "web-1.example.org.\tIN\tAAAA\t2601:646:100:69f1::166"],
            "ptr": [*first["ptr"], f"6.6.1.{reverse}\tIN\tPTR\tweb-1.example.org."],
        }
        assert with_groups({"name": "web"}, domain="example.org")["records"] == {"aaaa": [], "ptr": []}

    def test_what_the_director_chose(self) -> None:
        claims = with_groups({"name": "web", "ping": False})["claims"]
        assert endpoints(claims, [], "director") == []
        found = endpoints(claims, self.ROWS, "director")
        assert [(one["name"], one["address"], one["ping"]) for one in found] == [
            ("web-0", "2601:646:100:69f1::1", False),
            ("web-1", "2601:646:100:69f1::2", False),
        ]
        assert endpoints(claims, self.ROWS[:1], "director")[0]["name"] == "web"

    def test_what_vcenter_must_show(self) -> None:
        claims = with_groups({"name": "web"})["claims"]
        rows = [*self.ROWS, {"group": "db", "vm_cid": "vm-9", "addresses": []}, {**self.ROWS[0], "vm_cid": None}]
        assert expected(claims, rows) == [
            {"vm": f"vm-{index}", "addresses": [f"2601:0646:0100:69f1:0000:0000:0000:000{index + 1}"]}
            for index in range(2)
        ]


class TestReport:
    def topics(self, **more: t.Any) -> dict[str, str]:
        result = with_groups(*more.pop("groups", [{"name": "web"}]), **more)
        return {entry["topic"]: entry["message"] for entry in result["report"]}

    def test_what_concerns_everybody(self) -> None:
        said = self.topics(director="https://10.0.9.6")
        assert set(said) == {
            "router_advertisements",
            "lowest_addresses",
            "default_route",
            "interfaces",
            "listen",
            "ssh",
        }
        assert "(https://10.0.9.6) must therefore be in the IPv4 subnet" in said["default_route"]
        assert "hands out 2601:646:100:69f1::1 first" in said["lowest_addresses"]

    def test_the_other_route(self) -> None:
        assert "only where a router advertises itself" in self.topics(default_route="ipv4")["default_route"]
        alone = self.topics(ipv4_network="")
        assert "reachable by IPv6" in alone["default_route"] and "ssh" not in alone

    def test_without_groups(self) -> None:
        assert set(self.topics(groups=[])) == {"router_advertisements", "lowest_addresses", "listen"}

    def test_the_lowest_address(self) -> None:
        for values in ({"gateway": "::1"}, {"reserved": ["::1"]}, {"static": ["::1 - ::f"]}):
            assert "lowest_addresses" not in self.topics(networks=[network(**values)])

    @pytest.mark.parametrize(
        ("conf", "words"),
        [
            ("server {\n  listen 80;\n  listen *:81;\n}", "web: nginx_conf listens on 80, *:81, which is IPv4 alone"),
            ("server {\n  listen [::]:80;\n listen 80;\n}", None),
        ],
    )
    def test_a_program_that_listens_to_ipv4_alone(self, conf: str, words: str | None) -> None:
        manifest = copy.deepcopy(MANIFEST)
        manifest["instance_groups"][0]["jobs"] = [{"name": "nginx", "properties": {"nginx_conf": conf}}]
        said = self.topics(manifest=manifest)
        assert words in said["listen"] if words else "listen" not in said

    @pytest.mark.parametrize(
        ("stemcell", "words"),
        [
            ({"os": "ubuntu-jammy"}, "reboots each new VM once"),
            ({"name": "bosh-vsphere-esxi-ubuntu-trusty-go_agent"}, "out of support"),
            ({"os": "ubuntu-noble"}, None),
        ],
    )
    def test_stemcells(self, stemcell: dict[str, str], words: str | None) -> None:
        said = self.topics(manifest={**MANIFEST, "stemcells": [stemcell]})
        assert words in said["stemcell"] if words else "stemcell" not in said
