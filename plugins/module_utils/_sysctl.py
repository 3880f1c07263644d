# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Kernel parameters: the running values, and the one spelling of sysctl.d(5) that every reader understands.

A parameter is named by its path below ``/proc/sys``, ``net/ipv6/conf/ens3.100/accept_ra``. With slashes a dot is a dot:
procps and systemd-sysctl both take the separator that comes first for the separator of the whole name, while the
form with dots means another, missing file as soon as the interface's name has one.
"""

from __future__ import annotations

import os
import typing as t

ROOT = "/proc/sys"
FORWARDING = "net/ipv6/conf/all/forwarding"


def interface_key(interface: str, name: str, family: str = "ipv6") -> str:
    """The parameter ``name`` of one interface."""
    return f"net/{family}/conf/{interface}/{name}"


def canonical(key: str) -> str:
    """The path of a parameter in either spelling of sysctl.d(5), section "Configuration Format".

    The separator that comes first counts; the other one stands for itself exchanged.
    """
    for character in key:
        if character == "/":
            return key
        if character == ".":
            return key.translate({ord("."): "/", ord("/"): "."})
    return key


def render(values: t.Sequence[tuple[str, str]], comment: str) -> str:
    """A file for sysctl.d that sets the parameters in this order. ``comment`` may have several lines."""
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    return head + "".join(f"{canonical(key)} = {value}\n" for key, value in values)


def read(key: str, root: str = ROOT) -> str | None:
    """The running value, None where the kernel has no such parameter.

    :raises OSError: it is there and cannot be read.
    """
    try:
        with open(os.path.join(root, key), encoding="ascii") as stream:
            return stream.read().strip()
    except FileNotFoundError:
        return None


def write(key: str, value: str, root: str = ROOT) -> None:
    """Set the running value.

    :raises OSError: the kernel has no such parameter, refuses the value, or permission is missing.
    """
    with open(os.path.join(root, key), "r+", encoding="ascii") as stream:
        stream.write(value)
