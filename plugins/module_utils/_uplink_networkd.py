# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""systemd.network(5): whether networkd takes router advertisements, and which file is to say so.

networkd takes them in its own code and sets the kernel's ``accept_ra`` to 0. Without ``IPv6AcceptRA=`` it takes them
unless its own configuration forwards (``IPForward=``, ``IPv6Forwarding=``, ``IPMasquerade=``, ``IPv6SendRA=``).
"""

from __future__ import annotations

import fnmatch
import posixpath
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import Line, Networkd

DIRECTORIES = (
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
)
DROPIN = "90-routable-ipv6.conf"
DROPIN_TEXT = """\
# Written by routable.ipv6.uplink_ra.
# Said here, this holds also where networkd is told to forward, which turns the default off.
[Network]
IPv6AcceptRA=yes
"""
NETPLAN = "/run/systemd/network/10-netplan-"
# The names under which Docker and we make interfaces; one stands for each kind (kind as in Kind= of systemd.network).
CONTAINER_INTERFACES = (
    ("docker0", "bridge"),
    ("br-0123456789ab", "bridge"),
    ("routable0", "bridge"),
    ("veth0a1b2c3", "veth"),
)
_YES = ("1", "yes", "y", "true", "t", "on")
_NO = ("0", "no", "n", "false", "f", "off")
# Criteria that an interface of a container never meets: they name hardware, or another host.
_FOREIGN = ("MACAddress", "PermanentMACAddress", "Path", "WLANInterfaceType", "SSID", "BSSID", "Host", "Virtualization")


def dropin_path(network_file: str) -> str:
    """Our drop-in for a .network file, wherever that is: /etc is read for all of them."""
    return f"{DIRECTORIES[0]}/{posixpath.basename(network_file)}.d/{DROPIN}"


def ordered(listing: t.Iterable[str]) -> list[str]:
    """Paths of files in the order in which networkd reads them: by name, /etc masking /run masking /usr."""
    chosen: dict[str, str] = {}
    for path in sorted(listing, key=_rank):
        chosen.setdefault(posixpath.basename(path), path)
    return [chosen[name] for name in sorted(chosen)]


def assignments(texts: t.Iterable[tuple[str, str]], section: str, key: str) -> list[Line]:
    """All assignments of a key, in reading order."""
    found: list[Line] = []
    for path, text in texts:
        current = ""
        for number, line in enumerate(text.splitlines(), 1):
            stripped = line.strip()
            if stripped.startswith("[") and stripped.endswith("]"):
                current = stripped[1:-1]
            elif current == section and stripped[:1] not in ("#", ";") and "=" in stripped:
                name, dummy, value = stripped.partition("=")
                if name.strip() == key:
                    found.append(Line(path, number, value.strip()))
    return found


def boolean(value: str) -> bool | None:
    """A boolean as systemd reads it, None for anything else."""
    lowered = value.lower()
    return True if lowered in _YES else False if lowered in _NO else None


def accepting(texts: t.Iterable[tuple[str, str]]) -> Line | None:
    """The assignment of ``IPv6AcceptRA=`` that counts: the last one that is a boolean; an empty one resets."""
    effective: Line | None = None
    for line in assignments(texts, "Network", "IPv6AcceptRA"):
        if line.value == "":
            effective = None
        elif boolean(line.value) is not None:
            effective = line
    return effective


def without_link_local(texts: t.Iterable[tuple[str, str]]) -> Line | None:
    """The line that takes the IPv6 link-local address away, without which networkd cannot hear a router."""
    lines = assignments(texts, "Network", "LinkLocalAddressing")
    if lines and (lines[-1].value in ("ipv4", "ipv4-fallback", "fallback") or boolean(lines[-1].value) is False):
        return lines[-1]
    return None


def forbidding_forwarding(networkd: Networkd, conf: t.Iterable[tuple[str, str]]) -> list[Line]:
    """Lines by which networkd sets forwarding to 0 when it starts or configures the link (systemd 256 and later)."""
    found = []
    for lines in (
        assignments(conf, "Network", "IPv6Forwarding"),
        assignments(networkd.texts, "Network", "IPv6Forwarding"),
    ):
        if lines and boolean(lines[-1].value) is False:
            found.append(lines[-1])
    return found


def grabbing(files: t.Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """``(interface, .network file)`` for each kind of container interface that networkd would configure.

    The first file that matches is the one that networkd uses, and the only harmless one is ``Unmanaged=yes``.
    """
    found: list[tuple[str, str]] = []
    for name, kind in CONTAINER_INTERFACES:
        for path, text in files:
            if _matches(path, text, name, kind):
                unmanaged = assignments([(path, text)], "Link", "Unmanaged")
                if not (unmanaged and boolean(unmanaged[-1].value)):
                    found.append((name, path))
                break
    return found


def _matches(path: str, text: str, name: str, kind: str) -> bool:
    given = {
        key: " ".join(line.value for line in assignments([(path, text)], "Match", key))
        for key in ("Name", "Type", "Kind", "Driver", *_FOREIGN)
    }
    if not any(given.values()) or any(given[key] for key in _FOREIGN):
        return False
    # Type= is udev's DEVTYPE, else the ARP type: a bridge is "bridge", a veth plain "ether".
    values = {"Name": name, "Type": "bridge" if kind == "bridge" else "ether", "Kind": kind, "Driver": kind}
    return all(not given[key] or _any_glob(given[key], value) for key, value in values.items())


def _any_glob(patterns: str, value: str) -> bool:
    # A leading exclamation mark inverts the whole list (systemd.network(5), "[Match] Section Options").
    inverted = patterns.startswith("!")
    hit = any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns.lstrip("!").split())
    return hit is not inverted


def _rank(path: str) -> int:
    for place, directory in enumerate(DIRECTORIES):
        if path.startswith(directory + "/"):
            return place
    return len(DIRECTORIES)
