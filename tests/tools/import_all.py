# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Import every module and all of module_utils with the Python that runs this; what fails ends it with its traceback."""

from __future__ import annotations

import importlib
import pathlib
import sys


def main() -> int:
    plugins = pathlib.Path(__file__).resolve().parents[2] / "plugins"
    paths = [path for part in ("modules", "module_utils") for path in sorted((plugins / part).rglob("*.py"))]
    for path in paths:
        parts = path.relative_to(plugins).with_suffix("").parts
        importlib.import_module(".".join(("ansible_collections.routable.ipv6.plugins", *parts)))
    print(f"{len(paths)} files can be imported")
    return 0 if paths else 1


if __name__ == "__main__":
    sys.exit(main())
