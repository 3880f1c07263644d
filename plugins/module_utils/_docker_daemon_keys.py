# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The keys of the Docker daemon that concern IPv6: their names in the file, on the command line and as our options.

When a release of Docker changes a key, this table changes.
"""

from __future__ import annotations

import ipaddress
import json
import re
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_address, parse_interface
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_rules import check_kind

Version = t.Tuple[int, ...]

_OLDEST: Version = (20, 10)


@dataclass(frozen=True)
class Key:
    """A key of ``daemon.json``, the flag and the option of ours that mean the same, and the release that brought it.

    ``when_absent`` is what the daemon does without it; ip6tables is the one that changed its mind (27.0).
    """

    option: str
    key: str
    flag: str
    since: Version
    json_type: type
    when_absent: t.Any = None
    # With live-restore and a running container, Docker leaves the bridges and their rules as they are.
    touches_bridge: bool = True

    @property
    def type_name(self) -> str:
        return {bool: "true or false", str: "text", list: "a list", dict: "an object"}[self.json_type]


KEYS: tuple[Key, ...] = (
    Key("ipv6", "ipv6", "ipv6", _OLDEST, bool, False),
    Key("fixed_cidr_v6", "fixed-cidr-v6", "fixed-cidr-v6", _OLDEST, str),
    Key("default_gateway_v6", "default-gateway-v6", "default-gateway-v6", _OLDEST, str),
    Key("bip6", "bip6", "bip6", (28, 0), str),
    Key("ip6tables", "ip6tables", "ip6tables", _OLDEST, bool, False),
    Key("experimental", "experimental", "experimental", _OLDEST, bool, False, touches_bridge=False),
    Key("ip_forward", "ip-forward", "ip-forward", _OLDEST, bool, True, touches_bridge=False),
    Key("ip_forward_no_drop", "ip-forward-no-drop", "ip-forward-no-drop", (28, 0), bool, False),
    Key("ip_masq", "ip-masq", "ip-masq", _OLDEST, bool, True),
    Key("allow_direct_routing", "allow-direct-routing", "allow-direct-routing", (28, 2), bool, False),
    Key("firewall_backend", "firewall-backend", "firewall-backend", (29, 0), str),
    Key("bridge_accept_fwmark", "bridge-accept-fwmark", "bridge-accept-fwmark", (29, 0), str),
    Key(
        "default_address_pools",
        "default-address-pools",
        "default-address-pool",
        _OLDEST,
        list,
        touches_bridge=False,
    ),
    Key("default_network_opts", "default-network-opts", "default-network-opt", (24, 0), dict, touches_bridge=False),
    Key("host_gateway_ips", "host-gateway-ips", "host-gateway-ip", (28, 0), list, touches_bridge=False),
    # The same option before 28.0, which took one address.
    Key("host_gateway_ips", "host-gateway-ip", "host-gateway-ip", _OLDEST, str, touches_bridge=False),
    # Where images come from: on a host without IPv4 that has to be somebody with an IPv6 address.
    Key("registry_mirrors", "registry-mirrors", "registry-mirror", _OLDEST, list, touches_bridge=False),
)
_LIST_SINCE: Version = (28, 0)
_BY_KEY = {key.key: key for key in KEYS}
MANAGED = frozenset(_BY_KEY)


def key_of(key: str) -> Key:
    return _BY_KEY[key]


_MARK = re.compile("(0x[0-9a-fA-F]{1,8}|[0-9]{1,10})(/(0x[0-9a-fA-F]{1,8}|[0-9]{1,10}))?")


def shown(value: t.Any) -> str:
    """A value as people read it in a message."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def to_config(options: t.Mapping[str, t.Any], version: Version | None) -> dict[str, t.Any]:
    """The keys and values for the daemon that options of ours stand for; an option of None is left out.

    :raises Refused: a value that is none for this option in any release.
    """
    config: dict[str, t.Any] = {}
    for key in KEYS:
        value = options.get(key.option)
        if value is None or key.key == "host-gateway-ip":
            continue
        if key.key == "fixed-cidr-v6":
            config[key.key] = str(check_kind(value, key.option))
        elif key.key == "default-gateway-v6":
            config[key.key] = str(parse_address(value, key.option))
        elif key.key == "bip6":
            config[key.key] = str(parse_interface(value, key.option))
        elif key.key == "default-address-pools":
            config[key.key] = [{"base": str(pool["base"]).strip(), "size": pool["size"]} for pool in value]
        elif key.key == "default-network-opts":
            config[key.key] = _network_options(value)
        elif key.key == "bridge-accept-fwmark":
            config[key.key] = _mark(value)
        elif key.key == "host-gateway-ips":
            config.update(_host_gateway([str(one) for one in value], version))
        else:
            config[key.key] = value
    return config


def _mark(text: str) -> str:
    """Moby, daemon/libnetwork/drivers/bridge: a number, and after a slash a mask; both as Go reads numbers."""
    if not _MARK.fullmatch(text):
        raise Refused(
            f"bridge_accept_fwmark={text}",
            "a mark is a number of 32 bits, or a number and a mask",
            "Write it as 0x1/0x3",
        )
    return text


def _network_options(value: t.Mapping[str, t.Any]) -> dict[str, dict[str, str]]:
    """YAML makes booleans and numbers of what Docker wants as text."""
    result: dict[str, dict[str, str]] = {}
    for driver, options in value.items():
        if not isinstance(options, dict):
            raise Refused(
                f"default_network_opts: {driver}={shown(options)}",
                "each driver has a mapping of options",
                "Write it as {bridge: {com.docker.network.driver.mtu: 1400}}",
            )
        result[str(driver)] = {
            str(name): one if isinstance(one, str) else json.dumps(one) for name, one in options.items()
        }
    return result


def _host_gateway(addresses: list[str], version: Version | None) -> dict[str, t.Any]:
    if version is None or version >= _LIST_SINCE:
        return {"host-gateway-ips": addresses}
    if len(addresses) != 1:
        raise Refused(
            f"host_gateway_ips={','.join(addresses)}",
            "before Docker 28.0 there is one address for host-gateway",
            "Give exactly one",
        )
    return {"host-gateway-ip": addresses[0]}


def check_mirror(text: str) -> None:
    """Moby, daemon/pkg/registry/config.go, ValidateMirror.

    :raises Refused: Docker does not start with it.
    """
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or any(character.isspace() for character in text):
        raise Refused(
            f"registry_mirrors={text}", "a mirror is a URL with http or https", "Write it as https://mirror.example.org"
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        raise Refused(
            f"registry_mirrors={text}",
            "Docker takes a host and a port, and no path, query or user",
            "Write it as https://host:port",
        )


def same(key: str, one: t.Any, other: t.Any) -> bool:
    """Whether two values of a key mean the same to the daemon, however they are spelled."""
    return bool(_normal(key, one) == _normal(key, other))


def effective(config: t.Mapping[str, t.Any], key: str, version: Version | None) -> t.Any:
    """What the daemon does about a key, with its default where it is not set; comparable."""
    value = config.get(key)
    if value is None:
        return True if key == "ip6tables" and (version or _OLDEST) >= (27, 0) else key_of(key).when_absent
    return _normal(key, value)


def _normal(key: str, value: t.Any) -> t.Any:
    try:
        if key == "fixed-cidr-v6":
            return str(ipaddress.IPv6Network(value, strict=False))
        if key == "bip6":
            return str(ipaddress.IPv6Interface(value))
        if key in ("default-gateway-v6", "host-gateway-ip"):
            return str(ipaddress.ip_address(value))
        if key == "host-gateway-ips":
            return sorted(str(ipaddress.ip_address(one)) for one in value)
        if key == "registry-mirrors":
            return [str(one).rstrip("/") for one in value]
        if key == "default-address-pools":
            return [[str(ipaddress.ip_network(one["base"], strict=False)), int(one["size"])] for one in value]
    except (ValueError, TypeError, KeyError):
        # What is no value at all is the same as nothing but itself; the rules refuse it by its name.
        return value
    return value


def to_flags(config: t.Mapping[str, t.Any]) -> list[str]:
    """The command line that stands for a configuration, one word per entry.

    :raises Refused: a value that a unit file cannot hold as one plain word.
    """
    words: list[str] = []
    for key in KEYS:
        if key.key not in config:
            continue
        value = config[key.key]
        if isinstance(value, bool):
            texts = [json.dumps(value)]
        elif key.key == "default-address-pools":
            texts = [f"base={pool['base']},size={pool['size']}" for pool in value]
        elif key.key == "default-network-opts":
            texts = [f"{driver}={name}={one}" for driver, options in value.items() for name, one in options.items()]
        elif isinstance(value, list):
            texts = [str(one) for one in value]
        else:
            texts = [str(value)]
        for text in texts:
            if any(character.isspace() or character in "\"'\\$%;" for character in text):
                raise Refused(
                    f"{key.option}={text}", "a unit file gives this character a meaning", "Use backend=file instead"
                )
            words.append(f"--{key.flag}={text}")
    return words


def from_flags(flags: t.Iterable[tuple[str, str | None]]) -> dict[str, t.Any]:
    """The configuration that flags stand for, of the keys in the table and ``bridge`` and ``live-restore``.

    :arg flags: name without dashes, and value (None for a flag without one).
    """
    config: dict[str, t.Any] = {}
    for name, value in flags:
        text = "" if value is None else value
        keys = [key for key in KEYS if key.flag == name]
        if not keys:
            if name in ("bridge", "live-restore"):
                config[name] = text not in ("false", "0", "f") if name == "live-restore" else text
            continue
        key = keys[0]
        if key.json_type is bool:
            config[key.key] = text.lower() not in ("false", "0", "f")
        elif key.key == "default-address-pools":
            parts = dict(part.partition("=")[::2] for part in text.split(","))
            pool = {"base": parts.get("base", ""), "size": int(parts["size"]) if parts.get("size", "").isdigit() else 0}
            config.setdefault(key.key, []).append(pool)
        elif key.key == "default-network-opts":
            driver, _sep, rest = text.partition("=")
            option, _sep, one = rest.partition("=")
            config.setdefault(key.key, {}).setdefault(driver, {})[option] = one
        elif key.json_type is list:
            config.setdefault(key.key, []).append(text)
        else:
            config[key.key] = text
    return config
