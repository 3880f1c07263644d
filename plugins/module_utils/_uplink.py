# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What keeps router advertisements on an uplink that forwards, owner by owner.

The kernel drops an advertised default route the moment forwarding goes on while ``accept_ra`` is 1 (ip-sysctl,
``accept_ra``: 2 is "overrule forwarding behaviour"). So whatever is needed for the advertisements comes first in every
plan, and forwarding last.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils import _sysctl as sysctl
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_ifupdown as ifupdown
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_networkd as networkd
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_sysctl as persisted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._shown import without_secrets
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import Facts, Link
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_owner import Owner

# The names that Docker gives to bridges of its own (libnetwork: "br-" and the first 12 digits of the network's id).
_DOCKER_BRIDGE = re.compile(r"docker0$|docker_gwbridge$|br-[0-9a-f]{12}$")
# NetworkManager's ipv6.method by which it takes advertisements itself (nm-settings-nmcli(5)).
_NM_ACCEPTING = ("auto", "dhcp")


def check_interface(name: str, link: Link | None, known: t.Iterable[str]) -> Link:
    """The interface, when it can be an uplink at all.

    :raises Refused: it is not there, is the loopback, a bridge of Docker's, a bridge's port, or has no IPv6.
    """
    what = f"interface={name}"
    if link is None:
        there = ", ".join(sorted(known)) or "none"
        raise Refused(what, "this host has no such interface", f"Name one that it has: {there}")
    if link.loopback:
        raise Refused(what, "the loopback leads to no router", "Name the interface towards the provider's router")
    if link.bridge is not None:
        rule = f"it is a port of the bridge {link.bridge}, and IPv6 lives on the bridge"
        raise Refused(what, rule, f"Name {link.bridge}, if that one leads to the provider's router")
    if link.is_bridge and _DOCKER_BRIDGE.match(name):
        rule = "it is a bridge towards containers"
        raise Refused(what, rule, "Name the interface towards the provider's router")
    if link.disable_ipv6 is None:
        rule = f"it has no IPv6 (there is no /proc/sys/net/ipv6/conf/{name})"
        raise Refused(what, rule, "Give it an MTU of 1280 or more, and see that the kernel has IPv6")
    if link.disable_ipv6 != "0":
        key = sysctl.interface_key(name, "disable_ipv6")
        raise Refused(what, f"IPv6 is turned off on it ({key} is {link.disable_ipv6})", "Turn IPv6 on there first")
    return link


def needs_advertisements(facts: Facts) -> bool:
    """Whether the default route comes, or could only come, from a router advertisement."""
    return bool(facts.advertised) or not facts.static


def kernel_accepts(owner: Owner, facts: Facts) -> bool:
    """Whether it is the kernel that takes the advertisements, on behalf of whoever configures the link."""
    if owner.renderer == "networkmanager":
        return facts.networkmanager is not None and facts.networkmanager.method == "ignore"
    return owner.renderer in ("kernel", "ifupdown")


def plan_present(facts: Facts, owner: Owner, forwarding: bool) -> Plan:
    """The changes that keep the advertisements and, if asked for, turn forwarding on and keep it on.

    :raises Refused: the owner was told by somebody not to take advertisements, and no static route stands in; or
        forwarding would take another interface's default route.
    """
    needed = needs_advertisements(facts)
    kernel = kernel_accepts(owner, facts)
    if needed:
        _check_owner_accepts(facts, owner)
    if forwarding and facts.forwarding != "1":
        _check_other_uplinks(facts)
    accept_key = sysctl.interface_key(facts.link.name, "accept_ra")
    own_path = persisted.own_path(facts.link.name)
    own_before = dict(facts.sysctl_files).get(own_path)
    # A line that is there already stays: the advertised route may only be away for the moment.
    accept = kernel and (needed or f"{accept_key} = 2\n" in (own_before or ""))

    files: list[tuple[str, str | None, str | None]] = []
    if needed:
        files += _owner_files(facts, owner)
    files.append((own_path, own_before, persisted.own_text(facts.link.name, accept, forwarding)))
    files = [entry for entry in files if entry[1] != entry[2]]
    changes = [_file_change(*entry) for entry in files]
    values: list[tuple[str, str, str]] = []
    if accept and facts.link.accept_ra != "2":
        values.append((accept_key, facts.link.accept_ra, "2"))
        changes.append(_value_change(*values[-1]))
    if needed and not facts.advertised:
        if any(path.endswith(networkd.DROPIN) for path, *dummy in files):
            changes.append(Change("Restart systemd-networkd, so that it takes router advertisements", "restart"))
        changes.append(Change(f"Ask the routers on {facts.link.name} for an advertisement", "solicit"))
    if forwarding and facts.forwarding != "1":
        values.append((sysctl.FORWARDING, facts.forwarding, "1"))
        changes.append(_value_change(*values[-1]))

    wanted = {accept_key: "2"} if accept else {}
    if forwarding:
        wanted.update({sysctl.FORWARDING: "1", sysctl.interface_key(facts.link.name, "forwarding"): "1"})
    return Plan(
        tuple(changes),
        before=_state(files, values, 1),
        after=_state(files, values, 2),
        warnings=tuple(persisted.against(facts, wanted) + _warnings(facts, owner, forwarding, kernel)),
    )


def evidence(facts: Facts, owner: Owner) -> str:
    """How the owner was found, and what follows from the default route that there is."""
    if needs_advertisements(facts):
        return owner.evidence
    return f"{owner.evidence} Its default route is static, so forwarding cannot take it away."


def plan_absent(
    facts: Facts,
    written: t.Mapping[str, tuple[str | None, bool, str | None]],
    values: t.Mapping[str, str],
) -> Plan:
    """Take our files away and bring former values back, as far as that costs the host nothing it needs.

    :arg written: for each file that we wrote: its text now, whether that is just what we wrote, its text before us.
    :arg values: running values before us, by parameter.
    """
    files: dict[str, tuple[str | None, str | None]] = {}
    for path, (now, untouched, before) in written.items():
        if untouched or before is None:
            files[path] = (now, before)
        elif now is not None and facts.ifupdown.logical is not None:
            files[path] = (now, ifupdown.without_two(now, before, facts.ifupdown.logical))
    # Ours by name, also where the record is lost.
    for path, text in (*facts.sysctl_files, *(facts.networkd.texts if facts.networkd else ())):
        if path == persisted.own_path(facts.link.name) or path.endswith(f".network.d/{networkd.DROPIN}"):
            files.setdefault(path, (text, None))
    listed = [(path, now, then) for path, (now, then) in files.items() if now != then]
    changes = [_file_change(*entry) for entry in listed]

    warnings: list[str] = []
    back: list[tuple[str, str, str]] = []
    former = values.get(sysctl.FORWARDING)
    forwards = facts.forwarding == "1"
    if forwards and former == "0":
        needed_by = _needing_forwarding(facts)
        if needed_by:
            warnings.append(f"Forwarding stays on, since {needed_by} it.")
        else:
            forwards = False
            back.append((sysctl.FORWARDING, "1", "0"))
    key = sysctl.interface_key(facts.link.name, "accept_ra")
    accept = values.get(key)
    if accept is not None and facts.link.accept_ra == "2" and accept != "2":
        if forwards and facts.advertised:
            warnings.append(
                f"{key} stays 2 until the next boot, since this host goes on forwarding and would lose its default "
                f"route otherwise."
            )
        else:
            back.append((key, "2", accept))
    changes += [_value_change(*entry) for entry in back]
    return Plan(tuple(changes), _state(listed, back, 1), _state(listed, back, 2), tuple(warnings))


def _check_owner_accepts(facts: Facts, owner: Owner) -> None:
    what = f"interface={facts.link.name}"
    static = "or give the interface a static default route"
    if owner.renderer == "networkd" and facts.networkd is not None:
        for line in (networkd.accepting(facts.networkd.texts), networkd.without_link_local(facts.networkd.texts)):
            if line is not None and networkd.boolean(line.value) is not True:
                rule = f"its default route needs router advertisements, which {line.place} keeps from systemd-networkd"
                where = "Set 'accept-ra: true' in netplan" if owner.name == "netplan" else "Take that line out"
                raise Refused(what, rule, f"{where}, {static}")
    if owner.renderer == "networkmanager" and facts.networkmanager is not None:
        state = facts.networkmanager
        if state.method not in (*_NM_ACCEPTING, "ignore", "manual"):
            rule = f"ipv6.method of {state.connection!r} is {state.method}, which takes no router advertisements"
            where = "Set 'dhcp6: true' in netplan" if owner.name == "netplan" else "Set ipv6.method to auto"
            raise Refused(what, rule, f"{where}, {static}")
    if owner.renderer == "ifupdown":
        for path, stanza in _stanzas(facts):
            if stanza.told == "0":
                rule = f"its default route needs router advertisements, and {path}:{stanza.number} turns them off"
                raise Refused(what, rule, f"Take that line out, {static}")


def _check_other_uplinks(facts: Facts) -> None:
    for other, value in facts.others_accept_ra.items():
        if value == "1":
            raise Refused(
                f"interface={facts.link.name}",
                f"forwarding would also take the default route that the kernel has from a router on {other}, where "
                f"accept_ra is 1",
                f"Run this module for {other} with forwarding off first",
            )


def _owner_files(facts: Facts, owner: Owner) -> list[tuple[str, str | None, str | None]]:
    if owner.renderer == "networkd" and facts.networkd is not None:
        path = networkd.dropin_path(facts.networkd.network_file)
        texts = dict(facts.networkd.texts)
        # A line of somebody else's that says yes is enough; our own file is kept as we write it.
        if path in texts or networkd.accepting(facts.networkd.texts) is None:
            return [(path, texts.get(path), networkd.DROPIN_TEXT)]
    if owner.renderer == "ifupdown" and facts.ifupdown.logical is not None:
        logical = facts.ifupdown.logical
        return [(path, text, ifupdown.with_two(text, logical)) for path, text in facts.ifupdown.texts]
    return []


def _stanzas(facts: Facts) -> t.Iterator[tuple[str, ifupdown.Stanza]]:
    for path, text in facts.ifupdown.texts:
        for stanza in ifupdown.stanzas(text, facts.ifupdown.logical or ""):
            if stanza.method in ifupdown.WRITES:
                yield path, stanza


def _warnings(facts: Facts, owner: Owner, forwarding: bool, kernel: bool) -> list[str]:
    name, found = facts.link.name, []
    if not kernel:
        found += persisted.accepting_kernel(facts)
        if facts.link.accept_ra != "0":
            key = sysctl.interface_key(name, "accept_ra")
            found.append(
                f"{key} is {facts.link.accept_ra}, though {owner.renderer} takes router advertisements itself and had "
                f"set it to 0; somebody has changed it since, and both keep routes now."
            )
    if owner.renderer == "networkd" and facts.networkd is not None:
        if forwarding:
            found += [
                f"{line.place} lets systemd-networkd turn forwarding off when it starts (from version 256). "
                f"Remove that line."
                for line in networkd.forbidding_forwarding(facts.networkd, facts.networkd_conf)
            ]
        if facts.networkd.shared_with:
            others = ", ".join(facts.networkd.shared_with)
            found.append(f"{facts.networkd.network_file} also configures {others}; what is said there holds for all.")
    for interface, path in networkd.grabbing(facts.network_files):
        found.append(
            f"{path} matches interfaces like {interface}, so systemd-networkd configures what Docker has made and may "
            f"take its addresses and routes away. Narrow its [Match] section."
        )
    if owner.renderer == "ifupdown":
        for path, stanza in _stanzas(facts):
            text = dict(facts.ifupdown.texts)[path]
            if ifupdown.needs_two(stanza) and "cloud-init" in text:
                found.append(f"{path} is cloud-init's, which writes it anew for a new instance; tell it there too.")
    return found


def _needing_forwarding(facts: Facts) -> str:
    if facts.ipv6_bridges:
        return f"bridges with IPv6 ({', '.join(facts.ipv6_bridges)}) need"
    start = persisted.own_path("").rpartition(".conf")[0]
    own = persisted.own_path(facts.link.name)
    for path, text in facts.sysctl_files:
        if path.startswith(start) and path != own and sysctl.FORWARDING in text:
            return f"{path} wants"
    return ""


def _file_change(path: str, before: str | None, after: str | None) -> Change:
    verb = "Remove" if after is None else "Write" if before is None else "Change"
    return Change(f"{verb} {path}", "file", {"path": path, "before": before, "after": after})


def _value_change(key: str, before: str, after: str) -> Change:
    return Change(f"Set {key} from {before} to {after}", "set", {"key": key, "before": before, "after": after})


def _state(
    files: t.Sequence[tuple[str, str | None, str | None]], values: t.Sequence[tuple[str, str, str]], side: int
) -> dict[str, t.Any]:
    return {
        "files": {entry[0]: without_secrets(entry[side]) for entry in files},
        "sysctls": {entry[0]: entry[side] for entry in values},
    }
