# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""What a user says of a cloud config, with the values of the post of 2018."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud import plan

POST: dict[str, t.Any] = {
    "name": "ipv6",
    "prefix": "2601:646:100:69f1::/64",
    "gateway": "fe80::20d:b9ff:fe48:9249",
    "dns": ["2001:4860:4860::8888", "2001:4860:4860::8844"],
    "azs": ["z1"],
    "vsphere_network": "IPv6",
}
# As the post has it, letter for letter.
UPLOADED = {
    "networks": [
        {
            "name": "ipv6",
            "type": "manual",
            "subnets": [
                {
                    "range": "2601:0646:0100:69f1:0000:0000:0000:0000/64",
                    "gateway": "2601:0646:0100:69f1:020d:b9ff:fe48:9249",
                    "dns": [
                        "2001:4860:4860:0000:0000:0000:0000:8888",
                        "2001:4860:4860:0000:0000:0000:0000:8844",
                    ],
                    "azs": ["z1"],
                    "cloud_properties": {"name": "IPv6"},
                }
            ],
        }
    ]
}
EXAMPLE = {"stemcell": {"os": "ubuntu-noble", "version": "1.204"}, "release": {"version": "1.21.6"}}
MANIFEST: dict[str, t.Any] = {
    "name": "d",
    "instance_groups": [
        {
            "name": "web",
            "instances": 2,
            "azs": ["z1"],
            "networks": [{"name": "default", "default": ["dns", "gateway"]}],
        },
        {"name": "other", "instances": 1, "networks": [{"name": "default"}]},
    ],
}
IPV4 = {"range": "10.0.9.0/24", "gateway": "10.0.9.1", "azs": ["z1"]}
OTHERS = {
    "default": {
        "azs": [{"name": "z1"}],
        "networks": [{"name": "default", "subnets": [IPV4]}],
        "compilation": {"workers": 1, "network": "default", "az": "z1"},
    }
}


def network(**values: t.Any) -> dict[str, t.Any]:
    """The network of the post with other values; None takes a key away."""
    return {key: value for key, value in {**POST, **values}.items() if value is not None}


def made(**values: t.Any) -> dict[str, t.Any]:
    """The subnet that comes of it."""
    subnet: dict[str, t.Any] = plan({"networks": [network(**values)]})["content"]["networks"][0]["subnets"][0]
    return subnet


def with_groups(*groups: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    said = {"networks": [POST], "ipv4_network": "default", "default_route": "ipv6", **more}
    return plan({**said, "groups": list(groups)})
