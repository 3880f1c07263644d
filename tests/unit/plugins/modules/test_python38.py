# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs in a SmartOS global zone runs on Python 3.8 with nothing but the standard library.

pkgsrc on older platforms has no newer Python, and nobody installs netaddr into a global zone.
"""

from __future__ import annotations

import ast
import os
import pathlib
import shutil
import subprocess
import sys
import typing as t

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[4]
PACKAGE = "ansible_collections.routable.ipv6."
MODULES = ("smartos_allowed_ips", "smartos_zone", "smartos_zone_ipv6")
# What came after 3.8 in the standard library, as far as it is likely to be met. The sources are the "What's new" pages.
LATER_NAMES = {
    "graphlib": {"*"},
    "tomllib": {"*"},
    "zoneinfo": {"*"},
    "typing": {
        "Annotated",
        "Concatenate",
        "Never",
        "NotRequired",
        "ParamSpec",
        "Required",
        "Self",
        "TypeAlias",
        "TypeGuard",
        "TypeVarTuple",
        "Unpack",
        "assert_never",
        "assert_type",
        "override",
        "reveal_type",
    },
    "functools": {"cache"},
    "itertools": {"pairwise", "batched"},
    "math": {"lcm", "nextafter", "ulp"},
    "enum": {"StrEnum", "ReprEnum"},
    "dataclasses": {"KW_ONLY"},
}
LATER_METHODS = {"removeprefix", "removesuffix", "bit_count", "is_relative_to", "with_stem", "hardlink_to"}
LATER_ARGUMENTS = {"dataclass": {"slots", "kw_only", "match_args", "weakref_slot"}, "zip": {"strict"}}
# Types that can be subscripted only from 3.9 on; in annotations they are never evaluated.
BUILTIN_TYPES = {"dict", "frozenset", "list", "set", "tuple", "type"}


def imported(tree: ast.AST) -> t.Iterator[tuple[str, str]]:
    """Module and name of each import; the name is empty for a plain one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level and node.module
            yield from ((node.module, alias.name) for alias in node.names)


def path_of(name: str) -> pathlib.Path:
    return ROOT / f"{name.replace('.', '/')}.py"


def graph() -> dict[str, ast.Module]:
    """The module and all of the collection that it imports, parsed as Python 3.8."""
    found: dict[str, ast.Module] = {}
    waiting = [f"plugins.modules.{name}" for name in MODULES]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = ast.parse(path_of(name).read_text(), feature_version=(3, 8))
        for module, member in imported(found[name]):
            if module.startswith(PACKAGE):
                own = module[len(PACKAGE) :]
                waiting.append(own if path_of(own).is_file() else f"{own}.{member}")
    return found


GRAPH = graph()


def evaluated(tree: ast.AST) -> t.Iterator[ast.AST]:
    """All nodes but those of annotations, which stay text."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for field, value in ast.iter_fields(node):
            if field not in ("annotation", "returns"):
                waiting += [
                    child for child in (value if isinstance(value, list) else [value]) if isinstance(child, ast.AST)
                ]


def later(tree: ast.AST) -> t.Iterator[str]:
    """What this code uses that Python 3.8 does not have."""
    for module, member in imported(tree):
        names = LATER_NAMES.get(module, set())
        if "*" in names or member in names:
            yield f"{module}.{member}"
    aliases = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for node in evaluated(tree):
        if isinstance(node, ast.Attribute):
            owner = aliases.get(node.value.id, "") if isinstance(node.value, ast.Name) else ""
            if node.attr in LATER_METHODS or node.attr in LATER_NAMES.get(owner, set()):
                yield node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield from (
                f"{node.func.id}({key.arg})"
                for key in node.keywords
                if key.arg in LATER_ARGUMENTS.get(node.func.id, set())
            )
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in BUILTIN_TYPES:
            yield f"{node.value.id}[]"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            sides = [side.value for side in (node.left, node.right) if isinstance(side, ast.Constant)]
            if any(side is None for side in sides):
                yield "X | None"


def test_the_graph_is_walked() -> None:
    assert {"plugins.module_utils._vmadm", "plugins.module_utils._addresses", "plugins.module_utils._plan"} <= set(
        GRAPH
    )


@pytest.mark.parametrize("name", sorted(GRAPH))
def test_imports(name: str) -> None:
    assert any(pair == ("__future__", "annotations") for pair in imported(GRAPH[name]))
    strange = [
        module
        for module, _member in imported(GRAPH[name])
        if not module.startswith((PACKAGE, "ansible.module_utils."))
        and module.partition(".")[0] not in sys.stdlib_module_names
    ]
    assert strange == []


@pytest.mark.parametrize("name", sorted(GRAPH))
def test_nothing_newer_than_38(name: str) -> None:
    assert list(later(GRAPH[name])) == []


@pytest.mark.parametrize(
    "code",
    [
        "import typing as t\nP = t.ParamSpec('P')",
        "from typing import ParamSpec",
        "'a'.removeprefix('a')",
        "@dataclass(frozen=True, slots=True)\nclass A: ...",
        "zip([], [], strict=True)",
        "A = dict[str, int]",
        "A = int | None",
        "import tomllib",
    ],
)
def test_newer_things_are_found(code: str) -> None:
    assert list(later(ast.parse(code)))


def test_annotations_are_free() -> None:
    assert not list(
        later(ast.parse("def f(a: dict[str, int] | None, *b: list[int]) -> int | None:\n c: set[int] = set()"))
    )


def pythons() -> list[str]:
    """The interpreters of this machine that start, oldest first; the one that runs the tests is always among them."""
    found = [path for path in map(shutil.which, ("python3.8", "python3.9", "python3.10")) if path]
    roots = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    found += [str(path) for path in sorted(roots.glob("versions/3.[89]*/bin/python3.[89]"))]
    # A shim of pyenv is there without an interpreter behind it.
    starts = [
        path for path in found if not subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode
    ]
    return [*starts, sys.executable]


# What the module takes from Ansible, so that the test needs no Ansible that supports the interpreter.
STAND_IN = """
class AnsibleModule:
    pass
"""
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.routable.ipv6.plugins.modules import smartos_allowed_ips as module
from smartos_host import GlobalZone, zone

class Stage(GlobalZone):
    check_mode = False
    params = {key: option.get("default") for key, option in module.ARGUMENTS.items()}
    def warn(self, text):
        raise AssertionError(text)

host = Stage(zone(1), zone(2, brand="lx"))
host.params = dict(host.params, all_zones=True, health=True, prefixes=["2001:DB8:0:1::/64"], addresses=["2001:db8::5"])
host.params["nics"] = [dict.fromkeys(["mac", "interface", "vlan_id", "primary"], None)]
host.params["nics"][0]["nic_tag"] = "external"
try:
    module.run(host)
except AssertionError as warned:
    print(warned)
host.params["addresses"] = None
host.params["state"] = "exact"
print(module.run(host)["changed"], module.run(host)["changed"], host.allowed(1), host.boots())
try:
    module.run(type("Bad", (Stage,), {"params": dict(host.params, prefixes=["192.0.2.0/24"])})())
except module.Refused as refusal:
    print(refusal)
"""
EXPECTED = """\
2001:db8::5 is shared by 2 NICs on external: zone1 net0, zone2 net0.
True False ['fe80::709c:d5ff:fe00:1', '2001:db8:0:1:709c:d5ff:fe00:1'] True
prefixes=192.0.2.0/24: this is IPv4 where IPv6 is needed. Give an IPv6 value.
"""


@pytest.mark.parametrize("program", pythons())
def test_it_runs(program: str, tmp_path: pathlib.Path) -> None:
    for name in GRAPH:
        target = tmp_path / "ansible_collections" / "routable" / "ipv6" / f"{name.replace('.', '/')}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path_of(name).read_text())
    basic = tmp_path / "ansible" / "module_utils" / "basic.py"
    basic.parent.mkdir(parents=True)
    basic.write_text(STAND_IN)
    helper = pathlib.Path(__file__).with_name("smartos_host.py")
    (tmp_path / helper.name).write_text(helper.read_text())
    done = subprocess.run(
        [program, "-I", "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout == EXPECTED, done.stderr
