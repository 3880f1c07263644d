# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What of the fault matrix needs no lab. It is no part of the collection."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

# One by one: what else is in their directory has names that others import, such as docker.
for name in ("plan", "tally", "world"):
    spec = importlib.util.spec_from_file_location(
        f"fault_{name}", Path(__file__).resolve().parents[2] / "faults" / f"{name}.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"fault_{name}"] = module
    spec.loader.exec_module(module)
