# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What the machine has only so much of: inotify instances, which are counted over all containers of one user."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from .shell import LabError

# Measured on idle hosts: 4 with Debian 12 and 13, 6 with sid; NetworkManager takes 2 more.
PER_HOST = 5
LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")


def room(wanted: int) -> int:
    """How many of the wanted inotify instances this user can have now; found out by taking and releasing them."""
    libc = ctypes.CDLL(None, use_errno=True)
    taken: list[int] = []
    try:
        while len(taken) < wanted:
            descriptor = libc.inotify_init1(os.O_CLOEXEC)
            if descriptor < 0:
                break
            taken.append(descriptor)
        return len(taken)
    finally:
        for descriptor in taken:
            os.close(descriptor)


def check(hosts: int) -> None:
    """Raise LabError when the machine has no room for so many more hosts, which would die at boot without a word."""
    wanted = hosts * PER_HOST
    there = room(wanted)
    if there < wanted:
        limit = LIMIT.read_text(encoding="utf-8").strip() if LIMIT.exists() else "an unknown number of"
        raise LabError(
            f"{hosts} more lab hosts need {wanted} inotify instances, but only {there} of the {limit} that a user may "
            "have here (fs.inotify.max_user_instances) are free; take another lab down, or raise the limit."
        )
