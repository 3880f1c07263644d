# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which changes of the pure layer tests/tools/mutants.py makes: those of mutmut, but for some that mean nothing."""

from __future__ import annotations

import ast
import pathlib
import re
import typing as t
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.file_mutation import Mutation, MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

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
# Three plain words or more are prose, as in a rule or a remedy.
PROSE = re.compile(r"""["'] ?[(]?[A-Za-z][\w'-]*[,;:.]?( [(]?[A-Za-z][\w'-]*[,;:.)]*){2,} ?["']""")
_IMPOSSIBLE = m.Raise(exc=m.Call(func=m.Name("AssertionError")))


@dataclass(frozen=True)
class Mutant:
    """One change. ``lines`` are those of its statement: a test that runs none of them cannot notice it."""

    path: pathlib.Path
    function: str
    line: int
    lines: frozenset[int]
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line} in {self.function}"


def pure(plugins: pathlib.Path) -> list[pathlib.Path]:
    """The files of module_utils that only compute."""
    found = []
    for path in sorted((plugins / "module_utils").glob("_*.py")):
        imports = [
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, (ast.Import, ast.ImportFrom))
        ]
        names = {node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports}
        if not {name.partition(".")[0] for name in names} & PORTS and not path.stem.endswith(DRIVERS):
            found.append(path)
    return found


class File:
    """The mutants of one file. They are counted first, and only the chosen ones are written out."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        wrapper = MetadataWrapper(cst.parse_module(path.read_text()))
        self._module = wrapper.module
        self._parents = wrapper.resolve(ParentNodeProvider)
        self._places = wrapper.resolve(PositionProvider)
        visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
        wrapper.visit(visitor)
        self._mutations = [one for one in visitor.mutations if self._tells(one)]

    def __len__(self) -> int:
        return len(self._mutations)

    def __getitem__(self, number: int) -> Mutant:
        mutation = self._mutations[number]
        node = mutation.original_node
        before, after = (self._module.code_for_node(one) for one in (node, mutation.mutated_node))
        line = self._places[node].start.line
        outer = next(one for one in self._around(node) if one is mutation.contained_by_top_level_function)
        source = t.cast(cst.Module, self._module.deep_replace(node, mutation.mutated_node)).code
        return Mutant(self.path, self._name(outer), line, self._lines(node), before, after, source)

    def _around(self, node: cst.CSTNode) -> t.Iterator[cst.CSTNode]:
        """The node and what it stands in, from the inside."""
        one: cst.CSTNode | None = node
        while one is not None:
            yield one
            one = self._parents.get(one)

    def _name(self, function: cst.CSTNode) -> str:
        names = [one.name.value for one in self._around(function) if isinstance(one, (cst.FunctionDef, cst.ClassDef))]
        return ".".join(reversed(names))

    def _lines(self, node: cst.CSTNode) -> frozenset[int]:
        """The lines of the smallest statement around a node; of one with a body, its head. A parameter is of them all."""
        inside = list(self._around(node))
        of_parameters = any(isinstance(one, cst.Parameters) for one in inside) and not any(
            isinstance(one, cst.Lambda) for one in inside
        )
        kinds = cst.FunctionDef if of_parameters else (cst.SimpleStatementLine, cst.BaseCompoundStatement)
        statement = next(one for one in inside if isinstance(one, kinds))
        place = self._places[statement]
        last = place.end.line
        body = getattr(statement, "body", None)
        if isinstance(body, cst.IndentedBlock) and not of_parameters:
            last = max(place.start.line, self._places[body.body[0]].start.line - 1)
        return frozenset(range(place.start.line, last + 1))

    def _tells(self, mutation: Mutation) -> bool:
        """Whether a test could notice this change, and should."""
        node = mutation.original_node
        if not isinstance(mutation.contained_by_top_level_function, cst.FunctionDef):
            # What stands outside of functions is read once, before there is a mutant.
            return False
        if any(m.matches(one, _IMPOSSIBLE) for one in self._around(node)):
            # What cannot be is not brought about by a test.
            return False
        if isinstance(node, cst.SimpleString) and isinstance(mutation.mutated_node, cst.SimpleString):
            # Other letters in a sentence are another wording. That the sentence is there at all is tried nevertheless:
            # mutmut also makes None of the argument in which it stands.
            return not PROSE.fullmatch(node.value) and not self._is_clause(node) and not self._is_type(node)
        if isinstance(node, cst.Call) and isinstance(mutation.mutated_node, cst.Call) and _is_cast(node):
            # cast returns its second argument, whatever the first one is.
            return len(mutation.mutated_node.args) < 2 or mutation.mutated_node.args[0] is node.args[0]
        return True

    def _is_clause(self, node: cst.CSTNode) -> bool:
        """Whether this is the rule or the remedy of a refusal, however short. Its first argument names the value."""
        argument = self._parents[node]
        call = self._parents.get(argument)
        return isinstance(call, cst.Call) and m.matches(call.func, m.Name("Refused")) and argument in call.args[1:]

    def _is_type(self, node: cst.CSTNode) -> bool:
        """Whether this is the type in a cast, which only a type checker reads."""
        argument = self._parents[node]
        call = self._parents.get(argument)
        return isinstance(call, cst.Call) and _is_cast(call) and call.args[0] is argument


def _is_cast(node: cst.Call) -> bool:
    return m.matches(node.func, m.Attribute(attr=m.Name("cast")))
