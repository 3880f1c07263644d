# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The wires: the router, which is the switch too, the vantage point behind it, and the hosts' cables."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass

from .names import LINK_PREFIX, ROUTER, STRANGER, STRANGER_ADDRESS, VPC, link_local, mac, port
from .shell import LabError, run
from .topology import Host

LABEL = "routable.lab"
LABEL_HOST = "routable.lab.host"

RADVD = f"""interface br0 {{
    AdvSendAdvert on;
    MinRtrAdvInterval 3;
    MaxRtrAdvInterval 5;
    AdvDefaultLifetime 600;
    prefix {LINK_PREFIX} {{ AdvOnLink on; AdvAutonomous on; }};
}};
"""

ROUTER_SCRIPT = f"""
for b in br0 br1; do
    ip link add $b type bridge mcast_snooping 0
    ip link set $b addrgenmode none
    ip link set $b up
done
ip addr add fe80::1/64 dev br0 nodad
ip addr add 2001:db8:0:1::1/64 dev br0 nodad
ip addr add 198.51.100.1/24 dev br0
ip addr add fe80::1/64 dev br1 nodad
ip addr add 2001:db8:ffff::1/64 dev br1 nodad
ip addr add 203.0.113.1/24 dev br1
sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1
printf %s {shlex.quote(RADVD)} >/etc/radvd.conf
radvd -C /etc/radvd.conf -m stderr -p /run/radvd.pid
touch /run/ready
exec sleep infinity
"""

STRANGER_SCRIPT = f"""
until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done
ip link set eth0 addrgenmode none
ip link set eth0 up
ip addr add {STRANGER_ADDRESS}/64 dev eth0 nodad
ip addr add 203.0.113.2/24 dev eth0
ip -6 route add default via 2001:db8:ffff::1
ip route add default via 203.0.113.1
touch /run/ready
exec sleep infinity
"""


def container(lab: str, host: str) -> str:
    """The container's name; `lab/inventory.yml` states the same rule."""
    return f"{lab}-{host}"


def privileges() -> list[str]:
    """What --privileged gives but for devices, and no network of Docker's, but IPv6.

    dockerd before 23 asks for every capability it knows, which fails where the machine itself lacks one
    (CAP_SYS_RESOURCE in some virtual machines); later ones refuse to drop one that they do not have.
    """
    version = run(["docker", "version", "-f", "{{.Server.Version}}"]).stdout.strip()
    flags = ["--cap-add=ALL"]
    major = version.partition(".")[0]
    if major.isdigit() and int(major) < 23:
        flags.append("--cap-drop=SYS_RESOURCE")
    for option in ("seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"):
        flags.append(f"--security-opt={option}")
    flags.append("--network=none")
    # `--network none` switches IPv6 off.
    for which in ("all", "default"):
        flags.append(f"--sysctl=net.ipv6.conf.{which}.disable_ipv6=0")
    return flags


def mounts() -> list[str]:
    """What LAB_MOUNTS asks for on each host and box: words SOURCE:TARGET or SOURCE:TARGET:ro, as Docker's own -v."""
    return [f"--volume={word}" for word in os.environ.get("LAB_MOUNTS", "").split()]


def start_box(lab: str, name: str, image: str, script: str, flags: list[str]) -> None:
    """Start the router or the vantage point: a container that runs `script` as its only program."""
    run(
        ["docker", "run", "-d", "--init", f"--name={container(lab, name)}", f"--hostname={name}", *flags]
        + [f"--label={LABEL}={lab}", "--tmpfs=/run", image, "sh", "-ec", script]
    )


def wait_ready(lab: str, name: str) -> None:
    """Wait until the box's script has set its network up."""
    loop = "i=0; until [ -e /run/ready ]; do i=$((i+1)); [ $i -lt 200 ] || exit 1; sleep 0.05; done"
    done = run(["docker", "exec", container(lab, name), "sh", "-c", loop], check=False)
    if done.returncode != 0:
        log = run(["docker", "logs", container(lab, name)], check=False).stderr.strip()
        raise LabError(f"{name} of lab {lab} did not set its network up: {log}")


@dataclass(frozen=True)
class Cable:
    """A cable from a bridge of the router to an interface of a container.

    An instance of EC2's double has its other end at another ``box``, without a bridge, and the ``mac`` of its
    interface; ``then`` are commands that the box runs once the cable is in.
    :arg gateway: an address, with its length, that the router has for what is behind this cable.
    """

    host: str
    interface: str
    bridge: str | None = "br0"
    routed_prefix: str | None = None
    suffix: str = ""
    gateway: str | None = None
    box: str = ROUTER
    mac: str | None = None
    then: str = ""

    def script(self, pid: int) -> str:
        """Shell commands, for the box's network namespace, that plug the cable in, in place of an older one."""
        end, address = port(self.host, self.suffix), self.mac or mac(self.host + self.suffix)
        lines = [
            # The first time there is no older one.
            f"ip link del {end} 2>/dev/null || true",
            f"ip link add {end} type veth peer name {self.interface} address {address} netns {pid}",
            f"ip link set {end} addrgenmode none",
            f"ip link set {end} {f'master {self.bridge} ' if self.bridge else ''}up",
        ]
        if self.routed_prefix:
            lines.append(f"ip -6 route replace {self.routed_prefix} via {link_local(self.host)} dev br0")
        if self.gateway:
            lines.append(f"ip -6 addr replace {self.gateway} dev {self.bridge} nodad")
        return "\n".join(lines)


def cable(host: Host) -> Cable:
    return Cable(host.name, host.uplink, "br0", host.routed_prefix)


STRANGER_CABLE = Cable(STRANGER, "eth0", "br1")


def plug(lab: str, cables: list[Cable]) -> None:
    """Plug cables in, from one short-lived container in the box's network that sees all process ids."""
    for box in sorted({one.box for one in cables}):
        _plug_into(lab, box, [one for one in cables if one.box == box])


def _plug_into(lab: str, box: str, cables: list[Cable]) -> None:
    names = [container(lab, c.host) for c in cables]
    end = container(lab, box)
    found = json.loads(run(["docker", "inspect", end, *names]).stdout)
    image = found[0]["Config"]["Image"]
    script = []
    for one, state in zip(cables, found[1:], strict=True):
        pid = state["State"]["Pid"]
        if not pid:
            raise LabError(f"{one.host} does not run, so its cable has no end; `lab/lab reboot {one.host}` starts it.")
        script.append(one.script(pid))
    run(
        ["docker", "run", "--rm", "--pid=host", f"--network=container:{end}", "--cap-add=NET_ADMIN"]
        + ["--cap-add=SYS_ADMIN", "--cap-add=SYS_PTRACE", "--security-opt=apparmor=unconfined"]
        + ["--security-opt=seccomp=unconfined", image, "sh", "-ec", "\n".join(script)]
    )
    for one in cables:
        if one.then:
            run(["docker", "exec", end, "sh", "-ec", one.then])


def unplug(lab: str, host: Host) -> bool:
    """Take the cable away, and with it the interface at its other end; whether there was one."""
    done = run(["docker", "exec", container(lab, _box(host)), "ip", "link", "del", port(host.name)], check=False)
    return done.returncode == 0


def carrier(lab: str, host: Host, state: str) -> None:
    """Take the other end of the cable down, so that the host loses its carrier, or bring it up again."""
    run(["docker", "exec", container(lab, _box(host)), "ip", "link", "set", port(host.name), state])


def _box(host: Host) -> str:
    return VPC if host.launched else ROUTER
