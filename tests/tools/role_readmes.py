# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables in each role's README, from its meta/argument_specs.yml. What stands above them is written by hand.

python3 tests/tools/role_readmes.py            writes them
python3 tests/tools/role_readmes.py --check    fails when a README says something else, and names it
"""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import yaml
from antsibull_docs_parser import dom, parser

ROOT = Path(__file__).resolve().parents[2]
BEGIN = "<!-- From meta/argument_specs.yml, by make readmes -->"
END = "<!-- The end of what make readmes writes -->"
OURS = "routable.ipv6."


def code(value: object) -> str:
    return f"`{value}`"


def part(one: dom.Part) -> str:
    """A part of Ansible's semantic markup as Markdown."""
    if isinstance(one, dom.OptionNamePart):
        # The entry point or the module that an option belongs to is clear from the text.
        return code(one.name if one.value is None else f"{one.name}={one.value}")
    if isinstance(one, dom.OptionValuePart):
        return code(one.value)
    if isinstance(one, dom.EnvVariablePart):
        return code(one.name)
    if isinstance(one, dom.ModulePart):
        return plugin(one.fqcn, "modules")
    if isinstance(one, dom.PluginPart):
        return plugin(one.plugin.fqcn, one.plugin.type)
    if isinstance(one, dom.LinkPart):
        return f"[{one.text}]({one.url})"
    if isinstance(one, dom.URLPart):
        return f"<{one.url}>"
    if isinstance(one, dom.CodePart):
        return code(one.text)
    if isinstance(one, dom.BoldPart):
        return f"**{one.text}**"
    if isinstance(one, (dom.ItalicPart, dom.TextPart)):
        return one.text
    raise ValueError(f"no Markdown is known for {one}")


def plugin(fqcn: str, kind: str) -> str:
    name = fqcn.removeprefix(OURS)
    if name == fqcn:
        return code(fqcn)
    if kind == "role":
        return f"[{code(name)}](../{name}/README.md)"
    # A filter's page is beside the file of all filters.
    (file,) = (ROOT / "plugins" / kind).glob(f"{name}.*")
    return f"[{code(name)}](../../plugins/{kind}/{file.name})"


def prose(text: str | list[str]) -> str:
    """Descriptions as one cell of a table."""
    found = parser.parse(text, parser.Context(), errors="exception")
    return " ".join("".join(map(part, paragraph)) for paragraph in found).replace("|", "\\|")


def default(option: dict[str, t.Any]) -> str:
    if "default" not in option:
        return "required" if option.get("required") else ""
    value = option["default"]
    return code(value if isinstance(value, str) and value else yaml_text(value))


def yaml_text(value: object) -> str:
    """A value as it is written in an inventory, on one line."""
    return (
        yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("...\n").strip().replace("''", '""')
    )


def rows(options: dict[str, t.Any], above: str = "") -> t.Iterator[str]:
    for name, option in options.items():
        kind = f"list of {option['elements']}" if option["type"] == "list" else option["type"]
        meaning = prose(option["description"])
        choices = [choice for choice in option.get("choices", ()) if choice != ""]
        if choices:
            meaning += f" One of {', '.join(map(code, choices))}."
        yield f"| {code(above + name)} | {kind} | {default(option)} | {meaning} |"
        inner = f"{above}{name}{'[]' if option['type'] == 'list' else ''}."
        yield from rows(option.get("options") or {}, inner)


def variables(role: Path) -> str:
    """The section of a README."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    lines = [BEGIN]
    for name, spec in sorted(specs.items(), key=lambda item: item[0] != "main"):
        lines += ["", "## Variables" if name == "main" else f"## Variables of the entry point `{name}`", ""]
        lines += ["| variable | type | default | meaning |", "|---|---|---|---|", *rows(spec["options"])]
    return "\n".join([*lines, "", END]) + "\n"


def readme(role: Path) -> str:
    """The README as it should be: its own text up to the section, or all of it where there is none yet."""
    own = (role / "README.md").read_text().partition(BEGIN)[0].rstrip("\n")
    return f"{own}\n\n{variables(role)}"


def main(check: bool) -> int:
    stale = []
    for role in sorted(path.parents[1] for path in ROOT.glob("roles/*/meta/argument_specs.yml")):
        wanted, path = readme(role), role / "README.md"
        if path.read_text() != wanted:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.write_text(wanted)
    if stale:
        print(f"{', '.join(stale)}: the variables {'differ from the role; run make readmes' if check else 'are new'}.")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
