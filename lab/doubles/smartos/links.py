# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What the kernel's link protection takes and lets through (illumos, mac_protect.c), and the same as nftables rules."""

from __future__ import annotations

import ipaddress
import typing as t

from values import Nic, is_static, value_of

MOST = 32
EUI_MASK = "::ffff:ffff:ffff:ffff"
PREFIX_MASK = "ffff:ffff:ffff:ffff::"
TABLE = "bridge smartos"


class LinkError(Exception):
    """What dladm says when it refuses a value."""


def interface_id(mac: str) -> ipaddress.IPv6Address:
    """The modified EUI-64 identifier of a MAC address (RFC 4291, appendix A), in the lower half of an address."""
    octets = [int(part, 16) for part in mac.split(":")]
    octets[0] ^= 0x02
    return ipaddress.IPv6Address(int.from_bytes(bytes([*octets[:3], 0xFF, 0xFE, *octets[3:]]), "big"))


def eui64(mac: str, prefix: str = "fe80::") -> str:
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(interface_id(mac))))


def allowed_set(nic: Nic, allowed: t.Sequence[str] | None = None) -> list[str]:
    """The entries that a NIC's link gets: joined by text, as vmadm does it."""
    ips = [entry.partition("/")[0] for entry in nic.get("ips", []) if is_static(entry)]
    extra = [nic["vrrp_primary_ip"]] if nic.get("vrrp_primary_ip") else []
    entries = nic.get("allowed_ips", []) if allowed is None else allowed
    return list(dict.fromkeys([*ips, *extra, *entries]))


def check_set(entries: t.Sequence[str]) -> None:
    """Refuse what the kernel refuses: more than 32, the unspecified address, no mask, an address that comes twice."""
    if len(entries) > MOST:
        raise LinkError("dladm: warning: cannot set link property 'allowed-ips': too many values")
    seen: set[tuple[int, int]] = set()
    for entry in entries:
        found = value_of(entry)
        length = entry.partition("/")[2]
        numeric = not length or (length.isascii() and length.isdigit() and int(length) > 0)
        if found is None or not numeric or found[1] == 0:
            raise LinkError(f"dladm: warning: cannot set link property 'allowed-ips': invalid value '{entry}'")
        if found in seen:
            raise LinkError("dladm: warning: cannot set link property 'allowed-ips': duplicate value")
        seen.add(found)


def protected(nic: Nic) -> bool:
    """Whether the link has ip-nospoof: these flags take it away, the last two since July 2022 (OS-8398)."""
    return not (nic.get("allow_ip_spoofing") or nic.get("allow_dhcp_spoofing") or nic.get("dhcp_server"))


def permits(nic: Nic, entries: t.Sequence[str], address: str) -> bool:
    """Whether the link lets a static source address through; those of SLAAC are judged by their prefix."""
    if not protected(nic):
        return True
    value = ipaddress.ip_address(address)
    if str(value) == eui64(nic["mac"]):
        return True
    return any(value in network for network in map(_network, entries) if network.version == value.version)


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(entry, strict=False)


def _collapsed(entries: t.Sequence[str], version: int) -> list[str]:
    """Without what another entry covers, which one set of nftables does not take."""
    networks = [network for network in map(_network, entries) if network.version == version]
    return [str(network) for network in ipaddress.collapse_addresses(networks)]  # type: ignore[type-var]


def rules(port: str, nic: Nic, entries: t.Sequence[str]) -> str:
    """A script for nft that filters what comes out of one zone port."""
    lines = [f"add chain {TABLE} {port}", f"flush chain {TABLE} {port}"]
    lines += [f"add chain {TABLE} {port}_source", f"flush chain {TABLE} {port}_source"]

    def rule(text: str, chain: str = port) -> None:
        lines.append(f"add rule {TABLE} {chain} {text}")

    if not nic.get("allow_mac_spoofing"):
        rule(f"ether saddr != {nic['mac']} counter drop")
    if protected(nic):
        six = _collapsed([eui64(nic["mac"]), *entries], 6)
        four = _collapsed(["0.0.0.0", *entries], 4)
        advert = "icmpv6 type nd-neighbor-advert"
        iid = str(interface_id(nic["mac"]))
        slaac = "addrconf" in nic.get("ips", [])
        rule(f"{advert} icmpv6 taddr {{ {', '.join(six)} }} goto {port}_source")
        if slaac:
            own = f"icmpv6 taddr & {EUI_MASK} == {iid} icmpv6 taddr & {PREFIX_MASK} == @learnt"
            rule(f"{advert} {own} goto {port}_source")
        rule(f"{advert} counter drop")
        rule(f"goto {port}_source")
        source = f"{port}_source"
        rule(f"ip6 saddr {{ ::, {', '.join(six)} }} accept", source)
        if slaac:
            rule(f"ip6 saddr & {EUI_MASK} == {iid} ip6 saddr & {PREFIX_MASK} == @learnt accept", source)
        rule(f"arp saddr ip {{ {', '.join(four)} }} accept", source)
        rule(f"ip saddr {{ {', '.join(four)} }} accept", source)
        rule("counter drop", source)
    lines.append(f'add element {TABLE} ports {{ "{port}" : jump {port} }}')
    return "\n".join(lines) + "\n"


def no_rules(port: str) -> str:
    """A script for nft that forgets a port."""
    return "\n".join(
        [
            f'delete element {TABLE} ports {{ "{port}" }}',
            f"flush chain {TABLE} {port}",
            f"flush chain {TABLE} {port}_source",
            f"delete chain {TABLE} {port}",
            f"delete chain {TABLE} {port}_source",
            "",
        ]
    )


BASE = f"""table {TABLE} {{
    set learnt {{
        type ipv6_addr
    }}
    map ports {{
        type ifname : verdict
    }}
    chain from_zones {{
        type filter hook prerouting priority 0; policy accept;
        iifname vmap @ports
    }}
}}
"""
