# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _packages as rules
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

SIMULATED = """Reading package lists...
The following NEW packages will be installed:
  docker.io runc
Inst libc6 [2.41-12] (2.41-13 Debian:13/stable [amd64])
Inst runc (1.1.15+ds1-2+b4 localhost [amd64])
Inst tini:i386 (0.19.0-3 localhost [i386]) []
Conf runc (1.1.15+ds1-2+b4 localhost [amd64])
"""
REMOVED = "Purg docker.io [26.1.5] []\nRemv podman [5.4]\nInst never (1)\n"
LISTED = "runc amd64 installed\ntini i386 installed\nndppd amd64 config-files\n"


def test_what_apt_and_dpkg_say() -> None:
    assert rules.new_of(SIMULATED) == {"runc", "tini:i386"}
    assert rules.gone_of(REMOVED) == {"docker.io", "podman"}
    assert rules.installed_of(LISTED) == {"runc", "runc:amd64", "tini", "tini:i386"}


def simulation(needs: dict[str, set[str]], either: dict[str, set[str]] | None = None) -> rules.Simulate:
    """Of packages that need all of some and one of others."""

    def gone_with(names: t.Sequence[str]) -> set[str]:
        gone = set(names)
        while True:
            more = {name for name, needed in needs.items() if needed & gone}
            more |= {name for name, ones in (either or {}).items() if ones <= gone}
            if more <= gone:
                return gone
            gone |= more

    return gone_with


DOCKER = {"docker.io": {"containerd", "runc", "tini"}, "containerd": {"runc"}}
OURS = ["containerd", "docker.io", "runc", "tini", "ndppd"]


@pytest.mark.parametrize(
    ("more", "keep", "removed", "kept"),
    [
        ({}, [], ["containerd", "docker.io", "ndppd", "runc", "tini"], {}),
        # Somebody has installed what needs one of ours.
        ({"podman": {"runc"}}, [], ["containerd", "docker.io", "ndppd", "tini"], {"runc": "needed by podman"}),
        (
            {"compose": {"docker.io"}},
            [],
            ["ndppd"],
            {
                "containerd": "needed by compose",
                "docker.io": "needed by compose",
                "runc": "needed by compose",
                "tini": "needed by compose",
            },
        ),
        ({}, ["docker.io", "other"], ["ndppd"], {"docker.io": "it was asked to stay"}),
    ],
)
def test_what_nobody_else_needs(
    more: dict[str, set[str]], keep: list[str], removed: list[str], kept: dict[str, str]
) -> None:
    choice = rules.choose(OURS, [*OURS, *more], keep, simulation({**DOCKER, **more}))
    assert list(choice.removed) == removed
    assert {name: choice.kept[name] for name in kept} == kept
    assert sorted([*choice.removed, *choice.kept]) == sorted(OURS)


def test_what_has_never_come_is_not_removed() -> None:
    asked: list[list[str]] = []

    def simulate(names: t.Sequence[str]) -> set[str]:
        asked.append(list(names))
        return set(names)

    assert rules.choose(["ndppd", "tini"], {"tini"}, [], simulate) == (("tini",), {})
    assert rules.choose(["ndppd"], {"tini"}, ["ndppd"], simulate) == ((), {})
    assert asked == [["tini"]]


def test_one_of_two_that_somebody_needs_stays() -> None:
    choice = rules.choose(["a", "b"], {"a", "b", "x"}, [], simulation({}, {"x": {"a", "b"}}))
    assert choice == (("a",), {"b": "needed by x"})


NAMES = st.sampled_from("abcdefgh")


@given(
    needs=st.dictionaries(NAMES, st.sets(NAMES, min_size=1, max_size=3)),
    either=st.dictionaries(NAMES, st.sets(NAMES, min_size=2, max_size=3)),
    ours=st.sets(NAMES),
    keep=st.sets(NAMES),
)
def test_nobody_elses_package_ever_goes(
    needs: dict[str, set[str]], either: dict[str, set[str]], ours: set[str], keep: set[str]
) -> None:
    simulate = simulation(needs, either)
    choice = rules.choose(ours, set("abcdefgh"), keep, simulate)
    assert simulate(choice.removed) == set(choice.removed) <= ours - keep
    assert set(choice.kept) == ours - set(choice.removed)


@pytest.mark.parametrize(
    "name", ["", "-o", "--purge", "a b", "Docker", "a;b", "a\n", "../a", "a:", "x", "a=1", "a/sid", "libc6:i386"]
)
def test_a_name_that_no_package_has(name: str) -> None:
    with pytest.raises(Refused, match="no Debian package has such a name"):
        rules.check_names("names", ["docker.io", name])
    rules.check_names("names", ["g++", "docker.io", "0ad"])


@pytest.mark.parametrize("holder", ["", "a/b", "..", "a b", "a" * 65, "ä"])
def test_a_holder_is_part_of_a_file_name(holder: str) -> None:
    with pytest.raises(Refused, match="letters, digits and underscores"):
        rules.check_holder(holder)
    rules.check_holder("docker_host")
