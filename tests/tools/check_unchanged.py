# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fail unless every recap line of an ansible-playbook log says changed=0, and there is at least one."""

from __future__ import annotations

import pathlib
import re
import sys

RECAP = re.compile(r"^(\S+)\s*: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


def main() -> int:
    recap = RECAP.findall(re.sub(r"\x1b\[[0-9;]*m", "", pathlib.Path(sys.argv[1]).read_text()))
    if not recap:
        print("no recap line was found")
        return 1
    bad = [
        f"{host}: changed={changed} unreachable={lost} failed={failed}"
        for host, changed, lost, failed in recap
        if (changed, lost, failed) != ("0", "0", "0")
    ]
    print("\n".join(bad) or f"changed=0 on all {len(recap)} recap lines")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
