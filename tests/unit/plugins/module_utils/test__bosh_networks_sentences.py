# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of each mistake, word by word: its place, its value, the rule, the Director's error and the remedy.

bosh_sentences.json has the version of a Director and the sentence for each case of the rules' own tests.
"""

from __future__ import annotations

import json
import pathlib

import bosh_cloud_configs as clouds
import bosh_instance_groups as groups
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import read_cloud
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Director, parse_version
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_groups import check_instance_groups

SAID = json.loads(pathlib.Path(__file__).with_name("bosh_sentences.json").read_text(encoding="utf-8"))


def test_each_case_has_its_sentence() -> None:
    for kind, cases in (("cloud", clouds.CASES), ("groups", groups.CASES)):
        assert list(SAID[kind]) == [case[0] for case in cases]


@pytest.mark.parametrize("case", clouds.CASES, ids=lambda case: case[0])
def test_cloud_configs(case: tuple[str, object, object]) -> None:
    version, sentence = SAID["cloud"][case[0]]
    found = clouds.judge(case[1], Director(parse_version(version)))
    assert [one.sentence for one in found if one.rule != "reserved_leak"] == [sentence]


@pytest.mark.parametrize("case", groups.CASES, ids=lambda case: case[0])
def test_instance_groups(case: tuple[str, object, object]) -> None:
    version, sentence = SAID["groups"][case[0]]
    director = Director(parse_version(version))
    given = [case[1]] if case[1] else case[1]
    found = check_instance_groups(given, read_cloud({"all": groups.CLOUD}, director), director, "nginx")
    assert [one.sentence for one in found] == [sentence]
