# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""The doubles of the lab, and what several files of tests need of them; modules end as they do on a host."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest

# They are no part of the collection.
sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "lab"))

from bosh_world import World, running_world  # noqa: E402
from doubles.bosh_director.certificates import make_certificates  # noqa: E402
from smartos_stage import Stage  # noqa: E402


@pytest.fixture(autouse=True)
def on_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module's warnings are part of its result, also where another test has made this process a controller."""
    # ansible-core 2.19, module_utils/common/warnings.py: in a controller's process they go to the display instead.
    monkeypatch.setattr("ansible.module_utils._internal.is_controller", False)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Stage:
    return Stage(monkeypatch, capsys)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("certificates")
    make_certificates(directory, ["127.0.0.1", "::1"])
    return directory


@pytest.fixture
def world(certificates: Path, capsys: pytest.CaptureFixture[str]) -> t.Iterator[World]:
    with running_world(certificates, capsys) as world:
        yield world
