# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put a host's network back as it was when the guard was armed.

usage: network_guard_agent.py restore|boot|late|wait DIRECTORY

DIRECTORY holds ``armed.json``: what there was (:func:`take`), who armed the guard, and for how long. ``restore`` puts
it back and takes the guard away; after a boot, ``boot`` puts the files back before anything reads them and ``late`` the
rest; ``wait`` is for hosts without systemd: it waits for the time-out and then restores.

What is to be done is decided by :func:`plan` from two snapshots, and by nothing else. A step that fails does not keep
the others from being tried; then the guard stays armed and the whole is tried again. It stands alone on the standard
library of Python 3.8.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import fcntl
import glob
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import typing as t

Snapshot = t.Dict[str, t.Any]
Step = t.Tuple[str, t.Any]

DIRECTORY = "/var/lib/routable-ipv6/guard"
LOCK = "/run/routable-ipv6-guard.lock"
UNIT = "routable-ipv6-guard"  # .timer and .service, -boot.service, -late.service
UNITS = f"/etc/systemd/system/{UNIT}"
LARGEST = 32 << 20  # bytes of files in a snapshot
SPARE = 1 << 20  # bytes kept free for a restoration on a full disk
JOURNAL_LINES = 200
SETTLE_SECONDS = 15.0  # managers take that long to set up a link again
COMMAND_SECONDS = 120
FILE_MANAGERS = {
    "systemd-networkd.service": (
        "/etc/systemd/network",
        "/run/systemd/network",
        "/etc/netplan",
        "/etc/systemd/networkd",
    ),
    "NetworkManager.service": ("/etc/NetworkManager/", "/run/NetworkManager/", "/etc/netplan"),
    "docker.service": ("/etc/docker/", "/etc/default/docker", "/etc/systemd/system/docker.service"),
}
DAEMON = "/etc/docker/daemon.json"
MANAGERS = ("systemd-networkd.service", "NetworkManager.service")
GLOBAL = ("/all/", "/default/")
# nft warns of the tables that iptables keeps in nftables, but not of each; their chains have names of capitals.
_WARNED = "managed by iptables-nft"
_OF_IPTABLES = re.compile(
    r"^table ip6? (filter|nat|mangle|raw|security) {.*^\tchain (INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING) {",
    re.M | re.S,
)
_WORDS = {"linkdown", "dead", "offload", "trap", "rt_offload", "rt_trap"}


class Trouble(Exception):
    """A command failed; the text is one sentence."""


def run(*command: str, data: str | None = None) -> tuple[int, str, str]:
    """Status, output and errors of a command; 127 where it is not installed."""
    environ = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    try:
        # This is a program of its own, which has no run_command.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            command, input=data or "", capture_output=True, text=True, errors="surrogateescape", env=environ,
            timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return 127, "", "not installed"
    except subprocess.TimeoutExpired:
        return 124, "", f"no end after {COMMAND_SECONDS} s"
    return done.returncode, done.stdout, done.stderr


def do(*command: str, data: str | None = None) -> str:
    """:raises Trouble: the command failed."""
    status, output, errors = run(*command, data=data)
    if status:
        said = " ".join((errors or output).split())
        raise Trouble(f"{' '.join(command)} failed with {status}: {said}")
    return output


def read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def booted() -> bool:
    """Whether systemd is this host's PID 1, sd_booted(3)."""
    return os.path.isdir("/run/systemd/system")


def boot_id() -> str:
    return (read("/proc/sys/kernel/random/boot_id") or b"").decode().strip()


# ---- what a snapshot holds


def take(options: t.Mapping[str, t.Any]) -> Snapshot:
    """The host as it is now.

    :arg options: ``paths`` (files, and directories with all that is in them), ``interfaces``, ``sysctls`` (names below
        ``/proc/sys``), ``units``, ``firewall``.
    :raises Trouble: the files are too many to keep.
    """
    links = options["interfaces"] or uplinks()
    return {
        "options": {**options, "interfaces": links},
        "files": take_files(options["paths"]),
        "sysctls": take_sysctls(links, options["sysctls"]),
        **take_links(links),
        "nft": tables() if options["firewall"] else {},
        "iptables": iptables() if options["firewall"] else {},
        "units": units(options["units"]),
        "docker": docker(),
    }


def own(path: str) -> bool:
    """What belongs to the guard itself, or is a half-written file of its making."""
    name = path.rsplit("/", 1)[-1]
    return (
        path in (DIRECTORY, os.path.dirname(DIRECTORY))
        or path.startswith((DIRECTORY + "/", UNITS))
        or name.startswith((UNIT, ".guard-"))
    )


def take_files(paths: t.Iterable[str]) -> dict[str, dict[str, t.Any]]:
    found: dict[str, dict[str, t.Any]] = {}
    size = 0
    for pattern in paths:
        for top in sorted(glob.glob(pattern)):
            for path in [top, *below(top)]:
                entry = None if path in found or own(path) else describe(path)
                if entry is not None:
                    found[path] = entry
                    size += len(entry.get("data", ""))
                    if size > LARGEST:
                        raise Trouble(f"{top} has more than {LARGEST >> 20} MiB, which is too much to keep")
    return found


def below(top: str) -> t.Iterator[str]:
    for directory, directories, files in os.walk(top):
        for name in sorted(directories + files):
            yield os.path.join(directory, name)


def describe(path: str) -> dict[str, t.Any] | None:
    """A file, a link or a directory; None for what is gone or of another kind."""
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            return {"kind": "link", "target": os.readlink(path)}
        entry: dict[str, t.Any] = {"mode": stat.S_IMODE(found.st_mode), "uid": found.st_uid, "gid": found.st_gid}
        with contextlib.suppress(OSError, AttributeError):
            entry["label"] = base64.b64encode(os.getxattr(path, "security.selinux")).decode()
        if stat.S_ISDIR(found.st_mode):
            return {**entry, "kind": "directory"}
        if stat.S_ISREG(found.st_mode):
            with open(path, "rb") as stream:
                return {**entry, "kind": "file", "data": base64.b64encode(stream.read()).decode()}
    except FileNotFoundError:
        return None
    return None


def take_sysctls(links: t.Iterable[str], names: t.Iterable[str]) -> dict[str, str]:
    """Kernel parameters in the order in which they can be set: a global one changes those of the interfaces."""
    places = ["all", "default", *links]
    patterns = ["net/ipv4/ip_forward", *(f"net/ipv4/conf/{place}/forwarding" for place in places)]
    patterns += [f"net/ipv6/conf/{place}/*" for place in places]
    patterns += [f"net/ipv6/neigh/{place}/proxy_delay" for place in places]
    found: dict[str, str] = {}
    for pattern in [*patterns, *names]:
        for path in sorted(glob.glob(os.path.join("/proc/sys", pattern.replace("[", "[[]")))):
            # stable_secret cannot be read where none is set, and cannot be unset.
            with contextlib.suppress(OSError):
                found[os.path.relpath(path, "/proc/sys")] = (read(path) or b"").decode().strip()
    return found


def uplinks() -> list[str]:
    """The interfaces with a default route; where there is none, all that have an address others can reach."""
    lines = [
        line for family in "46" for line in run("ip", f"-{family}", "-o", "route", "show", "default")[1].splitlines()
    ]
    found = {m.group(1) for m in (re.search(r" dev (\S+)", line) for line in lines) if m}
    if not found:
        shown = run("ip", "-o", "address", "show", "scope", "global")[1].splitlines()
        found = {line.split()[1] for line in shown}
    return sorted(found)


def take_links(links: t.Sequence[str]) -> Snapshot:
    return {
        "up": [link for link in links if int(read(f"/sys/class/net/{link}/flags") or b"0", 16) & 1],
        "addresses": {link: addresses(link) for link in links},
        "routes": routes(links),
        "proxies": proxies(links),
    }


def addresses(link: str) -> dict[str, dict[str, t.Any]]:
    """Addresses that are not of the link itself, by their text with length."""
    status, output, _errors = run("ip", "-j", "address", "show", "dev", link)
    found = {}
    for entry in json.loads(output or "[]") if not status else []:
        for one in entry.get("addr_info", []):
            if one.get("scope") != "link" and "local" in one and not one.get("dadfailed"):
                found[f"{one['local']}/{one['prefixlen']}"] = {
                    "dynamic": bool(one.get("dynamic") or one.get("temporary")),
                    "valid": one.get("valid_life_time", 0),
                    "preferred": one.get("preferred_life_time", 0),
                    "broadcast": one.get("broadcast", ""),
                    "no_prefix": bool(one.get("noprefixroute")),
                }
    return found


def routes(links: t.Iterable[str]) -> dict[str, dict[str, t.Any]]:
    """Routes of the main table through these interfaces, by family and text, as ip itself takes it back."""
    found = {}
    for family in "46":
        for line in run("ip", f"-{family}", "-o", "route", "show", "table", "main")[1].splitlines():
            text, expires = route_text(line)
            if any(f" dev {link} " in f"{text} " for link in links):
                found[f"{family} {text}"] = {"expires": expires}
    return found


def route_text(line: str) -> tuple[str, int | None]:
    """A line of ``ip -o route show`` without what is only a state, and its lifetime in seconds."""
    words, kept, expires = line.replace("\\", " ").split(), [], None
    while words:
        word = words.pop(0)
        if word == "expires":
            expires = int(re.sub(r"\D", "", words.pop(0)) or 0)
        elif word == "nhid":
            words.pop(0)
        elif word not in _WORDS:
            kept.append(word)
    return " ".join(kept), expires


def proxies(links: t.Iterable[str]) -> list[str]:
    """NDP proxy entries as ``ADDRESS dev LINK``."""
    lines = run("ip", "-6", "neigh", "show", "proxy")[1].splitlines()
    found = [" ".join(line.split()[:3]) for line in lines]
    return sorted(line for line in found if line.split()[-1] in links)


def tables() -> dict[str, str]:
    """The tables of nftables that nft itself can load again, by family and name."""
    status, output, _errors = run("nft", "-j", "list", "tables")
    found = {}
    for entry in json.loads(output or "{}").get("nftables", []) if not status else []:
        table = entry.get("table")
        if table:
            name = f"{table['family']} {table['name']}"
            status, text, errors = run("nft", "-s", "list", "table", table["family"], table["name"])
            # Docker's own backend of nftables keeps its tables in step with its containers.
            if not status and not (_WARNED in errors or _OF_IPTABLES.search(text) or "docker-" in name):
                found[name] = text
    return found


def iptables() -> dict[str, str]:
    return {tool: text for tool in ("iptables", "ip6tables") for text in [rules_text(run(f"{tool}-save")[1])]}


def rules_text(text: str) -> str:
    """The output of iptables-save without counters and remarks."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return "".join(re.sub(r"\[\d+:\d+\]", "[0:0]", line) + "\n" for line in lines)


def units(names: t.Iterable[str]) -> dict[str, dict[str, str]]:
    if not booted():
        return {}
    listed = run("systemctl", "list-units", "--all", "--plain", "--no-legend", "routable-ipv6-*.service")[1]
    wanted = sorted({*names, *(line.split()[0] for line in listed.splitlines() if line.strip())})
    wanted = [name for name in wanted if not name.startswith(UNIT)]
    output = run("systemctl", "show", "--property=Id,LoadState,ActiveState,InvocationID", *wanted)[1]
    found = {}
    for name, block in zip(wanted, output.strip().split("\n\n")):
        known = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        found[name] = {key: known.get(key, "") for key in ("LoadState", "ActiveState", "InvocationID")}
    return found


def docker() -> dict[str, t.Any]:
    """Docker's networks that somebody made, by id, and the IPv6 addresses of its default bridge."""
    listing = ("docker", "network", "ls", "--no-trunc", "--quiet", "--filter", "type=custom")
    status, output, _errors = run(*listing) if docker_runs() else (1, "", "")
    words = run("ip", "-6", "-o", "address", "show", "dev", "docker0")[1].split()
    # All but what the kernel makes of the bridge's own MAC address, which is another one each time.
    bridge = [word for word in words if ":" in word and "/" in word and word[:4] != "fe80" or word == "fe80::1/64"]
    networks = None if status else sorted(output.split())
    return {"networks": networks, "bridges": bridges_of(networks or []), "bridge": sorted(bridge)}


def bridges_of(networks: t.Sequence[str]) -> dict[str, str]:
    """The bridges of Docker's networks, by id."""
    found = {}
    if networks:
        option = '{{.Id}} {{index .Options "com.docker.network.bridge.name"}}'
        for line in run("docker", "network", "inspect", "--format", option, *networks)[1].splitlines():
            network, _space, name = line.partition(" ")
            found[network] = name or f"br-{network[:12]}"
    return found


def docker_runs() -> bool:
    # Its socket unit would start a Docker that does not run.
    return booted() and run("systemctl", "is-active", "--quiet", "docker.service")[0] == 0


# ---- what restoring does, in which order


def running(unit: t.Mapping[str, str] | None) -> bool:
    return unit is not None and unit["ActiveState"] in ("active", "activating", "reloading")


def plan_files(before: Snapshot, now: Snapshot) -> list[Step]:
    """First what came is removed, the deepest first, then what was there is written, the highest first."""
    old, new = before["files"], now["files"]
    steps: list[Step] = [("remove", path) for path in sorted(new, reverse=True) if path not in old]
    for path in sorted(old):
        if new.get(path) != old[path]:
            steps.append(("put", (path, old[path])))
    return steps


def plan_links(before: Snapshot, now: Snapshot) -> list[Step]:
    """Addresses and routes. What routers hand out while the guard is armed may stay."""
    steps: list[Step] = [("link_up", link) for link in before["up"] if link not in now["up"]]
    for link, old in before["addresses"].items():
        new = now["addresses"].get(link, {})
        steps += [("add_address", (link, a, old[a])) for a in old if a not in new]
        steps += [("drop_address", (link, a)) for a in new if a not in old and not new[a]["dynamic"]]
    old_routes, new_routes = before["routes"], now["routes"]
    added = [r for r in new_routes if r not in old_routes and " proto ra " not in r and " proto kernel " not in f"{r} "]
    steps += [("drop_route", route) for route in added]
    # The one to a router's network comes before the one through the router.
    missing = sorted((r for r in old_routes if r not in new_routes), key=lambda r: (" via " in r, r))
    steps += [("add_route", (route, old_routes[route]["expires"])) for route in missing]
    return steps


def plan_proxies(before: Snapshot, now: Snapshot) -> list[Step]:
    steps: list[Step] = [("drop_proxy", entry) for entry in now["proxies"] if entry not in before["proxies"]]
    return steps + [("add_proxy", entry) for entry in before["proxies"] if entry not in now["proxies"]]


def plan_sysctls(before: Snapshot, now: Snapshot) -> list[Step]:
    old, new = before["sysctls"], now["sysctls"]
    return [("sysctl", (key, old[key])) for key in old if key in new and new[key] != old[key]]


def plan_firewall(before: Snapshot, now: Snapshot) -> list[Step]:
    steps: list[Step] = []
    for name in sorted({*before["nft"], *now["nft"]}):
        old, new = before["nft"].get(name), now["nft"].get(name)
        if old != new:
            steps.append(("nft", (name, old, new is not None)))
    for tool, old in before["iptables"].items():
        if now["iptables"].get(tool) != old:
            steps.append(("iptables", (tool, old)))
    return steps


def touched(steps: t.Iterable[Step]) -> list[str]:
    return [data if action == "remove" else data[0] for action, data in steps if action in ("remove", "put")]


def plan_units(before: Snapshot, now: Snapshot, paths: t.Sequence[str]) -> tuple[list[Step], list[Step]]:
    """What is stopped before the files are put back, and what is started after that.

    A unit that has been started anew meanwhile may have read what it should not have.
    """
    stop: list[Step] = []
    start: list[Step] = []
    for name in sorted({*before["units"], *now["units"]}):
        old, new = before["units"].get(name), now["units"].get(name)
        if running(new) and not running(old):
            stop.append(("stop", name))
        if not running(old):
            continue
        heads = (*FILE_MANAGERS.get(name, ()), f"/etc/systemd/system/{name}")
        fresh = any(path.startswith(heads) for path in paths) or (
            name.startswith("routable-ipv6-") and any("routable-ipv6" in path for path in paths)
        )
        if not running(new) or fresh or (old or {})["InvocationID"] != (new or {})["InvocationID"]:
            start.append(("restart", name))
    return stop, start


def plan_docker(before: Snapshot, now: Snapshot) -> list[Step]:
    """Whether Docker begins anew, without the bridge that may have addresses of another prefix."""
    iptables_differ = before["iptables"] != now["iptables"]
    bridge_differs = before["docker"]["bridge"] != now["docker"]["bridge"]
    if running(before["units"].get("docker.service")) and (iptables_differ or bridge_differs):
        return [("restart", "docker.service")]
    return []


def plan(before: Snapshot, now: Snapshot) -> list[Step]:
    """The steps from ``now`` back to ``before``. None when they are the same.

    The order: units that came are stopped; files; systemd reads its own; kernel parameters and firewall; the managers
    of the links; then the links, looked at anew once the managers are done (``links``); all other units; and, since
    these may have changed kernel parameters and links, both once more.
    """
    files = plan_files(before, now)
    paths = touched(files)
    stop, start = plan_units(before, now, paths)
    # A unit that nobody follows runs on without its file.
    head = "/etc/systemd/system/"
    for action, path in files:
        name = path[len(head) :] if action == "remove" and path.startswith(head) else "/"
        if "/" not in name and ("stop", name) not in stop:
            stop.append(("stop", name))
    start += [step for step in plan_docker(before, now) if step not in start]
    firewall = plan_firewall(before, now)
    stop_docker: list[Step] = [("stop_docker", now["docker"]["bridge"] != before["docker"]["bridge"])]
    managers = [step for step in start if step[1] in MANAGERS]
    others = [step for step in start if step[1] not in MANAGERS]
    links = [*plan_links(before, now), *plan_proxies(before, now)]
    sysctls = plan_sysctls(before, now)
    kept = before["docker"]["networks"]
    came = [] if kept is None else [name for name in now["docker"]["networks"] or [] if name not in kept]
    removed: list[Step] = [("drop_network", network) for network in came]
    steps = [*stop, *files]
    if any(path.startswith(("/etc/systemd/", "/etc/netplan")) for path in paths):
        steps.append(("reload_units", None))
    steps += removed
    if ("restart", "docker.service") in others:
        steps += stop_docker
    steps += [*sysctls, *firewall, *managers]
    if managers or links:
        steps.append(("links", None))
    steps += others
    if ("restart", "docker.service") in others:
        steps.append(("bridge", (before["docker"]["bridge"], before["files"].get(DAEMON))))
    if others and (sysctls or managers or links or stop_docker[0] in steps):
        steps.append(("links", None))
    return steps


# ---- how each step is done


def put(path: str, entry: t.Mapping[str, t.Any]) -> None:
    """Bring a file, a link or a directory back, in one rename where it is none."""
    if entry["kind"] == "directory":
        if os.path.islink(path) or (os.path.lexists(path) and not os.path.isdir(path)):
            os.unlink(path)
        if not os.path.isdir(path):
            os.makedirs(path)
        adorn(path, entry)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    if entry["kind"] == "link":
        new = os.path.join(os.path.dirname(path), f".guard-{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new)
        os.symlink(entry["target"], new)
        os.replace(new, path)
        return
    content = base64.b64decode(entry["data"])
    handle, new = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".guard-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        adorn(new, entry)
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


def adorn(path: str, entry: t.Mapping[str, t.Any]) -> None:
    os.chown(path, entry["uid"], entry["gid"])
    os.chmod(path, entry["mode"])
    if "label" in entry:
        os.setxattr(path, "security.selinux", base64.b64decode(entry["label"]))


def remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)


def remove_if_empty(directory: str) -> None:
    with contextlib.suppress(OSError):
        os.rmdir(directory)


def add_address(link: str, address: str, entry: t.Mapping[str, t.Any]) -> None:
    words = ["broadcast", entry["broadcast"]] if entry["broadcast"] else []
    words += ["valid_lft", str(entry["valid"]), "preferred_lft", str(entry["preferred"])] if entry["dynamic"] else []
    words += ["noprefixroute"] if entry["no_prefix"] else []
    do("ip", "address", "replace", address, "dev", link, *words)


def add_route(route: str, expires: int | None) -> None:
    family, *words = route.split()
    lifetime = [] if expires is None or family == "4" else ["expires", str(max(expires, 1))]
    # ip takes all that follows the first next hop for more of them.
    hops = words.index("nexthop") if "nexthop" in words else len(words)
    do("ip", f"-{family}", "route", "replace", *words[:hops], *lifetime, *words[hops:])


def drop_route(route: str) -> None:
    family, *words = route.split()
    do("ip", f"-{family}", "route", "delete", *words)


def set_sysctl(key: str, value: str) -> None:
    with open(os.path.join("/proc/sys", key), "r+", encoding="ascii") as stream:
        stream.write(value)


def put_table(name: str, text: str | None, there: bool) -> None:
    """In one transaction, so that there is no moment without rules."""
    do("nft", "-f", "-", data=(f"delete table {name}\n" if there else "") + (text or ""))


def put_rules(tool: str, text: str) -> None:
    """Load the rules; a table that came meanwhile is emptied."""
    now = rules_text(run(f"{tool}-save")[1])
    kept = [line for line in text.splitlines() if line.startswith("*")]
    section, empty = "", []
    for line in now.splitlines():
        section = line if line.startswith("*") else section
        if section not in kept and (line == section or line == "COMMIT" or line.startswith(":") and " - " not in line):
            empty.append(re.sub(r"^(:\S+) \S+", r"\1 ACCEPT", line))
    do(f"{tool}-restore", data=text + "".join(f"{line}\n" for line in empty))
    for line in empty:
        if line.startswith("*"):
            # Where iptables keeps its tables in nftables, an empty one can go.
            run("nft", "delete", "table", "ip6" if tool == "ip6tables" else "ip", line[1:])


def stop_docker(forget_bridge: bool) -> None:
    do("systemctl", "stop", "docker.service", "docker.socket")
    if forget_bridge and os.path.isdir("/sys/class/net/docker0"):
        do("ip", "link", "delete", "docker0")


def settle_bridge(wanted: list[str], entry: dict[str, t.Any] | None) -> None:
    """Start Docker once more where its bridge has come with addresses of another prefix.

    Docker makes the bridge from a store of its own, and only a start without IPv6 clears that (20.10 to 28.5).

    :raises Trouble: Docker does not start.
    """
    if docker()["bridge"] == wanted:
        return
    stop_docker(True)
    if wanted and entry is not None:
        content = json.loads(base64.b64decode(entry["data"]) or b"{}")
        without = {key: value for key, value in content.items() if key not in ("ipv6", "fixed-cidr-v6", "bip6")}
        put(DAEMON, file_entry(json.dumps(without), 0o644))
        try:
            restart("docker.service")
            stop_docker(True)
        finally:
            put(DAEMON, entry)
    restart("docker.service")


def restart(unit: str) -> None:
    run("systemctl", "reset-failed", unit)
    do("systemctl", "restart", unit)


def settle_links(before: Snapshot) -> None:
    """Wait for the managers, then add and remove by hand what they have not.

    :raises Trouble: what is still missing.
    """
    end = time.monotonic() + SETTLE_SECONDS
    links = list(before["addresses"])
    wait = bool(before["units"]) and any(running(before["units"].get(name)) for name in MANAGERS)
    while True:
        now = {**take_links(links), "sysctls": take_sysctls(links, before["options"]["sysctls"])}
        steps = [*plan_sysctls(before, now), *plan_links(before, now), *plan_proxies(before, now)]
        # Without a cable nobody answers, and whoever asks once there is one again adds it all anew, beside ours.
        steps = [step for step in steps if not handed_out(step) or has_carrier(link_of(step))]
        if not steps:
            return
        # What a router hands out comes back as it was only from the router itself.
        later = (
            [step for step in steps if wait or handed_out(step)] if time.monotonic() < end - SETTLE_SECONDS / 2 else []
        )
        failed = carry_out(before, [step for step in steps if step not in later])
        if not later and not failed:
            return
        if time.monotonic() > end:
            raise Trouble(failed[0])
        time.sleep(0.5)


def handed_out(step: Step) -> bool:
    """Whether a step adds what router advertisements bring."""
    action, data = step
    return action == "add_address" and data[2]["dynamic"] or action == "add_route" and " proto ra " in data[0]


def link_of(step: Step) -> str:
    """The interface of an address or a route that is to be added."""
    action, data = step
    if action == "add_address":
        return str(data[0])
    words = data[0].split()
    return str(words[words.index("dev") + 1])


def has_carrier(link: str) -> bool:
    # It cannot be read of one that is down.
    with contextlib.suppress(OSError):
        return (read(f"/sys/class/net/{link}/carrier") or b"").strip() == b"1"
    return False


def carry(action: str, data: t.Any, before: Snapshot) -> None:
    """Do one step.

    :raises OSError: a file or a kernel parameter cannot be written.
    :raises Trouble: a command failed.
    """
    if action == "remove":
        remove(data)
    elif action == "put":
        put(*data)
    elif action == "reload_units":
        do("systemctl", "daemon-reload")
    elif action == "stop":
        do("systemctl", "stop", data)
        # One that has failed would stay listed without its file.
        run("systemctl", "reset-failed", data)
    elif action == "restart":
        restart(data)
    elif action == "stop_docker":
        stop_docker(data)
    elif action == "bridge":
        settle_bridge(*data)
    elif action == "drop_network":
        # One with containers of somebody's stays; without the daemon's settings it does no harm.
        run("docker", "network", "rm", data)
    elif action == "sysctl":
        set_sysctl(*data)
    elif action == "nft":
        put_table(*data)
    elif action == "iptables":
        put_rules(*data)
    elif action == "links":
        settle_links(before)
    else:
        carry_link(action, data)


def carry_link(action: str, data: t.Any) -> None:
    """As :func:`carry`, for what belongs to a link."""
    if action == "link_up":
        do("ip", "link", "set", data, "up")
    elif action == "add_address":
        add_address(*data)
    elif action == "drop_address":
        do("ip", "address", "delete", data[1], "dev", data[0])
    elif action == "add_route":
        add_route(*data)
    elif action == "drop_route":
        drop_route(data)
    else:
        verb = {"add_proxy": "replace", "drop_proxy": "delete"}[action]
        do("ip", "-6", "neigh", verb, "proxy", *data.split())


def carry_out(before: Snapshot, steps: t.Iterable[Step]) -> list[str]:
    """Do all steps, whatever becomes of each; what went wrong, one sentence each."""
    failed = []
    for action, data in steps:
        try:
            carry(action, data, before)
        except (OSError, Trouble) as error:
            failed.append(f"{sentence((action, data))}: {error}")
    return failed


def sentence(step: Step) -> str:
    """A step for people."""
    action, data = step
    first = data[0] if isinstance(data, (tuple, list)) and data else data
    return {
        "remove": f"Remove {first}",
        "put": f"Bring back {first}",
        "reload_units": "Let systemd read its units anew",
        "stop": f"Stop {first}",
        "restart": f"Restart {first}",
        "stop_docker": "Stop Docker",
        "bridge": "See that Docker's bridge is the former one",
        "drop_network": f"Remove the Docker network {first}",
        "sysctl": f"Set {first} to {data[1]}" if action == "sysctl" else "",
        "nft": f"Bring back the firewall table {first}",
        "iptables": f"Bring back the rules of {first}",
        "links": "Bring back addresses and routes",
        "link_up": f"Set {first} up",
        "add_address": f"Add {data[1]} to {first}" if action == "add_address" else "",
        "drop_address": f"Remove {data[1]} from {first}" if action == "drop_address" else "",
        "add_route": f"Add the route {first}",
        "drop_route": f"Remove the route {first}",
        "add_proxy": f"Answer for {first}",
        "drop_proxy": f"No longer answer for {first}",
    }[action]


# ---- the guard itself


@contextlib.contextmanager
def locked() -> t.Iterator[None]:
    """Keep all others out who arm, disarm or restore; the lock of one that dies is gone."""
    handle = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def load(directory: str) -> dict[str, t.Any] | None:
    """The guard that is armed, None where there is none."""
    content = read(os.path.join(directory, "armed.json"))
    return None if content is None else t.cast("dict[str, t.Any]", json.loads(content))


def save(directory: str, name: str, text: str) -> None:
    """Write a file of the guard's own, atomically and for root only."""
    put(os.path.join(directory, name), file_entry(text, 0o600))


def file_entry(text: str, mode: int) -> dict[str, t.Any]:
    """A file of root's as a snapshot holds it."""
    encoded = base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
    return {"kind": "file", "data": encoded, "mode": mode, "uid": 0, "gid": 0}


def journal(directory: str) -> list[dict[str, t.Any]]:
    """What happened here, oldest first."""
    text = (read(os.path.join(directory, "journal.jsonl")) or b"").decode("utf-8", "replace")
    found = []
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def note(directory: str, armed: t.Mapping[str, t.Any], event: str, **more: t.Any) -> dict[str, t.Any]:
    """Add to the journal what happened, when, and who had armed the guard."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    entry = {"time": now, "event": event, "run": armed["run"], "holder": armed["holder"], **more}
    write_journal(directory, [*journal(directory), entry])
    return entry


def write_journal(directory: str, entries: t.Sequence[t.Mapping[str, t.Any]]) -> None:
    lines = [json.dumps(entry, sort_keys=True) + "\n" for entry in entries[-JOURNAL_LINES:]]
    save(directory, "journal.jsonl", "".join(lines))


def without_networks(before: Snapshot, there: t.Callable[[str], bool]) -> Snapshot:
    """What to go back to when Docker's networks have been removed: no rules for their bridges.

    A Docker that does not run leaves its bridges; one that makes a bridge anew makes the rules for it anew, too.

    :arg there: whether an interface is there.
    """
    bridges = before["docker"].get("bridges", {}).values()
    names = [re.escape(name) for name in bridges if not there(name)]
    if not names:
        return before
    of_them = re.compile(rf"^-A .* (-i|-o) ({'|'.join(names)})( |$).*\n", re.M)
    return {**before, "iptables": {tool: of_them.sub("", text) for tool, text in before["iptables"].items()}}


def with_new_units(before: Snapshot, now: Snapshot) -> Snapshot:
    """What to go back to after a boot or an attempt: every unit is another one, and Docker has made its rules anew."""
    units = {
        name: {**old, "InvocationID": now["units"].get(name, {}).get("InvocationID", "")}
        for name, old in before["units"].items()
    }
    return {**before, "units": units, "iptables": now["iptables"]}


def restore(directory: str, why: str, only_files: bool = False) -> list[str]:
    """Put the host back and take the guard away; with ``only_files`` the rest is for later.

    :return: what went wrong; then the guard stays armed. Call it with the lock held.
    """
    armed = load(directory)
    if armed is None:
        return []
    remove(os.path.join(directory, "spare"))
    before = armed["snapshot"]
    sweep(before["options"]["paths"])
    now = take(before["options"])
    before = without_networks(before, lambda name: os.path.isdir(f"/sys/class/net/{name}"))
    if armed["boot"] != boot_id() or armed.get("tried"):
        before = with_new_units(before, now)
    if only_files:
        steps = plan_files(before, now)
        steps += [("reload_units", None)] if steps and booted() else []
    else:
        steps = plan(before, now)
    failed = carry_out(before, steps)
    event = "failed" if failed else "files restored" if only_files else "restored"
    done = [sentence(step) for step in steps]
    with contextlib.suppress(OSError):
        known = failed and failed == (journal(directory) or [{}])[-1].get("failed")
        if (steps or not only_files) and not known:
            note(directory, armed, event, why=why, steps=done, failed=failed)
        if failed:
            save(directory, "armed.json", json.dumps({**armed, "tried": True}))
    if not failed and not only_files:
        remove(os.path.join(directory, "armed.json"))
        take_away(directory)
    return failed


def sweep(paths: t.Iterable[str]) -> None:
    """Remove what a restoration that was killed has left half written. Call it with the lock held."""
    for top in [found for pattern in paths for found in glob.glob(pattern)]:
        for path in below(top):
            if os.path.basename(path).startswith(".guard-"):
                with contextlib.suppress(OSError):
                    remove(path)


def take_away(directory: str) -> list[str]:
    """Remove what only an armed guard needs; what could not be removed does nothing without ``armed.json``."""
    failed = []
    if booted():
        run("systemctl", "stop", f"{UNIT}.timer")
    for path in [*sorted(glob.glob(f"/etc/systemd/system/*.wants/{UNIT}*")), *sorted(glob.glob(f"{UNITS}*"))]:
        try:
            remove(path)
            if ".wants/" in path:
                remove_if_empty(os.path.dirname(path))
        except OSError as error:
            failed.append(str(error))
    if booted():
        run("systemctl", "daemon-reload")
        run("systemctl", "reset-failed", f"{UNIT}*")
    for name in ("armed.json", "spare", "waiting", "network_guard_agent.py"):
        remove(os.path.join(directory, name))
    sweep([directory, os.path.dirname(UNITS)])
    return failed


def wait(directory: str) -> int:
    """Where there is no systemd: sleep by the clock that nobody sets, then restore until it works."""
    armed = load(directory)
    if armed is None:
        return 0
    end = time.monotonic() + armed["timeout"]
    while True:
        current = load(directory)
        if current is None or current["token"] != armed["token"]:
            return 0
        if time.monotonic() >= end:
            with locked():
                if not restore(directory, f"nobody called it off within {armed['timeout']} s"):
                    return 0
            end = time.monotonic() + 10
        time.sleep(0.5)


def main(arguments: list[str]) -> int:
    if len(arguments) != 3 or arguments[1] not in ("restore", "boot", "late", "wait"):
        sys.stderr.write(f"usage: {arguments[0]} restore|boot|late|wait DIRECTORY\n")
        return 2
    verb, directory = arguments[1:]
    if verb == "wait":
        return wait(directory)
    with locked():
        armed = load(directory)
        if armed is None:
            return 0
        why = f"nobody called it off within {armed['timeout']} s"
        if verb != "restore" or armed["boot"] != boot_id():
            why = "the host was booted while the guard was armed"
        failed = restore(directory, why, only_files=verb == "boot")
    for line in failed:
        sys.stderr.write(line + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
