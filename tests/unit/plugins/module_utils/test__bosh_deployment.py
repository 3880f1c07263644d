# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""What has to be sent so that a deployment is as wanted, and what of it people may see."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_deployment import (
    Artifact,
    Found,
    artifacts_of,
    bare_url,
    failure,
    instance_rows,
    name_of,
    plan,
    progress,
    refusal,
    shown,
    uses_latest,
    variables,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Findings
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

MANIFEST: dict[str, t.Any] = {"name": "d", "instance_groups": []}
STEMCELL = Artifact("stemcell", "noble", "1.1", "https://h/s")
SHA1 = "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"


def sentences(found: Found, wanted: t.Any = "MANIFEST", *artifacts: Artifact) -> list[str]:
    return plan("d", found, MANIFEST if wanted == "MANIFEST" else wanted, artifacts).sentences


class TestPlan:
    def test_reasons(self) -> None:
        assert sentences(Found(None)) == ["Create the deployment d"]
        assert sentences(Found({})) == ["Update the deployment d"]
        assert sentences(Found(MANIFEST)) == []
        assert sentences(Found(MANIFEST, lines=(("name: d", None),))) == []
        for status in ("added", "removed"):
            assert "refers to has changed" in sentences(Found(MANIFEST, lines=(("a: 1", status),)))[0]
        assert sentences(Found(MANIFEST, failed=7)) == ["Deploy d again, since the last time has failed (task 7)"]

    def test_types_count(self) -> None:
        one, other = ({**MANIFEST, "a": value} for value in (1, True))
        assert sentences(Found(one), other) == ["Update the deployment d"]

    def test_uploads(self) -> None:
        assert sentences(Found(MANIFEST), MANIFEST, STEMCELL) == ["Upload the stemcell noble/1.1"]
        # A release of that name is none.
        assert sentences(Found(MANIFEST, releases={("noble", "1.1")}), MANIFEST, STEMCELL) != []
        assert sentences(Found(MANIFEST, stemcells={("noble", "1.1")}), MANIFEST, STEMCELL) == []

    def test_latest(self) -> None:
        manifest = {**MANIFEST, "stemcells": [{"alias": "a", "os": "noble", "version": "1.latest"}]}
        assert len(sentences(Found(manifest), manifest, STEMCELL)) == 2
        assert uses_latest(manifest) and not uses_latest({"releases": [{"version": "latest.1"}]})

    def test_the_director_cannot_compare(self) -> None:
        with pytest.raises(Refused, match="cannot compare: none there"):
            sentences(Found(None, why_not="none there"))
        assert len(sentences(Found(None, why_not="none there"), MANIFEST, STEMCELL)) == 2

    def test_absent(self) -> None:
        assert sentences(Found(None), None) == []
        assert sentences(Found({}), None) == ["Delete the deployment d"]
        assert plan("d", Found(MANIFEST), None, (), force=True).sentences[0].endswith("whatever fails on the way")

    def test_nothing_planned_is_nothing_shown(self) -> None:
        done = plan("d", Found(MANIFEST), MANIFEST, ())
        assert done.before == done.after == {"manifest": MANIFEST}


class TestArtifacts:
    def test_those_of_the_manifest(self) -> None:
        release = {"name": "r", "version": 1.5, "url": "https://h/r", "sha1": SHA1}
        manifest = {"releases": [release, {"name": "q", "version": "1"}]}
        expected = (Artifact("release", "r", "1.5", "https://h/r", SHA1),)
        assert artifacts_of(manifest, [], []) == expected == artifacts_of(manifest, [], [{**release, "version": "1.5"}])
        with pytest.raises(Refused, match="stated twice"):
            artifacts_of(manifest, [], [{**release, "sha1": None}])

    @pytest.mark.parametrize("sha1", [SHA1, "sha256:00ff", f"{SHA1};sha256:00ff", None])
    def test_digests(self, sha1: str | None) -> None:
        assert artifacts_of({}, [{"name": "s", "version": "1", "url": "http://h/s", "sha1": sha1}], [])[0].sha1 == sha1

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"url": "file:///s"}, "http and https alone"),
            ({"version": "latest"}, "Write the version"),
            ({"sha1": "abc"}, "40 hexadecimal digits"),
        ],
    )
    def test_refused(self, values: dict[str, str], words: str) -> None:
        with pytest.raises(Refused, match=words):
            artifacts_of({}, [{"name": "s", "version": "1", "url": "http://h/s", **values}], [])

    def test_the_name(self) -> None:
        assert name_of(MANIFEST, None) == name_of(MANIFEST, "d") == "d"
        for manifest, given_name in ((None, None), ({}, None), ({"name": 1}, None), (MANIFEST, "e")):
            with pytest.raises(Refused):
                name_of(manifest, given_name)


class TestSecrets:
    def test_where_they_are(self) -> None:
        manifest = {
            "name": "d",
            "env": {"bosh": {"password": "x"}},
            "bosh": ["x"],
            "jobs": [{"properties": {"url": "https://x", "deep": [{"a": "x"}]}}],
            "releases": [{"url": "https://x:x@h:1/r?x=x"}],
        }
        assert shown(manifest) == {
            "name": "d",
            "env": {"bosh": {"password": "<redacted>"}},
            "bosh": ["<redacted>"],
            "jobs": [{"properties": {"url": "<redacted>", "deep": [{"a": "<redacted>"}]}}],
            "releases": [{"url": "https://h:1/r?<redacted>"}],
        }

    def test_a_change_is_seen(self) -> None:
        old, new = ({"properties": {"a": value, "b": 1}} for value in ("x", "y"))
        assert shown(new, old) == {"properties": {"a": "<redacted, another value>", "b": "<redacted>"}}

    @given(
        st.recursive(
            st.just("tell-nobody"),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        )
    )
    def test_none_gets_out(self, value: t.Any) -> None:
        for key in ("properties", "bosh", "env"):
            assert "tell-nobody" not in str(shown({"jobs": [{key: value}]}))

    def test_urls(self) -> None:
        assert bare_url("https://h/r") == "https://h/r"
        assert bare_url("https://[::1") == "<redacted>"

    def test_variables(self) -> None:
        data = {"a": ["((x))", {"b": "y((x))((!z/w.v))"}], "c": 1, "d": "((i++)) (x)"}
        assert variables(data) == ["((x))", "((!z/w.v))"]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"stage": "S", "task": "t", "state": "started", "index": 1, "total": 2}, None),
        ({"stage": "S", "task": "t", "state": "finished", "index": 1, "total": 2}, "S: t (1/2) finished"),
        ({"stage": "S", "tags": ["g"], "task": "t", "state": "finished"}, "S g: t finished"),
        ({"stage": "S", "task": "t", "state": "failed", "data": {"error": "no\nway"}}, "S: t failed: no way"),
        ({"error": {"code": 1, "message": "m"}}, "Error: m"),
        ({"type": "deprecation", "message": "m"}, "Deprecation: m"),
        ({}, None),
    ],
)
def test_progress(event: dict[str, t.Any], line: str | None) -> None:
    assert progress(event) == line


def test_failures() -> None:
    assert failure({"result": "r."}, [{"error": {"code": 5, "message": "m."}}, {}]) == "m (5)"
    assert failure({"result": "r.\n"}, []) == "r" and failure({}, []) == "it does not say why"
    assert len(failure({"result": "x" * 9999}, [])) < 600


def test_refusals() -> None:
    findings = Findings("d")
    findings.warning("w", "k", "v", "a clause", "Do it")
    assert refusal("d", findings.found) is None
    for _number in range(12):
        findings.error("w", "k", "v", "a clause", "Do it")
    text = str(refusal("d", findings.found))
    assert text.startswith("The deployment d would fail. k=v: a clause") and text.endswith("And 2 more.")


def test_instances_are_sorted() -> None:
    rows = [{"job": "b", "index": 0}, {"job": "a", "index": 10, "ips": ["::1"]}, {"job": "a", "index": 9, "ips": None}]
    found = instance_rows(rows)
    assert [(row["group"], row["index"], row["addresses"]) for row in found] == [
        ("a", 9, []),
        ("a", 10, ["::1"]),
        ("b", 0, []),
    ]
