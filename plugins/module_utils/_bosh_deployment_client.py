# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Deployments, stemcells, releases and tasks of a BOSH Director over its HTTPS API. A port.

The paths and what they answer are those of ``api/controllers`` in v283.1.6 of the Director.
"""

from __future__ import annotations

import json
import re
import typing as t
import urllib.parse

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_client import BoshError, DirectorClient

# What a task can come to, and nothing follows (models/task.rb).
FINAL = ("done", "error", "cancelled", "timeout")
_DEPLOY = "create deployment"


class DeploymentClient(DirectorClient):
    """Talks to one Director about what it runs."""

    def stemcells(self) -> set[tuple[str, str]]:
        """Name and version of each."""
        rows = self._rows("/stemcells")
        return {(str(row.get("name")), str(row.get("version"))) for row in rows}

    def releases(self) -> set[tuple[str, str]]:
        """Name and version of each."""
        return {
            (str(row.get("name")), str(version.get("version")))
            for row in self._rows("/releases")
            for version in row.get("release_versions") or ()
        }

    def upload(self, kind: str, url: str, sha1: str | None) -> int:
        """Let the Director fetch a stemcell or a release; the task's id."""
        body = {"location": url, **({"sha1": sha1} if sha1 else {})}
        return self._start("POST", f"/{kind}s", body)

    def manifest(self, name: str) -> str | None:
        """The manifest that was deployed last with success; None when there is no such deployment."""
        value = self._call("GET", _path(name), missing=True)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise BoshError(f"{self.who} answers with JSON that is no deployment")
        return str(value.get("manifest") or "")

    def diff(self, name: str, text: str) -> tuple[list[tuple[str, str | None]], str | None]:
        """Lines with ``added``, ``removed`` or None, with all secrets hidden; and why there are none.

        It also shows what has changed in cloud and runtime configs since the last deployment.
        """
        value = self._call("POST", f"{_path(name)}/diff?redact=true", text.encode())
        if not isinstance(value, dict) or not isinstance(value.get("diff"), list):
            raise BoshError(f"{self.who} answers with JSON that is no difference of manifests")
        error = value.get("error")
        # A trace of calls follows the first line.
        why = None if error is None else str(error).partition("\n")[0]
        return [(str(line[0]), line[1]) for line in value["diff"]], why

    def deploy(self, text: str) -> int:
        """Deploy a manifest; the task's id."""
        return self._start("POST", "/deployments", text.encode())

    def delete(self, name: str, force: bool) -> int | None:
        """Take a deployment away; the task's id, None when there is no such deployment."""
        answer = self._answered("DELETE", f"{_path(name)}{'?force=true' if force else ''}")
        return None if answer.status == 404 else self._task_of(answer)

    def instances(self, name: str) -> list[dict[str, t.Any]]:
        """The instances of a deployment as the Director's database has them; none of an absent one."""
        value = self._call("GET", f"{_path(name)}/instances", missing=True)
        return [] if value is None else self._checked(value)

    def task(self, identifier: int) -> dict[str, t.Any]:
        """A task: its ``state``, ``result`` and so on."""
        value = self._call("GET", f"/tasks/{identifier}")
        if not isinstance(value, dict) or "state" not in value:
            raise BoshError(f"{self.who} answers with JSON that is no task")
        return value

    def events(self, identifier: int) -> list[dict[str, t.Any]]:
        """What a task has told of its progress so far."""
        answer = self._answered("GET", f"/tasks/{identifier}/output?type=event")
        self._raise_for(answer, self.who)
        events = []
        for line in answer.body.decode("utf-8", "replace").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                # The line that is just being written.
                continue
            if isinstance(event, dict):
                events.append(event)
        return events

    def tasks(self, name: str) -> list[dict[str, t.Any]]:
        """The tasks that have deployed or deleted this deployment, the newest first."""
        query = urllib.parse.urlencode({"deployment": name, "verbose": "1", "limit": "50"})
        rows = [
            row
            for row in self._rows(f"/tasks?{query}")
            if str(row.get("description")).startswith((_DEPLOY, "delete deployment"))
        ]
        return sorted(rows, key=lambda row: -int(row["id"]))

    def _rows(self, path: str) -> list[dict[str, t.Any]]:
        return self._checked(self._call("GET", path))

    def _checked(self, value: object) -> list[dict[str, t.Any]]:
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise BoshError(f"{self.who} answers with JSON that is no list of what was asked for")
        return value

    def _start(self, method: str, path: str, body: object) -> int:
        return self._task_of(self._answered(method, path, body))

    def _task_of(self, answer: t.Any) -> int:
        """The id of the task that an answer sends on to."""
        found = re.search(r"/tasks/([0-9]+)$", answer.location)
        if 300 <= answer.status < 400 and found:
            return int(found.group(1))
        self._raise_for(answer, self.who)
        raise BoshError(f"{self.who} answers with HTTP status {answer.status} and names no task")


def _path(name: str) -> str:
    return f"/deployments/{urllib.parse.quote(name, safe='')}"
