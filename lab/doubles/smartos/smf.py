# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""svcs, svcadm, svccfg and svcprop: services from manifests, whose start methods are really run."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import time
import typing as t
from xml.etree import ElementTree

import store

NDP = "svc:/network/routing/ndp:default"
MULTI_USER = "svc:/milestone/multi-user:default"
# Seconds from a zone's boot until its milestone is reached.
BOOT_SECONDS = 1.0
CUSTOM = pathlib.Path("/opt/custom/smf")
BUILT_IN: dict[str, dict[str, t.Any]] = {
    NDP: {"state": "disabled", "enabled": False},
    MULTI_USER: {"state": "online", "enabled": True},
}


class SmfError(Exception):
    """What the command says before it exits with 1."""


def services(zone: str) -> dict[str, dict[str, t.Any]]:
    found: dict[str, dict[str, t.Any]] = store.read(store.ROOT / "smf" / f"{zone}.json", BUILT_IN)
    if zone != "global":
        entry = store.Vms().one(zone)
        booted = entry["booted"] if entry else 0.0
        found[MULTI_USER]["state"] = "online" if time.time() >= booted + BOOT_SECONDS else "offline"
    return found


def save(zone: str, found: dict[str, dict[str, t.Any]]) -> None:
    store.write(store.ROOT / "smf" / f"{zone}.json", found)


def find(found: t.Mapping[str, t.Any], pattern: str, command: str) -> str:
    """The FMRI that a pattern means: all of it, or the end of its name with or without the instance."""
    bare = pattern[5:] if pattern.startswith("svc:/") else pattern
    hits = []
    for fmri in found:
        name, dummy, instance = fmri[5:].rpartition(":")
        for one in (f"{name}:{instance}", name):
            if one == bare or (not pattern.startswith("svc:/") and one.endswith("/" + bare)):
                hits.append(fmri)
                break
    if not hits:
        raise SmfError(f"{command}: Pattern '{pattern}' doesn't match any instances")
    if len(hits) > 1:
        raise SmfError(f"{command}: Pattern '{pattern}' matches multiple instances:\n" + "\n".join(hits))
    return hits[0]


def online(fmri: str) -> bool:
    return bool(services(store.zone())[fmri]["state"] == "online")


def start(zone: str, found: dict[str, dict[str, t.Any]], fmri: str) -> None:
    """Run the start method; what fails is in maintenance."""
    service = found[fmri]
    service["state"] = "offline"
    save(zone, found)
    if service.get("start"):
        environ = {"PATH": "/usr/sbin:/usr/bin", "SMF_FMRI": fmri, "SMF_METHOD": "start", "LC_ALL": "C"}
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", service["start"]],
                env=environ,
                capture_output=True,
                text=True,
                timeout=service["timeout"],
                check=False,
            )
            good, said = done.returncode == 0, done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            good, said = False, "method timed out"
        if store.take_fault("method_failures"):
            good, said = False, "method killed"
        store.log("smf", zone=zone, fmri=fmri, good=good, said=said)
        # A method may have changed other services.
        found = services(zone)
        found[fmri]["state"] = "online" if good else "maintenance"
    else:
        service["state"] = "online"
    save(zone, found)
    if fmri == NDP and found[fmri]["state"] == "online":
        import ipadm

        ipadm.autoconfigure()


def boot(zone: str, first: bool) -> None:
    """What a zone's svc.startd does: start what is enabled, its own services after those it brings."""
    found = services(zone)
    for fmri, service in found.items():
        if fmri != MULTI_USER:
            service["state"] = "disabled"
    if first:
        found[NDP]["enabled"] = True
    save(zone, found)
    for fmri in sorted(found, key=lambda one: one != NDP):
        if found[fmri]["enabled"] and fmri != MULTI_USER:
            start(zone, services(zone), fmri)


def load_custom() -> None:
    """The global zone forgets its services with each boot and reads these manifests anew."""
    (store.ROOT / "smf" / "global.json").unlink(missing_ok=True)
    for path in sorted(CUSTOM.glob("*.xml")):
        svccfg(["import", str(path)])


def _manifest(path: str) -> tuple[str, dict[str, t.Any]]:
    try:
        text = pathlib.Path(path).read_text()
        tree = ElementTree.fromstring(text)
    except (OSError, ElementTree.ParseError) as error:
        raise SmfError(f"svccfg: couldn't parse document {path}: {error}") from error
    if tree.tag != "service_bundle" or tree.get("type") != "manifest" or "service_bundle.dtd.1" not in text:
        raise SmfError(f"svccfg: {path} is no service bundle")
    service = tree.find("service")
    if service is None or not service.get("name") or service.get("type") != "service":
        raise SmfError(f"svccfg: {path} has no service")
    instance = service.find("instance")
    default = service.find("create_default_instance")
    if instance is None and default is None:
        raise SmfError(f"svccfg: {path} has no instance")
    name = "default" if instance is None else instance.get("name")
    enabled = (default if instance is None else instance).get("enabled")  # type: ignore[union-attr]
    methods = {one.get("name"): one for one in tree.iter("exec_method")}
    if enabled not in ("true", "false") or "start" not in methods or "stop" not in methods:
        raise SmfError(f"svccfg: {path}: an instance says whether it is enabled, and has methods to start and to stop")
    duration = {one.get("value") for one in tree.iter("propval") if one.get("name") == "duration"}
    if duration != {"transient"}:
        raise SmfError(f"svccfg: {path}: the double runs transient services only")
    begin = methods["start"]
    return f"svc:/{service.get('name')}:{name}", {
        "state": "disabled",
        "enabled": enabled == "true",
        "start": begin.get("exec"),
        "timeout": int(begin.get("timeout_seconds", "60")),
    }


def svccfg(words: list[str]) -> int:
    zone = store.zone()
    if words[:1] == ["validate"] and len(words) == 2:
        _manifest(words[1])
        return 0
    if words[:1] == ["import"] and len(words) == 2:
        fmri, service = _manifest(words[1])
        found = services(zone)
        # An import merges: what was enabled or disabled by hand stays so.
        old = found.get(fmri)
        found[fmri] = {**service, **({"enabled": old["enabled"], "state": old["state"]} if old else {})}
        save(zone, found)
        store.log("imports", zone=zone, fmri=fmri)
        if found[fmri]["enabled"] and not old:
            start(zone, found, fmri)
        return 0
    if words[:1] == ["delete"] and words[1:-1] in ([], ["-f"]):
        found = services(zone)
        fmri = find(found, words[-1], "svccfg")
        if found[fmri]["state"] == "online" and "-f" not in words:
            raise SmfError(f"svccfg: {fmri} is running; use -f")
        del found[fmri]
        save(zone, found)
        return 0
    raise SmfError(f"svccfg: the double does not know: {' '.join(words)}")


def svcadm(words: list[str]) -> int:
    zone = store.zone()
    command, flags, patterns = (
        words[:1],
        [w for w in words[1:] if w.startswith("-")],
        [w for w in words[1:] if w[0] != "-"],
    )
    known = {"enable": {"-r", "-s", "-rs", "-t", "-st"}, "disable": {"-s", "-t", "-st"}}
    known |= {"restart": set(), "clear": set(), "refresh": set()}
    if not command or command[0] not in known or set(flags) - known[command[0]] or not patterns:
        raise SmfError(f"svcadm: the double does not know: {' '.join(words)}")
    for pattern in patterns:
        found = services(zone)
        fmri = find(found, pattern, "svcadm")
        if command == ["enable"]:
            found[fmri]["enabled"] = True
            save(zone, found)
            if found[fmri]["state"] == "disabled":
                start(zone, found, fmri)
        elif command == ["disable"]:
            found[fmri].update(enabled=False, state="disabled")
            save(zone, found)
        elif command == ["clear"]:
            if found[fmri]["state"] != "maintenance":
                raise SmfError(f'svcadm: Instance "{fmri}" is not in a maintenance or degraded state.')
            start(zone, found, fmri)
        elif command == ["restart"] and found[fmri]["state"] == "online":
            start(zone, found, fmri)
        if "-s" in "".join(flags) and command == ["enable"] and services(zone)[fmri]["state"] != "online":
            raise SmfError(f'svcadm: Instance "{fmri}" is in maintenance state.')
    return 0


def svcs(words: list[str]) -> int:
    fields, header, patterns = ["state", "fmri"], True, []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "-H":
            header = False
        elif word == "-o" and rest:
            fields = rest.pop(0).split(",")
        elif word == "-Ho" and rest:
            header, fields = False, rest.pop(0).split(",")
        elif word.startswith("-"):
            raise SmfError(f"svcs: the double does not know: {word}")
        else:
            patterns.append(word)
    if set(fields) - {"state", "fmri"}:
        raise SmfError(f"svcs: the double does not know the columns {fields}")
    found = services(store.zone())
    chosen = [find(found, pattern, "svcs") for pattern in patterns] or list(found)
    if header:
        print(" ".join(field.upper() for field in fields))
    for fmri in chosen:
        print(" ".join({"state": found[fmri]["state"], "fmri": fmri}[field] for field in fields))
    return 0


def command(name: str, words: list[str]) -> int:
    try:
        return {"svcs": svcs, "svcadm": svcadm, "svccfg": svccfg}[name](words)
    except SmfError as error:
        print(error, file=sys.stderr)
        return 1
