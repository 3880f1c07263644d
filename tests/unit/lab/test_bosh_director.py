# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""The Director double keeps to the Director's rules."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import json
import pathlib
import ssl
import subprocess
import sys
import typing as t

import pytest
from doubles.bosh_director.api import JSON, YAML, Answer, Director, Request
from doubles.bosh_director.deployments import Item
from doubles.bosh_director.faults import Fault
from doubles.bosh_director.identity import ADMIN, READ, Local, Uaa

USERS = {"admin": ("pw", (ADMIN,)), "reader": ("pw", (READ,))}


def basic(name: str, password: str = "pw") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


class Client:
    def __init__(self, name: str = "admin") -> None:
        self.director = Director(Local(dict(USERS)))
        self.name = name

    def ask(self, method: str, target: str, body: object = None, kind: str = JSON) -> Answer:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": basic(self.name), "Content-Type": kind}
        return self.director.answer(Request.of(method, target, headers, data))

    def put(self, content: str, **more: t.Any) -> tuple[int, dict[str, t.Any]]:
        answer = self.ask("POST", "/configs", {"type": "cloud", "name": "ipv6", "content": content, **more})
        return answer.status, json.loads(answer.body)


class TestConfigs:
    def test_an_id_changes_only_with_the_bytes(self) -> None:
        client = Client()
        status, row = client.put("a: 1\n")
        assert (status, row["id"], row["current"], row["team"]) == (201, "1", True, None)
        assert client.put("a: 1\n")[1]["id"] == "1"
        assert client.put("a:  1\n")[1]["id"] == "2"

    @pytest.mark.parametrize(("expected", "status"), [("0", 412), (1, 201), ("1", 201), (None, 201), ("2", 412)])
    def test_optimistic_locking(self, expected: object, status: int) -> None:
        client = Client()
        client.put("a: 1\n", expected_latest_id="0")
        assert client.put("a: 2\n", expected_latest_id=expected)[0] == status
        # Locking comes before comparing, so the same content is refused too.
        assert client.put("a: 2\n" if status == 201 else "a: 1\n", expected_latest_id="0")[0] == 412

    def test_what_the_conflict_says(self) -> None:
        client = Client()
        client.put("a: 1\n")
        status, body = client.put("a: 2\n", expected_latest_id="7")
        assert (status, body["latest_id"], body["expected_latest_id"]) == (412, "1", "7")

    @pytest.mark.parametrize(
        ("request_body", "code"),
        [
            ({"name": "x", "content": "a: 1"}, 440010),
            ({"type": "", "name": "x", "content": "a: 1"}, 440010),
            ({"type": 1, "name": "x", "content": "a: 1"}, 440010),
            ({"type": "cloud", "name": "x", "content": "[]"}, 440011),
            ({"type": "cloud", "name": "x", "content": ""}, 440011),
            ({"type": "cloud", "name": "x", "content": "a: [b"}, 440011),
            ({"type": "cloud", "name": "x", "content": "a: 2026-01-01"}, 440011),
            ([], 440010),
            (b"{", 710001),
        ],
    )
    def test_what_is_refused(self, request_body: object, code: int) -> None:
        answer = Client().ask("POST", "/configs", request_body)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, code)

    def test_networks_are_not_looked_at(self) -> None:
        assert Client().put("networks: [{name: ipv6, subnets: [{range: nonsense}]}]\n")[0] == 201

    def test_another_content_type_is_another_endpoint(self) -> None:
        answer = Client().ask("POST", "/configs", {"type": "cloud", "name": "x", "content": "a: 1"}, "text/yaml")
        assert (answer.status, answer.body) == (404, b"Endpoint '/configs' not found.")

    def test_versions_of_releases_become_text(self) -> None:
        client = Client()
        client.put("releases: [{name: dns, version: 1.5}]\n", type="runtime", name="dns")
        row = client.director.configs.current("runtime", "dns")
        assert row is not None and row.content == "---\nreleases:\n- name: dns\n  version: '1.5'\n"

    def test_listing(self) -> None:
        client = Client()
        for name in ("b", "default", "a"):
            client.put("a: 1\n", name=name)
            client.put("a: 2\n", name=name)

        def names(query: str) -> list[str]:
            rows = json.loads(client.ask("GET", f"/configs?{query}").body)
            return [f"{row['name']}{row['id']}{'*' if row['current'] else ''}" for row in rows]

        assert names("") == names("latest=true") == names("type=cloud&limit=1") == ["default4*", "a6*", "b2*"]
        assert names("latest=false&name=a") == ["a6*", "a5"]
        assert names("type=runtime") == []
        for query in ("limit=0", "limit=x", "latest=yes"):
            assert client.ask("GET", f"/configs?{query}").status == 400

    def test_deleting(self) -> None:
        client = Client()
        client.put("a: 1\n")
        client.put("a: 2\n")
        assert client.ask("DELETE", "/configs/2").status == 204
        # The version before it is the current one again.
        assert json.loads(client.ask("GET", "/configs").body)[0]["id"] == "1"
        assert client.ask("DELETE", "/configs?type=cloud").status == 400
        assert client.ask("DELETE", "/configs?type=cloud&name=ipv6").status == 204
        assert client.ask("DELETE", "/configs?type=cloud&name=ipv6").status == 404
        assert client.ask("GET", "/configs/1").status == 404
        assert client.put("a: 1\n")[1]["id"] == "3"

    def test_differences(self) -> None:
        client = Client()
        client.put("a: 1\nb: 2\n")
        request = {"type": "cloud", "name": "ipv6", "content": "a: 1\nb: 3\n"}
        answer = json.loads(client.ask("POST", "/configs/diff", request).body)
        assert answer == {"from": {"id": "1"}, "diff": [["a: 1", None], ["b: 2", "removed"], ["b: 3", "added"]]}
        same = {"from": {"id": "1"}, "to": {"content": "b: 2\na: 1\n"}}
        assert json.loads(client.ask("POST", "/configs/diff", same).body) == {"diff": []}
        assert client.ask("POST", "/configs/diff", {"from": {"id": "x"}, "to": {"content": "a: 1"}}).status == 400
        assert client.ask("POST", "/configs/diff", {"from": "a"}).status == 400


class TestAccess:
    def test_info_needs_no_login(self) -> None:
        director = Director(Local({}), version="282.0.9")
        answer = director.answer(Request.of("GET", "/info", {}, b""))
        info = json.loads(answer.body)
        assert (info["version"], info["user"]) == ("282.0.9 (00000000)", None)
        assert info["user_authentication"] == {"type": "basic", "options": {}}

    @pytest.mark.parametrize("header", [None, "", basic("admin", "x"), basic("nobody"), "Basic !", "bearer a.b.c"])
    def test_nobody(self, header: str | None) -> None:
        director = Director(Local(dict(USERS)))
        answer = director.answer(Request.of("GET", "/configs", {"Authorization": header} if header else {}, b""))
        assert (answer.status, answer.body) == (401, b"Not authorized: '/configs'\n")
        assert answer.headers == (("WWW-Authenticate", 'Basic realm="BOSH Director"'),)

    def test_a_reader_reads(self) -> None:
        client = Client("reader")
        assert client.ask("GET", "/configs").status == 200
        status, body = client.put("a: 1\n")
        assert (status, body["code"]) == (401, 600000)

    def test_tokens(self) -> None:
        uaa = Uaa(dict(USERS), seconds=60)
        status, answer = uaa.token(basic("reader"), "grant_type=client_credentials")
        assert (status, answer["token_type"], answer["expires_in"]) == (200, "bearer", 60)
        header = f"bearer {answer['access_token']}"
        user = uaa.user(header)
        assert user is not None and (user.name, user.may_read, user.may_write) == ("reader", True, False)
        assert uaa.user(header[:-2]) is None and Uaa(dict(USERS)).user(header) is None
        uaa.skip(61)
        assert uaa.user(header) is None

    @pytest.mark.parametrize(
        ("header", "form"),
        [
            (basic("admin", "x"), "grant_type=client_credentials"),
            (None, "grant_type=client_credentials"),
            (basic("admin"), "grant_type=password"),
        ],
    )
    def test_no_token(self, header: str | None, form: str) -> None:
        status, answer = Uaa(dict(USERS)).token(header, form)
        assert (status, answer["error"]) == (401, "invalid_client")


class TestTasks:
    def test_tasks(self) -> None:
        client = Client()
        tasks = client.director.tasks
        tasks.add("update_deployment", "create deployment", "admin", "nginx").state = "done"
        tasks.add("scheduled_cleanup", "clean up", "director").output["event"] = "{}\n"

        def ids(query: str) -> list[int]:
            return [task["id"] for task in json.loads(client.ask("GET", f"/tasks?{query}").body)]

        assert (ids(""), ids("verbose=2"), ids("verbose=2&limit=1"), ids("state=queued,processing")) == (
            [1],
            [2, 1],
            [2],
            [],
        )
        assert json.loads(client.ask("GET", "/tasks/1").body)["state"] == "done"
        assert client.ask("GET", "/tasks/2/output?type=event").body == b"{}\n"
        assert client.ask("GET", "/tasks/2/output?type=result").status == 204
        missing = client.ask("GET", "/tasks/9")
        assert (missing.status, json.loads(missing.body)["code"]) == (404, 10000)


class TestDeployments:
    CLOUD = (
        "azs: [{name: z1}]\nnetworks: [{name: a, subnets: [{range: 2001:db8::/64, gateway: '2001:db8::1', azs: [z1]}]}]\n"
        "compilation: {workers: 1, network: a, az: z1}\n"
    )
    MANIFEST = b"name: d\ninstance_groups: [{name: g, instances: 1, azs: [z1], networks: [{name: a}]}]\n"

    def test_a_good_one(self) -> None:
        client = Client()
        client.put(self.CLOUD)
        answer = client.ask("POST", "/deployments?dry_run=true", self.MANIFEST, YAML)
        assert (answer.status, answer.headers) == (302, (("Location", "/tasks/1"),))
        assert client.ask("GET", "/deployments/d").status == 404
        assert client.ask("POST", "/deployments", self.MANIFEST, YAML).status == 302
        assert json.loads(client.ask("GET", "/deployments/d").body) == {"manifest": self.MANIFEST.decode()}
        task = json.loads(client.ask("GET", "/tasks/2").body)
        assert (task["state"], task["deployment"], task["user"]) == ("done", "d", "admin")
        assert client.ask("DELETE", "/deployments/d").headers == (("Location", "/tasks/3"),)
        assert client.ask("DELETE", "/deployments/d").status == 404

    def test_a_bad_one_fails_as_a_task(self) -> None:
        client = Client()
        client.put(self.CLOUD.replace("'2001:db8::1'", "'fe80::1'"))
        assert client.ask("POST", "/deployments", self.MANIFEST, YAML).status == 302
        assert json.loads(client.ask("GET", "/tasks/1").body)["state"] == "error"
        event = json.loads(client.ask("GET", "/tasks/1/output?type=event").body)
        assert event["error"] == {
            "code": 160003,
            "message": "Invalid gateway for network 'a': must be inside the range",
        }
        assert client.ask("GET", "/deployments/d").status == 404

    @pytest.mark.parametrize(
        ("body", "kind", "status", "code"),
        [
            (b"name: d\n", JSON, 404, None),
            (b"[", YAML, 400, 440001),
            (b"a: 1\n", YAML, 400, 40001),
        ],
    )
    def test_what_is_refused_at_once(self, body: bytes, kind: str, status: int, code: int | None) -> None:
        answer = Client().ask("POST", "/deployments", body, kind)
        assert answer.status == status
        assert code is None or json.loads(answer.body)["code"] == code


class TestStore:
    WEB = {  # noqa: RUF012
        "https://h/s": Item("stemcell", "s", "1.9", "aa", "noble"),
        "https://h/t": Item("stemcell", "s", "1.10", "bb", "noble"),
        "https://h/r": Item("release", "r", "2", "cc"),
    }
    NEEDS = b"stemcells: [{os: noble, version: latest}]\nreleases: [{name: r, version: 2}]\n"

    def client(self) -> Client:
        client = Client()
        client.director.store.web = dict(self.WEB)
        client.put(TestDeployments.CLOUD)
        return client

    def upload(self, client: Client, kind: str, url: str, **more: str) -> dict[str, t.Any]:
        answer = client.ask("POST", f"/{kind}s", {"location": url, **more})
        where = dict(answer.headers)["Location"]
        return t.cast("dict[str, t.Any]", json.loads(client.ask("GET", where).body))

    def test_uploads(self) -> None:
        client = self.client()
        assert self.upload(client, "stemcell", "https://h/s", sha1="aa")["result"] == "/stemcells/s/1.9"
        assert self.upload(client, "release", "https://h/r")["state"] == "done"
        for kind, url, more in (("stemcell", "https://h/t", {"sha1": "aa"}), ("release", "https://h/s", {})):
            assert self.upload(client, kind, url, **more)["state"] == "error"
        (row,) = json.loads(client.ask("GET", "/stemcells").body)
        assert (row["name"], row["version"], row["operating_system"]) == ("s", "1.9", "noble")
        (row,) = json.loads(client.ask("GET", "/releases").body)
        assert (row["name"], row["release_versions"][0]["version"]) == ("r", "2")
        assert client.ask("POST", "/stemcells", b"", YAML).status == 404

    def test_what_is_not_uploaded_is_not_deployed(self) -> None:
        client = self.client()
        manifest = TestDeployments.MANIFEST + self.NEEDS
        for kind, url in (("release", "https://h/r"), ("stemcell", "https://h/s")):
            where = dict(client.ask("POST", "/deployments", manifest, YAML).headers)["Location"]
            assert json.loads(client.ask("GET", where).body)["state"] == "error"
            assert (
                "Unable to diff" in json.loads(client.ask("POST", "/deployments/d/diff", manifest, YAML).body)["error"]
            )
            self.upload(client, kind, url)
        where = dict(client.ask("POST", "/deployments", manifest, YAML).headers)["Location"]
        assert json.loads(client.ask("GET", where).body)["state"] == "done"

    def test_differences(self) -> None:
        client = self.client()
        for kind, url in (("release", "https://h/r"), ("stemcell", "https://h/s")):
            self.upload(client, kind, url)
        manifest = TestDeployments.MANIFEST + self.NEEDS + b"properties: {a: secret}\n"

        def diff(body: bytes) -> list[list[str]]:
            return t.cast(
                "list[list[str]]", json.loads(client.ask("POST", "/deployments/d/diff", body, YAML).body)["diff"]
            )

        assert {status for _line, status in diff(manifest)} == {"added"} and "secret" not in str(diff(manifest))
        client.ask("POST", "/deployments", manifest, YAML)
        assert diff(manifest) == []
        assert diff(manifest.replace(b"secret", b"other"))[-1] == ["  a: <redacted>", "added"]
        self.upload(client, "stemcell", "https://h/t")
        assert ["  version: '1.9'", "removed"] in diff(manifest) and ["  version: '1.10'", "added"] in diff(manifest)
        client.ask("POST", "/deployments", manifest, YAML)
        assert diff(manifest) == []
        client.put(TestDeployments.CLOUD + "vm_types: [{name: big}]\n")
        assert [line for line, _status in diff(manifest)] == ["vm_types:", "- name: big"]

    @pytest.mark.parametrize(
        ("version", "first", "second"),
        [
            ("283.1.6", "2001:db8::2", "2001:db8::4"),
            ("282.0.9", "2001:0db8:0000:0000:0000:0000:0000:0002", "2001:0db8:0000:0000:0000:0000:0000:0004"),
        ],
    )
    def test_addresses(self, version: str, first: str, second: str) -> None:
        client = self.client()
        client.director.version = version
        client.put(TestDeployments.CLOUD.replace("azs: [z1]}", "azs: [z1], static: ['2001:db8::3']}"))

        def addresses(name: str) -> list[list[str]]:
            return [row["ips"] for row in json.loads(client.ask("GET", f"/deployments/{name}/instances").body)]

        client.ask("POST", "/deployments", TestDeployments.MANIFEST, YAML)
        two = TestDeployments.MANIFEST.replace(b"name: d", b"name: e")
        client.ask("POST", "/deployments", two, YAML)
        assert (addresses("d"), addresses("e")) == ([[first]], [[second]])
        client.ask("DELETE", "/deployments/d")
        # It keeps what it has, although a lower one is free now.
        before = client.ask("GET", "/deployments/e/instances").body
        client.ask("POST", "/deployments", two, YAML)
        assert client.ask("GET", "/deployments/e/instances").body == before
        # The address of a VM never changes, so with another one it is another VM.
        client.put(TestDeployments.CLOUD.replace("azs: [z1]}", "azs: [z1], reserved: ['2001:db8::2 - 2001:db8::f']}"))
        client.ask("POST", "/deployments", two, YAML)
        assert int(ipaddress.ip_address(addresses("e")[0][0])) & 0xFFFF == 0x10
        (old,), (new,) = json.loads(before), json.loads(client.ask("GET", "/deployments/e/instances").body)
        assert old["id"] == new["id"] and old["cid"] != new["cid"]
        assert client.ask("GET", "/deployments/d/instances").status == 404

    def test_delegated_prefixes(self) -> None:
        client = self.client()
        client.put(TestDeployments.CLOUD.replace("azs: [z1]}", "azs: [z1], prefix: 80}"))
        client.ask("POST", "/deployments", TestDeployments.MANIFEST.replace(b"instances: 1", b"instances: 2"), YAML)
        rows = json.loads(client.ask("GET", "/deployments/d/instances").body)
        assert [row["ips"] for row in rows] == [["2001:db8:0:0:1::"], ["2001:db8:0:0:2::"]]

    def test_a_task_takes_looks(self) -> None:
        client = self.client()
        client.director.looks = 2
        client.ask("POST", "/deployments", TestDeployments.MANIFEST, YAML)
        states = [json.loads(client.ask("GET", "/tasks/1").body)["state"] for _look in range(3)]
        assert states == ["processing", "done", "done"]


def test_an_unknown_fault() -> None:
    with pytest.raises(ValueError, match="there are 401"):
        Fault("flood")


def test_as_a_program(tmp_path: pathlib.Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("pw\n")
    lab = pathlib.Path(__file__).resolve().parents[3] / "lab"
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "doubles.bosh_director", "--directory", str(tmp_path / "tls")),
            *("--port", "0", "--uaa-port", "0", "--secret-file", str(secret), "--login", "basic"),
        ],
        cwd=lab,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout is not None
        port = int(program.stdout.readline().split(",")[0].rpartition(":")[2])
        context = ssl.create_default_context(cafile=str(tmp_path / "tls" / "ca.pem"))
        statuses = []
        for method, path, body in (
            ("POST", "/_faults", '{"kind": "500"}'),
            ("GET", "/configs", None),
            ("GET", "/configs", None),
            ("POST", "/_faults", '{"kind": "flood"}'),
        ):
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=context)
            connection.request(method, path, body, {"Authorization": basic("admin")})
            statuses.append(connection.getresponse().status)
            connection.close()
        assert statuses == [200, 500, 200, 400]
    finally:
        program.terminate()
        assert program.wait(20) == 0
