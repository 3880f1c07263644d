# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The hosts' images: debootstrap makes the base, a Dockerfile the rest; their tags say what they were made from."""

from __future__ import annotations

import concurrent.futures
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from . import daemon, mirror
from .shell import LabError, heartbeat, run, say

SOURCES = Path(__file__).resolve().parent.parent / "image"
LABEL = "routable.lab.image"
# On a stage that only makes something for an image of these kinds.
STAGE, STAGED = "routable.lab.stage", ("bosh",)
# Debian's docker.io only recommends the command since it is a package of its own.
EXTRA = {"bookworm": "", "trixie": "docker-cli", "sid": "docker-cli"}
# What else of the sources goes into an image of a kind.
FURTHER = {"bosh": ["vcenter.go"]}
# The DHCP client that the suite's cloud-init knows.
DHCP = {"bookworm": "isc-dhcp-client", "trixie": "dhcpcd-base", "sid": "dhcpcd-base"}
# What each kind is made from.
PARENTS = {"host": "base", "bare": "base", "bosh": "base", "ec2": "host", "clock": "host"}
SHOWN = "systemd docker.io ndppd netplan.io network-manager ifupdown"
# The suite moves, and a machine whose clock or mirror lags behind finds its Release file expired or not yet valid.
MOVING = {"sid": ["-oAcquire::Check-Valid-Until=false", "-oAcquire::Check-Date=false"]}


def digest(suite: str, kind: str, sources: Path = SOURCES) -> str:
    """Twelve hex digits over everything an image is made from, but for the state of the Debian mirror."""
    names = ["base.Dockerfile", "lab-init", "systemd-udev-trigger.service"]
    names += [f"{one}.Dockerfile" for one in reversed(_lineage(kind)) if one != "base"]
    names += FURTHER.get(kind, [])
    total = hashlib.sha256(f"{suite} {kind} {_extra(suite, kind)}".encode())
    for name in names:
        total.update(name.encode() + b"\0" + (sources / name).read_bytes())
    return total.hexdigest()[:12]


def _lineage(kind: str) -> list[str]:
    """The kind, what it is made from, and so on to the base."""
    return [kind, *_lineage(PARENTS[kind])] if kind in PARENTS else [kind]


def _extra(suite: str, kind: str) -> str:
    """The packages that have other names in other suites."""
    return DHCP[suite] if kind == "ec2" else EXTRA[suite]


def tag(suite: str, kind: str) -> str:
    """The image's name; the same in every checkout with the same inputs."""
    return f"routable-lab-{kind}:{suite}-{digest(suite, kind)}"


def exists(image: str) -> bool:
    """Whether the engine has the image."""
    return run(["docker", "image", "inspect", image], check=False).returncode == 0


def ensure(wanted: Iterable[tuple[str, str]]) -> None:
    """Build those of the images, given as (suite, kind), that the engine does not have yet; suites side by side."""
    missing: dict[str, list[str]] = {}
    for suite, kind in sorted(set(wanted)):
        if not exists(tag(suite, kind)):
            missing.setdefault(suite, []).append(kind)
    if not missing:
        return
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        for future in [pool.submit(_build_suite, suite, kinds) for suite, kinds in missing.items()]:
            future.result()


def _build_suite(suite: str, kinds: list[str]) -> None:
    with daemon.exclusive(f"image-{suite}"):
        kinds = [kind for kind in kinds if not exists(tag(suite, kind))]
        if not kinds:
            return
        options = [*mirror.proxy_options(), *MOVING.get(suite, [])]
        for kind in kinds:
            _build_lineage(suite, kind, options)


def _build_lineage(suite: str, kind: str, options: list[str]) -> None:
    """Build the kind, and before it what it is made from, unless it is there."""
    if exists(tag(suite, kind)):
        return
    if kind in PARENTS:
        _build_lineage(suite, PARENTS[kind], options)
    base = tag(suite, PARENTS[kind]) if kind in PARENTS else _root_file_system(suite)
    _build(suite, kind, base, options)


def _build(suite: str, kind: str, base: str, options: list[str]) -> None:
    image = tag(suite, kind)
    environment = dict(os.environ)
    if run(["docker", "buildx", "version"], check=False).returncode != 0:
        environment["DOCKER_BUILDKIT"] = "0"
    arguments = {"BASE": base, "EXTRA": _extra(suite, kind), "APT_OPTIONS": " ".join(options)}
    if kind == "base":
        del arguments["EXTRA"]
    flags = [f"--build-arg={key}={value}" for key, value in arguments.items()]
    with heartbeat(f"building image {image}"):
        run(
            ["docker", "build", "--network=host", "--force-rm", f"--label={LABEL}={suite}", *flags]
            + ["-t", image, "-f", str(SOURCES / f"{kind}.Dockerfile"), str(SOURCES)],
            env=environment,
        )
    if kind in STAGED:
        run(["docker", "image", "prune", "--force", f"--filter=label={STAGE}"])
    if kind == "host":
        query = f"dpkg-query -W -f '${{Package}} ${{Version}}, ' {SHOWN}"
        versions = run(["docker", "run", "--rm", "--network=none", image, "sh", "-c", query]).stdout
        say(f"{suite}: {versions.rstrip(', ')}")


def _root_file_system(suite: str) -> str:
    """The plain root file system as an image, made from the cached tar, which debootstrap makes when there is none."""
    base = f"routable-lab-root:{suite}"
    if exists(base):
        return base
    tar = daemon.cache() / f"base-{suite}.tar"
    if not tar.exists():
        _debootstrap(suite, tar)
    say(f"importing {tar.name}")
    run(["docker", "import", f"--change=LABEL {LABEL}={suite}", str(tar), base])
    return base


def _debootstrap(suite: str, tar: Path) -> None:
    if os.geteuid() != 0:
        raise LabError("Only root can make the lab's root file systems, because debootstrap needs it.")
    source = mirror.machine_mirror(os.environ.get("LAB_MIRROR"))
    tar.parent.mkdir(parents=True, exist_ok=True)
    command = ["debootstrap", "--variant=minbase", "--force-check-gpg"]
    if source.startswith("https:"):
        command.append("--include=ca-certificates")
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if keyring.exists():
        command.append(f"--keyring={keyring}")
    with tempfile.TemporaryDirectory(prefix=f"root-{suite}-", dir=tar.parent) as directory:
        root = Path(directory) / "root"
        # All Debian suites share one script; an older debootstrap does not know the newer names.
        with heartbeat(f"making the root file system of {suite} with debootstrap"):
            run(
                [*command, suite, str(root), source, "/usr/share/debootstrap/scripts/sid"],
                env={**mirror.proxy_environment(), **os.environ},
            )
        for path in (root / "var/cache/apt/archives").glob("*.deb"):
            path.unlink()
        shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)
        new = tar.with_suffix(".new")
        run(["tar", "-C", str(root), "--numeric-owner", "--one-file-system", "-cf", str(new), "."])
        new.rename(tar)


def remove() -> None:
    """Remove every image of the lab from the engine."""
    pattern = "--filter=reference=routable-lab-*"
    listed = run(["docker", "images", pattern, "--format={{.Repository}}:{{.Tag}}"]).stdout
    # Children before parents.
    for kind in ("clock", "ec2", "bosh", "host", "bare", "base", "root"):
        for image in listed.split():
            if image.startswith(f"routable-lab-{kind}:"):
                run(["docker", "rmi", image])
                say(f"removed image {image}")
