# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes lab hosts measure which lines of the collection run there.

tests/tools/measured_hosts.py DIRECTORY    fills the directory and prints what LAB_MOUNTS has to be

Each Python on a host starts coverage.py by itself, whether Ansible started it, a test or systemd, and writes what it saw
into DIRECTORY/data when it ends. Not seen are processes that are killed, and programs that do without site-packages, as the guard's and the
NDP proxy's own (-S).
"""

from __future__ import annotations

import pathlib
import shutil
import sys

import coverage

ON_HOST = "/opt/lab/coverage"
# Python reads such files at its start. Debian's Pythons all look into this directory.
HOOK_ON_HOST = "/usr/lib/python3/dist-packages/lab_coverage.pth"

HOOK = f"""{ON_HOST}/lib
import lab_coverage
"""

# The host's own programs run none of our lines, and would be slower.
START = f"""import os
import sys

script = next((word for word in getattr(sys, "orig_argv", [])[1:] if not word.startswith("-")), "")
if not os.path.realpath(script).startswith(("/usr/", "/opt/lab/doubles")) and "-m" not in sys.orig_argv[1:2]:
    os.environ["COVERAGE_PROCESS_START"] = "{ON_HOST}/coverage.ini"
    import coverage
    coverage.process_startup()
    del os.environ["COVERAGE_PROCESS_START"]
"""

SETTINGS = f"""[run]
include = */ansible_collections/routable/ipv6/plugins/*
# Ansible makes them up for its payload.
omit = */__init__.py
data_file = {ON_HOST}/data/data
parallel = true
patch = _exit
sigterm = true
disable_warnings = no-data-collected
"""


def main(directory: pathlib.Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    library, data = directory / "lib", directory / "data"
    source = pathlib.Path(coverage.__file__).parent
    shutil.copytree(source, library / "coverage", ignore=shutil.ignore_patterns("__pycache__", "htmlfiles"))
    (library / "lab_coverage.py").write_text(START)
    (directory / "lab_coverage.pth").write_text(HOOK)
    (directory / "coverage.ini").write_text(SETTINGS)
    data.mkdir()
    # A module may run there as any user.
    data.chmod(0o1777)
    print(f"{directory}:{ON_HOST} {directory}/lab_coverage.pth:{HOOK_ON_HOST}:ro")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
