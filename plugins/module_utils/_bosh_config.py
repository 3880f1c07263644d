# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Named configs of a BOSH Director: what is there, what is wanted, and what has to be sent."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import check_cloud_config
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import (
    ERROR,
    Director,
    Finding,
    parse_version,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused

TYPES = ("cloud", "runtime", "cpi")
# Below these the Director hides all values when it shows differences (manifest/redactor.rb, v283.1.6: properties and
# bosh; older ones hid all of env).
HIDDEN_BELOW = ("properties", "bosh", "env")
HIDDEN = "<redacted>"
HIDDEN_NEW = "<redacted, another value>"


def director_of(info: t.Mapping[str, t.Any], ignore_missing_gateway: bool, addresses: tuple[str, ...]) -> Director:
    """What the rules want to know, from the Director's ``/info``."""
    features = info.get("features")
    server = features.get("config_server") if isinstance(features, dict) else None
    return Director(
        version=parse_version(info.get("version")),
        config_server=bool(isinstance(server, dict) and server.get("status")),
        ignore_missing_gateway=ignore_missing_gateway,
        cpi=str(info.get("cpi") or ""),
        addresses=addresses,
    )


def normalized(kind: str, data: t.Any) -> t.Any:
    """Data as the Director keeps it: in runtime configs it makes text of the versions of releases."""
    if kind != "runtime" or not isinstance(data, dict) or not isinstance(data.get("releases"), list):
        return data
    releases = [
        {**release, "version": str(release["version"])}
        if isinstance(release, dict) and release.get("version") is not None
        else release
        for release in data["releases"]
    ]
    return {**data, "releases": releases}


def same(one: t.Any, other: t.Any) -> bool:
    """Equal in type and value, as YAML would show it: 1 is neither true nor 1.0 nor "1"."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other))
    return type(one) is type(other) and bool(one == other)


def plan(
    kind: str,
    name: str,
    current: t.Any,
    latest: str,
    wanted: t.Any,
    expected: str | None = None,
) -> Plan:
    """What has to be sent so that ``wanted`` is there, or so that nothing is.

    :arg current: what is there, None for nothing; :arg latest: its id, "0" for nothing.
    :arg wanted: what shall be there, None for nothing.
    :arg expected: the id that the caller has seen, None when that does not matter.
    :raises Refused: something has to be changed, and the id is not the one that was expected.
    """
    before = {"content": shown(kind, current)}
    after = {"content": shown(kind, wanted, current)}
    if (current is None and wanted is None) or (current is not None and wanted is not None and same(current, wanted)):
        return Plan((), before, before)
    if expected is not None and expected != latest:
        raise Refused(
            f"expected_latest_id={expected}",
            f"the latest version of the {kind} config {name} has the id {latest}",
            "Look at what was changed, and give that id if it is to be replaced",
        )
    data = {"kind": kind, "name": name, "latest": latest}
    if wanted is None:
        change = Change(f"Delete the {kind} config {name} (id {latest})", "delete", data)
    elif current is None:
        change = Change(f"Create the {kind} config {name}", "update", data)
    else:
        change = Change(f"Replace the {kind} config {name} (id {latest})", "update", data)
    return Plan((change,), before, after)


def shown(kind: str, data: t.Any, before: t.Any = None) -> t.Any:
    """Data for people: in CPI and runtime configs without what may be a secret.

    A value that differs from ``before`` is hidden by another word, so that the change can be seen.
    """
    return data if kind == "cloud" else without_secrets(data, before)


def without_secrets(
    data: t.Any, before: t.Any, cut: t.Callable[[str, t.Any], t.Any] = lambda key, value: value, hidden: bool = False
) -> t.Any:
    """Data with another word for each value that may be a secret, and for one that differs from ``before``.

    :arg cut: what is shown of the value of a key that is not hidden.
    """
    if isinstance(data, dict):
        old = before if isinstance(before, dict) else {}
        return {
            key: without_secrets(value if hidden else cut(key, value), old.get(key), cut, hidden or key in HIDDEN_BELOW)
            for key, value in data.items()
        }
    if isinstance(data, list):
        olds = before if isinstance(before, list) else []
        return [
            without_secrets(value, olds[place] if place < len(olds) else None, cut, hidden)
            for place, value in enumerate(data)
        ]
    if not hidden:
        return data
    return HIDDEN if before is None or same(data, before) else HIDDEN_NEW


def judge(
    name: str,
    wanted: t.Any,
    current: t.Any,
    others: t.Mapping[str, t.Any],
    director: Director,
    accepted: t.Collection[str],
) -> list[Finding]:
    """The findings about a cloud config among the others, without those that the user accepts."""
    found = check_cloud_config(wanted, director, name, others, current)
    return [finding for finding in found if finding.rule not in accepted]


def refusal(findings: t.Sequence[Finding]) -> str | None:
    """All errors in one text, or None."""
    errors = [finding for finding in findings if finding.level == ERROR]
    if not errors:
        return None
    first = f"The config {errors[0].config}" if len({finding.config for finding in errors}) == 1 else "The configs"
    lines = [finding.sentence for finding in errors[:10]]
    if len(errors) > 10:
        lines.append(f"And {len(errors) - 10} more.")
    return f"{first} would break the next deployment. " + " ".join(lines)
