# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The Docker daemon of this host: its unit, its API, its bridge, its journal. A port: it decides nothing."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import socket
import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._docker_api import DockerUnavailable, get, post
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_state import (
    BRIDGE,
    Api,
    Container,
    Network,
)
from ansible_collections.routable.ipv6.plugins.module_utils._docker_info import network_of
from ansible_collections.routable.ipv6.plugins.module_utils._files import read_text
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_rules import HostNetworks, host_networks

# Where systemd looks for units, first one first (systemd.unit(5)).
_UNIT_DIRECTORIES = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
_SOCKET = "/var/run/docker.sock"
# The unit has no limit of its own (TimeoutStartSec=0), so a daemon that hangs would hold us for ever.
START_SECONDS = 120.0
STOP_SECONDS = 120.0
_ANSWER_SECONDS = 30.0
_BACK_SECONDS = 15.0
# A neighbour on the link answers within milliseconds; the kernel asks again after one second.
_NEIGHBOUR_SECONDS = 1.2
# What tells most about a start that failed, first one first.
_TELLING = (("failed to start daemon", "unable to configure", "level=fatal", "panic:"), ("level=error",), ("",))
_NOISE = (
    "Main process exited",
    "Failed with result",
    "Scheduled restart job",
    "Start request repeated",
    "Failed to start ",
    # 20.10 and 26.1 say so at every start, and nothing is wrong.
    "Could not add route to IPv6 network",
)
_MESSAGE = re.compile(r'^time="[^"]*" level=\w+ msg="((?:[^"\\]|\\.)*)".*$')


class DaemonFailed(Exception):
    """The daemon, or a command about it, did not do what it was told; the message says why."""


class _Runner(t.Protocol):
    def run_command(
        self,
        args: list[str],
        *,
        data: str | None = ...,
        environ_update: dict[str, str] | None = ...,
        pass_fds: tuple[int, ...] | None = ...,
    ) -> tuple[int, str, str]: ...

    def get_bin_path(self, arg: str, *, opt_dirs: list[str] | None = ...) -> str | None: ...


def _start_of(shown: t.Mapping[str, str]) -> float:
    """When the unit's program was started, by the clock of files."""
    started = int(shown.get("ExecMainStartTimestampMonotonic") or 0) / 1e6
    return time.time() - time.clock_gettime(time.CLOCK_MONOTONIC) + started


class Daemon:
    """One Docker daemon, by the name of its service without suffix."""

    def __init__(self, module: _Runner, service: str) -> None:
        self._module = module
        self.unit_name = f"{service}.service"
        self.socket_unit = f"{service}.socket"
        self.socket = _SOCKET

    # What is on disk

    def unit_files(self, without: str) -> list[tuple[str, str]]:
        """The unit and its drop-ins but ``without``, in the order in which they count, with their texts."""
        files = []
        for directory in _UNIT_DIRECTORIES:
            path = os.path.join(directory, self.unit_name)
            if os.path.lexists(path):
                files.append((path, read_text(path) or ""))
                break
        dropins: dict[str, str] = {}
        # The more special directory wins over the general one, and a higher one over a lower one.
        for directory in reversed(_UNIT_DIRECTORIES):
            for name in ("service.d", f"{self.unit_name}.d"):
                folder = os.path.join(directory, name)
                if os.path.isdir(folder):
                    dropins.update(
                        (entry, os.path.join(folder, entry)) for entry in os.listdir(folder) if entry.endswith(".conf")
                    )
        paths = [dropins[name] for name in sorted(dropins) if dropins[name] != without]
        return files + [(path, read_text(path) or "") for path in paths] if files else []

    def read(self, path: str) -> str | None:
        """The text of a file, None where there is none."""
        return read_text(path)

    def version_text(self, program: str) -> str | None:
        """What ``dockerd --version`` prints, None where it is not installed (or ``program`` is empty)."""
        if not os.path.exists(program):
            return None
        status, out, error = self._module.run_command([program, "--version"])
        if status:
            raise DaemonFailed(f"{program} --version failed with status {status}: {_line(error or out)}")
        return out

    def help_text(self, program: str) -> str:
        return self._module.run_command([program, "--help"])[1]

    def validate(self, words: t.Sequence[str], text: str | None) -> str | None:
        """Let the daemon check a configuration file together with its own flags.

        :arg words: of the unit's command line.
        :returns: what it has against them, None when nothing.
        """
        kept = [words[0].lstrip("-@:+!|")]
        rest = iter(words[1:])
        for word in rest:
            if word == "--config-file":
                next(rest, None)
            elif not word.startswith("--config-file="):
                kept.append(word)
        # In memory only, so that nothing is left of it when this process is killed.
        handle = os.memfd_create("daemon.json")
        with os.fdopen(handle, "wb") as stream:
            stream.write((text or "{}").encode("utf-8", "surrogateescape"))
            stream.flush()
            path = f"/proc/self/fd/{handle}"
            status, out, error = self._module.run_command(
                [*kept, "--validate", "--config-file", path], pass_fds=(handle,)
            )
        return None if status == 0 else _line((error or out).replace(path, "the file"))

    # What systemd says

    def show(self) -> dict[str, str]:
        """The unit's properties that matter here; ``ActiveState`` is ``inactive`` where systemd does not know it."""
        names = "LoadState,ActiveState,SubState,Result,NRestarts,InvocationID,ExecMainStartTimestampMonotonic"
        out = self._module.run_command(["systemctl", "show", f"--property={names}", self.unit_name])[1]
        found = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        found.setdefault("ActiveState", "inactive")
        return found

    def newer_than_start(self, shown: t.Mapping[str, str], paths: t.Iterable[str]) -> bool:
        """Whether any of these files was written after the daemon was started."""
        wall = _start_of(shown)
        return any(os.stat(path).st_mtime > wall for path in paths if os.path.exists(path))

    def replaced_since_start(self, shown: t.Mapping[str, str], program: str) -> bool:
        """Whether the program on disk came there after the daemon was started. Packages set its mtime to their own."""
        return not os.path.exists(program) or os.stat(program).st_ctime > _start_of(shown)

    def reload_units(self) -> None:
        self._systemctl("daemon-reload")

    def stop(self) -> None:
        """Stop service and socket: with the socket left, the next client would start the daemon again.

        :raises DaemonFailed: it does not stop.
        """
        self._systemctl("stop", *self._sockets(), self.unit_name)

    def start(self) -> None:
        """Start the service and wait until it says that it is ready.

        :raises DaemonFailed: it does not; the message has what its journal says of it.
        """
        since = time.time()
        sockets = self._sockets()
        # Of a unit that has not failed, systemd may say that there is nothing to reset.
        self._module.run_command(["systemctl", "reset-failed", self.unit_name, *sockets])
        if sockets:
            self._systemctl("start", *sockets)
        self._systemctl("start", "--no-block", self.unit_name)
        deadline = time.monotonic() + START_SECONDS
        time.sleep(0.05)
        while True:
            shown = self.show()
            if shown["ActiveState"] == "active":
                return
            waiting = shown["ActiveState"] in ("activating", "reloading", "deactivating") or (
                shown["ActiveState"] == "inactive" and shown.get("Result", "success") == "success"
            )
            if shown.get("SubState") == "auto-restart" or not waiting:
                raise DaemonFailed(self._why(since))
            if time.monotonic() > deadline:
                raise DaemonFailed(f"it was not ready after {START_SECONDS:.0f} s")
            time.sleep(0.1)

    def _sockets(self) -> list[str]:
        out = self._module.run_command(["systemctl", "show", "--property=LoadState", self.socket_unit])[1]
        return [self.socket_unit] if out.strip() == "LoadState=loaded" else []

    def _why(self, since: float) -> str:
        """The lines of the journal that tell why, on one line."""
        command = ["journalctl", "--no-pager", "--output=cat", f"--unit={self.unit_name}", f"--since=@{since - 1:.0f}"]
        lines = [line.strip() for line in self._module.run_command(command)[1].splitlines() if line.strip()]
        lines = [line for line in lines if not any(noise in line for noise in _NOISE)]
        for words in _TELLING:
            telling = [_MESSAGE.sub(r"\1", line) for line in lines if any(word in line for word in words)]
            if telling:
                return " / ".join(list(dict.fromkeys(telling))[-3:])
        return "its journal says nothing"

    def _systemctl(self, *words: str) -> None:
        status, out, error = self._module.run_command(["systemctl", *words])
        if status:
            raise DaemonFailed(f"systemctl {' '.join(words)} failed with status {status}: {_line(error or out)}")

    # What the daemon says

    def api(self) -> Api | None:
        """What the running daemon says of itself, None when nobody answers."""
        try:
            info = get("/info", self.socket)
            networks = get("/networks", self.socket)
            running = get("/containers/json", self.socket)
        except DockerUnavailable:
            return None
        bridge: dict[str, t.Any] = next((one for one in networks if one["Name"] == "bridge"), {})
        configs = (bridge.get("IPAM") or {}).get("Config") or []
        inet6: dict[str, t.Any] = next((one for one in configs if ":" in (one.get("Subnet") or "")), {})
        return Api(
            ipv6=bool(bridge.get("EnableIPv6")),
            subnet=_network(inet6.get("Subnet")),
            ip_range=_network(inet6.get("IPRange")),
            live_restore=bool(info.get("LiveRestoreEnabled")),
            swarm=(info.get("Swarm") or {}).get("LocalNodeState", "inactive") not in ("inactive", ""),
            containers=tuple(one for one in (self._container(entry["Id"]) for entry in running) if one is not None),
            networks=tuple(_bridge_network(one) for one in networks if one.get("Driver") == "bridge"),
            version=info.get("ServerVersion", ""),
        )

    def _container(self, identifier: str) -> Container | None:
        try:
            document = get(f"/containers/{identifier}/json", self.socket)
        except DockerUnavailable:
            # It has gone since the list was made.
            return None
        host = document.get("HostConfig") or {}
        return Container(
            id=document["Id"],
            name=document["Name"].lstrip("/"),
            policy=(host.get("RestartPolicy") or {}).get("Name") or "no",
            auto_remove=bool(host.get("AutoRemove")),
            task="com.docker.swarm.task.id" in ((document.get("Config") or {}).get("Labels") or {}),
        )

    def wait_for_answer(self) -> Api:
        """:raises DaemonFailed: nobody answers on the socket."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        while True:
            found = self.api()
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise DaemonFailed(f"nobody answers on {self.socket} after {_ANSWER_SECONDS:.0f} s")
            time.sleep(0.1)

    def running_ids(self) -> set[str]:
        return {entry["Id"] for entry in get("/containers/json", self.socket)}

    def wait_for_containers(self, containers: t.Iterable[Container]) -> list[Container]:
        """Wait for those that Docker starts by itself; gives those that do not come."""
        missing = list(containers)
        deadline = time.monotonic() + _BACK_SECONDS
        while missing:
            there = self.running_ids()
            missing = [one for one in missing if one.id not in there]
            if not missing or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        return missing

    def start_container(self, container: Container) -> str | None:
        """Start a container; gives what Docker has against it, None when it runs."""
        try:
            post(f"/containers/{container.id}/start", self.socket)
        except DockerUnavailable as error:
            return str(error)
        return None

    # What the kernel says

    def host(self) -> HostNetworks:
        return host_networks(self._ip("addr"), self._ip("route"), self._ip("neigh"))

    def _ip(self, *words: str) -> list[dict[str, t.Any]]:
        status, out, error = self._module.run_command(["ip", "-6", "-j", *words])
        if status:
            raise DaemonFailed(f"ip -6 {' '.join(words)} failed with status {status}: {_line(error)}")
        found = json.loads(out.strip() or "[]")
        return [entry for entry in found if entry]

    def remove_if_empty(self, directory: str) -> None:
        """Remove a directory in which nothing is left."""
        if os.path.isdir(directory) and not os.listdir(directory):
            os.rmdir(directory)

    def bridge_ports(self) -> int:
        """How many interfaces hang on the default bridge."""
        folder = f"/sys/class/net/{BRIDGE}/brif"
        return len(os.listdir(folder)) if os.path.isdir(folder) else 0

    def forwarding(self) -> bool:
        """Whether IPv6 forwarding is on for all interfaces and for new ones."""
        values = [read_text(f"/proc/sys/net/ipv6/conf/{name}/forwarding") or "" for name in ("all", "default")]
        return all(value.strip() == "1" for value in values)

    def neighbour(self, address: str, device: str) -> bool:
        """Whether somebody on the link answers for an address, by asking once (RFC 4861, section 7.2.2)."""
        try:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
                # The discard port: the packet itself is of no interest, the solicitation before it is.
                sender.sendto(b"", (address, 9, 0, socket.if_nametoindex(device)))
        except OSError:
            return False
        deadline = time.monotonic() + _NEIGHBOUR_SECONDS
        while time.monotonic() < deadline:
            time.sleep(0.05)
            for entry in self._ip("neigh", "show", "to", address, "dev", device):
                if entry.get("lladdr") and not {"INCOMPLETE", "FAILED"} & set(entry.get("state", ())):
                    return True
        return False

    def delete_bridge(self) -> None:
        """Remove the default bridge; the daemon makes it anew.

        :raises DaemonFailed: a container still hangs on it.
        """
        if not os.path.exists(f"/sys/class/net/{BRIDGE}"):
            return
        if self.bridge_ports():
            raise DaemonFailed(f"{BRIDGE} still carries {self.bridge_ports()} containers though Docker is stopped")
        self._run("ip", "link", "delete", BRIDGE)

    def clean_bridge(self, addresses: t.Iterable[str], routes: t.Iterable[str]) -> None:
        """Take single addresses and routes off the default bridge."""
        for address in addresses:
            self._run("ip", "-6", "addr", "del", address, "dev", BRIDGE)
        for route in routes:
            # Some go with their address.
            if any(entry.get("dst") == route for entry in self._ip("route", "show", "dev", BRIDGE)):
                self._run("ip", "-6", "route", "del", route, "dev", BRIDGE)

    def saved_rules(self) -> str:
        """What ``ip6tables-save`` prints, nothing where it is not installed."""
        program = self._module.get_bin_path("ip6tables-save", opt_dirs=["/usr/sbin", "/sbin"])
        return self._module.run_command([program])[1] if program else ""

    def restore_rules(self, script: str) -> None:
        """Carry out lines of ``ip6tables-restore`` on top of what is there, all or none of a table."""
        self._run("ip6tables-restore", "--noflush", data=script)

    def _run(self, *words: str, data: str | None = None) -> None:
        status, out, error = self._module.run_command(list(words), data=data)
        if status:
            raise DaemonFailed(f"{' '.join(words)} failed with status {status}: {_line(error or out)}")


def _bridge_network(document: t.Mapping[str, t.Any]) -> Network:
    found = network_of(document)
    subnets = tuple(_network(subnet) or "" for subnet in found["ipv6_subnets"])
    return Network(found["name"], BRIDGE if found["name"] == "bridge" else found["bridge"], subnets)


def _network(text: str | None) -> str | None:
    return str(ipaddress.IPv6Network(text, strict=False)) if text and ":" in text else None


def _line(text: str) -> str:
    return " ".join(text.split())
