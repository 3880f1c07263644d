# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""A decision about a Docker daemon carried out, and taken back when the daemon does not start with it."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_files as daemon_files
from ansible_collections.routable.ipv6.plugins.module_utils._docker_api import DockerUnavailable
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon import stale_of_bridge
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_client import Daemon, DaemonFailed
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_ip6tables import leftovers
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_state import (
    BRIDGE,
    Container,
    Decision,
    Now,
    Owned,
    Remembered,
    Started,
    Want,
    as_wanted,
    bridge_state,
)
from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet
from ansible_collections.routable.ipv6.plugins.module_utils._record import Record


@dataclass(frozen=True)
class _Target:
    """What a start is to lead to.

    ``state`` is the default bridge's, ``off`` the files with IPv6 off by path, ``final`` the same files as they are to
    be. ``two_starts`` says that one will not do, ``again`` that it may turn out so.
    """

    state: t.Mapping[str, t.Any]
    off: t.Mapping[str, str]
    final: t.Mapping[str, str]
    two_starts: bool
    again: bool


class NotApplied(Exception):
    """The message has both facts: what failed, and what is there now."""


def recall(record: Record, path: str, text: str | None) -> Remembered:
    """What the record of former runs says, about the file as it is now."""
    values = record.values
    started = values.get("started")
    return Remembered(
        owned={key: Owned(one["former"], one["ours"]) for key, one in values.get("owned", {}).items()},
        path=values.get("path"),
        untouched=record.untouched(path, text),
        before=record.before(path),
        started=None
        if started is None
        else Started(started["invocation"], started["place"], started["config"], started["after"]),
        lingering=tuple(values.get("lingering", ())),
    )


def apply(daemon: Daemon, files: FileSet, record: Record, now: Now, want: Want, decision: Decision) -> list[str]:
    """Carry the decision out, step by step in the order of its changes, and read back.

    :returns: warnings.
    :raises NotApplied: something failed; what can be brought back has been.
    """
    try:
        return _apply(daemon, files, record, now, want, decision)
    except (DaemonFailed, DockerUnavailable, OSError) as error:
        raise NotApplied(_undo(daemon, files, now, want, decision, str(error))) from error


def _apply(daemon: Daemon, files: FileSet, record: Record, now: Now, want: Want, decision: Decision) -> list[str]:
    _write(files, record, now, want, decision)
    if want.dropin_path in decision.files:
        daemon.reload_units()
    if decision.restart:
        daemon.stop()
    if decision.delete_bridge:
        daemon.delete_bridge()
    daemon.clean_bridge(*decision.clean_bridge)
    if decision.clean_rules:
        known = now.leftovers
        left = leftovers(daemon.saved_rules(), known.bridges, known.subnets)
        if left.script:
            daemon.restore_rules(left.script)
    if want.dropin_path in decision.files and not decision.restart:
        daemon.remove_if_empty(os.path.dirname(want.dropin_path))
    if not decision.restart:
        return []
    final = {path: decision.files.get(path) or daemon.read(path) or "" for path in decision.without_ipv6}
    target = _Target(
        decision.effective, decision.without_ipv6, final, decision.two_starts, again=decision.delete_bridge
    )
    _start(daemon, files, target)
    _remember(record, want, decision, daemon.show().get("InvocationID", ""), loaded=True)
    record.save(files)
    daemon.remove_if_empty(os.path.dirname(want.dropin_path))
    return _containers(daemon, now, decision.start)


def _start(daemon: Daemon, files: FileSet, target: _Target) -> None:
    """Start the daemon, see that its bridge is as wanted, and take from the bridge what is of a former prefix.

    Docker keeps its networks in a store of its own, makes the bridge from there with the former prefix, and only then
    looks at its configuration. With a prefix that overlaps with the former one it then does not start (20.10) or keeps
    the former one (26.1, 28.5), also when the bridge was removed in between. A start without IPv6 clears the store.
    """
    for attempt in (1, 2):
        first = attempt == 1
        if target.off and (target.two_starts or not first):
            _put(daemon, files, target.off)
            daemon.start()
            daemon.stop()
            daemon.delete_bridge()
            _put(daemon, files, target.final)
        try:
            daemon.start()
            seen = bridge_state(daemon.wait_for_answer(), daemon.host())
            if as_wanted(seen, target.state):
                break
            raise DaemonFailed(f"it started, and the default bridge has {seen} instead of {dict(target.state)}")
        except DaemonFailed:
            if not target.off or target.two_starts or not target.again or not first:
                raise
        daemon.stop()
        daemon.delete_bridge()
    daemon.clean_bridge(*stale_of_bridge(daemon.host(), target.state))


def _put(daemon: Daemon, files: FileSet, texts: t.Mapping[str, str]) -> None:
    for path, text in texts.items():
        files.write(path, text)
    if any(path.endswith(".conf") for path in texts):
        daemon.reload_units()


def _write(files: FileSet, record: Record, now: Now, want: Want, decision: Decision) -> None:
    for path, text in decision.files.items():
        if text is None:
            files.remove(path)
        else:
            files.write(path, text)
    if want.dropin_path in decision.files:
        record.wrote(want.dropin_path, now.dropin, decision.files[want.dropin_path])
    if not want.present or decision.files.get(want.dropin_path, now.dropin) is None:
        record.forget(want.dropin_path)
    if not decision.owned:
        record.forget(want.path)
    elif want.path in decision.files:
        untouched = now.remembered.untouched
        before = now.text if untouched else daemon_files.reverted(now, want)
        record.wrote(want.path, before, decision.files[want.path])
    _remember(record, want, decision, now.invocation, loaded=False)
    record.save(files)


def _remember(record: Record, want: Want, decision: Decision, invocation: str, loaded: bool) -> None:
    if not want.present and not decision.lingering:
        record.values.clear()
        return
    config = dict(decision.config)
    before = decision.started.config
    record.values.update(
        owned={key: {"former": one.former, "ours": one.ours} for key, one in decision.owned.items()},
        path=want.path,
        lingering=[] if loaded else list(decision.lingering),
        started={
            "invocation": invocation,
            "place": decision.place if loaded else decision.started.place,
            "config": config if loaded else None if before is None else dict(before),
            "after": config,
        },
    )


def _containers(daemon: Daemon, now: Now, start: t.Iterable[Container]) -> list[str]:
    """Start the containers that nobody else starts, and wait for the others."""
    warnings = []
    for container in start:
        complaint = daemon.start_container(container)
        if complaint is not None:
            warnings.append(f"The container {container.name} did not start again: {complaint}.")
    before = now.api.containers if now.api is not None else ()
    missing = daemon.wait_for_containers(one for one in before if one.comes_back and not one.task)
    warnings += [f"Docker has not started the container {one.name} again yet." for one in missing]
    return warnings


def _undo(daemon: Daemon, files: FileSet, now: Now, want: Want, decision: Decision, failure: str) -> str:
    """Bring back what was there; gives both facts in one text."""
    unit = daemon.unit_name
    what = f"{unit} did not start with the new values: {failure}." if decision.restart else f"{failure}."
    touched = [path for path in files.touched if path in decision.files]
    left: list[str] = []

    def attempt(step: t.Callable[[], object], otherwise: str) -> None:
        try:
            step()
        except (DaemonFailed, DockerUnavailable, OSError) as error:
            left.append(f"{otherwise} ({error})")

    # A unit that restarts itself would use up its start limit meanwhile.
    if decision.restart:
        attempt(daemon.stop, f"{unit} could not be stopped")
    attempt(files.restore, f"of {', '.join(touched)} not all could be brought back")
    if want.dropin_path in touched:
        attempt(daemon.reload_units, "systemd did not read its units again")
    if not decision.restart:
        return f"{what} {_restored(touched, left, '')}"
    if daemon.bridge_ports() == 0:
        attempt(daemon.delete_bridge, f"{BRIDGE} still has the new prefix")
    if not now.running:
        return f"{what} {_restored(touched, left, f'{unit} is stopped')}"
    off = daemon_files.without_ipv6(now.text, now.dropin, want)
    texts = {want.path: now.text or "", want.dropin_path: now.dropin or ""}
    former = _Target(bridge_state(now.api, now.host), off, {path: texts[path] for path in off}, False, again=True)
    attempt(lambda: _start(daemon, files, former), f"{unit} does not start with the former values either")
    if decision.clean_rules and now.leftovers.policy:
        attempt(
            lambda: daemon.restore_rules("*filter\n-P FORWARD DROP\nCOMMIT\n"),
            "the policy of FORWARD in ip6tables is ACCEPT, and was DROP",
        )
    warnings: list[str] = []
    attempt(lambda: warnings.extend(_containers(daemon, now, decision.start)), "containers may be stopped")
    left += [warning.rstrip(".") for warning in warnings]
    return f"{what} {_restored(touched, left, f'{unit} runs again with the former values')}"


def _restored(touched: list[str], left: list[str], good: str) -> str:
    if left:
        return f"Not all could be brought back: {'; '.join(left)}."
    restored = [f"{' and '.join(touched)} {'is' if len(touched) == 1 else 'are'} as before"] if touched else []
    restored += [good] if good else []
    return f"What was there has been restored: {' and '.join(restored) or 'nothing was changed'}."
