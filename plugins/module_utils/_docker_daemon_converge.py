# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""A Docker daemon on this host: read, decide, apply, read back."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_unit as units
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon import decide
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_apply import NotApplied, apply, recall
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_client import Daemon, DaemonFailed
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_ip6tables import Leftovers, leftovers
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_keys import KEYS, Version, to_config
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_rules import (
    VALIDATES,
    gateway_of,
    parse_version,
)
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_state import (
    BRIDGE,
    DEFAULT_PATH,
    Api,
    Decision,
    Now,
    Want,
)
from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import Task
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_rules import HostNetworks
from ansible_collections.routable.ipv6.plugins.module_utils._record import Record
from ansible_collections.routable.ipv6.plugins.module_utils._units import booted

SWITCH: dict[str, t.Any] = {"type": "bool"}
ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "ipv6": {"type": "bool", "default": True},
    "fixed_cidr_v6": {"type": "str"},
    "default_gateway_v6": {"type": "str"},
    "bip6": {"type": "str"},
    "ip6tables": SWITCH,
    "experimental": SWITCH,
    "ip_forward": SWITCH,
    "ip_forward_no_drop": SWITCH,
    "ip_masq": SWITCH,
    "allow_direct_routing": SWITCH,
    "firewall_backend": {"type": "str", "choices": ["iptables", "nftables"]},
    "bridge_accept_fwmark": {"type": "str"},
    "default_address_pools": {
        "type": "list",
        "elements": "dict",
        "options": {"base": {"type": "str", "required": True}, "size": {"type": "int", "required": True}},
    },
    "default_network_opts": {"type": "dict"},
    "host_gateway_ips": {"type": "list", "elements": "str"},
    "registry_mirrors": {"type": "list", "elements": "str"},
    "backend": {"type": "str", "choices": ["file", "dropin"], "default": "file"},
    "path": {"type": "path", "default": DEFAULT_PATH},
    "service": {"type": "str", "default": "docker"},
    "restart": {"type": "bool", "default": True},
    "start_containers": {"type": "bool", "default": True},
    "replaced_networks": {"type": "list", "elements": "str", "default": []},
}
OPTIONS = tuple(dict.fromkeys(key.option for key in KEYS))


def read_now(daemon: Daemon, record: Record, want: Want) -> Now:
    """Everything that the decision depends on."""
    text = daemon.read(want.path)
    unit = units.parse_unit(daemon.unit_files(want.dropin_path))
    environment = units.environment(unit, daemon.read)
    program = units.binary(unit.exec_start[0]) if len(unit.exec_start) == 1 else ""
    given = units.flags(units.words(unit.exec_start[0], environment)) if program else []
    daemon.socket = units.socket_of(given) or daemon.socket
    shown = daemon.show()
    sources = [want.path, want.dropin_path, *unit.origins, *(one.text.lstrip("-") for one in unit.environment_files)]
    fresh = not daemon.newer_than_start(shown, sources)
    active = shown["ActiveState"]
    api = daemon.api() if active in ("active", "reloading") else None
    if active == "active" and api is None:
        raise DaemonFailed(f"{daemon.unit_name} is active, and nobody answers on {daemon.socket}.")
    version = read_version(daemon, shown, api, program)
    host = daemon.host()
    rules_wanted = want.options.get("ip6tables") is False or "ip6tables" in record.values.get("owned", {})
    return Now(
        version=version,
        text=text,
        unit=unit,
        environment=environment,
        dropin=daemon.read(want.dropin_path),
        active=active,
        invocation=shown.get("InvocationID", "") if api is not None else "",
        fresh=fresh,
        api=api,
        host=host,
        ports=daemon.bridge_ports(),
        leftovers=read_leftovers(daemon, api, host) if rules_wanted else Leftovers(),
        remembered=recall(record, want.path, text),
        forwarding=daemon.forwarding(),
        help_text=daemon.help_text(program) if version is not None and is_untried(version, api, fresh) else None,
        neighbours=read_neighbours(daemon, host, want, api),
    )


def read_version(daemon: Daemon, shown: t.Mapping[str, str], api: Api | None, program: str) -> Version | None:
    """What would start, None where Docker is not installed.

    A daemon that runs says it at once. The program takes a while, and is asked where it may be another one by now.
    """
    if api is not None and api.version and not daemon.replaced_since_start(shown, program):
        return parse_version(api.version)
    printed = daemon.version_text(program)
    return None if printed is None else parse_version(printed)


def is_untried(version: Version, api: Api | None, fresh: bool) -> bool:
    """Whether the file may have keys that nobody has told us to be unknown.

    A daemon that runs with it has taken them, and from 23.0 on the daemon itself can check a file.
    """
    return version < VALIDATES and (api is None or not fresh)


def read_leftovers(daemon: Daemon, api: Api | None, host: HostNetworks) -> Leftovers:
    networks = api.networks if api is not None else ()
    bridges = {BRIDGE, *(network.device for network in networks)}
    subnets = [subnet for network in networks for subnet in network.subnets]
    subnets += [str(one.network) for one in host.on(BRIDGE)]
    return leftovers(daemon.saved_rules(), bridges, subnets)


def read_neighbours(daemon: Daemon, host: HostNetworks, want: Want, api: Api | None) -> dict[str, str]:
    """Who on the link has the address that the bridge is to take; asked only while the bridge does not have it."""
    if not want.present or not want.options.get("ipv6"):
        return {}
    gateway = gateway_of(to_config(want.options, None))
    if gateway is None or any(one.ip == gateway for one in host.on(BRIDGE)):
        return {}
    device = host.on_link(gateway, without=[BRIDGE])
    return {str(gateway): device} if device is not None and daemon.neighbour(str(gateway), device) else {}


def check_permission(decision: Decision) -> None:
    for path in decision.files:
        place = path if os.path.exists(path) else os.path.dirname(path)
        while not os.path.exists(place):
            place = os.path.dirname(place)
        if not os.access(place, os.W_OK):
            raise Refused(path, f"{place} cannot be written, though this is root", "Mount it writable")


def check_daemon(daemon: Daemon, now: Now, want: Want, decision: Decision) -> None:
    """Let the daemon itself look at its new file together with its flags, where it can."""
    if now.version is None or now.version < VALIDATES or not (decision.files or decision.restart):
        return
    complaint = daemon.validate(decision.words, decision.files.get(want.path, now.text))
    if complaint is not None:
        raise Refused(f"{want.path} as it would be", f"dockerd --validate says: {complaint}", "Correct that first")


def wanted(params: t.Mapping[str, t.Any]) -> Want:
    """What the options ask for.

    :raises Refused: no service's name, or no path of a file.
    """
    service = units.parse_service(params["service"])
    return Want(
        options={option: params[option] for option in OPTIONS},
        present=params["state"] == "present",
        backend=params["backend"],
        path=os.path.realpath(units.parse_path(params["path"])),
        service=service,
        dropin_path=f"/etc/systemd/system/{service}.service.d/{units.DROPIN_NAME}",
        restart=params["restart"],
        start_containers=params["start_containers"],
        replaced_networks=tuple(params["replaced_networks"]),
    )


def checked(daemon: Daemon, now: Now, want: Want, check_mode: bool) -> Decision:
    """The decision, after all that can be known before the first write.

    :raises Refused: the host is not one on which it can be carried out.
    """
    decision = decide(now, want)
    if decision.plan.changed:
        check_permission(decision)
        check_daemon(daemon, now, want, decision)
    if now.version is None and want.present and not check_mode:
        raise Refused(
            f"service={want.service}",
            f"Docker is not installed: there is no {want.service}.service",
            "Install Docker first",
        )
    return decision


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, decide, apply, read back."""
    want = wanted(module.params)
    if os.geteuid() != 0:
        raise Refused(f"user id {os.geteuid()}", "only root can change the Docker daemon", "Set become to true")
    if not booted():
        raise Refused(f"service={want.service}", "systemd is not running on this host", "Use a host with systemd")
    daemon = Daemon(module, want.service)
    record = Record(f"docker-ipv6-daemon-{want.service}")
    now = read_now(daemon, record, want)
    decision = checked(daemon, now, want, module.check_mode)
    warnings = [*decision.plan.warnings, *record.foreign(decision.files)]
    if decision.plan.changed and not module.check_mode:
        warnings += apply(daemon, FileSet(module), record, now, want, decision)
    for warning in warnings:
        module.warn(warning)
    return {
        "changed": decision.plan.changed,
        "changes": decision.plan.sentences,
        "docker_version": None if now.version is None else ".".join(map(str, now.version)),
        "backend": want.backend,
        "path": want.path,
        "effective": decision.effective,
        "pending": decision.pending,
        "restarted": decision.restart,
        "started_containers": [container.name for container in decision.start],
        "diff": {"before": decision.plan.before, "after": decision.plan.after},
    }


TASK = Task(arguments=ARGUMENTS, run=run, trouble=(NotApplied, DaemonFailed, OSError))
