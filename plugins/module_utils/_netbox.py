# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What has to change in NetBox so that it shows a ledger's allocations.

An object is ours when its custom field holds a *label*, ``pool/name``, of one of the published pools. What NetBox
accepts is as in its sources of version 4.6.8: netbox/ipam/models/ip.py, netbox/ipam/choices.py and
netbox/netbox/api/viewsets/mixins.py.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import interface_numbers, written, written_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused

PREFIXES, ADDRESSES = "prefixes", "ip-addresses"
OBJECT_TYPES = {PREFIXES: "ipam.prefix", ADDRESSES: "ipam.ipaddress"}
DELETED, DEPRECATED = "deleted", "deprecated"
# The oldest whose API has all that is used here: netbox-version in status/, comments of prefixes and addresses (3.4).
OLDEST = (3, 5)
STATUS = {"active": "active", "reserved": "reserved", "quarantine": "deprecated"}
# Kinds of use that NetBox tells apart and the ledger does not: they stay.
_IN_USE = {PREFIXES: ("active", "container"), ADDRESSES: ("active", "dhcp", "slaac")}
_VALUE_KEY = {PREFIXES: "prefix", ADDRESSES: "address"}
_LONGEST_DESCRIPTION = 200
_SHOWN = 10

# Kind, first address and length.
Value = t.Tuple[str, int, int]


@dataclass(frozen=True)
class Wanted:
    """An allocation of the ledger; ``state`` is active, reserved or quarantine."""

    pool: str
    name: str
    start: int
    length: int
    state: str
    owner: str = ""

    @property
    def kind(self) -> str:
        return ADDRESSES if self.length == 128 else PREFIXES

    @property
    def value(self) -> Value:
        return self.kind, self.start, self.length

    @property
    def label(self) -> str:
        return f"{self.pool}/{self.name}"


@dataclass(frozen=True)
class Found:
    """A prefix or an IP address in NetBox. ``link`` is the length that it is written with there."""

    kind: str
    id: int
    start: int
    link: int
    status: str
    label: str = ""
    tenant: int | None = None

    @property
    def value(self) -> Value:
        return self.kind, self.start, self.link if self.kind == PREFIXES else 128


@dataclass(frozen=True)
class Terms:
    """How to publish.

    :arg field: the custom field that holds the label.
    :arg known: the ledger's pools; ``published`` are those among them that this is about.
    :arg vrf: and ``tenant``: ids in NetBox; without a tenant nobody's tenant is changed.
    :arg removed: deleted, or deprecated.
    :arg address_length: that new addresses are written with.
    """

    field: str
    known: frozenset[str]
    published: frozenset[str]
    vrf: int | None = None
    tenant: int | None = None
    removed: str = DELETED
    address_length: int = 128


def check_version(text: object) -> None:
    """:raises Refused: NetBox is too old, or does not say its version."""
    match = re.match(r"v?(\d+)\.(\d+)", str(text))
    if match is None:
        raise Refused(f"netbox-version={text}", "this is no version", "Look whether the URL is NetBox's own")
    if (int(match[1]), int(match[2])) < OLDEST:
        raise Refused(f"NetBox {text}", "versions before 3.5 are not supported", "Upgrade NetBox")


def check_field(fields: t.Sequence[t.Mapping[str, t.Any]], name: str, kinds: t.Iterable[str]) -> None:
    """Whether the custom field can hold labels of these kinds of objects.

    :raises Refused: it cannot, with how to make it.
    """
    types = [OBJECT_TYPES[kind] for kind in sorted(kinds)]
    what = f"custom_field={name}"
    make = f"In NetBox, under Customization and Custom Fields, add the field {name} of type text for " + " and ".join(
        types
    )
    found = [field for field in fields if field.get("name") == name]
    if not found:
        raise Refused(what, "NetBox has no such custom field", make)
    kind = _choice(found[0].get("type"))
    if kind != "text":
        raise Refused(what, f"its type is {kind}, and labels are text", f"Name another field. {make}")
    lacking = sorted(set(types) - _object_types(found[0]))
    if lacking:
        raise Refused(what, f"it is not for {' and '.join(lacking)}", "Add this to its object types in NetBox")
    if found[0].get("unique"):
        raise Refused(
            what,
            "its values must be unique, and a name in quarantine can stand beside the same name in use",
            "Turn that off in NetBox",
        )


def supported_kinds(fields: t.Sequence[t.Mapping[str, t.Any]], name: str) -> list[str]:
    """The kinds of objects that can have the custom field."""
    types = {one for field in fields if field.get("name") == name for one in _object_types(field)}
    return [kind for kind, one in OBJECT_TYPES.items() if one in types]


def _object_types(field: t.Mapping[str, t.Any]) -> set[str]:
    # NetBox 4.0 has renamed content_types to object_types.
    return set(field.get("object_types") or field.get("content_types") or ())


def read_found(kind: str, rows: t.Iterable[t.Mapping[str, t.Any]], field: str, vrf: int | None) -> list[Found]:
    """The IPv6 objects of one VRF in an answer of NetBox; none is the global table.

    :raises Refused: the answer is of another form.
    """
    result = []
    for row in rows:
        try:
            text = row[_VALUE_KEY[kind]]
            if ":" not in text or _id(row["vrf"]) != vrf:
                continue
            start, length = interface_numbers(text, f"NetBox: {_VALUE_KEY[kind]}")
            label = row["custom_fields"].get(field)
            found = Found(kind, row["id"], start, length, _choice(row["status"]), str(label or ""), _id(row["tenant"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise Refused(
                f"NetBox's {kind}", f"they are of another form ({error!r})", "Look whether the URL is NetBox's own"
            ) from error
        result.append(found)
    return result


def publish_plan(wanted: t.Sequence[Wanted], found: t.Iterable[Found], terms: Terms) -> Plan:
    """What to delete, to update and to create, in this order.

    An object that has the label and the value stays. Else the one object with the value is taken, unless somebody
    else's label is on it; else the one with the label moves; else one is made. So no value is written where an object
    has it already, and NetBox has no reason to refuse a duplicate.

    :raises Refused: labels that are not unique, or values that have other labels in NetBox.
    """
    objects = sorted({(one.kind, one.id): one for one in found}.values(), key=lambda one: (one.value, one.id))
    return _Publication(wanted, objects, terms).plan()


class _Publication:
    def __init__(self, wanted: t.Sequence[Wanted], objects: t.Sequence[Found], terms: Terms) -> None:
        self._wanted = sorted(wanted, key=lambda one: (one.value, one.label))
        self._objects, self._terms = objects, terms
        self._by_value: dict[Value, list[Found]] = {}
        self._by_label: dict[tuple[str, str], list[Found]] = {}
        for one in objects:
            self._by_value.setdefault(one.value, []).append(one)
            self._by_label.setdefault((one.kind, one.label), []).append(one)
        self._matched: dict[Wanted, Found] = {}
        self._taken: set[tuple[str, int]] = set()
        self._warnings: list[str] = []
        self._conflicts: list[str] = []
        self._fresh: list[Wanted] = []

    def plan(self) -> Plan:
        self._check_labels()
        absent = []
        for one in self._wanted:
            if one.value in self._by_value:
                self._at(one, self._by_value[one.value])
            else:
                absent.append(one)
        for one in absent:
            moving = [it for it in self._by_label.get((one.kind, one.label), ()) if (it.kind, it.id) not in self._taken]
            if moving:
                self._match(one, moving[0])
            else:
                self._fresh.append(one)
        if self._conflicts:
            shown = "; ".join(self._conflicts[:_SHOWN])
            more = f"; and {len(self._conflicts) - _SHOWN} more" if len(self._conflicts) > _SHOWN else ""
            raise Refused(
                f"{len(self._conflicts)} cannot be published",
                shown + more,
                f"Clear {self._terms.field} there, or release them here; nothing was written",
            )
        return self._changes()

    def _check_labels(self) -> None:
        owners: dict[str, str] = {}
        for one in self._wanted:
            if owners.setdefault(one.label, one.pool) != one.pool:
                raise Refused(
                    f"{one.label}", f"the pools {owners[one.label]} and {one.pool} both make this label", "Rename one"
                )

    def _ours(self, label: str) -> bool:
        """Whether the pool of a label is published; a pool whose name begins like another's is told from it."""
        pools = [pool for pool in self._terms.known if label.startswith(f"{pool}/")]
        return bool(pools) and max(pools, key=len) in self._terms.published

    def _at(self, one: Wanted, there: t.Sequence[Found]) -> None:
        """An object that has the value already, if it is clear which one."""
        labelled = [it for it in there if it.label == one.label]
        ours = [it for it in there if it.label and self._ours(it.label)]
        if len(there) > 1:
            ids = ", ".join(str(it.id) for it in there)
            left = "" if labelled or ours else ", and none of them was labelled"
            self._warnings.append(f"NetBox has {_text(there[0])} {len(there)} times (ids {ids}){left}.")
        if labelled or ours:
            self._match(one, (labelled or ours)[0])
        elif any(it.label for it in there):
            labels = " and ".join(sorted({it.label for it in there if it.label}))
            self._conflicts.append(f"{_text(there[0])} of {one.label} is labelled {labels} in NetBox")
        elif len(there) == 1:
            self._match(one, there[0])

    def _match(self, one: Wanted, it: Found) -> None:
        self._matched[one] = it
        self._taken.add((it.kind, it.id))

    def _changes(self) -> Plan:
        deletes, updates, creates = [], [], []
        before: dict[str, t.Any] = {}
        after: dict[str, t.Any] = {}
        labels = {(one.label, one.value) for one in self._wanted}
        for it in self._objects:
            # A copy of an object in use is a duplicate, and reported as such.
            if (it.kind, it.id) in self._taken or not self._ours(it.label) or (it.label, it.value) in labels:
                continue
            if self._terms.removed == DELETED:
                deletes.append(_change("delete", it.kind, {"id": it.id}, f"Delete {_text(it)} of {it.label}"))
                before[_key(it)] = _shown(it)
            elif it.status != "deprecated":
                body = {"id": it.id, "status": "deprecated"}
                updates.append(_change("update", it.kind, body, f"Mark {_text(it)} of {it.label} as deprecated"))
                before[_key(it)], after[_key(it)] = _shown(it), {**_shown(it), "status": "deprecated"}
        for one, it in self._matched.items():
            body = self._difference(one, it)
            if body:
                what = ", ".join("label" if key == "custom_fields" else key for key in body)
                sentence = f"Update {what} of {_text(it)} for {one.label}"
                updates.append(_change("update", one.kind, {"id": it.id, **body}, sentence))
                before[_key(it)] = _shown(it)
                after[f"{_value_text(one.value)} (id {it.id})"] = {
                    "label": one.label,
                    "status": body.get("status", it.status),
                    "tenant": body.get("tenant", it.tenant),
                }
        for one in self._fresh:
            creates.append(
                _change("create", one.kind, self._body(one), f"Create {_value_text(one.value)} for {one.label}")
            )
            after[f"{_value_text(one.value)} (new)"] = {
                "label": one.label,
                "status": STATUS[one.state],
                "tenant": self._terms.tenant,
            }
        return Plan((*deletes, *updates, *creates), before, after, tuple(self._warnings))

    def _difference(self, one: Wanted, it: Found) -> dict[str, t.Any]:
        body: dict[str, t.Any] = {}
        if it.value != one.value:
            length = one.length if one.kind == PREFIXES else it.link
            body[_VALUE_KEY[one.kind]] = written_prefix(one.start, length)
        status = STATUS[one.state]
        if it.status != status and not (status == "active" and it.status in _IN_USE[one.kind]):
            body["status"] = status
        if self._terms.tenant not in (None, it.tenant):
            body["tenant"] = self._terms.tenant
        if it.label != one.label:
            body["custom_fields"] = {self._terms.field: one.label}
        return body

    def _body(self, one: Wanted) -> dict[str, t.Any]:
        length = one.length if one.kind == PREFIXES else self._terms.address_length
        body: dict[str, t.Any] = {
            _VALUE_KEY[one.kind]: written_prefix(one.start, length),
            "status": STATUS[one.state],
            "vrf": self._terms.vrf,
            "description": one.name[:_LONGEST_DESCRIPTION],
            "comments": f"pool: {one.pool}" + (f", owner: {one.owner}" if one.owner else ""),
            "custom_fields": {self._terms.field: one.label},
        }
        if self._terms.tenant is not None:
            body["tenant"] = self._terms.tenant
        return body


def refusal(said: object, bodies: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """What NetBox says against a list of objects, as one line: a list with a mapping for each, or one mapping."""
    if isinstance(said, list):
        for body, one in zip(bodies, said):
            if one:
                return f"{body.get('prefix') or body.get('address') or body.get('id')}: {refusal(one, bodies)}"
    if isinstance(said, t.Mapping):
        parts = []
        for key, value in said.items():
            text = " ".join(str(part) for part in value) if isinstance(value, list) else refusal(value, bodies)
            parts.append(text if key in ("detail", "non_field_errors", "__all__") else f"{key}: {text}")
        return " ".join("; ".join(parts).split()).rstrip(".")[:300]
    text = said if isinstance(said, str) else json.dumps(said)
    return " ".join(text.split()).rstrip(".")[:300]


def _change(action: str, kind: str, body: dict[str, t.Any], sentence: str) -> Change:
    return Change(f"{sentence}.", action, {"kind": kind, "body": body})


def _shown(it: Found) -> dict[str, t.Any]:
    return {"label": it.label, "status": it.status, "tenant": it.tenant}


def _key(it: Found) -> str:
    return f"{_text(it)} (id {it.id})"


def _text(it: Found) -> str:
    return _value_text(it.value)


def _value_text(value: Value) -> str:
    kind, start, length = value
    return written_prefix(start, length) if kind == PREFIXES else written(start)


def _choice(value: t.Any) -> str:
    """A choice is {value, label} in answers."""
    return str(value["value"] if isinstance(value, t.Mapping) else value)


def _id(value: t.Any) -> int | None:
    return None if value is None else int(value["id"])
