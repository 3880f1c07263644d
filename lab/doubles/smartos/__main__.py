# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""A strict double of a SmartOS global zone, on a Linux host of the lab: python3 DIRECTORY COMMAND [WORDS].

Each command says and does what the real one is known to; everything else is refused. The zones are real in the one
respect that matters: their packets, which a filter lets through or drops by the list that vmadm was given.
"""

from __future__ import annotations

import sys

import control
import guest
import ipadm
import smf
import store
import switch
import tools
import vmadm

NATIVE_ONLY = ("svcs", "svcadm", "svccfg", "ipadm", "mdata-get", "zonename", "dladm", "route")


def main(argv: list[str]) -> int:
    name, words = argv[0], argv[1:]
    native = name.startswith("native-")
    name = name[7:] if native else name
    entry = store.Vms().one(store.zone()) if name in NATIVE_ONLY and store.zone() != "global" else None
    if entry is not None and entry["vm"]["brand"] == "lx" and not native:
        # A Linux image has none of these; those of the host are below /native.
        print(f"sh: {name}: not found", file=sys.stderr)
        return 127
    if name in ("svcs", "svcadm", "svccfg"):
        return smf.command(name, words)
    commands = {
        "vmadm": vmadm.main,
        "zlogin": tools.zlogin,
        "ipadm": ipadm.ipadm,
        "in.ndpd": ipadm.ndpd,
        "dladm": tools.dladm,
        "mdata-get": tools.mdata_get,
        "route": tools.route,
        "sysinfo": tools.sysinfo,
        "uname": tools.uname,
        "zonename": tools.zonename,
        "control": control.main,
    }
    if name in commands:
        return commands[name](words)
    if name == "guest":
        return guest.run(words[0])
    if name == "switch":
        return switch.run()
    print(f"{name}: the double has no such command", file=sys.stderr)
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
