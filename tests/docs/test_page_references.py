# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages name is there: commands and what they are given, files, links, plugins, variables."""

from __future__ import annotations

import re
import shlex
import shutil
import typing as t
from pathlib import Path

import pytest
from snippets import PAGES, ROOT, names, options_of_roles, snippets

# Programs of hosts and of other projects, which need not be on this machine.
ELSEWHERE = {"rdisc6", "ndppd", "bosh", "docker", "tcpdump", "nft", "vmadm", "dladm", "zlogin", "systemctl"}
DIRECTORIES = ("tests", "lab", "playbooks", "roles", "plugins", "docs", "molecule")
PLAYBOOKS = {path.stem for path in ROOT.glob("playbooks/*.yml")}
ROLES = options_of_roles()
PLUGINS = {kind: set(names(kind)) for kind in ("modules", "filter", "lookup", "callback")}
OURS = {*PLAYBOOKS, *ROLES}.union(*PLUGINS.values())
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
STEPS = {"unit", "lint"}


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """The page without its fenced code."""
    return re.sub(r"^( *)```.*?^\1```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def commands(text: str) -> t.Iterator[list[str]]:
    """The words of each command of a console."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.startswith("$ "):
            for part in re.split(r"&&|\|", line[2:]):
                yield shlex.split(part, comments=True)


def check_command(words: list[str]) -> None:
    words = [word for word in words if word not in ("sudo",)]
    name, *rest = words
    if "/" in name:
        assert (ROOT / name).is_file(), f"there is no file {name}"
    else:
        assert name in ELSEWHERE or shutil.which(name) or name == "cd", f"there is no command {name}"
    if name == "make":
        for word in rest:
            assert "=" in word or word in TARGETS, f"make has no target {word}"
    for word in rest:
        if word.startswith("routable.ipv6."):
            known = PLAYBOOKS if name == "ansible-playbook" else OURS
            assert word.removeprefix("routable.ipv6.") in known, f"{name} knows no {word}"
        elif "/" in word and word.split("/")[0] in DIRECTORIES:
            assert (ROOT / word).exists(), f"there is no {word}"
    if name == "ansible-doc" and "-t" in rest:
        kind, word = rest[rest.index("-t") + 1], rest[-1].removeprefix("routable.ipv6.")
        plugins = {**PLUGINS, "role": set(ROLES), "module": PLUGINS["modules"]}
        assert word == "NAME" or word in plugins[kind], f"there is no {kind} {word}"


@pytest.mark.parametrize("snippet", snippets("console"), ids=str)
def test_a_console_shows_commands_that_are_there(snippet: t.Any) -> None:
    found = list(commands(snippet.text))
    assert found
    for words in found:
        check_command(words)


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_what_stands_in_backticks_is_there(page: Path) -> None:
    codes = re.findall(r"`([^`\n]+)`", prose(page))
    # Commands of ours, and code that is indented.
    ours = [code for code in codes if re.match(r"(make|ansible-(doc|playbook)) [^-]", code) and "…" not in code]
    ours += re.findall(r"^    (ansible-playbook .*)$", prose(page), re.MULTILINE)
    for code in ours:
        check_command(shlex.split(code))
    files = [code for code in codes if code.split("/")[0] in DIRECTORIES and re.fullmatch(r"[\w./-]+", code)]
    assert [name for name in files if "/" in name and not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_a_variable_of_a_role_has_that_name(page: Path) -> None:
    """Whatever begins with a role's name, in prose and in code, is one of its variables or facts, or a plugin."""
    found = set(re.findall(r"\b((?:" + "|".join(ROLES) + r")_[a-z_0-9]+)\b", page.read_text()))
    variables = {name for options in ROLES.values() for name in options} | OURS
    facts = {"ec2_docker_host_eni", *(f"{role}_facts" for role in ROLES)}
    assert found - variables - facts == set()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_a_full_name_is_that_of_something(page: Path) -> None:
    found = set(re.findall(r"\brouta" + r"ble\.ipv6\.([a-z0-9_]+)", page.read_text()))
    assert found - OURS - {"aws", "bosh", "vsphere"} == set()


def anchors(page: Path) -> set[str]:
    """The places in a page that a link can lead to, as GitHub and MyST name them."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"`", "", head)).lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_a_link_leads_somewhere(page: Path) -> None:
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        name, _mark, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        goal = (page.parent / name).resolve() if name else page
        if not goal.exists() or (anchor and anchor not in anchors(goal)):
            wrong.append(target)
    assert wrong == []


def test_the_front_page_names_everything() -> None:
    text = (ROOT / "README.md").read_text()
    expected = {*PLUGINS["modules"], *PLUGINS["lookup"], *ROLES, *(f"routable.ipv6.{name}" for name in PLAYBOOKS)}
    assert {name for name in expected if f"`{name}`" not in text} == set()
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {page.name for page in ROOT.glob("docs/*.md")} - {"README.md"}
    assert {name for name in pages if f"({name})" not in index and f"({name}#" not in index} == set()


def test_what_is_wrong_would_be_seen() -> None:
    for line in (
        "make nothing",
        "ansible-playbook routable.ipv6.nothing",
        "tests/nothing.sh",
        "ansible-doc -t filter a.b.c",
    ):
        with pytest.raises(AssertionError):
            check_command(shlex.split(line))
