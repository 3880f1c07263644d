# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-builder makes the context of an execution environment of the tarball that tests/package.sh has built.

Only the container itself is not built: what its build would do with the collection is done here, in the context.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEFINITION = ROOT / "tests" / "consumer" / "execution-environment.yml"
PROGRAMS = pathlib.Path(sys.executable).parent


def run(*words: str, cwd: pathlib.Path) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environ["ANSIBLE_HOME"] = str(cwd / "home")
    done = subprocess.run(words, cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wanted(name: str) -> list[str]:
    lines = (ROOT / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """What the container's build has at hand."""
    place = tmp_path_factory.mktemp("environment")
    (place / "dist").mkdir()
    shutil.copy(os.environ["TARBALL"], place / "dist")
    shutil.copy(DEFINITION, place)
    run(str(PROGRAMS / "ansible-builder"), "create", "--output-filename", "Containerfile", cwd=place)
    assert "ansible-galaxy collection install" in (place / "context" / "Containerfile").read_text()
    return place / "context" / "_build"


@pytest.fixture(scope="module")
def installed(build: pathlib.Path) -> str:
    """Where the collection is, put there by the requirements of the context."""
    galaxy = [str(PROGRAMS / "ansible-galaxy"), "collection", "install", "-r", "requirements.yml"]
    run(*galaxy, "--offline", "--no-deps", "-p", "installed", cwd=build)
    return str(build / "installed")


def test_what_is_installed_says_what_it_needs(build: pathlib.Path, installed: str) -> None:
    found = run(str(PROGRAMS / "ansible-builder"), "introspect", installed, cwd=build)
    needed = yaml.safe_load(found[found.index("---") :])
    for kind, name in (("python", "requirements.txt"), ("system", "bindep.txt")):
        words = [line.partition("  # from collection ") for line in needed[kind]]
        assert [line for line, _sep, origin in words if origin == "routable.ipv6"] == wanted(name) != []


def test_pip_and_bindep_can_read_it(build: pathlib.Path, installed: str) -> None:
    words = ["introspect", installed, "--write-pip", "pip", "--write-bindep", "bindep"]
    run(sys.executable, str(build / "scripts" / "introspect.py"), *words, cwd=build)
    # All of it is in the checkout's environment, so nothing is fetched.
    run(sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-index", "-r", "pip", cwd=build)
    assert "platform:" in run(str(PROGRAMS / "bindep"), "-f", "bindep", "--profiles", cwd=build)
