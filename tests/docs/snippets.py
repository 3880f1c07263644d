# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be tried in a text: examples of plugins, and the code of the pages."""

from __future__ import annotations

import ast
import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import trust_as_template

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md")])


def names(kind: str) -> list[str]:
    """The plugins of a kind (modules, action, filter, lookup)."""
    # All filters are in one file of Python; the page of each is beside it.
    return sorted(path.stem for path in (PLUGINS / kind).glob("*.yml" if kind == "filter" else "[a-z]*.py"))


def constant(kind: str, plugin: str, name: str) -> str:
    """DOCUMENTATION, EXAMPLES or RETURN of a plugin; empty where it has none."""
    beside = PLUGINS / kind / f"{plugin}.yml"
    if beside.exists():
        return str(yaml.safe_load(beside.read_text())[name])
    for node in ast.parse((PLUGINS / kind / f"{plugin}.py").read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return str(ast.literal_eval(node.value))
    return ""


def load(text: str) -> t.Any:
    """YAML as Ansible reads it in a playbook, with templates that it will fill in."""
    return DataLoader().load(trust_as_template(text))


def told(text: str) -> list[str]:
    """For each task of the list in a text the result that the comment right behind it tells, empty without one."""
    found = []
    for part in re.split(r"^(?=- )", text, flags=re.MULTILINE)[1:]:
        comment = re.search(r"((?:^  # ?.*\n?)+)\s*\Z", part, re.MULTILINE)
        lines = re.findall(r"^  # ?(.*)$", comment.group(1), re.MULTILINE) if comment else []
        found.append("\n".join(lines).replace("\\t", "\t"))
    return found


@dataclass(frozen=True)
class Snippet:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def snippets(*languages: str) -> list[Snippet]:
    """The blocks of all pages in one of the languages, without the indentation that lists give them."""
    found = []
    for page in PAGES:
        text = page.read_text()
        for match in re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL):
            if match[2] in languages:
                body = re.sub(rf"^{match[1]}", "", match[3], flags=re.MULTILINE)
                found.append(Snippet(page, text.count("\n", 0, match.start()) + 1, match[2], body))
    return found


def options_of_roles() -> dict[str, dict[str, t.Any]]:
    """Role → variable → its entry in the argument spec."""
    return {
        path.parents[1].name: yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
        for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml"))
    }
