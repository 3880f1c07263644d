# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML as the Director's parser reads it (Psych, safe, with symbols and aliases)."""

from __future__ import annotations

import re
import typing as t

import yaml

from .errors import bad_config


class _Psych(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Numbers of base 60 have one or two colons to Psych, and any number of them to PyYAML."""


_Psych.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if tag not in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Psych.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"),
    list("-+0123456789."),
)
_Psych.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"^[-+]?(?:0|[1-9][0-9_]*|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9]){1,2})$"),
    list("-+0123456789"),
)


def _date(loader: yaml.SafeLoader, node: yaml.Node) -> t.Any:
    raise yaml.YAMLError("Tried to load unspecified class: Date")


_Psych.add_constructor("tag:yaml.org,2002:timestamp", _date)


def load(text: object) -> dict[str, t.Any]:
    """The content of a config.

    :raises DirectorError: it is no YAML, or no mapping.
    """
    try:
        content = yaml.load(str(text or ""), Loader=_Psych)
    except (yaml.YAMLError, ValueError) as error:
        raise bad_config(f"Config must be valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise bad_config("YAML hash expected")
    return content


def dump(content: object) -> str:
    return str(yaml.safe_dump(content, explicit_start=True, sort_keys=False, width=80))
