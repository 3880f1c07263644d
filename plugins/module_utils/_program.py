# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Put several files together into one program that runs on a host without the collection.

A part imports the standard library, and names of parts before it, at its top and one by one. Then their texts one after
the other, without those imports, mean the same: there is one namespace instead of several. What only a type checker
reads, below ``if TYPE_CHECKING``, is left out.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import typing as t

if t.TYPE_CHECKING:
    import types

_PACKAGE = __name__.rpartition(".")[0]
_HEAD = """\
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""


class Part(t.NamedTuple):
    """A file, taken apart."""

    name: str
    docstring: str
    imports: tuple[str, ...]  # lines that import from the standard library
    wanted: frozenset[tuple[str, str]]  # file and name of what it takes from other parts
    names: tuple[str, ...]  # what it defines
    body: str


def assemble(parts: t.Sequence[types.ModuleType], writer: str) -> str:
    """One program of these parts, whose last one has the docstring and what runs.

    :arg writer: who installs it, for its head.
    :raises ValueError: two parts define the same name, or one uses what no earlier one has.
    """
    taken = [take_apart(module.__name__.rpartition(".")[2], inspect.getsource(module)) for module in parts]
    return join(taken, writer)


def join(parts: t.Sequence[Part], writer: str) -> str:
    """As :func:`assemble`, of parts that are taken apart."""
    owners = {line.split()[-1]: "an import" for part in parts for line in part.imports}
    for part in parts:
        for file, name in sorted(part.wanted):
            if owners.get(name) != file:
                raise ValueError(f"{part.name} imports {name} of {file}: no earlier part defines it")
        for name in part.names:
            if owners.setdefault(name, part.name) != part.name:
                raise ValueError(f"{part.name} and {owners[name]} both define {name}")
    origin = f"Written by Ansible ({writer}): a change of yours is overwritten. It consists of these files of the"
    origin += f" collection, in plugins/module_utils: {', '.join(f'{part.name}.py' for part in parts)}"
    head = _HEAD + "\n" + "\n".join(textwrap.wrap(origin, 118, initial_indent="# ", subsequent_indent="# "))
    lines = sorted({line for part in parts for line in part.imports})
    imports = "from __future__ import annotations\n\n" + "\n".join(lines)
    bodies = [f"# ---- {part.name}.py\n\n{part.body}" for part in parts]
    return "\n\n".join([head, parts[-1].docstring, imports, "\n\n\n".join(bodies)]) + "\n"


def take_apart(name: str, text: str) -> Part:
    """The parts of one file.

    :raises ValueError: it imports in a way that does not survive being joined.
    """
    lines = text.splitlines()
    first, *rest = ast.parse(text).body
    imports: list[str] = []
    wanted: set[tuple[str, str]] = set()
    end = first.end_lineno or 0
    names: list[str] = []
    for number, node in enumerate(rest):
        if isinstance(node, ast.Import):
            imports.append(lines[node.lineno - 1])
        elif isinstance(node, ast.ImportFrom):
            wanted |= _wanted(name, node)
        elif not _for_types(node):
            names += _defined(node)
            continue
        if not all(isinstance(one, (ast.Import, ast.ImportFrom)) or _for_types(one) for one in rest[:number]):
            raise ValueError(f"{name}, line {node.lineno}: a part imports at its top")
        end = node.end_lineno or 0
    docstring = "\n".join(lines[first.lineno - 1 : first.end_lineno])
    body = "\n".join(lines[end:]).strip("\n")
    return Part(name, docstring, tuple(imports), frozenset(wanted), tuple(names), body)


def _for_types(node: ast.stmt) -> bool:
    """Whether it defines TYPE_CHECKING or depends on it."""
    told = node.targets[0] if isinstance(node, ast.Assign) else node.test if isinstance(node, ast.If) else None
    return isinstance(told, ast.Name) and told.id == "TYPE_CHECKING"


def _wanted(name: str, node: ast.ImportFrom) -> set[tuple[str, str]]:
    if node.module == "__future__":
        return set()
    package, _dot, file = (node.module or "").rpartition(".")
    if package != _PACKAGE or any(alias.asname for alias in node.names):
        raise ValueError(
            f"{name}, line {node.lineno}: of another part, import names as they are; of anything else, the module"
        )
    return {(file, alias.name) for alias in node.names}


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)]
