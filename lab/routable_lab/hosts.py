# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The hosts: containers whose PID 1 becomes systemd."""

from __future__ import annotations

import concurrent.futures
import json
import time
from collections.abc import Callable
from typing import Any

from . import images, managers, network
from .names import ROUTER, STRANGER
from .network import LABEL, LABEL_HOST, container
from .shell import LabError, run, say
from .topology import Host

BOOT_SECONDS = 60
ROUTE_SECONDS = 20


def together(action: Callable[[Host], Any], hosts: list[Host]) -> list[Any]:
    """Do the same for all hosts side by side, and return the results in the hosts' order."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(action, hosts))


def create(lab: str, host: Host, index: int, flags: list[str]) -> None:
    """Make the container and put on its disk what the host has before its first boot."""
    run(
        ["docker", "create", f"--name={container(lab, host.name)}", f"--hostname={host.name}", *flags]
        + ["--cgroupns=private", "--stop-signal=SIGRTMIN+3", "--device-cgroup-rule=a *:* rwm"]
        + ["--tmpfs=/run", "--tmpfs=/run/lock", "--tmpfs=/tmp"]
        + [f"--label={LABEL}={lab}", f"--label={LABEL_HOST}={json.dumps([index, host.as_dict()])}"]
        + [images.tag(host.suite, host.image)]
    )
    run(["docker", "cp", "-", f"{container(lab, host.name)}:/"], data=managers.archive(managers.files(host, index)))


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
    there = containers(lab)
    images.ensure([(host.suite, host.image) for host in topology])
    for host in known(lab):
        wanted = next((one for one in topology if one.name == host.name), None)
        if wanted is not None and wanted != host:
            raise LabError(f"Lab {lab} has the host {host.name} in another form already; `lab/lab down` first.")
    if topology and not any(name.startswith(f"{lab}-") for name in there):
        say(f"bringing lab {lab} up: {', '.join(host.name for host in topology)}")
    flags = network.privileges()
    box_image = images.tag(topology[0].suite, topology[0].image)
    cables = []
    for name, script in ((ROUTER, network.ROUTER_SCRIPT), (STRANGER, network.STRANGER_SCRIPT)):
        if there.get(container(lab, name)) != "running":
            if container(lab, name) in there:
                raise LabError(f"{name} of lab {lab} has stopped; `lab/lab down` and `lab/lab up` make a new lab.")
            network.start_box(lab, name, box_image, script, flags)
            if name == STRANGER:
                cables.append(network.STRANGER_CABLE)
    network.wait_ready(lab, ROUTER)
    fresh = [(host, index) for index, host in enumerate(topology) if container(lab, host.name) not in there]
    stopped = [host for host in topology if there.get(container(lab, host.name), "running") != "running"]
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        for future in [pool.submit(create, lab, host, index, flags) for host, index in fresh]:
            future.result()
    starting = [host for host, _index in fresh] + stopped
    if starting:
        run(["docker", "start", *[container(lab, host.name) for host in starting]])
    if starting or cables:
        network.plug(lab, cables + [network.cable(host) for host in starting])
    network.wait_ready(lab, STRANGER)
    together(lambda host: booted(lab, host), topology)


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
    if done.returncode == 1:
        raise LabError(f"{host.name} did not boot within {BOOT_SECONDS} s; systemd says {lines[0]!r}.")
    if done.returncode == 2:
        raise LabError(f"{host.name} has no IPv6 default route {ROUTE_SECONDS} s after its boot ({host.manager}).")
    if done.returncode != 0:
        raise LabError(f"{host.name} stopped while it booted: {done.stderr.strip()}")
    failed = f" (failed: {lines[1].strip()})" if lines[1].strip() else ""
    say(f"{host.name}: {lines[0]}{failed}, default route by {host.manager}, after {time.monotonic() - begin:.1f} s")


def reboot(lab: str, host: Host) -> None:
    """Restart the host with its disk kept, plug its cable in again and wait for the boot."""
    say(f"rebooting {host.name}")
    run(["docker", "restart", "-t", "30", container(lab, host.name)])
    network.plug(lab, [network.cable(host)])
    booted(lab, host)


def recreate_link(lab: str, host: Host) -> None:
    """Delete the host's uplink and make it anew, as a hypervisor does that swaps the card."""
    network.plug(lab, [network.cable(host)])


def down(lab: str) -> None:
    """Remove the lab's containers, with everything in them."""
    there = containers(lab)
    if there:
        run(["docker", "rm", "-fv", *there])
        say(f"removed {len(there)} containers of lab {lab}")
    else:
        say(f"lab {lab} has no containers")
