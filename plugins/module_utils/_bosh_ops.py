# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Operations on manifests, as ``bosh int -o`` applies them, for what this collection writes.

The rules are those of cppforlife/go-patch (``patch/pointer.go``, ``replace_op.go``, ``remove_op.go``), which is what
the bosh CLI uses. Left out is what is never written here: indexes, ``-``, ``:before`` and the like.
"""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

Op = t.Dict[str, t.Any]

# A pointer's own characters inside of a name.
_ENCODED = (("~", "~0"), ("/", "~1"), ("?", "~2"), ("=", "~3"), (":", "~7"))


class Step(t.NamedTuple):
    """One step of a path: a key of a mapping, or with ``value`` the item of a list whose ``key`` has it.

    :arg optional: what is missing is made, or is no error; so is then all that follows.
    """

    key: str
    value: str | None
    optional: bool


def encoded(name: str) -> str:
    """A name as part of a path."""
    return "".join(dict(_ENCODED).get(letter, letter) for letter in name)


def _decoded(text: str) -> str:
    for plain, code in reversed(_ENCODED):
        text = text.replace(code, plain)
    return text


def steps(path: str) -> list[Step]:
    """The steps of a path.

    :raises Refused: something that is not written here.
    """
    if not path.startswith("/"):
        raise Refused(f"path={path}", "a path begins with a slash", "Write it as /instance_groups/name=NAME")
    found = []
    optional = False
    for part in path.split("/")[1:]:
        if part.endswith("?"):
            optional, part = True, part[:-1]
        key, equals, value = part.partition("=")
        if not key or ":" in part or key.lstrip("-").isdigit() or key == "-":
            raise Refused(f"path={path}", "its parts are keys and name=NAME", "Write it with these alone")
        found.append(Step(_decoded(key), _decoded(value) if equals else None, optional))
    return found


def apply(document: t.Any, operations: t.Sequence[Op]) -> t.Any:
    """The document after all operations; the given one stays as it is.

    :raises Refused: something that a path names is not there, or comes twice.
    """
    result = copy.deepcopy(document)
    for op in operations:
        path = steps(op["path"])
        if op["type"] == "remove":
            _remove(result, path, op["path"])
        else:
            _replace(result, path, copy.deepcopy(op["value"]), op["path"])
    return result


def _replace(document: t.Any, path: t.Sequence[Step], value: t.Any, text: str) -> None:
    here = document
    for place, step in enumerate(path):
        last = place == len(path) - 1
        container, index = _find(here, step, text)
        if index is None:
            if not step.optional:
                raise _absent(step, text)
            made = value if last else _empty(step, path[place + 1])
            if step.value is None:
                container[step.key], index = made, step.key
            else:
                container.append(made)
                index = len(container) - 1
        elif last:
            container[index] = value
        here = container[index]


def _empty(step: Step, following: Step) -> t.Any:
    if step.value is not None:
        return {step.key: step.value}
    return {} if following.value is None else []


def _remove(document: t.Any, path: t.Sequence[Step], text: str) -> None:
    here = document
    for place, step in enumerate(path):
        container, index = _find(here, step, text)
        if index is None:
            if step.optional:
                return
            raise _absent(step, text)
        if place == len(path) - 1:
            del container[index]
        else:
            here = container[index]


def _find(here: t.Any, step: Step, text: str) -> tuple[t.Any, t.Any]:
    """The list or mapping, and the index or key in it; None for what is not there."""
    if step.value is None:
        if not isinstance(here, dict):
            raise Refused(f"path={text}", f"{step.key} is looked for in what is no mapping", "Correct the manifest")
        return here, step.key if step.key in here else None
    if not isinstance(here, list):
        raise Refused(
            f"path={text}", f"{step.key}={step.value} is looked for in what is no list", "Correct the manifest"
        )
    found = [place for place, item in enumerate(here) if isinstance(item, dict) and item.get(step.key) == step.value]
    if len(found) > 1:
        raise Refused(f"path={text}", f"{step.key}={step.value} comes {len(found)} times", "Correct the manifest")
    return here, found[0] if found else None


def _absent(step: Step, text: str) -> Refused:
    what = step.key if step.value is None else f"{step.key}={step.value}"
    return Refused(f"path={text}", f"the manifest has no {what} there", "Add it, or correct the name")
