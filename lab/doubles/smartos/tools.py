# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""zlogin, dladm, mdata-get, sysinfo, uname and zonename, as far as a role needs them; what is not known is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import ipadm
import store
import zones

USAGE = 2


def refuse(command: str, words: list[str]) -> int:
    print(f"{command}: the double does not know: {' '.join(words)}", file=sys.stderr)
    return USAGE


def zlogin(words: list[str]) -> int:
    """All words but the first make one line for the zone's shell, as su gets it."""
    if words[:1] == ["-Q"]:
        words = words[1:]
    if len(words) < 2 or words[0].startswith("-"):
        return refuse("zlogin", words)
    if os.geteuid() != 0 or store.zone() != "global":
        print("zlogin: must be privileged user in the global zone", file=sys.stderr)
        return 1
    uuid = words[0]
    entry = store.Vms().one(uuid)
    if entry is None:
        print(f"zlogin: zone '{uuid}' unknown", file=sys.stderr)
        return 1
    vm = entry["vm"]
    if vm["state"] != "running":
        print(f"zlogin: login allowed only to running zones ({uuid} is '{vm['zone_state']}').", file=sys.stderr)
        return 1
    if vm["hvm"]:
        print("zlogin: the zone of a virtual machine has no shell", file=sys.stderr)
        return 1
    store.log("zlogin", uuid=uuid, line=" ".join(words[1:]))
    pid = zones.pidfile(uuid).read_text()
    environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C"}
    command = ["nsenter", f"--target={pid}", "--net", "--mount", "/bin/sh", "-c", " ".join(words[1:])]
    os.execvpe(command[0], command, environ)


def dladm(words: list[str]) -> int:
    """show-link -p -o link, and show-linkprop -c -o link,property,value [-z ZONE] -p PROPERTIES [LINK]"""
    if words == ["show-link", "-p", "-o", "link"] and store.zone() == "global":
        print("\n".join([*ipadm.interfaces()[1:], *zones.TAGS.values()]))
        return 0
    rest = list(words[1:])
    options: dict[str, str] = {}
    if words[:1] != ["show-linkprop"] or "-c" not in rest:
        return refuse("dladm", words)
    rest.remove("-c")
    while rest and rest[0] in ("-o", "-z", "-p") and len(rest) > 1:
        options[rest[0]] = rest[1]
        rest = rest[2:]
    known = ("protection", "allowed-ips", "dynamic-methods")
    if options.get("-o") != "link,property,value" or "-p" not in options or len(rest) > 1:
        return refuse("dladm", words)
    if set(options["-p"].split(",")) - set(known):
        return refuse("dladm", words)
    entry = store.Vms().one(options.get("-z", ""))
    if entry is None or entry["vm"]["state"] != "running":
        print(f"dladm: invalid zone name '{options.get('-z', '')}'", file=sys.stderr)
        return 1
    for nic in entry["vm"]["nics"]:
        if rest and rest[0] != nic["interface"]:
            continue
        for name in options["-p"].split(","):
            value = ",".join(entry["links"][nic["mac"]][name]).replace(":", "\\:")
            print(f"{nic['interface']}:{name}:{value or '--'}")
    return 0


def mdata_get(words: list[str]) -> int:
    entry = store.Vms().one(store.zone())
    if entry is None:
        print("ERROR: could not initialise protocol", file=sys.stderr)
        return 2
    if words == ["sdc:nics"]:
        print(json.dumps(entry["vm"]["nics"]))
        return 0
    if len(words) == 1 and words[0] in entry["vm"]["customer_metadata"]:
        print(entry["vm"]["customer_metadata"][words[0]])
        return 0
    print(f"No metadata for '{' '.join(words)}'", file=sys.stderr)
    return 1


def route(words: list[str]) -> int:
    """route -n add -inet6 default GATEWAY [-ifp INTERFACE], and the same with delete"""
    verb = {"add": "add", "delete": "del"}.get("".join(words[1:2]))
    if verb is None or words[0] != "-n" or words[2:4] != ["-inet6", "default"] or len(words) not in (5, 7):
        return refuse("route", words)
    if len(words) == 7 and words[5] != "-ifp":
        return refuse("route", words)
    device = ["dev", words[6]] if len(words) == 7 else []
    command = ["ip", "-6", "route", verb, "default", "via", words[4], *device, "metric", "2048"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{words[1]} net default: gateway {words[4]}: {done.stderr.strip()}", file=sys.stderr)
        return 1
    print(f"{words[1]} net default: gateway {words[4]}")
    return 0


def sysinfo(words: list[str]) -> int:
    if words:
        return refuse("sysinfo", words)
    print(
        json.dumps({"Live Image": store.fault("buildstamp"), "System Type": "SunOS", "Hostname": os.uname().nodename})
    )
    return 0


def uname(words: list[str]) -> int:
    answers = {
        "-s": "SunOS",
        "-r": "5.11",
        "-v": f"joyent_{store.fault('buildstamp')}",
        "-n": os.uname().nodename,
        "-m": "i86pc",
    }
    if len(words) > 1 or (words and words[0] not in answers):
        return refuse("uname", words)
    print(answers[words[0] if words else "-s"])
    return 0


def zonename(words: list[str]) -> int:
    if words:
        return refuse("zonename", words)
    print(store.zone())
    return 0
