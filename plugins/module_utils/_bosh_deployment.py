# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Deployments of a BOSH Director: what is there, what is wanted, and what has to be sent."""

from __future__ import annotations

import re
import typing as t
import urllib.parse
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_config import HIDDEN, same, without_secrets
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import ERROR, Finding
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused

STEMCELL, RELEASE = "stemcell", "release"
_ALIASES = re.compile(r"(?:^|\.)latest$")
_VARIABLE = re.compile(r"\(\(!?[-/.\w]+\)\)")
_SHA = re.compile(r"(?:[0-9a-f]{40}|(?:sha1|sha256|sha512):[0-9a-f]+)(?:;(?:sha1|sha256|sha512):[0-9a-f]+)*")
_SHOWN = 10


@dataclass(frozen=True)
class Artifact:
    """A stemcell or a release that the Director can fetch from a URL."""

    kind: str
    name: str
    version: str
    url: str
    sha1: str | None = None

    @property
    def text(self) -> str:
        return f"{self.kind} {self.name}/{self.version}"


@dataclass(frozen=True)
class Found:
    """What the Director has.

    :arg manifest: that of the last success, None for no deployment at all.
    :arg stemcells: name and version of each, and so with ``releases``.
    :arg lines: the Director's own difference; :arg why_not: why there is none.
    :arg failed: the id of the last task, if that was a deployment that failed.
    :arg pending: whether a cloud config is about to be uploaded that says something else than the Director's.
    """

    manifest: t.Any
    stemcells: t.AbstractSet[tuple[str, str]] = frozenset()
    releases: t.AbstractSet[tuple[str, str]] = frozenset()
    lines: tuple[tuple[str, str | None], ...] = ()
    why_not: str | None = None
    failed: int | None = None
    pending: bool = False

    def has(self, artifact: Artifact) -> bool:
        known = self.stemcells if artifact.kind == STEMCELL else self.releases
        return (artifact.name, artifact.version) in known


def name_of(manifest: object, given: str | None) -> str:
    """The deployment's name.

    :raises Refused: the manifest is no mapping, has no name, or another one than was given.
    """
    if not isinstance(manifest, dict):
        rule = f"a manifest is a mapping, and this is {type(manifest).__name__}"
        raise Refused("manifest", rule, "Give a mapping, or YAML text of one")
    name = manifest.get("name")
    if not isinstance(name, str) or not name:
        raise Refused("manifest: name", "a manifest has the deployment's name, which is text", "Add it")
    if given is not None and given != name:
        remedy = "Leave the option out, or correct one of them"
        raise Refused(f"name={given}", f"the manifest is that of {name}", remedy)
    return name


def artifacts_of(
    manifest: t.Mapping[str, t.Any], stemcells: t.Sequence[t.Mapping[str, t.Any]], releases: t.Sequence[t.Any]
) -> tuple[Artifact, ...]:
    """What may have to be uploaded: what is stated, and the releases of the manifest that have a URL.

    :raises Refused: a URL that the Director cannot fetch, a digest of another form, or two that disagree.
    """
    own = [one for one in manifest.get("releases") or () if isinstance(one, dict) and one.get("url")]
    found: dict[tuple[str, str, str], Artifact] = {}
    for kind, entries in ((STEMCELL, stemcells), (RELEASE, [*releases, *own])):
        for entry in entries:
            name, version = str(entry.get("name")), str(entry.get("version"))
            artifact = Artifact(kind, name, version, str(entry["url"]), entry.get("sha1") or None)
            _check_artifact(artifact)
            before = found.setdefault((kind, name, version), artifact)
            if before != artifact:
                rule = "it is stated twice, with another URL or digest"
                raise Refused(artifact.text, rule, "Leave one out, or make them equal")
    return tuple(found.values())


def _check_artifact(artifact: Artifact) -> None:
    if urllib.parse.urlsplit(artifact.url).scheme not in ("http", "https"):
        # The URL is not shown, since it may hold a password.
        raise Refused(f"{artifact.text}: url", "the Director fetches http and https alone", "Give such a URL")
    if _ALIASES.search(artifact.version):
        raise Refused(artifact.text, "what is uploaded has a version of its own", "Write the version")
    if artifact.sha1 is not None and not _SHA.fullmatch(artifact.sha1):
        rule = "a digest is 40 hexadecimal digits for SHA-1, or sha256: and 64 of them"
        raise Refused(f"{artifact.text}: sha1={artifact.sha1}", rule, "Correct it")


def plan(name: str, found: Found, wanted: t.Any, artifacts: t.Sequence[Artifact], force: bool = False) -> Plan:
    """What has to be done so that the deployment is as wanted, or is not there (None).

    :raises Refused: the Director cannot compare, for a reason that no upload takes away.
    """
    before = {"manifest": shown(found.manifest)}
    after = {"manifest": shown(wanted, found.manifest)}
    if wanted is None:
        if found.manifest is None:
            return Plan((), before, before)
        with_force = ", whatever fails on the way" if force else ""
        return Plan((Change(f"Delete the deployment {name}{with_force}", "delete"),), before, after)
    changes = [
        Change(f"Upload the {artifact.text}", "upload", {"artifact": artifact})
        for artifact in artifacts
        if not found.has(artifact)
    ]
    if found.why_not is not None and not changes:
        raise Refused(f"deployment {name}", f"the Director cannot compare: {found.why_not}", "Correct the manifest")
    reason = _reason(name, found, wanted, bool(changes))
    if reason is not None:
        changes.append(Change(reason, "deploy"))
    return Plan(tuple(changes), before, after if reason is not None else before)


def _reason(name: str, found: Found, wanted: t.Any, uploads: bool) -> str | None:
    """Why it has to be deployed, as a sentence; None if it has not."""
    if found.manifest is None:
        return f"Create the deployment {name}"
    if not same(found.manifest, wanted):
        return f"Update the deployment {name}"
    if found.pending or any(status in ("added", "removed") for dummy, status in found.lines):
        return f"Update the deployment {name}, since what its manifest refers to has changed"
    if uploads and uses_latest(wanted):
        return f"Update the deployment {name}, which takes the latest of what is uploaded"
    if found.failed is not None:
        return f"Deploy {name} again, since the last time has failed (task {found.failed})"
    return None


def uses_latest(manifest: t.Mapping[str, t.Any]) -> bool:
    """Whether a version depends on what there is (``latest``, ``1.latest``)."""
    return any(
        isinstance(one, dict) and bool(_ALIASES.search(str(one.get("version"))))
        for key in ("stemcells", "releases")
        for one in manifest.get(key) or ()
    )


def variables(data: t.Any) -> list[str]:
    """The ``((variables))`` that are left in a manifest, each once."""
    if isinstance(data, dict):
        return list(dict.fromkeys(name for value in data.values() for name in variables(value)))
    if isinstance(data, list):
        return list(dict.fromkeys(name for value in data for name in variables(value)))
    return _VARIABLE.findall(data) if isinstance(data, str) else []


def shown(data: t.Any, before: t.Any = None) -> t.Any:
    """A manifest for people: without what may be a secret.

    A value that differs from ``before`` is hidden by another word, so that the change can be seen.
    """
    return without_secrets(data, before, _cut)


def _cut(key: str, value: t.Any) -> t.Any:
    return bare_url(value) if key == "url" and isinstance(value, str) else value


def bare_url(url: str) -> str:
    """A URL without user, password and query, where secrets are: a signed URL has them in the latter."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return HIDDEN
    host = parts.netloc.rpartition("@")[2]
    return urllib.parse.urlunsplit((parts.scheme, host, parts.path, HIDDEN if parts.query else "", ""))


def refusal(name: str, findings: t.Sequence[Finding]) -> str | None:
    """All errors in one text, or None."""
    errors = [finding for finding in findings if finding.level == ERROR]
    if not errors:
        return None
    lines = [finding.sentence for finding in errors[:_SHOWN]]
    if len(errors) > _SHOWN:
        lines.append(f"And {len(errors) - _SHOWN} more.")
    return f"The deployment {name} would fail. " + " ".join(lines)


def progress(event: t.Mapping[str, t.Any]) -> str | None:
    """An event in one line, as the CLI shows it; None for what says nothing to people."""
    if isinstance(event.get("error"), dict):
        return f"Error: {_line(event['error'].get('message'))}"
    if event.get("type") in ("warning", "deprecation"):
        return f"{str(event['type']).capitalize()}: {_line(event.get('message'))}"
    if event.get("stage") is None or event.get("state") not in ("finished", "failed"):
        return None
    tags = ", ".join(str(tag) for tag in event.get("tags") or ())
    stage = f"{event['stage']} {tags}" if tags else str(event["stage"])
    count = f" ({event['index']}/{event['total']})" if event.get("index") and event.get("total") else ""
    data = event.get("data")
    why = f": {_line(data['error'])}" if isinstance(data, dict) and data.get("error") else ""
    return f"{stage}: {event.get('task')}{count} {event['state']}{why}"


def failure(task: t.Mapping[str, t.Any], events: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Why a task came to nothing, with the Director's own number."""
    error = next((event["error"] for event in reversed(events) if isinstance(event.get("error"), dict)), None)
    if error is not None:
        return f"{_line(error.get('message')).rstrip('.')} ({error.get('code')})"
    return _line(task.get("result")).rstrip(".") or "it does not say why"


def _line(value: object) -> str:
    text = " ".join(str(value or "").split())
    return text if len(text) <= 500 else f"{text[:500]}..."


def instance_rows(rows: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Instances by group and index, with their addresses as the Director has given them out."""
    found = [
        {
            "group": row.get("job"),
            "index": row.get("index"),
            "id": row.get("id"),
            "az": row.get("az"),
            "addresses": list(row.get("ips") or ()),
            "vm_cid": row.get("cid"),
        }
        for row in rows
    ]
    return sorted(found, key=lambda row: (str(row["group"]), row["index"] if isinstance(row["index"], int) else -1))
