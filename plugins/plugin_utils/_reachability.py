# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""From endpoints to probes, and from the probes' results to the reachability matrix. Pure functions.

A probe is what ``ipv6_probe`` gave on a vantage point, a visit is what it gave on the host that the endpoints are
behind. Either may be the result of a task that failed: then it has ``msg`` and none of the module's values.
"""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._endpoints import Endpoint, key_of
from ansible_collections.routable.ipv6.plugins.plugin_utils import _reachability_ipv4 as ipv4_of
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability_causes import advice, causes

Result = t.Mapping[str, t.Any]

# Of the matrix, as docs/reachability.md describes it.
VERSION = 1


def label(endpoint: Result) -> str:
    """What a probe calls an endpoint, so that its result finds back."""
    return "/".join(key_of(endpoint))


def targets(endpoints: t.Iterable[Endpoint], mtu: int | None = None) -> list[dict[str, t.Any]]:
    """The option ``targets`` of ``ipv6_probe``.

    :arg mtu: the size in bytes of a packet that must reach those which answer a ping and claim no size themselves.
    """
    keys = ("address", "ping", "open", "closed")
    return [
        {
            "name": label(endpoint),
            **{key: endpoint[key] for key in keys},
            "mtu": endpoint["mtu"] or (mtu if endpoint["ping"] else None),
        }
        for endpoint in endpoints
    ]


def expected_peers(endpoints: t.Iterable[Endpoint]) -> int:
    """How many connections a vantage point is asked to observe."""
    return sum(1 for endpoint in endpoints if _can_ask(endpoint))


def visits(endpoints: t.Iterable[Endpoint], probes: t.Mapping[str, Result], host: str) -> list[dict[str, t.Any]]:
    """The option ``from`` of ``ipv6_probe`` on ``host``.

    Each endpoint behind it that claims a source asks every vantage point that listens. A container without such a
    claim, or that nobody listens for, is only looked at, since whether it runs explains why it does not answer.
    """
    return [entry for endpoint, dummy, entry in _visits(endpoints, probes) if endpoint["behind"] == host]


def _visits(
    endpoints: t.Iterable[Endpoint], probes: t.Mapping[str, Result]
) -> t.Iterator[tuple[Endpoint, str | None, dict[str, t.Any]]]:
    for endpoint in endpoints:
        container = endpoint["name"] if endpoint["kind"] == "container" else None
        asked = False
        for vantage, probe in probes.items() if _can_ask(endpoint) else ():
            port = (probe.get("observer") or {}).get("port")
            to = (_seen_by(probe).get(label(endpoint)) or {}).get("local")
            if port and to:
                asked = True
                entry = {"container": container, "to": to, "port": port, "expect": endpoint["source"]}
                yield endpoint, vantage, {**entry, "ipv4": probe["ipv4"]} if probe.get("ipv4") else entry
        if container is not None and not asked:
            yield endpoint, None, {"container": container}


def _can_ask(endpoint: Endpoint) -> bool:
    """Whether the source can be tested: a VM's or a zone's inside is out of reach."""
    return endpoint["source"] is not None and endpoint["kind"] in ("container", "host")


def _seen_by(probe: Result) -> dict[str, Result]:
    return {row["name"]: row for row in probe.get("targets") or ()}


def matrix(
    endpoints: t.Sequence[Endpoint],
    probes: t.Mapping[str, Result],
    visited: t.Mapping[str, Result],
    unknown_hosts: t.Iterable[str],
    at: str,
    before: Result | None = None,
) -> dict[str, t.Any]:
    """The reachability matrix, as docs/reachability.md describes it.

    :arg probes: by the name of the vantage point.
    :arg visited: by the name of the host that endpoints are behind.
    :arg unknown_hosts: those that have endpoints and are not in the inventory.
    :arg at: when, as text of ISO 8601.
    :arg before: the matrix of the run before, which says where IPv4 got an answer then.
    """
    looked: dict[tuple[str, str], Result] = {}
    asked: dict[tuple[str, str], Result] = {}
    for host in {endpoint["behind"] for endpoint in endpoints}:
        planned = [(e, v) for e, v, dummy in _visits(endpoints, probes) if e["behind"] == host]
        for (endpoint, vantage), row in zip(planned, visited.get(host, {}).get("from") or ()):
            looked[label(endpoint), ""] = row
            if vantage is not None:
                asked[label(endpoint), vantage] = row
    vantages = [_vantage(name, probe) for name, probe in probes.items()]
    rows = []
    failures = [f"from {vantage['name']}: {vantage['reason']}" for vantage in vantages if vantage["reason"]]
    failures += conflicts(endpoints)
    hosts = {label(endpoint): endpoint["behind"] for endpoint in endpoints}
    ipv4 = ipv4_of.hosts([(hosts[name], vantage, row) for (name, vantage), row in asked.items()], at, before)
    failures += [sentence for sentence in map(ipv4_of.sentence, ipv4) if sentence]
    explained = {vantage["name"] for vantage in vantages if vantage["reason"]}
    for endpoint in sorted(endpoints, key=key_of):
        name = label(endpoint)
        seen_from: dict[str, t.Any] = {}
        for vantage, probe in probes.items():
            answer = _seen_by(probe).get(name)
            visit = (asked.get((name, vantage)), looked.get((name, "")), visited.get(endpoint["behind"]))
            seen_from[vantage] = _cell(endpoint, vantage, probe, answer, *visit)
        ok = bool(seen_from) and all(cell["ok"] for cell in seen_from.values())
        rows.append({**endpoint, "ok": ok, "from": seen_from})
        failures += _sentences(endpoint, {v: cell for v, cell in seen_from.items() if v not in explained})
    return {
        "version": VERSION,
        "at": at,
        "ok": bool(rows) and bool(vantages) and not failures and all(row["ok"] for row in rows),
        "vantages": vantages,
        "endpoints": rows,
        "ipv4": ipv4,
        "failures": failures,
        "advice": advice(rows, explained),
        "warnings": _warnings(endpoints, unknown_hosts),
    }


def _vantage(name: str, probe: Result) -> dict[str, t.Any]:
    found, reason = probe.get("targets"), None
    if found is None:
        reason = f"nothing could be probed: {_message(probe)}"
    elif found and not any(row["local"] for row in found):
        reason = "no IPv6 route to any endpoint. Choose another vantage point with -e verify_vantage=HOST"
    return {"name": name, "ok": reason is None, "reason": reason, "seconds": probe.get("seconds")}


def _cell(
    endpoint: Endpoint,
    vantage: str,
    probe: Result,
    answer: Result | None,
    asked: Result | None,
    looked: Result | None,
    visit: Result | None,
) -> dict[str, t.Any]:
    """What one vantage point saw of one endpoint."""
    if answer is None:
        empty: dict[str, t.Any] = {"local": None, "ping": None, "mtu": None, "open": [], "closed": [], "source": None}
        return {"ok": False, "probed": False, "reason": "not probed", **empty, "ipv4": None, "causes": []}
    trouble = _trouble(endpoint, looked, visit)
    source = _source(endpoint, vantage, probe, answer, asked, trouble)
    ipv4 = ipv4_of.cell(asked)
    found = causes(endpoint, answer, source, ipv4, looked, trouble)
    reasons = [answer["reason"]] if answer["reason"] else []
    if trouble is not None and (reasons or (source and not source["ok"])):
        reasons.append(trouble)
    elif source and not source["ok"]:
        reasons.append(f"source: {source['reason']}")
    reasons += [cause["observed"] for cause in found if cause["what"] in ("route", "ipv4")]
    return {
        "ok": not reasons,
        "probed": True,
        "reason": "; ".join(reasons) or None,
        **{key: answer[key] for key in ("local", "ping", "mtu", "open", "closed")},
        "source": source,
        "ipv4": ipv4,
        "causes": found,
    }


def _source(
    endpoint: Endpoint, vantage: str, probe: Result, answer: Result, asked: Result | None, trouble: str | None
) -> dict[str, t.Any] | None:
    if not _can_ask(endpoint):
        return None
    if asked is not None:
        seen, reason = asked["seen"], asked["reason"]
    elif not answer["local"]:
        seen, reason = None, f"{vantage} has no route to it"
    elif not (probe.get("observer") or {}).get("port"):
        seen, reason = None, f"{vantage} {(probe.get('observer') or {}).get('reason') or 'does not listen'}"
    else:
        seen, reason = None, trouble or "nobody asked"
    return {"ok": reason is None, "expected": endpoint["source"], "seen": seen, "reason": reason}


def _trouble(endpoint: Endpoint, looked: Result | None, visit: Result | None) -> str | None:
    """What the host behind which an endpoint is says about it, when that explains a failure."""
    behind = endpoint["behind"]
    if endpoint["kind"] not in ("container", "host"):
        return None
    if looked is None:
        if visit is not None and visit.get("from") is None:
            return f"{behind} could not be asked: {_message(visit)}"
        return f"{behind} took no part in this run" if visit is None else None
    if endpoint["kind"] == "host":
        return None
    if looked["state"] != "running":
        return f"{looked['reason']} on {behind}" if looked["state"] == "absent" else str(looked["reason"])
    held = looked["addresses"]
    if held and endpoint["address"] not in held:
        return f"the container {endpoint['name']} runs with {', '.join(held)} instead"
    return None


def _message(result: Result) -> str:
    # When the module did not even start, the reason (no sudo, no Python) is what the remote shell said.
    words = [str(result.get("msg") or "the task gave no result"), str(result.get("module_stderr") or "")]
    return " ".join(" ".join(words).split())


def conflicts(endpoints: t.Iterable[Result]) -> list[str]:
    """One sentence for each address that two claim."""
    holders: dict[str, set[str]] = {}
    for endpoint in endpoints:
        holders.setdefault(endpoint["address"], set()).add(f"{endpoint['name']} behind {endpoint['behind']}")
    return [
        f"{address} is claimed by {' and by '.join(sorted(names))}: only one can hold it"
        for address, names in sorted(holders.items())
        if len(names) > 1
    ]


def _sentences(endpoint: Endpoint, cells: t.Mapping[str, Result]) -> list[str]:
    """One sentence for each reason; vantage points that have the same one share it."""
    reasons: dict[str, list[str]] = {}
    for vantage, cell in cells.items():
        if not cell["ok"]:
            reasons.setdefault(cell["reason"], []).append(vantage)
    who = f"{endpoint['name']} behind {endpoint['behind']} ({endpoint['address']})"
    return [f"{who} from {', '.join(names)}: {reason}" for reason, names in reasons.items()]


def _warnings(endpoints: t.Iterable[Endpoint], unknown_hosts: t.Iterable[str]) -> list[str]:
    found = [
        f"{host} has endpoints and is not in the inventory any more. Bring it back and withdraw them with its roles' "
        f"state absent, or remove its file"
        for host in unknown_hosts
    ]
    untested = sorted({e["name"] for e in endpoints if e["source"] is not None and not _can_ask(e)})
    if untested:
        found.append(
            f"The source address of {', '.join(untested)} is not tested: a VM's or zone's inside is out of reach"
        )
    return found
