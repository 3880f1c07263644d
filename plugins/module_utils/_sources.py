# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Where a host's packages and images come from, which of that it can reach, and what makes apt keep to IPv6."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._shown import without_secrets
from ansible_collections.routable.ipv6.plugins.module_utils._urls import is_host

FORCES = ("auto", "always", "never")
# After all others of the directory, so that it has the last word (apt.conf(5)).
CONF = "/etc/apt/apt.conf.d/99routable-ipv6"
FORCED = """\
// Written by the module routable.ipv6.ipv6_sources: over IPv4 this host reaches none of its sources.
Acquire::ForceIPv4 "false";
Acquire::ForceIPv6 "true";
"""
ANSWERS = "it answers"
_PORTS = {"http": 80, "https": 443}
# sources.list(5): one line per source, options in brackets; or a field of a paragraph, which goes on in indented lines.
_LINE = re.compile(r"^\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(\S+)")
_FIELD = re.compile(r"^([A-Za-z][A-Za-z-]*):(?!/)(.*)$")
_PROXY = re.compile(r'^Acquire::(https?)::Proxy "([^"]*)";$')
_DETECT = re.compile(r'^Acquire::https?::Proxy-Auto-Detect "[^"]+";$', re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """A server, and who says so: a file of apt's, or the task itself."""

    host: str
    port: int
    origin: str
    packages: bool = True


@dataclass(frozen=True)
class Seen:
    """What came of a connection to a source by each family; :data:`ANSWERS` or a clause that says why not."""

    source: Source
    ipv6: str
    ipv4: str

    def as_dict(self) -> dict[str, t.Any]:
        found = {"host": self.source.host, "port": self.source.port, "origin": self.source.origin}
        return {**found, "ipv6": self.ipv6, "ipv4": self.ipv4}


@dataclass(frozen=True)
class Wanted:
    """``replace`` has other hosts for some in apt's sources; ``registries`` are asked beside these."""

    packages: bool
    force: str
    replace: t.Mapping[str, str]
    registries: tuple[Source, ...]
    required: bool

    @classmethod
    def parse(cls, params: t.Mapping[str, t.Any]) -> Wanted:
        """:raises Refused: what is no host."""
        replace = {_host(str(old), "replace"): _host(str(new), "replace") for old, new in params["replace"].items()}
        registries = tuple(_registry(text) for text in params["registries"])
        return cls(params["packages"], params["force"], replace, registries, params["required"])


def _host(text: str, name: str) -> str:
    if not is_host(text):
        raise Refused(f"{name}: {text}", "this is no name of a host", "Write it without scheme and path")
    return text.lower()


def _registry(text: str) -> Source:
    """A registry as images name it, or the URL of a mirror."""
    # urlsplit() drops line ends and tabs without a word.
    if not text.strip().isprintable() or " " in text.strip():
        raise Refused(f"registries: {text}", "this is no host, with or without a port", "Correct it")
    try:
        parts = urlsplit(text.strip() if "://" in text else f"https://{text.strip()}")
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise Refused(f"registries: {text}", "this is no host, with or without a port", "Correct it") from error
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise Refused(f"registries: {text}", "a registry is a host, with or without a port", "Leave the rest out")
    host = _host(host, "registries")
    # Docker Hub's images are known by this name, and are fetched from another (Docker's own manual, allow lists).
    return Source("registry-1.docker.io" if host == "docker.io" else host, port, "registries", False)


def uris(text: str) -> list[str]:
    """The URIs of a file of sources, of either format, and of a list of mirrors; what is turned off is left out."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if not line.lstrip().startswith("#")]
        here: list[str] = []
        field, enabled = "", True
        for line in lines:
            matched = _FIELD.match(line)
            if matched:
                field = matched.group(1).lower()
                if field == "enabled":
                    enabled = matched.group(2).strip().lower() not in ("no", "false", "0", "off")
                line = matched.group(2)
            elif _LINE.match(line):
                field, line = "uris", t.cast("re.Match[str]", _LINE.match(line)).group(1)
            elif re.match(r"^[a-z+]+://", line):
                field = "uris"
            if field == "uris":
                here += [word for word in line.split() if ":/" in word]
        found += here if enabled else []
    return found


def mirror_lists(files: t.Mapping[str, str]) -> list[str]:
    """The local lists of mirrors that the sources name (apt-transport-mirror(1))."""
    found = [
        uri[len("mirror+file:") :] for text in files.values() for uri in uris(text) if uri.startswith("mirror+file:")
    ]
    return sorted({re.sub("^//+", "/", path) for path in found})


def sources(files: t.Mapping[str, str], apt_config: str) -> list[Source]:
    """The servers of apt's sources in order, each once; where apt asks a proxy, that one in their place.

    :arg files: the files of sources and of lists of mirrors, by path.
    :arg apt_config: the output of ``apt-config dump``.
    """
    if _DETECT.search(apt_config):
        # A program of the user's chooses the proxy for each request.
        return []
    proxies = {match.group(1): match.group(2) for match in map(_PROXY.match, apt_config.splitlines()) if match}
    found: dict[tuple[str, int], Source] = {}
    for path, text in files.items():
        for uri in uris(text):
            origin, target = path, urlsplit(uri)
            proxy = proxies.get(target.scheme, "")
            if target.scheme in _PORTS and proxy not in ("", "DIRECT"):
                origin, target = "apt's proxy", urlsplit(proxy)
            if target.scheme in _PORTS and target.hostname:
                key = (target.hostname, target.port or _PORTS[target.scheme])
                found.setdefault(key, Source(*key, origin))
    return list(found.values())


def replaced(text: str, replace: t.Mapping[str, str]) -> str:
    """The text of a file of sources with other hosts in its URIs; comments stay."""
    lines = text.splitlines(keepends=True)
    for old, new in replace.items():
        pattern = re.compile(rf"(://(?:[^\s/]*@)?){re.escape(old)}(?=[:/\s]|$)", re.IGNORECASE)
        # Neither host can hold a backslash, so the new one is no template.
        lines = [line if line.lstrip().startswith("#") else pattern.sub(rf"\g<1>{new}", line) for line in lines]
    return "".join(lines)


def forced(wanted: Wanted, seen: t.Sequence[Seen], now: bool) -> bool:
    """Whether apt is to keep to IPv6. What nobody could see is left as it is.

    :arg now: whether it does.
    """
    if wanted.force != "auto":
        return wanted.force == "always"
    if any(one.ipv4 == ANSWERS for one in seen):
        return False
    return now or any(one.ipv6 == ANSWERS for one in seen if one.source.packages)


def unreachable(seen: t.Iterable[Seen], force: bool) -> list[str]:
    """A clause for each source that cannot be used."""
    return [
        f"{one.source.host}:{one.source.port} ({one.source.origin}): over IPv6 {one.ipv6}, over IPv4 {one.ipv4}"
        for one in seen
        if one.ipv6 != ANSWERS and (one.ipv4 != ANSWERS or (force and one.source.packages))
    ]


def plan(files: t.Mapping[str, str], conf: str | None, wanted: Wanted, seen: t.Sequence[Seen], apt: bool) -> Plan:
    """Files to write; what cannot be reached is refused, or else a warning.

    :arg conf: the text of :data:`CONF`.
    :arg seen: the sources with ``replace`` carried out already.
    :raises Refused: a source that is needed cannot be reached.
    """
    force = apt and wanted.packages and forced(wanted, seen, conf is not None)
    lost = unreachable(seen, force)
    remedy = (
        "Take sources that have an IPv6 address (replace for packages, a mirror for images), give the host a way to "
        "IPv4 such as NAT64, or start from an image that has everything installed"
    )
    if lost and wanted.required:
        raise Refused("; ".join(lost), "the host cannot reach this, and would wait for it in vain", remedy)
    changes = [
        Change(f"Write {path} with other hosts in its sources.", "file", {"path": path, "before": text, "after": new})
        for path, text, new in ((path, text, replaced(text, wanted.replace)) for path, text in files.items())
        if new != text
    ]
    after = FORCED if force else None
    if apt and wanted.packages and after != conf:
        verb = f"Write {CONF}, so that apt keeps to IPv6." if force else f"Remove {CONF}: apt may use IPv4 again."
        changes.append(Change(verb, "file", {"path": CONF, "before": conf, "after": after}))
    warnings = (f"{'; '.join(lost)}. {remedy}.",) if lost else ()
    return Plan(tuple(changes), *_diff(changes), warnings)


def plan_absent(written: t.Mapping[str, tuple[str | None, bool, str | None]]) -> Plan:
    """Bring back what was there.

    :arg written: per path the text, whether it is as we wrote it, and what was there before.
    """
    changes: list[Change] = []
    warnings: list[str] = []
    for path, (now, ours, before) in written.items():
        if ours:
            verb = f"Remove {path}." if before is None else f"Write {path} as it was."
            changes.append(Change(verb, "file", {"path": path, "before": now, "after": before}))
        elif now is not None:
            warnings.append(f"{path} has been changed by somebody else since it was written here, and stays.")
    return Plan(tuple(changes), *_diff(changes), tuple(warnings))


def _diff(changes: t.Sequence[Change]) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    before, after = (
        {change.data["path"]: without_secrets(change.data[side]) for change in changes} for side in ("before", "after")
    )
    return before, after
