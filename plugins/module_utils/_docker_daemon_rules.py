# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What the Docker daemon accepts, by version.

Versions of keys come from the configuration struct in moby's ``daemon/config/config.go`` at the release tags. The rules
hold what a daemon of 20.10, 26.1 or 28.5 was seen to do, above all what ``dockerd --validate`` lets pass and what then
keeps the daemon from starting.

A configuration is a mapping from the key of ``daemon.json`` to its value, whether it comes from the file or from flags.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_keys import (
    KEYS,
    Version,
    check_mirror,
    key_of,
    shown,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_rules import check_kind, first_address

# More subnets than this are expanded in memory before Docker 27: 2^32 of them end the daemon.
_MOST_SUBNETS_BITS = 16
OLDEST: Version = (20, 10)
# `dockerd --validate` came with 23.0; so did reading an empty file and one with a byte order mark.
VALIDATES: Version = (23, 0)

_ENABLE_IPV6 = "com.docker.network.enable_ipv6"
_GATEWAY_MODE = "com.docker.network.bridge.gateway_mode_ipv6"
# Options of the bridge driver that make sense for every new network, by the release that brought them.
_NETWORK_OPTIONS: dict[str, Version] = {
    "com.docker.network.bridge.enable_icc": OLDEST,
    "com.docker.network.bridge.enable_ip_masquerade": OLDEST,
    "com.docker.network.bridge.host_binding_ipv4": OLDEST,
    "com.docker.network.container_iface_prefix": OLDEST,
    "com.docker.network.driver.mtu": OLDEST,
    "com.docker.network.host_ipv4": (23, 0),
    "com.docker.network.host_ipv6": (25, 0),
    "com.docker.network.bridge.inhibit_ipv4": (26, 0),
    "com.docker.network.bridge.gateway_mode_ipv4": (27, 0),
    _GATEWAY_MODE: (27, 0),
    _ENABLE_IPV6: (27, 0),
    "com.docker.network.enable_ipv4": (28, 0),
    "com.docker.network.bridge.trusted_host_interfaces": (28, 2),
}
_GATEWAY_MODES: dict[str, Version] = {
    "nat": (27, 0),
    "routed": (27, 0),
    "nat-unprotected": (28, 0),
    "isolated": (28, 0),
}
_NAT_LOST = "containers lose their IPv4 masquerading with it too, since the switch is for both families"


@dataclass(frozen=True)
class Case:
    """What the rules look at. ``version`` is None where Docker is not installed: what hangs on it is then left out.

    ``given`` are the keys that the user names himself; the rest of ``config`` was there.
    """

    config: t.Mapping[str, t.Any]
    given: t.Collection[str]
    version: Version | None
    forwarding: bool = True
    swarm: bool = False

    def since(self, version: Version) -> bool:
        return self.version is not None and self.version >= version

    def before(self, version: Version) -> bool:
        return self.version is not None and self.version < version

    @property
    def text(self) -> str:
        return "Docker" if self.version is None else "Docker " + ".".join(map(str, self.version))


def parse_version(text: str) -> Version:
    """From the output of ``dockerd --version``.

    :raises Refused: not such an output, or a release that is not known here.
    """
    found = re.search(r"(?:^|version )v?(\d+)\.(\d+)(?:\.(\d+))?", text.strip())
    if found is None:
        raise Refused(f"dockerd --version: {text.strip()!r}", "no version is in it", "Check that dockerd runs at all")
    version = tuple(int(one or 0) for one in found.groups())
    if version < OLDEST:
        raise Refused(f"Docker {found.group(0)}", "releases before 20.10 are not known here", "Install a later Docker")
    return version


def check(case: Case) -> list[str]:
    """Apply all rules.

    :returns: warnings, as sentences.
    :raises Refused: the daemon would not start with this, or would silently do something else.
    """
    warnings: list[str] = []
    for rule in _RULES:
        warnings += rule(case)
    return warnings


def subnet_of(config: t.Mapping[str, t.Any]) -> ipaddress.IPv6Network | None:
    """The subnet of the default bridge, None where Docker is left to choose it."""
    if config.get("bip6"):
        return ipaddress.IPv6Interface(config["bip6"]).network
    if config.get("fixed-cidr-v6"):
        return ipaddress.IPv6Network(config["fixed-cidr-v6"], strict=False)
    return None


def gateway_of(config: t.Mapping[str, t.Any]) -> ipaddress.IPv6Address | None:
    """The address that the bridge itself takes."""
    if config.get("bip6"):
        return ipaddress.IPv6Interface(config["bip6"]).ip
    subnet = subnet_of(config)
    return None if subnet is None else first_address(subnet)


def _what(case: Case, key: str) -> str:
    name = key_of(key).option if key in case.given else key
    return f"{name}={shown(case.config[key])}"


def _known(case: Case) -> list[str]:
    for key in KEYS:
        if key.key in case.given and key.key in case.config and case.before(key.since):
            since = ".".join(map(str, key.since))
            fate = "it does not start with a key that it does not know"
            if key.key == "default-network-opts" and case.before(VALIDATES):
                fate = "this release ignores it without a word"
            raise Refused(
                _what(case, key.key),
                f"{key.key} is there since Docker {since}, this is {case.text}, and {fate}",
                f"Leave {key.option} out, or install Docker {since}",
            )
    return []


def _types(case: Case) -> list[str]:
    for key in KEYS:
        value = case.config.get(key.key)
        if value is not None and not issubclass(type(value), key.json_type):
            raise Refused(
                f"{key.key}={shown(value)}",
                f"Docker wants {key.type_name} here, and does not start with {type(value).__name__}",
                f"Correct it, or set {key.option} here",
            )
    return []


def _bridge(case: Case) -> list[str]:
    bridge = case.config.get("bridge")
    if bridge in (None, "", "docker0") or not case.config.get("ipv6"):
        return []
    rule = "there is no default bridge" if bridge == "none" else "the default bridge is one that Docker did not make"
    raise Refused(f"bridge={bridge}", f"{rule}, so ipv6 cannot be set for it here", "Set ipv6 to false")


def _subnet(case: Case) -> list[str]:
    config = case.config
    enabled = bool(config.get("ipv6"))
    for key in ("fixed-cidr-v6", "default-gateway-v6", "bip6"):
        if key in case.given and key in config and not enabled:
            raise Refused(_what(case, key), "without ipv6 Docker does nothing with it", "Set ipv6 to true")
    if config.get("fixed-cidr-v6") and enabled:
        prefix = config["fixed-cidr-v6"]
        if "fixed-cidr-v6" not in case.given:
            # Docker masks host bits, so in a file that was there they are no mistake.
            with contextlib.suppress(ValueError):
                prefix = str(ipaddress.IPv6Network(prefix, strict=False))
        check_kind(prefix, key_of("fixed-cidr-v6").option if "fixed-cidr-v6" in case.given else "fixed-cidr-v6")
    if enabled and subnet_of_text(config) is None:
        if case.before((28, 0)):
            raise Refused(
                "ipv6=true",
                f"{case.text} does not start without a subnet for the default bridge",
                "Give fixed_cidr_v6",
            )
        return ["Without fixed_cidr_v6 Docker takes a unique local prefix, which nobody reaches from the internet."]
    return []


def subnet_of_text(config: t.Mapping[str, t.Any]) -> str | None:
    """What says which subnet the default bridge has, unchecked."""
    value = config.get("bip6") or config.get("fixed-cidr-v6")
    return None if value is None else str(value)


def _gateway(case: Case) -> list[str]:
    config = case.config
    if not config.get("default-gateway-v6") or not config.get("ipv6"):
        return []
    what = _what(case, "default-gateway-v6")
    try:
        gateway = ipaddress.IPv6Address(config["default-gateway-v6"])
    except ValueError as error:
        raise Refused(what, "this is not an IPv6 address", "Correct the spelling") from error
    subnet, own = subnet_of(config), gateway_of(config)
    if subnet is None or gateway not in subnet:
        raise Refused(
            what,
            f"it must lie inside {'the subnet, which is not given' if subnet is None else subnet}, or Docker does not "
            "start (its check does not notice)",
            "Give an address of fixed_cidr_v6",
        )
    if gateway in (own, subnet.network_address):
        taken = "the bridge itself takes it" if gateway == own else "it is the subnet-router anycast address"
        raise Refused(
            what,
            f"{taken}, and Docker does not start with an address that is in use",
            f"Leave default_gateway_v6 out to have {own} as the gateway, or give another address",
        )
    return []


def _bip6(case: Case) -> list[str]:
    config = case.config
    if not config.get("bip6"):
        return []
    what = _what(case, "bip6")
    try:
        interface = ipaddress.IPv6Interface(config["bip6"])
    except ValueError as error:
        raise Refused(
            what, "this is not an IPv6 address with its prefix length", "Write it as 2001:db8::1/64"
        ) from error
    check_kind(str(interface.network), "bip6")
    if interface.ip == interface.network.network_address:
        raise Refused(
            what, "this is the subnet-router anycast address (RFC 4291, section 2.6.1)", "Give the bridge another one"
        )
    if config.get("fixed-cidr-v6"):
        part = ipaddress.IPv6Network(config["fixed-cidr-v6"], strict=False)
        if not part.subnet_of(interface.network):
            raise Refused(
                _what(case, "fixed-cidr-v6"),
                f"it must be a part of {interface.network}, the subnet of bip6; Docker starts, and serves nobody",
                "Give a part of that subnet",
            )
    return []


def _firewall(case: Case) -> list[str]:
    config = case.config
    if config.get("ip6tables") and case.before((27, 0)) and not config.get("experimental"):
        raise Refused(
            _what(case, "ip6tables"),
            f"{case.text} does not start with it unless experimental is on too (its check does not notice)",
            "Set experimental to true as well, or leave ip6tables out",
        )
    if config.get("firewall-backend") == "nftables":
        if not case.forwarding:
            raise Refused(
                _what(case, "firewall-backend"),
                "with nftables Docker does not turn forwarding on, and does not start unless "
                "net.ipv6.conf.all.forwarding and net.ipv6.conf.default.forwarding are 1",
                "Turn forwarding on first (accept_ra of the uplink before it)",
            )
        if case.swarm:
            raise Refused(_what(case, "firewall-backend"), "a Swarm cannot work with nftables", "Leave it at iptables")
    return []


def _pools(case: Case) -> list[str]:
    pools = case.config.get("default-address-pools")
    if not pools:
        return []
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for pool in pools:
        what = f"default_address_pools: {shown(pool)}"
        network, size = _pool(pool, what)
        bits = size - network.prefixlen
        if network.version == 6 and bits and case.before((27, 0)):
            raise Refused(
                what,
                f"{case.text} gives out only the first subnet of an IPv6 pool",
                f"Give each subnet as a pool of its own, with size {network.prefixlen} for a base of that length",
            )
        if bits > _MOST_SUBNETS_BITS and case.before((27, 0)):
            raise Refused(
                what,
                f"{case.text} expands all 2^{bits} subnets in memory",
                f"Take a size of at most {network.prefixlen + _MOST_SUBNETS_BITS}",
            )
        for other in networks:
            if other.version == network.version and network.overlaps(other):
                raise Refused(what, f"it overlaps with the pool {other}", "Give pools that are disjoint")
        networks.append(network)
    if all(network.version == 6 for network in networks):
        raise Refused(
            "default_address_pools",
            "the list replaces Docker's own pools, and without an IPv4 pool there is none for docker0, so Docker does "
            "not start",
            "Add an IPv4 pool, such as {base: 172.16.0.0/12, size: 16}",
        )
    return []


def _pool(pool: t.Any, what: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, int]:
    try:
        base = str(pool["base"])
        size = int(pool["size"])
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(what, "a pool has a base (a prefix) and a size (a length)", "Give both") from error
    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    if ":" in base:
        network = check_kind(base, "base")
    else:
        try:
            network = ipaddress.IPv4Network(base)
        except ValueError as error:
            raise Refused(what, "the base is not a prefix", "Write it as 2001:db8::/56 or 10.0.0.0/16") from error
    if not network.prefixlen <= size <= network.max_prefixlen - 1:
        raise Refused(
            what,
            f"the size of a subnet of {network} is {network.prefixlen} to {network.max_prefixlen - 1} (Docker's check "
            "does not notice, and it does not start)",
            "Correct the size",
        )
    return network, size


def _options(case: Case) -> list[str]:
    warnings = []
    for driver, options in (case.config.get("default-network-opts") or {}).items():
        for name, value in (options or {}).items():
            what = f"default_network_opts: {driver}: {name}={value}"
            if not isinstance(value, str):
                raise Refused(what, "Docker wants text for every option", f'Write it as "{shown(value)}"')
            if driver != "bridge":
                continue
            _option(case, name, value, what)
            if name == "com.docker.network.bridge.enable_ip_masquerade" and value != "true":
                warnings.append(f"{what}: {_NAT_LOST}.")
    return warnings


def _option(case: Case, name: str, value: str, what: str) -> None:
    since = _NETWORK_OPTIONS.get(name)
    if since is None:
        raise Refused(
            what,
            "the bridge driver has no such option for all networks, and Docker does not check the name",
            f"Take one of {', '.join(sorted(_NETWORK_OPTIONS))}",
        )
    if name == _GATEWAY_MODE:
        mode = _GATEWAY_MODES.get(value)
        if mode is None:
            raise Refused(what, "there is no such mode", f"Take one of {', '.join(_GATEWAY_MODES)}")
        since = mode
    if case.before(since):
        text = ".".join(map(str, since))
        raise Refused(what, f"it is there since Docker {text}, and this is {case.text}", f"Install Docker {text}")


def _host_gateway(case: Case) -> list[str]:
    addresses = case.config.get("host-gateway-ips")
    if not addresses:
        return []
    families = [_ip(one).version for one in addresses]
    for family in (4, 6):
        if families.count(family) > 1:
            raise Refused(
                _what(case, "host-gateway-ips"),
                f"Docker takes one IPv{family} address at most",
                "Give one address per family",
            )
    return []


def _ip(text: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        if "%" in str(text):
            raise ValueError("a zone means nothing to containers")
        return ipaddress.ip_address(str(text))
    except ValueError as error:
        raise Refused(f"host_gateway_ips={text}", "this is not an address", "Correct the spelling") from error


def _masq(case: Case) -> list[str]:
    if case.config.get("ip-masq") is False and "ip-masq" in case.given:
        return [f"ip_masq=false: {_NAT_LOST}."]
    return []


def _mirrors(case: Case) -> list[str]:
    for mirror in case.config.get("registry-mirrors") or []:
        check_mirror(str(mirror))
    return []


_RULES = (
    _known,
    _types,
    _bridge,
    _subnet,
    _gateway,
    _bip6,
    _firewall,
    _pools,
    _options,
    _host_gateway,
    _masq,
    _mirrors,
)
