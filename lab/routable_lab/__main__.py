# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""Entered by its directory, since the lab runs before anything is installed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from routable_lab.cli import main

if __name__ == "__main__":
    sys.exit(main())
