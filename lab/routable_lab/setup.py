# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""Make a checkout ready for work: Debian packages that are missing, a virtual environment, the collection's link."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from . import daemon
from .names import CHECKOUT
from .shell import LabError, heartbeat, run, say

VENV = CHECKOUT / ".venv"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
LINK = CHECKOUT / ".dev" / "ansible_collections" / "routable" / "ipv6"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
POLICY = Path("/usr/sbin/policy-rc.d")
SYSTEMD = Path("/run/systemd/system")  # there when systemd runs (sd_booted(3))
DOCKER_UNITS = ("docker.socket", "docker.service", "containerd.service")


def setup() -> None:
    """Do what is missing, and nothing when nothing is. Raises LabError when packages are missing and cannot be had."""
    packages()
    virtual_environment()
    link()


def missing() -> list[str]:
    """The Debian packages that have to be installed."""
    wanted = []
    if run([sys.executable, "-c", "import ensurepip, venv"], check=False).returncode != 0:
        wanted.append("python3-venv")
    for command, package in (("debootstrap", "debootstrap"), ("gpgv", "gpgv"), ("openssl", "openssl")):
        if shutil.which(command, path=_path()) is None:
            wanted.append(package)
    if not KEYRING.exists():
        wanted.append("debian-archive-keyring")
    if shutil.which("docker") is None or (shutil.which("dockerd", path=_path()) is None and not daemon.engines()):
        wanted.append("docker.io")
    return wanted


def packages() -> None:
    """Install the missing packages from the machine's own mirror, without starting or enabling a Docker daemon."""
    wanted = missing()
    if not wanted:
        return
    names = " ".join(wanted)
    if shutil.which("apt-get") is None:
        raise LabError(f"This needs {names} (Debian's names); there is no apt-get here, so install them by hand.")
    if os.geteuid() != 0:
        raise LabError(f"The Debian packages {names} are missing, and only root can install them.")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-q", "-oDPkg::Lock::Timeout=600"]
    with heartbeat("fetching the package lists"):
        run([*apt, "update"], env=environment)
    # In Debian 13 and later the command is a package of its own, which docker.io only recommends.
    if "docker.io" in wanted and run(["apt-cache", "show", "docker-cli"], check=False).returncode == 0:
        wanted.append("docker-cli")
    with heartbeat(f"installing {' '.join(wanted)}"), _no_service_starts():
        run([*apt, "install", "-y", "--no-install-recommends", *wanted], env=environment)
    if "docker.io" in wanted and shutil.which("systemctl"):
        now = ["--now"] if SYSTEMD.is_dir() else []
        run(["systemctl", "disable", *now, *DOCKER_UNITS])


@contextlib.contextmanager
def _no_service_starts() -> Iterator[None]:
    """Keep package scripts from starting services for the block; a policy that the machine has already stays."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


def stamp() -> str:
    """What the virtual environment was made from: the requirements, the Python and the place it stands in."""
    total = hashlib.sha256(f"{sys.version} {VENV}".encode())
    for name in REQUIREMENTS:
        total.update((CHECKOUT / name).read_bytes())
    return total.hexdigest()


def virtual_environment() -> None:
    """Make `.venv` with everything in the requirements files, when they or the Python have changed."""
    mark = VENV / "stamp"
    wanted = stamp()
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    with heartbeat("making the virtual environment .venv"):
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    with heartbeat("installing the Python packages of requirements-dev.txt"):
        pip = [str(VENV / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, f"--requirement={CHECKOUT / 'requirements-dev.txt'}"])
    mark.write_text(wanted, encoding="utf-8")


def link() -> None:
    """Make the checkout importable as routable.ipv6."""
    target = Path("../../..")
    if LINK.is_symlink() and LINK.readlink() == target:
        return
    LINK.parent.mkdir(parents=True, exist_ok=True)
    LINK.unlink(missing_ok=True)
    LINK.symlink_to(target)
    say(f"made the link {LINK.relative_to(CHECKOUT)}")
