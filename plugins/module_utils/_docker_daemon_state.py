# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The words in which a Docker daemon, its host and our record of it are described to the plan."""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass, field

from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_unit as units
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_ip6tables import Leftovers
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_keys import Version
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Plan
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_rules import HostNetworks

BRIDGE = "docker0"
UNIQUE_LOCAL = ipaddress.IPv6Network("fc00::/7")
DEFAULT_PATH = "/etc/docker/daemon.json"


@dataclass(frozen=True)
class Container:
    """A running container. ``policy`` is its restart policy, ``task`` says that a Swarm started it."""

    id: str
    name: str
    policy: str = "no"
    auto_remove: bool = False
    task: bool = False

    @property
    def comes_back(self) -> bool:
        """Whether Docker starts it again by itself."""
        return self.task or self.policy in ("always", "unless-stopped")


@dataclass(frozen=True)
class Network:
    """One of Docker's bridge networks. ``device`` is the bridge."""

    name: str
    device: str
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Api:
    """What a running daemon says of itself. ``subnet`` and ``ip_range`` are those of the default bridge, canonical."""

    ipv6: bool
    subnet: str | None = None
    ip_range: str | None = None
    live_restore: bool = False
    swarm: bool = False
    containers: tuple[Container, ...] = ()
    networks: tuple[Network, ...] = ()
    version: str = ""


@dataclass(frozen=True)
class Owned:
    """A key that we set. ``former`` and ``ours`` are JSON text; ``former`` is None when it was not there."""

    former: str | None
    ours: str


@dataclass(frozen=True)
class Started:
    """What a daemon was started with, as far as we know.

    ``place`` is where our values were then: file, dropin or nowhere. ``config`` is None when nobody knows it. ``after``
    is what we left on disk since, for the next start.
    """

    invocation: str
    place: str
    config: t.Mapping[str, t.Any] | None
    after: t.Mapping[str, t.Any] | None = None


@dataclass(frozen=True)
class Remembered:
    """The record of former runs. ``untouched`` says that the file ``path`` is byte for byte what we wrote.

    ``lingering`` are keys that the daemon still runs with as they were before, because a restart was not possible.
    """

    owned: t.Mapping[str, Owned] = field(default_factory=dict)
    path: str | None = None
    untouched: bool = False
    before: str | None = None
    started: Started | None = None
    lingering: tuple[str, ...] = ()


@dataclass(frozen=True)
class Now:
    """What is there.

    ``version`` is None where Docker is not installed. ``active`` is systemd's word for the service. ``invocation``
    tells one start of the daemon from another. ``fresh`` says that no file of its configuration is newer than that.
    ``ports`` counts the containers that hang on the bridge.
    """

    version: Version | None
    text: str | None = None
    unit: units.Unit = field(default_factory=units.Unit)
    environment: t.Mapping[str, units.Setting] = field(default_factory=dict)
    dropin: str | None = None
    active: str = "inactive"
    invocation: str = ""
    fresh: bool = True
    api: Api | None = None
    host: HostNetworks = field(default_factory=HostNetworks)
    ports: int = 0
    leftovers: Leftovers = field(default_factory=Leftovers)
    remembered: Remembered = field(default_factory=Remembered)
    forwarding: bool = True
    help_text: str | None = None
    neighbours: t.Mapping[str, str] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        return self.active in ("active", "reloading") and self.api is not None


@dataclass(frozen=True)
class Want:
    """What is wanted. ``options`` by our names; one that is None is nobody's wish."""

    options: t.Mapping[str, t.Any]
    present: bool = True
    backend: str = "file"
    path: str = DEFAULT_PATH
    service: str = "docker"
    dropin_path: str = ""
    restart: bool = True
    start_containers: bool = True
    # Docker's networks that will be gone before the daemon starts, by name.
    replaced_networks: tuple[str, ...] = ()


def as_wanted(seen: t.Mapping[str, t.Any], wanted: t.Mapping[str, t.Any]) -> bool:
    """Whether the default bridge is as it should be; both as :func:`bridge_state` gives it.

    Where no subnet is wanted, Docker chooses a unique local one.
    """
    if wanted["ipv6"] and wanted["subnet"] is None:
        return bool(seen["subnet"]) and ipaddress.IPv6Network(seen["subnet"]).subnet_of(UNIQUE_LOCAL)
    return dict(seen) == dict(wanted)


@dataclass(frozen=True)
class Decision:
    """A plan, and what carrying it out needs besides.

    ``files`` maps each path that changes to its text (None to remove it). ``config`` is what the daemon will run with.
    ``without_ipv6`` maps paths to the text that turns IPv6 off for the first of ``two_starts``.
    """

    plan: Plan
    files: t.Mapping[str, str | None]
    owned: t.Mapping[str, Owned]
    config: t.Mapping[str, t.Any]
    started: Started
    place: str
    effective: t.Mapping[str, t.Any]
    pending: str | None
    restart: bool
    delete_bridge: bool
    without_ipv6: t.Mapping[str, str]
    two_starts: bool
    clean_bridge: tuple[tuple[str, ...], tuple[str, ...]]
    clean_rules: bool
    lingering: tuple[str, ...]
    start: tuple[Container, ...]
    gone: tuple[Container, ...]
    words: tuple[str, ...]


def bridge_state(api: Api | None, host: HostNetworks) -> dict[str, t.Any]:
    """The state of the default bridge, as it is returned: ipv6, subnet, gateway; all None when the daemon is down.

    The API leaves the gateway out until the second start, so it is taken from the bridge.
    """
    if api is None:
        return {"ipv6": None, "subnet": None, "gateway": None}
    if not api.ipv6 or api.subnet is None:
        return {"ipv6": api.ipv6, "subnet": None, "gateway": None}
    network = ipaddress.IPv6Network(api.subnet)
    held = [str(one.ip) for one in host.on(BRIDGE) if one.ip in network and one.network.prefixlen == network.prefixlen]
    return {"ipv6": True, "subnet": str(network), "gateway": held[0] if held else None}
