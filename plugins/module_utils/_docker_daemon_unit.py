# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The daemon's command line, out of its unit, the unit's drop-ins and their environment; and a drop-in of our own.

How systemd reads these files: systemd.unit(5), systemd.service(5) "Command lines", systemd.exec(5) "EnvironmentFile=".
"""

from __future__ import annotations

import re
import shlex
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# After the names that people choose: the last ExecStart= counts.
DROPIN_NAME = "zz-routable-ipv6.conf"
# systemd.unit(5) takes ':', '@' and '\\' as well, for instances, which no Docker daemon is.
_SERVICE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_SHORT = {
    "H": "host",
    "b": "bridge",
    "D": "debug",
    "l": "log-level",
    "s": "storage-driver",
    "p": "pidfile",
    "G": "group",
    "v": "version",
}
# Flags that may be repeated, by the name of their key in the file (named options of docker's opts package).
_LISTS = {
    "add-runtime": "runtimes",
    "authorization-plugin": "authorization-plugins",
    "default-address-pool": "default-address-pools",
    "default-network-opt": "default-network-opts",
    "default-ulimit": "default-ulimits",
    "dns-opt": "dns-opts",
    "exec-opt": "exec-opts",
    "host": "hosts",
    "host-gateway-ip": "host-gateway-ips",
    "insecure-registry": "insecure-registries",
    "label": "labels",
    "log-opt": "log-opts",
    "node-generic-resource": "node-generic-resources",
    "registry-mirror": "registry-mirrors",
    "storage-opt": "storage-opts",
}
# A flag of these takes no word after it. Others of Docker's need none in what follows.
_SWITCHES = frozenset(
    {
        "allow-direct-routing",
        "debug",
        "experimental",
        "icc",
        "init",
        "ip-forward",
        "ip-forward-no-drop",
        "ip-masq",
        "ip6tables",
        "iptables",
        "ipv6",
        "live-restore",
        "no-new-privileges",
        "raw-logs",
        "selinux-enabled",
        "tls",
        "tlsverify",
        "userland-proxy",
        "validate",
        "version",
    }
)


def parse_service(text: str) -> str:
    """The name of the daemon's service, without ``.service``. It becomes a part of paths and of commands.

    :raises Refused: no such name.
    """
    name = text[: -len(".service")] if text.endswith(".service") else text
    if not _SERVICE.fullmatch(name):
        raise Refused(
            f"service={text}", "a service's name has letters, digits, '_', '.' and '-'", "See systemctl list-units"
        )
    return name


def parse_path(text: str) -> str:
    """Where the daemon's file is.

    :raises Refused: no absolute path.
    """
    if not text.startswith("/") or not text.isprintable() or text.endswith("/"):
        raise Refused(f"path={text}", "this is no absolute path of a file", "Give one, such as /etc/docker/daemon.json")
    return text


@dataclass(frozen=True)
class Setting:
    """A line of a unit file that counts, with the file it stands in."""

    text: str
    origin: str


@dataclass(frozen=True)
class Flag:
    """A flag of the command line. ``value`` is None when it has none, ``origin`` is the file it stands in."""

    name: str
    value: str | None
    origin: str


@dataclass(frozen=True)
class Unit:
    """What systemd would start. ``origins`` are all files that were read, in the order in which they count."""

    exec_start: tuple[Setting, ...] = ()
    environment: tuple[Setting, ...] = ()
    environment_files: tuple[Setting, ...] = ()
    origins: tuple[str, ...] = ()


def parse_unit(files: t.Iterable[tuple[str, str]]) -> Unit:
    """Read a unit and its drop-ins, in the order in which they count; an empty assignment clears what was before."""
    lists: dict[str, list[Setting]] = {"ExecStart": [], "Environment": [], "EnvironmentFile": []}
    origins = []
    for origin, text in files:
        origins.append(origin)
        section = ""
        for line in _lines(text):
            if line.startswith("["):
                section = line
            key, sep, value = line.partition("=")
            key, value = key.strip(), value.strip()
            if not sep or section != "[Service]" or key not in lists:
                continue
            if value:
                lists[key].append(Setting(value, origin))
            else:
                lists[key].clear()
    return Unit(tuple(lists["ExecStart"]), tuple(lists["Environment"]), tuple(lists["EnvironmentFile"]), tuple(origins))


def _lines(text: str) -> t.Iterator[str]:
    """Logical lines: a backslash at the end joins, and comments in between do not end that."""
    held = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith(("#", ";")):
            continue
        if line.endswith("\\"):
            held += line[:-1].rstrip() + " "
            continue
        if held or line:
            yield (held + line).strip()
        held = ""
    if held:
        yield held.strip()


def command(unit: Unit, service: str) -> Setting:
    """The one line that starts the daemon.

    :raises Refused: none or several.
    """
    if len(unit.exec_start) != 1:
        count = "no ExecStart" if not unit.exec_start else f"{len(unit.exec_start)} lines of ExecStart"
        raise Refused(
            f"service={service}",
            f"its unit has {count} ({', '.join(unit.origins) or 'no file'}), and the daemon needs one",
            "Repair the unit",
        )
    return unit.exec_start[0]


def environment(unit: Unit, read: t.Callable[[str], str | None]) -> dict[str, Setting]:
    """The variables that the command line may use. Files count over ``Environment=``, later ones over earlier ones.

    :arg read: gives the text of a file, None where there is none.
    """
    variables: dict[str, Setting] = {}
    for setting in unit.environment:
        for word in _split(setting.text, setting.origin):
            name, sep, value = word.partition("=")
            if sep:
                variables[name] = Setting(value, setting.origin)
    for setting in unit.environment_files:
        path = setting.text.lstrip("-")
        for line in _lines(read(path) or ""):
            name, sep, value = line.partition("=")
            if sep:
                value = value.strip()
                if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                    value = value[1:-1]
                variables[name.strip()] = Setting(value, path)
    return variables


def words(line: Setting, variables: t.Mapping[str, Setting]) -> list[Setting]:
    """The words of a command line, variables replaced as systemd does: ``$X`` splits into words, ``${X}`` does not."""
    result: list[Setting] = []
    for word in _split(line.text, line.origin):
        whole = re.fullmatch(r"\$([A-Za-z_][A-Za-z0-9_]*)", word)
        if whole:
            found = variables.get(whole.group(1), Setting("", line.origin))
            result += [Setting(one, found.origin) for one in _split(found.text, found.origin)]
            continue
        origin = line.origin
        for name in re.findall(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", word):
            found = variables.get(name, Setting("", line.origin))
            word, origin = word.replace(f"${{{name}}}", found.text), found.origin
        result.append(Setting(word, origin))
    return result


def _split(text: str, origin: str) -> list[str]:
    try:
        return shlex.split(text, comments=False)
    except ValueError as error:
        raise Refused(f"{origin}: {text}", f"a quote is not closed ({error})", "Correct the file") from error


def binary(line: Setting) -> str:
    """The program of an ExecStart line, without the characters that systemd takes before it."""
    return _split(line.text, line.origin)[0].lstrip("-@:+!|")


def flags(all_words: t.Iterable[Setting]) -> list[Flag]:
    """The flags among the words behind the program, as Docker's pflag reads them."""
    found: list[Flag] = []
    rest = list(all_words)[1:]
    index = 0
    while index < len(rest):
        word = rest[index]
        index += 1
        if word.text.startswith("--"):
            name, sep, value = word.text[2:].partition("=")
        elif word.text.startswith("-") and len(word.text) > 1:
            name, sep, value = _SHORT.get(word.text[1], word.text[1]), word.text[2:3], word.text[2:].lstrip("=")
        else:
            continue
        if sep:
            found.append(Flag(name, value, word.origin))
        elif name in _SWITCHES or index == len(rest) or rest[index].text.startswith("-"):
            found.append(Flag(name, None, word.origin))
        else:
            found.append(Flag(name, rest[index].text, word.origin))
            index += 1
    return found


def socket_of(given: t.Iterable[Flag]) -> str | None:
    """The path of the socket that a flag names, None where the daemon gets its socket from systemd."""
    hosts = [flag.value or "" for flag in given if flag.name == "host"]
    return next((host[len("unix://") :] for host in hosts if host.startswith("unix:///")), None)


def check_conflicts(keys: t.Iterable[str], path: str, given: t.Iterable[Flag]) -> None:
    """Docker does not start when a directive stands in the file and on the command line, even with equal values.

    :arg keys: of the file as it would be.
    :raises Refused: with both places.
    """
    present = set(keys)
    for flag in given:
        for key in sorted(present & {flag.name, _LISTS.get(flag.name, flag.name)}):
            value = "" if flag.value is None else f"={flag.value}"
            raise Refused(
                f"{key} in {path}",
                f"the flag --{flag.name}{value} in {flag.origin} says the same, and Docker does not start when a "
                "directive is given in both places, even with equal values",
                f"Remove the flag from {flag.origin}, or {key} from {path}",
            )


def unknown_keys(document: t.Mapping[str, t.Any], help_text: str) -> list[str]:
    """The keys of a file that a daemon does not have, by its own ``--help``.

    What is an object is left out: Docker looks at what is in it, under rules of its own.
    """
    known = set(re.findall(r"(?m)^\s+(?:-\w, )?--([a-z0-9-]+)", help_text))
    known |= {_LISTS[name] for name in known if name in _LISTS}
    return [key for key, value in document.items() if key not in known and not isinstance(value, dict)]


def render_dropin(line: Setting, added: t.Iterable[str]) -> str:
    """A drop-in that starts the daemon as ``line`` does, with more flags."""
    return (
        "# Written by routable.ipv6.docker_ipv6_daemon, which brings it up to date when the line it repeats changes.\n"
        f"# ExecStart is that of {line.origin}, with flags behind it.\n"
        "[Service]\n"
        "ExecStart=\n"
        f"ExecStart={' '.join([line.text, *added])}\n"
    )
