# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print the path of a Python on which the given ansible-core runs as a controller; exit 1 where there is none.

python3 tests/tools/find_python.py CORE                 2.19, 2.20, ...
python3 tests/tools/find_python.py --version VERSION    a Python of exactly this version: 3.8, 3.9, ...
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

# Control node Pythons, from each release's own requires-python and its documented range.
CONTROLLERS = {"2.19": ("3.11", "3.12", "3.13"), "2.20": ("3.12", "3.13", "3.14"), "2.21": ("3.12", "3.13", "3.14")}


def candidates(version: str) -> list[str]:
    found = [shutil.which(f"python{version}"), shutil.which("python3"), sys.executable]
    pyenv = pathlib.Path.home() / ".pyenv" / "versions"
    return [path for path in found if path] + [str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python"))]


def runs(path: str, version: str) -> bool:
    script = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([path, "-c", script], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == version


def main() -> int:
    for version in (sys.argv[2],) if sys.argv[1] == "--version" else CONTROLLERS[sys.argv[1]]:
        for path in candidates(version):
            if runs(path, version):
                print(path)
                return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
