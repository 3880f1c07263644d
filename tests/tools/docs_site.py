# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation as a site: the pages of docs/, the READMEs of the roles, and a page for every plugin and role.

python3 tests/tools/docs_site.py    writes .cache/docs/html/index.html, without the network; a warning is an error
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from role_readmes import BEGIN

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".cache" / "docs"
SOURCE = BUILD / "source"
REPOSITORY = "https://github.com/routable/ansible-ipv6/blob/main"
# The order of the pages. One that is missing here is a warning of Sphinx, and so an error.
CONTENTS = {
    "Begin": ["getting-started", "concepts", "migration"],
    "Guides": ["docker", "aws", "bosh", "smartos"],
    "Roles": sorted(f"roles/{path.parent.name}" for path in ROOT.glob("roles/*/README.md")),
    "What something is": ["ledger", "guard", "reachability", "report", "filters"],
    "When something does not work": ["troubleshooting", "security"],
    "Every option": ["Modules, filters, lookup, roles <reference/index>"],
    "The project": ["architecture", "contributing", "code-of-conduct", "changelog"],
}


def pages() -> dict[Path, str]:
    """Which file of the repository is which page of the site."""
    found = {path: path.stem for path in ROOT.glob("docs/*.md")}
    found[ROOT / "docs" / "README.md"] = "index"
    found.update({path: f"roles/{path.parent.name}" for path in ROOT.glob("roles/*/README.md")})
    for name in ("SECURITY", "CONTRIBUTING", "CODE_OF_CONDUCT", "CHANGELOG"):
        found[ROOT / f"{name}.md"] = name.lower().replace("_", "-")
    return found


def goal(target: str, page: Path, site: dict[Path, str]) -> str:
    """Where a link of a page leads on the site."""
    name, mark, anchor = target.partition("#")
    if re.match(r"[a-z]+:", target) or not name:
        return target
    file = (page.parent / name).resolve()
    if file in site:
        document = f"{site[file]}.md"
    elif file.parent.parent == ROOT / "plugins":
        kind = file.parent.name.removesuffix("s")
        document = f"reference/{file.stem}_{kind}.rst"
    else:
        return f"{REPOSITORY}/{file.relative_to(ROOT)}{mark}{anchor}"
    return os.path.relpath(SOURCE / document, (SOURCE / site[page]).parent) + mark + anchor


def text_of(page: Path, site: dict[Path, str]) -> str:
    """A page for the site: links within it, and a role's variables on the page that has all of them."""
    text, cut, _rest = page.read_text().partition(BEGIN)
    text = re.sub(r"\]\(([^)\s]+)\)", lambda match: f"]({goal(match[1], page, site)})", text)
    return text + (f"[All variables](../reference/{page.parent.name}_role.rst)\n" if cut else "")


def contents() -> str:
    """The menu, as Sphinx reads it."""
    menus = []
    for caption, entries in CONTENTS.items():
        menus += ["", "```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```", ""]
    return "\n".join(menus)


def run(*command: str | Path) -> None:
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def main() -> None:
    shutil.rmtree(BUILD, ignore_errors=True)
    reference = SOURCE / "reference"
    reference.mkdir(parents=True, mode=0o700)
    collect = [
        "collection",
        "--use-current",
        "--squash-hierarchy",
        "--fail-on-error",
        "--no-add-antsibull-docs-version",
    ]
    run("antsibull-docs", *collect, "--dest-dir", reference, "routable.ipv6")
    site = pages()
    for page, name in site.items():
        path = SOURCE / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text_of(page, site) + (contents() if name == "index" else ""))
    run("sphinx-build", "-W", "--keep-going", "-q", "-c", ROOT / "docs" / "site", SOURCE, BUILD / "html")
    print(f"The documentation is in {BUILD / 'html' / 'index.html'}.")


if __name__ == "__main__":
    main()
