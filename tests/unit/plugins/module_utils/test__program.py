# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import builtins
import pathlib
import subprocess
import symtable
import sys

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _program as program
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_client import agent_text
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_client import program_text

PACKAGE = "ansible_collections.routable.ipv6.plugins.module_utils"
HEAD = '"""A part."""\n\nfrom __future__ import annotations\n\n'
ONE = (
    f"# Licence\n\n{HEAD}import os\nimport typing as t\n\nA, B = 1, 2\n\n\ndef here() -> str:\n    return os.getcwd()\n"
)
TWO = (
    f"{HEAD}import os\nimport sys\n\nfrom {PACKAGE}._one import (\n    A,\n    here,\n)\n\n# Why.\nSEEN = (A, here())\n"
)


def joined(*texts: str) -> str:
    return program.join([program.take_apart(f"_part{n}", text) for n, text in enumerate(texts)], "a.b.c")


def named(**texts: str) -> str:
    return program.join([program.take_apart(f"_{name}", text) for name, text in texts.items()], "a.b.c")


def test_the_parts_become_one_file() -> None:
    text = named(one=ONE, two=TWO)
    assert text == (
        "# Copyright (c) 2026, routable.ipv6 contributors\n"
        "# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)\n"
        "# SPDX-License-Identifier: GPL-3.0-or-later\n\n"
        "# Written by Ansible (a.b.c): a change of yours is overwritten. It consists of these files of the collection, in\n"
        "# plugins/module_utils: _one.py, _two.py\n\n"
        '"""A part."""\n\nfrom __future__ import annotations\n\nimport os\nimport sys\nimport typing as t\n\n'
        "# ---- _one.py\n\nA, B = 1, 2\n\n\ndef here() -> str:\n    return os.getcwd()\n\n\n"
        "# ---- _two.py\n\n# Why.\nSEEN = (A, here())\n"
    )
    assert named(one=ONE, two=TWO) == text
    space: dict[str, object] = {}
    exec(compile(text, "program", "exec"), space)
    assert space["SEEN"] == (1, space["here"]())  # type: ignore[operator]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((ONE, "'''Two.'''\nB = 3\n"), "_part1 and _part0 both define B"),
        ((ONE, "'''Two.'''\nclass here: pass\n"), "_part1 and _part0 both define here"),
        ((ONE, "'''Two.'''\ndef os(): pass\n"), "_part1 and an import both define os"),
        ((f"{HEAD}from {PACKAGE}._part1 import A\n", "'''Two.'''\nA = 1\n"), "_part0 imports A of _part1: no earlier"),
        ((ONE, f"{HEAD}from {PACKAGE}._part0 import C\n"), "_part1 imports C of _part0: no earlier part defines it"),
        ((f"{HEAD}from {PACKAGE}._one import A as B\n",), "_part0, line 5: of another part, import names as they are"),
        ((f"{HEAD}from {PACKAGE} import _one\n",), "_part0, line 5: of another part, import names as they are"),
        ((f"{HEAD}from os import path\n",), "of anything else, the module"),
        ((f"{HEAD}if 1: pass\nimport os\n",), "_part0, line 6: a part imports at its top"),
    ],
)
def test_what_does_not_survive_is_refused(texts: tuple[str, ...], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        joined(*texts)


def test_what_only_a_type_checker_reads_is_left_out() -> None:
    typed = f"{HEAD}import os\n\n# Why.\nTYPE_CHECKING = False\nif TYPE_CHECKING:\n    from a import b\n\nHERE = os.curdir\n"
    text = named(one=ONE, two=typed)
    assert text.endswith("# ---- _two.py\n\nHERE = os.curdir\n")
    assert "TYPE_CHECKING" not in text


def unknown(table: symtable.SymbolTable, known: set[str]) -> set[str]:
    """The names that something in it uses and nothing defines."""
    found = {one.get_name() for one in table.get_symbols() if one.is_global() and one.is_referenced()} - known
    return found.union(*(unknown(inner, known) for inner in table.get_children()))


def test_a_name_that_is_missing_is_noticed() -> None:
    table = symtable.symtable("def a():\n    def b():\n        return len(c), a\n", "x", "exec")
    assert unknown(table, {*dir(builtins), *table.get_identifiers()}) == {"c"}


@pytest.mark.parametrize("text", [program_text(), agent_text()], ids=["guard", "proxy"])
def test_a_program_is_whole(text: str, tmp_path: pathlib.Path) -> None:
    """Nothing is missing in it, an old Python reads it, and it runs alone."""
    ast.parse(text, feature_version=(3, 8))
    assert "ansible_collections" not in text
    table = symtable.symtable(text, "program", "exec")
    assert unknown(table, {*dir(builtins), *table.get_identifiers()}) == set()
    path = tmp_path / "program.py"
    path.write_text(text)
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(path)], capture_output=True, text=True, check=False, cwd="/"
    )
    assert (ran.returncode, ran.stderr.split(":")[0]) == (2, "usage")
