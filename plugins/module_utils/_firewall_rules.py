# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""Default deny in front of containers: what is wished for, and the texts that say it to nftables and systemd."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_address, parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._interface_names import parse_interface_name
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._ports import Port, read_ports

FAMILY = "ip6"
DIRECTORY = "/etc/routable-ipv6"
UNITS = "/etc/systemd/system"

# It is part of a table's, a file's and a unit's name.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True)
class Firewall:
    """A checked wish. ``opened`` has no entry that another one covers."""

    name: str
    prefixes: tuple[ipaddress.IPv6Network, ...]
    opened: tuple[tuple[ipaddress.IPv6Network, Port], ...]
    bridges: tuple[str, ...]


def table_name(name: str) -> str:
    return f"routable_{name}"


def unit_name(name: str) -> str:
    return f"routable-ipv6-firewall-{name}.service"


def rules_path(name: str) -> str:
    return f"{DIRECTORY}/firewall-{name}.nft"


def unit_path(name: str) -> str:
    return f"{UNITS}/{unit_name(name)}"


def dropin_path(name: str) -> str:
    """What follows every run of the distribution's own ``nftables.service``, which flushes all tables."""
    return f"{UNITS}/nftables.service.d/routable-ipv6-{name}.conf"


def paths(name: str) -> tuple[str, str, str]:
    return rules_path(name), unit_path(name), dropin_path(name)


def read_name(name: str) -> str:
    """:raises Refused: not usable for a table, a file and a unit alike."""
    if not _NAME.fullmatch(name):
        raise Refused(
            f"name={name}",
            "the name of a firewall has up to 32 lower case letters, digits and '_' and begins with a letter",
            "Choose such a name",
        )
    return name


def read(name: str, prefixes: t.Iterable[object], allow: t.Iterable[object], bridges: t.Iterable[str]) -> Firewall:
    """Check what is wanted.

    :arg allow: mappings of ``address`` (an address or a prefix) and ``ports`` (see ``read_ports``).
    :raises Refused: the first value that cannot be used.
    """
    networks = tuple(ipaddress.collapse_addresses(parse_prefix(prefix, "prefixes") for prefix in prefixes))
    if not networks:
        raise Refused("prefixes=[]", "a firewall protects at least one prefix", "Give the prefix of the containers")
    opened: list[tuple[ipaddress.IPv6Network, Port]] = []
    for entry in allow:
        opened.extend(_opened(entry, networks))
    names = tuple(sorted({parse_interface_name(bridge, "bridges") for bridge in bridges}))
    return Firewall(read_name(name), networks, _without_covered(opened), names)


def check_own_addresses(wanted: Firewall, own: t.Iterable[tuple[str, ipaddress.IPv6Address]]) -> None:
    """Refuse a prefix that would close the host itself.

    :arg own: the host's addresses, each with its interface.
    :raises Refused: an address that is not on one of the bridges lies in a prefix.
    """
    for interface, address in own:
        if interface in wanted.bridges:
            continue
        for prefix in wanted.prefixes:
            if address in prefix:
                raise Refused(
                    f"prefixes={prefix}",
                    f"it holds {address} of {interface}, and the host's own services would be closed",
                    f"Give a prefix without it, or name {interface} in bridges if containers are behind it",
                )


def opened_entries(wanted: Firewall) -> list[dict[str, t.Any]]:
    """What is open, for people and for later tasks."""
    return [{"address": _address(network), **port.entry} for network, port in wanted.opened]


def render(wanted: Firewall) -> str:
    """The table as input of ``nft -f``: one transaction that replaces what is there, whatever that is."""
    table = f"{FAMILY} {table_name(wanted.name)}"
    lines = [
        "#!/usr/sbin/nft -f",
        "# Made by the Ansible module routable.ipv6.ipv6_firewall; changes are lost at its next run.",
        "# Naming the table before deleting it keeps this valid where there is none.",
        f"table {table} {{",
        "}",
        f"delete table {table}",
        f"table {table} {{",
        *_set("prefixes", "ipv6_addr", (str(prefix) for prefix in wanted.prefixes)),
        *_set("opened", "ipv6_addr . inet_proto . inet_service", (_element(*item) for item in wanted.opened)),
        "\tchain forward {",
        # Before the chains of Docker, ufw and firewalld, all of which are at 0 or later.
        "\t\ttype filter hook forward priority -10; policy accept;",
        "\t\tip6 daddr != @prefixes accept",
        "\t\tct state established,related accept",
        # Docker publishes a port on an address of the host itself: somebody asked for that by name.
        "\t\tct status dnat accept",
        # With br_netfilter, what stays within one bridge comes through here too.
        *(f'\t\tiifname "{bridge}" oifname "{bridge}" accept' for bridge in wanted.bridges),
        # RFC 4890, section 4.3.1: what must not be dropped. Errors of known connections are "related" already.
        "\t\ticmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request } "
        "accept",
        "\t\tip6 daddr . meta l4proto . th dport @opened accept",
        "\t\tcounter drop",
        "\t}",
        # A service of the host that listens on :: also listens on the bridges' addresses inside the prefixes.
        "\tchain input {",
        "\t\ttype filter hook input priority -10; policy accept;",
        "\t\tip6 daddr != @prefixes accept",
        "\t\tct state established,related accept",
        '\t\tiifname "lo" accept',
        *(f'\t\tiifname "{bridge}" accept' for bridge in wanted.bridges),
        # All of ICMPv6: neighbour discovery is among it.
        "\t\tmeta l4proto ipv6-icmp accept",
        "\t\tip6 daddr . meta l4proto . th dport @opened accept",
        "\t\tcounter drop",
        "\t}",
        "}",
    ]
    return "\n".join(lines) + "\n"


def unit_text(name: str) -> str:
    """The unit that loads the table at boot, before anything can be forwarded."""
    return f"""# Made by the Ansible module routable.ipv6.ipv6_firewall.
[Unit]
Description=Default deny in front of containers (table {FAMILY} {table_name(name)})
DefaultDependencies=no
Conflicts=shutdown.target
After=local-fs.target nftables.service
Before=network-pre.target docker.service shutdown.target
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f {rules_path(name)}
ExecReload=/usr/sbin/nft -f {rules_path(name)}

[Install]
WantedBy=sysinit.target
"""


def dropin_text(name: str) -> str:
    """Starting, reloading and stopping ``nftables.service`` flush every table; each ends with ours in place."""
    load = f"-/usr/sbin/nft -f {rules_path(name)}"
    return f"""# Made by the Ansible module routable.ipv6.ipv6_firewall.
[Service]
ExecStartPost={load}
ExecReload={load}
ExecStopPost={load}
"""


def file_texts(wanted: Firewall) -> dict[str, str | None]:
    name = wanted.name
    return {
        rules_path(name): render(wanted),
        unit_path(name): unit_text(name),
        dropin_path(name): dropin_text(name),
    }


def _opened(
    entry: object, prefixes: t.Sequence[ipaddress.IPv6Network]
) -> t.Iterator[tuple[ipaddress.IPv6Network, Port]]:
    if not isinstance(entry, dict):
        raise Refused(f"allow={entry}", "an entry has address and ports", "Write {address: ..., ports: [80]}")
    text = entry.get("address")
    if isinstance(text, str) and "/" in text:
        network = parse_prefix(text, "allow: address")
    else:
        network = ipaddress.IPv6Network((int(parse_address(text, "allow: address")), 128))
    if not any(prefix.supernet_of(network) for prefix in prefixes):
        raise Refused(
            f"allow: address={text}",
            f"only what is in {', '.join(str(prefix) for prefix in prefixes)} is denied, so nothing else can be opened",
            "Correct the address, or leave the entry out",
        )
    for port in read_ports(entry.get("ports"), f"allow: {text}: ports"):
        yield network, port


def _without_covered(
    opened: t.Sequence[tuple[ipaddress.IPv6Network, Port]],
) -> tuple[tuple[ipaddress.IPv6Network, Port], ...]:
    """In order and without what another entry covers: the kernel takes no overlapping elements in one set."""
    ordered = sorted(set(opened), key=lambda item: (item[1], item[0].prefixlen, item[0]))
    kept: list[tuple[ipaddress.IPv6Network, Port]] = []
    for network, port in ordered:
        if not any(port == other and wider.supernet_of(network) for wider, other in kept):
            kept.append((network, port))
    return tuple(sorted(kept, key=lambda item: (item[0], item[1])))


def _address(network: ipaddress.IPv6Network) -> str:
    return str(network.network_address) if network.prefixlen == 128 else str(network)


def _element(network: ipaddress.IPv6Network, port: Port) -> str:
    return f"{_address(network)} . {port.protocol} . {port.port}"


def _set(name: str, kind: str, elements: t.Iterable[str]) -> list[str]:
    lines = [f"\tset {name} {{", f"\t\ttype {kind}", "\t\tflags interval"]
    listed = ",\n\t\t\t".join(elements)
    if listed:
        lines += ["\t\telements = {", f"\t\t\t{listed}", "\t\t}"]
    return [*lines, "\t}"]
