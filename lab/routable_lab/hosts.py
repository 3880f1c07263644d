# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The hosts: containers whose PID 1 becomes systemd."""

from __future__ import annotations

import concurrent.futures
import json
import time
from collections.abc import Callable
from typing import Any

from . import cloud, doubles, images, limits, managers, network
from .names import ROUTER, STRANGER, VPC
from .network import LABEL, LABEL_HOST, container
from .shell import LabError, heartbeat, run, say
from .topology import Host

BOOT_SECONDS = 60
ROUTE_SECONDS = 20
GAP_SECONDS = 1.5


def together(action: Callable[[Host], Any], hosts: list[Host]) -> list[Any]:
    """Do the same for all hosts side by side, and return the results in the hosts' order."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(action, hosts))


def create(lab: str, host: Host, index: int, flags: list[str], mac: str = "") -> None:
    """Make the container and put on its disk what the host has before its first boot.

    :arg mac: the MAC address of an instance, which EC2's double chooses; other hosts have one by their name.
    """
    run(
        ["docker", "create", f"--name={container(lab, host.name)}", f"--hostname={host.name}", *flags]
        # A name that nobody resolves would cost each sudo ten seconds. Other questions fail at once.
        + [f"--add-host={host.name}:127.0.1.1", "--dns=127.0.0.1"]
        + ["--cgroupns=private", "--stop-signal=SIGRTMIN+3", "--device-cgroup-rule=a *:* rwm"]
        + ["--tmpfs=/run", "--tmpfs=/run/lock", "--tmpfs=/tmp"]
        + [
            f"--label={LABEL}={lab}",
            f"--label={LABEL_HOST}={json.dumps([index, host.as_dict()])}",
            f"--label={cloud.LABEL_MAC}={mac}",
        ]
        + [images.tag(host.suite, host.image)]
    )
    run(["docker", "cp", "-", f"{container(lab, host.name)}:/"], data=managers.archive(_files(host, index)))


def _files(host: Host, index: int) -> list[managers.File]:
    return [*managers.files(host, index, doubles.units(host)), *doubles.files(host)]


def known(lab: str) -> list[Host]:
    """The hosts of a lab, as the engine remembers them, in the order of its topology."""
    listed = run(
        ["docker", "ps", "-a", f"--filter=label={LABEL}={lab}", f"--filter=label={LABEL_HOST}", "--format={{.ID}}"]
    ).stdout.split()
    if not listed:
        return []
    found = json.loads(run(["docker", "inspect", *listed]).stdout)
    labels = [json.loads(entry["Config"]["Labels"][LABEL_HOST]) for entry in found]
    return [Host(**values) for _index, values in sorted(labels, key=lambda label: (label[0], label[1]["name"]))]


def find(lab: str, name: str) -> Host:
    """The host of that name in the lab. Raises LabError when there is none."""
    hosts = known(lab)
    for host in hosts:
        if host.name == name:
            return host
    there = ", ".join(host.name for host in hosts) or "none"
    raise LabError(f"Lab {lab} has no host {name!r}; it has: {there}.")


def up(lab: str, topology: list[Host]) -> None:
    """Bring the lab up: everything that is not there yet, and only that."""
    images.ensure([(host.suite, host.image) for host in topology])
    for host in known(lab):
        wanted = next((one for one in topology if one.name == host.name), None)
        if wanted is not None and wanted != host:
            raise LabError(f"Lab {lab} has the host {host.name} in another form already; `lab/lab down` first.")
    there = _without_halves(lab)
    instances = [host for host in topology if host.launched]
    fresh = [
        (host, index)
        for index, host in enumerate(topology)
        if container(lab, host.name) not in there and not host.launched
    ]
    stopped = [host for host in topology if there.get(container(lab, host.name), "running") != "running"]
    limits.check(
        len(fresh) + len(stopped) + len([host for host in instances if container(lab, host.name) not in there])
    )
    flags = network.privileges() + network.mounts()
    cables = _boxes(lab, there, images.tag(topology[0].suite, topology[0].image), flags)
    if instances:
        cables += _vpc(lab, there, images.tag(instances[0].suite, instances[0].image), flags)
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        for future in [pool.submit(create, lab, host, index, flags) for host, index in fresh]:
            future.result()
    starting = [host for host, _index in fresh] + stopped
    if starting:
        say(f"starting {', '.join(host.name for host in starting)}")
        run(["docker", "start", *[container(lab, host.name) for host in starting]])
    if starting or cables:
        network.plug(lab, cables + [one for host in starting for one in _cables(lab, host)])
    network.wait_ready(lab, STRANGER)
    if instances:
        network.wait_ready(lab, VPC)
        cloud.route(lab)
        cloud.start(lab, instances, topology.index(instances[0]))
    here = [host for host in topology if host in starting or container(lab, host.name) in there]
    with heartbeat(f"waiting for lab {lab} to boot and to get its default routes"):
        together(lambda host: booted(lab, host), here)


def _without_halves(lab: str) -> dict[str, str]:
    """The lab's containers and their states, after removing what an interrupted run has left half made."""
    there = containers(lab)
    halves = [name for name, state in there.items() if state == "created"]
    if halves:
        run(["docker", "rm", "-fv", *halves])
    return {name: state for name, state in there.items() if name not in halves}


def _boxes(lab: str, there: dict[str, str], image: str, flags: list[str]) -> list[network.Cable]:
    """Start the router and the vantage point if they are not there, and return the cables this takes."""
    cables = []
    _box(lab, ROUTER, there, image, network.ROUTER_SCRIPT, flags)
    if _box(lab, STRANGER, there, image, network.STRANGER_SCRIPT, flags):
        cables.append(network.STRANGER_CABLE)
    network.wait_ready(lab, ROUTER)
    return cables


def _vpc(lab: str, there: dict[str, str], image: str, flags: list[str]) -> list[network.Cable]:
    """As `_boxes`, for the VPC's side of the instances."""
    if not _box(lab, VPC, there, image, cloud.SCRIPT, flags):
        return []
    return [cloud.CABLE]


def _box(lab: str, name: str, there: dict[str, str], image: str, script: str, flags: list[str]) -> bool:
    """Start a box unless it is there; whether it was started."""
    state = there.get(container(lab, name))
    if state is None:
        network.start_box(lab, name, image, script, flags)
    elif state != "running":
        raise LabError(f"{name} of lab {lab} has stopped; `lab/lab down` and `lab/lab up` make a new lab.")
    return state is None


def containers(lab: str) -> dict[str, str]:
    """The lab's containers and their states."""
    listed = run(["docker", "ps", "-a", f"--filter=label={LABEL}={lab}", "--format={{.Names}} {{.State}}"]).stdout
    return dict(line.split(" ", 1) for line in listed.splitlines())


def booted(lab: str, host: Host) -> None:
    """Wait until the host's systemd has booted and the host has an IPv6 default route from the router."""
    begin = time.monotonic()
    loop = f"""
    i=0
    while :; do
        # Not 0 for every state but "running"; the word is what counts.
        s=$(systemctl is-system-running 2>/dev/null) || true
        case $s in running|degraded) break ;; esac
        i=$((i+1)); [ $i -lt {BOOT_SECONDS * 10} ] || {{ echo "$s"; exit 1; }}; sleep 0.1
    done
    echo $s; systemctl --failed --plain --no-legend | cut -d' ' -f1 | tr '\\n' ' '; echo
    i=0
    until ip -6 route show default | grep -q default; do
        i=$((i+1)); [ $i -lt {ROUTE_SECONDS * 10} ] || exit 2; sleep 0.1
    done
    """
    done = run(["docker", "exec", container(lab, host.name), "sh", "-c", loop], check=False)
    lines = [*done.stdout.splitlines(), "", ""]
    if done.returncode == 1 or (done.returncode != 2 and not lines[0]):
        limits.check(1)
    if done.returncode == 1:
        raise LabError(f"{host.name} did not boot within {BOOT_SECONDS} s; systemd says {lines[0]!r}.")
    if done.returncode == 2:
        raise LabError(f"{host.name} has no IPv6 default route {ROUTE_SECONDS} s after its boot ({host.manager}).")
    if done.returncode != 0:
        log = run(["docker", "logs", "--tail=5", container(lab, host.name)], check=False)
        raise LabError(f"{host.name} stopped while it booted: {(log.stdout + log.stderr + done.stderr).strip()}")
    failed = f" (failed: {lines[1].strip()})" if lines[1].strip() else ""
    say(f"{host.name}: {lines[0]}{failed}, default route by {host.manager}, after {time.monotonic() - begin:.1f} s")


def _cables(lab: str, host: Host) -> list[network.Cable]:
    return [_uplink(lab, host), *doubles.cables(host)]


def _uplink(lab: str, host: Host) -> network.Cable:
    if not host.launched:
        return network.cable(host)
    label = f'{{{{index .Config.Labels "{cloud.LABEL_MAC}"}}}}'
    mac = run(["docker", "inspect", "-f", label, container(lab, host.name)]).stdout.strip()
    return cloud.cable(host, mac)


def reboot(lab: str, host: Host) -> None:
    """Restart the host with its disk kept, plug its cable in again and wait for the boot."""
    say(f"rebooting {host.name}")
    run(["docker", "restart", "-t", "30", container(lab, host.name)])
    network.plug(lab, _cables(lab, host))
    booted(lab, host)


def launch(lab: str, host: Host, index: int, mac: str) -> None:
    """Make an instance, plug its cable in, and wait for its boot."""
    create(lab, host, index, network.privileges() + network.mounts(), mac)
    run(["docker", "start", container(lab, host.name)])
    network.plug(lab, _cables(lab, host))
    booted(lab, host)


def remove(lab: str, host: str) -> None:
    """Remove an instance with everything in it."""
    run(["docker", "rm", "-fv", container(lab, host)])


def plug(lab: str, host: Host) -> None:
    """Give the host its uplink, in place of an older one, as a hypervisor does that swaps the card.

    The pause lets the host notice that the old card is gone. ifupdown then deletes an interface with a dot in its name
    itself, because it takes it for a VLAN of its own, and would otherwise delete the new one.
    """
    if network.unplug(lab, host):
        time.sleep(GAP_SECONDS)
    network.plug(lab, [_uplink(lab, host)])


def down(lab: str) -> int:
    """Remove the lab's containers, with everything in them; how many there were."""
    there = containers(lab)
    if there:
        with heartbeat(f"removing {len(there)} containers of lab {lab}"):
            run(["docker", "rm", "-fv", *there])
    return len(there)
