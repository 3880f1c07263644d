# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""An image's tag follows from what it is made from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from routable_lab import images
from routable_lab.topology import IMAGES, SUITES


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return Path(shutil.copytree(images.SOURCES, tmp_path / "image"))


def test_tags_differ_by_suite_and_kind_and_not_by_place(sources: Path) -> None:
    tags = {images.tag(suite, kind) for suite in SUITES for kind in (*IMAGES, "base")}
    assert len(tags) == 18
    assert images.digest("trixie", "host", sources) == images.digest("trixie", "host")


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("lab-init", {"base", "host", "bare", "bosh", "ec2", "clock"}),
        ("base.Dockerfile", {"base", "host", "bare", "bosh", "ec2", "clock"}),
        ("systemd-udev-trigger.service", {"base", "host", "bare", "bosh", "ec2", "clock"}),
        ("host.Dockerfile", {"host", "ec2", "clock"}),
        ("ec2.Dockerfile", {"ec2"}),
        ("clock.Dockerfile", {"clock"}),
        ("bare.Dockerfile", {"bare"}),
        ("bosh.Dockerfile", {"bosh"}),
        ("vcenter.go", {"bosh"}),
    ],
)
def test_a_changed_input_changes_the_images_made_from_it(sources: Path, name: str, changed: set[str]) -> None:
    kinds = ("base", "host", "bare", "bosh", "ec2", "clock")
    before = {kind: images.digest("sid", kind, sources) for kind in kinds}
    with (sources / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert {kind for kind in kinds if images.digest("sid", kind, sources) != before[kind]} == changed


def test_every_source_counts() -> None:
    """A file added to the build context must be added to the digest too."""
    assert {path.name for path in images.SOURCES.iterdir()} == {
        "base.Dockerfile",
        "host.Dockerfile",
        "bare.Dockerfile",
        "bosh.Dockerfile",
        "vcenter.go",
        "ec2.Dockerfile",
        "clock.Dockerfile",
        "lab-init",
        "systemd-udev-trigger.service",
    }
