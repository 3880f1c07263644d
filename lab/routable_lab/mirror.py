# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""Which Debian mirror the machine's own apt is set up with."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .shell import LabError, run

DEBIAN_SUITES = (
    "bullseye", "bookworm", "trixie", "forky", "sid",
    "oldoldstable", "oldstable", "stable", "testing", "unstable",
)  # fmt: skip
_FORMAT = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(CREATED_BY)"


def candidates(lines: list[str]) -> list[str]:
    """The URIs, in apt's order and once each, from which apt takes Debian's own `main` component.

    `lines` are `URI|release|component|kind` as `apt-get indextargets` prints them, so that apt itself has read both
    of its source formats. Security, updates and backports live elsewhere or hold no whole suite; a vendor's
    repository for a Debian suite has another component than `main`.
    """
    found: list[str] = []
    for line in lines:
        uri, _sep, rest = line.partition("|")
        release, component, kind = (rest.split("|") + ["", "", ""])[:3]
        if kind == "Packages" and component == "main" and release in DEBIAN_SUITES and uri not in found:
            found.append(uri)
    return found


def resolve(uri: str) -> str:
    """A URI that debootstrap understands: `mirror+file:` lists, as on Debian's cloud images, give their first entry."""
    scheme = uri.partition(":")[0]
    if not scheme.startswith("mirror"):
        return uri
    if scheme != "mirror+file":
        raise LabError(f"apt's source {uri} is a mirror list that is not a local file; name a mirror in LAB_MIRROR.")
    path = Path(unquote(urlsplit(uri).path))
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = re.split(r"[\s#]", line.strip(), maxsplit=1)[0]
        if entry:
            return entry
    raise LabError(f"apt's mirror list {path} is empty; name a mirror in LAB_MIRROR.")


def machine_mirror(override: str | None = None) -> str:
    """The mirror for debootstrap. Raises LabError when the machine's apt knows no Debian mirror."""
    if override:
        return override
    # Without --no-release-info apt leaves out what it has not fetched yet, which on a fresh machine is everything.
    listed = run(["apt-get", "indextargets", "--no-release-info", "--format", _FORMAT]).stdout.splitlines()
    for uri in candidates(listed):
        if not uri.startswith(("cdrom:", "file:", "copy:")):
            return resolve(uri)
    raise LabError(
        "This machine's apt names no Debian mirror with the component `main`, from which the lab's hosts are made; "
        "name one in LAB_MIRROR."
    )


def _acquire() -> list[tuple[str, str]]:
    text = run(["apt-config", "dump", "--format", "%f=%v%n", "Acquire"]).stdout
    pairs = (line.partition("=")[::2] for line in text.splitlines())
    return [(key, value) for key, value in pairs if value]


def proxy_options() -> list[str]:
    """The machine's own apt proxies as apt options, for the package installation inside the images."""
    wanted = re.compile(r"Acquire::https?::Proxy(::.+)?", re.IGNORECASE)
    return [f"-o{key}={value}" for key, value in _acquire() if wanted.fullmatch(key)]


def proxy_environment() -> dict[str, str]:
    """The machine's own apt proxies as environment variables, for debootstrap."""
    wanted = {"acquire::http::proxy": "http_proxy", "acquire::https::proxy": "https_proxy"}
    found = {wanted[key.lower()]: value for key, value in _acquire() if key.lower() in wanted}
    return {key: value for key, value in found.items() if value.upper() != "DIRECT"}
