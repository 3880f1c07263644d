# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""What the tests of bosh_config have in common: a Director, configs, and the module that talks to it."""

from __future__ import annotations

import contextlib
import json
import pathlib
import typing as t

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.routable.ipv6.plugins.modules import bosh_config
from doubles.bosh_director.api import Director
from doubles.bosh_director.identity import ADMIN, READ, Uaa
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


@contextlib.contextmanager
def running_world(certificates: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> t.Iterator[World]:
    double = Double(Director(Uaa({"admin": (SECRET, (ADMIN,)), "reader": (SECRET, (READ,))})), directory=certificates)
    world = World(double.start(), capsys)
    world.put(DEFAULT)
    try:
        yield world
    finally:
        double.stop()
