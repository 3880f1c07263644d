# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests that the Director answers. Each gives a status and what to send."""

from __future__ import annotations

import json
import re
import time
import typing as t
import urllib.parse
from dataclasses import dataclass, field

from . import psych
from .configs import Configs, WrongLatest, parse_limit
from .deployments import Deployments, Item
from .errors import DirectorError, bad_request
from .identity import Local, Uaa, User
from .machines import Cpi, CpiError, machines
from .planner import Planner, parse_version
from .planner import take as safe_property
from .tasks import Task, Tasks

JSON = "application/json"
YAML = "text/yaml"
TEXT = "text/html;charset=utf-8"


class Answer(t.NamedTuple):
    status: int
    body: bytes
    content_type: str = TEXT
    headers: tuple[tuple[str, str], ...] = ()


class Request(t.NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    authorization: str | None
    content_type: str
    body: bytes

    @classmethod
    def of(cls, method: str, target: str, headers: t.Mapping[str, str], body: bytes) -> Request:
        parts = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        kind = (headers.get("Content-Type") or "").partition(";")[0].strip()
        return cls(method, parts.path, query, headers.get("Authorization"), kind, body)


def as_json(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value).encode(), JSON)


@dataclass
class Director:
    """The state of a Director and how it answers.

    :arg identity: a :class:`Uaa` or the Director's own users.
    :arg uaa_url: where the UAA is, for ``/info``.
    """

    identity: Uaa | Local
    uaa_url: str = ""
    version: str = "283.1.6"
    name: str = "double"
    cpi: str = "vsphere_cpi"
    config_server: bool = False
    configs: Configs = field(default_factory=Configs)
    tasks: Tasks = field(default_factory=Tasks)
    # The manifest of each deployment by its name.
    deployments: dict[str, str] = field(default_factory=dict)
    store: Deployments = field(default_factory=Deployments)
    # How often a task is looked at before it does its work; with none it is done at once.
    looks: int = 0
    # What makes VMs; without it instances are rows and nothing else.
    backend: Cpi | None = None

    def answer(self, request: Request) -> Answer:
        user = self.identity.user(request.authorization)
        if request.path == "/info" and request.method == "GET":
            return as_json(200, self._info(user))
        if user is None:
            body = f"Not authorized: '{request.path}'\n".encode()
            return Answer(401, body, TEXT, (("WWW-Authenticate", 'Basic realm="BOSH Director"'),))
        try:
            return self._route(request, user)
        except DirectorError as error:
            return as_json(error.status, {"code": error.code, "description": error.description})
        except WrongLatest as wrong:
            return as_json(
                412,
                {
                    "latest_id": wrong.latest,
                    "expected_latest_id": wrong.expected,
                    "description": f"Latest Id: '{wrong.latest}' does not match expected latest id",
                },
            )

    def _info(self, user: User | None) -> dict[str, t.Any]:
        if isinstance(self.identity, Uaa):
            kind, options = "uaa", {"url": self.uaa_url, "urls": [self.uaa_url]}
        else:
            kind, options = "basic", {}
        return {
            "name": self.name,
            "uuid": "4f4f4f4f-0000-4000-8000-000000000001",
            "version": f"{self.version} (00000000)",
            "user": user.name if user else None,
            "cpi": self.cpi,
            "stemcell_os": "-",
            "stemcell_version": "-",
            "user_authentication": {"type": kind, "options": options},
            "features": {
                "local_dns": {"status": True, "extras": {"domain_name": "bosh"}},
                "snapshots": {"status": False},
                "config_server": {"status": self.config_server, "extras": {"urls": []}},
            },
        }

    def _route(self, request: Request, user: User) -> Answer:
        for method, pattern, handler, writes in (
            ("GET", r"/configs/?", self._list_configs, False),
            ("POST", r"/configs/diff", self._diff, False),
            ("POST", r"/configs/?", self._update_config, True),
            ("DELETE", r"/configs/?", self._delete_config, True),
            ("GET", r"/configs/([^/]+)", self._one_config, False),
            ("DELETE", r"/configs/([^/]+)", self._delete_by_id, True),
            ("GET", r"/stemcells/?", lambda dummy: as_json(200, self.store.stemcells()), False),
            ("GET", r"/releases/?", lambda dummy: as_json(200, self.store.releases()), False),
            ("POST", r"/(stemcell|release)s/?", self._upload, True),
            ("POST", r"/deployments/?", self._deploy, True),
            ("POST", r"/deployments/([^/]+)/diff", self._diff_manifest, True),
            ("GET", r"/deployments/([^/]+)/instances", self._instances, False),
            ("GET", r"/deployments/([^/]+)", self._one_deployment, False),
            ("DELETE", r"/deployments/([^/]+)", self._delete_deployment, True),
            ("GET", r"/tasks/?", self._list_tasks, False),
            ("GET", r"/tasks/([^/]+)", self._one_task, False),
            ("GET", r"/tasks/([^/]+)/output", self._output, False),
        ):
            found = re.fullmatch(pattern, request.path)
            # Sinatra takes a route that consumes one type for no match when the content is of another.
            wanted = YAML if request.path.startswith("/deployments") else JSON
            if not found or method != request.method or (method == "POST" and request.content_type != wanted):
                continue
            if not (user.may_write if writes else user.may_read):
                scopes = "bosh.admin" if writes else "bosh.admin, bosh.read"
                raise DirectorError(600000, f"Require one of the scopes: {scopes}", 401)
            answer: Answer = handler(request, *found.groups())
            return answer
        return Answer(404, f"Endpoint '{request.path}' not found.".encode())

    def _list_configs(self, request: Request) -> Answer:
        query = request.query
        limit = parse_limit(query.get("limit"), query.get("latest"), self.configs.highest())
        rows = self.configs.find(query.get("type"), query.get("name"), limit)
        return as_json(200, [self.configs.as_dict(row) for row in rows])

    def _one_config(self, dummy: Request, identifier: str) -> Answer:
        return as_json(200, self.configs.as_dict(self.configs.by_id(identifier)))

    def _update_config(self, request: Request) -> Answer:
        return as_json(201, self.configs.as_dict(self.configs.update(_body(request))))

    def _diff(self, request: Request) -> Answer:
        return as_json(200, self.configs.diff(_body(request)))

    def _delete_config(self, request: Request) -> Answer:
        for key in ("type", "name"):
            if not request.query.get(key):
                raise bad_request(f"'{key}' is required")
        return Answer(204 if self.configs.delete(request.query["type"], request.query["name"]) else 404, b"")

    def _delete_by_id(self, dummy: Request, identifier: str) -> Answer:
        self.configs.delete_by_id(identifier)
        return Answer(204, b"")

    def _upload(self, request: Request, kind: str) -> Answer:
        body = _body(request)
        task = self.tasks.add(f"update_{kind}", f"create {kind}", self._name_of(request))

        def work() -> str:
            item: Item = self.store.fetch(kind, str(body.get("location")), body.get("sha1"))
            return f"/{kind}s/{item.name}/{item.version}"

        self._begin(task, f"Update {kind}", work)
        return _see(task)

    def _deploy(self, request: Request) -> Answer:
        """Check the networks, as a task, place the instances, and keep the manifest."""
        text = request.body.decode()
        manifest = self._parsed(text)
        name = str(safe_property(manifest, "name"))
        task = self.tasks.add("update_deployment", "create deployment", self._name_of(request), name)

        def work() -> str:
            planner = Planner(parse_version(self.version), self._cloud())
            for group in safe_property(manifest, "instance_groups", list, []):
                planner.check_group(group)
            resolved = self.store.resolved(manifest)
            rows = self.store.place(planner, name, manifest)
            if request.query.get("dry_run") != "true":
                self._replace_vms(planner, name, manifest, rows)
                self.deployments[name] = text
                self.store.instances[name] = rows
                self.store.cloud[name], self.store.taken[name] = self._merged(), resolved
            return f"/deployments/{name}"

        self._begin(task, "Preparing deployment", work)
        return _see(task)

    def _replace_vms(
        self, planner: Planner, name: str, manifest: dict[str, t.Any], rows: list[dict[str, t.Any]]
    ) -> None:
        """Delete the VMs that are not wanted any more, then create those that are not there."""
        if self.backend is None:
            return
        there = {row["cid"] for row in self.store.instances.get(name, [])}
        wanted = {machine.cid: machine for machine in machines(planner, manifest, rows)}
        for cid in there - set(wanted):
            self.backend.delete(cid)
        for cid, machine in wanted.items():
            # A new manifest with the same addresses is the same VM, with its jobs rendered anew.
            if cid in there:
                self.backend.delete(cid)
            try:
                self.backend.create(machine)
            except CpiError as error:
                raise DirectorError(
                    100, f"Unknown CPI error 'Unknown' with message '{error}' in 'create_vm' CPI method"
                ) from error

    @staticmethod
    def _parsed(text: str) -> dict[str, t.Any]:
        try:
            return psych.load(text)
        except DirectorError as error:
            raise DirectorError(440001, error.description) from error

    def _cloud(self) -> list[dict[str, t.Any]]:
        return [psych.load(row.content) for row in self.configs.find("cloud", None, 1)]

    def _merged(self) -> dict[str, t.Any]:
        """All cloud configs as one, for the difference."""
        merged: dict[str, t.Any] = {}
        for config in self._cloud():
            for key, value in config.items():
                merged[key] = [*merged.get(key, []), *value] if isinstance(value, list) else value
        return merged

    def _diff_manifest(self, request: Request, name: str) -> Answer:
        manifest = self._parsed(request.body.decode())
        try:
            before: dict[str, t.Any] = {}
            if name in self.deployments:
                before = {**self.store.taken[name], **self.store.cloud[name]}
                manifest["name"] = name
            after = {**self.store.resolved(manifest), **self._merged()}
            return as_json(200, {"context": {}, "diff": self.store.diff(before, after)})
        except DirectorError as error:
            said = f"Unable to diff manifest: #<Bosh::Director::DirectorError: {error.description}>\na.rb:1:in `b'"
            return as_json(200, {"diff": [], "error": said})

    def _instances(self, dummy: Request, name: str) -> Answer:
        self._manifest(name)
        return as_json(200, self.store.instances.get(name, []))

    def _begin(self, task: Task, stage: str, work: t.Callable[[], str]) -> None:
        task.started_at = task.timestamp = int(time.time())
        task.state = "processing"
        task.looks, task.work = self.looks, lambda: self._carry_out(task, stage, work)
        if not self.looks:
            task.work()

    @staticmethod
    def _carry_out(task: Task, stage: str, work: t.Callable[[], str]) -> None:
        entry: dict[str, t.Any] = {"time": task.timestamp, "stage": stage, "tags": [], "total": 1}
        entry.update(task=stage, index=1)
        try:
            result = work()
        except DirectorError as error:
            task.state, task.result = "error", error.description
            entry = {"time": task.timestamp, "error": {"code": error.code, "message": error.description}}
        else:
            task.state, task.result = "done", result
            entry.update(state="finished", progress=100)
        task.output["event"] = json.dumps(entry) + "\n"

    def _one_deployment(self, dummy: Request, name: str) -> Answer:
        return as_json(200, {"manifest": self._manifest(name)})

    def _delete_deployment(self, request: Request, name: str) -> Answer:
        self._manifest(name)
        task = self.tasks.add("delete_deployment", f"delete deployment {name}", self._name_of(request), name)

        def work() -> str:
            del self.deployments[name]
            for row in self.store.instances.pop(name, []):
                if self.backend is not None:
                    self.backend.delete(row["cid"])
            return f"/deployments/{name}"

        self._begin(task, "Deleting deployment", work)
        return _see(task)

    def _manifest(self, name: str) -> str:
        if name not in self.deployments:
            raise DirectorError(70000, f"Deployment '{name}' doesn't exist", 404)
        return self.deployments[name]

    def _name_of(self, request: Request) -> str:
        user = self.identity.user(request.authorization)
        return user.name if user else ""

    def _list_tasks(self, request: Request) -> Answer:
        return as_json(200, [task.as_dict() for task in self.tasks.find(request.query)])

    def _one_task(self, dummy: Request, identifier: str) -> Answer:
        task = self.tasks.get(identifier)
        if task.looks:
            task.looks -= 1
            if not task.looks and task.work is not None:
                task.work()
        return as_json(200, task.as_dict())

    def _output(self, request: Request, identifier: str) -> Answer:
        kind = request.query.get("type", "debug")
        if kind not in ("debug", "cpi", "event", "result", "none"):
            raise DirectorError(600000, f"Unknown type {kind}", 401)
        output = self.tasks.get(identifier).output.get(kind, "")
        return Answer(200, output.encode(), "text/plain") if output else Answer(204, b"")


def _see(task: Task) -> Answer:
    return Answer(302, b"", TEXT, (("Location", f"/tasks/{task.id}"),))


def _body(request: Request) -> dict[str, t.Any]:
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise DirectorError(710001, f"Invalid JSON request body: {error}") from error
    if not isinstance(body, dict):
        raise bad_request("JSON object expected")
    return body
