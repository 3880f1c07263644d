# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""Directors that cannot be reached, lie, break off or refuse; and no secret in what is said of them."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _bosh_client as client_module
from ansible_collections.routable.ipv6.plugins.modules import bosh_config
from bosh_world import DEFAULT, IPV6, OTHER_SECRET, SECRET, World, changed
from doubles.bosh_director.api import Director
from doubles.bosh_director.errors import DirectorError
from doubles.bosh_director.identity import ADMIN, Local, Uaa
from doubles.bosh_director.server import Double


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
