# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Endpoints: what each role claims to answer, and how the claims of several roles about one host come together."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._probe import (
    Port,
    parse_mtu,
    parse_ports,
    parse_unicast,
    refuse_both,
)

Endpoint = t.Dict[str, t.Any]

KINDS = ("container", "vm", "zone", "host")
KEYS = ("role", "name", "address", "kind", "behind", "open", "closed", "ping", "source", "mtu")


def key_of(endpoint: t.Mapping[str, t.Any]) -> tuple[str, str, str]:
    """What makes an endpoint the same one in the next run."""
    return (endpoint["role"], endpoint["behind"], endpoint["name"])


def claimed(claim: t.Mapping[str, t.Any], name: str, kind: str, address: str, host: str) -> Endpoint:
    """An endpoint behind ``host`` as a role states it.

    :arg claim: its ``open``, ``closed`` and ``ping``, as far as somebody has said.
    """
    return {
        "name": name,
        "kind": kind,
        "behind": host,
        "address": address,
        "open": claim.get("open", []),
        "closed": claim.get("closed", []),
        "ping": claim.get("ping", True),
    }


def parse_endpoint(entry: object, role: str, host: str) -> Endpoint:
    """An endpoint with all keys, values in canonical form and ports as ``{port, protocol}`` in order.

    :arg role: the role that makes the claim. An entry may repeat it, and must not name another.
    :arg host: the inventory name of the host that is claimed about; it is what ``behind`` is when it is not given.
    :raises Refused: a key that no endpoint has, or a value that cannot be.
    """
    if not isinstance(entry, dict):
        raise Refused(f"endpoint {entry!r}", "an endpoint is a dictionary", "Give at least name, kind and address")
    name = _text(entry, "name", None)
    who = f"endpoint {name}: "
    unknown = sorted(str(key) for key in set(entry) - set(KEYS))
    if unknown:
        raise Refused(f"{who}{unknown[0]}={entry[unknown[0]]}", f"an endpoint has {', '.join(KEYS)}", "Take it out")
    claimed = _text(entry, "role", role)
    if claimed != role:
        raise Refused(f"{who}role={claimed}", f"this task speaks for the role {role}", "Leave the entry's role out")
    kind = _text(entry, "kind", None)
    if kind not in KINDS:
        raise Refused(f"{who}kind={kind}", f"an endpoint is a {', '.join(KINDS)}", "Give one of these")
    ping = entry.get("ping")
    if ping is not None and not isinstance(ping, bool):
        raise Refused(f"{who}ping={ping}", "this is true or false", "Give a boolean, without quotes")
    opened = _ports(entry, "open", who)
    closed = _ports(entry, "closed", who)
    refuse_both(opened, closed, f"endpoint {name}")
    source = entry.get("source")
    return {
        "role": role,
        "name": name,
        "address": parse_unicast(entry.get("address"), f"{who}address"),
        "kind": kind,
        "behind": _text(entry, "behind", host),
        "open": [_entry(port) for port in opened],
        "closed": [_entry(port) for port in closed],
        "ping": True if ping is None else ping,
        # An empty value is how a template says that there is none.
        "source": None if source in (None, "") else parse_unicast(source, f"{who}source"),
        "mtu": parse_mtu(entry.get("mtu"), f"{who}mtu"),
    }


def parse_endpoints(entries: t.Iterable[object], role: str, host: str) -> list[Endpoint]:
    """All endpoints of one role, sorted.

    :raises Refused: as for :func:`parse_endpoint`, and a name or an address that comes twice.
    """
    parsed = sorted((parse_endpoint(entry, role, host) for entry in entries), key=key_of)
    names: dict[tuple[str, str, str], str] = {}
    holders: dict[str, str] = {}
    for endpoint in parsed:
        key, address = key_of(endpoint), endpoint["address"]
        what = f"endpoint {endpoint['name']} behind {endpoint['behind']}"
        if key in names:
            raise Refused(what, f"it comes twice, as {names[key]} and as {address}", "Give each a name of its own")
        if address in holders:
            raise Refused(
                f"{what}: address={address}", f"{holders[address]} has it already", "Give each an address of its own"
            )
        names[key], holders[address] = address, endpoint["name"]
    return parsed


def plan(current: t.Sequence[Endpoint], role: str, wanted: t.Sequence[Endpoint], host: str) -> Plan:
    """Replace what ``role`` claims about ``host``, and leave what other roles claim.

    Both lists are in the form of :func:`parse_endpoint`. ``before`` and ``after`` have the list as ``endpoints``.
    """
    before = sorted(current, key=key_of)
    kept = [endpoint for endpoint in before if endpoint["role"] != role]
    after = sorted([*kept, *wanted], key=key_of)
    old = {key_of(endpoint): endpoint for endpoint in before}
    new = {key_of(endpoint): endpoint for endpoint in after}
    changes = []
    for key in sorted({*old, *new}):
        if key not in new:
            verb, shown = "Withdraw", old[key]
        elif key not in old:
            verb, shown = "State", new[key]
        elif old[key] != new[key]:
            verb, shown = "Restate", new[key]
        else:
            continue
        changes.append(Change(f"{verb} the endpoint {shown['name']} ({shown['address']}) of {host}", verb.lower()))
    return Plan(tuple(changes), {"endpoints": before}, {"endpoints": after})


def _text(entry: t.Mapping[str, t.Any], key: str, default: str | None) -> str:
    value = entry.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not value or not value.isprintable():
        raise Refused(f"endpoint {entry.get('name')}: {key}={value!r}", "this is a text, and not empty", f"Give {key}")
    # Plain text, whatever kind of string a template made.
    return "".join(value)


def _ports(entry: t.Mapping[str, t.Any], key: str, who: str) -> tuple[Port, ...]:
    value = entry.get(key)
    return parse_ports([] if value is None else value, f"{who}{key}")


def _entry(port: Port) -> dict[str, t.Any]:
    return {"port": port.number, "protocol": port.protocol}
