# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What exists already, read as requests that a ledger can adopt or compare.

Every reader takes a parsed document and gives mappings with ``name``, ``address`` or ``prefix``, and what else the
document knows of ``pool`` and ``owner``. What is no global unicast IPv6 address is left out: nobody allocates it.
"""

from __future__ import annotations

import csv
import io
import ipaddress
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import (
    parse_address,
    parse_interface,
    parse_prefix,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

Entry = t.Dict[str, t.Any]
_CSV_COLUMNS = ("pool", "name", "prefix", "address", "owner", "state")
# RFC 4291, section 2.4, as numbers of the first byte or more.
_NOT_GLOBAL = tuple(ipaddress.IPv6Network(text) for text in ("::/8", "fe80::/10", "ff00::/8"))


def read_source(kind: str, document: object, owner: str = "", network: str = "") -> list[Entry]:
    """The entries of a document of one of :data:`SOURCES`.

    :arg owner: for whom, where the document does not say; in names of a host's own addresses, too.
    :arg network: of Docker's networks only this one.
    :raises Refused: the document is of another kind.
    """
    try:
        entries = SOURCES[kind](document, owner, network)
    except (KeyError, TypeError, AttributeError, ValueError, csv.Error) as error:
        raise Refused(
            f"source={kind}",
            f"the document is of another kind ({type(error).__name__}: {error})",
            "Check where it is from",
        ) from error
    return [{**({"owner": owner} if owner else {}), **entry} for entry in entries]


def inventory(hosts: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[Entry]:
    """Variables of hosts: host → variable → value.

    A text is the host's own (named after the host, and after the variable where several are asked for); a list has
    entries with ``name`` and ``address``, named ``host/name``. Entries without an address, and values that are no IPv6
    at all (a host name, IPv4), are left out.
    """
    result = []
    for host, variables in sorted(hosts.items()):
        for variable, value in variables.items():
            name = host if len(variables) == 1 else f"{host}/{variable}"
            if isinstance(value, str) and ":" in value:
                result.append({"name": name, "owner": host, **_place(value, f"{host}: {variable}")})
            elif isinstance(value, (list, tuple)):
                for entry in value:
                    if isinstance(entry, t.Mapping) and entry.get("address"):
                        where = _place(entry["address"], f"{host}: {variable}: {entry.get('name')}")
                        result.append({"name": f"{host}/{entry['name']}", "owner": host, **where})
    return result


def _docker(document: t.Any, owner: str, network: str) -> list[Entry]:
    """What ``docker network inspect`` prints, or what the module docker_ipv6_info returns."""
    found: dict[str, dict[str, str]] = {}
    if isinstance(document, t.Mapping) and "containers" in document:
        for container in document["containers"]:
            for name, address in container["addresses"].items():
                found.setdefault(container["name"], {})[name] = address
    else:
        for one in document if isinstance(document, list) else [document]:
            for endpoint in (one["Containers"] or {}).values():
                if endpoint.get("IPv6Address"):
                    found.setdefault(endpoint["Name"], {})[one["Name"]] = endpoint["IPv6Address"].partition("/")[0]
    result = []
    for container, addresses in sorted(found.items()):
        kept = {name: address for name, address in addresses.items() if network in ("", name) and _is_global(address)}
        for name, address in sorted(kept.items()):
            result.append({"name": container if len(kept) == 1 else f"{container}@{name}", "address": address})
    return result


def _ip_addr(document: t.Any, owner: str, network: str) -> list[Entry]:
    """What ``ip -6 -j addr`` prints. Temporary addresses (RFC 8981) come and go, so nobody adopts them."""
    result = []
    for interface in document:
        addresses = [
            entry["local"]
            for entry in interface.get("addr_info", [])
            if entry["family"] == "inet6"
            and entry["scope"] == "global"
            and not entry.get("temporary")
            and _is_global(entry["local"])
        ]
        name = f"{owner}:{interface['ifname']}" if owner else interface["ifname"]
        for address in addresses:
            result.append({"name": name if len(addresses) == 1 else f"{name}:{address}", "address": address})
    return result


def _bosh_subnets(document: t.Any) -> t.Iterator[tuple[str, t.Mapping[str, t.Any]]]:
    for network in document["networks"]:
        subnets = [one for one in network.get("subnets") or [] if ":" in one.get("range", "")]
        for index, subnet in enumerate(subnets):
            yield (network["name"] if len(subnets) == 1 else f"{network['name']}[{index}]"), subnet


def _bosh_cloud_config(document: t.Any, owner: str, network: str) -> list[Entry]:
    """The ranges of the IPv6 subnets, named after their networks: for a pool that ranges are taken from."""
    return [
        {"name": name, "prefix": subnet["range"]}
        for name, subnet in _bosh_subnets(document)
        if network in ("", name.partition("[")[0])
    ]


def _bosh_reserved(document: t.Any, owner: str, network: str) -> list[Entry]:
    """What the Director does not hand out in these ranges: gateways and reserved runs, for a pool inside a range."""
    result = []
    for name, subnet in _bosh_subnets(document):
        if network not in ("", name.partition("[")[0]):
            continue
        taken = []
        if subnet.get("gateway"):
            taken.append((f"{name} gateway", subnet["gateway"]))
        taken += [(f"{name} reserved {text}", text) for text in subnet.get("reserved") or []]
        for label, text in taken:
            pieces = _pieces("".join(str(text).split()), f"{name}: reserved={text}")
            for piece in pieces:
                where = {"address": str(piece[0])} if piece.prefixlen == 128 else {"prefix": str(piece)}
                result.append({"name": label if len(pieces) == 1 else f"{label} ({piece})", **where})
    return result


def _csv(document: t.Any, owner: str, network: str) -> list[Entry]:
    """A table with a header line, as the filter allocations_csv writes it. What is in quarantine is not in use."""
    table = csv.DictReader(io.StringIO(document))
    columns = [column.strip() for column in table.fieldnames or []]
    if "name" not in columns or not {"address", "prefix"} & set(columns):
        raise Refused(
            "source=csv", f"the header is {', '.join(columns)}", "Name the columns name, and address or prefix"
        )
    result = []
    for row in table:
        entry = {key.strip(): (value or "").strip() for key, value in row.items() if key is not None}
        if entry.get("state") == "quarantine":
            continue
        result.append({key: entry[key] for key in _CSV_COLUMNS[:-1] if entry.get(key)})
    return result


def _netbox(document: t.Any, owner: str, network: str) -> list[Entry]:
    """NetBox's CSV export, or the answer of its API, of prefixes or of IP addresses.

    The name is the DNS name of an address, else the description, else the address or prefix itself.
    """
    if isinstance(document, str):
        rows: t.Iterable[t.Mapping[str, t.Any]] = [
            {str(key).strip().lower().replace(" ", "_"): value for key, value in row.items()}
            for row in csv.DictReader(io.StringIO(document))
        ]
    else:
        rows = document["results"] if isinstance(document, t.Mapping) else document
    result = []
    for row in rows:
        text = row["prefix"] if "prefix" in row else row.get("ip_address") or row["address"]
        if ":" not in text:
            continue
        name = str(row.get("dns_name") or row.get("description") or text).strip()
        result.append({"name": name, "prefix" if "prefix" in row else "address": _bare(text, "prefix" in row)})
    return result


SOURCES: dict[str, t.Callable[[t.Any, str, str], list[Entry]]] = {
    "docker": _docker,
    "ip_addr": _ip_addr,
    "bosh_cloud_config": _bosh_cloud_config,
    "bosh_reserved": _bosh_reserved,
    "csv": _csv,
    "netbox": _netbox,
}
# Their documents are text with a format of its own; the others are JSON or YAML.
TABLES = ("csv",)


def _bare(text: str, prefix: bool) -> str:
    return text if prefix else text.partition("/")[0]


def _place(text: str, what: str) -> dict[str, str]:
    if "/" in text:
        return {"prefix": str(parse_prefix(text, what))}
    return {"address": str(parse_address(text, what))}


def _is_global(text: str) -> bool:
    address = parse_interface(f"{text}/128").ip
    return not any(address in network for network in _NOT_GLOBAL)


def _pieces(text: str, what: str) -> list[ipaddress.IPv6Network]:
    """An address, a prefix or a run ``a-b`` as prefixes."""
    low, dash, high = text.partition("-")
    if not dash:
        return [
            parse_prefix(text, what) if "/" in text else ipaddress.IPv6Network((int(parse_address(text, what)), 128))
        ]
    first, last = parse_address(low, what), parse_address(high, what)
    if first > last:
        raise Refused(what, "the range ends before it begins", "Give the lower address first")
    return list(ipaddress.summarize_address_range(first, last))
