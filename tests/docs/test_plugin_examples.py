# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of every plugin: they can be pasted, and what they say comes out comes out."""

from __future__ import annotations

import re
import typing as t

import pytest
from snippets import constant, load, names, told
from trial import Trial, check_variables


def as_told(shown: t.Any, said: str) -> bool:
    """Whether a result is what a comment says: text as it stands, all else as YAML."""
    if isinstance(shown, str):
        return shown.rstrip("\n") == said
    return bool(shown == load(said))


def shown_by(kind: str, name: str, variables: dict[str, t.Any]) -> list[tuple[t.Any, str]]:
    text = constant(kind, name, "EXAMPLES")
    tasks, comments = load(text), told(text)
    assumed = load("\n".join(re.findall(r"^#   (.*)$", text, re.MULTILINE))) or {}
    check_variables(assumed)
    assert len(tasks) == len(comments) > 0
    return list(zip(Trial({**assumed, **variables}).tasks(tasks), comments))


@pytest.mark.parametrize("name", names("modules"))
def test_a_module_takes_its_examples(name: str) -> None:
    assert f"routable.ipv6.{name}:" in constant("modules", name, "EXAMPLES")
    for shown, said in shown_by("modules", name, {}):
        assert not said or as_told(shown, said)


@pytest.mark.parametrize("name", names("filter"))
def test_a_filter_gives_what_its_examples_say(name: str) -> None:
    assert f"routable.ipv6.{name}" in constant("filter", name, "EXAMPLES")
    found = shown_by("filter", name, {})
    assert [(shown, said) for shown, said in found if said and not as_told(shown, said)] == []
    # What only goes into a module has no result to tell; everything that is shown has one.
    assert [shown for shown, said in found if shown is not None and not said] == []


@pytest.mark.parametrize("name", names("lookup"))
def test_a_lookup_gives_what_its_examples_say(name: str, ledger: str) -> None:
    found = shown_by("lookup", name, {"ipv6_ledger": ledger})
    assert [(shown, said) for shown, said in found if not as_told(shown, said)] == []
