# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change the pure layer in small ways, and see that its unit tests notice.

tests/tools/mutants.py TREE [--sample N] [--seed N] [--goal PERCENT]

TREE is a copy of the collection in ``…/ansible_collections/routable/ipv6``: mutmut works beside it.
"""

from __future__ import annotations

import argparse
import ast
import json
import pathlib
import random
import subprocess
import sys

COLLECTION = pathlib.Path("ansible_collections/routable/ipv6")
# Who imports one of these talks to something.
PORTS = {
    "os",
    "subprocess",
    "socket",
    "select",
    "shutil",
    "tempfile",
    "urllib",
    "http",
    "ssl",
    "fcntl",
    "ansible",
    "glob",
}
# Who has one of these ends drives a port, which it gets from its caller.
DRIVERS = ("_client", "_converge", "_apply", "_inventory", "_account")
SETTINGS = """[tool.mutmut]
source_paths = ["ansible_collections"]
only_mutate = {files}
pytest_add_cli_args = ["-p", "no:cacheprovider", "--hypothesis-profile=few"]
pytest_add_cli_args_test_selection = ["{tests}"]
"""
KILLED, SURVIVED, UNTESTED = "killed", "survived", "no tests"
# mutmut's exit codes of a mutant's tests: 0 that none of them failed, 33 that none of them runs the function.
VERDICTS = {0: SURVIVED, 33: UNTESTED, None: "not run"}


def pure(tree: pathlib.Path) -> list[str]:
    """The files of module_utils that only compute."""
    found = []
    for path in sorted((tree / COLLECTION / "plugins" / "module_utils").glob("_*.py")):
        imports = [
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, (ast.Import, ast.ImportFrom))
        ]
        names = {node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports}
        if not {name.partition(".")[0] for name in names} & PORTS and not path.stem.endswith(DRIVERS):
            found.append(str(path.relative_to(tree)))
    return found


def mutmut(tree: pathlib.Path, *names: str) -> str:
    words = [sys.executable, "-m", "mutmut", "run", *names]
    return subprocess.run(words, cwd=tree, capture_output=True, text=True, check=False).stdout.replace("\r", "\n")


def results(tree: pathlib.Path) -> dict[str, str]:
    """Each mutant's verdict, by its name."""
    found: dict[str, str] = {}
    for path in sorted((tree / "mutants").rglob("*.py.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"]
        found |= {name: VERDICTS.get(code, KILLED) for name, code in codes.items()}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("--sample", type=int, default=200, help="how many mutants; 0 for all of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--goal", type=float, default=85.0, help="per cent to be killed")
    options = parser.parse_args()
    files = pure(options.tree)
    tests = COLLECTION / "tests" / "unit" / "plugins"
    (options.tree / "pyproject.toml").write_text(SETTINGS.format(files=json.dumps(files), tests=tests))
    # No mutant has this name, so they are made and the tests are timed, and nothing else happens.
    output = mutmut(options.tree, "none")
    names = sorted(results(options.tree))
    if not names:
        print(output[-4000:])
        return 1
    chosen = random.Random(options.seed).sample(names, min(options.sample or len(names), len(names)))
    print(
        f"{len(files)} files, {len(names)} mutants, of which {len(chosen)} are tried (seed {options.seed})", flush=True
    )
    output = mutmut(options.tree, *chosen)
    verdicts = {name: verdict for name, verdict in results(options.tree).items() if name in set(chosen)}
    if "not run" in verdicts.values():
        print(output[-4000:])
        return 1
    alive = sorted(name for name, verdict in verdicts.items() if verdict != KILLED)
    for name in alive:
        shown = subprocess.run(
            [sys.executable, "-m", "mutmut", "show", name],
            cwd=options.tree,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [line for line in shown.stdout.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        print(f"\n{name} ({verdicts[name]})", *lines, sep="\n")
    killed = 100.0 * (len(chosen) - len(alive)) / len(chosen)
    print(f"\n{len(chosen) - len(alive)} of {len(chosen)} mutants killed: {killed:.1f} % (goal {options.goal:g} %)")
    return 0 if killed >= options.goal else 1


if __name__ == "__main__":
    sys.exit(main())
