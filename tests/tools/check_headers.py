# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every tracked file names its licence within its first ten lines, but for those that cannot hold a comment."""

from __future__ import annotations

import pathlib
import subprocess
import sys

WITHOUT_COMMENTS = {".json", ".md", ".png", ".rst"}
EXEMPT = {"COPYING", "changelogs/changelog.yaml"}


def main() -> int:
    root = pathlib.Path(__file__).resolve().parents[2]
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    missing = [
        name
        for name in listed
        if name
        and name not in EXEMPT
        and pathlib.Path(name).suffix not in WITHOUT_COMMENTS
        and (root / name).is_file()
        and (root / name).stat().st_size > 0
        and not any("SPDX-License-Identifier: " in line for line in (root / name).read_text().splitlines()[:10])
    ]
    for name in missing:
        print(f"{name}: no SPDX-License-Identifier within its first ten lines")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
