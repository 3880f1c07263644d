# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""YAML as the Director and the bosh CLI read and write it.

PyYAML takes ``2001:10:20:30:40:50:1:2`` for a number of base 60. The Director's parser (Psych) knows numbers of base 60
only with one or two colons, and the CLI none at all, so with both it is an address. It is one here, too.
"""

from __future__ import annotations

import re
import traceback
import typing as t

try:
    import yaml
except ImportError:
    HAS_YAML = False
    YAML_ERROR: str | None = traceback.format_exc()
else:
    HAS_YAML = True
    YAML_ERROR = None

# An address that ends in :: and that nobody quoted.
_UNQUOTED = re.compile(r"""(?<!["'0-9a-fA-F:])[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*::(?=\s*(?:$|,|\]|-|#))""")
# What YAML 1.1, YAML 1.2 or Psych may take for a number, a time or a symbol.
_DOUBTFUL = re.compile(r":|^[-+.]?[0-9]")


class BadYaml(ValueError):
    """Text that is no YAML, or none that the Director takes."""


def _make_loader() -> t.Any:
    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # no stubs
        """Without numbers of base 60."""

    Loader.yaml_implicit_resolvers = {
        first: [
            (tag, _plain_number(tag) or pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader


def _plain_number(tag: str) -> t.Pattern[str] | None:
    """The pattern of YAML 1.1 for numbers, without those of base 60."""
    if tag == "tag:yaml.org,2002:int":
        return re.compile(r"^[-+]?(?:0b[01_]+|0[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$")
    if tag == "tag:yaml.org,2002:float":
        return re.compile(
            r"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
        )
    return None


def _make_dumper() -> t.Any:
    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # no stubs
        """No anchors, and quotes wherever some parser could see something else than text."""

        def ignore_aliases(self, data: t.Any) -> bool:
            return True

    def text(dumper: t.Any, value: str) -> t.Any:
        style = "|" if "\n" in value else '"' if _DOUBTFUL.search(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return Dumper


def load(text: str) -> t.Any:
    """The data of a config.

    :raises BadYaml: with a sentence that says where, and what is often the reason.
    """
    try:
        return yaml.load(text, Loader=_make_loader())
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = str(getattr(error, "problem", None) or error).partition("\n")[0]
        if mark is None:
            raise BadYaml(f"the content is no YAML: {problem}") from error
        raise BadYaml(f"the content is no YAML in line {mark.line + 1}: {problem}{_hint(text, mark.line)}") from error


def _hint(text: str, line: int) -> str:
    lines = text.splitlines()
    for number in (line, line - 1):
        found = _UNQUOTED.search(lines[number]) if 0 <= number < len(lines) else None
        if found:
            return f"; quote the address {found.group()} in line {number + 1}, since it ends in ::"
    return ""


def dump(data: t.Any) -> str:
    """Data as YAML: keys sorted as the CLI sorts them, addresses in quotes, one line for one thing."""
    if data is None:
        return ""
    return str(yaml.dump(data, Dumper=_make_dumper(), default_flow_style=False, width=10**9, allow_unicode=True))
