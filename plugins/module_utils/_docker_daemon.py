# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What has to happen so that a Docker daemon has the wanted IPv6 values, and only these.

The file or the drop-in says what the daemon will do at its next start; what it does now is read from its API, from the
bridge and from the record of its last start under us. Docker ignores changes at a reload, and with live-restore even at
a restart, so only the latter decides whether a restart is needed.
"""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_files as files
from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_rules as rules
from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_unit as units
from ansible_collections.routable.ipv6.plugins.module_utils import _json_text as json_text
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_keys import (
    MANAGED,
    effective,
    from_flags,
    key_of,
    shown,
    to_config,
)
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_state import (
    BRIDGE,
    DEFAULT_PATH,
    UNIQUE_LOCAL,
    Container,
    Decision,
    Now,
    Owned,
    Started,
    Want,
    bridge_state,
)
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_rules import (
    HostNetworks,
    check_first_address,
    check_host,
)

# These are read from the bridge itself.
_BRIDGE_KEYS = ("ipv6", "fixed-cidr-v6", "bip6")


def decide(now: Now, want: Want) -> Decision:
    """What has to happen.

    :raises Refused: the wish cannot work here; nothing has been touched.
    """
    given = to_config(want.options, now.version) if want.present else {}
    if not want.present and not now.remembered.owned and not now.remembered.lingering and now.dropin is None:
        # Nothing here is ours, so it does not matter what the file looks like.
        return _decide(now, want, _Target(now.text, None, {}, {}, {}, set(), (), []))
    if now.remembered.path not in (None, want.path):
        raise Refused(
            f"path={want.path}",
            f"this module has written {now.remembered.path} before",
            f"Set state to absent with path {now.remembered.path} first",
        )
    owned, text = files.file_after(now, want, given, files.document_of(now, want))
    dropin, added = files.dropin_after(now, want, given)
    document = {} if text is None or not text.strip() else json_text.read(text, want.path).value
    words, flags = files.command_line(now, want, added)
    changed = files.changed_files(now, want, text, dropin)
    concerned = {*given, *now.remembered.owned, *now.remembered.lingering, *files.dropin_config(now)}
    units.check_conflicts(document, want.path, flags)
    config = {**document, **from_flags((flag.name, flag.value) for flag in flags)}
    warnings: list[str] = []
    if want.present:
        _check_path(want, flags)
        swarm = now.api is not None and now.api.swarm
        warnings += rules.check(rules.Case(config, tuple(given), now.version, now.forwarding, swarm))
        # Last: of a key that is ours, the rules know more to say.
        if now.help_text is not None:
            _check_unknown(document, now.help_text, want.path)
        _check_networks(now, want, config, given)
    return _decide(now, want, _Target(text, dropin, changed, owned, config, concerned, words, warnings))


@dataclass(frozen=True)
class _Target:
    text: str | None
    dropin: str | None
    files: dict[str, str | None]
    owned: dict[str, Owned]
    config: dict[str, t.Any]
    concerned: set[str]
    words: tuple[str, ...]
    warnings: list[str]


def _check_path(want: Want, flags: t.Iterable[units.Flag]) -> None:
    """The daemon must read the file that we write."""
    given = [flag for flag in flags if flag.name == "config-file" and flag.value]
    reads = given[-1].value if given else DEFAULT_PATH
    if reads != want.path:
        why = f"by --config-file in {given[-1].origin}" if given else "since nothing says otherwise"
        raise Refused(f"path={want.path}", f"the daemon reads {reads}, {why}", f"Set path to {reads}")


def _check_unknown(document: t.Mapping[str, t.Any], help_text: str, path: str) -> None:
    unknown = units.unknown_keys(document, help_text)
    if unknown:
        raise Refused(
            f"{unknown[0]} in {path}",
            "this Docker has no such key, and does not start with a key that it does not know",
            "Correct its spelling, or remove it",
        )


def _check_networks(now: Now, want: Want, config: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> None:
    there = now.api.networks if now.api is not None else ()
    staying = [network for network in there if network.name not in want.replaced_networks]
    going = [network.device for network in there if network.name in want.replaced_networks]
    networks = {
        network.name: ipaddress.IPv6Network(subnet)
        for network in staying
        for subnet in network.subnets
        if network.device != BRIDGE
    }
    subnet = rules.subnet_of(config) if config.get("ipv6") else None
    if subnet is not None:
        key = "bip6" if config.get("bip6") else "fixed-cidr-v6"
        name = key_of(key).option if key in given else key
        check_host(subnet, name, now.host, own=[BRIDGE, *going], networks=networks)
        gateway = rules.gateway_of(config)
        if gateway is not None:
            check_first_address(subnet, name, gateway, now.neighbours.get(str(gateway)))
    bridges = [network.device for network in there]
    for pool in given.get("default-address-pools") or ():
        if ":" in pool["base"]:
            check_host(
                ipaddress.IPv6Network(pool["base"]), "default_address_pools: base", now.host, own=[BRIDGE, *bridges]
            )


def _decide(now: Now, want: Want, target: _Target) -> Decision:
    after_place = _place(target.dropin, target.owned)
    started = _started(now) if target.concerned else Started(now.invocation, "nowhere", None)
    current = bridge_state(now.api if now.running else None, now.host)
    expected = _expected(now, target.config)
    reasons, on_bridge = _differences(now, target, started.config, current, expected)
    if now.running and {started.place, after_place} == {"file", "dropin"}:
        reasons.append(f"its values move to the {'drop-in' if after_place == 'dropin' else 'file'}")
    pending = _pending(now, want, reasons, on_bridge)
    failed = now.active not in ("active", "reloading", "inactive") and now.version is not None
    failed = failed and want.present and want.restart
    if failed:
        reasons.append(f"it is {now.active}")
    restart = bool(reasons) and pending is None and (now.running or failed)
    known = bool(target.concerned) and now.version is not None and pending is None
    addresses, routes = stale_of_bridge(now.host, expected) if known else ((), ())
    stale = [*(f"the address {one}" for one in addresses), *(f"the route to {one}" for one in routes)]
    # Docker makes its bridge anew, but only a stopped one lets go of it.
    delete_bridge = bool(stale) and (restart or (not now.running and not now.ports))
    clean = bool(stale) and not delete_bridge and now.running
    ip6tables = (
        pending is None
        and bool(now.leftovers.script)
        and "ip6tables" in target.concerned
        and not effective(target.config, "ip6tables", now.version)
        and bool(started.config is None or effective(started.config, "ip6tables", now.version))
        and (restart or not now.running)
    )
    containers = now.api.containers if restart and now.api is not None and not now.api.live_restore else ()
    gone = tuple(one for one in containers if one.auto_remove and not one.task)
    lost = tuple(one for one in containers if not one.comes_back and not one.auto_remove)
    start = lost if want.start_containers else ()
    two_starts = restart and _overlaps(now, expected)
    changes = files.file_changes(now, want, target.files)
    if restart:
        verb = "Restart" if now.running else "Start"
        twice = " twice, since the former prefix overlaps with the new one" if two_starts else ""
        changes.append(Change(f"{verb} {want.service}.service{twice}: {'; '.join(reasons)}.", "restart"))
    if delete_bridge:
        changes.append(Change(f"Remove {BRIDGE} while Docker is stopped, with {', '.join(stale)}.", "delete_bridge"))
    elif clean:
        changes.append(Change(f"Remove {', '.join(stale)} from {BRIDGE}.", "clean_bridge"))
    if ip6tables:
        policy = ", and set the policy of FORWARD back to ACCEPT" if now.leftovers.policy else ""
        changes.append(Change(f"Remove the rules that Docker leaves in ip6tables{policy}.", "clean_rules"))
    changes += [Change(f"Start the container {one.name} again.", "start_container") for one in start]
    warnings = [*target.warnings]
    if lost and not want.start_containers:
        warnings.append(f"These containers have no restart policy and stay stopped: {_names(lost)}.")
    if start:
        warnings.append(
            "These containers have no restart policy that brings them back after a restart of the daemon, and are "
            f"started again by this module: {_names(start)}."
        )
    if gone:
        warnings.append(f"These containers were started with --rm and go with the restart: {_names(gone)}.")
    if pending is not None:
        warnings.append(f"{want.service}.service runs with the former values: {pending}")
    if ip6tables:
        warnings += now.leftovers.kept
    elif now.leftovers.script and not effective(target.config, "ip6tables", now.version) and pending is None:
        warnings.append(
            "Rules that look like Docker's are in ip6tables, though Docker does not make any there now; if nobody else "
            "made them, remove them or reboot."
        )
    if not now.running and not restart and target.files and _overlaps(now, expected):
        warnings.append(
            f"{want.service}.service does not run, and Docker still has the former prefix of {BRIDGE} in its store, "
            f"which overlaps with {expected['subnet'] or 'its choice'}. Run this again after the daemon was started."
        )
    if now.version is None and want.present:
        warnings.append(f"Docker is not installed: there is no {want.service}.service yet.")
    result = expected if restart else current
    before = files.side_of_diff(now.text, want.path, now.dropin, want.dropin_path, current)
    after = files.side_of_diff(target.text, want.path, target.dropin, want.dropin_path, result)
    return Decision(
        plan=Plan(tuple(changes), before, after, tuple(warnings)),
        files=target.files,
        owned=target.owned,
        config={key: value for key, value in target.config.items() if key in MANAGED},
        started=started,
        place=after_place,
        effective=result,
        pending=pending,
        restart=restart,
        delete_bridge=delete_bridge,
        without_ipv6=files.without_ipv6(target.text, target.dropin, want) if restart else {},
        two_starts=two_starts,
        clean_bridge=(addresses, routes) if clean else ((), ()),
        clean_rules=ip6tables,
        lingering=tuple(sorted(target.concerned)) if pending is not None else (),
        start=start,
        gone=gone,
        words=target.words,
    )


def _names(containers: t.Iterable[Container]) -> str:
    return ", ".join(one.name for one in containers)


def _place(dropin: str | None, owned: t.Mapping[str, Owned]) -> str:
    """Where our values are."""
    return "dropin" if dropin is not None else "file" if owned else "nowhere"


def _started(now: Now) -> Started:
    """What the running daemon was started with, or what a start would find now when it does not run."""
    known = now.remembered.started
    found = files.on_disk(now)
    place = _place(now.dropin, now.remembered.owned)
    if now.running and known is not None:
        if known.invocation == now.invocation:
            return known
        # Somebody has restarted it since. Our keys are as we left them, so that is what it was started with.
        if known.after is not None and dict(known.after) == found:
            return Started(now.invocation, place, found)
    return Started(now.invocation, place, found if now.fresh or not now.running else None)


def _overlaps(now: Now, expected: t.Mapping[str, t.Any]) -> bool:
    """Whether the bridge has another prefix that Docker would keep instead of its new one."""
    former = {one.network for one in now.host.on(BRIDGE)}
    if now.api is not None and now.api.subnet is not None:
        former.add(ipaddress.IPv6Network(now.api.subnet))
    if expected["subnet"] is None:
        # Where the choice is Docker's, it chooses what is there.
        return bool(expected["ipv6"]) and any(not one.subnet_of(UNIQUE_LOCAL) for one in former)
    subnet = ipaddress.IPv6Network(expected["subnet"])
    return any(one != subnet and one.overlaps(subnet) for one in former)


def _expected(now: Now, config: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The state of the default bridge after a start with this configuration."""
    if not config.get("ipv6"):
        return {"ipv6": False, "subnet": None, "gateway": None}
    try:
        subnet, gateway = rules.subnet_of(config), rules.gateway_of(config)
    except ValueError:
        subnet = gateway = None
    if subnet is None and now.api is not None and now.api.subnet is not None:
        chosen = ipaddress.IPv6Network(now.api.subnet)
        if chosen.subnet_of(UNIQUE_LOCAL):
            return bridge_state(now.api, now.host)
    return {
        "ipv6": True,
        "subnet": None if subnet is None else str(subnet),
        "gateway": None if gateway is None else str(gateway),
    }


def _differences(
    now: Now,
    target: _Target,
    started: t.Mapping[str, t.Any] | None,
    current: t.Mapping[str, t.Any],
    expected: t.Mapping[str, t.Any],
) -> tuple[list[str], bool]:
    """Why the running daemon is not what is wanted, and whether a bridge or its rules are part of that."""
    reasons: list[str] = []
    on_bridge = False
    if not now.running or not target.concerned:
        return reasons, on_bridge
    if current != expected:
        reasons.append(f"the default bridge has {_bridge_text(current)} instead of {_bridge_text(expected)}")
        on_bridge = True
    config = target.config
    bip6_range = now.api is not None and config.get("bip6") and config.get("fixed-cidr-v6")
    if bip6_range and now.api is not None and now.api.ip_range is not None and not on_bridge:
        wanted = str(ipaddress.IPv6Network(config["fixed-cidr-v6"], strict=False))
        if now.api.ip_range != wanted:
            reasons.append(f"containers of the default bridge get addresses of {now.api.ip_range} instead of {wanted}")
            on_bridge = True
    for key in sorted(target.concerned - set(_BRIDGE_KEYS)):
        if key == "default-gateway-v6" and not config.get("ipv6"):
            continue
        wanted_value = effective(config, key, now.version)
        if started is None:
            unset = effective({}, key, now.version)
            if wanted_value != unset or key in config:
                reasons.append(f"nobody knows whether it was started with {key}={shown(wanted_value)}")
                on_bridge = on_bridge or key_of(key).touches_bridge
        elif effective(started, key, now.version) != wanted_value:
            had = effective(started, key, now.version)
            reasons.append(f"{key} is {_value_text(had)} instead of {_value_text(wanted_value)}")
            on_bridge = on_bridge or key_of(key).touches_bridge
    return reasons, on_bridge


def _value_text(value: t.Any) -> str:
    return "unset" if value is None else shown(value)


def _bridge_text(state: t.Mapping[str, t.Any]) -> str:
    if not state["ipv6"]:
        return "no IPv6"
    return f"{state['subnet'] or 'a subnet of its own'} (bridge at {state['gateway'] or 'no address'})"


def _pending(now: Now, want: Want, reasons: list[str], on_bridge: bool) -> str | None:
    if not reasons or not now.running or now.api is None:
        return None
    if not want.restart:
        return f"restart is false ({'; '.join(reasons)}). Restart the service."
    if now.api.live_restore and now.api.containers and on_bridge:
        return (
            f"with live-restore and {len(now.api.containers)} running containers ({_names(now.api.containers)}) Docker "
            f"leaves its bridges as they are, even over a restart ({'; '.join(reasons)}). Stop these containers, or "
            "turn live-restore off, and run this again."
        )
    return None


def stale_of_bridge(host: HostNetworks, expected: t.Mapping[str, t.Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Addresses and routes of the bridge that belong to another prefix than it is to have.

    :arg expected: as :func:`bridge_state` gives it.
    """
    held = host.on(BRIDGE)
    if expected["ipv6"] and expected["subnet"] is None:
        # Docker takes a prefix that it finds on the bridge for its own choice, so only a unique local one may be there.
        return tuple(str(one) for one in held if one not in UNIQUE_LOCAL), ()
    subnet = None if expected["subnet"] is None else ipaddress.IPv6Network(expected["subnet"])
    addresses = tuple(str(one) for one in held if one.network != subnet)
    routes = {
        str(one.prefix)
        for one in host.routes_on(BRIDGE)
        if one.prefix.prefixlen and not (subnet is not None and one.prefix.subnet_of(subnet))
    }
    # The kernel's own route of an address goes with the address.
    kernel = {str(one.network) for one in held}
    return addresses, tuple(sorted(routes - kernel))
