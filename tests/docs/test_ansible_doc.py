# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `ansible-doc` has to show of every module, filter, lookup and role is complete."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from snippets import ROOT, names, options_of_roles

KINDS = {
    "module": names("modules"),
    "filter": names("filter"),
    "lookup": names("lookup"),
    "callback": names("callback"),
}
PLUGINS = [(kind, name) for kind, found in KINDS.items() for name in found]
COMMAND = Path(sys.executable).with_name("ansible-doc")
ENVIRONMENT = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}


def shown(*arguments: str) -> dict[str, t.Any]:
    seen = subprocess.run([COMMAND, *arguments], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    # ansible-core 2.21 warns of an internal collection of its own.
    assert [line for line in seen.stderr.splitlines() if "/ansible/_internal/" not in line] == []
    found: dict[str, t.Any] = json.loads(seen.stdout)
    return found


@pytest.fixture(scope="module")
def everything() -> dict[str, t.Any]:
    """One call for all plugins, by kind and full name."""
    found: dict[str, t.Any] = shown("--metadata-dump", "--json", "routable.ipv6")["all"]
    return found


def incomplete(options: dict[str, t.Any], where: str = "") -> list[str]:
    """The options, and those in them, that lack a type or a description, or the type of what a list has."""
    found = []
    for name, option in options.items():
        lacks = [key for key in ("type", "description") if not option.get(key)]
        lacks += ["elements"] if option.get("type") == "list" and not option.get("elements") else []
        found += [f"{where}{name}: {key}" for key in lacks]
        found += incomplete(option.get("suboptions") or option.get("options") or {}, f"{where}{name}.")
        found += incomplete(option.get("contains") or {}, f"{where}{name}.")
    return found


@pytest.mark.parametrize(("kind", "name"), PLUGINS, ids=[f"{kind}-{name}" for kind, name in PLUGINS])
def test_a_plugin_says_everything_of_itself(kind: str, name: str, everything: dict[str, t.Any]) -> None:
    entry = everything[kind][f"routable.ipv6.{name}"]
    documentation = entry["doc"]
    for key in ("short_description", "description", "author", "version_added"):
        assert documentation[key], key
    assert not documentation["short_description"].endswith(".")
    assert incomplete(documentation.get("options") or {}) == []
    assert (entry["examples"] or "").strip()
    # A callback gives nothing back.
    assert entry["return"] or kind == "callback"
    assert incomplete(entry["return"] or {}) == []
    if kind == "module":
        assert {"check_mode", "diff_mode", "idempotent"} <= documentation["attributes"].keys()
        assert [value for value, told in entry["return"].items() if not told.get("returned")] == []


def test_nothing_is_left_out(everything: dict[str, t.Any]) -> None:
    for kind, found in KINDS.items():
        assert set(everything[kind]) == {f"routable.ipv6.{name}" for name in found}


def test_every_entry_point_of_every_role_says_everything() -> None:
    roles = shown("--type", "role", "--json", *(f"routable.ipv6.{role}" for role in options_of_roles()))
    assert set(roles) == {f"routable.ipv6.{path.parent.parent.name}" for path in ROOT.glob("roles/*/tasks/main.yml")}
    for role in roles.values():
        assert "main" in role["entry_points"]
        for entry in role["entry_points"].values():
            assert entry["short_description"] and entry["description"] and entry["author"]
            assert incomplete(entry["options"]) == []


def test_the_changelog_announces_everything(everything: dict[str, t.Any]) -> None:
    """Plugins are found by themselves when their release is made; roles and playbooks have to be named in a fragment."""
    releases = yaml.safe_load((ROOT / "changelogs/changelog.yaml").read_text())["releases"]
    # Both as antsibull-changelog writes them, without its escapes.
    page = (ROOT / "CHANGELOG.md").read_text().replace("\\", "")
    announced = set()
    for release in releases.values():
        kinds = {"module": release.get("modules", []), **release.get("plugins", {}), **release.get("objects", {})}
        for kind, entry in ((kind, entry) for kind, entries in kinds.items() for entry in entries):
            announced.add((kind, entry["name"]))
            description = entry["description"].replace("\\", "")
            assert f"* routable.ipv6.{entry['name']} - {description}\n" in page
    for path in ROOT.glob("changelogs/fragments/*.yml"):
        for kind in ("role", "playbook"):
            announced |= {(kind, one["name"]) for one in yaml.safe_load(path.read_text()).get(f"add object.{kind}", [])}
    there = {("role", role) for role in options_of_roles()}
    there |= {("playbook", path.stem) for path in ROOT.glob("playbooks/*.yml")}
    for kind in KINDS:
        released = (name for name, entry in everything[kind].items() if entry["doc"]["version_added"] in releases)
        there |= {(kind, name.rpartition(".")[2]) for name in released}
    assert there - announced == set()
